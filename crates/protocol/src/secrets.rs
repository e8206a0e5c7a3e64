//! Values whose possession is authority. They are never printed, and a store only sees a [`Handle`].

use std::{fmt, marker::PhantomData};

use zeroize::Zeroize;

use crate::ids::FamilyId;

/// Length of every opaque secret, in characters: 32 bytes as base64url.
pub const SECRET_CHARS: usize = 43;
const SECRET_BYTES: usize = 32;

/// The SHA-256 hash of a secret of kind `S`, which may be stored. Compared in constant time.
pub struct Digest<S>([u8; 32], PhantomData<fn() -> S>);

impl<S> Digest<S> {
    /// Hashes the bytes of a secret.
    pub fn of(secret: &[u8]) -> Self {
        Self(jose::primitives::sha256(secret), PhantomData)
    }

    /// A digest that a store returned.
    pub const fn stored(bytes: [u8; 32]) -> Self {
        Self(bytes, PhantomData)
    }

    /// The bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl<S> Clone for Digest<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Digest<S> {}

impl<S> PartialEq for Digest<S> {
    fn eq(&self, other: &Self) -> bool {
        jose::primitives::constant_time_eq(&self.0, &other.0)
    }
}

impl<S> Eq for Digest<S> {}

/// The first 8 hex digits: enough to correlate log lines, too few to find the secret.
impl<S> fmt::Debug for Digest<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a store sees of a secret of kind `S`: the id of its row, and the digest that must be in the row.
pub struct Handle<S> {
    /// The key of the row, time-ordered. It orders rows and is never trusted.
    pub id: i64,
    /// The digest that must be in the row.
    pub digest: Digest<S>,
}

impl<S> Clone for Handle<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Handle<S> {}

impl<S> PartialEq for Handle<S> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.digest == other.digest
    }
}

impl<S> Eq for Handle<S> {}

impl<S> fmt::Debug for Handle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.digest)
    }
}

/// A row that can be read only with the right secret, so that no reader can forget the comparison.
#[derive(Clone, Debug)]
pub struct Stored<S, T> {
    digest: Digest<S>,
    row: T,
}

impl<S, T> Stored<S, T> {
    /// A row as the store found it, with its digest.
    pub const fn new(digest: Digest<S>, row: T) -> Self {
        Self { digest, row }
    }

    /// The row, if the handle belongs to the secret that the row was stored under.
    pub fn open(self, handle: &Handle<S>) -> Option<T> {
        (self.digest == handle.digest).then_some(self.row)
    }

    /// The row and its digest, for a rule that derives secrets and compares digests itself.
    pub fn into_parts(self) -> (Digest<S>, T) {
        (self.digest, self.row)
    }
}

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name([u8; SECRET_BYTES]);

        impl $name {
            /// Makes a secret from a row id and 192 bits of randomness.
            pub fn mint(id: i64, entropy: [u8; 24]) -> Self {
                let mut bytes = [0; SECRET_BYTES];
                bytes[..8].copy_from_slice(&id.to_be_bytes());
                bytes[8..].copy_from_slice(&entropy);
                Self(bytes)
            }

            /// Parses an untrusted secret: 43 characters of strict base64url.
            pub fn presented(text: &str) -> Option<Self> {
                if text.len() != SECRET_CHARS {
                    return None;
                }
                Some(Self(jose::base64url::decode(text).ok()?.try_into().ok()?))
            }

            /// The id of its row and the digest that must be in it.
            pub fn handle(&self) -> Handle<Self> {
                Handle { id: self.id(), digest: Digest::of(&self.0) }
            }

            /// The secret itself, to be sent only to its owner.
            pub fn expose(&self) -> String {
                jose::base64url::encode(&self.0)
            }

            fn id(&self) -> i64 {
                i64::from_be_bytes(std::array::from_fn(|i| self.0[i]))
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                self.0.zeroize();
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(...)"))
            }
        }
    };
}

