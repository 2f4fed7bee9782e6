//! `WSAAccept`, as its page tells it, and what `WSPAccept` has of it. It goes on as `accept`, whose rules say what both do; with a
//! condition function it asks that before it takes a connection.

use super::common::{case, check, crashes, not_modelled};
use super::groups;
use super::queue::{
    LISTENING, connection_ready, first_is_reset, first_is_undecided, first_returns_early, is_provider, re_enables,
    takes_first,
};
use crate::call::Group;
use crate::call::{Buffer, Call, Condition, Data, Length, NetworkEvents};
use crate::choice::{
    ACCEPT_RECORD, ADDRESS_TOLD, ADDRESS_WITHOUT_ACCEPTANCE, BAD_CONDITION_CRASHES, BAD_CONDITION_FAILS,
    BAD_CONDITION_RESULT, BAD_RESULT_LEAKS, CALLEE_DATA_ROOM, CALLER_DATA_NULL, CLOSE_WITH_UNREAD_DATA,
    DEFERRAL_AND_FD_ACCEPT, DEFERRAL_REENABLES, NO_CALLER_DATA, REJECTED_REQUEST, RESET_ACCEPT_FAILS, RESET_VANISHES,
    RESET_WHILE_QUEUED, RESOURCE_ERROR_FATE, ROOM_ZERO, WITHDRAWN_ACCES, WITHDRAWN_REQUEST,
};
use crate::code::Code;
use crate::operation::Answer;
use crate::outcome::{Given, Out, Outcome, Value};
use crate::rule::Col::Is;
use crate::rule::Gives::Fails;
use crate::rule::Stage::Taking;
use crate::rule::Takes::{Closes, Drops, Keeps, Resets};
use crate::rule::{At, Gives, Rule, States, Table, by};
use crate::world::{Carried, SocketId};

table! {
    WSAACCEPT;
    Rule {
        gives: Is(Gives::Continues(Table::Accept)),
        rests_on: &["mapping.accept-to-wspaccept", "wspaccept.rem.cond.checked-if-given"],
        ..case(
            "WSAAccept.goes-on-as-accept",
            &[
                "wsaaccept.cond.null-not-called",
                "wsaaccept.cond.optional",
                "wsaaccept.rem.cond.checked-if-given",
                "wsaaccept.cbdata.only-with-condition",
            ],
            States::ANY,
        )
    },
}

// What stands among the rules of `accept`.

pub(super) const CONDITION_INVALID: Rule = Rule {
    under: &[BAD_CONDITION_FAILS],
    when: bad_condition,
    rests_on: &["wspaccept.err.WSAEFAULT.condition-invalid"],
    ..check("WSAAccept.condition-invalid", &["wsaaccept.err.WSAEFAULT.pointer"], States::ANY, Code::WSAEFAULT)
};

/// A stack that calls the function without a look at it finds out when it has taken a connection to decide about.
pub(super) const CONDITION_INVALID_CRASHES: Rule = Rule {
    stage: Is(Taking),
    takes: Is(Closes),
    under: &[BAD_CONDITION_CRASHES],
    when: |at| bad_condition(at) && connection_ready(at),
    rests_on: &["wspaccept.err.WSAEFAULT.condition-invalid"],
    ..crashes("WSAAccept.condition-invalid.crashes", &["wsaaccept.err.WSAEFAULT.pointer"], LISTENING)
};

/// The other of the two rows that the page has for a peer that ended its connection.
pub(super) const WITHDRAWN: Rule = Rule {
    stage: Is(Taking),
    takes: Is(Drops),
    under: &[RESET_ACCEPT_FAILS, WITHDRAWN_ACCES],
    when: |at| is_conditional(at) && connection_ready(at) && first_is_reset(at),
    rests_on: &["wspaccept.err.WSAEACCES"],
    ..check(
        "WSAAccept.withdrawn",
        &["wsaaccept.err.WSAEACCES.withdrawn", "wsaaccept.err.WSAEACCES.generic"],
        LISTENING,
        Code::WSAEACCES,
    )
};

