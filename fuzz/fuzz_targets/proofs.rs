//! Feeds `passavant_fuzz::proofs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| passavant_fuzz::proofs(bytes));
