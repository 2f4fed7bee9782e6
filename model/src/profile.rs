//! A profile: for each choice point the alternatives that a stack may take. Data, never an `if` in a rule.

use std::sync::Arc;

use crate::choice::{Alt, CHOICES, COUNT, Point};

/// What is allowed of a stack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile {
    /// Its name: `documented`, `windows`, `wine-8.0`, ….
    pub name: String,
    /// For each choice point its allowed alternatives as bits; never zero.
    allowed: [u8; COUNT],
    /// Names of checks in the order in which this stack makes them; a check that is not named may come anywhere.
    order: Arc<[String]>,
    /// For each choice point the only alternative that is allowed, plus one; zero where there are several.
    settled: Settled,
}

/// See [`Profile::settled`].
pub(crate) type Settled = [u8; COUNT];

impl Profile {
    /// Everything that any document or stack is known to do: the widest profile there is.
    #[must_use]
    pub fn widest(name: &str) -> Profile {
        let allowed = std::array::from_fn(|point| ((1u16 << CHOICES[point].alternatives.len()) - 1) as u8);
        Profile {
            name: name.to_owned(),
            allowed,
            order: Arc::new([]),
            settled: std::array::from_fn(|point| settled(allowed[point])),
        }
    }

    /// Narrows one choice point to these alternatives.
    ///
    /// # Errors
    /// Says what is wrong when the choice point or an alternative is unknown, or no alternative is left.
    pub fn narrow<'a>(&mut self, point: &str, alternatives: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
        let index = crate::choice::by_name(point).ok_or_else(|| format!("unknown choice point `{point}`"))?;
        let mut bits = 0;
        for name in alternatives {
            let known = CHOICES[index].alternatives;
            let alt = known.iter().position(|known| *known == name);
            let alt =
                alt.ok_or_else(|| format!("`{point}` has no alternative `{name}`; it has {}", known.join(", ")))?;
            bits |= 1 << alt;
        }
        if bits == 0 {
            return Err(format!("`{point}` must allow at least one alternative"));
        }
        self.allows_at(index, bits);
        Ok(())
    }

    /// Narrows the choice point of `alt` to it alone. One that there is not changes nothing.
    pub fn only(&mut self, alt: Alt) {
        let point = usize::from(alt.0);
        if CHOICES.get(point).is_some_and(|choice| usize::from(alt.1) < choice.alternatives.len()) {
            self.allows_at(point, 1 << alt.1);
        }
    }

    /// Allows `alt`, too. One that there is not changes nothing.
    pub fn also(&mut self, alt: Alt) {
        let point = usize::from(alt.0);
        if CHOICES.get(point).is_some_and(|choice| usize::from(alt.1) < choice.alternatives.len()) {
            self.allows_at(point, self.allowed[point] | 1 << alt.1);
        }
    }

    /// Is `alt` allowed?
    #[must_use]
    pub fn allows(&self, alt: Alt) -> bool {
        u32::from(self.allowed(usize::from(alt.0))).checked_shr(u32::from(alt.1)).is_some_and(|bits| bits & 1 == 1)
    }

    /// The alternatives that are allowed at a choice point, in order.
    pub fn alternatives(&self, point: Point) -> impl Iterator<Item = Alt> + use<> {
        let allowed = self.allowed[point.index()];
        point.all_alternatives().filter(move |alt| allowed >> alt.1 & 1 == 1)
    }

    /// Does it leave this choice point open: are several alternatives allowed?
    #[must_use]
    pub fn leaves_open(&self, point: Point) -> bool {
        self.allowed[point.index()].count_ones() > 1
    }

    /// Allows at this choice point what that other profile allows. One that there is not changes nothing.
    pub fn take_from(&mut self, other: &Profile, point: usize) {
        if point < COUNT {
            self.allows_at(point, other.allowed[point]);
        }
    }

    /// These are the alternatives of a choice point from now on.
    fn allows_at(&mut self, point: usize, bits: u8) {
        self.allowed[point] = bits;
        self.settled[point] = settled(bits);
    }

    /// For each choice point the only alternative that is allowed, plus one; zero where there are several.
    #[inline]
    pub(crate) fn settled(&self) -> &Settled {
        &self.settled
    }

    /// Sets the order in which this stack makes its checks, by rule name, first made first.
    pub fn set_order(&mut self, names: Vec<String>) {
        self.order = names.into();
    }

    /// The order of checks, by rule name.
    #[must_use]
    pub fn order(&self) -> &[String] {
        &self.order
    }

    /// The allowed alternatives of a choice point, as bits; none where there is no such point.
    #[must_use]
    pub fn allowed(&self, point: usize) -> u8 {
        self.allowed.get(point).copied().unwrap_or_default()
    }

    /// The place of a check in this stack's order; unnamed ones share the last place.
    #[must_use]
    pub fn rank(&self, rule: &str) -> usize {
        self.order.iter().position(|name| name == rule).unwrap_or(usize::MAX)
    }
}

/// The only one of these alternatives, plus one; zero where there are several.
fn settled(allowed: u8) -> u8 {
    if allowed.is_power_of_two() { allowed.trailing_zeros() as u8 + 1 } else { 0 }
}

/// The decisions taken during one step where the profile leaves more than one alternative.
///
/// Start with [`Tape::default`], step, then call [`Tape::advance`] and step again from the same world until it
/// returns false: that visits every combination exactly once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tape {
    picks: [u8; Tape::MAX],
    sizes: [u8; Tape::MAX],
    len: u8,
    at: u8,
    overran: bool,
    /// What is left of the number whose digits new decisions are.
    rest: u32,
}

impl Tape {
    /// The most decisions that one step can ask for.
    pub const MAX: usize = 12;

    /// A tape whose decisions are the digits of this number, each in the base of its own number of alternatives, the first
    /// decision the lowest.
    #[must_use]
    pub fn drawn(number: u32) -> Tape {
        Tape { rest: number, ..Tape::default() }
    }

    /// A tape that repeats decisions taken earlier.
    #[must_use]
    pub fn replay(&self) -> Tape {
        Tape { at: 0, overran: false, rest: 0, ..*self }
    }

    /// Picks one of `n` alternatives, 0 when there is only one, and beyond [`Tape::MAX`] decisions.
    pub fn pick(&mut self, n: usize) -> usize {
        if n <= 1 {
            return 0;
        }
        let at = usize::from(self.at);
        if self.at == self.len {
            if at == Self::MAX {
                self.overran = true;
                return 0;
            }
            self.picks[at] = (self.rest % n as u32) as u8;
            self.rest /= n as u32;
            self.sizes[at] = n as u8;
            self.len += 1;
        }
        self.at += 1;
        usize::from(self.picks[at])
    }

    /// Moves on to the next combination of decisions; false when all have been visited.
    pub fn advance(&mut self) -> bool {
        (self.at, self.overran, self.rest) = (0, false, 0);
        while self.len > 0 {
            let last = usize::from(self.len - 1);
            if self.picks[last] + 1 < self.sizes[last] {
                self.picks[last] += 1;
                return true;
            }
            self.picks[last] = 0;
            self.sizes[last] = 0;
            self.len -= 1;
        }
        false
    }

    /// Were there more decisions than a tape holds?
    #[must_use]
    pub fn overran(&self) -> bool {
        self.overran
    }

    /// The picks taken, in order.
    #[must_use]
    pub fn picks(&self) -> &[u8] {
        &self.picks[..usize::from(self.len)]
    }
}
