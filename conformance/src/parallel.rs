//! The same work for many things, on all cores.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;

use crate::watch::Watch;

/// Does something with each of these on all cores, and keeps their order. Where the work is ended, what was begun is finished, and
/// what is left has no result.
pub(crate) fn each<'t, T: Sync, R: Send>(
    all: &'t [T],
    watch: &Watch,
    work: impl Fn(usize, &'t T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = all.get(at).filter(|_| watch.goes_on()) else { return done };
            done.push((at, work(at, one)));
            watch.one_more();
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(all.len().max(1));
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(take)).collect();
        let join = |worker: ScopedJoinHandle<'_, Vec<_>>| match worker.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        workers.into_iter().flat_map(join).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_what_they_are_of() {
        let all: Vec<usize> = (0..500).collect();
        let doubled = each(&all, &Watch::unattended(), |at, one| (at, one * 2));
        assert!(doubled.iter().enumerate().all(|(at, result)| *result == (at, at * 2)), "{doubled:?}");
    }
}
