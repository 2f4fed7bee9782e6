//! The worker process: reads orders, carries them out, writes what it did and saw.

use std::fs::File;
use std::io::{BufRead, Write};
use std::mem::ManuallyDrop;
use std::os::windows::io::{AsRawHandle, FromRawHandle};
use std::time::Duration;

use windows_sys::Win32::Networking::WinSock as ws;
use windows_sys::Win32::System::Diagnostics::Debug::{EXCEPTION_POINTERS, SetUnhandledExceptionFilter};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, TerminateProcess};

use super::super::protocol::{CRASHED_STATUS, Looked, Order, RawHandle, Reply, Report, Request};
use super::actor::{Actors, Task};
use super::address::AddressBuffer;
use super::connections::connections;
use super::identity::identity;

/// How long the threads may take to come back at the end of a scenario.
const COME_BACK: Duration = Duration::from_secs(1);

/// What an exception filter returns so that the process ends.
const EXCEPTION_EXECUTE_HANDLER: i32 = 1;

/// More cleanups than any scenario has startups.
const MOST_CLEANUPS: u32 = 1000;

/// Serves the worker protocol on standard input and output until the input ends. The hidden command `winaccept worker`.
pub fn worker_main() {
    tell_of_a_crash();
    let mut actors = Actors::default();
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<Request>(&line) {
            Ok(Request { id, order }) => {
                if let Some(report) = carry_out(id, order, &mut actors) {
                    write(&Reply { id, report });
                }
            }
            Err(error) => {
                let id = serde_json::from_str::<serde_json::Value>(&line).ok();
                let id = id.and_then(|request| request.get("id")?.as_u64()).unwrap_or_default();
                write(&Reply { id, report: Report::NotDone { reason: format!("not an order: {error}") } });
            }
        }
    }
    std::process::exit(0); // whatever its threads are doing
}

/// A call that brings its caller down says so before this process ends: no dialog and no debugger keeps it, and the driver
/// need not guess.
fn tell_of_a_crash() {
    unsafe extern "system" fn tell(_: *const EXCEPTION_POINTERS) -> i32 {
        // Past the lock and the buffer of standard output: the thread that crashed may hold either.
        // SAFETY: the handle is that of this process's standard output, and `ManuallyDrop` leaves it open.
        let mut output = unsafe { ManuallyDrop::new(File::from_raw_handle(std::io::stdout().as_raw_handle())) };
        let _ = output.write_all(b"\n{\"id\":0,\"did\":\"crashed\"}\n"); // if nobody listens, nobody has to know
        // SAFETY: it takes this process's own pseudo-handle, and nothing of this process runs afterwards.
        unsafe { TerminateProcess(GetCurrentProcess(), CRASHED_STATUS) };
        EXCEPTION_EXECUTE_HANDLER
    }
    // SAFETY: the filter is a plain function that lives as long as the process.
    unsafe { SetUnhandledExceptionFilter(Some(tell)) };
}

/// Writes one reply as one line. Threads take turns.
pub(super) fn write(reply: &Reply) {
    let mut line = serde_json::to_string(reply).expect("a reply is plain data with string keys");
    line.push('\n');
    let mut output = std::io::stdout().lock();
    if output.write_all(line.as_bytes()).and_then(|()| output.flush()).is_err() {
        std::process::exit(2); // nobody listens any more
    }
}

fn carry_out(id: u64, order: Order, actors: &mut Actors) -> Option<Report> {
    let not_done = |reason| Report::NotDone { reason };
    Some(match order {
        Order::Hello => {
            let identity = identity();
            let (name, version, build) = (identity.name, identity.version, identity.build);
            Report::Hello { name, version, build, process: std::process::id() }
        }
        Order::Begin { winsock, threads } => {
            *actors = Actors::start(threads);
            match winsock.map(startup) {
                None | Some(0) => Report::Done,
                Some(error) => not_done(format!("WSAStartup returned {error}")),
            }
        }
        Order::Call { thread, call } => match actors.hand(id, thread, Task::Call(call)) {
            Ok(()) => return None, // the thread answers
            Err(reason) => not_done(reason),
        },
        Order::ConditionReturns { thread, answer } => {
            match actors.hand(id, thread, Task::ConditionReturns(answer)) {
                Ok(()) => return None, // the thread answers
                Err(reason) => not_done(reason),
            }
        }
        Order::RoutineReturns { thread } => match actors.hand(id, thread, Task::RoutineReturns) {
            Ok(()) => return None, // the thread answers
            Err(reason) => not_done(reason),
        },
        Order::Waiting { thread } => match actors.waits_at(thread) {
            Ok(at) => Report::Waiting { at },
            Err(reason) => not_done(reason),
        },
        Order::Look { sockets } => Report::Looked { sockets: sockets.into_iter().map(look).collect() },
        Order::Connections { ipv6 } => match connections(ipv6) {
            Ok(connections) => Report::Connections { connections },
            Err(reason) => not_done(reason),
        },
        Order::EndThread { thread } => match actors.end_thread(thread) {
            Ok(()) => Report::Done,
            Err(reason) => not_done(reason),
        },
        Order::Exit { code } => std::process::exit(code),
        Order::End => Report::Ended { clean: end(std::mem::take(actors)) },
    })
}

fn startup([major, minor]: [u8; 2]) -> i32 {
    let mut data = ws::WSADATA::default();
    // SAFETY: `data` is writable.
    unsafe { ws::WSAStartup(u16::from_le_bytes([major, minor]), &raw mut data) }
}

/// Addresses and readiness of a socket, whatever it may be.
fn look(s: RawHandle) -> Looked {
    let socket = s as ws::SOCKET;
    let address = |get: unsafe extern "system" fn(ws::SOCKET, *mut ws::SOCKADDR, *mut i32) -> i32| {
        let (buffer, mut length) = (AddressBuffer::untouched(128), 128);
        // SAFETY: the buffer has the 128 bytes that its length says.
        if unsafe { get(socket, buffer.start().cast(), &raw mut length) } == 0 { buffer.read() } else { None }
    };
    let mut set = ws::FD_SET { fd_count: 1, ..ws::FD_SET::default() };
    set.fd_array[0] = socket;
    let at_once = ws::TIMEVAL { tv_sec: 0, tv_usec: 0 };
    let nothing = std::ptr::null_mut();
    // SAFETY: one set and a time, both valid.
    let readable = unsafe { ws::select(0, &raw mut set, nothing, nothing, &raw const at_once) } == 1;
    Looked { local: address(ws::getsockname), remote: address(ws::getpeername), readable }
}

/// Leaves the process as it was before the scenario. False if that cannot be.
fn end(actors: Actors) -> bool {
    let desk = actors.desk.clone();
    let started = startup([2, 2]) == 0; // a scenario may have cleaned up too much to close its sockets
    desk.opened.close_sockets();
    desk.opened.set_events();
    let back = actors.end(COME_BACK);
    desk.opened.close_sockets(); // accepted in the last moment
    desk.opened.close_events();
    // SAFETY: takes nothing.
    let cleaned = (0..MOST_CLEANUPS).any(|_| unsafe { ws::WSACleanup() } != 0);
    started && back && cleaned
}
