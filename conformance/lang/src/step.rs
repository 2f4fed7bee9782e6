//! A step: who does what, and what is expected of it.

use std::ops::Range;

use winaccept_model::call::{Call, ThreadId};
use winaccept_model::code::Code;
use winaccept_model::outcome::Value;
use winaccept_sim::script::{Action, Expect, InGroup, Pattern, PrintArgument, Ref, Said, Step, ValuePattern};

use super::cursor::Parsed;
use super::diagnostic::Diagnostic;
use super::expectation::Expected;
use super::literal::{ANSWERS, GROUPS};
use super::parser::{Parser, Thing};
use super::reserved::is_free;
use super::scope::{Blocked, Progress, Seen};
use super::signature::{Signature, signature};
use super::token::Kind;

impl Parser<'_> {
    /// Reads a step, or complains and skips it. Inside `either` and `repeat`, `owner` is whose steps they hold.
    pub(super) fn step(&mut self, owner: Option<ThreadId>) -> Parsed<Step> {
        let (mark, span) = (self.cursor.mark(), self.cursor.span());
        self.just_bound.clear();
        self.asked = None;
        let actor = self.count_step().and_then(|()| self.actor());
        let step = actor.and_then(|actor| {
            self.check_owner(actor, owner, &span)?;
            self.step_of(actor, span)
        });
        if step.is_err() {
            self.recover(mark, actor.ok());
        }
        step
    }

    fn check_owner(&mut self, actor: ThreadId, owner: Option<ThreadId>, span: &Range<usize>) -> Parsed<()> {
        match owner {
            Some(owner) if owner != actor => {
                let name = |actor: ThreadId| self.script.actors[actor.index()].name.as_str();
                let title = format!("a step of `{}` among steps of `{}`", name(actor), name(owner));
                let problem = Diagnostic::new(title, span.clone(), format!("expected `{}`", name(owner)))
                    .help("`either` and `repeat` hold the steps of one actor");
                Err(self.cursor.report(problem))
            }
            _ => Ok(()),
        }
    }

    /// The step of an actor, whose name at `name` has been taken.
    fn step_of(&mut self, actor: ThreadId, name: Range<usize>) -> Parsed<Step> {
        if self.is_peer(actor) || matches!(self.cursor.text(), "sends" | "expects") {
            return self.peer_step_of(actor, name);
        }
        self.check_alive(actor, &name)?;
        let resumes = self.cursor.text_ahead(1) == "resumes";
        let resumed = signature(self.cursor.text()).filter(|_| resumes);
        let before = self.flow.progress(actor).clone();
        let (action, expect) = match self.cursor.text() {
            "in" => self.in_hook(actor, &name)?,
            "ends" => self.ends(actor, &name)?,
            "condition" if self.cursor.text_ahead(1) == "returns" => {
                self.check_free(actor, &name)?;
                self.condition_returns(actor, &name)?
            }
            "routine" if self.cursor.text_ahead(1) == "returns" => {
                self.check_free(actor, &name)?;
                self.routine_returns(actor, &name)?
            }
            _ if resumes => self.resumes(actor)?,
            word => {
                self.check_free(actor, &name)?;
                match word {
                    "prints" => self.prints()?,
                    "exits" => self.exits(actor, &name)?,
                    _ => self.plain_call(actor, &name)?,
                }
            }
        };
        let shows = self.shows(expect.is_some())?;
        let (confirms, on_windows) = self.confirms(actor, &action, &before, resumed, expect.is_some())?;
        let allowed = match (&expect, confirms.is_empty()) {
            (Some(_), true) if shows.is_empty() => "`shows`, `confirms` or the end of the line",
            (Some(_), true) => "`confirms` or the end of the line",
            (None, true) => "`=`, `confirms` or the end of the line",
            (_, false) => "`=` or the end of the line",
        };
        self.cursor.line_end(allowed)?;
        let (called, call) = match (&action, &before) {
            (Action::Call(call) | Action::ConditionReturns { call, .. }, _) => (signature(call.name()), Some(*call)),
            (Action::Resumes, Progress::Blocked(blocked)) => (resumed, Some(blocked.call)),
            _ => (resumed, None),
        };
        self.asks_about(actor, called, call, expect.as_ref());
        let span = self.span_since(name.start);
        Ok(Step { actor, action, expect, shows, confirms, on_windows, span })
    }

    /// `confirms FACT, … [= RESULT]`, if it stands here. `before` is what this actor had in progress before the step, `resumed` the
    /// call that it says has returned.
    fn confirms(
        &mut self,
        actor: ThreadId,
        action: &Action,
        before: &Progress,
        resumed: Option<&'static Signature>,
        expects: bool,
    ) -> Parsed<(Vec<String>, Option<Expect>)> {
        let span = self.cursor.span();
        let facts = self.facts()?;
        if facts.is_empty() {
            return Ok((facts, None));
        }
        let call = match (action, before) {
            (
                Action::Call(call)
                | Action::InHook(call)
                | Action::ConditionReturns { call, .. }
                | Action::RoutineReturns { call },
                _,
            ) => Some(call),
            (Action::Resumes, Progress::Blocked(blocked)) => Some(&blocked.call),
            _ => None,
        };
        let signature = resumed.or_else(|| call.and_then(|call| signature(call.name())));
        if let (true, Some(signature)) = (self.cursor.at("="), signature) {
            self.cursor.advance();
            let result = self.result(Expected { signature, call, actor: Some(actor) })?;
            return Ok((facts, Some(result)));
        }
        if expects {
            return Ok((facts, None));
        }
        let problem =
            Diagnostic::new("a step without outcome confirms nothing", span, "expected `= …` before or behind this").help(
                "say what Windows does: `server  accept(L, NULL, NULL)  confirms C1 = A`; before `confirms` stands what the \
                 documents say",
            );
        Err(self.cursor.report(problem))
    }

    /// The step of a raw peer, which no exit of a process ends.
    fn peer_step_of(&mut self, actor: ThreadId, name: Range<usize>) -> Parsed<Step> {
        let (action, expect) = self.peer_step(actor, &name)?;
        let shows = self.shows(expect.is_some())?;
        let span = self.cursor.span();
        let confirms = self.facts()?;
        if expect.is_none() && !confirms.is_empty() {
            let problem = Diagnostic::new("what a peer sends confirms nothing", span, "expected the end of the line");
            return Err(self.cursor.report(problem.help("a fact is about what comes back: put it behind `expects`")));
        }
        // What Windows does there, where the documents say something else.
        let else_on_windows = !confirms.is_empty() && self.cursor.eat("=");
        let on_windows = if else_on_windows { Some(Expect::Segments(self.segments()?)) } else { None };
        self.cursor.line_end(match expect {
            Some(_) => "`shows`, `confirms` or the end of the line",
            None => "the end of the line",
        })?;
        Ok(Step { actor, action, expect, shows, confirms, on_windows, span: self.span_since(name.start) })
    }

    /// Complains about a step after the end of the actor, or the exit of its process.
    fn check_alive(&mut self, actor: ThreadId, name: &Range<usize>) -> Parsed<()> {
        if let Some(end) = self.flow.ended(actor).cloned() {
            let who = &self.script.actors[actor.index()].name;
            let title = match self.cursor.text() {
                "ends" => format!("`{who}` ends twice"),
                _ => format!("a step after `{who}` has ended"),
            };
            let problem = Diagnostic::new(title, name.clone(), "this actor is gone").also(end, "it ends here");
            return Err(self.cursor.report(problem.help("other actors of its process can go on")));
        }
        let process = self.script.actors[actor.index()].process;
        let Some(exit) = self.flow.gone(actor, process).cloned() else { return Ok(()) };
        let process = &self.script.processes[process.index()].name;
        let again = self.cursor.at("exits");
        let title = if again {
            format!("process `{process}` exits twice")
        } else {
            format!("a step after process `{process}` has exited")
        };
        let problem = Diagnostic::new(title, name.clone(), "this actor is gone").also(exit, "its process exits here");
        Err(self.cursor.report(problem.help("actors of another process can go on: `process peer: client`")))
    }

    /// Complains about a step by an actor whose call is still in progress.
    fn check_free(&mut self, actor: ThreadId, name: &Range<usize>) -> Parsed<()> {
        let who = self.script.actors[actor.index()].name.clone();
        let problem = match self.flow.progress(actor).clone() {
            Progress::Free | Progress::Unsure => return Ok(()),
            Progress::Blocked(blocked) => {
                let call = blocked.call.name();
                Diagnostic::new(
                    format!("a step of `{who}` while its `{call}` is in progress"),
                    name.clone(),
                    "this actor is blocked",
                )
                .also(blocked.step, "this call has not returned")
                .help(format!("say when it returns: `{who}  {call} resumes = …`"))
            }
            Progress::Never(repeat) => {
                Diagnostic::new(format!("`{who}` never gets here"), name.clone(), "this step is never taken")
                    .also(repeat, "it repeats this without end")
            }
        };
        Err(self.cursor.report(problem))
    }

    fn plain_call(&mut self, actor: ThreadId, name: &Range<usize>) -> Parsed<(Action, Option<Expect>)> {
        let (signature, call) = self.call(actor)?;
        let expect = self.expectation(signature, &call, actor)?;
        self.goes_on(actor, name, call, expect.as_ref());
        Ok((Action::Call(call), expect))
    }

    /// Takes note of where this actor is after its call has begun, or gone on, with this outcome.
    fn goes_on(&mut self, actor: ThreadId, name: &Range<usize>, call: Call<Ref>, expect: Option<&Expect>) {
        let progress = match expect {
            Some(Expect::Blocks) => Progress::Blocked(Blocked { step: self.cursor.since(name.start), call }),
            Some(Expect::Silent(_)) | None if call.function().does().waits => Progress::Unsure,
            _ => Progress::Free,
        };
        *self.flow.progress(actor) = progress;
        self.may_call_back(actor, call, expect);
    }

    /// Takes note of the function of the program that may run in this call after this outcome.
    fn may_call_back(&mut self, actor: ThreadId, call: Call<Ref>, expect: Option<&Expect>) {
        if call.has_condition() && may_call(expect, Value::CallsCondition) {
            self.flow.asked(actor).push(call);
        }
        let told = matches!(expect, Some(Expect::OneOf(_)));
        if (told || call.lets_apcs_run() && call.alertable()) && may_call(expect, Value::CallsRoutine) {
            self.flow.interrupted(actor).push(call);
        }
    }

    /// `routine returns`: the completion routine comes back to the call that has called it.
    fn routine_returns(&mut self, actor: ThreadId, name: &Range<usize>) -> Parsed<(Action, Option<Expect>)> {
        let start = self.cursor.span().start;
        self.cursor.advance();
        self.cursor.advance();
        let Some(call) = self.flow.interrupted(actor).pop() else {
            let who = &self.script.actors[actor.index()].name;
            let title = format!("no completion routine of `{who}` is running");
            let problem = Diagnostic::new(title, self.cursor.since(start), "nothing to return from")
                .help(format!("a call that calls one comes first: `{who}  SleepEx(0, TRUE) = calls routine`"));
            return Err(self.cursor.report(problem));
        };
        let signature = signature(call.name()).expect("invariant: a call has a signature");
        let expect = self.expectation(signature, &call, actor)?;
        self.goes_on(actor, name, call, expect.as_ref());
        Ok((Action::RoutineReturns { call }, expect))
    }

    /// `condition returns ANSWER`: the condition function comes back to the call that has called it.
    fn condition_returns(&mut self, actor: ThreadId, name: &Range<usize>) -> Parsed<(Action, Option<Expect>)> {
        let start = self.cursor.span().start;
        self.cursor.advance();
        self.cursor.advance();
        let value = match self.cursor.kind() {
            Kind::Number => self.cursor.integer("what it returns", i64::from(i32::MIN)..=i64::from(i32::MAX))? as i32,
            _ => self.cursor.one_of("`CF_ACCEPT`, `CF_REJECT`, `CF_DEFER` or a number", ANSWERS)?,
        };
        let said = self.writes(value, actor)?;
        let Some(call) = self.flow.asked(actor).pop() else {
            let who = &self.script.actors[actor.index()].name;
            let title = format!("no condition function of `{who}` is running");
            let problem = Diagnostic::new(title, self.cursor.since(start), "nothing to return from").help(format!(
                "a call that calls one comes first: `{who}  WSAAccept(L, NULL, NULL, condition, 0) = calls condition`"
            ));
            return Err(self.cursor.report(problem));
        };
        let signature = signature(call.name()).expect("invariant: a call has a signature");
        let expect = self.expectation(signature, &call, actor)?;
        self.goes_on(actor, name, call, expect.as_ref());
        Ok((Action::ConditionReturns { said, call }, expect))
    }

    /// `with g = GROUP, calleedata = BYTES`, if it stands here: what a condition function has written when it returns this.
    fn writes(&mut self, value: i32, actor: ThreadId) -> Parsed<Said> {
        let mut said = Said { value, group: None, callee_data: None };
        if !self.cursor.eat("with") {
            return Ok(said);
        }
        loop {
            let span = self.cursor.span();
            let is_group = self.cursor.one_of("`g` or `calleedata`", &[("g", true), ("calleedata", false)])?;
            if if is_group { said.group.is_some() } else { said.callee_data.is_some() } {
                return Err(self.cursor.report(Diagnostic::new("it is written twice", span, "named again here")));
            }
            self.cursor.expect("=")?;
            if is_group {
                said.group = Some(self.group(actor)?);
            } else {
                said.callee_data = Some(self.cursor.integer("a number", 0..=i64::from(u8::MAX))? as u32);
            }
            if !self.cursor.eat(",") {
                return Ok(said);
            }
        }
    }

    /// A socket group: a word, a number, or `group(A)`, the one that this socket is in.
    fn group(&mut self, actor: ThreadId) -> Parsed<InGroup> {
        if self.cursor.at("group") {
            return self.group_of(actor).map(InGroup::Of);
        }
        let number = match self.cursor.kind() {
            Kind::Word => self
                .cursor
                .one_of("`SG_UNCONSTRAINED_GROUP`, `SG_CONSTRAINED_GROUP`, `group(A)` or a number", GROUPS)?,
            _ => self.cursor.integer("a number", 0..=i64::from(u32::MAX))? as u32,
        };
        Ok(InGroup::Number(number))
    }

    /// `= RESULT` of a call, if it stands here.
    fn expectation(
        &mut self,
        signature: &'static Signature,
        call: &Call<Ref>,
        actor: ThreadId,
    ) -> Parsed<Option<Expect>> {
        if !self.cursor.eat("=") {
            return Ok(None);
        }
        let span = self.cursor.span();
        let expect = self.result(Expected { signature, call: Some(call), actor: Some(actor) })?;
        if expect == Expect::Blocks && !call.function().does().waits {
            let problem =
                Diagnostic::new(format!("`{}` never blocks", signature.name), span, "expected what it returns");
            return Err(self.cursor.report(problem.help("`...` is for calls that wait, such as `accept`")));
        }
        Ok(Some(expect))
    }

    fn in_hook(&mut self, actor: ThreadId, name: &Range<usize>) -> Parsed<(Action, Option<Expect>)> {
        self.cursor.advance();
        self.cursor.expect("hook")?;
        match self.flow.progress(actor).clone() {
            Progress::Blocked(_) | Progress::Unsure => {}
            Progress::Never(_) => self.check_free(actor, name)?,
            Progress::Free => {
                let problem = Diagnostic::new("no call is in progress", name.clone(), "this actor is not blocked")
                    .help(
                        "a blocking hook runs while a call blocks: `server  accept(L, NULL, NULL) = ...` comes first",
                    );
                return Err(self.cursor.report(problem));
            }
        }
        let (signature, call) = self.call(actor)?;
        let span = self.cursor.span();
        let expect = self.expectation(signature, &call, actor)?;
        if expect == Some(Expect::Blocks) {
            let problem = Diagnostic::new("a call in a hook does not block", span, "expected what it returns")
                .help("only one call of a thread can be in progress");
            return Err(self.cursor.report(problem));
        }
        Ok((Action::InHook(call), expect))
    }

    fn resumes(&mut self, actor: ThreadId) -> Parsed<(Action, Option<Expect>)> {
        let start = self.cursor.span().start;
        let signature = self.call_name()?;
        self.cursor.expect("resumes")?;
        let span = self.cursor.since(start);
        let call = match self.flow.progress(actor).clone() {
            Progress::Blocked(blocked) if blocked.call.name() == signature.name => Some(blocked.call),
            Progress::Unsure => None,
            Progress::Blocked(blocked) => {
                let title = format!("`{}` is not the call in progress", signature.name);
                let label = format!("expected `{}`", blocked.call.name());
                let problem = Diagnostic::new(title, span, label).also(blocked.step, "this call is in progress");
                return Err(self.cursor.report(problem));
            }
            Progress::Free | Progress::Never(_) => {
                let who = &self.script.actors[actor.index()].name;
                let title = format!("`{who}` has no call in progress");
                let problem = Diagnostic::new(title, span, "nothing to resume")
                    .help(format!("a call that blocks comes first: `{who}  {} = ...`", signature.usage));
                return Err(self.cursor.report(problem));
            }
        };
        let mut expect = None;
        if self.cursor.eat("=") {
            if self.cursor.at("...") {
                return Err(self.cursor.expected("what the call returns"));
            }
            expect = Some(self.result(Expected { signature, call: call.as_ref(), actor: Some(actor) })?);
        }
        *self.flow.progress(actor) = Progress::Free;
        if let Some(call) = call {
            self.may_call_back(actor, call, expect.as_ref());
        }
        Ok((Action::Resumes, expect))
    }

    fn prints(&mut self) -> Parsed<(Action, Option<Expect>)> {
        self.cursor.advance();
        let span = self.cursor.span();
        let format = self.cursor.string("a format in quotes")?;
        let mut argument = None;
        if self.cursor.eat(",") {
            argument = Some(self.print_argument()?);
        }
        let conversions = conversions(&format);
        if conversions != Some(usize::from(argument.is_some())) {
            let label = if argument.is_some() { "expected one `%d` or `%ld`" } else { "expected no conversion" };
            let problem = Diagnostic::new("the format does not fit what is printed", span, label)
                .help("a format has one `%d` or `%ld` for its argument, or none without; `%%` is a percent sign");
            return Err(self.cursor.report(problem));
        }
        let mut expect = None;
        if self.cursor.eat("=") {
            expect = Some(Expect::Text(self.cursor.string("the printed text in quotes")?));
        }
        Ok((Action::Prints { format, argument }, expect))
    }

    fn print_argument(&mut self) -> Parsed<PrintArgument> {
        if self.cursor.eat("iResult") {
            return Ok(PrintArgument::LastResult);
        }
        if !self.cursor.eat("WSAGetLastError") {
            return Err(self.cursor.expected("`WSAGetLastError()` or `iResult`"));
        }
        self.cursor.expect("(")?;
        self.cursor.expect(")")?;
        Ok(PrintArgument::LastError)
    }

    fn exits(&mut self, actor: ThreadId, name: &Range<usize>) -> Parsed<(Action, Option<Expect>)> {
        self.cursor.advance();
        let code = self.cursor.integer("the exit code", i64::from(i32::MIN)..=i64::from(i32::MAX))?;
        if self.cursor.at("=") {
            let problem = Diagnostic::new("an exit has no outcome", self.cursor.span(), "expected the end of the line");
            return Err(self.cursor.report(problem));
        }
        let process = self.script.actors[actor.index()].process;
        let seen = if self.any_order { Seen::By(actor) } else { Seen::ByAll };
        self.flow.exit(process, self.cursor.since(name.start), seen);
        Ok((Action::Exits(code as i32), None))
    }

    /// `ends`, which is the only step that an actor takes from outside, whatever it is in.
    fn ends(&mut self, actor: ThreadId, name: &Range<usize>) -> Parsed<(Action, Option<Expect>)> {
        if let Progress::Never(_) = self.flow.progress(actor) {
            self.check_free(actor, name)?;
        }
        self.cursor.advance();
        let span = self.cursor.span();
        let expect = match self.cursor.eat("=") {
            true if self.cursor.eat("unmodelled") => {
                let value = ValuePattern::Is(Value::Unmodelled);
                Some(Expect::OneOf(vec![Pattern { value, error: Code::NONE, with: Vec::new() }]))
            }
            true => {
                let label = "expected the end of the line";
                let problem = Diagnostic::new("the end of a thread has no outcome", span, label)
                    .help("in a `connect`, `send` or `closesocket` that waits it is `= unmodelled`");
                return Err(self.cursor.report(problem));
            }
            false => None,
        };
        *self.flow.progress(actor) = Progress::Free;
        self.flow.end(actor, self.cursor.since(name.start));
        Ok((Action::Ends, expect))
    }

    /// After a broken step that begins at `mark`: skips it, but takes note of what it would have bound, so that later
    /// steps are not blamed.
    fn recover(&mut self, mark: usize, actor: Option<ThreadId>) {
        self.cursor.rewind(mark);
        let (mut parens, mut braces, mut previous) = (0usize, 0usize, "");
        while !self.cursor.at_line_end() {
            let word = self.cursor.text();
            match word {
                "(" => parens += 1,
                ")" => parens = parens.saturating_sub(1),
                "{" => braces += 1,
                // The end of the block that this step stands in.
                "}" if braces == 0 && parens == 0 => break,
                "}" => braces = braces.saturating_sub(1),
                _ => {}
            }
            let after_value = parens == 0 && matches!(previous, "=" | "|" | "{");
            if after_value && self.cursor.kind() == Kind::Word && is_free(word) {
                self.bind_quietly(actor);
            }
            previous = self.cursor.advance().0;
        }
        if previous == "{" {
            self.cursor.skip_block();
        }
        if let Some(actor) = actor {
            *self.flow.progress(actor) = Progress::Unsure;
        }
    }

    fn bind_quietly(&mut self, actor: Option<ThreadId>) {
        let problems = self.cursor.problems.len();
        let (word, span) = (self.cursor.text(), self.cursor.span());
        let bound = self.bind(word, &span, actor.unwrap_or_default(), Thing::Socket);
        self.cursor.problems.truncate(problems);
        if let Ok(id) = bound {
            self.flow.bound.insert(id, Seen::ByAll);
        }
    }
}

/// May a function of the program run after this outcome, when the call `calls` one?
fn may_call(expect: Option<&Expect>, calls: Value) -> bool {
    match expect {
        Some(Expect::OneOf(patterns)) => patterns.iter().any(|pattern| pattern.value == ValuePattern::Is(calls)),
        Some(Expect::Blocks) => false,
        _ => true,
    }
}

/// How many `%d` and `%ld` a format has; `None` when it has anything else after a `%`.
fn conversions(format: &str) -> Option<usize> {
    let mut rest = format;
    let mut count = 0;
    while let Some(at) = rest.find('%') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            rest = after;
        } else {
            rest = rest.strip_prefix('l').unwrap_or(rest).strip_prefix('d')?;
            count += 1;
        }
    }
    Some(count)
}
