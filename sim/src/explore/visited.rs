//! The configurations visited so far, as numbers of blocks, in the order in which they were found.
//!
//! The order of discovery is itself the queue of a breadth-first search. A number takes two bytes, or four once some
//! block has taken more than 65536 forms; a configuration costs its numbers, four bytes for the way back, and its
//! place in a table of tags.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

/// How many tables there are. Each grows alone, so that growing needs little memory on top.
const SHARDS: usize = 64;
/// Slots of a table at first.
const FIRST_SLOTS: usize = 64;
/// The parent of a configuration that the search began with.
const NOBODY: u32 = u32::MAX;

/// The configurations visited so far.
#[derive(Debug)]
pub(super) struct Visited {
    hash: FixedState,
    /// Numbers of a configuration.
    width: usize,
    /// Cells of a configuration: `width`, or twice that where a number takes two cells.
    stride: usize,
    cells: Vec<u16>,
    parents: Vec<u32>,
    shards: Vec<Shard>,
    spare: Vec<u64>,
}

/// Slots that hold a tag in the upper half and a configuration plus one in the lower; zero: free.
#[derive(Debug)]
struct Shard {
    slots: Vec<u64>,
    taken: usize,
}

/// Configurations on their way into [`Visited`]: looking up many at once lets the memory accesses overlap.
#[derive(Debug, Default)]
pub(super) struct Batch {
    cells: Vec<u16>,
    hashes: Vec<u64>,
    parents: Vec<u32>,
}

impl Batch {
    /// How many configurations wait.
    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }
}

impl Visited {
    /// Nothing visited; a configuration is `width` numbers.
    pub(super) fn new(width: usize) -> Visited {
        let shard = || Shard { slots: vec![0; FIRST_SLOTS], taken: 0 };
        Visited {
            hash: FixedState::default(),
            width,
            stride: width,
            cells: Vec::new(),
            parents: Vec::new(),
            shards: std::iter::repeat_with(shard).take(SHARDS).collect(),
            spare: Vec::new(),
        }
    }

    /// How many configurations were visited.
    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }

    /// The numbers of a configuration.
    pub(super) fn numbers(&self, state: usize, out: &mut [u32]) {
        let cells = &self.cells[state * self.stride..(state + 1) * self.stride];
        if self.stride == self.width {
            out.iter_mut().zip(cells).for_each(|(number, &cell)| *number = u32::from(cell));
        } else {
            let pairs = cells.chunks_exact(2);
            out.iter_mut()
                .zip(pairs)
                .for_each(|(number, pair)| *number = u32::from(pair[0]) | u32::from(pair[1]) << 16);
        }
    }

    /// The configuration from which this one was first reached; `None` for one that the search began with.
    pub(super) fn parent(&self, state: usize) -> Option<usize> {
        let parent = self.parents[state];
        (parent != NOBODY).then_some(parent as usize)
    }

    /// Puts a configuration into a batch, reached from `parent`.
    pub(super) fn offer(&mut self, batch: &mut Batch, numbers: &[u32], parent: Option<usize>) {
        if self.stride == self.width && numbers.iter().any(|&number| number > u32::from(u16::MAX)) {
            self.widen(batch);
        }
        let start = batch.cells.len();
        if self.stride == self.width {
            batch.cells.extend(numbers.iter().map(|&number| number as u16));
        } else {
            batch.cells.extend(numbers.iter().flat_map(|&number| [number as u16, (number >> 16) as u16]));
        }
        batch.hashes.push(self.hash.hash_one(&batch.cells[start..]));
        batch.parents.push(parent.map_or(NOBODY, |parent| parent as u32));
    }

    /// Takes in a batch, in order, up to `limit` configurations in all. False when the limit kept a new one out.
    pub(super) fn take_in(&mut self, batch: &mut Batch, limit: usize) -> bool {
        self.touch(batch);
        let mut complete = true;
        for index in 0..batch.len() {
            let cells = &batch.cells[index * self.stride..(index + 1) * self.stride];
            let hash = batch.hashes[index];
            let shard = &mut self.shards[shard_of(hash)];
            match shard.find(hash, |state| self.cells[state * self.stride..(state + 1) * self.stride] == *cells) {
                Ok(_) => {}
                Err(_) if self.parents.len() >= limit => complete = false,
                Err(free) => {
                    self.cells.extend_from_slice(cells);
                    self.parents.push(batch.parents[index]);
                    shard.slots[free] = hash << 32 | self.parents.len() as u64;
                    shard.taken += 1;
                    if shard.taken * 5 > shard.slots.len() * 4 {
                        shard.grow(&mut self.spare);
                    }
                }
            }
        }
        batch.cells.clear();
        batch.hashes.clear();
        batch.parents.clear();
        complete
    }

    /// Which of the configurations visited this is.
    pub(super) fn position(&self, numbers: &[u32]) -> Option<usize> {
        let cells: Vec<u16> = if self.stride == self.width {
            numbers.iter().map(|&number| u16::try_from(number).ok()).collect::<Option<_>>()?
        } else {
            numbers.iter().flat_map(|&number| [number as u16, (number >> 16) as u16]).collect()
        };
        let hash = self.hash.hash_one(&cells[..]);
        let same = |state: usize| self.cells[state * self.stride..(state + 1) * self.stride] == cells[..];
        self.shards[shard_of(hash)].find(hash, same).ok()
    }

    /// Reads what `take_in` will read, all of it independently, so that the processor waits once and not every time.
    fn touch(&self, batch: &Batch) {
        let mut sum = 0;
        for &hash in &batch.hashes {
            let shard = &self.shards[shard_of(hash)];
            sum ^= shard.slots[shard.start(hash)];
        }
        for &hash in &batch.hashes {
            let shard = &self.shards[shard_of(hash)];
            let slot = shard.slots[shard.start(hash)];
            if slot != 0 && slot >> 32 == hash & TAG {
                sum ^= u64::from(self.cells[state_in(slot) * self.stride]);
            }
        }
        std::hint::black_box(sum);
    }

    /// From two bytes a number to four.
    fn widen(&mut self, batch: &mut Batch) {
        let wide = |cells: &[u16]| cells.iter().flat_map(|&cell| [cell, 0]).collect::<Vec<u16>>();
        self.cells = wide(&self.cells);
        batch.cells = wide(&batch.cells);
        self.stride = self.width * 2;
        let hash_of = |cells: &[u16]| self.hash.hash_one(cells);
        batch.hashes = batch.cells.chunks_exact(self.stride).map(hash_of).collect();
        for shard in &mut self.shards {
            shard.slots.fill(0);
            shard.taken = 0;
        }
        for (state, cells) in self.cells.chunks_exact(self.stride).enumerate() {
            let hash = self.hash.hash_one(cells);
            let shard = &mut self.shards[shard_of(hash)];
            shard.put(hash << 32 | (state as u64 + 1));
            if shard.taken * 5 > shard.slots.len() * 4 {
                shard.grow(&mut self.spare);
            }
        }
    }
}

