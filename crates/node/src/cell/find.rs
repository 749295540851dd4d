//! Finding objects by what they say: observables by their value, text, types.

mod campaign;
mod statistics;
mod words;

pub use statistics::{CollectionStatistics, Statistics};

use super::{
    Cell, CellError,
    index::{Entry, Key},
    sight::Eyes,
};
use portcullis_core::cell::{Caller, CollectionId, Label};
use portcullis_stix::{
    header,
    observable::{Observable, key, observables},
};
use words::Words;

/// The most objects that one search answers.
pub const FOUND_MAX: usize = 10_000;

/// Types of objects that name observables: indicators by their patterns, and
/// what was observed (STIX 2.1 §6).
const OBSERVED_KINDS: [&str; 20] = [
    "indicator",
    "artifact",
    "autonomous-system",
    "directory",
    "domain-name",
    "email-addr",
    "email-message",
    "file",
    "ipv4-addr",
    "ipv6-addr",
    "mac-addr",
    "mutex",
    "network-traffic",
    "observed-data",
    "process",
    "software",
    "url",
    "user-account",
    "windows-registry-key",
    "x509-certificate",
];

/// What the observables that an object names hash to.
pub(crate) fn observed(kind: &str, bytes: &[u8]) -> Vec<u64> {
    if !OBSERVED_KINDS.contains(&kind) {
        return Vec::new();
    }
    let mut keys: Vec<u64> = observables(bytes)
        .iter()
        .map(|found| key(found.kind, &found.value))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// What is looked for. Everything that is named must hold.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Search {
    /// Words that stand somewhere in the object, in any case.
    pub text: Option<String>,
    /// One of these types.
    pub kinds: Vec<String>,
    /// A value that it names.
    pub value: Option<Observable>,
    /// A campaign, an actor, a malware, a report by its id, name, alias or external id: itself, and what
    /// relationships and reports tie to it.
    pub campaign: Option<String>,
    /// In this collection; in all that the caller may read where none is named.
    pub collection: Option<CollectionId>,
    /// Added after so many microseconds since 1970.
    pub since_us: Option<i64>,
    /// Also what is past its time, where a collection honours that.
    pub expired: bool,
    /// At most so many, and at most [`FOUND_MAX`].
    pub limit: usize,
}

impl Search {
    /// Whether an object is of the types, names the value, and was added since.
    fn fits(&self, found: &Found) -> bool {
        let kind = found.id.split("--").next().unwrap_or_default();
        let value = self.value.as_ref();
        (self.kinds.is_empty() || self.kinds.iter().any(|wanted| wanted == kind))
            && self
                .since_us
                .is_none_or(|since_us| found.added_us > since_us)
            && value.is_none_or(|value| observables(&found.bytes).contains(value))
    }
}

/// An object that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// In which collection.
    pub collection: CollectionId,
    /// Its number there: what the served ledger records.
    pub number: u64,
    /// Its id.
    pub id: String,
    /// Its version.
    pub version_us: i64,
    /// When it was added.
    pub added_us: i64,
    /// Past this it is not shown where its collection honours that; `i64::MAX` for never.
    pub expires_us: i64,
    /// How it may be shown.
    pub label: Label,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
}

impl Cell {
    /// The objects that name an observable, each in its last version that the caller may see, in
    /// every collection that it may read; the last added first.
    ///
    /// # Errors
    ///
    /// [`CellError::NotReady`], [`CellError::Journal`].
    pub fn lookup(&self, caller: &Caller, of: &Observable) -> Result<Vec<Found>, CellError> {
        self.look_up(caller, of, false)
    }

    /// Those, and if `expired` says so also those that are past their time.
    ///
    /// # Errors
    ///
    /// [`CellError::NotReady`], [`CellError::Journal`].
    pub fn look_up(
        &self,
        caller: &Caller,
        of: &Observable,
        expired: bool,
    ) -> Result<Vec<Found>, CellError> {
        self.check_ready()?;
        let wanted = key(of.kind, &of.value);
        let mut found = Vec::new();
        let at = self.seen_at(expired);
        self.each_shelf(caller, None, at, &mut |collection, eyes| {
            let numbers = eyes.shelf().observing(wanted);
            let entries = numbers.filter_map(|number| Some((number, *eyes.shelf().get(number)?)));
            let seen = entries.filter(|(number, entry)| eyes.sees_last(*number, entry));
            let seen = seen.map(|(number, entry)| (collection, number, entry));
            // INVARIANT: what the caller may not see takes no place from what it may.
            found.extend(seen.take(FOUND_MAX));
        });
        found.sort_unstable_by_key(|(_, _, entry)| std::cmp::Reverse(entry.added_us));
        let mut found = self.found(found)?;
        // Two observables may hash alike.
        found.retain(|one| observables(&one.bytes).contains(of));
        Ok(found)
    }

    /// Every version of an object that the caller may see, in every collection that it may read.
    ///
    /// # Errors
    ///
    /// [`CellError::NotReady`], [`CellError::Journal`].
    pub fn versions(&self, caller: &Caller, id: &str) -> Result<Vec<Found>, CellError> {
        self.versions_of(caller, id, false)
    }

