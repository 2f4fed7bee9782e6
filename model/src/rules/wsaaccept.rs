//! `WSAAccept`, as its page tells it. It goes on as `accept`, whose rules say what both do; with a condition function it asks that
//! before it takes a connection.

use super::common::{case, check, crashes};
use super::queue::{LISTENING, connection_ready, first_is_reset, re_enables, takes_first};
use crate::call::{Buffer, Call, Condition, Length, NetworkEvents};
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

table! {
    WSAACCEPT;
    Rule {
        gives: Is(Gives::Continues(Table::Accept)),
        rests_on: &["mapping.accept-to-wspaccept"],
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
    ..check("WSAAccept.condition-invalid", &["wsaaccept.err.WSAEFAULT.pointer"], States::ANY, Code::WSAEFAULT)
};

/// A stack that calls the function without a look at it finds out when there is a connection to decide about.
pub(super) const CONDITION_INVALID_CRASHES: Rule = Rule {
    stage: Is(Taking),
    under: &[BAD_CONDITION_CRASHES],
    when: |at| bad_condition(at) && connection_ready(at),
    ..crashes("WSAAccept.condition-invalid.crashes", &["wsaaccept.err.WSAEFAULT.pointer"], LISTENING)
};

/// The other of the two rows that the page has for a peer that ended its connection.
pub(super) const WITHDRAWN: Rule = Rule {
    stage: Is(Taking),
    takes: Is(Drops),
    under: &[RESET_ACCEPT_FAILS, WITHDRAWN_ACCES],
    when: |at| is_wsaaccept(at) && connection_ready(at) && first_is_reset(at),
    ..check(
        "WSAAccept.withdrawn",
        &["wsaaccept.err.WSAEACCES.withdrawn", "wsaaccept.err.WSAEACCES.generic"],
        LISTENING,
        Code::WSAEACCES,
    )
};

/// The condition function runs, in the thread that calls. It returns with [`Table::ConditionReturns`].
pub(super) const ASKS: Rule = Rule {
    stage: Is(Taking),
    when: |at| is_to_ask(at) && connection_ready(at),
    gives: Is(Gives::CallsBack),
    asks: &[NO_CALLER_DATA, CALLEE_DATA_ROOM],
    then: asks_about_first,
    rests_on: &["einprogress.condition-nesting"],
    ..case(
        "WSAAccept.asks-condition",
        &[
            "wsaaccept.desc.conditional",
            "wsaaccept.cond.decides",
            "wsaaccept.cond.optional",
            "wsaaccept.rem.first-on-queue",
            "wsaaccept.rem.cond.checked-if-given",
            "wsaaccept.rem.cond.same-thread",
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
            "wsaaccept.cond.calleedata.zero-unsupported",
            "wsaaccept.cond.data-format-by-family",
            "wsaaccept.syn.full-handshake",
            "wsaaccept.syn.condition-still-called",
            "wsaaccept.ex.call",
        ],
        LISTENING,
    )
};

table! {
    /// The condition function comes back. The connection that it was asked about is the first of the queue again.
    CONDITION_RETURNS;
    Rule {
        when: |at| {
            at.sock().selection().is_about_accept()
                && (at.answer != Answer::Defers || at.chooses(DEFERRAL_REENABLES))
        },
        gives: Is(Gives::Continues(Table::ConditionResult)),
        then: re_enables,
        asks: &[ACCEPT_RECORD, DEFERRAL_AND_FD_ACCEPT],
        rests_on: &["wsaeventselect.fdaccept.reenable", "wsaeventselect.fd.failed-call-reenables"],
        ..case("WSAAccept.re-enables-fd-accept", &["wsaaccept.rem.cf-defer-no-action"], LISTENING)
    },
    Rule {
        gives: Is(Gives::Continues(Table::ConditionResult)),
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
        rests_on: &["condaccept.off.reject-visible"],
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
        rests_on: &["conditional.defer-stays-queued", "conditional.defer-must-call-again"],
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
        ..check(
            "WSAAccept.bad-condition-result",
            &["wsaaccept.err.WSAEINVAL.bad-condition-result", "wsaaccept.err.WSAEINVAL.generic"],
            LISTENING,
            Code::WSAEINVAL,
        )
    },
    Rule {
        stage: Is(Taking),
        in_trouble: true,
        asks: &[CLOSE_WITH_UNREAD_DATA],
        takes: by(RESOURCE_ERROR_FATE, &[Keeps, Closes]),
        when: |at| at.answer == Answer::Accepts && at.process().faults.no_descriptors,
        ..check("WSAAccept.no-descriptors", &["wsaaccept.err.WSAEMFILE"], LISTENING, Code::WSAEMFILE)
    },
    // The connection was reset meanwhile, and would have vanished from the queue.
    Rule {
        stage: Is(Taking),
        takes: Is(Drops),
        under: &[RESET_VANISHES],
        gives: by(WITHDRAWN_REQUEST, &[Fails(Code::WSAECONNRESET), Fails(Code::WSAEACCES)]),
        when: |at| at.answer == Answer::Accepts && first_is_reset(at),
        ..check("WSAAccept.vanished", &["wsaaccept.err.WSAECONNRESET"], LISTENING, Code::WSAECONNRESET)
    },
    Rule {
        stage: Is(Taking),
        gives: Is(Gives::Continues(Table::AcceptQueue)),
        ..case(
            "WSAAccept.accepts",
            &["wsaaccept.rem.cf-accept-creates", "wsaaccept.desc.conditional", "wsaaccept.ret.descriptor"],
            LISTENING,
        )
    },
}

pub(super) fn is_wsaaccept(at: &At<'_>) -> bool {
    matches!(*at.call(), Call::WSAAccept { .. })
}

/// Is there a condition function that has not been asked yet?
pub(super) fn is_to_ask(at: &At<'_>) -> bool {
    at.answer == Answer::Nothing && at.call().has_condition()
}

fn bad_condition(at: &At<'_>) -> bool {
    matches!(*at.call(), Call::WSAAccept { condition: Condition::Bad, .. })
}

fn asks_about_first(at: &mut At<'_>) {
    let Call::WSAAccept { callback_data, .. } = *at.call() else { return };
    let Some(conn) = at.sock().accept_queue().first() else { return };
    let (caller, callee) = (at.conn_at(conn).client_address, at.conn_at(conn).server_address);
    let no_caller_data = at.chooses(CALLER_DATA_NULL);
    let room = at.chooses(ROOM_ZERO).then_some(0);
    let given = Given { caller, no_caller_data, callee, room, callback_data };
    let out = Out::Condition(given);
    at.give(Outcome { value: Value::CallsCondition, error: Code::NONE, out });
    if at.sock().selection().is_about_accept() {
        // Whether the call re-enables FD_ACCEPT depends on what it gives, and that is not known yet.
        let selection = &mut at.own_extra_mut().selection;
        selection.disabled = selection.disabled.with(NetworkEvents::ACCEPT);
    }
}

/// What a call that accepts nothing writes through `addr` and `addrlen`.
fn tells_address(at: &mut At<'_>) {
    let has_room = matches!(at.call().name_buffer(), Some((Buffer::Valid, Length::Holds(_))));
    let Some(conn) = at.sock().accept_queue().first() else { return };
    if has_room && at.chooses(ADDRESS_TOLD) {
        let peer = at.conn_at(conn).client_address;
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
