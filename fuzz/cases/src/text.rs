//! Any text as a scenario: the parser and the formatter.

use winaccept_lang::{Comment, Diagnostics, format_source, parse, render_script};

use crate::bytes::{Bytes, worded};

/// What scenarios are made of.
const WORDS: &[&str] = &[
    "\nserver  ",
    "\nclient  ",
    "\nother  ",
    "\n",
    "  ",
    " = ",
    " = INVALID_SOCKET ",
    " = SOCKET_ERROR ",
    " = ...",
    " = 0",
    "socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L",
    "socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C",
    "\nserver  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L\nserver  bind(L, 127.0.0.1:0) = 0\nserver  listen(L, 5) = 0\n",
    "\nclient  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = C\nclient  connect(C, L) = 0\n",
    "bind(L, 127.0.0.1:0)",
    "listen(L, 5)",
    "accept(L, NULL, NULL) = A",
    "accept(L, addr, 16)",
    "connect(C, L)",
    "closesocket(",
    "recv(A, 16)",
    "send(C, \"abc\")",
    "shutdown(C, SD_SEND)",
    "select({L}, NULL, NULL, 0)",
    "WSAPoll({L: POLLRDNORM}, 0)",
    "WSACreateEvent() = E",
    "WSAEventSelect(L, E, FD_ACCEPT|FD_CLOSE)",
    "WSAEnumNetworkEvents(L, E)",
    "WSAWaitForMultipleEvents({E}, INFINITE, TRUE)",
    "SleepEx(0, TRUE)",
    "QueueUserAPC(WSASetEvent(E), server)",
    "setsockopt(C, SOL_SOCKET, SO_LINGER, {1, 0})",
    "getsockopt(L, SOL_SOCKET, SO_ERROR)",
    "WSAAccept(L, NULL, NULL, condition, 7)",
    "condition returns CF_ACCEPT",
    "condition returns CF_DEFER",
    "resumes",
    "AcceptEx(L, C, buffer, 0, 32, 32, bytes, O)",
    "OVERLAPPED(E) = O",
    "CreateIoCompletionPort() = P",
    "GetQueuedCompletionStatus(P, 0)",
    "ioctlsocket(L, FIONBIO, 1)",
    "getsockname(L, addr, 16)",
    "WSADuplicateSocket(L, peer, info)",
    "WSAStartup(2.2)",
    "WSACleanup()",
    "WSAGetLastError()",
    "CreateWindow() = W",
    "WSAAsyncSelect(L, W, WM_USER+1, FD_ACCEPT)",
    "PeekMessage(W)",
    "in hook ",
    "any order {",
    "either {",
    "} or {",
    "repeat {",
    "}",
    "{",
    "(",
    ")",
    ",",
    "|",
    ":",
    "\nhold C",
    "\nrelease C",
    "\ndrop SYN of C",
    "\nmay drop SYN of C",
    "\ndeliver ACK of C",
    "\nlose FIN of C",
    "\ntimer of C",
    "\nfault no-descriptors",
    "\nmend no-descriptors",
    "\nfault network-down in peer at accept",
    "\nchoose backlog = exact",
    "\nprocess peer: other",
    "\nwinsock 1.1 main",
    "\nprocess past: old",
    "\nnever ",
    "\nnobody waits",
    "\nclients 3 alike {",
    "\npeer P -> L",
    "\nP  SYN",
    "\nP  ACK",
    "\nP  expects { SYN-ACK | RST }",
    "  shows accept.err.WSAECONNRESET",
    "  confirms a-fact",
    "  with addr = 127.0.0.1:*",
    " with addrlen = 16",
    " with readfds = {L}",
    " with data = \"abc\"",
    " WSAEWOULDBLOCK",
    " WSAECONNRESET",
    " WSAEINVAL",
    "INVALID_SOCKET",
    "SOCKET_ERROR",
    "NULL",
    "BAD",
    "handle(0x7)",
    "existing",
    "undefined",
    "unmodelled",
    "crashes",
    "prints \"error %d\"",
    "exits 1",
    "ends",
    "\\\n",
    "# a comment",
    "\"",
    "'",
    "[::1]:0",
    "192.0.2.0:9",
    "127.0.0.1:65536",
    "99999999999999999999",
    "-1",
    "0x",
    "\\xff",
    "\\n",
    "é",
    "…",
    "\u{202e}",
    "\t",
    "\r\n",
    "scenario \"another\"",
    "model ",
    "not taken",
    "L",
    "C",
    "A",
    "E",
    "O",
    "P",
    "W",
];

pub(crate) fn tries(bytes: &[u8]) {
    let mut rest = Bytes::new(bytes);
    let how = rest.byte();
    let (source, in_full) = (rest.rest(), how & 14 == 0);
    if how & 1 == 0 {
        check(source, in_full);
    } else {
        check(format!("scenario \"words\"\n\n{}", worded(source, WORDS)).as_bytes(), in_full);
    }
}

/// `in_full`: all problems are shown as people see them, which takes longer than everything else; otherwise one is.
fn check(source: &[u8], in_full: bool) {
    let script = match parse(source, "text", &|id| !id.ends_with('x')) {
        Ok(script) => script,
        Err(problems) => return have_places(source, &problems, in_full),
    };
    let text = std::str::from_utf8(source).expect("what was parsed is text");
    let rendered = render_script(&script, &Comment::default());
    let formatted = format_source(text, "text").expect("what was parsed can be formatted");
    assert_eq!(format_source(&formatted, "text").ok().as_ref(), Some(&formatted), "formatted once and twice");
    let again = parse(formatted.as_bytes(), "formatted", &|_| true).expect("what was formatted can be parsed");
    assert_eq!(render_script(&again, &Comment::default()), rendered, "formatted and not:\n{formatted}");
    let read = parse(rendered.as_bytes(), "rendered", &|_| true).unwrap_or_else(|why| panic!("{why}\n{rendered}"));
    assert_eq!(render_script(&read, &Comment::default()), rendered, "rendered once and twice");
}

/// Every problem says where it is and can be shown; only what is no text at all has no lines to point at.
fn have_places(source: &[u8], problems: &Diagnostics, in_full: bool) {
    assert!(!problems.list().is_empty(), "refused without a reason");
    for problem in problems.list() {
        assert!(!problem.title.is_empty() && !problem.title.contains('\n'), "{problem:?}");
        match problems.place(problem) {
            Some((line, column)) => {
                assert!(problem.span.start <= problem.span.end && problem.span.end <= source.len(), "{problem:?}");
                let lines = source.iter().filter(|byte| **byte == b'\n').count() + 1;
                assert!(column > 0 && (1..=lines).contains(&line), "line {line} of {lines}: {problem:?}");
            }
            None => assert!(!problem.label.is_empty() && !problem.help.is_empty(), "{problem:?}"),
        }
    }
    if in_full {
        assert!(problems.to_string().ends_with('\n'));
    } else {
        assert!(problems.list().first().is_some_and(|first| !problems.shown(first).is_empty()));
    }
}
