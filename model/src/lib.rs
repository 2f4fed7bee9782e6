//! The machine behind accepting a Winsock connection.
#![forbid(unsafe_code)]

pub mod call;
pub mod code;
pub mod outcome;
