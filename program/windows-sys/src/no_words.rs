//! Functions that are there and that the model has no words for.

/// Functions that the model has no words for, each with what it gives where it fails: a call of one ends the run undecided, with its
/// name.
macro_rules! no_words {
    ($($name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $returns:ty = $fails:expr)?;)*) => { $(
        #[doc = concat!("`", stringify!($name), "`: the model has no words for it.")]
        #[allow(clippy::missing_safety_doc)] // that of each function is its documentation's
        pub unsafe extern "system" fn $name($($argument: $type),*) $(-> $returns)? {
            $(let _ = $argument;)*
            $crate::here::here(stringify!($name), |here| here.no_words(stringify!($name)));
            $($fails)?
        }
    )* };
}

pub(crate) use no_words;
