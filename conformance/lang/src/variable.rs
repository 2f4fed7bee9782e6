//! Variables: where they are bound, and who sees them.

use std::ops::Range;

use winaccept_model::call::ThreadId;
use winaccept_sim::script::{Name, NameId, Ref, Span};

use super::cursor::{Parsed, Reported, shortened};
use super::diagnostic::Diagnostic;
use super::limits::MAX_NAMES;
use super::literal;
use super::parser::{Binding, Parser, Thing};
use super::reserved::is_free;
use super::scope::{Seen, exclusive};
use super::signature::SIGNATURES;
use super::suggest::{did_you_mean, nearest};
use super::token::Kind;

impl Parser<'_> {
    /// Binds the variable spelled `word` at `span` by a step of `actor`.
    pub(super) fn bind(&mut self, word: &str, span: &Range<usize>, actor: ThreadId, thing: Thing) -> Parsed<NameId> {
        self.check_spelling(word, span)?;
        let text = match self.member {
            Some(member) => format!("{word}.{}", member.number),
            None => word.to_owned(),
        };
        // `C` beside `C.1` would make it unclear which of them a member means.
        let other = if self.member.is_some() { word.to_owned() } else { format!("{word}.1") };
        if let Some(earlier) = self.names.get(&other) {
            return Err(self.bound_twice(word, span, *earlier));
        }
        let id = match self.names.get(&text).copied() {
            Some(id) => {
                let elsewhere = self.bindings[usize::from(id.0)].paths.iter().all(|path| exclusive(path, &self.path));
                if !elsewhere && !self.just_bound.contains(&id) {
                    return Err(self.bound_twice(word, span, id));
                }
                self.bindings[usize::from(id.0)].paths.push(self.path.clone());
                id
            }
            None => self.add_name(text, span, thing)?,
        };
        self.just_bound.push(id);
        self.flow.bound.insert(id, if self.any_order { Seen::By(actor) } else { Seen::ByAll });
        Ok(id)
    }

    fn check_spelling(&mut self, word: &str, span: &Range<usize>) -> Parsed<()> {
        let known_call = SIGNATURES.iter().any(|signature| signature.name == word);
        if is_free(word) && !known_call && !word.contains(['.', '-']) {
            return Ok(());
        }
        let title = format!("`{}` cannot name a variable", shortened(word));
        let problem = Diagnostic::new(title, span.clone(), "expected a variable such as `L`")
            .help("a variable is letters, digits and `_`, and neither a word of the language nor like a Winsock name");
        Err(self.cursor.report(problem))
    }

    fn bound_twice(&mut self, word: &str, span: &Range<usize>, earlier: NameId) -> Reported {
        let first = self.script.names[usize::from(earlier.0)].span;
        let problem =
            Diagnostic::new(format!("`{}` is bound twice", shortened(word)), span.clone(), "bound again here")
                .also(first.start as usize..first.end as usize, "first bound here")
                .help("every handle has a variable of its own; only branches of one `either` may share one");
        self.cursor.report(problem)
    }

    fn add_name(&mut self, text: String, span: &Range<usize>, thing: Thing) -> Parsed<NameId> {
        if self.script.names.len() == MAX_NAMES {
            let label = format!("this would be one more than {MAX_NAMES}");
            return Err(self.cursor.report(Diagnostic::new("too many variables", span.clone(), label)));
        }
        let id = NameId(self.script.names.len() as u16);
        let span = Span { start: span.start as u32, end: span.end as u32 };
        self.script.names.push(Name { text: text.clone(), span });
        let group = self.member.and_then(|member| member.group);
        self.bindings.push(Binding { paths: vec![self.path.clone()], thing, group });
        self.names.insert(text, id);
        Ok(id)
    }

    /// The variable spelled `word`, as `actor` sees it here.
    pub(super) fn variable(&mut self, word: &str, span: &Range<usize>, actor: Option<ThreadId>) -> Parsed<NameId> {
        if word.contains('.') {
            return Err(self.names_one_member(word, span));
        }
        let id = self.own(word).or_else(|| self.names.get(word).copied());
        if let Some(id) = id.filter(|id| self.flow.sees(actor, *id)) {
            return Ok(id);
        }
        let title = format!("`{}` is not bound here", shortened(word));
        let problem = Diagnostic::new(title, span.clone(), "no earlier step binds it");
        let problem = match id {
            Some(id) => {
                let at = self.script.names[usize::from(id.0)].span;
                problem
                    .also(at.start as usize..at.end as usize, "bound here, by a step that need not come before")
                    .help("inside `any order` an actor sees what was bound before the block or by itself")
            }
            None if self.names.contains_key(&format!("{word}.1")) => problem
                .help(format!("each member of the alike group has a `{word}` of its own, which only it can name")),
            None => {
                let visible = self.flow.bound.keys().map(|id| self.script.names[usize::from(id.0)].text.as_str());
                match nearest(word, visible) {
                    Some(near) => problem.help(format!("did you mean `{near}`?")),
                    None => problem.help("a variable is bound by what stands after `=`: `server  socket(…) = L`"),
                }
            }
        };
        Err(self.cursor.report(problem))
    }

    /// The variable of this spelling that the alike actor whose steps are read has for itself. A group has only its own:
    /// who pairs members of two groups tells them apart.
    fn own(&self, word: &str) -> Option<NameId> {
        let member = self.member?;
        let id = *self.names.get(&format!("{word}.{}", member.number))?;
        (self.bindings[usize::from(id.0)].group == member.group).then_some(id)
    }

    /// `D.1` is how observations spell the variable of one of several alike actors. A scenario that named it would make
    /// its owner differ from the others, which exploring takes to be interchangeable.
    fn names_one_member(&mut self, word: &str, span: &Range<usize>) -> Reported {
        let title = format!("`{}` names no variable", shortened(word));
        let problem = Diagnostic::new(title, span.clone(), "letters, digits and `_` only");
        let problem = match word.split_once('.') {
            Some((plain, _)) if self.names.contains_key(&format!("{plain}.1")) => problem.help(format!(
                "each member of the alike group has a `{plain}` of its own, which only it can name, as `{plain}`; an \
                 actor whose variable others name stands outside `clients N alike`"
            )),
            _ => problem.help("members of an alike group are never named one by one: that would make them differ"),
        };
        self.cursor.report(problem)
    }

    /// Takes a variable that is a socket.
    pub(super) fn socket_variable(&mut self, actor: Option<ThreadId>) -> Parsed<NameId> {
        let (word, span) = self.cursor.word("a variable that names a socket")?;
        let id = self.variable(word, &span, actor)?;
        let thing = self.bindings[usize::from(id.0)].thing;
        if thing != Thing::Socket {
            let title = format!("`{word}` is {}", thing.what());
            let problem = Diagnostic::new(title, span, "expected a socket").help("name the socket that connects");
            return Err(self.cursor.report(problem));
        }
        Ok(id)
    }

    /// Takes a variable that is an OVERLAPPED.
    pub(super) fn overlapped(&mut self, actor: ThreadId) -> Parsed<Ref> {
        let (word, span) = self.cursor.word("a variable that names an OVERLAPPED")?;
        let id = self.variable(word, &span, Some(actor))?;
        let thing = self.bindings[usize::from(id.0)].thing;
        if thing == Thing::Overlapped {
            return Ok(Ref::Name(id));
        }
        let title = format!("`{}` is {}", shortened(word), thing.what());
        let problem = Diagnostic::new(title, span, "expected an OVERLAPPED")
            .help("one is made by `server  OVERLAPPED(NULL) = O`; its argument is its event");
        Err(self.cursor.report(problem))
    }

    /// Takes a handle argument: a variable, `INVALID_SOCKET`, or `handle(0xdead)`.
    pub(super) fn handle(&mut self, what: &str, actor: ThreadId) -> Parsed<Ref> {
        if self.cursor.eat("INVALID_SOCKET") {
            return Ok(Ref::InvalidSocket);
        }
        if self.cursor.eat("handle") {
            self.cursor.expect("(")?;
            let number = self.cursor.integer("a handle that is not open", 0..=i64::from(u32::MAX))?;
            self.cursor.expect(")")?;
            return Ok(Ref::Number(number as u32));
        }
        if self.cursor.kind() == Kind::Number && literal::integer(self.cursor.text()).is_some() {
            let problem = self.cursor.expectation(what);
            let help = format!("a handle that is not open is written `handle({})`", shortened(self.cursor.text()));
            return Err(self.cursor.report(problem.help(help)));
        }
        if self.cursor.kind() == Kind::Word && !is_free(self.cursor.text()) {
            let near = did_you_mean(self.cursor.text(), ["INVALID_SOCKET"]);
            let problem = self.cursor.expectation(what).maybe_help(near);
            return Err(self.cursor.report(problem));
        }
        let (word, span) = self.cursor.word(what)?;
        self.variable(word, &span, Some(actor)).map(Ref::Name)
    }
}
