//! `WSPAccept`, which WS2_32 calls in a provider, as its page tells it. `accept` and `WSAAccept` are served by it, so it goes on as
//! they do; here stands what the provider's side adds: where the error code goes, and whose handle the new socket has.

use super::common::{case, check};
use super::queue::{
    LISTENING, connection_ready, first_is_undecided, first_returns_early, is_provider, takes_as_far_as_next_switch,
    takes_first,
};
use super::wsaaccept::is_to_ask;
use crate::call::{Buffer, Call};
use crate::choice::{CLOSE_WITH_UNREAD_DATA, IFS_HANDLES, OTHER_HANDLES, RESOURCE_ERROR_FATE};
use crate::code::Code;
use crate::rule::Col::Is;
use crate::rule::Stage::Taking;
use crate::rule::Takes::{Closes, Keeps};
use crate::rule::{At, Gives, Rule, States, Table, by};

table! {
    WSPACCEPT;
    // Where its code is to go it cannot say that it has nowhere to put it.
    Rule {
        when: |at| matches!(*at.call(), Call::WSPAccept { errno, .. } if errno != Buffer::Valid),
        gives: Is(Gives::Undefined),
        ..case("WSPAccept.no-error-variable", &["wspaccept.lperrno.pointer"], States::ANY)
    },
    Rule {
        gives: Is(Gives::Continues(Table::WSAAccept)),
        rests_on: &["mapping.accept-to-wspaccept"],
        ..case("WSPAccept.goes-on-as-WSAAccept", &["wspaccept.rem.cond.checked-if-given"], States::ANY)
    },
}

// What stands among the rules of `accept`.

/// WS2_32 does not take the file handle that the provider proposes.
pub(super) const HANDLE_REFUSED: Rule = Rule {
    under: &[IFS_HANDLES],
    rests_on: &["wpumodify.err.WSAEINVAL"],
    ..no_handle("WSPAccept.handle-refused", &["wspaccept.rem.ifs-modify-handle"], Code::WSAEINVAL)
};

/// WS2_32 makes no handle for the provider.
pub(super) const HANDLE_NOT_MADE: Rule = Rule {
    under: &[OTHER_HANDLES],
    rests_on: &["wpucreate.err.WSAENOBUFS"],
    ..no_handle("WSPAccept.handle-not-made", &["wspaccept.rem.nonifs-create-handle"], Code::WSAENOBUFS)
};

const fn no_handle(name: &'static str, cites: &'static [&'static str], code: Code) -> Rule {
    Rule {
        stage: Is(Taking),
        in_trouble: true,
        takes: by(RESOURCE_ERROR_FATE, &[Keeps, Closes]),
        asks: &[CLOSE_WITH_UNREAD_DATA],
        when: |at| at.process().faults.no_handles && is_provider(at) && takes_now(at),
        ..check(name, cites, LISTENING, code)
    }
}

pub(super) const TAKES_FIRST: Rule = Rule {
    stage: Is(Taking),
    when: |at| is_provider(at) && takes_now(at),
    gives: Is(Gives::Continues(Table::ProviderHandle)),
    then: takes_first,
    rests_on: &["protobasics.original-listening", "mapping.accept-to-wspaccept"],
    ..case(
        "WSPAccept.takes-first",
        &[
            "wspaccept.rem.first-on-queue",
            "wspaccept.rem.cf-accept-creates",
            "wspaccept.rem.original-remains-open",
            "wspaccept.ret.descriptor",
        ],
        LISTENING,
    )
};

/// As `accept` does it on ATM.
pub(super) const RETURNS_EARLY: Rule = Rule {
    stage: Is(Taking),
    when: |at| first_returns_early(at) && is_provider(at) && !is_to_ask(at),
    gives: Is(Gives::Continues(Table::ProviderHandle)),
    then: takes_as_far_as_next_switch,
    rests_on: &["accept.atm.early-return", "mapping.accept-to-wspaccept"],
    ..case("WSPAccept.returns-before-caller-knows", &["wspaccept.rem.first-on-queue"], LISTENING)
};

table! {
    /// The new socket gets its handle: it is a file handle of the system's, or one that WS2_32 makes up.
    HANDLE;
    Rule {
        under: &[IFS_HANDLES],
        gives: Is(Gives::Continues(Table::AcceptInherits)),
        rests_on: &["descriptor.ifs-modify", "descriptor.only-modified"],
        ..case("WSPAccept.modifies-ifs-handle", &["wspaccept.rem.ifs-modify-handle"], States::ANY)
    },
    Rule {
        gives: Is(Gives::Continues(Table::AcceptInherits)),
        rests_on: &["descriptor.nonifs-create"],
        ..case("WSPAccept.creates-socket-handle", &["wspaccept.rem.nonifs-create-handle"], States::ANY)
    },
}

/// The first connection of the queue is there to be taken, and nobody is to be asked about it first.
fn takes_now(at: &At<'_>) -> bool {
    connection_ready(at) && !is_to_ask(at) && !first_is_undecided(at)
}
