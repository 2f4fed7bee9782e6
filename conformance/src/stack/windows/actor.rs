//! The threads of a scenario.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::os::windows::io::{AsRawHandle, RawHandle};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use windows_sys::Win32::Networking::WinSock::CF_REJECT;
use windows_sys::Win32::System::Threading::QueueUserAPC;

use super::super::protocol::{Function, Given, Reply, Report, Returned};
use super::condition::{Decides, is_decided_by};
use super::opened::Opened;
use super::output::Output;
use super::own::posts_quit;
use super::perform::{Caller, last_error};
use super::waiting::{terminates_waiting, waits_at};
use super::worker::write;

/// How long a thread may take to end, or to be seen where it can be ended.
const TO_END: Duration = Duration::from_secs(2);

/// What the threads of one scenario share.
#[derive(Default)]
pub(super) struct Desk {
    pub(super) opened: Opened,
    /// The output buffers of requests, by the address of their OVERLAPPED.
    pub(super) buffers: Mutex<BTreeMap<usize, Output>>,
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
    /// None once the thread was told to end.
    orders: Option<Sender<(u64, Task)>>,
    thread: JoinHandle<()>,
    /// The call in progress.
    busy: Arc<Mutex<Option<u64>>>,
    /// It was ended in the middle of a call: nothing of it came back.
    terminated: bool,
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

    /// Hands a call to a thread, or what the condition function is to return that runs there.
    pub(super) fn hand(&self, id: u64, thread: u8, task: Task) -> Result<(), String> {
        let actor = self.actor(thread)?;
        if lock(&actor.busy).replace(id).is_some() {
            return Err(format!("thread {thread} has a call in progress"));
        }
        let sent = actor.orders.as_ref().is_some_and(|orders| orders.send((id, task)).is_ok());
        if sent { Ok(()) } else { Err(format!("thread {thread} has ended")) }
    }

