//! `select`, `WSAPoll` and `WSAAsyncSelect`.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_model::call::{Call, FdSet, Handle, NetworkEvents, PollEvents, Set};
use winaccept_model::outcome::Out;
use windows_sys::Win32::Foundation::HWND;
use windows_sys::Win32::Networking::WinSock as sys;
use windows_sys::Win32::Networking::WinSock::{FD_SET, SOCKET, TIMEVAL, WSAPOLLFD};

use crate::here::{Here, Object, here};
use crate::memory;

/// A set that a program gives; `None`: the model keeps no more.
///
/// # Safety
/// `set` is null or valid for reading.
unsafe fn set(here: &Here<'_>, set: *const FD_SET) -> Option<FdSet<Handle>> {
    // SAFETY: by the contract of this function.
    let Some(set) = (unsafe { memory::get(set) }) else { return Some(None) };
    let sockets = set.fd_array.iter().take(set.fd_count as usize);
    Set::new(sockets.map(|s| here.named(*s))).map(Some)
}

/// Writes back what is left of a set.
///
/// # Safety
/// `to` is null or valid for writing.
unsafe fn left(here: &Here<'_>, to: *mut FD_SET, left: &Set<Handle>) {
    let mut set = FD_SET { fd_count: 0, fd_array: [0; 64] };
    for (place, handle) in set.fd_array.iter_mut().zip(left.iter()) {
        *place = here.value(Object::Model(handle));
        set.fd_count += 1;
    }
    // SAFETY: by the contract of this function.
    unsafe { memory::put(to, set) };
}

/// `select`
pub unsafe extern "system" fn select(
    _nfds: i32,
    readfds: *mut FD_SET,
    writefds: *mut FD_SET,
    exceptfds: *mut FD_SET,
    timeout: *const TIMEVAL,
) -> i32 {
    here("select", |here| {
        // SAFETY: the caller's contract.
        let sets = unsafe { (set(here, readfds), set(here, writefds), set(here, exceptfds)) };
        let (Some(read), Some(write), Some(except)) = sets else {
            here.no_words("select of more different sets than the model keeps");
            return sys::SOCKET_ERROR;
        };
        // SAFETY: the caller's contract.
        let timeout = unsafe { memory::get(timeout) }.map(|time| {
            let milliseconds = i64::from(time.tv_sec) * 1000 + i64::from(time.tv_usec) / 1000;
            u32::try_from(milliseconds.max(0)).unwrap_or(u32::MAX - 1)
        });
        let outcome = here.calls(Call::Select { readfds: read, writefds: write, exceptfds: except, timeout });
        let count = here.number_of(&outcome);
        let (read, write, except) = match outcome.out {
            Out::Sets { read, write, except } => (read, write, except),
            // Nothing is ready.
            _ if count == 0 => (Set::EMPTY, Set::EMPTY, Set::EMPTY),
            _ => return count,
        };
        // SAFETY: the caller's contract.
        unsafe {
            left(here, readfds, &read);
            left(here, writefds, &write);
            left(here, exceptfds, &except);
        }
        count
    })
}

/// `__WSAFDIsSet`, which FD_ISSET is.
pub unsafe extern "system" fn __WSAFDIsSet(fd: SOCKET, param1: *mut FD_SET) -> i32 {
    // SAFETY: the caller's contract.
    let set = unsafe { memory::get(param1) };
    i32::from(set.is_some_and(|set| set.fd_array.iter().take(set.fd_count as usize).any(|s| *s == fd)))
}

/// `WSAPoll`
pub unsafe extern "system" fn WSAPoll(fdarray: *mut WSAPOLLFD, fds: u32, timeout: i32) -> i32 {
    here("WSAPoll", |here| {
        // SAFETY: the caller's contract.
        let array = unsafe { memory::array(fdarray, fds as usize) };
        let asked = array.iter().map(|fd| (here.named(fd.fd), PollEvents(fd.events.cast_unsigned())));
        let Some(set) = Set::new(asked) else {
            here.no_words("WSAPoll of more different sets than the model keeps");
            return sys::SOCKET_ERROR;
        };
        let timeout = u32::try_from(timeout).ok();
        let outcome = here.calls(Call::WSAPoll { fds: set, timeout });
        let count = here.number_of(&outcome);
        let shown: Vec<PollEvents> = match &outcome.out {
            Out::Revents(revents) => revents.iter().collect(),
            _ if count == 0 => vec![PollEvents::default(); array.len()],
            _ => Vec::new(),
        };
        for (at, events) in shown.into_iter().enumerate().take(array.len()) {
            // SAFETY: within the caller's array.
            unsafe { memory::put(&raw mut (*fdarray.add(at)).revents, events.0.cast_signed()) };
        }
        count
    })
}

/// `WSAAsyncSelect`
pub unsafe extern "system" fn WSAAsyncSelect(s: SOCKET, hwnd: HWND, wmsg: u32, levent: i32) -> i32 {
    here("WSAAsyncSelect", |here| {
        let (Ok(message), Ok(mask)) = (u16::try_from(wmsg), u16::try_from(levent).map(NetworkEvents)) else {
            here.no_words(&format!("WSAAsyncSelect with the message {wmsg:#x} for {levent:#x}"));
            return sys::SOCKET_ERROR;
        };
        let window = (!hwnd.is_null()).then(|| here.handle(hwnd));
        here.number(Call::WSAAsyncSelect { s: here.named(s), window, message, mask })
    })
}
