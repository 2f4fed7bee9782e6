//! How each kind of parameter becomes machine words, and what is read behind its pointers when the call has returned.

mod address;
mod afd;
mod handle;
mod overlapped;

use winaccept_model::kind::*;
use windows_sys::Win32::Networking::WinSock as ws;
use windows_sys::Win32::System::Threading::INFINITE;

use super::super::protocol::{Bytes, Message, OptionValue, Pointer, RawHandle, Returned};
use super::super::wire::Wire;
use super::actor::Desk;
use super::output::Output;

/// One call on its way to the system.
pub(super) struct Passing {
    /// The words, in order.
    pub(super) words: Vec<usize>,
    /// What the threads share.
    pub(super) desk: std::sync::Arc<Desk>,
    /// How many bytes the call is told that its buffer for an address has.
    room: i32,
    /// How many bytes it says that it has stored.
    received: u32,
    /// The socket option that it is about.
    option: (i32, i32),
    /// What the APC is given that it queues.
    task: usize,
    /// The OVERLAPPED that it names, and the output buffer that goes with it.
    overlapped: usize,
    output: Output,
    /// The OVERLAPPED that it asks about.
    asked: usize,
    /// Where the bytes go that it reads by itself.
    reads_into: Option<usize>,
    /// The time-out of a poll of the driver, in its own unit.
    afd_time: i64,
}

impl Passing {
    pub(super) fn new(desk: std::sync::Arc<Desk>) -> Passing {
        Passing {
            words: Vec::with_capacity(8),
            desk,
            room: 0,
            received: u32::MAX,
            option: (0, 0),
            task: 0,
            overlapped: 0,
            output: Output::default(),
            asked: 0,
            reads_into: None,
            afd_time: 0,
        }
    }
}

/// A parameter on its way: what must stay alive, and in its place, while the call runs.
pub(super) trait Part {
    /// Adds its words. All parts of the call exist by now.
    fn words(&mut self, call: &mut Passing);
    /// Adds what the call has written to what it returned.
    fn told(&self, _call: &Passing, _returned: &mut Returned) {}
}

