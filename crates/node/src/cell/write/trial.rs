//! Trying: what would become of objects, without adding any of them.
//!
//! Asks what [`Cell::add`] asks, of the same objects in the same order, and remembers what would
//! be there by now: of the same version twice in a file the second is known. Nothing is written,
//! no review is opened, and nobody is told.

use super::{Context, FrameOf, Prepared, Source, prepare_all, replace::Adding, replace::Place};
use crate::cell::{
    Cell, CellError, Status,
    index::{Index, KINDS_MAX, Key, Order, VERSIONS_MAX},
};
use portcullis_core::cell::{Caller, CollectionId, Refusal};
use portcullis_stix::header;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeSet, HashMap};

/// What would be in one collection by now, beside what is.
#[derive(Debug)]
pub struct Trial {
    collection: CollectionId,
    /// What each version says, hashed.
    seen: HashMap<(Key, Order), [u8; 32]>,
    /// How many new versions of each object.
    versions: HashMap<Key, usize>,
    /// Types that are not here yet.
    kinds: BTreeSet<String>,
}

impl Trial {
    /// Nothing has been tried yet.
    pub fn new(collection: CollectionId) -> Self {
        Self {
            collection,
            seen: HashMap::new(),
            versions: HashMap::new(),
            kinds: BTreeSet::new(),
        }
    }

    /// Whether there is room for an object's type and version, beside what would be here by now.
    fn takes(&mut self, index: &Index, object: &Prepared<'_>, held: bool) -> Result<(), Refusal> {
        let (kind, key) = (&*object.header.kind, object.at.key);
        if index.kinds.find(kind).is_none() && !self.kinds.contains(kind) {
            if !index.takes_kind(kind, self.kinds.len()) {
                let (what, max) = ("types", KINDS_MAX);
                return Err(Refusal::TooMany { what, max });
            }
            self.kinds.insert(kind.to_owned());
        }
        let shelf = index.shelf(&self.collection);
        let here = shelf.map_or(0, |shelf| shelf.count(key));
        let more = self.versions.entry(key).or_default();
        if !held && here + *more >= VERSIONS_MAX {
            let (what, max) = ("versions of one object", VERSIONS_MAX);
            return Err(Refusal::TooMany { what, max });
        }
        *more += usize::from(!held);
        Ok(())
    }
}

impl Cell {
    /// What [`Self::add`] would answer to this envelope after those that `trial` has seen.
    ///
    /// # Errors
    ///
    /// Those of [`Self::add`], but for the journal's.
    pub fn try_adding(
        &self,
        trial: &mut Trial,
        caller: &Caller,
        envelope: &[u8],
        source: Source,
    ) -> Result<Status, CellError> {
        self.check_ready()?;
        let (state, at) = (self.state(), self.env.now());
        let collection = trial.collection;
        state.may_write(caller, &collection, at)?;
        let read = header::envelope(envelope)?;
        let objects: Vec<&[u8]> = read.objects.iter().map(|slice| slice.bytes).collect();
        let context = Context::new(&state, &collection, Some(&caller.member), false)
            .against(self.warning_lists());
        let adding = Adding {
            caller,
            publisher: caller.member.as_str(),
            collection: &collection,
            source,
            held: false,
            behind: None,
        };
        let mut status = Status::begun(String::new(), at.as_microsecond(), objects.len());
        // Only what is decided beside the objects goes into it, and it is dropped.
        let mut frame = FrameOf::new(&state, &self.me, collection);
        for object in prepare_all(&context, &objects) {
            let object = match object {
                Ok(object) => object,
                Err(detail) => {
                    status.failures.push(detail);
                    continue;
                }
            };
            match self.would_be(trial, &frame, adding, &object, at) {
                Ok(true) => {}
                Ok(false) => {
                    status.successes.push(object.detail());
                    continue;
                }
                Err(refusal) => {
                    status.failures.push(object.refused(&refusal));
                    continue;
                }
            }
            let crossing = || state.crossing(&collection, &caller.member);
            let (held, waits) = self.hold(&mut frame, &caller.member, crossing, &object, at)?;
            if waits {
                status
                    .pendings
                    .push(object.detail().waiting(&object.findings));
            } else {
                if held {
                    let apart = object.detail().apart(&object.findings);
                    status.apart.push(apart);
                }
                status.successes.push(object.detail());
            }
            status.fresh += 1;
        }
        Ok(status)
    }

    /// Whether an object would be new; it is here otherwise.
    fn would_be(
        &self,
        trial: &mut Trial,
        frame: &FrameOf<'_>,
        adding: Adding<'_>,
        object: &Prepared<'_>,
        at: jiff::Timestamp,
    ) -> Result<bool, Refusal> {
        let index = self.index();
        let held = match self.place(frame, &index, adding, object, at)? {
            Place::Same => return Ok(false),
            Place::Free(held) => held,
        };
        let (version, says) = ((object.at.key, object.at.order), said(object.bytes));
        if let Some(before) = trial.seen.get(&version) {
            return if *before == says || adding.is_stand_in(object) {
                Ok(false)
            } else {
                Err(Refusal::VersionTaken)
            };
        }
        trial.takes(&index, object, held.is_some())?;
        trial.seen.insert(version, says);
        Ok(true)
    }
}

/// SHA-256 of what an object says, be its members written in whatever order or spacing.
fn said(bytes: &[u8]) -> [u8; 32] {
    let short = bytes.len() <= super::replace::READ_BYTES_MAX;
    let read = short.then(|| serde_json::from_slice::<serde_json::Value>(bytes));
    match read {
        Some(Ok(mut object)) => {
            object.sort_all_objects();
            Sha256::digest(object.to_string()).into()
        }
        _ => Sha256::digest(bytes).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_in_another_order_says_the_same() {
        let one = said(br#"{"id":"a","list":[{"x":1,"y":2}]}"#);
        assert_eq!(said(br#"{ "list" : [{"y":2,"x":1}], "id":"a" }"#), one);
        assert_ne!(said(br#"{"id":"a","list":[{"x":1,"y":3}]}"#), one);
    }
}
