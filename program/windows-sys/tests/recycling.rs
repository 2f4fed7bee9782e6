//! Sockets that are used for one connection after the other.
#![cfg(not(windows))]

#[allow(dead_code)] // another test has the other servers
mod servers;

use std::ptr::{null, null_mut};

use servers::blocking::listener;
use servers::recycling::{By, accepts};
use winaccept_windows_sys::Win32::Networking::WinSock::*;
use winaccept_windows_sys::{Judge, fuzz, wait_for_stop};

#[test]
fn servers_that_recycle_their_sockets_are_not_convicted() {
    let runs = if cfg!(debug_assertions) { 200 } else { 2000 };
    for by in [By::DisconnectEx, By::TransmitFile] {
        for profile in ["documented", "windows"] {
            match fuzz(move || accepts(by)).profile(profile).expect("it is one of them").runs(runs).run() {
                Ok(passed) => {
                    assert!(passed.undecided * 5 <= passed.runs, "{by:?} under {profile}:\n{}", passed.reasons());
                    assert!(passed.coverage.keys().any(|call| format!("{by:?}") == *call), "{by:?}");
                }
                Err(finding) => panic!("{by:?} under {profile}:\n{finding}"),
            }
        }
    }
}

#[test]
fn a_server_that_takes_a_socket_for_free_is_convicted() {
    let finding = fuzz(|| accepts(By::Nothing)).run().map(|passed| panic!("not convicted\n{}", passed.reasons()));
    let finding = finding.expect_err("it is a finding");
    assert!(finding.confirmed, "{finding}");
}

#[test]
fn files_have_no_words_and_an_unbound_socket_is_refused() {
    fn program() {
        unsafe {
            let s = listener();
            let name = WSAID_CONNECTEX;
            let mut connects: LPFN_CONNECTEX = None;
            let (from, to, mut bytes) = ((&raw const name).cast(), (&raw mut connects).cast(), 0);
            let code = SIO_GET_EXTENSION_FUNCTION_POINTER;
            assert_eq!(WSAIoctl(s, code, from, 16, to, 8, &raw mut bytes, null_mut(), None), 0);
            let over = Box::leak(Box::default());
            let address = SOCKADDR_IN { sin_family: AF_INET, ..Default::default() };
            let fresh = socket(AF_INET.into(), SOCK_STREAM, 0);
            let connects = connects.expect("it is there");
            let made = connects(fresh, (&raw const address).cast(), 16, null(), 0, null_mut(), over);
            assert_eq!((made, WSAGetLastError()), (0, WSAEINVAL));
            assert_eq!(
                (TransmitFile(s, null_mut(), 0, 0, null_mut(), null(), TF_DISCONNECT), WSAGetLastError()),
                (0, WSAENOTCONN)
            );
            TransmitFile(s, null_mut(), 5, 0, null_mut(), null(), 0);
            wait_for_stop();
        }
    }
    let passed = fuzz(program).only(Judge::NoMisuse).runs(5).run().unwrap_or_else(|finding| panic!("{finding}"));
    assert!(passed.undecided_by.keys().all(|why| why.starts_with("TransmitFile of a file")), "{}", passed.reasons());
    assert_eq!(passed.undecided, passed.runs);
}
