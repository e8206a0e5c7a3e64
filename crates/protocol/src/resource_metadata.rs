//! What a protected resource says of itself (RFC 9728 §2).

use serde::{Deserialize, Serialize};

use crate::uri::Parts;

/// The document at `/.well-known/oauth-protected-resource`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceMetadata {
    /// The resource identifier.
    pub resource: String,
    /// Issuers whose tokens are taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_servers: Vec<String>,
    /// Where the resource's own keys are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// What may be asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// How a token may be sent: `header`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bearer_methods_supported: Vec<String>,
    /// How proofs may be signed (RFC 9449).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// Whether every token must be bound to the key of a proof. False where it is absent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound_access_tokens_required: bool,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
}

/// The path of the document for a resource identifier: the well-known name stands between host and path (RFC 9728
/// §3.1). `None` where the identifier is no URL with a host.
pub fn well_known_path(resource: &str) -> Option<String> {
    let parts = Parts::of(resource).ok()?;
    parts.host?;
    Some(format!("/.well-known/oauth-protected-resource{}", parts.path.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_name_stands_before_the_path() {
        let path = |resource| well_known_path(resource);
        assert_eq!(path("https://a.example").as_deref(), Some("/.well-known/oauth-protected-resource"));
        assert_eq!(
            path("https://a.example/mcp").as_deref(),
            Some("/.well-known/oauth-protected-resource/mcp")
        );
        assert_eq!(path("urn:api"), None);
    }
}
