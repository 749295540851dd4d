//! Whether an object may stand beside, or in the place of, what is here under its id.

use super::{FrameOf, Prepared, Source};
use crate::cell::{
    Cell, CellError,
    index::{Entry, Index, Shelf},
    sight::Eyes,
};
use portcullis_core::cell::{Caller, CollectionId, Refusal, State};
use portcullis_stix::header;

/// The longest objects that are read to find out whether they say the same in other bytes.
pub(super) const READ_BYTES_MAX: usize = 64 * 1024;

/// How far ahead of our clock a version may say that it was made: other clocks are not exact.
pub(crate) const AHEAD_US_MAX: i64 = 5 * 60 * 1_000_000;

/// Who adds, and as whom.
#[derive(Clone, Copy)]
pub(in crate::cell) struct Adding<'a> {
    pub(in crate::cell) caller: &'a Caller,
    /// The caller's member, or a pseudonym's identity.
    pub(in crate::cell) publisher: &'a str,
    pub(in crate::cell) collection: &'a CollectionId,
    pub(in crate::cell) source: Source,
    /// Whether it stays on this side of every line, whatever it says.
    pub(in crate::cell) held: bool,
    /// Who is behind the pseudonym that it is under, where its words are looked at.
    pub(in crate::cell) behind: Option<&'a Caller>,
}

/// The version of what stands in for a thing that its source names without a date, such as a
/// galaxy's cluster of MISP: every source words it in its own way, and one of them is enough.
const STAND_IN_US: i64 = 0;

impl Adding<'_> {
    /// Whether it is under a pseudonym.
    pub(super) fn is_pseudonymous(&self) -> bool {
        self.publisher != self.caller.member.as_str()
    }

    /// Whether an operator brings in what others have published.
    fn is_imported(&self) -> bool {
        self.source == Source::Imported && self.caller.operator && !self.is_pseudonymous()
    }

    /// Whether an operator brings in what stands in for a thing without a date.
    pub(super) fn is_stand_in(&self, object: &Prepared<'_>) -> bool {
        self.is_imported() && object.header.version_us == STAND_IN_US
    }
}

/// Where an object goes.
pub(super) enum Place {
    /// It is here, and in the same bytes.
    Same,
    /// Nothing is here in its version, or this removal.
    Free(Option<Entry>),
}

impl Cell {
    /// Where an object goes, if it may go anywhere.
    pub(super) fn place(
        &self,
        frame: &FrameOf<'_>,
        index: &Index,
        adding: Adding<'_>,
        object: &Prepared<'_>,
        at: jiff::Timestamp,
    ) -> Result<Place, Refusal> {
        if !adding.is_imported() {
            self.may_author(&frame.state, adding, object)?;
        }
        let shelf = index.shelf(adding.collection);
        let found = shelf.and_then(|shelf| Some((shelf, shelf.find(object.at)?)));
        if let Some((shelf, held)) = found.filter(|(_, (_, entry))| entry.is_live()) {
            if adding.is_stand_in(object) {
                return Ok(Place::Same);
            }
            self.same_as(index, shelf, adding, held, object, at)?;
            return Ok(Place::Same);
        }
        if let Some(first) = frame.first(object.at) {
            let known = adding.is_stand_in(object);
            let same = known || says_the_same(first, object.bytes);
            return same.then_some(Place::Same).ok_or(Refusal::VersionTaken);
        }
        let now_us = at.as_microsecond();
        self.may_replace(&frame.state, index, shelf, adding, object, now_us)?;
        let held = found.map(|(_, (_, entry))| *entry);
        let (publisher, held_us) = (&adding.caller.member, held.map(|held| held.version_us));
        if self.is_asked_back(&frame.state, publisher, object, held_us, at) {
            return Err(Refusal::Recalled);
        }
        Ok(Place::Free(held))
    }

    /// Only its creator makes new versions of an object that is here, and revokes it (STIX 2.1
    /// §3.6.2). What nobody has costs one look into a map.
    fn may_replace(
        &self,
        state: &State,
        index: &Index,
        shelf: Option<&Shelf>,
        adding: Adding<'_>,
        object: &Prepared<'_>,
        now_us: i64,
    ) -> Result<(), Refusal> {
        if adding.is_imported() {
            // What is here may be brought in again; more under a pseudonym would be its member's.
            return self.may_author(state, adding, object);
        }
        let live = |shelf: &Shelf| {
            let versions = shelf.versions(object.at.key);
            let live = versions.filter(|(_, entry)| entry.is_live());
            live.map(|(_, entry)| *entry).last()
        };
        let Some(oldest) = shelf.and_then(live) else {
            return Ok(());
        };
        if object.header.version_us > now_us.saturating_add(AHEAD_US_MAX) {
            return Err(Refusal::MadeAhead);
        }
        let no = || Refusal::NotCreator {
            object: object.header.id.as_ref().into(),
        };
        let mut bytes = Vec::new();
        self.journal
            .read(oldest.place(), &mut bytes)
            .map_err(|_| no())?;
        let before = header::header(&bytes).map_err(|_| no())?;
        let (was, is) = (
            before.created_by.as_deref(),
            object.header.created_by.as_deref(),
        );
        let pseudonym = |author: Option<&str>| {
            author.is_some_and(|author| state.pseudonyms().contains_key(author))
        };
        // The cell's own member stands for every pseudonym: they are told apart by their identities.
        let same = object.header.revoked || pseudonym(was) || adding.is_pseudonymous();
        if same && was != is {
            return Err(no());
        }
        let publisher = index.labels.get(oldest.label).map(|label| &label.publisher);
        state.may_replace(adding.caller, &object.header.id, was, publisher)
    }

    /// An object that is here in the same version: a success if its bytes are the same and the
    /// caller has them from us or gave them to us; else the version is taken, by whatever it is.
    fn same_as(
        &self,
        index: &Index,
        shelf: &Shelf,
        adding: Adding<'_>,
        (number, held): (u32, &Entry),
        object: &Prepared<'_>,
        at: jiff::Timestamp,
    ) -> Result<(), Refusal> {
        let theirs = index
            .labels
            .get(held.label)
            .is_some_and(|label| label.publisher == adding.caller.member && !adding.caller.client);
        let seen = || {
            let sight = self.sight(index, adding.caller, adding.collection, at);
            // What another process has appended may not be on the disk yet; it is seen all the same.
            sight.is_ok_and(|sight| {
                let eyes = Eyes::new(&sight, index, shelf, i64::MIN, i64::MAX);
                eyes.sees(number, held)
            })
        };
        let mut here = Vec::new();
        let same = |here: &mut Vec<u8>| -> Result<bool, CellError> {
            self.journal.read(held.place(), here)?;
            Ok(says_the_same(here, object.bytes))
        };
        if (theirs || seen()) && same(&mut here).unwrap_or(false) {
            Ok(())
        } else {
            Err(Refusal::VersionTaken)
        }
    }
}

/// Whether two objects are the same, be their members written in another order or spacing.
fn says_the_same(one: &[u8], other: &[u8]) -> bool {
    let read = |bytes| serde_json::from_slice::<serde_json::Value>(bytes).ok();
    let short = one.len().max(other.len()) <= READ_BYTES_MAX;
    one == other || (short && read(one).is_some_and(|one| Some(one) == read(other)))
}
