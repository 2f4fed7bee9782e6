//! Raw peers: `peer P -> L`, what they send and what they expect.

use std::ops::Range;

use winaccept_model::call::{Data, ThreadId};
use winaccept_sim::script::{Action, Came, Expect, Peer, PeerSegment};

use super::cursor::{Parsed, shortened};
use super::diagnostic::Diagnostic;
use super::literal::PEER_SEGMENTS;
use super::parser::{Declared, Parser, Thing};
use super::reserved::KEYWORDS;
use super::token::Kind;

/// Why no stack that is driven by a worker can take a scenario with a raw peer.
pub(super) const NEEDS_RAW_SOCKET: &str = "a peer without a TCP of its own needs a raw socket, which no worker has";

impl Parser<'_> {
    /// Does a `peer` line begin here? The word itself is not reserved: processes are called so.
    pub(super) fn at_peer_line(&self) -> bool {
        self.cursor.at("peer") && self.cursor.text_ahead(2) == "->"
    }

    /// `peer P -> L`
    pub(super) fn peer_line(&mut self) -> Parsed<()> {
        self.cursor.advance();
        let (word, span) = self.cursor.word("the name of the peer")?;
        if KEYWORDS.contains(&word) || word.contains(['.', '-']) {
            let title = format!("`{}` cannot name a peer", shortened(word));
            let label = "expected letters, digits and `_`, and no word of the language";
            return Err(self.cursor.report(Diagnostic::new(title, span, label)));
        }
        if let Some(first) = self.peers.iter().find(|peer| peer.word == word) {
            let problem =
                Diagnostic::new(format!("peer `{}` is declared twice", shortened(word)), span, "declared again here")
                    .also(first.span.clone(), "first declared here")
                    .help("a peer has one address, and sends to one; give another peer another name");
            return Err(self.cursor.report(problem));
        }
        if self.script.actors.iter().any(|actor| actor.name == word) {
            let title = format!("`{}` is an actor already", shortened(word));
            let problem = Diagnostic::new(title, span, "it makes calls, and so has a TCP of its own");
            return Err(self.cursor.report(problem.help("give the raw peer a name of its own")));
        }
        self.cursor.expect("->")?;
        let (to, at) = self.cursor.word("the variable of the socket that it sends to")?;
        let to = (to.to_owned(), at);
        self.peers.push(Declared { word: word.to_owned(), span, to });
        self.script.model_only.get_or_insert_with(|| NEEDS_RAW_SOCKET.to_owned());
        self.cursor.line_end("the end of the line")
    }

    /// Is this actor a raw peer?
    pub(super) fn is_peer(&self, actor: ThreadId) -> bool {
        let name = &self.script.actors[actor.index()].name;
        self.peers.iter().any(|peer| peer.word == *name)
    }

    /// `P sends SEGMENT` or `P expects SEGMENT`, behind the `P` at `name`.
    pub(super) fn peer_step(&mut self, actor: ThreadId, name: &Range<usize>) -> Parsed<(Action, Option<Expect>)> {
        let who = self.script.actors[actor.index()].name.clone();
        let Some(declared) = self.peers.iter().find(|peer| peer.word == who).cloned() else {
            let title = format!("`{}` is no raw peer", shortened(&who));
            let problem = Diagnostic::new(title, name.clone(), "an actor makes calls")
                .help(format!("a peer that sends segments is declared: `peer {} -> L`", shortened(&who)));
            return Err(self.cursor.report(problem));
        };
        let to = self.variable(&declared.to.0, &declared.to.1, Some(actor))?;
        let thing = self.bindings[usize::from(to.0)].thing;
        if thing != Thing::Socket {
            let title = format!("`{}` is {}", shortened(&declared.to.0), thing.what());
            let problem = Diagnostic::new(title, declared.to.1, "expected a socket that has an address");
            return Err(self.cursor.report(problem));
        }
        if self.script.peers.iter().all(|peer| peer.actor != actor) {
            self.script.peers.push(Peer { actor, to });
        }
        match self.cursor.text() {
            "sends" => {
                self.cursor.advance();
                let segment = self.cursor.one_of("a segment", PEER_SEGMENTS)?;
                let data = match segment {
                    PeerSegment::Data => self.peer_data("the bytes in quotes: `DATA \"x\"`")?,
                    _ => Data::default(),
                };
                Ok((Action::Sends { segment, data }, None))
            }
            "expects" => {
                self.cursor.advance();
                Ok((Action::Expects, Some(Expect::Segments(self.segments()?))))
            }
            _ => Err(self.cursor.expected("`sends` or `expects`: a raw peer makes no calls")),
        }
    }

    /// One segment, or several in braces.
    pub(super) fn segments(&mut self) -> Parsed<Vec<Came>> {
        if !self.cursor.eat("{") {
            return self.came().map(|one| vec![one]);
        }
        let mut all = vec![self.came()?];
        while self.cursor.eat("|") {
            all.push(self.came()?);
        }
        if !self.cursor.eat("}") {
            return Err(self.cursor.expected("`|` and another segment, or `}`"));
        }
        Ok(all)
    }

    fn came(&mut self) -> Parsed<Came> {
        if self.cursor.eat("nothing") {
            return Ok(Came::Nothing);
        }
        let mut table = vec![("nothing", PeerSegment::Syn)];
        table.extend_from_slice(PEER_SEGMENTS);
        let segment = self.cursor.one_of("a segment, or `nothing`", &table)?;
        let data = match segment {
            PeerSegment::Data => self.peer_data("the bytes in quotes: `DATA \"x\"`")?,
            _ => Data::default(),
        };
        Ok(Came::Segment(segment, data))
    }

    fn peer_data(&mut self, what: &str) -> Parsed<Data> {
        if self.cursor.kind() != Kind::Text {
            return Err(self.cursor.expected(what));
        }
        let (bytes, span) = self.cursor.bytes(what)?;
        Data::new(&bytes).filter(|_| !bytes.is_empty()).ok_or_else(|| {
            let label = format!("expected 1 to {} bytes", Data::MAX);
            self.cursor.report(Diagnostic::new("a segment cannot have these data", span, label))
        })
    }

    /// Complains about peers that take no step.
    pub(super) fn report_idle_peers(&mut self) {
        for peer in std::mem::take(&mut self.peers) {
            if self.script.actors.iter().all(|actor| actor.name != peer.word) {
                let title = format!("peer `{}` takes no step", shortened(&peer.word));
                let problem = Diagnostic::new(title, peer.span, "it neither sends nor expects anything");
                self.cursor.report(problem.help(format!("`{}  sends SYN`", shortened(&peer.word))));
            }
        }
    }
}
