//! The limits of the model: where a scenario asks for more than a world holds, a run ends with a sentence, not with a panic.
//!
//! What can be counted beforehand is refused when a [`crate::scenario::Scenario`] is made. The rest (bytes in flight, segments,
//! handles of one socket, …) shows only in the run: a step tells that it reached one ([`Effects::limit`]). The run then unwinds
//! with what was [`Reached`], and [`within`] catches that.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::Once;

use winaccept_model::rule::Effects;

/// How the messages about other limits of a run begin.
const MARK: &str = "limit: ";

/// A limit that was reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reached {
    /// Of what there is no more: "at most 1048576 unread bytes at one end of a connection".
    pub what: String,
    /// The step whose call asked for it, where it was a call.
    pub step: Option<usize>,
}

/// Runs something that steps the model.
///
/// # Errors
/// The limit that was reached.
///
/// # Panics
/// When something else than a limit panics.
pub fn within<T>(run: impl FnOnce() -> T) -> Result<T, Reached> {
    // Whoever gets an error looks at nothing that the run may have left half done.
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| match limit_in(panic.as_ref()) {
        Some(reached) => reached,
        None => resume_unwind(panic),
    })
}

/// Goes on with an event only if it asked for no more than the model holds. `step` tells whose call the event is, if it is one.
pub(crate) fn heeds(fx: &Effects, step: impl FnOnce() -> Option<usize>) {
    if let Some(limit) = fx.limit {
        panic_any(Reached { what: limit.to_string(), step: step() });
    }
}

/// In how many ways a scenario may have gone; to follow more of them takes more time and memory than a run may.
const MAX_WAYS: usize = 10_000;

/// Goes on only if there are not too many ways, now that this section is over. Those that were there `before` it are not held
/// against it: an exploration may end in more. `last` is the step to name.
pub(crate) fn heeds_ways(ways: usize, before: usize, last: usize) {
    if ways > MAX_WAYS.max(before) {
        ended(format!("at most {MAX_WAYS} ways in which a scenario may have gone"), last);
    }
}

/// This step asks for more than this.
pub(crate) fn ended(what: String, step: usize) -> ! {
    panic_any(Reached { what, step: Some(step) })
}

/// A run asks for more than this.
pub(crate) fn reached(what: &str) -> ! {
    panic!("{MARK}{what}");
}

thread_local! {
    /// This thread expects what it runs to panic.
    static HUSHED: Cell<bool> = const { Cell::new(false) };
}

/// Runs something that may break the model, such as a model with a broken rule; `None` when it does. Nothing is printed then, if
/// [`are_errors`] was called before.
pub fn hushed<T>(run: impl FnOnce() -> T) -> Option<T> {
    HUSHED.set(true);
    let result = catch_unwind(AssertUnwindSafe(run)).ok();
    HUSHED.set(false);
    result
}

/// From now on a limit that is reached prints nothing of its own: it is told where the error is told.
pub fn are_errors() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !HUSHED.get() && limit_in(info.payload()).is_none() {
                before(info);
            }
        }));
    });
}

fn limit_in(panic: &(dyn std::any::Any + Send)) -> Option<Reached> {
    if let Some(reached) = panic.downcast_ref::<Reached>() {
        return Some(reached.clone());
    }
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied())?;
    text.strip_prefix(MARK).map(|what| Reached { what: what.to_owned(), step: None })
}
