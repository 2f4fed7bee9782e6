//! The thread pool: callbacks of requests, and work.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use std::ffi::c_void;

use winaccept_program::interface::Sign;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE, TRUE};
use windows_sys::Win32::System::Threading::{
    LPTHREAD_START_ROUTINE, PTP_CALLBACK_INSTANCE, PTP_IO, PTP_SIMPLE_CALLBACK, PTP_WIN32_IO_CALLBACK, PTP_WORK,
    PTP_WORK_CALLBACK, TP_CALLBACK_ENVIRON_V3, WORKER_THREAD_FLAGS, WT_EXECUTEDEFAULT, WT_EXECUTELONGFUNCTION,
};
use windows_sys::core::BOOL;

use crate::here::{Here, here, here_or, here_true, with_run};
use crate::memory;
use crate::pool::{Io, Job, Work, place, value};

/// An environment that says nothing of pools and groups.
///
/// # Safety
/// `pcbe` is null or valid.
unsafe fn is_plain(here: &Here<'_>, call: &str, pcbe: *const TP_CALLBACK_ENVIRON_V3) {
    // SAFETY: by the contract of this function.
    let with = unsafe { memory::get(pcbe) };
    if with.is_some_and(|with| with.Pool != 0 || with.CleanupGroup != 0 || with.FinalizationCallback.is_some()) {
        here.no_words(&format!("{call} with a pool, a cleanup group or a finalization callback"));
    }
}

/// `CreateThreadpoolIo`, of a socket.
pub unsafe extern "system" fn CreateThreadpoolIo(
    fl: HANDLE,
    pfnio: PTP_WIN32_IO_CALLBACK,
    pv: *mut c_void,
    pcbe: *const TP_CALLBACK_ENVIRON_V3,
) -> PTP_IO {
    here("CreateThreadpoolIo", |here| {
        // SAFETY: the caller's contract.
        unsafe { is_plain(here, "CreateThreadpoolIo", pcbe) };
        let sign = here.w.sign();
        let io = Io { callback: pfnio, context: pv, started: 0, running: 0, sign, closed: false };
        here.gives_io(fl, io).map_or(0, value)
    })
}

/// Does this with an object that is not closed.
fn with_io<R>(here: &Here<'_>, call: &str, pio: PTP_IO, does: impl FnOnce(&mut Io) -> R) -> Option<R> {
    let done = with_run(|run| run.pool.ios.get_mut(place(pio)).filter(|io| !io.closed).map(does));
    if done.is_none() {
        here.misuse(&format!("{call} is given an object that is none, or that is closed"));
    }
    done
}

/// `StartThreadpoolIo`. A request that completes without it is a misuse.
pub unsafe extern "system" fn StartThreadpoolIo(pio: PTP_IO) {
    here("StartThreadpoolIo", |here| _ = with_io(here, "StartThreadpoolIo", pio, |io| io.started += 1));
}

/// `CancelThreadpoolIo`
pub unsafe extern "system" fn CancelThreadpoolIo(pio: PTP_IO) {
    here("CancelThreadpoolIo", |here| {
        let started = with_io(here, "CancelThreadpoolIo", pio, |io| {
            let started = io.started;
            io.started = started.saturating_sub(1);
            started
        });
        if started == Some(0) {
            here.misuse("CancelThreadpoolIo is called without StartThreadpoolIo");
        }
    });
}

/// `CloseThreadpoolIo`
pub unsafe extern "system" fn CloseThreadpoolIo(pio: PTP_IO) {
    here("CloseThreadpoolIo", |here| _ = with_io(here, "CloseThreadpoolIo", pio, |io| io.closed = true));
}

/// `WaitForThreadpoolIoCallbacks`, while no request is under way.
pub unsafe extern "system" fn WaitForThreadpoolIoCallbacks(pio: PTP_IO, fcancelpendingcallbacks: BOOL) {
    here("WaitForThreadpoolIoCallbacks", |here| {
        let call = "WaitForThreadpoolIoCallbacks";
        let Some((started, sign)) = with_io(here, call, pio, |io| (io.started, io.sign)) else { return };
        if fcancelpendingcallbacks != 0 || started > 0 {
            here.no_words("WaitForThreadpoolIoCallbacks that cancels, or while a request is under way");
        }
        while with_run(|run| run.pool.ios[place(pio)].running > 0) {
            here.w.hides(sign);
            here.waits(|w| w.awaits_signs(vec![Sign::Own(sign)], true, None));
        }
    });
}

