//! Requests under way, and the memory of the program that they will write to.

use std::collections::BTreeMap;

use winaccept_program::interface::{Finished, STACK};
use winaccept_program::{Event, Overlapped, OverlappedId};
use windows_sys::Win32::Foundation::STATUS_PENDING;
use windows_sys::Win32::System::IO::OVERLAPPED;

use crate::allocator;
use crate::here::{Here, with_run};
use crate::memory;

/// How many OVERLAPPED of requests that are over, and that the program knows of, are remembered. A request with one of them is taken
/// for one in the same place; the model has few places.
const REMEMBERED: usize = 3;

/// An OVERLAPPED of the program's that has had a request.
#[derive(Debug)]
pub(crate) struct Flight {
    /// The model's.
    pub(crate) over: Overlapped,
    event: usize,
    at: *mut OVERLAPPED,
    buffer: *mut u8,
    pub(crate) length: usize,
    /// How many bytes of the buffer are for data.
    pub(crate) receive: usize,
    /// What is in the buffer while the request is under way.
    holds: Vec<u8>,
    /// It sends what is there, and others may read it meanwhile.
    sends: bool,
    /// Its request is under way, as far as the program can know.
    pub(crate) flying: bool,
    /// The program has fetched what came of it.
    told: bool,
    /// Which it is, in order.
    number: u8,
    /// The thread on whose stack it lies, and that on whose stack its buffer lies.
    stacks: [Option<usize>; 2],
    /// The allocator watches these.
    watched: [Option<usize>; 2],
}

/// The memory of the program's that a request is given beside its OVERLAPPED.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Where it begins; it may be null.
    pub(crate) buffer: *mut u8,
    /// How many bytes it has.
    pub(crate) length: usize,
    /// How many of them are for data.
    pub(crate) receive: usize,
    /// The request reads them, and writes nothing there.
    pub(crate) sends: bool,
}

/// All of them, by address.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    all: BTreeMap<usize, Flight>,
    begun: u8,
}

impl Flights {
    pub(crate) fn get(&self, at: *const OVERLAPPED) -> Option<&Flight> {
        self.all.get(&at.addr())
    }

    pub(crate) fn address_of(&self, id: OverlappedId) -> Option<*mut OVERLAPPED> {
        self.all.values().find(|flight| flight.over.id() == id).map(|flight| flight.at)
    }

    /// The request that has this buffer, or has had it last.
    pub(crate) fn with_buffer(&self, buffer: *const u8) -> Option<&Flight> {
        self.all.values().filter(|flight| std::ptr::addr_eq(flight.buffer, buffer)).max_by_key(|flight| flight.number)
    }

    /// The program has fetched what came of this request.
    pub(crate) fn told(&mut self, at: *const OVERLAPPED) {
        self.all.get_mut(&at.addr()).into_iter().for_each(|flight| flight.told = !flight.flying);
    }

    /// A request under way, to another OVERLAPPED than this, whose buffer has something of this; two that send may share one.
    fn overlaps(&self, at: *const OVERLAPPED, buffer: *const u8, length: usize, sends: bool) -> bool {
        let (from, to) = (buffer.addr(), buffer.addr() + length);
        let others = self.all.values().filter(|other| other.flying && !std::ptr::addr_eq(other.at, at));
        let others = others.filter(|other| !(other.sends && sends));
        length > 0
            && others.filter(|other| other.length > 0).any(|other| {
                let (start, end) = (other.buffer.addr(), other.buffer.addr() + other.length);
                from < end && start < to
            })
    }
}

/// What is in `Internal` while a request is under way.
const PENDING: usize = STATUS_PENDING as usize;

/// What is in a buffer while its request is under way.
fn pattern(number: u8) -> u8 {
    0xa5 ^ number.wrapping_mul(29)
}

/// What is in `InternalHigh` meanwhile.
fn mark(number: u8) -> usize {
    0x5eed_0000 | usize::from(number)
}