secret! {
    /// The code that the browser carries from the authorization endpoint to the client (RFC 6749 §1.3.1).
    AuthorizationCode
}
secret! {
    /// An opaque token that the client presents to an API (RFC 6749 §1.4).
    AccessToken
}
secret! {
    /// The token that is exchanged for the next access token (RFC 6749 §1.5): 8 bytes of family, 4 of generation, 20 of
    /// secret.
    RefreshToken
}
secret! {
    /// The session cookie's value: the browser is signed in.
    SessionToken
}
secret! {
    /// The `interaction` parameter of a sign-in or consent page.
    InteractionToken
}
secret! {
    /// The end of the `request_uri` of a pushed authorization request (RFC 9126 §2.2).
    PushedRequest
}
secret! {
    /// The interaction cookie's value: the browser is the one that began the request.
    BrowserSecret
}

secret! {
    /// The code that a client polls with while its user answers elsewhere: a `device_code` (RFC 8628 §3.2), or an
    /// `auth_req_id` (OpenID Connect Client-Initiated Backchannel Authentication 1.0 §7.3).
    DeferredCode
}

secret! {
    /// A token that permits a client to register, or to manage its registration (RFC 7591 §1.2).
    RegistrationToken
}

impl RegistrationToken {
    /// By which scanners recognize one that leaked.
    const PREFIX: &str = "pvr_";

    /// Its text with the prefix, to be sent only to its owner.
    pub fn to_text(&self) -> String {
        format!("{}{}", Self::PREFIX, self.expose())
    }

    /// Parses an untrusted text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::presented(text.strip_prefix(Self::PREFIX)?)
    }
}

impl SessionToken {
    /// The public name of the session: `sid`.
    pub fn session(&self) -> crate::SessionId {
        crate::SessionId(self.id())
    }
}

impl RefreshToken {
    /// The first token of a family.
    pub fn first(family: FamilyId, secret: [u8; 20]) -> Self {
        let mut bytes = [0; SECRET_BYTES];
        bytes[..8].copy_from_slice(&family.0.to_be_bytes());
        bytes[12..].copy_from_slice(&secret);
        Self(bytes)
    }

    /// The family that it claims to belong to.
    pub fn family(&self) -> FamilyId {
        FamilyId(self.id())
    }

    /// The number of rotations that led to it.
    pub fn generation(&self) -> u32 {
        u32::from_be_bytes(std::array::from_fn(|i| self.0[8 + i]))
    }

    /// The next token of the family. It is always the same, so a lost answer can be repeated without storing the secret.
    /// `None` after the last generation.
    pub fn successor(&self, key: &[u8; 32]) -> Option<Self> {
        let next = self.generation().checked_add(1)?;
        let tag = jose::primitives::hmac_sha256(key, &self.0);
        let mut bytes = self.0;
        bytes[8..12].copy_from_slice(&next.to_be_bytes());
        bytes[12..].copy_from_slice(&tag[..20]);
        Some(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presented_secret_finds_its_row_and_opens_it() {
        let minted = AccessToken::mint(77, [9; 24]);
        let presented = AccessToken::presented(&minted.expose()).expect("ours");
        assert_eq!(presented.handle().id, 77);
        let stored = Stored::new(minted.handle().digest, "row");
        assert_eq!(stored.clone().open(&presented.handle()), Some("row"));
        assert_eq!(stored.open(&AccessToken::mint(77, [8; 24]).handle()), None);
    }

    #[test]
    fn text_of_another_shape_is_no_secret() {
        for text in ["", "short", &"a".repeat(44), &"!".repeat(43), &"a".repeat(42)] {
            assert_eq!(AccessToken::presented(text), None, "{text}");
        }
    }

    #[test]
    fn a_registration_token_has_its_prefix() {
        let token = RegistrationToken::mint(1, [7; 24]);
        let text = token.to_text();
        assert_eq!(RegistrationToken::parse(&text), Some(token));
        assert_eq!(RegistrationToken::parse(text.trim_start_matches("pvr_")), None);
    }

    #[test]
    fn secrets_and_digests_do_not_print() {
        let token = AccessToken::mint(1, [7; 24]);
        assert_eq!(format!("{token:?}"), "AccessToken(...)");
        assert_eq!(format!("{:?}", token.handle()).len(), 8);
    }

    #[test]
    fn a_successor_is_always_the_same_and_counts_on() {
        let first = RefreshToken::first(FamilyId(5), [3; 20]);
        let next = first.successor(&[1; 32]).expect("room");
        assert_eq!(next, first.successor(&[1; 32]).expect("room"));
        assert_ne!(next, first.successor(&[2; 32]).expect("room"));
        assert_eq!((next.family(), next.generation()), (FamilyId(5), 1));
    }
}
