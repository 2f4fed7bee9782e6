//! Completion ports: `CreateIoCompletionPort`, `GetQueuedCompletionStatus`, `PostQueuedCompletionStatus`.

use super::apc::{routine_is_due, runs_all};
use super::common::{case, check, not_modelled};
use crate::call::{Call, Handle, Set};
use crate::choice::{APC_BEFORE_PACKET, APCS_BEFORE_PACKETS};
use crate::code::Code;
use crate::id::PortId;
use crate::operation::{Association, Packet};
use crate::outcome::{Out, Outcome, Value};
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Limit, Rule, States, Table};
use crate::status::Status;
use crate::world::State;

table! {
    CREATEIOCOMPLETIONPORT;
    Rule {
        when: |at| matches!(*at.call(), Call::AssociatePort { .. }),
        rests_on: &["closehandle.rem.invalidates", "acceptex.ex.assoc-failure"],
        ..check(
            "CreateIoCompletionPort.not-a-socket",
            &[],
            States::of(&[State::NotASocket]),
            Code::WSA_INVALID_HANDLE,
        )
    },
    Rule {
        when: |at| matches!(*at.call(), Call::AssociatePort { .. }) && port(at).is_none(),
        rests_on: &["closehandle.rem.invalidates"],
        ..check("CreateIoCompletionPort.not-a-port", &[], States::SOCKET, Code::WSA_INVALID_HANDLE)
    },
    Rule {
        when: |at| at.sock().extra().port.is_some(),
        ..check(
            "CreateIoCompletionPort.second-port",
            &["ciocp.one-port-per-handle"],
            States::SOCKET,
            Code::WSA_INVALID_PARAMETER,
        )
    },
    Rule {
        when: |at| matches!(*at.call(), Call::CreatePort { .. }),
        then: |at| {
            let Some(id) = at.free_port() else {
                let most = at.room_for_ports();
                at.reaches(Limit { most, of: "completion ports of one thread, and it makes one more" });
                return;
            };
            at.port_begins(id);
            at.give(Outcome { value: Value::Handle(Handle::port(id)), error: Code::NONE, out: Out::None });
        },
        rests_on: &["acceptex.ex.create-port", "iocp.fifo-queue"],
        ..case("CreateIoCompletionPort.creates", &[], States::ANY)
    },
    Rule {
        then: |at| {
            if let (Some(port), Call::AssociatePort { key, .. }) = (port(at), *at.call()) {
                at.own_extra_mut().port = Some(Association { port, key });
            }
            at.give(Outcome { value: Value::SamePort, error: Code::NONE, out: Out::None });
        },
        rests_on: &[
            "acceptex.ex.assoc-listen-socket",
            "acceptex.ex.assoc-accept-socket",
            "acceptex.ex.assoc-returns-same",
        ],
        ..case(
            "CreateIoCompletionPort.associates",
            &["ciocp.returns-existing", "ciocp.key-per-handle"],
            States::SOCKET,
        )
    },
}

table! {
    GETQUEUEDCOMPLETIONSTATUS;
    Rule {
        when: |at| port(at).is_none(),
        then: |at| at.give(Outcome::number(0).with(Out::Packet { counted: None, over: None })),
        rests_on: &["closehandle.rem.invalidates"],
        ..check("GetQueuedCompletionStatus.not-a-port", &[], States::ANY, Code::WSA_INVALID_HANDLE)
    },
    // No page says whether a poll of the driver whose time-out has run out is a failed request.
    Rule {
        when: |at| first(at).is_some_and(|packet| packet.status == Status::TIMEOUT),
        ..not_modelled("GetQueuedCompletionStatus.timed-out-poll-not-modelled", &["gqcs.failed-io"], States::ANY)
    },
    Rule {
        when: |at| first(at).is_some_and(|packet| packet.status != Status::SUCCESS),
        gives: Is(Gives::Reports),
        then: |at| {
            let Some(packet) = fetches(at) else { return };
            at.give(Outcome { value: Value::Number(0), error: packet.status.win32(), out: told(packet) });
        },
        rests_on: &[
            "closesocket.rem.completion-performed",
            "closesocket.rem.completion-later",
            "cancelioex.packet-queued",
        ],
        ..case("GetQueuedCompletionStatus.failed-request", &["gqcs.failed-io"], States::ANY)
    },
    Rule {
        when: |at| first(at).is_some(),
        then: |at| {
            if let Some(packet) = fetches(at) {
                at.give(Outcome::number(1).with(told(packet)));
            }
        },
        rests_on: &[
            "acceptex.rem.notify-event-or-iocp",
            "acceptex.rem.bytes-transferred",
            "iocp.acceptex-listed",
            "iocp.fifo-queue",
            "completion.no-event-port-only",
            "iocp.lifo-threads",
            "wsarecv.ret.zero-completion-still",
            "pqcs.values-unchecked",
        ],
        ..case("GetQueuedCompletionStatus.fetches", &["gqcs.key", "gqcs.overlapped-address"], States::ANY)
    },
    Rule {
        when: |at| matches!(*at.call(), Call::GetQueuedCompletionStatus { timeout: Some(0), .. }),
        gives: Is(Gives::Reports),
        then: times_out,
        ..case("GetQueuedCompletionStatus.nothing-there", &["gqcs.timeout"], States::ANY)
    },
    Rule { gives: Is(Gives::Blocks), ..case("GetQueuedCompletionStatus.waits", &["gqcs.timeout"], States::ANY) },
}

