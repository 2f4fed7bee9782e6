//! Messages: those of `WSAAsyncSelect` are the model's, those that the program posts itself are not.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_model::call::{Call, Handle};
use winaccept_model::outcome::{Out, Outcome};
use winaccept_program::interface::Sign;
use windows_sys::Win32::Foundation::{
    ERROR_INVALID_THREAD_ID, ERROR_INVALID_WINDOW_HANDLE, HWND, LPARAM, LRESULT, POINT, TRUE, WPARAM,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{MSG, PEEK_MESSAGE_REMOVE_TYPE, PM_REMOVE, WM_QUIT};
use windows_sys::core::BOOL;

use super::windows::asks;
use crate::here::{Here, Object, here, here_or, here_true, with_run};
use crate::memory;

fn message(here: &Here<'_>, hwnd: HWND, number: u32, wparam: WPARAM, lparam: LPARAM) -> MSG {
    let pt = POINT { x: 0, y: 0 };
    MSG { hwnd, message: number, wParam: wparam, lParam: lparam, time: here.w.now() as u32, pt }
}

/// The message that a call of the model has fetched, if any.
fn fetched(here: &Here<'_>, window: usize, outcome: &Outcome) -> Option<MSG> {
    let Out::Message(got) = outcome.out else { return None };
    let lparam = isize::from(got.event.0.cast_signed()) & 0xffff | isize::from(got.error.0.cast_signed()) << 16;
    let hwnd = std::ptr::without_provenance_mut(window);
    let s = here.value(Object::Model(got.socket));
    Some(message(here, hwnd, got.number, s, lparam & 0xffff_ffff))
}

/// A message of `WSAAsyncSelect` that is there.
fn peeks(here: &Here<'_>, windows: &[(usize, Handle)]) -> Option<MSG> {
    windows.iter().find_map(|(window, model)| {
        let outcome = here.calls(Call::PeekMessage { window: *model });
        fetched(here, *window, &outcome)
    })
}

/// The next of what was posted, while nothing of the network is there: that it is to quit comes last.
fn posted(here: &Here<'_>, hwnd: HWND, windows: &[(usize, Handle)]) -> Option<MSG> {
    let (next, quits) = here.posts(|posted| {
        let fits = |message: &MSG| hwnd.is_null() || message.hwnd == hwnd;
        let place = posted.messages.iter().position(fits);
        (place.and_then(|place| posted.messages.remove(place)), posted.quits)
    });
    if let Some(next) = next {
        if peeks(here, windows).is_some() {
            here.no_words("GetMessage where both a posted message and one of WSAAsyncSelect wait, which came first");
        }
        return Some(next);
    }
    let code = quits?;
    peeks(here, windows).or_else(|| {
        here.posts(|posted| posted.quits = None);
        Some(message(here, std::ptr::null_mut(), WM_QUIT, code as usize, 0))
    })
}

/// Is this a handle to fetch messages of?
fn is_window(here: &Here<'_>, hwnd: HWND, windows: &[(usize, Handle)]) -> bool {
    let known = hwnd.is_null() || !windows.is_empty();
    if !known {
        here.set_error(ERROR_INVALID_WINDOW_HANDLE);
    }
    known
}

/// `GetMessage`
fn waits(here: &Here<'_>, lpmsg: *mut MSG, hwnd: HWND, filter: bool) -> BOOL {
    if here.is_null(lpmsg, "GetMessage", "lpMsg") {
        return -1;
    }
    if filter {
        here.no_words("GetMessage of some messages only");
    }
    let windows = here.windows(hwnd.addr());
    if !is_window(here, hwnd, &windows) {
        return -1;
    }
    let got = loop {
        if let Some(got) = posted(here, hwnd, &windows) {
            break got;
        }
        let sign = here.posts(|posted| posted.sign);
        here.w.hides(sign);
        let all = windows.iter().map(|(_, model)| Sign::Window(*model)).chain([Sign::Own(sign)]);
        let Some((window, model)) =
            here.waits(|w| w.awaits_signs(all.collect(), false, None)).and_then(|at| windows.get(at))
        else {
            continue;
        };
        let outcome = here.calls(Call::GetMessage { window: *model });
        match fetched(here, *window, &outcome) {
            Some(got) => break got,
            None => {
                here.failed(&outcome);
                return -1;
            }
        }
    };
    // SAFETY: the caller's contract.
    unsafe { memory::put(lpmsg, got) };
    i32::from(got.message != WM_QUIT)
}

/// `GetMessageW`, of all messages.
pub unsafe extern "system" fn GetMessageW(lpmsg: *mut MSG, hwnd: HWND, wmsgfiltermin: u32, wmsgfiltermax: u32) -> BOOL {
    here("GetMessageW", |here| waits(here, lpmsg, hwnd, (wmsgfiltermin, wmsgfiltermax) != (0, 0)))
}

/// `GetMessageA`, which is `GetMessageW`.
pub unsafe extern "system" fn GetMessageA(lpmsg: *mut MSG, hwnd: HWND, wmsgfiltermin: u32, wmsgfiltermax: u32) -> BOOL {
    here("GetMessageA", |here| waits(here, lpmsg, hwnd, (wmsgfiltermin, wmsgfiltermax) != (0, 0)))
}

/// `PeekMessageW`, of all messages, with PM_REMOVE.
pub unsafe extern "system" fn PeekMessageW(
    lpmsg: *mut MSG,
    hwnd: HWND,
    wmsgfiltermin: u32,
    wmsgfiltermax: u32,
    wremovemsg: PEEK_MESSAGE_REMOVE_TYPE,
) -> BOOL {
    here_true("PeekMessageW", |here| {
        if here.is_null(lpmsg, "PeekMessage", "lpMsg") {
            return 0;
        }
        if (wmsgfiltermin, wmsgfiltermax, wremovemsg) != (0, 0, PM_REMOVE) {
            here.no_words("PeekMessage of some messages only, or without PM_REMOVE");
        }
        let windows = here.windows(hwnd.addr());
        if !is_window(here, hwnd, &windows) {
            return 0;
        }
        let got = posted(here, hwnd, &windows).or_else(|| peeks(here, &windows));
        // SAFETY: the caller's contract.
        got.map_or(0, |got| {
            unsafe { memory::put(lpmsg, got) };
            TRUE
        })
    })
}

/// `PeekMessageA`, which is `PeekMessageW`.
pub unsafe extern "system" fn PeekMessageA(
    lpmsg: *mut MSG,
    hwnd: HWND,
    wmsgfiltermin: u32,
    wmsgfiltermax: u32,
    wremovemsg: PEEK_MESSAGE_REMOVE_TYPE,
) -> BOOL {
    // SAFETY: the caller's contract.
    unsafe { PeekMessageW(lpmsg, hwnd, wmsgfiltermin, wmsgfiltermax, wremovemsg) }
}

/// `TranslateMessage`: nobody types.
pub unsafe extern "system" fn TranslateMessage(_lpmsg: *const MSG) -> BOOL {
    here_true("TranslateMessage", |_| 0)
}

/// `DispatchMessageW`: the procedure of the message's window runs in this thread.
pub unsafe extern "system" fn DispatchMessageW(lpmsg: *const MSG) -> LRESULT {
    here_or("DispatchMessageW", 0, |_| {
        // SAFETY: the caller's contract.
        let Some(got) = (unsafe { memory::get(lpmsg) }) else { return 0 };
        // SAFETY: the same.
        unsafe { asks(got.hwnd, got.message, got.wParam, got.lParam) }
    })
}

/// `DispatchMessageA`, which is `DispatchMessageW`.
pub unsafe extern "system" fn DispatchMessageA(lpmsg: *const MSG) -> LRESULT {
    // SAFETY: the caller's contract.
    unsafe { DispatchMessageW(lpmsg) }
}

/// Posts to a thread that has asked for messages, or has a window.
fn posts_to(here: &Here<'_>, thread: usize, message: MSG) -> bool {
    let sign = with_run(|run| {
        let posted = run.windows.posted.get_mut(&thread)?;
        posted.messages.push_back(message);
        Some(posted.sign)
    });
    sign.into_iter().for_each(|sign| here.waits(|w| w.shows(sign)));
    sign.is_some()
}

/// `PostMessageW`
pub unsafe extern "system" fn PostMessageW(hwnd: HWND, msg: u32, wparam: WPARAM, lparam: LPARAM) -> BOOL {
    here_true("PostMessageW", |here| {
        here.posts(|_| ());
        let thread = if hwnd.is_null() {
            Some(here.thread)
        } else {
            with_run(|run| run.windows.all.get(&hwnd.addr()).map(|window| window.thread))
        };
        let Some(thread) = thread else {
            here.set_error(ERROR_INVALID_WINDOW_HANDLE);
            return 0;
        };
        i32::from(posts_to(here, thread, message(here, hwnd, msg, wparam, lparam)))
    })
}

/// `PostMessageA`, which is `PostMessageW`.
pub unsafe extern "system" fn PostMessageA(hwnd: HWND, msg: u32, wparam: WPARAM, lparam: LPARAM) -> BOOL {
    // SAFETY: the caller's contract.
    unsafe { PostMessageW(hwnd, msg, wparam, lparam) }
}

/// `PostThreadMessageW`, to a thread that has asked for messages, or has a window.
pub unsafe extern "system" fn PostThreadMessageW(idthread: u32, msg: u32, wparam: WPARAM, lparam: LPARAM) -> BOOL {
    here_true("PostThreadMessageW", |here| {
        let to = (idthread as usize).wrapping_sub(1);
        let posted = if msg == WM_QUIT {
            here.no_words("PostThreadMessage of WM_QUIT");
            false
        } else {
            posts_to(here, to, message(here, std::ptr::null_mut(), msg, wparam, lparam))
        };
        if !posted {
            here.set_error(ERROR_INVALID_THREAD_ID);
        }
        i32::from(posted)
    })
}

/// `PostQuitMessage`
pub unsafe extern "system" fn PostQuitMessage(nexitcode: i32) {
    here("PostQuitMessage", |here| {
        let sign = here.posts(|posted| {
            posted.quits = Some(nexitcode);
            posted.sign
        });
        here.waits(|w| w.shows(sign));
    });
}

/// `SendMessageW`, to a window of the thread's own.
pub unsafe extern "system" fn SendMessageW(hwnd: HWND, msg: u32, wparam: WPARAM, lparam: LPARAM) -> LRESULT {
    here_or("SendMessageW", 0, |here| {
        let thread = with_run(|run| run.windows.all.get(&hwnd.addr()).map(|window| window.thread));
        match thread {
            // SAFETY: the caller's contract.
            Some(thread) if thread == here.thread => unsafe { asks(hwnd, msg, wparam, lparam) },
            Some(_) => {
                here.no_words("SendMessage to a window of another thread");
                0
            }
            None => {
                here.set_error(ERROR_INVALID_WINDOW_HANDLE);
                0
            }
        }
    })
}
