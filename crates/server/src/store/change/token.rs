//! Changes of access and refresh tokens.

use protocol::{AccessToken, Digest, FamilyId, Handle, JwtId, RefreshToken, Timestamp};

use crate::store::records::{Access, Refresh};

/// Changes of access and refresh tokens.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenChange {
    /// Guard: the id is new. Validity is read through the grant or client, so nothing else is needed.
    AddAccess(Handle<AccessToken>, Access),
    /// Guard: the family is new.
    AddRefresh(Digest<RefreshToken>, Refresh),
    /// Guard: the family is at generation `from`.
    Rotate {
        /// Which family.
        family: FamilyId,
        /// The generation that was looked at.
        from: u32,
        /// The digest of its successor.
        to: Digest<RefreshToken>,
        /// When.
        at: Timestamp,
        /// When the successor ends if it is not used.
        expires_at: Timestamp,
    },
    /// No guard: ends one opaque access token.
    EndAccess(Handle<AccessToken>),
    /// No guard: a JWT access token is revoked; kept until its `exp`.
    RevokeJwt(JwtId, Timestamp),
}

impl TokenChange {
    /// Whether the change has a guard.
    pub(super) const fn is_guarded(&self) -> bool {
        matches!(self, Self::AddAccess(..) | Self::AddRefresh(..) | Self::Rotate { .. })
    }
}
