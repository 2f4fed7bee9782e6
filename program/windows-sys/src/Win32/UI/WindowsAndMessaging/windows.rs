//! Classes of windows, and windows.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use std::ffi::c_void;

use winaccept_model::call::Call;
use winaccept_model::outcome::Value;
use windows_sys::Win32::Foundation::{
    ERROR_CANNOT_FIND_WND_CLASS, ERROR_CLASS_ALREADY_EXISTS, ERROR_INVALID_WINDOW_HANDLE, HINSTANCE, HWND, LPARAM,
    LRESULT, RECT, TRUE, WPARAM,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CREATESTRUCTW, GWLP_USERDATA, HMENU, WINDOW_EX_STYLE, WINDOW_LONG_PTR_INDEX, WINDOW_STYLE, WM_CLOSE, WM_CREATE,
    WM_DESTROY, WM_NCCALCSIZE, WM_NCCREATE, WM_NCDESTROY, WNDCLASSA, WNDCLASSEXW, WNDCLASSW, WNDPROC, WS_VISIBLE,
};
use windows_sys::core::{BOOL, PCSTR, PCWSTR};

use crate::here::{Here, Object, here, here_or, here_true, with_run};
use crate::memory;
use crate::text::{self, Character};
use crate::windows::Window;

/// Atoms of classes begin here.
const ATOMS: usize = 0xc000;

fn registers(here: &Here<'_>, name: Option<String>, procedure: WNDPROC) -> u16 {
    let (Some(name), Some(_)) = (name, procedure) else {
        here.misuse("RegisterClass is given no name or no window procedure");
        return 0;
    };
    let name = name.to_ascii_lowercase();
    let place = with_run(|run| {
        let classes = &mut run.windows.classes;
        let new = classes.iter().all(|(known, _)| *known != name);
        new.then(|| {
            classes.push((name, procedure));
            classes.len() - 1
        })
    });
    match place {
        Some(place) => (ATOMS + place) as u16,
        None => {
            here.set_error(ERROR_CLASS_ALREADY_EXISTS);
            0
        }
    }
}

/// `RegisterClassW`
pub unsafe extern "system" fn RegisterClassW(lpwndclass: *const WNDCLASSW) -> u16 {
    here("RegisterClassW", |here| {
        // SAFETY: the caller's contract.
        let class = unsafe { memory::get(lpwndclass) }.unwrap_or_default();
        // SAFETY: the same.
        registers(here, unsafe { text::read(class.lpszClassName) }, class.lpfnWndProc)
    })
}

/// `RegisterClassA`
pub unsafe extern "system" fn RegisterClassA(lpwndclass: *const WNDCLASSA) -> u16 {
    here("RegisterClassA", |here| {
        // SAFETY: the caller's contract.
        let class = unsafe { memory::get(lpwndclass) }.unwrap_or_default();
        // SAFETY: the same.
        registers(here, unsafe { text::read(class.lpszClassName) }, class.lpfnWndProc)
    })
}

/// `RegisterClassExW`
pub unsafe extern "system" fn RegisterClassExW(param0: *const WNDCLASSEXW) -> u16 {
    here("RegisterClassExW", |here| {
        // SAFETY: the caller's contract.
        let class = unsafe { memory::get(param0) }.unwrap_or_default();
        // SAFETY: the same.
        registers(here, unsafe { text::read(class.lpszClassName) }, class.lpfnWndProc)
    })
}

/// The place of the class with this name or atom.
///
/// # Safety
/// `class` is an atom, null, or a text.
unsafe fn class_of<C: Character>(class: *const C) -> Option<usize> {
    if let Some(place) = class.addr().checked_sub(ATOMS).filter(|_| class.addr() <= 0xffff) {
        return with_run(|run| run.windows.classes.get(place).map(|_| place));
    }
    // SAFETY: by the contract of this function.
    let name = unsafe { text::read(class) }?.to_ascii_lowercase();
    with_run(|run| run.windows.classes.iter().position(|(known, _)| *known == name))
}