/// The request has brought data, or a quality of service: the condition function is given them.
pub(super) const ASKS_ABOUT_CARRIED: Rule = Rule {
    stage: Is(Taking),
    when: |at| {
        is_to_ask(at)
            && connection_ready(at)
            && carried(at).is_some_and(|brought| brought.data.is_some() || brought.qos.is_some())
    },
    gives: Is(Gives::CallsBack),
    then: |at| asks_about_first(at, true),
    rests_on: &[
        "wsaconnect.rem.connect-data-atm",
        "accept.atm.ie-in-sqos",
        "wspaccept.cond.caller-value",
        "wspaccept.cond.sqos.flowspecs",
        "wspaccept.cond.sqos.non-null",
    ],
    ..case(
        "WSAAccept.asks-about-carried",
        &[
            "wsaaccept.desc.qos",
            "wsaaccept.desc.connection-data",
            "wsaaccept.cond.callerdata.value",
            "wsaaccept.cond.caller-info-sent",
            "wsaaccept.cond.sqos.flowspecs",
            "wsaaccept.cond.sqos.provider-specific",
            "wsaaccept.cond.sqos.non-null",
        ],
        LISTENING,
    )
};

/// The condition function runs, in the thread that calls. It returns with [`Table::ConditionReturns`].
pub(super) const ASKS: Rule = Rule {
    stage: Is(Taking),
    when: |at| is_to_ask(at) && connection_ready(at),
    gives: Is(Gives::CallsBack),
    asks: &[NO_CALLER_DATA, CALLEE_DATA_ROOM],
    then: |at| asks_about_first(at, false),
    rests_on: ASKS_TOO,
    ..case(
        "WSAAccept.asks-condition",
        &[
            "wsaaccept.desc.conditional",
            "wsaaccept.cond.decides",
            "wsaaccept.cond.optional",
            "wsaaccept.rem.first-on-queue",
            "wsaaccept.rem.cond.checked-if-given",
            "wsaaccept.rem.cond.same-thread",
            "wsaaccept.rem.cf-defer-again",
            "wsaaccept.cbdata.passed-back",
            "wsaaccept.cbdata.same-value",
            "wsaaccept.cbdata.not-interpreted",
            "wsaaccept.cbdata.client-only",
            "wsaaccept.cond.prototype",
            "wsaaccept.cond.prototype.cbdata-type",
            "wsaaccept.cond.callerid.address",
            "wsaaccept.cond.callerid.len-buf",
            "wsaaccept.cond.callerid-usual",
            "wsaaccept.cond.callerid.sockaddr",
            "wsaaccept.cond.callerid.by-family",
            "wsaaccept.cond.callerdata.value",
            "wsaaccept.cond.caller-info-sent",
            "wsaaccept.cond.caller-null",
            "wsaaccept.cond.callerdata-often-unsupported",
            "wsaaccept.cond.sqos.null",
            "wsaaccept.cond.gqos.reserved",
            "wsaaccept.cond.gqos.null",
            "wsaaccept.cond.calleeid.local-address",
            "wsaaccept.cond.calleeid.sockaddr",
            "wsaaccept.cond.calleedata.initial-len",
            "wsaaccept.cond.prototype.calleedata-in",
            "wsaaccept.cond.calleedata.zero-unsupported",
            "wsaaccept.cond.data-format-by-family",
            "wsaaccept.syn.full-handshake",
            "wsaaccept.syn.condition-still-called",
            "wsaaccept.ex.call",
        ],
        LISTENING,
    )
};

/// What the page of WSPAccept says of the same.
const ASKS_TOO: &[&str] = &[
    "wspaccept.rem.cf-defer-again",
    "einprogress.condition-nesting",
    "einprogress.none-in-2",
    "protobasics.condition-top-entry",
    "wsaconnect.rem.tcp-no-connect-data",
    "wspaccept.desc.conditional",
    "wspaccept.cond.furnished-by-winsock",
    "wspaccept.cond.decides",
    "wspaccept.rem.first-on-queue",
    "wspaccept.rem.cond.checked-if-given",
    "wspaccept.rem.cond.same-thread",
    "wspaccept.cbdata.passed-back",
    "wspaccept.cbdata.same-value",
    "wspaccept.cbdata.not-interpreted",
    "wspaccept.cbdata.client-only",
    "wspaccept.cond.prototype",
    "wspaccept.cond.prototype.cbdata-type",
    "wspaccept.cond.prototype.gqos-undescribed",
    "wspaccept.cond.caller-value",
    "wspaccept.cond.caller-null",
    "wspaccept.cond.callerdata-often-unsupported",
    "wspaccept.cond.callerid-usual",
    "wspaccept.cond.callerid.sockaddr",
    "wspaccept.cond.callerid.by-family",
    "wspaccept.cond.sqos.null",
    "wspaccept.cond.calleeid.local-address",
    "wspaccept.cond.calleeid.sockaddr",
    "wspaccept.cond.calleedata.provider-storage",
    "wspaccept.cond.calleedata.initial-len",
    "wspaccept.cond.prototype.calleedata-in",
    "wspaccept.cond.calleedata.zero-unsupported",
    "wspaccept.cond.data-format-by-family",
];

