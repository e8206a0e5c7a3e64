//! Mutual TLS (RFC 8705): what the metadata says of it. The host asks for certificates, and inserts them into requests.

use protocol::ServerMetadata;
use serde_json::{Map, Value};

use crate::{context::Installed, settings::MutualTls};

/// The endpoints that browsers open, where nobody authenticates by a certificate.
const OPENED_BY_BROWSERS: [&str; 2] = ["authorization_endpoint", "end_session_endpoint"];

pub(crate) fn install(installed: &mut Installed, settings: &MutualTls) {
    installed.mutual_tls = true;
    let url = settings.url.clone();
    installed.advertise(move |metadata, _| {
        metadata.tls_client_certificate_bound_access_tokens = true;
        if let Some(url) = &url {
            metadata.mtls_endpoint_aliases = aliases(metadata, url);
        }
    });
}

/// Each endpoint that a client calls, at this URL in place of the issuer (RFC 8705 §5).
fn aliases(metadata: &ServerMetadata, url: &str) -> Map<String, Value> {
    let Ok(Value::Object(members)) = serde_json::to_value(metadata) else { return Map::new() };
    let is_called = |name: &str| name.ends_with("_endpoint") && !OPENED_BY_BROWSERS.contains(&name);
    let members = members.into_iter().filter(|(name, _)| is_called(name));
    let alias = |value: Value| Some(format!("{url}{}", value.as_str()?.strip_prefix(&metadata.issuer)?));
    members.filter_map(|(name, value)| Some((name, alias(value)?.into()))).collect()
}
