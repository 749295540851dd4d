//! Recalls: an object is asked back from everybody who was served it.
//!
//! The recall is an event first. Then the object's next version says `revoked`, so that whoever
//! only speaks TAXII sees it, and the versions that are asked back are removed. Nodes that follow
//! hear of it in their feed; each removes its copies, asks in turn whom it had served, and says so.
//!
//! `CRASH:` whatever was left undone after the event is done by the next [`Cell::recall_tick`].

mod revoked;
#[cfg(test)]
mod tests;

use super::{Cell, CellError, Found, erase::Kept, index::Key, who::Entries, write::Prepared};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    cell::{
        Caller, CollectionId, Command, Event, ObjectId, RecallId, Refusal, State,
        recall::{Complied, Confirmed, Recall},
    },
    member::MemberId,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering,
};

/// How long members have to answer when nobody says.
const DUE: SignedDuration = SignedDuration::from_hours(72);

/// How long what a confirmation says of whom we served becomes: a note is 4,096 bytes at most.
const NAMES_BYTES_MAX: usize = 3_500;

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
    held: bool,
}

/// What is asked back, and by whom.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    object: &'a str,
    versions: &'a [i64],
    by: &'a MemberId,
    /// The pseudonym whose alone it is; none for all that `by` has published.
    under: Option<&'a ObjectId>,
}

impl<'a> Wanted<'a> {
    fn of(recall: &'a Recall) -> Self {
        Self {
            object: recall.object.as_str(),
            versions: &recall.versions,
            by: &recall.by.member,
            under: recall.under.as_ref(),
        }
    }
}

/// As whom a caller asks back what.
struct Speaking {
    acting: Caller,
    versions: Vec<i64>,
    under: Option<ObjectId>,
}

