//! Making a call: from the arguments of the protocol to the system's function and back.

use std::ffi::CString;
use std::sync::Arc;

use winaccept_model::call::Returns;
use winaccept_model::kind;
use windows_sys::Win32::Networking::WinSock as ws;
use windows_sys::Win32::System::LibraryLoader::LoadLibraryA;

use super::super::protocol::{Function, RawHandle, Returned};
use super::actor::Desk;
use super::identity::exported;
use super::own::own_function;
use super::pass::{Part, Pass, PassConstant, Passing};

/// Makes one call after another on its thread.
pub(super) struct Caller {
    desk: Arc<Desk>,
    /// The thread's last error as its last call left it: what we do in between must not show.
    last_error: i32,
}

macro_rules! parts {
    ($($call:ident $library:ident $c:literal
        $(($($([$before:ident])* $field:ident: $kind:ident $([$after:ident])*),*))? -> $returns:ident [$($does:ident)*]
        $(again $again:ident)? by $first:ident {$($table:ident: $file:ident::$list:ident),*};)*) => {
        /// The parameters of a call, in the order of the C declaration.
        fn parts(function: Function, call: &mut Passing) -> Result<Vec<Box<dyn Part>>, String> {
            let mut parts: Vec<Box<dyn Part>> = Vec::new();
            match function { $(Function::$call $({ $($field),* })? => { $($(
                $(parts.push(<kind::$before as PassConstant>::part());)*
                parts.push(<kind::$kind as Pass>::part($field, stringify!($field), call)?);
                $(parts.push(<kind::$after as PassConstant>::part());)*
            )*)? })* }
            Ok(parts)
        }
    };
}
winaccept_model::for_each_call!(parts);

impl Caller {
    pub(super) fn new(desk: Arc<Desk>, last_error: i32) -> Caller {
        Caller { desk, last_error }
    }

    /// Makes the call, or tells why it cannot be made.
    pub(super) fn perform(&mut self, function: &Function) -> Result<Returned, String> {
        let called = function.called();
        let address = address_of(called.library(), called.exported())?;
        let mut call = Passing::new(Arc::clone(&self.desk));
        let mut parts = parts(function.clone(), &mut call)?;
        parts.iter_mut().for_each(|part| part.words(&mut call));
        // SAFETY: takes a number.
        unsafe { ws::WSASetLastError(self.last_error) };
        // SAFETY: the parts give the words that the C declaration takes, in its order, and hold what these point to: valid,
        // null, or on purpose pointing where nothing may be touched, which the system refuses. What a scenario opens and
        // closes is nobody else's.
        let word = unsafe { invoke(address, &call.words) };
        self.last_error = last_error();
        let value = value(called.returns(), word);
        let mut returned = Returned { value, error: self.last_error as u32, ..Returned::default() };
        parts.iter().for_each(|part| part.told(&call, &mut returned));
        match called.returns() {
            Returns::Socket => self.desk.opened.socket(value as ws::SOCKET),
            // A port is closed like an event.
            Returns::Event | Returns::Port => self.desk.opened.event(value as ws::WSAEVENT),
            Returns::Number if called.does().closes && value == 0 => self.desk.opened.closed(call.words[0]),
            Returns::Bool if called.does().closes && value != 0 => self.desk.opened.closed(call.words[0]),
            _ => {}
        }
        Ok(returned)
    }
}

/// The last error of this thread.
pub(super) fn last_error() -> i32 {
    // SAFETY: takes nothing.
    unsafe { ws::WSAGetLastError() }
}

/// Where a function of a library of the system begins.
fn address_of(library: &str, function: &str) -> Result<usize, String> {
    if library == "program" {
        return own_function(function).ok_or_else(|| format!("nobody knows how to do {function}"));
    }
    if library == "extension" {
        return extension(function).ok_or_else(|| format!("this provider gives no address of {function}"));
    }
    let c_string = |text: String| CString::new(text).map_err(|error| error.to_string());
    let module = c_string(format!("{library}.dll"))?;
    // SAFETY: the name ends with a NUL, and is that of a library of the system.
    unsafe { LoadLibraryA(module.as_ptr().cast()) };
    if library == "mswsock" {
        looks_up_extensions();
    }
    let found = exported(&module, &c_string(function.to_owned())?);
    found.map(|function| function as usize).ok_or_else(|| format!("this {library} does not export {function}"))
}

