//! Recalls: an object is asked back from everybody who was served it.
//!
//! The recall is an event first. Then the object's next version says `revoked`, so that whoever
//! only speaks TAXII sees it, and the versions that are asked back are removed. Nodes that follow
//! hear of it in their feed; each removes its copies, asks in turn whom it had served, and says so.
//!
//! `CRASH:` whatever was left undone after the event is done by the next [`Cell::recall_tick`].

mod revoked;

use super::{Cell, CellError, Query, Source, VersionMatch, index::Key};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    cell::{
        Caller, CollectionId, Command, Event, ObjectId, RecallId, Refusal,
        recall::{Complied, Confirmed, Recall},
    },
    member::MemberId,
};
use std::{collections::BTreeSet, sync::atomic::Ordering};

/// How long members have to answer when nobody says.
const DUE: SignedDuration = SignedDuration::from_hours(72);

/// A recall, to be shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecallView {
    /// Which.
    pub id: RecallId,
    /// The object.
    pub object: ObjectId,
    /// Which versions, in microseconds since 1970; none for all.
    pub versions: Vec<i64>,
    /// Why.
    pub reason: String,
    /// Who asks for it.
    pub by: MemberId,
    /// Since when.
    pub at: Timestamp,
    /// When everybody should have confirmed.
    pub due: Timestamp,
    /// Whom it was asked of, and what they said; of others than the caller only for who asks.
    pub asked: Vec<AskedView>,
}

/// One member's part in a recall.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AskedView {
    /// Who.
    pub member: MemberId,
    /// What it said, and when; none while it has not.
    pub confirmed: Option<Confirmed>,
    /// Whether it is late.
    pub overdue: bool,
}

impl RecallView {
    /// How many have confirmed, how many have not yet, and how many of those are late.
    pub fn counts(&self) -> (usize, usize, usize) {
        let confirmed = self
            .asked
            .iter()
            .filter(|asked| asked.confirmed.is_some())
            .count();
        let overdue = self.asked.iter().filter(|asked| asked.overdue).count();
        (confirmed, self.asked.len() - confirmed, overdue)
    }
}

/// An entry that a recall is about.
struct Covered {
    collection: CollectionId,
    number: u64,
    version_us: i64,
    newest: bool,
}

impl Cell {
    /// Asks an object back: every version, or those named in microseconds since 1970. Answers the
    /// recall; its first members to ask are those that the ledger names.
    ///
    /// # Errors
    ///
    /// [`CellError::NotFound`] when there is no such object here; [`CellError::Refused`] when the
    /// caller is not who published it.
    pub fn recall(
        &self,
        caller: &Caller,
        object: &str,
        versions: &[i64],
        reason: &str,
        due: Option<Timestamp>,
    ) -> Result<RecallId, CellError> {
        self.catch_up()?;
        let acting = self.speaking_for(caller, object)?;
        let publisher = self.publisher_of(&acting, object)?;
        let now = self.env.now();
        let recall = self.new_recall();
        let command = Command::Recall {
            recall,
            object: object.parse().map_err(|_| CellError::NotFound)?,
            publisher,
            versions: versions.to_vec(),
            reason: reason.to_owned(),
            asked: self.served_members(object, versions)?,
            due: due.unwrap_or_else(|| now.saturating_add(DUE).unwrap_or(now)),
        };
        self.perform(&acting, command)?;
        self.recall_tick()?;
        // Whoever was served while we decided is asked, too: nothing that is covered is served now.
        let asked = self.served_members(object, versions)?;
        self.perform(&acting, Command::WidenRecall { recall, asked })?;
        Ok(recall)
    }

    /// Says what a member did about a recall.
    ///
    /// # Errors
    ///
    /// [`CellError::Refused`] when the caller's member was not asked, or says not why it keeps it.
    pub fn confirm_recall(
        &self,
        caller: &Caller,
        recall: RecallId,
        how: Complied,
        note: Option<String>,
    ) -> Result<Vec<Event>, CellError> {
        self.perform(caller, Command::ConfirmRecall { recall, how, note })
    }

