//! What a rule asks of the profile: which alternative of a choice point it is in this step.

use crate::at::At;
use crate::choice::{Alt, Point};
use crate::rule::{Col, Column, Decided, Mutation, Rule, Stage};

/// Beside the alternative of a choice point, that the profile leaves it open.
const OPEN: u8 = 0x80;

impl At<'_> {
    /// Does the profile, or a decision already taken in this step, choose this alternative?
    #[inline]
    pub fn chooses(&self, alt: Alt) -> bool {
        match self.settled(alt.point()) {
            0 => self.decide(alt.point()) == usize::from(alt.1),
            // Nothing is left open, so nothing is decided.
            settled => {
                self.asker(alt.point());
                settled == alt.1 + 1
            }
        }
    }

    /// The only alternative that is allowed, plus one; zero where there are several. Where a rule is broken, every choice is decided
    /// in full.
    #[inline(always)]
    fn settled(&self, point: Point) -> u8 {
        if self.machine.mutant.is_none() { self.machine.profile.settled()[point.index()] } else { 0 }
    }

    /// Which alternative of this choice point is it in this step? Where the profile leaves it open, the tape decides, and the
    /// rule that asks is noted.
    #[inline(never)]
    pub fn decide(&self, point: Point) -> usize {
        if self.fx.resolved.get(point) == 0 {
            self.fx.resolved.set(point, self.picked(point));
        }
        let chosen = self.fx.resolved.get(point);
        let alternative = chosen & !OPEN;
        let rule = self.asker(point);
        if chosen & OPEN != 0 {
            self.note(rule, Alt(point.0, alternative - 1));
        }
        let next = usize::from(alternative) % point.alternatives().len();
        if self.mutation(rule) == Some(Mutation::OtherAnswer(point)) { next } else { usize::from(alternative - 1) }
    }

    /// Does the profile allow this alternative? Unlike [`At::chooses`] this decides nothing.
    #[must_use]
    pub fn may(&self, alt: Alt) -> bool {
        self.asker(alt.point());
        self.machine.profile.allowed(usize::from(alt.0)) >> alt.1 & 1 == 1
    }

    /// The value of a column of the rule that is asked, in this step.
    #[inline(always)]
    pub(crate) fn value<T: Copy>(&self, column: Column, col: &Col<T>) -> T {
        match *col {
            Col::Is(value) => value,
            Col::By(point, values) => values[self.place(column, point)],
        }
    }

    /// Which of its values a column has that this choice point decides.
    #[inline(never)]
    fn place(&self, column: Column, point: Point) -> usize {
        if self.mutation(self.asking.get()) == Some(Mutation::Stuck(column)) {
            return 0;
        }
        let alternative = self.decide(point);
        self.note(self.asking.get(), Alt(point.0, alternative as u8));
        alternative
    }

    fn note(&self, rule: Option<&'static Rule>, alt: Alt) {
        let mut notes = self.fx.deciding.borrow_mut();
        if let Some(rule) = rule
            && notes.last().is_none_or(|last| last.alt != alt || !std::ptr::eq(last.rule, rule))
        {
            notes.push(Decided { rule, alt });
        }
    }

    /// The stage of a rule in this step. A call that waits has passed what is checked on entry: whatever can be found in taking
    /// is found there.
    pub(crate) fn stage(&self, rule: &Rule) -> Stage {
        if let Col::By(point, stages) = rule.stage
            && self.again
            && self.fx.resolved.get(point) == 0
        {
            let allowed = self.machine.profile.allowed(point.index());
            let in_taking =
                |alternative: &usize| allowed >> alternative & 1 == 1 && stages[*alternative] == Stage::Taking;
            if let Some(alternative) = (0..stages.len()).find(in_taking) {
                self.fx.resolved.set(point, alternative as u8 + 1);
            }
        }
        self.value(Column::Stage, &rule.stage)
    }

    fn picked(&self, point: Point) -> u8 {
        let allowed = self.machine.profile.allowed(point.index());
        let open = allowed.count_ones() > 1;
        let pick = self.tape.borrow_mut().pick(allowed.count_ones() as usize);
        let mut bits = allowed;
        for _ in 0..pick {
            bits &= bits - 1;
        }
        (bits.trailing_zeros() as u8 + 1) | if open { OPEN } else { 0 }
    }

    /// The rule that asks; it must have said that it does.
    #[inline]
    fn asker(&self, point: Point) -> Option<&'static Rule> {
        let rule = self.asking.get();
        debug_assert!(
            rule.is_some_and(|rule| rule.names(point)),
            "{}: asks {} without saying so",
            rule.map_or("no rule", |rule| rule.name),
            point.name()
        );
        rule
    }

    /// How this rule is broken, if it is.
    pub(crate) fn mutation(&self, rule: Option<&'static Rule>) -> Option<Mutation> {
        let mutant = self.machine.mutant.as_ref()?;
        rule.filter(|rule| std::ptr::eq(mutant.rule, *rule)).map(|_| mutant.mutation)
    }
}
