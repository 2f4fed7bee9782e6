//! A scenario as data: who takes which step, what is expected of it, and which clause it shows.
//!
//! The parser of the scenario language makes it, the simulator and the real stacks run it.

use winaccept_model::call::Group;
use winaccept_model::call::{
    Address, AfdEvents, Call, Data, Handle, Member, NetworkEvents, OptVal, PollEvents, ProcessId, Qos, ThreadId,
    Version,
};
use winaccept_model::choice::Alt;
use winaccept_model::code::Code;
use winaccept_model::operation::Answer;
use winaccept_model::outcome::Value;

/// A range of bytes in the scenario's source text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A variable of the script: a socket, an event, or duplicated protocol information. Index into [`Script::names`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NameId(pub u16);

/// How a script refers to a handle.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Ref {
    /// A variable bound by an earlier step.
    Name(NameId),
    /// `INVALID_SOCKET`.
    InvalidSocket,
    /// `handle(N)`: a number that is no open handle.
    Number(u32),
}

/// In the order of the alternatives.
impl Member for Ref {
    fn word(self) -> u64 {
        match self {
            Ref::Name(name) => name.0.into(),
            Ref::InvalidSocket => 1 << 32,
            Ref::Number(number) => 2 << 32 | u64::from(number),
        }
    }
    fn of_word(word: u64) -> Ref {
        match word >> 32 {
            0 => Ref::Name(NameId(word as u16)),
            1 => Ref::InvalidSocket,
            _ => Ref::Number(word as u32),
        }
    }
}

/// A scenario.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Script {
    /// The text after `scenario`.
    pub title: String,
    /// The comment lines under the title, joined, without their `#`.
    pub prose: String,
    /// Why no real stack can take this scenario; `None` when one can. From `model only "reason"`.
    pub model_only: Option<String>,
    /// Processes in order of declaration. The first is the default one.
    pub processes: Vec<Process>,
    /// Actors in order of appearance; the index is the [`ThreadId`].
    pub actors: Vec<Actor>,
    /// Variables in order of binding.
    pub names: Vec<Name>,
    /// The raw peers, in the order of their first steps.
    pub peers: Vec<Peer>,
    /// The steps.
    pub items: Vec<Item>,
    /// The whole source text, for error messages.
    pub source: String,
    /// The file it came from, as shown to people.
    pub file: String,
}

/// A process of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Process {
    /// Its name; `main` for the default process.
    pub name: String,
    /// The Winsock version it has already started when the script begins; `None`: not started.
    pub started: Option<Version>,
}

/// A thread of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Actor {
    /// Its name, the first word of its steps.
    pub name: String,
    /// The process it belongs to.
    pub process: ProcessId,
    /// For `clients N alike`: the number of the group, shared by its members.
    pub alike: Option<u8>,
}

/// A peer without a TCP of its own: `peer P -> L`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peer {
    /// Who takes its steps.
    pub actor: ThreadId,
    /// The socket to whose address it sends.
    pub to: NameId,
}

/// A segment that a raw peer sends or sees.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)] // named after the segments
pub enum PeerSegment {
    Syn,
    SynAck,
    Ack,
    Data,
    Fin,
    /// Without an ACK; where it is expected, with or without.
    Rst,
    RstAck,
}

/// What came to a raw peer first since it last looked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Came {
    /// Nothing.
    Nothing,
    /// A segment, with its bytes if it is data.
    Segment(PeerSegment, Data),
}

/// A variable.
#[derive(Clone, PartialEq, Debug)]
pub struct Name {
    /// How it is spelled. Members of an `alike` group each have their own copy, spelled `C.1`, `C.2`, ….
    pub text: String,
    /// Where it was bound.
    pub span: Span,
}

