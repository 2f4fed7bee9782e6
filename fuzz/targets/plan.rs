//! The target `plan`, for cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (winaccept_cases::find("plan").expect("it is there").tries)(bytes));
