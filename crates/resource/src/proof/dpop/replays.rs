//! Detects replayed proofs (RFC 9449 §11.1): a port, so that several nodes can share a store, and an implementation in
//! memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use jose::Thumbprint;
use protocol::Timestamp;
use protocol::proof::ProofId;

use crate::limits::{PROOFS_MAX, PROOFS_PER_KEY_MAX};

/// Remembers proofs, so that none is accepted twice. Nodes that serve one API must share one.
#[async_trait]
pub trait Replays: Send + Sync + 'static {
    /// Remembers a proof until it is too old to be accepted, and returns whether it was already remembered:
    /// atomically, like an insert under a unique key. Of many concurrent calls for one proof, exactly one gets
    /// [`Seen::First`]. Proofs may be forgotten after `until`; `now` is the guard's time.
    ///
    /// # Errors
    ///
    /// [`ReplaysError`] if that can't be determined; the request is then refused with 503. Must return within a few
    /// seconds.
    async fn remember(&self, proof: ProofId, until: Timestamp, now: Timestamp) -> Result<Seen, ReplaysError>;
}

/// Whether a proof was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// No: it is remembered from now on.
    First,
    /// Yes: it is a replay.
    Before,
}

/// Why it can't be determined whether a proof was seen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplaysError {
    /// There is no space left, and forgetting would allow a replay.
    #[error("the memory for proofs is full")]
    Full,
    /// The store failed; the text is for the log.
    #[error("the store of proofs failed: {0}")]
    Failed(String),
}

/// Remembers proofs in this process only. If it is full, it refuses new proofs instead of forgetting old ones.
#[derive(Debug)]
pub struct MemoryReplays {
    proofs_max: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// Keyed by half of the digest, for which no second preimage can be found either.
    seen: HashSet<[u8; 16]>,
    by_key: HashMap<Thumbprint, u32>,
    ending: BTreeMap<Timestamp, Vec<([u8; 16], Thumbprint)>>,
}

impl MemoryReplays {
    /// Space for this many proofs, each of which is kept for about 90 seconds and takes about 130 bytes.
    pub fn new(proofs_max: usize) -> Self {
        Self { proofs_max, kept: Mutex::default() }
    }
}

impl Default for MemoryReplays {
    /// Space for [`PROOFS_MAX`].
    fn default() -> Self {
        Self::new(PROOFS_MAX)
    }
}

#[async_trait]
impl Replays for MemoryReplays {
    async fn remember(&self, proof: ProofId, until: Timestamp, now: Timestamp) -> Result<Seen, ReplaysError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.forget(now);
        kept.remember(proof, until, self.proofs_max)
    }
}

impl Kept {
    fn remember(&mut self, proof: ProofId, until: Timestamp, most: usize) -> Result<Seen, ReplaysError> {
        let digest = proof.digest.first_chunk().copied().unwrap_or_default();
        if self.seen.contains(&digest) {
            return Ok(Seen::Before);
        }
        let of_key = self.by_key.get(&proof.key).copied().unwrap_or_default();
        if self.seen.len() >= most || of_key >= PROOFS_PER_KEY_MAX {
            return Err(ReplaysError::Full);
        }
        self.seen.insert(digest);
        self.by_key.insert(proof.key, of_key + 1);
        self.ending.entry(until).or_default().push((digest, proof.key));
        Ok(Seen::First)
    }

