//! The interface of `windows-sys` to the winaccept simulator: an accept loop that was written for Windows compiles unchanged, runs
//! on the model, and is searched for what breaks it.
//!
//! ```
//! #[cfg(windows)]
//! use windows_sys::Win32::Networking::WinSock::*;
//! #[cfg(not(windows))]
//! use winaccept_windows_sys::Win32::Networking::WinSock::*;
//!
//! fn server() {
//!     unsafe {
//!         let listener = socket(AF_INET.into(), SOCK_STREAM, IPPROTO_TCP);
//!         let address = SOCKADDR_IN { sin_family: AF_INET, ..Default::default() };
//!         bind(listener, (&raw const address).cast(), size_of::<SOCKADDR_IN>() as i32);
//!         listen(listener, 5);
//!         loop {
//!             let client = accept(listener, std::ptr::null_mut(), std::ptr::null_mut());
//!             if client == INVALID_SOCKET {
//!                 break; // the bug: one client that resets while it waits
//!             }
//!             closesocket(client);
//!         }
//!     }
//! }
//!
//! # #[cfg(not(windows))]
//! let finding = winaccept_windows_sys::fuzz(server).run().expect_err("the loop ends");
//! # #[cfg(not(windows))]
//! assert_eq!(finding.judge.name(), "alive");
//! ```
//!
//! Types and constants are those of `windows-sys` itself. What its modules have and the model has no words for is there, too, as far
//! as an accept loop may call it, and ends a run *undecided*, with its name; what is not there at all does not link.
//!
//! **Threads** are [`thread::spawn`] or `CreateThread`; a thread of `std` has no place in a run: what it calls fails, and the search
//! says nothing but that.
//!
//! **A run that is over leaves the program's threads where they are**: nothing that they hold is dropped, since between them and
//! their beginning are functions of C's convention, through which nothing unwinds. So each run leaks what its threads have on the heap.
//!
//! # What of memory is noticed
//!
//! From `AcceptEx` until the program can know that the request is over, its OVERLAPPED and its buffer belong to the system. They
//! hold a pattern meanwhile, and at each call of the program somebody looks. Noticed, and convicted as `no-misuse`, is
//!
//! * that either was freed, on the heap (by the feature `allocator`, which is on: it makes [`Watching`] the global allocator);
//! * that either was in a stack frame that has gone, at the next call from a frame further out, or when its thread ends, or when
//!   something else has been written there;
//! * that either was written to, or is given to another request.
//!
//! What was noticed is not written to any more. **Not noticed** are memory that was read too early, a frame that has gone
//! and whose place nobody has written to since, what lies in memory mapped by other means than the global allocator, and, without the
//! feature, memory on the heap that was freed and not written to since: into that the result is written, as by Windows.
#![deny(unsafe_op_in_unsafe_fn)]

#[allow(non_snake_case)] // as in windows-sys
pub mod Win32;
mod address;
mod allocator;
mod flight;
mod heap;
mod here;
mod memory;
mod no_words;
mod objects;
mod outside;
mod pool;
mod text;
pub mod thread;
mod windows;

pub use allocator::Watching;
pub use here::{fuzz, stopping, wait_for_stop};
pub use winaccept_program::{
    Behaviour, Branch, Coverage, Fault, FaultKind, Finding, Fuzz, Hinge, Judge, Met, Next, Once, Passed, Plan, RUNS,
    Retold, Schedule, Whole, branch, merge,
};
pub use windows_sys::core;

#[cfg(feature = "allocator")]
#[global_allocator]
static WATCHING: Watching = Watching::new();
