//! Objects that became somebody's to decide on after they came in: an authority,
//! or a member in another country, joined the audience of what was held only in
//! case (law 10). They do not reach it; here a review is opened for each, so
//! that a person can let them go.

use super::findings;
use crate::cell::{Cell, CellError, provenance::digest_of};
use portcullis_core::{
    cell::{CollectionId, Command, ObjectId, State, decide},
    member::MemberId,
};
use portcullis_stix::header::header;
use std::{collections::HashMap, sync::atomic::Ordering};

/// The most reviews that one look opens; the next look opens more.
const OPENED_MAX: usize = 1_000;

/// An entry that is held from somebody.
struct Late {
    collection: CollectionId,
    number: u64,
    version_us: i64,
    publisher: MemberId,
}

impl Cell {
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
        if self.reviewed.load(Ordering::Acquire) == audience {
            return Ok(0);
        }
        let mut commands = Vec::new();
        for late in self.late(&state) {
            if OPENED_MAX <= commands.len() {
                break;
            }
            commands.extend(self.asked_about(&state, late)?);
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
        let findings = findings(&header.kind, &bytes);
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
            let crossing: HashMap<usize, &MemberId> = labels
                .filter(|(_, label)| label.held && state.crossing(collection, &label.publisher))
                .map(|(number, label)| (number, &label.publisher))
                .collect();
            if crossing.is_empty() {
                continue;
            }
            let entries = shelf.from(0).iter().enumerate();
            let held =
                entries
                    .filter(|(_, entry)| entry.is_live())
                    .filter_map(|(number, entry)| {
                        Some(Late {
                            collection: *collection,
                            number: number as u64,
                            version_us: entry.order().version_us,
                            publisher: (*crossing.get(&usize::from(entry.label))?).clone(),
                        })
                    });
            late.extend(held);
        }
        late
    }
}
