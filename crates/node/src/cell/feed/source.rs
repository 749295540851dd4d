//! The source's side: what a follower gets.
//!
//! The same function of `core` that every exit asks decides object by object.
//! What the follower was served once and may no longer have — its ledger entry
//! says so — is asked back; of what it never had it hears nothing.

use super::{Ask, End, Head, RECORDS_MAX, RELAY_BYTES_MAX, Record, Writer};
use crate::{
    cell::{
        Cell, CellError, ChangeRef, Changed, Run,
        index::{Entry, Key},
        served::How,
    },
    door::Problem,
};
use jiff::Timestamp;
use portcullis_core::{
    cell::{Caller, Clearance, CollectionId, Command, Label, Marks, Refusal, State},
    member::MemberId,
};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeSet, ops::ControlFlow};

/// How many waiting changes are counted at most.
pub(super) const BEHIND_MAX: u64 = 1_000_000;
/// A minute, in microseconds.
const MINUTE_US: i64 = 60_000_000;

impl Cell {
    /// Answers the follower whose member is `from`: what came after its position and may go to it.
    ///
    /// None where there is no news — whoever asks for it waits for [`Cell::changed`] and calls
    /// again —, or, as a `last` answer, one without records. What is answered stands in the ledger
    /// of what was served.
    ///
    /// # Errors
    ///
    /// [`Problem`] 403 with the rules' code where the follower may not read here, 404 where there
    /// is no such collection, 503 while the cell is loading or cannot record.
    pub fn feed(&self, from: &MemberId, ask: &Ask, last: bool) -> Result<Option<Vec<u8>>, Problem> {
        let caller = Caller::node(from.clone());
        self.hear_follower(&caller, ask);
        let answer = self
            .feed_now(&caller, ask)
            .map_err(|error| problem(&error))?;
        Ok((answer.is_news || last).then_some(answer.bytes))
    }

    /// Takes what the follower's member says of itself: that it joins, and what it did about recalls.
    fn hear_follower(&self, caller: &Caller, ask: &Ask) {
        let state = self.state();
        let mut commands = Vec::new();
        if ask.joins
            && let Some(held) = state.collection(&ask.collection)
        {
            let groups = held.settings.readers.union(&held.settings.writers);
            let invited = groups.filter(|id| {
                let group = state.groups().get(id).filter(|group| !group.dissolved);
                let membership = group.and_then(|group| group.members.get(&caller.member));
                membership.is_some_and(|membership| membership.joined.is_none())
            });
            commands.extend(invited.map(|group| Command::Accept { group: *group }));
        }
        for answer in &ask.confirms {
            let recall = state.recalls().get(&answer.recall);
            let asked = recall.and_then(|recall| recall.asked.get(&caller.member));
            // Told again what is known: nothing to write.
            if asked.is_some_and(Option::is_none) {
                commands.push(Command::ConfirmRecall {
                    recall: answer.recall,
                    how: answer.how,
                    note: answer.note.clone(),
                });
            }
        }
        for command in commands {
            if let Err(error) = self.perform(caller, command) {
                tracing::debug!(%error, member = %caller.member, "a follower's word was not taken");
            }
        }
    }

    /// Whether a removal that was made here is of what came from elsewhere.
    fn is_of_others(&self, collection: &CollectionId, change: &ChangeRef<'_>) -> bool {
        if change.stamp.by != *self.me() || change.label.publisher == *self.me() {
            return false;
        }
        let index = self.index();
        let Some(shelf) = index.shelf(collection) else {
            return false;
        };
        let earlier = shelf.earlier(Key::of(change.id)).iter();
        let puts = earlier
            .filter_map(|number| shelf.get(*number))
            .filter(|entry| !entry.is_removal());
        let mut same = puts.filter(|entry| entry.order().version_us == change.version_us);
        let me = index.members.find(self.me());
        same.any(|entry| Some(entry.by) != me)
    }

