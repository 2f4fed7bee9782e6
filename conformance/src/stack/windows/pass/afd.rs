//! Polls of the driver below Winsock: what libuv, mio and wepoll put together for `NtDeviceIoControlFile`.

use std::sync::PoisonError;

use winaccept_model::kind::{AfdHandles, AfdTime, DeviceOverlapped, PolledWith};
use windows_sys::Win32::Foundation::STATUS_PENDING;
use windows_sys::Win32::System::IO::OVERLAPPED;

use super::super::super::protocol::{PollFd, RawHandle, Returned};
use super::super::output::Output;
use super::{Part, Pass, Passing};

/// The number of the command, as libuv and wepoll have it.
pub(super) const IOCTL_AFD_POLL: usize = 0x0001_2024;

/// `AFD_POLL_INFO`: a time-out, how many sockets, whether it is exclusive, and then the sockets.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Info {
    timeout: i64,
    count: u32,
    exclusive: u32,
    handles: [Polled; MOST],
}

/// A socket in it: what it is polled for, or what was found, and how that stands.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Polled {
    handle: usize,
    events: u32,
    status: u32,
}

/// No scenario polls for more.
const MOST: usize = 16;

/// Relative times are negative, in units of 100 ns.
const MILLISECOND: i64 = 10_000;

struct Nothing;

impl Part for Nothing {
    fn words(&mut self, _: &mut Passing) {}
}

impl Pass for AfdTime {
    fn part(timeout: Option<u32>, _: &'static str, call: &mut Passing) -> Result<Box<dyn Part>, String> {
        call.afd_time = timeout.map_or(i64::MAX, |ms| -i64::from(ms) * MILLISECOND);
        Ok(Box::new(Nothing))
    }
}

/// The OVERLAPPED of a poll, and what its first words were before the call. While a poll goes on the system does not write there:
/// that it does the program has to say itself.
struct Request(*mut OVERLAPPED, usize);

impl Part for Request {
    fn words(&mut self, call: &mut Passing) {
        // SAFETY: a structure of the worker's that is never freed; the system may write to it meanwhile.
        let event = unsafe { (&raw const (*self.0).hEvent).read_volatile() } as usize;
        // SAFETY: the same.
        self.1 = unsafe { (&raw const (*self.0).Internal).read_volatile() };
        // SAFETY: the same.
        unsafe { (&raw mut (*self.0).Internal).write_volatile(STATUS_PENDING as usize) };
        let context = if event & 1 == 1 { 0 } else { self.0 as usize };
        call.words.extend([event & !1, 0, context, self.0 as usize]);
    }
    fn told(&self, call: &Passing, returned: &mut Returned) {
        let failed = returned.value >= 0xc000_0000;
        // SAFETY: as above. Of a call that failed there is nothing under way.
        if failed && unsafe { (&raw const (*self.0).Internal).read_volatile() } == STATUS_PENDING as usize {
            // SAFETY: as above.
            unsafe { (&raw mut (*self.0).Internal).write_volatile(self.1) };
        }
        if !failed {
            let mut buffers = call.desk.buffers.lock().unwrap_or_else(PoisonError::into_inner);
            buffers.insert(self.0 as usize, call.output);
        }
    }
}

impl Pass for DeviceOverlapped {
    fn part(raw: RawHandle, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        Ok(Box::new(Request(raw as *mut OVERLAPPED, 0)))
    }
}

/// What is polled for, and room for what is found, which stays for good.
struct Asked(Box<Info>, &'static mut Info);

impl Part for Asked {
    fn words(&mut self, call: &mut Passing) {
        self.0.timeout = call.afd_time;
        let size = size_of::<Info>() - size_of::<Polled>() * (MOST - self.0.count as usize);
        call.output = Output { start: &raw mut *self.1 as usize, ..Output::default() };
        call.words.extend([&raw mut *self.0 as usize, size, call.output.start, size]);
    }
}

impl Pass for AfdHandles {
    fn part(handles: Vec<PollFd>, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        let mut info = Info { count: handles.len() as u32, ..Info::default() };
        let Some(room) = info.handles.get_mut(..handles.len()) else {
            return Err(format!("a poll of this worker has at most {MOST} sockets"));
        };
        for (place, polled) in room.iter_mut().zip(handles) {
            (place.handle, place.events) = (polled.fd as usize, polled.events.into());
        }
        Ok(Box::new(Asked(Box::new(info), Box::leak(Box::new(Info::default())))))
    }
}

/// The OVERLAPPED of a poll that is looked at.
struct Looked(*const OVERLAPPED);

impl Part for Looked {
    fn words(&mut self, call: &mut Passing) {
        call.words.push(self.0 as usize);
    }
    fn told(&self, call: &Passing, returned: &mut Returned) {
        if returned.value == i64::from(STATUS_PENDING) {
            return;
        }
        // SAFETY: a structure of the worker's that is never freed.
        returned.bytes = Some(unsafe { (&raw const (*self.0).InternalHigh).read_volatile() } as u32);
        let buffers = call.desk.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(output) = buffers.get(&(self.0 as usize)) else {
            returned.polled = Some(Vec::new());
            return;
        };
        // SAFETY: room for this structure that is never freed; its poll is over.
        let info = unsafe { (output.start as *const Info).read_volatile() };
        let found = info.handles.iter().take(info.count as usize);
        returned.polled =
            Some(found.map(|polled| (polled.handle as isize as RawHandle, polled.events as u16)).collect());
    }
}

impl Pass for PolledWith {
    fn part(raw: RawHandle, _: &'static str, _: &mut Passing) -> Result<Box<dyn Part>, String> {
        Ok(Box::new(Looked(raw as *const OVERLAPPED)))
    }
}
