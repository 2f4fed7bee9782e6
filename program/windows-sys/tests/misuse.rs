//! What a program may not do with the memory of a request under way: found, without anybody writing where nothing is any more.
#![cfg(not(windows))]

use std::ptr::{null, null_mut, without_provenance_mut};

use winaccept_windows_sys::Win32::Foundation::{GetLastError, INVALID_HANDLE_VALUE, SetLastError, TRUE, WAIT_TIMEOUT};
use winaccept_windows_sys::Win32::Networking::WinSock::*;
use winaccept_windows_sys::Win32::System::IO::*;
use winaccept_windows_sys::Win32::System::Threading::*;
use winaccept_windows_sys::{Judge, fuzz, thread, wait_for_stop};

const ROOM: u32 = 32;

unsafe fn listener() -> SOCKET {
    unsafe {
        let s = socket(AF_INET.into(), SOCK_STREAM, 0);
        let address = SOCKADDR_IN { sin_family: AF_INET, ..Default::default() };
        assert_eq!(bind(s, (&raw const address).cast(), 16), 0);
        assert_eq!(listen(s, 5), 0);
        s
    }
}

/// `AcceptEx` with this memory; the socket.
unsafe fn posts(listener: SOCKET, buffer: *mut u8, over: *mut OVERLAPPED) -> SOCKET {
    unsafe {
        let accept = socket(AF_INET.into(), SOCK_STREAM, 0);
        let mut bytes = 0;
        AcceptEx(listener, accept, buffer.cast(), 0, ROOM, ROOM, &raw mut bytes, over);
        accept
    }
}

/// It is convicted, for this.
fn is_found(server: fn(), judge: Judge, wanted: &str) {
    let finding = fuzz(server).run().map(|passed| panic!("not convicted: {wanted}\n{}", passed.reasons()));
    let finding = finding.expect_err("it is a finding");
    assert!(finding.judge == judge && finding.reason.contains(wanted), "{finding}");
}

fn is_misuse(server: fn(), wanted: &str) {
    is_found(server, Judge::NoMisuse, wanted);
}

#[test]
fn a_buffer_that_is_freed() {
    fn server() {
        unsafe {
            let listener = listener();
            let over = Box::leak(Box::default());
            let mut buffer = vec![0; 64];
            posts(listener, buffer.as_mut_ptr(), over);
            drop(buffer);
            Sleep(1000);
        }
    }
    is_misuse(server, "is freed while the request is under way");
}

#[test]
fn an_overlapped_that_is_freed() {
    fn server() {
        unsafe {
            let listener = listener();
            let mut over = Box::<OVERLAPPED>::default();
            posts(listener, Box::leak(Box::new([0_u8; 64])).as_mut_ptr(), &raw mut *over);
            drop(over);
            Sleep(1000);
        }
    }
    is_misuse(server, "is freed while the request is under way");
}

#[test]
fn an_overlapped_on_a_stack_frame_that_has_gone() {
    #[inline(never)]
    unsafe fn begins(listener: SOCKET) {
        unsafe {
            // Far enough in that nothing of it is left when it has come back.
            let mut room = [0_u8; 2048];
            let mut over = OVERLAPPED::default();
            posts(listener, room.as_mut_ptr(), &raw mut over);
            std::hint::black_box(&mut room);
        }
    }
    fn server() {
        unsafe {
            let listener = listener();
            begins(listener);
            Sleep(1000);
        }
    }
    is_misuse(server, "while");
}

#[test]
fn an_overlapped_on_the_stack_of_a_thread_that_has_ended() {
    fn server() {
        let listener = unsafe { listener() };
        let port = unsafe { CreateIoCompletionPort(without_provenance_mut(listener), null_mut(), 0, 0) };
        let port = port.addr();
        thread::spawn(move || unsafe {
            let mut over = OVERLAPPED::default();
            let mut buffer = [0_u8; 64];
            posts(listener, buffer.as_mut_ptr(), &raw mut over);
        });
        let (mut bytes, mut key, mut over) = (0, 0, null_mut());
        let port = without_provenance_mut(port);
        unsafe { GetQueuedCompletionStatus(port, &raw mut bytes, &raw mut key, &raw mut over, INFINITE) };
    }
    is_misuse(server, "while");
}

