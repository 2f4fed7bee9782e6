//! Accept loops as they are written for Windows: nothing here knows of a simulator but the names in `use`.
#![allow(unreachable_pub, unsafe_op_in_unsafe_fn)] // shared inside test programs, which export nothing

pub mod blocking;
pub mod conditional;
pub mod experts;
pub mod iocp;
pub mod overlapped;
pub mod pool;
pub mod readiness;
pub mod recycling;
pub mod routines;
pub mod windows;
