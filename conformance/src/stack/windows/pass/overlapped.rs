//! OVERLAPPED structures, the buffers of the requests that are made with them, and what is read there.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicU32, Ordering};

use winaccept_model::kind::*;
use windows_sys::Win32::Networking::WinSock as ws;
use windows_sys::Win32::System::IO::OVERLAPPED;
use windows_sys::core::GUID;

use super::super::super::protocol::{Bytes, Pointer, RawHandle, Returned};
use super::super::address::address_at;
use super::super::output::Output;
use super::{Part, Pass, Passing};

/// No scenario needs more, and buffers are never freed.
const MOST: u32 = 1 << 16;

/// A word, and what it means to the other parts.
struct Word(usize);

impl Part for Word {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(self.0);
    }
}

impl Pass for ByteCount {
    fn part(bytes: u32, field: &'static str, call: &mut Passing) -> Result<Box<dyn Part>, String> {
        let place = ["receive", "local", "remote"].iter().position(|name| *name == field).unwrap_or_default();
        if bytes > MOST {
            return Err(format!("a buffer of this worker has at most {MOST} bytes"));
        }
        call.output.lengths[place] = bytes as usize;
        Ok(Box::new(Word(bytes as usize)))
    }
}

struct OutputPart(Pointer);

impl Part for OutputPart {
    fn words(&mut self, call: &mut Passing) {
        call.output.start = match self.0 {
            Pointer::Null => 0,
            Pointer::Bad => super::super::address::bad_pointer() as usize,
            // As an OVERLAPPED it stays for good.
            Pointer::Valid => {
                Box::leak(vec![0xee_u8; call.output.lengths.iter().sum()].into_boxed_slice()).as_ptr() as usize
            }
        };
        call.words.push(call.output.start);
    }
}

impl Pass for OutputBuffer {
    fn part(pointer: Pointer, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        Ok(Box::new(OutputPart(pointer)))
    }
}

/// Where a provider puts its error code. Any call tells the last error, too; this is what counts of one that has it.
struct ErrnoPart(Pointer, AtomicU32);

impl Part for ErrnoPart {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(match self.0 {
            Pointer::Null => 0,
            Pointer::Bad => super::super::address::bad_pointer() as usize,
            Pointer::Valid => self.1.as_ptr() as usize,
        });
    }
    fn told(&self, _: &Passing, returned: &mut Returned) {
        returned.error = self.1.load(Ordering::SeqCst);
    }
}

impl Pass for ErrnoOut {
    fn part(pointer: Pointer, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        Ok(Box::new(ErrnoPart(pointer, AtomicU32::new(0))))
    }
}

/// A pointer to where bytes are counted, and told. As an OVERLAPPED the number stays for good: a request may go on when its call
/// has returned.
struct Counted(Option<&'static AtomicU32>);

/// A count that nobody has written.
const UNTOUCHED: u32 = u32::MAX;

impl Part for Counted {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(self.0.map_or(0, |count| count.as_ptr() as usize));
    }
    fn told(&self, call: &Passing, returned: &mut Returned) {
        let count = self.0.map(|count| count.load(Ordering::SeqCst));
        returned.bytes = count.filter(|count| *count != UNTOUCHED);
        if call.asked != 0 && returned.value != 0 {
            returned.data = received(call, call.asked);
        }
        if let (Some(start), Some(count), 1..) = (call.reads_into, returned.bytes, returned.value)
            && call.overlapped == 0
            && count != 0
        {
            // SAFETY: a buffer that is never freed, into which the call has read so many bytes.
            let bytes = unsafe { std::slice::from_raw_parts(start as *const u8, count as usize) };
            returned.data = Some(Bytes(bytes.to_vec()));
        }
    }
}

impl Pass for Transferred {
    fn part(pointer: Pointer, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        let count = || -> &'static AtomicU32 { Box::leak(Box::new(AtomicU32::new(UNTOUCHED))) };
        Ok(Box::new(Counted((pointer != Pointer::Null).then(count))))
    }
}

/// The OVERLAPPED of a request that is made: its buffer is remembered.
struct Request {
    /// What the call returns when it fails, or when its request goes on.
    fails: i64,
}

impl Part for Request {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(call.overlapped);
    }
    fn told(&self, call: &Passing, returned: &mut Returned) {
        if returned.value == self.fails && returned.error != ws::WSA_IO_PENDING as u32 {
            return;
        }
        let mut buffers = call.desk.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        if call.output.start == 0 {
            // A request that fills none: what an earlier one has received is not its own.
            buffers.remove(&call.overlapped);
        } else {
            buffers.insert(call.overlapped, call.output);
        }
    }
}

impl Pass for OverlappedOrNull {
    fn part(raw: RawHandle, _: &'static str, call: &mut Passing) -> Result<Box<dyn Part>, String> {
        call.overlapped = raw as usize;
        Ok(Box::new(Request { fails: 0 }))
    }
}

