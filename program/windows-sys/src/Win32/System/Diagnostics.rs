//! What `windows_sys::Win32::System::Diagnostics` has for accept loops.

pub mod Debug;
#[cfg(feature = "Win32_System_Diagnostics_Etw")]
pub use windows_sys::Win32::System::Diagnostics::Etw;
#[cfg(feature = "Win32_System_Diagnostics_ToolHelp")]
pub use windows_sys::Win32::System::Diagnostics::ToolHelp;
