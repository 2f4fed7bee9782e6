//! Threads of a program, with the names of `std::thread`.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use winaccept_program::{Thread, Winsock};

use crate::Win32::System::Threading::sleeps;
use crate::here::{enter, inside};

/// A thread that can be waited for.
#[derive(Debug)]
pub struct JoinHandle<T> {
    thread: Thread,
    result: Rc<RefCell<Option<T>>>,
}

impl<T> JoinHandle<T> {
    /// Waits until it has ended.
    ///
    /// # Errors
    /// None: a thread that panics ends the run.
    pub fn join(self) -> std::thread::Result<T> {
        inside("join", |here| here.waits(|w| w.join(self.thread)));
        self.result.borrow_mut().take().ok_or_else(|| Box::new("the thread has not come back") as _)
    }
}

/// Another thread of the program.
pub fn spawn<F, T>(body: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let result = Rc::new(RefCell::new(None));
    let gives = Rc::clone(&result);
    let body = move |w: &Winsock<'_>| enter(w, || _ = gives.borrow_mut().replace(body()));
    let thread = inside("spawn", |here| here.waits(|w| w.spawn("thread", body)));
    JoinHandle { thread, result }
}

/// Waits so long, in virtual time.
pub fn sleep(time: Duration) {
    inside("sleep", |here| sleeps(here, u32::try_from(time.as_millis()).unwrap_or(u32::MAX - 1)));
}

/// Others may go on before this thread does.
pub fn yield_now() {
    inside("yield_now", |here| here.waits(Winsock::gives_way));
}
