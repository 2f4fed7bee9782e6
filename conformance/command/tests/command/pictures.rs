//! `--format svg` of `show` and `graph`: well-formed, at most 2,000 pixels wide, labels of at most two lines that stand on the page
//! and not on each other.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use winaccept::chart::{self, picture};
use winaccept::graph::SUBJECTS;
use winaccept::profiles::Choices;
use winaccept::suite;
use winaccept_model::step::Machine;

use crate::running::{winaccept, winaccept_reading};

/// The most that a letter of the picture's fonts is wide, and a line high.
const LETTER: (i64, i64) = (9, 20);

/// A line of text: where it begins, its base line, and it.
struct Text {
    x: i64,
    y: i64,
    text: String,
}

/// A picture as a parser of XML reads it: its size, and its labels.
struct Picture {
    width: i64,
    height: i64,
    labels: Vec<Vec<Text>>,
}

fn attributes(element: &BytesStart<'_>) -> BTreeMap<String, String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    element.attributes().map(|one| one.map(|one| (text(one.key.as_ref()), text(&one.value))).unwrap()).collect()
}

fn parsed(svg: &str) -> Picture {
    let mut reader = Reader::from_str(svg);
    reader.config_mut().check_end_names = true;
    let mut picture = Picture { width: 0, height: 0, labels: Vec::new() };
    let mut open: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    let mut said = String::new();
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}: {svg}")) {
            Event::Start(element) => {
                let (name, attributes) =
                    (String::from_utf8(element.name().as_ref().to_vec()).unwrap(), attributes(&element));
                if name == "svg" {
                    (picture.width, picture.height) =
                        (attributes["width"].parse().unwrap(), attributes["height"].parse().unwrap());
                }
                if attributes.get("class").is_some_and(|class| class == "label") {
                    picture.labels.push(Vec::new());
                }
                said.clear();
                open.push((name, attributes));
            }
            Event::Text(text) => said += &text.decode().unwrap(),
            Event::GeneralRef(name) => said += &format!("&{};", name.decode().unwrap()),
            Event::End(_) => {
                let (name, attributes) = open.pop().unwrap();
                if name == "text" {
                    let text = quick_xml::escape::unescape(&said).unwrap().into_owned();
                    let number = |name: &str| attributes[name].parse::<i64>().unwrap();
                    let wide = text.chars().count() as i64 * LETTER.0;
                    let x = if attributes["text-anchor"] == "middle" { number("x") - wide / 2 } else { number("x") };
                    picture.labels.last_mut().expect("text stands in a label").push(Text { x, y: number("y"), text });
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "{svg}");
    picture
}

fn holds(what: &str, svg: &str) {
    let picture = parsed(svg);
    assert!((1..=2000).contains(&picture.width), "{what} is {} wide", picture.width);
    assert!(!picture.labels.is_empty(), "{what} has no label");
    let texts: Vec<&Text> = picture.labels.iter().flatten().collect();
    for label in &picture.labels {
        assert!((1..=2).contains(&label.len()), "{what}: {} lines", label.len());
    }
    let right = |text: &Text| text.x + text.text.chars().count() as i64 * LETTER.0;
    for (number, text) in texts.iter().enumerate() {
        assert!(text.x >= 0 && right(text) <= picture.width, "{what}: {} leaves the page", text.text);
        assert!(text.y >= 0 && text.y <= picture.height, "{what}: {} leaves the page", text.text);
        for other in &texts[..number] {
            let apart = (text.y - other.y).abs() >= LETTER.1 || right(text) <= other.x || right(other) <= text.x;
            assert!(apart, "{what}: {} and {} stand on each other", text.text, other.text);
        }
    }
}

#[test]
fn every_scenario_fits_a_slide() {
    for profile in ["documented", "wine-8.0"] {
        let machine = Machine::new(Choices::bundled().profile(profile).unwrap());
        for scenario in suite::bundled().unwrap() {
            let (chart, _) = chart::of(&scenario, &machine);
            let svg = picture(&chart);
            holds(&scenario.file, &svg);
            assert_eq!(svg, picture(&chart), "{}", scenario.file);
        }
    }
}

#[test]
fn every_graph_fits_a_slide() {
    for subject in SUBJECTS.iter() {
        let run = winaccept(&["graph", subject.name, "--format", "svg"]);
        assert_eq!(run.status, 0, "{}: {}", subject.name, run.err);
        holds(subject.name, &run.out);
    }
    let sockets = winaccept(&["graph", "--format", "svg"]);
    holds("sockets", &sockets.out);
    for state in ["Listening", "Connected", "bind.binds"] {
        assert!(sockets.out.contains(&format!(">{state}</text>")), "{state}");
    }
}

#[test]
fn what_happens_is_in_the_picture() {
    let run = winaccept(&["show", "peer-reset-while-queued", "--format", "svg"]);
    let texts: Vec<String> = parsed(&run.out).labels.into_iter().flatten().map(|text| text.text).collect();
    for text in [
        "server",
        "connect(C, L) = ...",
        "SYN of C",
        "connect resumes = 0",
        "RST of C",
        "accept(L, NULL, NULL) = INVALID_SOCKET WSAECONNRESET",
        "as the scenario expects",
    ] {
        assert!(texts.iter().any(|found| found == text), "{text}: {texts:#?}");
    }
    // Rules are under the pointer.
    assert!(run.out.contains("accept.peer-reset"), "{}", run.out);
}

#[test]
fn long_and_strange_titles_and_many_actors_fit() {
    let title = format!("<b>\\\"&amp; {}", "a long title of many words ".repeat(40));
    let many: String = (0..40).map(|n| format!("actor{n}  WSAGetLastError() = 0\n")).collect();
    let run = winaccept_reading(&["show", "-", "--format", "svg"], &format!("scenario \"{title}\"\n\n{many}"));
    assert_eq!(run.status, 0, "{}", run.err);
    holds("strange", &run.out);
    assert!(run.out.contains("&lt;b&gt;&quot;&amp;amp; a long"), "{}", &run.out[..400]);
}

#[test]
fn others_do_not_draw() {
    for command in [&["run"][..], &["list"], &["explain", "accept"], &["coverage"]] {
        let run = winaccept(&[command, &["--format", "svg"]].concat());
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{command:?}");
        assert!(run.err.starts_with("error: only graph, show and explore draw"), "{}", run.err);
    }
    let run = winaccept(&["explore", "reset-against-accept", "--format", "svg"]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
}
