//! Initial access tokens (RFC 7591 §3): the operator gives one out, and it permits a number of registrations.

use protocol::{Digest, RegistrationToken, Timestamp};

use crate::{
    draw::Draw,
    error::{Error, Fault},
    reason::Reason,
    store::{Item, Store},
};

/// The namespace of initial access tokens.
const SPACE: &str = "initial registration token";
/// Most registrations that one token may permit.
pub const INITIAL_TOKEN_USES_MAX: u32 = 1_000;
/// Bytes of a stored token: its digest, and the number of uses that are left.
const STORED_BYTES: usize = 36;

/// An initial access token, and what stores it.
#[derive(Debug)]
pub struct InitialToken {
    /// The token, to be shown once.
    pub token: RegistrationToken,
    /// The change that stores its digest.
    pub item: Item,
}

impl InitialToken {
    /// Makes a token for a number of registrations.
    pub fn make(draw: Draw<'_>, uses: u32, until: Timestamp) -> Self {
        let token = draw.token(RegistrationToken::mint);
        let handle = token.handle();
        let value = Some(stored(&handle.digest, uses));
        let item =
            Item { space: SPACE.into(), key: handle.id.to_string().into(), value, expect: None, until };
        Self { token, item }
    }
}

/// Uses a token once: the change has the number of uses that was read as its guard.
///
/// # Errors
/// [`Reason::RegistrationTokenWrong`], and the store's.
pub(crate) async fn redeem(
    store: &dyn Store,
    token: &RegistrationToken,
    now: Timestamp,
) -> Result<Item, Error> {
    let handle = token.handle();
    let key = handle.id.to_string();
    let found = store.item(SPACE, &key).await?.filter(|(_, until)| now <= *until);
    let (value, until) = found.ok_or(Reason::RegistrationTokenWrong)?;
    let (digest, uses) = read(&value)?;
    if digest != handle.digest || uses == 0 {
        return Err(Reason::RegistrationTokenWrong.into());
    }
    let left = (uses > 1).then(|| stored(&digest, uses - 1));
    Ok(Item { space: SPACE.into(), key: key.into(), value: left, expect: Some(value), until })
}

fn stored(digest: &Digest<RegistrationToken>, uses: u32) -> Vec<u8> {
    [&digest.as_bytes()[..], &uses.to_be_bytes()].concat()
}

fn read(value: &[u8]) -> Result<(Digest<RegistrationToken>, u32), Fault> {
    let broken = || Fault::new("a stored registration token is broken");
    let value: [u8; STORED_BYTES] = value.try_into().map_err(|_| broken())?;
    let (digest, uses) = value.split_first_chunk::<32>().ok_or_else(broken)?;
    let uses = u32::from_be_bytes(uses.try_into().map_err(|_| broken())?);
    Ok((Digest::stored(*digest), uses))
}
