//! The checks that every page repeats, so that each call's table can say them in one line. Where a page says such a check itself,
//! its table adds what it cites.

use crate::at::At;
use crate::call::{Address, Buffer, Family, Ip, Length, Port};
use crate::choice::{
    CLOSE_WITH_UNREAD_DATA, CONTEXT_UNDEFINED, EXIT_CONNECTIONS, LISTENER_CLOSE_HALF_OPEN, LISTENER_CLOSE_QUEUED,
    Point, SHORT_BUFFER_ZEROS,
};
use crate::code::Code;
use crate::outcome::{Out, Outcome};
use crate::rule::Col::Is;
use crate::rule::{ALWAYS, Gives, NOTHING, Role, Rule, Stage, States, Takes};
use crate::world::State;

/// A check that needs no more than the socket's state.
pub(super) const fn check(name: &'static str, cites: &'static [&'static str], from: States, code: Code) -> Rule {
    Rule { role: Role::Check, gives: Is(Gives::Fails(code)), ..case(name, cites, from) }
}

/// No successful `WSAStartup` preceded the call.
pub(super) const fn not_initialised(name: &'static str) -> Rule {
    Rule {
        rests_on: &["wsastartup.first"],
        in_trouble: true,
        when: |at| at.process().startups == 0,
        ..check(name, &[], States::ANY, Code::WSANOTINITIALISED)
    }
}

/// A blocking Windows Sockets 1.1 call of this thread is in progress: the call comes from its blocking hook.
pub(super) const fn in_progress(name: &'static str) -> Rule {
    Rule {
        rests_on: &["einprogress.only-1-1"],
        in_trouble: true,
        when: |at| at.hooked().is_some() && at.process().version.major == 1,
        ..check(name, &[], States::ANY, Code::WSAEINPROGRESS)
    }
}

/// The service provider is still processing a callback function.
pub(super) const fn in_callback(name: &'static str) -> Rule {
    Rule {
        in_trouble: true,
        when: |at| at.process().faults.in_callback,
        ..check(name, &[], States::ANY, Code::WSAEINPROGRESS)
    }
}

/// The network subsystem has failed.
pub(super) const fn network_down(name: &'static str) -> Rule {
    Rule {
        rests_on: &["listen.err.WSAENETDOWN"],
        in_trouble: true,
        when: |at| at.process().faults.network_down,
        ..check(name, &[], States::ANY, Code::WSAENETDOWN)
    }
}

/// The descriptor is not a socket.
pub(super) const fn not_a_socket(name: &'static str) -> Rule {
    Rule {
        rests_on: &["closesocket.rem.descriptor-reuse"],
        ..check(name, &[], States::of(&[State::NotASocket]), Code::WSAENOTSOCK)
    }
}

/// What the end of a process asks about all that it has open.
pub(super) const ASKED_AT_ITS_END: &[Point] =
    &[EXIT_CONNECTIONS, CLOSE_WITH_UNREAD_DATA, LISTENER_CLOSE_QUEUED, LISTENER_CLOSE_HALF_OPEN];

/// A stack that uses a pointer without a look at it: the call brings its process down, with all that the process holds.
pub(super) const fn crashes(name: &'static str, cites: &'static [&'static str], from: States) -> Rule {
    Rule { gives: Is(Gives::Crashes), asks: ASKED_AT_ITS_END, ..check(name, cites, from, Code::WSAEFAULT) }
}

/// A case that succeeds.
pub(super) const fn case(name: &'static str, cites: &'static [&'static str], from: States) -> Rule {
    Rule {
        name,
        cites,
        rests_on: &[],
        role: Role::Case,
        stage: Is(Stage::Entry),
        from,
        to: None,
        in_trouble: false,
        under: &[],
        when: ALWAYS,
        gives: Is(Gives::Succeeds),
        takes: Is(Takes::Keeps),
        asks: &[],
        ends: &[],
        then: NOTHING,
    }
}

/// `AcceptEx` or `ConnectEx` has given the socket its connection, and its context was not updated since: their pages say to which
/// functions it may be passed, and this is none of them.
pub(super) const fn before_update(name: &'static str) -> Rule {
    Rule {
        under: &[CONTEXT_UNDEFINED],
        when: |at| at.sock().without_context,
        gives: Is(Gives::Undefined),
        rests_on: &["acceptex.allowed.only", "connectex.allowed.only"],
        ..case(name, &[], States::of(&[State::Connected]))
    }
}

/// A case outside the model: what happens is not said, and nothing is made up.
pub(super) const fn not_modelled(name: &'static str, cites: &'static [&'static str], from: States) -> Rule {
    Rule { gives: Is(Gives::Unmodelled), ..case(name, cites, from) }
}

/// Some stacks write zeros over a buffer that is too small for an address before they say that it is.
pub(super) fn zeros_short_buffer(at: &mut At<'_>) {
    let Some((addr, addrlen)) = at.call().name_buffer() else { return };
    let short = addr == Buffer::Valid && matches!(addrlen, Length::Holds(n) if n != 0);
    if short && at.chooses(SHORT_BUFFER_ZEROS) {
        let zeros = Address { family: Family::Inet, ip: Ip::Any, port: Port::Unset };
        at.give(Outcome::number(0).with(Out::Name { addr: Some(zeros), len: None }));
    }
}
