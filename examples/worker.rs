//! A stack of one's own behind `winaccept run --stack exec:`: a toy that keeps its sockets in a list and speaks nothing but the
//! worker protocol of docs/worker.md. Take it as the beginning of a bridge to yours.
//!
//! It knows a few calls, on TCP over loopback in one process, and none that needs two threads at work: a call that has to wait
//! is kept, and answered when another call ends its wait. One thing it does otherwise than the documents say; docs/tutorial.md
//! finds it, and `--mended` mends it.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use serde_json::{Value, json};

const SOCKET_ERROR: i64 = -1;
const INVALID_SOCKET: i64 = -1;
const WSAEINTR: u32 = 10004;
const WSAEFAULT: u32 = 10014;
const WSAEINVAL: u32 = 10022;
const WSAENOTSOCK: u32 = 10038;
const WSAEOPNOTSUPP: u32 = 10045;
const WSAEISCONN: u32 = 10056;
const WSAECONNREFUSED: u32 = 10061;

fn main() {
    let mut worker = Worker::default();
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let Ok(request) = serde_json::from_str::<Value>(&line) else { break };
        for reply in worker.obey(&request) {
            // One object a line, and at once: winaccept waits for it.
            let mut out = std::io::stdout().lock();
            if writeln!(out, "{reply}").and_then(|()| out.flush()).is_err() {
                return;
            }
        }
    }
}

/// A socket: what it is, and the port that it has.
#[derive(Default)]
struct Socket {
    port: u16,
    remote: Option<u16>,
    /// The most that may wait for accept, once it listens.
    backlog: Option<usize>,
    /// The ports of clients that wait for accept.
    queue: Vec<u16>,
}

/// An accept that waits: the request that it answers, and its thread.
struct Waiting {
    id: Value,
    thread: Value,
    listener: i64,
    call: Value,
}

#[derive(Default)]
struct Worker {
    sockets: BTreeMap<i64, Socket>,
    waiting: Vec<Waiting>,
    /// How many sockets and ports there have been.
    made: i64,
    ports: u16,
    /// What `WSAGetLastError` tells, by thread.
    last_error: BTreeMap<String, u32>,
}

/// What a call gives at once.
enum Outcome {
    Returns(i64, Value),
    Fails(i64, u32),
    Waits,
    Unknown,
}

impl Worker {
    /// Carries out one order. A call that ends the wait of others answers these, too.
    fn obey(&mut self, request: &Value) -> Vec<Value> {
        let id = &request["id"];
        let reply = match request["do"].as_str().unwrap_or_default() {
            "hello" => json!({"did": "hello", "name": "toy", "version": "1", "build": "the example of winaccept",
                              "process": std::process::id()}),
            "begin" => {
                *self = Worker::default();
                json!({"did": "done"})
            }
            "call" => return self.call(id, &request["thread"], &request["call"]),
            "waiting" => {
                let waits = self.waiting.iter().find(|waiting| waiting.thread == request["thread"]);
                json!({"did": "waiting", "at": waits.map(|waiting| format!("accept {}", waiting.listener))})
            }
            "look" => {
                let sockets = request["sockets"].as_array().into_iter().flatten();
                let looked: Vec<Value> = sockets.map(|s| self.look(s.as_i64().unwrap_or_default())).collect();
                json!({"did": "looked", "sockets": looked})
            }
            // Here nothing is ever on its way.
            "connections" => json!({"did": "connections", "connections": []}),
            "end_thread" => {
                self.waiting.retain(|waiting| waiting.thread != request["thread"]);
                json!({"did": "done"})
            }
            "exit" => std::process::exit(request["code"].as_i64().unwrap_or_default() as i32),
            "end" => json!({"did": "ended", "clean": true}),
            other => json!({"did": "not_done", "reason": format!("no order is called {other}")}),
        };
        vec![answer(id, reply)]
    }

    fn look(&self, s: i64) -> Value {
        match self.sockets.get(&s) {
            Some(socket) => json!({"local": (socket.port != 0).then(|| address(socket.port)),
                                   "remote": socket.remote.map(address), "readable": !socket.queue.is_empty()}),
            None => json!({"local": null, "remote": null, "readable": false}),
        }
    }

    fn call(&mut self, id: &Value, thread: &Value, call: &Value) -> Vec<Value> {
        let function = call["function"].as_str().unwrap_or_default();
        let s = call["s"].as_i64().unwrap_or_default();
        let outcome = match function {
            "WSAGetLastError" => {
                Outcome::Returns(i64::from(self.last_error.get(&thread.to_string()).copied().unwrap_or(0)), json!({}))
            }
            "socket" => Outcome::Returns(self.new_socket(Socket::default()), json!({})),
            _ if !self.sockets.contains_key(&s) && call.get("s").is_some() => {
                let fails = if function == "accept" { INVALID_SOCKET } else { SOCKET_ERROR };
                Outcome::Fails(fails, WSAENOTSOCK)
            }
            "bind" => self.bind(s, call["name"]["port"].as_u64().unwrap_or_default() as u16),
            "listen" => self.listen(s, call["backlog"].as_i64().unwrap_or_default()),
            "connect" => self.connect(s, call["name"]["port"].as_u64().unwrap_or_default() as u16),
            "accept" => self.accept(s, call),
            "closesocket" => {
                self.sockets.remove(&s);
                Outcome::Returns(0, json!({}))
            }
            _ => Outcome::Unknown,
        };
        let mut replies = match outcome {
            Outcome::Unknown => {
                vec![answer(id, json!({"did": "not_done", "reason": format!("no {function} here")}))]
            }
            Outcome::Waits => {
                let (id, thread, call) = (id.clone(), thread.clone(), call.clone());
                self.waiting.push(Waiting { id, thread, listener: s, call });
                Vec::new()
            }
            outcome => vec![self.returned(id, thread, outcome)],
        };
        replies.extend(self.wake());
        replies
    }