/// `UnregisterClassW`
pub unsafe extern "system" fn UnregisterClassW(lpclassname: PCWSTR, _hinstance: HINSTANCE) -> BOOL {
    here_true("UnregisterClassW", |here| {
        // SAFETY: the caller's contract.
        match unsafe { class_of(lpclassname) } {
            Some(place) => {
                // No name is that of a class any more; atoms are not given again.
                with_run(|run| run.windows.classes[place] = ("\0".to_owned(), None));
                TRUE
            }
            None => {
                here.set_error(ERROR_CANNOT_FIND_WND_CLASS);
                0
            }
        }
    })
}

/// Makes a window of a class, and tells its procedure.
///
/// # Safety
/// The procedure of the class is one.
unsafe fn creates(here: &Here<'_>, class: Option<usize>, mut with: CREATESTRUCTW) -> HWND {
    let procedure = class.and_then(|place| with_run(|run| run.windows.classes[place].1));
    let none = std::ptr::null_mut();
    if procedure.is_none() {
        here.set_error(ERROR_CANNOT_FIND_WND_CLASS);
        return none;
    }
    if with.style.cast_unsigned() & WS_VISIBLE != 0 {
        here.no_words("CreateWindowEx of a window that is to be seen");
    }
    let outcome = here.calls(Call::CreateWindow);
    let Value::Handle(model) = outcome.value else {
        here.failed(&outcome);
        return none;
    };
    here.posts(|_| ());
    let window = here.handle_value(Object::Model(model));
    let made = Window { model, thread: here.thread, procedure, user: 0 };
    with_run(|run| run.windows.all.insert(window.addr(), made));
    let told = (&raw mut with).expose_provenance().cast_signed();
    let mut area = RECT::default();
    let area = (&raw mut area).expose_provenance().cast_signed();
    // What its page says that it is told before the call returns.
    // SAFETY: by the contract of this function; what the messages point to is there until they are answered.
    let made = unsafe {
        asks(window, WM_NCCREATE, 0, told) != 0 && {
            asks(window, WM_NCCALCSIZE, 0, area);
            asks(window, WM_CREATE, 0, told) != -1
        }
    };
    if !made {
        ends(here, window);
        return none;
    }
    window
}

/// Asks a window's procedure; zero where there is none.
///
/// # Safety
/// What the message points to is there.
pub(super) unsafe fn asks(window: HWND, message: u32, wparam: WPARAM, lparam: LPARAM) -> LRESULT {
    let procedure = with_run(|run| run.windows.all.get(&window.addr()).and_then(|window| window.procedure));
    // SAFETY: its class was registered with it.
    procedure.map_or(0, |procedure| unsafe { procedure(window, message, wparam, lparam) })
}

/// The window is none any more.
fn ends(here: &Here<'_>, window: HWND) {
    with_run(|run| run.windows.all.remove(&window.addr()));
    here.forgets(window.addr());
}

/// `CreateWindowExW`, of a window that is not seen.
pub unsafe extern "system" fn CreateWindowExW(
    dwexstyle: WINDOW_EX_STYLE,
    lpclassname: PCWSTR,
    lpwindowname: PCWSTR,
    dwstyle: WINDOW_STYLE,
    x: i32,
    y: i32,
    nwidth: i32,
    nheight: i32,
    hwndparent: HWND,
    hmenu: HMENU,
    hinstance: HINSTANCE,
    lpparam: *const c_void,
) -> HWND {
    here("CreateWindowExW", |here| {
        let with = CREATESTRUCTW {
            lpCreateParams: lpparam.cast_mut(),
            hInstance: hinstance,
            hMenu: hmenu,
            hwndParent: hwndparent,
            cy: nheight,
            cx: nwidth,
            y,
            x,
            style: dwstyle.cast_signed(),
            lpszName: lpwindowname,
            lpszClass: lpclassname,
            dwExStyle: dwexstyle,
        };
        // SAFETY: the caller's contract.
        unsafe { creates(here, class_of(lpclassname), with) }
    })
}

