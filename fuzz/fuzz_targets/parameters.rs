//! Feeds `passavant_fuzz::parameters`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| passavant_fuzz::parameters(bytes));
