//! State machines as pictures.
//!
//! The nodes stand below each other. What leaves a node goes down or up one lane of its own colour, and enters each of its
//! targets on a line of its own, with the label on that line: so nothing is ever drawn over a label.

use petgraph::visit::EdgeRef as _;

use super::flow::{Edge, Flow, Node};
use super::{Label, Result, Sockets, state_name};
use crate::svg::{self, Anchor, LINE, Look, MARGIN, WIDEST};
use crate::xml::Element;

/// How wide a node is, and how many characters a line of it has.
const NODE: (i64, usize) = (330, 34);
/// The same of the label of an edge.
const LABEL: (i64, usize) = (500, 54);
/// The most from one lane to the next.
const LANE: i64 = 26;

const STAGE: Look = Look::new("#1f4e79", "#eaf2fa");
const STATES: Look = Look::new("#555555", "white");
const WAITS: Look = Look::new("#8a6100", "#fff6dd").dashed();
const SUCCEEDS: Look = Look::new("#2e6b34", "#eaf6ea");
const FAILS: Look = Look::new("#a61c1c", "#fdecec");
/// Of the lanes, in turn; each can be told from its neighbours, by those who see no red, too.
const COLOURS: [&str; 8] = ["#0b5fa5", "#c25700", "#1b7f5c", "#8c3fa8", "#7a5c00", "#c2185b", "#3a3a3a", "#00838f"];

struct Shape {
    text: String,
    look: Look,
}

struct Arrow {
    from: usize,
    to: usize,
    /// On its line.
    text: String,
    /// Under the pointer.
    whole: String,
    dashed: bool,
}

/// The state machine of a call.
#[must_use]
pub fn flow_svg(flow: &Flow) -> String {
    let shapes = flow.graph.node_indices().map(|index| {
        let node = &flow.graph[index];
        let look = match node {
            Node::Stage(_) => STAGE,
            Node::In(..) => STATES,
            Node::Becomes(_) | Node::Ends(Result::Succeeds) => SUCCEEDS,
            Node::Ends(Result::Waits) => WAITS,
            Node::Ends(_) => FAILS,
        };
        Shape { text: flow.label(node), look }
    });
    let arrows = flow.graph.edge_references().map(|edge| {
        let (text, whole, dashed) = match edge.weight() {
            Edge::Rules(rules) => (short(rules), whole(rules), false),
            Edge::States => (String::new(), String::new(), false),
            Edge::Later(why) => ((*why).to_owned(), (*why).to_owned(), true),
        };
        Arrow { from: edge.source().index(), to: edge.target().index(), text, whole, dashed }
    });
    picture(flow.subject.name, &shapes.collect::<Vec<_>>(), &arrows.collect::<Vec<_>>())
}

/// The state graph of sockets.
#[must_use]
pub fn sockets_svg(sockets: &Sockets) -> String {
    let mut shapes = vec![Shape { text: "(new)".to_owned(), look: STATES }];
    shapes.extend(sockets.graph.node_weights().map(|state| Shape { text: state_name(*state), look: STAGE }));
    let births = Sockets::births().map(|(rule, state)| {
        let text = rule.to_owned();
        // The nodes of the graph are the states in their order.
        Arrow { from: 0, to: 1 + state as usize, whole: text.clone(), text, dashed: true }
    });
    let changes = sockets.edges().map(|(from, to, rules)| Arrow {
        from: 1 + from as usize,
        to: 1 + to as usize,
        text: short(rules),
        whole: whole(rules),
        dashed: false,
    });
    let arrows: Vec<Arrow> = births.chain(changes).collect();
    picture("the states of a socket", &shapes, &arrows)
}

/// As many rules as fit, and how many more there are.
fn short(rules: &[Label]) -> String {
    let first = match rules {
        [only] if !only.under.is_empty() => format!("{} ({})", only.rule, only.under.join(", ")),
        [first, ..] => first.rule.to_owned(),
        [] => return String::new(),
    };
    let mut text = first;
    for (number, label) in rules.iter().enumerate().skip(1) {
        let more = rules.len() - number;
        let longer = format!("{text}, {}", label.rule);
        // The rest is told by number, and that has to fit, too.
        let rest = if more > 1 { " and 99 more" } else { "" };
        if longer.len() + rest.len() > 2 * LABEL.1 - 20 {
            return format!("{text} and {more} more");
        }
        text = longer;
    }
    text
}

