//! Legal wrappers: the dated basis on which things leave. A law that has lapsed
//! carries nothing, and what has no date is no basis.

use jiff::Timestamp;

/// The most legal bases of one node.
pub const WRAPPERS_MAX: usize = 1_024;

/// A legal basis, with its dates.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wrapper {
    /// The clause: `6 USC 1503(c)`.
    pub clause: String,
    /// The first instant at which it holds.
    pub from: Timestamp,
    /// The first instant at which it no longer holds.
    pub until: Timestamp,
}

impl Wrapper {
    /// Whether it carries an exit at `at`.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}
