//! Objects that became somebody's to decide on after they came in: an authority,
//! or a member in another country, joined the audience of what was held only in
//! case (law 10); or a follow brought more than people were to be asked about at
//! once. They reach nobody; here a review is opened for each, so
//! that a person can let them go.

use super::findings;
use crate::cell::{
    Cell, CellError, exit,
    index::{Index, Key},
    provenance::digest_of,
};
use portcullis_core::{
    cell::{CollectionId, Command, Label, Marks, ObjectId, State, Tlp, decide},
    member::MemberId,
};
use portcullis_stix::header::header;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::atomic::Ordering,
};

/// The most reviews that one look opens; the next look opens more.
const OPENED_MAX: usize = 1_000;

/// The most versions that are here and wait for a person in one collection for what is followed into
/// it to open another review: a source shall not bury what people are asked of others. What is more
/// is held, and asked about as they decide.
pub const REVIEWS_FOLLOWED_MAX: usize = 10_000;

/// So many versions of each publisher wait for a person, however many of others' do.
pub const REVIEWS_OF_ONE_MIN: usize = 1_000;

/// The most waiting reviews of what one publisher brought and took back, in one collection, for it
/// to open another one: they stay in the journal.
const REVIEWS_GONE_MAX: usize = 20_000;

/// After how long it is looked again whether people may be asked about more, in microseconds: what
/// waited may be gone.
const AGAIN_US: i64 = 60 * 1_000_000;

/// How many more reviews may be opened for what is followed, once it was counted.
#[derive(Default)]
pub(crate) struct Rooms(BTreeMap<CollectionId, Room>);

/// What waits for people in one collection.
#[derive(Default)]
struct Room {
    here: usize,
    of: BTreeMap<MemberId, Waiting>,
}

/// What waits of one publisher: what is here, and what is gone.
#[derive(Clone, Copy, Default)]
struct Waiting {
    here: usize,
    gone: usize,
}

impl Rooms {
    /// The room of a collection.
    fn of(&mut self, state: &State, index: &Index, collection: &CollectionId) -> &mut Room {
        let count = || Room::count(state, index, collection);
        self.0.entry(*collection).or_insert_with(count)
    }
}

impl Room {
    fn count(state: &State, index: &Index, collection: &CollectionId) -> Self {
        let (mut room, mut seen) = (Self::default(), BTreeSet::new());
        let shelf = index.shelf(collection);
        let waiting = state.reviews_waiting();
        for (_, review) in waiting.filter(|(_, review)| review.collection == *collection) {
            let id = review.object.as_str();
            let versions = shelf.map(|shelf| shelf.versions(Key::of(id)));
            let is_here = versions.into_iter().flatten().any(|(_, entry)| {
                let label = index.labels.get(entry.label);
                entry.is_live()
                    && entry.order().version_us == review.version_us
                    && label.is_some_and(|label| label.held)
            });
            let of = room.of.entry(review.publisher.clone()).or_default();
            // Other bytes in place of those that were asked about are one version still.
            if is_here && seen.insert((id, review.version_us)) {
                of.here += 1;
                room.here += 1;
            } else {
                of.gone += 1;
            }
        }
        room
    }

    fn takes(&self, publisher: &MemberId) -> bool {
        let of = self.of.get(publisher).copied().unwrap_or_default();
        let here = self.here < REVIEWS_FOLLOWED_MAX || of.here < REVIEWS_OF_ONE_MIN;
        here && of.gone < REVIEWS_GONE_MAX
    }

    fn take(&mut self, publisher: &MemberId) {
        self.of.entry(publisher.clone()).or_default().here += 1;
        self.here += 1;
    }
}

/// Whether what `publisher` has marked so reaches at most the member `me`.
pub(crate) fn is_ours_alone(
    me: &MemberId,
    (publisher, tlp): (&MemberId, Tlp),
    marks: Option<&Marks>,
) -> bool {
    let groups = marks.into_iter().flat_map(|marks| marks.groups.values());
    let mut named = marks.into_iter().flat_map(|marks| &marks.recipients);
    groups.chain([&tlp]).all(|tlp| *tlp == Tlp::Red)
        && named.all(|named| named == me || named == publisher)
}

/// An entry that is held from somebody.
struct Late {
    collection: CollectionId,
    number: u64,
    version_us: i64,
    publisher: MemberId,
    /// Whether its audience is across a line; else it may be on a warning list.
    crossing: bool,
    followed: bool,
    /// Whether it is followed, TLP:RED, and near this member: it crosses a line only where its
    /// publisher names others.
    near_red: bool,
}

impl Cell {
    /// Whether one more review may be opened for what `publisher` brought, and is followed into a
    /// collection.
    pub(crate) fn may_ask(
        &self,
        (state, index): (&State, &Index),
        (collection, publisher): (&CollectionId, &MemberId),
        rooms: &mut Rooms,
    ) -> bool {
        let room = rooms.of(state, index, collection);
        if !room.takes(publisher) {
            self.unasked
                .fetch_min(state.reviews_decided(), Ordering::AcqRel);
            return false;
        }
        room.take(publisher);
        true
    }

