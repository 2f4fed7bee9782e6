//! A call of a script as a worker is asked to make it: variables become handles, names become numbers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use winaccept_model::call::{
    Address, Backlog, Buffer, Call, Family, FdSet, How, Ip, Length, Name, OPTIONS, Opt, OptVal, Port, ProcessId,
    Routine, SockType, ThreadId,
};
use winaccept_sim::script::Ref;

use super::protocol::{
    ApcRoutine, Bytes, Function, INVALID_SOCKET, LengthPointer, OptionValue, Pointer, PollFd, RawHandle, SocketAddress,
    WSA_INVALID_EVENT,
};

/// What a script's names stand for at this moment of a replay.
///
/// An answer may be the reason why there is none, and then the step is not taken.
pub(super) trait Names {
    /// The handle of a reference.
    fn handle(&self, r: Ref) -> RawHandle;
    /// The local address of a socket.
    fn address(&self, r: Ref) -> Result<SocketAddress, String>;
    /// The protocol information that was made for a socket.
    fn info(&self, r: Ref) -> Result<Bytes, String>;
    /// The system's number of a process of the script.
    fn process(&self, process: ProcessId) -> Result<u32, String>;
    /// The number of a thread within the process of the actor that asks.
    fn thread(&self, thread: ThreadId) -> Result<u8, String>;
}