/// Wine's mswsock asks for all of its functions by the socket of the first call that is made to one of them, and never again. Where
/// that is no socket, none of them does anything in this process from then on. So that a scenario does not depend on who was there
/// before it, the first such call has a socket; without an OVERLAPPED it fails.
fn looks_up_extensions() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let Some(accept_ex) = exported(c"mswsock.dll", c"AcceptEx") else { return };
        let mut data = ws::WSADATA::default();
        // SAFETY: `data` is writable, the function takes these eight words; they are a socket of our own, numbers, and null.
        unsafe {
            ws::WSAStartup(0x202, &raw mut data);
            let s = ws::socket(ws::AF_INET.into(), ws::SOCK_STREAM, ws::IPPROTO_TCP);
            invoke(accept_ex as usize, &[s, s, 0, 0, 0, 0, 0, 0]);
            ws::closesocket(s);
            ws::WSACleanup();
        }
    });
}

/// Where an extension function of the provider begins, as it says itself.
fn extension(function: &str) -> Option<usize> {
    let name = match function {
        "DisconnectEx" => ws::WSAID_DISCONNECTEX,
        "ConnectEx" => ws::WSAID_CONNECTEX,
        _ => return None,
    };
    let mut address = 0_usize;
    let mut bytes = 0;
    // SAFETY: takes numbers.
    let s = unsafe { ws::socket(ws::AF_INET.into(), ws::SOCK_STREAM, ws::IPPROTO_TCP) };
    // SAFETY: a socket of our own, the name of a function, and room for its address and for a count.
    let asked = unsafe {
        ws::WSAIoctl(
            s,
            ws::SIO_GET_EXTENSION_FUNCTION_POINTER,
            (&raw const name).cast(),
            size_of_val(&name) as u32,
            (&raw mut address).cast(),
            size_of_val(&address) as u32,
            &raw mut bytes,
            std::ptr::null_mut(),
            None,
        )
    };
    // SAFETY: a socket of our own, or none.
    unsafe { ws::closesocket(s) };
    (asked == 0 && address != 0).then_some(address)
}

/// The value in the word that a function returned: numbers take its lower half only.
fn value(returns: Returns, word: usize) -> i64 {
    match returns {
        Returns::Socket | Returns::Event | Returns::Overlapped | Returns::Port | Returns::Window => {
            word as isize as RawHandle
        }
        Returns::Number | Returns::Bool | Returns::Answer | Returns::Code => i64::from(word as i32),
        Returns::Wait | Returns::Sleep | Returns::Status => i64::from(word as u32),
        Returns::Nothing => 0,
    }
}

/// Calls a function with so many words.
///
/// # Safety
/// `function` is the address of a function of the system that takes exactly these words, and each that it takes for a
/// pointer is one.
unsafe fn invoke(function: usize, words: &[usize]) -> usize {
    /// By the number of words, with their places.
    macro_rules! by_number {
        ($($number:literal: $($place:literal)*;)*) => {
            match words.len() {
                $($number => {
                    // SAFETY: as promised. A word is passed like any number or pointer that fits into one.
                    let function: unsafe extern "system" fn($(by_number!(word $place)),*) -> usize =
                        unsafe { std::mem::transmute(function) };
                    // SAFETY: as promised.
                    unsafe { function($(words[$place]),*) }
                })*
                number => unreachable!("invariant: no call of the list takes {number} words"),
            }
        };
        (word $place:literal) => { usize };
    }
    by_number! {
        0: ;
        1: 0;
        2: 0 1;
        3: 0 1 2;
        4: 0 1 2 3;
        5: 0 1 2 3 4;
        6: 0 1 2 3 4 5;
        7: 0 1 2 3 4 5 6;
        8: 0 1 2 3 4 5 6 7;
        9: 0 1 2 3 4 5 6 7 8;
        10: 0 1 2 3 4 5 6 7 8 9;
    }
}
