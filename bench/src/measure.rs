//! Work for a process of its own, whose instructions or memory somebody counts from outside.

use winaccept_bench::backlog;
use winaccept_bench::network::Network;
use winaccept_bench::{peer, whole};
use winaccept_sim::explore::{Options, explore};

/// Does this work.
///
/// # Errors
/// When there is no such work.
pub(crate) fn measure(work: &[&str]) -> Result<(), String> {
    let number = |at: usize| -> Result<usize, String> {
        let word = work.get(at).ok_or_else(|| format!("{work:?}: a number is missing"))?;
        word.parse().map_err(|_| format!("{word} is no number"))
    };
    match work.first().copied() {
        Some("cycle") => {
            let (open, rounds) = (number(1)?, number(2)?);
            let mut network = Network::new(open, 0);
            network.fill(open)?;
            (0..rounds).for_each(|_| network.cycle());
        }
        Some("waiter") => {
            let (waiters, rounds) = (number(1)?, number(2)?);
            let mut network = Network::new(0, waiters);
            (0..rounds).for_each(|_| network.cycle_of_a_waiter());
        }
        Some("setting") => drop((backlog::program(number(1)?), backlog::machine())),
        Some("explore") => {
            let report = explore(&backlog::program(number(1)?), &backlog::machine(), &Options::default());
            println!("{}", report.transitions);
        }
        Some("whole") => println!("{:?}", whole::plain(number(1)? as u64)?),
        Some("beside") => println!("{:?}", whole::beside(number(1)? as u64, 20_000, 100_000)?),
        Some("peer") => peer::plain(number(1)?, number(2)?)?,
        Some("switch") => whole::switches(number(1)? as u64)?,
        _ => return Err(format!("{work:?}: no such work")),
    }
    Ok(())
}
