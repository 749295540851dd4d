//! Reports and groupings: what binds others, and is an event at an instance.

use super::uuid_in;
use crate::cell::{
    ChangeRef, Changed,
    follow::{FollowError, Work},
    index::Entry,
};
use portcullis_core::member::MemberId;
use serde_json::Value;
use std::{collections::BTreeSet, ops::ControlFlow};

/// What binds others, and is an event there.
const BINDINGS: [&str; 2] = ["report", "grouping"];

/// A report or grouping, and what it binds.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) id: String,
    pub(super) refs: BTreeSet<String>,
}

impl Binding {
    pub(super) fn read(id: &str, object: &[u8]) -> Option<Self> {
        if !is_binding(id) {
            return None;
        }
        let object: Value = serde_json::from_slice(object).ok()?;
        let refs = object.get("object_refs").and_then(Value::as_array);
        let refs = refs.into_iter().flatten().filter_map(Value::as_str);
        Some(Self {
            id: id.to_owned(),
            refs: refs.map(ToOwned::to_owned).collect(),
        })
    }

    pub(super) fn uuid(&self) -> &str {
        uuid_in(&self.id)
    }
}

/// Whether an object of this id is an event there.
pub(super) fn is_binding(id: &str) -> bool {
    let kind = id.split_once("--").map_or("", |(kind, _)| kind);
    BINDINGS.contains(&kind)
}

impl Work<'_> {
    /// The reports and groupings that came from a server.
    pub(super) fn bindings(&self, name: &MemberId) -> Result<Vec<Binding>, FollowError> {
        let mut bindings = Vec::new();
        self.each_binding(&mut |change, object| {
            if change.stamp.by == *name {
                bindings.extend(Binding::read(change.id, object));
            }
        })?;
        Ok(bindings)
    }

    /// Shows every report and grouping that stands in the collection, and reads nothing else.
    pub(super) fn each_binding(
        &self,
        f: &mut dyn FnMut(&ChangeRef<'_>, &[u8]),
    ) -> Result<(), FollowError> {
        let kinds: Vec<u16> = {
            let index = self.cell.index();
            let kinds = BINDINGS.iter().filter_map(|kind| index.kinds.find(*kind));
            kinds.collect()
        };
        let binds = |entry: &Entry| entry.is_live() && kinds.contains(&entry.kind);
        self.cell
            .entries_since(&self.into, i64::MIN, &binds, &mut |change| {
                if let Changed::Put(object) = change.op {
                    f(&change, object);
                }
                ControlFlow::Continue(())
            })?;
        Ok(())
    }
}