impl Cell {
    /// Asks an object back: every version, or those named in microseconds since 1970. Answers the
    /// recall; its first members to ask are those that the ledger names and that have not answered for
    /// what they were served. While nothing of what an earlier one asks for is here, and nothing was
    /// published since, it is that one again, also when all have answered it. What a caller has published
    /// under several of its pseudonyms is asked back by as many recalls, so that none names another:
    /// the first of them is answered.
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
        let mut first = None;
        for speaking in self.speaking_for(caller, object, versions)? {
            let recall = self.ask_back(&speaking, object, reason, due)?;
            first.get_or_insert(recall);
        }
        first.ok_or(CellError::NotFound)
    }

    fn ask_back(
        &self,
        speaking: &Speaking,
        object: &str,
        reason: &str,
        due: Option<Timestamp>,
    ) -> Result<RecallId, CellError> {
        let acting = &speaking.acting;
        let wanted = Wanted {
            object,
            versions: &speaking.versions,
            by: &acting.member,
            under: speaking.under.as_ref(),
        };
        let now = self.env.now();
        let asked = self.to_ask(wanted)?;
        if let Some(recall) = self.earlier_recall(wanted, &asked) {
            // Whoever has been served since is asked, too.
            self.perform(acting, Command::WidenRecall { recall, asked })?;
            return Ok(recall);
        }
        let recall = self.new_recall();
        let command = Command::Recall {
            recall,
            object: object.parse().map_err(|_| CellError::NotFound)?,
            publisher: acting.member.clone(),
            versions: speaking.versions.clone(),
            under: speaking.under.clone(),
            reason: reason.to_owned(),
            asked,
            due: due.unwrap_or_else(|| now.saturating_add(DUE).unwrap_or(now)),
            since: None,
        };
        self.perform(acting, command)?;
        self.recall_tick()?;
        // Whoever was served while we decided is asked, too: nothing that is covered is served now.
        let asked = self.to_ask(wanted)?;
        self.perform(acting, Command::WidenRecall { recall, asked })?;
        Ok(recall)
    }

    /// The recall by which a member has asked these versions back, while nothing of them is here and
    /// nothing was published since: an open one, or the last that all have answered, unless one of
    /// `asked` would be late in it from the start.
    fn earlier_recall(&self, wanted: Wanted<'_>, asked: &BTreeSet<MemberId>) -> Option<RecallId> {
        let Wanted {
            object,
            versions,
            by,
            under,
        } = wanted;
        let (mut revoked, mut published_us) = (BTreeSet::new(), i64::MIN);
        for (collection, number) in self.numbers_of(object) {
            let Some((entry, label)) = self.entry_of(&collection, number) else {
                continue;
            };
            if entry.is_removal() || label.publisher != *by {
                continue;
            }
            if !self.is_wanted(wanted, &collection, number) {
                continue;
            }
            if entry.is_revoked() {
                revoked.insert(entry.version_us);
            } else if versions.is_empty() || versions.contains(&entry.version_us) {
                if entry.is_live() {
                    return None;
                }
                published_us = published_us.max(entry.added_us);
            }
        }
        let (state, now) = (self.state(), self.env.now());
        let fits = |recall: &Recall| {
            let mut named = versions.iter().filter(|us| !revoked.contains(us));
            let same = recall.versions.is_empty()
                || (!versions.is_empty() && named.all(|us| recall.covers(*us)));
            let known = asked.iter().all(|member| recall.asked.contains_key(member));
            let open = recall.open().next().is_some();
            recall.by.member == *by
                && recall.under.as_ref() == under
                && same
                && published_us <= recall.at.as_microsecond()
                && (open || known || now < recall.due)
        };
        let earlier = state.recalls_of(object).filter(|(_, recall)| fits(recall));
        let last = earlier.max_by_key(|(_, recall)| (recall.open().next().is_some(), recall.at));
        last.map(|(id, _)| *id)
    }

    /// Who was served what `by` published of an object and has not answered for it; not counted are
    /// removals, names in manifests, and what says `revoked` since a recall.
    ///
    /// Whoever answered a recall has answered for all of its that had been there before.
    fn to_ask(&self, wanted: Wanted<'_>) -> Result<BTreeSet<MemberId>, CellError> {
        let Wanted {
            object,
            versions,
            by,
            ..
        } = wanted;
        let state = self.state();
        let recalls = state.recalls_of(object);
        let recalls: Vec<_> = recalls
            .filter(|(_, recall)| recall.by.member == *by)
            .collect();
        let mut parts: BTreeMap<Vec<RecallId>, Entries> = BTreeMap::new();
        for (at, what) in self.entries_of(object, versions, Some(by))? {
            let (version_us, removal) = what;
            let Some((entry, _)) = self.entry_of(&at.0, at.1).filter(|_| !removal) else {
                continue;
            };
            if !self.is_wanted(wanted, &at.0, at.1) {
                continue;
            }
            let mut recalls = recalls.clone();
            recalls.retain(|(_, recall)| self.is_wanted(Wanted::of(recall), &at.0, at.1));
            let said_by = |recall: &Recall| recall.at.as_microsecond() <= version_us;
            if entry.is_revoked() && recalls.iter().any(|(_, recall)| said_by(recall)) {
                continue;
            }
            let answers_for = |recall: &Recall| {
                entry.added_us <= recall.at.as_microsecond() && recall.covers(version_us)
            };
            let asked_back = recalls.iter().filter(|(_, recall)| answers_for(recall));
            let part = asked_back.map(|(id, _)| **id).collect();
            parts.entry(part).or_default().insert(at, what);
        }
        let mut members = BTreeSet::new();
        for (by, entries) in parts {
            let answered = |member: &MemberId| {
                let mut said = by.iter().filter_map(|id| state.recalls().get(id));
                said.any(|recall| recall.asked.get(member).is_some_and(Option::is_some))
            };
            let served = self.served_members(object, &entries)?.into_iter();
            members.extend(served.filter(|member| !answered(member)));
        }
        Ok(members)
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
    /// own, those under its pseudonyms among them, and those in which it is asked; a member's client none.
    pub fn recalls(&self, caller: &Caller) -> Vec<RecallView> {
        if caller.client {
            return Vec::new();
        }
        let (state, now) = (self.state(), self.env.now());
        let hidden = self.has_pseudonym(caller);
        let views = state.recalls().iter().filter_map(|(id, recall)| {
            let own = caller.operator
                || recall.by.member == caller.member
                || (hidden && self.is_recalled_under_pseudonym(caller, recall));
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

    /// Whether a recall is of what the caller published under one of its pseudonyms, and of nothing else.
    fn is_recalled_under_pseudonym(&self, caller: &Caller, recall: &Recall) -> bool {
        let Some(under) = recall.under.as_ref() else {
            return false;
        };
        let state = self.state();
        let mut collections = state.collections().keys();
        recall.by.member == self.me
            && collections.any(|at| self.owns_pseudonym(caller, at, under.as_str()))
    }

    /// Whether an entry of the publisher's is among what is asked back: all, or what one pseudonym has made.
    fn is_wanted(&self, wanted: Wanted<'_>, collection: &CollectionId, number: u64) -> bool {
        let Some(under) = wanted.under else {
            return true;
        };
        match self.kept(collection, number) {
            Ok(Kept::Whole(bytes)) => author_of(&bytes).is_some_and(|made| made == under.as_str()),
            // A pseudonym of another cell is not known as one here: what is erased may be its.
            Ok(Kept::Erased { left, .. }) => {
                let made = left.author.as_deref();
                made.map_or(*wanted.by != self.me, |made| made == under.as_str())
            }
            Err(_) => false,
        }
    }

    /// Does what recalls still ask of this node: revokes and removes what is asked back here,
    /// removes copies of what others ask back, asks those whom we served in turn, and confirms.
    /// Answers how many recalls it did something for. Costs nothing when nothing is left to do.
    ///
    /// # Errors
    ///
    /// None today: a recall for which something could not be done does not hinder the others, and
    /// is tried again with the next call.
    pub fn recall_tick(&self) -> Result<usize, CellError> {
        let generation = self.watch.generation();
        if self.recalled_at.load(Ordering::Acquire) == generation {
            return Ok(0);
        }
        let state = self.state();
        let (mut done, mut failed) = (0, 0);
        for (id, recall) in state.recalls() {
            let ours = !recall.asked.contains_key(&self.me);
            let waits = recall.asked.get(&self.me).is_some_and(Option::is_none);
            let covered = self.covered_by(recall);
            let outcome = if ours && !covered.is_empty() {
                self.withdraw(recall, &covered)
            } else if waits {
                self.comply(*id, recall, &covered)
            } else {
                continue;
            };
            match outcome {
                Ok(()) => done += 1,
                Err(error) => {
                    tracing::warn!(recall = %id, %error, "what a recall asks could not be done yet");
                    failed += 1;
                }
            }
        }
        if done + failed == 0 {
            self.recalled_at.store(generation, Ordering::Release);
        }
        Ok(done)
    }

    /// Publishes the revoked version in each collection and removes what is asked back.
    fn withdraw(&self, recall: &Recall, covered: &[Covered]) -> Result<(), CellError> {
        for newest in covered.iter().filter(|entry| entry.newest) {
            let mut here = covered
                .iter()
                .filter(|entry| entry.collection == newest.collection);
            // Whoever had no more than the versions before it hears nothing of what was held.
            let said = here.find(|entry| !entry.held).unwrap_or(newest);
            let bytes = self.entry_bytes(&said.collection, said.number)?;
            // Whoever may not add here any more still has its object removed.
            if let Err(error) = self.revoke(recall, (newest.version_us, said), &bytes) {
                tracing::warn!(object = %recall.object, %error, "the revoked version was not taken");
            }
        }
        self.remove_covered(recall, covered)
    }

    /// Publishes the revoked version of an entry, by whoever published that, and to nobody whom that
    /// did not go to, as it was held. It is later than `last_us`, and dated by the recall: whoever
    /// else does this at the same time, or again, makes the same version.
    fn revoke(
        &self,
        recall: &Recall,
        (last_us, entry): (i64, &Covered),
        bytes: &[u8],
    ) -> Result<(), CellError> {
        let recalled_us = recall.at.as_microsecond();
        let Some(next) = revoked::revoked(bytes, recalled_us.max(last_us)) else {
            return Ok(());
        };
        let by = if recall.by.member == self.me {
            self.operator()
        } else {
            Caller::node(recall.by.member.clone())
        };
        let state = self.state();
        let author = author_of(bytes).filter(|author| state.pseudonyms().contains_key(&**author));
        let publisher = author.as_deref().unwrap_or(by.member.as_str());
        let envelope = [b"{\"objects\":[", next.as_slice(), b"]}"].concat();
        let (collection, envelope) = (&entry.collection, Bytes::from(envelope));
        let status = self.add_revoked(&by, publisher, collection, &envelope, entry.held)?;
        if let Some(failed) = status.failures.first() {
            tracing::warn!(object = %recall.object, failed = ?failed, "the revoked version was not taken");
        }
        Ok(())
    }

    fn remove_covered(&self, recall: &Recall, covered: &[Covered]) -> Result<(), CellError> {
        let collections: BTreeSet<CollectionId> =
            covered.iter().map(|entry| entry.collection).collect();
        for collection in collections {
            let of = covered
                .iter()
                .filter(|entry| entry.collection == collection);
            let numbers: Vec<u64> = of.map(|entry| entry.number).collect();
            self.remove_numbers(&collection, recall.object.as_str(), &numbers)?;
        }
        Ok(())
    }

    /// Removes our copies of what another cell asks back, asks whom we served, and says so.
    fn comply(&self, id: RecallId, recall: &Recall, covered: &[Covered]) -> Result<(), CellError> {
        let object = recall.object.as_str();
        let held = !self.numbers_of(object).is_empty();
        let onward: BTreeSet<MemberId> = self
            .to_ask(Wanted::of(recall))?
            .into_iter()
            .filter(|member| *member != recall.by.member)
            .collect();
        self.remove_covered(recall, covered)?;
        if !onward.is_empty() {
            let asked = onward.clone();
            self.perform(&self.operator(), Command::WidenRecall { recall: id, asked })?;
        }
        let how = if held {
            Complied::Removed
        } else {
            Complied::NotHeld
        };
        let note = (!onward.is_empty()).then(|| onward_note(&onward));
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

    /// Whether nothing is left here of what a recall is about.
    pub(super) fn is_withdrawn(&self, recall: &Recall) -> bool {
        self.covered_by(recall).is_empty()
    }

    /// The entries that are still there and that a recall is about: of those that whoever asks
    /// has published, or of what one pseudonym has made. What says `revoked`, or was written after the
    /// recall, is not.
    fn covered_by(&self, recall: &Recall) -> Vec<Covered> {
        let index = self.index();
        let key = Key::of(recall.object.as_str());
        let mut covered = Vec::new();
        for (collection, shelf) in index.shelves() {
            let own = shelf.versions(key).filter(|(_, entry)| {
                let label = index.labels.get(entry.label);
                entry.is_live() && label.is_some_and(|label| label.publisher == recall.by.member)
            });
            let mut newest = true;
            for (number, entry) in own {
                let reached = self.reaches(recall, entry.version_us, entry.added_us);
                if reached && !entry.is_revoked() {
                    covered.push(Covered {
                        collection: *collection,
                        number: u64::from(number),
                        version_us: entry.version_us,
                        newest: newest && !entry.is_unversioned(),
                        held: index.labels.get(entry.label).is_some_and(|l| l.held),
                    });
                }
                newest = false;
            }
        }
        drop(index);
        covered.retain(|one| self.is_wanted(Wanted::of(recall), &one.collection, one.number));
        covered
    }

    /// Whether a recall is about a version that came to us then.
    fn reaches(&self, recall: &Recall, version_us: i64, added_us: i64) -> bool {
        // What is dated in the future was here all the same; of a recall that was heard from
        // elsewhere the publisher's clock alone tells, as when it came to us says nothing.
        let made_us = if recall.asked.contains_key(&self.me) {
            version_us
        } else {
            version_us.min(added_us)
        };
        let later = recall.at.as_microsecond() < made_us;
        recall.covers(version_us) && !(later && recall.versions.is_empty())
    }

    /// Whether what was found is asked back by its publisher, or says `revoked` since it was.
    pub fn is_recalled(&self, found: &Found) -> bool {
        let Some((entry, label)) = self.entry_of(&found.collection, found.number) else {
            return false;
        };
        self.state().recalls_of(&found.id).any(|(_, recall)| {
            let reached = self.reaches(recall, entry.version_us, entry.added_us);
            recall.by.member == label.publisher && (entry.is_revoked() || reached)
        })
    }

    /// Whether what `publisher` brings was asked back by it: it would go again at once. `held_us` is the
    /// version of what stood in its place, where it has none of its own.
    pub(super) fn is_asked_back(
        &self,
        state: &State,
        publisher: &MemberId,
        object: &Prepared<'_>,
        held_us: Option<i64>,
        at: Timestamp,
    ) -> bool {
        let (header, now_us) = (&object.header, at.as_microsecond());
        let version_us = if object.is_unversioned() {
            held_us.unwrap_or(now_us)
        } else {
            object.at.order.version_us
        };
        let made_by = |under: &ObjectId| header.created_by.as_deref() == Some(under.as_str());
        !header.revoked
            && state.recalls_of(&header.id).any(|(_, recall)| {
                recall.by.member == *publisher
                    && recall.under.as_ref().is_none_or(made_by)
                    && self.reaches(recall, version_us, now_us)
            })
    }

    /// As whom a caller asks an object back, and which versions: as itself those that it has
    /// published; or as this cell those, by name, whose author is a pseudonym of the caller's, for each
    /// of these.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotPublisher`] where it sees what others published; [`CellError::NotFound`].
    fn speaking_for(
        &self,
        caller: &Caller,
        object: &str,
        versions: &[i64],
    ) -> Result<Vec<Speaking>, CellError> {
        let state = self.state();
        let named = |version_us: &i64| versions.is_empty() || versions.contains(version_us);
        let mut own = BTreeSet::new();
        let mut under: BTreeMap<ObjectId, BTreeSet<i64>> = BTreeMap::new();
        for (collection, number, publisher, version_us) in self.published_as(object) {
            let author = if publisher == self.me && !state.pseudonyms().is_empty() {
                let author = self.author_at(&collection, number);
                let author = author.and_then(|author| author.parse::<ObjectId>().ok());
                author.filter(|author| state.pseudonyms().contains_key(author))
            } else {
                None
            };
            match author {
                Some(author) if self.owns_pseudonym(caller, &collection, author.as_str()) => {
                    under.entry(author).or_default().insert(version_us);
                }
                Some(_) if !caller.operator => {}
                _ if publisher == caller.member => {
                    own.insert(version_us);
                }
                _ => {}
            }
        }
        let as_itself = |versions| Speaking {
            acting: caller.clone(),
            versions,
            under: None,
        };
        // What the cell published for others under their pseudonyms is theirs: versions are named.
        let all = caller.member != self.me || caller.operator;
        if all && !own.is_empty() {
            return Ok(vec![as_itself(versions.to_vec())]);
        }
        let known = !own.is_empty() || !under.is_empty();
        let mut speaking = Vec::new();
        if own.is_empty() {
            let mut acting = caller.clone();
            acting.member = self.me.clone();
            acting.account = None;
            for (identity, own) in under {
                speaking.push(Speaking {
                    acting: acting.clone(),
                    versions: own.into_iter().filter(named).collect(),
                    under: Some(identity),
                });
            }
        } else {
            speaking.push(as_itself(own.into_iter().filter(named).collect()));
        }
        speaking.retain(|speaking| !speaking.versions.is_empty());
        if !speaking.is_empty() {
            return Ok(speaking);
        }
        if known {
            return Err(CellError::NotFound);
        }
        let seen = self.versions(caller, object)?;
        let seen = seen.into_iter().next().ok_or(CellError::NotFound)?;
        let publisher = seen.label.publisher;
        Err(Refusal::NotPublisher { publisher }.into())
    }

    /// Every entry of an object with bytes, its publisher and its version, superseded ones too.
    fn published_as(&self, object: &str) -> Vec<(CollectionId, u64, MemberId, i64)> {
        let numbers = self.numbers_of(object);
        let index = self.index();
        let entries = numbers.into_iter().filter_map(|(collection, number)| {
            let at = u32::try_from(number).ok()?;
            let entry = index.shelf(&collection)?.get(at)?;
            let publisher = index.labels.get(entry.label)?.publisher.clone();
            (!entry.is_removal()).then_some((collection, number, publisher, entry.version_us))
        });
        entries.collect()
    }
}

/// Who an object says has made it.
pub(super) fn author_of(object: &[u8]) -> Option<String> {
    let header = portcullis_stix::header::header(object).ok()?;
    header.created_by.map(std::borrow::Cow::into_owned)
}

/// What is confirmed of whom we served: their names, as far as they fit; each of them is asked by name.
fn onward_note(onward: &BTreeSet<MemberId>) -> String {
    let mut note = "served on to, and asked in turn: ".to_owned();
    for (at, member) in onward.iter().enumerate() {
        if NAMES_BYTES_MAX < note.len() + member.as_str().len() {
            let left = onward.len() - at;
            return format!("{note} and {left} more");
        }
        if 0 < at {
            note.push_str(", ");
        }
        note.push_str(member.as_str());
    }
    note
}
