//! What we hold of a version, as far as a follow must know before it brings another.

use super::Work;
use crate::cell::{Cell, Change, Stamp, index::Key};
use bytes::Bytes;
use portcullis_core::{
    cell::{CollectionId, Marks, Tlp},
    member::MemberId,
};

/// Why a server's version of an object is not taken.
pub(super) const NOT_A_SERVERS: &str =
    "it is here by another way than from a server, and a server makes no version of it";

/// A version that is, or was, here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Held {
    /// Its entry's number.
    pub(super) number: u64,
    /// When and where the change was made.
    pub(super) stamp: Stamp,
    /// Who brought it into the cell.
    pub(super) publisher: MemberId,
    /// Whether it is gone: removed, or withheld.
    pub(super) removed: bool,
    /// Whether it is gone because it, or a later change, is not for us.
    pub(super) withheld: bool,
    /// The version, `i64::MIN` for none.
    pub(super) version_us: i64,
    /// Whether it came by a follow.
    pub(super) followed: bool,
}

impl Cell {
    /// Every version of an object in a collection, removed ones too, the greatest first.
    pub(super) fn held(&self, collection: &CollectionId, id: &str) -> Vec<Held> {
        let index = self.index();
        let versions = index.shelf(collection).into_iter();
        let versions = versions.flat_map(|shelf| shelf.versions(Key::of(id)));
        let held = versions.filter_map(|(number, entry)| {
            let label = index.labels.get(entry.label)?;
            Some(Held {
                number: u64::from(number),
                stamp: Stamp {
                    at_us: entry.stamp_us,
                    by: index.members.get(entry.by)?.clone(),
                },
                publisher: label.publisher.clone(),
                removed: entry.is_removal(),
                withheld: entry.is_withheld(),
                version_us: entry.order().version_us,
                followed: label.bound.is_some(),
            })
        });
        held.collect()
    }
}

impl Work<'_> {
    /// Whether a version is here that is not a server's: ours, an account's, or one that its
    /// publisher's node has signed. A server makes no other version of it.
    pub(super) fn is_not_a_servers(&self, name: &MemberId, held: &[Held]) -> bool {
        let mut live = held.iter().filter(|held| !held.removed);
        live.any(|held| {
            // What a person here has said of it is stamped here.
            let brought = || {
                let unsigned = self.cell.provenance(&self.into, held.number);
                held.followed && matches!(unsigned, Ok(None))
            };
            held.publisher != *self.cell.me() || (held.stamp.by != *name && !brought())
        })
    }
}

/// An object of a server that speaks for itself alone: it is brought into the cell by `me`, and
/// marked as it says.
pub(super) fn put(object: &[u8], stamp: Stamp, me: &MemberId) -> Change {
    Change::Put {
        bytes: Bytes::copy_from_slice(object),
        stamp,
        publisher: me.clone(),
        tlp: Tlp::Clear,
        held: false,
        marks: Marks::default(),
        provenance: Bytes::new(),
    }
}
