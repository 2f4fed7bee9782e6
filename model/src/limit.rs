//! How large a world may be, and what reaches beyond.

/// A limit of the model: how many of what there may be at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// How many.
    pub most: usize,
    /// Of what.
    pub of: &'static str,
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at most {} {}", self.most, self.of)
    }
}