/// One element of a script.
#[derive(Clone, PartialEq, Debug)]
pub enum Item {
    /// A step of an actor.
    Step(Step),
    /// Something that happens to the network or the system.
    Happening(Happening, Span),
    /// `any order { … }`: the steps of different actors inside, and the network, interleave freely.
    /// Each actor's steps are in its own lane, in order.
    AnyOrder(Vec<Lane>, Span),
    /// `never CALL = RESULT shows …`: over every interleaving of this scenario no such outcome occurs.
    Never(Never),
}

/// The steps of one actor inside `any order`.
#[derive(Clone, PartialEq, Debug)]
pub struct Lane {
    /// Whose steps.
    pub actor: ThreadId,
    /// The steps, in order.
    pub body: Vec<LaneItem>,
}

/// One element of a lane.
#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // nearly all of them are steps
pub enum LaneItem {
    /// A step.
    Step(Step),
    /// `either { … } or { … }`: one of the bodies is taken; an empty body is allowed.
    Either(Vec<Vec<LaneItem>>),
    /// `repeat { … }`: over and over, until a step of it blocks for ever, or an `until` leaves it.
    Repeat(Vec<LaneItem>),
    /// `until OUTCOME`, behind a step inside `repeat`: leaves the innermost one where the call ended so.
    Until(Ending),
    /// `if OUTCOME { … } else { … }`, behind a step: the first body where its call ended so, else the second, which may be empty.
    If(Ending, [Vec<LaneItem>; 2]),
}

/// How a call ends, as a branch asks it.
#[derive(Clone, PartialEq, Debug)]
pub enum Ending {
    /// `fails`: with an error, whichever.
    Fails,
    /// `succeeds`: without one.
    Succeeds,
    /// With one of these outcomes, which bind nothing.
    Gives(Vec<Pattern>),
}

/// A step of an actor with what is expected of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// Who.
    pub actor: ThreadId,
    /// What.
    pub action: Action,
    /// What is expected. `None`: nothing is said, any outcome will do.
    pub expect: Option<Expect>,
    /// Clause ids after `shows`.
    pub shows: Vec<String>,
    /// Fact ids after `confirms`.
    pub confirms: Vec<String>,
    /// What Windows does there, where it is said behind `confirms`; `None`: what is expected.
    pub on_windows: Option<Expect>,
    /// The whole line.
    pub span: Span,
}

impl Step {
    /// What the facts that this step confirms say that Windows does.
    #[must_use]
    pub fn windows(&self) -> Option<&Expect> {
        self.on_windows.as_ref().or(self.expect.as_ref())
    }

    /// Every outcome that is written on its line: it may bind a variable.
    pub fn written(&self) -> impl Iterator<Item = &Expect> {
        self.expect.iter().chain(&self.on_windows)
    }

    /// The variables that a new handle of this step is bound to, with whichever of its outcomes it comes.
    pub fn binds(&self) -> impl Iterator<Item = NameId> {
        self.written().flat_map(Expect::binds)
    }
}

impl Expect {
    /// The variables that its outcomes bind.
    pub fn binds(&self) -> impl Iterator<Item = NameId> {
        let patterns: &[Pattern] = if let Expect::OneOf(patterns) = self { patterns } else { &[] };
        patterns.iter().filter_map(|pattern| match pattern.value {
            ValuePattern::Binds(name) => Some(name),
            ValuePattern::Is(_) | ValuePattern::Waits => None,
        })
    }
}

