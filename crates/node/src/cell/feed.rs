//! The feed: how one node's collection reaches another's, change by change.
//!
//! A follower asks for what came after its position ([`Ask`]); the source
//! answers with a stream of records in its own order ([`Writer`], [`read`]):
//! objects as their exact bytes, removals, and what defines the collection.
//! A line of JSON says what follows and how many bytes it has, so an answer can
//! be read with a text editor and no byte of an object is ever escaped. An
//! answer counts whole or not at all: its last line says how many records it
//! had. `docs/cell-feed.md` is the format's page.

mod ask;
mod hex;
mod read;
mod relay;
mod replies;
mod source;
mod write;

pub use ask::{Ask, AskError};
pub use read::{Feed, FeedError, read};
pub use relay::{Confirmation, RELAY_BYTES_MAX};
pub use write::Writer;

pub(crate) use hex::{parse as parse_hex, print as print_hex};
pub(crate) use relay::{Relayed, confirmations, describe, read as read_relay};
pub(crate) use replies::Told;
pub(crate) use source::has;

use super::Stamp;
use portcullis_core::{
    cell::{CollectionId, Label, Marks},
    member::MemberId,
};

/// The media type of an answer.
pub const MEDIA_TYPE: &str = "application/vnd.portcullis.cell-feed; version=1";
/// The format's number, in every ask and every answer.
pub const VERSION: u32 = 1;
/// The most bytes of an ask: where the follower stands, and answers to recalls in people's words.
pub const ASK_BYTES_MAX: usize = 1024 * 1024;
/// The most bytes of records that an ask may want. An answer ends at the first record that
/// reaches it, so one is longer by at most one record.
pub const WANTED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The most bytes of an answer that a follower reads: what was wanted, one largest object with its
/// provenance, and the definition.
pub const FEED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The most replies of one ask.
pub const REPLIES_MAX: usize = 100;
/// About the most bytes of them: an ask ends at the first reply that reaches it, and none is longer
/// than this. As a text in the ask's JSON they are at most twice as long.
pub const REPLIES_BYTES_MAX: usize = 128 * 1024;
/// The most bytes of them that a source reads: what ends an ask, one longest reply with its proof of
/// origin, and lines.
pub const REPLIES_TEXT_BYTES_MAX: usize = 3 * REPLIES_BYTES_MAX;
/// The most records of one answer, so that a follower applies it in well under a second.
pub const RECORDS_MAX: usize = 20_000;
/// The longest a source lets a follower wait for news, in milliseconds: under what proxies and
/// address translators take for a dead connection.
pub const WAIT_MS_MAX: u32 = 25_000;
/// The most bytes of one line of JSON: an id, members, some numbers, and marks towards many groups.
pub(crate) const LINE_BYTES_MAX: usize = 64 * 1024;

/// What an answer begins with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
    /// Who answers.
    pub source: MemberId,
    /// For which collection.
    pub collection: CollectionId,
    /// The life of the source's journal; a restored one has another.
    pub epoch: [u8; 16],
    /// A digest of what the follower may see at the source. Another one: it reads from the start.
    pub view: [u8; 32],
    /// The records begin after this position; `i64::MIN` is the start.
    pub from: i64,
    /// Whether the follower's member may read nothing of the collection any more.
    pub out: bool,
    /// Whether the source takes replies with an ask.
    pub hears: bool,
}

/// What an answer ends with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct End {
    /// Where to ask from next time.
    pub to: i64,
    /// How many changes that the follower may see still wait at the source; stops counting at some point.
    pub behind: u64,
    /// Whether there is more to be had at once.
    pub more: bool,
}

/// One record of an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Record<'a> {
    /// An object as its bytes.
    Put {
        /// When the source added it, in its own microseconds.
        added: i64,
        /// The change's stamp.
        mark: Stamp,
        /// The object, exactly.
        object: &'a [u8],
        /// Who answers for it, as its own bytes; empty where there is none.
        provenance: &'a [u8],
        /// What the source's rules know of it. Of those who may have what is TLP:RED it names
        /// the follower alone.
        label: Label,
        /// What the publisher said beside it, for each group of the follower's.
        marks: Marks,
    },
    /// A version of an object was removed at where it was made.
    Remove {
        /// When the source added the removal.
        added: i64,
        /// The change's stamp.
        mark: Stamp,
        /// The object's id.
        id: String,
        /// Which version, in microseconds; `i64::MIN` for an object without one.
        version: i64,
    },
    /// The follower has had a version of an object that it may no longer have: its copy goes.
    Forget {
        /// The object's id.
        id: String,
        /// Which version, in microseconds; `i64::MIN` for an object without one.
        version: i64,
        /// The change by which its maker took it out of the follower's reach, which goes for
        /// everybody whom the follower gave it; none where the follower alone lost its right.
        mark: Option<Stamp>,
    },
    /// What the source says about its groups, about marks and recalls; whole whenever it changed.
    State {
        /// SHA-256 of `json`.
        digest: [u8; 32],
        /// Groups and recalls.
        json: &'a [u8],
    },
}
