//! The thread pool: threads of the program that wait at a completion port which the program does not see. There is always one more than are
//! busy, for nothing is told of how many there are.

use std::collections::VecDeque;
use std::ffi::c_void;

use winaccept_model::call::{Call, Handle};
use winaccept_model::outcome::{Out, Value};
use winaccept_program::{CompletionPort, OverlappedId};
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::IO::{LPOVERLAPPED_COMPLETION_ROUTINE, OVERLAPPED};
use windows_sys::Win32::System::Threading::{
    LPTHREAD_START_ROUTINE, PTP_CALLBACK_INSTANCE, PTP_SIMPLE_CALLBACK, PTP_WIN32_IO_CALLBACK, PTP_WORK_CALLBACK,
};

use crate::here::{Here, enter, inside, with_run};

/// An object for the requests of a socket.
pub(crate) struct Io {
    pub(crate) callback: PTP_WIN32_IO_CALLBACK,
    pub(crate) context: *mut c_void,
    /// So many requests are announced and not over.
    pub(crate) started: u32,
    /// So many callbacks run.
    pub(crate) running: u32,
    /// It is shown when none runs.
    pub(crate) sign: u32,
    pub(crate) closed: bool,
}

/// An object for work.
pub(crate) struct Work {
    pub(crate) callback: PTP_WORK_CALLBACK,
    pub(crate) context: *mut c_void,
    /// So often it was submitted and is not done.
    pub(crate) submitted: u32,
    /// It is shown when all is done.
    pub(crate) sign: u32,
}

/// What a thread of the pool is to do.
pub(crate) enum Job {
    Item(LPTHREAD_START_ROUTINE, *mut c_void),
    Simple(PTP_SIMPLE_CALLBACK, *mut c_void),
    /// That in this place.
    Work(usize),
    /// A request of the object in this place is over: its OVERLAPPED, its error, its bytes.
    Io(usize, *mut OVERLAPPED, u32, u32),
    /// A request of a socket that has a callback of its own has succeeded.
    Bound(LPOVERLAPPED_COMPLETION_ROUTINE, *mut OVERLAPPED, u32),
}

/// The pool of a run.
#[derive(Default)]
pub(crate) struct Pool {
    port: Option<Handle>,
    /// So many of its threads have nothing to do.
    idle: u32,
    pub(crate) ios: Vec<Io>,
    pub(crate) works: Vec<Work>,
    bound: Vec<LPOVERLAPPED_COMPLETION_ROUTINE>,
    jobs: VecDeque<Job>,
}

/// The values of its objects begin here, and differ by as much.
const OBJECTS: isize = 0x1000;
/// Somebody has posted a job.
const JOB: u32 = 0;

/// The value of the object in this place.
pub(crate) fn value(place: usize) -> isize {
    (place as isize + 1) * OBJECTS
}

/// The place of the object with this value.
pub(crate) fn place(value: isize) -> usize {
    usize::try_from(value / OBJECTS - 1).unwrap_or(usize::MAX)
}

/// What callbacks are told of themselves.
const INSTANCE: PTP_CALLBACK_INSTANCE = 1;

