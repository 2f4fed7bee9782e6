//! A network of a million open connections: what it costs to open each, and a connection that comes and goes beside them.

use winaccept_bench::network::Network;

use winaccept_bench::process::thread_seconds;

/// How often the costs are told on the way.
const PARTS: usize = 10;
/// How many connections come and go after each part.
const CYCLES: usize = 20_000;
/// A processor's caches end somewhere on the way; more than this many times the first part's cost is not linear.
const GROWTH: f64 = 4.0;

/// Opens so many connections and prints what they cost; fails when the last are dearer than caches explain.
pub(crate) fn open(connections: usize) -> Result<(), String> {
    let mut network = Network::new(connections, 0);
    println!("{:>12} {:>14} {:>14}", "open", "ns to open one", "ns a cycle");
    let mut costs = Vec::new();
    for part in 1..=PARTS {
        let each = connections / PARTS;
        let opening = nanoseconds(each, || network.fill(each))?;
        let cycle = nanoseconds(CYCLES, || {
            (0..CYCLES).for_each(|_| network.cycle());
            Ok(())
        })?;
        println!("{:12} {opening:14.0} {cycle:14.0}", each * part);
        costs.push((opening, cycle));
    }
    let (first, last) = (costs[0], costs[PARTS - 1]);
    if last.0 > GROWTH * first.0 || last.1 > GROWTH * first.1 {
        return Err(format!("not linear: {first:?} nanoseconds at first, {last:?} at last"));
    }
    Ok(())
}

/// Nanoseconds of the processor for each of so many.
fn nanoseconds(times: usize, work: impl FnOnce() -> Result<(), String>) -> Result<f64, String> {
    let before = thread_seconds().ok_or("the processor time of a thread is known only on Linux")?;
    work()?;
    Ok((thread_seconds().unwrap_or_default() - before) * 1e9 / times.max(1) as f64)
}
