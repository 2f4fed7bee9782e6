//! Names of objects: numbers that say which of its kind an object is.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// Number types that differ only in what they number.
macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
        pub struct $id(pub u32);

        impl $id {
            /// The object with this number.
            ///
            /// # Panics
            /// When there are 2^32 or more: no world has as many.
            #[must_use]
            pub fn new(index: usize) -> $id {
                $id(u32::try_from(index).expect("invariant: a world has less than 2^32 objects of a kind"))
            }

            /// Its number, as an index.
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl Numbered for $id {
            #[inline(always)]
            fn of_number(number: u32) -> $id {
                $id(number)
            }
            #[inline(always)]
            fn number(self) -> u32 {
                self.0
            }
        }
    )* };
}

ids! {
    /// An actor of a script, a thread of the world: its index in order of appearance.
    ThreadId;
    /// A process of the world, by index.
    ProcessId;
    /// Index of a socket object.
    SocketId;
    /// Index of a connection; equal to the index of the client socket that opened it.
    ConnId;
    /// Index of an event object.
    EventId;
    /// Index of an operation: its slot is in the range of the thread that started it.
    OpId;
    /// Index of a watch: its slot is in the range of the thread whose operation watches.
    WatchId;
    /// Index of an OVERLAPPED structure.
    OverId;
    /// Index of a completion port.
    PortId;
    /// Index of a window.
    WindowId;
}

/// A number of an object, or none, in four bytes: there are two in every connection, and the number of none is beyond all objects.
pub(crate) struct Maybe<T> {
    number: u32,
    of: PhantomData<T>,
}

/// What has a number.
pub(crate) trait Numbered: Copy {
    /// The object with this number.
    fn of_number(number: u32) -> Self;
    /// Its number.
    fn number(self) -> u32;
}

impl<T> Maybe<T> {
    /// None: no object has this number, for [`MAX_SLOTS`] is less.
    pub(crate) const NONE: Maybe<T> = Maybe { number: u32::MAX, of: PhantomData };

    /// The place where it stands; beyond all places where there is none.
    #[inline(always)]
    pub(crate) fn index(self) -> usize {
        self.number as usize
    }

    /// Is there none?
    #[inline(always)]
    pub(crate) fn is_none(self) -> bool {
        self.number == u32::MAX
    }
}

impl<T: Numbered> Maybe<T> {
    /// This one.
    #[inline(always)]
    pub(crate) fn some(object: T) -> Maybe<T> {
        Maybe { number: object.number(), of: PhantomData }
    }

    #[inline(always)]
    pub(crate) fn new(object: Option<T>) -> Maybe<T> {
        object.map_or(Self::NONE, Self::some)
    }

    #[inline(always)]
    pub(crate) fn get(self) -> Option<T> {
        (self.number != u32::MAX).then(|| T::of_number(self.number))
    }
}

impl<T> Clone for Maybe<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Maybe<T> {}

impl<T> PartialEq for Maybe<T> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<T> Eq for Maybe<T> {}

impl<T> Hash for Maybe<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(self.number);
    }
}

impl<T: Numbered + fmt::Debug> fmt::Debug for Maybe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl<T> Default for Maybe<T> {
    fn default() -> Maybe<T> {
        Maybe::NONE
    }
}

/// A handle value of one process. The model never hands out [`Handle::INVALID`].
///
/// What a handle names stands in its value: the slot of an object, and for a socket which of the object's handles it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Handle(pub u32);

/// What the value of a handle speaks of, open or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Named {
    /// This handle, by number, of the socket object in this slot.
    Socket(SocketId, usize),
    /// The event object in this slot.
    Event(EventId),
    /// The OVERLAPPED structure in this slot.
    Overlapped(OverId),
    /// The completion port in this slot.
    Port(PortId),
    /// The window in this slot.
    Window(WindowId),
    /// Nothing: [`Handle::INVALID`].
    Nothing,
}

