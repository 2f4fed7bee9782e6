//! What is left out when a request is complete at once.
#![allow(clippy::missing_safety_doc)] // that of each function is its documentation's

use winaccept_model::call::{Call, FileModes};
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::core::BOOL;

use crate::here::{here_true, with_run};

/// `SetFileCompletionNotificationModes`, of a socket.
pub unsafe extern "system" fn SetFileCompletionNotificationModes(filehandle: HANDLE, flags: u8) -> BOOL {
    here_true("SetFileCompletionNotificationModes", |here| {
        if flags > 3 {
            here.no_words(&format!("SetFileCompletionNotificationModes with {flags:#x}"));
            return 0;
        }
        let modes = FileModes(flags.into());
        let set =
            here.truth(&here.calls(Call::SetFileCompletionNotificationModes { s: here.handle(filehandle), modes }));
        if set != 0 && modes.has(FileModes::SKIP_COMPLETION_PORT_ON_SUCCESS) {
            with_run(|run| run.skips.insert(filehandle.addr()));
        }
        set
    })
}
