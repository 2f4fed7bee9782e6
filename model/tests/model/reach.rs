//! Every rule fires somewhere: a rule that never can is either dead or guarded wrongly.

use std::collections::BTreeSet;

use crate::walk::{Numbers, Op, busy_world, event, profile};
use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::rules;
use winaccept_model::step::Machine;

/// Rules that random walks do not reach, and why.
const NOT_REACHED: &[(&str, &str)] = &[
    ("WSAPoll.output-bits", "walks ask WSAPoll for no bits that are only told"),
    ("bind.mapped-not-modelled", "walks name no address of IPv4 to a socket of IPv6"),
    ("connect.mapped-not-modelled", "walks name no address of IPv4 to a socket of IPv6"),
];

/// Rules that walks need not reach, for that would take too many; scenarios show them.
const RARELY: &[(&str, &str)] = &[
    ("WSAWaitForMultipleEvents.calls-routine", "a routine is due to a thread that waits alertably for events"),
    ("WSAWaitForMultipleEvents.socket-is-no-event", "walks wait for events alone"),
    ("WSAWaitForMultipleEvents.socket-not-modelled", "walks wait for events alone"),
    ("bind.exclusive-beside-wildcard", "an exclusive socket is bound beside a wildcard that listens, where that fails"),
    ("bind.endless-name-first", "a walk gives a name a negative length, on a stack that looks at names first"),
    ("setsockopt.v6only-after-bind", "a walk sets IPV6_V6ONLY on a bound socket, where that fails"),
    (
        "GetQueuedCompletionStatus.failed-request",
        "a request fails at a socket that has a port, and somebody looks there",
    ),
    (
        "GetQueuedCompletionStatus.timed-out-poll-not-modelled",
        "the time-out of a poll runs out that was made through a socket with a port, and somebody looks there",
    ),
    ("thread-ends.leaves-request-of-port", "a thread ends that has made a request which only a port is told of"),
    ("recv.waits-without-time-out", "a walk sets SO_RCVTIMEO on a socket that is not overlapped, and receives from it"),
    ("recycle.request-is-reset", "a request waits for the other side, which resets"),
    ("GetQueuedCompletionStatusEx.calls-routine", "a routine is due to a thread that waits alertably at a port"),
    ("DisconnectEx.frees-accepted-socket", "a request is made where the other side has ended first"),
    (
        "recycle.request-stays-in-time-wait",
        "a request waits for the other side, which ends, and this one had ended first",
    ),
    ("TransmitFile.frees-accepted-socket", "a request is made where the other side has ended and nothing is unread"),
    ("recycle.others-come-first", "a receive waits beside a request that waits for the other side"),
    ("GetMessage.in-hook-not-modelled", "the condition function of a call looks at the window of its own thread"),
    (
        "SetFileCompletionNotificationModes.skips-packet",
        "a request is complete at once at a socket that has a port and the mode",
    ),
    ("ConnectEx.connecting", "a request is made while its socket connects"),
    ("ConnectEx.connects", "a bound socket is given to ConnectEx, and its handshake ends"),
    ("ConnectEx.refused", "a bound socket is given to ConnectEx, and nobody listens there"),
    ("ConnectEx.refused-before-as-WSAECONNABORTED", "a socket is given to ConnectEx after it was refused"),
    ("ConnectEx.timed-out", "a bound socket is given to ConnectEx, and every SYN is lost"),
    ("ConnectEx.waits", "a bound socket is given to ConnectEx, and something else wakes it"),
    ("ConnectEx.name-not-modelled", "a bound socket is given to ConnectEx with a name that is none"),
    ("ConnectEx.overlapped-not-modelled", "a bound socket is given to ConnectEx with an OVERLAPPED in use"),
    ("ConnectEx.sends-syn", "a bound socket is given to ConnectEx"),
    ("CancelIo.connecting-not-modelled", "a ConnectEx is cancelled that is under way"),
    ("CancelIoEx.connecting-not-modelled", "a ConnectEx is cancelled that is under way"),
    ("connect.before-connect-context", "connect is called on a socket that ConnectEx has connected"),
    ("connect.connecting-by-request", "connect is called while a ConnectEx is under way"),
    ("AcceptEx.answers-request", "a request looks at a queue whose first connection is not decided about yet"),
    ("AcceptEx.deferred-is-not-handed-over", "a request is posted while all that is queued was deferred"),
    ("ReadFile.reset-behind-end-not-modelled", "the reader has sent behind the end of the other side, and was reset"),
    ("ReadFile.nonoverlapped-not-modelled", "a connected socket is not overlapped"),
    ("ReadFile.waits", "a connected socket is not overlapped"),
    ("WriteFile.nonoverlapped-not-modelled", "a connected socket is not overlapped"),
    ("WSARecv.nonoverlapped-not-modelled", "a connected socket is not overlapped, and has a mode or a time-out"),
    ("WSARecv.nonoverlapped-receives", "a connected socket is not overlapped"),
    ("WSARecv.nonoverlapped-waits", "a connected socket is not overlapped"),
    ("setsockopt.update-connect-not-connected-not-modelled", "the option is set on a socket without a connection"),
    ("WSAAccept.vanished", "a connection is withdrawn while the condition function decides on it"),
    (
        "WSARecv.handle-closed-while-pending",
        "it takes a second handle, a receive that waits through it, its end, and then something to receive",
    ),
    ("WSAGetOverlappedResult.has-failed", "a thread waits through the end of the one request that fails"),
    ("WSAGetOverlappedResult.is-complete", "a thread waits through the end of the one request that succeeds"),
    ("apc.routine-in-routine-not-modelled", "two completion routines are due, and the first of them waits alertably"),
    ("connect.again-while-decided-not-modelled", "a client connects again while the condition function decides on it"),
    ("GetOverlappedResult.has-failed", "a thread waits through the end of the one request that fails"),
    (
        "WSAWaitForMultipleEvents.release-not-modelled",
        "a thread waits for the event of the request that another waits for",
    ),
    ("DisconnectEx.frees-connected-socket", "a request is made where the other side has ended first"),
    ("TransmitFile.frees-connected-socket", "a request is made where the other side has ended and nothing is unread"),
    ("recycle.others-come-before-a-call", "a receive waits beside a call that waits for the other side"),
    ("WSAAccept.asks-about-carried", "somebody calls over ATM, brings something, and a condition function is asked"),
    ("WSPAccept.returns-before-caller-knows", "a provider accepts a call over ATM"),
    ("accept.leaves-peer-unset", "the address of who calls over ATM is asked for"),
    (
        "WSAAccept.refuses-with-data-not-modelled",
        "a condition function that is asked about a call over ATM refuses it with data",
    ),
    (
        "WSAAccept.group-before-handshake-not-modelled",
        "a condition function names a group for a request that is not answered yet",
    ),
    ("WSAAccept.joins-group", "two condition functions accept, and the second names the socket of the first"),
    (
        "WSAConnect.short-room-not-modelled",
        "a condition function gives back more than who called over ATM has room for",
    ),
    ("send.lost-before-connection", "data is sent on a call over ATM before its answer has arrived"),
    ("AcceptEx.atm-not-modelled", "a request is made at a listener of ATM"),
    ("syn.again.answered", "the answer to a call over ATM is lost"),
    (
        "event-record.connection-is-over",
        "the end of a connection ends a request that waits for it, at a socket that has events",
    ),
    ("event-record.nothing-to-read", "a posted receive takes what came while its socket was to tell of it"),
];

