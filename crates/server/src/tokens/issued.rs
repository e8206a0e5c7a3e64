//! What minting takes, and what it returns.

use protocol::{ClientId, GrantId, RefreshToken, Scopes, Subject, Timestamp};
use zeroize::Zeroizing;

use crate::audience::TokenAudience;

/// What a token response carries (RFC 6749 §5.1).
#[derive(Debug)]
pub struct Issued {
    /// The access token.
    pub access: IssuedAccess,
    /// The refresh token, if any.
    pub refresh_token: Option<RefreshToken>,
    /// The ID token, if any.
    pub id_token: Option<String>,
}

/// An access token that is about to be handed out.
pub struct IssuedAccess {
    /// The token itself.
    pub token: Zeroizing<String>,
    /// Seconds that it lives.
    pub expires_in: i64,
    /// What it allows.
    pub scopes: Scopes,
}

impl std::fmt::Debug for IssuedAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IssuedAccess({} s, {:?})", self.expires_in, self.scopes)
    }
}

/// What an access token says.
#[derive(Debug)]
pub struct AccessClaims<'a> {
    /// What it is issued from.
    pub grant: Option<GrantId>,
    /// Who it is issued to.
    pub client: &'a ClientId,
    /// The client's epoch.
    pub epoch: i64,
    /// On whose behalf.
    pub subject: Option<&'a Subject>,
    /// Whom it is for.
    pub audience: TokenAudience,
    /// When the user signed in.
    pub authenticated_at: Option<Timestamp>,
}
