//! Feeds `passavant_fuzz::keys`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| passavant_fuzz::keys(bytes));
