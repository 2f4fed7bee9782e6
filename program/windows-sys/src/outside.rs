//! Threads that have no place in a run: those of `std`, which nobody schedules. A call of one cannot be answered, and nothing can unwind
//! through a function of C's convention. So it is told to have failed, and nothing is said of the search that goes on meanwhile.

use std::cell::Cell;
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use winaccept_program::interface::ask_outside;

/// How many searches there have been in this process, and how many threads that have no place in a run.
static SEARCHES: AtomicU32 = AtomicU32::new(0);
static THREADS: AtomicU32 = AtomicU32::new(0);
/// What the last of those has called.
static HEARD: Mutex<String> = Mutex::new(String::new());

/// So many calls of such a thread fail. It is one that tries again and again, and goes on no more.
const CALLS: u32 = 1000;

thread_local! {
    /// How many calls this thread has made outside of a run.
    static CALLED: Cell<u32> = const { Cell::new(0) };
    /// How many such threads there were when the search on this thread began.
    static SINCE: Cell<u32> = const { Cell::new(0) };
    /// This search has waited for such threads to make their first calls.
    static WAITED: Cell<bool> = const { Cell::new(false) };
}

/// A search begins on this thread.
pub(crate) fn begins() {
    SEARCHES.fetch_add(1, Ordering::SeqCst);
    SINCE.set(THREADS.load(Ordering::SeqCst));
    WAITED.set(false);
    ask_outside(at_the_end);
}

/// Why nothing can be said of this search, if a thread outside of it has made a call meanwhile.
pub(crate) fn heard() -> Option<String> {
    let heard = || HEARD.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (THREADS.load(Ordering::SeqCst) != SINCE.get()).then(heard)
}

/// The end of a run. One that is convicted may be so because a thread outside did what nobody has seen: it gets the time to make its
/// first call.
fn at_the_end(convicted: bool) -> Option<String> {
    if convicted && !WAITED.replace(true) {
        std::thread::sleep(Duration::from_millis(50));
    }
    heard()
}

/// What to say of this function.
pub(crate) fn why(function: &str) -> String {
    format!(
        "{function} is called outside of a run: a program runs by winaccept_windows_sys::fuzz(..), and its threads by \
         winaccept_windows_sys::thread::spawn or CreateThread, not by std::thread::spawn"
    )
}

/// A thread that has no place in a run calls this function.
///
/// # Panics
/// Where there has been no search at all.
pub(crate) fn calls(function: &str) {
    let why = why(function);
    assert!(SEARCHES.load(Ordering::SeqCst) > 0, "{why}");
    let called = CALLED.get() + 1;
    CALLED.set(called);
    if called == 1 {
        HEARD.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&why);
        if THREADS.fetch_add(1, Ordering::SeqCst) == 0 {
            // Not by `eprintln!`, which a test that never ends would keep to itself.
            let _ = writeln!(std::io::stderr(), "{why}");
        }
    }
    if called > CALLS {
        stays();
    }
}

/// Nothing goes on here.
pub(crate) fn stays() -> ! {
    loop {
        std::thread::park();
    }
}

/// What a call that cannot be answered gives.
pub(crate) trait Fails {
    /// `SOCKET_ERROR`, `INVALID_SOCKET`, `WAIT_FAILED`, or `NULL`. FALSE has to be said.
    const FAILS: Self;
}

macro_rules! fails {
    ($($type:ty = $value:expr;)*) => { $(
        impl Fails for $type {
            const FAILS: $type = $value;
        }
    )* };
}

fails! {
    () = ();
    bool = false;
    u16 = 0;
    i32 = -1;
    u32 = u32::MAX;
    u64 = 0;
    isize = 0;
    usize = usize::MAX;
}

impl<T> Fails for *mut T {
    const FAILS: *mut T = std::ptr::null_mut();
}

impl<T> Fails for *const T {
    const FAILS: *const T = std::ptr::null();
}
