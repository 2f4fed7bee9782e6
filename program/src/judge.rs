//! Judges: what holds of every accept loop, each with its reason and where it comes from.

/// A property of accept loops.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Judge {
    /// After the trouble a client that connects is served.
    Alive,
    /// Every accepted socket is closed, or somebody waits for it.
    NothingLeaked,
    /// No thread makes the same calls over and over without a wait in between.
    NoSpin,
    /// No client loses its connection, or what it was sent, unless the program decided so.
    NoLoss,
    /// A program that is asked to stop ends.
    CleanStop,
    /// No handle is used after it was closed, no request's memory while it is under way, no accepted socket before its context.
    NoMisuse,
    /// No code, no completion is taken for another.
    NoConfusion,
}

impl Judge {
    /// All of them.
    pub const ALL: [Judge; 7] = [
        Judge::Alive,
        Judge::NothingLeaked,
        Judge::NoSpin,
        Judge::NoLoss,
        Judge::CleanStop,
        Judge::NoMisuse,
        Judge::NoConfusion,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Judge::Alive => "alive",
            Judge::NothingLeaked => "nothing-leaked",
            Judge::NoSpin => "no-spin",
            Judge::NoLoss => "no-loss",
            Judge::CleanStop => "clean-stop",
            Judge::NoMisuse => "no-misuse",
            Judge::NoConfusion => "no-confusion",
        }
    }

    /// The judge of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Judge> {
        Judge::ALL.into_iter().find(|judge| judge.name() == name)
    }

    /// What it demands, and why.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Judge::Alive => {
                "once nothing fails any more, whoever connects is accepted and served within a minute: an error of one \
                 connection, or of a moment, is no reason to stop"
            }
            Judge::NothingLeaked => {
                "a socket whose peer has gone, which nobody waits at and nobody closes, is lost to the process, and so is an \
                 AcceptEx that is not made again; enough of the one are WSAEMFILE, of the other a server that is deaf"
            }
            Judge::NoSpin => "a failure that is repeated at once, without a wait, takes a processor and gives nothing",
            Judge::NoLoss => {
                "a client that was let in, or waits to be, is not reset for a trouble that is not its own, and reads what \
                 it was sent"
            }
            Judge::CleanStop => {
                "a stop that never ends has to be killed, and then nothing is in order; one that leaves requests under way lets \
                 them write into what is no more"
            }
            Judge::NoMisuse => {
                "the value of a closed handle may by then be another socket's; a request writes into its OVERLAPPED and its \
                 buffer until it is over; before SO_UPDATE_ACCEPT_CONTEXT an accepted socket is fit for little"
            }
            Judge::NoConfusion => {
                "64 is told for a reset by the peer as for a close of one's own; a request that completes at once has a packet \
                 all the same"
            }
        }
    }

    /// Where it comes from.
    #[must_use]
    pub fn source(self) -> &'static str {
        match self {
            Judge::Alive => "python/cpython#93821, akkadotnet/akka.net#7969, joyent/libuv#1386",
            Judge::NothingLeaked => "nginx/nginx PR#1722, PR#1276, PR#1230",
            Judge::NoSpin => "ponylang/ponyc#4816, pjsip/pjproject#402",
            Judge::NoLoss => "zeroc-ice/ice#4498, h4ckf0r0day/obscura#604",
            Judge::CleanStop => "nanomsg/nng PR#1599",
            Judge::NoMisuse => "the pages of closesocket and AcceptEx; Microsoft Q124067, tokio-rs/mio#397",
            Judge::NoConfusion => "nginx/nginx PR#1722, cppalliance/corosio#304, microsoft/WSL PR#40042",
        }
    }
}

impl std::fmt::Display for Judge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
