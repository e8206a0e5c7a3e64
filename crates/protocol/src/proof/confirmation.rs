//! The confirmation of a token: the keys that its sender must hold (`cnf`, RFC 7800 §3.1).

use jose::Thumbprint;
use serde_json::{Map, Value};

/// The keys that the sender of a token must hold: one, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// Of a DPoP key (RFC 9449 §6.1).
    pub jkt: Option<Thumbprint>,
    /// Of a client certificate (RFC 8705 §3.1).
    pub x5t_s256: Option<Thumbprint>,
}

/// Why a `cnf` can't be used: it is empty, malformed, or has a member that is unknown here and may be essential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cnf has an unknown member, a malformed one, or none")]
pub struct ConfirmationError;

/// The first byte of each part of the stored form.
const STORED_JKT: u8 = 1;
const STORED_X5T_S256: u8 = 2;
/// Length of a part: its kind and its thumbprint.
const PART_BYTES: usize = 33;

impl Confirmation {
    /// `None` if there is no key.
    pub fn of(jkt: Option<Thumbprint>, x5t_s256: Option<Thumbprint>) -> Option<Self> {
        (jkt.is_some() || x5t_s256.is_some()).then_some(Self { jkt, x5t_s256 })
    }

    /// Reads the members of `cnf`. An unknown member refuses the token, since it may be essential (RFC 7800 §3.1), unless
    /// it is one of these notes.
    ///
    /// # Errors
    /// [`ConfirmationError`]
    pub fn read(members: &Map<String, Value>, notes: &[&str]) -> Result<Self, ConfirmationError> {
        let (mut jkt, mut x5t_s256) = (None, None);
        for (name, value) in members {
            let place = match name.as_str() {
                "jkt" => &mut jkt,
                "x5t#S256" => &mut x5t_s256,
                name if notes.contains(&name) => continue,
                _ => return Err(ConfirmationError),
            };
            *place = Some(value.as_str().and_then(Thumbprint::parse).ok_or(ConfirmationError)?);
        }
        Self::of(jkt, x5t_s256).ok_or(ConfirmationError)
    }

    /// The members of `cnf` (RFC 9449 §6.1, RFC 8705 §3.1).
    pub fn members(&self) -> impl Iterator<Item = (&'static str, Thumbprint)> {
        let certificate = self.x5t_s256.map(|thumbprint| ("x5t#S256", thumbprint));
        self.jkt.map(|thumbprint| ("jkt", thumbprint)).into_iter().chain(certificate)
    }

    /// The form in which a store keeps it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let part = |kind, thumbprint: Option<Thumbprint>| {
            thumbprint.into_iter().flat_map(move |thumbprint| [&[kind], &thumbprint.as_bytes()[..]].concat())
        };
        part(STORED_JKT, self.jkt).chain(part(STORED_X5T_S256, self.x5t_s256)).collect()
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`ConfirmationError`], so that a row that a later version wrote is never read as one of an unbound token.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ConfirmationError> {
        let (mut jkt, mut x5t_s256) = (None, None);
        for part in bytes.chunks(PART_BYTES) {
            let (kind, thumbprint) = part.split_first().ok_or(ConfirmationError)?;
            let place = match *kind {
                STORED_JKT => &mut jkt,
                STORED_X5T_S256 => &mut x5t_s256,
                _ => return Err(ConfirmationError),
            };
            let thumbprint = Thumbprint::from_bytes(thumbprint.try_into().map_err(|_| ConfirmationError)?);
            if place.replace(thumbprint).is_some() {
                return Err(ConfirmationError);
            }
        }
        Self::of(jkt, x5t_s256).ok_or(ConfirmationError)
    }
}

impl serde::Serialize for Confirmation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.members().map(|(name, thumbprint)| (name, thumbprint.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn thumbprint(byte: u8) -> Thumbprint {
        Thumbprint::from_bytes([byte; 32])
    }

    #[test]
    fn a_confirmation_is_read_as_it_was_stored_and_written() {
        for (jkt, x5t) in [(Some(1), None), (None, Some(2)), (Some(1), Some(2))] {
            let one = Confirmation::of(jkt.map(thumbprint), x5t.map(thumbprint)).expect("a key");
            assert_eq!(Confirmation::from_bytes(&one.to_bytes()), Ok(one));
            let written = serde_json::to_value(one).expect("writes");
            assert_eq!(Confirmation::read(written.as_object().expect("an object"), &[]), Ok(one));
        }
        assert_eq!(Confirmation::of(None, None), None);
    }

    #[test]
    fn what_is_stored_in_an_unknown_form_is_no_confirmation() {
        let one = Confirmation { jkt: Some(thumbprint(1)), x5t_s256: None }.to_bytes();
        let twice = [&one[..], &one[..]].concat();
        let unknown = [&[9][..], &one[1..]].concat();
        for bytes in [&[][..], &[1], &one[..32], &twice, &unknown] {
            assert_eq!(Confirmation::from_bytes(bytes), Err(ConfirmationError), "{bytes:?}");
        }
    }

    #[test]
    fn an_unknown_member_refuses_unless_it_is_a_note() {
        let members = json!({ "jkt": thumbprint(1).to_string(), "new": "x" });
        let members = members.as_object().expect("an object");
        assert_eq!(Confirmation::read(members, &[]), Err(ConfirmationError));
        assert!(Confirmation::read(members, &["new"]).is_ok());
        for empty in [json!({}), json!({ "new": 1 }), json!({ "jkt": "short" }), json!({ "jkt": 1 })] {
            let members = empty.as_object().expect("an object");
            assert_eq!(Confirmation::read(members, &["new"]), Err(ConfirmationError), "{empty}");
        }
    }
}
