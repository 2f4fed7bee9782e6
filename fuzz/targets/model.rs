//! The target `model`, for cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (winaccept_cases::find("model").expect("it is there").tries)(bytes));
