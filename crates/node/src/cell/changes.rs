//! Changes as another cell's collection is kept in step by them: each with its
//! stamp, so that two who follow each other end equal whatever the order.

mod accept;
mod since;

pub use accept::Accepted;
pub use since::{ChangeRef, Changed};

use bytes::Bytes;
use portcullis_core::{
    cell::{Marks, Tlp},
    member::MemberId,
};

/// When and where a change was made; it keeps this on every relay. The greater
/// of two changes to one version of one object wins, and an equal one is the same change.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Stamp {
    /// Microseconds since 1970, by the clock of the node where it was made.
    pub at_us: i64,
    /// Whose node that is.
    pub by: MemberId,
}

/// A change that was made elsewhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// An object is there.
    Put {
        /// Its exact bytes.
        bytes: Bytes,
        /// The change's stamp.
        stamp: Stamp,
        /// Who brought it into the cell.
        publisher: MemberId,
        /// How it may be shown where it comes from: here it is shown no more widely.
        tlp: Tlp,
        /// Whether a person has yet to decide on it where it comes from.
        held: bool,
        /// What its publisher says beside it, as far as we may know it.
        marks: Marks,
        /// What vouches for it; empty for nothing.
        provenance: Bytes,
    },
    /// A version is there no longer.
    Remove {
        /// The object.
        id: String,
        /// The version; `i64::MIN` for an object without versions.
        version_us: i64,
        /// The change's stamp.
        stamp: Stamp,
    },
    /// A later change to a version is not for us to have: what we hold of it goes, and whom we
    /// gave it is told so. The change itself is taken when it comes after all.
    Withhold {
        /// The object.
        id: String,
        /// The version; `i64::MIN` for an object without versions.
        version_us: i64,
        /// The later change's stamp.
        stamp: Stamp,
    },
    /// Our copy goes as if it had never been here: nobody is told, and a put
    /// with the same stamp is taken again.
    Forget {
        /// The object.
        id: String,
        /// The version; `i64::MIN` for an object without versions.
        version_us: i64,
    },
}
