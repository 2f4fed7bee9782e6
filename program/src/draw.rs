//! Draws: every choice of a run has the name of the call that it is about and which call of its thread that is. So a choice stays
//! what it was when the program changes elsewhere.

use std::collections::BTreeMap;

/// Who goes when, and which of the outcomes that a profile allows a call has: what of a run is left to chance.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Schedule {
    /// Nobody stands back, and of every choice the first: but for the choices that a plan names.
    #[default]
    Plain,
    /// Every choice is drawn anew by this seed: a random walk.
    Walk(u64),
    /// Threads have priorities, which change at one call in so many (probabilistic concurrency testing).
    Priorities {
        /// The seed.
        seed: u64,
        /// One call in so many; 0 and more than a run has calls: hardly any.
        every: u32,
    },
    /// Each choice is made by one of these bytes; which, follows from the name of the choice. So a byte that changes changes few of them,
    /// and zeros are plain: for fuzzers, and to be shrunk. Without bytes it is [`Schedule::Plain`].
    Bytes(Vec<u8>),
}

/// How a schedule begins where a plan is written.
const WALK: &str = "walk:";
const PRIORITIES: &str = "priorities:";
const BYTES: &str = "bytes:";

impl Schedule {
    /// As a word of a plan; `None` for the plain one, which is not written.
    pub(crate) fn word(&self) -> Option<String> {
        match self {
            Schedule::Plain => None,
            Schedule::Walk(seed) => Some(format!("{WALK}{seed}")),
            Schedule::Priorities { seed, every } => Some(format!("{PRIORITIES}{seed}:{every}")),
            Schedule::Bytes(bytes) => {
                Some(bytes.iter().fold(BYTES.to_owned(), |word, byte| format!("{word}{byte:02x}")))
            }
        }
    }

    /// Reads such a word; `None` where it begins like none.
    pub(crate) fn of_word(word: &str) -> Option<Result<Schedule, String>> {
        let wrong = || format!("`{word}` is no schedule; one reads {WALK}7, {PRIORITIES}7:4 or {BYTES}00ff");
        if let Some(seed) = word.strip_prefix(WALK) {
            return Some(seed.parse().map(Schedule::Walk).map_err(|_| wrong()));
        }
        if let Some(numbers) = word.strip_prefix(PRIORITIES) {
            let read = |(seed, every): (&str, &str)| {
                Some(Schedule::Priorities { seed: seed.parse().ok()?, every: every.parse().ok()? })
            };
            return Some(numbers.split_once(':').and_then(read).ok_or_else(wrong));
        }
        let digits = word.strip_prefix(BYTES)?.as_bytes();
        let digit = |digit: u8| (digit as char).to_digit(16).map(|digit| digit as u8);
        let byte = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?);
        Some(digits.chunks(2).map(byte).collect::<Option<_>>().map(Schedule::Bytes).ok_or_else(wrong))
    }
}

/// What is chosen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum What {
    /// How long the thread stands back after this call.
    Yields,
    /// Which of the outcomes that the profile allows.
    Gives,
}

/// The choices of a run.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Draws {
    pub(crate) source: Schedule,
    /// Those that are not 0, by name. In a run whose schedule is the plain one these are taken, in any other they are noted.
    pub(crate) named: BTreeMap<String, u32>,
}

/// The name of a choice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    pub(crate) what: What,
    pub(crate) actor: &'a str,
    pub(crate) call: &'a str,
    pub(crate) nth: u32,
}

impl Site<'_> {
    fn text(&self) -> String {
        let sign = match self.what {
            What::Yields => '~',
            What::Gives => '=',
        };
        format!("{}.{}{}{sign}", self.actor, self.call, self.nth)
    }

    fn hash(&self, seed: u64) -> u64 {
        let bytes = self.actor.bytes().chain([0, self.what as u8]).chain(self.call.bytes());
        mixed(fnv(FNV, bytes) ^ mixed(seed ^ u64::from(self.nth) << 32))
    }
}

/// What a hash begins with.
pub(crate) const FNV: u64 = 0xcbf2_9ce4_8422_2325;

/// A hash that is the same on every platform and in every build (FNV-1a, 64 bits), with these bytes behind what it was of.
pub(crate) fn fnv(sum: u64, bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(sum, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A number that looks like chance: the last step of splitmix64.
pub(crate) fn mixed(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

impl Draws {
    pub(crate) fn new(source: Schedule) -> Draws {
        Draws { source, named: BTreeMap::new() }
    }

    /// A number below this one.
    pub(crate) fn draw(&mut self, site: &Site<'_>, below: u32) -> u32 {
        let drawn = self.look(site, below);
        self.note(site, drawn);
        drawn
    }

    /// The choice had this number.
    pub(crate) fn note(&mut self, site: &Site<'_>, drawn: u32) {
        if drawn > 0 && self.source != Schedule::Plain {
            self.named.insert(site.text(), drawn);
        }
    }

    /// The number that would be drawn.
    pub(crate) fn look(&self, site: &Site<'_>, below: u32) -> u32 {
        if below <= 1 {
            return 0;
        }
        match (&self.source, site.what) {
            (Schedule::Plain, _) if self.named.is_empty() => 0,
            (Schedule::Plain, _) => self.named.get(&site.text()).map_or(0, |named| named % below),
            (Schedule::Walk(seed), What::Yields) => (site.hash(*seed) >> 8) as u32 % below,
            (Schedule::Walk(seed) | Schedule::Priorities { seed, .. }, What::Gives) => {
                let hash = site.hash(*seed);
                // One time in two the first, so that most of a run is plain.
                if hash & 1 == 0 { 0 } else { (hash >> 8) as u32 % below }
            }
            (Schedule::Priorities { seed, every }, What::Yields) => {
                let hash = site.hash(*seed);
                if (hash as u32).is_multiple_of(*every) { (hash >> 32) as u32 % below } else { 0 }
            }
            (Schedule::Bytes(bytes), _) if bytes.is_empty() => 0,
            (Schedule::Bytes(bytes), _) => u32::from(bytes[(site.hash(0) % bytes.len() as u64) as usize]) % below,
        }
    }
}
