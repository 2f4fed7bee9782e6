//! The handles that the calls of a scenario have opened, so that its end can close them.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use windows_sys::Win32::Networking::WinSock::{
    INVALID_SOCKET, SOCKET, WSA_INVALID_EVENT, WSACloseEvent, WSAEVENT, WSASetEvent, closesocket,
};

/// Handles that are open.
#[derive(Default)]
pub(super) struct Opened(Mutex<Handles>);

#[derive(Default)]
struct Handles {
    sockets: BTreeSet<SOCKET>,
    events: BTreeSet<WSAEVENT>,
}

impl Opened {
    pub(super) fn socket(&self, s: SOCKET) {
        if s != INVALID_SOCKET {
            self.handles().sockets.insert(s);
        }
    }

    pub(super) fn event(&self, event: WSAEVENT) {
        if event != WSA_INVALID_EVENT {
            self.handles().events.insert(event);
        }
    }

    /// A handle of either sort was closed. No two have the same number.
    pub(super) fn closed(&self, handle: usize) {
        let mut handles = self.handles();
        handles.sockets.remove(&handle);
        handles.events.retain(|event| *event as usize != handle);
    }

    /// Closes the sockets; calls that are blocked on one return.
    pub(super) fn close_sockets(&self) {
        let sockets = std::mem::take(&mut self.handles().sockets);
        for s in sockets {
            // SAFETY: a socket that a call of this process gave out; one that is closed already is only refused.
            unsafe { closesocket(s) };
        }
    }

    /// Sets the events: threads that wait for one go on.
    pub(super) fn set_events(&self) {
        for event in &self.handles().events {
            // SAFETY: an event that a call of this process gave out and that was not closed since.
            unsafe { WSASetEvent(*event) };
        }
    }

    /// Closes the events.
    pub(super) fn close_events(&self) {
        let events = std::mem::take(&mut self.handles().events);
        for event in events {
            // SAFETY: as in `set_events`.
            unsafe { WSACloseEvent(event) };
        }
    }

    fn handles(&self) -> MutexGuard<'_, Handles> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner) // plain sets are whole whatever panicked
    }
}
