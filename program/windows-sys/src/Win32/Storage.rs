//! What `windows_sys::Win32::Storage` has for accept loops.

pub mod FileSystem;