/// One walk under a random profile; takes one of the first few ways in which each step can go.
fn walk_along(numbers: &mut Numbers, fired: &mut BTreeSet<&'static str>) {
    let machine = Machine::new(profile(numbers));
    let mut world = busy_world(&machine, std::array::from_fn(|_| (numbers.next() % 5) as u8));
    let mut fx = Effects::default();
    // Every other walk has calls that it likes: what needs one call after another of a few kinds is met sooner.
    let likes = numbers.next().is_multiple_of(2);
    let liked: [Op; 4] = std::array::from_fn(|_| numbers.op());
    for _ in 0..150 {
        let mut op = numbers.op();
        if likes && let Some(liked) = liked.get(numbers.next() as usize % (2 * liked.len())) {
            (op.0[0], op.0[2]) = (A_CALL, liked.0[2]);
        }
        let Some(event) = event::event(&world, op) else { continue };
        let (parent, mut tape) = (world.clone(), Tape::default());
        machine.step(&mut world, event, &mut tape, &mut fx);
        for _ in 0..numbers.next() % 4 {
            if !tape.advance() {
                break;
            }
            world.clone_from(&parent);
            machine.step(&mut world, event, &mut tape, &mut fx);
        }
        fired.extend(fx.fired.iter().map(|rule| rule.name));
    }
}

/// What those who walk at the same time begin with.
const WALKERS: [u64; 2] = [12, 13];
/// How many walks each of them makes before it is looked whether all rules have fired.
const ROUND: usize = 500;

/// The rules that fire in the next walks of all walkers.
fn round(walkers: &mut [Numbers]) -> BTreeSet<&'static str> {
    let walk = |numbers: &mut Numbers| {
        let mut fired = BTreeSet::new();
        (0..ROUND).for_each(|_| walk_along(numbers, &mut fired));
        fired
    };
    std::thread::scope(|scope| {
        let walks: Vec<_> = walkers.iter_mut().map(|numbers| scope.spawn(|| walk(numbers))).collect();
        walks.into_iter().flat_map(|walk| walk.join().expect("a walk does not panic")).collect()
    })
}

/// The first number of an op that is a call; its third says which.
const A_CALL: u8 = 99;

#[test]
fn every_rule_fires_somewhere() {
    let walks: usize = std::env::var("WINACCEPT_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(60_000);
    let expected = |name: &str| NOT_REACHED.iter().chain(RARELY).any(|(excused, _)| *excused == name);
    let missing = |fired: &BTreeSet<&str>| -> Vec<&str> {
        rules::all().map(|(_, rule)| rule.name).filter(|name| !fired.contains(name) && !expected(name)).collect()
    };
    let mut fired = BTreeSet::new();
    let mut walkers = WALKERS.map(Numbers);
    // In rounds, so that it is the same however fast each of them walks.
    for _ in 0..walks.div_ceil(WALKERS.len() * ROUND) {
        if missing(&fired).is_empty() {
            break;
        }
        fired.extend(round(&mut walkers));
    }
    let missing = missing(&fired);
    assert!(missing.is_empty(), "never fired: {missing:#?}");
    let excused: Vec<&str> = NOT_REACHED.iter().map(|(name, _)| *name).filter(|name| fired.contains(name)).collect();
    assert!(excused.is_empty(), "these do fire: {excused:#?}");
}
