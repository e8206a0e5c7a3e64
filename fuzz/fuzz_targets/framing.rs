//! Feeds `passavant_fuzz::framing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| passavant_fuzz::framing(bytes));
