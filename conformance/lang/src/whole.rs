//! A whole script as text: what exploring tells of a way it found can be run like any other scenario.

use winaccept_model::call::ThreadId;
use winaccept_sim::script::{
    Action, Ending, Happening, Item, Lane, LaneItem, NameId, Never, Peer, Script, SegmentName, Step,
};

use super::happening::{FAULTS, SEGMENTS};
use super::literal::quote;
use super::render::{render_action, render_expect, render_pattern};

/// Comment lines that stand before an item of a script, or behind the last one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Comment {
    /// The number of the item.
    pub before: usize,
    /// The lines, without `#`.
    pub lines: Vec<String>,
}

/// The script as a scenario file, laid out by the formatter.
#[must_use]
pub fn render_script(script: &Script, comment: &Comment) -> String {
    let mut text = format!("scenario {}\n", quote(&script.title));
    for line in script.prose.lines() {
        text += &format!("# {line}\n");
    }
    text.push('\n');
    let before = text.len();
    for (index, process) in script.processes.iter().enumerate() {
        let actors = script.actors.iter().filter(|actor| actor.process.index() == index);
        let actors: Vec<&str> = actors.map(|actor| actor.name.as_str()).collect();
        if index > 0 && !actors.is_empty() {
            text += &format!("process {}: {}\n", process.name, actors.join(", "));
        }
        let named = if index == 0 { String::new() } else { format!(" {}", process.name) };
        match process.started {
            None => text += &format!("winsock none{named}\n"),
            Some(version) if (version.major, version.minor) != (2, 2) => {
                text += &format!("winsock {}.{}{named}\n", version.major, version.minor);
            }
            Some(_) => {}
        }
    }
    if let Some(reason) = &script.model_only {
        text += &format!("model only {}\n", quote(reason));
    }
    if text.len() > before {
        text.push('\n');
    }
    let comment_at = |place: usize| {
        let here = comment.lines.iter().filter(|_| comment.before == place);
        here.map(|line| format!("# {line}\n")).collect::<String>()
    };
    for (place, item) in script.items.iter().enumerate() {
        text += &peers_of(script, place);
        text += &comment_at(place);
        match item {
            Item::Step(step) => text += &step_line(step, script, ""),
            Item::Happening(happening, _) => text += &format!("{}\n", render_happening(happening, script)),
            Item::AnyOrder(lanes, _) => text += &any_order(lanes, script),
            Item::Never(never) => {
                text += &format!("{}\n", render_never(never, script));
            }
        }
    }
    text += &comment_at(script.items.len());
    super::format_source(&text, &script.file).unwrap_or(text)
}

/// A claim, as its line reads, without what it shows.
#[must_use]
pub fn render_never(never: &Never, script: &Script) -> String {
    let outcomes: Vec<_> = never.outcomes.iter().map(|pattern| render_pattern(pattern, script)).collect();
    match (&never.call, never.waits) {
        (None, _) => "nobody waits".to_owned(),
        (Some(call), true) => format!("never {call} waits"),
        (Some(call), false) => match outcomes.as_slice() {
            [one] => format!("never {call} = {one}"),
            several => format!("never {call} = {{ {} }}", several.join(" | ")),
        },
    }
}

/// What stands behind `if` and `until`.
fn render_ending(ending: &Ending, script: &Script) -> String {
    match ending {
        Ending::Fails => "fails".to_owned(),
        Ending::Succeeds => "succeeds".to_owned(),
        Ending::Gives(patterns) => {
            let patterns: Vec<_> = patterns.iter().map(|pattern| render_pattern(pattern, script)).collect();
            format!("{{ {} }}", patterns.join(" | "))
        }
    }
}

/// A happening, as its line reads.
#[must_use]
pub(super) fn render_happening(happening: &Happening, script: &Script) -> String {
    let name = |id: &NameId| script.names[usize::from(id.0)].text.as_str();
    let segment = |wanted: &SegmentName| SEGMENTS.iter().find(|(_, s)| s == wanted).map_or("?", |(text, _)| text);
    let process = |id: &winaccept_model::call::ProcessId| match id.0 {
        0 => String::new(),
        other => format!(" for {}", script.processes[other as usize].name),
    };
    let fault = |wanted| FAULTS.iter().find(|(_, kind)| *kind == wanted).map_or("?", |(text, _)| text);
    match happening {
        Happening::Hold(c) => format!("hold {}", name(c)),
        Happening::Release(c) => format!("release {}", name(c)),
        Happening::Timer(c) => format!("timer of {}", name(c)),
        Happening::Drop(s, c) => format!("drop {} of {}", segment(s), name(c)),
        Happening::MayDrop(s, c) => format!("may drop {} of {}", segment(s), name(c)),
        Happening::Deliver(s, c) => format!("deliver {} of {}", segment(s), name(c)),
        Happening::Lose(s, c) => format!("lose {} of {}", segment(s), name(c)),
        Happening::Choose(alt) => format!("choose {}", alt.text()),
        Happening::Mend(kind, p) => format!("mend {}{}", fault(*kind), process(p)),
        Happening::Fault(f) => {
            let at = f.at.as_ref().map_or(String::new(), |(call, n)| format!(" at {call} {n}"));
            format!("fault {}{}{at}", fault(f.kind), process(&f.process))
        }
    }
}

