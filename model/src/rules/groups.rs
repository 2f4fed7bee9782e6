//! Socket groups, as far as a condition function, or the caller of `WSASocket`, puts a new socket into one. All else about them is
//! reserved.

use crate::call::{Address, Call, Family, Group, Handle, SockType};
use crate::operation::Answer;
use crate::rule::{At, Limit};
use crate::world::{Direction, Member, SocketId, State};

/// May the socket of the first connection of the queue be in the group that the condition function has named?
pub(super) fn may_join(at: &At<'_>) -> bool {
    match at.answer {
        Answer::Accepts { group: Group::Nobodys, .. } => false,
        Answer::Accepts { group: Group::Of(_), .. } => joined(at).is_some_and(|group| suits(at, group)),
        _ => true,
    }
}

/// The group that is to be joined, if there is one.
fn joined(at: &At<'_>) -> Option<Member> {
    match at.answer {
        Answer::Accepts { group: Group::Of(handle), .. } => group_of(at, handle),
        _ => None,
    }
}

/// The group that another socket is in.
fn group_of(at: &At<'_>, handle: Handle) -> Option<Member> {
    at.socket_at(at.named(handle)?).extra().group
}

/// Members of a constrained group are of one type, and their connections go to one address.
fn suits(at: &At<'_>, group: Member) -> bool {
    let Some(peer) = at.sock().accept_queue().first().map(|conn| at.conn_at(conn).client_address) else { return false };
    let kind = at.sock().kind;
    let mut others = at.socket_ids().filter(|s| at.socket_at(*s).extra().group == Some(group));
    !group.constrained
        || others.all(|s| {
            let other = at.socket_at(s);
            other.kind == kind && peer_of(at, s).is_none_or(|to| (to.family, to.ip) == (peer.family, peer.ip))
        })
}

/// The address that the connection of a socket goes to.
fn peer_of(at: &At<'_>, s: SocketId) -> Option<Address> {
    let conn = at.socket_at(s).conn?;
    let connection = at.conn_at(conn);
    Some(match at.sends(s) {
        Direction::Down => connection.client_address,
        Direction::Up => connection.server_address,
    })
}

/// Is there no such group as `WSASocket` is given, or may a socket of this type not be in it?
pub(super) fn is_bad(at: &At<'_>) -> bool {
    match *at.call() {
        Call::WSASocket { group: Group::Nobodys, .. } => true,
        Call::WSASocket { group: Group::Constrained, kind, .. } => kind != SockType::Stream,
        Call::WSASocket { group: Group::Of(handle), family, kind, .. } => {
            let other = at.named(handle);
            other.is_none_or(|s| !takes(at, s, family, kind))
        }
        _ => false,
    }
}

/// Is this socket in a group, in which one of this family and type may be, too?
fn takes(at: &At<'_>, s: SocketId, family: Family, kind: SockType) -> bool {
    let other = at.socket_at(s);
    other.extra().group.is_some_and(|group| !group.constrained || (other.family, other.kind) == (family, kind))
}

/// The new socket is in the group that `WSASocket` was given.
pub(super) fn joins_by_call(at: &mut At<'_>, new: SocketId) {
    if let Call::WSASocket { group, .. } = *at.call() {
        joins_as(at, new, group);
    }
}

/// The new socket is in the group that was asked for.
pub(super) fn joins(at: &mut At<'_>, new: SocketId) {
    if let Answer::Accepts { group, .. } = at.answer {
        joins_as(at, new, group);
    }
}

/// The new socket is in the group of another socket, or founds one.
fn joins_as(at: &mut At<'_>, new: SocketId, group: Group<Handle>) {
    let (member, founds) = match group {
        Group::None | Group::Nobodys => return,
        Group::Of(other) => (group_of(at, other), false),
        Group::Unconstrained => (Some(Member { founder: new, constrained: false }), true),
        Group::Constrained => (Some(Member { founder: new, constrained: true }), true),
    };
    let lives = |s: &SocketId| *s != new && at.socket_at(*s).extra().group.is_some_and(|other| other.founder == new);
    if founds && at.socket_ids().any(|s| lives(&s)) {
        at.reaches(Limit { most: 1, of: "groups that sockets of one connection have founded and others are still in" });
        return;
    }
    if member.is_some() && at.socket_at(new).state != State::NotASocket {
        at.extra_mut(new).group = member;
    }
}
