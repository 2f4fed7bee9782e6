//! A call with its arguments.

use winaccept_model::call::{
    AfdEvents, Call, Data, FileModes, NetworkEvents, PollEvents, ProcessId, SocketFlags, ThreadId,
};
use winaccept_model::code::{CODES, Code};
use winaccept_sim::script::Ref;

use super::cursor::{Parsed, shortened};
use super::diagnostic::Diagnostic;
use super::kind::Asking;
use super::parser::Parser;
use super::signature::{Form, SIGNATURES, Signature, is_not_yet_modelled, signature};
use super::suggest::{did_you_mean, nearest};
use super::token::Kind;

impl Parser<'_> {
    /// Takes the name of a call.
    pub(super) fn call_name(&mut self) -> Parsed<&'static Signature> {
        let (word, span) = self.cursor.word("the name of a call")?;
        if let Some(signature) = signature(word) {
            return Ok(signature);
        }
        let title = format!("unknown call `{}`", shortened(word));
        if is_not_yet_modelled(word) {
            let problem = Diagnostic::new(title, span, "Winsock has this call, the model does not have it yet");
            return Err(self.cursor.report(problem.help("docs/language.md lists the calls that the model has")));
        }
        let near = did_you_mean(word, SIGNATURES.iter().map(|signature| signature.name));
        let problem = Diagnostic::new(title, span, "the model has no such call");
        let problem = match near {
            Some(near) => problem.help(near),
            None => problem.help("a step is `ACTOR  CALL(arguments) = RESULT`"),
        };
        Err(self.cursor.report(problem))
    }

    /// Takes a call: its name and its arguments in parentheses.
    pub(super) fn call(&mut self, actor: ThreadId) -> Parsed<(&'static Signature, Call<Ref>)> {
        let signature = self.call_name()?;
        self.cursor.expect("(")?;
        let given = self.check_argument_count(signature)?;
        let form = match signature.forms.as_slice() {
            [only] => only,
            several => self.likeliest(several, given, actor),
        };
        let call = self.form(form, given, actor)?;
        Ok((signature, call))
    }

    fn form(&mut self, form: &Form, given: usize, actor: ThreadId) -> Parsed<Call<Ref>> {
        let asking = Asking { actor, extra: given > form.arguments.0, written: false, option: None };
        let call = self.arguments(form.function, asking)?;
        self.cursor.expect(")")?;
        Ok(call)
    }

    /// Of several forms the one that can be read, or the one whose complaint comes last.
    fn likeliest<'f>(&mut self, forms: &'f [Form], given: usize, actor: ThreadId) -> &'f Form {
        let mark = self.cursor.mark();
        // Nothing of what is tried here is to be reported, or to count as one problem more.
        let problems = std::mem::take(&mut self.cursor.problems);
        let reach = |parser: &mut Self, form: &&Form| {
            let read = parser.form(form, given, actor).is_ok();
            let reached = (read, parser.cursor.mark());
            parser.cursor.problems.clear();
            parser.cursor.rewind(mark);
            reached
        };
        // Of equals the first.
        let likeliest = forms.iter().rev().max_by_key(|form| reach(self, form));
        self.cursor.problems = problems;
        likeliest.expect("invariant: a call has a form")
    }

    /// Counts the arguments up to the closing parenthesis, which must be there.
    fn check_argument_count(&mut self, signature: &Signature) -> Parsed<usize> {
        let open = self.cursor.since(0).end;
        let (mark, start) = (self.cursor.mark(), self.cursor.span().start);
        let (mut depth, mut commas, mut any) = (0usize, 0, false);
        loop {
            match self.cursor.text() {
                ")" if depth == 0 => break,
                "," if depth == 0 => commas += 1,
                "(" | "{" => depth += 1,
                ")" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if self.cursor.at_line_end() {
                let problem = self.cursor.expectation(&format!("`)` to close the arguments of `{}`", signature.name));
                return Err(self.cursor.report(problem.also(open - 1..open, "opened here")));
            }
            if self.cursor.kind() == Kind::UnclosedText {
                return Err(self.cursor.expected("an argument"));
            }
            any = true;
            self.cursor.advance();
        }
        let given = if any { commas + 1 } else { 0 };
        let missing = self.missing_comma(mark, self.cursor.mark());
        let span = self.cursor.since(start);
        let low = signature.forms.iter().map(|form| form.arguments.0).min().unwrap_or(0);
        let high = signature.forms.iter().map(|form| form.arguments.1).max().unwrap_or(0);
        if (low..=high).contains(&given) {
            self.cursor.rewind(mark);
            return Ok(given);
        }
        let wanted = if low == high { format!("{low}") } else { format!("{low} or {high}") };
        let plural = if high == 1 { "" } else { "s" };
        let title = format!("`{}` takes {wanted} argument{plural}, not {given}", signature.name);
        let problem = Diagnostic::new(title, span, format!("expected {wanted} argument{plural}"))
            .maybe_help(missing)
            .help(format!("for example `{}`", signature.usage));
        Err(self.cursor.report(problem))
    }

    /// Where two arguments stand beside each other without a comma, or with another sign, between these marks.
    fn missing_comma(&mut self, from: usize, to: usize) -> Option<String> {
        let end = self.cursor.mark();
        self.cursor.rewind(from);
        let (mut depth, mut before, mut found) = (0usize, false, None);
        while found.is_none() && self.cursor.mark() < to {
            let value = matches!(self.cursor.kind(), Kind::Word | Kind::Number | Kind::Text);
            let word = shortened(self.cursor.text());
            match self.cursor.text() {
                "(" | "{" => depth += 1,
                ")" | "}" => depth = depth.saturating_sub(1),
                ";" => found = Some("arguments are separated by `,`, not by `;`".to_owned()),
                _ if depth == 0 && before && value => found = Some(format!("a comma is missing before `{word}`")),
                _ => {}
            }
            before = value || self.cursor.text() == "}";
            self.cursor.advance();
        }
        self.cursor.rewind(end);
        found
    }

    /// The data of `send` and of `with data`.
    pub(super) fn data(&mut self) -> Parsed<Data> {
        self.cursor.data()
    }

    /// Takes the name of an error code.
    pub(super) fn error_name(&mut self) -> Parsed<Code> {
        let (word, span) = self.cursor.word("the name of an error code")?;
        Code::by_name(word).ok_or_else(|| self.unknown_error(word, span))
    }

    pub(super) fn unknown_error(&mut self, word: &str, span: std::ops::Range<usize>) -> super::cursor::Reported {
        let names = || CODES.iter().map(|(name, _)| *name);
        // Unix programmers leave the prefix away.
        let prefixed = format!("WSA{word}");
        let near = names().find(|name| *name == prefixed).or_else(|| nearest(word, names()));
        let problem =
            Diagnostic::new(format!("unknown error name `{}`", shortened(word)), span, "no error code has this name");
        self.cursor.report(problem.maybe_help(near.map(|near| format!("did you mean `{near}`?"))))
    }

    /// Takes a mask of network events: `FD_ACCEPT|FD_READ`, or `0`.
    pub(super) fn network_events(&mut self) -> Parsed<NetworkEvents> {
        let bits: Vec<_> = NetworkEvents::NAMES.iter().map(|(name, bit)| (*name, bit.0)).collect();
        self.mask("network events", &bits).map(NetworkEvents)
    }

    /// Takes the flags of a new socket.
    pub(super) fn socket_flags(&mut self) -> Parsed<SocketFlags> {
        let bits: Vec<_> = SocketFlags::NAMES.iter().map(|(name, bit)| (*name, bit.0)).collect();
        self.mask("the flags", &bits).map(SocketFlags)
    }

    /// Takes the modes of a handle.
    pub(super) fn file_modes(&mut self) -> Parsed<FileModes> {
        let bits: Vec<_> = FileModes::NAMES.iter().map(|(name, bit)| (*name, bit.0)).collect();
        self.mask("modes", &bits).map(FileModes)
    }

    /// Takes a mask of poll events: `POLLRDNORM|POLLWRNORM`, or `0`.
    /// Sockets in braces, each with its events.
    pub(super) fn with_events<E>(
        &mut self,
        what: &'static str,
        actor: ThreadId,
        events: fn(&mut Self) -> Parsed<E>,
    ) -> Parsed<Vec<(Ref, E)>> {
        let mut all = Vec::new();
        self.cursor.expect("{")?;
        while !self.cursor.eat("}") {
            if !all.is_empty() {
                self.cursor.expect(",")?;
            }
            let start = self.cursor.span().start;
            let s = self.handle(what, actor)?;
            self.cursor.expect(":")?;
            all.push((s, events(self)?));
            self.check_members(all.len(), start)?;
        }
        Ok(all)
    }

    pub(super) fn afd_events(&mut self) -> Parsed<AfdEvents> {
        let bits: Vec<_> = AfdEvents::NAMES.iter().map(|(name, bit)| (*name, bit.0)).collect();
        self.mask("events of a poll of the driver", &bits).map(AfdEvents)
    }

    pub(super) fn poll_events(&mut self) -> Parsed<PollEvents> {
        let bits: Vec<_> = PollEvents::NAMES.iter().map(|(name, bit)| (*name, bit.0)).collect();
        self.mask("poll events", &bits).map(PollEvents)
    }

    /// Takes names joined by `|`, or `0`. A `|` before anything but one more name belongs to the alternatives.
    fn mask(&mut self, what: &str, names: &[(&str, u16)]) -> Parsed<u16> {
        if self.cursor.text() == "0" {
            self.cursor.advance();
            return Ok(0);
        }
        let mut mask = self.cursor.one_of(what, names)?;
        let prefix = match what {
            "poll events" => "POLL",
            "modes" => "FILE_",
            "the flags" => "WSA_FLAG_",
            "events of a poll of the driver" => "AFD_POLL_",
            _ => "FD_",
        };
        while self.cursor.at("|") && self.cursor.text_ahead(1).starts_with(prefix) {
            self.cursor.advance();
            mask |= self.cursor.one_of(what, names)?;
        }
        Ok(mask)
    }

    /// The process behind `for`, or the default one.
    pub(super) fn for_process(&mut self) -> Parsed<ProcessId> {
        if self.cursor.eat("for") { self.process() } else { Ok(ProcessId(0)) }
    }
}
