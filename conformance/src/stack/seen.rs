//! What a worker tells of a returned call, in the terms in which every stack reports.

use std::net::IpAddr;

use winaccept_model::call::{
    Address, Buffer, Call, Data, Family, FdSet, Ip, Length, NetworkEvents, OptVal, PollEvents, Port,
};
use winaccept_model::code::Code;
use winaccept_model::outcome::Value;
use winaccept_sim::observe::{Shown, ShownAddress, ShownOut, ShownValue};
use winaccept_sim::script::{NameId, Ref};

use super::marshal::ip_address;
use super::protocol::{INVALID_SOCKET, OptionValue, RawHandle, Returned, SocketAddress};

/// What is known outside of the call about the addresses and handles it may give back.
pub(super) trait Known {
    /// The variables with exactly this local address, in order.
    fn at(&self, address: SocketAddress) -> Vec<NameId>;
    /// Did the script itself write this port?
    fn written(&self, port: u16) -> bool;
    /// The handle that this variable stands for.
    fn raw(&self, name: NameId) -> Option<RawHandle>;
}

/// What was seen of this call when it returned.
pub(super) fn seen(call: &Call<Ref>, returned: &Returned, known: &impl Known) -> Shown {
    let (value, failed) = value(call, returned.value);
    let error = if failed { Code(u16::try_from(returned.error).unwrap_or(u16::MAX)) } else { Code::NONE };
    Shown { value, error, out: outputs(call, returned, failed, known) }
}

/// The value, and whether it says that the call failed and left an error code.
fn value(call: &Call<Ref>, value: i64) -> (ShownValue, bool) {
    let plain = |value| (ShownValue::Is(value), false);
    let failure = |value| (ShownValue::Is(value), true);
    match call {
        Call::Socket { .. } | Call::WSASocket { .. } | Call::WSASocketFromInfo { .. } | Call::Accept { .. } => {
            if value == INVALID_SOCKET { failure(Value::InvalidSocket) } else { (ShownValue::Handle, false) }
        }
        Call::WSACreateEvent => {
            if value == 0 {
                failure(Value::InvalidEvent)
            } else {
                (ShownValue::Handle, false)
            }
        }
        // These return a BOOL, or a DWORD that is one in all but type.
        Call::WSACloseEvent { .. }
        | Call::WSASetEvent { .. }
        | Call::WSAResetEvent { .. }
        | Call::QueueUserAPC { .. } => {
            if value == 0 {
                failure(Value::Number(0))
            } else {
                plain(Value::Number(1))
            }
        }
        Call::WSAWaitForMultipleEvents { .. } => match value {
            0..=63 => plain(Value::WaitEvent(value as u8)),
            0xc0 => plain(Value::WaitIoCompletion),
            0x102 => plain(Value::WaitTimeout),
            0xffff_ffff | -1 => failure(Value::WaitFailed),
            other => plain(Value::Number(other)),
        },
        Call::SleepEx { .. } => plain(if value == 0xc0 { Value::WaitIoCompletion } else { Value::Number(value) }),
        // These return a code or nothing, never SOCKET_ERROR.
        Call::WSAStartup { .. } | Call::WSAGetLastError | Call::WSASetLastError { .. } => plain(Value::Number(value)),
        _ => {
            if value == -1 {
                failure(Value::SocketError)
            } else {
                plain(Value::Number(value))
            }
        }
    }
}

