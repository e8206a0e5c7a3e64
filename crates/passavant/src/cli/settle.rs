//! Looking, deciding and committing beside a running server: when somebody else got there first, looking again.

use accounts::AccountChange;
use server::store::{Actor, Commit, Committed};

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

/// Who changes something by a command, as the outbox names it.
const OPERATOR: &str = "cli";

/// Decides and commits, all of it in one transaction.
///
/// # Errors
/// The decision's and the store's, and where every attempt met another writer.
pub(super) async fn settle<T>(
    installation: &Installation,
    decide: impl AsyncFn() -> Result<Decision<T>, Failure>,
) -> Result<T, Failure> {
    settle_and_count(installation, decide).await.map(|(answer, _)| answer)
}

/// The same, and how much that ended before its time.
///
/// # Errors
/// As those of [`settle`].
pub(super) async fn settle_and_count<T>(
    installation: &Installation,
    decide: impl AsyncFn() -> Result<Decision<T>, Failure>,
) -> Result<(T, Committed), Failure> {
    for _ in 0..ATTEMPTS_MAX {
        let Decision { people, commit, answer } = decide().await?;
        let commit = commit.by(Actor::Operator(OPERATOR.into()));
        if let Ok(committed) = installation.directory.commit_people(people, commit).await? {
            return Ok((answer, committed));
        }
    }
    Err(failed("somebody else keeps changing this: try again"))
}