/// `CreateThreadpoolWork`
pub unsafe extern "system" fn CreateThreadpoolWork(
    pfnwk: PTP_WORK_CALLBACK,
    pv: *mut c_void,
    pcbe: *const TP_CALLBACK_ENVIRON_V3,
) -> PTP_WORK {
    here("CreateThreadpoolWork", |here| {
        // SAFETY: the caller's contract.
        unsafe { is_plain(here, "CreateThreadpoolWork", pcbe) };
        let work = Work { callback: pfnwk, context: pv, submitted: 0, sign: here.w.sign() };
        with_run(|run| {
            run.pool.works.push(work);
            value(run.pool.works.len() - 1)
        })
    })
}

/// `SubmitThreadpoolWork`
pub unsafe extern "system" fn SubmitThreadpoolWork(pwk: PTP_WORK) {
    here("SubmitThreadpoolWork", |here| {
        let known = with_run(|run| run.pool.works.get_mut(place(pwk)).map(|work| work.submitted += 1));
        match known {
            Some(()) => _ = here.gives_job(Job::Work(place(pwk))),
            None => here.misuse("SubmitThreadpoolWork is given an object that is none"),
        }
    });
}

/// `CloseThreadpoolWork`
pub unsafe extern "system" fn CloseThreadpoolWork(_pwk: PTP_WORK) {
    here("CloseThreadpoolWork", |_| ());
}

/// `WaitForThreadpoolWorkCallbacks`, without cancelling.
pub unsafe extern "system" fn WaitForThreadpoolWorkCallbacks(pwk: PTP_WORK, fcancelpendingcallbacks: BOOL) {
    here("WaitForThreadpoolWorkCallbacks", |here| {
        if fcancelpendingcallbacks != 0 {
            here.no_words("WaitForThreadpoolWorkCallbacks that cancels");
        }
        let left = || {
            with_run(|run| {
                let work = run.pool.works.get(place(pwk)).filter(|work| work.submitted > 0);
                work.map(|work| work.sign)
            })
        };
        while let Some(sign) = left() {
            here.w.hides(sign);
            here.waits(|w| w.awaits_signs(vec![Sign::Own(sign)], true, None));
        }
    });
}

/// `TrySubmitThreadpoolCallback`
pub unsafe extern "system" fn TrySubmitThreadpoolCallback(
    pfns: PTP_SIMPLE_CALLBACK,
    pv: *mut c_void,
    pcbe: *const TP_CALLBACK_ENVIRON_V3,
) -> BOOL {
    here_true("TrySubmitThreadpoolCallback", |here| {
        // SAFETY: the caller's contract.
        unsafe { is_plain(here, "TrySubmitThreadpoolCallback", pcbe) };
        i32::from(here.gives_job(Job::Simple(pfns, pv)))
    })
}

/// `QueueUserWorkItem`, with WT_EXECUTEDEFAULT or WT_EXECUTELONGFUNCTION.
pub unsafe extern "system" fn QueueUserWorkItem(
    function: LPTHREAD_START_ROUTINE,
    context: *const c_void,
    flags: WORKER_THREAD_FLAGS,
) -> BOOL {
    here_true("QueueUserWorkItem", |here| {
        if flags & !(WT_EXECUTEDEFAULT | WT_EXECUTELONGFUNCTION) != 0 {
            here.no_words(&format!("QueueUserWorkItem with the flags {flags:#x}"));
        }
        i32::from(here.gives_job(Job::Item(function, context.cast_mut())))
    })
}

/// `CallbackMayRunLong`: there is always another thread.
pub unsafe extern "system" fn CallbackMayRunLong(_pci: PTP_CALLBACK_INSTANCE) -> BOOL {
    here_or("CallbackMayRunLong", 0, |_| TRUE)
}

/// `BindIoCompletionCallback`, for `IO`.
pub(crate) fn binds(
    here: &Here<'_>,
    file: HANDLE,
    callback: windows_sys::Win32::System::IO::LPOVERLAPPED_COMPLETION_ROUTINE,
    flags: u32,
) -> BOOL {
    if flags != 0 || callback.is_none() {
        here.set_error(ERROR_INVALID_PARAMETER);
        return 0;
    }
    i32::from(here.binds(file, callback))
}