/// What a kind means to the system.
pub(super) trait Pass: Wire {
    /// Makes the part of the parameter `field`.
    fn part(sent: Self::Sent, field: &'static str, call: &mut Passing) -> Result<Box<dyn Part>, String>;
}

/// What a parameter that is always the same means to the system.
pub(super) trait PassConstant {
    /// Makes its part.
    fn part() -> Box<dyn Part>;
}

/// Words that are known beforehand.
struct Words<const N: usize>([usize; N]);

impl<const N: usize> Part for Words<N> {
    fn words(&mut self, call: &mut Passing) {
        call.words.extend(self.0);
    }
}

fn words<const N: usize>(words: [usize; N]) -> Box<dyn Part> {
    Box::new(Words(words))
}

/// A signed number as a word: a function looks at its lower half only.
fn int(n: i32) -> usize {
    n as isize as usize
}

/// Kinds that are plain words.
macro_rules! plain {
    ($($kind:ident |$sent:pat_param| $words:expr;)*) => { $(
        impl Pass for $kind {
            fn part($sent: Self::Sent, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
                Ok(words($words))
            }
        }
    )* };
}
plain! {
    VersionIn |version| [usize::from(u16::from_le_bytes(version))];
    ErrorCode |code| [int(code)];
    AddressFamily |family| [int(family)];
    TypeProtocol |(kind, protocol)| [int(kind), int(protocol)];
    GroupIn |group| [group as usize];
    SocketFlagsIn |flags| [flags as usize];
    Child |process| [process as usize];
    InheritHandles |inherits| [usize::from(inherits)];
    InheritFlag |(mask, flags)| [mask as usize, flags as usize];
    Process |process| [process as usize];
    BacklogIn |backlog| [int(backlog)];
    HowIn |how| [int(how)];
    NetworkEventsIn |mask| [mask as usize];
    PollTime |timeout| [int(timeout)];
    WaitTime |timeout| [timeout.unwrap_or(INFINITE) as usize];
    SleepTime |timeout| [timeout.unwrap_or(INFINITE) as usize];
    Alertable |alertable| [usize::from(alertable)];
    MayBeAlertable |alertable| [usize::from(alertable)];
    ConditionIn |condition| [match condition {
        Pointer::Bad => super::address::bad_pointer() as usize,
        Pointer::Valid => super::condition::word(),
        Pointer::Null => 0,
    }];
    CallbackData |data| [data as usize];
    CompletionRoutine |routine| [if routine.is_some() { super::condition::routine_word() } else { 0 }];
    LowBit |set| [usize::from(set == Some(true))];
    PortKey |number| [number as usize];
    EntryCount |number| [number as usize];
    FileModesIn |modes| [usize::from(modes)];
    MessageNumber |number| [number as usize];
    TransmitFlags |flags| [flags as usize];
    Reserved |number| [number as usize];
    WaitFlag |wait| [usize::from(wait)];
    ManualReset |manual| [usize::from(manual)];
    InitialState |signalled| [usize::from(signalled)];
}

/// Parameters that are always the same word, or a pointer to room for something.
macro_rules! constants {
    ($($kind:ident: $part:expr;)*) => { $(
        impl PassConstant for $kind {
            fn part() -> Box<dyn Part> {
                $part
            }
        }
    )* };
}
constants! {
    StartupDataOut: Box::new(StartupData(ws::WSADATA::default()));
    NoInfo: words([0]);
    NoGroup: words([0]);
    NoSocketFlags: words([0]);
    FromInfo: words([int(ws::FROM_PROTOCOL_INFO)]);
    InfoOut: Box::new(Info(ws::WSAPROTOCOL_INFOW::default(), true));
    NoFlags: words([0]);
    OptionOut: Box::new(OptionRoom { bytes: [0; 4], length: 4 });
    NoCount: words([0]);
    NotAll: words([0]);
    All: words([1]);
    NoSecurity: words([0]);
    NoName: words([0]);
    EventsOut: Box::new(Events(ws::WSANETWORKEVENTS::default()));
    RoutineData: Box::new(handle::Task);
    FlagsInOut: Box::new(Flags::none());
    SendFlags: words([0]);
    NoOverlapped: words([0]);
    NoRoutine: words([0]);
    HandleFlagsOut: Box::new(NumberRoom { number: 0, written: |value| value != 0 });
    IdealSendBacklogQuery: words([SIO_IDEAL_SEND_BACKLOG_QUERY]);
    NoInput: words([0]);
    NoInputSize: words([0]);
    IdealSendBacklogOut: Box::new(NumberRoom { number: 0, written: |value| value == 0 });
    ValueSize: words([4]);
    CountNobodyReads: Box::new(overlapped::Removed);
    IoctlAfdPoll: words([afd::IOCTL_AFD_POLL]);
    NotExclusive: words([]);
    GotInformation: words([]);
    NoFile: words([usize::MAX]);
    NoPort: words([0]);
    NoThreads: words([0]);
    GotBytes: Box::new(overlapped::Got(overlapped::What::Bytes, overlapped::UNTOUCHED_WORD));
    GotKey: Box::new(overlapped::Got(overlapped::What::Key, overlapped::UNTOUCHED_WORD));
    GotOverlapped: Box::new(overlapped::Got(overlapped::What::Overlapped, overlapped::UNTOUCHED_WORD));
    GotEntries: Box::new(overlapped::Entries([[0; 4]; overlapped::MOST_ENTRIES]));
    GotRemoved: Box::new(overlapped::Removed);
    SolSocket: words([int(ws::SOL_SOCKET)]);
    UpdateAcceptContextName: words([int(ws::SO_UPDATE_ACCEPT_CONTEXT)]);
    LocalSockaddr: Box::new(overlapped::FoundAddress::new(true));
    RemoteSockaddr: Box::new(overlapped::FoundAddress::new(false));
    ResultFlags: Box::new(Flags::none());
    GotMessage: Box::new(MessageRoom([0; MSG_WORDS]));
    AnyMessage: words([0]);
    Removes: words([PM_REMOVE]);
    NullFile: words([0]);
    NoLength: words([0]);
    NoSendSize: words([0]);
    NoBuffers: words([0]);
    UpdateConnectContextName: words([int(ws::SO_UPDATE_CONNECT_CONTEXT)]);
    NoOptionValue: words([0, 0]);
}

/// `_IOR('t', 123, ULONG)`, of ws2ipdef.h.
const SIO_IDEAL_SEND_BACKLOG_QUERY: usize = 0x4004_747b;

/// A message that is fetched leaves the queue.
const PM_REMOVE: usize = 1;

/// Room for a `MSG`: a window, a number, two words, and more that nobody asks for.
struct MessageRoom([usize; MSG_WORDS]);

/// More words than a `MSG` has.
const MSG_WORDS: usize = 8;

impl Part for MessageRoom {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(self.0.as_mut_ptr() as usize);
    }
    fn told(&self, _: &Passing, returned: &mut Returned) {
        // SAFETY: a field of this part, which the system may have written.
        let [_, number, socket, parameter, ..] = unsafe { (&raw const self.0).read_volatile() };
        if returned.value > 0 {
            returned.message = Some(Message {
                number: number as u32,
                socket: socket as isize as RawHandle,
                event: parameter as u16,
                error: (parameter >> 16) as u32 & 0xffff,
            });
        }
    }
}

