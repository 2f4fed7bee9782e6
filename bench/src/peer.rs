//! The whole workload in turmoil 0.7, which simulates a network for programs that use tokio: ten hosts with a listener each, which serve
//! one connection after the other, and a hundred clients.

use std::cell::Cell;
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use turmoil::net::{TcpListener, TcpStream};
use turmoil::{Builder, Sim};

use crate::whole::{BYTES, CLIENTS, LATENCY, SERVERS};

type Done = Result<(), Box<dyn Error>>;

/// A network of the same latencies.
fn simulation<'a>() -> Sim<'a> {
    let mut builder = Builder::new();
    let latency = Duration::from_micros(u64::from(LATENCY));
    // It pays for each simulated millisecond: with short ways it does best. It panics when a queue is full, and by default
    // ends after ten seconds.
    builder.min_message_latency(Duration::ZERO).max_message_latency(latency);
    builder.simulation_duration(Duration::from_secs(36_000)).tcp_capacity(1 << 17).build()
}

fn server_of(client: usize) -> String {
    format!("server-{}", client % SERVERS)
}

/// So many connections, as many for each client. The clients are tasks of so many hosts.
///
/// # Errors
/// What turmoil says.
pub fn plain(connections: usize, hosts: usize) -> Result<(), String> {
    let mut simulation = simulation();
    for server in 0..SERVERS {
        simulation.host(server_of(server), serve);
    }
    for host in 0..hosts {
        let clients = (host..CLIENTS).step_by(hosts);
        simulation.client(format!("clients-{host}"), async move {
            let tasks = clients.map(|client| tokio::spawn(connects(server_of(client), connections / CLIENTS)));
            for task in tasks.collect::<Vec<_>>() {
                task.await??;
            }
            Ok(())
        });
    }
    simulation.run().map_err(|error| format!("error: turmoil: {error}"))
}

async fn listener() -> std::io::Result<TcpListener> {
    TcpListener::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), 80)).await
}

async fn serve() -> Done {
    let listener = listener().await?;
    loop {
        let (mut stream, _) = listener.accept().await?;
        let mut read = [0; BYTES.len()];
        stream.read_exact(&mut read).await?;
        assert_eq!(read, BYTES);
    }
}

async fn connects(server: String, connections: usize) -> std::io::Result<()> {
    for _ in 0..connections {
        let mut stream = TcpStream::connect((server.as_str(), 80)).await?;
        stream.write_all(&BYTES).await?;
        assert_eq!(stream.read(&mut [0]).await?, 0, "the server closes");
    }
    Ok(())
}

/// So many connections that are accepted and stay; when all of them are there somebody looks. Ten hosts open them, for turmoil looks at
/// every open socket of a host for each that it opens.
///
/// # Errors
/// What turmoil says.
pub fn idle(connections: usize, looks: impl FnOnce()) -> Result<(), String> {
    let accepted = Rc::new(Cell::new(0));
    let mut simulation = simulation();
    for server in 0..SERVERS {
        let accepted = Rc::clone(&accepted);
        simulation.host(server_of(server), move || keep(Rc::clone(&accepted), connections / SERVERS));
    }
    for client in 0..SERVERS {
        simulation.client(format!("client-{client}"), open(server_of(client), connections / SERVERS));
    }
    while accepted.get() < connections {
        simulation.step().map_err(|error| format!("error: turmoil: {error}"))?;
    }
    looks();
    Ok(())
}

async fn keep(accepted: Rc<Cell<usize>>, room: usize) -> Done {
    let listener = listener().await?;
    let mut kept = Vec::with_capacity(room);
    loop {
        kept.push(listener.accept().await?.0);
        accepted.set(accepted.get() + 1);
    }
}

async fn open(server: String, connections: usize) -> Done {
    let mut kept = Vec::with_capacity(connections);
    for _ in 0..connections {
        kept.push(TcpStream::connect((server.as_str(), 80)).await?);
    }
    std::future::pending().await
}
