//! What the room promises, seen from outside.

mod cross_check;
mod log;
mod monitor;
mod policy;
mod proof;
mod tree;
mod vectors;
mod witness;
