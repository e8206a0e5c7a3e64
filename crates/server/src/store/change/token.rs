//! Changes of access and refresh tokens.

use protocol::{AccessToken, Digest, FamilyId, Handle, JwtId, RefreshToken, Timestamp};

use crate::store::records::{Access, Refresh};

/// Changes of access and refresh tokens.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenChange {
    /// Guard: the id is new. Validity is read through the grant or client, so no other guard is needed.
    AddAccess(Handle<AccessToken>, Access),
    /// Guard: the family is new.
    AddRefresh(Digest<RefreshToken>, Refresh),
    /// Guard: the family is at generation `from`.
    Rotate {
        /// Which family.
        family: FamilyId,
        /// The generation that was read.
        from: u32,
        /// The digest of the successor.
        to: Digest<RefreshToken>,
        /// When.
        at: Timestamp,
        /// When the successor expires if it is not used.
        expires_at: Timestamp,
    },
    /// No guard: ends one opaque access token.
    EndAccess(Handle<AccessToken>),
    /// No guard: revokes a JWT access token; recorded until its `exp`.
    RevokeJwt(JwtId, Timestamp),
}

impl TokenChange {
    /// Whether the change has a guard.
    pub(super) const fn is_guarded(&self) -> bool {
        matches!(self, Self::AddAccess(..) | Self::AddRefresh(..) | Self::Rotate { .. })
    }
}
