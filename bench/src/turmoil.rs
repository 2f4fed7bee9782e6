//! The same work in turmoil, which simulates a network for programs that use tokio: a hundred clients connect again and
//! again, send sixteen bytes and wait for the end; a server accepts, reads, compares and closes.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use turmoil::net::{TcpListener, TcpStream};
use winaccept_bench::network::Network;
use winaccept_bench::{peer, whole};

use winaccept_bench::process::thread_seconds;

/// How many clients turmoil has at once.
const CLIENTS: usize = 100;
/// How many connections each of them makes in a round.
const EACH: usize = 300;
/// How many connections stay open beside ours: about as many as turmoil's clients have.
const OPEN: usize = 95;
const BYTES: [u8; 16] = *b"sixteen of them.";

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
        let theirs = time(simulate)?;
        // The first round warms the caches.
        if round > 0 {
            ratios.push(theirs / ours);
        }
    }
    Ok(median(ratios))
}

/// How many times the time of our whole simulator turmoil has for the same connections, each with ten servers, a hundred clients and latencies:
/// the median of alternating rounds.
pub(crate) fn whole(rounds: usize) -> Result<f64, String> {
    let mut ratios = Vec::new();
    for round in 0..=rounds {
        let ours = time(|| whole::plain((CLIENTS * EACH) as u64).map(|_| ()))?;
        let theirs = time(|| peer::plain(CLIENTS * EACH, 10))?;
        if round > 0 {
            ratios.push(theirs / ours);
        }
    }
    Ok(median(ratios))
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

fn simulate() -> Result<(), String> {
    let mut builder = turmoil::Builder::new();
    // It pays for each simulated millisecond: with short ways it does best. It panics when a queue is full, and by default
    // ends after ten seconds.
    builder.min_message_latency(Duration::ZERO).max_message_latency(Duration::from_millis(1));
    let mut simulation = builder.simulation_duration(Duration::from_secs(3_600)).tcp_capacity(1 << 17).build();
    simulation.host("server", serve);
    for client in 0..CLIENTS {
        simulation.client(format!("client-{client}"), connect());
    }
    simulation.run().map_err(|error| format!("turmoil: {error}"))
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), 80)).await?;
    loop {
        let (mut stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let mut read = [0; 16];
            stream.read_exact(&mut read).await.expect("the client sends before it closes");
            assert_eq!(read, BYTES);
        });
    }
}

async fn connect() -> Result<(), Box<dyn Error>> {
    for _ in 0..EACH {
        let mut stream = TcpStream::connect(("server", 80)).await?;
        stream.write_all(&BYTES).await?;
        assert_eq!(stream.read(&mut [0]).await?, 0, "the server closes");
    }
    Ok(())
}
