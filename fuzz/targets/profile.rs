//! The target `profile`, for cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (winaccept_cases::find("profile").expect("it is there").tries)(bytes));
