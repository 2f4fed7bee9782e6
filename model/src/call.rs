//! The calls a thread can make, with their arguments: what the list of calls means to the model.
//!
//! A call is generic over the way it names sockets and events: a script names them by variable,
//! the model by [`Handle`]. [`Call::map`] turns one into the other.

mod many;
mod mask;
pub(crate) mod value;

pub use many::*;
pub use mask::*;
pub use value::*;

use crate::kind::{self, Choices, Kind};
use crate::rule::Table;

/// What a call returns, and so what it returns when it fails.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Returns {
    /// A new socket, or `INVALID_SOCKET`.
    Socket,
    /// A new event, or `WSA_INVALID_EVENT`.
    Event,
    /// An OVERLAPPED structure.
    Overlapped,
    /// A completion port, or `NULL`.
    Port,
    /// A window, or `NULL`.
    Window,
    /// Zero or a count, or `SOCKET_ERROR`.
    Number,
    /// `TRUE`, or `FALSE` after a failure.
    Bool,
    /// `TRUE` or `FALSE`, neither of them a failure.
    Answer,
    /// An error code or zero.
    Code,
    /// One of the values of a wait, or `WSA_WAIT_FAILED`.
    Wait,
    /// Zero, or `WAIT_IO_COMPLETION`.
    Sleep,
    /// An NTSTATUS.
    Status,
    /// Nothing to see.
    Nothing,
}

/// What the list says of a call beside its parameters and its rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Does {
    /// It can block.
    pub waits: bool,
    /// It waits for nothing that could still be on its way once the network is quiet. What `connect` and `send` wait for
    /// is retried by timers.
    pub locally: bool,
    /// No APC runs while it waits.
    pub deaf: bool,
    /// It closes the handle that it is about.
    pub closes: bool,
    /// It starts what goes on without it.
    pub starts: bool,
    /// It tells its error through a pointer, and not as the last error of the thread.
    pub points: bool,
}

/// What a call does of which the list says nothing.
const DOES: Does = Does { waits: false, locally: false, deaf: false, closes: false, starts: false, points: false };

/// The last of these.
const fn last(tables: &[Option<Table>]) -> Option<Table> {
    tables[tables.len() - 1]
}

macro_rules! types {
    ($($call:ident $library:ident $c:literal
        $(($($([$before:ident])* $field:ident: $kind:ident $([$after:ident])*),*))? -> $returns:ident [$($does:ident)*]
        $(again $again:ident)? by $first:ident {$($table:ident: $file:ident::$list:ident),*};)*) => {
        /// A call with its arguments. Field names are those of the C declarations.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        #[allow(missing_docs)] // each variant is the function of that name; its page is in spec-notes
        pub enum Call<H = Handle> { $($call $({ $($field: <kind::$kind as Kind>::Value<H>),* })?),* }

        /// Which call it is: an entry of the list.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        #[allow(missing_docs)]
        pub enum Function { $($call),* }

        impl Function {
            /// All of them, in the order of the list.
            pub const ALL: &[Function] = &[$(Function::$call),*];

            /// The name under which its library exports it.
            #[must_use]
            pub const fn exported(self) -> &'static str {
                match self { $(Function::$call => $c),* }
            }
            /// The library that exports it.
            #[must_use]
            pub const fn library(self) -> &'static str {
                match self { $(Function::$call => stringify!($library)),* }
            }
            /// What it returns.
            #[must_use]
            pub const fn returns(self) -> Returns {
                match self { $(Function::$call => Returns::$returns),* }
            }
            // What every step asks is looked up in place.
            /// What else is to be known of it.
            #[must_use]
            #[inline(always)]
            #[allow(clippy::needless_update)] // only an entry that has all of them needs no update
            pub const fn does(self) -> Does {
                const ALL: &[Does] = &[$(Does { $($does: true,)* ..DOES }),*];
                ALL[self as usize]
            }
            /// The table that it begins with.
            #[must_use]
            #[inline(always)]
            pub const fn table(self) -> Table {
                const ALL: &[Table] = &[$(Table::$first),*];
                ALL[self as usize]
            }
            /// The table in which it looks again when it has waited.
            #[must_use]
            #[inline]
            pub const fn looks_again(self) -> Option<Table> {
                const ALL: &[Option<Table>] = &[$(last(&[None$(, Some(Table::$again))?])),*];
                ALL[self as usize]
            }
            /// Its name in the list.
            const fn variant(self) -> &'static str {
                match self { $(Function::$call => stringify!($call)),* }
            }
        }

        impl<H> Call<H> {
            /// Which call it is.
            #[must_use]
            pub const fn function(&self) -> Function {
                match self { $(Call::$call { .. } => Function::$call),* }
            }
        }
    };
}
crate::for_each_call!(types);

