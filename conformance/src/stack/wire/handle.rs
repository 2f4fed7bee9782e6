//! Sockets and events, one or several.

use winaccept_model::call::{AfdEvents, FdSet, PollEvents, Routine, Set};
use winaccept_model::kind::{
    AfdHandles, AnyHandle, BufferOf, DeviceHandle, DeviceOverlapped, Event, EventArray, EventOrNull, InfoIn,
    OverlappedIn, OverlappedOrNull, PollArray, PolledWith, PortIn, RequestOverlapped, RoutineIn, Sock, SocketSet,
    SocketValue, WindowIn, WindowOrNull,
};
use winaccept_sim::script::Ref;

use super::super::protocol::{ApcRoutine, Bytes, INVALID_SOCKET, PollFd, RawHandle, WSA_INVALID_EVENT};
use super::{Names, Wire};

impl Wire for Sock {
    type Sent = RawHandle;
    fn sent(value: &Ref, names: &impl Names) -> Result<RawHandle, String> {
        Ok(names.handle(*value))
    }
}

/// Kinds of handles that are written as another kind is.
macro_rules! written_as {
    ($($kinds:ident),* => $other:ident) => { $(
        impl Wire for $kinds {
            type Sent = RawHandle;
            fn sent(value: &Ref, names: &impl Names) -> Result<RawHandle, String> {
                $other::sent(value, names)
            }
        }
    )* };
}
written_as!(SocketValue => Sock);
// Neither a port nor a device nor any other handle has the number of INVALID_HANDLE_VALUE, which stands for the calling process.
written_as!(AnyHandle, DeviceHandle, PortIn => Event);
written_as!(BufferOf, DeviceOverlapped, PolledWith, RequestOverlapped => OverlappedIn);

impl Wire for AfdHandles {
    type Sent = Vec<PollFd>;
    fn sent(value: &Set<(Ref, AfdEvents)>, names: &impl Names) -> Result<Vec<PollFd>, String> {
        value.iter().map(|(s, events)| Ok(PollFd { fd: DeviceHandle::sent(&s, names)?, events: events.0 })).collect()
    }
}

/// No window has the number of INVALID_SOCKET, or of NULL.
impl Wire for WindowIn {
    type Sent = RawHandle;
    fn sent(value: &Ref, names: &impl Names) -> Result<RawHandle, String> {
        Ok(match names.handle(*value) {
            INVALID_SOCKET | 0 => NO_WINDOW,
            raw => raw,
        })
    }
}

impl Wire for WindowOrNull {
    type Sent = RawHandle;
    fn sent(value: &Option<Ref>, names: &impl Names) -> Result<RawHandle, String> {
        value.as_ref().map_or(Ok(0), |window| WindowIn::sent(window, names))
    }
}

/// The number of a window that there is not, and of no group of windows that a function has a number for.
const NO_WINDOW: RawHandle = 0xdead;

/// An address of the worker's; no structure stands at INVALID_SOCKET.
impl Wire for OverlappedIn {
    type Sent = RawHandle;
    fn sent(value: &Ref, names: &impl Names) -> Result<RawHandle, String> {
        match names.handle(*value) {
            INVALID_SOCKET => Err("no OVERLAPPED was made".to_owned()),
            raw => Ok(raw),
        }
    }
}

impl Wire for OverlappedOrNull {
    type Sent = RawHandle;
    fn sent(value: &Option<Ref>, names: &impl Names) -> Result<RawHandle, String> {
        value.as_ref().map_or(Ok(0), |over| OverlappedIn::sent(over, names))
    }
}

impl Wire for InfoIn {
    type Sent = Bytes;
    const FIELDS: &'static [&'static str] = &["info"];
    fn sent(value: &Ref, names: &impl Names) -> Result<Bytes, String> {
        names.info(*value)
    }
}

/// No event has the number of INVALID_SOCKET: as a handle it stands for the calling process.
impl Wire for Event {
    type Sent = RawHandle;
    fn sent(value: &Ref, names: &impl Names) -> Result<RawHandle, String> {
        Ok(match names.handle(*value) {
            INVALID_SOCKET => WSA_INVALID_EVENT,
            raw => raw,
        })
    }
}

impl Wire for EventOrNull {
    type Sent = RawHandle;
    fn sent(value: &Option<Ref>, names: &impl Names) -> Result<RawHandle, String> {
        value.as_ref().map_or(Ok(0), |event| Event::sent(event, names))
    }
}

impl Wire for EventArray {
    type Sent = Vec<RawHandle>;
    fn sent(value: &Set<Ref>, names: &impl Names) -> Result<Vec<RawHandle>, String> {
        value.iter().map(|event| Event::sent(&event, names)).collect()
    }
}

impl Wire for SocketSet {
    type Sent = Option<Vec<RawHandle>>;
    fn sent(value: &FdSet<Ref>, names: &impl Names) -> Result<Self::Sent, String> {
        Ok(value.as_ref().map(|set| set.iter().map(|s| names.handle(s)).collect()))
    }
}

impl Wire for PollArray {
    type Sent = Vec<PollFd>;
    fn sent(value: &Set<(Ref, PollEvents)>, names: &impl Names) -> Result<Vec<PollFd>, String> {
        Ok(value.iter().map(|(s, events)| PollFd { fd: names.handle(s), events: events.0 }).collect())
    }
}

impl Wire for RoutineIn {
    type Sent = ApcRoutine;
    fn sent(value: &Routine<Ref>, names: &impl Names) -> Result<ApcRoutine, String> {
        Ok(match value {
            Routine::SetEvent(event) => ApcRoutine::SetEvent(Event::sent(event, names)?),
            Routine::Accept(s) => ApcRoutine::Accept(names.handle(*s)),
        })
    }
}
