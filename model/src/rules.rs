//! The rules, one file per page of the manual.

#[macro_use]
mod table;

mod accept;
mod acceptex;
mod afdpoll;
mod apc;
mod bind;
mod cancelled;
mod closehandle;
mod closesocket;
mod common;
mod connect;
mod connectex;
mod disconnectex;
mod events;
mod groups;
mod handles;
mod listen;
mod messages;
mod modes;
mod names;
mod network;
mod options;
mod overlapped;
mod peer;
mod port;
mod program;
mod queue;
mod readfile;
mod recycle;
mod request;
mod select;
mod socket;
mod startup;
mod transfer;
mod transmitfile;
mod wake;
mod wsaaccept;
mod wsaconnect;
mod wsaioctl;
mod wsarecv;
mod wsasend;
mod wspaccept;

pub(crate) use connect::RETRIES;
pub(crate) use program::process_ends;
pub(crate) use recycle::disconnection;

use std::sync::LazyLock;

use crate::rule::{Rule, Tables};
use crate::world::State;

/// The tables of the calls, as the list of calls has them, and after them those of what happens without a call.
macro_rules! of_calls {
    ($($call:ident $library:ident $c:literal
        $(($($([$before:ident])* $field:ident: $kind:ident $([$after:ident])*),*))? -> $returns:ident [$($does:ident)*]
        $(again $again:ident)? by $first:ident {$($table:ident: $file:ident::$list:ident),*};)*) => {
        tables! {
            $($($table: $file::$list,)*)*
            /// A network event occurs at a socket.
            NetworkEvent: events::NETWORK_EVENT,
            Syn: network::SYN,
            SynAck: network::SYN_ACK,
            Ack: network::ACK,
            Rst: network::RST,
            Fin: network::FIN,
            Data: network::DATA,
            /// A SYN of a raw peer inside a connection.
            PeerSyn: peer::PEER_SYN,
            /// A SYN-ACK of a raw peer inside a connection.
            PeerSynAck: peer::PEER_SYN_ACK,
            /// An ACK of a raw peer.
            PeerAck: peer::PEER_ACK,
            /// Data of a raw peer.
            PeerData: peer::PEER_DATA,
            /// A FIN of a raw peer.
            PeerFin: peer::PEER_FIN,
            /// A segment of a raw peer that belongs to no connection.
            PeerStray: peer::PEER_STRAY,
            /// A retransmission timer runs out.
            Timer: network::TIMER,
            /// The time-out of a waiting call runs out.
            Expire: cancelled::EXPIRE,
            /// A user APC is due in an alertable wait.
            Apc: apc::APC,
            /// A call begins to wait inside an APC.
            BlocksInRoutine: apc::BLOCKS_IN_ROUTINE,
            /// A blocked call whose socket, or whose Winsock, went away.
            Cancelled: cancelled::CANCELLED,
            /// Something changes at what a call waits for.
            Wake: wake::WAKE,
            /// The port is closed that a call waits at.
            PortIsClosed: port::CLOSED,
            /// The socket of a request to receive or to send is closed.
            RequestCloses: request::CLOSES,
            /// A call fails that was to post a request.
            RequestFails: request::FAILS,
            /// A call succeeds in a thread whose last error tells of a failure.
            Succeeds: startup::SUCCEEDS,
            /// The program itself: what it prints, and its end.
            Program: program::PROGRAM,
            /// The end of a process, for what it has open.
            ProcessEnds: program::PROCESS_ENDS,
            /// The end of one thread, whatever it is in.
            ThreadEnds: program::THREAD_ENDS,
            /// The end of the thread that made a request, for that request.
            ThreadEndsRequest: program::THREAD_ENDS_REQUEST,
        }
    };
}

macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident: $file:ident::$list:ident,)*) => {
        /// A table of rules: a call, the second half of one, or something that happens.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        #[allow(missing_docs)] // named after the call or happening
        #[repr(u8)]
        pub enum Table { $($(#[$doc])* $table),* }

        /// The rules of a table, in the order of its page.
        #[must_use]
        pub fn of(table: Table) -> &'static [Rule] {
            match table { $(Table::$table => $file::$list),* }
        }

        /// What fires the rule of a table that applies.
        pub(crate) static BY_CODE: Tables =
            Tables { of, fires: [$($file::$list::in_states::<{ Table::$table as usize }>()),*] };

        /// What does the same as the table says it, for a machine with a broken rule.
        pub(crate) static BY_DATA: Tables =
            Tables { of, fires: [$([|at| at.reads_table(Table::$table); State::ALL.len()]),*] };

        /// Every table, in the order of [`Table`].
        pub const TABLES: &[Table] = &[$(Table::$table),*];
    };
}
crate::for_each_call!(of_calls);

impl Table {
    /// Is this the second half of a call whose rules stand in one list: that in which a connection is taken?
    #[must_use]
    pub const fn is_taking(self) -> bool {
        matches!(self, Table::AcceptQueue | Table::ConditionResult)
    }

    /// Its rules that can be asked in it: of a list that two tables share, those of its half.
    pub fn rules(self) -> impl Iterator<Item = &'static Rule> {
        of(self).iter().filter(move |rule| rule.is_asked(self.is_taking()))
    }
}

/// Every rule, each with the first table in which it is asked, in the order of the tables.
pub fn all() -> impl Iterator<Item = (Table, &'static Rule)> {
    ALL.iter().copied()
}

/// The rule of this name, and its table, with its place in [`all`].
#[must_use]
pub fn named(name: &str) -> Option<(usize, (Table, &'static Rule))> {
    let at = BY_NAME.binary_search_by_key(&name, |place| ALL[*place].1.name).ok()?;
    Some((BY_NAME[at], ALL[BY_NAME[at]]))
}

static ALL: LazyLock<Vec<(Table, &'static Rule)>> = LazyLock::new(|| {
    let first = |table: Table, rule: &Rule| !(table.is_taking() && rule.is_asked(false));
    let of_table = |table: Table| table.rules().filter(move |rule| first(table, rule)).map(move |rule| (table, rule));
    TABLES.iter().flat_map(|&table| of_table(table)).collect()
});

/// Places in [`ALL`], in the order of the names.
static BY_NAME: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let mut places: Vec<usize> = (0..ALL.len()).collect();
    places.sort_by_key(|place| ALL[*place].1.name);
    places
});
