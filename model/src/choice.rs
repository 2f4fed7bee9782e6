//! Choice points: the places where the documents leave a choice, are silent, or contradict each other.
//!
//! Here are only their names and alternatives, because rules refer to them. What the documents say,
//! what is known of each stack, and which alternatives each profile allows is data, in `spec-notes/choices.toml`.

/// A choice point with its alternatives, by the names that people read.
#[derive(Debug)]
pub struct ChoicePoint {
    /// Its name.
    pub name: &'static str,
    /// Its alternatives; at most eight.
    pub alternatives: &'static [&'static str],
}

/// A choice point, by its number: index into [`CHOICES`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Point(pub u8);

impl Point {
    /// Its number.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Its name, as people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        CHOICES[self.index()].name
    }

    /// The names of its alternatives, in order.
    #[must_use]
    pub const fn alternatives(self) -> &'static [&'static str] {
        CHOICES[self.index()].alternatives
    }

    /// Its alternatives, in order.
    pub fn all_alternatives(self) -> impl Iterator<Item = Alt> {
        (0..self.alternatives().len() as u8).map(move |n| Alt(self.0, n))
    }

    /// Every choice point, in order.
    pub fn all() -> impl Iterator<Item = Point> {
        (0..COUNT as u8).map(Point)
    }
}

/// One alternative of a choice point: index into [`CHOICES`], index into its alternatives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Alt(pub u8, pub u8);

impl Alt {
    /// Its choice point.
    #[must_use]
    pub const fn point(self) -> Point {
        Point(self.0)
    }

    /// Its name, as people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.point().alternatives()[self.1 as usize]
    }

    /// `choice-point = alternative`, as people read it.
    #[must_use]
    pub fn text(self) -> String {
        format!("{} = {}", self.point().name(), self.name())
    }
}

macro_rules! choices {
    ($($index:literal $point:ident $name:literal: $($alt:literal $const:ident),+;)*) => {
        /// How many choice points there are.
        pub const COUNT: usize = [$($index),*].len();

        // Its number is what a point is known by.
        const _: () = {
            let (numbers, mut place) = ([$($index),*], 0);
            while place < COUNT {
                assert!(numbers[place] == place, "choice points are numbered from 0 in their order");
                place += 1;
            }
        };

        /// Every choice point, in a fixed order.
        pub static CHOICES: [ChoicePoint; COUNT] = [$(ChoicePoint { name: $name, alternatives: &[$($alt),+] }),*];
        $(
            #[allow(missing_docs)] // named after its text; explained in spec-notes/choices.toml
            pub const $point: Point = Point($index);
        )*
        choices!(@alts $($index: $($const),+;)*);
    };
    (@alts $($index:literal: $($const:ident),+;)*) => { $(choices!(@one $index, 0, $($const),+);)* };
    (@one $index:literal, $n:expr, $const:ident $(, $rest:ident)*) => {
        #[allow(missing_docs)] // named after its text above; explained in spec-notes/choices.toml
        pub const $const: Alt = Alt($index, $n);
        choices!(@one $index, $n + 1 $(, $rest)*);
    };
    (@one $index:literal, $n:expr) => {};
}

