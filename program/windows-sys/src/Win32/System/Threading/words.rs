//! What the model has no words for: a call of it ends the run undecided, with its name.

use std::ffi::c_void;

use windows_sys::Win32::Foundation::{FILETIME, HANDLE, PAPCFUNC, WAIT_EVENT, WAIT_FAILED};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::System::Threading::*;
use windows_sys::core::{BOOL, HRESULT, PCWSTR, PWSTR};

use crate::no_words::no_words;

no_words! {
    QueueUserAPC(pfnapc: PAPCFUNC, hthread: HANDLE, dwdata: usize) -> u32 = 0;
    CreateThreadpoolTimer(
        pfnti: PTP_TIMER_CALLBACK, pv: *mut c_void, pcbe: *const TP_CALLBACK_ENVIRON_V3
    ) -> PTP_TIMER = 0;
    SetThreadpoolTimer(pti: PTP_TIMER, pftduetime: *const FILETIME, msperiod: u32, mswindowlength: u32);
    CloseThreadpoolTimer(pti: PTP_TIMER);
    CreateThreadpoolWait(
        pfnwa: PTP_WAIT_CALLBACK, pv: *mut c_void, pcbe: *const TP_CALLBACK_ENVIRON_V3
    ) -> PTP_WAIT = 0;
    SetThreadpoolWait(pwa: PTP_WAIT, h: HANDLE, pfttimeout: *const FILETIME);
    CloseThreadpoolWait(pwa: PTP_WAIT);
    CreateThreadpool(reserved: *const c_void) -> PTP_POOL = 0;
    CloseThreadpool(ptpp: PTP_POOL);
    SetThreadpoolThreadMaximum(ptpp: PTP_POOL, cthrdmost: u32);
    SetThreadpoolThreadMinimum(ptpp: PTP_POOL, cthrdmic: u32) -> BOOL = 0;
    RegisterWaitForSingleObject(
        phnewwaitobject: *mut HANDLE, hobject: HANDLE, callback: WAITORTIMERCALLBACK, context: *const c_void,
        dwmilliseconds: u32, dwflags: WORKER_THREAD_FLAGS
    ) -> BOOL = 0;
    UnregisterWait(waithandle: HANDLE) -> BOOL = 0;
    UnregisterWaitEx(waithandle: HANDLE, completionevent: HANDLE) -> BOOL = 0;
    CreateWaitableTimerW(
        lptimerattributes: *const SECURITY_ATTRIBUTES, bmanualreset: BOOL, lptimername: PCWSTR
    ) -> HANDLE = std::ptr::null_mut();
    SetWaitableTimer(
        htimer: HANDLE, lpduetime: *const i64, lperiod: i32, pfncompletionroutine: PTIMERAPCROUTINE,
        lpargtocompletionroutine: *const c_void, fresume: BOOL
    ) -> BOOL = 0;
    CancelWaitableTimer(htimer: HANDLE) -> BOOL = 0;
    OpenEventW(
        dwdesiredaccess: SYNCHRONIZATION_ACCESS_RIGHTS, binherithandle: BOOL, lpname: PCWSTR
    ) -> HANDLE = std::ptr::null_mut();
    TerminateThread(hthread: HANDLE, dwexitcode: u32) -> BOOL = 0;
    TerminateProcess(hprocess: HANDLE, uexitcode: u32) -> BOOL = 0;
    OpenThread(
        dwdesiredaccess: THREAD_ACCESS_RIGHTS, binherithandle: BOOL, dwthreadid: u32
    ) -> HANDLE = std::ptr::null_mut();
    SetThreadPriority(hthread: HANDLE, npriority: THREAD_PRIORITY) -> BOOL = 0;
    GetThreadPriority(hthread: HANDLE) -> i32 = -1;
    ResumeThread(hthread: HANDLE) -> u32 = 0;
    SuspendThread(hthread: HANDLE) -> u32 = 0;
    WaitOnAddress(
        address: *const c_void, compareaddress: *const c_void, addresssize: usize, dwmilliseconds: u32
    ) -> BOOL = 0;
    WakeByAddressSingle(address: *const c_void);
    WakeByAddressAll(address: *const c_void);
    InitOnceExecuteOnce(
        initonce: *mut INIT_ONCE, initfn: PINIT_ONCE_FN, parameter: *mut c_void, context: *mut *mut c_void
    ) -> BOOL = 0;
    InitOnceBeginInitialize(
        lpinitonce: *mut INIT_ONCE, dwflags: u32, fpending: *mut BOOL, lpcontext: *mut *mut c_void
    ) -> BOOL = 0;
    InitOnceComplete(lpinitonce: *mut INIT_ONCE, dwflags: u32, lpcontext: *const c_void) -> BOOL = 0;
    PulseEvent(hevent: HANDLE) -> BOOL = 0;
    SignalObjectAndWait(
        hobjecttosignal: HANDLE, hobjecttowaiton: HANDLE, dwmilliseconds: u32, balertable: BOOL
    ) -> WAIT_EVENT = WAIT_FAILED;
    CreateTimerQueueTimer(
        phnewtimer: *mut HANDLE, timerqueue: HANDLE, callback: WAITORTIMERCALLBACK, parameter: *const c_void,
        duetime: u32, period: u32, flags: WORKER_THREAD_FLAGS
    ) -> BOOL = 0;
    DeleteTimerQueueTimer(timerqueue: HANDLE, timer: HANDLE, completionevent: HANDLE) -> BOOL = 0;
    CreateProcessW(
        lpapplicationname: PCWSTR, lpcommandline: PWSTR, lpprocessattributes: *const SECURITY_ATTRIBUTES,
        lpthreadattributes: *const SECURITY_ATTRIBUTES, binherithandles: BOOL,
        dwcreationflags: PROCESS_CREATION_FLAGS, lpenvironment: *const c_void, lpcurrentdirectory: PCWSTR,
        lpstartupinfo: *const STARTUPINFOW, lpprocessinformation: *mut PROCESS_INFORMATION
    ) -> BOOL = 0;
    SetThreadDescription(hthread: HANDLE, lpthreaddescription: PCWSTR) -> HRESULT = -1;
    SetEventWhenCallbackReturns(pci: PTP_CALLBACK_INSTANCE, evt: HANDLE);
    LeaveCriticalSectionWhenCallbackReturns(pci: PTP_CALLBACK_INSTANCE, pcs: *mut CRITICAL_SECTION);
    ReleaseSemaphoreWhenCallbackReturns(pci: PTP_CALLBACK_INSTANCE, sem: HANDLE, crel: u32);
    ReleaseMutexWhenCallbackReturns(pci: PTP_CALLBACK_INSTANCE, r#mut: HANDLE);
    DisassociateCurrentThreadFromCallback(pci: PTP_CALLBACK_INSTANCE);
    CloseThreadpoolCleanupGroup(ptpcg: PTP_CLEANUP_GROUP);
    CloseThreadpoolCleanupGroupMembers(
        ptpcg: PTP_CLEANUP_GROUP, fcancelpendingcallbacks: BOOL, pvcleanupcontext: *mut c_void
    );
}
