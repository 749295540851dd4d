//! Warning lists: values that must never be indicators — public resolvers, big
//! web sites, private address ranges. A hit stops an object until its
//! publisher says why it is meant.

use super::{ids::ObjectId, refusal::Refusal, state::State};
use crate::member::MemberId;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The most lists that one override may name.
pub const LISTS_MAX: usize = 64;

/// A value of an object that stands on a list.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub struct Hit {
    /// The list's name.
    pub list: String,
    /// The value.
    pub value: String,
}

/// Why an object may be published although it stands on warning lists.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Override {
    /// The lists that were looked at.
    pub lists: BTreeSet<String>,
    /// Why it is meant.
    pub reason: String,
    /// When it was said.
    pub at: Timestamp,
}

impl State {
    /// Whether `publisher` may publish `object` although these values stand on warning lists.
    ///
    /// # Errors
    ///
    /// [`Refusal::WarningList`] with the first hit that no override of this publisher's covers.
    pub fn heed_warnings(
        &self,
        publisher: &MemberId,
        object: &str,
        hits: &[Hit],
    ) -> Result<(), Refusal> {
        let covered = self.overrides(object, publisher);
        let open = hits
            .iter()
            .find(|hit| covered.is_none_or(|covered| !covered.lists.contains(&hit.list)));
        match open {
            Some(hit) => Err(Refusal::WarningList {
                list: hit.list.clone(),
                value: hit.value.clone(),
            }),
            None => Ok(()),
        }
    }

    fn overrides(&self, object: &str, publisher: &MemberId) -> Option<&Override> {
        self.warnings.get(object)?.get(publisher)
    }
}

/// What an [`Override`] is kept under.
pub(super) type Overrides =
    std::collections::BTreeMap<ObjectId, std::collections::BTreeMap<MemberId, Override>>;
