//! The thread pool.
#![cfg(not(windows))]

#[allow(dead_code)] // another test has the other servers
mod servers;

use std::ptr::{null_mut, without_provenance_mut};

use servers::blocking::listener;
use servers::pool::{Bug, echo, works};
use winaccept_windows_sys::Win32::Networking::WinSock::*;
use winaccept_windows_sys::Win32::System::IO::*;
use winaccept_windows_sys::Win32::System::Threading::Sleep;
use winaccept_windows_sys::{Judge, fuzz, wait_for_stop};

#[test]
fn a_server_of_the_pool_is_not_convicted() {
    let runs = if cfg!(debug_assertions) { 200 } else { 3000 };
    for profile in ["documented", "windows"] {
        match fuzz(|| echo(Bug::Nothing)).profile(profile).expect("it is one of them").runs(runs).run() {
            Ok(passed) => assert!(passed.undecided * 20 <= passed.runs, "under {profile}:\n{}", passed.reasons()),
            Err(finding) => panic!("under {profile}:\n{finding}"),
        }
    }
}

#[test]
fn broken_servers_of_the_pool_are_convicted() {
    let broken =
        [(Bug::NoStart, Judge::NoMisuse, "not announced by StartThreadpoolIo"), (Bug::NotAgain, Judge::Alive, "")];
    for (bug, judge, wanted) in broken {
        let finding =
            fuzz(move || echo(bug)).run().map(|passed| panic!("{bug:?}: not convicted\n{}", passed.reasons()));
        let finding = finding.expect_err("it is a finding");
        let leaks = finding.judge == Judge::NothingLeaked && judge == Judge::Alive;
        assert!((finding.judge == judge || leaks) && finding.reason.contains(wanted), "{bug:?}\n{finding}");
    }
}

#[test]
fn work_is_done() {
    let whole = || {
        works();
        wait_for_stop();
    };
    let passed = fuzz(whole).only(Judge::NoMisuse).runs(50).run().unwrap_or_else(|finding| panic!("{finding}"));
    assert_eq!(passed.undecided, 0, "{}", passed.reasons());
}

/// What is told to a callback of the socket's own: success, and no code of a failure.
#[test]
fn a_callback_of_a_socket_is_told_of_success() {
    unsafe extern "system" fn is_told(error: u32, bytes: u32, over: *mut OVERLAPPED) {
        assert_eq!((error, bytes, over.is_null()), (0, 0, false));
        unsafe { closesocket((*over).Anonymous.Anonymous.Offset as usize) };
    }
    fn server() {
        unsafe {
            let listener = listener();
            assert_eq!(BindIoCompletionCallback(without_provenance_mut(listener), Some(is_told), 0), 1);
            for _ in 0..4 {
                let s = socket(AF_INET.into(), SOCK_STREAM, 0);
                let over: *mut OVERLAPPED = Box::leak(Box::default());
                (*over).Anonymous.Anonymous.Offset = s as u32;
                AcceptEx(listener, s, Box::leak(Box::new([0_u8; 64])).as_mut_ptr().cast(), 0, 32, 32, null_mut(), over);
            }
            loop {
                Sleep(1000);
            }
        }
    }
    let passed = fuzz(server).only(Judge::NoMisuse).runs(300).run().unwrap_or_else(|finding| panic!("{finding}"));
    assert!(passed.undecided > 0 && passed.undecided < passed.runs, "{}", passed.reasons());
    assert!(
        passed.undecided_by.keys().any(|why| why.starts_with("BindIoCompletionCallback with a request that fails"))
    );
}
