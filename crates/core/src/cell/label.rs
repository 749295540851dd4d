//! What the rules know of an object: how it is marked, and whose it is.

use super::tlp::Tlp;
use crate::member::MemberId;
use std::collections::BTreeSet;

/// What decides who may see an object. Few are different, so an index keeps
/// each once and points at it.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Label {
    /// The strictest of its markings, granular ones included; the collection's
    /// default where it has none.
    pub tlp: Tlp,
    /// Who brought it into the cell.
    pub publisher: MemberId,
    /// Who is named in TLP:RED, besides the publisher.
    pub recipients: BTreeSet<MemberId>,
    /// Whether personal information was found in it that nobody has decided
    /// on: then it stays on this side of every border (law 10).
    pub held: bool,
}
