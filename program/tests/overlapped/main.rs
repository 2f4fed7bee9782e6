//! Loops around AcceptEx, completion ports and condition functions that are not in the museum: sound ones, which no judge may
//! convict, and broken ones.

mod broken;
#[path = "../judged/mod.rs"]
mod judged;
mod routines;
mod sound;
mod transfer;

use winaccept_program::{Code, CompletionPort, Error, How, Judge, Overlapped, Socket, Winsock};

use broken::*;
use judged::Loop;
use routines::*;
use sound::*;
use transfer::*;

/// Sound loops, with their names.
const SOUND: &[(&str, Loop)] = &[
    ("an event, one request", one_with_event),
    ("four requests, two threads at the port", two_threads_at_port),
    ("an OVERLAPPED for each request", fresh_overlapped),
    ("completed connections wait for who accepts", completed_list),
    ("stops: cancels, fetches the packet, ends", cancels_and_drains),
    ("stops: closes the listener, fetches what was aborted, ends", closes_and_drains),
    ("stops without a port: closes, then looks at the results", closes_and_looks),
    ("a receive buffer, silent clients are closed after three seconds", first_bytes),
    ("looks now and then whether it is complete", polls_status),
    ("sockets of failed requests are kept and used again", spare_sockets),
    ("more requests while there is more to do", adapts),
    ("addresses of both ends", asks_addresses),
    ("requests made by short-lived threads, told to a port", starters_with_port),
    ("a posted packet is a message", control_messages),
    ("the worker makes the next request, then serves", worker_reposts),
    ("a condition function that accepts", conditional),
    ("a condition function that puts off, and a wait", deferring),
    ("a condition function that accepts another connection", nested_accept),
    ("an echo server of requests alone", echo),
    ("an echo server of requests, which stops in order", echo_stops),
    ("receives without room, and a recv behind each", zero_byte_receives),
    ("completion routines in the wait for connections", routines),
    ("completion routines in a blocking accept", routines_in_accept),
    ("several packets at once", several_packets),
    ("sockets whose clients have gone are used again", recycles),
];

/// Broken loops, with the judge that convicts them.
const BROKEN: &[(&str, Loop, Judge)] = &[
    ("one OVERLAPPED for two requests", shares_overlapped, Judge::NoMisuse),
    ("the OVERLAPPED is freed after a time-out", frees_on_timeout, Judge::NoMisuse),
    ("the accepting thread ends with its OVERLAPPED", thread_ends_with_overlapped, Judge::NoMisuse),
    ("getsockname before the context", |w| before_context(w, |w, s| _ = w.getsockname(s)), Judge::NoMisuse),
    ("FIONBIO before the context", |w| before_context(w, |w, s| _ = w.nonblocking(s, true)), Judge::NoMisuse),
    ("half-closed before the context", |w| before_context(w, |w, s| _ = w.shutdown(s, How::Send)), Judge::NoMisuse),
    ("ends with its request under way", ends_with_request, Judge::CleanStop),
    ("the stop waits for a packet that nobody causes", stop_without_cancel, Judge::CleanStop),
    ("a failed request is taken for a time-out", failure_as_timeout, Judge::Alive),
    ("a request without data is taken for a failure", no_data_is_failure, Judge::Alive),
    ("a reset is a panic", panics_at_reset, Judge::Alive),
    ("accepted sockets are not closed", never_closes, Judge::NothingLeaked),
    ("one of two requests is not made again", loses_one, Judge::NothingLeaked),
    ("64 ends one of two requests", stops_at_64, Judge::NoConfusion),
    ("what is complete at once is used at once, and waited for", done_and_awaited, Judge::NoConfusion),
    ("everybody is rejected", rejects_all, Judge::Alive),
    ("a failure to make a socket is tried again at once", socket_spins, Judge::NoSpin),
    ("zero bytes are taken for none yet", zero_is_no_end, Judge::NoSpin),
    ("a send that goes on is taken for done", send_is_done, Judge::NoMisuse),
    ("a receive that is complete at once is not waited for", no_packet_expected, Judge::NoConfusion),
    ("a receive that fails ends the server", failed_receive_ends, Judge::Alive),
    ("a receive that fails leaves its connection open", failed_receive_stays_open, Judge::NothingLeaked),
    ("one OVERLAPPED for both directions", one_for_both, Judge::NoMisuse),
    ("the OVERLAPPED is freed before its completion routine has run", frees_before_routine, Judge::NoMisuse),
    ("nobody waits alertably for the completion routines", sleeps_deaf, Judge::NothingLeaked),
];

fn pause(w: &Winsock<'_>) {
    w.sleep(100);
}

fn answer(w: &Winsock<'_>, client: Socket) {
    if let Ok(bytes) = w.recv(client, 64) {
        let _ = w.send(client, &bytes);
    }
    let _ = w.closesocket(client);
}

fn is_under_way(result: &Result<u32, Error>) -> bool {
    matches!(result, Ok(_) | Err(Code::ERROR_IO_PENDING))
}

/// Makes a request, and waits until it can be made.
fn post(w: &Winsock<'_>, listener: Socket, receive: u32, over: &Overlapped) -> Socket {
    loop {
        if let Ok(accept) = w.socket() {
            if is_under_way(&w.accept_ex(listener, accept, receive, over)) {
                return accept;
            }
            let _ = w.closesocket(accept);
        }
        pause(w);
    }
}

/// A connection that a request has brought, or the end of its socket.
fn take(w: &Winsock<'_>, listener: Socket, accept: Socket, failed: bool) -> Option<Socket> {
    if !failed && w.update_accept_context(accept, listener).is_ok() {
        return Some(accept);
    }
    let _ = w.closesocket(accept);
    None
}

fn serve(w: &Winsock<'_>, client: Socket) {
    w.spawn("worker", move |w| answer(w, client));
}

fn with_port(w: &Winsock<'_>) -> (Socket, CompletionPort) {
    let listener = w.listener(5).expect("nothing fails yet");
    let port = w.create_port().expect("nothing fails yet");
    w.associate(listener, port, 7).expect("nothing fails yet");
    (listener, port)
}

#[test]
fn sound_loops_are_not_convicted() {
    judged::none_is_convicted(SOUND, 200);
}

#[test]
fn broken_loops_are_convicted() {
    judged::all_are_convicted(BROKEN);
}