/// What an actor does.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Issues a call.
    Call(Call<Ref>),
    /// Issues a call from inside the blocking hook of the 1.1 call that is in progress on this thread.
    InHook(Call<Ref>),
    /// `CALL resumes`: the call that this actor has in progress returns.
    Resumes,
    /// `condition returns ANSWER`: the condition function that this call has called comes back with this value, and the call goes on.
    ConditionReturns {
        /// What it returns and writes.
        said: Said,
        /// The call.
        call: Call<Ref>,
    },
    /// `routine returns`: the completion routine comes back that this call has called, and the call goes on.
    RoutineReturns {
        /// The call.
        call: Call<Ref>,
    },
    /// `prints "format" [, argument]`: the text after `=` is what appears.
    Prints {
        /// A C format string with at most one `%d` or `%ld`.
        format: String,
        /// What the conversion prints.
        argument: Option<PrintArgument>,
    },
    /// `exits N`: the process of this actor ends with this exit code.
    Exits(i32),
    /// `ends`: this actor, a thread, ends, whatever it is in.
    Ends,
    /// `sends SEGMENT`: a raw peer does.
    Sends {
        /// The segment.
        segment: PeerSegment,
        /// Its bytes, if it is data.
        data: Data,
    },
    /// `expects SEGMENT`: a raw peer looks at what has come to it first.
    Expects,
}

/// What a condition function returns, and what it writes through its pointers; `None`: nothing is said of that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Said {
    /// The value.
    pub value: i32,
    /// `*g`: the group that the new socket is to be in.
    pub group: Option<InGroup>,
    /// `lpCalleeData->len`: how many bytes it has put there for the caller.
    pub callee_data: Option<u32>,
}

/// A socket group, as a condition function writes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InGroup {
    /// This number: SG_UNCONSTRAINED_GROUP, SG_CONSTRAINED_GROUP, or none that is known.
    Number(u32),
    /// `group(A)`: the group that this socket is in.
    Of(Ref),
}

/// What it means: CF_ACCEPT, CF_REJECT, CF_DEFER, or none of them, and what was written besides.
fn answer(said: Said, vars: &[Handle]) -> Answer {
    let bytes = said.callee_data.map_or(0, |bytes| u8::try_from(bytes).unwrap_or(u8::MAX));
    let group = match said.group.unwrap_or(InGroup::Number(0)) {
        InGroup::Number(0) => Group::None,
        InGroup::Number(1) => Group::Unconstrained,
        InGroup::Number(2) => Group::Constrained,
        // Of no group is the number known: the option that tells it is reserved.
        InGroup::Number(_) => Group::Nobodys,
        InGroup::Of(reference) => Group::Of(reference.bound(vars)),
    };
    match said.value {
        0 => Answer::Accepts { group, bytes },
        _ if bytes > 0 => Answer::TellsMore,
        1 => Answer::Rejects,
        2 => Answer::Defers,
        _ => Answer::Other,
    }
}

impl Ref {
    /// The handle that it is, where variables are bound so.
    #[must_use]
    pub fn bound(self, vars: &[Handle]) -> Handle {
        match self {
            Ref::Name(name) => vars[usize::from(name.0)],
            Ref::InvalidSocket => Handle::INVALID,
            Ref::Number(_) => Handle::NOT_OPEN,
        }
    }
}

/// What user code gives that comes back with this action: a condition function what it has said, a completion routine nothing.
#[must_use]
pub fn comes_back(action: &Action, vars: &[Handle]) -> Option<Answer> {
    match action {
        Action::ConditionReturns { said, .. } => Some(answer(*said, vars)),
        Action::RoutineReturns { .. } => Some(Answer::Nothing),
        _ => None,
    }
}

/// The argument of `prints`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PrintArgument {
    /// `WSAGetLastError()`.
    LastError,
    /// `iResult`: the value that this actor's last call returned.
    LastResult,
}

/// What a step may give.
#[derive(Clone, PartialEq, Debug)]
pub enum Expect {
    /// `= ...`: the call blocks.
    Blocks,
    /// One of these; the documents leave the choice.
    OneOf(Vec<Pattern>),
    /// `= ?note-id`: the documents are silent; the note says what is known.
    Silent(String),
    /// `= "text"`: what `prints` shows.
    Text(String),
    /// `expects SEGMENT`: one of these has come.
    Segments(Vec<Came>),
}

