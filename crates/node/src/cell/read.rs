//! Reading: pages of a collection, and one object by its id.
//!
//! What is on a page is found in the index alone. Neighbours in the journal
//! stand there as they stand on a page, a `,` between: each run of them is one
//! read into the page's one buffer, and no object is touched.

use super::{
    Cell, CellError, Page, Query, Run, VersionMatch, View,
    index::{Entry, Index, Key, Shelf},
    laid::{Laid, PIECE_BYTES},
    query::{PAGE_BYTES_MAX, PAGE_OBJECTS_DEFAULT, PAGE_OBJECTS_MAX, next_after, next_text},
    sight::Eyes,
};
use bytes::Bytes;
use portcullis_core::cell::{Caller, CollectionId};
use portcullis_stix::{
    header::{self, SpecVersion},
    taxii::{Micros, resource},
};
use portcullis_store::journal::{Pins, Place};

/// The most ids of one query that are looked up.
const IDS_MAX: usize = 1_024;

impl Cell {
    /// A page of a collection, as TAXII 2.1 §3.4 and §3.5 have it.
    ///
    /// # Errors
    ///
    /// [`CellError::Refused`] if the caller may not read it, [`CellError::Next`],
    /// [`CellError::NotReady`], [`CellError::Journal`].
    pub fn page(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        query: &Query,
        view: View,
    ) -> Result<Page, CellError> {
        let chosen = self.choose(caller, collection, query, view)?;
        self.render(chosen, view)
    }

    /// The same page, its body read while it is sent if it is long: then it has no chunks yet.
    ///
    /// # Errors
    ///
    /// As [`Self::page`].
    pub fn lay(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        query: &Query,
        view: View,
    ) -> Result<(Page, Option<Laid>), CellError> {
        let mut chosen = self.choose(caller, collection, query, view)?;
        let bytes: usize = chosen.places.iter().map(|place| place.len as usize).sum();
        if view != View::Objects || bytes < PIECE_BYTES {
            return Ok((self.render(chosen, view)?, None));
        }
        let places = std::mem::take(&mut chosen.places);
        let close = resource::Page::close(chosen.next.as_deref());
        let open = resource::Page::Envelope.open();
        let pins = std::mem::take(&mut chosen.pins);
        let laid = Laid::new(self.journal.clone(), pins, places, open, close);
        Ok((chosen.page(laid.left(), Vec::new()), Some(laid)))
    }

    /// One object by its id, in the versions that `query` names, the last unless it does.
    ///
    /// # Errors
    ///
    /// As [`Self::page`]; [`CellError::NotFound`] if there is none that the caller may see.
    pub fn object(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        id: &str,
        query: &Query,
        view: View,
    ) -> Result<Page, CellError> {
        self.check_ready()?;
        let at = self.env.now();
        let after_us = self.after_us(query)?;
        let index = self.index();
        let sight = self.sight(&index, caller, collection, at)?;
        let shelf = index.shelf(collection).ok_or(CellError::NotFound)?;
        let eyes = Eyes::new(
            &sight,
            &index,
            shelf,
            at.as_microsecond(),
            self.durable_us(),
        );
        let mut pick = Pick::new(shelf, eyes, query, view);
        let mut found = false;
        let mut versions = Vec::new();
        let key = Key::of(id);
        let earlier = shelf.earlier(key).iter();
        let earlier = earlier.filter_map(|number| Some((*number, shelf.get(*number)?)));
        for (number, entry) in shelf.versions(key).chain(earlier) {
            if eyes.sees(number, entry) {
                found = true;
                if entry.added_us > after_us && pick.wants(entry) {
                    versions.push(number);
                }
            }
        }
        if !found {
            return Err(CellError::NotFound);
        }
        versions.sort_unstable();
        versions.iter().all(|number| pick.take(*number));
        let chosen = self.pinned(pick.finish(&self.epoch(), after_us))?;
        drop(index);
        self.render(chosen, view)
    }

    /// What a query begins after.
    fn after_us(&self, query: &Query) -> Result<i64, CellError> {
        let next = query
            .next
            .as_deref()
            .map(|next| next_after(&self.epoch(), next));
        let next = next.transpose()?.unwrap_or(i64::MIN);
        Ok(query.added_after_us.unwrap_or(i64::MIN).max(next))
    }

    /// What is on a page.
    fn choose(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        query: &Query,
        view: View,
    ) -> Result<Chosen, CellError> {
        self.check_ready()?;
        let at = self.env.now();
        let after_us = self.after_us(query)?;
        let index = self.index();
        let sight = self.sight(&index, caller, collection, at)?;
        let Some(shelf) = index.shelf(collection) else {
            return Ok(Chosen::empty(after_us));
        };
        let durable_us = self.durable_us();
        let eyes = Eyes::new(&sight, &index, shelf, at.as_microsecond(), durable_us);
        let mut pick = Pick::new(shelf, eyes, query, view);
        let begin = shelf.after(after_us);
        if query.ids.is_empty() && query.kinds.is_empty() {
            for (number, entry) in (begin..).zip(shelf.from(begin)) {
                let number = u32::try_from(number).unwrap_or(u32::MAX);
                if entry.added_us > durable_us
                    || (eyes.sees(number, entry) && pick.wants(entry) && !pick.take(number))
                {
                    break;
                }
            }
        } else {
            let begin = u32::try_from(begin).unwrap_or(u32::MAX);
            for number in candidates(&index, shelf, query, begin) {
                let wanted = shelf
                    .get(number)
                    .is_some_and(|entry| eyes.sees(number, entry) && pick.wants(entry));
                if wanted && !pick.take(number) {
                    break;
                }
            }
        }
        self.pinned(pick.finish(&self.epoch(), after_us))
    }

