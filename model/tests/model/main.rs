//! What the model promises, in one test program: each costs its link and its place on the disk.

mod calls;
mod corners;
mod queue;
mod random;
mod reach;
mod reads;
mod renaming;
mod room;
mod table;
mod tape;
mod walk;