struct StartupData(ws::WSADATA);

impl Part for StartupData {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(&raw mut self.0 as usize);
    }
}

/// Protocol information, and whether the call fills it in.
struct Info(ws::WSAPROTOCOL_INFOW, bool);

impl Part for Info {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(&raw mut self.0 as usize);
    }
    fn told(&self, _: &Passing, returned: &mut Returned) {
        if self.1 && returned.value == 0 {
            let start = std::ptr::from_ref(&self.0).cast::<u8>();
            // SAFETY: a structure of integers, filled by the system or zero, without padding.
            let bytes = unsafe { std::slice::from_raw_parts(start, size_of::<ws::WSAPROTOCOL_INFOW>()) };
            returned.info = Some(Bytes(bytes.to_vec()));
        }
    }
}

impl Pass for InfoIn {
    fn part(bytes: Bytes, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        if bytes.0.len() != size_of::<ws::WSAPROTOCOL_INFOW>() {
            return Err("this is no WSAPROTOCOL_INFO".to_owned());
        }
        // SAFETY: long enough, and a structure of integers: any bits are valid.
        let info = unsafe { bytes.0.as_ptr().cast::<ws::WSAPROTOCOL_INFOW>().read_unaligned() };
        Ok(Box::new(Info(info, false)))
    }
}

struct Events(ws::WSANETWORKEVENTS);

impl Part for Events {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(&raw mut self.0 as usize);
    }
    fn told(&self, _: &Passing, returned: &mut Returned) {
        let events = self.0.lNetworkEvents as u32;
        returned.events = Some(events);
        // What is not told of says nothing.
        let told = self.0.iErrorCode.iter().zip(0_u8..).filter(|(_, bit)| events >> bit & 1 == 1);
        returned.errors = Some(told.map(|(error, bit)| (bit, *error as u32)).collect());
    }
}

/// Bytes and their number, as an `int`.
struct Buffer {
    bytes: Vec<u8>,
    /// The call writes them.
    out: bool,
}

impl Part for Buffer {
    fn words(&mut self, call: &mut Passing) {
        call.words.extend([self.bytes.as_mut_ptr() as usize, self.bytes.len()]);
    }
    fn told(&self, _: &Passing, returned: &mut Returned) {
        if self.out {
            let got = usize::try_from(returned.value).ok().and_then(|got| self.bytes.get(..got));
            returned.data = got.map(|bytes| Bytes(bytes.to_vec()));
        }
    }
}

fn buffer(bytes: Vec<u8>, out: bool) -> Result<Box<dyn Part>, String> {
    i32::try_from(bytes.len()).map_err(|error| error.to_string())?;
    Ok(Box::new(Buffer { bytes, out }))
}

impl Pass for BytesIn {
    fn part(bytes: Bytes, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        buffer(bytes.0, false)
    }
}

impl Pass for BytesOut {
    fn part(size: u32, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        buffer(vec![0; size as usize], true)
    }
}

