//! Windows that nobody sees, and their messages.

mod messages;
mod windows;
mod words;

pub use windows_sys::Win32::UI::WindowsAndMessaging::*;

pub use messages::{
    DispatchMessageA, DispatchMessageW, GetMessageA, GetMessageW, PeekMessageA, PeekMessageW, PostMessageA,
    PostMessageW, PostQuitMessage, PostThreadMessageW, SendMessageW, TranslateMessage,
};
pub use windows::{
    CreateWindowExA, CreateWindowExW, DefWindowProcA, DefWindowProcW, DestroyWindow, GetWindowLongPtrW, RegisterClassA,
    RegisterClassExW, RegisterClassW, SetWindowLongPtrW, UnregisterClassW,
};
pub use words::{KillTimer, MsgWaitForMultipleObjects, MsgWaitForMultipleObjectsEx, SetTimer, ShowWindow};