choices! {
    0 RESET_WHILE_QUEUED "reset-while-queued":
        "accept-fails" RESET_ACCEPT_FAILS, "accept-succeeds" RESET_ACCEPT_SUCCEEDS, "vanishes" RESET_VANISHES;
    1 BACKLOG_FULL "backlog-full":
        "refuse" FULL_REFUSE, "drop" FULL_DROP, "complete-then-reset" FULL_COMPLETE_THEN_RESET;
    2 BACKLOG_COUNTS "backlog-counts": "both-queues" COUNTS_BOTH, "accept-queue" COUNTS_ACCEPT_QUEUE;
    3 BACKLOG_BOUND "backlog-bound": "exactly" BOUND_EXACTLY, "one-more" BOUND_ONE_MORE;
    4 BACKLOG_ZERO "backlog-zero": "as-one" ZERO_AS_ONE, "as-zero" ZERO_AS_ZERO;
    5 BACKLOG_HINT "backlog-hint": "clamps-200-65535" HINT_CLAMPS, "ignored" HINT_IGNORED;
    6 RELISTEN "relisten":
        "keeps-backlog" RELISTEN_KEEPS, "updates-backlog" RELISTEN_UPDATES, "updates-and-drops-excess" RELISTEN_DROPS;
    7 SYN_AFTER_REFUSAL "syn-after-refusal": "gives-up" REFUSED_GIVES_UP, "repeats" REFUSED_REPEATS;
    8 HAND_OVER "hand-over": "handed" HANDED, "woken" WOKEN;
    9 ADDRLEN_CHECK_STAGE "addrlen-check-stage": "on-entry" ADDRLEN_ON_ENTRY, "on-taking" ADDRLEN_ON_TAKING;
    10 ADDRLEN_CHECK_CONSUMES "addrlen-check-consumes": "keeps" ADDRLEN_KEEPS, "consumes" ADDRLEN_CONSUMES;
    11 ADDR_CHECK_STAGE "addr-check-stage": "on-entry" ADDR_ON_ENTRY, "on-taking" ADDR_ON_TAKING;
    12 ADDR_CHECK_CONSUMES "addr-check-consumes": "keeps" ADDR_KEEPS, "consumes" ADDR_CONSUMES;
    13 NO_DESCRIPTORS_DURING_WAIT "no-descriptors-during-wait": "fails" WAIT_MFILE_FAILS, "waits-on" WAIT_MFILE_WAITS;
    14 CLOSE_UNDER_ACCEPT "close-under-accept":
        "interrupted" CLOSE_INTERRUPTED, "not-a-socket" CLOSE_NOTSOCK, "aborted" CLOSE_ABORTED,
        "stays-blocked" CLOSE_STAYS;
    15 CLEANUP_UNDER_CALL "cleanup-under-call": "interrupted" CLEANUP_INTERRUPTED, "aborted" CLEANUP_ABORTED,
        "not-initialised" CLEANUP_NOTINITIALISED, "not-a-socket" CLEANUP_NOTSOCK, "stays-blocked" CLEANUP_STAYS;
    16 LISTENER_CLOSE_QUEUED "listener-close-queued": "reset" LISTENER_RESETS, "silent" LISTENER_SILENT;
    17 CLEANUP_CONNECTIONS "cleanup-connections": "reset" CLEANUP_RESETS, "graceful" CLEANUP_GRACEFUL;
    18 INHERIT_SAMPLED "inherit-sampled": "at-accept" SAMPLED_AT_ACCEPT, "at-handshake" SAMPLED_AT_HANDSHAKE;
    19 INHERIT_NONBLOCKING "inherit-nonblocking":
        "inherited" NONBLOCKING_INHERITED, "blocking" NONBLOCKING_NOT_INHERITED;
    20 INHERIT_EVENT_SELECTION "inherit-event-selection":
        "inherited" SELECTION_INHERITED, "none" SELECTION_NOT_INHERITED;
    21 INHERIT_TIMEOUTS "inherit-timeouts":
        "inherited" TIMEOUTS_INHERITED, "defaults" TIMEOUTS_DEFAULT, "at-accept" TIMEOUTS_AT_ACCEPT;
    22 NONBLOCKING_OF_DUPLICATES "nonblocking-of-duplicates": "shared" MODE_SHARED, "per-handle" MODE_PER_HANDLE;
    23 FD_ACCEPT_SECOND_ARRIVAL "fd-accept-second-arrival": "silent" SECOND_SILENT, "signals-again" SECOND_SIGNALS;
    24 FD_ACCEPT_RESELECT "fd-accept-reselect": "signals-again" RESELECT_SIGNALS, "silent" RESELECT_SILENT;
    25 ACCEPT_WAIT "accept-wait":
        "alertable-continues" WAIT_CONTINUES, "alertable-interrupted" WAIT_INTERRUPTED, "not-alertable" WAIT_NOT_ALERTABLE;
    26 LAST_ERROR_AFTER_SUCCESS "last-error-after-success": "kept" SUCCESS_KEEPS, "cleared" SUCCESS_CLEARS;
    27 ADDRLEN_WITHOUT_ADDR "addrlen-without-addr": "untouched" LENGTH_UNTOUCHED, "written" LENGTH_WRITTEN;
    28 GETSOCKNAME_WILDCARD "getsockname-wildcard": "fails" WILDCARD_FAILS, "succeeds" WILDCARD_SUCCEEDS;
    29 CLOSE_WITH_UNREAD_DATA "close-with-unread-data": "graceful" UNREAD_GRACEFUL, "resets" UNREAD_RESETS;
    30 ADDRESS_OF_RESET_PEER "address-of-reset-peer":
        "told" PEER_TOLD, "empty" PEER_EMPTY, "not-connected" PEER_NOT_CONNECTED;
    31 BAD_ADDR_CODE "bad-addr-code": "WSAEFAULT" BAD_ADDR_WSAEFAULT, "WSAEINVAL" BAD_ADDR_WSAEINVAL;
    32 RECV_AFTER_RESET "recv-after-reset": "fails" RECV_RESET_FAILS, "end-of-stream" RECV_RESET_ENDS;
    33 TRANSFER_ON_LISTENER "transfer-on-listener": "fails" TRANSFER_FAILS, "waits" TRANSFER_WAITS;
    34 CONDITIONAL_ACCEPT_OPTION "conditional-accept-option": "known" CONDITIONAL_KNOWN, "unknown" CONDITIONAL_UNKNOWN;
    35 INHERIT_V6ONLY "inherit-v6only": "inherited" V6ONLY_INHERITED, "default" V6ONLY_DEFAULT;
    36 CANCEL_BLOCKING_CALL "cancel-blocking-call": "serves-1.1" CANCEL_SERVES, "does-nothing" CANCEL_DOES_NOTHING;
    37 SO_ERROR_READ "so-error-read": "clears" SO_ERROR_CLEARS, "keeps" SO_ERROR_KEEPS;
    38 LISTEN_CONNECTED_CODE "listen-connected-code":
        "WSAEISCONN" LISTEN_CONNECTED_WSAEISCONN, "WSAEINVAL" LISTEN_CONNECTED_WSAEINVAL;
    39 FD_CLOSE_WITH_UNREAD_DATA "fd-close-with-unread-data":
        "at-once" CLOSE_EVENT_AT_ONCE, "after-data" CLOSE_EVENT_AFTER_DATA;
    40 POLL_INVALID_ENTRY "poll-invalid-entry": "cleared" POLL_CLEARED, "POLLNVAL" POLL_NVAL;
    41 POLL_NO_VALID_SOCKET "poll-no-valid-socket":
        "WSAEINVAL" POLL_NONE_WSAEINVAL, "WSAENOTSOCK" POLL_NONE_WSAENOTSOCK;
    42 BIND_FAMILY_CODE "bind-family-code":
        "WSAEFAULT" BIND_FAMILY_WSAEFAULT, "by-fault" BIND_FAMILY_BY_FAULT;
    43 POLL_POLLPRI "poll-pollpri": "WSAEINVAL" POLLPRI_FAILS, "ignored" POLLPRI_IGNORED;
    44 ENUM_ERROR_EVENT "enum-error-event": "untouched" ENUM_ERROR_UNTOUCHED, "reset" ENUM_ERROR_RESETS;
    45 CONNECT_BAD_NAME_CODE "connect-bad-name-code":
        "WSAEFAULT" CONNECT_NAME_WSAEFAULT, "by-fault" CONNECT_NAME_BY_FAULT;
    46 SEND_UNCONNECTED_CODE "send-unconnected-code":
        "WSAENOTCONN" SEND_UNCONNECTED_WSAENOTCONN, "WSAECONNRESET" SEND_UNCONNECTED_WSAECONNRESET;
    47 ACCEPT_LENGTH_POINTER "accept-length-pointer":
        "WSAEFAULT" LENGTH_POINTER_FAILS, "crashes" LENGTH_POINTER_CRASHES;
    48 RESOURCE_ERROR_FATE "resource-error-consumes": "keeps" RESOURCE_ERROR_KEEPS, "consumes" RESOURCE_ERROR_CONSUMES;
    49 RECV_AFTER_REFUSAL "recv-after-refusal": "fails" RECV_REFUSED_FAILS, "end-of-stream" RECV_REFUSED_ENDS;
    50 LISTEN_AFTER_REFUSAL "listen-after-refusal":
        "listens" LISTEN_REFUSED_LISTENS, "WSAEINVAL" LISTEN_REFUSED_WSAEINVAL;
    51 CONNECT_AFTER_REFUSAL "connect-after-refusal":
        "connects" CONNECT_REFUSED_CONNECTS, "WSAECONNABORTED" CONNECT_REFUSED_ABORTS;
    52 BIND_DATAGRAM_ELSEWHERE "bind-datagram-elsewhere":
        "fails" BIND_ELSEWHERE_FAILS, "succeeds" BIND_ELSEWHERE_SUCCEEDS;
    53 WAIT_BEFORE_STARTUP "wait-before-startup": "fails" WAIT_NEEDS_STARTUP, "waits" WAIT_NEEDS_NO_STARTUP;
    54 POLL_AFTER_RESET "poll-after-reset": "hang-up" POLL_RESET_HANGS_UP, "error-and-hang-up" POLL_RESET_IS_AN_ERROR;
    55 POLL_AFTER_REFUSAL "poll-after-refusal":
        "nothing" POLL_REFUSED_NOTHING, "error" POLL_REFUSED_ERROR, "error-and-hang-up" POLL_REFUSED_HANGS_UP;
    56 GETSOCKNAME_BAD_BUFFER "getsockname-bad-buffer": "WSAEFAULT" SOCKNAME_WSAEFAULT, "by-fault" SOCKNAME_BY_FAULT;
    57 GETPEERNAME_BAD_BUFFER "getpeername-bad-buffer":
        "WSAEFAULT" PEERNAME_WSAEFAULT, "no-length-first" PEERNAME_NO_LENGTH_FIRST, "by-fault" PEERNAME_BY_FAULT;
    58 NEGATIVE_LENGTH "negative-length":
        "an-error" NEGATIVE_LENGTH_FAILS, "overwrites-memory" NEGATIVE_LENGTH_OVERWRITES;
    59 BIND_ONE_SIDED_REUSE "bind-one-sided-reuse":
        "WSAEADDRINUSE" ONE_SIDED_WSAEADDRINUSE, "WSAEACCES" ONE_SIDED_WSAEACCES;
    60 SHORT_BUFFER_CONTENTS "short-buffer-contents": "untouched" SHORT_BUFFER_UNTOUCHED, "zeros" SHORT_BUFFER_ZEROS;
    61 CLOSE_HANDLE_CONNECTION "close-handle-connection":
        "graceful" CLOSE_HANDLE_GRACEFUL, "reset" CLOSE_HANDLE_RESETS;
    62 WSARECV_WITHOUT_COUNT "wsarecv-without-count": "WSAEFAULT" NO_COUNT_FAILS, "receives" NO_COUNT_RECEIVES;
    63 EXCLUSIVE_WITH_REUSE "exclusive-with-reuse": "both" REUSE_BOTH, "WSAEINVAL" REUSE_EITHER;
    64 LISTENER_CLOSE_HALF_OPEN "listener-close-half-open":
        "reset" HALF_OPEN_RESETS, "answers" HALF_OPEN_ANSWERS, "silent" HALF_OPEN_SILENT;
    65 CLOSE_UNDER_RECV "close-under-recv": "graceful" UNDER_RECV_GRACEFUL, "resets" UNDER_RECV_RESETS;
    66 STRAY_SEGMENT "stray-segment": "reset" STRAY_RESETS, "silent" STRAY_SILENT;
    67 SELECT_WAIT "select-wait": "alertable" SELECT_RUNS_APC, "not-alertable" SELECT_RUNS_NONE;
    68 RECV_WAIT "recv-wait": "alertable" RECV_RUNS_APC, "not-alertable" RECV_RUNS_NONE;
    69 WILDCARD_BESIDE_SPECIFIC "wildcard-beside-specific":
        "succeeds" BESIDE_SUCCEEDS, "WSAEADDRINUSE" BESIDE_WSAEADDRINUSE, "until-one-listens" BESIDE_WHILE_QUIET;
    70 LISTEN_BESIDE_LISTENER "listen-beside-listener":
        "succeeds" SECOND_LISTENS, "WSAEADDRINUSE" SECOND_WSAEADDRINUSE;
    71 BIND_BESIDE_LISTENER "bind-beside-listener": "succeeds" REUSES_LISTENER, "WSAEACCES" REUSES_WSAEACCES;
    72 ACCEPT_RECORD "accept-record":
        "keeps" RECORD_KEPT, "clears" RECORD_CLEARED;
    73 POLL_OUTPUT_BITS "poll-output-bits":
        "ignored" OUTPUT_BITS_IGNORED, "WSAEINVAL" OUTPUT_BITS_FAIL;
    74 POLL_END_BEHIND_DATA "poll-end-behind-data":
        "after-data" POLL_END_AFTER_DATA, "at-once" POLL_END_AT_ONCE;
    75 CLOSE_UNDER_SELECT "close-under-select":
        "undefined" UNDER_SELECT_UNDEFINED, "told" UNDER_SELECT_TOLD;
    76 RESET_BEHIND_END "reset-behind-end":
        "WSAECONNRESET" BEHIND_END_RESET, "WSAECONNABORTED" BEHIND_END_ABORTED;
    77 LAST_ERROR_AFTER_NAMING "last-error-after-naming":
        "kept" NAMING_KEEPS, "cleared" NAMING_CLEARS;
    78 WITHDRAWN_REQUEST "withdrawn-request": "WSAECONNRESET" WITHDRAWN_RESET, "WSAEACCES" WITHDRAWN_ACCES;
    79 BAD_CONDITION "bad-condition-function": "WSAEFAULT" BAD_CONDITION_FAILS, "crashes" BAD_CONDITION_CRASHES;
    80 PEER_NAME_AT_THE_END "peer-name-at-the-end": "told" END_IS_TOLD, "WSAENOTCONN" END_NOT_CONNECTED;
    81 ACCEPTEX_AT_ONCE "acceptex-at-once": "pends" ACCEPTEX_PENDS, "succeeds" ACCEPTEX_SUCCEEDS;
    82 ACCEPTEX_SOCKETS "acceptex-sockets": "checked" ACCEPTEX_CHECKED, "unchecked" ACCEPTEX_UNCHECKED;
    83 ACCEPTEX_NO_BUFFER "acceptex-no-buffer": "WSAEFAULT" NO_BUFFER_WSAEFAULT, "WSAEINVAL" NO_BUFFER_WSAEINVAL;
    84 ACCEPTEX_SHORT_LENGTH "acceptex-short-length":
        "keeps-connection" SHORT_LENGTH_KEEPS, "loses-connection" SHORT_LENGTH_LOSES;
    85 ACCEPTEX_RESET_IN_QUEUE "acceptex-reset-in-queue":
        "fails" ACCEPTEX_RESET_FAILS, "succeeds" ACCEPTEX_RESET_SUCCEEDS, "not-connected" ACCEPTEX_RESET_NOT_CONNECTED,
        "by-receive-length" ACCEPTEX_RESET_BY_LENGTH;
    86 ACCEPTEX_FAILED_STATUS "acceptex-failed-status": "untouched" FAILED_UNTOUCHED, "pending" FAILED_PENDING;
    87 ACCEPT_SOCKET_CLOSED "accept-socket-closed":
        "connection-aborted" ACCEPT_SOCKET_ABORTED, "cancelled" ACCEPT_SOCKET_CANCELLED;
    88 BEFORE_ACCEPT_CONTEXT "before-accept-context": "undefined" CONTEXT_UNDEFINED, "works" CONTEXT_NOT_NEEDED;
    89 CONTEXT_UNCONNECTED "accept-context-unconnected": "WSAENOTCONN" CONTEXT_WSAENOTCONN, "succeeds" CONTEXT_SUCCEEDS;
    90 ACCEPTEX_PENDING_COUNT "acceptex-pending-count": "untouched" COUNT_UNTOUCHED, "zero" COUNT_ZERO, "received" COUNT_RECEIVED;
    91 WSAIOCTL_SMALL_BUFFER "wsaioctl-small-buffer": "WSAEFAULT" SMALL_BUFFER_FAILS, "ignored" SMALL_BUFFER_IGNORED;
    92 SOCKADDRS_WITHOUT_LOCAL "sockaddrs-without-local":
        "untouched" LOCAL_UNTOUCHED, "as-remote" LOCAL_AS_REMOTE;
    93 CANCELIOEX_NOTHING "cancelioex-nothing": "ERROR_NOT_FOUND" NOTHING_NOT_FOUND, "succeeds" NOTHING_SUCCEEDS;
    94 REJECTED_REQUEST "rejected-request": "reset" REJECTED_RESETS, "closed" REJECTED_CLOSES;
    95 BAD_CONDITION_RESULT "bad-condition-result":
        "stays-queued" BAD_RESULT_KEEPS, "reset" BAD_RESULT_RESETS, "WSAENOTSOCK" BAD_RESULT_LEAKS;
    96 ADDRESS_WITHOUT_ACCEPTANCE "address-without-acceptance": "untouched" ADDRESS_UNTOUCHED, "told" ADDRESS_TOLD;
    97 CONDITION_DESCRIPTORS "descriptors-and-condition":
        "looked-for-before" DESCRIPTORS_BEFORE, "looked-for-after" DESCRIPTORS_AFTER;
    98 NO_CALLER_DATA "caller-data-not-there": "NULL" CALLER_DATA_NULL, "empty" CALLER_DATA_EMPTY;
    99 CALLEE_DATA_ROOM "callee-data-room": "zero" ROOM_ZERO, "not-written" ROOM_NOT_WRITTEN;
    100 DEFERRED_READABLE "deferred-readable": "readable" DEFERRED_IS_READABLE, "not-readable" DEFERRED_NOT_READABLE;
    101 DEFERRED_TO_WAITING "deferred-to-waiting": "at-once" DEFERRED_AT_ONCE, "with-the-next" DEFERRED_WITH_NEXT;
    102 CONDITIONAL_HANDSHAKE "conditional-accept-handshake":
        "after-the-decision" DECIDED_FIRST, "before-it" HANDSHAKE_FIRST;
    103 DEFERRAL_AND_FD_ACCEPT "deferral-and-fd-accept": "mutes" DEFERRAL_MUTES, "re-enables" DEFERRAL_REENABLES;
    104 PROVIDER_HANDLES "provider-handles": "ifs" IFS_HANDLES, "made-by-ws2_32" OTHER_HANDLES;
    105 PROVIDER_WAIT "provider-wait": "alertable" PROVIDER_RUNS_APC, "not-alertable" PROVIDER_RUNS_NONE;
    106 BAD_WINDOW "async-select-bad-window": "WSAEINVAL" BAD_WINDOW_FAILS, "ignored" BAD_WINDOW_IGNORED;
    107 CANCEL_BAD_WINDOW "async-cancel-bad-window":
        "ignored" CANCEL_BAD_WINDOW_IGNORED, "WSAEINVAL" CANCEL_BAD_WINDOW_FAILS;
    108 CONNECT_MESSAGE_LATE "connect-message-late": "posted" LATE_CONNECT_POSTED, "not-posted" LATE_CONNECT_SILENT;
    109 CLOSE_MESSAGE_ERROR "close-message-after-reset":
        "WSAECONNRESET" CLOSE_TELLS_RESET, "WSAECONNABORTED" CLOSE_TELLS_ABORTED, "0" CLOSE_TELLS_NOTHING;
    110 CLOSE_MESSAGE_WITH_UNREAD_DATA "close-message-with-unread-data":
        "after-data" CLOSE_MESSAGE_AFTER_DATA, "at-once" CLOSE_MESSAGE_AT_ONCE;
    111 CLOSE_HANDLE_MESSAGE "close-handle-message": "not-posted" CLOSE_HANDLE_SILENT, "FD_CLOSE" CLOSE_HANDLE_POSTS;
    112 RECEIVE_AT_ONCE "receive-at-once": "succeeds" RECEIVE_SUCCEEDS, "pends" RECEIVE_PENDS;
    113 SEND_AT_ONCE "send-at-once": "succeeds" SEND_SUCCEEDS, "pends" SEND_PENDS;
    114 CLOSE_UNDER_REQUEST "close-under-request":
        "cancelled" REQUEST_CANCELLED, "connection-aborted" REQUEST_CONNECTION_ABORTED,
        "handles-closed" REQUEST_HANDLES_CLOSED;
    115 RECEIVE_OF_CLOSED_HANDLE "receive-of-closed-handle":
        "goes-on" RECEIVE_GOES_ON, "invalid-handle" RECEIVE_NEEDS_HANDLE;
    116 CLOSE_UNDER_PORT_WAIT "close-under-port-wait": "abandoned" PORT_WAIT_ABANDONED, "stays-blocked" PORT_WAIT_STAYS;
    117 ROUTINE_ORDER "routine-order": "as-completed" FIRST_ROUTINE_FIRST, "last-first" LAST_ROUTINE_FIRST;
    118 ROUTINE_ON_PORT "routine-on-port": "WSAEINVAL" ROUTINE_ON_PORT_FAILS, "called" ROUTINE_ON_PORT_CALLED;
    119 APC_BEFORE_PACKET "apc-before-packet": "packet-first" PACKETS_BEFORE_APCS, "apc-first" APCS_BEFORE_PACKETS;
    120 SO_ERROR_OF_REFUSAL "so-error-of-blocking-connect": "kept" REFUSAL_STAYS, "taken" REFUSAL_TAKEN;
    121 CLOSE_BEHIND_ANSWER "close-behind-unread-answer": "kept" ANSWER_KEPT, "lost" ANSWER_LOST;
    122 RESET_OVER_UNREAD_DATA "reset-over-unread-data": "discarded" RESET_DISCARDS, "kept" RESET_KEEPS;
    123 EVENTS_OF_A_RESET "events-of-a-reset": "FD_WRITE-too" RESET_WRITES_TOO, "FD_CLOSE-alone" RESET_CLOSE_ALONE;
    124 EXIT_CONNECTIONS "exit-connections": "reset" EXIT_RESETS, "as-closesocket" EXIT_CLOSES;
    125 REUSE_COUNTS "reuse-counts": "now" REUSE_NOW, "at-bind" REUSE_AT_BIND;
    126 DISCONNECT_AT_ONCE "disconnect-at-once": "succeeds" DISCONNECT_SUCCEEDS, "pends" DISCONNECT_PENDS;
    127 DISCONNECT_AGAIN "disconnect-again": "WSAENOTCONN" AGAIN_NOT_CONNECTED, "succeeds" AGAIN_SUCCEEDS;
    128 DISCONNECT_AFTER_RESET "disconnect-after-reset":
        "WSAENOTCONN" RESET_NOT_CONNECTED, "succeeds" RESET_DISCONNECTS;
    129 RECYCLE_WITHOUT_PEER "recycle-without-the-peer": "waits" RECYCLE_AWAITS_PEER, "completes" RECYCLE_ALONE;
    130 RECYCLE_TIME_WAIT "recycle-time-wait": "delays" TIME_WAIT_DELAYS, "completes" TIME_WAIT_PASSED_OVER;
    131 SOCKET_REUSE "socket-reuse": "given-back" REUSE_GIVES_BACK, "ignored" REUSE_IGNORED;
    132 TRANSMIT_FLAGS "transmitfile-flags": "obeyed" FLAGS_OBEYED, "ignored" FLAGS_IGNORED;
    133 DISCONNECT_DATAGRAM "disconnect-datagram": "WSAENOTCONN" DATAGRAM_NOT_CONNECTED, "succeeds" DATAGRAM_SUCCEEDS;
    134 PEER_NAME_CONNECTING "peer-name-while-connecting": "WSAENOTCONN" CONNECTING_NOT_CONNECTED, "told" CONNECTING_IS_TOLD;
    135 AUTOMATIC_RELEASE "automatic-release": "first-to-wait" RELEASES_FIRST, "later" RELEASES_LATER;
    136 V6ONLY_AFTER_BIND "v6only-after-bind": "succeeds" V6ONLY_LATE_SUCCEEDS, "WSAEINVAL" V6ONLY_LATE_FAILS;
    137 CANCELIO_OF_NO_FILE "cancelio-of-no-file": "WSA_INVALID_HANDLE" NO_FILE_FAILS, "succeeds" NO_FILE_SUCCEEDS;
    138 LAST_ERROR_AFTER_OTHERS "last-error-after-others": "kept" OTHERS_KEEP, "cleared" OTHERS_CLEAR;
    139 FAILED_REQUEST_STATUS "failed-request-status": "untouched" STATUS_UNTOUCHED, "pending" STATUS_PENDING;
    140 SELECT_AFTER_MESSAGES "select-after-messages": "forgotten" MESSAGES_FORGOTTEN, "remembered" MESSAGES_REMEMBERED;
    141 FAILED_CONNECT_EVENT "event-of-failed-connect":
        "not-recorded" FAILURE_NOT_RECORDED, "recorded" FAILURE_RECORDED;
    142 BIND_NAME_CHECK "bind-name-check":
        "after-descriptor" NAME_AFTER_DESCRIPTOR, "before-descriptor" NAME_BEFORE_DESCRIPTOR;
    143 TRANSMIT_AFTER_RESET "transmitfile-after-reset":
        "WSAECONNRESET" TRANSMIT_CONNRESET, "WSAENOTCONN" TRANSMIT_NOTCONN;
    144 TRANSFER_CONNECTING "transfer-while-connecting":
        "WSAENOTCONN" TRANSFER_NOT_CONNECTED, "waits" TRANSFER_AWAITS_CONNECTION;
    145 LAST_ERROR_AFTER_WINDOWS "last-error-after-windows": "kept" WINDOWS_KEEP, "cleared" WINDOWS_CLEAR;
    146 EXCLUSIVE_BESIDE_WILDCARD "exclusive-beside-wildcard":
        "succeeds" EXCLUSIVE_BESIDE_SUCCEEDS, "WSAEADDRINUSE" EXCLUSIVE_BESIDE_FAILS;
    147 FD_CLOSE_BEHIND_END "fd-close-behind-end": "once" CLOSE_TOLD_ONCE, "again" CLOSE_TOLD_AGAIN;
    148 OVERLAPPED_OF_WAITING "overlapped-of-a-call-that-waits": "ignored" OVERLAPPED_IGNORED, "filled" OVERLAPPED_FILLED;
    149 CONNECTING_ALREADY "connecting-by-request": "WSAEALREADY" CONNECTING_WSAEALREADY, "WSAEINVAL" CONNECTING_WSAEINVAL;
    150 CONNECT_BEFORE_CONTEXT "connect-before-connect-context":
        "WSAEISCONN" BEFORE_CONTEXT_WSAEISCONN, "WSAEINVAL" BEFORE_CONTEXT_WSAEINVAL;
    151 CONNECTEX_FAILED_STATUS "connectex-failed-status": "untouched" CONNECTEX_UNTOUCHED, "pending" CONNECTEX_PENDING;
    152 IOCTL_REQUEST_BYTES "ioctl-request-bytes": "zero" IOCTL_BYTES_ZERO, "those-of-the-pointer" IOCTL_BYTES_TOLD;
    153 DEFERRED_TO_REQUEST "deferred-to-request": "at-once" REQUEST_AT_ONCE, "with-the-next" REQUEST_WITH_NEXT;
    154 SOCKET_TWICE_IN_SET "socket-twice-in-a-set": "each-time" TWICE_COUNTS, "once" TWICE_IS_ONE;
    155 ATM_PROVIDER "atm-provider":
        "installed" ATM_INSTALLED, "missing" ATM_MISSING, "protocol-missing" ATM_PROTOCOL_MISSING;
    156 ATM_PEER_ADDRESS "atm-peer-address": "told" ATM_PEER_TOLD, "unset" ATM_PEER_UNSET;
    157 ATM_EARLY_DATA "atm-early-data": "arrives" EARLY_DATA_ARRIVES, "lost" EARLY_DATA_LOST;
    158 CONNECT_EXTRAS "connect-extras": "looked-at" EXTRAS_LOOKED_AT, "ignored" EXTRAS_IGNORED;
    159 AFD_END_BEHIND_DATA "afd-poll-end-behind-data": "after-data" AFD_END_AFTER_DATA, "at-once" AFD_END_AT_ONCE;
    160 AFD_HANDLE_CLOSED "afd-poll-handle-closed":
        "runs-on" AFD_RUNS_ON, "cancelled" AFD_CANCELLED, "handles-closed" AFD_HANDLES_CLOSED;
    161 WAIT_FOR_SOCKET "wait-for-socket": "WSA_INVALID_HANDLE" SOCKET_IS_NO_EVENT, "waits" SOCKET_IS_WAITED_FOR;
    162 FD_WRITE_WHEN_SHUT "fd-write-when-shut": "recorded" SHUT_IS_WRITABLE, "not-recorded" SHUT_IS_NOT_WRITABLE;
    163 EVENTS_AFTER_SHUTDOWN "events-after-shutdown": "go-on" EVENTS_GO_ON, "end" EVENTS_END;
    164 ACCEPTEX_RE_ENABLES "acceptex-re-enables": "no" ACCEPTEX_LEAVES_RECORD, "as-accept" ACCEPTEX_AS_ACCEPT;
    165 UPDATE_OF_NO_SOCKET "update-of-no-socket": "WSAENOTSOCK" UPDATE_LOOKS, "succeeds" UPDATE_LOOKS_AT_NOTHING;
    166 EXTENSION_OF_NO_SOCKET "extension-of-no-socket": "WSAENOTSOCK" EXTENSION_LOOKS, "given" EXTENSION_IS_GIVEN;
    167 PORT_OF_CONNECTION "port-of-a-connection":
        "WSAEADDRINUSE" PORT_OF_CONNECTION_TAKEN, "free" PORT_OF_CONNECTION_FREE;
    168 BIND_TAKEN_ELSEWHERE "bind-taken-elsewhere":
        "WSAEADDRNOTAVAIL" ELSEWHERE_WSAEADDRNOTAVAIL, "WSAEADDRINUSE" ELSEWHERE_WSAEADDRINUSE;
    169 BIND_WITHOUT_BUFFERS "bind-without-buffers": "binds" BINDS_WITHOUT_BUFFERS, "WSAENOBUFS" BIND_WSAENOBUFS;
    170 STREAM_OPTION_OF_DATAGRAMS "stream-option-of-datagrams":
        "works" STREAM_OPTION_WORKS, "WSAENOPROTOOPT" STREAM_OPTION_FAILS;
    171 LINGER_OF_DATAGRAMS "linger-of-datagrams":
        "works" DATAGRAMS_LINGER, "WSAENOPROTOOPT" DATAGRAM_LINGER_FAILS, "set-only" DATAGRAM_LINGER_IS_SET;
    172 IOCTL_NO_COMMAND "ioctl-no-command": "WSAEINVAL" NO_COMMAND_WSAEINVAL, "WSAEOPNOTSUPP" NO_COMMAND_WSAEOPNOTSUPP;
    173 IOCTL_NO_COMMAND_REQUEST "ioctl-no-command-by-request":
        "fails" NO_COMMAND_REQUEST_FAILS, "pends" NO_COMMAND_REQUEST_PENDS;
    174 INHERIT_ATTRIBUTE "inherit-handle-attribute": "as-the-listener" ATTRIBUTE_INHERITED, "inheritable" ATTRIBUTE_DEFAULT;
    175 MODE_OF_INHERITED "mode-of-inherited-handles": "kept" INHERITED_MODE_KEPT, "blocking" INHERITED_MODE_BLOCKING;
    176 SOCKET_GROUPS "socket-groups": "kept" GROUPS_KEPT, "ignored" GROUPS_IGNORED;
    177 GROUP_ID "group-id": "told" GROUP_ID_TOLD, "WSAENOPROTOOPT" GROUP_ID_RESERVED;
    178 PORT_OF_ACCEPTED "port-of-accepted": "WSAEADDRINUSE" PORT_OF_ACCEPTED_TAKEN, "free" PORT_OF_ACCEPTED_FREE;
    179 RECEIVE_GAVE_UP "receive-after-time-out": "undefined" GAVE_UP_UNDEFINED, "goes-on" GAVE_UP_GOES_ON;
}

/// The choice point of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<usize> {
    CHOICES.iter().position(|point| point.name == name)
}