table! {
    /// The condition function comes back. The connection that it was asked about is the first of the queue again.
    CONDITION_RETURNS;
    // The storage is the provider's, and what lies behind it is written over.
    Rule {
        when: |at| match at.answer {
            Answer::Accepts { bytes, .. } => u32::from(bytes) > room(at),
            answer => answer == Answer::TellsMore && room(at) == 0,
        },
        gives: Is(Gives::Undefined),
        rests_on: &["wspaccept.cond.calleedata.copy-limit", "wspaccept.cond.calleedata.result"],
        ..case(
            "WSAAccept.overruns-callee-data",
            &["wsaaccept.cond.calleedata.copy-limit", "wsaaccept.cond.calleedata.result"],
            LISTENING,
        )
    },
    // Whether the caller hears what it is told by who refuses it.
    Rule {
        when: |at| at.answer == Answer::TellsMore && room(at) > 0,
        rests_on: &["wspaccept.cond.calleedata.result"],
        ..not_modelled("WSAAccept.refuses-with-data-not-modelled", &["wsaaccept.cond.calleedata.result"], LISTENING)
    },
    Rule {
        when: |at| {
            at.sock().selection().is_about_accept()
                && (at.answer != Answer::Defers || at.chooses(DEFERRAL_REENABLES))
        },
        gives: Is(Gives::Continues(Table::ConditionResult)),
        then: re_enables,
        asks: &[ACCEPT_RECORD, DEFERRAL_AND_FD_ACCEPT],
        rests_on: &[
            "wsaeventselect.fdaccept.reenable",
            "wsaeventselect.fd.failed-call-reenables",
            "wsaasyncselect.fdaccept.reenable",
            "wspaccept.rem.cf-defer-no-action",
        ],
        ..case("WSAAccept.re-enables-fd-accept", &["wsaaccept.rem.cf-defer-no-action"], LISTENING)
    },
    Rule {
        gives: Is(Gives::Continues(Table::ConditionResult)),
        rests_on: &["wspaccept.desc.conditional"],
        ..case("WSAAccept.condition-returns", &["wsaaccept.desc.conditional"], LISTENING)
    },
}

