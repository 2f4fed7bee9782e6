//! Servers as somebody writes them who knows the documents, each with and without one bug.

use std::ffi::c_void;
use std::ptr::{null, null_mut, without_provenance, without_provenance_mut};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

#[cfg(not(windows))]
use winaccept_windows_sys::{
    Win32::{Foundation::*, Networking::WinSock::*, System::IO::*, System::Threading::*},
    wait_for_stop,
};
#[cfg(windows)]
use windows_sys::Win32::{Foundation::*, Networking::WinSock::*, System::IO::*, System::Threading::*};

use super::blocking::{heeds, listener};

#[cfg(windows)]
fn wait_for_stop() {
    loop {
        unsafe { Sleep(INFINITE) };
    }
}

/// Echoes until the client has sent all, and closes. Who says nothing for ten seconds is given up.
unsafe extern "system" fn echoes(client: *mut c_void) -> u32 {
    unsafe {
        let client: SOCKET = client.addr();
        let mut bytes = [0_u8; 64];
        'all: loop {
            let mut set = FD_SET { fd_count: 1, ..FD_SET::default() };
            set.fd_array[0] = client;
            let patience = TIMEVAL { tv_sec: 10, tv_usec: 0 };
            if select(0, &raw mut set, null_mut(), null_mut(), &raw const patience) != 1 {
                break;
            }
            let count = recv(client, bytes.as_mut_ptr(), 64, 0);
            if count <= 0 {
                break;
            }
            let mut at = 0;
            while at < count {
                let sent = send(client, bytes.as_ptr().add(at as usize), count - at, 0);
                if sent == SOCKET_ERROR {
                    break 'all;
                }
                at += sent;
            }
        }
        closesocket(client);
    }
    0
}

unsafe fn begins(client: SOCKET) -> HANDLE {
    unsafe {
        let thread = CreateThread(null(), 0, Some(echoes), without_provenance(client), 0, null_mut());
        if thread.is_null() {
            closesocket(client);
        }
        thread
    }
}

/// A connection that waits in its calls, whatever its listener does.
unsafe fn blocks(client: SOCKET) -> bool {
    unsafe {
        let mut no = 0;
        WSAEventSelect(client, 0, 0) == 0 && ioctlsocket(client, FIONBIO, &raw mut no) == 0
    }
}

unsafe extern "system" fn tells_of_stop(event: *mut c_void) -> u32 {
    wait_for_stop();
    unsafe { SetEvent(event) };
    0
}

/// Events of the listener and of the stop; threads for clients are joined. The bug: the event is reset when all have been accepted,
/// and not before.
pub fn joins(resets_late: bool) {
    unsafe {
        let listener = listener();
        let event = WSACreateEvent();
        WSAEventSelect(listener, event, FD_ACCEPT as i32);
        let stop = CreateEventW(null(), TRUE, FALSE, null());
        let teller = CreateThread(null(), 0, Some(tells_of_stop), stop, 0, null_mut());
        let mut workers = Vec::new();
        loop {
            let waited = [stop, without_provenance_mut(event.cast_unsigned())];
            match WaitForMultipleObjects(2, waited.as_ptr(), FALSE, INFINITE) {
                WAIT_OBJECT_0 => break,
                WAIT_FAILED => Sleep(100),
                _ => {}
            }
            let mut events = WSANETWORKEVENTS::default();
            if !resets_late && WSAEnumNetworkEvents(listener, event, &raw mut events) != 0 {
                Sleep(100);
            }
            loop {
                let client = accept(listener, null_mut(), null_mut());
                match client {
                    INVALID_SOCKET if WSAGetLastError() == WSAEWOULDBLOCK => break,
                    INVALID_SOCKET => heeds(WSAGetLastError()),
                    _ if blocks(client) => workers.push(begins(client)),
                    _ => _ = closesocket(client),
                }
            }
            if resets_late {
                WSAResetEvent(event);
            }
        }
        closesocket(listener);
        for worker in workers.into_iter().filter(|worker| !worker.is_null()).chain([teller]) {
            WaitForSingleObject(worker, INFINITE);
            CloseHandle(worker);
        }
        WSACloseEvent(event);
        CloseHandle(stop);
        WSACleanup();
    }
}