macro_rules! arguments {
    ($($call:ident $library:ident $c:literal
        $(($($([$before:ident])* $field:ident: $kind:ident $([$after:ident])*),*))? -> $returns:ident [$($does:ident)*]
        $(again $again:ident)? by $first:ident {$($table:ident: $file:ident::$list:ident),*};)*) => {
        impl<H: Member> Call<H> {
            /// The same call with every socket and event named in another way.
            pub fn map<U: Member>(&self, mut f: impl FnMut(H) -> U) -> Call<U> {
                match self { $(Call::$call $({ $($field),* })? => Call::$call $({
                    $($field: <kind::$kind as Kind>::map($field, &mut f)),*
                })?),* }
            }

            /// The handle of the socket that the call is about.
            #[must_use]
            #[inline(always)]
            pub fn subject(&self) -> Option<H> {
                match self { $(Call::$call $({ $($field),* })? => None$($(.or(<kind::$kind as Kind>::subject($field)))*)?),* }
            }

            /// May an APC run while a thread waits in this call?
            #[must_use]
            pub fn alertable(&self) -> bool {
                !self.function().does().deaf
                    && match self { $(Call::$call $({ $($field),* })? => true$($(&& <kind::$kind as Kind>::alertable::<H>($field))*)?),* }
            }

            /// The time-out that it is given, in milliseconds, if it takes one.
            #[must_use]
            pub fn time_out(&self) -> Option<Timeout> {
                match self { $(Call::$call $({ $($field),* })? => None$($(.or(<kind::$kind as Kind>::time_out::<H>($field)))*)?),* }
            }

            /// Has it a time-out that can run out?
            #[must_use]
            #[inline]
            pub fn times_out(&self) -> bool {
                self.time_out().flatten().is_some()
            }

            #[inline(never)]
            fn any_name_buffer(&self) -> Option<(Buffer, Length)> {
                let buffer = match self { $(Call::$call $({ $($field),* })? => {
                    None$($(.or(<kind::$kind as Kind>::buffer::<H>($field)))*)?
                }),* };
                let length = match self { $(Call::$call $({ $($field),* })? => {
                    None$($(.or(<kind::$kind as Kind>::length::<H>($field)))*)?
                }),* };
                buffer.zip(length)
            }

            /// Some call of this function, for tests.
            pub fn draw(function: Function, choices: &mut impl Choices<H>) -> Call<H> {
                match function { $(Function::$call => Call::$call $({
                    $($field: <kind::$kind as Kind>::draw(choices)),*
                })?),* }
            }

            /// The first handle that it names: for a call that closes one, that.
            #[must_use]
            pub fn first_handle(&self) -> Option<H> {
                let mut first = None;
                self.map(|handle| *first.get_or_insert(handle));
                first
            }

            /// Writes the call into a key, `handle` each handle in it. [`Call::get`] reads exactly this back.
            pub fn put(&self, key: &mut Vec<u8>, handle: &mut impl FnMut(H, &mut Vec<u8>)) {
                key.push(self.function() as u8);
                match self { $(Call::$call $({ $($field),* })? => { $($(<kind::$kind as Kind>::put($field, key, handle);)*)? }),* }
            }

            /// Reads what [`Call::put`] wrote.
            pub fn get(key: &mut &[u8], handle: &mut impl FnMut(&mut &[u8]) -> H) -> Call<H> {
                match Function::ALL[usize::from(kind::byte(key))] { $(Function::$call => Call::$call $({
                    $($field: <kind::$kind as Kind>::get(key, handle)),*
                })?),* }
            }
        }
    };
}
crate::for_each_call!(arguments);

