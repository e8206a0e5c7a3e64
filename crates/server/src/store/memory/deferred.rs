//! Requests that their user answers elsewhere.

use protocol::{DeferredId, Subject, Timestamp, UserCode};

use super::state::State;
use crate::store::{Deferred, DeferredChange, DeferredRead, DeferredState, Ended, Whose};

impl State {
    /// A request with the grant that it was approved with.
    pub(super) fn deferred_read(&self, row: &Deferred) -> DeferredRead {
        let grant = match row.state {
            DeferredState::Approved(grant) | DeferredState::Used(grant) => self.grants.get(&grant),
            DeferredState::Waiting | DeferredState::Denied => None,
        };
        DeferredRead {
            row: row.clone(),
            grant: grant.map(|kept| kept.row.clone()),
            ended: grant.and_then(|kept| kept.ended_at).map(|_| Ended::Grant),
        }
    }

    pub(super) fn deferred_by_user_code(&self, code: &UserCode) -> Option<(DeferredId, Deferred)> {
        let typed = Whose::Typed(code.clone());
        let found = self.deferred.iter().find(|(_, (_, row))| row.whose == typed)?;
        Some((DeferredId(*found.0), found.1.1.clone()))
    }

    pub(super) fn list_deferred(
        &self,
        subject: &Subject,
        now: Timestamp,
        limit: u32,
    ) -> Vec<(DeferredId, Deferred)> {
        let named = Whose::Subject(subject.clone());
        let is_due = |row: &Deferred| {
            row.whose == named && row.state == DeferredState::Waiting && now < row.expires_at
        };
        let due = self.deferred.iter().filter(|(_, (_, row))| is_due(row));
        due.take(limit as usize).map(|(id, (_, row))| (DeferredId(*id), row.clone())).collect()
    }

    pub(super) fn deferred_holds(&self, change: &DeferredChange, now: Timestamp) -> bool {
        match change {
            DeferredChange::Add(code, row) => {
                let is_taken = match &row.whose {
                    Whose::Typed(code) => self.deferred_by_user_code(code).is_some(),
                    Whose::Subject(_) => false,
                };
                !is_taken && !self.deferred.contains_key(&code.id)
            }
            DeferredChange::Approve(id, _) | DeferredChange::Deny(id) => {
                let row = self.deferred.get(&id.0).map(|(_, row)| row);
                row.is_some_and(|row| row.state == DeferredState::Waiting && now < row.expires_at)
            }
            DeferredChange::Use(code) => {
                let state = self.deferred.get(&code.id).map(|(_, row)| row.state);
                matches!(state, Some(DeferredState::Approved(_)))
            }
        }
    }

    pub(super) fn apply_deferred(&mut self, change: DeferredChange) {
        let (id, state) = match change {
            DeferredChange::Add(code, row) => {
                self.deferred.insert(code.id, (code.digest, *row));
                return;
            }
            DeferredChange::Approve(id, grant) => (id.0, DeferredState::Approved(grant)),
            DeferredChange::Deny(id) => (id.0, DeferredState::Denied),
            DeferredChange::Use(code) => match self.deferred.get(&code.id).map(|(_, row)| row.state) {
                Some(DeferredState::Approved(grant)) => (code.id, DeferredState::Used(grant)),
                _ => return,
            },
        };
        if let Some((_, row)) = self.deferred.get_mut(&id) {
            row.state = state;
        }
    }
}
