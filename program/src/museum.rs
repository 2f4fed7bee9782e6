//! The museum: accept loops that broke in the field, each small and in our own words, in its broken and its mended form.

mod acceptex;
mod blocking;
mod others;
mod ports;
mod readiness;

use crate::fuzz::Fuzz;
use crate::winsock::{Socket, Winsock};

/// A loop that broke.
#[derive(Clone, Copy, Debug)]
pub struct Exhibit {
    /// Its name.
    pub name: &'static str,
    /// The thread in which it was told.
    pub source: &'static str,
    /// The judge that convicts the broken form.
    pub judge: &'static str,
    /// What the loop does, what kills it, and how it was mended.
    pub story: &'static str,
    /// The clause that it did not heed.
    pub clause: &'static str,
    /// The broken form.
    pub broken: fn(&Winsock<'_>),
    /// The mended form.
    pub mended: fn(&Winsock<'_>),
}

impl Exhibit {
    /// A search of the broken form.
    #[must_use]
    pub fn broken(&self) -> Fuzz {
        Fuzz::new(self.broken).named(self.name)
    }

    /// A search of the mended form.
    #[must_use]
    pub fn mended(&self) -> Fuzz {
        Fuzz::new(self.mended).named(self.name)
    }
}

/// All exhibits.
pub fn all() -> impl Iterator<Item = &'static Exhibit> {
    let kinds = [blocking::EXHIBITS, readiness::EXHIBITS, acceptex::EXHIBITS, ports::EXHIBITS, others::EXHIBITS];
    kinds.into_iter().flatten()
}

/// The exhibit of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Exhibit> {
    all().find(|exhibit| exhibit.name == name)
}

/// Answers a client and closes.
fn serve(w: &Winsock<'_>, client: Socket) {
    if let Ok(bytes) = w.recv(client, 16) {
        let _ = w.send(client, &bytes);
    }
    let _ = w.closesocket(client);
}
