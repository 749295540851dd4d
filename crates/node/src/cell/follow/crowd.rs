//! How many versions of one object a source may bring: it leaves room for others'.

use super::held::Held;
use crate::cell::{
    Cell,
    index::{Key, VERSIONS_MAX},
};
use portcullis_core::cell::CollectionId;
use std::collections::HashMap;

/// The versions of one object that are left to who has brought few of them: a quarter. As many one
/// source brings of an object of which it has brought the rest already, and then no more.
pub(super) const VERSIONS_SPARE: usize = VERSIONS_MAX / 4;

/// What one answer of a source brings of objects that have many versions already.
#[derive(Debug, Default)]
pub(super) struct Crowd(HashMap<Key, Seen>);

#[derive(Clone, Copy, Debug)]
struct Seen {
    /// Versions here, and those that this answer brings.
    all: usize,
    /// Of these the source's; counted when it matters.
    own: Option<usize>,
}

impl Crowd {
    /// Takes one more version of an object, if it leaves room for others'.
    ///
    /// `is_own` says of a version that is here whether this source has brought it.
    ///
    /// # Errors
    ///
    /// Why not.
    pub(super) fn takes(
        &mut self,
        cell: &Cell,
        into: &CollectionId,
        id: &str,
        is_own: impl Fn(&Held) -> bool,
    ) -> Result<(), String> {
        let seen = self.seen(cell, into, id);
        if seen.all >= VERSIONS_MAX - VERSIONS_SPARE {
            let count = || {
                let held = cell.held(into, id);
                let fresh = seen.all.saturating_sub(held.len());
                // More than that need not be known.
                fresh
                    + held
                        .iter()
                        .filter(|held| is_own(held))
                        .take(VERSIONS_SPARE)
                        .count()
            };
            let own = seen.own.unwrap_or_else(count);
            seen.own = Some(own + 1);
            if own >= VERSIONS_SPARE {
                return Err(format!(
                    "it has brought {VERSIONS_SPARE} versions of it or more: what room there is, is for others'"
                ));
            }
        }
        seen.all += 1;
        Ok(())
    }

    /// Takes the removal of a version that is not here: who made it is not proved, so there is less
    /// room for these.
    ///
    /// # Errors
    ///
    /// Why not.
    pub(super) fn takes_removal(
        &mut self,
        cell: &Cell,
        into: &CollectionId,
        id: &str,
    ) -> Result<(), String> {
        let seen = self.seen(cell, into, id);
        if seen.all >= VERSIONS_SPARE {
            return Err(
                "there are too many versions of it for one more that is not here".to_owned(),
            );
        }
        seen.all += 1;
        Ok(())
    }

    fn seen(&mut self, cell: &Cell, into: &CollectionId, id: &str) -> &mut Seen {
        let key = Key::of(id);
        self.0.entry(key).or_insert_with(|| {
            let index = cell.index();
            let all = index.shelf(into).map_or(0, |shelf| shelf.count(key));
            Seen { all, own: None }
        })
    }
}
