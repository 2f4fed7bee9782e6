//! Threads and what they wait for: each program asserts what it finds, and a panic would be a finding.
#![cfg(not(windows))]

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr::{null, null_mut};

use winaccept_windows_sys::Win32::Foundation::*;
use winaccept_windows_sys::Win32::System::Threading::*;
use winaccept_windows_sys::{Judge, fuzz, thread, wait_for_stop};

/// Runs a program that serves nobody, many times. Whatever it asserts holds in each run, and each run comes to its end.
fn holds(program: fn()) {
    thread_local! {
        static ENDS: RefCell<u64> = const { RefCell::new(0) };
    }
    let whole = move || {
        program();
        ENDS.with_borrow_mut(|ends| *ends += 1);
        wait_for_stop();
    };
    let ran = fuzz(whole).only(Judge::NoMisuse).runs(200).run();
    let passed = ran.unwrap_or_else(|finding| panic!("{finding}"));
    assert_eq!(passed.undecided, 0, "{}", passed.reasons());
    assert!(ENDS.with_borrow(|ends| *ends) >= 200, "it does not come to its end");
}

unsafe extern "system" fn gives_seven(_: *mut c_void) -> u32 {
    unsafe { Sleep(500) };
    7
}

unsafe extern "system" fn exits_with_nine(_: *mut c_void) -> u32 {
    unsafe {
        Sleep(200);
        ExitThread(9)
    }
}

/// Sets an event after a while.
unsafe extern "system" fn sets(event: *mut c_void) -> u32 {
    unsafe {
        Sleep(300);
        SetEvent(event);
    }
    0
}

unsafe fn begins(start: unsafe extern "system" fn(*mut c_void) -> u32, with: *mut c_void) -> HANDLE {
    unsafe { CreateThread(null(), 0, Some(start), with, 0, null_mut()) }
}

