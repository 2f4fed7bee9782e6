//! Random plans, for tests of your own: clients, faults and schedules as the search makes them, and more of each at once.
//! What fails is what the search lets fail: a program is to live with that. What it needs to begin with it gets.
//!
//! With the feature `arbitrary`, [`Plan`], [`Fault`], [`Behaviour`] and [`Schedule`] are [`arbitrary::Arbitrary`]: every byte string
//! is some plan, and an empty one that in which nobody comes, nothing fails and nobody stands back. With the feature `proptest` each
//! has a strategy, which shrinks towards fewer clients, fewer faults and the plain schedule; its plans and schedules are never those
//! of a seed, for a seed cannot be shrunk.
#![cfg_attr(
    feature = "proptest",
    doc = r#"
```
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use winaccept_program::{Fuzz, Plan, Winsock};

fn server(w: &Winsock) {
    let Ok(listener) = w.listener(5) else { return };
    while !w.stopping() {
        let Ok(client) = w.accept(listener) else { break };
        let _ = w.closesocket(client);
    }
}

let fuzz = Fuzz::new(server);
let found = TestRunner::new(Config { failure_persistence: None, ..Config::default() }).run(&any::<Plan>(), |plan| {
    let ran = fuzz.once(&plan);
    prop_assert!(ran.verdict.is_none(), "{:?}", ran.verdict);
    Ok(())
});
assert!(found.is_err(), "a client that resets ends this loop for everybody");
```
"#
)]

use crate::client::{BEHAVIOURS, Behaviour};
use crate::draw::Schedule;
use crate::fuzz::FAILS;
use crate::plan::{Fault, Plan};

/// A plan has at most so many clients here; one that is read may have 16.
pub const CLIENTS: usize = 4;
/// And so many faults.
pub const FAULTS: usize = 2;
/// A fault begins at most at the call of this number.
const NTH: usize = 4;
/// So many bytes a schedule may have.
pub const CHOICES: usize = 32;

/// Decisions, from wherever they come.
struct Drawing<N: FnMut(u32) -> u32>(N);

impl<N: FnMut(u32) -> u32> Drawing<N> {
    /// A number below this one.
    fn below(&mut self, bound: usize) -> usize {
        (self.0)(bound as u32) as usize
    }

    fn behaviour(&mut self) -> Behaviour {
        BEHAVIOURS[self.below(BEHAVIOURS.len())].1
    }

    fn fault(&mut self) -> Fault {
        let (call, kind) = FAILS[self.below(FAILS.len())];
        Fault { kind, call: call.to_owned(), nth: 1 + self.below(NTH) as u32 }
    }
}

#[cfg(feature = "arbitrary")]
mod bytes {
    use super::{Behaviour, CHOICES, CLIENTS, Drawing, FAULTS, Fault, Plan, Schedule};
    use arbitrary::{Arbitrary, Result, Unstructured};

    /// Decisions from a fuzzer's bytes; zeros after their end.
    fn drawing<'u, 'b>(u: &'u mut Unstructured<'b>) -> Drawing<impl FnMut(u32) -> u32 + use<'u, 'b>> {
        Drawing(|bound: u32| u.int_in_range(0..=bound.saturating_sub(1)).unwrap_or_default())
    }

    impl<'b> Arbitrary<'b> for Behaviour {
        fn arbitrary(u: &mut Unstructured<'b>) -> Result<Behaviour> {
            Ok(drawing(u).behaviour())
        }
    }

    impl<'b> Arbitrary<'b> for Fault {
        fn arbitrary(u: &mut Unstructured<'b>) -> Result<Fault> {
            Ok(drawing(u).fault())
        }
    }

    /// Mostly one whose choices are the next bytes.
    impl<'b> Arbitrary<'b> for Schedule {
        fn arbitrary(u: &mut Unstructured<'b>) -> Result<Schedule> {
            Ok(match u.int_in_range(0..=7).unwrap_or_default() {
                0 => Schedule::Plain,
                1 => Schedule::Walk(u.arbitrary().unwrap_or_default()),
                2 => Schedule::Priorities {
                    seed: u.arbitrary().unwrap_or_default(),
                    every: u.arbitrary::<u8>().unwrap_or_default().into(),
                },
                _ => Schedule::Bytes(u.bytes(u.len().min(CHOICES)).unwrap_or_default().to_vec()),
            })
        }
    }

    impl<'b> Arbitrary<'b> for Plan {
        fn arbitrary(u: &mut Unstructured<'b>) -> Result<Plan> {
            let plan = {
                let mut draw = drawing(u);
                let clients = (0..draw.below(CLIENTS + 1)).map(|_| draw.behaviour()).collect();
                let faults = (0..draw.below(FAULTS + 1)).map(|_| draw.fault()).collect();
                Plan { late: draw.below(8) != 7, ..Plan::plain(clients, faults) }
            };
            Ok(plan.under(Schedule::arbitrary(u)?))
        }
    }
}

#[cfg(feature = "proptest")]
mod strategy {
    use super::{Behaviour, CHOICES, CLIENTS, Drawing, FAULTS, Fault, Plan, Schedule};
    use proptest::arbitrary::{Arbitrary, any};
    use proptest::collection::vec;
    use proptest::strategy::{BoxedStrategy, Strategy};

    /// Decisions from these numbers, zeros after their end.
    fn drawing(numbers: Vec<u32>) -> Drawing<impl FnMut(u32) -> u32> {
        let mut numbers = numbers.into_iter();
        Drawing(move |bound| numbers.next().unwrap_or_default() % bound.max(1))
    }

    impl Arbitrary for Behaviour {
        type Parameters = ();
        type Strategy = BoxedStrategy<Behaviour>;
        fn arbitrary_with((): ()) -> Self::Strategy {
            vec(any::<u32>(), 1).prop_map(|numbers| drawing(numbers).behaviour()).boxed()
        }
    }

    impl Arbitrary for Fault {
        type Parameters = ();
        type Strategy = BoxedStrategy<Fault>;
        fn arbitrary_with((): ()) -> Self::Strategy {
            vec(any::<u32>(), 3).prop_map(|numbers| drawing(numbers).fault()).boxed()
        }
    }

    impl Arbitrary for Schedule {
        type Parameters = ();
        type Strategy = BoxedStrategy<Schedule>;
        fn arbitrary_with((): ()) -> Self::Strategy {
            let of = |bytes: Vec<u8>| if bytes.is_empty() { Schedule::Plain } else { Schedule::Bytes(bytes) };
            vec(any::<u8>(), 0..CHOICES).prop_map(of).boxed()
        }
    }

    impl Arbitrary for Plan {
        type Parameters = ();
        type Strategy = BoxedStrategy<Plan>;
        fn arbitrary_with((): ()) -> Self::Strategy {
            let parts = (vec(any::<Behaviour>(), 0..=CLIENTS), vec(any::<Fault>(), 0..=FAULTS), any::<Schedule>());
            (parts, 0..8)
                .prop_map(|((clients, faults, schedule), late)| {
                    Plan { late: late != 7, ..Plan::plain(clients, faults) }.under(schedule)
                })
                .boxed()
        }
    }
}
