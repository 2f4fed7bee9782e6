//! The rules, one file per page of the manual.

mod accept;
mod apc;
mod bind;
mod cancelled;
mod closesocket;
mod common;
mod connect;
mod events;
mod listen;
mod names;
mod network;
mod options;
mod program;
mod select;
mod socket;
mod startup;
mod transfer;

use crate::rule::{Rule, Table};

/// The rules of a table, in the order of its page.
#[must_use]
pub fn of(table: Table) -> &'static [Rule] {
    match table {
        Table::WSAStartup => startup::WSASTARTUP,
        Table::WSACleanup => startup::WSACLEANUP,
        Table::WSAGetLastError => startup::WSAGETLASTERROR,
        Table::Socket => socket::SOCKET,
        Table::WSASocket => socket::WSASOCKET,
        Table::WSADuplicateSocket => socket::WSADUPLICATESOCKET,
        Table::Bind => bind::BIND,
        Table::Listen => listen::LISTEN,
        Table::Accept => accept::ACCEPT,
        Table::AcceptChecks => accept::CHECKS,
        Table::AcceptQueue => accept::QUEUE,
        Table::AcceptInherits => accept::INHERITS,
        Table::AcceptSelection => accept::SELECTION,
        Table::AcceptName => accept::NAME,
        Table::Connect => connect::CONNECT,
        Table::ConnectAnswer => connect::ANSWER,
        Table::Shutdown => closesocket::SHUTDOWN,
        Table::Closesocket => closesocket::CLOSESOCKET,
        Table::Send => transfer::SEND,
        Table::Recv => transfer::RECV,
        Table::RecvData => transfer::RECV_DATA,
        Table::Ioctlsocket => options::IOCTLSOCKET,
        Table::Getsockname => names::GETSOCKNAME,
        Table::Getpeername => names::GETPEERNAME,
        Table::Getsockopt => options::GETSOCKOPT,
        Table::Setsockopt => options::SETSOCKOPT,
        Table::Select => select::SELECT,
        Table::SelectReady => select::SELECT_READY,
        Table::WSAPoll => select::WSAPOLL,
        Table::WSAPollReady => select::WSAPOLL_READY,
        Table::EventObject => events::EVENT_OBJECT,
        Table::WSAWait => events::WAIT,
        Table::WSAWaitReady => events::WAIT_READY,
        Table::WSAEventSelect => events::WSAEVENTSELECT,
        Table::WSAEnumNetworkEvents => events::WSAENUMNETWORKEVENTS,
        Table::NetworkEvent => events::NETWORK_EVENT,
        Table::QueueUserAPC => apc::QUEUEUSERAPC,
        Table::SleepEx => apc::SLEEPEX,
        Table::Apc => apc::APC,
        Table::WSACancelBlockingCall => cancelled::WSACANCELBLOCKINGCALL,
        Table::Cancelled => cancelled::CANCELLED,
        Table::Expire => cancelled::EXPIRE,
        Table::Syn => network::SYN,
        Table::SynAck => network::SYN_ACK,
        Table::Ack => network::ACK,
        Table::Rst => network::RST,
        Table::Fin => network::FIN,
        Table::Data => network::DATA,
        Table::Timer => network::TIMER,
        Table::Program => program::PROGRAM,
    }
}

/// Every table, in the order of [`Table`].
pub const TABLES: &[Table] = &[
    Table::WSAStartup,
    Table::WSACleanup,
    Table::WSAGetLastError,
    Table::Socket,
    Table::WSASocket,
    Table::WSADuplicateSocket,
    Table::Bind,
    Table::Listen,
    Table::Accept,
    Table::AcceptChecks,
    Table::AcceptQueue,
    Table::AcceptInherits,
    Table::AcceptSelection,
    Table::AcceptName,
    Table::Connect,
    Table::ConnectAnswer,
    Table::Shutdown,
    Table::Closesocket,
    Table::Send,
    Table::Recv,
    Table::RecvData,
    Table::Ioctlsocket,
    Table::Getsockname,
    Table::Getpeername,
    Table::Getsockopt,
    Table::Setsockopt,
    Table::Select,
    Table::SelectReady,
    Table::WSAPoll,
    Table::WSAPollReady,
    Table::EventObject,
    Table::WSAWait,
    Table::WSAWaitReady,
    Table::WSAEventSelect,
    Table::WSAEnumNetworkEvents,
    Table::QueueUserAPC,
    Table::SleepEx,
    Table::WSACancelBlockingCall,
    Table::NetworkEvent,
    Table::Syn,
    Table::SynAck,
    Table::Ack,
    Table::Rst,
    Table::Fin,
    Table::Data,
    Table::Timer,
    Table::Expire,
    Table::Apc,
    Table::Cancelled,
    Table::Program,
];

/// Every rule with its table, in the order of the tables.
pub fn all() -> impl Iterator<Item = (Table, &'static Rule)> {
    TABLES.iter().flat_map(|&table| of(table).iter().map(move |rule| (table, rule)))
}