    /// Those, and if `expired` says so also those that are past their time.
    ///
    /// # Errors
    ///
    /// [`CellError::NotReady`], [`CellError::Journal`].
    pub fn versions_of(
        &self,
        caller: &Caller,
        id: &str,
        expired: bool,
    ) -> Result<Vec<Found>, CellError> {
        self.check_ready()?;
        let wanted = Key::of(id);
        let mut found = Vec::new();
        let at = self.seen_at(expired);
        self.each_shelf(caller, None, at, &mut |collection, eyes| {
            let versions = eyes
                .shelf()
                .versions(wanted)
                .map(|(number, entry)| (number, *entry));
            let seen = versions.filter(|(number, entry)| eyes.sees(*number, entry));
            found.extend(seen.map(|(number, entry)| (collection, number, entry)));
        });
        self.found(found)
    }

    /// The objects that `search` describes, each in its last version that the caller may see; the
    /// last added first.
    ///
    /// # Errors
    ///
    /// [`CellError::NotReady`], [`CellError::Journal`].
    pub fn search(&self, caller: &Caller, search: &Search) -> Result<Vec<Found>, CellError> {
        self.check_ready()?;
        if let Some(campaign) = &search.campaign {
            return self.tied_to(caller, campaign, search);
        }
        let words = search.text.as_deref().map(Words::new);
        let value = search.value.as_ref();
        let mut fits = |found: &Found| {
            words
                .as_ref()
                .is_none_or(|words| words.are_in(&found.bytes))
                && value.is_none_or(|value| observables(&found.bytes).contains(value))
        };
        self.sweep(caller, search, &mut fits)
    }

    /// Goes through what `search` leaves by collection, type, value and time, and keeps what fits.
    fn sweep(
        &self,
        caller: &Caller,
        search: &Search,
        fits: &mut dyn FnMut(&Found) -> bool,
    ) -> Result<Vec<Found>, CellError> {
        let limit = search.limit.clamp(1, FOUND_MAX);
        let mut candidates = Vec::new();
        self.each_shelf(
            caller,
            search.collection.as_ref(),
            self.seen_at(search.expired),
            &mut |collection, eyes| {
                let shelf = eyes.shelf();
                let begin = search.since_us.map_or(0, |since_us| shelf.after(since_us));
                let kinds = search
                    .kinds
                    .iter()
                    .filter_map(|kind| eyes.index().kinds.find(&**kind));
                let kinds: Vec<u16> = kinds.collect();
                let numbers: Vec<u32> = match &search.value {
                    Some(value) => shelf.observing(key(value.kind, &value.value)).collect(),
                    None if search.kinds.is_empty() => {
                        let end = u32::try_from(shelf.len()).unwrap_or(u32::MAX);
                        (u32::try_from(begin).unwrap_or(u32::MAX)..end).collect()
                    }
                    None => kinds
                        .iter()
                        .flat_map(|kind| shelf.of_kind(*kind))
                        .copied()
                        .collect(),
                };
                let entries = numbers
                    .into_iter()
                    .filter(|number| *number as usize >= begin);
                let entries = entries.filter_map(|number| Some((number, *shelf.get(number)?)));
                let seen = entries.filter(|(number, entry)| {
                    (search.kinds.is_empty() || kinds.contains(&entry.kind))
                        && eyes.sees_last(*number, entry)
                });
                candidates.extend(seen.map(|(number, entry)| (collection, number, entry)));
            },
        );
        candidates.sort_unstable_by_key(|(_, _, entry)| std::cmp::Reverse(entry.added_us));
        let mut found = Vec::new();
        for candidate in candidates {
            let Some(one) = self.found_one(candidate)? else {
                continue;
            };
            if fits(&one) {
                found.push(one);
            }
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }

    /// The instant at which it is looked what has expired: now, or never.
    pub(super) fn seen_at(&self, expired: bool) -> i64 {
        if expired {
            i64::MIN
        } else {
            self.env.now().as_microsecond()
        }
    }

    /// Shows every collection that `caller` may read, or the one that is named, as far as it has not
    /// expired by `seen_at_us`.
    pub(super) fn each_shelf(
        &self,
        caller: &Caller,
        only: Option<&CollectionId>,
        seen_at_us: i64,
        f: &mut dyn FnMut(CollectionId, &Eyes<'_>),
    ) {
        let at = self.env.now();
        let index = self.index();
        for (collection, shelf) in index.shelves() {
            if only.is_some_and(|only| only != collection) {
                continue;
            }
            if let Ok(sight) = self.sight(&index, caller, collection, at) {
                let eyes = Eyes::new(&sight, &index, shelf, seen_at_us, self.durable_us());
                f(*collection, &eyes);
            }
        }
    }

    fn found(&self, entries: Vec<(CollectionId, u32, Entry)>) -> Result<Vec<Found>, CellError> {
        let found = entries
            .into_iter()
            .take(FOUND_MAX)
            .map(|entry| self.found_one(entry));
        found.filter_map(Result::transpose).collect()
    }

    fn found_one(
        &self,
        (collection, number, entry): (CollectionId, u32, Entry),
    ) -> Result<Option<Found>, CellError> {
        let label = self.index().labels.get(entry.label).cloned();
        let mut bytes = Vec::new();
        self.journal.read(entry.place(), &mut bytes)?;
        let id = header::header(&bytes)
            .ok()
            .map(|header| header.id.into_owned());
        let state = self.state();
        Ok(label.zip(id).map(|(mut label, id)| Found {
            collection,
            number: u64::from(number),
            version_us: entry.version_us,
            added_us: entry.added_us,
            expires_us: entry.expires_us,
            label: {
                label.tlp = state.shown(&label, state.marks(&id, &label.publisher));
                label
            },
            id,
            bytes,
        }))
    }
}
