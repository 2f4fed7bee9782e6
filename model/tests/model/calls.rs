//! What comes from the list of calls holds for each call of it.

use proptest::prelude::*;
use winaccept_model::call::{Call, Function, Handle};
use winaccept_model::kind::Choices;
use winaccept_model::rules::{TABLES, of};

#[test]
fn every_call_has_rules_and_a_name_of_its_own() {
    let mut names: Vec<&str> = Function::ALL.iter().map(|function| function.distinct_name()).collect();
    for function in Function::ALL {
        assert!(!of(function.table()).is_empty(), "{function:?}");
        assert!(Function::named(function.name()).any(|named| named == *function), "{function:?}");
        assert!(function.does().waits || function.does().starts || function.looks_again().is_none(), "{function:?}");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Function::ALL.len());
    assert!(TABLES.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn two_uses_of_one_function_are_told_apart() {
    let named: Vec<_> = Function::named("WSASocket").map(Function::distinct_name).collect();
    assert_eq!(named, ["WSASocket", "WSASocketFromInfo"]);
    assert_eq!(Function::Closesocket.distinct_name(), "closesocket");
    assert_eq!(Function::named("WSASocketFromInfo").count(), 0);
}

#[test]
fn handles_are_renamed_in_the_order_of_the_parameters() {
    let call = Call::WSAEventSelect { s: 1, event: Some(2), mask: Default::default() };
    let mut seen = Vec::new();
    let renamed = call.map(|h: u32| {
        seen.push(h);
        Handle(h + 10)
    });
    assert_eq!(seen, [1, 2]);
    assert_eq!(renamed, Call::WSAEventSelect { s: Handle(11), event: Some(Handle(12)), mask: Default::default() });
    assert_eq!(renamed.subject(), Some(Handle(11)));
    assert_eq!(Call::WSASetEvent { event: Handle(3) }.subject(), None);
}

/// Choices from a list of numbers, and zeros after its end.
struct Numbers<I>(I);

impl<I: Iterator<Item = u32>> Choices<Handle> for Numbers<I> {
    fn below(&mut self, bound: u32) -> u32 {
        self.0.next().unwrap_or(0) % bound
    }
    fn handle(&mut self) -> Handle {
        Handle(self.below(1 << 16))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_key_holds_a_call_exactly(numbers in proptest::collection::vec(any::<u32>(), 40 * Function::ALL.len())) {
        let mut numbers = Numbers(numbers.into_iter());
        let calls: Vec<Call> = Function::ALL.iter().map(|function| Call::draw(*function, &mut numbers)).collect();
        let mut key = Vec::new();
        calls.iter().for_each(|call| call.put(&mut key, &mut |handle, key| key.extend(handle.0.to_be_bytes())));
        let mut rest = key.as_slice();
        for call in calls {
            let read = Call::get(&mut rest, &mut |key| {
                let (bytes, after) = key.split_at(4);
                *key = after;
                Handle(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            });
            prop_assert_eq!(read, call);
        }
        prop_assert!(rest.is_empty());
    }
}
