//! The input and output of minting.

use protocol::{ClientId, Confirmation, GrantId, RefreshToken, Scopes, Subject, Timestamp, TokenType};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{audience::TokenAudience, store::TokenDetails};

/// The tokens of a token response (RFC 6749 §5.1).
#[derive(Debug)]
pub struct Issued {
    /// The access token.
    pub access: IssuedAccess,
    /// The refresh token, if any.
    pub refresh_token: Option<RefreshToken>,
    /// The ID token, if any.
    pub id_token: Option<String>,
    /// What an exchanged token is (`issued_token_type`, RFC 8693 §2.2.1).
    pub issued_token_type: Option<&'static str>,
}

/// A new access token.
pub struct IssuedAccess {
    /// The token itself.
    pub token: Zeroizing<String>,
    /// Its lifetime in seconds.
    pub expires_in: i64,
    /// Its scopes.
    pub scopes: Scopes,
    /// What it holds beside scopes and audience.
    pub details: Option<Box<TokenDetails>>,
    /// How it is presented to an API (RFC 6749 §7.1).
    pub token_type: TokenType,
}

impl AccessClaims<'_> {
    /// A token that is bound to a DPoP key is of type `DPoP` (RFC 9449 §5), any other `Bearer`.
    pub(super) fn token_type(&self) -> TokenType {
        match self.confirmation {
            Some(Confirmation { jkt: Some(_), .. }) => TokenType::Dpop,
            Some(_) | None => TokenType::Bearer,
        }
    }
}

impl std::fmt::Debug for IssuedAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IssuedAccess({} s, {:?})", self.expires_in, self.scopes)
    }
}

/// The contents of an access token.
#[derive(Debug)]
pub struct AccessClaims<'a> {
    /// The grant it belongs to; `None` for client_credentials.
    pub grant: Option<GrantId>,
    /// The client it is issued to.
    pub client: &'a ClientId,
    /// The client's epoch.
    pub epoch: i64,
    /// The user on whose behalf it is issued.
    pub subject: Option<&'a Subject>,
    /// Its audience.
    pub audience: TokenAudience,
    /// When the user authenticated.
    pub authenticated_at: Option<Timestamp>,
    /// What it holds beside scopes and audience.
    pub details: Option<Box<TokenDetails>>,
    /// The keys that its sender must hold: those of the [token request](crate::context::TokenRequest::confirmation).
    pub confirmation: Option<&'a Confirmation>,
    /// What it was exchanged for, if it was.
    pub exchanged: Option<Exchanged<'a>>,
}

/// What a token was exchanged for (RFC 8693).
#[derive(Clone, Copy, Debug)]
pub struct Exchanged<'a> {
    /// Who acts for the subject (`act`).
    pub act: Option<&'a Value>,
    /// When the subject token expires, and this one at the latest.
    pub until: Timestamp,
}
