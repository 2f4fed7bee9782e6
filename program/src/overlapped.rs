//! Requests: `AcceptEx`, `WSARecv` and `WSASend` with an OVERLAPPED, what becomes of them, and completion ports.

use std::cell::RefCell;
use std::rc::Rc;

use winaccept_model::call::{Address, Buffer, Call, Data, Family, FileModes, Handle, Length, Set, Timeout};
use winaccept_model::code::Code;
use winaccept_model::outcome::{Out, Outcome, Value};

use crate::winsock::{Error, Event, Reply, Request, Socket, Winsock};

type Result<T> = std::result::Result<T, Error>;

/// Where an OVERLAPPED is: what a completion port tells of a request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OverlappedId(pub Handle);

/// An OVERLAPPED structure with the buffer that goes with its request. Both are there as long as this is; to let go of it
/// while its request is under way is a misuse, which the judges see.
#[derive(Debug)]
pub struct Overlapped {
    pub(crate) over: Handle,
    gone: Rc<RefCell<Vec<Handle>>>,
}

impl Overlapped {
    /// Its address.
    #[must_use]
    pub fn id(&self) -> OverlappedId {
        OverlappedId(self.over)
    }
}

impl Drop for Overlapped {
    fn drop(&mut self) {
        self.gone.borrow_mut().push(self.over);
    }
}

/// A completion port, as the value of its handle.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CompletionPort(pub Handle);

/// What a completion port hands out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet {
    /// The key of the socket, or what was posted.
    pub key: u32,
    /// How many bytes, or what was posted.
    pub bytes: u32,
    /// The OVERLAPPED of the request, or what was posted in its place.
    pub overlapped: Option<OverlappedId>,
    /// What `GetLastError` tells where the request has failed: the system's code, 64 and not 10054.
    pub error: Option<Error>,
}

/// For what a thread can wait without a call of the model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Awaited {
    /// That this port has a packet.
    Packet(Handle),
    /// That the request with this OVERLAPPED is complete.
    Request(Handle),
    /// That this thread has ended.
    End(usize),
    /// The signs of the wait of this number.
    Signs(u32),
}

/// So many bytes there are for an address: sixteen more than it takes.
fn room(family: Family) -> u32 {
    u32::try_from(family.address_size()).unwrap_or_default() + 16
}

