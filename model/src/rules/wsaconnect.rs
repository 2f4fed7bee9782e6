//! `WSAConnect`: what it does beside `connect`, as which it goes on.

use super::common::{case, check, in_progress, network_down, not_initialised, not_modelled};
use crate::call::Call;
use crate::choice::EXTRAS_LOOKED_AT;
use crate::code::Code;
use crate::outcome::{Out, Outcome};
use crate::rule::Col::Is;
use crate::rule::{At, Gives, Rule, States, Table};
use crate::world::{Carried, State};

const CONNECTED: States = States::of(&[State::Connected]);

table! {
    WSACONNECT;
    not_initialised("WSAConnect.not-initialised"),
    in_progress("WSAConnect.in-progress"),
    network_down("WSAConnect.network-down"),
    Rule {
        under: &[EXTRAS_LOOKED_AT],
        when: |at| matches!(*at.call(), Call::WSAConnect { caller_data: Some(_), .. }) && !carries_connect_data(at),
        ..check(
            "WSAConnect.caller-data-not-supported",
            &["wsaconnect.err.WSAEPROTONOSUPPORT", "wsaconnect.rem.tcp-no-connect-data"],
            States::STREAM,
            Code::WSAEPROTONOSUPPORT,
        )
    },
    Rule {
        under: &[EXTRAS_LOOKED_AT],
        when: |at| matches!(*at.call(), Call::WSAConnect { sqos: Some(_), .. }) && !carries_connect_data(at),
        ..check("WSAConnect.qos-not-honoured", &["wsaconnect.err.WSAEOPNOTSUPP"], States::STREAM, Code::WSAEOPNOTSUPP)
    },
    Rule {
        under: &[EXTRAS_LOOKED_AT],
        when: |at| matches!(*at.call(), Call::WSAConnect { gqos: Some(_), .. }),
        ..check("WSAConnect.group-qos", &["wsaconnect.err.WSAEINVAL.gqos"], States::STREAM, Code::WSAEINVAL)
    },
    Rule {
        gives: Is(Gives::Continues(Table::Connect)),
        ..case("WSAConnect.goes-on-as-connect", &["wsaconnect.rem.connects"], States::ANY)
    },
}

// What stands among the rules of `connect`.

/// More has come back than the caller has room for.
pub(super) const SHORT_ROOM: Rule = Rule {
    when: |at| room(at).is_some_and(|room| room < answered(at)),
    ..not_modelled("WSAConnect.short-room-not-modelled", &["wsaconnect.rem.callee-data-valid-when"], CONNECTED)
};

/// What has come back with the answer is there once the call returns, or that nothing has.
pub(super) const TELLS_CALLEE_DATA: Rule = Rule {
    under: &[EXTRAS_LOOKED_AT],
    when: |at| room(at).is_some(),
    then: |at| {
        let count = Some(answered(at));
        at.give(Outcome::number(0).with(Out::Bytes { count, data: None }));
    },
    ..case(
        "WSAConnect.tells-callee-data",
        &["wsaconnect.rem.callee-data-valid-when", "wsaconnect.rem.callee-data-zero"],
        CONNECTED,
    )
};

fn carries_connect_data(at: &At<'_>) -> bool {
    at.sock().family.transport().carries_connect_data
}

#[inline(always)]
fn room(at: &At<'_>) -> Option<u32> {
    match *at.call() {
        Call::WSAConnect { callee_data, .. } => callee_data.map(u32::from),
        _ => None,
    }
}

fn answered(at: &At<'_>) -> u32 {
    at.sock().extra().carried.as_ref().map_or(0, |carried| carried.answered)
}

/// What the request of the socket in question takes along, which it is about to send.
#[inline(always)]
pub(super) fn takes_along(at: &mut At<'_>) {
    let carried = match *at.call() {
        Call::WSAConnect { caller_data: data, sqos: qos, .. } if carries_connect_data(at) => {
            Some(Carried { data, qos, answered: 0 })
        }
        _ => None,
    };
    if carried.is_some() || at.sock().extra().carried.is_some() {
        at.own_extra_mut().carried = carried.map(Box::new);
    }
}