impl Pass for RequestOverlapped {
    fn part(raw: RawHandle, _: &'static str, call: &mut Passing) -> Result<Box<dyn Part>, String> {
        call.overlapped = raw as usize;
        Ok(Box::new(Request { fails: i64::from(ws::SOCKET_ERROR) }))
    }
}

/// Buffers that stay for good, as an OVERLAPPED does, described by an array that need not: the call reads it, and no later.
struct Lasting(Vec<ws::WSABUF>);

impl Part for Lasting {
    fn words(&mut self, call: &mut Passing) {
        call.words.extend([self.0.as_mut_ptr() as usize, self.0.len()]);
    }
}

/// One after the other, so that what was received stands there without holes.
impl Pass for PostedBuffers {
    fn part(sizes: Vec<u32>, _: &'static str, call: &mut Passing) -> Result<Box<dyn Part>, String> {
        let room: usize = sizes.iter().map(|size| *size as usize).sum();
        let bytes = Box::leak(vec![0xee_u8; room].into_boxed_slice());
        call.output.start = bytes.as_ptr() as usize;
        call.output.lengths[0] = bytes.len();
        let mut rest = bytes;
        let mut buffers = Vec::new();
        for len in sizes {
            let (buffer, behind) = rest.split_at_mut(len as usize);
            buffers.push(ws::WSABUF { len, buf: buffer.as_mut_ptr() });
            rest = behind;
        }
        Ok(Box::new(Lasting(buffers)))
    }
}

impl Pass for SentBuffer {
    fn part(bytes: Bytes, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        let len = u32::try_from(bytes.0.len()).map_err(|error| error.to_string())?;
        let buf = Box::leak(bytes.0.into_boxed_slice()).as_mut_ptr();
        Ok(Box::new(Lasting(vec![ws::WSABUF { len, buf }])))
    }
}

/// A buffer that stays for good, and how many bytes it holds.
struct Sized(usize, usize);

impl Part for Sized {
    fn words(&mut self, call: &mut Passing) {
        call.words.extend([self.0, self.1]);
    }
}

impl Pass for ReadRoom {
    fn part(size: u32, _: &'static str, call: &mut Passing) -> Result<Box<dyn Part>, String> {
        let start = Box::leak(vec![0xee_u8; size as usize].into_boxed_slice()).as_ptr() as usize;
        (call.output.start, call.output.lengths[0]) = (start, size as usize);
        call.reads_into = Some(start);
        Ok(Box::new(Sized(start, size as usize)))
    }
}

impl Pass for WrittenBytes {
    fn part(bytes: Bytes, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        let bytes = Box::leak(bytes.0.into_boxed_slice());
        Ok(Box::new(Sized(bytes.as_ptr() as usize, bytes.len())))
    }
}

/// The bytes, their number, and nowhere to count them.
struct SentAlong(usize, usize);

impl Part for SentAlong {
    fn words(&mut self, call: &mut Passing) {
        call.words.extend([self.0, self.1, 0]);
    }
}

impl Pass for SentWithConnection {
    fn part(bytes: Option<Bytes>, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        let Some(bytes) = bytes else { return Ok(Box::new(SentAlong(0, 0))) };
        let bytes = Box::leak(bytes.0.into_boxed_slice());
        Ok(Box::new(SentAlong(bytes.as_ptr() as usize, bytes.len())))
    }
}

fn buffer_of(call: &Passing, overlapped: usize) -> Option<Output> {
    call.desk.buffers.lock().unwrap_or_else(PoisonError::into_inner).get(&overlapped).copied()
}

/// What the request with this OVERLAPPED, which is complete, has received.
fn received(call: &Passing, overlapped: usize) -> Option<Bytes> {
    // SAFETY: a structure that is never freed; it is complete, so that nobody writes there any more.
    let received = unsafe { (&raw const (*(overlapped as *const OVERLAPPED)).InternalHigh).read_volatile() };
    let output = buffer_of(call, overlapped).filter(|output| (1..=output.lengths[0]).contains(&received))?;
    // SAFETY: a buffer that is never freed, with at least so many bytes, which the system has written.
    Some(Bytes(unsafe { std::slice::from_raw_parts(output.start as *const u8, received) }.to_vec()))
}

/// The OVERLAPPED of a request that is asked about. Where its bytes are counted, they are told.
impl Pass for OverlappedIn {
    fn part(raw: RawHandle, _: &'static str, call: &mut Passing) -> Result<Box<dyn Part>, String> {
        call.asked = raw as usize;
        Ok(Box::new(Word(raw as usize)))
    }
}

impl Pass for BufferOf {
    fn part(raw: RawHandle, _: &'static str, call: &mut Passing) -> Result<Box<dyn Part>, String> {
        let output = buffer_of(call, raw as usize).ok_or("no request has filled a buffer with it")?;
        Ok(Box::new(Word(output.start)))
    }
}

