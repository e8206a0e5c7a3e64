//! What a client registers (RFC 7591 §2, OpenID Connect Dynamic Client Registration 1.0 §2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The registered members of a client. Members that this server does not use are kept unchanged in `other`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientMetadata {
    /// The name shown to users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The URL of the client's home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// Where a sign-in at the client can be started (OpenID Connect Core 1.0 §4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// The URL of the client's logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// The URL of the client's privacy policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// The URL of the client's terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// `web` or `native`; absent: `web`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_type: Option<String>,
    /// Where authorization responses may go, compared byte for byte.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Where a browser may go after signing out (OpenID Connect RP-Initiated Logout 1.0 §3.1).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// Absent: `authorization_code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<String>>,
    /// Absent: `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_types: Option<Vec<String>>,
    /// Absent: `client_secret_basic`, and this server accepts `client_secret_post` too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<String>,
    /// The only algorithm allowed for the client's assertions; absent: any that fits its keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// What the client may ask for, space separated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The client's public keys, by value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// The client's public keys, by reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Absent: `RS256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<String>,
    /// Absent: the ID token is not encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_alg: Option<String>,
    /// Absent: `A128CBC-HS256`, where an `alg` is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_enc: Option<String>,
    /// Absent: UserInfo answers are plain JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<String>,
    /// Absent: UserInfo answers are not encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_alg: Option<String>,
    /// Absent: `A128CBC-HS256`, where an `alg` is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_enc: Option<String>,
    /// Absent: `RS256` (RFC 9701 §6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_signed_response_alg: Option<String>,
    /// Absent: introspection answers are not encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_alg: Option<String>,
    /// Absent: `A128CBC-HS256`, where an `alg` is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_enc: Option<String>,
    /// `public`, or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_type: Option<String>,
    /// Whose host is the sector of pairwise subjects, and which lists the redirect URIs of its clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// Maximum age of the user's authentication in seconds, for requests without `max_age`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<i64>,
    /// How strong authentications are wished to be; with any, the ID token contains `acr` where it is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default_acr_values: Vec<String>,
    /// The types of authorization details that it may request (RFC 9396 §10).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types: Vec<String>,
    /// Whether the ID token always contains `auth_time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_auth_time: Option<bool>,
    /// The only algorithm allowed for its request objects; absent: any that fits its public keys (RFC 9101 §6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<String>,
    /// Where it is told from server to server that its user signed out (OpenID Connect Back-Channel Logout 1.0 §2.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether a `sid` must be in the logout token; it is wherever one session ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_session_required: Option<bool>,
    /// What the browser opens in a frame when its user signs out (OpenID Connect Front-Channel Logout 1.0 §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_uri: Option<String>,
    /// Whether `iss` and `sid` must be sent to it; they always are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_session_required: Option<bool>,
    /// Where request objects of it may be fetched from (OpenID Connect Dynamic Client Registration 1.0 §2).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_uris: Vec<String>,
    /// Whether its authorization requests must be signed (RFC 9101 §10.5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_signed_request_object: Option<bool>,
    /// The algorithm of its authorization responses in a JWT (JARM §3); absent: `RS256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_signed_response_alg: Option<String>,
    /// Absent: its authorization responses are not encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_encrypted_response_alg: Option<String>,
    /// Absent: `A128CBC-HS256`, where an `alg` is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_encrypted_response_enc: Option<String>,
    /// Whether its authorization requests must be pushed (RFC 9126 §6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_pushed_authorization_requests: Option<bool>,
    /// passavant's own member: whether its assertions must be as RFC 10070 requires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_strict_assertions: Option<bool>,
    /// The subject of its certificate, as RFC 4514 writes it (RFC 8705 §2.1.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_subject_dn: Option<String>,
    /// A host name among the alternative names of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_dns: Option<String>,
    /// A URI among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_uri: Option<String>,
    /// An address among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_ip: Option<String>,
    /// A mail address among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_email: Option<String>,
    /// Whether its access tokens are bound to the certificate of its connection (RFC 8705 §3.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_certificate_bound_access_tokens: Option<bool>,
    /// Whether it gets access tokens only for requests with a DPoP proof (RFC 9449 §5.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpop_bound_access_tokens: Option<bool>,
    /// passavant's own member: whether a token for more than one resource is refused to it. Absent: only to a client that
    /// registered itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_resource_per_token: Option<bool>,
    /// passavant's own member: the claims about the user in its ID tokens. Absent: those of the granted scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_claims: Option<IdTokenClaims>,
    /// passavant's own member: origins beside those of `redirect_uris` whose pages may call the server for the client.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cors_origins: Vec<String>,
    /// `poll` or `ping`; absent: `poll` (CIBA Core 1.0 §4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_token_delivery_mode: Option<String>,
    /// Where it is told that a user answered (CIBA Core 1.0 §4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_client_notification_endpoint: Option<String>,
    /// The algorithm of its backchannel authentication requests, which must then be signed (CIBA Core 1.0 §4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_authentication_request_signing_alg: Option<String>,
    /// passavant's own member: whose tokens it may exchange, and for what (RFC 8693). Absent: it may exchange none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_exchange: Option<TokenExchangePolicy>,
    /// Every other registered member, unchanged.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Whose tokens a client may exchange, and for what (RFC 8693 §2.1: the policy is the server's).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenExchangePolicy {
    /// The clients whose tokens it may exchange.
    pub subject_clients: Vec<String>,
    /// The resources whose tokens it may exchange, whichever client they were issued to.
    pub subject_audiences: Vec<String>,
    /// The resources that it gets tokens for.
    pub audiences: Vec<String>,
    /// Scopes that it may ask for beyond those of the subject token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Whether its tokens may be without `act` (RFC 8693 §1.1).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub impersonation: bool,
}

