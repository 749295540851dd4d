//! One entry of a shelf.

use crate::cell::{
    CellError,
    batch::{MARKED, NAMES, Op, REVOKED, Row, UNVERSIONED, V20},
};
use portcullis_store::journal::Place;

/// No entry.
pub(crate) const NONE: u32 = u32::MAX;

/// It is a removal: nothing is shown.
const DEAD: u16 = 1 << 8;
/// Another entry has taken its place.
const GONE: u16 = 1 << 9;
/// Its bytes are erased, as far as this process knows: the row tells.
const ERASED: u16 = 1 << 10;

/// An object's version, or its removal: 64 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// When it came, in microseconds since 1970; every entry of a node has its own.
    pub(crate) added_us: i64,
    /// Its version; for an object without one, when its first copy was added.
    pub(crate) version_us: i64,
    /// When the change was made, wherever that was.
    pub(crate) stamp_us: i64,
    /// Past this it is not shown; `i64::MAX` for never.
    pub(crate) expires_us: i64,
    /// Where its bytes begin.
    offset: u32,
    /// How many they are.
    pub(crate) len: u32,
    /// In which segment.
    segment: u32,
    /// The next greater version of the same object.
    pub(crate) newer: u32,
    /// The next smaller version.
    pub(crate) older: u32,
    /// Which of the frames that put something it came in.
    pub(crate) frame: u32,
    /// Who made the change.
    pub(crate) by: u16,
    pub(crate) kind: u16,
    pub(crate) label: u16,
    flags: u16,
}

const _: () = assert!(size_of::<Entry>() == 64);

/// How versions of one object are ordered: unversioned, then by time, STIX 2.0 before 2.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub(crate) struct Order {
    /// `i64::MIN` for an object without versions.
    pub(crate) version_us: i64,
    pub(crate) v21: bool,
}

impl Entry {
    /// The entry of a row, without its neighbours and the numbers of its kind, label and member.
    pub(super) fn new(row: &Row<'_>, place: Place, frame: u32) -> Result<Self, CellError> {
        let far = |_| CellError::TooMany("bytes in a segment");
        let unversioned = row.flags & UNVERSIONED != 0;
        Ok(Self {
            added_us: row.added_us,
            version_us: if unversioned {
                row.added_us
            } else {
                row.version_us
            },
            stamp_us: row.stamp_us,
            expires_us: row.expires_us,
            offset: u32::try_from(place.offset).map_err(far)?,
            len: place.len,
            segment: place.segment,
            newer: NONE,
            older: NONE,
            frame,
            by: 0,
            kind: 0,
            label: 0,
            flags: u16::from(row.flags & !NAMES)
                | u16::from(if row.markings.is_empty() { 0 } else { NAMES })
                | match row.op {
                    Op::Remove => DEAD,
                    Op::Erased => ERASED,
                    Op::Put | Op::Forget | Op::Touch => 0,
                },
        })
    }

    /// Where its bytes stand.
    pub(crate) fn place(&self) -> Place {
        Place {
            segment: self.segment,
            offset: u64::from(self.offset),
            len: self.len,
        }
    }

    /// Where it stands among its object's versions.
    pub(crate) fn order(&self) -> Order {
        Order {
            version_us: if self.is(UNVERSIONED) {
                i64::MIN
            } else {
                self.version_us
            },
            v21: !self.is(V20),
        }
    }

    fn is(&self, flag: u8) -> bool {
        self.flags & u16::from(flag) != 0
    }

    /// Whether it is written in STIX 2.0.
    pub(crate) fn is_v20(&self) -> bool {
        self.is(V20)
    }

    /// Whether it says `revoked`.
    pub(crate) fn is_revoked(&self) -> bool {
        self.is(REVOKED)
    }

    /// Whether somebody has said something beside it.
    pub(crate) fn is_marked(&self) -> bool {
        self.is(MARKED)
    }

    /// Whether it names markings that had to be looked up.
    pub(crate) fn names_markings(&self) -> bool {
        self.is(NAMES)
    }

    /// Whether it has no version of its own.
    pub(crate) fn is_unversioned(&self) -> bool {
        self.is(UNVERSIONED)
    }

    /// Whether it is a removal.
    pub(crate) fn is_removal(&self) -> bool {
        self.flags & DEAD != 0
    }

    /// Whether it is gone because it, or a later change, is not for us.
    pub(crate) fn is_withheld(&self) -> bool {
        self.is_removal() && self.is_revoked()
    }

    /// Whether another entry has taken its place, or none.
    pub(crate) fn is_superseded(&self) -> bool {
        self.flags & GONE != 0
    }

    /// Whether it is gone as if it had never been here: nothing has taken its place.
    pub(crate) fn is_forgotten(&self) -> bool {
        self.is_superseded() && self.newer == NONE
    }

    /// Whether it is an object that is there.
    pub(crate) fn is_live(&self) -> bool {
        self.flags & (DEAD | GONE) == 0
    }

    /// Whether its bytes are known to be erased.
    pub(crate) fn is_erased(&self) -> bool {
        self.flags & ERASED != 0
    }

    pub(super) fn note_erased(&mut self) {
        self.flags |= ERASED;
    }

    /// Another entry takes its place, or none: then its own neighbours are no longer its.
    pub(super) fn supersede(&mut self, by: u32) {
        self.flags |= GONE;
        (self.newer, self.older) = (by, NONE);
    }

    /// Whether it is an object in whose place the entry of this number stands.
    pub(crate) fn replaced_by(&self) -> Option<u32> {
        let replaced = self.flags & (DEAD | GONE) == GONE && self.newer != NONE;
        replaced.then_some(self.newer)
    }

    /// What a row wants to know of it again.
    pub(crate) fn flags(&self) -> u8 {
        let [low, _] = self.flags.to_le_bytes();
        low
    }

    /// Takes the bytes, the version and the frame of the entry that it touches.
    pub(super) fn take_bytes(&mut self, of: &Self) {
        (self.offset, self.len, self.segment, self.frame) =
            (of.offset, of.len, of.segment, of.frame);
        self.version_us = of.version_us;
        self.flags |= of.flags & ERASED;
    }
}