    /// Each proof is removed once, so that the amortized cost is constant.
    fn forget(&mut self, now: Timestamp) {
        while let Some(first) = self.ending.first_entry().filter(|first| *first.key() <= now) {
            for (digest, key) in first.remove() {
                self.seen.remove(&digest);
                match self.by_key.get_mut(&key) {
                    Some(count) if *count > 1 => *count -= 1,
                    Some(_) | None => drop(self.by_key.remove(&key)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier};
    use std::thread;

    use futures_util::FutureExt as _;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    fn proof(key: u8, number: u32) -> ProofId {
        let digest = jose::primitives::sha256(&[&[key][..], &number.to_be_bytes()].concat());
        ProofId { key: Thumbprint::of_certificate(&[key]), digest }
    }

    fn remember(memory: &MemoryReplays, proof: ProofId, until: i64, now: i64) -> Result<Seen, ReplaysError> {
        memory.remember(proof, Timestamp(until), Timestamp(now)).now_or_never().expect("it never waits")
    }

    #[test]
    fn a_proof_is_first_once_until_its_time_is_over() {
        let memory = MemoryReplays::default();
        assert_eq!(remember(&memory, proof(1, 1), 1_060, 1_000), Ok(Seen::First));
        assert_eq!(remember(&memory, proof(1, 1), 1_060, 1_059), Ok(Seen::Before));
        assert_eq!(remember(&memory, proof(1, 1), 1_061, 1_059), Ok(Seen::Before), "with another iat too");
        assert_eq!(remember(&memory, proof(1, 2), 1_060, 1_059), Ok(Seen::First));
        assert_eq!(remember(&memory, proof(2, 1), 1_060, 1_059), Ok(Seen::First));
        assert_eq!(remember(&memory, proof(1, 1), 1_120, 1_060), Ok(Seen::First));
    }

    #[test]
    fn a_full_memory_refuses_and_forgets_nothing() {
        let memory = MemoryReplays::new(2);
        assert_eq!(remember(&memory, proof(1, 1), 1_060, 1_000), Ok(Seen::First));
        assert_eq!(remember(&memory, proof(2, 1), 1_070, 1_000), Ok(Seen::First));
        assert_eq!(remember(&memory, proof(3, 1), 1_060, 1_059), Err(ReplaysError::Full));
        assert_eq!(remember(&memory, proof(1, 1), 1_060, 1_059), Ok(Seen::Before));
        assert_eq!(remember(&memory, proof(3, 1), 1_120, 1_060), Ok(Seen::First), "time makes room");
        assert_eq!(remember(&memory, proof(2, 1), 1_070, 1_060), Ok(Seen::Before));
    }

    #[test]
    fn one_sender_can_not_fill_the_memory_for_others() {
        let memory = MemoryReplays::default();
        for number in 0..PROOFS_PER_KEY_MAX {
            assert_eq!(remember(&memory, proof(1, number), 1_060, 1_000), Ok(Seen::First));
        }
        let one_more = proof(1, PROOFS_PER_KEY_MAX);
        assert_eq!(remember(&memory, one_more, 1_060, 1_000), Err(ReplaysError::Full));
        assert_eq!(remember(&memory, proof(2, 1), 1_060, 1_000), Ok(Seen::First));
        assert_eq!(remember(&memory, one_more, 1_120, 1_060), Ok(Seen::First));
    }

    #[test]
    fn what_is_over_leaves_nothing_behind() {
        let memory = MemoryReplays::default();
        for number in 0..1_000 {
            let until = 1_000 + i64::from(number) / 10;
            let first = remember(&memory, proof(1, number), until + 60, until);
            assert_eq!(first, Ok(Seen::First));
        }
        assert_eq!(remember(&memory, proof(2, 1), 9_060, 9_000), Ok(Seen::First));
        let kept = memory.kept.lock().expect("no panic");
        assert_eq!((kept.seen.len(), kept.by_key.len(), kept.ending.len()), (1, 1, 1));
    }

    #[test]
    fn of_sixty_four_at_once_one_is_first() {
        for round in 0..50 {
            let (memory, start) = (Arc::new(MemoryReplays::default()), Arc::new(Barrier::new(64)));
            let senders: Vec<_> = (0..64)
                .map(|_| {
                    let (memory, start) = (Arc::clone(&memory), Arc::clone(&start));
                    thread::spawn(move || {
                        start.wait();
                        remember(&memory, proof(1, round), NOW.0 + 60, NOW.0)
                    })
                })
                .collect();
            let seen = senders.into_iter().map(|sender| sender.join().expect("no panic"));
            assert_eq!(seen.filter(|seen| *seen == Ok(Seen::First)).count(), 1, "round {round}");
        }
    }
}
