//! What the page of the worker protocol shows is what the program reads and writes.

use std::fs;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use winaccept::stack::protocol::{Function, MAX_REPLY, Order, Reply, Report, Request, Returned};

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/worker.md")).unwrap()
}

/// The lines of the session that begin with this arrow.
fn session(arrow: &str) -> Vec<String> {
    let page = page();
    let block = page.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(block.lines().all(|line| line.starts_with("-> ") || line.starts_with("<- ")), "{block}");
    block.lines().filter_map(|line| line.strip_prefix(arrow)).map(str::to_owned).collect()
}

/// Everything between backticks that begins so.
fn examples(begin: &str) -> Vec<String> {
    let page = page();
    let text: String = page.split("```").step_by(2).collect();
    text.split('`').filter(|code| code.starts_with(begin)).map(str::to_owned).collect()
}

/// Reads an example, and finds that it would be written just so: a misspelt field that may be absent shows here.
fn exactly<T: DeserializeOwned + Serialize>(line: &str) -> T {
    let data: T = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    let shown: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(serde_json::to_value(&data).unwrap(), shown, "{line}");
    data
}

/// The names that this type knows, from what it says to one that it does not.
fn names<T: DeserializeOwned>(tag: &str) -> Vec<String> {
    let Err(error) = serde_json::from_value::<T>(serde_json::json!({ tag: "?" })) else { panic!("`?` is no name") };
    let said = error.to_string();
    let names: Vec<_> = said.split('`').skip(1).step_by(2).skip(1).map(str::to_owned).collect();
    assert!(names.len() > 3, "{said}");
    names
}

#[test]
fn the_session_is_one() {
    let requests: Vec<Request> = session("-> ").iter().map(|line| exactly(line)).collect();
    let replies: Vec<Reply> = session("<- ").iter().map(|line| exactly(line)).collect();
    let ids: Vec<_> = requests.iter().map(|request| request.id).collect();
    assert_eq!(ids, (1..=requests.len() as u64).collect::<Vec<_>>());
    for request in &requests {
        let answers = replies.iter().filter(|reply| reply.id == request.id).count();
        assert_eq!(answers, usize::from(!matches!(request.order, Order::Exit { .. })), "{request:?}");
    }
    let shown = page();
    for name in names::<Order>("do") {
        assert!(session("-> ").iter().any(|line| line.contains(&format!("\"do\":\"{name}\""))), "{name}");
        assert!(shown.contains(&format!("| `{name}` |")), "{name}");
    }
}

#[test]
fn every_reply_is_told() {
    let shown = [session("<- "), examples("{\"id\":")].concat();
    for name in names::<Report>("did") {
        assert!(shown.iter().any(|line| line.contains(&format!("\"did\":\"{name}\""))), "{name}");
    }
    for line in &examples("{\"id\":") {
        exactly::<Reply>(line);
    }
}

#[test]
fn every_call_has_an_example() {
    let examples = examples("{\"function\":");
    for line in &examples {
        assert_eq!(serde_json::to_string(&exactly::<Function>(line)).unwrap(), *line);
    }
    for name in names::<Function>("function") {
        let shows = |line: &&String| line.contains(&format!("{{\"function\":\"{name}\""));
        assert_eq!(examples.iter().filter(shows).count(), 1, "{name}");
    }
}

#[test]
fn every_field_of_a_return_is_told() {
    let all = r#"{"value":0,"error":0,"addr":{"ip":"::1","port":1},"addrlen":1,"data":"","option":{"number":1},
        "readfds":[],"writefds":[],"exceptfds":[],"revents":[],"events":0,"errors":[[5,10053]],"bytes":1,"key":1,"overlapped":1,
        "message":{"number":1025,"socket":52,"event":8,"error":0},"entries":[[125,4096,4]],"routine":0,"polled":[[52,128]],
        "local":{"ip":"::1","port":1},"remote":{"ip":"::1","port":2},"info":"",
        "condition":{"callerid":null,"callerdata":null,"sqos":false,"gqos":false,"calleeid":null,"calleedata":0,"callbackdata":0}}"#;
    #[rustfmt::skip]
    let Returned {
        value, error, addr, addrlen, data, option, readfds, writefds, exceptfds, revents, events, bytes, key, overlapped, local, remote,
        info, condition, message, entries, routine, errors, polled,
    } = exactly(all);
    assert!(bytes.is_some() && key.is_some() && overlapped.is_some() && local.is_some() && remote.is_some());
    assert_eq!((value, error), (0, 0));
    assert!(addr.is_some() && addrlen.is_some() && data.is_some() && option.is_some() && info.is_some());
    assert!(condition.is_some() && message.is_some() && entries.is_some() && routine.is_some());
    assert!(
        readfds.is_some()
            && writefds.is_some()
            && exceptfds.is_some()
            && revents.is_some()
            && events.is_some()
            && errors.is_some()
            && polled.is_some()
    );
    let page = page();
    let table = page.split("`returned` tells what the call did:").nth(1).unwrap();
    let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(all).unwrap();
    for field in fields.keys() {
        assert!(table.contains(&format!("`{field}`")), "{field}");
    }
    assert!(table.contains(&MAX_REPLY.to_string()));
}