/// Which of the claims that the granted scopes release are in an ID token, beside being at UserInfo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum IdTokenClaims {
    /// `scopes`: all of them, or `none`.
    Word(String),
    /// The claims of these names.
    Listed(Vec<String>),
}

impl IdTokenClaims {
    /// All of them.
    pub const SCOPES: &str = "scopes";
    /// None of them.
    pub const NONE: &str = "none";

    /// Whether a claim that a granted scope releases is in the ID token.
    pub fn include(&self, claim: &str) -> bool {
        match self {
            Self::Word(word) => word == Self::SCOPES,
            Self::Listed(names) => names.iter().any(|name| name == claim),
        }
    }
}

impl ClientMetadata {
    /// The grant types; `authorization_code` where none were registered (RFC 7591 §2).
    pub fn grant_types(&self) -> impl Iterator<Item = &str> {
        const DEFAULT: &[&str] = &["authorization_code"];
        let own = self.grant_types.as_ref().map(|list| list.iter().map(String::as_str));
        let default = self.grant_types.is_none().then_some(DEFAULT.iter().copied());
        own.into_iter().flatten().chain(default.into_iter().flatten())
    }

    /// The response types; `code` where none were registered (RFC 7591 §2).
    pub fn response_types(&self) -> impl Iterator<Item = &str> {
        const DEFAULT: &[&str] = &["code"];
        let own = self.response_types.as_ref().map(|list| list.iter().map(String::as_str));
        let default = self.response_types.is_none().then_some(DEFAULT.iter().copied());
        own.into_iter().flatten().chain(default.into_iter().flatten())
    }

    /// The name of the authentication method; `client_secret_basic` where none was registered (RFC 7591 §2).
    pub fn auth_method(&self) -> &str {
        self.token_endpoint_auth_method.as_deref().unwrap_or("client_secret_basic")
    }

    /// The name shown to users, `client_name`. Pages remove characters that could mislead.
    pub fn name(&self) -> Option<&str> {
        self.client_name.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_rfc_7591() {
        let metadata = ClientMetadata::default();
        assert_eq!(metadata.grant_types().collect::<Vec<_>>(), ["authorization_code"]);
        assert_eq!(metadata.response_types().collect::<Vec<_>>(), ["code"]);
        assert_eq!(metadata.auth_method(), "client_secret_basic");
    }

    #[test]
    fn members_that_are_not_served_survive() {
        let text = r#"{"client_name":"Shop","contacts":["a@b.example"]}"#;
        let metadata: ClientMetadata = serde_json::from_str(text).expect("fine");
        assert_eq!(serde_json::to_string(&metadata).expect("writes"), text);
    }
}