impl Flight {
    /// What has been done to its memory that must not be.
    ///
    /// # Safety
    /// Its memory was valid when the request began, and is readable still or was watched by the allocator.
    unsafe fn harm(&self, here: &Here<'_>, frame: usize) -> Option<&'static str> {
        if !self.flying {
            return None;
        }
        if self.watched.iter().flatten().any(|place| allocator::was_freed(*place)) {
            return Some("an OVERLAPPED or its buffer is freed while the request is under way, which will write there");
        }
        let gone = |stack: Option<usize>, address: usize| stack == Some(here.thread) && address < frame;
        if gone(self.stacks[0], self.at.addr()) || gone(self.stacks[1], self.buffer.addr()) {
            return Some(
                "an OVERLAPPED or its buffer is in a stack frame that has gone while the request is under way, which will \
                 write there",
            );
        }
        // SAFETY: not freed on the heap, as far as anybody knows, and stacks of threads stay mapped as long as the run does.
        let (whole, untouched) = unsafe {
            let whole = memory::stands(self.at.cast(), &PENDING.to_ne_bytes())
                && memory::stands((&raw const (*self.at).InternalHigh).cast(), &mark(self.number).to_ne_bytes())
                && memory::stands((&raw const (*self.at).hEvent).cast(), &self.event.to_ne_bytes());
            (whole, memory::stands(self.buffer, &self.holds))
        };
        match (whole, untouched) {
            (false, _) => Some("an OVERLAPPED is written to while its request is under way"),
            (_, false) => Some("the buffer of a request is written to while the request is under way"),
            _ => None,
        }
    }

    /// Its memory is the program's again.
    fn lands(&mut self) {
        self.flying = false;
        self.watched.iter_mut().filter_map(Option::take).for_each(allocator::forget);
    }
}

impl Here<'_> {
    /// The model's OVERLAPPED for one of the program's, made where there is none yet.
    ///
    /// # Safety
    /// `at` is valid for reading an OVERLAPPED.
    pub(crate) unsafe fn overlapped(&self, at: *mut OVERLAPPED) -> Option<OverlappedId> {
        // SAFETY: by the contract of this function.
        let event = unsafe { memory::get(&raw const (*at).hEvent) }?.addr();
        let known = with_run(|run| {
            let flights = &mut run.flights;
            let known = flights.get(at).filter(|flight| flight.flying || flight.event == event);
            if let Some(known) = known {
                return Some(known.over.id());
            }
            // Of those that nobody needs any more, the oldest go; so does one in this place with another event.
            let mut idle: Vec<_> = flights.all.iter().filter(|(_, flight)| flight.told && !flight.flying).collect();
            idle.sort_by_key(|(_, flight)| flight.number);
            let more = (idle.len() + 1).saturating_sub(REMEMBERED);
            let old: Vec<usize> = idle.into_iter().take(more).map(|(address, _)| *address).collect();
            old.iter().chain([&at.addr()]).for_each(|address| _ = flights.all.remove(address));
            None
        });
        known.or_else(|| self.remembers(at, event))
    }

    /// A place of the model's for this OVERLAPPED with this event.
    fn remembers(&self, at: *mut OVERLAPPED, event: usize) -> Option<OverlappedId> {
        let handle = (event != 0).then(|| Event(self.named(event)));
        let over = self.w.overlapped(handle).ok()?;
        let id = over.id();
        let buffer = std::ptr::null_mut();
        let flight = Flight {
            over,
            event,
            at,
            buffer,
            length: 0,
            receive: 0,
            holds: Vec::new(),
            sends: false,
            flying: false,
            told: false,
            number: 0,
            stacks: [None; 2],
            watched: [None; 2],
        };
        with_run(|run| run.flights.all.insert(at.addr(), flight));
        Some(id)
    }

