//! Connections that leave a listener's queues without being given to a caller.

use super::At;
use crate::choice::UNREAD_RESETS;
use crate::rule::Takes;
use crate::world::{ConnId, Direction, Segment, Tcb};

impl At<'_> {
    /// Is the call being made, with nothing taken yet?
    #[must_use]
    #[inline(always)]
    pub fn entering(&self) -> bool {
        !self.taking
    }

    /// Is there a connection to be taken?
    pub(crate) fn has_in_hand(&self) -> bool {
        self.socket().is_some_and(|s| !self.socket_at(s).accept_queue().is_empty())
    }

    /// What becomes of the connection in hand.
    pub(crate) fn takes_off(&mut self, takes: Takes) {
        if takes == Takes::Keeps {
            return;
        }
        let Some(conn) = self.own_extra_mut().accept_queue.pop_first() else { return };
        match takes {
            Takes::Closes => self.closes_taken(conn),
            Takes::Resets => self.drops(conn, true),
            Takes::Drops | Takes::Keeps => self.drops(conn, false),
        }
    }

    /// A check found its fault only with the connection in hand: its peer sees it closed, as `closesocket` closes.
    fn closes_taken(&mut self, conn: ConnId) {
        if !self.conn_at(conn).server.unread.is_empty() && self.chooses(UNREAD_RESETS) {
            return self.drops(conn, true);
        }
        let connection = self.conn_mut(conn);
        connection.listener = None;
        connection.sampled = None;
        self.forget_unread(conn, Direction::Down);
        let connection = self.conn_mut(conn);
        if connection.server.tcb == Tcb::Established {
            connection.server.fin_sent = true;
            self.send(conn, Direction::Down, Segment::Fin);
        } else if std::mem::replace(&mut connection.server.tcb, Tcb::None) == Tcb::Undecided {
            self.send(conn, Direction::Down, Segment::Rst);
        }
        self.reap(conn);
    }

    /// A listener lets go of a connection that it has taken off its queues; `resets`: and tells the client.
    pub fn drops(&mut self, conn: ConnId, resets: bool) {
        let decided = self.is_decided(conn);
        let connection = self.conn_mut(conn);
        // A connection that somebody decides about is the listener's until that is done.
        connection.listener = connection.listener.filter(|_| decided);
        connection.sampled = None;
        connection.timer &= connection.client.tcb == Tcb::SynSent;
        self.forget_unread(conn, Direction::Down);
        let connection = self.conn_mut(conn);
        let live = matches!(connection.server.tcb, Tcb::Established | Tcb::SynReceived | Tcb::Undecided);
        connection.server.tcb = Tcb::None;
        if resets && live {
            self.send(conn, Direction::Down, Segment::Rst);
        }
        self.reap(conn);
    }
}
