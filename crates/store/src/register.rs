//! Registers: every version ever seen, and both of two that contradict.

use jiff::Timestamp;
use portcullis_core::digest::Digest;

/// One version of a register.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RegisterRecord {
    /// The register's id: the digest of the payload of its version 1.
    pub register: Digest,
    /// Which version, from 1.
    pub version: u64,
    /// The exact bytes of its envelope.
    pub envelope: Vec<u8>,
    /// The text of its `tlog-proof`, as soon as there is one.
    pub proof: Option<Vec<u8>>,
    /// When this node took it in.
    pub stored_at: Timestamp,
}
