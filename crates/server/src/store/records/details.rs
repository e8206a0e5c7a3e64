//! What a few grants and tokens hold beside scopes and audience. A store keeps each as one JSON text, and nothing where
//! there is none.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What was approved beside scopes and audience.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GrantDetails {
    /// The names of claims that the client requested for its ID tokens (OpenID Connect Core 1.0 §5.5).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub id_token_claims: Vec<Box<str>>,
    /// The same for UserInfo.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub userinfo_claims: Vec<Box<str>>,
    /// Whether its ID tokens say how strong the authentication was (`acr`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub names_acr: bool,
    /// The authorization details that were approved (RFC 9396).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details: Vec<Value>,
}

impl GrantDetails {
    /// What its access tokens hold of it.
    pub fn of_token(&self) -> TokenDetails {
        TokenDetails {
            userinfo_claims: self.userinfo_claims.clone(),
            authorization_details: self.authorization_details.clone(),
        }
    }
}

/// What an access token holds beside scopes and audience.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenDetails {
    /// The names of claims that UserInfo answers with beside those of the scopes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub userinfo_claims: Vec<Box<str>>,
    /// What it allows beside scopes (RFC 9396).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details: Vec<Value>,
}

impl TokenDetails {
    /// Nothing, if it holds nothing: then nothing is stored.
    pub fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}
