//! Plain values: as bytes of a key, and at random.

use crate::call::{
    Address, AfdEvents, Backlog, Buffer, Command, Condition, Data, Extension, ExtensionName, Family, FileModes, How,
    Ip, Length, NetworkEvents, OPTIONS, Opt, OptVal, PollEvents, Port, ProcessId, Qos, Set, SockType, SocketFlags,
    ThreadId, Version,
};
use crate::id::SocketId;

/// A value that holds no handle.
pub trait Plain: Sized {
    /// Writes it into a key.
    fn code(&self, key: &mut Vec<u8>);
    /// Reads what [`Plain::code`] wrote.
    fn decode(key: &mut &[u8]) -> Self;
    /// Some value; `below` gives each choice.
    fn draw(below: &mut dyn FnMut(u32) -> u32) -> Self;
}

/// One of these.
fn one_of<T: Copy>(values: &[T], below: &mut dyn FnMut(u32) -> u32) -> T {
    values[below(values.len() as u32) as usize]
}

/// Some size of a buffer for bytes.
pub(super) fn size(below: &mut dyn FnMut(u32) -> u32) -> u32 {
    one_of(&[0, 1, 2, 16, Data::MAX as u32], below)
}

/// Takes a byte.
pub(crate) fn byte(key: &mut &[u8]) -> u8 {
    let (first, rest) = key.split_first().expect("invariant: a key is whole");
    *key = rest;
    *first
}

macro_rules! numbers {
    ($($number:ty: $some:expr;)*) => { $(
        impl Plain for $number {
            fn code(&self, key: &mut Vec<u8>) {
                key.extend(self.to_le_bytes());
            }
            fn decode(key: &mut &[u8]) -> $number {
                <$number>::from_le_bytes(std::array::from_fn(|_| byte(key)))
            }
            fn draw(below: &mut dyn FnMut(u32) -> u32) -> $number {
                one_of(&$some, below)
            }
        }
    )* };
}
numbers! {
    u8: [0, 1, 2, 16, u8::MAX];
    // Neither a port nor an error code is zero.
    u16: [1, 80, 10022, u16::MAX];
    u32: [0, 1, 1000, u32::MAX - 1];
    i32: [0, 1, 5, 16, 28, -1, i32::MIN, i32::MAX - 1];
}

/// How many there are of something: small in nearly all keys.
impl Plain for usize {
    fn code(&self, key: &mut Vec<u8>) {
        match u8::try_from(*self) {
            Ok(n) if n < u8::MAX => key.push(n),
            _ => {
                key.push(u8::MAX);
                u32::try_from(*self).expect("invariant: nobody counts so far").code(key);
            }
        }
    }
    fn decode(key: &mut &[u8]) -> usize {
        match byte(key) {
            u8::MAX => u32::decode(key) as usize,
            n => usize::from(n),
        }
    }
    fn draw(below: &mut dyn FnMut(u32) -> u32) -> usize {
        one_of(&[0, 1, 254, 255, 70_000], below)
    }
}

impl Plain for bool {
    fn code(&self, key: &mut Vec<u8>) {
        key.push(u8::from(*self));
    }
    fn decode(key: &mut &[u8]) -> bool {
        byte(key) != 0
    }
    fn draw(below: &mut dyn FnMut(u32) -> u32) -> bool {
        below(2) == 1
    }
}

impl<T: Plain> Plain for Option<T> {
    fn code(&self, key: &mut Vec<u8>) {
        self.is_some().code(key);
        self.iter().for_each(|value| value.code(key));
    }
    fn decode(key: &mut &[u8]) -> Option<T> {
        bool::decode(key).then(|| T::decode(key))
    }
    fn draw(below: &mut dyn FnMut(u32) -> u32) -> Option<T> {
        bool::draw(below).then(|| T::draw(below))
    }
}

impl Plain for Address {
    fn code(&self, key: &mut Vec<u8>) {
        self.family.code(key);
        self.ip.code(key);
        self.port.code(key);
    }
    fn decode(key: &mut &[u8]) -> Address {
        Address { family: Plain::decode(key), ip: Plain::decode(key), port: Plain::decode(key) }
    }
    fn draw(below: &mut dyn FnMut(u32) -> u32) -> Address {
        let (ip, port) = (Plain::draw(below), Plain::draw(below));
        // Only for IPv6 there is a word for the address of IPv4, and for ATM only one for this host.
        let family = if ip == Ip::Mapped { Family::Inet6 } else { Plain::draw(below) };
        Address { family, ip: if family == Family::Atm { Ip::Loopback } else { ip }, port }
    }
}

/// Structures of coded fields.
macro_rules! structures {
    ($($name:ident { $($field:tt),* })*) => { $(
        impl Plain for $name {
            fn code(&self, key: &mut Vec<u8>) {
                $(self.$field.code(key);)*
            }
            fn decode(key: &mut &[u8]) -> $name {
                $name { $($field: Plain::decode(key)),* }
            }
            fn draw(below: &mut dyn FnMut(u32) -> u32) -> $name {
                $name { $($field: Plain::draw(below)),* }
            }
        }
    )* };
}
structures! {
    Version { major, minor }
    Extension { name, size }
    Qos { sending, receiving, calling_party }
}