impl Winsock<'_> {
    fn truth(&self, call: Call) -> Result<Out> {
        let outcome = self.call(call);
        match outcome.value {
            Value::Number(1) => Ok(outcome.out),
            _ => Err(outcome.error),
        }
    }

    fn bytes(&self, call: Call) -> Result<u32> {
        match self.truth(call)? {
            Out::Bytes { count, .. } => Ok(count.unwrap_or_default()),
            _ => Ok(0),
        }
    }

    /// `OVERLAPPED o = {0}; o.hEvent = event;` and a buffer.
    ///
    /// # Errors
    /// None on a stack; here there is a limit to how many a thread makes, and where it is reached nothing is said of the run.
    pub fn overlapped(&self, event: Option<Event>) -> Result<Overlapped> {
        let outcome = self.call(Call::Overlapped { event: event.map(|event| event.0), low_bit: false });
        match outcome.value {
            Value::Handle(over) => Ok(Overlapped { over, gone: Rc::clone(&self.gone) }),
            _ => Err(outcome.error),
        }
    }

    /// `AcceptEx` with so many bytes for data: how many came, where it is complete at once; `ERROR_IO_PENDING` where it is not.
    ///
    /// # Errors
    /// Winsock's; `ERROR_IO_PENDING` is none.
    pub fn accept_ex(&self, listen: Socket, accept: Socket, receive: u32, overlapped: &Overlapped) -> Result<u32> {
        let length = room(self.family(listen));
        self.bytes(Call::AcceptEx {
            listen: listen.0,
            accept: accept.0,
            buffer: Buffer::Valid,
            receive,
            local: length,
            remote: length,
            bytes: true,
            overlapped: Some(overlapped.over),
        })
    }

    /// `DisconnectEx`: with `reuse` the socket can be given to [`Winsock::accept_ex`] again when it is over. Without an OVERLAPPED it
    /// returns then; with one it is over at once, or `ERROR_IO_PENDING`.
    ///
    /// # Errors
    /// Winsock's; `ERROR_IO_PENDING` is none.
    pub fn disconnect_ex(&self, s: Socket, overlapped: Option<&Overlapped>, reuse: bool) -> Result<()> {
        let overlapped = overlapped.map(|overlapped| overlapped.over);
        self.truth(Call::DisconnectEx { s: s.0, overlapped, flags: if reuse { 2 } else { 0 }, reserved: 0 }).map(drop)
    }

    /// `TransmitFile` without a file, with `TF_DISCONNECT` and, with `reuse`, `TF_REUSE_SOCKET`: as [`Winsock::disconnect_ex`], and
    /// also before the context of an accepted socket is set.
    ///
    /// # Errors
    /// Winsock's; `ERROR_IO_PENDING` is none.
    pub fn transmit_nothing(&self, s: Socket, overlapped: Option<&Overlapped>, reuse: bool) -> Result<()> {
        let overlapped = overlapped.map(|overlapped| overlapped.over);
        self.truth(Call::TransmitFile { s: s.0, overlapped, flags: if reuse { 3 } else { 1 } }).map(drop)
    }

    /// `WSARecv` with an OVERLAPPED and one buffer of so many bytes, which goes with that: how many came, where it is complete at
    /// once; `ERROR_IO_PENDING` where it is not. What came is in [`Winsock::buffer`].
    ///
    /// # Errors
    /// Winsock's; `ERROR_IO_PENDING`, also called `WSA_IO_PENDING`, is none.
    pub fn wsa_recv(&self, s: Socket, len: u32, overlapped: &Overlapped) -> Result<u32> {
        let buffers = Set::collect([len]);
        self.moved(Call::WSARecvOverlapped {
            s: s.0,
            buffers,
            bytes: true,
            overlapped: overlapped.over,
            routine: false,
        })
    }

    /// `WSASend` with an OVERLAPPED, and a copy of these bytes that goes with it: how many it took, where it is complete at once;
    /// `ERROR_IO_PENDING` where it is not. At most [`Data::MAX`] at a time.
    ///
    /// # Errors
    /// Winsock's; `ERROR_IO_PENDING`, also called `WSA_IO_PENDING`, is none.
    pub fn wsa_send(&self, s: Socket, bytes: &[u8], overlapped: &Overlapped) -> Result<u32> {
        let Some(buffer) = Data::new(&bytes[..bytes.len().min(Data::MAX)]) else { return Err(Code::WSAENOBUFS) };
        self.moved(Call::WSASendOverlapped { s: s.0, buffer, bytes: true, overlapped: overlapped.over, routine: false })
    }

    /// `ReadFile` on a socket, with an OVERLAPPED: as [`Winsock::wsa_recv`], with the system's codes.
    ///
    /// # Errors
    /// The system's; `ERROR_IO_PENDING` is none.
    pub fn read_file(&self, s: Socket, len: u32, overlapped: &Overlapped) -> Result<u32> {
        self.bytes(Call::ReadFile { s: s.0, len, bytes: true, overlapped: Some(overlapped.over) })
    }

    /// `WriteFile` on a socket, with an OVERLAPPED: as [`Winsock::wsa_send`], with the system's codes.
    ///
    /// # Errors
    /// The system's; `ERROR_IO_PENDING` is none.
    pub fn write_file(&self, s: Socket, bytes: &[u8], overlapped: &Overlapped) -> Result<u32> {
        let Some(data) = Data::new(&bytes[..bytes.len().min(Data::MAX)]) else { return Err(Code::WSAENOBUFS) };
        self.bytes(Call::WriteFile { s: s.0, data, bytes: true, overlapped: Some(overlapped.over) })
    }

    pub(crate) fn moved(&self, call: Call) -> Result<u32> {
        match self.call(call) {
            Outcome { value: Value::Number(0), out: Out::Bytes { count, .. }, .. } => Ok(count.unwrap_or_default()),
            outcome => Err(outcome.error),
        }
    }

    fn family(&self, s: Socket) -> Family {
        match self.asks(Request::Family(s.0)) {
            Reply::Family(family) => family,
            _ => Family::Inet,
        }
    }

    /// What the request has put into its buffer.
    #[must_use]
    pub fn buffer(&self, overlapped: &Overlapped) -> Vec<u8> {
        match self.asks(Request::Buffer(overlapped.over)) {
            Reply::Bytes(bytes) => bytes,
            _ => Vec::new(),
        }
    }

    /// `HasOverlappedIoCompleted`
    #[must_use]
    pub fn has_completed(&self, overlapped: &Overlapped) -> bool {
        let outcome = self.call(Call::HasOverlappedIoCompleted { overlapped: overlapped.over });
        outcome.value == Value::Number(1)
    }

    /// `WSAGetOverlappedResult`: how many bytes; what came with them is in [`Winsock::buffer`].
    ///
    /// # Errors
    /// Winsock's: `WSA_IO_INCOMPLETE`, or what the request has failed with, 10054 and not 64.
    pub fn wsa_get_overlapped_result(&self, s: Socket, overlapped: &Overlapped, wait: bool) -> Result<u32> {
        let over = overlapped.over;
        self.awaits(wait, Awaited::Request(over), None);
        self.bytes(Call::WSAGetOverlappedResult { s: s.0, overlapped: over, bytes: true, wait })
    }

    /// `GetOverlappedResult`: how many bytes.
    ///
    /// # Errors
    /// The system's: `ERROR_IO_INCOMPLETE`, or what the request has failed with, 64 and not 10054.
    pub fn get_overlapped_result(&self, s: Socket, overlapped: &Overlapped, wait: bool) -> Result<u32> {
        let over = overlapped.over;
        self.awaits(wait, Awaited::Request(over), None);
        self.bytes(Call::GetOverlappedResult { s: s.0, overlapped: over, bytes: true, wait })
    }

    /// Waits, if it is to; did it come before this time was over?
    pub(crate) fn awaits(&self, wait: bool, what: Awaited, timeout: Timeout) -> bool {
        !wait || !matches!(self.asks(Request::Await(what, timeout)), Reply::TimedOut)
    }

    /// `CancelIo`: what this thread has started at the socket.
    ///
    /// # Errors
    /// The system's.
    pub fn cancel_io(&self, s: Socket) -> Result<()> {
        self.truth(Call::CancelIo { s: s.0 }).map(|_| ())
    }

    /// `CancelIoEx`: one request at the socket, or all.
    ///
    /// # Errors
    /// The system's: `ERROR_NOT_FOUND` where there is nothing to cancel.
    pub fn cancel_io_ex(&self, s: Socket, overlapped: Option<&Overlapped>) -> Result<()> {
        self.truth(Call::CancelIoEx { s: s.0, overlapped: overlapped.map(|o| o.over) }).map(|_| ())
    }

    /// `setsockopt(s, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, &listen, sizeof(listen))`
    ///
    /// # Errors
    /// Winsock's.
    pub fn update_accept_context(&self, s: Socket, listen: Socket) -> Result<()> {
        let outcome = self.call(Call::UpdateAcceptContext { s: s.0, listener: listen.0 });
        if outcome.value == Value::Number(0) { Ok(()) } else { Err(outcome.error) }
    }

    /// `GetAcceptExSockaddrs` for the buffer of a request that has so many bytes for data: the local and the remote address.
    #[must_use]
    pub fn accept_ex_sockaddrs(&self, listen: Socket, overlapped: &Overlapped, receive: u32) -> [Option<Address>; 2] {
        let length = room(self.family(listen));
        let over = overlapped.over;
        let call = Call::GetAcceptExSockaddrs { overlapped: over, receive, local: length, remote: length };
        match self.call(call).out {
            Out::Sockaddrs { local, remote } => [local, remote],
            _ => [None, None],
        }
    }

    /// `getpeername`
    ///
    /// # Errors
    /// Winsock's.
    pub fn getpeername(&self, s: Socket) -> Result<Address> {
        let namelen = Length::Holds(128);
        self.name(Call::Getpeername { s: s.0, name: Buffer::Valid, namelen })
    }

    /// `getsockname`
    ///
    /// # Errors
    /// Winsock's.
    pub fn getsockname(&self, s: Socket) -> Result<Address> {
        let namelen = Length::Holds(128);
        self.name(Call::Getsockname { s: s.0, name: Buffer::Valid, namelen })
    }

    fn name(&self, call: Call) -> Result<Address> {
        match self.call(call) {
            Outcome { value: Value::Number(0), out: Out::Name { addr: Some(address), .. }, .. } => Ok(address),
            outcome => Err(outcome.error),
        }
    }

    /// `CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0)`
    ///
    /// # Errors
    /// The system's.
    pub fn create_port(&self) -> Result<CompletionPort> {
        let outcome = self.call(Call::CreatePort { key: 0 });
        match outcome.value {
            Value::Handle(port) => Ok(CompletionPort(port)),
            _ => Err(outcome.error),
        }
    }

    /// `CreateIoCompletionPort(s, port, key, 0)`: completions of this socket go to that port.
    ///
    /// # Errors
    /// The system's.
    pub fn associate(&self, s: Socket, port: CompletionPort, key: u32) -> Result<()> {
        let outcome = self.call(Call::AssociatePort { s: s.0, port: port.0, key });
        if outcome.value == Value::SamePort { Ok(()) } else { Err(outcome.error) }
    }

    /// `GetQueuedCompletionStatus`: a packet, of a request that has succeeded or failed, or posted by somebody.
    ///
    /// # Errors
    /// The system's where there is no packet: `WAIT_TIMEOUT`, or what is wrong with the port.
    pub fn get_queued(&self, port: CompletionPort, timeout: Timeout) -> Result<Packet> {
        let outcome = self.packet_of(port, timeout);
        let error = (outcome.value != Value::Number(1)).then_some(outcome.error);
        match outcome.out {
            Out::Packet { counted: Some((bytes, key)), over } => {
                Ok(Packet { key, bytes, overlapped: over.map(OverlappedId), error })
            }
            _ => Err(outcome.error),
        }
    }

    /// `GetQueuedCompletionStatusEx`: at most so many packets, and at least one. Whether their requests have failed, each OVERLAPPED
    /// tells.
    ///
    /// # Errors
    /// The system's where there is no packet: `WAIT_TIMEOUT`, `WAIT_IO_COMPLETION` where completion routines have run in a wait that
    /// is alertable, or what is wrong with the port.
    pub fn get_queued_several(
        &self,
        port: CompletionPort,
        most: u32,
        timeout: Timeout,
        alertable: bool,
    ) -> Result<Vec<Packet>> {
        let outcome = self.packets_of(port, most, timeout, alertable);
        match outcome.out {
            Out::Packets { keys, overs, bytes } => {
                let packets = keys.iter().zip(overs.iter()).zip(bytes.iter());
                let packet = |((key, over), bytes)| {
                    let overlapped = (over != Handle::INVALID).then_some(OverlappedId(over));
                    Packet { key, bytes, overlapped, error: None }
                };
                Ok(packets.map(packet).collect())
            }
            _ => Err(outcome.error),
        }
    }

    /// `GetQueuedCompletionStatusEx`, with all that the model says of it; of at most 64 packets.
    pub fn packets_of(&self, port: CompletionPort, most: u32, timeout: Timeout, alertable: bool) -> Outcome {
        let count = most.clamp(1, 64);
        let there = alertable || self.awaits(timeout != Some(0), Awaited::Packet(port.0), timeout);
        let timeout = if there { timeout } else { Some(0) };
        self.call(Call::GetQueuedCompletionStatusEx { port: port.0, count, timeout, alertable })
    }

    /// `SetFileCompletionNotificationModes` with `FILE_SKIP_COMPLETION_PORT_ON_SUCCESS`: no packet for what is complete at once.
    ///
    /// # Errors
    /// The system's.
    pub fn skip_packet_on_success(&self, s: Socket) -> Result<()> {
        let modes = FileModes::SKIP_COMPLETION_PORT_ON_SUCCESS;
        self.truth(Call::SetFileCompletionNotificationModes { s: s.0, modes }).map(|_| ())
    }

    /// `GetQueuedCompletionStatus`, with all that the model says of it.
    pub fn packet_of(&self, port: CompletionPort, timeout: Timeout) -> Outcome {
        let there = self.awaits(timeout != Some(0), Awaited::Packet(port.0), timeout);
        let timeout = if there { timeout } else { Some(0) };
        self.call(Call::GetQueuedCompletionStatus { port: port.0, timeout })
    }

    /// `PostQueuedCompletionStatus`
    ///
    /// # Errors
    /// The system's.
    pub fn post_queued(&self, port: CompletionPort, bytes: u32, key: u32, over: Option<&Overlapped>) -> Result<()> {
        let overlapped = over.map(|over| over.over);
        self.truth(Call::PostQueuedCompletionStatus { port: port.0, bytes, key, overlapped }).map(|_| ())
    }

    /// `CloseHandle` of a port. A wait at it ends, on a stack with `ERROR_ABANDONED_WAIT_0`, here with what a handle gets that is
    /// no port any more.
    ///
    /// # Errors
    /// The system's.
    pub fn close_port(&self, port: CompletionPort) -> Result<()> {
        self.truth(Call::CloseHandle { handle: port.0 }).map(|_| ())
    }
}
