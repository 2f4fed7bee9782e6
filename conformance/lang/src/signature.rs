//! What each call is called, takes, returns and writes, as the list of calls and the kinds say it.

use std::sync::LazyLock;

use winaccept_model::call::{Call, Function, Returns};
use winaccept_model::kind;
use winaccept_sim::script::{Ref, Script};

use super::cursor::Parsed;
use super::kind::{Asking, Constant, Text};
use super::parser::Parser;

/// An out-parameter as `with` names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Out {
    Addr,
    AddrLen,
    Data,
    Value,
    ReadFds,
    WriteFds,
    ExceptFds,
    Revents,
    Handles,
    Events,
    EventErrors,
    Bytes,
    Key,
    Overlapped,
    Message,
    Local,
    Remote,
    CallerId,
    CallerData,
    Sqos,
    Gqos,
    CalleeId,
    CalleeData,
    CallbackData,
    Errno,
    Error,
    Flags,
    Entries,
}

/// The out-parameters with their names.
pub(super) const OUTS: &[(&str, Out)] = &[
    ("addr", Out::Addr),
    ("addrlen", Out::AddrLen),
    ("data", Out::Data),
    ("value", Out::Value),
    ("readfds", Out::ReadFds),
    ("writefds", Out::WriteFds),
    ("exceptfds", Out::ExceptFds),
    ("revents", Out::Revents),
    ("handles", Out::Handles),
    ("events", Out::Events),
    ("iErrorCode", Out::EventErrors),
    ("bytes", Out::Bytes),
    ("key", Out::Key),
    ("overlapped", Out::Overlapped),
    ("message", Out::Message),
    ("local", Out::Local),
    ("remote", Out::Remote),
    ("callerid", Out::CallerId),
    ("callerdata", Out::CallerData),
    ("sqos", Out::Sqos),
    ("gqos", Out::Gqos),
    ("calleeid", Out::CalleeId),
    ("calleedata", Out::CalleeData),
    ("callbackdata", Out::CallbackData),
    ("lpErrno", Out::Errno),
    ("error", Out::Error),
    ("flags", Out::Flags),
    ("entries", Out::Entries),
];

/// What a condition function is given, in the order of its parameters.
pub(super) const GIVEN: &[Out] =
    &[Out::CallerId, Out::CallerData, Out::Sqos, Out::Gqos, Out::CalleeId, Out::CalleeData, Out::CallbackData];

/// What a completion routine is given, in the order of its parameters.
pub(super) const ROUTINE_GIVEN: &[Out] = &[Out::Error, Out::Bytes, Out::Overlapped, Out::Flags];

impl Out {
    /// The one of this name.
    pub(super) fn named(name: &str) -> Option<Out> {
        OUTS.iter().find(|(known, _)| *known == name).map(|(_, out)| *out)
    }

    /// Is it something that a condition function is given, not something that a call writes?
    pub(super) fn is_given(self) -> bool {
        GIVEN.contains(&self)
    }

    /// The word after `with`.
    pub(super) fn name(self) -> &'static str {
        OUTS.iter().find(|(_, out)| *out == self).map_or("", |(name, _)| name)
    }
}

/// One call, or the several entries of the list that are one function of C.
#[derive(Clone, Debug)]
pub(super) struct Signature {
    /// As C spells it.
    pub(super) name: &'static str,
    /// Its entries in the list.
    pub(super) forms: Vec<Form>,
    /// An example of how to write it.
    pub(super) usage: String,
    pub(super) returns: Returns,
    /// Does it tell its error through a pointer?
    pub(super) points: bool,
    /// What `with` may name, in the order of the parameters.
    pub(super) outs: Vec<Out>,
    /// Can it call a condition function?
    pub(super) asks: bool,
}

/// An entry of the list.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) function: Function,
    /// How many arguments a script may write.
    pub(super) arguments: (usize, usize),
    /// An example of each.
    examples: Vec<&'static str>,
    outs: Vec<Out>,
    asks: bool,
}

/// Every call, in the order of the list.
pub(super) static SIGNATURES: LazyLock<Vec<Signature>> = LazyLock::new(|| {
    let mut all: Vec<Signature> = Vec::new();
    for function in Function::ALL {
        let form = form(*function);
        if let Some(known) = all.iter_mut().find(|signature| signature.name == function.name()) {
            let more = form.outs.iter().filter(|out| !known.outs.contains(out));
            known.outs.extend(more.copied().collect::<Vec<_>>());
            known.forms.push(form);
            continue;
        }
        all.push(Signature {
            name: function.name(),
            usage: format!("{}({})", function.name(), form.examples.join(", ")),
            returns: function.returns(),
            points: function.does().points,
            outs: form.outs.clone(),
            asks: form.asks,
            forms: vec![form],
        });
    }
    all
});

