//! The configurations visited so far, as numbers of blocks, in the order in which they were found.
//!
//! The order of discovery is itself the queue of a breadth-first search. A configuration costs its words, four bytes for
//! the way back, and its place in a table of tags.

use super::layout::{Layout, mixed};

/// How many tables there are. Each grows alone, so that growing needs little memory on top.
const SHARDS: usize = 64;
/// Slots of a table at first.
const FIRST_SLOTS: usize = 64;
/// The parent of a configuration that the search began with.
const NOBODY: u32 = u32::MAX;

/// A configuration that replaces some numbers of another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    /// Which number.
    pub(super) place: u16,
    /// What it becomes.
    pub(super) number: u32,
}

/// The configurations visited so far.
#[derive(Debug)]
pub(super) struct Visited {
    layout: Layout,
    words: Vec<u64>,
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
    words: Vec<u64>,
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
            layout: Layout::new(width),
            words: Vec::new(),
            parents: Vec::new(),
            shards: std::iter::repeat_with(shard).take(SHARDS).collect(),
            spare: Vec::new(),
        }
    }

    /// How many configurations were visited.
    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }

    /// How many bytes they take.
    pub(super) fn bytes(&self) -> usize {
        let slots: usize = self.shards.iter().map(|shard| shard.slots.len()).sum();
        (self.words.len() + slots) * size_of::<u64>() + self.parents.len() * size_of::<u32>()
    }

    fn at(&self, state: usize) -> &[u64] {
        let words = self.layout.words();
        &self.words[state * words..(state + 1) * words]
    }

    /// The numbers of a configuration.
    pub(super) fn numbers(&self, state: usize, out: &mut [u32]) {
        self.layout.unpack(self.at(state), out);
    }

    /// The hash of these numbers before it is mixed, for [`Visited::offer_changed`].
    pub(super) fn sum(&self, numbers: &[u32]) -> u64 {
        self.layout.sum(numbers)
    }

    /// The configuration from which this one was first reached; `None` for one that the search began with.
    pub(super) fn parent(&self, state: usize) -> Option<usize> {
        let parent = self.parents[state];
        (parent != NOBODY).then_some(parent as usize)
    }

    /// Puts a configuration into a batch, reached from `parent`.
    pub(super) fn offer(&mut self, batch: &mut Batch, numbers: &[u32], parent: Option<usize>) {
        if !self.layout.fits(numbers) {
            self.widen(batch, numbers);
        }
        let start = batch.words.len();
        batch.words.resize(start + self.layout.words(), 0);
        self.layout.pack(numbers, &mut batch.words[start..]);
        batch.hashes.push(mixed(self.layout.sum(numbers)));
        let parent = parent.map(|parent| u32::try_from(parent).expect(MANY));
        batch.parents.push(parent.unwrap_or(NOBODY));
    }

    /// Puts the configuration into a batch that differs from `parent`, which has these numbers and this sum, in these
    /// places; such numbers were offered before.
    pub(super) fn offer_changed(
        &self,
        batch: &mut Batch,
        parent: usize,
        numbers: &[u32],
        sum: u64,
        changes: &[Change],
    ) {
        let start = batch.words.len();
        batch.words.extend_from_slice(self.at(parent));
        let mut sum = sum;
        for change in changes {
            let place = usize::from(change.place);
            self.layout.replace(place, numbers[place], change.number, &mut batch.words[start..], &mut sum);
        }
        batch.hashes.push(mixed(sum));
        batch.parents.push(parent as u32);
    }

    /// Takes in a batch, in order, up to `limit` configurations in all. False when the limit kept a new one out.
    pub(super) fn take_in(&mut self, batch: &mut Batch, limit: usize) -> bool {
        self.touch(batch);
        let words = self.layout.words();
        let mut complete = true;
        for (index, offered) in batch.words.chunks_exact(words).enumerate() {
            let hash = batch.hashes[index];
            let shard = &mut self.shards[shard_of(hash)];
            let same = |state: usize| {
                let kept = &self.words[state * words..(state + 1) * words];
                kept.iter().zip(offered).all(|(kept, offered)| kept == offered)
            };
            match shard.find(hash, same) {
                Ok(_) => {}
                Err(_) if self.parents.len() >= limit => complete = false,
                Err(free) => {
                    self.words.extend_from_slice(offered);
                    self.parents.push(batch.parents[index]);
                    let state = u32::try_from(self.parents.len()).expect(MANY);
                    shard.slots[free] = hash << 32 | u64::from(state);
                    shard.taken += 1;
                    if shard.taken * 5 > shard.slots.len() * 4 {
                        shard.grow(&mut self.spare);
                    }
                }
            }
        }
        batch.words.clear();
        batch.hashes.clear();
        batch.parents.clear();
        complete
    }

    /// Which of the configurations visited this is.
    pub(super) fn position(&self, numbers: &[u32]) -> Option<usize> {
        if !self.layout.fits(numbers) {
            return None;
        }
        let mut words = vec![0; self.layout.words()];
        self.layout.pack(numbers, &mut words);
        let hash = mixed(self.layout.sum(numbers));
        self.shards[shard_of(hash)].find(hash, |state| self.at(state) == words).ok()
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
                sum ^= self.words[state_in(slot) * self.layout.words()];
            }
        }
        std::hint::black_box(sum);
    }

    /// Makes room in every configuration for these numbers. Hashes, and so the tables, stay.
    fn widen(&mut self, batch: &mut Batch, numbers: &[u32]) {
        let before = self.layout.clone();
        self.layout.grow(numbers);
        rearrange(&mut self.words, &before, &self.layout);
        rearrange(&mut batch.words, &before, &self.layout);
    }
}

const MANY: &str = "limit: an exploration keeps fewer than 2^32 configurations";

/// From one layout to a wider one, in place: the last first, so that none is overwritten before it is read.
fn rearrange(words: &mut Vec<u64>, before: &Layout, after: &Layout) {
    let (old, new) = (before.words(), after.words());
    let count = words.len() / old;
    words.resize(count * new, 0);
    let (mut numbers, mut wider) = (vec![0; before.width()], vec![0; new]);
    for state in (0..count).rev() {
        before.unpack(&words[state * old..(state + 1) * old], &mut numbers);
        after.pack(&numbers, &mut wider);
        words[state * new..(state + 1) * new].copy_from_slice(&wider);
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

    #[test]
    fn a_change_of_some_numbers_is_the_same_as_all_of_them() {
        let mut visited = Visited::new(3);
        let mut batch = Batch::default();
        for numbers in [[1, 2, 3], [900, 2, 70_000], [1, 2, 70_000], [u32::MAX, 1 << 20, 1 << 20]] {
            visited.offer(&mut batch, &numbers, None);
        }
        assert!(visited.take_in(&mut batch, usize::MAX));
        let (numbers, change) = ([900, 2, 70_000], Change { place: 0, number: 1 });
        visited.offer_changed(&mut batch, 1, &numbers, visited.sum(&numbers), &[change]);
        assert!(visited.take_in(&mut batch, usize::MAX));
        assert_eq!(visited.len(), 4, "[1, 2, 70000] is known");
        let (numbers, change) = ([1, 2, 3], Change { place: 2, number: 70_001 });
        visited.offer_changed(&mut batch, 0, &numbers, visited.sum(&numbers), &[change]);
        assert!(visited.take_in(&mut batch, usize::MAX));
        assert_eq!(visited.position(&[1, 2, 70_001]), Some(4));
        assert_eq!(visited.parent(4), Some(0));
    }
}
