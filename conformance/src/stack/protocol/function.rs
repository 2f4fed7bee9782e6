//! The calls of the protocol with their arguments: made from the list of calls, each parameter as its kind is sent.

use std::sync::LazyLock;

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use winaccept_model::call::{self, Call};
use winaccept_model::kind;
use winaccept_sim::script::Ref;

use super::super::wire::{Names, Wire};
use super::RawHandle;

/// The names of a call's arguments with their values, in order.
pub type Fields = Vec<(&'static str, Value)>;

macro_rules! functions {
    ($($call:ident $library:ident $c:literal
        $(($($([$before:ident])* $field:ident: $kind:ident $([$after:ident])*),*))? -> $returns:ident [$($does:ident)*]
        $(again $again:ident)? by $first:ident {$($table:ident: $file:ident::$list:ident),*};)*) => {
        /// A call with its arguments, as numbers.
        #[derive(Clone, PartialEq, Debug)]
        #[allow(missing_docs)] // each variant is the function of that name, its fields are the parameters
        pub enum Function { $($call $({ $($field: <kind::$kind as Wire>::Sent),* })?),* }

        impl Function {
            /// Which call it is.
            #[must_use]
            pub fn called(&self) -> call::Function {
                match self { $(Function::$call { .. } => call::Function::$call),* }
            }

            /// The call with numbers for names, or the reason why it cannot be made.
            pub(in super::super) fn of(call: &Call<Ref>, names: &impl Names) -> Result<Function, String> {
                Ok(match call { $(Call::$call $({ $($field),* })? => Function::$call $({
                    $($field: <kind::$kind as Wire>::sent($field, names)?),*
                })?),* })
            }

            fn fields(&self) -> Fields {
                let mut fields = Fields::new();
                match self { $(Function::$call $({ $($field),* })? => { $($(
                    <kind::$kind as Wire>::write($field, stringify!($field), &mut fields);
                )*)? })* }
                fields
            }

            fn read(called: call::Function, from: &Map<String, Value>) -> Result<Function, String> {
                Ok(match called { $(call::Function::$call => Function::$call $({
                    $($field: <kind::$kind as Wire>::read(stringify!($field), from)?),*
                })?),* })
            }
        }
    };
}
winaccept_model::for_each_call!(functions);

impl Serialize for Function {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("function", self.called().distinct_name())?;
        for (field, value) in self.fields() {
            map.serialize_entry(field, &value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Function {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Function, D::Error> {
        use serde::de::Error;
        static NAMES: LazyLock<Vec<&'static str>> =
            LazyLock::new(|| call::Function::ALL.iter().map(|called| called.distinct_name()).collect());
        let map = Map::deserialize(deserializer)?;
        let Some(name) = map.get("function").and_then(Value::as_str) else {
            return Err(D::Error::missing_field("function"));
        };
        let called = call::Function::ALL.iter().find(|called| called.distinct_name() == name);
        let called = called.ok_or_else(|| D::Error::unknown_variant(name, &NAMES))?;
        Function::read(*called, &map).map_err(|problem| D::Error::custom(format!("`{name}`: {problem}")))
    }
}

/// What a user APC does when it runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ApcRoutine {
    SetEvent(RawHandle),
    Accept(RawHandle),
}

/// One entry of the array given to `WSAPoll`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PollFd {
    pub fd: RawHandle,
    pub events: u16,
}

/// A pointer to an output buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pointer {
    /// `NULL`.
    Null,
    /// A buffer of as many bytes as the length says, at least of `sizeof(SOCKADDR_STORAGE)`.
    Valid,
    /// An address that the caller may not touch.
    Bad,
}

/// A pointer to a length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LengthPointer {
    /// `NULL`.
    Null,
    /// An integer with this value.
    Holds(i32),
    /// An address that the caller may not touch.
    Bad,
}

/// The value of a socket option.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionValue {
    /// A `DWORD` or `BOOL`.
    Number(u32),
    /// `struct linger`: `l_onoff`, `l_linger`.
    Linger(u16, u16),
}
