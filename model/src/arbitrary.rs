//! Random calls and events, for tests of your own: whatever a script could write, made from the list of calls, and whatever can happen.
//!
//! With the feature `arbitrary`, [`Call`], [`Function`] and [`Event`] are [`arbitrary::Arbitrary`], so that a fuzzer's bytes are calls
//! and events; every byte string is one, and an empty one the first of the list, made by the first thread. With the feature
//! `proptest` they have strategies, `any::<Call>()`, which shrink towards that same call. Threads, connections and handles are small
//! numbers, and may be of nobody: [`Machine::step`](crate::step::Machine::step) answers any event in any world.
#![cfg_attr(
    feature = "arbitrary",
    doc = r#"
```
use arbitrary::{Arbitrary, Unstructured};
use winaccept_model::call::ProcessId;
use winaccept_model::invariant::broken_invariant;
use winaccept_model::profile::{Profile, Tape};
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine};
use winaccept_model::world::{Process, Room, World};

let mut world = World::new(&[Process::default()], &[Room::new(ProcessId(0), 8, 2)]);
let machine = Machine::new(Profile::widest("anything"));
let mut effects = Effects::default();
let mut bytes = Unstructured::new(b"any bytes are events, these, too");
while !bytes.is_empty() {
    let event = Event::arbitrary(&mut bytes)?;
    machine.step(&mut world, event, &mut Tape::default(), &mut effects);
    assert_eq!(broken_invariant(&world), None);
}
# Ok::<(), arbitrary::Error>(())
```
"#
)]

use crate::call::Group;
use crate::call::{Call, Data, Function, Handle, ProcessId, ThreadId};
use crate::id::{ConnId, EventId, OpId, OverId, PortId, SocketId, WindowId};
use crate::kind::Choices;
use crate::step::{Answer, Event};
use crate::world::{Direction, Faults, Segment};

/// Sockets are below this: few enough for two calls of one test to name the same.
pub const HANDLES: u32 = 16;
/// Event objects, OVERLAPPED structures, ports and windows are below this.
pub const OBJECTS: u32 = 4;
/// Threads are below this.
pub const THREADS: u32 = 4;
/// Processes are below this.
pub const PROCESSES: u32 = 2;

/// Anything that a parameter may name: mostly a socket.
fn handle(below: &mut impl FnMut(u32) -> u32) -> Handle {
    match below(HANDLES + 4 * OBJECTS) {
        socket @ ..HANDLES => Handle(socket),
        other => {
            let (kind, at) = ((other - HANDLES) / OBJECTS, (other - HANDLES) % OBJECTS);
            match kind {
                0 => Handle::event(EventId(at)),
                1 => Handle::overlapped(OverId(at)),
                2 => Handle::port(PortId(at)),
                _ => Handle::window(WindowId(at)),
            }
        }
    }
}

/// One of these.
fn one_of<T: Copy>(of: &[T], below: &mut dyn FnMut(u32) -> u32) -> T {
    of[below(of.len() as u32) as usize]
}

/// All kinds of segments that a raw peer can send.
const SEGMENTS: [Segment; 7] =
    [Segment::Syn, Segment::SynAck, Segment::Ack, Segment::Rst, Segment::Fin, Segment::Data, Segment::BareRst];
/// All ways in which user code comes back.
const ANSWERS: [Answer; 9] = [
    Answer::Nothing,
    Answer::ACCEPTS,
    Answer::Accepts { group: Group::Constrained, bytes: 0 },
    Answer::Accepts { group: Group::Nobodys, bytes: 0 },
    Answer::Accepts { group: Group::None, bytes: 3 },
    Answer::Rejects,
    Answer::Defers,
    Answer::Other,
    Answer::TellsMore,
];

