//! Time, memory and texts of errors; and a crate of which one line makes it take its functions from here.
#![cfg(not(windows))]
#![allow(unreachable_pub)] // a module of a test program, which exports nothing

extern crate winaccept_windows_sys as windows_sys;

use windows_sys::{Judge, fuzz, wait_for_stop};

/// Written against `windows_sys`, without a `cfg`.
mod programs {
    use std::ptr::null_mut;

    use windows_sys::Win32::Foundation::*;
    use windows_sys::Win32::Networking::WinSock::*;
    use windows_sys::Win32::System::Diagnostics::Debug::*;
    use windows_sys::Win32::System::IO::*;
    use windows_sys::Win32::System::Memory::*;
    use windows_sys::Win32::System::Performance::*;
    use windows_sys::Win32::System::SystemInformation::*;
    use windows_sys::Win32::System::Threading::*;

    pub fn tells_the_time() {
        unsafe {
            let (mut frequency, mut before, mut after) = (0, 0, 0);
            assert_eq!(QueryPerformanceFrequency(&raw mut frequency), TRUE);
            let began = GetTickCount64();
            QueryPerformanceCounter(&raw mut before);
            Sleep(1500);
            QueryPerformanceCounter(&raw mut after);
            assert_eq!((GetTickCount64() - began, GetTickCount() as u64), (1500, began + 1500));
            assert_eq!((after - before) * 1000 / frequency, 1500);
        }
    }

    pub fn has_memory() {
        unsafe {
            let heap = GetProcessHeap();
            let memory = HeapAlloc(heap, HEAP_ZERO_MEMORY, 100).cast::<u8>();
            assert_eq!((memory.add(99).read(), HeapSize(heap, 0, memory.cast())), (0, 100));
            assert_eq!(HeapFree(heap, 0, memory.cast()), TRUE);
            assert!(LocalFree(LocalAlloc(LMEM_FIXED, 3)).is_null());
        }
    }

    pub fn says_what_failed() {
        unsafe {
            let mut text: *mut u16 = null_mut();
            let flags = FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
            let to = (&raw mut text).cast();
            let length = FormatMessageW(flags, null_mut(), WSAECONNRESET as u32, 0, to, 0, null_mut());
            let written = String::from_utf16(std::slice::from_raw_parts(text, length as usize)).expect("it is one");
            assert_eq!((written.as_str(), text.add(length as usize).read()), ("error 10054\r\n", 0));
            LocalFree(text.cast());
            let mut small = [0_u8; 4];
            assert_eq!(
                FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, null_mut(), 5, 0, small.as_mut_ptr(), 4, null_mut()),
                0
            );
            assert_eq!(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
        }
    }

    /// What HeapFree gives back belongs to a request.
    pub fn frees_a_buffer() {
        unsafe {
            let s = socket(AF_INET.into(), SOCK_STREAM, 0);
            let address = SOCKADDR_IN { sin_family: AF_INET, ..Default::default() };
            bind(s, (&raw const address).cast(), 16);
            listen(s, 5);
            let accept = socket(AF_INET.into(), SOCK_STREAM, 0);
            let (heap, mut bytes) = (GetProcessHeap(), 0);
            let over = HeapAlloc(heap, HEAP_ZERO_MEMORY, size_of::<OVERLAPPED>()).cast();
            let buffer = HeapAlloc(heap, 0, 64);
            AcceptEx(s, accept, buffer, 0, 32, 32, &raw mut bytes, over);
            HeapFree(heap, 0, buffer);
            Sleep(1000);
        }
    }
}

#[test]
fn time_memory_and_texts_are_there() {
    let whole = || {
        programs::tells_the_time();
        programs::has_memory();
        programs::says_what_failed();
        wait_for_stop();
    };
    let passed = fuzz(whole).only(Judge::NoMisuse).runs(20).run().unwrap_or_else(|finding| panic!("{finding}"));
    assert_eq!(passed.undecided, 0, "{}", passed.reasons());
}

#[test]
fn memory_of_the_heap_is_watched() {
    let finding = fuzz(programs::frees_a_buffer).run().map(|passed| panic!("not convicted\n{}", passed.reasons()));
    let finding = finding.expect_err("it is a finding");
    assert!(finding.judge == Judge::NoMisuse && finding.reason.contains("is freed while"), "{finding}");
}
