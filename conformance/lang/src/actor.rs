//! Who takes a step: actors, the processes they belong to, and groups of alike ones.

use std::ops::Range;

use winaccept_model::call::{ProcessId, ThreadId};
use winaccept_sim::script::Actor;

use super::cursor::{Parsed, Reported, shortened};
use super::diagnostic::Diagnostic;
use super::limits::MAX_ACTORS;
use super::parser::{Group, Member, Parser};
use super::reserved::KEYWORDS;
use super::signature::SIGNATURES;
use super::suggest::did_you_mean;

impl Parser<'_> {
    /// The actor whose step begins with this word; made if it is new.
    pub(super) fn actor(&mut self) -> Parsed<ThreadId> {
        let (word, span) = self.cursor.word("an actor, the first word of a step")?;
        if KEYWORDS.contains(&word) || SIGNATURES.iter().any(|signature| signature.name == word) {
            let problem = Diagnostic::new(format!("`{}` names no actor", shortened(word)), span, "expected an actor")
                .help("a step begins with who takes it: `server  listen(L, 5) = 0`");
            return Err(self.cursor.report(problem));
        }
        if word.contains(['.', '-']) {
            let problem =
                Diagnostic::new(format!("`{}` names no actor", shortened(word)), span, "letters, digits and `_` only")
                    .help("members of an alike group are never named one by one: that would make them differ");
            return Err(self.cursor.report(problem));
        }
        let group = self.groups.iter().position(|group| group.word == word).map(|index| index as u8);
        let Some(member) = self.member else {
            if let Some(group) = group {
                return Err(self.is_a_group(group, span));
            }
            let actor = self.find_or_add_actor(word, word, None, span)?;
            self.mentioned.remove(&actor.0);
            return Ok(actor);
        };
        let group = self.member_group(member, group, word, &span)?;
        self.find_or_add_actor(&format!("{word}.{}", member.number), word, Some(group), span)
    }

    fn is_a_group(&mut self, group: u8, span: Range<usize>) -> Reported {
        let Group { word, size } = &self.groups[usize::from(group)];
        let title = format!("`{word}` is a group of {size} alike actors");
        let problem = Diagnostic::new(title, span, "not one actor")
            .help("steps of the group stand inside `clients N alike { … }`; give another actor another name");
        self.cursor.report(problem)
    }

    /// The group that this member belongs to: its first step decides.
    fn member_group(&mut self, member: Member, known: Option<u8>, word: &str, span: &Range<usize>) -> Parsed<u8> {
        if let Some(group) = member.group {
            let expected = &self.groups[usize::from(group)].word;
            if expected == word {
                return Ok(group);
            }
            let title = format!("`{}` in a group of `{expected}`", shortened(word));
            let problem = Diagnostic::new(title, span.clone(), format!("expected `{expected}`"))
                .help("all steps of an alike group are taken by one actor word");
            return Err(self.cursor.report(problem));
        }
        let group = match known {
            Some(group) => group,
            None => {
                if self.script.actors.iter().any(|actor| actor.name == word) {
                    let title = format!("`{word}` is one actor already");
                    let problem = Diagnostic::new(title, span.clone(), "it takes steps outside the group")
                        .help("give the alike actors a name of their own");
                    return Err(self.cursor.report(problem));
                }
                self.groups.push(Group { word: word.to_owned(), size: member.size });
                (self.groups.len() - 1) as u8
            }
        };
        let size = self.groups[usize::from(group)].size;
        if size != member.size {
            let title = format!("`{word}` was a group of {size} alike actors");
            let problem = Diagnostic::new(title, span.clone(), format!("now it would be {}", member.size))
                .help(format!("write `clients {size} alike`, or use another actor word"));
            return Err(self.cursor.report(problem));
        }
        if let Some(member) = &mut self.member {
            member.group = Some(group);
        }
        Ok(group)
    }

    fn find_or_add_actor(&mut self, name: &str, word: &str, alike: Option<u8>, span: Range<usize>) -> Parsed<ThreadId> {
        if let Some(index) = self.script.actors.iter().position(|actor| actor.name == name) {
            return Ok(ThreadId::new(index));
        }
        if self.script.actors.len() == MAX_ACTORS {
            let label = format!("this would be one more than {MAX_ACTORS}");
            return Err(self.cursor.report(Diagnostic::new("too many actors", span, label)));
        }
        let process = self.homes.get(word).map_or(ProcessId(0), |(process, _)| *process);
        self.script.actors.push(Actor { name: name.to_owned(), process, alike });
        Ok(ThreadId::new(self.script.actors.len() - 1))
    }

    /// An actor named as the target of an APC, perhaps before its first step.
    pub(super) fn target_actor(&mut self) -> Parsed<ThreadId> {
        let (word, span) = self.cursor.word("the actor that runs the APC")?;
        if let Some(group) = self.groups.iter().position(|group| group.word == word) {
            return Err(self.is_a_group(group as u8, span));
        }
        let known = self.script.actors.len();
        let actor = self.find_or_add_actor(word, word, None, span.clone())?;
        if actor.index() == known && !self.homes.contains_key(word) {
            self.mentioned.insert(actor.0, span);
        }
        Ok(actor)
    }

    /// Complains about every actor that was named but never takes a step.
    pub(super) fn report_unknown_actors(&mut self) {
        for (actor, span) in std::mem::take(&mut self.mentioned) {
            let word = self.script.actors[actor as usize].name.clone();
            let others = self.script.actors.iter().map(|actor| actor.name.as_str()).filter(|name| *name != word);
            let near = did_you_mean(&word, others);
            let title = format!("unknown actor `{}`", shortened(&word));
            self.cursor.report(Diagnostic::new(title, span, "takes no step in this scenario").maybe_help(near));
        }
    }

    /// Takes the name of a process.
    pub(super) fn process(&mut self) -> Parsed<ProcessId> {
        let (word, span) = self.cursor.word("the name of a process")?;
        let mut names = self.script.processes.iter().map(|process| process.name.as_str());
        if let Some(index) = names.position(|name| name == word) {
            return Ok(ProcessId::new(index));
        }
        let near = did_you_mean(word, self.script.processes.iter().map(|process| process.name.as_str()));
        let title = format!("unknown process `{}`", shortened(word));
        let problem = Diagnostic::new(title, span, "not declared")
            .maybe_help(near)
            .help("declare it under the title: `process peer: client`");
        Err(self.cursor.report(problem))
    }
}