/// One allowed outcome.
#[derive(Clone, PartialEq, Debug)]
pub struct Pattern {
    /// The value.
    pub value: ValuePattern,
    /// The error name after the value; [`Code::NONE`] when none is written.
    pub error: Code,
    /// `with …`.
    pub with: Vec<With>,
}

/// The value of an allowed outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValuePattern {
    /// Exactly this.
    Is(Value),
    /// A new handle, bound to this variable.
    Binds(NameId),
    /// `...` among other outcomes: the call may also wait for ever.
    Waits,
}

/// One expectation about an out-parameter.
#[derive(Clone, PartialEq, Debug)]
pub enum With {
    /// `addr = …` (for every call that writes an address).
    Addr(AddrPattern),
    /// `addrlen = N`: the integer after the call, in bytes.
    AddrLen(i32),
    /// `data = "…"`.
    Data(Data),
    /// `value = …` of `getsockopt`.
    Value(OptVal),
    /// The value of `SO_GROUP_ID`: the id of the group whose first member this socket was.
    Group(Ref),
    /// `readfds = {…}`.
    ReadFds(Vec<Ref>),
    /// `writefds = {…}`.
    WriteFds(Vec<Ref>),
    /// `exceptfds = {…}`.
    ExceptFds(Vec<Ref>),
    /// `revents = {…}`, one entry a polled socket.
    Revents(Vec<PollEvents>),
    /// `handles = {L: AFD_POLL_ACCEPT}`: what a poll of the driver has found.
    Handles(Vec<(Ref, AfdEvents)>),
    /// `events = FD_ACCEPT|…`; `0` for none.
    Events(NetworkEvents),
    /// `iErrorCode`: the events that have an error, and which.
    EventErrors(Vec<(NetworkEvents, Code)>),
    /// `bytes = N`, or `unchanged`.
    Bytes(Option<u32>),
    /// `key = N`, or `unchanged`.
    Key(Option<u32>),
    /// `overlapped = O`, or `NULL`.
    Overlapped(Option<Ref>),
    /// `entries = {{125, O, 4}, {7, NULL, 1}}`: the packets that were fetched.
    Entries(Vec<EntryPattern>),
    /// `message = {WM_USER+1, L, FD_ACCEPT, 0}`.
    Message(MessagePattern),
    /// `local = …` of `GetAcceptExSockaddrs`.
    Local(AddrPattern),
    /// `remote = …`.
    Remote(AddrPattern),
    /// `callerid = …`: the address that a condition function is given for the caller.
    CallerId(AddrPattern),
    /// `calleeid = …`: the same of the local side.
    CalleeId(AddrPattern),
    /// `callerdata = …`, `sqos`, `gqos`, `calleedata`.
    Given(GivenTo, Block),
    /// `callbackdata = N`.
    CallbackData(u32),
    /// `error = WSA_OPERATION_ABORTED`: what a completion routine is told of how its request ended.
    Error(Code),
    /// `flags = N`, as a completion routine is given them.
    Flags(u32),
    /// `lpErrno = WSAEINVAL`: the error code of a call that tells it through a pointer.
    Errno(Code),
}

/// A packet among several: its key, its OVERLAPPED or `NULL`, its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)]
pub struct EntryPattern {
    pub key: u32,
    pub over: Option<Ref>,
    pub bytes: u32,
}

/// A message that tells of a network event.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct MessagePattern {
    /// Its number.
    pub number: u32,
    /// The socket that it names.
    pub socket: Ref,
    /// The event.
    pub event: NetworkEvents,
    /// The error.
    pub error: Code,
}

/// What a condition function is given beside two addresses and a number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum GivenTo {
    /// `lpCallerData`.
    CallerData,
    /// `lpSQOS`.
    Sqos,
    /// `lpGQOS`.
    Gqos,
    /// `lpCalleeData`.
    CalleeData,
}

/// What a pointer leads to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Block {
    /// It is `NULL`.
    Null,
    /// So many bytes.
    Bytes(u32),
    /// These bytes.
    Data(Data),
    /// A quality of service.
    Qos(Qos),
    /// A buffer of which nobody has said how long it is.
    Unset,
}

