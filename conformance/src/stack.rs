//! Stacks: whatever executes calls.