table! {
    GETQUEUEDCOMPLETIONSTATUSEX;
    Rule {
        when: |at| port(at).is_none(),
        rests_on: &["closehandle.rem.invalidates"],
        ..check("GetQueuedCompletionStatusEx.not-a-port", &[], States::ANY, Code::WSA_INVALID_HANDLE)
    },
    Rule {
        when: |at| is_alertable(at) && routine_is_due(at) && comes_first(at),
        asks: &[APC_BEFORE_PACKET],
        gives: Is(Gives::Continues(Table::Apc)),
        ..case("GetQueuedCompletionStatusEx.calls-routine", &["gqcsex.alertable"], States::ANY)
    },
    Rule {
        when: |at| is_alertable(at) && !at.thread().apcs.is_empty() && comes_first(at),
        asks: &[APC_BEFORE_PACKET],
        gives: Is(Gives::Reports),
        then: runs_all,
        ..case("GetQueuedCompletionStatusEx.runs-apcs", &["gqcsex.alertable"], States::ANY)
    },
    Rule {
        when: |at| first(at).is_some(),
        then: |at| {
            let Call::GetQueuedCompletionStatusEx { count, .. } = *at.call() else { return };
            let packets: Vec<Packet> = (0..count).map_while(|_| fetches(at)).collect();
            let keys = Set::collect(packets.iter().map(|packet| packet.key));
            let overs = Set::collect(packets.iter().map(|packet| packet.over.unwrap_or(Handle::INVALID)));
            let bytes = Set::collect(packets.iter().map(|packet| packet.bytes));
            at.give(Outcome::number(1).with(Out::Packets { keys, overs, bytes }));
        },
        rests_on: &["iocp.fifo-queue", "iocp.acceptex-listed", "pqcs.values-unchecked"],
        ..case(
            "GetQueuedCompletionStatusEx.fetches",
            &["gqcsex.true-may-include-failures", "gqcsex.fifo", "gqcsex.several"],
            States::ANY,
        )
    },
    Rule {
        when: |at| matches!(*at.call(), Call::GetQueuedCompletionStatusEx { timeout: Some(0), .. }),
        gives: Is(Gives::Reports),
        then: |at| at.give(failed(Code::WAIT_TIMEOUT)),
        ..case("GetQueuedCompletionStatusEx.nothing-there", &["gqcsex.timeout"], States::ANY)
    },
    Rule {
        gives: Is(Gives::Blocks),
        ..case("GetQueuedCompletionStatusEx.waits", &["gqcsex.timeout", "gqcsex.alertable"], States::ANY)
    },
}

table! {
    /// The port is closed that a call waits at.
    CLOSED;
    Rule {
        when: |at| matches!(*at.call(), Call::GetQueuedCompletionStatusEx { .. }),
        gives: Is(Gives::Reports),
        then: |at| at.give(failed(Code::ERROR_ABANDONED_WAIT_0)),
        ..case("GetQueuedCompletionStatusEx.port-closed", &["gqcsex.port-closed"], States::ANY)
    },
    Rule {
        gives: Is(Gives::Reports),
        then: |at| at.give(no_packet(Code::ERROR_ABANDONED_WAIT_0)),
        ..case("GetQueuedCompletionStatus.port-closed", &["gqcs.port-closed"], States::ANY)
    },
}

table! {
    POSTQUEUEDCOMPLETIONSTATUS;
    Rule {
        when: |at| port(at).is_none(),
        rests_on: &["closehandle.rem.invalidates"],
        ..check("PostQueuedCompletionStatus.not-a-port", &[], States::ANY, Code::WSA_INVALID_HANDLE)
    },
    Rule {
        then: |at| {
            if let (Some(port), Call::PostQueuedCompletionStatus { bytes, key, overlapped, .. }) = (port(at), *at.call())
            {
                at.posts_packet(port, Packet { key, over: overlapped, status: Status::SUCCESS, bytes });
            }
            at.give(Outcome::number(1));
        },
        ..case("PostQueuedCompletionStatus.posts", &["pqcs.values-unchecked"], States::ANY)
    },
}

/// FALSE, and nothing was written.
pub(super) fn failed(error: Code) -> Outcome {
    Outcome { value: Value::Number(0), error, out: Out::None }
}

fn is_alertable(at: &At<'_>) -> bool {
    matches!(*at.call(), Call::GetQueuedCompletionStatusEx { alertable: true, .. })
}

/// Does an APC come before a packet?
fn comes_first(at: &At<'_>) -> bool {
    first(at).is_none() || at.chooses(APCS_BEFORE_PACKETS)
}

/// No packet has come in time.
pub(super) fn times_out(at: &mut At<'_>) {
    at.give(no_packet(Code::WAIT_TIMEOUT));
}

fn no_packet(error: Code) -> Outcome {
    Outcome { value: Value::Number(0), error, out: Out::Packet { counted: None, over: None } }
}

/// The port that the call names.
fn port(at: &At<'_>) -> Option<PortId> {
    match *at.call() {
        Call::AssociatePort { port, .. }
        | Call::GetQueuedCompletionStatus { port, .. }
        | Call::GetQueuedCompletionStatusEx { port, .. }
        | Call::PostQueuedCompletionStatus { port, .. } => at.resolve_port(port),
        _ => None,
    }
}

fn first(at: &At<'_>) -> Option<Packet> {
    at.port_at(port(at)?).packets.first()
}

fn fetches(at: &mut At<'_>) -> Option<Packet> {
    let port = port(at)?;
    at.port_mut(port).packets.pop_first()
}

fn told(packet: Packet) -> Out {
    Out::Packet { counted: Some((packet.bytes, packet.key)), over: packet.over }
}
