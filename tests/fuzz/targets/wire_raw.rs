//! What libFuzzer runs; the claim is in `stillhere_fuzz::wire_raw`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stillhere_fuzz::wire_raw::check(bytes));