/// An expected address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddrPattern {
    /// `unchanged`: nothing was written.
    Unchanged,
    /// `address(C)`: the local address of this socket.
    Of(Ref),
    /// A literal.
    Is(Address),
    /// A literal with `*` for the port: any port but zero.
    AnyPort(Address),
}

/// Something that happens without a call.
#[derive(Clone, PartialEq, Debug)]
pub enum Happening {
    /// `hold C`: from now on segments of the connection that socket `C` makes stay in flight.
    Hold(NameId),
    /// `release C`: they are delivered again.
    Release(NameId),
    /// `drop SYN of C`: the next such segment of that connection is lost.
    Drop(SegmentName, NameId),
    /// `deliver SYN of C`: the first segment in flight, which is such a one, arrives, also where it is held.
    Deliver(SegmentName, NameId),
    /// `lose SYN of C`: it is lost.
    Lose(SegmentName, NameId),
    /// `timer of C`: the retransmission timer of that connection's opening side runs out.
    Timer(NameId),
    /// `fault KIND [for PROCESS] [at CALL N]`: the resource fails, from now on or for the N-th such call from here alone.
    Fault(Fault),
    /// `mend KIND [for PROCESS]`.
    Mend(FaultKind, ProcessId),
    /// `may drop SYN of C`: inside exploration the next such segment may be lost or delivered.
    MayDrop(SegmentName, NameId),
    /// `choose POINT = ALTERNATIVE`: from now on this choice point is decided so.
    Choose(Alt),
}

impl Happening {
    /// The variable that it names.
    #[must_use]
    pub fn name(&self) -> Option<NameId> {
        match self {
            Happening::Hold(name)
            | Happening::Release(name)
            | Happening::Timer(name)
            | Happening::Drop(_, name)
            | Happening::Deliver(_, name)
            | Happening::Lose(_, name)
            | Happening::MayDrop(_, name) => Some(*name),
            Happening::Fault(_) | Happening::Mend(..) | Happening::Choose(_) => None,
        }
    }

    /// The process that it names.
    #[must_use]
    pub fn process(&self) -> Option<ProcessId> {
        match self {
            Happening::Fault(fault) => Some(fault.process),
            Happening::Mend(_, process) => Some(*process),
            _ => None,
        }
    }
}

/// A segment as scripts name it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum SegmentName {
    Syn,
    SynAck,
    Ack,
    Rst,
    Fin,
    Data,
}

/// A fault to inject.
#[derive(Clone, PartialEq, Debug)]
pub struct Fault {
    /// Which resource.
    pub kind: FaultKind,
    /// Whose.
    pub process: ProcessId,
    /// `at CALL N`: only the N-th call of this name from here on (1 is the next).
    pub at: Option<(String, u8)>,
}

/// A resource that can fail.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum FaultKind {
    /// `no-descriptors`.
    NoDescriptors,
    /// `no-buffers`.
    NoBuffers,
    /// `network-down`.
    NetworkDown,
    /// `no-handles`: WS2_32 gives a provider no socket handle.
    NoHandles,
    /// `in-callback`: the provider is still processing a callback.
    InCallback,
}

/// A claim of the form "never".
#[derive(Clone, PartialEq, Debug)]
pub struct Never {
    /// The call's name; none where it is any call.
    pub call: Option<String>,
    /// The outcomes that must not occur.
    pub outcomes: Vec<Pattern>,
    /// It must not be waiting when nothing can happen any more.
    pub waits: bool,
    /// Clause ids.
    pub shows: Vec<String>,
    /// The whole line.
    pub span: Span,
}

impl Never {
    /// Is it about this call?
    #[must_use]
    pub fn is_about(&self, call: &str) -> bool {
        self.call.as_deref().is_none_or(|about| about == call)
    }
}
