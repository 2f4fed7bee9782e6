//! A deterministic network and scheduler around the winaccept model.
#![forbid(unsafe_code)]

pub mod observe;
pub mod script;
