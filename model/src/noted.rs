//! What a step writes down although it only looks: whose objects guards look at, and what is resolved at choice points.

use std::cell::{Cell, RefCell};

use crate::choice::{COUNT, Point};
use crate::id::ThreadId;
use crate::world::Touched;

/// What is written down in a step. It lies in the effects, so that the next step has its memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted {
    /// Whose objects were looked at.
    pub(crate) read: Owners,
    /// Whose may have changed.
    pub(crate) touched: Owners,
}

/// What becomes a [`Touched`] when the step is over. The first 64 owners are bits until then: nearly always they are all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owners {
    first: Cell<u64>,
    others: RefCell<Touched>,
    processes: Cell<bool>,
    ports: Cell<bool>,
}

impl Owners {
    /// Notes an owner.
    #[inline]
    pub(crate) fn owner(&self, owner: ThreadId) {
        if owner.0 < u64::BITS {
            self.first.set(self.first.get() | 1 << owner.0);
        } else {
            self.others.borrow_mut().owner(owner);
        }
    }

    /// Is it noted?
    pub(crate) fn has(&self, owner: ThreadId) -> bool {
        if owner.0 < u64::BITS { self.first.get() >> owner.0 & 1 == 1 } else { self.others.borrow().has(owner.index()) }
    }

    /// Are the processes noted?
    pub(crate) fn has_processes(&self) -> bool {
        self.processes.get()
    }

    /// Notes the processes.
    pub(crate) fn processes(&self) {
        self.processes.set(true);
    }

    /// Notes who is bound where.
    pub(crate) fn ports(&self) {
        self.ports.set(true);
    }

    /// Hands over all that is noted.
    pub(crate) fn write(&mut self, into: &mut Touched) {
        let mut first = self.first.take();
        while first != 0 {
            into.owner(ThreadId(first.trailing_zeros()));
            first &= first - 1;
        }
        let others = self.others.get_mut();
        others.owners().for_each(|owner| into.owner(ThreadId::new(owner)));
        others.clear();
        if self.processes.take() {
            into.process();
        }
        if self.ports.take() {
            into.ports();
        }
    }
}

/// The choice points that are resolved in a step. It lies in the effects, and few steps resolve any: so there is nearly never
/// anything to forget.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// By point, what was set; zero: nothing.
    points: [Cell<u8>; COUNT],
    any: Cell<bool>,
}

impl Default for Resolved {
    fn default() -> Resolved {
        Resolved { points: [const { Cell::new(0) }; COUNT], any: Cell::new(false) }
    }
}

impl Resolved {
    /// What it is there; zero: nothing yet.
    pub(crate) fn get(&self, point: Point) -> u8 {
        self.points[point.index()].get()
    }

    /// Resolves it.
    pub(crate) fn set(&self, point: Point, what: u8) {
        self.any.set(true);
        self.points[point.index()].set(what);
    }

    /// Something is decided that is no choice point.
    pub(crate) fn decides(&self) {
        self.any.set(true);
    }

    /// Is anything resolved?
    #[inline(always)]
    pub(crate) fn is_any(&self) -> bool {
        self.any.get()
    }
}
