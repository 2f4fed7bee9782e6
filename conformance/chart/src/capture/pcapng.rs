//! The blocks of pcapng (draft-ietf-opsawg-pcapng): a section, one interface whose packets begin with IP, packets with comments.

use crate::page::printable;

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
/// `LINKTYPE_RAW`: no link layer, IPv4 or IPv6 as its first four bits say.
const RAW: u16 = 101;
/// Options: the end of them, a comment, and an interface's name.
const END: u16 = 0;
const COMMENT: u16 = 1;
const NAME: u16 = 2;
/// The longest value that an option may have, in whole words.
const LONGEST: usize = 65_532;

pub(super) struct Writer {
    bytes: Vec<u8>,
    /// The packet that is not written yet, so that its comment can still grow: its time, it, and its comment.
    last: Option<(u64, Vec<u8>, String)>,
}

impl Writer {
    pub(super) fn new(comment: &str) -> Writer {
        let mut writer = Writer { bytes: Vec::new(), last: None };
        let mut body = BYTE_ORDER.to_le_bytes().to_vec();
        body.extend([1, 0, 0, 0]); // version 1.0
        body.extend((-1_i64).to_le_bytes()); // how long the section is, it does not say
        options(&mut body, &[(COMMENT, comment)]);
        writer.block(SECTION, &body);
        let mut body = RAW.to_le_bytes().to_vec();
        body.extend([0; 2]);
        body.extend(0_u32.to_le_bytes()); // packets are whole
        options(&mut body, &[(NAME, "winaccept")]);
        writer.block(INTERFACE, &body);
        writer
    }

    /// A packet at this time, in microseconds.
    pub(super) fn packet(&mut self, time: u64, packet: &[u8], comment: &str) {
        let last = self.last.replace((time, packet.to_vec(), comment.to_owned()));
        self.writes(last, "");
    }

    /// The end, with what came behind the last packet. Where there is no packet nothing can have a comment.
    pub(super) fn finish(mut self, comment: &str) -> Vec<u8> {
        let last = self.last.take();
        self.writes(last, comment);
        self.bytes
    }

    fn writes(&mut self, packet: Option<(u64, Vec<u8>, String)>, behind: &str) {
        let Some((time, packet, comment)) = packet else { return };
        let length = u32::try_from(packet.len()).unwrap_or(u32::MAX).to_le_bytes();
        let mut body = 0_u32.to_le_bytes().to_vec(); // the interface
        body.extend(((time >> 32) as u32).to_le_bytes());
        body.extend((time as u32).to_le_bytes());
        body.extend(length);
        body.extend(length);
        body.extend(&packet);
        pad(&mut body);
        let behind = if behind.is_empty() { String::new() } else { format!("and then:\n{behind}") };
        options(&mut body, &[(COMMENT, &comment), (COMMENT, &behind)]);
        self.block(PACKET, &body);
    }

    fn block(&mut self, kind: u32, body: &[u8]) {
        let length = (body.len() as u32 + 12).to_le_bytes();
        self.bytes.extend(kind.to_le_bytes());
        self.bytes.extend(length);
        self.bytes.extend(body);
        self.bytes.extend(length);
    }
}

/// To a whole number of words.
fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

/// Those options that say something, and their end.
fn options(body: &mut Vec<u8>, options: &[(u16, &str)]) {
    for (code, text) in options {
        let text = printable(text.trim_end());
        let end = (0..=text.len().min(LONGEST)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        if end > 0 {
            body.extend(code.to_le_bytes());
            body.extend((end as u16).to_le_bytes());
            body.extend(&text.as_bytes()[..end]);
            pad(body);
        }
    }
    body.extend(END.to_le_bytes());
    body.extend([0; 2]);
}