/// The call with numbers for names, or the reason why it cannot be made.
pub(super) fn function(call: &Call<Ref>, names: &impl Names) -> Result<Function, String> {
    let h = |r| names.handle(r);
    let e = |r| event(r, names);
    Ok(match *call {
        Call::WSAStartup { version } => Function::WSAStartup { version: [version.major, version.minor] },
        Call::WSACleanup => Function::WSACleanup,
        Call::WSAGetLastError => Function::WSAGetLastError,
        Call::WSASetLastError { code } => Function::WSASetLastError { error: i32::from(code) },
        Call::Socket { family, kind } => {
            Function::Socket { family: family_number(family), r#type: type_number(kind), protocol: protocol(kind) }
        }
        Call::WSASocket { family, kind, overlapped } => Function::WSASocket {
            family: family_number(family),
            r#type: type_number(kind),
            protocol: protocol(kind),
            flags: u32::from(overlapped), // WSA_FLAG_OVERLAPPED is 1
        },
        Call::WSASocketFromInfo { s } => Function::WSASocketFromInfo { info: names.info(s)? },
        Call::WSADuplicateSocket { s, process } => {
            Function::WSADuplicateSocket { s: h(s), process: names.process(process)? }
        }
        Call::Bind { s, name } => {
            let (name, namelen) = input_address(name, names)?;
            Function::Bind { s: h(s), name, namelen }
        }
        Call::Connect { s, name } => {
            let (name, namelen) = input_address(name, names)?;
            Function::Connect { s: h(s), name, namelen }
        }
        Call::Listen { s, backlog } => Function::Listen { s: h(s), backlog: backlog_number(backlog) },
        Call::Accept { s, addr, addrlen } => {
            Function::Accept { s: h(s), addr: pointer(addr), addrlen: length_pointer(addrlen) }
        }
        Call::Shutdown { s, how } => Function::Shutdown { s: h(s), how: how_number(how) },
        Call::Closesocket { s } => Function::Closesocket { s: h(s) },
        Call::Send { s, data } => Function::Send { s: h(s), buf: Bytes(data.as_slice().to_vec()) },
        Call::Recv { s, len } => Function::Recv { s: h(s), len: u32::from(len) },
        Call::Ioctlsocket { s, argp } => Function::Ioctlsocket { s: h(s), cmd: FIONBIO, argp },
        Call::Getsockname { s, name, namelen } => {
            Function::Getsockname { s: h(s), name: pointer(name), namelen: length_pointer(namelen) }
        }
        Call::Getpeername { s, name, namelen } => {
            Function::Getpeername { s: h(s), name: pointer(name), namelen: length_pointer(namelen) }
        }
        Call::Getsockopt { s, opt } => {
            let (level, optname) = option_numbers(opt);
            Function::Getsockopt { s: h(s), level, optname }
        }
        Call::Setsockopt { s, opt, value } => {
            let (level, optname) = option_numbers(opt);
            Function::Setsockopt { s: h(s), level, optname, optval: option_value(value) }
        }
        Call::Select { readfds, writefds, exceptfds, timeout } => Function::Select {
            readfds: set(readfds, names),
            writefds: set(writefds, names),
            exceptfds: set(exceptfds, names),
            timeout,
        },
        Call::WSAPoll { fds, timeout } => Function::WSAPoll {
            fds: fds.iter().map(|(s, events)| PollFd { fd: h(s), events: events.0 }).collect(),
            timeout: timeout.map_or(-1, |ms| i32::try_from(ms).unwrap_or(i32::MAX)),
        },
        Call::WSACreateEvent => Function::WSACreateEvent,
        Call::WSACloseEvent { event } => Function::WSACloseEvent { event: e(event) },
        Call::WSASetEvent { event } => Function::WSASetEvent { event: e(event) },
        Call::WSAResetEvent { event } => Function::WSAResetEvent { event: e(event) },
        Call::WSAWaitForMultipleEvents { events, timeout, alertable } => {
            Function::WSAWaitForMultipleEvents { events: events.iter().map(e).collect(), timeout, alertable }
        }
        Call::WSAEventSelect { s, event, mask } => {
            Function::WSAEventSelect { s: h(s), event: optional(event, names), mask: u32::from(mask.0) }
        }
        Call::WSAEnumNetworkEvents { s, event } => {
            Function::WSAEnumNetworkEvents { s: h(s), event: optional(event, names) }
        }
        Call::QueueUserAPC { routine, thread } => {
            let routine = match routine {
                Routine::SetEvent(event) => ApcRoutine::SetEvent(e(event)),
                Routine::Accept(s) => ApcRoutine::Accept(h(s)),
            };
            Function::QueueUserAPC { routine, thread: names.thread(thread)? }
        }
        Call::SleepEx { timeout, alertable } => Function::SleepEx { timeout, alertable },
        Call::WSACancelBlockingCall => Function::WSACancelBlockingCall,
    })
}

/// `FIONBIO`, the only command that scripts give to `ioctlsocket`.
const FIONBIO: u32 = 0x8004_667e;

fn input_address(name: Name<Ref>, names: &impl Names) -> Result<(Option<SocketAddress>, i32), String> {
    Ok(match name {
        Name::Null => (None, Family::Inet.address_size()),
        Name::Address(address, length) => (Some(socket_address(address)), length),
        Name::Of(r) => {
            let address = names.address(r)?;
            let ip = match address.ip {
                IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
                bound => bound,
            };
            (Some(SocketAddress { ip, ..address }), address.size())
        }
    })
}

fn socket_address(address: Address) -> SocketAddress {
    let port = match address.port {
        Port::Fixed(port) => port,
        Port::Unset | Port::Chosen(_) => 0, // a script cannot write a chosen port
    };
    SocketAddress { ip: ip_address(address.family, address.ip), port }
}

/// The address that a script's words stand for.
pub(super) fn ip_address(family: Family, ip: Ip) -> IpAddr {
    match (family, ip) {
        (Family::Inet, Ip::Any) => Ipv4Addr::UNSPECIFIED.into(),
        (Family::Inet, Ip::Loopback) => Ipv4Addr::LOCALHOST.into(),
        (Family::Inet, Ip::NotLocal) => Ipv4Addr::new(192, 0, 2, 0).into(),
        (Family::Inet6, Ip::Any) => Ipv6Addr::UNSPECIFIED.into(),
        (Family::Inet6, Ip::Loopback) => Ipv6Addr::LOCALHOST.into(),
        (Family::Inet6, Ip::NotLocal) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0).into(),
    }
}

