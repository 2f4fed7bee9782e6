//! An accept loop written against `windows-sys`, and its test, in a crate that depends on `winaccept-windows-sys` alone.

use core::ffi::c_void;
use core::mem::size_of;
use core::ptr::{null, null_mut};

use windows_sys::Win32::Networking::WinSock::*;
use windows_sys::Win32::System::Threading::{CreateThread, Sleep};

unsafe extern "system" fn worker(client: *mut c_void) -> u32 {
    let client = client as SOCKET;
    let mut bytes = [0; 16];
    unsafe {
        let count = recv(client, bytes.as_mut_ptr(), 16, 0);
        if count > 0 {
            send(client, bytes.as_ptr(), count, 0);
        }
        closesocket(client);
    }
    0
}

/// A thread for each client.
pub fn server() {
    unsafe {
        let mut data = WSADATA::default();
        assert_eq!(WSAStartup(0x202, &mut data), 0);
        let listener = WSASocketW(AF_INET as i32, SOCK_STREAM, IPPROTO_TCP, null(), 0, WSA_FLAG_OVERLAPPED);
        let address = SOCKADDR_IN { sin_family: AF_INET, ..Default::default() };
        assert_eq!(bind(listener, (&raw const address).cast(), size_of::<SOCKADDR_IN>() as i32), 0);
        assert_eq!(listen(listener, SOMAXCONN as i32), 0);
        loop {
            let client = accept(listener, null_mut(), null_mut());
            if client == INVALID_SOCKET {
                if WSAGetLastError() != WSAECONNRESET {
                    Sleep(100);
                }
                continue;
            }
            if CreateThread(null(), 0, Some(worker), client as *const c_void, 0, null_mut()).is_null() {
                closesocket(client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use windows_sys::{Coverage, Finding, Fuzz, Judge, Passed, Plan, Schedule};

    #[test]
    fn the_server_survives() {
        windows_sys::fuzz(super::server).check();
    }

    #[test]
    fn what_comes_of_a_search_has_a_name() {
        let fuzz: Fuzz = windows_sys::fuzz(super::server).without(Judge::CleanStop).runs(20);
        let plan: Plan = fuzz.plan(3).under(Schedule::Plain);
        assert!(!fuzz.once(&plan).plan.text().is_empty());
        let result: Result<Passed, Box<Finding>> = fuzz.run();
        let coverage: Coverage = result.expect("nothing is wrong with it").coverage;
        assert!(coverage.contains_key("WSASocket") && coverage.contains_key("accept"));
    }
}
