//! Capability tests of `verdict`, through its public API.

mod law;
