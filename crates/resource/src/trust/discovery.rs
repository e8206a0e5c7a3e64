//! The endpoints of the authorization server: configured, or discovered when first needed.

use std::sync::Arc;

use fetching::EndpointError;
use fetching::{Attempts, Busy, Clock, DocumentError, Http, KeptDocument, LookupBudget, NamedBy, Schedule};
use jose::Claims;
use protocol::display::Shown;
use protocol::server_metadata::well_known_url;
use protocol::{Issuer, Timestamp};
use serde_json::{Map, Value};

use crate::limits::{DISCOVERY_FRESH_SECONDS, LOOKUP_SECONDS, LOOKUPS_MAX, REFETCH_SECONDS, RETRY_SECONDS};
use crate::reason::Reason;

const SCHEDULE: Schedule = Schedule {
    fresh: DISCOVERY_FRESH_SECONDS,
    age_max: i64::MAX,
    refetch: REFETCH_SECONDS,
    retry: RETRY_SECONDS,
    lookups: LookupBudget { burst: LOOKUPS_MAX, every: LOOKUP_SECONDS },
};

/// The endpoints that a guard uses, as its members in the metadata are named.
const ENDPOINTS: [&str; 4] = ["jwks_uri", "introspection_endpoint", "token_endpoint", "userinfo_endpoint"];

/// The endpoints that were configured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoints {
    pub(crate) jwks: Option<String>,
    pub(crate) introspection: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) userinfo: Option<String>,
}

/// The endpoints in the metadata, as they were written: each is judged when it is used, so that an invalid one stops
/// nothing that does not need it.
#[derive(Debug)]
struct Metadata {
    endpoints: Map<String, Value>,
    /// The endpoints for callers with a client certificate, if they differ (RFC 8705 §5).
    aliases: Map<String, Value>,
}

/// The server's endpoints: those configured, and for the others its metadata (RFC 8414, OpenID Connect Discovery).
pub(crate) struct Discovery {
    issuer: Issuer,
    configured: Endpoints,
    http: Http,
    found: KeptDocument<Metadata, Reason>,
}

impl Discovery {
    pub(crate) fn new(issuer: Issuer, configured: Endpoints, http: Http, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, configured, http, found: KeptDocument::new(SCHEDULE, clock) }
    }

    /// The URL of the key set.
    pub(crate) async fn jwks(&self) -> Result<String, Reason> {
        self.endpoint("jwks_uri", self.configured.jwks.as_ref(), false).await
    }

    /// The introspection endpoint, for a caller with or without a client certificate.
    pub(crate) async fn introspection(&self, by_certificate: bool) -> Result<String, Reason> {
        self.endpoint("introspection_endpoint", self.configured.introspection.as_ref(), by_certificate).await
    }

    /// The token endpoint, for a caller with or without a client certificate.
    pub(crate) async fn token(&self, by_certificate: bool) -> Result<String, Reason> {
        self.endpoint("token_endpoint", self.configured.token.as_ref(), by_certificate).await
    }

    /// The UserInfo endpoint (OpenID Connect Core 1.0 §5.3).
    pub(crate) async fn userinfo(&self) -> Result<String, Reason> {
        self.endpoint("userinfo_endpoint", self.configured.userinfo.as_ref(), false).await
    }

    /// How discovery went.
    pub(crate) fn attempts(&self, now: Timestamp) -> Attempts<Reason> {
        self.found.attempts(now)
    }

    async fn endpoint(
        &self,
        name: &str,
        configured: Option<&String>,
        by_certificate: bool,
    ) -> Result<String, Reason> {
        if let Some(configured) = configured {
            return Ok(configured.clone());
        }
        let found = self.found.get(|| discover(self.issuer.clone(), self.http.clone())).await?;
        found.endpoint(&self.issuer, name, by_certificate).map_err(|error| {
            tracing::warn!(issuer = %self.issuer, error, "the issuer's metadata has no usable {name}");
            Reason::EndpointMissing
        })
    }
}