    /// The calls that need wait no longer.
    fn wake(&mut self) -> Vec<Value> {
        let mut replies = Vec::new();
        for waiting in std::mem::take(&mut self.waiting) {
            let outcome = match self.sockets.contains_key(&waiting.listener) {
                true => self.accept(waiting.listener, &waiting.call),
                // Closed under it.
                false => Outcome::Fails(INVALID_SOCKET, WSAEINTR),
            };
            match outcome {
                Outcome::Waits => self.waiting.push(waiting),
                outcome => replies.push(self.returned(&waiting.id, &waiting.thread, outcome)),
            }
        }
        replies
    }

    fn returned(&mut self, id: &Value, thread: &Value, outcome: Outcome) -> Value {
        let (value, error, more) = match outcome {
            Outcome::Returns(value, more) => (value, 0, more),
            Outcome::Fails(value, error) => (value, error, json!({})),
            Outcome::Waits | Outcome::Unknown => unreachable!("these have no answer of this kind"),
        };
        if error != 0 {
            self.last_error.insert(thread.to_string(), error);
        }
        let mut reply = json!({"did": "returned", "value": value, "error": error});
        for (field, value) in more.as_object().into_iter().flatten() {
            reply[field] = value.clone();
        }
        answer(id, reply)
    }

    fn new_socket(&mut self, socket: Socket) -> i64 {
        self.made += 1;
        self.sockets.insert(96 + 4 * self.made, socket);
        96 + 4 * self.made
    }

    fn new_port(&mut self) -> u16 {
        self.ports += 1;
        49151 + self.ports
    }

    fn bind(&mut self, s: i64, wanted: u16) -> Outcome {
        if self.sockets[&s].port != 0 {
            return Outcome::Fails(SOCKET_ERROR, WSAEINVAL);
        }
        let port = if wanted == 0 { self.new_port() } else { wanted };
        self.sockets.entry(s).and_modify(|socket| socket.port = port);
        Outcome::Returns(0, json!({}))
    }

    fn listen(&mut self, s: i64, backlog: i64) -> Outcome {
        match self.sockets.get_mut(&s) {
            Some(Socket { remote: Some(_), .. }) => Outcome::Fails(SOCKET_ERROR, WSAEISCONN),
            Some(socket) if socket.port != 0 => {
                socket.backlog = Some(backlog.max(1) as usize);
                Outcome::Returns(0, json!({}))
            }
            _ => Outcome::Fails(SOCKET_ERROR, WSAEINVAL),
        }
    }

    fn connect(&mut self, s: i64, port: u16) -> Outcome {
        if self.sockets[&s].remote.is_some() {
            return Outcome::Fails(SOCKET_ERROR, WSAEISCONN);
        }
        let own = match self.sockets[&s].port {
            0 => self.new_port(),
            bound => bound,
        };
        let has_room = |socket: &&mut Socket| socket.backlog.is_some_and(|backlog| socket.queue.len() < backlog);
        let mut listeners = self.sockets.values_mut().filter(|socket| socket.port == port);
        let Some(listener) = listeners.find(has_room) else {
            return Outcome::Fails(SOCKET_ERROR, WSAECONNREFUSED);
        };
        listener.queue.push(own);
        self.sockets.entry(s).and_modify(|socket| (socket.port, socket.remote) = (own, Some(port)));
        Outcome::Returns(0, json!({}))
    }

    fn accept(&mut self, s: i64, call: &Value) -> Outcome {
        let Some(listener) = self.sockets.get_mut(&s) else { return Outcome::Fails(INVALID_SOCKET, WSAENOTSOCK) };
        if listener.backlog.is_none() {
            // This is what the documents say otherwise.
            let code = if std::env::args().any(|argument| argument == "--mended") { WSAEINVAL } else { WSAEOPNOTSUPP };
            return Outcome::Fails(INVALID_SOCKET, code);
        }
        let wants = call["addr"] == "valid" && call["addrlen"].is_object();
        if call["addr"] == "bad" || call["addrlen"] == "bad" || (wants && call["addrlen"]["holds"].as_i64() < Some(16))
        {
            return Outcome::Fails(INVALID_SOCKET, WSAEFAULT);
        }
        if listener.queue.is_empty() {
            return Outcome::Waits;
        }
        let (client, port) = (listener.queue.remove(0), listener.port);
        let accepted = self.new_socket(Socket { port, remote: Some(client), ..Socket::default() });
        let more = if wants { json!({"addr": address(client), "addrlen": 16}) } else { json!({}) };
        Outcome::Returns(accepted, more)
    }
}

fn address(port: u16) -> Value {
    json!({"ip": "127.0.0.1", "port": port})
}

/// A reply to this request.
fn answer(id: &Value, mut reply: Value) -> Value {
    reply["id"] = id.clone();
    reply
}
