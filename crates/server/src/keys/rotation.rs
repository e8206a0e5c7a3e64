//! When keys are published, sign, retire and are deleted: rules over the stored keys.

use jose::SignatureAlgorithm;
use protocol::Timestamp;

use crate::store::{KeyChange, KeyRecord, KeyState};

/// Seconds for which the key set and the metadata may be cached (`Cache-Control: max-age`).
pub const JWKS_MAX_AGE_SECONDS: i64 = 300;

/// Seconds for which a key is published before it signs: every cached key set is then fetched anew, with as much again
/// for caches that are late and clocks that are off.
pub const PUBLISHED_BEFORE_SIGNING_SECONDS: i64 = 2 * JWKS_MAX_AGE_SECONDS;

/// Seconds that a key stays published after its last signature. Longer than any signature is verified: the lifetime of a
/// token is minutes, a day at most, and an expired ID token is accepted as a hint for no longer than a session lasts.
pub(super) const RETIRED_KEPT_SECONDS: i64 = 7 * 86_400;

/// When a new key begins to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStart {
    /// Once it has been published for [`PUBLISHED_BEFORE_SIGNING_SECONDS`].
    Published,
    /// At once. Verifiers that cached the key set may refuse its signatures until they fetch it again.
    Now,
}

/// What comes next for a stored key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyDates {
    /// When its successor signs: as published, or else by the timetable. Only for the key that signs.
    pub replaced_at: Option<Timestamp>,
    /// When it is deleted. Only for a retired key.
    pub deleted_at: Option<Timestamp>,
}

impl KeyDates {
    /// The dates of one of these keys, where a key is replaced after this many seconds.
    pub fn of(key: &KeyRecord, keys: &[KeyRecord], interval: i64) -> Self {
        let replaced_at = (key.state == KeyState::Active)
            .then(|| next(keys, key.algorithm).map_or(key.active_at + interval, |next| next.active_at));
        let retired_at = key.retired_at.filter(|_| key.state == KeyState::Retiring);
        Self { replaced_at, deleted_at: retired_at.map(|at| at + RETIRED_KEPT_SECONDS) }
    }
}

/// What is to be done with the stored keys now.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Due {
    /// Keys that begin to sign, and keys that retire by it.
    pub(super) changes: Vec<KeyChange>,
    /// Algorithms that need a successor to be published.
    pub(super) publish: Vec<SignatureAlgorithm>,
    /// Keys whose last signature has expired long ago.
    pub(super) outlived: Vec<KeyChange>,
}

impl Due {
    /// Decides, where a key is replaced after this many seconds.
    pub(super) fn at(now: Timestamp, keys: &[KeyRecord], interval: i64) -> Self {
        let mut due = Self::default();
        for &algorithm in SignatureAlgorithm::ALL {
            let signing = active(keys, algorithm).map(|key| key.active_at).max();
            match (next(keys, algorithm), signing) {
                (Some(next), _) if next.active_at <= now => due.changes.extend(take_over(keys, next, now)),
                (None, Some(since)) if now >= since + interval - PUBLISHED_BEFORE_SIGNING_SECONDS => {
                    due.publish.push(algorithm);
                }
                (Some(_) | None, _) => {}
            }
        }
        let is_outlived = |key: &&KeyRecord| {
            let retired_at = key.retired_at.filter(|_| key.state == KeyState::Retiring);
            retired_at.is_some_and(|at| now.since(at) > RETIRED_KEPT_SECONDS)
        };
        let outlived = keys.iter().filter(is_outlived);
        due.outlived = outlived.map(|key| KeyChange::Delete(key.kid.clone(), key.state)).collect();
        due
    }
}

/// The keys that sign with this algorithm: one, unless two processes made the first.
pub(super) fn active(
    keys: &[KeyRecord],
    algorithm: SignatureAlgorithm,
) -> impl Iterator<Item = &KeyRecord> + use<'_> {
    keys.iter().filter(move |key| key.algorithm == algorithm && key.state == KeyState::Active)
}

/// The published key that will sign with this algorithm first.
pub(super) fn next(keys: &[KeyRecord], algorithm: SignatureAlgorithm) -> Option<&KeyRecord> {
    let next = keys.iter().filter(|key| key.algorithm == algorithm && key.state == KeyState::Next);
    next.min_by_key(|key| key.active_at)
}