table! {
    /// What the condition function has said.
    CONDITION_RESULT;
    Rule {
        stage: Is(Taking),
        takes: by(REJECTED_REQUEST, &[Resets, Closes]),
        when: |at| at.answer == Answer::Rejects,
        asks: &[ADDRESS_WITHOUT_ACCEPTANCE, CLOSE_WITH_UNREAD_DATA],
        then: tells_address,
        rests_on: &[
            "condaccept.off.reject-visible",
            "wspaccept.err.WSAECONNREFUSED.cf-reject",
            "wspaccept.rem.cf-reject-rejects",
            "wspaccept.rem.addr.filled-regardless",
            "wspaccept.cond.decides",
        ],
        ..check(
            "WSAAccept.rejects",
            &[
                "wsaaccept.err.WSAECONNREFUSED.cf-reject",
                "wsaaccept.err.WSAECONNREFUSED.generic",
                "wsaaccept.rem.cf-reject-rejects",
                "wsaaccept.rem.addr.filled-if-accepted",
                "wsaaccept.cond.decides",
                "wsaaccept.ex.condition-reject",
                "wsaaccept.ex.result-unchecked",
            ],
            LISTENING,
            Code::WSAECONNREFUSED,
        )
    },
    Rule {
        stage: Is(Taking),
        when: |at| at.answer == Answer::Defers,
        asks: &[ADDRESS_WITHOUT_ACCEPTANCE, RESET_WHILE_QUEUED],
        then: defers,
        rests_on: &[
            "conditional.defer-stays-queued",
            "conditional.defer-must-call-again",
            "wspaccept.err.WSATRY_AGAIN.cf-defer",
            "wspaccept.rem.cf-defer-when",
            "wspaccept.rem.cf-defer-no-action",
            "wspaccept.rem.cf-defer-again",
            "wspaccept.rem.addr.filled-regardless",
        ],
        ..check(
            "WSAAccept.defers",
            &[
                "wsaaccept.err.WSATRY_AGAIN.cf-defer",
                "wsaaccept.err.WSATRY_AGAIN.generic",
                "wsaaccept.rem.cf-defer-when",
                "wsaaccept.rem.cf-defer-no-action",
                "wsaaccept.rem.cf-defer-again",
                "wsaaccept.rem.addr.filled-if-accepted",
            ],
            LISTENING,
            Code::WSATRY_AGAIN,
        )
    },
    Rule {
        stage: Is(Taking),
        gives: by(
            BAD_CONDITION_RESULT,
            &[Fails(Code::WSAEINVAL), Fails(Code::WSAEINVAL), Fails(Code::WSAENOTSOCK)],
        ),
        takes: by(BAD_CONDITION_RESULT, &[Keeps, Resets, Keeps]),
        when: |at| at.answer == Answer::Other,
        asks: &[ADDRESS_WITHOUT_ACCEPTANCE],
        then: |at| {
            tells_address(at);
            if at.chooses(BAD_RESULT_LEAKS) {
                // It was accepted, and nobody is told the socket.
                let told = at.gives.take();
                takes_first(at);
                at.gives = told;
            }
        },
        rests_on: &["wspaccept.err.WSAEINVAL.bad-condition-result"],
        ..check(
            "WSAAccept.bad-condition-result",
            &["wsaaccept.err.WSAEINVAL.bad-condition-result", "wsaaccept.err.WSAEINVAL.generic"],
            LISTENING,
            Code::WSAEINVAL,
        )
    },
    // What becomes of the request the page does not say; the answer counts for nothing.
    Rule {
        stage: Is(Taking),
        when: |at| is_in_group(at) && !groups::may_join(at),
        asks: &[ADDRESS_WITHOUT_ACCEPTANCE],
        then: tells_address,
        rests_on: &["wspaccept.err.WSAEINVAL.bad-g", "wspaccept.cond.prototype.g-undescribed"],
        ..check("WSAAccept.bad-group", &["wsaaccept.err.WSAEINVAL.generic"], LISTENING, Code::WSAEINVAL)
    },
    Rule {
        stage: Is(Taking),
        in_trouble: true,
        asks: &[CLOSE_WITH_UNREAD_DATA],
        takes: by(RESOURCE_ERROR_FATE, &[Keeps, Closes]),
        when: |at| accepts(at) && at.process().faults.no_descriptors,
        rests_on: &["wspaccept.err.WSAEMFILE"],
        ..check("WSAAccept.no-descriptors", &["wsaaccept.err.WSAEMFILE"], LISTENING, Code::WSAEMFILE)
    },
    // The connection was reset meanwhile, and would have vanished from the queue.
    Rule {
        stage: Is(Taking),
        takes: Is(Drops),
        under: &[RESET_VANISHES],
        gives: by(WITHDRAWN_REQUEST, &[Fails(Code::WSAECONNRESET), Fails(Code::WSAEACCES)]),
        when: |at| accepts(at) && first_is_reset(at),
        rests_on: &["wspaccept.err.WSAECONNRESET"],
        ..check("WSAAccept.vanished", &["wsaaccept.err.WSAECONNRESET"], LISTENING, Code::WSAECONNRESET)
    },
    // The socket that is to be in it there is not before the handshake.
    Rule {
        stage: Is(Taking),
        when: |at| is_in_group(at) && first_is_undecided(at) && !first_returns_early(at),
        rests_on: &["condaccept.on.accepts-only-cf-accept"],
        ..not_modelled("WSAAccept.group-before-handshake-not-modelled", &["wsaaccept.cond.g.assigned"], LISTENING)
    },
    Rule {
        stage: Is(Taking),
        when: |at| matches!(at.answer, Answer::Accepts { group: Group::Of(_), .. }),
        gives: Is(Gives::Continues(Table::AcceptQueue)),
        rests_on: &["wsasocket.g.group-values", "wspaccept.cond.prototype.g-undescribed"],
        ..case("WSAAccept.joins-group", &["wsaaccept.cond.g.existing", "wsaaccept.cond.group"], LISTENING)
    },
    // In which group the socket is, is seen by who may join it: the option that tells it is reserved.
    Rule {
        stage: Is(Taking),
        when: |at| !matches!(at.answer, Answer::Accepts { group: Group::Of(_), .. }),
        gives: Is(Gives::Continues(Table::AcceptQueue)),
        rests_on: &[
            "wspaccept.rem.cf-accept-creates",
            "wspaccept.cond.decides",
            "wsasocket.g.group-values",
            "wspaccept.cond.prototype.g-undescribed",
            "wspaccept.cond.calleedata.none-zero",
            "wspaccept.cond.calleedata.update-len",
        ],
        ..case(
            "WSAAccept.accepts",
            &[
                "wsaaccept.rem.cf-accept-creates",
                "wsaaccept.desc.conditional",
                "wsaaccept.ret.descriptor",
                "wsaaccept.cond.group",
                "wsaaccept.cond.g.assigned",
                "wsaaccept.cond.g.zero",
                "wsaaccept.cond.g.unconstrained",
                "wsaaccept.cond.g.constrained",
                "wsaaccept.cond.calleedata.result",
                "wsaaccept.cond.calleedata.none-zero",
                "wsaaccept.cond.calleedata.update-len",
                "wsaaccept.ex.condition-accept",
            ],
            LISTENING,
        )
    },
}

