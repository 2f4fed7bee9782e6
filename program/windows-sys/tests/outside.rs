//! Threads of `std`, which nobody schedules: a test that fails, not a process that ends. It has a process of its own, since whose threads
//! they are nobody knows.
#![cfg(not(windows))]

use std::ptr::null_mut;

use winaccept_windows_sys::Win32::Networking::WinSock::*;
use winaccept_windows_sys::{fuzz, thread};

fn listener() -> SOCKET {
    unsafe {
        let s = socket(AF_INET.into(), SOCK_STREAM, 0);
        let address = SOCKADDR_IN { sin_family: AF_INET, ..Default::default() };
        assert_eq!((bind(s, (&raw const address).cast(), 16), listen(s, 5)), (0, 0));
        s
    }
}

fn serves(client: SOCKET) {
    unsafe {
        let mut buffer = [0; 64];
        let count = recv(client, buffer.as_mut_ptr(), 64, 0);
        if count > 0 {
            send(client, buffer.as_ptr(), count, 0);
        }
        closesocket(client);
    }
}

fn accepts(serves: fn(SOCKET)) {
    let listener = listener();
    loop {
        let client = unsafe { accept(listener, null_mut(), null_mut()) };
        if client == INVALID_SOCKET {
            thread::sleep(std::time::Duration::from_millis(100));
        } else {
            serves(client);
        }
    }
}

#[test]
fn threads_of_std_end_the_search_with_what_to_do() {
    let spawns = |client| _ = std::thread::spawn(move || serves(client));
    let server = move || accepts(spawns);
    let told = std::panic::catch_unwind(|| fuzz(server).runs(200).check()).expect_err("it fails");
    let told = told.downcast_ref::<String>().expect("a text");
    assert!(told.contains("is called outside of a run") && told.contains("thread::spawn"), "{told}");
    // One that ends when it is told of failures can be waited for.
    let joins = |client| std::thread::spawn(move || serves(client)).join().expect("it has not panicked");
    let passed = fuzz(move || accepts(joins)).runs(50).run().unwrap_or_else(|finding| panic!("{finding}"));
    assert!(passed.undecided_by.keys().any(|why| why.contains("is called outside of a run")), "{}", passed.reasons());
    // The next search has its own threads, and nothing to do with those.
    let own = |client| _ = thread::spawn(move || serves(client));
    let passed = fuzz(move || accepts(own)).runs(200).run().unwrap_or_else(|finding| panic!("{finding}"));
    assert_eq!(passed.undecided, 0, "{}", passed.reasons());
}
