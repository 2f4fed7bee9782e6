//! What threads wait for that is not Winsock's: mutexes and semaphores, locks and condition variables, and what else each thread has.

use std::collections::BTreeMap;

/// What came of it that somebody wants an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Taken {
    No,
    Yes,
    /// The thread that had it has ended.
    Abandoned,
}

/// A mutex or a semaphore.
#[derive(Debug)]
pub(crate) enum Own {
    Mutex { sign: u32, owner: Option<usize>, depth: u32, abandoned: bool },
    Semaphore { sign: u32, count: i32, most: i32 },
}

impl Own {
    pub(crate) fn sign(&self) -> u32 {
        match self {
            Own::Mutex { sign, .. } | Own::Semaphore { sign, .. } => *sign,
        }
    }

    /// Could this thread take it?
    pub(crate) fn is_free(&self, thread: usize) -> bool {
        match self {
            Own::Mutex { owner, .. } => owner.is_none_or(|owner| owner == thread),
            Own::Semaphore { count, .. } => *count > 0,
        }
    }

    /// This thread takes it, if it is free.
    pub(crate) fn takes(&mut self, thread: usize) -> Taken {
        if !self.is_free(thread) {
            return Taken::No;
        }
        match self {
            Own::Mutex { owner, depth, abandoned, .. } => {
                (*owner, *depth) = (Some(thread), *depth + 1);
                if std::mem::take(abandoned) { Taken::Abandoned } else { Taken::Yes }
            }
            Own::Semaphore { count, .. } => {
                *count -= 1;
                Taken::Yes
            }
        }
    }

    /// It is given back: by a mutex's owner, once.
    pub(crate) fn gives_back(&mut self) {
        match self {
            Own::Mutex { owner, depth, .. } => {
                *depth = depth.saturating_sub(1);
                if *depth == 0 {
                    *owner = None;
                }
            }
            Own::Semaphore { count, .. } => *count += 1,
        }
    }
}

/// A slim lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Slim {
    pub(crate) sign: u32,
    /// Who has it for himself.
    pub(crate) owner: Option<usize>,
    /// How many share it.
    pub(crate) shared: u32,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    pub(crate) all: Vec<Own>,
    /// Slim locks, by their address.
    pub(crate) slim: BTreeMap<usize, Slim>,
    /// The signs of those who wait at a condition variable, by its address; who has waited longest comes first.
    pub(crate) conditions: BTreeMap<usize, Vec<u32>>,
    /// What threads that are over have returned.
    pub(crate) exits: BTreeMap<usize, u32>,
    /// Which indices of thread local storage are in use, and what each thread has there.
    pub(crate) indices: Vec<bool>,
    pub(crate) local: BTreeMap<(usize, u32), usize>,
    /// The text of `inet_ntoa`, by thread.
    pub(crate) texts: BTreeMap<usize, Box<[u8; 16]>>,
}

impl Objects {
    /// A thread ends: mutexes that it has are abandoned. The signs of those.
    pub(crate) fn ends(&mut self, thread: usize) -> Vec<u32> {
        self.exits.entry(thread).or_default();
        let mut free = Vec::new();
        for object in &mut self.all {
            if let Own::Mutex { sign, owner, depth, abandoned } = object
                && *owner == Some(thread)
            {
                (*owner, *depth, *abandoned) = (None, 0, true);
                free.push(*sign);
            }
        }
        free
    }
}
