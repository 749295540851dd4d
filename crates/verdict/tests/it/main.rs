//! Capability tests of `verdict`, through its public API.

mod golden;
mod inspected;
mod kit;
mod law;
mod reconcile;
mod report;
mod schema;
mod verify;
