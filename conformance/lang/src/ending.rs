//! `if OUTCOME` and `until OUTCOME`: a lane that looks at what the call before has given.

use winaccept_model::call::{Call, Returns, ThreadId};
use winaccept_model::code::Code;
use winaccept_model::outcome::Value;
use winaccept_sim::script::{Ending, Expect, Lane, LaneItem, Pattern, Ref, ValuePattern, With};

use super::block::lane_of;
use super::cursor::{Parsed, Reported};
use super::diagnostic::Diagnostic;
use super::expectation::Expected;
use super::parser::{Parser, Thing};
use super::reserved::is_free;
use super::scope::{Asked, Flow};
use super::signature::{Signature, signature};
use super::token::Kind;

impl Parser<'_> {
    /// Takes note of the call of a step, if it has one.
    pub(super) fn asks_about(
        &mut self,
        actor: ThreadId,
        signature: Option<&'static Signature>,
        call: Option<Call<Ref>>,
        expect: Option<&Expect>,
    ) {
        let blocks = expect == Some(&Expect::Blocks);
        self.asked = signature.map(|signature| Asked { actor, name: signature.name, call, blocks });
    }

    /// `if OUTCOME { … } [else { … }]` directly inside `any order`: it belongs to the lane of the step before.
    pub(super) fn if_behind(&mut self, lanes: &mut Vec<Lane>) -> Parsed<()> {
        let mut owner = self.asked.map(|asked| asked.actor);
        let item = self.nested(&mut |parser| parser.branch_if(&mut owner))?;
        if let Some(actor) = owner {
            lane_of(lanes, actor).push(item);
        }
        Ok(())
    }

    /// `if OUTCOME { … } [else { … }]`
    pub(super) fn branch_if(&mut self, owner: &mut Option<ThreadId>) -> Parsed<LaneItem> {
        let word = self.cursor.span();
        self.cursor.advance();
        let asked = self.asked;
        let ending = self.ending("if", word).unwrap_or_else(|Reported| {
            // Its bodies are read all the same: what is wrong with them is worth telling.
            while !self.cursor.at("{") && !self.cursor.at_line_end() {
                self.cursor.advance();
            }
            Ending::Fails
        });
        let before = self.flow.clone();
        let either = self.eithers;
        self.eithers += 1;
        let mut bodies = [Vec::new(), Vec::new()];
        let mut flows = Vec::new();
        for (index, body) in bodies.iter_mut().enumerate() {
            self.flow = before.clone();
            if index == 0 || self.next_else() {
                self.path.push((either, index as u32));
                let read = match index == 1 && self.cursor.at("if") {
                    true => self.else_if(owner, asked),
                    false => self.branch(owner),
                };
                self.path.pop();
                *body = read.inspect_err(|_| self.flow = before.clone())?;
            }
            flows.push(std::mem::take(&mut self.flow));
        }
        self.flow = Flow::merge(flows);
        // The end of `else if` is the end of its line.
        if !matches!(bodies[1].as_slice(), [LaneItem::If(..)]) {
            self.cursor.line_end("`else` or the end of the line")?;
        }
        Ok(LaneItem::If(ending, bodies))
    }

    /// `else if OUTCOME { … }`, which asks about the same call.
    fn else_if(&mut self, owner: &mut Option<ThreadId>, asked: Option<Asked>) -> Parsed<Vec<LaneItem>> {
        self.asked = asked;
        self.nested(&mut |parser| parser.branch_if(owner)).map(|item| vec![item])
    }

    /// Takes `else`, which may stand on the next line.
    fn next_else(&mut self) -> bool {
        let mark = self.cursor.mark();
        self.skip_empty_lines();
        let found = self.cursor.eat("else");
        if !found {
            self.cursor.rewind(mark);
        }
        found
    }

    /// `until OUTCOME`: leaves the innermost `repeat`. The line behind it may ask about the same call.
    pub(super) fn until(&mut self) -> Parsed<LaneItem> {
        let word = self.cursor.span();
        self.cursor.advance();
        let ending = self.ending("until", word).and_then(|ending| {
            self.cursor.line_end("the end of the line")?;
            Ok(LaneItem::Until(ending))
        });
        if ending.is_err() {
            self.cursor.skip_line();
        }
        // Also where it is broken: what stands behind the `repeat` is not to be blamed.
        if let Some(is_left) = self.loops.last_mut() {
            *is_left = true;
        }
        ending
    }

    /// What stands behind `if` and `until`.
    fn ending(&mut self, word: &str, span: std::ops::Range<usize>) -> Parsed<Ending> {
        let Some(asked) = self.asked.filter(|asked| !asked.blocks) else {
            let (label, help) = match self.asked {
                Some(_) => ("that call has not returned", "put it behind the line on which the call `resumes`"),
                None => ("the line before makes no call", "put it directly behind the call"),
            };
            let problem = Diagnostic::new(format!("`{word}` asks how a call has ended"), span, label);
            return Err(self.cursor.report(problem.help(help)));
        };
        if self.cursor.eat("fails") {
            return Ok(Ending::Fails);
        }
        if self.cursor.eat("succeeds") {
            return Ok(Ending::Succeeds);
        }
        if !self.cursor.eat("{") {
            return Ok(Ending::Gives(vec![self.outcome(&asked)?]));
        }
        let mut patterns = vec![self.outcome(&asked)?];
        while self.cursor.eat("|") {
            patterns.push(self.outcome(&asked)?);
        }
        if self.cursor.eat("}") {
            Ok(Ending::Gives(patterns))
        } else {
            Err(self.cursor.expected("`|` and another outcome, or `}`"))
        }
    }

    /// One outcome; the name of an error alone is a failure with it.
    fn outcome(&mut self, asked: &Asked) -> Parsed<Pattern> {
        let signature = signature(asked.name).expect("invariant: it is that of a call");
        let (word, returns) = (self.cursor.text(), signature.returns);
        if let Some(value) = failure(returns)
            && let Some(code) = Code::by_name(word)
        {
            self.cursor.advance();
            let value = ValuePattern::Is(value);
            return Ok(match signature.points {
                true => Pattern { value, error: Code::NONE, with: vec![With::Errno(code)] },
                false => Pattern { value, error: code, with: Vec::new() },
            });
        }
        if self.cursor.kind() == Kind::Word && Thing::returned(returns).is_some() && is_free(word) {
            return Err(self.binds_nothing());
        }
        self.alternative(Expected { signature, call: asked.call.as_ref(), actor: Some(asked.actor) }, false)
    }

    fn binds_nothing(&mut self) -> Reported {
        let label = "expected `fails`, `succeeds`, or a failure";
        let problem = Diagnostic::new("no variable is bound here", self.cursor.span(), label)
            .help("the step has bound it: `if succeeds` asks whether it did");
        self.cursor.report(problem)
    }
}

/// The value with which such a call fails.
fn failure(returns: Returns) -> Option<Value> {
    Some(match returns {
        Returns::Socket => Value::InvalidSocket,
        Returns::Event => Value::InvalidEvent,
        Returns::Port | Returns::Window => Value::NoPort,
        Returns::Number => Value::SocketError,
        Returns::Bool => Value::Number(0),
        Returns::Wait => Value::WaitFailed,
        Returns::Answer | Returns::Overlapped | Returns::Code | Returns::Sleep | Returns::Status | Returns::Nothing => {
            return None;
        }
    })
}
