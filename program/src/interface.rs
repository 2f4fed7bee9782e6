//! For another interface to the simulator, as that of `windows-sys` is one: what [`Winsock`] has no documented name for.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

pub use corosensei::Coroutine;
use winaccept_model::call::Handle;
pub use winaccept_model::outcome::Given;
pub use winaccept_model::status::Status;
pub use winaccept_model::step::Answer;

use crate::overlapped::{Awaited, OverlappedId};
pub use crate::sign::Sign;
pub use crate::winsock::{Asks, Told};
use crate::winsock::{Request, Thread, Winsock};

/// A program: what its first thread does.
pub type Program = Rc<dyn Fn(&Winsock<'_>)>;

/// The memory of the stack of a program's thread, in bytes.
pub const STACK: usize = 128 * 1024;

/// A thread of a program that has not ended when its run is over.
#[allow(missing_debug_implementations)] // it has nothing to show
pub struct Suspended(pub(crate) Coroutine<Told, Asks, ()>);

impl Suspended {
    /// The coroutine that it is.
    pub fn coroutine(&mut self) -> &mut Coroutine<Told, Asks, ()> {
        &mut self.0
    }
}

/// What becomes of such a thread. Afterwards its coroutine is done, and its stack is used again.
pub type Leaves = fn(&mut Suspended);

/// A program, and how its threads are left.
pub(crate) struct Subject {
    pub(crate) program: Program,
    pub(crate) leaves: Option<Leaves>,
    /// What is usual; `None` where nobody has looked.
    pub(crate) usual: RefCell<Option<Usual>>,
}

/// What a program does while nothing is wrong.
#[derive(Clone, Default, Debug)]
pub(crate) struct Usual {
    /// Whoever comes gets an answer, or the end.
    pub(crate) answers: bool,
    /// By listener, how many AcceptEx are posted at the least when it first waits.
    pub(crate) posted: BTreeMap<Handle, usize>,
}

/// A request that is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finished {
    /// Where its OVERLAPPED is.
    pub over: OverlappedId,
    /// What came of it.
    pub status: Status,
    /// How many bytes it has moved.
    pub bytes: u32,
    /// The bytes that it has received.
    pub data: Vec<u8>,
}

thread_local! {
    /// How many runs there have been.
    static RUNS: Cell<u64> = const { Cell::new(0) };
    /// The run and the thread of it that has its turn.
    static TURN: Cell<Option<(u64, usize)>> = const { Cell::new(None) };
}

/// Says why nothing can be said of the run that is at its end, if so: of what goes on outside of all runs the scheduler knows nothing. It
/// is told whether a judge has convicted.
pub type Outside = fn(convicted: bool) -> Option<String>;

thread_local! {
    static OUTSIDE: Cell<Option<Outside>> = const { Cell::new(None) };
}

/// Who is asked at the end of each run on this thread of the system's.
pub fn ask_outside(outside: Outside) {
    OUTSIDE.set(Some(outside));
}

pub(crate) fn outside(convicted: bool) -> Option<String> {
    OUTSIDE.get()?(convicted)
}

pub(crate) fn new_run() -> u64 {
    RUNS.set(RUNS.get() + 1);
    RUNS.get()
}

pub(crate) fn goes(who: Option<(u64, usize)>) {
    TURN.set(who);
}

/// The run under way on this thread of the system's, and the thread of the program that has its turn; both are numbers
/// that no other has. `None` outside of a program.
#[must_use]
pub fn turn() -> Option<(u64, usize)> {
    TURN.get()
}

impl Winsock<'_> {
    /// The program has made a call, or has made it in a way, that the model has no words for: the run ends undecided, and says so.
    pub fn no_words(&self, what: &str) {
        self.asks(Request::NoWords(what.to_owned()));
    }

    /// The program has done what no program may, to this OVERLAPPED: the run ends, and `no-misuse` convicts it.
    pub fn misuse(&self, reason: &str, over: Option<OverlappedId>) {
        self.asks(Request::Misuse(reason.to_owned(), over.map(|over| over.0)));
    }

    /// Requests that are over and were not told here before.
    #[must_use]
    pub fn finished(&self) -> Vec<Finished> {
        std::mem::take(&mut *self.finished.borrow_mut())
    }

    /// Waits until the request with this OVERLAPPED is over.
    pub fn awaits_request(&self, over: OverlappedId) {
        self.awaits(true, Awaited::Request(over.0), None);
    }

    /// Waits until that thread has ended, for so many milliseconds at most; has it?
    pub fn join_for(&self, thread: Thread, timeout: Option<u32>) -> bool {
        self.awaits(true, Awaited::End(thread.0), timeout)
    }

    /// Others may go on before it does.
    pub fn gives_way(&self) {
        if !std::thread::panicking() {
            self.yielder.suspend(Asks::Turn);
        }
    }
}
