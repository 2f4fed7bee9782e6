//! select, WSAPoll and WSAEventSelect.

use std::ptr::null_mut;

#[cfg(not(windows))]
use winaccept_windows_sys::Win32::Networking::WinSock::*;
#[cfg(windows)]
use windows_sys::Win32::Networking::WinSock::*;

use super::blocking::{begins, heeds, listener};

/// A listener that does not block.
unsafe fn nonblocking() -> SOCKET {
    unsafe {
        let s = listener();
        let mut on = 1;
        assert_eq!(ioctlsocket(s, FIONBIO, &raw mut on), 0);
        s
    }
}

/// Broken: a failure of accept is passed over, and the listener is readable still.
pub fn selects(broken: bool) {
    unsafe {
        let listener = nonblocking();
        loop {
            let mut set = FD_SET { fd_count: 1, fd_array: [0; 64] };
            set.fd_array[0] = listener;
            let mut time = TIMEVAL { tv_sec: 1, tv_usec: 0 };
            if broken {
                time.tv_sec = 5;
            }
            let ready = select(0, &raw mut set, null_mut(), null_mut(), &raw const time);
            if ready > 0 && __WSAFDIsSet(listener, &raw mut set) != 0 {
                let client = accept(listener, null_mut(), null_mut());
                if client != INVALID_SOCKET {
                    begins(client);
                } else if !broken {
                    heeds(WSAGetLastError());
                }
            } else if ready < 0 {
                heeds(WSAGetLastError());
            }
        }
    }
}

/// Broken: whatever the listener shows is taken for a client, by an accept that blocks, while others are not looked at.
pub fn polls(broken: bool) {
    unsafe {
        let listener = nonblocking();
        loop {
            let mut fds = [WSAPOLLFD { fd: listener, events: POLLRDNORM, revents: 0 }];
            let ready = WSAPoll(fds.as_mut_ptr(), 1, -1);
            if ready < 0 {
                if !broken {
                    heeds(WSAGetLastError());
                }
                continue;
            }
            if fds[0].revents & POLLRDNORM != 0 {
                let client = accept(listener, null_mut(), null_mut());
                if client == INVALID_SOCKET {
                    heeds(WSAGetLastError());
                } else {
                    begins(client);
                }
            }
        }
    }
}

/// Broken: the event is never reset, so that each wait ends at once.
pub fn events(broken: bool) {
    unsafe {
        let listener = listener();
        let event = WSACreateEvent();
        WSAEventSelect(listener, event, FD_ACCEPT as i32);
        let handle = core::ptr::without_provenance_mut(event.cast_unsigned());
        loop {
            if WSAWaitForMultipleEvents(1, &raw const handle, 0, WSA_INFINITE, 0) != WSA_WAIT_EVENT_0 as u32 {
                heeds(WSAGetLastError());
                continue;
            }
            let mut shown = WSANETWORKEVENTS::default();
            let reset = if broken { WSA_INVALID_EVENT } else { event };
            if WSAEnumNetworkEvents(listener, reset, &raw mut shown) != 0 {
                heeds(WSAGetLastError());
            }
            loop {
                let client = accept(listener, null_mut(), null_mut());
                if client == INVALID_SOCKET {
                    let error = WSAGetLastError();
                    heeds(error);
                    if error == WSAEWOULDBLOCK {
                        break;
                    }
                    continue;
                }
                WSAEventSelect(client, WSA_INVALID_EVENT, 0);
                begins(client);
            }
        }
    }
}