    /// What was chosen, to be read from the files as they are while the index is held: what is
    /// erased in them later was there now.
    fn pinned(&self, mut chosen: Chosen) -> Result<Chosen, CellError> {
        let segments = chosen.places.iter().map(|place| place.segment);
        chosen.pins = self.journal.pin(segments)?;
        Ok(chosen)
    }

    /// The page of what was chosen.
    fn render(&self, chosen: Chosen, view: View) -> Result<Page, CellError> {
        let form = match view {
            View::Objects => resource::Page::Envelope,
            View::Manifest => resource::Page::Manifest,
            View::Versions => resource::Page::Versions,
        };
        let next = chosen.next.as_deref();
        let body = if chosen.objects == 0 {
            resource::Page::empty(next)
        } else {
            let (open, close) = (form.open(), resource::Page::close(next));
            let mut body = Vec::new();
            match view {
                View::Objects => {
                    let inside: usize = chosen
                        .places
                        .iter()
                        .map(|place| place.len as usize + 1)
                        .sum();
                    body.reserve_exact(open.len() + inside + close.len());
                    body.extend_from_slice(open);
                    self.objects(&chosen, &mut body)?;
                }
                View::Manifest | View::Versions => {
                    body.reserve(open.len() + chosen.objects * 200 + close.len());
                    body.extend_from_slice(open);
                    self.records(&chosen, view, &mut body)?;
                }
            }
            body.extend_from_slice(&close);
            body
        };
        Ok(chosen.page(body.len(), vec![Bytes::from(body)]))
    }

    /// Objects as they came in, a `,` between.
    fn objects(&self, chosen: &Chosen, body: &mut Vec<u8>) -> Result<(), CellError> {
        for (at, place) in chosen.places.iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            let from = body.len();
            body.resize(from + place.len as usize, 0);
            let into = body.get_mut(from..).unwrap_or_default();
            self.journal
                .read_pinned(&chosen.pins, place.segment, place.offset, into)?;
        }
        Ok(())
    }

    /// What the manifest, or the list of versions, says of each object.
    fn records(&self, chosen: &Chosen, view: View, body: &mut Vec<u8>) -> Result<(), CellError> {
        let mut bytes = Vec::new();
        for (at, entry) in chosen.entries.iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            let place = entry.place();
            bytes.resize(place.len as usize, 0);
            self.journal
                .read_pinned(&chosen.pins, place.segment, place.offset, &mut bytes)?;
            // It was read before it was kept.
            let header = header::header(&bytes).map_err(|_| CellError::NotFound)?;
            let own = header.modified.as_ref().or(header.created.as_ref());
            let added;
            let version = if let Some(time) = own {
                time.as_str()
            } else {
                added = Micros(entry.version_us).to_string();
                &added
            };
            match view {
                View::Versions => resource::text(body, version),
                View::Objects | View::Manifest => {
                    let media_type = match header.spec_version {
                        SpecVersion::V20 => "application/stix+json;version=2.0",
                        SpecVersion::V21 => "application/stix+json;version=2.1",
                    };
                    resource::manifest_record(
                        body,
                        &header.id,
                        entry.added_us,
                        version,
                        media_type,
                    );
                }
            }
        }
        Ok(())
    }
}

/// The entries from `begin` on that may be meant, in order, when ids or types are named.
fn candidates(index: &Index, shelf: &Shelf, query: &Query, begin: u32) -> Vec<u32> {
    let kinds: Vec<u16> = query
        .kinds
        .iter()
        .filter_map(|kind| index.kinds.find(&**kind))
        .collect();
    let mut numbers: Vec<u32> = if query.ids.is_empty() {
        let of_kind = |kind: &u16| {
            let list = shelf.of_kind(*kind);
            list.get(list.partition_point(|number| *number < begin)..)
                .unwrap_or_default()
        };
        kinds.iter().flat_map(of_kind).copied().collect()
    } else {
        let ids = query.ids.iter().take(IDS_MAX);
        let versions = ids.flat_map(|id| shelf.versions(Key::of(id)));
        let meant = versions.filter(|(number, entry)| {
            *number >= begin && (query.kinds.is_empty() || kinds.contains(&entry.kind))
        });
        meant.map(|(number, _)| number).collect()
    };
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// What is on a page, before its bytes are read.
#[derive(Default)]
struct Chosen {
    /// Where runs of objects stand.
    places: Vec<Place>,
    pins: Pins,
    entries: Vec<Entry>,
    objects: usize,
    first_added: Option<i64>,
    last_added: Option<i64>,
    next: Option<String>,
    served: Vec<Run>,
}

impl Chosen {
    /// Nothing: its dates are where the reader stands already.
    fn empty(after_us: i64) -> Self {
        let stands = Some(after_us).filter(|after_us| *after_us != i64::MIN);
        Self {
            first_added: stands,
            last_added: stands,
            ..Self::default()
        }
    }

    fn page(self, len: usize, chunks: Vec<Bytes>) -> Page {
        Page {
            len,
            chunks,
            objects: self.objects,
            first_added: self.first_added,
            last_added: self.last_added,
            next: self.next,
            served: self.served,
        }
    }
}

/// Fills a page.
struct Pick<'a> {
    shelf: &'a Shelf,
    eyes: Eyes<'a>,
    query: &'a Query,
    /// Only the last versions are asked for, of the latest version of STIX.
    plain: bool,
    versions: &'a [VersionMatch],
    limit: usize,
    /// Whether each object is looked into, so that where they stand together does not suffice.
    looked_into: bool,
    bytes: usize,
    more: bool,
    chosen: Chosen,
}