    /// Opens reviews where the audience has grown across a line since an object came in. Answers
    /// how many; looks only when a group or a collection changed since it last looked. Call it each
    /// second.
    ///
    /// # Errors
    ///
    /// [`CellError::NotReady`], [`CellError::Journal`].
    pub fn review_tick(&self) -> Result<usize, CellError> {
        if !self.ready() {
            return Err(CellError::NotReady);
        }
        // What another process has left unfinished.
        self.relight();
        let state = self.state();
        let audience = state.audience();
        let now_us = self.env.now().as_microsecond();
        let unasked = self.unasked.load(Ordering::Acquire);
        let looked_us = self.asked_us.load(Ordering::Acquire);
        let unasked = unasked < state.reviews_decided()
            || (unasked != usize::MAX && looked_us.saturating_add(AGAIN_US) <= now_us);
        if self.reviewed.load(Ordering::Acquire) == audience && !unasked {
            return Ok(0);
        }
        self.unasked.store(usize::MAX, Ordering::Release);
        self.asked_us.store(now_us, Ordering::Release);
        let (mut commands, mut rooms) = (Vec::new(), Rooms::default());
        for late in self.late(&state) {
            if OPENED_MAX <= commands.len() {
                break;
            }
            // Whether there is room is asked before the object is read: it is one of many.
            if late.followed && !self.has_room_for(&state, &late, &mut rooms) {
                continue;
            }
            let of = (late.collection, late.publisher.clone());
            let followed = late.followed;
            if let Some(command) = self.asked_about(&state, late)? {
                let index = self.index();
                if !followed || self.may_ask((&state, &index), (&of.0, &of.1), &mut rooms) {
                    commands.push(command);
                }
            }
        }
        if commands.is_empty() {
            self.reviewed.store(audience, Ordering::Release);
            return Ok(0);
        }
        let operator = self.operator();
        let events = self.transact(|state, at| {
            let decided = commands
                .into_iter()
                .map(|command| decide(state, &operator, command, at));
            Ok(decided.collect::<Result<Vec<_>, _>>()?.concat())
        })?;
        // The next call looks whether there is more.
        Ok(events.len())
    }

    /// Whether people may be asked about one more of whose this is.
    fn has_room_for(&self, state: &State, late: &Late, rooms: &mut Rooms) -> bool {
        let index = self.index();
        let takes = rooms
            .of(state, &index, &late.collection)
            .takes(&late.publisher);
        if !takes {
            self.unasked
                .fetch_min(state.reviews_decided(), Ordering::AcqRel);
        }
        takes
    }

    /// The question to a person; none if it was asked, or is asked where the object came from, or
    /// is about what nobody but this member may have.
    fn asked_about(&self, state: &State, late: Late) -> Result<Option<Command>, CellError> {
        let bytes = self.entry_bytes(&late.collection, late.number)?;
        let Ok(header) = header(&bytes) else {
            return Ok(None);
        };
        let Ok(object) = header.id.parse::<ObjectId>() else {
            return Ok(None);
        };
        let marks = state.marks(&header.id, &late.publisher);
        let ours_alone =
            late.near_red && is_ours_alone(&self.me, (&late.publisher, Tlp::Red), marks);
        let content = digest_of(&bytes);
        let asked = state.review_of(&late.collection, &object, late.version_us, &content);
        let mut findings = findings(&header.kind, &bytes);
        if late.followed {
            let hits = exit::listed(&self.warning_lists(), &bytes, &header);
            if state
                .heed_warnings(&late.publisher, &header.id, &hits)
                .is_err()
            {
                super::listed(&mut findings, hits);
            } else if !late.crossing || ours_alone {
                findings.clear();
            }
        }
        if asked.is_some() || findings.is_empty() {
            return Ok(None);
        }
        Ok(Some(Command::Hold {
            review: self.new_review(),
            collection: late.collection,
            object,
            version_us: late.version_us,
            content,
            publisher: late.publisher,
            findings,
        }))
    }

    fn late(&self, state: &State) -> Vec<Late> {
        let index = self.index();
        let mut late = Vec::new();
        for (collection, shelf) in index.shelves() {
            // Labels are few and entries are many: what crosses is found out once a label.
            let labels = index.labels.values().iter().enumerate();
            let held: HashMap<usize, (&Label, bool, bool)> = labels
                .filter(|(_, label)| label.held)
                .map(|(number, label)| {
                    let publisher = &label.publisher;
                    let crossing = state.crossing(collection, publisher);
                    let red = label.bound.is_some() && label.tlp == Tlp::Red;
                    let red = red && label.recipients.iter().all(|to| *to == self.me);
                    let near_red = red && !state.crossing_to(collection, publisher, &self.me);
                    (number, (label, crossing, near_red))
                })
                .filter(|(_, (label, crossing, _))| *crossing || label.bound.is_some())
                .collect();
            if held.is_empty() {
                continue;
            }
            let entries = shelf.from(0).iter().enumerate();
            let entries =
                entries
                    .filter(|(_, entry)| entry.is_live())
                    .filter_map(|(number, entry)| {
                        let (label, crossing, near_red) = held.get(&usize::from(entry.label))?;
                        Some(Late {
                            collection: *collection,
                            number: number as u64,
                            version_us: entry.order().version_us,
                            publisher: label.publisher.clone(),
                            crossing: *crossing,
                            followed: label.bound.is_some(),
                            near_red: *near_red,
                        })
                    });
            late.extend(entries);
        }
        late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_publisher_brings_and_takes_back_again_and_again_asks_no_more() {
        let (one, other): (MemberId, MemberId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let mut room = Room::default();
        let of = room.of.entry(one.clone()).or_default();
        of.gone = REVIEWS_GONE_MAX - 1;
        assert!(room.takes(&one));
        room.of.entry(one.clone()).or_default().gone += 1;
        assert_eq!((room.takes(&one), room.takes(&other)), (false, true));
    }
}
