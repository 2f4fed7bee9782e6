//! Captures: each segment of a run is a packet, whole and with right checksums, and tshark reads them without complaint.

use std::process::Command;

use winaccept::chart::{self, capture};
use winaccept::{profiles, suite};
use winaccept_model::step::Machine;
use winaccept_sim::trace::Entry;

/// A packet of a capture: its time in microseconds, itself, and its comments.
struct Packet<'a> {
    time: u64,
    bytes: &'a [u8],
    comments: Vec<&'a str>,
}

fn word(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize
}

fn half(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

/// Reads what a capture has, as the draft of pcapng says.
fn read(capture: &[u8]) -> Vec<Packet<'_>> {
    let mut packets = Vec::new();
    let (mut at, mut kinds) = (0, Vec::new());
    while at < capture.len() {
        let (kind, length) = (word(capture, at), word(capture, at + 4));
        assert_eq!(length % 4, 0);
        assert_eq!(word(capture, at + length - 4), length, "a block says its length twice");
        let body = &capture[at + 8..at + length - 4];
        kinds.push(kind);
        match kind {
            0x0a0d_0d0a => assert_eq!(word(body, 0), 0x1a2b_3c4d),
            1 => assert_eq!(half(body, 0), 101, "LINKTYPE_RAW"),
            6 => {
                let kept = word(body, 12);
                assert_eq!((word(body, 0), kept), (0, word(body, 16)));
                let comments = comments(&body[20 + kept.next_multiple_of(4)..]);
                let time = (word(body, 4) as u64) << 32 | word(body, 8) as u64;
                packets.push(Packet { time, bytes: &body[20..20 + kept], comments });
            }
            other => panic!("a block of kind {other:#x}"),
        }
        at += length;
    }
    assert_eq!(kinds[..2], [0x0a0d_0d0a, 1], "a section, then its interface");
    packets
}

fn comments(options: &[u8]) -> Vec<&str> {
    let (mut at, mut all) = (0, Vec::new());
    while half(options, at) != 0 {
        let (code, length) = (half(options, at), half(options, at + 2));
        assert_eq!(code, 1, "a comment");
        all.push(std::str::from_utf8(&options[at + 4..at + 4 + length]).expect("UTF-8"));
        at += 4 + length.next_multiple_of(4);
    }
    assert_eq!(options.len(), at + 4, "nothing stands behind the end of options");
    all
}

/// Words added up as RFC 1071 does; of something with its checksum in it this is all ones.
fn sum(bytes: &[u8]) -> u32 {
    let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum
}

/// The flags of the segment in an IP packet, whose lengths and checksums are right.
fn flags(packet: &[u8]) -> u8 {
    let big = |at: usize| usize::from(u16::from_be_bytes([packet[at], packet[at + 1]]));
    let (addresses, segment) = match packet[0] >> 4 {
        4 => {
            assert_eq!((big(2), packet[9], sum(&packet[..20])), (packet.len(), 6, 0xffff));
            (&packet[12..20], &packet[20..])
        }
        6 => {
            assert_eq!((big(4), packet[6]), (packet.len() - 40, 6));
            (&packet[8..40], &packet[40..])
        }
        version => panic!("IP of version {version}"),
    };
    let mut all = addresses.to_vec();
    all.extend((segment.len() as u32).to_be_bytes());
    all.extend([0, 0, 0, 6]);
    all.extend(segment);
    assert_eq!(sum(&all), 0xffff, "the checksum of TCP");
    segment[13]
}

/// The flags of the segments that a run puts on the wire, without regard to ACK, in order. Bytes behind a `DATA` that is on its way
/// have a packet of their own.
fn expected(entries: &[Entry]) -> Vec<u8> {
    let of_entry = |entry: &Entry| {
        let sent = entry.sent.iter().map(|travel| chart::segment_word(travel.segment));
        let sent: Vec<&str> = sent.collect();
        let more = entry.data.len().saturating_sub(sent.iter().filter(|word| **word == "DATA").count());
        let words = std::iter::repeat_n("DATA", more).chain(sent);
        words.map(bits).collect::<Vec<u8>>()
    };
    entries.iter().flat_map(of_entry).collect()
}

const ACK: u8 = 16;

fn bits(word: &str) -> u8 {
    match word {
        "SYN" | "SYN-ACK" => 2,
        "ACK" => 0,
        "RST" => 4,
        "FIN" => 1,
        "DATA" => 8,
        other => panic!("{other}"),
    }
}

