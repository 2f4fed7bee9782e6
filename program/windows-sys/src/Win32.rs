//! The modules of `windows-sys`, by their paths.

pub mod Foundation;
pub mod Networking;
pub mod Storage;
pub mod System;
pub mod UI;
#[cfg(feature = "Win32_Globalization")]
pub use windows_sys::Win32::Globalization;
pub use windows_sys::Win32::Graphics;
#[cfg(any(feature = "Win32_NetworkManagement_IpHelper", feature = "Win32_NetworkManagement_Ndis"))]
pub use windows_sys::Win32::NetworkManagement;
pub use windows_sys::Win32::Security;
