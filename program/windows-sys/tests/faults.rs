//! What fails at `socket` fails at `WSASocket`, too, and so on: a program has the one or the other.
#![cfg(not(windows))]

#[allow(dead_code)] // another test has the other servers
mod servers;

use core::mem::size_of;
use std::ptr::{null, null_mut};

use servers::blocking::{begins, heeds, listener};
use winaccept_windows_sys::Win32::Networking::WinSock::*;
use winaccept_windows_sys::fuzz;

/// What a loop does with each client; it panics where a call fails for want of what it needs.
type Step = unsafe fn(SOCKET, SOCKET);

/// Accepts and serves.
unsafe fn accepting(step: Step, accepts: unsafe fn(SOCKET) -> SOCKET) {
    unsafe {
        let listener = listener();
        loop {
            let client = accepts(listener);
            if client == INVALID_SOCKET {
                heeds(WSAGetLastError());
                continue;
            }
            step(listener, client);
        }
    }
}

unsafe fn plain(listener: SOCKET) -> SOCKET {
    unsafe { accept(listener, null_mut(), null_mut()) }
}

/// The bug of them all: this failure was not thought of.
unsafe fn dies_of(wanted: &[i32]) {
    let error = unsafe { WSAGetLastError() };
    assert!(!wanted.contains(&error), "not thought of: {error}");
}

/// A second socket for each client, as a proxy has one.
unsafe fn wide(_: SOCKET, client: SOCKET) {
    unsafe {
        let other = WSASocketW(AF_INET.into(), SOCK_STREAM, IPPROTO_TCP, null(), 0, WSA_FLAG_OVERLAPPED);
        if other == INVALID_SOCKET {
            dies_of(&[WSAEMFILE]);
        } else {
            closesocket(other);
        }
        begins(client);
    }
}

unsafe fn narrow(_: SOCKET, client: SOCKET) {
    unsafe {
        let other = WSASocketA(AF_INET.into(), SOCK_STREAM, IPPROTO_TCP, null(), 0, WSA_FLAG_OVERLAPPED);
        if other == INVALID_SOCKET {
            dies_of(&[WSAEMFILE]);
        } else {
            closesocket(other);
        }
        begins(client);
    }
}

unsafe fn short(_: SOCKET, client: SOCKET) {
    unsafe {
        let other = socket(AF_INET.into(), SOCK_STREAM, IPPROTO_TCP);
        if other == INVALID_SOCKET {
            dies_of(&[WSAEMFILE]);
        } else {
            closesocket(other);
        }
        begins(client);
    }
}

/// Waits for bytes with a time-out, so that nobody holds the loop, and takes them with this.
unsafe fn reading(client: SOCKET, takes: unsafe fn(SOCKET) -> i32) {
    unsafe {
        let mut set = FD_SET { fd_count: 1, ..FD_SET::default() };
        set.fd_array[0] = client;
        let second = TIMEVAL { tv_sec: 1, tv_usec: 0 };
        if select(0, &raw mut set, null_mut(), null_mut(), &raw const second) == 1 && takes(client) == SOCKET_ERROR {
            dies_of(&[WSAENETDOWN]);
        }
        closesocket(client);
    }
}

unsafe fn recv_of(client: SOCKET) -> i32 {
    let mut bytes = [0; 16];
    unsafe { recv(client, bytes.as_mut_ptr(), 16, 0) }
}

unsafe fn wsarecv_of(client: SOCKET) -> i32 {
    let mut bytes = [0; 16];
    let buffer = WSABUF { len: 16, buf: bytes.as_mut_ptr() };
    let (mut count, mut flags) = (0, 0);
    unsafe { WSARecv(client, &raw const buffer, 1, &raw mut count, &raw mut flags, null_mut(), None) }
}

unsafe fn reads(_: SOCKET, client: SOCKET) {
    unsafe { reading(client, recv_of) }
}

unsafe fn reads_wide(_: SOCKET, client: SOCKET) {
    unsafe { reading(client, wsarecv_of) }
}