/// The captures of all scenarios under a profile, each with the flags that are to be in it.
fn captures(profile: &str) -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let machine = Machine::new(profiles::all()[profile].clone());
    let scenarios = suite::bundled().expect("the bundled scenarios parse");
    let captured = |scenario: &suite::Scenario| {
        let run = chart::Chart::of(&scenario.file, &scenario.script, &scenario.program, &machine);
        (scenario.file.clone(), capture(&run), expected(&run.trace.entries))
    };
    scenarios.iter().map(captured).collect()
}

#[test]
fn every_segment_is_a_packet() {
    let (mut seen, mut calls) = (0_u8, 0);
    for (file, capture, expected) in captures("windows") {
        let packets = read(&capture);
        let found: Vec<u8> = packets.iter().map(|packet| flags(packet.bytes)).collect();
        let plain: Vec<u8> = found.iter().map(|flags| flags & !ACK).collect();
        assert_eq!(plain, expected, "{file}");
        assert!(packets.is_sorted_by_key(|packet| packet.time), "{file}");
        let mut before = 0;
        for (packet, flags) in packets.iter().zip(&found) {
            // One event may put several on the wire: the first of them tells of it.
            assert!(!packet.comments.is_empty() || packet.time == before, "{file}: a packet that nothing comes before");
            before = packet.time;
            assert!(*flags != 0, "{file}: a segment without a flag");
        }
        seen |= found.iter().fold(0, |all, flags| all | flags);
        let said = packets.iter().flat_map(|packet| &packet.comments);
        calls += said.filter(|comment| comment.contains("accept(L, NULL, NULL)")).count();
    }
    assert_eq!(seen, 0x1f, "FIN, SYN, RST, PSH and ACK are all there");
    assert!(calls > 100, "{calls} comments tell of accept");
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let scenario = suite::find("peer-reset-while-queued".as_ref()).expect("it is bundled");
    let machine = Machine::new(profiles::all()["documented"].clone());
    let once = || capture(&chart::of(&scenario, &machine).0);
    assert_eq!(once(), once());
    let packets = once();
    let packets = read(&packets);
    assert_eq!(packets.iter().map(|packet| flags(packet.bytes)).collect::<Vec<u8>>(), [2, 18, 16, 20]);
    let last = packets.last().expect("there are four").comments.join("\n");
    assert!(last.contains("accept(L, NULL, NULL) = INVALID_SOCKET WSAECONNRESET"), "{last}");
}

/// One file of several sections, one for each scenario, read by tshark.
#[test]
fn tshark_reads_every_capture() {
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("SKIPPED: there is no tshark here; `tools/apt-need.sh tshark` installs it");
        return;
    }
    let all = captures("documented");
    let (mut file, mut expected) = (Vec::new(), Vec::<u8>::new());
    for (_, capture, flags) in &all {
        file.extend(capture);
        expected.extend(flags);
    }
    let path = std::env::temp_dir().join(format!("winaccept-captures-{}.pcapng", std::process::id()));
    std::fs::write(&path, file).expect("it can be written");
    let output = Command::new("tshark")
        .args(["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-n", "-T", "fields"])
        .args(["-e", "tcp.flags", "-e", "tcp.checksum.status", "-e", "ip.checksum.status", "-e", "ipv6.dst"])
        .args(["-e", "_ws.malformed", "-e", "_ws.expert.severity", "-r"])
        .arg(&path)
        .output();
    std::fs::remove_file(&path).expect("it is there");
    let output = output.expect("tshark runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let complaints: Vec<&str> = errors.lines().filter(|line| !line.starts_with("Running as user")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let mut found = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [tcp_flags, tcp, ip, v6, malformed, severities] = fields[..] else { panic!("{line}") };
        let number = u8::from_str_radix(tcp_flags.trim_start_matches("0x"), 16).expect("tshark writes flags in hex");
        found.push(number & !ACK);
        // 1 is good. IPv6 has no checksum of its own.
        assert_eq!((tcp, ip, malformed), ("1", if v6.is_empty() { "1" } else { "" }, ""), "{line}");
        let error = |severity: &str| severity.parse::<u32>().is_ok_and(|severity| severity >= 0x0080_0000);
        assert!(!severities.split(',').any(error), "{line}");
    }
    assert_eq!(found, expected);
    assert!(found.len() > 1000, "{} packets", found.len());
}
