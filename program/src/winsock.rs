//! What a program sees: Winsock's calls by their documented names, threads, and time.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use corosensei::Yielder;
use winaccept_model::call::{
    Address, Backlog, Buffer, Call, Data, Family, Handle, How, Ip, Length, Name, NetworkEvents, PollEvents, Port, Set,
    SockType, Timeout,
};
use winaccept_model::code::Code;
use winaccept_model::outcome::{Out, Outcome, Value};

use crate::condition::Answer;
use crate::interface::Finished;
use crate::overlapped::Awaited;
use crate::routine::Routines;
use crate::sign::Signs;
use crate::sync::{Lock, Queue};

/// What a failed call leaves for `WSAGetLastError`.
pub type Error = Code;

/// A socket, as the value of its handle.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Socket(pub Handle);

/// An event object, as the value of its handle.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Event(pub Handle);

impl Socket {
    /// `INVALID_SOCKET`.
    pub const INVALID: Socket = Socket(Handle::INVALID);

    /// The number behind the handle. On Windows it is no small one, and nothing may be read into it.
    #[must_use]
    pub fn value(self) -> u32 {
        // Real handles are multiples of four and start where a process has had some already.
        self.0.0.wrapping_mul(4).wrapping_add(0x134)
    }
}

/// A thread that was spawned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Thread(pub usize);

/// What the body of a thread is.
pub(crate) type Body = Box<dyn FnOnce(&Winsock<'_>)>;

/// What a thread asks of the scheduler.
pub(crate) enum Request {
    /// A call, which stands in `Exchange::call`.
    Call,
    /// Another thread.
    Spawn(&'static str, Body),
    /// To go on when that thread has ended.
    Join(usize),
    /// To go on when somebody notifies about this.
    Park(u32),
    /// Whoever waits for this may look again.
    Notify(u32),
    /// To go on when the program is to stop.
    Stop,
    /// To go on when there is something, or after so many milliseconds.
    Await(Awaited, Timeout),
    /// That the condition function in which it is comes back.
    Answer(Answer),
    /// What is in the buffer of this OVERLAPPED.
    Buffer(Handle),
    /// The family of this socket.
    Family(Handle),
    /// Nothing more: it has done what the model has no words for.
    NoWords(String),
    /// Nothing more: it has done what no program may, to this OVERLAPPED.
    Misuse(String, Option<Handle>),
    /// Nothing more: it has ended.
    Ends,
    /// That its turn is over.
    Yield,
}

/// What is too large to go along with each switch between a thread and the scheduler: one place for all threads of a program, for only one
/// of them goes at a time.
pub(crate) struct Exchange {
    /// The call that is made.
    pub(crate) call: Cell<Call>,
    /// What else is asked.
    pub(crate) request: Cell<Option<Request>>,
    /// What it has given.
    pub(crate) outcome: Cell<Outcome>,
    /// Any other answer.
    pub(crate) reply: Cell<Reply>,
    /// What threads wait for that is no call of the model.
    pub(crate) signs: Signs,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Exchange")
    }
}

impl Default for Exchange {
    fn default() -> Exchange {
        let (call, outcome) = (Cell::new(Call::WSAGetLastError), Cell::new(Outcome::number(0)));
        Exchange { call, outcome, request: Cell::default(), reply: Cell::default(), signs: Signs::default() }
    }
}

/// What a thread asks for: what goes along with the switch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asks {
    /// The call in `Exchange::call`.
    Call,
    /// That others go on first.
    Turn,
    /// What stands in `Exchange::request`.
    Other,
}

/// Where a thread that goes on finds the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// There is none.
    Go,
    /// What it waited for has not come in time.
    TimedOut,
    /// In `Exchange::outcome`.
    Outcome,
    /// In `Exchange::reply`.
    Reply,
}

/// What the scheduler answers.
#[derive(Debug, Default)]
pub(crate) enum Reply {
    /// Nothing but that it goes on.
    #[default]
    Go,
    /// What the call gave.
    Outcome(Outcome),
    /// The number of the new thread.
    Spawned(usize),
    /// What it waited for has not come in time.
    /// What it waited for has not come in time.
    TimedOut,
    /// What is in a buffer.
    Bytes(Vec<u8>),
    /// The family of a socket.
    Family(Family),
}

