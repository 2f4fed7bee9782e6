//! Calls that wait: how they begin to, who looks again when something changes, and how they end.

use crate::at::{At, Wake};
use crate::call::{Call, Handle, ThreadId};
use crate::choice::{ADDR_ON_TAKING, ADDRLEN_ON_TAKING, WAIT_MFILE_FAILS};
use crate::engine::names;
use crate::outcome::{Outcome, Value};
use crate::rule::Table;
use crate::small::Small;
use crate::world::{Doing, SocketId};

impl At<'_> {
    /// The call in question stays blocked for good: what it waited for is gone.
    pub fn strand(&mut self) {
        self.leave(self.thread);
        self.again = false;
        self.block();
    }

    /// The call in question waits. Handles of it that name nothing now will not name what is opened under them later.
    pub(crate) fn block(&mut self) {
        let thread = self.thread;
        self.call = self.call.map(|handle| {
            let open = self.resolve(handle).is_some() || self.resolve_event(handle).is_some();
            if open { handle } else { Handle::INVALID }
        });
        self.thread_mut(thread).doing = Doing::Blocked(self.call);
        if !self.again {
            // Who looks again stands in every line already, and keeps its place.
            self.enlist();
        }
    }

    /// Adds waiter records of the calling thread's blocked call.
    fn enlist(&mut self) {
        let thread = self.thread;
        let mut objects = std::mem::take(&mut self.fx.objects);
        let mut add = |object: Wake| {
            if !objects.contains(&object) {
                objects.push(object);
            }
        };
        let mut socket = |handle: Handle| {
            if let Some(s) = self.resolve_socket(handle) {
                add(Wake::Socket(s));
            }
        };
        match self.call {
            Call::Accept { s, .. } | Call::Connect { s, .. } | Call::Recv { s, .. } | Call::Send { s, .. } => socket(s),
            Call::Select { readfds, writefds, exceptfds, .. } => {
                for set in [readfds, writefds, exceptfds].into_iter().flatten() {
                    set.iter().for_each(&mut socket);
                }
            }
            Call::WSAPoll { fds, .. } => fds.iter().for_each(|(s, _)| socket(s)),
            Call::WSAWaitForMultipleEvents { events, .. } => {
                for e in events.iter().filter_map(|handle| self.resolve_event(handle)) {
                    add(Wake::Event(e));
                }
            }
            _ => {}
        }
        for object in objects.drain(..) {
            match object {
                Wake::Socket(s) => self.extra_mut(s).waiters.push(thread),
                Wake::Event(e) => self.event_mut(e).waiters.push(thread),
                _ => {}
            }
        }
        self.fx.objects = objects;
    }

    /// This thread waits for nothing any more. If it was to have a connection, others may have it.
    ///
    /// To be called while the thread still says what it waits for: its waiter records stand where its call points.
    pub fn leave(&mut self, thread: ThreadId) {
        let (Doing::Blocked(call) | Doing::Woken(call)) = self.thread_at(thread).doing else { return };
        let mut slots: Small<SocketId, 12> = Small::default();
        names(&call).iter().filter_map(|handle| self.slot_of(handle)).for_each(|s| slots.insert(s));
        while let Some(s) = slots.iter().min() {
            slots.remove(s);
            if self.socket_at(s).waiters().contains(thread) {
                self.extra_mut(s).waiters.remove(thread);
                self.offer(s);
            }
        }
        for e in names(&call).iter() {
            if let Some(e) = self.event_of(e)
                && self.event_at(e).waiters.contains(thread)
            {
                self.event_mut(e).waiters.remove(thread);
            }
        }
    }

    /// Ends the blocked call of the thread in question with this outcome.
    pub(crate) fn resume(&mut self, outcome: Outcome) {
        let thread = self.thread;
        self.leave(thread);
        if !matches!(outcome.value, Value::Undefined | Value::Unmodelled | Value::Crashes) {
            self.thread_mut(thread).doing = Doing::Running;
        }
        self.fx.returns.push((thread, outcome));
    }

    /// Makes this the step of a blocked call that looks again.
    pub(crate) fn look_again(&mut self, thread: ThreadId, call: Call) {
        self.focus(thread, call);
        self.again = true;
        // A call that waits has passed what is checked on entry, so whatever is wrong is found on taking.
        for alt in [ADDRLEN_ON_TAKING, ADDR_ON_TAKING] {
            if self.may(alt) {
                self.decided[usize::from(alt.0)].set(alt.1 + 1);
            }
        }
        let outcome = call.function().looks_again().and_then(|table| self.apply(table));
        if let Some(outcome) = outcome {
            self.resume(outcome);
        }
    }

    /// Lets everybody look again who was woken, until nobody is left.
    pub(crate) fn settle(&mut self) {
        while let Some(wake) = self.fx.wakes.pop_first() {
            match wake {
                Wake::Socket(s) => {
                    let mut looking = std::mem::take(&mut self.fx.looking);
                    looking.extend(self.socket_at(s).waiters().iter());
                    looking.drain(..).for_each(|thread| self.woken(thread));
                    self.fx.looking = looking;
                }
                Wake::Event(e) => {
                    let mut looking = std::mem::take(&mut self.fx.looking);
                    looking.extend(self.event_at(e).waiters.iter());
                    looking.drain(..).for_each(|thread| self.woken(thread));
                    self.fx.looking = looking;
                }
                Wake::Occurs(s, event) => {
                    self.socket = Some(s);
                    self.network_event = event;
                    self.apply(Table::NetworkEvent);
                }
                Wake::Cancel(thread, cause) => {
                    if let Doing::Blocked(call) | Doing::Woken(call) = self.thread_at(thread).doing {
                        self.focus(thread, call);
                        self.cause = cause;
                        if let Some(outcome) = self.apply(Table::Cancelled) {
                            self.resume(outcome);
                        }
                    }
                }
            }
        }
    }

    fn woken(&mut self, thread: ThreadId) {
        let Doing::Blocked(call) = self.thread_at(thread).doing else { return };
        let Call::Accept { s, .. } = call else { return self.look_again(thread, call) };
        if !self.chooses(crate::choice::WOKEN) {
            return self.look_again(thread, call);
        }
        let process = self.process_of(thread);
        if self.process_at(process).faults.no_descriptors && !self.chooses(WAIT_MFILE_FAILS) {
            // It could not take the connection: somebody else may.
            return;
        }
        let Some(listener) = self.resolve_in(process, s) else { return };
        let queued = self.socket_at(listener).accept_queue().len();
        let is_awake = |t: &ThreadId| matches!(self.thread_at(*t).doing, Doing::Woken(_));
        let awake = self.socket_at(listener).waiters().iter().filter(is_awake).count();
        // One thread is woken per connection that waits, no more.
        if awake < queued {
            self.thread_mut(thread).doing = Doing::Woken(call);
        }
    }
}