    /// The entries of a version of an object: the one that stands, if any does, and those before.
    fn entries_of_version(
        &self,
        collection: &CollectionId,
        id: &str,
        version_us: i64,
    ) -> VersionEntries {
        let (index, key) = (self.index(), Key::of(id));
        let Some(shelf) = index.shelf(collection) else {
            return VersionEntries::default();
        };
        let of = |entry: &Entry| entry.order().version_us == version_us;
        let now = shelf.versions(key).filter(|(_, entry)| of(entry));
        let earlier = shelf.earlier(key).iter().copied();
        let now: Vec<u64> = now.map(|(number, _)| u64::from(number)).collect();
        let earlier = earlier.filter(|number| shelf.get(*number).is_some_and(of));
        VersionEntries {
            stands: !now.is_empty(),
            all: earlier.map(u64::from).chain(now).collect(),
        }
    }

    fn feed_now(&self, caller: &Caller, ask: &Ask) -> Result<Answer, CellError> {
        let state = self.state();
        let now = self.env.now();
        let (cleared, view) = clear(&state, caller, &ask.collection, now)?;
        let epoch = self.epoch();
        let same_life = ask.epoch == Some(epoch);
        let started = ask.position > i64::MIN || same_life;
        let stays = same_life && ask.view == Some(view);
        // It is being told everything again, answer by answer, and this is the next.
        let goes_on = same_life && ask.view == Some(under_way(&view));
        let again = !stays;
        if cleared.is_none() && !started {
            return Err(CellError::Refused(Refusal::MayNotRead {
                member: caller.member.clone(),
                collection: ask.collection,
            }));
        }
        let from = if stays || goes_on {
            ask.position
        } else {
            i64::MIN
        };
        let mut writer = Writer::new(&Head {
            source: self.me().clone(),
            collection: ask.collection,
            epoch,
            view,
            from,
            out: cleared.is_none(),
            hears: true,
        });
        if cleared.is_some() {
            let said = super::describe(&state, &ask.collection, &caller.member);
            let digest: [u8; 32] = Sha256::digest(&said).into();
            if ask.state != Some(digest) && said.len() <= RELAY_BYTES_MAX {
                let json = said.as_slice();
                writer.record(&Record::State { digest, json });
            }
        }
        let mut walk = Walk {
            cell: self,
            state: &state,
            caller,
            collection: &ask.collection,
            cleared: cleared.as_ref(),
            now_us: now.as_microsecond(),
            started,
            again,
            had: None,
            bounds: (RECORDS_MAX, ask.bytes_max),
            about: None,
            writer,
            end: End {
                to: from,
                behind: 0,
                more: false,
            },
            served: Vec::new(),
            failed: None,
        };
        let mut f = |change: ChangeRef<'_>| walk.change(&change);
        if started && again {
            self.all_since(&ask.collection, from, &mut f)?;
        } else {
            self.changes_since(&ask.collection, from, &mut f)?;
        }
        if let Some(error) = walk.failed.take() {
            return Err(error);
        }
        walk.note()?;
        let told = if started && again && walk.end.more {
            under_way(&view)
        } else {
            view
        };
        walk.writer.set_view(told);
        let is_news = !walk.writer.is_empty() || !same_life || ask.view != Some(told);
        let bytes = walk.writer.end(&walk.end);
        Ok(Answer { bytes, is_news })
    }
}

struct Answer {
    bytes: Vec<u8>,
    is_news: bool,
}

/// The entries of one version of an object, by their numbers.
#[derive(Default)]
struct VersionEntries {
    /// Whether one of them stands, or none: all of them were let go.
    stands: bool,
    all: Vec<u64>,
}

/// Which changes are told.
pub(super) type Wanted<'a> = dyn Fn(&ChangeRef<'_>) -> bool + 'a;

/// A walk over what came after a position.
pub(super) struct Walk<'a> {
    pub(super) cell: &'a Cell,
    pub(super) state: &'a State,
    pub(super) caller: &'a Caller,
    pub(super) collection: &'a CollectionId,
    /// None where the follower may read nothing any more.
    pub(super) cleared: Option<&'a Clearance>,
    pub(super) now_us: i64,
    /// Whether the follower has had answers before.
    pub(super) started: bool,
    /// Whether everything is told again, and so everything asked back that may no longer be had.
    pub(super) again: bool,
    /// What the follower was ever served of the collection, once it is known.
    pub(super) had: Option<Vec<Run>>,
    /// How many records, and about how many bytes.
    pub(super) bounds: (usize, usize),
    /// Which changes are told; all where there is nothing. Of those alone that are, no more is told
    /// than what was served.
    pub(super) about: Option<&'a Wanted<'a>>,
    pub(super) writer: Writer,
    pub(super) end: End,
    pub(super) served: Vec<Run>,
    pub(super) failed: Option<CellError>,
}