    /// The recalls that concern a caller, the newest first: all for an operator, else its member's
    /// own and those in which it is asked.
    pub fn recalls(&self, caller: &Caller) -> Vec<RecallView> {
        let (state, now) = (self.state(), self.env.now());
        let views = state.recalls().iter().filter_map(|(id, recall)| {
            let own = caller.operator || recall.by.member == caller.member;
            if !own && !recall.asked.contains_key(&caller.member) {
                return None;
            }
            let shown = |member: &&MemberId| own || **member == caller.member;
            let asked = recall.asked.iter().filter(|(member, _)| shown(member));
            Some(RecallView {
                id: *id,
                object: recall.object.clone(),
                versions: recall.versions.clone(),
                reason: recall.reason.clone(),
                by: recall.by.member.clone(),
                at: recall.at,
                due: recall.due,
                asked: asked
                    .map(|(member, confirmed)| AskedView {
                        member: member.clone(),
                        confirmed: confirmed.clone(),
                        overdue: confirmed.is_none() && recall.due <= now,
                    })
                    .collect(),
            })
        });
        let mut views: Vec<RecallView> = views.collect();
        views.sort_by_key(|view| std::cmp::Reverse(view.at));
        views
    }

    /// Does what recalls still ask of this node: revokes and removes what is asked back here,
    /// removes copies of what others ask back, asks those whom we served in turn, and confirms.
    /// Answers how many recalls it did something for. Costs nothing when nothing is left to do.
    ///
    /// # Errors
    ///
    /// [`CellError`]; what is left is done with the next call.
    pub fn recall_tick(&self) -> Result<usize, CellError> {
        let generation = self.watch.generation();
        if self.recalled_at.load(Ordering::Acquire) == generation {
            return Ok(0);
        }
        let state = self.state();
        let mut done = 0;
        for (id, recall) in state.recalls() {
            let ours = !recall.asked.contains_key(&self.me);
            let waits = recall.asked.get(&self.me).is_some_and(Option::is_none);
            let covered = self.covered_by(recall);
            if ours && !covered.is_empty() {
                self.withdraw(recall, &covered)?;
                done += 1;
            } else if waits {
                self.comply(*id, recall, &covered)?;
                done += 1;
            }
        }
        if done == 0 {
            self.recalled_at.store(generation, Ordering::Release);
        }
        Ok(done)
    }

    /// Publishes the revoked version in each collection and removes what is asked back.
    fn withdraw(&self, recall: &Recall, covered: &[Covered]) -> Result<(), CellError> {
        let by = if recall.by.member == self.me {
            self.operator()
        } else {
            Caller::node(recall.by.member.clone())
        };
        for entry in covered.iter().filter(|entry| entry.newest) {
            let bytes = self.entry_bytes(&entry.collection, entry.number)?;
            let now_us = self.env.now().as_microsecond();
            let Some(next) = revoked::revoked(&bytes, now_us.max(entry.version_us)) else {
                continue;
            };
            let envelope = [b"{\"objects\":[", next.as_slice(), b"]}"].concat();
            let status = self.add(
                &by,
                &entry.collection,
                Bytes::from(envelope),
                Source::Published,
            )?;
            if let Some(failed) = status.failures.first() {
                tracing::warn!(object = %recall.object, failed = ?failed, "the revoked version was not taken");
            }
        }
        self.remove_covered(&by, recall, covered)
    }

