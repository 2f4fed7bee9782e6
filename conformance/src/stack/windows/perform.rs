//! Making a call: from the arguments of the protocol to ws2_32 and back.

use std::sync::Arc;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Networking::WinSock as ws;
use windows_sys::Win32::System::Threading::{INFINITE, QueueUserAPC, SleepEx};

use super::super::protocol::{ApcRoutine, Bytes, Function, OptionValue, RawHandle, Returned};
use super::actor::Desk;
use super::address::{AddressBuffer, AddressOut};
use super::identity::exported;

/// Makes one call after another on its thread.
pub(super) struct Caller {
    desk: Arc<Desk>,
    /// The thread's last error as its last call left it: what we do in between must not show.
    last_error: i32,
}

impl Caller {
    pub(super) fn new(desk: Arc<Desk>) -> Caller {
        Caller { desk, last_error: 0 }
    }

    /// Makes the call, or tells why it cannot be made.
    pub(super) fn perform(&mut self, function: &Function) -> Result<Returned, String> {
        Ok(match *function {
            Function::WSAStartup { version: [major, minor] } => {
                let mut data = ws::WSADATA::default();
                let version = u16::from_le_bytes([major, minor]);
                // SAFETY: `data` is writable.
                self.call(|| unsafe { ws::WSAStartup(version, &raw mut data) }.into())
            }
            // SAFETY: takes nothing.
            Function::WSACleanup => self.call(|| unsafe { ws::WSACleanup() }.into()),
            // SAFETY: takes nothing.
            Function::WSAGetLastError => self.call(|| unsafe { ws::WSAGetLastError() }.into()),
            Function::WSASetLastError { error } => self.call(|| {
                // SAFETY: takes a number.
                unsafe { ws::WSASetLastError(error) };
                0
            }),
            Function::Socket { family, r#type, protocol } => {
                // SAFETY: takes numbers.
                let returned = self.call(|| unsafe { ws::socket(family, r#type, protocol) } as RawHandle);
                self.opened(returned)
            }
            Function::WSASocket { family, r#type, protocol, flags } => {
                let no_info = std::ptr::null();
                let socket = || {
                    // SAFETY: takes numbers, and no protocol information.
                    let s = unsafe { ws::WSASocketW(family, r#type, protocol, no_info, 0, flags) };
                    s as RawHandle
                };
                let returned = self.call(socket);
                self.opened(returned)
            }
            Function::WSASocketFromInfo { ref info } => {
                let info = protocol_info(info)?;
                let from = ws::FROM_PROTOCOL_INFO;
                // SAFETY: `info` is a whole WSAPROTOCOL_INFOW; which handle it means, the system checks.
                let returned =
                    self.call(|| unsafe { ws::WSASocketW(from, from, from, &raw const info, 0, 0) } as RawHandle);
                self.opened(returned)
            }
            Function::WSADuplicateSocket { s, process } => {
                let mut info = ws::WSAPROTOCOL_INFOW::default();
                // SAFETY: `info` is writable.
                let returned =
                    self.call(|| unsafe { ws::WSADuplicateSocketW(socket(s), process, &raw mut info) }.into());
                Returned { info: (returned.value == 0).then(|| bytes_of(&info)), ..returned }
            }
            Function::Bind { s, name, namelen } => {
                let buffer = name.map(|name| AddressBuffer::holding(name, namelen));
                let name = buffer.as_ref().map_or(std::ptr::null(), AddressBuffer::as_input);
                // SAFETY: `name` is null or has at least `namelen` bytes.
                self.call(|| unsafe { ws::bind(socket(s), name, namelen) }.into())
            }
            Function::Connect { s, name, namelen } => {
                let buffer = name.map(|name| AddressBuffer::holding(name, namelen));
                let name = buffer.as_ref().map_or(std::ptr::null(), AddressBuffer::as_input);
                // SAFETY: as for bind.
                self.call(|| unsafe { ws::connect(socket(s), name, namelen) }.into())
            }
            // SAFETY: takes numbers.
            Function::Listen { s, backlog } => self.call(|| unsafe { ws::listen(socket(s), backlog) }.into()),
            Function::Accept { s, addr, addrlen } => {
                let mut out = AddressOut::new(addr, addrlen);
                let (addr, addrlen) = out.pointers();
                // SAFETY: valid, null, or on purpose pointing where nothing may be touched, which the system refuses.
                let returned = self.call(|| unsafe { ws::accept(socket(s), addr, addrlen) } as RawHandle);
                self.opened(with_address(returned, &out))
            }
            Function::Getsockname { s, name, namelen } => {
                let mut out = AddressOut::new(name, namelen);
                let (name, namelen) = out.pointers();
                // SAFETY: as for accept.
                with_address(self.call(|| unsafe { ws::getsockname(socket(s), name, namelen) }.into()), &out)
            }
            Function::Getpeername { s, name, namelen } => {
                let mut out = AddressOut::new(name, namelen);
                let (name, namelen) = out.pointers();
                // SAFETY: as for accept.
                with_address(self.call(|| unsafe { ws::getpeername(socket(s), name, namelen) }.into()), &out)
            }
            // SAFETY: takes numbers.
            Function::Shutdown { s, how } => self.call(|| unsafe { ws::shutdown(socket(s), how) }.into()),
            Function::Closesocket { s } => {
                // SAFETY: takes a number. What a scenario opens and closes is nobody else's.
                let returned = self.call(|| unsafe { ws::closesocket(socket(s)) }.into());
                if returned.value == 0 {
                    self.desk.opened.socket_closed(socket(s));
                }
                returned
            }
            Function::Send { s, ref buf } => {
                let length = i32::try_from(buf.0.len()).map_err(|error| error.to_string())?;
                // SAFETY: the buffer has `length` bytes.
                self.call(|| unsafe { ws::send(socket(s), buf.0.as_ptr(), length, 0) }.into())
            }
            Function::Recv { s, len } => {
                let mut buffer = vec![0; len as usize];
                let length = i32::try_from(len).map_err(|error| error.to_string())?;
                // SAFETY: the buffer has `length` writable bytes.
                let returned = self.call(|| unsafe { ws::recv(socket(s), buffer.as_mut_ptr(), length, 0) }.into());
                let got = usize::try_from(returned.value).ok();
                Returned { data: got.and_then(|got| Some(Bytes(buffer.get(..got)?.to_vec()))), ..returned }
            }
            Function::Ioctlsocket { s, cmd, mut argp } => {
                // SAFETY: `argp` is writable and as large as the commands of this function need.
                self.call(|| unsafe { ws::ioctlsocket(socket(s), cmd as i32, &raw mut argp) }.into())
            }
            Function::Getsockopt { s, level, optname } => self.getsockopt(s, level, optname),
            Function::Setsockopt { s, level, optname, optval } => {
                let bytes = match optval {
                    OptionValue::Number(n) => n.to_ne_bytes(),
                    OptionValue::Linger(on, seconds) => {
                        let (on, seconds) = (on.to_ne_bytes(), seconds.to_ne_bytes());
                        [on[0], on[1], seconds[0], seconds[1]]
                    }
                };
                // SAFETY: four bytes, as the length says.
                self.call(|| unsafe { ws::setsockopt(socket(s), level, optname, bytes.as_ptr(), 4) }.into())
            }
            Function::Select { ref readfds, ref writefds, ref exceptfds, timeout } => {
                self.select([readfds.as_deref(), writefds.as_deref(), exceptfds.as_deref()], timeout)?
            }
            Function::WSAPoll { ref fds, timeout } => {
                let entry = |fd: RawHandle, events| ws::WSAPOLLFD { fd: socket(fd), events: events as i16, revents: 0 };
                let mut fds: Vec<_> = fds.iter().map(|polled| entry(polled.fd, polled.events)).collect();
                let count = u32::try_from(fds.len()).map_err(|error| error.to_string())?;
                // SAFETY: the array has `count` entries.
                let returned = self.call(|| unsafe { ws::WSAPoll(fds.as_mut_ptr(), count, timeout) }.into());
                Returned { revents: Some(fds.iter().map(|polled| polled.revents as u16).collect()), ..returned }
            }
            Function::WSACreateEvent => {
                // SAFETY: takes nothing.
                let returned = self.call(|| unsafe { ws::WSACreateEvent() } as RawHandle);
                self.desk.opened.event(event(returned.value));
                returned
            }
            Function::WSACloseEvent { event: e } => {
                // SAFETY: takes a handle. What a scenario opens and closes is nobody else's.
                let returned = self.call(|| unsafe { ws::WSACloseEvent(event(e)) }.into());
                if returned.value != 0 {
                    self.desk.opened.event_closed(event(e));
                }
                returned
            }
            // SAFETY: takes a handle.
            Function::WSASetEvent { event: e } => self.call(|| unsafe { ws::WSASetEvent(event(e)) }.into()),
            // SAFETY: takes a handle.
            Function::WSAResetEvent { event: e } => self.call(|| unsafe { ws::WSAResetEvent(event(e)) }.into()),
            Function::WSAWaitForMultipleEvents { ref events, timeout, alertable } => {
                let events: Vec<HANDLE> =
                    events.iter().map(|e| std::ptr::without_provenance_mut(*e as usize)).collect();
                let count = u32::try_from(events.len()).map_err(|error| error.to_string())?;
                let (timeout, alertable) = (timeout.unwrap_or(INFINITE), i32::from(alertable));
                // SAFETY: the array has `count` entries.
                self.call(|| {
                    unsafe { ws::WSAWaitForMultipleEvents(count, events.as_ptr(), 0, timeout, alertable) }.into()
                })
            }
            Function::WSAEventSelect { s, event: e, mask } => {
                // SAFETY: takes handles and a number.
                self.call(|| unsafe { ws::WSAEventSelect(socket(s), event(e), mask as i32) }.into())
            }
            Function::WSAEnumNetworkEvents { s, event: e } => {
                let mut events = ws::WSANETWORKEVENTS::default();
                // SAFETY: `events` is writable.
                let returned =
                    self.call(|| unsafe { ws::WSAEnumNetworkEvents(socket(s), event(e), &raw mut events) }.into());
                Returned { events: Some(events.lNetworkEvents as u32), ..returned }
            }
            Function::QueueUserAPC { routine, thread } => self.queue_apc(routine, thread)?,
            Function::SleepEx { timeout, alertable } => {
                let (timeout, alertable) = (timeout.unwrap_or(INFINITE), i32::from(alertable));
                // SAFETY: takes numbers.
                self.call(|| unsafe { SleepEx(timeout, alertable) }.into())
            }
            Function::WSACancelBlockingCall => {
                let function = exported(c"ws2_32.dll", c"WSACancelBlockingCall");
                let function = function.ok_or("this ws2_32 does not export WSACancelBlockingCall")?;
                // SAFETY: the function of this name is `int PASCAL FAR WSACancelBlockingCall(void)`.
                self.call(|| unsafe { function() } as i32 as i64)
            }
        })
    }

    /// The call itself, between the last error of the call before and its own.
    fn call(&mut self, call: impl FnOnce() -> i64) -> Returned {
        // SAFETY: takes a number.
        unsafe { ws::WSASetLastError(self.last_error) };
        let value = call();
        // SAFETY: takes nothing.
        self.last_error = unsafe { ws::WSAGetLastError() };
        Returned { value, error: self.last_error as u32, ..Returned::default() }
    }

    fn opened(&self, returned: Returned) -> Returned {
        self.desk.opened.socket(socket(returned.value));
        returned
    }

    fn getsockopt(&mut self, s: RawHandle, level: i32, optname: i32) -> Returned {
        let mut bytes = [0u8; 4];
        let mut length = 4;
        // SAFETY: four writable bytes, as the length says.
        let returned = self
            .call(|| unsafe { ws::getsockopt(socket(s), level, optname, bytes.as_mut_ptr(), &raw mut length) }.into());
        let option = if (level, optname) == (ws::SOL_SOCKET, ws::SO_LINGER) {
            let [a, b, c, d] = bytes;
            OptionValue::Linger(u16::from_ne_bytes([a, b]), u16::from_ne_bytes([c, d]))
        } else {
            OptionValue::Number(u32::from_ne_bytes(bytes))
        };
        Returned { option: (returned.value == 0).then_some(option), ..returned }
    }

    fn select(&mut self, sets: [Option<&[RawHandle]>; 3], timeout: Option<u32>) -> Result<Returned, String> {
        let mut given = [ws::FD_SET::default(); 3];
        for (set, handles) in given.iter_mut().zip(sets) {
            let handles = handles.unwrap_or_default();
            set.fd_count = handles.len() as u32;
            let Some(room) = set.fd_array.get_mut(..handles.len()) else {
                return Err(format!("a set holds at most {} sockets", ws::FD_SETSIZE));
            };
            room.iter_mut().zip(handles).for_each(|(slot, s)| *slot = socket(*s));
        }
        let timeout = timeout.map(|ms| ws::TIMEVAL { tv_sec: (ms / 1000) as i32, tv_usec: (ms % 1000 * 1000) as i32 });
        let timeout = timeout.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        let mut pointers = [std::ptr::null_mut(); 3];
        for ((pointer, set), handles) in pointers.iter_mut().zip(&mut given).zip(sets) {
            if handles.is_some() {
                *pointer = std::ptr::from_mut(set);
            }
        }
        let [read, write, except] = pointers;
        // SAFETY: each pointer is null or to a set of `given`, which nothing else uses meanwhile.
        let returned = self.call(|| unsafe { ws::select(0, read, write, except, timeout) }.into());
        let left = |i: usize| {
            let set = &given[i];
            let left = set.fd_array.iter().take(set.fd_count as usize).map(|s| *s as RawHandle);
            sets[i].map(|_| left.collect())
        };
        Ok(Returned { readfds: left(0), writefds: left(1), exceptfds: left(2), ..returned })
    }

    fn queue_apc(&mut self, routine: ApcRoutine, thread: u8) -> Result<Returned, String> {
        let target = self.desk.thread(thread).ok_or_else(|| format!("there is no thread {thread}"))?;
        let task = Box::new(ApcTask { routine, desk: Arc::clone(&self.desk) });
        let task = Box::into_raw(task) as usize;
        // SAFETY: a live thread handle; `run_apc` gets the box that it expects. An APC that never runs leaks it.
        Ok(self.call(|| unsafe { QueueUserAPC(Some(run_apc), target, task) }.into()))
    }
}

struct ApcTask {
    routine: ApcRoutine,
    desk: Arc<Desk>,
}

unsafe extern "system" fn run_apc(task: usize) {
    // SAFETY: `queue_apc` made this from a box, and a queued APC runs at most once.
    let task = unsafe { Box::from_raw(task as *mut ApcTask) };
    match task.routine {
        ApcRoutine::SetEvent(e) => {
            // SAFETY: takes a handle.
            unsafe { ws::WSASetEvent(event(e)) };
        }
        ApcRoutine::Accept(s) => {
            // SAFETY: null pointers are allowed.
            let accepted = unsafe { ws::accept(socket(s), std::ptr::null_mut(), std::ptr::null_mut()) };
            task.desk.opened.socket(accepted);
        }
    }
}

fn socket(s: RawHandle) -> ws::SOCKET {
    s as ws::SOCKET
}

fn event(event: RawHandle) -> ws::WSAEVENT {
    event as ws::WSAEVENT
}

fn with_address(returned: Returned, out: &AddressOut) -> Returned {
    let (addr, addrlen) = out.written();
    Returned { addr, addrlen, ..returned }
}

fn bytes_of(info: &ws::WSAPROTOCOL_INFOW) -> Bytes {
    let start = std::ptr::from_ref(info).cast::<u8>();
    // SAFETY: a structure of integers, filled by the system or zero, without padding.
    Bytes(unsafe { std::slice::from_raw_parts(start, size_of::<ws::WSAPROTOCOL_INFOW>()) }.to_vec())
}

fn protocol_info(bytes: &Bytes) -> Result<ws::WSAPROTOCOL_INFOW, String> {
    if bytes.0.len() != size_of::<ws::WSAPROTOCOL_INFOW>() {
        return Err("this is no WSAPROTOCOL_INFO".to_owned());
    }
    // SAFETY: long enough, and a structure of integers: any bits are valid.
    Ok(unsafe { bytes.0.as_ptr().cast::<ws::WSAPROTOCOL_INFOW>().read_unaligned() })
}
