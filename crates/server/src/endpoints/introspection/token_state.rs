//! Finds a token of any kind, or why it is not active.

use protocol::{JwtId, RefreshToken, Timestamp};

use crate::{
    AuthorizationServer,
    access::{self, Found, FoundBy},
    error::Fault,
    store::{Access, Ended, Refresh, Through},
    tokens::family::{Family, Presented},
};

/// What a token is, or why it is not active.
#[derive(Debug)]
pub enum TokenState {
    /// It is active.
    Active {
        /// Its data.
        access: Box<Access>,
        /// Its kind.
        kind: TokenKind,
        /// The `jti` of a JWT.
        jti: Option<JwtId>,
    },
    /// It is not active. Only the operator learns the reason, never the caller.
    Inactive(Inactive),
}

/// The kind of a token that can be introspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An access token.
    Access,
    /// A refresh token: only its own client sees it.
    Refresh,
}

/// Why a token is not active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inactive {
    /// Its client was disabled, deleted, or created again since.
    ClientEnded,
    /// Past its `exp`.
    Expired,
    /// Its grant was revoked.
    GrantEnded,
    /// Rotated: a later token of its family is the live one.
    Rotated,
    /// It was revoked itself.
    TokenRevoked,
    /// Not an access or refresh token of this issuer, or no longer stored.
    Unknown,
}

impl Inactive {
    /// Its name in logs and on the command line.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::ClientEnded => "client_ended",
            Self::Expired => "token_expired",
            Self::GrantEnded => "grant_ended",
            Self::Rotated => "token_rotated",
            Self::TokenRevoked => "token_revoked",
            Self::Unknown => "token_unknown",
        }
    }

    /// A description for the operator.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::ClientEnded => "its client was disabled, deleted, or made anew after the token was issued",
            Self::Expired => "it is past its expiry",
            Self::GrantEnded => "its grant was revoked, or its session signed out",
            Self::Rotated => "it was rotated: a later refresh token of its family is the live one",
            Self::TokenRevoked => "it was revoked at the revocation endpoint",
            Self::Unknown => {
                "it is not an access or refresh token of this issuer, or it ended so long ago that it was deleted"
            }
        }
    }
}

impl From<Ended> for Inactive {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Client => Self::ClientEnded,
            Ended::Grant => Self::GrantEnded,
            Ended::Token => Self::TokenRevoked,
        }
    }
}

/// Finds a token of any kind: an opaque access token, a refresh token, a JWT access token.
pub(crate) async fn find(server: &AuthorizationServer, token: &str) -> Result<TokenState, Fault> {
    if let Some(Found { access, ended, by }) = access::find(server, token).await? {
        let jti = match by {
            FoundBy::Handle(_) => None,
            FoundBy::Jti(jti) => Some(jti),
        };
        return Ok(judge(access, TokenKind::Access, jti, ended, server.now()));
    }
    match RefreshToken::presented(token) {
        Some(presented) => refresh(server, &presented).await,
        None => Ok(TokenState::Inactive(Inactive::Unknown)),
    }
}

fn judge(
    access: Access,
    kind: TokenKind,
    jti: Option<JwtId>,
    ended: Option<Ended>,
    now: Timestamp,
) -> TokenState {
    match ended {
        Some(ended) => TokenState::Inactive(ended.into()),
        None if access.expires_at <= now => TokenState::Inactive(Inactive::Expired),
        None => TokenState::Active { access: Box::new(access), kind, jti },
    }
}

async fn refresh(server: &AuthorizationServer, presented: &RefreshToken) -> Result<TokenState, Fault> {
    let stored = match server.is_drawn(presented.family().0) {
        true => server.store().refresh(presented.family()).await?,
        false => None,
    };
    let Some(stored) = stored else { return Ok(TokenState::Inactive(Inactive::Unknown)) };
    let (live, read) = stored.into_parts();
    let key = server.master().refresh_key(read.row.key);
    let now = server.now();
    let family = Family { live, row: &read.row, key };
    Ok(match family.standing(presented, now, 0) {
        Presented::Foreign => TokenState::Inactive(Inactive::Unknown),
        Presented::JustRotated | Presented::Spent => TokenState::Inactive(Inactive::Rotated),
        Presented::Live => {
            let ended = read.ended;
            judge(as_access(read), TokenKind::Refresh, None, ended, now)
        }
    })
}

fn as_access(read: Through<Refresh>) -> Access {
    let Through { row, grant, .. } = read;
    Access {
        grant: Some(grant.id),
        client: grant.client,
        epoch: 0,
        subject: Some(grant.subject),
        scopes: grant.scopes,
        audience: grant.audience,
        narrowed: grant.narrowed,
        issued_at: row.rotated_at,
        expires_at: row.expires_at.min(grant.expires_at),
        confirmation: row.confirmation,
        details: None,
        act: None,
    }
}
