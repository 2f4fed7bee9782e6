//! Windows, and the messages that wait for the threads that have made them.

use std::collections::{BTreeMap, VecDeque};

use winaccept_model::call::Handle;
use windows_sys::Win32::UI::WindowsAndMessaging::{MSG, WNDPROC};

use crate::here::{Here, with_run};

/// A window.
pub(crate) struct Window {
    /// The model's.
    pub(crate) model: Handle,
    pub(crate) thread: usize,
    pub(crate) procedure: WNDPROC,
    /// What the program keeps with it.
    pub(crate) user: isize,
}

/// What was posted to a thread by the program itself.
#[derive(Default)]
pub(crate) struct Posted {
    /// It is shown when something comes.
    pub(crate) sign: u32,
    pub(crate) messages: VecDeque<MSG>,
    /// The thread is to leave its loop, with this code.
    pub(crate) quits: Option<i32>,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Windows {
    /// Classes by their names, in lower case.
    pub(crate) classes: Vec<(String, WNDPROC)>,
    /// Windows by the values of their handles.
    pub(crate) all: BTreeMap<usize, Window>,
    /// By thread. One that has asked for nothing of windows has none.
    pub(crate) posted: BTreeMap<usize, Posted>,
}

impl Here<'_> {
    /// The messages that were posted to this thread.
    pub(crate) fn posts<R>(&self, does: impl FnOnce(&mut Posted) -> R) -> R {
        with_run(|run| {
            let new = || Posted { sign: self.w.sign(), ..Posted::default() };
            does(run.windows.posted.entry(self.thread).or_insert_with(new))
        })
    }

    /// The windows of this thread that this handle means: that one, or all of them for none.
    pub(crate) fn windows(&self, handle: usize) -> Vec<(usize, Handle)> {
        with_run(|run| {
            let own = run.windows.all.iter().filter(|(_, window)| window.thread == self.thread);
            own.filter(|(at, _)| handle == 0 || **at == handle).map(|(at, window)| (*at, window.model)).collect()
        })
    }
}
