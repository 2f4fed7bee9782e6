//! Functions of the program that Winsock calls: condition functions on the thread that called `WSAAccept`, completion routines on
//! the thread that made the request.

use std::cell::RefCell;
use std::rc::Rc;

use windows_sys::Win32::Networking::WinSock as ws;
use windows_sys::Win32::System::IO::OVERLAPPED;

use super::super::protocol::{Given, RawHandle, Returned, SocketAddress};
use super::address::address_at;

/// Who decides.
pub(super) trait Decides {
    /// What the condition function is to return that was given this.
    fn decide(&self, given: Given) -> i32;
    /// A completion routine was given this.
    fn complete(&self, given: Returned);
}

thread_local! {
    /// Who decides on this thread.
    static DECIDES: RefCell<Option<Rc<dyn Decides>>> = const { RefCell::new(None) };
}

/// From now on this decides what condition functions of this thread return.
pub(super) fn is_decided_by(decides: Rc<dyn Decides>) {
    DECIDES.set(Some(decides));
}

/// The word that a call is given for `lpfnCondition`.
pub(super) fn word() -> usize {
    condition as *const () as usize
}

/// The word that a call is given for `lpCompletionRoutine`.
pub(super) fn routine_word() -> usize {
    routine as *const () as usize
}

unsafe extern "system" fn routine(error: u32, bytes: u32, overlapped: *mut OVERLAPPED, flags: u32) {
    let (bytes, overlapped) = (Some(bytes), Some(overlapped as isize as RawHandle));
    let given = Returned { error, bytes, overlapped, routine: Some(flags), ..Returned::default() };
    if let Some(decides) = DECIDES.with_borrow(Clone::clone) {
        decides.complete(given);
    }
}

unsafe extern "system" fn condition(
    caller_id: *mut ws::WSABUF,
    caller_data: *mut ws::WSABUF,
    sqos: *mut ws::QOS,
    gqos: *mut ws::QOS,
    callee_id: *mut ws::WSABUF,
    callee_data: *mut ws::WSABUF,
    _group: *mut u32,
    callback_data: usize,
) -> i32 {
    // SAFETY: each is null or points to what the documentation says that it points to.
    let given = unsafe {
        Given {
            callerid: address_of(caller_id),
            callerdata: length_of(caller_data),
            sqos: !sqos.is_null(),
            gqos: !gqos.is_null(),
            calleeid: address_of(callee_id),
            calleedata: length_of(callee_data),
            callbackdata: callback_data as u32,
        }
    };
    let decides = DECIDES.with_borrow(Clone::clone);
    decides.map_or(ws::CF_REJECT as i32, |decides| decides.decide(given))
}

/// # Safety
/// `block` is null or valid, and so is what it points to.
unsafe fn length_of(block: *const ws::WSABUF) -> Option<u32> {
    // SAFETY: as promised.
    unsafe { block.as_ref() }.map(|block| block.len)
}

/// # Safety
/// As of [`length_of`].
unsafe fn address_of(block: *const ws::WSABUF) -> Option<SocketAddress> {
    // SAFETY: as promised.
    let block = unsafe { block.as_ref() }?;
    if block.buf.is_null() {
        return None;
    }
    // SAFETY: a buffer has as many bytes as it says.
    address_at(unsafe { std::slice::from_raw_parts(block.buf, block.len as usize) })
}
