//! Capability tests of `verdict`, through its public API.

mod evidence;
mod golden;
mod inspected;
mod inspection;
mod kit;
mod law;
mod opened;
mod reconcile;
mod report;
mod schema;
mod verify;