unsafe fn served(_: SOCKET, client: SOCKET) {
    unsafe { begins(client) }
}

unsafe fn accept_of(listener: SOCKET) -> SOCKET {
    unsafe {
        let client = accept(listener, null_mut(), null_mut());
        if client == INVALID_SOCKET {
            dies_of(&[WSAENOBUFS]);
        }
        client
    }
}

unsafe fn wsaaccept_of(listener: SOCKET) -> SOCKET {
    unsafe {
        let client = WSAAccept(listener, null_mut(), null_mut(), None, 0);
        if client == INVALID_SOCKET {
            dies_of(&[WSAENOBUFS]);
        }
        client
    }
}

/// Looks first whether somebody is there.
unsafe fn after_select(listener: SOCKET) -> SOCKET {
    unsafe {
        let mut set = FD_SET { fd_count: 1, ..FD_SET::default() };
        set.fd_array[0] = listener;
        if select(0, &raw mut set, null_mut(), null_mut(), null()) == SOCKET_ERROR {
            dies_of(&[WSAENETDOWN]);
        }
        accept(listener, null_mut(), null_mut())
    }
}

unsafe fn after_poll(listener: SOCKET) -> SOCKET {
    unsafe {
        let mut polled = WSAPOLLFD { fd: listener, events: POLLRDNORM, revents: 0 };
        if WSAPoll(&raw mut polled, 1, -1) == SOCKET_ERROR {
            dies_of(&[WSAENETDOWN]);
        }
        accept(listener, null_mut(), null_mut())
    }
}

#[test]
fn what_fails_at_one_of_two_calls_fails_at_the_other() {
    type Accepts = unsafe fn(SOCKET) -> SOCKET;
    type Twins<'a> = (&'a str, &'a str, &'a [(Step, Accepts)]);
    let pairs: &[Twins<'_>] = &[
        ("good,nobody-late/no-descriptors@socket1", "socket", &[(short, plain), (wide, plain), (narrow, plain)]),
        ("good,nobody-late/network-down@recv1", "recv", &[(reads, plain), (reads_wide, plain)]),
        ("good,nobody-late/no-buffers@accept1", "accept", &[(served, accept_of), (served, wsaaccept_of)]),
        ("good,nobody-late/network-down@select1", "select", &[(served, after_select), (served, after_poll)]),
    ];
    for (plan, call, programs) in pairs {
        for (number, &(step, accepts)) in programs.iter().enumerate() {
            let server = move || unsafe { accepting(step, accepts) };
            let finding = fuzz(server).replay(plan).map(|_| panic!("{call} {number}: {plan} finds nothing"));
            let finding = finding.expect_err("it is a finding");
            assert!(finding.reason.contains("not thought of"), "{call} {number}: {finding}");
            // A search comes to it by itself.
            let finding = fuzz(server).run().expect_err("it is found");
            assert!(finding.reason.contains("not thought of"), "{call} {number}: {finding}");
        }
    }
}

#[test]
fn the_listener_is_made_before_anything_fails() {
    fn server() {
        unsafe {
            let mut data = WSADATA::default();
            assert_eq!(WSAStartup(0x202, &raw mut data), 0);
            let s = WSASocketW(AF_INET.into(), SOCK_STREAM, IPPROTO_TCP, null(), 0, 0);
            assert_ne!(s, INVALID_SOCKET, "the first socket is there");
            let address = SOCKADDR_IN { sin_family: AF_INET, ..SOCKADDR_IN::default() };
            assert_eq!(bind(s, (&raw const address).cast(), size_of::<SOCKADDR_IN>() as i32), 0);
            assert_eq!(listen(s, 5), 0);
            loop {
                match accept(s, null_mut(), null_mut()) {
                    INVALID_SOCKET => heeds(WSAGetLastError()),
                    client => begins(client),
                }
            }
        }
    }
    fuzz(server).check();
}