#[test]
fn an_overlapped_that_is_zeroed() {
    fn server() {
        unsafe {
            let listener = listener();
            let over = Box::leak(Box::<OVERLAPPED>::default());
            posts(listener, Box::leak(Box::new([0_u8; 64])).as_mut_ptr(), over);
            *over = OVERLAPPED::default();
            Sleep(1000);
        }
    }
    is_misuse(server, "an OVERLAPPED is written to");
}

#[test]
fn a_buffer_that_is_written_to() {
    fn server() {
        unsafe {
            let listener = listener();
            let buffer = Box::leak(Box::new([0_u8; 64]));
            posts(listener, buffer.as_mut_ptr(), Box::leak(Box::default()));
            buffer[63] = 1;
            Sleep(1000);
        }
    }
    is_misuse(server, "the buffer of a request is written to");
}

#[test]
fn an_overlapped_that_is_used_again() {
    fn server() {
        unsafe {
            let listener = listener();
            let over: *mut OVERLAPPED = Box::leak(Box::default());
            posts(listener, Box::leak(Box::new([0_u8; 64])).as_mut_ptr(), over);
            posts(listener, Box::leak(Box::new([0_u8; 64])).as_mut_ptr(), over);
        }
    }
    is_misuse(server, "AcceptEx is given an OVERLAPPED whose request is under way");
}

#[test]
fn a_buffer_for_two_requests() {
    fn server() {
        unsafe {
            let listener = listener();
            let buffer = Box::leak(Box::new([0_u8; 64])).as_mut_ptr();
            posts(listener, buffer, Box::leak(Box::default()));
            posts(listener, buffer, Box::leak(Box::default()));
        }
    }
    is_misuse(server, "AcceptEx is given a buffer that a request under way has");
}

#[test]
fn nothing_where_something_has_to_be() {
    fn gets_nothing() {
        unsafe { WSAStartup(0x202, null_mut()) };
    }
    fn receives_nowhere() {
        unsafe {
            let client = accept(listener(), null_mut(), null_mut());
            recv(client, null_mut(), 16, 0);
        }
    }
    fn runs_nothing() {
        unsafe { CreateThread(null(), 0, None, null(), 0, null_mut()) };
    }
    is_misuse(gets_nothing, "WSAStartup is given NULL for lpWSAData");
    is_misuse(receives_nowhere, "recv is given NULL for buf");
    is_misuse(runs_nothing, "CreateThread is given NULL for lpStartAddress");
}

#[test]
fn what_the_model_has_no_words_for_is_named() {
    fn server() {
        unsafe {
            let client = accept(listener(), null_mut(), null_mut());
            let buffer = WSABUF { len: 0, buf: null_mut() };
            let (mut bytes, mut flags) = (0, 2);
            WSARecv(client, &raw const buffer, 1, &raw mut bytes, &raw mut flags, null_mut(), None);
        }
    }
    let passed = fuzz(server).only(Judge::NoSpin).runs(50).run().expect("nothing can be said");
    assert!(passed.undecided_by.keys().any(|why| why.starts_with("WSARecv with flags")), "{}", passed.reasons());
    let failed =
        std::panic::catch_unwind(|| fuzz(server).only(Judge::NoSpin).runs(50).check()).expect_err("it says so");
    let text = failed.downcast_ref::<String>().expect("a text");
    assert!(text.contains("WSARecv with flags, or with so many buffers: the model has no words for it"), "{text}");
}

/// Each kind of failure leaves its code for `WSAGetLastError`, and for `GetLastError`.
#[test]
fn failures_leave_their_codes() {
    fn server() {
        unsafe {
            SetLastError(0);
            assert_eq!((accept(4, null_mut(), null_mut()), WSAGetLastError()), (INVALID_SOCKET, WSAENOTSOCK));
            let s = socket(AF_INET.into(), SOCK_STREAM, 0);
            WSASetLastError(7);
            assert_eq!((GetLastError(), listen(s, 5), WSAGetLastError()), (7, SOCKET_ERROR, WSAEINVAL));
            let mut on = 1;
            let s = listener();
            ioctlsocket(s, FIONBIO, &raw mut on);
            assert_eq!(accept(s, null_mut(), null_mut()), INVALID_SOCKET);
            assert_eq!((WSAGetLastError(), GetLastError()), (WSAEWOULDBLOCK, WSAEWOULDBLOCK as u32));
            let port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, null_mut(), 0, 0);
            let (mut bytes, mut key, mut over) = (0, 0, null_mut());
            assert_eq!(GetQueuedCompletionStatus(port, &raw mut bytes, &raw mut key, &raw mut over, 0), 0);
            assert_eq!((GetLastError(), over), (WAIT_TIMEOUT, null_mut()));
            wait_for_stop();
        }
    }
    // It serves nobody; what it asserts would show as a panic.
    let finding = fuzz(server).only(Judge::Alive).runs(1).run().expect_err("nobody is served");
    assert!(!finding.reason.contains("panics"), "{finding}");
}

