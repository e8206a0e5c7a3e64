//! Deterministic randomness.

use std::sync::atomic::{AtomicU64, Ordering};

use server::ports::Entropy;

/// Size of a SHA-256 digest, in bytes.
const BLOCK_BYTES: usize = 32;

/// Deterministic randomness: SHA-256 of the seed and a counter, block after block. **For tests only:** the seed
/// reveals every secret that was generated with it.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    blocks: AtomicU64,
}

impl SeededEntropy {
    /// Starts with this seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed, blocks: AtomicU64::new(0) }
    }
}

impl Default for SeededEntropy {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(BLOCK_BYTES) {
            let block = self.blocks.fetch_add(1, Ordering::Relaxed);
            let mut input = [0; 16];
            input[..8].copy_from_slice(&self.seed.to_be_bytes());
            input[8..].copy_from_slice(&block.to_be_bytes());
            chunk.copy_from_slice(&jose::primitives::sha256(&input)[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(entropy: &SeededEntropy) -> [u8; 70] {
        let mut bytes = [0; 70];
        entropy.fill(&mut bytes);
        bytes
    }

    #[test]
    fn same_seed_gives_the_same_random_numbers() {
        assert_eq!(draw(&SeededEntropy::new(7)), draw(&SeededEntropy::new(7)));
        assert_ne!(draw(&SeededEntropy::new(7)), draw(&SeededEntropy::new(8)));
    }

    #[test]
    fn random_draws_do_not_repeat() {
        let entropy = SeededEntropy::default();
        let (first, second) = (draw(&entropy), draw(&entropy));
        assert_ne!(first, second);
        assert_ne!(first[..32], first[32..64]);
    }
}
