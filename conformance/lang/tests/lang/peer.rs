//! Raw peers: what they are read as, how they are written, and what is wrong with them.

use winaccept_lang::{Comment, format_source, parse, render_script};
use winaccept_model::call::{Data, ThreadId};
use winaccept_sim::script::{Action, Came, Expect, Item, NameId, Peer, PeerSegment, Script, Step};

const PRELUDE: &str = "scenario \"a peer\"\n\npeer P -> L\n\nserver  socket(AF_INET, SOCK_STREAM, 0) = L\n";

fn script(lines: &str) -> Script {
    parse(format!("{PRELUDE}{lines}").as_bytes(), "test", &|_| true).unwrap()
}

fn steps(script: &Script) -> Vec<&Step> {
    let steps = script.items.iter().filter_map(|item| match item {
        Item::Step(step) => Some(step),
        _ => None,
    });
    steps.skip(1).collect()
}

#[test]
fn sends_and_expects() {
    let script = script(
        "P sends SYN\nP expects { SYN-ACK | RST-ACK | nothing }  shows x\nP sends DATA \"x\"\nP expects DATA \"y\"\nP expects nothing\n",
    );
    assert_eq!(script.peers, [Peer { actor: ThreadId(1), to: NameId(0) }]);
    assert!(script.model_only.as_deref().is_some_and(|why| why.contains("raw socket")));
    let steps = steps(&script);
    let (nothing, data) = (Data::default(), |text: &str| Data::new(text.as_bytes()).unwrap());
    assert_eq!(steps[0].action, Action::Sends { segment: PeerSegment::Syn, data: nothing });
    assert_eq!(steps[0].expect, None);
    let came = |segment| Came::Segment(segment, nothing);
    let any = vec![came(PeerSegment::SynAck), came(PeerSegment::RstAck), Came::Nothing];
    assert_eq!((&steps[1].action, &steps[1].expect), (&Action::Expects, &Some(Expect::Segments(any))));
    assert_eq!(steps[1].shows, ["x"]);
    assert_eq!(steps[2].action, Action::Sends { segment: PeerSegment::Data, data: data("x") });
    let y = Came::Segment(PeerSegment::Data, data("y"));
    assert_eq!(steps[3].expect, Some(Expect::Segments(vec![y])));
    assert_eq!(steps[4].expect, Some(Expect::Segments(vec![Came::Nothing])));
}

#[test]
fn written_and_read_again() {
    let script = script("P sends DATA \"x\"\nP expects {RST|nothing}\nserver exits 0\nP expects nothing\n");
    let text = render_script(&script, &Comment::default());
    assert!(text.contains("\npeer P -> L\nP       sends DATA \"x\"\nP       expects { RST | nothing }\n"), "{text}");
    let again = parse(text.as_bytes(), "test", &|_| true).unwrap();
    let actions = |script: &Script| steps(script).iter().map(|step| step.action.clone()).collect::<Vec<_>>();
    assert_eq!((actions(&again), again.peers.clone()), (actions(&script), script.peers.clone()));
    let laid_out = format_source(&script.source, "test").unwrap();
    assert_eq!(format_source(&laid_out, "test").unwrap(), laid_out);
    assert!(laid_out.contains("\npeer P -> L\n"), "{laid_out}");
}

#[test]
fn complaints() {
    for (lines, said) in [
        ("Q sends SYN\n", "`Q` is no raw peer"),
        ("P listen(L, 5) = 0\n", "expected `sends` or `expects`"),
        ("P sends SIN\n", "did you mean `SYN`?"),
        ("P sends DATA\n", "expected the bytes in quotes"),
        ("P sends DATA \"\"\n", "a segment cannot have these data"),
        ("P expects { RST }}\n", "unexpected `}`"),
        ("P expects RST | nothing\n", "expected `shows`, `confirms` or the end of the line"),
        ("P sends SYN = 0\n", "expected the end of the line"),
        ("server listen(L, 5) = 0\n", "peer `P` takes no step"),
        ("P sends SYN\npeer P -> L\n", "peer `P` is declared twice"),
        ("P sends SYN\npeer server -> L\n", "`server` is an actor already"),
        ("P sends SYN\npeer Q -> M\nQ sends SYN\n", "`M` is not bound here"),
        ("P sends SYN\nserver WSACreateEvent() = E\npeer Q -> E\nQ sends SYN\n", "`E` is an event"),
        ("any order {\n  peer Q -> L\n}\n", "a peer is declared outside of blocks"),
    ] {
        let error = parse(format!("{PRELUDE}{lines}").as_bytes(), "test", &|_| true).unwrap_err().to_string();
        assert!(error.contains(said), "{lines}: {error}");
    }
}

#[test]
fn peer_is_no_word_of_the_language() {
    let text =
        "scenario \"a process\"\n\nprocess peer: other\n\npeer  WSACreateEvent() = E\nother  WSACreateEvent() = F\n";
    let script = parse(text.as_bytes(), "test", &|_| true).unwrap();
    assert_eq!(script.actors.iter().map(|actor| actor.name.as_str()).collect::<Vec<_>>(), ["peer", "other"]);
}
