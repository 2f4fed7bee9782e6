//! Reads back what [`render_observed`](super::render_observed) writes, so that evidence can be kept as text.

use winaccept_model::call::{Address, AfdEvents, Call, Data, NetworkEvents, OptVal, PollEvents, Port};
use winaccept_model::code::Code;
use winaccept_model::outcome::Value;
use winaccept_sim::observe::{Observed, Shown, ShownAddress, ShownEntry, ShownMessage, ShownOut, ShownValue};
use winaccept_sim::script::{Block, GivenTo, NameId, Ref, Script};

use super::cursor::{Cursor, Parsed};
use super::literal::{self, AddressLiteral};
use super::signature::{OUTS, Out, ROUTINE_GIVEN, signature};
use super::token::{self, Kind};

/// Reads an observation of `call`, a call of `script`.
///
/// # Errors
/// What was expected instead, in one line.
pub fn parse_observed(text: &str, script: &Script, call: &Call<Ref>) -> Result<Observed, String> {
    let mut reader = Reader { cursor: Cursor::new(text, token::scan(text)), script, call };
    let observed = reader.observed().ok().filter(|_| reader.cursor.problems.is_empty());
    observed.ok_or_else(|| {
        // Nothing fails without a problem.
        let problem = reader.cursor.problems.first();
        let what = problem.map_or_else(String::new, |problem| format!("{}: {}", problem.title, problem.label));
        format!("`{text}` is no observation of `{}`: {what}", call.name())
    })
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    script: &'a Script,
    call: &'a Call<Ref>,
}

/// Values that are written as one word.
const VALUES: &[(&str, ShownValue)] = &[
    ("handle", ShownValue::Handle),
    ("SOCKET_ERROR", ShownValue::Is(Value::SocketError)),
    ("INVALID_SOCKET", ShownValue::Is(Value::InvalidSocket)),
    ("TRUE", ShownValue::Is(Value::Number(1))),
    ("FALSE", ShownValue::Is(Value::Number(0))),
    ("WSA_WAIT_TIMEOUT", ShownValue::Is(Value::WaitTimeout)),
    ("WSA_WAIT_IO_COMPLETION", ShownValue::Is(Value::WaitIoCompletion)),
    ("WAIT_IO_COMPLETION", ShownValue::Is(Value::WaitIoCompletion)),
    ("WSA_WAIT_FAILED", ShownValue::Is(Value::WaitFailed)),
    ("WSA_INVALID_EVENT", ShownValue::Is(Value::InvalidEvent)),
    ("existing", ShownValue::Is(Value::SamePort)),
    ("NULL", ShownValue::Is(Value::NoPort)),
    ("undefined", ShownValue::Is(Value::Undefined)),
    ("unmodelled", ShownValue::Is(Value::Unmodelled)),
    ("crashes", ShownValue::Is(Value::Crashes)),
];

