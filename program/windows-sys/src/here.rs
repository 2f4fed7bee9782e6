//! Where a call comes from: which thread of which run makes it, and what that run knows of handles, errors and memory.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use winaccept_model::call::{Address, Call, Handle};
use winaccept_model::code::Code;
use winaccept_model::outcome::{Outcome, Value};
use winaccept_program::interface::{Suspended, turn};
use winaccept_program::{Fuzz, Lock, Winsock};
use windows_sys::Win32::Foundation::{FALSE, HANDLE};
use windows_sys::core::BOOL;

use crate::address;
use crate::flight::Flights;
use crate::objects::Objects;
use crate::outside::{self, Fails};
use crate::pool::Pool;
use crate::windows::Windows;

/// A search for what breaks a program that is written against `windows-sys`.
///
/// Its own threads it makes with [`crate::thread::spawn`] or `CreateThread`. What it keeps in a `static` stays there from run to run.
pub fn fuzz(server: impl Fn() + 'static) -> Fuzz {
    outside::begins();
    Fuzz::new(move |w| enter(w, &server)).leaving(leaves)
}

/// Waits until the program is asked to stop, as by a service control. A program that never asks is never stopped.
pub fn wait_for_stop() {
    inside("wait_for_stop", |here| here.waits(Winsock::wait_for_stop));
}

/// Was the program asked to stop?
#[must_use]
pub fn stopping() -> bool {
    inside("stopping", |here| here.w.stopping())
}

/// A thread whose run is over. Functions of C's convention are on its stack, through which nothing unwinds.
fn leaves(thread: &mut Suspended) {
    // SAFETY: the thread never goes on, and its stack holds nothing that anybody else refers to: what crosses threads of a
    // program is owned (`thread::spawn` takes what lives for ever), and the pointer to its `Winsock` is not used when it has no turn.
    // What lies on it is leaked, not dropped.
    unsafe { thread.coroutine().force_reset() };
}

/// What a handle names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Object {
    Model(Handle),
    Thread(usize),
    /// A mutex or a semaphore, by its place in [`Objects`].
    Own(usize),
    /// A window that was destroyed.
    Gone,
}

/// A run, as this interface knows it.
pub(crate) struct Run {
    id: u64,
    /// The threads of the program that have begun, with where their `Winsock` is, and where their stacks begin.
    threads: BTreeMap<usize, (*const Winsock<'static>, usize)>,
    /// What handles name: the value tells the place.
    objects: Vec<Object>,
    /// The last errors, by thread.
    errors: BTreeMap<usize, u32>,
    /// Keys of ports that are too large for the model, which has their places.
    keys: Vec<usize>,
    /// Ports that the system has chosen, and that the program has read.
    ports: BTreeSet<u16>,
    /// Locks by their address, with who holds it, and how often.
    pub(crate) locks: BTreeMap<usize, (Lock, Option<usize>, u32)>,
    /// Datagram sockets, by the values of their handles.
    pub(crate) datagrams: BTreeSet<usize>,
    /// Sockets whose requests have no packet when they are complete at once.
    pub(crate) skips: BTreeSet<usize>,
    pub(crate) flights: Flights,
    /// What is made of nothing but locks.
    pub(crate) own: Objects,
    pub(crate) windows: Windows,
    pub(crate) pool: Pool,
}

thread_local! {
    static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
}

/// The values of handles begin here, and differ by four: a process has had some before it begins.
const FIRST: usize = 0x134;
/// Keys from here on are places in [`Run::keys`].
const LARGE_KEYS: u32 = 0xff00_0000;

/// The thread of the program that has its turn.
pub(crate) struct Here<'a> {
    pub(crate) w: &'a Winsock<'static>,
    pub(crate) thread: usize,
}

