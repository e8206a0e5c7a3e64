//! Initial access tokens, with which clients register themselves (RFC 7591 §3).

use protocol::{RegistrationToken, Timestamp};
use server::registration::{INITIAL_TOKEN_USES_MAX, InitialToken};

use super::settle::{Decision, settle};
use crate::{
    administration::Administration,
    error::{OperationError, Refusal},
    writer::Changes,
};

/// Makes a token that permits a number of registrations.
#[derive(Clone, Copy, Debug)]
pub struct CreateRegistrationToken {
    /// How many clients may register with it.
    pub uses: u32,
    /// Seconds until it expires.
    pub lifetime: i64,
}

/// A token as it was made.
#[derive(Clone, Debug)]
pub struct MadeRegistrationToken {
    /// The token, to be shown this once.
    pub token: RegistrationToken,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl CreateRegistrationToken {
    /// Does it.
    ///
    /// # Errors
    /// [`Refusal::TokenUses`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<MadeRegistrationToken, OperationError> {
        if !(1..=INITIAL_TOKEN_USES_MAX).contains(&self.uses) {
            return Err(Refusal::TokenUses { most: INITIAL_TOKEN_USES_MAX }.into());
        }
        settle(administration, || async {
            let server = &administration.server;
            let expires_at = server.now() + self.lifetime;
            let InitialToken { token, item } = InitialToken::make(server.draws(), self.uses, expires_at);
            let mut changes = Changes::new(server);
            changes.push(item);
            Ok(Decision { changes, answer: MadeRegistrationToken { token, expires_at } })
        })
        .await
    }
}