/// One buffer with its description, or `NULL`; `out`: its length is told when the call is back.
struct Described {
    bytes: Option<Vec<u8>>,
    described: Box<ws::WSABUF>,
    out: bool,
}

impl Part for Described {
    fn words(&mut self, call: &mut Passing) {
        let Some(bytes) = &mut self.bytes else { return call.words.push(0) };
        *self.described = ws::WSABUF { len: bytes.len() as u32, buf: bytes.as_mut_ptr() };
        call.words.push(&raw mut *self.described as usize);
    }
    fn told(&self, _: &Passing, returned: &mut Returned) {
        if self.out && self.bytes.is_some() {
            returned.bytes = Some(self.described.len);
        }
    }
}

fn described(bytes: Option<Vec<u8>>, out: bool) -> Result<Box<dyn Part>, String> {
    let described = Box::new(ws::WSABUF { len: 0, buf: std::ptr::null_mut() });
    Ok(Box::new(Described { bytes, described, out }))
}

impl Pass for ConnectData {
    fn part(bytes: Option<Bytes>, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        described(bytes.map(|bytes| bytes.0), false)
    }
}

impl Pass for ConnectRoom {
    fn part(room: Option<u16>, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        described(room.map(|room| vec![0; room.into()]), true)
    }
}

/// A quality of service, or `NULL`.
struct Quality(Option<Box<ws::QOS>>);

impl Part for Quality {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(self.0.as_mut().map_or(0, |qos| &raw mut **qos as usize));
    }
}

impl Pass for QosIn {
    fn part(rates: Option<(u32, u32)>, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        // Only the rate is specified: QOS_NOT_SPECIFIED is -1, SERVICETYPE_CONTROLLEDLOAD is 2.
        let flow = |rate| ws::FLOWSPEC {
            TokenRate: rate,
            TokenBucketSize: u32::MAX,
            PeakBandwidth: u32::MAX,
            Latency: u32::MAX,
            DelayVariation: u32::MAX,
            ServiceType: 2,
            MaxSduSize: u32::MAX,
            MinimumPolicedSize: u32::MAX,
        };
        let nothing = ws::WSABUF { len: 0, buf: std::ptr::null_mut() };
        Ok(Box::new(Quality(rates.map(|(sending, receiving)| {
            let (sending, receiving) = (flow(sending), flow(receiving));
            Box::new(ws::QOS { SendingFlowspec: sending, ReceivingFlowspec: receiving, ProviderSpecific: nothing })
        }))))
    }
}

/// Several buffers.
struct Scattered {
    buffers: Vec<Vec<u8>>,
    described: Vec<ws::WSABUF>,
}

impl Part for Scattered {
    fn words(&mut self, call: &mut Passing) {
        let describe = |buffer: &mut Vec<u8>| ws::WSABUF { len: buffer.len() as u32, buf: buffer.as_mut_ptr() };
        self.described = self.buffers.iter_mut().map(describe).collect();
        call.words.extend([self.described.as_mut_ptr() as usize, self.described.len()]);
    }
    fn told(&self, call: &Passing, returned: &mut Returned) {
        if returned.value == 0 {
            // One after the other, without holes.
            let all = self.buffers.concat();
            returned.data = all.get(..call.received as usize).map(|bytes| Bytes(bytes.to_vec()));
        }
    }
}

impl Pass for Buffers {
    fn part(sizes: Vec<u32>, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        let buffers = sizes.iter().map(|size| vec![0; *size as usize]).collect();
        Ok(Box::new(Scattered { buffers, described: Vec::new() }))
    }
}

/// A pointer to where the call counts.
struct Count(Pointer);

impl Part for Count {
    fn words(&mut self, call: &mut Passing) {
        let word = match self.0 {
            Pointer::Null => 0,
            Pointer::Valid => &raw mut call.received as usize,
            Pointer::Bad => super::address::bad_pointer() as usize,
        };
        call.words.push(word);
    }
}

impl Pass for CountOut {
    fn part(pointer: Pointer, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        Ok(Box::new(Count(pointer)))
    }
}

/// Flags that a call takes and gives. They stay for good: a stack may write them when its request completes.
struct Flags(*mut u32);

