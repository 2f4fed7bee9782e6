//! Arguments that several calls share: addresses, buffers, options, sets, time-outs.

use winaccept_model::call::{Address, Buffer, FdSet, Length, List, Name, OPTIONS, Opt, OptVal, SET, ThreadId, Timeout};
use winaccept_sim::script::Ref;

use super::cursor::{Parsed, Reported, shortened};
use super::diagnostic::Diagnostic;
use super::literal::{self, ADDRESS_HELP, AddressLiteral};
use super::parser::Parser;
use super::suggest::did_you_mean;
use super::token::Kind;

const POINTERS: &[(&str, Buffer)] = &[("NULL", Buffer::Null), ("addr", Buffer::Valid), ("BAD", Buffer::Bad)];

impl Parser<'_> {
    /// The address argument of `bind` and `connect`, with its length when there are `given` = 3 arguments.
    pub(super) fn name_argument(&mut self, given: usize, actor: ThreadId) -> Parsed<Name<Ref>> {
        let start = self.cursor.span();
        let address = if self.cursor.eat("NULL") {
            None
        } else if self.cursor.kind() == Kind::Number {
            Some(self.fixed_address()?)
        } else {
            let of = self.handle("an address, a variable or `NULL`", actor)?;
            return if given == 2 { Ok(Name::Of(of)) } else { Err(self.no_length(start)) };
        };
        match address {
            None if given == 2 => Ok(Name::Null),
            None => Err(self.no_length(start)),
            Some(address) if given == 2 => Ok(Name::Address(address, address.family.address_size())),
            Some(address) => {
                self.cursor.expect(",")?;
                let range = i64::from(i32::MIN)..=i64::from(i32::MAX);
                let length = self.cursor.integer("the length of the address", range)?;
                Ok(Name::Address(address, length as i32))
            }
        }
    }

    fn no_length(&mut self, span: std::ops::Range<usize>) -> Reported {
        let problem = Diagnostic::new("only a literal address takes a length", span, "this is none")
            .help("leave the length away, or write an address such as `127.0.0.1:0`");
        self.cursor.report(problem)
    }

    /// A literal address without `*`.
    fn fixed_address(&mut self) -> Parsed<Address> {
        match literal::address(self.cursor.text()) {
            Some(AddressLiteral::Port(address)) => {
                self.cursor.advance();
                Ok(address)
            }
            Some(AddressLiteral::AnyPort(_)) => {
                let problem =
                    Diagnostic::new("a call needs a port", self.cursor.span(), "`*` stands in expectations only")
                        .help("write port 0 to let the system choose");
                Err(self.cursor.report(problem))
            }
            None => Err(self.bad_address()),
        }
    }

    /// Complains about something that is no address.
    pub(super) fn bad_address(&mut self) -> Reported {
        let problem = self.cursor.expectation("an address such as `127.0.0.1:0`");
        self.cursor.report(problem.help(ADDRESS_HELP))
    }

    /// `addr` and `addrlen` of `accept`, `getsockname` and `getpeername`.
    pub(super) fn name_buffer(&mut self) -> Parsed<(Buffer, Length)> {
        let buffer = self.cursor.one_of("an address buffer", POINTERS)?;
        self.cursor.expect(",")?;
        let length = if self.cursor.eat("NULL") {
            Length::Null
        } else if self.cursor.eat("BAD") {
            Length::Bad
        } else if self.cursor.kind() == Kind::Number {
            let range = i64::from(i32::MIN)..=i64::from(i32::MAX);
            Length::Holds(self.cursor.integer("the length of the buffer", range)? as i32)
        } else {
            return Err(self.cursor.expected("the length of the buffer: a number, `NULL` or `BAD`"));
        };
        Ok((buffer, length))
    }

    /// A level and an option that belongs to it.
    pub(super) fn option(&mut self) -> Parsed<Opt> {
        let (level, level_span) =
            self.cursor.word("the level of an option: `SOL_SOCKET`, `IPPROTO_TCP` or `IPPROTO_IPV6`")?;
        self.cursor.expect(",")?;
        let (name, span) = self.cursor.word("an option")?;
        let Some((right_level, _, opt)) = OPTIONS.iter().find(|(_, known, _)| *known == name) else {
            let near = did_you_mean(name, OPTIONS.iter().map(|(_, known, _)| *known));
            let problem =
                Diagnostic::new(format!("unknown option `{}`", shortened(name)), span, "the model has no such option");
            return Err(self.cursor.report(problem.maybe_help(near)));
        };
        if *right_level != level {
            let title = format!("`{name}` is no option of `{}`", shortened(level));
            let problem = Diagnostic::new(title, level_span, format!("expected `{right_level}`"));
            return Err(self.cursor.report(problem.help(format!("write `{right_level}, {name}`"))));
        }
        Ok(*opt)
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

    /// A DWORD.
    pub(super) fn dword(&mut self, what: &str) -> Parsed<u32> {
        self.cursor.integer(what, 0..=i64::from(u32::MAX)).map(|value| value as u32)
    }

    /// A set of `select`: `{L, A}`, `{}` or `NULL`.
    pub(super) fn set(&mut self, actor: ThreadId) -> Parsed<FdSet<Ref>> {
        if self.cursor.eat("NULL") { Ok(None) } else { self.set_members("a socket", actor).map(Some) }
    }

    /// Handles in braces, at most as many as a set holds.
    pub(super) fn set_members(&mut self, what: &str, actor: ThreadId) -> Parsed<List<Ref, SET>> {
        let mut set = List::default();
        if !self.cursor.eat("{") {
            return Err(self.cursor.expected("a set such as `{L}`"));
        }
        while !self.cursor.eat("}") {
            if !set.is_empty() {
                self.cursor.expect(",")?;
            }
            let start = self.cursor.span().start;
            let member = self.handle(what, actor)?;
            if !set.push(member) {
                return Err(self.too_many_members(start));
            }
        }
        Ok(set)
    }

    /// The events of a wait. Unlike the sets of `select` it may not be empty.
    pub(super) fn events_to_wait_for(&mut self, actor: ThreadId) -> Parsed<List<Ref, SET>> {
        let start = self.cursor.span().start;
        let events = self.set_members("an event", actor)?;
        if !events.is_empty() {
            return Ok(events);
        }
        let problem =
            Diagnostic::new("no event to wait for", self.cursor.since(start), format!("expected 1 to {SET} events"))
                .help(format!("Winsock waits for at least one event, the model for at most {SET}: `{{E}}`"));
        Err(self.cursor.report(problem))
    }

    /// Complains about the set member that begins at `start` and was just taken.
    pub(super) fn too_many_members(&mut self, start: usize) -> Reported {
        let label = format!("this is one more than {SET}");
        let problem = Diagnostic::new("too many members of a set", self.cursor.since(start), label)
            .help(format!("a set of the model holds at most {SET}"));
        self.cursor.report(problem)
    }

    /// A time-out in milliseconds; `NULL`, `-1`, `INFINITE` and `WSA_INFINITE` wait without limit.
    pub(super) fn timeout(&mut self) -> Parsed<Timeout> {
        if matches!(self.cursor.text(), "NULL" | "-1" | "INFINITE" | "WSA_INFINITE") {
            self.cursor.advance();
            return Ok(None);
        }
        if self.cursor.kind() == Kind::Word {
            return Err(self.cursor.expected("a time-out in milliseconds, or `NULL` for none"));
        }
        self.dword("a time-out in milliseconds").map(Some)
    }
}
