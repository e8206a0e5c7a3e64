//! The response that describes a registration (RFC 7591 §3.2.1, RFC 7592 §3).

use protocol::RegistrationToken;
use serde_json::{Map, Value, json};

use crate::{registration::finding::Finding, store::Client};

/// Everything that is registered, with the secret if it is new, and the token by which the client manages it.
pub(crate) fn information(
    client: &Client,
    secret: Option<&str>,
    token: &RegistrationToken,
    location: &str,
    warnings: &[Finding],
) -> Map<String, Value> {
    let mut members = match serde_json::to_value(&client.metadata) {
        Ok(Value::Object(members)) => members,
        Ok(_) | Err(_) => Map::new(),
    };
    let mut set = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    set("client_id", client.caller.id.as_str().into());
    set("registration_client_uri", location.into());
    set("registration_access_token", token.to_text().into());
    if let Some(at) = client.registered.at {
        set("client_id_issued_at", at.0.into());
    }
    // Defaults are told as well (RFC 7591 §3.2.1: "all registered metadata about this client, including any fields
    // provisioned by the authorization server itself").
    set("grant_types", client.metadata.grant_types().collect::<Vec<_>>().into());
    set("response_types", client.metadata.response_types().collect::<Vec<_>>().into());
    set("token_endpoint_auth_method", client.metadata.auth_method().into());
    if let Some(secret) = secret {
        set("client_secret", secret.into());
    }
    if client.caller.secret.is_some() {
        // 0: it does not expire.
        set("client_secret_expires_at", json!(0));
    }
    if !warnings.is_empty() {
        set("warnings", warnings.iter().map(ToString::to_string).collect::<Vec<_>>().into());
    }
    members
}