fn any_order(lanes: &[Lane], script: &Script) -> String {
    fn body(items: &[LaneItem], script: &Script, indent: &str, text: &mut String) {
        let deeper = format!("{indent}  ");
        for item in items {
            match item {
                LaneItem::Step(step) => *text += &step_line(step, script, indent),
                LaneItem::Repeat(inner) => {
                    *text += &format!("{indent}repeat {{\n");
                    body(inner, script, &deeper, text);
                    *text += &format!("{indent}}}\n");
                }
                LaneItem::Until(ending) => {
                    *text += &format!("{indent}until {}\n", render_ending(ending, script));
                }
                LaneItem::If(..) => {
                    *text += indent;
                    branches(item, script, indent, text);
                }
                LaneItem::Either(branches) => {
                    for (index, branch) in branches.iter().enumerate() {
                        *text +=
                            &if index == 0 { format!("{indent}either {{\n") } else { format!("{indent}}} or {{\n") };
                        body(branch, script, &deeper, text);
                    }
                    *text += &format!("{indent}}}\n");
                }
            }
        }
    }
    fn branches(item: &LaneItem, script: &Script, indent: &str, text: &mut String) {
        let LaneItem::If(ending, [then, otherwise]) = item else { return };
        *text += &format!("if {} {{\n", render_ending(ending, script));
        body(then, script, &format!("{indent}  "), text);
        *text += &format!("{indent}}}");
        match otherwise.as_slice() {
            [] => *text += "\n",
            [other @ LaneItem::If(..)] => {
                *text += " else ";
                branches(other, script, indent, text);
            }
            _ => {
                *text += " else {\n";
                body(otherwise, script, &format!("{indent}  "), text);
                *text += &format!("{indent}}}\n");
            }
        }
    }
    let mut text = "any order {\n".to_owned();
    lanes.iter().for_each(|lane| body(&lane.body, script, "  ", &mut text));
    text + "}\n"
}

/// The lines of the raw peers whose first step is in this item.
fn peers_of(script: &Script, place: usize) -> String {
    let takes = |item: &Item, actor: ThreadId| match item {
        Item::Step(step) => step.actor == actor,
        Item::AnyOrder(lanes, _) => lanes.iter().any(|lane| lane.actor == actor),
        Item::Happening(..) | Item::Never(_) => false,
    };
    let begins = |peer: &&Peer| script.items.iter().position(|item| takes(item, peer.actor)) == Some(place);
    let line = |peer: &Peer| {
        let (name, to) = (&script.actors[peer.actor.index()].name, &script.names[usize::from(peer.to.0)].text);
        format!("peer {name} -> {to}\n")
    };
    script.peers.iter().filter(begins).map(line).collect()
}

fn step_line(step: &Step, script: &Script, indent: &str) -> String {
    let actor = &script.actors[step.actor.index()].name;
    let action = match &step.action {
        // The call in progress has no place in the script's data; the last one of this actor is the one.
        Action::Resumes => format!("{} resumes", in_progress(step, script).unwrap_or("accept")),
        other => render_action(other, script),
    };
    let equals = if step.action == Action::Expects { "" } else { "= " };
    let expect = |expect| format!(" {equals}{}", render_expect(expect, script));
    let expect = step.expect.as_ref().map_or(String::new(), expect);
    let shows = if step.shows.is_empty() { String::new() } else { format!("  shows {}", step.shows.join(", ")) };
    let on_windows =
        step.on_windows.as_ref().map_or(String::new(), |expect| format!(" = {}", render_expect(expect, script)));
    let confirms = match step.confirms.as_slice() {
        [] => String::new(),
        facts => format!("  confirms {}{on_windows}", facts.join(", ")),
    };
    format!("{indent}{actor}  {action}{expect}{shows}{confirms}\n")
}

fn in_progress(step: &Step, script: &Script) -> Option<&'static str> {
    let before = script.items.iter().take_while(|item| !matches!(item, Item::Step(other) if std::ptr::eq(other, step)));
    let calls = before.filter_map(|item| match item {
        Item::Step(Step {
            actor,
            action: Action::Call(call) | Action::ConditionReturns { call, .. } | Action::RoutineReturns { call },
            ..
        }) if *actor == step.actor => Some(call.name()),
        _ => None,
    });
    calls.last()
}
