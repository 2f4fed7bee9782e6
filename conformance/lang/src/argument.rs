//! What arguments and expectations share: addresses, values of options, sets.

use winaccept_model::call::{Member, OPTIONS, Opt, OptVal, SET, Set, ThreadId};
use winaccept_sim::script::Ref;

use super::cursor::{Parsed, Reported};
use super::diagnostic::Diagnostic;
use super::literal::ADDRESS_HELP;
use super::parser::Parser;

impl Parser<'_> {
    /// Complains about something that is no address.
    pub(super) fn bad_address(&mut self) -> Reported {
        let problem = self.cursor.expectation("an address such as `127.0.0.1:0`");
        self.cursor.report(problem.help(ADDRESS_HELP))
    }

    /// The value of an option, in the shape it has.
    pub(super) fn option_value(&mut self, opt: Opt) -> Parsed<OptVal> {
        let shape = |name: &str, help: &str| (format!("`{name}` takes another kind of value"), help.to_owned());
        let name = OPTIONS.iter().find(|(_, _, known)| *known == opt).map_or("", |(_, name, _)| *name);
        if opt != Opt::Linger {
            if self.cursor.at("{") {
                let (title, help) = shape(name, "only `SO_LINGER` takes a pair");
                return Err(self
                    .cursor
                    .report(Diagnostic::new(title, self.cursor.span(), "expected a number").help(help)));
            }
            return self.dword("the value of the option").map(OptVal::Number);
        }
        if !self.cursor.eat("{") {
            let (title, help) = shape(name, "the pair is whether to linger and for how many seconds");
            let problem = Diagnostic::new(title, self.cursor.span(), "expected a pair such as `{1, 0}`").help(help);
            return Err(self.cursor.report(problem));
        }
        let on = self.cursor.integer("`l_onoff`", 0..=i64::from(u16::MAX))? as u16;
        self.cursor.expect(",")?;
        let seconds = self.cursor.integer("`l_linger`", 0..=i64::from(u16::MAX))? as u16;
        self.cursor.expect("}")?;
        Ok(OptVal::Linger(on, seconds))
    }

    /// The number of a message that a program can ask for.
    pub(super) fn message_number(&mut self) -> Parsed<u16> {
        self.cursor.message_number(u16::MAX.into()).map(|number| number as u16)
    }

    /// A DWORD.
    pub(super) fn dword(&mut self, what: &str) -> Parsed<u32> {
        self.cursor.integer(what, 0..=i64::from(u32::MAX)).map(|value| value as u32)
    }

    /// Handles in braces, at most as many as a set holds.
    pub(super) fn set_members(&mut self, what: &str, actor: ThreadId) -> Parsed<Set<Ref>> {
        let mut set = Vec::new();
        if !self.cursor.eat("{") {
            return Err(self.cursor.expected("a set such as `{L}`"));
        }
        while !self.cursor.eat("}") {
            if !set.is_empty() {
                self.cursor.expect(",")?;
            }
            let start = self.cursor.span().start;
            set.push(self.handle(what, actor)?);
            self.check_members(set.len(), start)?;
        }
        self.set(set)
    }

    /// These members as a set.
    pub(super) fn set<T: Member>(&mut self, members: Vec<T>) -> Parsed<Set<T>> {
        let title = "there is no room for more long sets in this run of the program";
        let problem = |span| Diagnostic::new(title, span, "this set is new");
        Set::new(members).ok_or_else(|| self.cursor.report(problem(self.cursor.span())))
    }

    /// Complains about the set member that begins at `start` and was just taken, if it is one too many.
    pub(super) fn check_members(&mut self, count: usize, start: usize) -> Parsed<()> {
        if count <= SET {
            return Ok(());
        }
        let label = format!("this is one more than {SET}");
        let problem = Diagnostic::new("too many members of a set", self.cursor.since(start), label)
            .help(format!("winsock2.h has room for {SET}: FD_SETSIZE, WSA_MAXIMUM_WAIT_EVENTS"));
        Err(self.cursor.report(problem))
    }
}
