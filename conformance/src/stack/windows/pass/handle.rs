//! Sockets and events, one or several, and what an APC does with one.

use std::sync::Arc;

use winaccept_model::kind::{
    AnyHandle, DeviceHandle, Event, EventArray, EventOrNull, PollArray, PortIn, RoutineIn, Sock, SocketSet, Thread,
    WindowIn, WindowOrNull,
};
use windows_sys::Win32::Networking::WinSock as ws;

use super::super::super::protocol::{ApcRoutine, PollFd, RawHandle, Returned};
use super::super::actor::Desk;
use super::{Part, Pass, Passing, words};

macro_rules! handles {
    ($($kind:ident),*) => { $(
        impl Pass for $kind {
            fn part(handle: RawHandle, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
                Ok(words([handle as usize]))
            }
        }
    )* };
}
handles!(Sock, DeviceHandle, Event, AnyHandle, EventOrNull, PortIn, WindowIn, WindowOrNull);

/// How many, and an array of them.
struct Array(Vec<usize>);

impl Part for Array {
    fn words(&mut self, call: &mut Passing) {
        call.words.extend([self.0.len(), self.0.as_mut_ptr() as usize]);
    }
}

impl Pass for EventArray {
    fn part(events: Vec<RawHandle>, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        Ok(Box::new(Array(events.into_iter().map(|event| event as usize).collect())))
    }
}

/// A set of `select`, or `NULL`; and which of the three it is.
struct Set(Option<Box<ws::FD_SET>>, &'static str);

impl Part for Set {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(self.0.as_mut().map_or(0, |set| &raw mut **set as usize));
    }
    fn told(&self, _: &Passing, returned: &mut Returned) {
        let left = self.0.as_ref().map(|set| {
            let left = set.fd_array.iter().take(set.fd_count as usize);
            left.map(|s| *s as isize as RawHandle).collect()
        });
        match self.1 {
            "readfds" => returned.readfds = left,
            "writefds" => returned.writefds = left,
            _ => returned.exceptfds = left,
        }
    }
}

impl Pass for SocketSet {
    fn part(sent: Option<Vec<RawHandle>>, field: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        let Some(sockets) = sent else { return Ok(Box::new(Set(None, field))) };
        let mut set = Box::new(ws::FD_SET { fd_count: sockets.len() as u32, ..ws::FD_SET::default() });
        let Some(room) = set.fd_array.get_mut(..sockets.len()) else {
            return Err(format!("a set holds at most {} sockets", ws::FD_SETSIZE));
        };
        room.iter_mut().zip(sockets).for_each(|(slot, s)| *slot = s as usize);
        Ok(Box::new(Set(Some(set), field)))
    }
}

struct Polled(Vec<ws::WSAPOLLFD>);

impl Part for Polled {
    fn words(&mut self, call: &mut Passing) {
        call.words.extend([self.0.as_mut_ptr() as usize, self.0.len()]);
    }
    fn told(&self, _: &Passing, returned: &mut Returned) {
        returned.revents = Some(self.0.iter().map(|polled| polled.revents as u16).collect());
    }
}

impl Pass for PollArray {
    fn part(fds: Vec<PollFd>, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        let entry = |polled: PollFd| ws::WSAPOLLFD { fd: polled.fd as usize, events: polled.events as i16, revents: 0 };
        Ok(Box::new(Polled(fds.into_iter().map(entry).collect())))
    }
}

impl Pass for Thread {
    fn part(thread: u8, _: &'static str, call: &mut Passing) -> Result<Box<dyn Part>, String> {
        let target = call.desk.thread(thread).ok_or_else(|| format!("there is no thread {thread}"))?;
        Ok(words([target as usize]))
    }
}

/// The function that an APC runs, and what it is to do.
struct Routine(Option<Box<ApcTask>>);

struct ApcTask {
    routine: ApcRoutine,
    desk: Arc<Desk>,
}

impl Part for Routine {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(run_apc as *const () as usize);
        // From here on it is the APC's. One that never runs leaks it.
        call.task = self.0.take().map_or(0, |task| Box::into_raw(task) as usize);
    }
}

impl Pass for RoutineIn {
    fn part(routine: ApcRoutine, _: &'static str, call: &mut Passing) -> Result<Box<dyn Part>, String> {
        let task = ApcTask { routine, desk: Arc::clone(&call.desk) };
        Ok(Box::new(Routine(Some(Box::new(task)))))
    }
}

/// What the APC is given.
pub(super) struct Task;

impl Part for Task {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(call.task);
    }
}

unsafe extern "system" fn run_apc(task: usize) {
    // SAFETY: `Routine` made this from a box, and a queued APC runs at most once.
    let task = unsafe { Box::from_raw(task as *mut ApcTask) };
    match task.routine {
        ApcRoutine::SetEvent(event) => {
            // SAFETY: takes a handle.
            unsafe { ws::WSASetEvent(event as ws::WSAEVENT) };
        }
        ApcRoutine::Accept(s) => {
            // SAFETY: null pointers are allowed.
            let accepted = unsafe { ws::accept(s as ws::SOCKET, std::ptr::null_mut(), std::ptr::null_mut()) };
            task.desk.opened.socket(accepted);
        }
    }
}
