//! How large a scenario may be. Small enough to read and to explore, large enough for every documented behaviour.

/// The largest scenario file, in bytes.
pub const MAX_FILE: usize = 1 << 20;
/// The longest line, in bytes.
pub const MAX_LINE: usize = 4096;
/// The most actors of a scenario, alike ones counted one by one.
pub const MAX_ACTORS: usize = 200;
/// The most processes of a scenario, the default one included.
pub const MAX_PROCESSES: usize = 8;
/// The most variables of a scenario, those of alike actors counted one by one.
pub const MAX_NAMES: usize = 1000;
/// The most steps, happenings and branches of a scenario, those of alike actors counted one by one.
pub const MAX_STEPS: usize = 2000;
/// The most members of `clients N alike`.
pub const MAX_ALIKE: u8 = 8;
/// The most branches of one `either`.
pub const MAX_BRANCHES: usize = 8;
/// How deep `either` and `repeat` may nest.
pub const MAX_DEPTH: usize = 8;
/// How many problems of one file are collected; whoever has so many is not writing a scenario.
pub const MAX_PROBLEMS: usize = 100;