/// Begins a thread of the program.
pub(crate) fn enter(w: &Winsock<'_>, body: impl FnOnce()) {
    let Some((id, thread)) = turn() else { return };
    let here_it_begins = 0_u8;
    RUN.with_borrow_mut(|run| {
        if run.as_ref().is_none_or(|run| run.id != id) {
            crate::allocator::forget_all();
            *run = Some(Run {
                id,
                threads: BTreeMap::new(),
                objects: Vec::new(),
                errors: BTreeMap::new(),
                keys: Vec::new(),
                ports: BTreeSet::new(),
                locks: BTreeMap::new(),
                datagrams: BTreeSet::new(),
                skips: BTreeSet::new(),
                flights: Flights::default(),
                own: Objects::default(),
                windows: Windows::default(),
                pool: Pool::default(),
            });
        }
        let run = run.as_mut().expect("invariant: it has just been made");
        // Longer than it lives, but only as long as it does anybody finds it: see `here`.
        let pointer = std::ptr::from_ref(w).cast::<Winsock<'static>>();
        run.threads.insert(thread, (pointer, (&raw const here_it_begins).addr()));
    });
    body();
    #[allow(clippy::redundant_closure_for_method_calls)] // a path of a method has one lifetime only
    inside("the end of a thread", |here| here.is_over());
}

/// What the run under way knows.
pub(crate) fn with_run<R>(look: impl FnOnce(&mut Run) -> R) -> R {
    RUN.with_borrow_mut(|run| look(run.as_mut().expect("invariant: a thread of the program has begun")))
}

/// The thread of the program that calls, if it is one.
fn found() -> Option<(*const Winsock<'static>, usize)> {
    let (id, thread) = turn()?;
    RUN.with_borrow(|run| {
        let run = run.as_ref().filter(|run| run.id == id)?;
        Some((run.threads.get(&thread)?.0, thread))
    })
}

