//! The same work in turmoil, which simulates a network for programs that use tokio: a hundred clients connect again and
//! again, send sixteen bytes and wait for the end; a server accepts, reads, compares and closes.

use winaccept_bench::network::Network;
use winaccept_bench::whole::CLIENTS;
use winaccept_bench::{peer, whole};

use winaccept_bench::process::thread_seconds;

/// How many connections each client makes in a round.
const EACH: usize = 300;
/// How many hosts turmoil's clients are on: with one it is quickest, for it looks at every pair of hosts in every simulated millisecond.
const BEST: usize = 1;
/// How many connections each client makes where each is a host of its own: that takes a hundred times as long.
const EACH_OF_HOSTS: usize = 30;
/// How many connections stay open beside ours: about as many as turmoil's clients have.
const OPEN: usize = 95;

/// How many times turmoil's time our `step` has per connection: the median of alternating rounds.
pub(crate) fn step(rounds: usize) -> Result<f64, String> {
    let mut network = Network::new(OPEN, 0);
    network.fill(OPEN)?;
    let mut ratios = Vec::new();
    for round in 0..=rounds {
        let ours = time(|| {
            (0..CLIENTS * EACH).for_each(|_| network.cycle());
            Ok(())
        })?;
        let theirs = time(|| peer::plain(CLIENTS * EACH, BEST))?;
        // The first round warms the caches.
        if round > 0 {
            ratios.push(theirs / ours);
        }
    }
    Ok(median(ratios))
}

/// How many times the time of our whole simulator turmoil has for the same connections, each with ten servers, a hundred clients and
/// latencies: the median of alternating rounds.
pub(crate) fn whole(rounds: usize) -> Result<f64, String> {
    let mut ratios = Vec::new();
    for round in 0..=rounds {
        let ours = time(|| whole::plain((CLIENTS * EACH) as u64).map(|_| ()))?;
        let theirs = time(|| peer::plain(CLIENTS * EACH, BEST))?;
        if round > 0 {
            ratios.push(theirs / ours);
        }
    }
    Ok(median(ratios))
}

/// The same where each of turmoil's clients is a host of its own, once: it takes long.
pub(crate) fn whole_of_hosts() -> Result<f64, String> {
    let ours = time(|| whole::plain((CLIENTS * EACH) as u64).map(|_| ()))? / EACH as f64;
    let theirs = time(|| peer::plain(CLIENTS * EACH_OF_HOSTS, CLIENTS))? / EACH_OF_HOSTS as f64;
    Ok(theirs / ours)
}

/// The middle one.
pub(crate) fn median(mut ratios: Vec<f64>) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

fn time(work: impl FnOnce() -> Result<(), String>) -> Result<f64, String> {
    let before = thread_seconds().ok_or("the processor time of a thread is known only on Linux")?;
    work()?;
    Ok(thread_seconds().unwrap_or_default() - before)
}
