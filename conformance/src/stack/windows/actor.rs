//! The threads of a scenario.

use std::os::windows::io::{AsRawHandle, RawHandle};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use windows_sys::Win32::System::Threading::QueueUserAPC;

use super::super::protocol::{Function, Reply, Report};
use super::opened::Opened;
use super::perform::Caller;
use super::waiting::waits_at;
use super::worker::write;

/// What the threads of one scenario share.
#[derive(Default)]
pub(super) struct Desk {
    pub(super) opened: Opened,
    /// Their handles as numbers, once all are started.
    threads: OnceLock<Vec<usize>>,
}

impl Desk {
    /// The handle of a thread.
    pub(super) fn thread(&self, number: u8) -> Option<RawHandle> {
        let threads = self.threads.get()?;
        threads.get(usize::from(number)).map(|handle| std::ptr::without_provenance_mut(*handle))
    }
}

/// The actors of one scenario.
#[derive(Default)]
pub(super) struct Actors {
    pub(super) desk: Arc<Desk>,
    actors: Vec<Actor>,
}

struct Actor {
    orders: Sender<(u64, Function)>,
    thread: JoinHandle<()>,
    /// The call in progress.
    busy: Arc<Mutex<Option<u64>>>,
}

impl Actors {
    /// Starts so many threads.
    pub(super) fn start(count: u8) -> Actors {
        let desk = Arc::new(Desk::default());
        let actors: Vec<Actor> = (0..count).map(|_| Actor::start(Arc::clone(&desk))).collect();
        let handles = actors.iter().map(|actor| actor.thread.as_raw_handle() as usize).collect();
        desk.threads.get_or_init(|| handles);
        Actors { desk, actors }
    }

    /// Hands a call to a thread.
    pub(super) fn call(&self, id: u64, thread: u8, call: Function) -> Result<(), String> {
        let actor = self.actor(thread)?;
        if lock(&actor.busy).replace(id).is_some() {
            return Err(format!("thread {thread} has a call in progress"));
        }
        actor.orders.send((id, call)).map_err(|_| format!("thread {thread} has ended"))
    }

    /// Where a thread with a call in progress waits.
    pub(super) fn waits_at(&self, thread: u8) -> Result<Option<String>, String> {
        let actor = self.actor(thread)?;
        if lock(&actor.busy).is_none() {
            return Ok(None);
        }
        Ok(waits_at(actor.thread.as_raw_handle()))
    }

    /// Ends the threads, after everything they can wait for was closed or set. False if one does not come back.
    pub(super) fn end(self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        for actor in &self.actors {
            if lock(&actor.busy).is_some() {
                // SAFETY: a live thread handle and a routine that does nothing.
                unsafe { QueueUserAPC(Some(wake), actor.thread.as_raw_handle(), 0) }; // out of an alertable sleep
            }
        }
        let threads: Vec<_> = self.actors.into_iter().map(|actor| actor.thread).collect(); // drops `orders`: they end
        while threads.iter().any(|thread| !thread.is_finished()) {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    }

    fn actor(&self, thread: u8) -> Result<&Actor, String> {
        self.actors.get(usize::from(thread)).ok_or_else(|| format!("there is no thread {thread}"))
    }
}

impl Actor {
    fn start(desk: Arc<Desk>) -> Actor {
        let (orders, calls) = channel();
        let busy = Arc::new(Mutex::new(None));
        let thread = std::thread::spawn({
            let busy = Arc::clone(&busy);
            move || make_calls(&calls, Caller::new(desk), &busy)
        });
        Actor { orders, thread, busy }
    }
}

fn make_calls(calls: &Receiver<(u64, Function)>, mut caller: Caller, busy: &Mutex<Option<u64>>) {
    while let Ok((id, call)) = calls.recv() {
        let report = match caller.perform(&call) {
            Ok(returned) => Report::Returned(returned),
            Err(reason) => Report::NotDone { reason },
        };
        *lock(busy) = None;
        write(&Reply { id, report });
    }
}

fn lock(busy: &Mutex<Option<u64>>) -> std::sync::MutexGuard<'_, Option<u64>> {
    busy.lock().unwrap_or_else(PoisonError::into_inner) // a number is whole whatever panicked
}

unsafe extern "system" fn wake(_: usize) {}