impl Here<'_> {
    /// The port of the pool, with a thread that waits there.
    fn pool(&self) -> Option<Handle> {
        if let Some(port) = with_run(|run| run.pool.port) {
            return Some(port);
        }
        let outcome = self.calls(Call::CreatePort { key: JOB });
        let Value::Handle(port) = outcome.value else {
            self.failed(&outcome);
            return None;
        };
        with_run(|run| run.pool.port = Some(port));
        self.waits(|w| w.spawn("pool", |w| enter(w, works)));
        Some(port)
    }

    /// Gives the pool a job: was it taken?
    pub(crate) fn gives_job(&self, job: Job) -> bool {
        let Some(port) = self.pool() else { return false };
        with_run(|run| run.pool.jobs.push_back(job));
        let posted = Call::PostQueuedCompletionStatus { port, bytes: 0, key: JOB, overlapped: None };
        self.truth(&self.calls(posted)) != 0
    }

    fn associates(&self, file: HANDLE, key: usize) -> bool {
        let Some(port) = self.pool() else { return false };
        let outcome = self.calls(Call::AssociatePort { s: self.handle(file), port, key: key as u32 });
        !self.failed(&outcome)
    }

    /// Requests of this socket are told to this object; its place.
    pub(crate) fn gives_io(&self, file: HANDLE, io: Io) -> Option<usize> {
        let place = with_run(|run| {
            run.pool.ios.push(io);
            run.pool.ios.len() - 1
        });
        self.associates(file, 1 + 2 * place).then_some(place)
    }

    /// Requests of this socket are told to this callback: is it so?
    pub(crate) fn binds(&self, file: HANDLE, callback: LPOVERLAPPED_COMPLETION_ROUTINE) -> bool {
        let place = with_run(|run| {
            run.pool.bound.push(callback);
            run.pool.bound.len() - 1
        });
        self.associates(file, 2 + 2 * place)
    }

    /// Waits for the next job.
    fn next_job(&self) -> Option<Job> {
        let port = with_run(|run| {
            run.pool.idle += 1;
            run.pool.port
        });
        let outcome = self.waits(|w| w.packet_of(CompletionPort(port.unwrap_or(Handle::INVALID)), None));
        let idle = with_run(|run| {
            run.pool.idle -= 1;
            run.pool.idle
        });
        let Out::Packet { counted: Some((bytes, key)), over } = outcome.out else { return None };
        if idle == 0 {
            self.waits(|w| w.spawn("pool", |w| enter(w, works)));
        }
        let at = over.and_then(|over| with_run(|run| run.flights.address_of(OverlappedId(over))));
        let at = at.unwrap_or(std::ptr::null_mut());
        with_run(|run| run.flights.told(at));
        let error = u32::from(outcome.error.0);
        if key == JOB {
            return with_run(|run| run.pool.jobs.pop_front());
        }
        let place = (key as usize - 1) / 2;
        if key.is_multiple_of(2) {
            if error != 0 {
                self.no_words("BindIoCompletionCallback with a request that fails, of which code its callback is told");
            }
            return with_run(|run| Some(Job::Bound(run.pool.bound[place], at, bytes)));
        }
        let announced = with_run(|run| {
            let io = &mut run.pool.ios[place];
            let announced = io.started > 0;
            (io.started, io.running) = (io.started.saturating_sub(1), io.running + 1);
            announced
        });
        if !announced {
            self.misuse("a request completes that was not announced by StartThreadpoolIo");
        }
        Some(Job::Io(place, at, error, bytes))
    }

    /// A callback of this object is done.
    fn io_is_done(&self, place: usize) {
        let free = with_run(|run| {
            let io = &mut run.pool.ios[place];
            io.running -= 1;
            (io.running == 0).then_some(io.sign)
        });
        free.into_iter().for_each(|sign| self.w.shows(sign));
    }

    fn work_is_done(&self, place: usize) {
        let free = with_run(|run| {
            let work = &mut run.pool.works[place];
            work.submitted -= 1;
            (work.submitted == 0).then_some(work.sign)
        });
        free.into_iter().for_each(|sign| self.w.shows(sign));
    }
}

/// What a thread of the pool does.
fn works() {
    loop {
        #[allow(clippy::redundant_closure_for_method_calls)] // a path of a method has one lifetime only
        let job = inside("the thread pool", |here| here.next_job());
        if let Some(job) = job {
            // SAFETY: the contract of whoever has given the job: what it calls is what it says, with the context that goes with it.
            unsafe { does(job) };
        }
    }
}

/// Does a job.
///
/// # Safety
/// The function is of the kind that it says, and may be called with its context.
unsafe fn does(job: Job) {
    // SAFETY: by the contract of this function.
    unsafe {
        match job {
            Job::Item(function, context) => {
                function.map(|function| function(context));
            }
            Job::Simple(callback, context) => {
                callback.into_iter().for_each(|callback| callback(INSTANCE, context));
            }
            Job::Work(place) => {
                let (callback, context) =
                    with_run(|run| (run.pool.works[place].callback, run.pool.works[place].context));
                callback.into_iter().for_each(|callback| callback(INSTANCE, context, value(place)));
                inside("the thread pool", |here| here.work_is_done(place));
            }
            Job::Io(place, at, error, bytes) => {
                let (callback, context) = with_run(|run| (run.pool.ios[place].callback, run.pool.ios[place].context));
                let call = |callback: unsafe extern "system" fn(isize, *mut c_void, *mut c_void, u32, usize, isize)| {
                    callback(INSTANCE, context, at.cast(), error, bytes as usize, value(place));
                };
                callback.into_iter().for_each(call);
                inside("the thread pool", |here| here.io_is_done(place));
            }
            Job::Bound(callback, at, bytes) => {
                callback.into_iter().for_each(|callback| callback(0, bytes, at));
            }
        }
    }
}