impl Event {
    /// Some event, for tests: in nearly half of the cases a call, and as often something that was under way.
    pub fn draw(choices: &mut impl Choices<Handle>) -> Event {
        let (kind, thread) = (choices.below(32), ThreadId(choices.below(THREADS)));
        if kind < 15 {
            let call = Call::draw(one_of(Function::ALL, &mut |bound| choices.below(bound)), choices);
            return if kind < 14 { Event::Call(thread, call) } else { Event::InHook(thread, call) };
        }
        let mut below = |bound: u32| choices.below(bound);
        let below: &mut dyn FnMut(u32) -> u32 = &mut below;
        match kind {
            15 => Event::Returns(thread, one_of(&ANSWERS, below)),
            16 | 17 => Event::Resume(OpId(below(HANDLES))),
            18..22 => Event::Deliver(ConnId(below(HANDLES)), one_of(&[Direction::Up, Direction::Down], below)),
            22 => Event::Lose(ConnId(below(HANDLES)), one_of(&[Direction::Up, Direction::Down], below)),
            23 => Event::Timer(ConnId(below(HANDLES))),
            24 => Event::Expire(OpId(below(HANDLES))),
            25 => Event::Apc(thread),
            26 => Event::Print(thread),
            27 if below(4) > 0 => Event::Ends(thread),
            27 => Event::Exit(thread),
            28 => {
                let bits = below(32);
                let bit = |at: u32| bits >> at & 1 == 1;
                let faults = Faults {
                    no_descriptors: bit(0),
                    no_buffers: bit(1),
                    no_handles: bit(2),
                    network_down: bit(3),
                    in_callback: bit(4),
                };
                Event::Faults(ProcessId(below(PROCESSES)), faults)
            }
            29 => Event::Hold(ConnId(below(HANDLES)), below(2) == 0),
            30 => {
                let segment = one_of(&SEGMENTS, below);
                Event::LoseNext(ConnId(below(HANDLES)), segment)
            }
            _ if below(4) == 3 => Event::PeerTakes(thread),
            _ => {
                let (to, segment) = (SocketId(below(HANDLES)), one_of(&SEGMENTS, below));
                let bytes: &[u8] = if segment == Segment::Data { b"x" } else { b"" };
                Event::PeerSends(thread, to, segment, Data::new(bytes).unwrap_or_default())
            }
        }
    }
}

#[cfg(feature = "arbitrary")]
mod bytes {
    use super::{Call, Choices, Event, Function, Handle, OBJECTS, OverId, handle};
    use arbitrary::{Arbitrary, Result, Unstructured};

    /// Choices from a fuzzer's bytes; zeros after their end.
    struct Bytes<'a, 'b>(&'a mut Unstructured<'b>);

    impl Choices<Handle> for Bytes<'_, '_> {
        fn below(&mut self, bound: u32) -> u32 {
            self.0.int_in_range(0..=bound.saturating_sub(1)).unwrap_or_default()
        }
        fn handle(&mut self) -> Handle {
            handle(&mut |bound| self.below(bound))
        }
        fn overlapped(&mut self) -> Handle {
            Handle::overlapped(OverId(self.below(OBJECTS)))
        }
    }

    impl<'b> Arbitrary<'b> for Function {
        fn arbitrary(u: &mut Unstructured<'b>) -> Result<Function> {
            u.choose(Function::ALL).copied()
        }
    }

    impl<'b> Arbitrary<'b> for Call {
        fn arbitrary(u: &mut Unstructured<'b>) -> Result<Call> {
            let function = Function::arbitrary(u)?;
            Ok(Call::draw(function, &mut Bytes(u)))
        }
    }

    impl<'b> Arbitrary<'b> for Event {
        fn arbitrary(u: &mut Unstructured<'b>) -> Result<Event> {
            Ok(Event::draw(&mut Bytes(u)))
        }
    }
}

#[cfg(feature = "proptest")]
mod strategy {
    use super::{Call, Choices, Event, Function, Handle, OBJECTS, OverId, handle};
    use proptest::arbitrary::{Arbitrary, any};
    use proptest::collection::vec;
    use proptest::sample::select;
    use proptest::strategy::{BoxedStrategy, Strategy};

    /// More numbers than a call takes; where one takes more, the rest are zeros.
    const NUMBERS: usize = 64;

    /// Choices from a list of numbers; zeros after its end.
    struct Numbers(std::vec::IntoIter<u32>);

    impl Choices<Handle> for Numbers {
        fn below(&mut self, bound: u32) -> u32 {
            self.0.next().unwrap_or_default() % bound.max(1)
        }
        fn handle(&mut self) -> Handle {
            handle(&mut |bound| self.below(bound))
        }
        fn overlapped(&mut self) -> Handle {
            Handle::overlapped(OverId(self.below(OBJECTS)))
        }
    }

    impl Arbitrary for Function {
        type Parameters = ();
        type Strategy = BoxedStrategy<Function>;
        fn arbitrary_with((): ()) -> Self::Strategy {
            select(Function::ALL).boxed()
        }
    }

    impl Arbitrary for Call {
        type Parameters = ();
        type Strategy = BoxedStrategy<Call>;
        fn arbitrary_with((): ()) -> Self::Strategy {
            (any::<Function>(), vec(any::<u32>(), NUMBERS))
                .prop_map(|(function, numbers)| Call::draw(function, &mut Numbers(numbers.into_iter())))
                .boxed()
        }
    }

    impl Arbitrary for Event {
        type Parameters = ();
        type Strategy = BoxedStrategy<Event>;
        fn arbitrary_with((): ()) -> Self::Strategy {
            vec(any::<u32>(), NUMBERS).prop_map(|numbers| Event::draw(&mut Numbers(numbers.into_iter()))).boxed()
        }
    }
}