/// The half of a hash that is kept, and that says where in its table an entry belongs.
const TAG: u64 = u32::MAX as u64;

fn shard_of(hash: u64) -> usize {
    (hash >> 58) as usize
}

fn state_in(slot: u64) -> usize {
    (slot as u32 - 1) as usize
}

impl Shard {
    /// Where the search for an entry begins. In the order of the tags, so that growing goes through memory in order.
    fn start(&self, hash: u64) -> usize {
        (((hash & TAG) * self.slots.len() as u64) >> 32) as usize
    }

    /// The configuration with this hash that `same` recognises, or the free slot where it belongs.
    fn find(&self, hash: u64, same: impl Fn(usize) -> bool) -> Result<usize, usize> {
        let mut at = self.start(hash);
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return Err(at);
            }
            if slot >> 32 == hash & TAG && same(state_in(slot)) {
                return Ok(state_in(slot));
            }
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
    }

    /// Puts in an entry that is not there yet.
    fn put(&mut self, slot: u64) {
        let mut at = self.start(slot >> 32);
        while self.slots[at] != 0 {
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
        self.slots[at] = slot;
        self.taken += 1;
    }

    fn grow(&mut self, spare: &mut Vec<u64>) {
        spare.clear();
        spare.extend(self.slots.iter().filter(|&&slot| slot != 0));
        let slots = self.slots.len() + self.slots.len() / 3;
        self.slots.fill(0);
        self.slots.reserve_exact(slots - self.slots.len());
        self.slots.resize(slots, 0);
        self.taken = 0;
        for &slot in spare.iter() {
            self.put(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_again_what_it_took_in_also_after_widening() {
        let mut visited = Visited::new(2);
        let mut batch = Batch::default();
        for number in 0..50_000 {
            visited.offer(&mut batch, &[number, number / 7], None);
            if batch.len() == 100 {
                assert!(visited.take_in(&mut batch, usize::MAX));
            }
        }
        assert_eq!(visited.len(), 50_000);
        visited.offer(&mut batch, &[70_000, 1], Some(7));
        visited.offer(&mut batch, &[4_464, 1], Some(7));
        assert!(visited.take_in(&mut batch, usize::MAX));
        assert_eq!(visited.len(), 50_002, "numbers that agree in sixteen bits differ");
        let mut numbers = [0; 2];
        visited.numbers(49_999, &mut numbers);
        assert_eq!(numbers, [49_999, 7_142]);
        assert_eq!(visited.position(&[70_000, 1]), Some(50_000));
        assert_eq!(visited.parent(50_000), Some(7));
        visited.offer(&mut batch, &[123, 17], None);
        assert!(visited.take_in(&mut batch, 0), "an old configuration is not kept out");
        assert_eq!(visited.len(), 50_002);
    }
}