/// One thread and WSAPoll. The bug: what is shown beside POLLRDNORM hides it.
pub fn polls(compares: bool) {
    unsafe {
        let listener = listener();
        let mut yes = 1;
        ioctlsocket(listener, FIONBIO, &raw mut yes);
        let shown = |fd| WSAPOLLFD { fd, events: POLLRDNORM, revents: 0 };
        let mut all = vec![shown(listener)];
        loop {
            if WSAPoll(all.as_mut_ptr(), all.len() as u32, -1) == SOCKET_ERROR {
                Sleep(100);
                continue;
            }
            let come = all[0].revents != 0;
            all.retain(|polled| {
                let ready = if compares { polled.revents == POLLRDNORM } else { polled.revents != 0 };
                if polled.fd == listener || !ready {
                    return true;
                }
                let mut bytes = [0_u8; 64];
                let count = recv(polled.fd, bytes.as_mut_ptr(), 64, 0);
                let goes_on = match count {
                    SOCKET_ERROR => WSAGetLastError() == WSAEWOULDBLOCK,
                    0 => false,
                    _ => send(polled.fd, bytes.as_ptr(), count, 0) == count,
                };
                if !goes_on {
                    closesocket(polled.fd);
                }
                goes_on
            });
            if come {
                let client = accept(listener, null_mut(), null_mut());
                match client {
                    INVALID_SOCKET => heeds(WSAGetLastError()),
                    _ if ioctlsocket(client, FIONBIO, &raw mut yes) == 0 => all.push(shown(client)),
                    _ => _ = closesocket(client),
                }
            }
        }
    }
}

/// Room for two addresses, each with 16 bytes more.
const ROOM: u32 = size_of::<SOCKADDR_IN>() as u32 + 16;

#[repr(C)]
struct Posted {
    over: OVERLAPPED,
    accept: SOCKET,
    buffer: [u8; 2 * ROOM as usize],
}

impl Posted {
    fn new() -> Box<Posted> {
        Box::new(Posted { over: OVERLAPPED::default(), accept: INVALID_SOCKET, buffer: [0; 2 * ROOM as usize] })
    }

    /// Posts it with a socket of its own.
    unsafe fn posts(request: *mut Posted, listener: SOCKET, event: HANDLE) -> bool {
        unsafe {
            (*request).over = OVERLAPPED { hEvent: event, ..OVERLAPPED::default() };
            let accept = WSASocketW(AF_INET.into(), SOCK_STREAM, IPPROTO_TCP, null(), 0, WSA_FLAG_OVERLAPPED);
            if accept == INVALID_SOCKET {
                return false;
            }
            (*request).accept = accept;
            let (buffer, mut bytes) = ((&raw mut (*request).buffer).cast(), 0);
            if AcceptEx(listener, accept, buffer, 0, ROOM, ROOM, &raw mut bytes, request.cast()) == FALSE
                && WSAGetLastError() != WSA_IO_PENDING
            {
                closesocket(accept);
                return false;
            }
            true
        }
    }
}

/// The socket of a request that is over serves, if it can.
unsafe fn serves(listener: SOCKET, accept: SOCKET) {
    unsafe {
        let size = size_of::<SOCKET>() as i32;
        let value = (&raw const listener).cast();
        if setsockopt(accept, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, value, size) == 0 {
            let thread = begins(accept);
            if !thread.is_null() {
                CloseHandle(thread);
            }
        } else {
            closesocket(accept);
        }
    }
}

/// A completion port: two requests, and a packet without one says that it is to stop; then what is under way is ended, and awaited.
/// The bug: a packet that tells of a failure is taken for the failure of the port.
pub fn port(ends_at_failure: bool) {
    unsafe {
        let listener = listener();
        let port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, null_mut(), 0, 1);
        CreateIoCompletionPort(without_provenance_mut(listener), port, 1, 0);
        unsafe extern "system" fn tells_port(port: *mut c_void) -> u32 {
            wait_for_stop();
            unsafe { PostQueuedCompletionStatus(port, 0, 0, null()) };
            0
        }
        let teller = CreateThread(null(), 0, Some(tells_port), port, 0, null_mut());
        let mut idle: Vec<*mut Posted> = (0..2).map(|_| Box::into_raw(Posted::new())).collect();
        let (mut under_way, mut stopped) = (0, false);
        while !stopped || under_way > 0 {
            while let Some(request) = idle.pop_if(|_| !stopped) {
                if !Posted::posts(request, listener, null_mut()) {
                    idle.push(request);
                    break;
                }
                under_way += 1;
            }
            let patience = if stopped || idle.is_empty() { INFINITE } else { 100 };
            let (mut bytes, mut key, mut over) = (0, 0, null_mut());
            let told = GetQueuedCompletionStatus(port, &raw mut bytes, &raw mut key, &raw mut over, patience);
            if over.is_null() {
                if told != FALSE {
                    stopped = true;
                    closesocket(listener);
                }
                continue;
            }
            under_way -= 1;
            let request: *mut Posted = over.cast();
            idle.push(request);
            if told == FALSE || stopped {
                closesocket((*request).accept);
                if ends_at_failure && !stopped {
                    return;
                }
                continue;
            }
            serves(listener, (*request).accept);
        }
        WaitForSingleObject(teller, INFINITE);
        CloseHandle(teller);
        idle.into_iter().for_each(|request| drop(Box::from_raw(request)));
        CloseHandle(port);
        WSACleanup();
    }
}