impl<H: Member> Call<H> {
    /// Is it a poll of the driver whose time-out can run out?
    #[inline(always)]
    pub(crate) fn is_timed_poll(&self) -> bool {
        matches!(self, Call::AfdPoll { .. }) && self.times_out()
    }

    /// The buffer for an address that it fills in, and the length that goes with it, if it has them.
    #[must_use]
    #[inline(always)]
    pub fn name_buffer(&self) -> Option<(Buffer, Length)> {
        match *self {
            // What is asked most often is seen at once.
            Call::Accept { addr, addrlen, .. } => Some((addr, addrlen)),
            _ => self.any_name_buffer(),
        }
    }
}

impl<H> Call<H> {
    /// Does it take a connection off a listener's queue, once there is one?
    #[must_use]
    pub fn accepts(&self) -> bool {
        self.function().looks_again() == Some(Table::AcceptQueue)
    }

    /// Does it pass a pointer to where bytes are counted?
    #[must_use]
    pub fn tells_bytes(&self) -> bool {
        match self {
            Call::AcceptEx { bytes, .. }
            | Call::WSARecvOverlapped { bytes, .. }
            | Call::WSASend { bytes, .. }
            | Call::WSASendOverlapped { bytes, .. }
            | Call::ReadFile { bytes, .. }
            | Call::WriteFile { bytes, .. }
            | Call::WSAIoctl { bytes, .. }
            | Call::WSAIoctlOverlapped { bytes, .. }
            | Call::IoctlCommand { bytes, .. }
            | Call::WSAGetOverlappedResult { bytes, .. }
            | Call::GetOverlappedResult { bytes, .. } => *bytes,
            Call::GetQueuedCompletionStatus { .. } => true,
            _ => false,
        }
    }

    /// The condition function that it is given, if it takes one.
    #[must_use]
    pub fn condition(&self) -> Option<Condition> {
        match self {
            Call::WSAAccept { condition, .. } | Call::WSPAccept { condition, .. } => Some(*condition),
            _ => None,
        }
    }

    /// Has the request that it makes a completion routine?
    #[must_use]
    pub fn has_routine(&self) -> bool {
        matches!(
            self,
            Call::WSARecvOverlapped { routine: true, .. }
                | Call::WSASendOverlapped { routine: true, .. }
                | Call::WSAIoctlOverlapped { routine: true, .. }
                | Call::IoctlCommand { overlapped: Some(_), routine: true, .. }
        )
    }

    /// Is it one of those that a thread makes to let its APCs run, and that end when one has run?
    #[must_use]
    pub fn lets_apcs_run(&self) -> bool {
        matches!(
            self,
            Call::SleepEx { .. }
                | Call::WSAWaitForMultipleEvents { .. }
                | Call::WSAWaitForAllEvents { .. }
                | Call::GetQueuedCompletionStatusEx { .. }
        )
    }

    /// Does it ask a condition function?
    #[must_use]
    pub fn has_condition(&self) -> bool {
        self.condition() == Some(Condition::Function)
    }

    /// The function's name as C spells it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.function().name()
    }
}

impl Function {
    /// Its name in a program: that of the export, without the letter of its wide form.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.exported().strip_suffix('W').unwrap_or(self.exported())
    }

    /// A name that it shares with no other: where two entries are one function of C, the second goes by its own.
    #[must_use]
    pub fn distinct_name(self) -> &'static str {
        if self.variant().eq_ignore_ascii_case(self.name()) { self.name() } else { self.variant() }
    }

    /// Those of this name, in the order of the list: two where C has one function for two uses.
    pub fn named(name: &str) -> impl Iterator<Item = Function> {
        Function::ALL.iter().copied().filter(move |function| function.name() == name)
    }
}
