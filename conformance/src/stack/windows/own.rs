//! What a C program does by itself, or with a macro: with an OVERLAPPED, and to have a window.

use std::os::windows::io::RawHandle;
use std::time::Duration;

use windows_sys::Win32::Foundation::STATUS_PENDING;
use windows_sys::Win32::System::IO::OVERLAPPED;
use windows_sys::Win32::System::LibraryLoader::LoadLibraryA;
use windows_sys::Win32::System::Threading::GetThreadId;

use super::identity::exported;

/// What a program does without a call.
pub(super) fn own_function(name: &str) -> Option<usize> {
    match name {
        "OVERLAPPED" => Some(makes as *const () as usize),
        "AFD_POLL_INFO" => Some(status_of as *const () as usize),
        "HasOverlappedIoCompleted" => Some(has_completed as *const () as usize),
        "CreateWindow" => Some(creates_window as *const () as usize),
        "PeekMessage" => Some(peeks as *const () as usize),
        _ => None,
    }
}

/// An empty structure with this event, whose low bit may be set. It is never freed: the system may write into it as long as the
/// process lives.
unsafe extern "system" fn makes(event: usize, low_bit: usize) -> usize {
    let made = OVERLAPPED { hEvent: (event | low_bit) as _, ..OVERLAPPED::default() };
    Box::into_raw(Box::new(made)) as usize
}

unsafe extern "system" fn status_of(overlapped: usize) -> usize {
    // SAFETY: the address of a structure that `makes` has made, and that is never freed; the system may write to it meanwhile.
    unsafe { (&raw const (*(overlapped as *const OVERLAPPED)).Internal).read_volatile() }
}

unsafe extern "system" fn has_completed(overlapped: usize) -> usize {
    // SAFETY: the address of a structure that `makes` has made, and that is never freed; the system may write to it meanwhile.
    let status = unsafe { (&raw const (*(overlapped as *const OVERLAPPED)).Internal).read_volatile() };
    usize::from(status as u32 != STATUS_PENDING as u32)
}

/// `CreateWindowExW`: extended style, class, name, style, place and size, parent, menu, instance, parameter.
type CreateWindowEx = unsafe extern "system" fn(
    u32,
    *const u16,
    *const u16,
    u32,
    i32,
    i32,
    i32,
    i32,
    isize,
    usize,
    usize,
    usize,
) -> usize;

/// The parent of a window that is for messages alone: nobody sees it, and no desktop is needed.
const HWND_MESSAGE: isize = -3;

/// A window of the calling thread. What is posted to it is fetched before any function of it would see that, and so a class that
/// every process has will do.
unsafe extern "system" fn creates_window() -> usize {
    // Only a worker that makes windows needs their library, which takes a while to come up.
    // SAFETY: the name of a library of the system, with a NUL.
    unsafe { LoadLibraryA(c"user32.dll".as_ptr().cast()) };
    let Some(function) = exported(c"user32.dll", c"CreateWindowExW") else { return 0 };
    // SAFETY: user32 exports this function under this name.
    let create: CreateWindowEx = unsafe { std::mem::transmute(function) };
    let class: Vec<u16> = "STATIC\0".encode_utf16().collect();
    // SAFETY: the name of a class, with a NUL; all else is a number or null.
    unsafe { create(0, class.as_ptr(), std::ptr::null(), 0, 0, 0, 0, 0, HWND_MESSAGE, 0, 0, 0) }
}

/// `PeekMessageW`: room for the message, the window, the first and the last number, what becomes of it.
type PeekMessage = unsafe extern "system" fn(usize, usize, usize, usize, usize) -> i32;

/// How often a window is looked at, and how long it is waited in between. Windows posts the messages of WSAAsyncSelect from a
/// thread of its own, a while after the event: those who watched it allowed 200 ms (windows-facts, WT-EVT-002). A step of a
/// scenario begins when everything has arrived.
const LOOKS: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(10);

/// `PeekMessage`, which gives what is under way the time to arrive.
unsafe extern "system" fn peeks(room: usize, window: usize, first: usize, last: usize, remove: usize) -> usize {
    let Some(function) = exported(c"user32.dll", c"PeekMessageW") else { return 0 };
    // SAFETY: user32 exports this function under this name.
    let peek: PeekMessage = unsafe { std::mem::transmute(function) };
    for _ in 0..LOOKS {
        // SAFETY: the words of a call of this name: room for a MSG, a window or no window, numbers.
        if unsafe { peek(room, window, first, last, remove) } != 0 {
            return 1;
        }
        std::thread::sleep(BETWEEN);
    }
    0
}

/// Ends a `GetMessage` in which this thread waits. There is none in a process that has no window.
pub(super) fn posts_quit(thread: RawHandle) {
    const WM_QUIT: u32 = 0x12;
    let Some(function) = exported(c"user32.dll", c"PostThreadMessageW") else { return };
    // SAFETY: user32 exports this function under this name: a thread, a message, its two parameters.
    let post: unsafe extern "system" fn(u32, u32, usize, isize) -> i32 = unsafe { std::mem::transmute(function) };
    // SAFETY: a live handle; all else is a number.
    unsafe { post(GetThreadId(thread), WM_QUIT, 0, 0) };
}