impl Metadata {
    /// The endpoint of this name; for a caller with a client certificate its alias, if that is usable.
    fn endpoint(&self, issuer: &Issuer, name: &str, by_certificate: bool) -> Result<String, String> {
        if by_certificate && let Ok(alias) = endpoint(issuer, self.aliases.get(name)) {
            return Ok(alias);
        }
        endpoint(issuer, self.endpoints.get(name))
    }
}

/// Tries the two well-known URLs, RFC 8414 first. A host that does not respond at the first is not tried again.
async fn discover(issuer: Issuer, http: Http) -> Result<Metadata, Reason> {
    let openid = format!("{}/.well-known/openid-configuration", issuer.as_str().trim_end_matches('/'));
    let mut problems = Vec::new();
    for url in well_known_url(issuer.as_str()).into_iter().chain([openid]) {
        let found = http.document(&url, "application/json").await;
        let is_silence = found.as_ref().is_err_and(DocumentError::is_silence);
        match found.map_err(|error| error.to_string()).and_then(|body| read(&issuer, &body)) {
            Ok(metadata) => return Ok(metadata),
            Err(error) => problems.push(format!("{url}: {error}")),
        }
        if is_silence {
            break;
        }
    }
    tracing::warn!(%issuer, problems = problems.join("; "), "the issuer's metadata could not be fetched");
    Err(Reason::DiscoveryFailed)
}

/// The endpoints in the metadata, whose issuer must be equal byte for byte (RFC 8414 §3.3).
fn read(issuer: &Issuer, body: &[u8]) -> Result<Metadata, String> {
    let document = Claims::parse(body).map_err(|error| error.to_string())?;
    let named = document.string("issuer").map_err(|error| error.to_string())?.unwrap_or_default();
    if named != issuer.as_str() {
        return Err(format!("the document is for the issuer {}; a trailing slash counts", Shown(named)));
    }
    let mut endpoints = document.into_map();
    let aliases = match endpoints.remove("mtls_endpoint_aliases") {
        Some(Value::Object(aliases)) => aliases,
        _ => Map::new(),
    };
    let of_ours = |mut members: Map<String, Value>| {
        members.retain(|name, _| ENDPOINTS.contains(&name.as_str()));
        members
    };
    Ok(Metadata { endpoints: of_ours(endpoints), aliases: of_ours(aliases) })
}

/// The URL in a member of the metadata. One that is null or empty is absent.
fn endpoint(issuer: &Issuer, member: Option<&Value>) -> Result<String, String> {
    match member {
        None | Some(Value::Null) => Err("it is absent".to_owned()),
        Some(Value::String(url)) if url.is_empty() => Err("it is empty".to_owned()),
        Some(Value::String(url)) => {
            endpoint_url(issuer, url).map_err(|error| format!("{}: {error}", Shown(url)))
        }
        Some(_) => Err("it is not a string".to_owned()),
    }
}

/// An endpoint that may be used: `https`, or `http` to loopback if the issuer is `http` as well.
pub(crate) fn endpoint_url(issuer: &Issuer, text: &str) -> Result<String, EndpointError> {
    NamedBy::operator_of(issuer.as_str()).check(text).map(|()| text.to_owned())
}

