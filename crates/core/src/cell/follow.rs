//! Follows: collections elsewhere that ours are kept in step with.

use super::ids::CollectionId;
use crate::member::MemberId;
use jiff::Timestamp;

/// The most follows of one node.
pub const FOLLOWS_MAX: usize = 1_024;

/// The longest address of a server.
pub const ADDRESS_BYTES_MAX: usize = 2_048;

/// The longest cursor: that of a MISP instance tells which events were made there from here.
pub const CURSOR_BYTES_MAX: usize = 8_192;

/// One collection elsewhere, and where its objects go here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Follow {
    /// What is followed.
    pub source: Source,
    /// Into which of our collections.
    pub into: CollectionId,
    /// Seconds between two looks where nobody hints; none: as the node is configured.
    pub every_s: Option<u32>,
    /// Whether it rests.
    pub paused: bool,
    /// Whether it was ended.
    pub ended: bool,
    /// Up to where all of it is here, in the source's own words.
    pub cursor: Option<String>,
    /// When the cursor last moved.
    pub advanced_at: Option<Timestamp>,
}

/// What can be followed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Source {
    /// A collection at another node, found through the register.
    Peer {
        /// Whose node.
        member: MemberId,
        /// Which collection there.
        collection: CollectionId,
    },
    /// A collection of any TAXII 2.1 server.
    Taxii {
        /// The collection's address.
        url: String,
        /// The name of the credential in this node's configuration.
        credential: Option<String>,
    },
    /// The events of a MISP instance.
    Misp {
        /// The instance's address.
        url: String,
        /// The name of the credential in this node's configuration.
        credential: Option<String>,
        /// Whether our objects go there as events, too.
        both_ways: bool,
    },
}
