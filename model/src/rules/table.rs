//! The form in which the rules of a table are written down: literals that are data and code at once.

/// The rules of one table, in the order of its page: all checks of a stage stand before its cases.
///
/// The literals become the static table that `explain`, graphs, coverage and mutants read, and a function that does what the
/// engine does with that table, each rule a constant: its states, its stage and its guard are looked at in place, and the rules
/// that go on are called directly. Name and code share a name; the one is a value, the other a type.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident; $($rule:expr),* $(,)?) => {
        $(#[$doc])*
        pub(super) static $name: &[Rule] = &[$($rule),*];

        #[allow(non_camel_case_types, clippy::upper_case_acronyms)] // it has the name of the table whose code it is
        pub(super) enum $name {}

        impl $name {
            /// Fires the rule that applies, in taking or else on entry; true when the call returns.
            pub(super) fn fires<const TAKING: bool>(at: &mut $crate::rule::At<'_>) -> bool {
                let state = at.enters(TAKING);
                // Most tables have rules that nobody needs to look at while nothing is wrong with the process.
                let trouble = const { $crate::rule::any_in_trouble($name) } && at.in_trouble();
                let mut held = 0u64;
                table!(@rule at, state, trouble, held, $name, TAKING, 0usize; $(($rule))*);
                at.fires_one_of($name, held, state)
            }
        }
    };
    (@rule $at:ident, $state:ident, $trouble:ident, $held:ident, $name:ident, $taking:ident, $index:expr;) => {};
    (@rule $at:ident, $state:ident, $trouble:ident, $held:ident, $name:ident, $taking:ident, $index:expr;
        ($rule:expr) $(($more:expr))*) => {
        {
            const R: &$crate::rule::Rule = &$name[$index];
            if matches!(R.role, $crate::rule::Role::Check) {
                if $at.holds_by_code::<$taking>(R, $state, $trouble) {
                    $held |= 1 << $index;
                }
            } else if $held == 0 && $at.holds_by_code::<$taking>(R, $state, $trouble) {
                return match $at.carries_out::<true>(R, $state) {
                    $crate::rule::Then::Ends(returns) => returns,
                    $crate::rule::Then::GoesOn(table) => $crate::rules::FIRES[table as usize]($at),
                };
            }
        }
        table!(@rule $at, $state, $trouble, $held, $name, $taking, $index + 1; $(($more))*);
    };
}
