//! What `windows_sys::Win32::UI` has for accept loops.

pub mod WindowsAndMessaging;
