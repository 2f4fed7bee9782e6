//! Handles and processes: which handles a child inherits, `CreateProcess`, `SetHandleInformation`, `GetHandleInformation`.
//!
//! They are functions of the system, which know nothing of Winsock and need no `WSAStartup`.

use super::common::{case, check, not_modelled};
use crate::call::{Call, OptVal, ProcessId};
use crate::choice::{INHERITED_MODE_KEPT, MODE_OF_INHERITED};
use crate::code::Code;
use crate::outcome::{Out, Outcome};
use crate::rule::{At, Limit, Rule, States};
use crate::world::{Holder, MAX_HANDLES, State};

const NO_SOCKET: States = States::of(&[State::NotASocket]);

/// `HANDLE_FLAG_INHERIT`.
const INHERIT: u32 = 1;

table! {
    CREATEPROCESS;
    // A process that has ended does not begin again, and none begins itself.
    Rule {
        when: |at| child(at).is_none_or(|(child, _)| child == at.process_id() || !at.has_started(child)),
        ..not_modelled("CreateProcess.child-not-modelled", &["createprocess.inherit.each"], States::ANY)
    },
    Rule {
        when: |at| child(at).is_some_and(|(_, inherits)| !inherits),
        then: succeeds,
        ..case("CreateProcess.inherits-nothing", &["createprocess.inherit.each"], States::ANY)
    },
    Rule {
        then: |at| {
            inherits(at);
            succeeds(at);
        },
        asks: &[MODE_OF_INHERITED],
        rests_on: &["wsasocket.inherit.default-inheritable", "sethandleinformation.inherit"],
        ..case(
            "CreateProcess.inherits",
            &["createprocess.inherit.each", "createprocess.inherit.same-value"],
            States::ANY,
        )
    },
}

table! {
    SETHANDLEINFORMATION;
    Rule {
        rests_on: &["closehandle.rem.invalidates"],
        ..check("SetHandleInformation.invalid-handle", &[], NO_SOCKET, Code::WSA_INVALID_HANDLE)
    },
    Rule {
        then: |at| {
            if let (Call::SetHandleInformation { inherits, .. }, Some(holder)) = (*at.call(), own_holder(at)) {
                let (s, copy) = (at.socket_id(), at.copy);
                at.set_holder(s, copy, Some(Holder { private: !inherits, ..holder }));
            }
            succeeds(at);
        },
        ..case(
            "SetHandleInformation.sets",
            &["sethandleinformation.inherit", "sethandleinformation.mask"],
            States::SOCKET,
        )
    },
}

table! {
    GETHANDLEINFORMATION;
    Rule {
        rests_on: &["closehandle.rem.invalidates"],
        ..check("GetHandleInformation.invalid-handle", &[], NO_SOCKET, Code::WSA_INVALID_HANDLE)
    },
    Rule {
        then: |at| {
            let inherits = own_holder(at).is_some_and(|holder| !holder.private);
            let flags = if inherits { INHERIT } else { 0 };
            at.give(Outcome::number(1).with(Out::Option(OptVal::Number(flags))));
        },
        rests_on: &["wsasocket.inherit.default-inheritable", "sethandleinformation.inherit"],
        ..case("GetHandleInformation.tells", &["gethandleinformation.flags"], States::SOCKET)
    },
}

fn succeeds(at: &mut At<'_>) {
    at.give(Outcome::number(1));
}

fn own_holder(at: &At<'_>) -> Option<Holder> {
    at.sock().holder(at.copy)
}

/// The process that is to begin, and whether it is to inherit handles.
fn child(at: &At<'_>) -> Option<(ProcessId, bool)> {
    match *at.call() {
        Call::CreateProcess { process, inherits } => Some((process, inherits)),
        _ => None,
    }
}

/// The child gets each handle of its parent's that is not kept from it, with the value that it has there.
fn inherits(at: &mut At<'_>) {
    let Some((child, _)) = child(at) else { return };
    let parent = at.process_id();
    for s in at.socket_ids() {
        let own = |holder: &Holder| holder.process == parent && !holder.private;
        let handles: Vec<_> = at.socket_at(s).holders().filter(|(_, holder)| own(holder)).collect();
        for (copy, holder) in handles {
            let Some(free) = at.socket_at(s).free_handle() else {
                at.reaches(Limit { most: MAX_HANDLES, of: "handles of one socket" });
                return;
            };
            let value = at.socket_at(s).value_of(copy);
            let inherited = u8::try_from(value).ok();
            let nonblocking = holder.nonblocking && at.chooses(INHERITED_MODE_KEPT);
            at.set_holder(s, free, Some(Holder { nonblocking, inherited, ..Holder::new(child) }));
        }
    }
}
