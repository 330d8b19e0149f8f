//! What libFuzzer runs; the claim is in `stillhere_fuzz::tracker_inputs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stillhere_fuzz::tracker_inputs::check(bytes));
