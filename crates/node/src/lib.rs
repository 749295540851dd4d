//! The loop around load, decide and commit, and the workers.

pub mod door;
pub mod peers;