/// A published key signs from now on, and those before it retire.
pub(super) fn take_over(keys: &[KeyRecord], next: &KeyRecord, now: Timestamp) -> Vec<KeyChange> {
    let mut changes = vec![KeyChange::Activate(next.kid.clone(), now)];
    changes.extend(retire(keys, next.algorithm, now));
    changes
}

/// The keys that sign with this algorithm stop signing.
pub(super) fn retire(
    keys: &[KeyRecord],
    algorithm: SignatureAlgorithm,
    now: Timestamp,
) -> impl Iterator<Item = KeyChange> + use<'_> {
    active(keys, algorithm).map(move |key| KeyChange::Retire(key.kid.clone(), now))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000_000);
    const DAY: i64 = 86_400;
    const ES256: SignatureAlgorithm = SignatureAlgorithm::Es256;
    const RS256: SignatureAlgorithm = SignatureAlgorithm::Rs256;

    fn key(kid: &str, algorithm: SignatureAlgorithm, state: KeyState, at: Timestamp) -> KeyRecord {
        let retired_at = (state == KeyState::Retiring).then_some(at);
        KeyRecord {
            kid: kid.to_owned(),
            algorithm,
            state,
            sealed: Vec::new(),
            created_at: at,
            active_at: at,
            retired_at,
        }
    }

    fn due(keys: &[KeyRecord]) -> Due {
        Due::at(NOW, keys, 90 * DAY)
    }

    #[test]
    fn a_successor_is_published_before_the_key_is_as_old_as_the_timetable_has_it() {
        let since = NOW - (90 * DAY - PUBLISHED_BEFORE_SIGNING_SECONDS);
        for (at, publish) in [(since + 1, vec![]), (since, vec![ES256]), (NOW - 4_000 * DAY, vec![ES256])] {
            let keys =
                [key("old", ES256, KeyState::Active, at), key("other", RS256, KeyState::Active, NOW - DAY)];
            assert_eq!(due(&keys), Due { publish, ..Due::default() }, "{at:?}");
        }
        let keys = [key("old", ES256, KeyState::Active, since), key("new", ES256, KeyState::Next, NOW + 1)];
        assert_eq!(due(&keys), Due::default(), "one successor is enough");
    }

    #[test]
    fn a_published_key_signs_when_its_time_has_come_and_every_key_before_it_retires() {
        let keys = |at| {
            [
                key("a", ES256, KeyState::Active, NOW - DAY),
                key("b", ES256, KeyState::Active, NOW - DAY),
                key("c", RS256, KeyState::Active, NOW - DAY),
                key("next", ES256, KeyState::Next, at),
            ]
        };
        assert_eq!(due(&keys(NOW + 1)), Due::default());
        let changes = vec![
            KeyChange::Activate("next".to_owned(), NOW),
            KeyChange::Retire("a".to_owned(), NOW),
            KeyChange::Retire("b".to_owned(), NOW),
        ];
        assert_eq!(due(&keys(NOW)), Due { changes, ..Due::default() });
    }

    #[test]
    fn a_retired_key_is_deleted_after_a_week() {
        let at = |seconds| [key("old", ES256, KeyState::Retiring, NOW - seconds)];
        assert_eq!(due(&at(7 * DAY)), Due::default());
        let outlived = vec![KeyChange::Delete("old".to_owned(), KeyState::Retiring)];
        assert_eq!(due(&at(7 * DAY + 1)), Due { outlived, ..Due::default() });
    }

    #[test]
    fn the_dates_of_a_key_are_those_that_the_rules_keep() {
        let signing = key("a", ES256, KeyState::Active, NOW);
        let next = key("b", ES256, KeyState::Next, NOW + 600);
        let retired = key("c", ES256, KeyState::Retiring, NOW);
        let dates = |replaced_at, deleted_at| KeyDates { replaced_at, deleted_at };
        let of = |key: &KeyRecord, keys: &[KeyRecord]| KeyDates::of(key, keys, 90 * DAY);
        assert_eq!(of(&signing, std::slice::from_ref(&signing)), dates(Some(NOW + 90 * DAY), None));
        assert_eq!(of(&signing, &[signing.clone(), next.clone()]), dates(Some(NOW + 600), None));
        assert_eq!(of(&next, &[signing.clone(), next.clone()]), dates(None, None));
        assert_eq!(of(&retired, std::slice::from_ref(&retired)), dates(None, Some(NOW + 7 * DAY)));
    }
}