impl<'a> Pick<'a> {
    fn new(shelf: &'a Shelf, eyes: Eyes<'a>, query: &'a Query, view: View) -> Self {
        let limit = query.limit.map_or(PAGE_OBJECTS_DEFAULT, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        });
        let versions = match query.versions.as_slice() {
            // SPEC: TAXII 2.1 §5.8 lists every version unless some are named.
            [] if view == View::Versions => &[VersionMatch::All],
            [] => &[VersionMatch::Last],
            named => named,
        };
        let last = matches!(versions, [VersionMatch::Last]);
        Self {
            shelf,
            eyes,
            query,
            plain: last && query.spec_versions.is_none(),
            versions,
            limit: limit.clamp(1, PAGE_OBJECTS_MAX),
            looked_into: view != View::Objects,
            bytes: 0,
            more: false,
            chosen: Chosen::default(),
        }
    }

    /// Whether an entry that is seen is of the versions that are asked for (TAXII 2.1 §3.4.1).
    fn wants(&self, entry: &Entry) -> bool {
        if self.plain && entry.newer == crate::cell::index::NONE && !entry.is_v20() {
            return true;
        }
        let seen = || {
            let others = self.shelf.others(entry);
            others
                .filter(|(number, other)| self.eyes.sees(*number, other))
                .map(|(_, other)| other)
        };
        let spec = match self.query.spec_versions {
            Some(spec) => {
                if entry.is_v20() {
                    spec.v20
                } else {
                    spec.v21
                }
            }
            None => !entry.is_v20() || !seen().any(|other| !other.is_v20()),
        };
        let same_spec = |other: &&Entry| match self.query.spec_versions {
            Some(spec) => {
                if other.is_v20() {
                    spec.v20
                } else {
                    spec.v21
                }
            }
            None => other.is_v20() == entry.is_v20(),
        };
        let last = || {
            !seen()
                .filter(same_spec)
                .any(|other| other.order() > entry.order())
        };
        let first = || {
            !seen()
                .filter(same_spec)
                .any(|other| other.order() < entry.order())
        };
        let version = || {
            let matches = |version: &VersionMatch| match version {
                VersionMatch::All => true,
                VersionMatch::Last => last(),
                VersionMatch::First => first(),
                VersionMatch::Exact(at) => entry.version_us == *at,
            };
            self.versions.iter().any(matches)
        };
        spec && version()
    }

    /// Puts an entry on the page; answers whether there is room for it.
    fn take(&mut self, number: u32) -> bool {
        let Some(entry) = self.shelf.get(number) else {
            return true;
        };
        let len = entry.len as usize;
        let full = self.chosen.objects >= self.limit
            || (self.chosen.objects > 0 && self.bytes + len > PAGE_BYTES_MAX);
        if full {
            self.more = true;
            return false;
        }
        self.bytes += len;
        let chosen = &mut self.chosen;
        chosen.objects += 1;
        chosen.first_added = chosen.first_added.or(Some(entry.added_us));
        chosen.last_added = Some(entry.added_us);
        let place = entry.place();
        match chosen.places.last_mut() {
            Some(last) if follows(last, &place) => last.len += 1 + place.len,
            _ => chosen.places.push(place),
        }
        if self.looked_into {
            chosen.entries.push(*entry);
        }
        let number = u64::from(number);
        match chosen.served.last_mut() {
            Some(run) if run.last + 1 == number => run.last = number,
            _ => chosen.served.push(Run {
                first: number,
                last: number,
            }),
        }
        true
    }

    fn finish(self, epoch: &[u8; 16], after_us: i64) -> Chosen {
        let mut chosen = self.chosen;
        if chosen.objects == 0 {
            return Chosen::empty(after_us);
        }
        if self.more {
            chosen.next = chosen.last_added.map(|added_us| next_text(epoch, added_us));
        }
        chosen
    }
}

/// Whether an object stands right after others in the same frame, with a `,` between.
fn follows(before: &Place, place: &Place) -> bool {
    before.segment == place.segment && before.offset + u64::from(before.len) + 1 == place.offset
}