impl Walk<'_> {
    /// Notes what is served.
    pub(super) fn note(&self) -> Result<(), CellError> {
        let cell = self.cell;
        // What cannot be recorded is not served.
        let noted = cell.note_served(self.caller, self.collection, How::Feed, &self.served);
        noted.map_err(|_| CellError::NotReady)?;
        // What may one day be asked back must be known then, whatever happens in between.
        if !self.served.is_empty() {
            cell.ledger.flush()?;
        }
        Ok(())
    }

    pub(super) fn change(&mut self, change: &ChangeRef<'_>) -> ControlFlow<()> {
        match self.look_at(change) {
            Ok(flow) => flow,
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn look_at(&mut self, change: &ChangeRef<'_>) -> Result<ControlFlow<()>, CellError> {
        let publisher = &change.label.publisher;
        let marks = self.state.marks(change.id, publisher);
        let expired = change.expires_us <= self.now_us;
        let admitted = !expired
            && self
                .cleared
                .is_some_and(|cleared| cleared.admits(change.label, marks));
        if self.about.is_some_and(|about| !about(change)) {
            return Ok(ControlFlow::Continue(()));
        }
        let (records_max, bytes_max) = self.bounds;
        if self.writer.is_full(records_max, bytes_max) {
            self.end.more = true;
            self.end.behind += u64::from(admitted && !change.forgotten);
            let counted = self.end.behind < BEHIND_MAX && self.about.is_none();
            return Ok(if counted {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            });
        }
        let (added, mark) = (change.added_us, change.stamp.clone());
        let mut told = false;
        match &change.op {
            Changed::Put(object) if admitted => {
                let provenance = self.cell.provenance(self.collection, change.number)?;
                self.writer.record(&Record::Put {
                    added,
                    mark,
                    object,
                    provenance: &provenance.unwrap_or_default(),
                    label: self.told(change.label),
                    marks: marks
                        .map(|marks| self.told_marks(marks))
                        .unwrap_or_default(),
                });
                self.serve(change.number);
                told = true;
            }
            // What this node let go, or its people removed of others' objects, is gone here, and here
            // alone: who may have it keeps it.
            Changed::Removed if admitted && (change.forgotten || self.is_of_others(change)) => {}
            Changed::Removed if self.about.is_some() && !self.has_had(change)? => {}
            Changed::Removed if admitted && !change.withheld => {
                self.writer.record(&Record::Remove {
                    added,
                    mark,
                    id: change.id.to_owned(),
                    version: change.version_us,
                });
                told = true;
            }
            // What has expired is not taken back: it has expired there, too.
            Changed::Put(_) | Changed::Removed if expired => {}
            // A member's own objects are not for others to ask back.
            Changed::Put(_) | Changed::Removed if *publisher == self.caller.member => {}
            Changed::Put(_) | Changed::Removed => told = self.take_back(change)?,
        }
        self.pass(added, told);
        Ok(ControlFlow::Continue(()))
    }

    fn is_of_others(&self, change: &ChangeRef<'_>) -> bool {
        self.cell.is_of_others(self.collection, change)
    }

    /// The follower goes on after what it was told. Of what it was not told it learns no more than
    /// in which minute there was something, and is shown past it again until that is over.
    fn pass(&mut self, added_us: i64, told: bool) {
        let minute = added_us.saturating_sub(added_us.rem_euclid(MINUTE_US));
        self.end.to = self.end.to.max(if told { added_us } else { minute });
    }

    /// Asks back what the follower had once and may no longer have: what it was served, whether this
    /// node still has it or not; and what was for everybody like it before its publisher marked it
    /// otherwise, which may have come to it by another way. Answers whether there was anything.
    fn take_back(&mut self, change: &ChangeRef<'_>) -> Result<bool, CellError> {
        if !self.started {
            return Ok(false);
        }
        let (id, version) = (change.id, change.version_us);
        let of = self.cell.entries_of_version(self.collection, id, version);
        // What was there once only, and not for this follower, was never served to it.
        let more = of.all.len() > 1;
        if !(self.again || more) || (change.forgotten && of.stands) {
            return Ok(false);
        }
        let here_alone = change.forgotten || self.is_of_others(change);
        let was_open = || {
            self.cleared
                .is_some_and(|cleared| cleared.admits(change.label, None))
        };
        let changed = more && !here_alone && was_open();
        let changed = changed && self.about.is_none();
        let had = self.had()?;
        let served = |number: &u64| has(had, *number);
        if !changed && !of.all.iter().any(served) {
            return Ok(false);
        }
        // If what was served is what still stands, it is the follower that has changed.
        let stands = here_alone || served(&change.number);
        self.writer.record(&Record::Forget {
            id: id.to_owned(),
            version,
            mark: (!stands).then(|| change.stamp.clone()),
        });
        Ok(true)
    }

    /// Whether the follower was served a version, as it is or as it was.
    fn has_had(&mut self, change: &ChangeRef<'_>) -> Result<bool, CellError> {
        let (id, version) = (change.id, change.version_us);
        let of = self.cell.entries_of_version(self.collection, id, version);
        let had = self.had()?;
        Ok(of.all.iter().any(|number| has(had, *number)))
    }

    /// What the follower was ever served of the collection.
    fn had(&mut self) -> Result<&[Run], CellError> {
        let had = if let Some(had) = self.had.take() {
            had
        } else {
            let ledger = &self.cell.ledger;
            ledger.flush()?;
            ledger.served_to(&self.caller.member, self.collection)?
        };
        Ok(self.had.insert(had))
    }

    fn serve(&mut self, number: u64) {
        match self.served.last_mut() {
            Some(run) if run.last + 1 == number => run.last = number,
            _ => self.served.push(Run {
                first: number,
                last: number,
            }),
        }
    }

    /// The label as the follower may know it: of other recipients it hears nothing.
    fn told(&self, label: &Label) -> Label {
        Label {
            recipients: self.only_follower(&label.recipients),
            ..label.clone()
        }
    }

    fn told_marks(&self, marks: &Marks) -> Marks {
        Marks {
            groups: marks.groups.clone(),
            recipients: self.only_follower(&marks.recipients),
        }
    }

    fn only_follower(&self, members: &BTreeSet<MemberId>) -> BTreeSet<MemberId> {
        let member = &self.caller.member;
        members
            .iter()
            .filter(|other| *other == member)
            .cloned()
            .collect()
    }
}

/// Whether an entry is in runs that grow.
pub(crate) fn has(runs: &[Run], number: u64) -> bool {
    let at = runs.partition_point(|run| run.last < number);
    runs.get(at).is_some_and(|run| run.has(number))
}

/// What the follower is to the collection, none where it may not read; and a digest that is
/// another one whenever that is.
pub(super) fn clear(
    state: &State,
    caller: &Caller,
    collection: &CollectionId,
    at: Timestamp,
) -> Result<(Option<Clearance>, [u8; 32]), CellError> {
    let (cleared, text) = match state.clearance(caller, collection, at) {
        Ok(cleared) => {
            let text = format!("{cleared:?}");
            (Some(cleared), text)
        }
        Err(Refusal::MayNotRead { .. }) => (None, "nothing".to_owned()),
        // A legal basis that has lapsed stops what would go out; it takes nothing back.
        Err(refusal) => return Err(refusal.into()),
    };
    Ok((cleared, Sha256::digest(text).into()))
}

/// The view that is told while everything is told again to who may have to give things back.
pub(super) fn under_way(view: &[u8; 32]) -> [u8; 32] {
    let mut sha = Sha256::new_with_prefix(b"under way\0");
    sha.update(view);
    sha.finalize().into()
}

fn problem(error: &CellError) -> Problem {
    let status = match error {
        CellError::Refused(Refusal::UnknownCollection { .. }) | CellError::NotFound => 404,
        CellError::Refused(_) => 403,
        CellError::NotReady => 503,
        _ => {
            tracing::error!(%error, "a follower could not be answered");
            503
        }
    };
    Problem {
        status,
        code: error.code(),
        detail: error.to_string(),
    }
}