impl From<Busy> for Reason {
    fn from(Busy: Busy) -> Self {
        Self::KeyUnavailable
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn endpoints_are_https_or_loopback_beside_an_http_issuer() {
        let (secure, plain) = (Issuer::new("https://id.example"), Issuer::new("http://127.0.0.1:4000"));
        for (issuer, url) in [
            (&secure, "https://other.example:8443/introspect?tenant=1"),
            (&plain, "http://127.0.0.1:4000/jwks"),
            (&plain, "http://[::1]/jwks"),
            (&plain, "http://localhost/jwks"),
            (&plain, "https://id.example/jwks"),
        ] {
            assert_eq!(endpoint_url(issuer, url).as_deref(), Ok(url));
        }
        for (issuer, url, why) in [
            (&secure, "http://127.0.0.1/jwks", EndpointError::PlainHttp),
            (&plain, "http://10.0.0.1/jwks", EndpointError::PlainHttp),
            (&plain, "http://127.0.0.1.evil.example/jwks", EndpointError::PlainHttp),
            (&secure, "https://id.example@evil.example/jwks", EndpointError::NotAbsolute),
            (&secure, "/jwks", EndpointError::NotAbsolute),
            (&secure, "ftp://id.example/jwks", EndpointError::NotAbsolute),
            (&secure, "https://id.example/jwks#x", EndpointError::NotAbsolute),
            (&secure, "", EndpointError::NotAbsolute),
        ] {
            assert_eq!(endpoint_url(issuer, url), Err(why), "{url}");
        }
    }

    fn found(members: &Value) -> Metadata {
        let mut document = json!({ "issuer": "https://id.example" });
        for (name, value) in members.as_object().expect("members") {
            document[name] = value.clone();
        }
        read(&Issuer::new("https://id.example"), document.to_string().as_bytes()).expect("metadata")
    }

    #[test]
    fn an_endpoint_is_judged_when_it_is_used() {
        let issuer = Issuer::new("https://id.example");
        let unusable = [
            json!(null),
            json!(""),
            json!("/x"),
            json!("x"),
            json!("http://id.example/x"),
            json!(7),
            json!({}),
        ];
        for (at, bad) in ENDPOINTS.iter().flat_map(|at| unusable.iter().map(move |bad| (at, bad))) {
            let mut members = json!({});
            for name in ENDPOINTS {
                members[name] = format!("https://id.example/{name}").into();
            }
            members[at] = bad.clone();
            let found = found(&members);
            for name in ENDPOINTS {
                let url = found.endpoint(&issuer, name, false);
                assert_eq!(url.is_err(), name == *at, "{at}={bad}: {name} is {url:?}");
            }
        }
    }

    #[test]
    fn an_alias_that_is_unusable_is_none() {
        let issuer = Issuer::new("https://id.example");
        let plain = json!({ "introspection_endpoint": "https://id.example/introspect" });
        for aliases in [
            json!(null),
            json!([]),
            json!({ "introspection_endpoint": null }),
            json!({ "introspection_endpoint": 7 }),
        ] {
            let mut members = plain.clone();
            members["mtls_endpoint_aliases"] = aliases;
            let url = found(&members).endpoint(&issuer, "introspection_endpoint", true);
            assert_eq!(url.as_deref(), Ok("https://id.example/introspect"));
        }
        let mut members = plain;
        members["mtls_endpoint_aliases"] = json!({ "introspection_endpoint": "https://mtls.id.example/i" });
        let url =
            |by_certificate| found(&members).endpoint(&issuer, "introspection_endpoint", by_certificate);
        assert_eq!(url(true).as_deref(), Ok("https://mtls.id.example/i"));
        assert_eq!(url(false).as_deref(), Ok("https://id.example/introspect"));
    }

    #[test]
    fn a_document_of_another_issuer_is_none() {
        let issuer = Issuer::new("https://id.example");
        let document =
            |issuer: &str| format!(r#"{{"issuer":"{issuer}","jwks_uri":"https://id.example/jwks"}}"#);
        let found = read(&issuer, document("https://id.example").as_bytes()).expect("its own");
        let url = found.endpoint(&issuer, "jwks_uri", false);
        assert_eq!(url.as_deref(), Ok("https://id.example/jwks"));
        for other in ["https://id.example/", "https://ID.example", "http://id.example", ""] {
            assert!(read(&issuer, document(other).as_bytes()).is_err(), "{other}");
        }
        for text in ["", "[]", "{}", r#"{"issuer":null}"#, r#"{"issuer":"https://id.example","issuer":"x"}"#]
        {
            assert!(read(&issuer, text.as_bytes()).is_err(), "{text}");
        }
    }
}