/// Pointers to an address and to its length, and whether it is the local one.
pub(super) struct FoundAddress {
    address: *const u8,
    length: i32,
    local: bool,
}

impl FoundAddress {
    pub(super) fn new(local: bool) -> FoundAddress {
        FoundAddress { address: std::ptr::null(), length: -1, local }
    }
}

impl Part for FoundAddress {
    fn words(&mut self, call: &mut Passing) {
        call.words.extend([&raw mut self.address as usize, &raw mut self.length as usize]);
    }
    fn told(&self, _: &Passing, returned: &mut Returned) {
        let length = usize::try_from(self.length).unwrap_or(0).min(28);
        let found = (!self.address.is_null()).then(|| {
            let mut bytes = [0; 28];
            // SAFETY: the system says that so many bytes of an address stand there, in a buffer that is never freed.
            bytes[..length].copy_from_slice(unsafe { std::slice::from_raw_parts(self.address, length) });
            address_at(&bytes)
        });
        let found = found.flatten();
        *(if self.local { &mut returned.local } else { &mut returned.remote }) = found;
    }
}

/// A command, the name of a function, and the size of that.
struct Extension {
    code: u32,
    name: GUID,
    size: u32,
}

impl Part for Extension {
    fn words(&mut self, call: &mut Passing) {
        call.words.extend([self.code as usize, &raw mut self.name as usize, self.size as usize]);
    }
}

impl Pass for ExtensionIn {
    fn part(sent: (u32, String, u32), _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        let (code, name, size) = sent;
        let digits: String = name.chars().filter(|c| *c != '-').collect();
        let number = u128::from_str_radix(&digits, 16).map_err(|error| format!("{name}: {error}"))?;
        if size as usize > size_of::<GUID>() {
            return Err("a name has 16 bytes".to_owned());
        }
        Ok(Box::new(Extension { code, name: GUID::from_u128(number), size }))
    }
}

/// Room for a pointer to a function, of which the call is told so many bytes. A request may fill it later: it stays for good.
struct FunctionRoom(&'static mut usize, u32);

impl Part for FunctionRoom {
    fn words(&mut self, call: &mut Passing) {
        call.words.extend([&raw mut *self.0 as usize, self.1 as usize]);
    }
}

impl Pass for PointerRoom {
    fn part(size: u32, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        if size as usize > size_of::<usize>() {
            return Err(format!("a pointer has {} bytes here", size_of::<usize>()));
        }
        Ok(Box::new(FunctionRoom(Box::leak(Box::new(0)), size)))
    }
}

/// A socket, and its size.
struct Value(usize);

impl Part for Value {
    fn words(&mut self, call: &mut Passing) {
        call.words.extend([&raw mut self.0 as usize, size_of::<usize>()]);
    }
}

impl Pass for SocketValue {
    fn part(handle: RawHandle, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        Ok(Box::new(Value(handle as usize)))
    }
}

/// More packets than any call asks for.
pub(super) const MOST_ENTRIES: usize = 64;

/// Room for packets. A word each: the key, the OVERLAPPED, the status, and the bytes in the lower half of the last.
pub(super) struct Entries(pub(super) [[usize; 4]; MOST_ENTRIES]);

impl Part for Entries {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(self.0.as_mut_ptr() as usize);
    }
    fn told(&self, call: &Passing, returned: &mut Returned) {
        if returned.value == 0 {
            return;
        }
        // SAFETY: a field of this part, which the system may have written.
        let entries = unsafe { (&raw const self.0).read_volatile() };
        let entry =
            |[key, overlapped, _, bytes]: [usize; 4]| (key as u32, overlapped as isize as RawHandle, bytes as u32);
        returned.entries = Some(entries.into_iter().take(call.received as usize).map(entry).collect());
    }
}

/// Where the packets are counted.
pub(super) struct Removed;

impl Part for Removed {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(&raw mut call.received as usize);
    }
}

/// What `GetQueuedCompletionStatus` gives through one of its pointers.
pub(super) enum What {
    Bytes,
    Key,
    Overlapped,
}

/// A word that nobody has written: no key of a scenario and no address is this one.
pub(super) const UNTOUCHED_WORD: usize = usize::MAX;

/// Room for it: a word, of which a count of bytes is the lower half.
pub(super) struct Got(pub(super) What, pub(super) usize);

impl Part for Got {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(&raw mut self.1 as usize);
    }
    fn told(&self, _: &Passing, returned: &mut Returned) {
        // SAFETY: a field of this part, which the system may have written.
        let word = unsafe { (&raw const self.1).read_volatile() };
        match self.0 {
            What::Bytes => returned.bytes = (word != UNTOUCHED_WORD).then_some(word as u32),
            What::Key => returned.key = (word != UNTOUCHED_WORD).then_some(word as u32),
            What::Overlapped => returned.overlapped = (word != UNTOUCHED_WORD).then_some(word as RawHandle),
        }
    }
}
