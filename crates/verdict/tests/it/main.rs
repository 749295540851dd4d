//! Capability tests of `verdict`, through its public API.

mod golden;
mod kit;
mod law;
mod verify;