/// Has the condition function accepted?
fn accepts(at: &At<'_>) -> bool {
    matches!(at.answer, Answer::Accepts { .. })
}

/// And wants the new socket to be in a group?
fn is_in_group(at: &At<'_>) -> bool {
    matches!(at.answer, Answer::Accepts { group, .. } if group != Group::None)
}

/// How many bytes a condition function may give back. How many a provider has room for no page says, only that there are some.
fn room(at: &At<'_>) -> u32 {
    if at.sock().family.transport().carries_connect_data { 32 } else { 0 }
}

/// What the first request of the queue has brought.
fn carried<'a>(at: &'a At<'_>) -> Option<&'a Carried> {
    let first = at.sock().accept_queue().first()?;
    let caller = at.socket_at(SocketId(first.0));
    if caller.conn == Some(first) { caller.extra().carried.as_deref() } else { None }
}

/// Is it a call that may have a condition function, and a row for requests that were withdrawn?
pub(super) fn is_conditional(at: &At<'_>) -> bool {
    at.call().condition().is_some()
}

/// Is there a condition function that has not been asked yet?
pub(super) fn is_to_ask(at: &At<'_>) -> bool {
    at.answer == Answer::Nothing && at.call().has_condition()
}

fn bad_condition(at: &At<'_>) -> bool {
    at.call().condition() == Some(Condition::Bad)
}

fn asks_about_first(at: &mut At<'_>, tells_carried: bool) {
    let (Call::WSAAccept { callback_data, .. } | Call::WSPAccept { callback_data, .. }) = *at.call() else { return };
    let Some(conn) = at.sock().accept_queue().first() else { return };
    let (caller, callee) = (at.conn_at(conn).client_address, at.conn_at(conn).server_address);
    let family = at.sock().family;
    let (caller, callee) = (caller.seen_by(family), callee.seen_by(family));
    let carried = carried(at).filter(|_| tells_carried).cloned();
    let (caller_data, sqos, room) = match (carried, room(at)) {
        (Some(Carried { data, qos, .. }), room) => (data, qos, Some(room)),
        (None, 0) => (no_data(at), None, at.chooses(ROOM_ZERO).then_some(0)),
        (None, room) => (no_data(at), None, Some(room)),
    };
    let given = Given { caller, caller_data, sqos, callee, room, callback_data };
    let out = Out::Condition(given);
    at.give(Outcome { value: Value::CallsCondition, error: Code::NONE, out });
    if at.sock().selection().is_about_accept() {
        // Whether the call re-enables FD_ACCEPT depends on what it gives, and that is not known yet.
        let selection = &mut at.own_extra_mut().selection;
        selection.disabled = selection.disabled.with(NetworkEvents::ACCEPT);
    }
}

/// What a condition function is given where a request has brought no data.
fn no_data(at: &mut At<'_>) -> Option<Data> {
    if at.chooses(CALLER_DATA_NULL) { None } else { Some(Data::default()) }
}

/// What a call that accepts nothing writes through `addr` and `addrlen`.
fn tells_address(at: &mut At<'_>) {
    let has_room = matches!(at.call().name_buffer(), Some((Buffer::Valid, Length::Holds(_))));
    let Some(conn) = at.sock().accept_queue().first() else { return };
    // A provider tells it, says its page, unless this stack is known not to.
    let told = if is_provider(at) { at.may(ADDRESS_TOLD) } else { at.chooses(ADDRESS_TOLD) };
    if has_room && told {
        let peer = at.conn_at(conn).client_address.seen_by(at.sock().family);
        let out = Out::Name { addr: Some(peer), len: Some(peer.family.address_size()) };
        at.give(Outcome::number(0).with(out));
    }
}

/// Nothing is done about the connection: it stays the first.
fn defers(at: &mut At<'_>) {
    tells_address(at);
    let Some(conn) = at.sock().accept_queue().first() else { return };
    if first_is_reset(at) && at.chooses(RESET_VANISHES) {
        return at.takes_off(Drops);
    }
    at.conn_mut(conn).deferred = true;
}
