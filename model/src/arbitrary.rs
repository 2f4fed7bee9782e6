//! Random calls, for tests of your own: whatever a script could write, made from the list of calls.
//!
//! With the feature `arbitrary`, [`Call`] and [`Function`] are [`arbitrary::Arbitrary`], so that a fuzzer's bytes are calls; every
//! byte string is some call, and an empty one the first of the list. With the feature `proptest` both have a strategy,
//! `any::<Call>()`, which shrinks towards that same call. Handles are small numbers, open or not: a world
//! answers both.

use crate::call::{Call, Function, Handle};
use crate::kind::Choices;

/// Handles are below this: few enough for two calls of one test to name the same socket.
pub const HANDLES: u32 = 16;

#[cfg(feature = "arbitrary")]
mod bytes {
    use super::{Call, Choices, Function, HANDLES, Handle};
    use arbitrary::{Arbitrary, Result, Unstructured};

    /// Choices from a fuzzer's bytes; zeros after their end.
    struct Bytes<'a, 'b>(&'a mut Unstructured<'b>);

    impl Choices<Handle> for Bytes<'_, '_> {
        fn below(&mut self, bound: u32) -> u32 {
            self.0.int_in_range(0..=bound.saturating_sub(1)).unwrap_or_default()
        }
        fn handle(&mut self) -> Handle {
            Handle(self.below(HANDLES))
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
}

#[cfg(feature = "proptest")]
mod strategy {
    use super::{Call, Choices, Function, HANDLES, Handle};
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
            Handle(self.below(HANDLES))
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
}
