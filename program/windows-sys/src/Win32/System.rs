//! What `windows_sys::Win32::System` has for accept loops.

pub mod IO;
pub mod Threading;
pub use windows_sys::Win32::System::WindowsProgramming;
