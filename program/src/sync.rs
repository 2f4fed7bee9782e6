//! What threads of a program hand things over with: a queue and a lock. Only one thread runs at a time, and another only when it
//! makes a call or waits, so that neither needs more than a cell.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use crate::winsock::{Request, Winsock};

/// First in, first out; who takes waits until there is something.
#[derive(Debug)]
pub struct Queue<T> {
    id: u32,
    items: Rc<RefCell<VecDeque<T>>>,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Queue { id: self.id, items: Rc::clone(&self.items) }
    }
}

impl<T> Queue<T> {
    pub(crate) fn new(id: u32) -> Queue<T> {
        Queue { id, items: Rc::default() }
    }

    /// Puts something in.
    pub fn push(&self, w: &Winsock<'_>, item: T) {
        self.items.borrow_mut().push_back(item);
        w.asks(Request::Notify(self.id));
    }

    /// Takes what has been in it longest.
    #[must_use]
    pub fn pop(&self, w: &Winsock<'_>) -> T {
        loop {
            let item = self.items.borrow_mut().pop_front();
            match item {
                Some(item) => return item,
                None => w.asks(Request::Park(self.id)),
            };
        }
    }

    /// Takes what is in it, if anything is.
    #[must_use]
    pub fn try_pop(&self) -> Option<T> {
        self.items.borrow_mut().pop_front()
    }
}

/// Held by one thread at a time.
#[derive(Clone, Debug)]
pub struct Lock {
    id: u32,
    held: Rc<Cell<bool>>,
}

impl Lock {
    pub(crate) fn new(id: u32) -> Lock {
        Lock { id, held: Rc::default() }
    }

    /// Waits until nobody holds it, and holds it.
    pub fn acquire(&self, w: &Winsock<'_>) {
        while !self.try_acquire() && !std::thread::panicking() {
            w.asks(Request::Park(self.id));
        }
    }

    /// Holds it, if nobody does; does the caller hold it now?
    #[must_use]
    pub fn try_acquire(&self) -> bool {
        !self.held.replace(true)
    }

    /// Holds it no more.
    pub fn release(&self, w: &Winsock<'_>) {
        self.held.set(false);
        w.asks(Request::Notify(self.id));
    }

    /// Runs this while holding it.
    pub fn with<R>(&self, w: &Winsock<'_>, body: impl FnOnce() -> R) -> R {
        self.acquire(w);
        let result = body();
        self.release(w);
        result
    }
}
