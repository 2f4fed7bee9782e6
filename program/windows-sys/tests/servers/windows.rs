//! A window that nobody sees, and a loop that gives it its messages.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

#[cfg(not(windows))]
use winaccept_windows_sys::Win32::{Foundation::*, Networking::WinSock::*, UI::WindowsAndMessaging::*};
#[cfg(windows)]
use windows_sys::Win32::{Foundation::*, Networking::WinSock::*, UI::WindowsAndMessaging::*};

use super::blocking::{begins, heeds, listener};

const ACCEPTS: u32 = WM_USER + 1;
const STOPS: u32 = WM_USER + 2;

/// What the window keeps.
struct Kept {
    listener: SOCKET,
    broken: bool,
}

/// Accepts what the message tells of. Broken: a failure that the message tells of, or that of accept, closes the window.
unsafe extern "system" fn procedure(window: HWND, message: u32, wparam: WPARAM, lparam: LPARAM) -> LRESULT {
    let kept = GetWindowLongPtrW(window, GWLP_USERDATA) as *const Kept;
    match message {
        WM_CREATE => {
            let with = (lparam as *const CREATESTRUCTW).read();
            SetWindowLongPtrW(window, GWLP_USERDATA, with.lpCreateParams as isize);
        }
        ACCEPTS if lparam as u32 & 0xffff == FD_ACCEPT => {
            let error = lparam as u32 >> 16;
            let client = if error == 0 { accept(wparam, null_mut(), null_mut()) } else { INVALID_SOCKET };
            assert_eq!(wparam, (*kept).listener);
            if client != INVALID_SOCKET {
                WSAAsyncSelect(client, window, 0, 0);
                begins(client);
            } else if (*kept).broken && WSAGetLastError() != WSAEWOULDBLOCK {
                DestroyWindow(window);
            } else {
                heeds(WSAGetLastError());
            }
        }
        STOPS => _ = DestroyWindow(window),
        WM_DESTROY => {
            closesocket((*kept).listener);
            PostQuitMessage(3);
        }
        _ => return DefWindowProcW(window, message, wparam, lparam),
    }
    0
}

pub unsafe fn name(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// A window for a listener.
unsafe fn window(kept: *const Kept) -> HWND {
    let class = name("listens");
    let of = WNDCLASSW { lpfnWndProc: Some(procedure), lpszClassName: class.as_ptr(), ..Default::default() };
    assert_ne!(RegisterClassW(&raw const of), 0);
    let parameter: *const c_void = kept.cast();
    let (menu, instance, title) = (null_mut(), null_mut(), null());
    CreateWindowExW(0, class.as_ptr(), title, 0, 0, 0, 0, 0, HWND_MESSAGE, menu, instance, parameter)
}

/// Accepts until it is told to quit.
pub fn loops(broken: bool) {
    unsafe {
        let listener = listener();
        let window = window(Box::leak(Box::new(Kept { listener, broken })));
        assert!(!window.is_null());
        assert_eq!(WSAAsyncSelect(listener, window, ACCEPTS, FD_ACCEPT as i32), 0);
        let mut message = MSG::default();
        while GetMessageW(&raw mut message, null_mut(), 0, 0) > 0 {
            TranslateMessage(&raw const message);
            DispatchMessageW(&raw const message);
        }
        assert_eq!((message.message, message.wParam), (WM_QUIT, 3));
    }
}

/// Posts to its own window, and quits.
pub fn quits() {
    unsafe {
        let listener = listener();
        let window = window(Box::leak(Box::new(Kept { listener, broken: false })));
        let mut message = MSG::default();
        assert_eq!(PeekMessageW(&raw mut message, window, 0, 0, PM_REMOVE), 0);
        assert_eq!(PostMessageW(window, STOPS, 5, 6), TRUE);
        assert_eq!(PeekMessageW(&raw mut message, null_mut(), 0, 0, PM_REMOVE), TRUE);
        assert_eq!((message.hwnd, message.message, message.wParam, message.lParam), (window, STOPS, 5, 6));
        DispatchMessageW(&raw const message);
        assert_eq!((PostMessageW(window, STOPS, 0, 0), GetLastError()), (0, ERROR_INVALID_WINDOW_HANDLE));
        assert_eq!((GetMessageW(&raw mut message, null_mut(), 0, 0), message.message), (0, WM_QUIT));
        assert_eq!(GetMessageW(&raw mut message, window, 0, 0), -1);
    }
}
