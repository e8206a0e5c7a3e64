//! A family of refresh tokens: each is derived from the one before, so that one row knows them all.

use protocol::{Digest, RefreshToken, Timestamp, limits};

use crate::store::Refresh;

/// What a presented refresh token is to its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presented {
    /// The current one.
    Live,
    /// Rotated a moment ago: the answer was lost, or two tabs raced. It gets its successor again.
    JustRotated,
    /// Rotated long ago: another party holds it, or held it.
    Spent,
    /// Never issued by this server.
    Foreign,
}

/// A family as it is stored.
pub(crate) struct Family<'a> {
    /// The digest of its current token.
    pub(crate) live: Digest<RefreshToken>,
    pub(crate) row: &'a Refresh,
    /// What its tokens are derived with, if the server still has it.
    pub(crate) key: Option<&'a [u8; 32]>,
}

impl Family<'_> {
    /// The rule. A spent token proves itself by leading to the current one, so garbage can't revoke a family. A rotation
    /// is forgiven for `grace` seconds.
    pub(crate) fn standing(&self, presented: &RefreshToken, now: Timestamp, grace: i64) -> Presented {
        let Some(back) = self.row.generation.checked_sub(presented.generation()) else {
            return Presented::Foreign;
        };
        let key = self.key.filter(|_| back <= limits::GENERATIONS_BACK_MAX);
        let Some(key) = key else { return Presented::Foreign };
        let mut reached = presented.clone();
        for _ in 0..back {
            let Some(next) = reached.successor(key) else { return Presented::Foreign };
            reached = next;
        }
        if reached.handle().digest != self.live {
            return Presented::Foreign;
        }
        match back {
            0 => Presented::Live,
            1 if now.since(self.row.rotated_at) < grace => Presented::JustRotated,
            _ => Presented::Spent,
        }
    }

    /// Whether this token is of this family, in any generation.
    pub(crate) fn knows(&self, presented: &RefreshToken) -> bool {
        self.standing(presented, self.row.rotated_at, 0) != Presented::Foreign
    }
}

#[cfg(test)]
mod tests {
    use protocol::{FamilyId, GrantId};

    use super::*;

    #[test]
    fn a_presented_token_is_what_it_leads_to() {
        let key = [1; 32];
        let next = |token: &RefreshToken| token.successor(&key);
        let line: Vec<RefreshToken> =
            std::iter::successors(Some(RefreshToken::first(FamilyId(7), [9; 20])), next).take(5).collect();
        let row = Refresh {
            family: FamilyId(7),
            grant: GrantId(1),
            generation: 3,
            rotated_at: Timestamp(100),
            expires_at: Timestamp(1_000),
            key: 1,
            confirmation: None,
        };
        let live = line[3].handle().digest;
        let family = Family { live, row: &row, key: Some(&key) };
        let is = |token: &RefreshToken, now| family.standing(token, Timestamp(now), 10);
        assert_eq!(is(&line[3], 500), Presented::Live);
        assert_eq!(is(&line[2], 109), Presented::JustRotated);
        assert_eq!(is(&line[2], 110), Presented::Spent);
        assert_eq!(is(&line[1], 100), Presented::Spent);
        assert_eq!(is(&line[4], 100), Presented::Foreign);
        assert_eq!(is(&RefreshToken::first(FamilyId(7), [8; 20]), 100), Presented::Foreign);
        let without_key = Family { live, row: &row, key: None };
        assert_eq!(without_key.standing(&line[3], Timestamp(100), 10), Presented::Foreign);
        assert!(line[..4].iter().all(|token| family.knows(token)) && !family.knows(&line[4]));
    }
}