impl Reader<'_> {
    fn observed(&mut self) -> Parsed<Observed> {
        let observed = if self.cursor.eat("...") {
            Observed::Blocks
        } else if self.cursor.eat("done") {
            Observed::Done
        } else if self.cursor.eat("not") {
            self.cursor.expect("taken")?;
            Observed::NotTaken(self.cursor.string("the reason in quotes")?)
        } else if self.cursor.kind() == Kind::Text {
            Observed::Printed(self.cursor.string("the printed text")?)
        } else {
            Observed::Returned(self.seen()?)
        };
        if self.cursor.at_end() { Ok(observed) } else { Err(self.cursor.expected("nothing more")) }
    }

    fn seen(&mut self) -> Parsed<Shown> {
        let value = self.value()?;
        let error = if self.cursor.at_end() || self.cursor.at("with") { Code::NONE } else { self.error()? };
        let mut out = Vec::new();
        if self.cursor.eat("with") {
            out.push(self.out()?);
            while self.cursor.eat(",") {
                out.push(self.out()?);
            }
        }
        Ok(Shown { value, error, out })
    }

    fn value(&mut self) -> Parsed<ShownValue> {
        if self.cursor.kind() == Kind::Number {
            let number = self.cursor.integer("the returned value", i64::MIN..=i64::MAX)?;
            return Ok(ShownValue::Is(Value::Number(number)));
        }
        if self.cursor.eat("calls") {
            if self.cursor.eat("routine") {
                return Ok(ShownValue::Is(Value::CallsRoutine));
            }
            self.cursor.expect("condition")?;
            return Ok(ShownValue::Is(Value::CallsCondition));
        }
        if self.cursor.eat("WSA_WAIT_EVENT_0") {
            let index = if self.cursor.eat("+") { self.cursor.integer("the index of the event", 0..=255)? } else { 0 };
            return Ok(ShownValue::Is(Value::WaitEvent(index as u8)));
        }
        let word = self.cursor.text();
        if let Some(code) = Code::by_name(word) {
            self.cursor.advance();
            return Ok(ShownValue::Is(Value::Number(i64::from(code.0))));
        }
        if self.find_name(word).is_some() {
            self.cursor.advance();
            return Ok(ShownValue::Handle);
        }
        self.cursor.one_of("a value", VALUES)
    }

    fn error(&mut self) -> Parsed<Code> {
        if self.cursor.kind() == Kind::Number {
            return self.cursor.integer("an error code", 0..=i64::from(u16::MAX)).map(|code| Code(code as u16));
        }
        match Code::by_name(self.cursor.text()) {
            Some(code) => {
                self.cursor.advance();
                Ok(code)
            }
            None => Err(self.cursor.expected("the name or number of an error code")),
        }
    }

    fn out(&mut self) -> Parsed<ShownOut> {
        let of_call = signature(self.call.name()).map_or(&[][..], |signature| &signature.outs);
        let in_routine = self.call.function().does().waits;
        let may = |out: &Out| {
            of_call.contains(out)
                || self.call.has_condition() && out.is_given()
                || in_routine && ROUTINE_GIVEN.contains(out)
        };
        let table: Vec<_> = OUTS.iter().filter(|(_, out)| may(out)).copied().collect();
        let out = self.cursor.one_of("an out-parameter", &table)?;
        self.cursor.expect("=")?;
        let length = i64::from(i32::MIN)..=i64::from(i32::MAX);
        Ok(match out {
            Out::Addr => ShownOut::Addr(self.address()?),
            Out::Local => ShownOut::Local(self.address()?),
            Out::Remote => ShownOut::Remote(self.address()?),
            Out::Key if self.cursor.eat("unchanged") => ShownOut::Key(None),
            Out::Key => ShownOut::Key(Some(self.cursor.integer("a key", 0..=i64::from(u32::MAX))? as u32)),
            Out::Message => ShownOut::Message(self.shown_message()?),
            Out::Overlapped if self.cursor.eat("NULL") => ShownOut::Overlapped(None),
            Out::Overlapped => ShownOut::Overlapped(Some(self.name()?)),
            Out::Bytes if self.cursor.eat("unchanged") => ShownOut::Bytes(None),
            Out::Bytes => {
                let bytes = self.cursor.integer("a number of bytes", 0..=i64::from(u32::MAX))?;
                ShownOut::Bytes(Some(bytes as u32))
            }
            Out::AddrLen => ShownOut::AddrLen(self.cursor.integer("a length", length)? as i32),
            Out::Data => ShownOut::Data(self.data()?),
            Out::Value if self.cursor.eat("group") => {
                self.cursor.expect("(")?;
                let first = if self.cursor.eat("NULL") { None } else { Some(self.name()?) };
                self.cursor.expect(")")?;
                ShownOut::Group(first)
            }
            Out::Value => ShownOut::Value(self.option_value()?),
            Out::ReadFds => ShownOut::ReadFds(self.set()?),
            Out::WriteFds => ShownOut::WriteFds(self.set()?),
            Out::ExceptFds => ShownOut::ExceptFds(self.set()?),
            Out::Revents => ShownOut::Revents(self.revents()?),
            Out::Handles => ShownOut::Handles(self.polled()?),
            Out::Events => {
                let names: Vec<_> = NetworkEvents::NAMES.iter().map(|(name, bit)| (*name, bit.0)).collect();
                ShownOut::Events(NetworkEvents(self.mask(&names)?))
            }
            Out::EventErrors => ShownOut::EventErrors(self.event_errors()?),
            Out::CallerId => ShownOut::CallerId(self.one_address()?),
            Out::CalleeId => ShownOut::CalleeId(self.one_address()?),
            Out::CallerData => ShownOut::Given(GivenTo::CallerData, self.block()?),
            Out::Sqos => ShownOut::Given(GivenTo::Sqos, self.block()?),
            Out::Gqos => ShownOut::Given(GivenTo::Gqos, self.block()?),
            Out::CalleeData => ShownOut::Given(GivenTo::CalleeData, self.block()?),
            Out::Errno => ShownOut::Errno(self.error()?),
            Out::Entries => ShownOut::Entries(self.entries()?),
            Out::Error => ShownOut::Error(self.error()?),
            Out::Flags => ShownOut::Flags(self.cursor.integer("the flags", 0..=i64::from(u32::MAX))? as u32),
            Out::CallbackData => {
                ShownOut::CallbackData(self.cursor.integer("a number", 0..=i64::from(u32::MAX))? as u32)
            }
        })
    }

    /// `{{125, O, 4}, {7, NULL, 1}}`.
    fn entries(&mut self) -> Parsed<Vec<ShownEntry>> {
        let number = 0..=i64::from(u32::MAX);
        self.members(|reader| {
            reader.cursor.expect("{")?;
            let key = reader.cursor.integer("a key", number.clone())? as u32;
            reader.cursor.expect(",")?;
            let over = if reader.cursor.eat("NULL") { None } else { Some(reader.name()?) };
            reader.cursor.expect(",")?;
            let bytes = reader.cursor.integer("a number of bytes", number.clone())? as u32;
            reader.cursor.expect("}")?;
            Ok(ShownEntry { key, over, bytes })
        })
    }

    /// `{FD_CONNECT: WSAECONNREFUSED}`.
    fn event_errors(&mut self) -> Parsed<Vec<(NetworkEvents, Code)>> {
        let names: Vec<_> = NetworkEvents::NAMES.iter().map(|(name, bit)| (*name, bit.0)).collect();
        self.members(|reader| {
            let event = NetworkEvents(reader.mask(&names)?);
            reader.cursor.expect(":")?;
            Ok((event, reader.error()?))
        })
    }

    /// `{WM_USER+1, L, FD_ACCEPT, 0}`; `?` stands for a socket without a variable.
    fn shown_message(&mut self) -> Parsed<ShownMessage> {
        self.cursor.expect("{")?;
        let number = self.cursor.message_number(u32::MAX)?;
        self.cursor.expect(",")?;
        let socket = if self.cursor.eat("?") { None } else { Some(self.name()?) };
        self.cursor.expect(",")?;
        let names: Vec<_> = NetworkEvents::NAMES.iter().map(|(name, bit)| (*name, bit.0)).collect();
        let event = NetworkEvents(self.mask(&names)?);
        self.cursor.expect(",")?;
        let error = self.error()?;
        self.cursor.expect("}")?;
        Ok(ShownMessage { number, socket, event, error })
    }

    fn one_address(&mut self) -> Parsed<ShownAddress> {
        match self.address()? {
            Some(address) => Ok(address),
            None => Err(self.cursor.expected("an address")),
        }
    }

    fn block(&mut self) -> Parsed<Block> {
        if self.cursor.eat("NULL") {
            return Ok(Block::Null);
        }
        if self.cursor.eat("unset") {
            return Ok(Block::Unset);
        }
        match self.cursor.kind() {
            Kind::Text => self.cursor.data().map(Block::Data),
            _ if self.cursor.at("{") => self.cursor.qos().map(Block::Qos),
            _ => self
                .cursor
                .integer("a number of bytes", 0..=i64::from(u32::MAX))
                .map(|bytes| Block::Bytes(bytes as u32)),
        }
    }

    /// `unchanged`, or an address followed by `of` and the variables that have it.
    fn address(&mut self) -> Parsed<Option<ShownAddress>> {
        if self.cursor.eat("unchanged") {
            return Ok(None);
        }
        let address = match literal::address(self.cursor.text()) {
            Some(AddressLiteral::Port(address)) => address,
            Some(AddressLiteral::AnyPort(address)) => Address { port: Port::SOME, ..address },
            None => return Err(self.cursor.expected("`unchanged` or an address")),
        };
        self.cursor.advance();
        let mut names = Vec::new();
        if self.cursor.eat("of") {
            names.push(self.name()?);
            while self.cursor.kind() == Kind::Word {
                names.push(self.name()?);
            }
        }
        Ok(Some(ShownAddress { address, names }))
    }

    fn data(&mut self) -> Parsed<Data> {
        self.cursor.data()
    }

    fn option_value(&mut self) -> Parsed<OptVal> {
        if !self.cursor.eat("{") {
            return self.cursor.integer("a value", 0..=i64::from(u32::MAX)).map(|value| OptVal::Number(value as u32));
        }
        let on = self.cursor.integer("l_onoff", 0..=i64::from(u16::MAX))? as u16;
        self.cursor.expect(",")?;
        let seconds = self.cursor.integer("l_linger", 0..=i64::from(u16::MAX))? as u16;
        self.cursor.expect("}")?;
        Ok(OptVal::Linger(on, seconds))
    }

    fn set(&mut self) -> Parsed<Vec<NameId>> {
        self.members(Self::name)
    }

    fn revents(&mut self) -> Parsed<Vec<PollEvents>> {
        let names: Vec<_> = PollEvents::NAMES.iter().map(|(name, bit)| (*name, bit.0)).collect();
        self.members(|reader| reader.mask(&names).map(PollEvents))
    }

    /// `{L: AFD_POLL_ACCEPT}`; `?` stands for a socket without a variable.
    fn polled(&mut self) -> Parsed<Vec<(Option<NameId>, AfdEvents)>> {
        let names: Vec<_> = AfdEvents::NAMES.iter().map(|(name, bit)| (*name, bit.0)).collect();
        self.members(|reader| {
            let socket = if reader.cursor.eat("?") { None } else { Some(reader.name()?) };
            reader.cursor.expect(":")?;
            Ok((socket, AfdEvents(reader.mask(&names)?)))
        })
    }

    /// Members in braces, with commas between them.
    fn members<T>(&mut self, member: impl Fn(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut members = Vec::new();
        self.cursor.expect("{")?;
        while !self.cursor.eat("}") {
            if !members.is_empty() {
                self.cursor.expect(",")?;
            }
            members.push(member(self)?);
        }
        Ok(members)
    }

    /// Names of bits, and a number for those without a name, joined by `|`.
    fn mask(&mut self, names: &[(&str, u16)]) -> Parsed<u16> {
        let mut mask = 0;
        loop {
            mask |= if self.cursor.kind() == Kind::Number {
                self.cursor.integer("a mask", 0..=i64::from(u16::MAX))? as u16
            } else {
                self.cursor.one_of("events", names)?
            };
            if !self.cursor.eat("|") {
                return Ok(mask);
            }
        }
    }

    fn find_name(&self, word: &str) -> Option<NameId> {
        self.script.names.iter().position(|name| name.text == word).map(|index| NameId(index as u16))
    }

    fn name(&mut self) -> Parsed<NameId> {
        match self.find_name(self.cursor.text()) {
            Some(name) => {
                self.cursor.advance();
                Ok(name)
            }
            None => Err(self.cursor.expected("a variable of the scenario")),
        }
    }
}
