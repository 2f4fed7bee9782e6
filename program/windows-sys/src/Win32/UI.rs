//! What `windows_sys::Win32::UI` has for accept loops.

pub mod WindowsAndMessaging;
#[cfg(feature = "Win32_UI_Shell")]
pub use windows_sys::Win32::UI::Shell;