    /// Ends a thread. Between calls it ends itself. In the middle of one it is ended where it waits for the system, so
    /// that it holds none of this process's locks; what it leaves behind stays, and [`Actors::end`] says so.
    pub(super) fn end_thread(&mut self, thread: u8) -> Result<(), String> {
        let actor = self.actors.get_mut(usize::from(thread)).ok_or_else(|| format!("there is no thread {thread}"))?;
        if actor.orders.take().is_none() {
            return Err(format!("thread {thread} has ended"));
        }
        let deadline = Instant::now() + TO_END;
        while !actor.thread.is_finished() {
            let handle = actor.thread.as_raw_handle();
            if lock(&actor.busy).is_some() && terminates_waiting(handle) {
                actor.terminated = true;
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(format!("thread {thread} is not seen to wait, and so not safe to end"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Where a thread with a call in progress waits.
    pub(super) fn waits_at(&self, thread: u8) -> Result<Option<String>, String> {
        let actor = self.actor(thread)?;
        if lock(&actor.busy).is_none() {
            return Ok(None);
        }
        Ok(waits_at(actor.thread.as_raw_handle()))
    }

    /// Ends the threads, after everything they can wait for was closed or set. False if one does not come back, or was
    /// ended in the middle of a call.
    pub(super) fn end(self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let terminated = self.actors.iter().any(|actor| actor.terminated);
        let actors = self.actors.into_iter().filter(|actor| !actor.terminated);
        let actors: Vec<Actor> = actors.collect();
        for actor in &actors {
            if lock(&actor.busy).is_some() {
                // SAFETY: a live thread handle and a routine that does nothing.
                unsafe { QueueUserAPC(Some(wake), actor.thread.as_raw_handle(), 0) }; // out of an alertable sleep
                posts_quit(actor.thread.as_raw_handle());
            }
        }
        let threads: Vec<_> = actors.into_iter().map(|actor| actor.thread).collect(); // drops `orders`: they end
        while threads.iter().any(|thread| !thread.is_finished()) {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        !terminated
    }

    fn actor(&self, thread: u8) -> Result<&Actor, String> {
        self.actors.get(usize::from(thread)).ok_or_else(|| format!("there is no thread {thread}"))
    }
}

impl Actor {
    fn start(desk: Arc<Desk>) -> Actor {
        let (orders, tasks) = channel();
        let busy = Arc::new(Mutex::new(None));
        let thread = std::thread::spawn({
            let busy = Arc::clone(&busy);
            move || make_calls(&Rc::new(Orders { tasks, id: Cell::new(None), busy, desk }))
        });
        Actor { orders: Some(orders), thread, busy, terminated: false }
    }
}

/// What a thread is handed.
pub(super) enum Task {
    /// It is to make this call.
    Call(Function),
    /// The condition function that runs there is to return this.
    ConditionReturns(i32),
    /// The completion routine that runs there is to return.
    RoutineReturns,
}

/// Where a thread's orders come from, and where its answers go.
pub(super) struct Orders {
    tasks: Receiver<(u64, Task)>,
    /// The order that the next answer belongs to; none once no more come.
    id: Cell<Option<u64>>,
    busy: Arc<Mutex<Option<u64>>>,
    desk: Arc<Desk>,
}

impl Orders {
    /// The next order; none when the thread is to end.
    pub(super) fn next(&self) -> Option<Task> {
        let (id, task) = self.tasks.recv().ok().unzip();
        self.id.set(id);
        task
    }

    /// Makes the calls that come, until something else does.
    fn calls_until_back(&self) -> Option<Task> {
        loop {
            match self.next() {
                // What the thread's last error is, its own calls have said.
                Some(Task::Call(call)) => make(self, &mut Caller::new(Arc::clone(&self.desk), last_error()), &call),
                other => return other,
            }
        }
    }

    /// No such function runs on this thread.
    fn refuses(&self) {
        self.reply(Report::NotDone { reason: "no such function runs on this thread".to_owned() });
    }

    /// Answers the last order.
    pub(super) fn reply(&self, report: Report) {
        *lock(&self.busy) = None;
        if let Some(id) = self.id.get() {
            write(&Reply { id, report });
        }
    }
}

fn make_calls(orders: &Rc<Orders>) {
    is_decided_by(Rc::clone(orders) as Rc<dyn Decides>);
    let mut caller = Caller::new(Arc::clone(&orders.desk), 0);
    while let Some(task) = orders.next() {
        match task {
            Task::Call(call) => make(orders, &mut caller, &call),
            Task::ConditionReturns(_) | Task::RoutineReturns => orders.refuses(),
        }
    }
}

/// A condition function tells the driver what it was given, and makes the calls that it is told to, until it is told what to
/// return.
impl Decides for Orders {
    fn decide(&self, given: Given) -> i32 {
        self.reply(Report::Returned(Returned { condition: Some(Box::new(given)), ..Returned::default() }));
        loop {
            match self.calls_until_back() {
                Some(Task::ConditionReturns(answer)) => return answer,
                Some(_) => self.refuses(),
                // The scenario is over.
                None => return CF_REJECT as i32,
            }
        }
    }

    fn complete(&self, given: Returned) {
        self.reply(Report::Returned(given));
        while let Some(task) = self.calls_until_back() {
            match task {
                Task::RoutineReturns => return,
                _ => self.refuses(),
            }
        }
    }
}

fn make(orders: &Orders, caller: &mut Caller, call: &Function) {
    orders.reply(match caller.perform(call) {
        Ok(returned) => Report::Returned(returned),
        Err(reason) => Report::NotDone { reason },
    });
}

fn lock(busy: &Mutex<Option<u64>>) -> std::sync::MutexGuard<'_, Option<u64>> {
    busy.lock().unwrap_or_else(PoisonError::into_inner) // a number is whole whatever panicked
}

unsafe extern "system" fn wake(_: usize) {}
