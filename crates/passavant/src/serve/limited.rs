//! Writes what sign-in limits are in effect to the store, where `passavant user limited` reads it.

use accounts::{
    SignInLimits,
    limits::{LIMITED, Limited},
};
use serde_json::Value;
use server::{
    AuthorizationServer, Fault,
    store::{Commit, Item},
};

/// Seconds for which a list is valid: a server that ended leaves none behind for long.
const LISTED_SECONDS: i64 = 60;

/// What was written last.
#[derive(Default)]
pub(super) struct Listed {
    entries: Vec<Limited>,
    written_at: i64,
}

impl Listed {
    /// Writes the list if it changed, or would soon expire. Nothing is written while nothing is limited.
    pub(super) async fn publish(
        &mut self,
        server: &AuthorizationServer,
        limits: &SignInLimits,
    ) -> Result<(), Fault> {
        let now = server.now();
        let entries = limits.limited(now.0.saturating_mul(1000));
        let is_fresh = entries.is_empty() || now.0 - self.written_at < LISTED_SECONDS / 2;
        if entries == self.entries && is_fresh {
            return Ok(());
        }
        let (space, key) = LIMITED;
        let before = server.store().item(space, key).await?.filter(|(_, until)| *until >= now);
        let value = (!entries.is_empty())
            .then(|| Value::from_iter(entries.iter().map(Limited::to_json)).to_string().into_bytes());
        let expect = before.map(|(value, _)| value);
        if value.is_some() || expect.is_some() {
            let until = now + LISTED_SECONDS;
            let item = Item { space: space.into(), key: key.into(), value, expect, until };
            // A conflict would be another server's list, which is written again in the next round.
            if server.store().commit(Commit::new(now).with(item)).await?.is_err() {
                return Ok(());
            }
        }
        (self.entries, self.written_at) = (entries, now.0);
        Ok(())
    }
}