/// The bits of a handle that tell the slot.
const SLOT_BITS: u32 = 24;
/// Set in a handle of anything but a socket; what it is stands where a socket's handle has its number.
const EVENT: u32 = 1 << 31;
/// Where an event's handle has zero, an OVERLAPPED's address has this.
const OVERLAPPED: u32 = 1;
/// And a completion port's handle this.
const PORT: u32 = 2;
/// And a window's handle this.
const WINDOW: u32 = 3;

/// How many socket slots a world may have, those of accepted sockets included, and how many event objects: what a handle can name.
pub const MAX_SLOTS: usize = 1 << SLOT_BITS;
/// How many handles a socket object may have at once: the original and its duplicates.
pub const MAX_HANDLES: usize = 127;

impl Handle {
    /// `INVALID_SOCKET`, and equally `NULL`: nothing is open under it.
    pub const INVALID: Handle = Handle(u32::MAX);

    /// Some other number under which nothing is open: a stack that looks at the value alone takes it for a handle.
    pub const NOT_OPEN: Handle = Handle(u32::MAX - 1);

    /// The value of a socket's `copy`-th handle; [`Handle::INVALID`] beyond [`MAX_SLOTS`] and [`MAX_HANDLES`].
    #[must_use]
    pub fn socket(socket: SocketId, copy: usize) -> Handle {
        match u32::try_from(copy) {
            Ok(number) if copy < MAX_HANDLES && socket.index() < MAX_SLOTS => Handle(socket.0 | number << SLOT_BITS),
            _ => Handle::INVALID,
        }
    }

    /// The value of the handle of an event object; [`Handle::INVALID`] beyond [`MAX_SLOTS`].
    #[must_use]
    pub fn event(event: EventId) -> Handle {
        if event.index() < MAX_SLOTS { Handle(event.0 | EVENT) } else { Handle::INVALID }
    }

    /// The address of an OVERLAPPED structure, which is a name like any other; [`Handle::INVALID`] beyond [`MAX_SLOTS`].
    #[must_use]
    pub fn overlapped(over: OverId) -> Handle {
        if over.index() < MAX_SLOTS { Handle(over.0 | EVENT | OVERLAPPED << SLOT_BITS) } else { Handle::INVALID }
    }

    /// The value of the handle of a completion port; [`Handle::INVALID`] beyond [`MAX_SLOTS`].
    #[must_use]
    pub fn port(port: PortId) -> Handle {
        if port.index() < MAX_SLOTS { Handle(port.0 | EVENT | PORT << SLOT_BITS) } else { Handle::INVALID }
    }

    /// The value of the handle of a window; [`Handle::INVALID`] beyond [`MAX_SLOTS`].
    #[must_use]
    pub fn window(window: WindowId) -> Handle {
        if window.index() < MAX_SLOTS { Handle(window.0 | EVENT | WINDOW << SLOT_BITS) } else { Handle::INVALID }
    }

    /// What the value speaks of.
    #[must_use]
    pub fn names(self) -> Named {
        let slot = self.0 & ((1 << SLOT_BITS) - 1);
        let copy = (self.0 & !EVENT) >> SLOT_BITS;
        match (self.0 & EVENT != 0, copy) {
            (false, copy) if (copy as usize) < MAX_HANDLES => Named::Socket(SocketId(slot), copy as usize),
            (true, 0) => Named::Event(EventId(slot)),
            (true, OVERLAPPED) => Named::Overlapped(OverId(slot)),
            (true, PORT) => Named::Port(PortId(slot)),
            (true, WINDOW) => Named::Window(WindowId(slot)),
            _ => Named::Nothing,
        }
    }

    /// The socket object whose first handle it is, if it is one: nearly all are.
    #[inline(always)]
    pub(crate) fn first_of(self) -> Option<SocketId> {
        (self.0 >> SLOT_BITS == 0).then_some(SocketId(self.0))
    }

    /// The slot of a socket object, if the value speaks of one.
    #[must_use]
    pub fn slot(self) -> Option<SocketId> {
        match self.names() {
            Named::Socket(socket, _) => Some(socket),
            Named::Event(_) | Named::Overlapped(_) | Named::Port(_) | Named::Window(_) | Named::Nothing => None,
        }
    }
}
