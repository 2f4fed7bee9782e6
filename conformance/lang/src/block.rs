//! `any order` and what stands inside it: lanes, alike actors, `either`, `repeat`.

use std::ops::Range;

use winaccept_model::call::ThreadId;
use winaccept_sim::script::{Item, Lane, LaneItem};

use super::cursor::{Parsed, Reported};
use super::diagnostic::Diagnostic;
use super::limits::{MAX_ALIKE, MAX_BRANCHES, MAX_DEPTH};
use super::parser::{Member, Parser};
use super::scope::{Flow, Progress};

impl Parser<'_> {
    /// `any order { … }`
    pub(super) fn any_order(&mut self) -> Parsed<Item> {
        let start = self.cursor.span().start;
        self.cursor.advance();
        if self.cursor.expect("order").and_then(|()| self.cursor.expect("{")).is_err() {
            self.cursor.skip_line();
            return Err(Reported);
        }
        let head = self.cursor.since(start);
        let problems = self.cursor.problems.len();
        let mut lanes = Vec::new();
        self.any_order = true;
        self.asked = None;
        while self.block_goes_on(&head) {
            self.lane_line(&mut lanes);
        }
        self.any_order = false;
        self.flow.share();
        let span = self.span_since(start);
        self.block_line_ends()?;
        if lanes.is_empty() && self.cursor.problems.len() == problems {
            let problem = Diagnostic::new("`any order` without steps", head, "nothing is in any order here");
            return Err(self.cursor.report(problem.help("put the steps of two or more actors inside")));
        }
        Ok(Item::AnyOrder(lanes, span))
    }

    /// Is there another line in the block that begins with `head`? Takes the `}` when there is none.
    fn block_goes_on(&mut self, head: &Range<usize>) -> bool {
        self.skip_empty_lines();
        if self.cursor.eat("}") {
            return false;
        }
        if self.cursor.at_end() {
            let problem = Diagnostic::new("this block is not closed", head.clone(), "its `}` is missing");
            self.cursor.report(problem.help("blocks end with `}` on a line of its own"));
            return false;
        }
        true
    }

    /// Nothing but another `}` may follow a block on its line.
    fn block_line_ends(&mut self) -> Parsed<()> {
        let ended = self.cursor.line_end("the end of the line");
        if ended.is_err() {
            self.cursor.skip_line();
        }
        ended
    }

    /// One line directly inside `any order`. What is wrong with it has been reported.
    fn lane_line(&mut self, lanes: &mut Vec<Lane>) {
        let start = self.cursor.span();
        match self.cursor.text() {
            "clients" => {
                let _: Parsed<()> = self.alike(lanes);
            }
            "if" => {
                let _: Parsed<()> = self.if_behind(lanes);
            }
            "either" | "repeat" => {
                let (mut owner, problems) = (None, self.cursor.problems.len());
                let Ok(item) = self.branching(&mut owner) else { return };
                match owner {
                    Some(actor) => lane_of(lanes, actor).push(item),
                    None if self.cursor.problems.len() > problems => {}
                    None => {
                        let problem =
                            Diagnostic::new("this block belongs to nobody", start, "no step inside tells whose it is");
                        self.cursor.report(problem.help("put a step of one actor inside"));
                    }
                }
            }
            _ if self.misplaced() => self.cursor.skip_line(),
            _ => {
                if let Ok(step) = self.step(None) {
                    lane_of(lanes, step.actor).push(LaneItem::Step(step));
                }
            }
        }
    }

    /// `clients N alike { … }`: reads the same body once for every member.
    fn alike(&mut self, lanes: &mut Vec<Lane>) -> Parsed<()> {
        let start = self.cursor.span().start;
        let head = self.alike_head();
        let Ok(size) = head else {
            self.cursor.skip_line();
            return Err(Reported);
        };
        let head = self.cursor.since(start);
        let body = self.cursor.mark();
        let problems = self.cursor.problems.len();
        for number in 1..=size {
            self.cursor.rewind(body);
            let group = self.member.and_then(|member| member.group);
            self.member = Some(Member { number, size, group });
            let mut owner = None;
            self.asked = None;
            let items = self.body(&mut owner, &head);
            if self.cursor.problems.len() > problems {
                // What is wrong with one member is wrong with all.
                break;
            }
            match owner {
                Some(actor) if lanes.iter().all(|lane| lane.actor != actor) => lanes.push(Lane { actor, body: items }),
                Some(_) => {
                    let problem = Diagnostic::new(
                        "these actors already have steps in this block",
                        head.clone(),
                        "the second such group",
                    );
                    self.cursor.report(problem.help("put all steps of the group into one `clients N alike`"));
                    break;
                }
                None => {
                    self.cursor.report(Diagnostic::new(
                        "an alike group without steps",
                        head.clone(),
                        "nobody does anything here",
                    ));
                    break;
                }
            }
        }
        self.member = None;
        self.asked = None;
        self.block_line_ends()
    }

    fn alike_head(&mut self) -> Parsed<u8> {
        self.cursor.advance();
        let size = self.cursor.integer("the number of alike actors", 1..=i64::from(MAX_ALIKE))? as u8;
        self.cursor.expect("alike")?;
        self.cursor.expect("{")?;
        Ok(size)
    }

    /// The lines of a block of one actor, up to and with its `}`.
    fn body(&mut self, owner: &mut Option<ThreadId>, head: &Range<usize>) -> Vec<LaneItem> {
        let mut items = Vec::new();
        while self.block_goes_on(head) {
            match self.cursor.text() {
                "either" | "repeat" => items.extend(self.branching(owner).ok()),
                "if" => items.extend(self.nested(&mut |parser| parser.branch_if(owner)).ok()),
                "until" if !self.loops.is_empty() => items.extend(self.until().ok()),
                _ if self.misplaced() => self.cursor.skip_line(),
                _ => {
                    if let Ok(step) = self.step(*owner) {
                        *owner = Some(step.actor);
                        items.push(LaneItem::Step(step));
                    }
                }
            }
        }
        items
    }

    /// `either` or `repeat`, whichever comes next.
    fn branching(&mut self, owner: &mut Option<ThreadId>) -> Parsed<LaneItem> {
        let is_either = self.cursor.at("either");
        self.nested(&mut |parser| if is_either { parser.either(owner) } else { parser.repeat(owner) })
    }

    /// A block inside a block, unless there are too many around it.
    pub(super) fn nested(&mut self, read: &mut dyn FnMut(&mut Self) -> Parsed<LaneItem>) -> Parsed<LaneItem> {
        if self.depth == MAX_DEPTH {
            let label = format!("nested deeper than {MAX_DEPTH}");
            let problem = Diagnostic::new("this nests too deeply", self.cursor.span(), label);
            self.cursor.report(problem.help("a lane that branches so often is better split into several scenarios"));
            while !self.cursor.at("{") && !self.cursor.at_line_end() {
                self.cursor.advance();
            }
            if self.cursor.eat("{") {
                self.cursor.skip_block();
            }
            self.cursor.skip_line();
            return Err(Reported);
        }
        self.depth += 1;
        let item = read(self);
        self.depth -= 1;
        // What a block in it has called is not what the line behind it asks about.
        self.asked = None;
        if item.is_err() {
            self.cursor.skip_line();
        }
        item
    }

    fn repeat(&mut self, owner: &mut Option<ThreadId>) -> Parsed<LaneItem> {
        let start = self.cursor.span().start;
        self.cursor.advance();
        self.cursor.expect("{")?;
        let head = self.cursor.since(start);
        let problems = self.cursor.problems.len();
        self.asked = None;
        self.loops.push(false);
        let items = self.body(owner, &head);
        let is_left = self.loops.pop() == Some(true);
        let span = self.cursor.since(start);
        self.cursor.line_end("the end of the line")?;
        if self.cursor.problems.len() == problems && !items.iter().any(has_step) {
            return Err(self.cursor.report(Diagnostic::new("`repeat` without steps", head, "nothing is repeated")));
        }
        if let Some(actor) = owner.filter(|_| !is_left) {
            *self.flow.progress(actor) = Progress::Never(span);
        }
        Ok(LaneItem::Repeat(items))
    }

    fn either(&mut self, owner: &mut Option<ThreadId>) -> Parsed<LaneItem> {
        let word = self.cursor.span();
        self.cursor.advance();
        let before = self.flow.clone();
        let either = self.eithers;
        self.eithers += 1;
        let (mut branches, mut flows) = (Vec::new(), Vec::new());
        let read = loop {
            if branches.len() == MAX_BRANCHES {
                let label = format!("this would be one more than {MAX_BRANCHES}");
                self.cursor.report(Diagnostic::new("too many branches", self.cursor.span(), label));
                self.skip_branches();
                break Ok(());
            }
            self.flow = before.clone();
            self.path.push((either, branches.len() as u32));
            let branch = self.branch(owner);
            self.path.pop();
            flows.push(std::mem::take(&mut self.flow));
            match branch {
                Ok(items) => branches.push(items),
                Err(reported) => break Err(reported),
            }
            if !self.next_branch() {
                break Ok(());
            }
        };
        self.flow = Flow::merge(flows);
        read?;
        if branches.len() < 2 {
            let problem = Diagnostic::new("`either` with one branch", word, "expected `or` behind it");
            return Err(self.cursor.report(problem.help("write `or { }` if it may also do nothing")));
        }
        self.cursor.line_end("`or` or the end of the line")?;
        Ok(LaneItem::Either(branches))
    }

    pub(super) fn branch(&mut self, owner: &mut Option<ThreadId>) -> Parsed<Vec<LaneItem>> {
        self.count_step()?;
        let start = self.cursor.span().start;
        self.cursor.expect("{")?;
        let head = self.cursor.since(start);
        self.asked = None;
        Ok(self.body(owner, &head))
    }

    /// Takes `or`, which may stand on the next line.
    fn next_branch(&mut self) -> bool {
        let mark = self.cursor.mark();
        self.skip_empty_lines();
        let found = self.cursor.eat("or");
        if !found {
            self.cursor.rewind(mark);
        }
        found
    }

    fn skip_branches(&mut self) {
        while self.cursor.eat("{") {
            self.cursor.skip_block();
            if !self.next_branch() {
                break;
            }
        }
    }
}

/// The lane of this actor; made if it has none yet.
pub(super) fn lane_of(lanes: &mut Vec<Lane>, actor: ThreadId) -> &mut Vec<LaneItem> {
    let index = lanes.iter().position(|lane| lane.actor == actor).unwrap_or_else(|| {
        lanes.push(Lane { actor, body: Vec::new() });
        lanes.len() - 1
    });
    &mut lanes[index].body
}

fn has_step(item: &LaneItem) -> bool {
    match item {
        LaneItem::Step(_) => true,
        LaneItem::Either(branches) => branches.iter().flatten().any(has_step),
        LaneItem::Repeat(items) => items.iter().any(has_step),
        LaneItem::If(..) | LaneItem::Until(_) => false, // it stands behind one
    }
}
