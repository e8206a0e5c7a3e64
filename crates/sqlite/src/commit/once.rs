//! Writes single-use values.

use rusqlite::params;
use server::store::{Remember, Space};

use crate::{error::Broken, transaction::Transaction};

/// A value that has expired is accepted again.
const REMEMBER: &str = "INSERT INTO once (issuer, space, key, until) VALUES (?1, ?2, ?3, ?4) \
    ON CONFLICT (issuer, space, key) DO UPDATE SET until = excluded.until WHERE once.until <= ?5";

pub(super) fn apply(t: &Transaction<'_>, remember: &Remember) -> Result<bool, Broken> {
    let space = match remember.space {
        Space::ClientAssertion => "client_assertion",
        Space::BearerAssertion => "bearer_assertion",
        Space::RequestObject => "request_object",
        Space::DpopProof => "dpop_proof",
    };
    t.guarded(REMEMBER, params![t.issuer, space, remember.key, remember.until.0, t.now.0])
}
