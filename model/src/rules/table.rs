//! The form in which the rules of a table are written down: literals that are data and code at once.

/// The rules of one table, in the order of its page: all checks of a stage stand before its cases.
///
/// The literals become the static table that `explain`, graphs, coverage and mutants read, and a function that does what the
/// engine does with that table, each rule a constant: its states, its stage and its guard are looked at in place, and the rules
/// that go on are called directly. Name and code share a name; the one is a value, the other a type.
///
/// `often` names states of the socket in question in which the table is asked so often that they have code of their own: what cannot
/// hold there costs nothing. It says nothing of what happens.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident $(often $($often:ident)|+)?; $($rule:expr),* $(,)?) => {
        $(#[$doc])*
        pub(super) static $name: &[Rule] = &[$($rule),*];

        #[allow(non_camel_case_types, clippy::upper_case_acronyms)] // it has the name of the table whose code it is
        pub(super) enum $name {}

        impl $name {
            /// What fires the rule that applies, for each state of the socket in question.
            pub(super) const fn in_states<const TABLE: usize>() -> $crate::rule::InStates {
                #[allow(unused_mut)] // where no state has code of its own
                let mut all: $crate::rule::InStates =
                    [Self::fires::<TABLE, { $crate::world::State::ALL.len() }>; $crate::world::State::ALL.len()];
                $($(
                    all[$crate::world::State::$often as usize] =
                        Self::fires::<TABLE, { $crate::world::State::$often as usize }>;
                )+)?
                all
            }

            /// Fires the rule that applies; true when the call returns. `STATE` is the state of the socket in question, where that
            /// is known, or a number that none has.
            fn fires<const TABLE: usize, const STATE: usize>(at: &mut $crate::rule::At<'_>) -> bool {
                let table = const { $crate::rules::TABLES[TABLE] };
                if const { $crate::rule::any_in_trouble($name) } && at.trouble {
                    // Seldom is anything wrong with a process: the code knows nothing of it.
                    return at.reads_table(table);
                }
                at.taking = const { $crate::rules::TABLES[TABLE].is_taking() };
                let state = if STATE < $crate::world::State::ALL.len() {
                    $crate::world::State::ALL[STATE]
                } else {
                    at.state()
                };
                let mut held = 0u64;
                table!(@rule at, state, held, $name, TABLE, 0usize; $(($rule))*);
                at.fires_one_of($name, held, state)
            }
        }
    };
    (@rule $at:ident, $state:ident, $held:ident, $name:ident, $table:ident, $index:expr;) => {};
    (@rule $at:ident, $state:ident, $held:ident, $name:ident, $table:ident, $index:expr; ($rule:expr) $(($more:expr))*) => {
        if const { !$name[$index].in_trouble && $name[$index].is_asked($crate::rules::TABLES[$table].is_taking()) } {
            const R: &$crate::rule::Rule = &$name[$index];
            if matches!(R.role, $crate::rule::Role::Check) {
                if $at.holds_by_code(R, $state) {
                    $held |= 1 << $index;
                }
            } else if $held == 0 && $at.holds_by_code(R, $state) {
                return match $at.carries_out::<true>(R, $state) {
                    $crate::rule::Then::Ends(returns) => returns,
                    $crate::rule::Then::GoesOn(table) => {
                        // It goes where it says: with assertions that is looked at.
                        let state = R.to.unwrap_or($state);
                        $crate::rules::BY_CODE.fires[table as usize][state as usize]($at)
                    }
                };
            }
        }
        table!(@rule $at, $state, $held, $name, $table, $index + 1; $(($more))*);
    };
}
