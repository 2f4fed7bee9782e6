//! The allocator, and the ranges of memory that it must not be told to free.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// So many ranges are watched at a time; of more nobody notices that they are freed.
const MOST: usize = 128;

/// A range of addresses, and whether it was freed.
#[derive(Clone, Copy)]
struct Range {
    start: usize,
    end: usize,
    freed: bool,
}

const NONE: Range = Range { start: 0, end: 0, freed: false };

thread_local! {
    /// How many places of the table have ever been in use, so that most calls of the allocator look at nothing else.
    static USED: Cell<usize> = const { Cell::new(0) };
    /// No allocation, and nothing to drop: the allocator itself looks here.
    static RANGES: [Cell<Range>; MOST] = const { [const { Cell::new(NONE) }; MOST] };
}

/// Nothing is watched any more.
pub(crate) fn forget_all() {
    USED.set(0);
    RANGES.with(|ranges| ranges.iter().for_each(|range| range.set(NONE)));
}

/// Watches so many bytes from this address on; a number for the range.
pub(crate) fn watch(start: usize, length: usize) -> Option<usize> {
    RANGES.with(|ranges| {
        let place = ranges.iter().position(|range| range.get().end == 0)?;
        ranges[place].set(Range { start, end: start + length.max(1), freed: false });
        USED.set(USED.get().max(place + 1));
        Some(place)
    })
}

/// Watches that range no more.
pub(crate) fn forget(place: usize) {
    RANGES.with(|ranges| ranges[place].set(NONE));
}

/// Was something of that range freed?
pub(crate) fn was_freed(place: usize) -> bool {
    RANGES.with(|ranges| ranges[place].get().freed)
}

/// Something is freed.
fn frees(start: usize, length: usize) {
    let used = USED.try_with(Cell::get).unwrap_or(0);
    if used == 0 {
        return;
    }
    let _ = RANGES.try_with(|ranges| {
        for range in &ranges[..used] {
            let Range { start: from, end, freed } = range.get();
            if start < end && from < start + length {
                range.set(Range { start: from, end, freed: freed || from < end });
            }
        }
    });
}

/// A global allocator that notices when memory is freed which a request under way will write to. A program with an allocator of
/// its own wraps it, and builds without the feature `allocator`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watching<A = System>(A);

impl Watching {
    /// The system's.
    #[must_use]
    pub const fn new() -> Watching {
        Watching(System)
    }
}

impl<A> Watching<A> {
    /// Around this one.
    #[must_use]
    pub const fn around(allocator: A) -> Watching<A> {
        Watching(allocator)
    }
}

// SAFETY: every method is that of the allocator inside, with the arguments that it was given; what is done beside it looks at numbers.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Watching<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        frees(pointer.addr(), layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { self.0.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `realloc`.
        let moved = unsafe { self.0.realloc(pointer, layout, size) };
        if moved != pointer && !moved.is_null() {
            frees(pointer.addr(), layout.size());
        } else if moved == pointer && size < layout.size() {
            frees(pointer.addr() + size, layout.size() - size);
        }
        moved
    }
}
