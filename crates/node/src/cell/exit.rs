//! What is looked at before an object leaves towards others (law 10): values on
//! warning lists, and personal information that has nothing to do with the threat.

pub mod warning;

use super::{Cell, review};
use portcullis_core::{
    cell::{Refusal, State, review::Finding},
    member::MemberId,
};
use portcullis_stix::{header::Header, observable::observables};
use std::sync::{Arc, PoisonError};
use warning::Lists;

/// Looks at an object that `publisher` publishes; answers what a
/// person must decide on. Only indicators are held against the lists: to name a
/// resolver in a report is no claim that it is bad.
///
/// # Errors
///
/// [`Refusal::WarningList`].
pub(crate) fn exit_check(
    state: &State,
    lists: &Lists,
    publisher: &MemberId,
    object: &[u8],
    header: &Header<'_>,
) -> Result<Vec<Finding>, Refusal> {
    if header.kind == "indicator" && !header.revoked {
        let hits = lists.hits(&observables(object));
        state.heed_warnings(publisher, &header.id, &hits)?;
    }
    Ok(review::findings(&header.kind, object))
}

impl Cell {
    /// Holds what is published from now on against these lists: start from a clone of
    /// [`Lists::built_in`] to keep those of the program.
    pub fn set_warning_lists(&self, lists: Lists) {
        let mut held = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        *held = Some(Arc::new(lists));
    }

    /// The lists that what is published is held against.
    pub(crate) fn warning_lists(&self) -> Arc<Lists> {
        let held = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        let own = held.as_ref().map(Arc::clone);
        own.unwrap_or_else(|| Arc::clone(Lists::built_in()))
    }
}
