//! Random scenarios: legal, and as varied as what programs do.
//!
//! Half of a scenario is what servers and clients do, from listening to closing at a bad moment; the rest are calls drawn from the
//! list of calls by the kinds of their parameters, so that a new call comes without another line. What each call gives is not
//! said, but for the variables that it binds and the calls that are to block.
//!
//! ```
//! use winaccept_lang::random::{Seeded, script};
//! use winaccept_lang::{Comment, parse, render_script};
//!
//! let text = render_script(&script(&mut Seeded::new(7), 20), &Comment::default());
//! assert_eq!(text, render_script(&script(&mut Seeded::new(7), 20), &Comment::default()));
//! assert!(parse(text.as_bytes(), "random", &|_clause| true).is_ok());
//! ```
//!
//! With the feature `arbitrary` a fuzzer's bytes are a scenario; with the feature `proptest` there is a strategy,
//! `any::<RandomScript>()`.

mod cast;
mod moves;
mod requests;
mod stories;

use winaccept_sim::script::Script;

use cast::Cast;

/// Where random decisions come from.
pub trait Numbers {
    /// A number below this one; below one it is zero.
    fn below(&mut self, bound: u32) -> u32;
}

/// Decisions that a seed makes: the same on every machine.
#[derive(Clone, Debug)]
pub struct Seeded(u64);

impl Seeded {
    /// All that follows from this seed.
    #[must_use]
    pub fn new(seed: u64) -> Seeded {
        Seeded(seed)
    }

    /// What follows from this seed for the n-th of many scenarios.
    #[must_use]
    pub fn nth(seed: u64, n: u64) -> Seeded {
        let mut seeded = Seeded(seed);
        Seeded(seeded.next() ^ n.wrapping_mul(0xd134_2543_de82_ef95))
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Numbers for Seeded {
    fn below(&mut self, bound: u32) -> u32 {
        // The high half of a product: no division, and no bias that anybody could notice.
        (((self.next() >> 32) * u64::from(bound)) >> 32) as u32
    }
}

/// A random scenario of about so many steps.
#[must_use]
pub fn script(numbers: &mut dyn Numbers, steps: usize) -> Script {
    let mut cast = Cast::new(numbers);
    moves::opening(&mut cast);
    cast.leaves_some_moves_out();
    let mut idle = 0;
    while cast.script.items.len() < steps && idle < 50 {
        let before = cast.script.items.len();
        moves::any(&mut cast);
        idle = if cast.script.items.len() == before { idle + 1 } else { 0 };
    }
    if cast.script.items.is_empty() {
        moves::least(&mut cast);
    }
    cast.script
}

/// A random scenario, for a strategy or a fuzzer.
#[derive(Clone, Debug)]
pub struct RandomScript(pub Script);

/// So many steps has a scenario of a strategy or of a fuzzer.
#[cfg(any(feature = "arbitrary", feature = "proptest"))]
const STEPS: usize = 24;

#[cfg(feature = "arbitrary")]
mod bytes {
    use super::{Numbers, RandomScript, STEPS, script};
    use arbitrary::{Arbitrary, Result, Unstructured};

    /// Decisions from a fuzzer's bytes; zeros after their end.
    struct Bytes<'a, 'b>(&'a mut Unstructured<'b>);

    impl Numbers for Bytes<'_, '_> {
        fn below(&mut self, bound: u32) -> u32 {
            self.0.int_in_range(0..=bound.saturating_sub(1)).unwrap_or_default()
        }
    }

    impl<'b> Arbitrary<'b> for RandomScript {
        fn arbitrary(u: &mut Unstructured<'b>) -> Result<RandomScript> {
            Ok(RandomScript(script(&mut Bytes(u), STEPS)))
        }
    }
}

#[cfg(feature = "proptest")]
mod strategy {
    use super::{Numbers, RandomScript, STEPS, script};
    use proptest::arbitrary::{Arbitrary, any};
    use proptest::collection::vec;
    use proptest::strategy::{BoxedStrategy, Strategy};

    /// Decisions from a list of numbers; zeros after its end.
    struct Listed(std::vec::IntoIter<u32>);

    impl Numbers for Listed {
        fn below(&mut self, bound: u32) -> u32 {
            self.0.next().unwrap_or_default() % bound.max(1)
        }
    }

    impl Arbitrary for RandomScript {
        type Parameters = ();
        type Strategy = BoxedStrategy<RandomScript>;
        fn arbitrary_with((): ()) -> Self::Strategy {
            vec(any::<u32>(), 0..400)
                .prop_map(|numbers| RandomScript(script(&mut Listed(numbers.into_iter()), STEPS)))
                .boxed()
        }
    }
}