/// Enumerations whose variants hold nothing or coded values: one byte, then what they hold.
macro_rules! choices {
    ($($name:ident { $($variant:ident $(($($held:ident),*))?),* })*) => { $(
        impl Plain for $name {
            fn code(&self, key: &mut Vec<u8>) {
                enum Place { $($variant),* }
                match self { $($name::$variant $(($($held),*))? => {
                    key.push(Place::$variant as u8);
                    $($($held.code(key);)*)?
                })* }
            }
            fn decode(key: &mut &[u8]) -> $name {
                enum Place { $($variant),* }
                let place = byte(key);
                $(if place == Place::$variant as u8 {
                    $($(let $held = Plain::decode(key);)*)?
                    return $name::$variant $(($($held),*))?;
                })*
                panic!("invariant: a key is whole")
            }
            fn draw(below: &mut dyn FnMut(u32) -> u32) -> $name {
                let mut place = below([$(stringify!($variant)),*].len() as u32);
                $(if place == 0 {
                    $($(let $held = Plain::draw(below);)*)?
                    return $name::$variant $(($($held),*))?;
                }
                place = place.wrapping_sub(1);)*
                unreachable!("invariant: {place} is below the number of variants")
            }
        }
    )* };
}
choices! {
    Family { Inet, Inet6, Atm }
    SockType { Stream, Dgram, Raw }
    Ip { Any, Loopback, NotLocal, Mapped }
    Buffer { Null, Valid, Bad }
    Length { Null, Holds(n), Bad }
    Condition { Null, Function, Bad }
    How { Receive, Send, Both }
    ExtensionName { AcceptEx, Nobodys, DisconnectEx, TransmitFile, ConnectEx, GetAcceptExSockaddrs }
    Backlog { Number(n), Somaxconn, Hint(n) }
    Command { Fionbio(argument, size), Nobodys }
    OptVal { Number(n), Linger(on, seconds) }
}

impl Plain for Opt {
    fn code(&self, key: &mut Vec<u8>) {
        key.push(*self as u8);
    }
    fn decode(key: &mut &[u8]) -> Opt {
        let number = byte(key);
        let known = OPTIONS.iter().find(|(_, _, opt)| *opt as u8 == number);
        known.map(|(_, _, opt)| *opt).expect("invariant: a key is whole")
    }
    fn draw(below: &mut dyn FnMut(u32) -> u32) -> Opt {
        one_of(OPTIONS, below).2
    }
}

impl Plain for Data {
    fn code(&self, key: &mut Vec<u8>) {
        self.as_slice().len().code(key);
        key.extend(self.as_slice());
    }
    fn decode(key: &mut &[u8]) -> Data {
        let length = usize::decode(key);
        let (bytes, rest) = key.split_at(length);
        *key = rest;
        Data::new(bytes).expect("invariant: a key is whole")
    }
    fn draw(below: &mut dyn FnMut(u32) -> u32) -> Data {
        let length = below(32) as usize;
        Data::new(&b"a few bytes \0 \xff of stream data, and more".repeat(8)[..length]).unwrap_or_default()
    }
}

impl Plain for Port {
    fn code(&self, key: &mut Vec<u8>) {
        match *self {
            Port::Unset => key.push(0),
            Port::Fixed(number) => {
                key.push(1);
                number.code(key);
            }
            Port::Chosen(socket) => {
                key.push(2);
                socket.index().code(key);
            }
        }
    }
    fn decode(key: &mut &[u8]) -> Port {
        match byte(key) {
            0 => Port::Unset,
            1 => Port::Fixed(Plain::decode(key)),
            _ => Port::Chosen(SocketId::new(usize::decode(key))),
        }
    }
    fn draw(below: &mut dyn FnMut(u32) -> u32) -> Port {
        // A script cannot name a port that the system chose.
        if bool::draw(below) { Port::Unset } else { Port::Fixed(Plain::draw(below)) }
    }
}

/// Actors and processes by their number.
macro_rules! ids {
    ($($name:ident),*) => { $(
        impl Plain for $name {
            fn code(&self, key: &mut Vec<u8>) {
                self.index().code(key);
            }
            fn decode(key: &mut &[u8]) -> $name {
                $name::new(usize::decode(key))
            }
            fn draw(below: &mut dyn FnMut(u32) -> u32) -> $name {
                $name(below(2))
            }
        }
    )* };
}
ids!(ThreadId, ProcessId);

/// Sets of named bits.
macro_rules! masks {
    ($($name:ident),*) => { $(
        impl Plain for $name {
            fn code(&self, key: &mut Vec<u8>) {
                self.0.code(key);
            }
            fn decode(key: &mut &[u8]) -> $name {
                $name(Plain::decode(key))
            }
            fn draw(below: &mut dyn FnMut(u32) -> u32) -> $name {
                $name::NAMES.iter().filter(|_| below(3) == 0).fold($name(0), |mask, (_, bit)| mask.with(*bit))
            }
        }
    )* };
}
masks!(AfdEvents, FileModes, NetworkEvents, PollEvents, SocketFlags);

/// At least one.
impl Plain for Set<u32> {
    fn code(&self, key: &mut Vec<u8>) {
        self.len().code(key);
        self.iter().for_each(|number| number.code(key));
    }
    fn decode(key: &mut &[u8]) -> Set<u32> {
        Set::collect((0..usize::decode(key)).map(|_| Plain::decode(key)))
    }
    fn draw(below: &mut dyn FnMut(u32) -> u32) -> Set<u32> {
        Set::collect((0..1 + below(3)).map(|_| size(below)))
    }
}
