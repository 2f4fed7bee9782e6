//! Windows.
#[derive(Debug, Default)]
pub(crate) struct Windows {}
