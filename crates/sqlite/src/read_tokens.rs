//! Access tokens that were read, kept for as long as no commit could have ended one.
//!
//! An API introspects one token again and again, while most commits only add tokens. Two things are compared before a
//! kept row is used: the mark of the index of the log ([`crate::wal_index`]), which every commit of any process changes,
//! and what the writer of this process knows of its own commits. So a commit of another process, and one of this process
//! that may end something, empties the cache before it is answered.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use protocol::{AccessToken, Stored};
use server::store::{AccessRead, Change, CodeChange, TokenChange};

use crate::wal_index::{Mark, follows};

/// Most kept tokens, of some 300 bytes each. Beyond it the cache is emptied.
const TOKENS_MAX: usize = 8_192;

/// The issuer and the id of a token.
type Key = (i64, i64);

/// The tokens that were read.
pub(crate) struct ReadTokens<Row = Stored<AccessToken, AccessRead>>(Mutex<Kept<Row>>);

struct Kept<Row> {
    /// The last commit that is known to have ended none of the rows.
    mark: Option<Mark>,
    /// Changes when the rows are forgotten: a row that was read before is not kept after.
    generation: u64,
    rows: HashMap<Key, Row>,
}

/// The rows that may be kept: those that were read since this was returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(u64);

impl<Row> Default for ReadTokens<Row> {
    fn default() -> Self {
        Self(Mutex::new(Kept { mark: None, generation: 0, rows: HashMap::new() }))
    }
}

impl<Row: Clone> ReadTokens<Row> {
    /// The row of a token at this mark, which was just read; or for which generation it may be kept once it is read.
    pub(crate) fn find(&self, mark: Mark, key: Key) -> Result<Row, Generation> {
        let mut kept = self.kept();
        if kept.mark != Some(mark) {
            // Another process committed, or the writer of this one has not said yet what it did.
            kept.forget();
            kept.mark = Some(mark);
        }
        kept.rows.get(&key).cloned().ok_or(Generation(kept.generation))
    }

    /// Keeps a row that was read in this generation.
    pub(crate) fn keep(&self, generation: Generation, key: Key, row: &Row) {
        let mut kept = self.kept();
        if kept.generation != generation.0 {
            return;
        }
        if kept.rows.len() >= TOKENS_MAX {
            kept.rows.clear();
        }
        kept.rows.insert(key, row.clone());
    }

    /// Called by the writer before it answers a commit: the marks before it, when no other process could write any more,
    /// and after it.
    pub(crate) fn committed(&self, before: Option<Mark>, after: Option<Mark>, may_end: bool) {
        let mut kept = self.kept();
        let only_own = matches!((before, after), (Some(before), Some(after)) if follows(&before, &after));
        if may_end || !only_own || kept.mark != before {
            kept.forget();
        }
        kept.mark = after;
    }

    fn kept(&self) -> MutexGuard<'_, Kept<Row>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Row> Kept<Row> {
    fn forget(&mut self) {
        self.generation += 1;
        self.rows.clear();
    }
}

/// Whether a change may end an access token, or change what is read of one. Only those that certainly do not are named.
pub(crate) const fn may_end(change: &Change) -> bool {
    !matches!(
        change,
        Change::Token(TokenChange::AddAccess(..) | TokenChange::AddRefresh(..) | TokenChange::Rotate { .. })
            | Change::Code(CodeChange::Add(..) | CodeChange::Use(_) | CodeChange::CountTry(_))
            | Change::Grant(_)
            | Change::Session(_)
            | Change::Interaction(_)
            | Change::Item(_)
            | Change::Once(_)
            | Change::Refusals(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = (1, 7);

    fn mark(commits: u8) -> Mark {
        let mut mark = [0; 48];
        mark[8] = commits;
        mark
    }

    /// A cache that keeps the row at commit 1.
    fn keeping() -> ReadTokens<&'static str> {
        let tokens = ReadTokens::default();
        let generation = tokens.find(mark(1), KEY).expect_err("nothing is kept");
        tokens.keep(generation, KEY, &"a row");
        assert!(tokens.find(mark(1), KEY).is_ok());
        tokens
    }

    #[test]
    fn a_row_is_kept_while_this_process_only_adds() {
        let tokens = keeping();
        tokens.committed(Some(mark(1)), Some(mark(2)), false);
        assert!(tokens.find(mark(2), KEY).is_ok());
        // Nothing was written.
        tokens.committed(Some(mark(2)), Some(mark(2)), false);
        assert!(tokens.find(mark(2), KEY).is_ok());
    }

    #[test]
    fn a_row_is_forgotten_when_something_may_have_ended() {
        let tokens = keeping();
        tokens.committed(Some(mark(1)), Some(mark(2)), true);
        assert!(tokens.find(mark(2), KEY).is_err());
    }

    #[test]
    fn a_row_is_forgotten_when_another_process_commits() {
        let seen_by_a_read = keeping();
        assert!(seen_by_a_read.find(mark(2), KEY).is_err());
        let before_a_commit = keeping();
        before_a_commit.committed(Some(mark(2)), Some(mark(3)), false);
        assert!(before_a_commit.find(mark(3), KEY).is_err());
        let after_a_commit = keeping();
        after_a_commit.committed(Some(mark(1)), Some(mark(3)), false);
        assert!(after_a_commit.find(mark(3), KEY).is_err());
        let unreadable = keeping();
        unreadable.committed(None, Some(mark(1)), false);
        assert!(unreadable.find(mark(1), KEY).is_err());
    }

    #[test]
    fn a_row_that_was_read_before_a_commit_is_not_kept_after_it() {
        let tokens = ReadTokens::<&str>::default();
        let generation = tokens.find(mark(1), KEY).expect_err("nothing is kept");
        tokens.committed(Some(mark(1)), Some(mark(2)), true);
        tokens.keep(generation, KEY, &"a row");
        assert!(tokens.find(mark(2), KEY).is_err());
    }
}