/// A request at a time, with an event, made anew when nobody has come for five seconds. The bug: then its memory is freed at once.
pub fn one_request(frees: bool) {
    unsafe {
        let listener = listener();
        let event = CreateEventW(null(), TRUE, FALSE, null());
        loop {
            let request = Box::into_raw(Posted::new());
            ResetEvent(event);
            if !Posted::posts(request, listener, event) {
                drop(Box::from_raw(request));
                Sleep(100);
                continue;
            }
            let handle = without_provenance_mut(listener);
            if WaitForSingleObject(event, 5000) != WAIT_OBJECT_0 {
                CancelIoEx(handle, request.cast());
                if frees {
                    closesocket((*request).accept);
                    drop(Box::from_raw(request));
                    continue;
                }
            }
            let mut bytes = 0;
            if GetOverlappedResult(handle, request.cast(), &raw mut bytes, TRUE) != FALSE {
                serves(listener, (*request).accept);
            } else {
                closesocket((*request).accept);
            }
            drop(Box::from_raw(request));
        }
    }
}

/// At most eight at a time: others are turned away. The bug: they are put off, and asked for again at once.
pub fn asks(defers: bool) {
    unsafe extern "system" fn counted(client: *mut c_void) -> u32 {
        unsafe {
            let (live, client) = *Box::from_raw(client.cast::<(*const AtomicU32, SOCKET)>());
            echoes(without_provenance_mut(client));
            (*live).fetch_sub(1, Relaxed);
        }
        0
    }
    unsafe extern "system" fn condition(
        _: *mut WSABUF,
        _: *mut WSABUF,
        _: *mut QOS,
        _: *mut QOS,
        _: *mut WSABUF,
        _: *mut WSABUF,
        _: *mut u32,
        data: usize,
    ) -> i32 {
        // The lowest bit says what is done where there is no room.
        let live = unsafe { &*core::ptr::with_exposed_provenance::<AtomicU32>(data & !1) };
        let (most, otherwise) = if data & 1 == 1 { (1, CF_DEFER) } else { (8, CF_REJECT) };
        (if live.load(Relaxed) < most { CF_ACCEPT } else { otherwise }) as i32
    }
    unsafe {
        let listener = listener();
        // As long as the process.
        let live: &'static AtomicU32 = Box::leak(Box::default());
        let data = (&raw const *live).expose_provenance() | usize::from(defers);
        loop {
            let client = WSAAccept(listener, null_mut(), null_mut(), Some(condition), data);
            if client == INVALID_SOCKET {
                match WSAGetLastError() {
                    WSAECONNREFUSED | WSATRY_AGAIN => {}
                    error => heeds(error),
                }
                continue;
            }
            live.fetch_add(1, Relaxed);
            let given = Box::into_raw(Box::new((&raw const *live, client)));
            CreateThread(null(), 0, Some(counted), given.cast(), 0, null_mut());
        }
    }
}

/// One thread and select. The bug: the call that fails for a moment ends it.
pub fn selects(gives_up: bool) {
    unsafe {
        let listener = listener();
        let mut yes = 1;
        ioctlsocket(listener, FIONBIO, &raw mut yes);
        let mut clients: Vec<SOCKET> = Vec::new();
        loop {
            let mut set = FD_SET::default();
            for s in clients.iter().chain([&listener]) {
                set.fd_array[set.fd_count as usize] = *s;
                set.fd_count += 1;
            }
            if select(0, &raw mut set, null_mut(), null_mut(), null()) == SOCKET_ERROR {
                if gives_up {
                    break;
                }
                Sleep(100);
                continue;
            }
            clients.retain(|client| {
                if __WSAFDIsSet(*client, &raw mut set) == 0 {
                    return true;
                }
                let mut bytes = [0_u8; 64];
                let count = recv(*client, bytes.as_mut_ptr(), 64, 0);
                let goes_on = match count {
                    SOCKET_ERROR => WSAGetLastError() == WSAEWOULDBLOCK,
                    0 => false,
                    _ => send(*client, bytes.as_ptr(), count, 0) == count,
                };
                if !goes_on {
                    closesocket(*client);
                }
                goes_on
            });
            if __WSAFDIsSet(listener, &raw mut set) != 0 {
                let client = accept(listener, null_mut(), null_mut());
                match client {
                    INVALID_SOCKET => heeds(WSAGetLastError()),
                    // No more than a set holds.
                    _ if clients.len() < 60 && ioctlsocket(client, FIONBIO, &raw mut yes) == 0 => clients.push(client),
                    _ => _ = closesocket(client),
                }
            }
        }
    }
}