fn set(set: FdSet<Ref>, names: &impl Names) -> Option<Vec<RawHandle>> {
    set.map(|set| set.iter().map(|r| names.handle(r)).collect())
}

/// No event has the number of INVALID_SOCKET: as a handle it stands for the calling process.
fn event(event: Ref, names: &impl Names) -> RawHandle {
    match names.handle(event) {
        INVALID_SOCKET => WSA_INVALID_EVENT,
        raw => raw,
    }
}

fn optional(given: Option<Ref>, names: &impl Names) -> RawHandle {
    given.map_or(0, |given| event(given, names))
}

fn pointer(buffer: Buffer) -> Pointer {
    match buffer {
        Buffer::Null => Pointer::Null,
        Buffer::Valid => Pointer::Valid,
        Buffer::Bad => Pointer::Bad,
    }
}

fn length_pointer(length: Length) -> LengthPointer {
    match length {
        Length::Null => LengthPointer::Null,
        Length::Holds(n) => LengthPointer::Holds(n),
        Length::Bad => LengthPointer::Bad,
    }
}

fn option_value(value: OptVal) -> OptionValue {
    match value {
        OptVal::Number(n) => OptionValue::Number(n),
        OptVal::Linger(on, seconds) => OptionValue::Linger(on, seconds),
    }
}

fn family_number(family: Family) -> i32 {
    match family {
        Family::Inet => 2,
        Family::Inet6 => 23,
    }
}

fn type_number(kind: SockType) -> i32 {
    match kind {
        SockType::Stream => 1,
        SockType::Dgram => 2,
    }
}

fn protocol(kind: SockType) -> i32 {
    match kind {
        SockType::Stream => 6,
        SockType::Dgram => 17,
    }
}

fn how_number(how: How) -> i32 {
    match how {
        How::Receive => 0,
        How::Send => 1,
        How::Both => 2,
    }
}

fn backlog_number(backlog: Backlog) -> i32 {
    match backlog {
        Backlog::Number(n) => n,
        Backlog::Somaxconn => 0x7fff_ffff,
        Backlog::Hint(n) => n.wrapping_neg(), // the macro SOMAXCONN_HINT of winsock2.h
    }
}

fn option_numbers(opt: Opt) -> (i32, i32) {
    let number = match opt {
        Opt::NoDelay => 1,
        Opt::AcceptConn => 2,
        Opt::ReuseAddr => 4,
        Opt::ExclusiveAddrUse => !4,
        Opt::KeepAlive => 8,
        Opt::V6Only => 27,
        Opt::Linger => 0x80,
        Opt::OobInline => 0x100,
        Opt::SndBuf => 0x1001,
        Opt::RcvBuf => 0x1002,
        Opt::SndTimeo => 0x1005,
        Opt::RcvTimeo => 0x1006,
        Opt::Error => 0x1007,
        Opt::Type => 0x1008,
        Opt::ConditionalAccept => 0x3002,
        Opt::ConnectTime => 0x700c,
    };
    let level = OPTIONS.iter().find(|(_, _, known)| *known == opt).map(|(level, _, _)| *level);
    let level = match level {
        Some("IPPROTO_TCP") => 6,
        Some("IPPROTO_IPV6") => 41,
        _ => 0xffff, // SOL_SOCKET
    };
    (level, number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_winsock2() {
        assert_eq!(option_numbers(Opt::ExclusiveAddrUse), (0xffff, -5));
        assert_eq!(option_numbers(Opt::NoDelay), (6, 1));
        assert_eq!(option_numbers(Opt::V6Only), (41, 27));
        assert_eq!(backlog_number(Backlog::Hint(300)), -300);
        assert_eq!(backlog_number(Backlog::Somaxconn), i32::MAX);
    }
}
