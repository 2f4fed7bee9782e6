//! The formatter: what it makes of a file, and that it changes nothing but the layout.

use std::fs;
use std::path::Path;

use winaccept_lang::{format_source, parse};
use winaccept_sim::script::Script;

/// The same script without what depends on the layout.
fn bare(source: &str) -> String {
    let script: Script = parse(source.as_bytes(), "test", &|_| true).unwrap();
    let text = format!("{:?}", Script { source: String::new(), ..script });
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("Span {") {
        out += &rest[..at];
        rest = rest[at..].split_once('}').unwrap().1;
    }
    out + rest
}

fn check(source: &str) -> String {
    let formatted = format_source(source, "test").unwrap();
    assert_eq!(format_source(&formatted, "test").unwrap(), formatted, "not idempotent");
    assert_eq!(bare(&formatted), bare(source));
    formatted
}

#[test]
fn what_a_step_goes_on_with_is_no_actor() {
    let source = "scenario \"t\"\n\ns  accept(INVALID_SOCKET, NULL, NULL) = INVALID_SOCKET \\\n    WSANOTINITIALISED  shows a.b\n";
    assert_eq!(check(source), source);
}

#[test]
fn lays_out_a_scenario() {
    let untidy = "\n\n# licence\nscenario   \"t\"   # trailing\n#prose\n\n\n\nprocess peer:client ,other\nwinsock  1.1   peer\n\
server socket( AF_INET,SOCK_STREAM,0 )=L\nserver   setsockopt(L,SOL_SOCKET,SO_LINGER,{ 1,0 }) =0 shows a.b,c.d# why\n\
s2 WSACreateEvent()=E\ns2 WSAPoll({ L :POLLRDNORM | POLLWRNORM },0)={1 with revents={ POLLRDNORM|POLLHUP }|\
SOCKET_ERROR   WSAEINVAL}\nserver select({ },{L},NULL,0) = 0\nserver accept(L,addr,16)\\\n=?silent.1\n\
any order{\nserver  listen(L,5)\n  # inside\nclients 2 alike{\nc socket(AF_INET,SOCK_STREAM,0)=D\n\
either{ c closesocket(D) } or{ }\nrepeat{\n\nc WSAGetLastError()\n}\n}\n}\n\n\n";
    insta::assert_snapshot!(check(untidy));
}

#[test]
fn lays_out_branches() {
    let source = "scenario \"t\"\n\nany order {\n  repeat {\n    \
                  s  socket(AF_INET, SOCK_STREAM, 0) = { L | INVALID_SOCKET WSAEMFILE }\n    \
                  until { WSAEMFILE | WSAENOBUFS }\n    if { WSAEINTR | WSAEINPROGRESS } {\n      s  WSAGetLastError()\n    \
                  } else if fails {\n      s  select({L}, {}, NULL, 0)\n      if 1 with readfds = {L}, writefds = {} {\n        \
                  s  closesocket(L)\n      }\n    } else {\n      s  closesocket(L)\n    }\n  }\n}\n";
    assert_eq!(check(source), source);
    let script = parse(source.as_bytes(), "test", &|_| true).unwrap();
    let told = winaccept_lang::render_script(&script, &Default::default());
    let spelled = told
        .replace("INVALID_SOCKET WSAENOBUFS", "WSAENOBUFS")
        .replace("INVALID_SOCKET WSAEINPROGRESS", "WSAEINPROGRESS");
    assert_eq!(bare(&told), bare(source), "{told}");
    assert!(spelled.contains("} else if fails {"), "{told}");
}

#[test]
fn leaves_lines_that_would_grow_too_long() {
    let events = ["L"; 4].join(",");
    let long = format!(
        "scenario \"t\"\ns socket(AF_INET, SOCK_STREAM, 0)=L\ns select({{{events}}},NULL,NULL,0)=0#{}\n",
        "x".repeat(4058)
    );
    assert!(check(&long).contains("s select({L,L,L,L},NULL"));
}

#[test]
fn does_not_touch_a_broken_file() {
    assert!(format_source("scenario \"t\"\nserver  listn(L, 5)\n", "test").is_err());
}

#[test]
fn every_bundled_scenario_keeps_its_meaning() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "winaccept") {
                check(&fs::read_to_string(path).unwrap());
            }
        }
    }
}
