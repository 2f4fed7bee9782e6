//! How far an exploration goes, and who looks at it while it goes on.

use std::fmt;
use std::sync::Arc;

/// How far an exploration goes.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The most states to keep.
    pub max_states: usize,
    /// The most forms of all actors together: each takes the memory of many states.
    pub max_forms: usize,
    /// What is remembered of steps may take so many bytes, and more only as far as it is little beside the states.
    pub remembered: usize,
    /// Who may end it.
    pub watcher: Watcher,
}

/// What is remembered of steps may take so many bytes, if nothing else is said.
pub(crate) const REMEMBERED: usize = 4 << 20;

impl Default for Limits {
    fn default() -> Self {
        Limits { max_states: 1_000_000, max_forms: 200_000, remembered: REMEMBERED, watcher: Watcher::default() }
    }
}

/// Is told now and then how many states there are, and says whether to go on. By default nobody looks, and it goes on.
#[derive(Clone, Default)]
pub struct Watcher(Option<Arc<Look>>);

type Look = dyn Fn(usize) -> bool + Send + Sync;

impl Watcher {
    /// Told how many states there are, this says whether to go on.
    #[must_use]
    pub fn new(look: impl Fn(usize) -> bool + Send + Sync + 'static) -> Watcher {
        Watcher(Some(Arc::new(look)))
    }

    /// May it go on, now that there are so many states?
    #[must_use]
    pub(crate) fn lets_go_on(&self, states: usize) -> bool {
        self.0.as_ref().is_none_or(|look| look(states))
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Watcher(somebody)" } else { "Watcher(nobody)" })
    }
}
