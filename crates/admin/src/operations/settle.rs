//! Looking, deciding and committing beside a running server: after a concurrent change, looking again.

use std::future::Future;

use server::store::Committed;

use crate::{administration::Administration, error::OperationError, writer::Changes};

/// Decisions that are tried while concurrent changes come first.
pub(super) const ATTEMPTS_MAX: usize = 5;

/// What an operation wants written, and its answer once that is written.
pub(super) struct Decision<T> {
    pub(super) changes: Changes,
    pub(super) answer: T,
}

/// The answer of an operation, and how much ended by it.
pub(super) struct Settled<T> {
    pub(super) answer: T,
    pub(super) ended: Committed,
}

/// Decides and commits, all of it in one transaction.
///
/// # Errors
/// The decision's and the store's, and [`OperationError::Contended`].
pub(super) async fn settle<T, F>(
    administration: &Administration,
    decide: impl Fn() -> F,
) -> Result<T, OperationError>
where
    F: Future<Output = Result<Decision<T>, OperationError>>,
{
    settle_and_count(administration, decide).await.map(|settled| settled.answer)
}

/// The same, and how much ended by it.
///
/// # Errors
/// As those of [`settle`].
pub(super) async fn settle_and_count<T, F>(
    administration: &Administration,
    decide: impl Fn() -> F,
) -> Result<Settled<T>, OperationError>
where
    F: Future<Output = Result<Decision<T>, OperationError>>,
{
    for _ in 0..ATTEMPTS_MAX {
        let Decision { changes, answer } = decide().await?;
        if let Some(ended) = administration.commit(changes).await? {
            return Ok(Settled { answer, ended });
        }
    }
    Err(OperationError::Contended)
}