impl Flags {
    fn none() -> Flags {
        Flags(Box::into_raw(Box::new(0)))
    }
}

impl Part for Flags {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(self.0 as usize);
    }
}

/// A command and what is behind its argument: room for a number and more. A request may use it later: it stays for good.
fn command(code: u32, argument: Option<u32>) -> [usize; 2] {
    let pointer = argument.map(|argument| Box::leak(Box::new([argument, 0])).as_mut_ptr().cast());
    [code as usize, pointer.unwrap_or_else(super::address::bad_pointer) as usize]
}

impl Pass for Fionbio {
    fn part((code, argument): (u32, Option<u32>), _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        Ok(words(command(code, argument)))
    }
}

impl Pass for CommandIn {
    fn part(sent: (u32, Option<u32>, u32), _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        let (code, argument, size) = sent;
        if size > 8 {
            return Err("an argument has 8 bytes at most".to_owned());
        }
        let [code, pointer] = command(code, argument);
        Ok(words([code, if size == 0 { 0 } else { pointer }, size as usize]))
    }
}

impl Pass for CommandRoom {
    fn part(room: Pointer, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        Ok(words(match room {
            Pointer::Null => [0, 0],
            Pointer::Bad => [super::address::bad_pointer() as usize, 4],
            Pointer::Valid => [&raw mut *Box::leak(Box::new(0u32)) as usize, 4],
        }))
    }
}

/// Room for a number: the flags of a handle, or what a command asks for.
struct NumberRoom {
    number: u32,
    /// What a call returns that has written it.
    written: fn(i64) -> bool,
}

impl Part for NumberRoom {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(&raw mut self.number as usize);
    }
    fn told(&self, _: &Passing, returned: &mut Returned) {
        // SAFETY: a field of this part, which the system may have written.
        let number = unsafe { (&raw const self.number).read_volatile() };
        returned.option = (self.written)(returned.value).then_some(OptionValue::Number(number));
    }
}

impl Pass for OptionName {
    fn part((level, name): (i32, i32), _: &'static str, call: &mut Passing) -> Result<Box<dyn Part>, String> {
        call.option = (level, name);
        Ok(words([int(level), int(name)]))
    }
}

/// The value of an option, and how many bytes that is.
struct OptionBytes([u8; 4]);

impl Part for OptionBytes {
    fn words(&mut self, call: &mut Passing) {
        call.words.extend([self.0.as_mut_ptr() as usize, self.0.len()]);
    }
}

impl Pass for OptionIn {
    fn part(value: OptionValue, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        Ok(Box::new(OptionBytes(match value {
            OptionValue::Number(n) => n.to_ne_bytes(),
            OptionValue::Linger(on, seconds) => {
                let (on, seconds) = (on.to_ne_bytes(), seconds.to_ne_bytes());
                [on[0], on[1], seconds[0], seconds[1]]
            }
        })))
    }
}

/// Room for the value of an option.
struct OptionRoom {
    bytes: [u8; 4],
    length: i32,
}

impl Part for OptionRoom {
    fn words(&mut self, call: &mut Passing) {
        call.words.extend([self.bytes.as_mut_ptr() as usize, &raw mut self.length as usize]);
    }
    fn told(&self, call: &Passing, returned: &mut Returned) {
        if returned.value != 0 {
            return;
        }
        let [a, b, c, d] = self.bytes;
        returned.option = Some(if call.option == (ws::SOL_SOCKET, ws::SO_LINGER) {
            OptionValue::Linger(u16::from_ne_bytes([a, b]), u16::from_ne_bytes([c, d]))
        } else {
            OptionValue::Number(u32::from_ne_bytes(self.bytes))
        });
    }
}

/// The structure that `select` takes its time-out in.
struct TimeVal(Option<ws::TIMEVAL>);

impl Part for TimeVal {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(self.0.as_mut().map_or(0, |time| &raw mut *time as usize));
    }
}

impl Pass for SelectTime {
    fn part(timeout: Option<u32>, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        let time = |ms| ws::TIMEVAL { tv_sec: (ms / 1000) as i32, tv_usec: (ms % 1000 * 1000) as i32 };
        Ok(Box::new(TimeVal(timeout.map(time))))
    }
}
