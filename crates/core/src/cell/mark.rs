//! What a publisher says of its own object beside the object: another TLP for a
//! group, and who is named in TLP:RED. The object's bytes stay as they are.

use super::{ids::GroupId, tlp::Tlp};
use crate::member::MemberId;
use std::collections::{BTreeMap, BTreeSet};

/// The most recipients an object may name.
pub const RECIPIENTS_MAX: usize = 1_024;

/// The most groups for which an object may be marked apart.
pub const GROUPS_MARKED_MAX: usize = 256;

/// What the publisher of one object said beside it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Marks {
    /// The TLP towards these groups, instead of the label's.
    pub groups: BTreeMap<GroupId, Tlp>,
    /// Who may have it although it is TLP:RED.
    pub recipients: BTreeSet<MemberId>,
}

impl Marks {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.recipients.is_empty()
    }
}