macro_rules! forms {
    ($($call:ident $library:ident $c:literal
        $(($($([$before:ident])* $field:ident: $kind:ident $([$after:ident])*),*))? -> $returns:ident [$($does:ident)*]
        $(again $again:ident)? by $first:ident {$($table:ident: $file:ident::$list:ident),*};)*) => {
        /// What the kinds of an entry say.
        fn form(function: Function) -> Form {
            let mut form = Form { function, arguments: (0, 0), examples: Vec::new(), outs: Vec::new(), asks: false };
            match function { $(Function::$call => { $($(
                $(form.constant::<kind::$before>();)*
                form.parameter::<kind::$kind>(stringify!($field));
                $(form.constant::<kind::$after>();)*
            )*)? })* }
            form
        }

        /// The words that stand for arguments, by parameter.
        const WORDS: &[&[&str]] = &[$($($(
            $(&[<kind::$before as Constant>::WRITTEN],)*
            <kind::$kind as Text>::WORDS,
            $(&[<kind::$after as Constant>::WRITTEN],)*
        )*)?)*];

        impl Parser<'_> {
            /// Takes the arguments of a call.
            pub(super) fn arguments(&mut self, function: Function, mut asking: Asking) -> Parsed<Call<Ref>> {
                Ok(match function { $(Function::$call => {
                    $($(
                        $(self.constant::<kind::$before>(&mut asking)?;)*
                        let $field = self.argument::<kind::$kind>(&mut asking)?;
                        $(self.constant::<kind::$after>(&mut asking)?;)*
                    )*)?
                    Call::$call $({ $($field),* })?
                })* })
            }
        }

        /// The arguments of a call, as a step of a scenario writes them.
        pub(super) fn written(call: &Call<Ref>, script: &Script) -> String {
            let mut all: Vec<String> = Vec::new();
            match call { $(Call::$call $({ $($field),* })? => { $($(
                $(all.push(<kind::$before as Constant>::WRITTEN.to_owned());)*
                all.push(<kind::$kind as Text>::write($field, script));
                $(all.push(<kind::$after as Constant>::WRITTEN.to_owned());)*
            )*)? })* }
            all.retain(|argument| !argument.is_empty());
            all.join(", ")
        }

        /// Is the argument that would point at this out-parameter `NULL`?
        pub(super) fn passes_null(call: &Call<Ref>, out: Out) -> bool {
            match call { $(Call::$call $({ $($field),* })? => false$($(
                || <kind::$kind as Text>::out(stringify!($field)) == Some(out) && <kind::$kind as Text>::is_null($field)
            )*)?),* }
        }
    };
}
winaccept_model::for_each_call!(forms);

impl Signature {
    /// What `with` may name of a call, or, where it is not known which of the forms it has, of any.
    pub(super) fn outs_of(&self, call: Option<&Call<Ref>>) -> &[Out] {
        let form = call.and_then(|call| self.forms.iter().find(|form| form.function == call.function()));
        form.map_or(self.outs.as_slice(), |form| form.outs.as_slice())
    }
}

impl Form {
    fn parameter<K: Text>(&mut self, field: &str) {
        self.arguments.0 += K::ARGUMENTS.0;
        self.arguments.1 += K::ARGUMENTS.1;
        self.examples.push(K::EXAMPLE);
        self.outs.extend(K::out(field));
        self.asks |= K::ASKS;
    }

    fn constant<K: Constant>(&mut self) {
        self.outs.extend(K::OUT);
        self.outs.extend(K::ALSO);
        if !K::WRITTEN.is_empty() {
            self.arguments.0 += 1;
            self.arguments.1 += 1;
            self.examples.push(K::WRITTEN);
        }
    }
}

impl Parser<'_> {
    fn argument<K: Text>(&mut self, asking: &mut Asking) -> Parsed<K::Value<Ref>> {
        if K::ARGUMENTS.0 > 0 || asking.extra {
            self.separate(asking)?;
        }
        K::parse(self, asking)
    }

    fn constant<K: Constant>(&mut self, asking: &mut Asking) -> Parsed<()> {
        if K::WRITTEN.is_empty() {
            return Ok(());
        }
        self.separate(asking)?;
        K::parse(self)
    }

    /// Takes the comma before an argument that is not the first.
    fn separate(&mut self, asking: &mut Asking) -> Parsed<()> {
        if std::mem::replace(&mut asking.written, true) { self.cursor.expect(",") } else { Ok(()) }
    }
}

/// Does this word stand for an argument of some call, or for what `with` names?
pub(super) fn means_something(word: &str) -> bool {
    Out::named(word).is_some() || WORDS.iter().any(|words| words.contains(&word))
}

/// Calls of Winsock that somebody may well write, and that the model does not have. Some look like one that it has.
const NOT_YET: &[&str] = &["WSARecvFrom", "recvfrom", "WSASendTo", "sendto", "TransmitPackets"];

/// Is this a call of Winsock that the model does not have yet?
pub(super) fn is_not_yet_modelled(name: &str) -> bool {
    NOT_YET.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The signature of the call with this name.
pub(super) fn signature(name: &str) -> Option<&'static Signature> {
    SIGNATURES.iter().find(|signature| signature.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_said_to_be_missing_that_is_there() {
        let there: Vec<_> = NOT_YET.iter().filter(|name| signature(name).is_some()).collect();
        assert!(there.is_empty(), "{there:?}");
    }
}
