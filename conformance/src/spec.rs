//! The clause inventory and the choice points, read from `spec-notes/`.