#[test]
fn an_event_that_resets_itself_is_fetched_once() {
    fn program() {
        unsafe {
            let event = CreateEventW(null(), 0, 1, null());
            assert_eq!(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
            assert_eq!(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
            let manual = CreateEventExW(null(), null(), CREATE_EVENT_MANUAL_RESET | CREATE_EVENT_INITIAL_SET, 0);
            assert_eq!(WaitForSingleObject(manual, 0), WAIT_OBJECT_0);
            assert_eq!(WaitForSingleObjectEx(manual, 0, 1), WAIT_OBJECT_0);
            let both = [event, manual];
            assert_eq!(WaitForMultipleObjects(2, both.as_ptr(), 1, 10), WAIT_TIMEOUT);
            assert_eq!(WaitForMultipleObjects(2, both.as_ptr(), 0, 10), WAIT_OBJECT_0 + 1);
            SetEvent(event);
            assert_eq!(WaitForMultipleObjectsEx(2, both.as_ptr(), 1, INFINITE, 0), WAIT_OBJECT_0);
            assert_eq!(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
        }
    }
    holds(program);
}

#[test]
fn threads_and_events_are_waited_for_together() {
    fn program() {
        unsafe {
            let event = CreateEventA(null(), 0, 0, null());
            let thread = begins(gives_seven, null_mut());
            let (setter, mut code) = (begins(sets, event), 0);
            let several = [thread, event];
            assert_eq!((GetExitCodeThread(thread, &raw mut code), code), (TRUE, STILL_ACTIVE.cast_unsigned()));
            assert_eq!(WaitForMultipleObjects(2, several.as_ptr(), 0, 100), WAIT_TIMEOUT);
            assert_eq!(WaitForMultipleObjects(2, several.as_ptr(), 0, INFINITE), WAIT_OBJECT_0 + 1);
            assert_eq!(WaitForMultipleObjects(2, several.as_ptr(), 0, INFINITE), WAIT_OBJECT_0);
            assert_eq!((GetExitCodeThread(thread, &raw mut code), code), (TRUE, 7));
            assert_eq!(WaitForMultipleObjects(2, several.as_ptr(), 1, 10), WAIT_TIMEOUT);
            SetEvent(event);
            assert_eq!(WaitForMultipleObjects(2, several.as_ptr(), 1, 10), WAIT_OBJECT_0);
            assert_eq!(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
            let threads = [thread, setter];
            assert_eq!(WaitForMultipleObjects(2, threads.as_ptr(), 1, INFINITE), WAIT_OBJECT_0);
            let ends = begins(exits_with_nine, null_mut());
            assert_eq!((WaitForSingleObject(ends, INFINITE), CloseHandle(setter)), (WAIT_OBJECT_0, TRUE));
            assert_eq!((GetExitCodeThread(ends, &raw mut code), code), (TRUE, 9));
            assert_ne!(GetThreadId(ends), GetCurrentThreadId());
        }
    }
    holds(program);
}

#[test]
fn a_mutex_has_one_owner() {
    unsafe extern "system" fn abandons(mutex: *mut c_void) -> u32 {
        unsafe { WaitForSingleObject(mutex, INFINITE) }
    }
    fn program() {
        unsafe {
            let mutex = CreateMutexW(null(), 1, null());
            assert_eq!(WaitForSingleObject(mutex, 0), WAIT_OBJECT_0);
            let other = begins(abandons, mutex);
            assert_eq!(WaitForSingleObject(other, 100), WAIT_TIMEOUT);
            assert_eq!((ReleaseMutex(mutex), ReleaseMutex(mutex), ReleaseMutex(mutex)), (TRUE, TRUE, 0));
            assert_eq!(GetLastError(), ERROR_NOT_OWNER);
            assert_eq!(WaitForSingleObject(other, INFINITE), WAIT_OBJECT_0);
            assert_eq!(WaitForSingleObject(mutex, 0), WAIT_ABANDONED);
            assert_eq!(ReleaseMutex(mutex), TRUE);
            assert_eq!(WaitForMultipleObjects(2, [other, mutex].as_ptr(), 1, 0), WAIT_OBJECT_0);
        }
    }
    holds(program);
}

#[test]
fn a_semaphore_counts() {
    unsafe extern "system" fn releases(semaphore: *mut c_void) -> u32 {
        unsafe {
            Sleep(50);
            ReleaseSemaphore(semaphore, 2, null_mut()).cast_unsigned()
        }
    }
    fn program() {
        unsafe {
            let (semaphore, mut before) = (CreateSemaphoreW(null(), 1, 2, null()), 7);
            assert_eq!(WaitForSingleObject(semaphore, 0), WAIT_OBJECT_0);
            assert_eq!(WaitForSingleObject(semaphore, 10), WAIT_TIMEOUT);
            begins(releases, semaphore);
            assert_eq!(WaitForSingleObject(semaphore, INFINITE), WAIT_OBJECT_0);
            assert_eq!((ReleaseSemaphore(semaphore, 1, &raw mut before), before), (TRUE, 1));
            assert_eq!((ReleaseSemaphore(semaphore, 1, null_mut()), GetLastError()), (0, ERROR_TOO_MANY_POSTS));
        }
    }
    holds(program);
}

#[test]
fn a_slim_lock_is_shared_or_not() {
    fn program() {
        unsafe {
            let lock: &'static mut SRWLOCK = Box::leak(Box::default());
            let lock: *mut SRWLOCK = lock;
            let at = lock.expose_provenance();
            AcquireSRWLockShared(lock);
            assert!(TryAcquireSRWLockShared(lock) && !TryAcquireSRWLockExclusive(lock));
            let other = thread::spawn(move || {
                let lock = std::ptr::with_exposed_provenance_mut(at);
                AcquireSRWLockExclusive(lock);
                Sleep(100);
                ReleaseSRWLockExclusive(lock);
            });
            Sleep(10);
            ReleaseSRWLockShared(lock);
            ReleaseSRWLockShared(lock);
            Sleep(10);
            assert!(!TryAcquireSRWLockShared(lock));
            AcquireSRWLockExclusive(lock);
            ReleaseSRWLockExclusive(lock);
            other.join().expect("it ends");
        }
    }
    holds(program);
}

#[test]
fn condition_variables_wake_who_waits() {
    #[derive(Default)]
    struct Shared {
        lock: SRWLOCK,
        section: CRITICAL_SECTION,
        full: CONDITION_VARIABLE,
        items: u32,
    }
    fn program() {
        unsafe {
            let shared: *mut Shared = Box::leak(Box::default());
            let at = shared.expose_provenance();
            InitializeCriticalSectionAndSpinCount(&raw mut (*shared).section, 400);
            let takes = move || {
                let shared: *mut Shared = std::ptr::with_exposed_provenance_mut(at);
                AcquireSRWLockExclusive(&raw mut (*shared).lock);
                while (*shared).items == 0 {
                    SleepConditionVariableSRW(&raw mut (*shared).full, &raw mut (*shared).lock, INFINITE, 0);
                }
                (*shared).items -= 1;
                ReleaseSRWLockExclusive(&raw mut (*shared).lock);
            };
            let takers = [thread::spawn(takes), thread::spawn(takes)];
            for wake in [WakeConditionVariable, WakeAllConditionVariable] {
                Sleep(10);
                AcquireSRWLockExclusive(&raw mut (*shared).lock);
                (*shared).items += 1;
                ReleaseSRWLockExclusive(&raw mut (*shared).lock);
                wake(&raw mut (*shared).full);
            }
            takers.into_iter().for_each(|taker| taker.join().expect("it ends"));
            let section = &raw mut (*shared).section;
            EnterCriticalSection(section);
            let slept = SleepConditionVariableCS(&raw mut (*shared).full, section, 20);
            assert_eq!((slept, GetLastError(), (*shared).items), (0, ERROR_TIMEOUT, 0));
            LeaveCriticalSection(section);
        }
    }
    holds(program);
}

#[test]
fn each_thread_has_its_own_storage() {
    fn program() {
        unsafe {
            let index = TlsAlloc();
            let mine = Box::leak(Box::new(5_u8));
            assert_eq!(TlsSetValue(index, (&raw const *mine).cast()), TRUE);
            thread::spawn(move || assert!(TlsGetValue(index).is_null())).join().expect("it ends");
            assert_eq!(TlsGetValue(index).cast::<u8>().read(), 5);
            assert_eq!((TlsFree(index), TlsFree(index), GetLastError()), (TRUE, 0, ERROR_INVALID_PARAMETER));
        }
    }
    holds(program);
}

/// What cannot be answered ends the run, with its name.
#[test]
fn what_threads_have_no_words_for_is_named() {
    fn program() {
        unsafe {
            begins(exits_with_nine, null_mut());
            ResumeThread(GetCurrentThread());
        }
    }
    let passed = fuzz(program).runs(20).run().expect("nothing can be said");
    assert!(
        passed.undecided_by.keys().any(|why| why.starts_with("ResumeThread: the model has no words")),
        "{}",
        passed.reasons()
    );
}