fn outputs(call: &Call<Ref>, returned: &Returned, failed: bool, known: &impl Known) -> Vec<ShownOut> {
    let mut out = Vec::new();
    match call {
        Call::Accept { addr, addrlen: len, .. }
        | Call::Getsockname { name: addr, namelen: len, .. }
        | Call::Getpeername { name: addr, namelen: len, .. } => {
            if matches!(addr, Buffer::Valid) {
                out.push(ShownOut::Addr(returned.addr.map(|address| seen_address(address, known))));
            }
            if let (Length::Holds(_), Some(len)) = (len, returned.addrlen) {
                out.push(ShownOut::AddrLen(len));
            }
        }
        // The rest write nothing that counts when they fail.
        _ if failed => {}
        Call::Recv { .. } => out.extend(returned.data.as_ref().and_then(|data| Data::new(&data.0)).map(ShownOut::Data)),
        Call::Getsockopt { .. } => out.extend(returned.option.map(|value| ShownOut::Value(option(value)))),
        Call::Select { readfds, writefds, exceptfds, .. } => {
            out.extend(names(readfds, returned.readfds.as_ref(), known).map(ShownOut::ReadFds));
            out.extend(names(writefds, returned.writefds.as_ref(), known).map(ShownOut::WriteFds));
            out.extend(names(exceptfds, returned.exceptfds.as_ref(), known).map(ShownOut::ExceptFds));
        }
        Call::WSAPoll { .. } => out.extend(
            returned
                .revents
                .as_ref()
                .map(|revents| ShownOut::Revents(revents.iter().copied().map(PollEvents).collect())),
        ),
        Call::WSAEnumNetworkEvents { .. } => {
            out.extend(returned.events.map(|events| ShownOut::Events(NetworkEvents(events as u16))));
        }
        _ => {}
    }
    out
}

/// The variables of this set whose handles were left in it, in order.
fn names(set: &FdSet<Ref>, left: Option<&Vec<RawHandle>>, known: &impl Known) -> Option<Vec<NameId>> {
    let (set, left) = (set.as_ref()?, left?);
    let mut names: Vec<NameId> = set
        .iter()
        .filter_map(|r| match r {
            Ref::Name(name) => Some(name),
            Ref::InvalidSocket | Ref::Number(_) => None,
        })
        .filter(|name| known.raw(*name).is_some_and(|raw| left.contains(&raw)))
        .collect();
    names.sort_unstable();
    Some(names)
}

fn option(value: OptionValue) -> OptVal {
    match value {
        OptionValue::Linger(on, seconds) => OptVal::Linger(on, seconds),
        OptionValue::Number(n) => OptVal::Number(n),
    }
}

/// An address in the words of scripts. One that has no word there is told as [`Ip::NotLocal`].
fn seen_address(address: SocketAddress, known: &impl Known) -> ShownAddress {
    let family = if matches!(address.ip, IpAddr::V4(_)) { Family::Inet } else { Family::Inet6 };
    let ip = [Ip::Any, Ip::Loopback].into_iter().find(|word| ip_address(family, *word) == address.ip);
    let port = match address.port {
        0 => Port::Unset,
        port if known.written(port) => Port::Fixed(port),
        _ => Port::SOME,
    };
    let address_in_words = Address { family, ip: ip.unwrap_or(Ip::NotLocal), port };
    ShownAddress { address: address_in_words, names: known.at(address) }
}

#[cfg(test)]
mod tests {
    use winaccept_model::call::{List, Timeout};

    use super::*;

    #[test]
    fn only_failures_have_an_error() {
        let accept = Call::Accept { s: Ref::InvalidSocket, addr: Buffer::Null, addrlen: Length::Null };
        assert_eq!(value(&accept, INVALID_SOCKET), (ShownValue::Is(Value::InvalidSocket), true));
        assert_eq!(value(&accept, 52), (ShownValue::Handle, false));
        let timeout: Timeout = Some(0);
        let wait = Call::WSAWaitForMultipleEvents { events: List::default(), timeout, alertable: false };
        assert_eq!(value(&wait, 1), (ShownValue::Is(Value::WaitEvent(1)), false));
        assert_eq!(value(&wait, 0x102), (ShownValue::Is(Value::WaitTimeout), false));
        assert_eq!(value(&wait, 0xffff_ffff), (ShownValue::Is(Value::WaitFailed), true));
        assert_eq!(
            value(&Call::WSACloseEvent { event: Ref::InvalidSocket }, 0),
            (ShownValue::Is(Value::Number(0)), true)
        );
        assert_eq!(value(&Call::WSACleanup, -1), (ShownValue::Is(Value::SocketError), true));
        assert_eq!(value(&Call::WSAGetLastError, 10038), (ShownValue::Is(Value::Number(10038)), false));
    }
}
