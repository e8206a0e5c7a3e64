//! Looking, deciding and committing beside a running server: when somebody else got there first, looking again.

use accounts::AccountChange;
use server::store::Commit;

use crate::terminal::{Failure, failed};
use crate::wiring::Installation;

/// Decisions that are tried when somebody else gets there first.
const ATTEMPTS_MAX: usize = 5;

/// What a command wants written, and what it says when it is.
pub(super) struct Decision<T> {
    /// Changes of accounts.
    pub(super) people: Vec<AccountChange>,
    /// All other changes.
    pub(super) commit: Commit,
    /// What to say.
    pub(super) answer: T,
}

impl<T> Decision<T> {
    /// Changes that touch no account.
    pub(super) fn new(commit: Commit, answer: T) -> Self {
        Self { people: Vec::new(), commit, answer }
    }
}

/// Decides and commits, all of it in one transaction.
///
/// # Errors
/// The decision's and the store's, and where every attempt met another writer.
pub(super) async fn settle<T>(
    installation: &Installation,
    decide: impl AsyncFn() -> Result<Decision<T>, Failure>,
) -> Result<T, Failure> {
    for _ in 0..ATTEMPTS_MAX {
        let Decision { people, commit, answer } = decide().await?;
        if installation.directory.commit_people(people, commit).await?.is_ok() {
            return Ok(answer);
        }
    }
    Err(failed("somebody else keeps changing this: try again"))
}
