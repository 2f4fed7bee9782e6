//! What `windows_sys::Win32::Networking` has for accept loops.

pub mod WinSock;
