//! Waiting for things of several kinds at once, as another interface to the simulator needs it: events and windows of the model, ends
//! of threads, and what that interface has of its own.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use winaccept_model::call::{Handle, Timeout};
use winaccept_model::id::Named;
use winaccept_model::world::World;

use crate::overlapped::Awaited;
use crate::winsock::{Request, Thread, Winsock};

/// What a thread can wait for, alone or among others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// That this event is set, or is none any more.
    Event(Handle),
    /// That this window has a message, or is none.
    Window(Handle),
    /// That this thread has ended.
    End(Thread),
    /// That the sign of this number is shown.
    Own(u32),
}

/// Somebody waits for any of these signs, or for all.
#[derive(Debug)]
struct Wait {
    signs: Vec<Sign>,
    all: bool,
    /// The first that was there when anybody looked last.
    first: Cell<Option<usize>>,
}

/// Signs that are shown, and who waits for which; and what time it is.
#[derive(Debug, Default)]
pub(crate) struct Signs {
    shown: RefCell<BTreeSet<u32>>,
    waits: RefCell<BTreeMap<u32, Wait>>,
    /// In milliseconds.
    pub(crate) now: Cell<u64>,
}

impl Signs {
    /// Has what this wait is for come?
    pub(crate) fn have_come(&self, world: &World, wait: u32, is_over: impl Fn(usize) -> bool) -> bool {
        let waits = self.waits.borrow();
        let Some(Wait { signs, all, first }) = waits.get(&wait) else { return true };
        let there = |sign: &Sign| match *sign {
            Sign::Event(event) => match event.names() {
                Named::Event(event) => {
                    world.events().get(event.index()).is_none_or(|event| !event.open || event.signalled)
                }
                _ => true,
            },
            Sign::Window(window) => match window.names() {
                Named::Window(window) => {
                    world.windows().get(window.index()).is_none_or(|window| !window.messages.is_empty())
                }
                _ => true,
            },
            Sign::End(thread) => is_over(thread.0),
            Sign::Own(sign) => self.shown.borrow().contains(&sign),
        };
        first.set(signs.iter().position(&there));
        first.get().is_some() && (!all || signs.iter().all(there))
    }
}

impl Winsock<'_> {
    /// The time in milliseconds since the run began.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.exchange.signs.now.get()
    }

    /// A sign of its own, which is not shown.
    #[must_use]
    pub fn sign(&self) -> u32 {
        self.next_id()
    }

    /// Shows this sign: who waits for it may go on.
    pub fn shows(&self, sign: u32) {
        self.exchange.signs.shown.borrow_mut().insert(sign);
        self.asks(Request::Notify(sign));
    }

    /// Shows this sign no more.
    pub fn hides(&self, sign: u32) {
        self.exchange.signs.shown.borrow_mut().remove(&sign);
    }

    /// Waits for any of these, or for all, for so many milliseconds at most: the place of the first that has come.
    pub fn awaits_signs(&self, signs: Vec<Sign>, all: bool, timeout: Timeout) -> Option<usize> {
        let wait = self.next_id();
        self.exchange.signs.waits.borrow_mut().insert(wait, Wait { signs, all, first: Cell::default() });
        let come = self.awaits(true, Awaited::Signs(wait), timeout);
        let wait = self.exchange.signs.waits.borrow_mut().remove(&wait)?;
        wait.first.get().filter(|_| come)
    }

    /// The thread ends here: it never goes on.
    pub fn ends_here(&self) {
        self.asks(Request::Ends);
    }
}
