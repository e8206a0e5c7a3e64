//! Applies an [`End`].

use protocol::Timestamp;

use super::state::{GrantRow, SessionRow, State};
use crate::store::{Committed, End, Of};

impl State {
    /// Ends the selected rows, and counts those that were live.
    pub(super) fn end(&mut self, end: &End, now: Timestamp) -> Committed {
        let mut ended = Committed::default();
        if let Of::Subject(subject) = &end.of {
            *self.subjects.entry(subject.clone()).or_default() += 1;
        }
        if end.sessions {
            let meant = self.sessions.iter_mut().filter(|(id, kept)| match &end.of {
                Of::Session(session) => *id == session,
                Of::Subject(subject) => kept.row.subject == *subject,
                Of::Grant(_) | Of::Client(_) => false,
            });
            for (_, SessionRow { row, ended_at, .. }) in meant.filter(|(_, kept)| kept.ended_at.is_none()) {
                *ended_at = Some(now);
                ended.sessions += u64::from(row.expires_at > now);
            }
        }
        let meant = self.grants.values_mut().filter(|kept| is_of(kept, end));
        for GrantRow { row, ended_at } in meant.filter(|kept| kept.ended_at.is_none()) {
            *ended_at = Some(now);
            ended.grants += u64::from(row.expires_at > now);
        }
        ended
    }
}

fn is_of(kept: &GrantRow, end: &End) -> bool {
    super::state::is_of(&kept.row, &end.of) && !(end.keep_offline && kept.row.offline)
}