/// `CreateWindowExA`, of a window that is not seen.
pub unsafe extern "system" fn CreateWindowExA(
    dwexstyle: WINDOW_EX_STYLE,
    lpclassname: PCSTR,
    lpwindowname: PCSTR,
    dwstyle: WINDOW_STYLE,
    x: i32,
    y: i32,
    nwidth: i32,
    nheight: i32,
    hwndparent: HWND,
    hmenu: HMENU,
    hinstance: HINSTANCE,
    lpparam: *const c_void,
) -> HWND {
    here("CreateWindowExA", |here| {
        // CREATESTRUCTA has the same fields.
        let with = CREATESTRUCTW {
            lpCreateParams: lpparam.cast_mut(),
            hInstance: hinstance,
            hMenu: hmenu,
            hwndParent: hwndparent,
            cy: nheight,
            cx: nwidth,
            y,
            x,
            style: dwstyle.cast_signed(),
            lpszName: lpwindowname.cast(),
            lpszClass: lpclassname.cast(),
            dwExStyle: dwexstyle,
        };
        // SAFETY: the caller's contract.
        unsafe { creates(here, class_of(lpclassname), with) }
    })
}

/// `DestroyWindow`. Messages of `WSAAsyncSelect` that are on their way to it come to nobody.
pub unsafe extern "system" fn DestroyWindow(hwnd: HWND) -> BOOL {
    here_true("DestroyWindow", |here| {
        if here.windows(hwnd.addr()).is_empty() || hwnd.is_null() {
            here.set_error(ERROR_INVALID_WINDOW_HANDLE);
            return 0;
        }
        // SAFETY: neither message points to anything.
        unsafe {
            asks(hwnd, WM_DESTROY, 0, 0);
            asks(hwnd, WM_NCDESTROY, 0, 0);
        }
        ends(here, hwnd);
        TRUE
    })
}

/// `DefWindowProcW`: it lets a window be made, and destroys one that is closed. Of whatever else nothing shows.
pub unsafe extern "system" fn DefWindowProcW(hwnd: HWND, msg: u32, _wparam: WPARAM, _lparam: LPARAM) -> LRESULT {
    match msg {
        WM_NCCREATE => 1,
        WM_CLOSE => {
            // SAFETY: it asks nothing of its caller.
            unsafe { DestroyWindow(hwnd) };
            0
        }
        _ => here_or("DefWindowProcW", 0, |_| 0),
    }
}

/// `DefWindowProcA`, which is `DefWindowProcW`.
pub unsafe extern "system" fn DefWindowProcA(hwnd: HWND, msg: u32, wparam: WPARAM, lparam: LPARAM) -> LRESULT {
    // SAFETY: the caller's contract.
    unsafe { DefWindowProcW(hwnd, msg, wparam, lparam) }
}

/// What the program keeps with a window.
fn user<R>(here: &Here<'_>, hwnd: HWND, index: WINDOW_LONG_PTR_INDEX, does: impl FnOnce(&mut isize) -> R) -> Option<R> {
    if index != GWLP_USERDATA {
        here.no_words("SetWindowLongPtr or GetWindowLongPtr of anything but GWLP_USERDATA");
    }
    let done = with_run(|run| run.windows.all.get_mut(&hwnd.addr()).map(|window| does(&mut window.user)));
    if done.is_none() {
        here.set_error(ERROR_INVALID_WINDOW_HANDLE);
    }
    done
}

/// `SetWindowLongPtrW`, of GWLP_USERDATA.
pub unsafe extern "system" fn SetWindowLongPtrW(hwnd: HWND, nindex: WINDOW_LONG_PTR_INDEX, dwnewlong: isize) -> isize {
    here("SetWindowLongPtrW", |here| user(here, hwnd, nindex, |user| std::mem::replace(user, dwnewlong)).unwrap_or(0))
}

/// `GetWindowLongPtrW`, of GWLP_USERDATA.
pub unsafe extern "system" fn GetWindowLongPtrW(hwnd: HWND, nindex: WINDOW_LONG_PTR_INDEX) -> isize {
    here("GetWindowLongPtrW", |here| user(here, hwnd, nindex, |user| *user).unwrap_or(0))
}
