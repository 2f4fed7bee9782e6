//! Draws: every choice of a run has the name of the call that it is about and which call of its thread that is. So a choice stays
//! what it was when the program changes elsewhere.

use std::collections::BTreeMap;

/// Where choices come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// Every one is drawn anew: a random walk.
    Random(u64),
    /// Threads have priorities, which change at one call in so many (probabilistic concurrency testing).
    Priorities(u64, u32),
    /// None but those that are named.
    Named,
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
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Draws {
    pub(crate) source: Source,
    /// Those that are not 0, by name. In a run whose source is [`Source::Named`] these are taken, in any other they are noted.
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
        let sum =
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        mixed(sum ^ mixed(seed ^ u64::from(self.nth) << 32))
    }
}

/// A number that looks like chance: the last step of splitmix64.
pub(crate) fn mixed(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

impl Draws {
    pub(crate) fn new(source: Source) -> Draws {
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
        if drawn > 0 && self.source != Source::Named {
            self.named.insert(site.text(), drawn);
        }
    }

    /// The number that would be drawn.
    pub(crate) fn look(&self, site: &Site<'_>, below: u32) -> u32 {
        if below <= 1 {
            return 0;
        }
        match (&self.source, site.what) {
            (Source::Named, _) if self.named.is_empty() => 0,
            (Source::Named, _) => self.named.get(&site.text()).map_or(0, |named| named % below),
            (Source::Random(seed), What::Yields) => (site.hash(*seed) >> 8) as u32 % below,
            (Source::Random(seed) | Source::Priorities(seed, _), What::Gives) => {
                let hash = site.hash(*seed);
                // One time in two the first, so that most of a run is plain.
                if hash & 1 == 0 { 0 } else { (hash >> 8) as u32 % below }
            }
            (Source::Priorities(seed, every), What::Yields) => {
                let hash = site.hash(*seed);
                if (hash as u32).is_multiple_of(*every) { (hash >> 32) as u32 % below } else { 0 }
            }
        }
    }
}
