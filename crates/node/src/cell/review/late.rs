//! Objects that became somebody's to decide on after they came in: an authority,
//! or a member in another country, joined the audience of what was held only in
//! case (law 10); or a follow brought more than people were to be asked about at
//! once. They reach nobody; here a review is opened for each, so
//! that a person can let them go.

use super::findings;
use crate::cell::{Cell, CellError, exit, provenance::digest_of};
use portcullis_core::{
    cell::{CollectionId, Command, ObjectId, State, decide},
    member::MemberId,
};
use portcullis_stix::header::header;
use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::Ordering,
};

/// The most reviews that one look opens; the next look opens more.
const OPENED_MAX: usize = 1_000;

/// The most reviews that wait in one collection for what is followed into it to open another one: a
/// source shall not bury what people are asked of others. What is more is held, and asked about as
/// they decide.
pub const REVIEWS_FOLLOWED_MAX: usize = 10_000;

/// An entry that is held from somebody.
struct Late {
    collection: CollectionId,
    number: u64,
    version_us: i64,
    publisher: MemberId,
    /// Whether its audience is across a line; else it may be on a warning list.
    crossing: bool,
    followed: bool,
}

impl Cell {
    /// Whether one more review may be opened for what is followed into a collection; `room` is how
    /// many more there may be, once it is known.
    pub(crate) fn may_ask(
        &self,
        state: &State,
        collection: &CollectionId,
        room: &mut Option<usize>,
    ) -> bool {
        let open = || {
            let waiting = state.reviews_waiting();
            let open = waiting.filter(|(_, review)| review.collection == *collection);
            REVIEWS_FOLLOWED_MAX.saturating_sub(open.count())
        };
        let left = room.get_or_insert_with(open);
        if *left == 0 {
            self.unasked
                .fetch_min(state.reviews_decided(), Ordering::AcqRel);
            return false;
        }
        *left -= 1;
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
        let unasked = self.unasked.load(Ordering::Acquire) < state.reviews_decided();
        if self.reviewed.load(Ordering::Acquire) == audience && !unasked {
            return Ok(0);
        }
        self.unasked.store(usize::MAX, Ordering::Release);
        let (mut commands, mut rooms) = (Vec::new(), BTreeMap::new());
        for late in self.late(&state) {
            if OPENED_MAX <= commands.len() {
                break;
            }
            let room = rooms.entry(late.collection).or_insert(None);
            // Whether there is room is asked before the object is read: it is one of many.
            if late.followed && *room == Some(0) {
                self.may_ask(&state, &late.collection, room);
                continue;
            }
            let (followed, collection) = (late.followed, late.collection);
            if let Some(command) = self.asked_about(&state, late)?
                && (!followed || self.may_ask(&state, &collection, room))
            {
                commands.push(command);
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

    /// The question to a person; none if it was asked, or is asked where the object came from.
    fn asked_about(&self, state: &State, late: Late) -> Result<Option<Command>, CellError> {
        let bytes = self.entry_bytes(&late.collection, late.number)?;
        let Ok(header) = header(&bytes) else {
            return Ok(None);
        };
        let Ok(object) = header.id.parse::<ObjectId>() else {
            return Ok(None);
        };
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
            } else if !late.crossing {
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
            let held: HashMap<usize, (&MemberId, bool, bool)> = labels
                .filter(|(_, label)| label.held)
                .map(|(number, label)| {
                    let crossing = state.crossing(collection, &label.publisher);
                    let followed = label.bound.is_some();
                    (number, (&label.publisher, crossing, followed))
                })
                .filter(|(_, (_, crossing, followed))| *crossing || *followed)
                .collect();
            if held.is_empty() {
                continue;
            }
            let entries = shelf.from(0).iter().enumerate();
            let entries =
                entries
                    .filter(|(_, entry)| entry.is_live())
                    .filter_map(|(number, entry)| {
                        let (publisher, crossing, followed) =
                            held.get(&usize::from(entry.label))?;
                        Some(Late {
                            collection: *collection,
                            number: number as u64,
                            version_us: entry.order().version_us,
                            publisher: (*publisher).clone(),
                            crossing: *crossing,
                            followed: *followed,
                        })
                    });
            late.extend(entries);
        }
        late
    }
}