/// Winsock and the system, as one thread of the program has them.
pub struct Winsock<'a> {
    pub(crate) yielder: &'a Yielder<Told, Asks>,
    pub(crate) exchange: Rc<Exchange>,
    pub(crate) ids: Rc<Cell<u32>>,
    pub(crate) stops: Rc<Cell<bool>>,
    /// OVERLAPPED structures that the program has let go of.
    pub(crate) gone: Rc<RefCell<Vec<Handle>>>,
    /// Requests that are over, and that nobody has asked about since.
    pub(crate) finished: Rc<RefCell<Vec<Finished>>>,
    /// Completion routines of this thread that have not run.
    pub(crate) routines: Routines,
}

impl std::fmt::Debug for Winsock<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Winsock")
    }
}

type Result<T> = std::result::Result<T, Error>;

fn loopback(family: Family, port: u16) -> Address {
    Address { family, ip: Ip::Loopback, port: if port == 0 { Port::Unset } else { Port::Fixed(port) } }
}

impl Winsock<'_> {
    /// Asks the scheduler. A thread that is being unwound has no more turns: what it drops gets nothing.
    pub(crate) fn asks(&self, request: Request) -> Reply {
        if std::thread::panicking() {
            return Reply::Go;
        }
        self.exchange.request.set(Some(request));
        match self.yielder.suspend(Asks::Other) {
            Told::Go => Reply::Go,
            Told::TimedOut => Reply::TimedOut,
            Told::Outcome => Reply::Outcome(self.exchange.outcome.get()),
            Told::Reply => self.exchange.reply.take(),
        }
    }

    /// Makes any call of the model, for those that have no method here.
    pub fn call(&self, call: Call) -> Outcome {
        if std::thread::panicking() {
            return Outcome::number(0);
        }
        self.exchange.call.set(call);
        match self.yielder.suspend(Asks::Call) {
            Told::Outcome => self.after_routines(self.exchange.outcome.get()),
            _ => Outcome::number(0),
        }
    }

    fn number(&self, call: Call) -> Result<i64> {
        let outcome = self.call(call);
        match outcome.value {
            Value::Number(number) if outcome.error == Code::NONE => Ok(number),
            _ => Err(outcome.error),
        }
    }

    pub(crate) fn done(&self, call: Call) -> Result<()> {
        self.number(call).map(|_| ())
    }

    fn handle(&self, call: Call) -> Result<Handle> {
        let outcome = self.call(call);
        match outcome.value {
            Value::Handle(handle) => Ok(handle),
            _ => Err(outcome.error),
        }
    }

    /// `socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)`
    ///
    /// # Errors
    /// Winsock's.
    pub fn socket(&self) -> Result<Socket> {
        self.handle(Call::Socket { family: Family::Inet, kind: SockType::Stream }).map(Socket)
    }

    /// `socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP)`
    ///
    /// # Errors
    /// Winsock's.
    pub fn socket6(&self) -> Result<Socket> {
        self.handle(Call::Socket { family: Family::Inet6, kind: SockType::Stream }).map(Socket)
    }

    /// `bind` to loopback and this port; 0 lets the system choose.
    ///
    /// # Errors
    /// Winsock's.
    pub fn bind(&self, s: Socket, port: u16) -> Result<()> {
        self.done(Call::Bind { s: s.0, name: Name::Address(loopback(Family::Inet, port), Family::Inet.address_size()) })
    }

    /// `bind` to `::1` and this port.
    ///
    /// # Errors
    /// Winsock's.
    pub fn bind6(&self, s: Socket, port: u16) -> Result<()> {
        let name = Name::Address(loopback(Family::Inet6, port), Family::Inet6.address_size());
        self.done(Call::Bind { s: s.0, name })
    }

    /// `listen`
    ///
    /// # Errors
    /// Winsock's.
    pub fn listen(&self, s: Socket, backlog: i32) -> Result<()> {
        self.done(Call::Listen { s: s.0, backlog: Backlog::Number(backlog) })
    }

    /// A socket, bound to a port of the system's choice, that listens.
    ///
    /// # Errors
    /// Winsock's.
    pub fn listener(&self, backlog: i32) -> Result<Socket> {
        let s = self.socket()?;
        self.bind(s, 0)?;
        self.listen(s, backlog)?;
        Ok(s)
    }

    /// `accept(s, NULL, NULL)`
    ///
    /// # Errors
    /// Winsock's.
    pub fn accept(&self, s: Socket) -> Result<Socket> {
        self.handle(Call::Accept { s: s.0, addr: Buffer::Null, addrlen: Length::Null }).map(Socket)
    }

    /// `accept(s, &addr, &addrlen)` with a buffer of so many bytes.
    ///
    /// # Errors
    /// Winsock's.
    pub fn accept_from(&self, s: Socket, addrlen: i32) -> Result<Socket> {
        self.handle(Call::Accept { s: s.0, addr: Buffer::Valid, addrlen: Length::Holds(addrlen) }).map(Socket)
    }

    /// `recv`: the bytes; none at the end of the stream.
    ///
    /// # Errors
    /// Winsock's.
    pub fn recv(&self, s: Socket, len: u32) -> Result<Vec<u8>> {
        let outcome = self.call(Call::Recv { s: s.0, len });
        match (outcome.value, outcome.out) {
            (Value::Number(_), Out::Data(data)) => Ok(data.as_slice().to_vec()),
            (Value::Number(_), _) => Ok(Vec::new()),
            _ => Err(outcome.error),
        }
    }

    /// `send`: how many bytes it took. At most [`Data::MAX`] at a time.
    ///
    /// # Errors
    /// Winsock's.
    pub fn send(&self, s: Socket, bytes: &[u8]) -> Result<usize> {
        let most = &bytes[..bytes.len().min(Data::MAX)];
        let Some(data) = Data::new(most) else { return Err(Code::WSAENOBUFS) };
        self.number(Call::Send { s: s.0, data }).map(|sent| usize::try_from(sent).unwrap_or(0))
    }

    /// `shutdown`
    ///
    /// # Errors
    /// Winsock's.
    pub fn shutdown(&self, s: Socket, how: How) -> Result<()> {
        self.done(Call::Shutdown { s: s.0, how })
    }

    /// `closesocket`
    ///
    /// # Errors
    /// Winsock's.
    pub fn closesocket(&self, s: Socket) -> Result<()> {
        self.done(Call::Closesocket { s: s.0 })
    }

    /// `ioctlsocket(s, FIONBIO, &on)`
    ///
    /// # Errors
    /// Winsock's.
    pub fn nonblocking(&self, s: Socket, on: bool) -> Result<()> {
        self.done(Call::Ioctlsocket { s: s.0, argp: Some(u32::from(on)) })
    }

    /// `select` for reading, with a time-out in milliseconds: the sockets that are ready. No sockets are `NULL`.
    ///
    /// # Errors
    /// Winsock's.
    pub fn select(&self, readfds: &[Socket], timeout: Timeout) -> Result<Vec<Socket>> {
        let Some(set) = Set::new(readfds.iter().map(|s| s.0)) else { return Err(Code::WSAEINVAL) };
        let readfds = (!set.is_empty()).then_some(set);
        let outcome = self.call(Call::Select { readfds, writefds: None, exceptfds: None, timeout });
        match (outcome.value, outcome.out) {
            (Value::Number(_), Out::Sets { read, .. }) => Ok(read.iter().map(Socket).collect()),
            (Value::Number(_), _) => Ok(Vec::new()),
            _ => Err(outcome.error),
        }
    }

    /// `WSAPoll`, with a time-out in milliseconds: what each of them shows, in order.
    ///
    /// # Errors
    /// Winsock's.
    pub fn poll(&self, fds: &[(Socket, PollEvents)], timeout: Timeout) -> Result<Vec<PollEvents>> {
        let Some(set) = Set::new(fds.iter().map(|(s, events)| (s.0, *events))) else { return Err(Code::WSAEINVAL) };
        let outcome = self.call(Call::WSAPoll { fds: set, timeout });
        match (outcome.value, outcome.out) {
            (Value::Number(_), Out::Revents(revents)) => Ok(revents.iter().collect()),
            (Value::Number(_), _) => Ok(vec![PollEvents::default(); fds.len()]),
            _ => Err(outcome.error),
        }
    }

    /// `WSACreateEvent`
    ///
    /// # Errors
    /// Winsock's.
    pub fn create_event(&self) -> Result<Event> {
        self.handle(Call::WSACreateEvent).map(Event)
    }

    /// `WSACloseEvent`
    ///
    /// # Errors
    /// Winsock's.
    pub fn close_event(&self, event: Event) -> Result<()> {
        self.done(Call::WSACloseEvent { event: event.0 })
    }

    /// `WSASetEvent`
    ///
    /// # Errors
    /// Winsock's.
    pub fn set_event(&self, event: Event) -> Result<()> {
        self.done(Call::WSASetEvent { event: event.0 })
    }

    /// `WSAResetEvent`
    ///
    /// # Errors
    /// Winsock's.
    pub fn reset_event(&self, event: Event) -> Result<()> {
        self.done(Call::WSAResetEvent { event: event.0 })
    }

    /// `WSAEventSelect`; no event and no mask end the registration.
    ///
    /// # Errors
    /// Winsock's.
    pub fn event_select(&self, s: Socket, event: Option<Event>, mask: NetworkEvents) -> Result<()> {
        self.done(Call::WSAEventSelect { s: s.0, event: event.map(|event| event.0), mask })
    }

    /// `WSAEnumNetworkEvents`: what was recorded; the event, if one is given, is reset.
    ///
    /// # Errors
    /// Winsock's.
    pub fn enum_network_events(&self, s: Socket, event: Option<Event>) -> Result<NetworkEvents> {
        let outcome = self.call(Call::WSAEnumNetworkEvents { s: s.0, event: event.map(|event| event.0) });
        match (outcome.value, outcome.out) {
            (Value::Number(_), Out::Events(events, _)) => Ok(events),
            (Value::Number(_), _) => Ok(NetworkEvents::default()),
            _ => Err(outcome.error),
        }
    }

    /// `WSAWaitForMultipleEvents` for any of them: the index of the one that is set, `None` after the time-out.
    ///
    /// # Errors
    /// Winsock's.
    pub fn wait(&self, events: &[Event], timeout: Timeout) -> Result<Option<usize>> {
        let Some(set) = Set::new(events.iter().map(|event| event.0)) else { return Err(Code::WSA_INVALID_PARAMETER) };
        let outcome = self.call(Call::WSAWaitForMultipleEvents { events: set, timeout, alertable: false });
        match outcome.value {
            Value::WaitEvent(index) => Ok(Some(index.into())),
            Value::WaitTimeout => Ok(None),
            _ => Err(outcome.error),
        }
    }

    /// `SleepEx(milliseconds, FALSE)`, in virtual time.
    pub fn sleep(&self, milliseconds: u32) {
        self.call(Call::SleepEx { timeout: Some(milliseconds), alertable: false });
    }

    /// Another thread of this program.
    pub fn spawn(&self, name: &'static str, body: impl FnOnce(&Winsock<'_>) + 'static) -> Thread {
        match self.asks(Request::Spawn(name, Box::new(body))) {
            Reply::Spawned(thread) => Thread(thread),
            _ => Thread(usize::MAX),
        }
    }

    /// Waits until that thread has ended.
    pub fn join(&self, thread: Thread) {
        self.asks(Request::Join(thread.0));
    }

    /// Waits until the program is asked to stop, as by a service control. A program that never asks is never stopped.
    pub fn wait_for_stop(&self) {
        self.asks(Request::Stop);
    }

    /// Was it asked to stop?
    #[must_use]
    pub fn stopping(&self) -> bool {
        self.stops.get()
    }

    /// A queue between threads of this program.
    #[must_use]
    pub fn queue<T>(&self) -> Queue<T> {
        Queue::new(self.next_id())
    }

    /// A lock between threads of this program.
    #[must_use]
    pub fn lock(&self) -> Lock {
        Lock::new(self.next_id())
    }

    pub(crate) fn next_id(&self) -> u32 {
        self.ids.set(self.ids.get() + 1);
        self.ids.get()
    }
}
