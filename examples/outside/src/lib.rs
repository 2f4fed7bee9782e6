//! An accept loop and its test, in a crate that depends on `winaccept-program` alone.
#![forbid(unsafe_code)]

use winaccept_program::{Code, Opt, OptVal, Socket, Winsock};

#[cfg(test)]
mod names;

/// Answers one request.
fn serves(w: &Winsock, client: Socket) -> Result<(), Code> {
    w.setsockopt(client, Opt::KeepAlive, OptVal::Number(1))?;
    w.setsockopt(client, Opt::Linger, OptVal::Linger(1, 5))?;
    // A client that says nothing does not hold a thread for ever.
    if w.select(&[client], Some(10_000))?.is_empty() {
        return Ok(());
    }
    let request = w.recv(client, 16)?;
    let mut rest = &request[..];
    while !rest.is_empty() {
        rest = &rest[w.send(client, rest)?..];
    }
    Ok(())
}

/// A thread for each client.
pub fn server(w: &Winsock) {
    let listener = w.listener(5).expect("a listener");
    loop {
        match w.accept(listener) {
            Ok(client) => {
                w.spawn("worker", move |w| {
                    // Whatever became of it, the socket is closed.
                    let _ = serves(w, client);
                    let _ = w.closesocket(client);
                });
            }
            Err(Code::WSAECONNRESET) => {}
            Err(_) => w.sleep(100),
        }
    }
}

#[cfg(test)]
mod tests {
    use winaccept_program::Fuzz;

    #[test]
    fn the_server_survives() {
        Fuzz::new(super::server).check();
    }

    #[test]
    fn a_leak_is_found() {
        let leaks = |w: &super::Winsock| {
            let listener = w.listener(5).expect("a listener");
            loop {
                match w.accept(listener) {
                    Ok(client) => {
                        w.spawn("worker", move |w| {
                            // The bug: `?` leaves the socket open.
                            let _ = super::serves(w, client).and_then(|()| w.closesocket(client));
                        });
                    }
                    Err(_) => w.sleep(100),
                }
            }
        };
        let finding = Fuzz::new(leaks).run().expect_err("a failure of one client leaks its socket");
        assert_eq!(finding.judge.name(), "nothing-leaked");
    }
}
