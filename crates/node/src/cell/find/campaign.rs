//! What belongs to a campaign, an actor, a malware, a report: what relationships, reports and
//! groupings tie to it.

use super::{FOUND_MAX, Found, Search, words::Words};
use crate::cell::{Cell, CellError};
use portcullis_core::cell::Caller;
use serde_json::Value;
use std::collections::BTreeSet;

/// Types that others are tied to by name.
const HEADS: [&str; 12] = [
    "attack-pattern",
    "campaign",
    "course-of-action",
    "grouping",
    "incident",
    "infrastructure",
    "intrusion-set",
    "malware",
    "report",
    "threat-actor",
    "tool",
    "vulnerability",
];

/// Types that tie others together.
const TIES: [&str; 5] = ["relationship", "report", "grouping", "note", "sighting"];

/// Types that gather others: what they name belongs to them.
const GATHER: [&str; 2] = ["report--", "grouping--"];

impl Cell {
    /// What is called so, or has this id; then what is tied to it; then what ties it.
    pub(super) fn tied_to(
        &self,
        caller: &Caller,
        called: &str,
        search: &Search,
    ) -> Result<Vec<Found>, CellError> {
        let all = Search {
            collection: search.collection,
            expired: search.expired,
            limit: FOUND_MAX,
            ..Search::default()
        };
        let heads = if called.contains("--") {
            self.newest(caller, called, search)?.into_iter().collect()
        } else {
            let (words, of) = (Words::new(called), HEADS.map(Into::into).to_vec());
            let heads = Search {
                kinds: of,
                ..all.clone()
            };
            self.sweep(caller, &heads, &mut |one| words.name(&one.bytes))?
        };
        if heads.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Words> = heads.iter().map(|one| Words::new(&one.id)).collect();
        let ties = Search {
            kinds: TIES.map(Into::into).to_vec(),
            ..all
        };
        let ties = self.sweep(caller, &ties, &mut |one| {
            ids.iter().any(|id| id.are_in(&one.bytes))
        })?;
        let gather = heads
            .iter()
            .filter(|head| GATHER.iter().any(|kind| head.id.starts_with(kind)));
        let named = gather.chain(&ties).flat_map(|one| references(&one.bytes));
        let named: BTreeSet<String> = named.collect();
        let here: BTreeSet<&str> = heads.iter().chain(&ties).map(|one| &*one.id).collect();
        let mut tied = Vec::new();
        for id in named.iter().filter(|id| !here.contains(id.as_str())) {
            tied.extend(self.newest(caller, id, search)?);
        }
        tied.sort_by_key(|one| std::cmp::Reverse(one.added_us));
        let mut seen = BTreeSet::new();
        let words = search.text.as_deref().map(Words::new);
        let mut found: Vec<Found> = heads.into_iter().chain(tied).chain(ties).collect();
        found.retain(|one| {
            seen.insert((one.collection, one.number))
                && search.fits(one)
                && words.as_ref().is_none_or(|words| words.are_in(&one.bytes))
        });
        found.truncate(search.limit.clamp(1, FOUND_MAX));
        Ok(found)
    }

    /// An object in its last version that is seen, in the collection that is searched.
    fn newest(
        &self,
        caller: &Caller,
        id: &str,
        search: &Search,
    ) -> Result<Option<Found>, CellError> {
        let versions = self.versions_of(caller, id, search.expired)?;
        let versions = versions.into_iter().filter(|one| {
            let only = search.collection;
            only.is_none_or(|only| only == one.collection)
        });
        Ok(versions.max_by_key(|one| (one.version_us, one.added_us)))
    }
}

/// The objects that an object names: `…_ref` and `…_refs`.
fn references(bytes: &[u8]) -> Vec<String> {
    let Ok(Value::Object(object)) = serde_json::from_slice(bytes) else {
        return Vec::new();
    };
    let named = object.into_iter().filter(|(name, _)| {
        // Who made it and how it is marked does not tie it to anything.
        (name.ends_with("_ref") || name.ends_with("_refs"))
            && name != "created_by_ref"
            && name != "object_marking_refs"
    });
    let texts = named.flat_map(|(_, value)| match value {
        Value::Array(list) => list,
        one => vec![one],
    });
    texts
        .filter_map(|value| value.as_str().map(ToOwned::to_owned))
        .collect()
}