    fn remove_covered(
        &self,
        by: &Caller,
        recall: &Recall,
        covered: &[Covered],
    ) -> Result<(), CellError> {
        let collections: BTreeSet<CollectionId> =
            covered.iter().map(|entry| entry.collection).collect();
        for collection in collections {
            let of = covered
                .iter()
                .filter(|entry| entry.collection == collection);
            let versions = of
                .clone()
                .map(|entry| VersionMatch::Exact(entry.version_us));
            let query = Query {
                versions: versions.collect(),
                ..Query::default()
            };
            match self.remove(by, &collection, recall.object.as_str(), &query) {
                Ok(_) | Err(CellError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Removes our copies of what another cell asks back, asks whom we served, and says so.
    fn comply(&self, id: RecallId, recall: &Recall, covered: &[Covered]) -> Result<(), CellError> {
        let object = recall.object.as_str();
        let held = !self.numbers_of(object).is_empty();
        let onward: BTreeSet<MemberId> = self
            .served_members(object, &recall.versions)?
            .into_iter()
            .filter(|member| *member != recall.by.member)
            .collect();
        self.remove_covered(&self.operator(), recall, covered)?;
        if !onward.is_empty() {
            let asked = onward.clone();
            self.perform(&self.operator(), Command::WidenRecall { recall: id, asked })?;
        }
        let how = if held {
            Complied::Removed
        } else {
            Complied::NotHeld
        };
        let names: Vec<&str> = onward.iter().map(MemberId::as_str).collect();
        let note = (!names.is_empty())
            .then(|| format!("served on to, and asked in turn: {}", names.join(", ")));
        let by = Caller::node(self.me.clone());
        self.perform(
            &by,
            Command::ConfirmRecall {
                recall: id,
                how,
                note,
            },
        )?;
        Ok(())
    }

    /// The entries that are still there and that a recall is about. What says `revoked`, or was
    /// written after the recall, is not.
    fn covered_by(&self, recall: &Recall) -> Vec<Covered> {
        let index = self.index();
        let key = Key::of(recall.object.as_str());
        let mut covered = Vec::new();
        for (collection, shelf) in index.shelves() {
            let live = shelf.versions(key).filter(|(_, entry)| entry.is_live());
            for (at, (number, entry)) in live.enumerate() {
                let later = recall.at.as_microsecond() < entry.version_us;
                let ours = recall.covers(entry.version_us) && !entry.is_revoked();
                if ours && !(later && recall.versions.is_empty()) {
                    covered.push(Covered {
                        collection: *collection,
                        number: u64::from(number),
                        version_us: entry.version_us,
                        newest: at == 0 && !entry.is_unversioned(),
                    });
                }
            }
        }
        covered
    }

    /// Who published an object here: the caller's member where it did, else whoever did.
    fn publisher_of(&self, caller: &Caller, object: &str) -> Result<MemberId, CellError> {
        let index = self.index();
        let key = Key::of(object);
        let publishers: Vec<MemberId> = index
            .shelves()
            .flat_map(|(_, shelf)| shelf.versions(key).map(|(_, entry)| entry.label))
            .filter_map(|label| Some(index.labels.get(label)?.publisher.clone()))
            .collect();
        let own = publishers.iter().find(|member| **member == caller.member);
        own.or_else(|| publishers.first())
            .cloned()
            .ok_or(CellError::NotFound)
    }

    /// As whom a caller speaks for an object: as itself, or as this cell where the object's author
    /// is the caller's own pseudonym.
    pub(super) fn speaking_for(&self, caller: &Caller, object: &str) -> Result<Caller, CellError> {
        let state = self.state();
        if state.pseudonyms().is_empty() {
            return Ok(caller.clone());
        }
        for (collection, number) in self.numbers_of(object) {
            let bytes = self.entry_bytes(&collection, number).unwrap_or_default();
            if let Ok(header) = portcullis_stix::header::header(&bytes)
                && let Some(author) = header.created_by.as_deref()
                && state.pseudonyms().contains_key(author)
            {
                return if self.owns_pseudonym(caller, &collection, author) {
                    Ok(self.operator())
                } else {
                    let publisher = self.me.clone();
                    Err(Refusal::NotPublisher { publisher }.into())
                };
            }
        }
        Ok(caller.clone())
    }
}
