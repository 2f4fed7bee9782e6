//! Threads of a program as coroutines: how one begins, goes on and is left. The search and the load run both drive them.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult};
use winaccept_model::call::Handle;

use crate::interface::{Finished, Leaves, STACK, Suspended};
use crate::winsock::{Asks, Body, Exchange, Reply, Request, Told, Winsock};

/// What all threads of a program have in common.
#[derive(Clone, Debug, Default)]
pub(crate) struct Common {
    /// The last number that a queue or a lock was given.
    pub(crate) ids: Rc<Cell<u32>>,
    /// The program is to stop.
    pub(crate) stops: Rc<Cell<bool>>,
    /// OVERLAPPED structures that the program has let go of since anybody looked.
    pub(crate) gone: Rc<RefCell<Vec<Handle>>>,
    /// Requests that are over, and that nobody has asked about since.
    pub(crate) finished: Rc<RefCell<Vec<Finished>>>,
    pub(crate) exchange: Rc<Exchange>,
}

impl Common {
    /// What a thread that asks for this wants.
    pub(crate) fn request(&self, asks: Asks) -> Request {
        match asks {
            Asks::Call => Request::Call,
            Asks::Turn => Request::Yield,
            Asks::Other => self.exchange.request.take().unwrap_or(Request::Yield),
        }
    }

    /// Where a thread that is told this finds it.
    pub(crate) fn tells(&self, reply: Reply) -> Told {
        match reply {
            Reply::Go => Told::Go,
            Reply::TimedOut => Told::TimedOut,
            Reply::Outcome(outcome) => {
                self.exchange.outcome.set(outcome);
                Told::Outcome
            }
            other => {
                self.exchange.reply.set(other);
                Told::Reply
            }
        }
    }
}

/// What came of it that a thread went on.
pub(crate) enum Went {
    /// It asks for this.
    Asks(Asks),
    Ended,
    /// With what it said.
    Panicked(String),
}

thread_local! {
    /// Stacks that coroutines have left: to ask the system for each takes longer than most runs.
    static LEFT: RefCell<Vec<DefaultStack>> = const { RefCell::new(Vec::new()) };
}

/// What a panic says.
fn said_by(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

impl Suspended {
    /// A thread that will begin with this; `None` where the system has no memory for its stack.
    pub(crate) fn begins(body: Body, common: &Common) -> Option<Suspended> {
        let stack = LEFT.with_borrow_mut(Vec::pop).or_else(|| DefaultStack::new(STACK).ok())?;
        let Common { ids, stops, gone, finished, exchange } = common.clone();
        let begins = move |yielder: &_, _: Told| {
            let routines = RefCell::default();
            body(&Winsock { yielder, exchange, ids, stops, gone, finished, routines });
        };
        Some(Suspended(Coroutine::with_stack(stack, begins)))
    }

    /// It goes on, where it is told this, until it asks for something.
    #[inline]
    pub(crate) fn goes(&mut self, told: Told) -> Went {
        match catch_unwind(AssertUnwindSafe(|| self.0.resume(told))) {
            Ok(CoroutineResult::Yield(asks)) => Went::Asks(asks),
            Ok(CoroutineResult::Return(())) => Went::Ended,
            Err(said) => Went::Panicked(said_by(&*said)),
        }
    }

    /// The run is over, and it goes on no more.
    pub(crate) fn ends_left(mut self, leaves: Option<Leaves>) {
        match leaves {
            Some(leaves) => leaves(&mut self),
            None => self.0.force_unwind(),
        }
        LEFT.with_borrow_mut(|left| left.push(self.0.into_stack()));
    }
}
