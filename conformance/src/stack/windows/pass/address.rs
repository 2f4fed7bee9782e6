//! Addresses that are given, and room for addresses.

use winaccept_model::kind::{AddrOut, LengthInOut, NameIn};

use super::super::super::protocol::{LengthPointer, Pointer, Returned, SocketAddress};
use super::super::address::{AddressBuffer, bad_pointer, has_room};
use super::{Part, Pass, Passing, int};

struct Given {
    address: Option<AddressBuffer>,
    length: i32,
}

impl Part for Given {
    fn words(&mut self, call: &mut Passing) {
        let start = self.address.as_ref().map_or(0, |buffer| buffer.start() as usize);
        call.words.extend([start, int(self.length)]);
    }
}

impl Pass for NameIn {
    fn part(
        (name, length): (Option<SocketAddress>, i32),
        _: &'static str,
        _: &mut Passing,
    ) -> Result<Box<dyn Part>, String> {
        has_room(length)?;
        let address = name.map(|name| AddressBuffer::holding(name, length));
        Ok(Box::new(Given { address, length }))
    }
}

/// Room for an address, as much as the call is told that there is.
struct Room {
    pointer: Pointer,
    buffer: Option<AddressBuffer>,
}

impl Part for Room {
    fn words(&mut self, call: &mut Passing) {
        let buffer = self.buffer.insert(AddressBuffer::untouched(call.room));
        call.words.push(match self.pointer {
            Pointer::Null => 0,
            Pointer::Valid => buffer.start() as usize,
            Pointer::Bad => bad_pointer() as usize,
        });
    }
    fn told(&self, _: &Passing, returned: &mut Returned) {
        returned.addr = self.buffer.as_ref().and_then(AddressBuffer::read);
    }
}

impl Pass for AddrOut {
    fn part(pointer: Pointer, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        Ok(Box::new(Room { pointer, buffer: None }))
    }
}

struct Length {
    pointer: LengthPointer,
    number: i32,
}

impl Part for Length {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(match self.pointer {
            LengthPointer::Null => 0,
            LengthPointer::Holds(_) => &raw mut self.number as usize,
            LengthPointer::Bad => bad_pointer() as usize,
        });
    }
    fn told(&self, _: &Passing, returned: &mut Returned) {
        returned.addrlen = matches!(self.pointer, LengthPointer::Holds(_)).then_some(self.number);
    }
}

impl Pass for LengthInOut {
    fn part(pointer: LengthPointer, _: &'static str, call: &mut Passing) -> Result<Box<dyn Part>, String> {
        let number = match pointer {
            LengthPointer::Holds(n) => n,
            LengthPointer::Null | LengthPointer::Bad => 0,
        };
        has_room(number)?;
        call.room = number;
        Ok(Box::new(Length { pointer, number }))
    }
}