/// Does this for the thread that calls. One that has no place in a run gets what a failure gives.
pub(crate) fn here<R: Fails>(function: &str, does: impl FnOnce(&Here<'_>) -> R) -> R {
    here_or(function, R::FAILS, does)
}

/// The same, and TRUE or FALSE.
pub(crate) fn here_true(function: &str, does: impl FnOnce(&Here<'_>) -> BOOL) -> BOOL {
    here_or(function, FALSE, does)
}

/// The same; a thread that has no place in a run gets this.
pub(crate) fn here_or<R>(function: &str, fails: R, does: impl FnOnce(&Here<'_>) -> R) -> R {
    if found().is_none() {
        outside::calls(function);
        return fails;
    }
    inside(function, does)
}

/// The same for a function that can panic.
pub(crate) fn inside<R>(function: &str, does: impl FnOnce(&Here<'_>) -> R) -> R {
    let Some((w, thread)) = found() else { panic!("{}", outside::why(function)) };
    // SAFETY: `enter` has put the pointer there for this thread of this run, and its caller holds what it points to until
    // `enter` comes back and takes it away. It has not come back, since the thread with this number has its turn, and
    // no other thread has this number in this run. Two of these references are shared ones.
    let w = unsafe { &*w };
    let here = Here { w, thread };
    if let Some(why) = outside::heard() {
        here.no_words(&why);
    }
    does(&here)
}

impl Here<'_> {
    /// The model has no words for this: the run ends.
    pub(crate) fn no_words(&self, what: &str) {
        self.w.no_words(what);
    }

    /// No program may do this: the run ends.
    pub(crate) fn misuse(&self, what: &str) {
        self.w.misuse(what, None);
    }

    /// Is there no pointer where the documentation wants one? Then nothing goes on.
    pub(crate) fn is_null<T>(&self, pointer: *const T, call: &str, argument: &str) -> bool {
        if pointer.is_null() {
            self.misuse(&format!("{call} is given NULL for {argument}"));
        }
        pointer.is_null()
    }

    /// Makes a call of the model: before it and after it somebody looks at the memory of requests.
    pub(crate) fn calls(&self, call: Call) -> Outcome {
        // These only begin to end requests: what comes of that the program finds in its memory once it has made another call.
        if matches!(call, Call::Closesocket { .. } | Call::CancelIo { .. } | Call::CancelIoEx { .. }) {
            self.looks();
            return self.w.call(call);
        }
        self.waits(|w| w.call(call))
    }

    /// The same of whatever takes a turn.
    pub(crate) fn waits<R>(&self, does: impl FnOnce(&Winsock<'static>) -> R) -> R {
        self.looks();
        let result = does(self.w);
        self.settles();
        result
    }

    /// What a call gives back: whether it has failed, with its last error set if so.
    pub(crate) fn failed(&self, outcome: &Outcome) -> bool {
        let failed = outcome.error != Code::NONE;
        if failed {
            self.set_error(u32::from(outcome.error.0));
        }
        failed
    }

    pub(crate) fn set_error(&self, error: u32) {
        with_run(|run| run.errors.insert(self.thread, error));
    }

    pub(crate) fn error(&self) -> u32 {
        with_run(|run| run.errors.get(&self.thread).copied().unwrap_or_default())
    }

    /// Zero, or `SOCKET_ERROR`; a count where it gives one.
    pub(crate) fn number(&self, call: Call) -> i32 {
        let outcome = self.calls(call);
        self.number_of(&outcome)
    }

    pub(crate) fn number_of(&self, outcome: &Outcome) -> i32 {
        let failed = self.failed(outcome);
        match outcome.value {
            Value::Number(number) if !failed => i32::try_from(number).unwrap_or(i32::MAX),
            _ => -1,
        }
    }

    /// TRUE, or FALSE.
    pub(crate) fn truth(&self, outcome: &Outcome) -> i32 {
        let failed = self.failed(outcome);
        i32::from(outcome.value == Value::Number(1) && !failed)
    }

    /// The new handle, or `INVALID_SOCKET`.
    pub(crate) fn socket(&self, outcome: &Outcome) -> usize {
        let failed = self.failed(outcome);
        match outcome.value {
            Value::Handle(handle) if !failed => self.value(Object::Model(handle)),
            _ => usize::MAX,
        }
    }

    /// The value by which the program knows an object.
    pub(crate) fn value(&self, object: Object) -> usize {
        with_run(|run| {
            let known = run.objects.iter().position(|known| *known == object);
            let place = known.unwrap_or_else(|| {
                run.objects.push(object);
                run.objects.len() - 1
            });
            FIRST + 4 * place
        })
    }

    pub(crate) fn handle_value(&self, object: Object) -> HANDLE {
        std::ptr::without_provenance_mut(self.value(object))
    }

    /// A value that has named an object names none any more.
    pub(crate) fn forgets(&self, value: usize) {
        if self.object(value).is_some() {
            with_run(|run| run.objects[(value - FIRST) / 4] = Object::Gone);
        }
    }

    /// What a value names, if it has ever named anything.
    pub(crate) fn object(&self, value: usize) -> Option<Object> {
        let place = value.checked_sub(FIRST).filter(|above| above.is_multiple_of(4))? / 4;
        with_run(|run| run.objects.get(place).copied())
    }

    /// The object of the model that a value names.
    pub(crate) fn named(&self, value: usize) -> Handle {
        match self.object(value) {
            Some(Object::Model(handle)) => handle,
            _ => Handle::INVALID,
        }
    }

    pub(crate) fn handle(&self, handle: HANDLE) -> Handle {
        self.named(handle.addr())
    }

    /// The model's key for one of the program's, and back.
    pub(crate) fn key(&self, key: usize) -> u32 {
        match u32::try_from(key) {
            Ok(small) if small < LARGE_KEYS => small,
            _ => with_run(|run| {
                let place = run.keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                    run.keys.push(key);
                    run.keys.len() - 1
                });
                LARGE_KEYS + place as u32
            }),
        }
    }

    pub(crate) fn key_back(&self, key: u32) -> usize {
        let place = key.checked_sub(LARGE_KEYS);
        with_run(|run| place.and_then(|place| run.keys.get(place as usize).copied()).unwrap_or(key as usize))
    }

    /// The bytes of an address that the program is told, and remembers.
    pub(crate) fn tells(&self, address: Address) -> Vec<u8> {
        with_run(|run| run.ports.extend(address::chosen(address)));
        address::written(address)
    }

    pub(crate) fn has_seen(&self, port: u16) -> bool {
        with_run(|run| run.ports.contains(&port))
    }

    /// The thread is over.
    pub(crate) fn is_over(&self) {
        self.ends();
        let free = with_run(|run| {
            run.threads.remove(&self.thread);
            run.own.ends(self.thread)
        });
        for sign in free {
            self.w.shows(sign);
        }
    }

    /// Where the stack of this thread begins.
    pub(crate) fn stack(&self) -> usize {
        with_run(|run| run.threads.get(&self.thread).map_or(0, |(_, begins)| *begins))
    }
}
