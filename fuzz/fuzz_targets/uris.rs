//! Feeds `passavant_fuzz::uris`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| passavant_fuzz::uris(bytes));
