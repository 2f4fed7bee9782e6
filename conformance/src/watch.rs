//! Work that takes long: a person who waits for it is told how far it is, and an interrupt ends it with what it has.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use winaccept_sim::limits::Watcher;

/// Somebody wants it to end.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// How many watches there are that heed it.
static HEEDING: AtomicUsize = AtomicUsize::new(0);

/// What a shell says of a program that an interrupt ended.
const ENDED_BY_INTERRUPT: i32 = 130;

/// From now on an interrupt (Ctrl-C) ends the work at hand, if it is watched; else, and the second time, the program.
pub(crate) fn ends_at_interrupt() {
    let interrupted = || {
        if INTERRUPTED.swap(true, Ordering::Relaxed) || HEEDING.load(Ordering::Relaxed) == 0 {
            std::process::exit(ENDED_BY_INTERRUPT);
        }
    };
    // Where that cannot be had, an interrupt ends the program as ever.
    let _ = ctrlc::set_handler(interrupted);
}

/// Was the work ended before its end?
#[must_use]
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// How long nothing is told, and how long then between two tellings.
const QUIET: Duration = Duration::from_secs(1);

/// Who looks at work that takes long.
#[derive(Debug)]
pub struct Watch {
    /// What there is to do, in the plural; nothing where nobody is to be told.
    unit: Option<&'static str>,
    /// How much of it, where that is known.
    all: Option<usize>,
    done: AtomicUsize,
    /// When the next telling is due.
    due: Mutex<Instant>,
    told: AtomicBool,
    /// An interrupt ends it.
    ends: bool,
}

impl Watch {
    /// Nobody looks: nothing is told, and the work goes on to its end.
    #[must_use]
    pub fn unattended() -> Watch {
        Watch::of(None, None, false)
    }

    /// Whoever sits at the terminal is told how many of so many are done.
    #[must_use]
    pub fn new(unit: &'static str, all: impl Into<Option<usize>>) -> Watch {
        Watch::of(Some(unit).filter(|_| std::io::stderr().is_terminal()), all.into(), true)
    }

    fn of(unit: Option<&'static str>, all: Option<usize>, ends: bool) -> Watch {
        HEEDING.fetch_add(usize::from(ends), Ordering::Relaxed);
        let due = Mutex::new(Instant::now() + QUIET);
        Watch { unit, all, done: AtomicUsize::new(0), due, told: AtomicBool::new(false), ends }
    }

    /// Is there more to be done, or did somebody end it?
    #[must_use]
    pub fn goes_on(&self) -> bool {
        !(self.ends && is_interrupted())
    }

    /// Looks at explorations, of which it tells how many states there are.
    #[must_use]
    pub fn watcher(self) -> Watcher {
        Watcher::new(move |states| {
            self.tell(|| format!("{states} states"));
            self.goes_on()
        })
    }

    /// One more is done.
    pub fn one_more(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let of = |unit| self.all.map_or_else(|| format!("{done} {unit}"), |all| format!("{done} of {all} {unit}"));
        self.tell(|| self.unit.map(of).unwrap_or_default());
    }

    /// Tells this, if it is time to tell something.
    pub fn tell(&self, how_far: impl Fn() -> String) {
        if self.unit.is_none() {
            return;
        }
        let Ok(mut due) = self.due.try_lock() else { return };
        if Instant::now() >= *due {
            *due = Instant::now() + QUIET;
            self.told.store(true, Ordering::Relaxed);
            // Nobody is worse off if this cannot be written.
            let _ = write!(std::io::stderr(), "\r{}; Ctrl-C ends it with what it has\x1b[K", how_far());
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        HEEDING.fetch_sub(usize::from(self.ends), Ordering::Relaxed);
        if self.told.load(Ordering::Relaxed) {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
