//! The modules of `windows-sys`, by their paths.

pub mod Foundation;
pub mod Networking;
pub mod Storage;
pub mod System;
pub mod UI;
pub use windows_sys::Win32::Security;