    /// A request begins by this call, with so much memory of the program's; the OVERLAPPED is known.
    ///
    /// # Safety
    /// The OVERLAPPED and what is in `what` are valid for writing, what is to be sent for reading, and stay so until the request
    /// is over.
    pub(crate) unsafe fn takes_off(&self, call: &str, at: *mut OVERLAPPED, what: Memory) {
        let Memory { buffer, length, receive, sends } = what;
        if with_run(|run| run.flights.overlaps(at, buffer, length, sends)) {
            let id = with_run(|run| run.flights.get(at).map(|flight| flight.over.id()));
            self.w.misuse(&format!("{call} is given a buffer that a request under way has"), id);
        }
        let begins = self.stack();
        let on_stack =
            |address: usize| (begins.saturating_sub(STACK)..=begins).contains(&address).then_some(self.thread);
        with_run(|run| {
            let flights = &mut run.flights;
            let number = flights.begun;
            let Some(flight) = flights.all.get_mut(&at.addr()).filter(|flight| !flight.flying) else { return };
            flights.begun = flights.begun.wrapping_add(1);
            flight.buffer = buffer;
            flight.length = if buffer.is_null() { 0 } else { length };
            (flight.receive, flight.sends) = (receive, sends);
            (flight.flying, flight.told, flight.number) = (true, false, number);
            flight.stacks = [on_stack(at.addr()), (flight.length > 0).then(|| on_stack(buffer.addr())).flatten()];
            flight.watched = [
                allocator::watch(at.addr(), size_of::<OVERLAPPED>()),
                (flight.length > 0).then(|| allocator::watch(buffer.addr(), length)).flatten(),
            ];
            // SAFETY: by the contract of this function.
            unsafe {
                memory::put(&raw mut (*at).Internal, PENDING);
                memory::put(&raw mut (*at).InternalHigh, mark(number));
                if sends {
                    flight.holds = memory::bytes(buffer, flight.length);
                } else {
                    flight.holds = vec![pattern(number); flight.length];
                    memory::fill(buffer, &flight.holds);
                }
            }
        });
    }

    /// The request that was to begin has not.
    pub(crate) fn stays(&self, at: *mut OVERLAPPED) {
        with_run(|run| {
            if let Some(flight) = run.flights.all.get_mut(&at.addr()) {
                flight.lands();
                flight.told = true;
            }
        });
    }

    /// Looks whether the memory of requests under way is as it has to be.
    pub(crate) fn looks(&self) {
        // This value is in a frame further in than all of the program's.
        self.looks_from(std::ptr::from_ref(self).addr());
    }

    /// The thread ends, and its stack with it. With the first one the process does, and its requests with that.
    pub(crate) fn ends(&self) {
        if self.thread > 0 {
            self.looks_from(usize::MAX);
        }
    }

    fn looks_from(&self, frame: usize) {
        let harmed = with_run(|run| {
            let flights = run.flights.all.values_mut();
            let mut harmed = None;
            for flight in flights {
                // SAFETY: it began in `takes_off`, whose contract says that its memory was valid.
                if let Some(harm) = unsafe { flight.harm(self, frame) } {
                    // Nobody writes there any more.
                    flight.lands();
                    (flight.length, flight.sends) = (0, false);
                    harmed = harmed.or(Some((harm, flight.over.id())));
                }
            }
            harmed
        });
        if let Some((harm, id)) = harmed {
            self.w.misuse(harm, Some(id));
        }
    }

    /// What has come of requests is written to where the program finds it.
    pub(crate) fn settles(&self) {
        if std::thread::panicking() {
            return;
        }
        let finished = self.w.finished();
        if finished.is_empty() {
            return;
        }
        self.looks();
        with_run(|run| {
            for Finished { over, status, bytes, data } in finished {
                let Some(flight) = run.flights.all.values_mut().find(|flight| flight.over.id() == over) else {
                    continue;
                };
                if !flight.flying {
                    continue;
                }
                flight.lands();
                let data = &data[..data.len().min(flight.receive).min(flight.length)];
                // SAFETY: valid since the request began, as `takes_off` was told, and `looks` has found it whole a moment ago.
                unsafe {
                    memory::put(&raw mut (*flight.at).Internal, status.0 as usize);
                    memory::put(&raw mut (*flight.at).InternalHigh, bytes as usize);
                    if !flight.sends {
                        memory::fill(flight.buffer, data);
                    }
                }
            }
        });
    }
}

impl Here<'_> {
    /// The model's OVERLAPPED for what a program posts in the place of one: nobody reads what is there.
    pub(crate) fn posted(&self, at: *mut OVERLAPPED) -> Option<OverlappedId> {
        let known = with_run(|run| run.flights.get(at).map(|flight| flight.over.id()));
        known.or_else(|| self.remembers(at, 0))
    }
}