/// All rules, each with what it depends on.
fn whole(rules: &[Label]) -> String {
    let one = |label: &Label| match label.under.is_empty() {
        true => label.rule.to_owned(),
        false => format!("{} ({})", label.rule, label.under.join(", ")),
    };
    rules.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Where a node and what belongs to it stand.
#[derive(Default)]
struct Place {
    top: i64,
    bottom: i64,
    /// Where its lane begins, if anything leaves it.
    leaves: Option<i64>,
    /// The lines of the arrows that enter it: which, and where.
    enters: Vec<(usize, i64)>,
}

fn picture(title: &str, shapes: &[Shape], arrows: &[Arrow]) -> String {
    let (places, bottom) = places(shapes, arrows);
    let sources: Vec<usize> = (0..shapes.len()).filter(|node| places[*node].leaves.is_some()).collect();
    let first = MARGIN + NODE.0 + LABEL.0 + LANE;
    let lane = LANE.min((WIDEST - MARGIN - first) / sources.len().max(1) as i64).max(1);
    let x = |node: usize| first + sources.iter().position(|source| *source == node).unwrap_or(0) as i64 * lane;
    let colour = |node: usize| COLOURS[sources.iter().position(|source| *source == node).unwrap_or(0) % COLOURS.len()];
    let right = MARGIN + NODE.0;
    let mut parts = vec![svg::label(MARGIN, MARGIN, &svg::lines(title, LABEL.1), Anchor::Start, title)];
    for source in &sources {
        let entered = places.iter().flat_map(|place| &place.enters);
        let mut at: Vec<i64> = entered.filter(|(arrow, _)| arrows[*arrow].from == *source).map(|(_, y)| *y).collect();
        let leaves = places[*source].leaves.unwrap_or_default();
        at.push(leaves);
        let (top, low) = (at.iter().min().copied().unwrap_or(leaves), at.iter().max().copied().unwrap_or(leaves));
        let look = Look::new(colour(*source), "none");
        parts.push(svg::line(&[(right, leaves), (x(*source), leaves)], look));
        parts.push(svg::line(&[(x(*source), top), (x(*source), low)], look));
    }
    for (shape, place) in shapes.iter().zip(&places) {
        for (number, y) in &place.enters {
            let arrow = &arrows[*number];
            let plain = Look::new(colour(arrow.from), "none");
            let look = if arrow.dashed { plain.dashed() } else { plain };
            parts.push(svg::line(&[(x(arrow.from), *y), (right, *y)], look));
            parts.push(svg::head((right, *y), false, plain.stroke));
            parts.push(dot((x(arrow.from), *y), plain.stroke));
            if !arrow.text.is_empty() {
                let lines = svg::lines(&arrow.text, LABEL.1);
                let top = y - svg::height(&lines) - 2;
                parts.push(svg::label(right + 16, top, &lines, Anchor::Start, &arrow.whole));
            }
        }
        parts.push(svg::rectangle(MARGIN, place.top, NODE.0, place.bottom - place.top, shape.look));
        let lines = svg::lines(&shape.text, NODE.1);
        let top = i64::midpoint(place.top, place.bottom) - svg::height(&lines) / 2;
        parts.push(svg::label(MARGIN + NODE.0 / 2, top, &lines, Anchor::Middle, &shape.text));
    }
    let width = (first + sources.len() as i64 * lane + MARGIN).min(WIDEST);
    svg::document(title, width, bottom + MARGIN, parts)
}

/// The places of all nodes, one below the other, and where the last ends.
fn places(shapes: &[Shape], arrows: &[Arrow]) -> (Vec<Place>, i64) {
    let mut places = Vec::new();
    let mut y = MARGIN + 2 * LINE;
    for (node, shape) in shapes.iter().enumerate() {
        let mut place = Place { top: y, ..Place::default() };
        let mut at = y + 4;
        for (number, arrow) in arrows.iter().enumerate().filter(|(_, arrow)| arrow.to == node) {
            let lines = if arrow.text.is_empty() { 0 } else { svg::lines(&arrow.text, LABEL.1).len() as i64 };
            at += lines * LINE + 10;
            place.enters.push((number, at));
        }
        if arrows.iter().any(|arrow| arrow.from == node) {
            at += 14;
            place.leaves = Some(at);
        }
        let least = svg::height(&svg::lines(&shape.text, NODE.1)) + 12;
        place.bottom = (at + 10).max(y + least);
        y = place.bottom + 14;
        places.push(place);
    }
    (places, y)
}

/// Where a line leaves a lane.
fn dot((x, y): (i64, i64), colour: &'static str) -> Element {
    Element::new("circle").with("cx", x).with("cy", y).with("r", 4).with("fill", colour)
}
