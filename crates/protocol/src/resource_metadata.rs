//! Metadata of a protected resource (RFC 9728 §2).

use serde::{Deserialize, Serialize};

use crate::uri::Parts;

/// The document at `/.well-known/oauth-protected-resource`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceMetadata {
    /// The resource identifier.
    pub resource: String,
    /// Issuers whose tokens are accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_servers: Vec<String>,
    /// The URL of the resource's own keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Scopes that a client may request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// How a token may be sent: `header`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bearer_methods_supported: Vec<String>,
    /// The algorithms that the resource signs with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource_signing_alg_values_supported: Vec<String>,
    /// A name for users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// The URL of documentation for developers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_documentation: Option<String>,
    /// The URL of the policy on how clients may use the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_policy_uri: Option<String>,
    /// The URL of the terms of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_tos_uri: Option<String>,
    /// Whether tokens bound to client certificates are supported (RFC 8705 §3).
    #[serde(default, skip_serializing_if = "is_false")]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// The `type`s of authorization details that are supported (RFC 9396 §2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types_supported: Vec<String>,
    /// The algorithms of DPoP proofs that are accepted (RFC 9449 §5.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// Whether every token must be DPoP-bound (RFC 9449).
    #[serde(default, skip_serializing_if = "is_false")]
    pub dpop_bound_access_tokens_required: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// The path of the document for a resource identifier: the well-known name is inserted between host and path (RFC
/// 9728 §3.1). `None` if the identifier is not a URL with a host.
pub fn well_known_path(resource: &str) -> Option<String> {
    let parts = Parts::of(resource).ok()?;
    parts.host?;
    Some(format!("/.well-known/oauth-protected-resource{}", parts.path.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_without_a_value_are_left_out() {
        let written = |metadata: &ResourceMetadata| serde_json::to_string(metadata).expect("JSON");
        let plain = ResourceMetadata { resource: "https://a.example".to_owned(), ..Default::default() };
        assert_eq!(written(&plain), r#"{"resource":"https://a.example"}"#);
        let bound = ResourceMetadata { dpop_bound_access_tokens_required: true, ..plain };
        let expected = r#"{"resource":"https://a.example","dpop_bound_access_tokens_required":true}"#;
        assert_eq!(written(&bound), expected);
    }

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