/// What is done when a thread panics: its handles are closed while it is unwound.
#[test]
fn a_panic_is_a_finding_whatever_is_dropped() {
    struct Closes(SOCKET);
    impl Drop for Closes {
        fn drop(&mut self) {
            unsafe { closesocket(self.0) };
        }
    }
    fn server() {
        let listener = Closes(unsafe { listener() });
        loop {
            let client = unsafe { accept(listener.0, null_mut(), null_mut()) };
            assert_ne!(client, INVALID_SOCKET);
            drop(Closes(client));
        }
    }
    is_found(server, Judge::Alive, "panics");
}

/// Data, addresses and results come to where the program has said, and not before.
#[test]
fn what_a_request_brings() {
    fn server() {
        unsafe {
            let listener = listener();
            let event = WSACreateEvent();
            let over = Box::leak(Box::<OVERLAPPED>::default());
            let buffer = Box::leak(Box::new([0_u8; 80]));
            loop {
                let accept = socket(AF_INET.into(), SOCK_STREAM, 0);
                if accept == INVALID_SOCKET {
                    Sleep(100);
                    continue;
                }
                WSAResetEvent(event);
                over.hEvent = without_provenance_mut(event.cast_unsigned());
                let mut bytes = 0;
                AcceptEx(listener, accept, buffer.as_mut_ptr().cast(), 16, ROOM, ROOM, &raw mut bytes, over);
                let (mut count, mut flags) = (0, 0);
                let good = WSAGetOverlappedResult(listener, over, &raw mut count, TRUE, &raw mut flags);
                if good == TRUE {
                    assert_eq!(
                        (over.Internal, over.InternalHigh, count as usize),
                        (0, count as usize, over.InternalHigh)
                    );
                    assert_eq!(&buffer[..count as usize], &b"hello"[..count as usize]);
                    send(accept, buffer.as_ptr(), count as i32, 0);
                } else {
                    assert_ne!(over.Internal, 0);
                }
                closesocket(accept);
            }
        }
    }
    // A silent client holds the only request: that is its bug, and not what is looked at here.
    let passed = fuzz(server).only(Judge::NoMisuse).runs(200).run().unwrap_or_else(|finding| panic!("{finding}"));
    assert!(passed.undecided * 20 < passed.runs, "{}", passed.reasons());
}

/// An OVERLAPPED on the stack of a function that waits for its request is where it should be.
#[test]
fn memory_on_the_stack_is_fine_while_its_frame_is_there() {
    unsafe fn one(listener: SOCKET, port: *mut core::ffi::c_void) {
        unsafe {
            let mut over = OVERLAPPED::default();
            let mut buffer = [0_u8; 64];
            let accept = posts(listener, buffer.as_mut_ptr(), &raw mut over);
            let (mut bytes, mut key, mut at) = (0, 0, null_mut());
            let good = GetQueuedCompletionStatus(port, &raw mut bytes, &raw mut key, &raw mut at, INFINITE);
            assert!(std::ptr::eq(at, &raw const over));
            closesocket(accept);
            if good == 0 {
                Sleep(100);
            }
        }
    }
    fn server() {
        unsafe {
            let listener = listener();
            let port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, null_mut(), 0, 0);
            CreateIoCompletionPort(without_provenance_mut(listener), port, 7, 0);
            loop {
                one(listener, port);
            }
        }
    }
    let passed = fuzz(server).only(Judge::NoMisuse).runs(100).run().unwrap_or_else(|finding| panic!("{finding}"));
    assert!(passed.undecided * 20 < passed.runs, "{}", passed.reasons());
}
