//! What a step read, and what it may have changed.

use crate::id::ThreadId;

/// What a step may have read or changed: the owners whose objects, whether a process, whether who is bound where.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Touched {
    /// Ascending, each once.
    owners: Vec<ThreadId>,
    shared: bool,
    ports: bool,
}

impl Touched {
    /// Marks an owner.
    pub fn owner(&mut self, owner: ThreadId) {
        // Few owners, and nearly always one that is marked already.
        let place = self.owners.iter().position(|marked| *marked >= owner).unwrap_or(self.owners.len());
        if self.owners.get(place) != Some(&owner) {
            self.owners.insert(place, owner);
        }
    }

    /// Marks the processes.
    pub fn process(&mut self) {
        self.shared = true;
    }

    /// Marks the list of who is bound where: all that `World::bound` tells.
    pub fn ports(&mut self) {
        self.ports = true;
    }

    /// Was the list of who is bound where marked?
    #[must_use]
    pub fn has_ports(&self) -> bool {
        self.ports
    }

    /// Were processes marked?
    #[must_use]
    pub fn shared(&self) -> bool {
        self.shared
    }

    /// Was this owner marked?
    #[must_use]
    pub fn has(&self, owner: usize) -> bool {
        self.owners.binary_search_by_key(&owner, |marked| marked.index()).is_ok()
    }

    /// The owners marked, ascending.
    pub fn owners(&self) -> impl Iterator<Item = usize> + '_ {
        self.owners.iter().map(|owner| owner.index())
    }

    /// Forgets all marks but keeps the memory.
    pub fn clear(&mut self) {
        self.owners.clear();
        (self.shared, self.ports) = (false, false);
    }
}
