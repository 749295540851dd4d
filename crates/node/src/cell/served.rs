//! The ledger of what was served to whom.
//!
//! A door notes what a reply carries before it replies: that takes a short lock and no disk. At
//! least once a second a worker writes what was noted, in frames of a journal of its own, and waits
//! for the disk. Each frame is a salted tree over its records; a [`Root`] signed by the node
//! covers all frames since the last one and goes into the node's log as one leaf.
//!
//! `CRASH:` what was noted within the last second may be lost with the power; it is the one
//! thing that can be. A frame that was written and reported as failed may be written once more.

mod buffer;
mod frame;
mod index;
mod root;
mod term;

pub use portcullis_verdict::cell::{How, Run};
pub use term::Dropped;

use crate::Env;
use buffer::{BUFFER_BYTES_DUE, BUFFER_BYTES_MAX, Buffer};
use frame::{Encoded, Raw};
use index::{Index, Stretch};
use jiff::Timestamp;
use portcullis_core::{
    cell::{Caller, CollectionId},
    member::MemberId,
};
use portcullis_store::journal::{Journal, JournalError, NewFrame, Position};
use portcullis_verdict::cell::{Content, FrameSecret, Root};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

/// How long what was noted may wait for the disk.
const PACE: Duration = Duration::from_millis(500);
/// How long the disk may fail before nothing more is served.
const FAILING_MAX_US: i64 = 10_000_000;
/// How many runs are collected before they are put together.
const RUNS_UNJOINED_MAX: usize = 65_536;
/// How many runs of entries may wait for their contents to be recorded.
const CONTENTS_WAITING_MAX: usize = 65_536;

/// Nothing can be recorded, and so nothing is served.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("what is served cannot be recorded: the ledger's disk does not answer")]
pub struct NotNoted;

impl NotNoted {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        "cell.not_recorded"
    }
}

/// Why the ledger could not do something.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Its journal could not be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A root could not be signed.
    #[error("a root could not be made: {0}")]
    Root(String),
    /// A frame is not what its root says.
    #[error("a frame of the ledger at {0:?} is not what its root says")]
    Damaged(Position),
}

/// What an entry was served as.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Serving {
    /// To which member.
    pub member: MemberId,
    /// By which of its accounts.
    pub account: Option<String>,
    /// Whether the account acts for a client of the member.
    pub client: bool,
    /// From which collection.
    pub collection: CollectionId,
    /// Which of the entries asked for.
    pub number: u64,
    /// When, for the first time of those counted.
    pub at: Timestamp,
    /// By which exit.
    pub how: How,
    /// How often.
    pub times: u32,
}

/// The ledger.
pub struct Ledger {
    journal: Journal,
    env: Arc<dyn Env>,
    buffer: Mutex<Held>,
    due: Condvar,
    /// One flush at a time, so that frames stand in the order of what they tell.
    flushing: Mutex<()>,
    index: Mutex<Index>,
    /// Held by who reads at positions that the index gave, and by who drops frames: those
    /// positions may be none afterwards. Taken before the index.
    layout: RwLock<()>,
    waiting: Mutex<BTreeSet<(CollectionId, Run)>>,
}

#[derive(Default)]
struct Held {
    buffer: Buffer,
    /// Since when the disk has failed.
    failing_us: Option<i64>,
}

impl core::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ledger").finish_non_exhaustive()
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ledger {
    /// The ledger in a journal. Nothing is read yet.
    pub fn new(journal: Journal, env: Arc<dyn Env>) -> Self {
        Self {
            journal,
            env,
            buffer: Mutex::default(),
            due: Condvar::new(),
            flushing: Mutex::default(),
            index: Mutex::default(),
            layout: RwLock::default(),
            waiting: Mutex::default(),
        }
    }

    /// Notes that entries go to a caller: before the reply. No runs, nothing noted.
    ///
    /// # Errors
    ///
    /// [`NotNoted`] when the disk has failed for ten seconds, or too much waits for it.
    pub fn note(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        how: How,
        runs: &[Run],
    ) -> Result<(), NotNoted> {
        if runs.is_empty() {
            return Ok(());
        }
        let at_us = self.env.now().as_microsecond();
        let mut held = held(&self.buffer);
        let fails = |since: i64| at_us.saturating_sub(since) > FAILING_MAX_US;
        let bytes = held.buffer.bytes();
        if bytes >= BUFFER_BYTES_MAX || held.failing_us.is_some_and(fails) {
            return Err(NotNoted);
        }
        held.buffer.note(caller, collection, how, runs, at_us);
        if bytes < BUFFER_BYTES_DUE && held.buffer.bytes() >= BUFFER_BYTES_DUE {
            self.due.notify_all();
        }
        Ok(())
    }

    /// Waits until something is to be written: a moment at most, less when much was noted. For the
    /// worker that calls [`Self::flush`].
    pub fn wait(&self) {
        let held = held(&self.buffer);
        let _ = self
            .due
            .wait_timeout_while(held, PACE, |held| held.buffer.bytes() < BUFFER_BYTES_DUE);
    }

    /// Writes what was noted and waits for the disk. Answers how many records were written.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Journal`]; what was noted stays, and is written with the next call.
    pub fn flush(&self) -> Result<usize, LedgerError> {
        let _one = held(&self.flushing);
        let taken = std::mem::take(&mut held(&self.buffer).buffer);
        if taken.is_empty() {
            return Ok(0);
        }
        let (mut count, mut frames) = (0, Vec::new());
        for part in taken.parts() {
            count += part.notes.len();
            let secret = self.draw_secret();
            let (runs, whos, collections) = (part.runs, part.whos, part.collections);
            frames.push(frame::records(
                &secret,
                &part.notes,
                runs,
                whos,
                collections,
            ));
        }
        match self.append(&frames) {
            Ok(_) => {
                held(&self.buffer).failing_us = None;
                self.await_contents(&taken);
                Ok(count)
            }
            Err(error) => {
                let since = taken.first_us();
                let mut held = held(&self.buffer);
                held.failing_us = held.failing_us.or(since);
                held.buffer.put_back(taken);
                Err(error)
            }
        }
    }

    fn draw_secret(&self) -> FrameSecret {
        let mut secret = [0; 32];
        self.env.fill(&mut secret);
        FrameSecret::new(secret)
    }

    /// Appends frames; they are on the disk when this returns.
    fn append(&self, frames: &[Encoded]) -> Result<Position, LedgerError> {
        let datas: Vec<&[u8]> = frames.iter().map(|frame| &*frame.data).collect();
        let frames = frames.iter().zip(&datas);
        let frames: Vec<NewFrame<'_>> = frames
            .map(|(frame, data)| NewFrame {
                kind: frame.kind,
                table: &frame.table,
                data: std::slice::from_ref(data),
            })
            .collect();
        let written = self.journal.lock()?.append(&frames)?;
        let end = written.last().map(|last| last.end).unwrap_or_default();
        self.journal.sync(end)?;
        Ok(end)
    }

    /// The index, with what others have appended meanwhile.
    fn caught_up(&self) -> Result<MutexGuard<'_, Index>, LedgerError> {
        let mut index = held(&self.index);
        // Where somebody reads, what others have dropped is there until that is over.
        if let Ok(_nobody_reads) = self.layout.try_write()
            && !self.journal.reopen()?.is_empty()
        {
            *index = Index::default();
        }
        index.catch_up(&self.journal)?;
        Ok(index)
    }

    fn await_contents(&self, written: &Buffer) {
        let index = held(&self.index);
        let mut waiting = held(&self.waiting);
        for (collection, run) in written.entries() {
            let known = index.contents.get(&collection);
            let all = known.is_some_and(|known| known.has_all(run));
            if !all && waiting.len() < CONTENTS_WAITING_MAX {
                waiting.insert((collection, run));
            }
        }
    }

    /// Entries that were served and whose contents are not recorded: at most so many.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Journal`].
    pub fn contents_due(&self, limit: usize) -> Result<Vec<(CollectionId, u64)>, LedgerError> {
        if held(&self.waiting).is_empty() {
            return Ok(Vec::new());
        }
        let index = self.caught_up()?;
        let mut waiting = held(&self.waiting);
        let mut due = BTreeSet::new();
        while due.len() < limit
            && let Some((collection, run)) = waiting.pop_first()
        {
            let known = index.contents.get(&collection);
            for number in run.first..=run.last {
                if limit <= due.len() {
                    let first = number;
                    waiting.insert((collection, Run { first, ..run }));
                    break;
                }
                if known.is_none_or(|known| !known.has(number)) {
                    due.insert((collection, number));
                }
            }
        }
        Ok(due.into_iter().collect())
    }

    /// Which of these entries have no contents recorded.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Journal`].
    pub fn without_contents(
        &self,
        entries: &[(CollectionId, u64)],
    ) -> Result<Vec<(CollectionId, u64)>, LedgerError> {
        let index = self.caught_up()?;
        let lacks = |(collection, number): &&(CollectionId, u64)| {
            let known = index.contents.get(collection);
            known.is_none_or(|known| !known.has(*number))
        };
        Ok(entries.iter().filter(lacks).copied().collect())
    }

    /// Records what entries' bytes are, and waits for the disk.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Journal`].
    pub fn note_contents(&self, contents: &[Content]) -> Result<(), LedgerError> {
        if contents.is_empty() {
            return Ok(());
        }
        let at_us = self.env.now().as_microsecond();
        let frames: Vec<Encoded> = contents
            .chunks(frame::FRAME_RECORDS_MAX)
            .map(|some| frame::contents(&self.draw_secret(), some, at_us))
            .collect();
        self.append(&frames).map(|_| ())
    }

    /// Every serving of these entries, in the order of the ledger; the numbers of each collection
    /// grow.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Journal`].
    pub fn servings(
        &self,
        wanted: &BTreeMap<CollectionId, Vec<u64>>,
    ) -> Result<Vec<Serving>, LedgerError> {
        let mut found = Vec::new();
        self.visit(wanted, &mut |_, raw| {
            if let Raw::Served {
                who: (member, account, client),
                collection,
                at_us,
                how,
                times,
                runs,
            } = raw
                && let Ok(member) = member.parse::<MemberId>()
                && let Ok(at) = Timestamp::from_microsecond(*at_us)
            {
                for number in among(wanted, collection, runs) {
                    found.push(Serving {
                        member: member.clone(),
                        account: (!account.is_empty()).then(|| (*account).to_owned()),
                        client: *client,
                        collection: *collection,
                        number,
                        at,
                        how: *how,
                        times: *times,
                    });
                }
            }
        })?;
        Ok(found)
    }

    /// Which entries of a collection a member was ever served, by its name in manifests apart, what is
    /// dropped too: runs that grow, and neither touch nor overlap.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Journal`].
    pub fn served_to(
        &self,
        to: &MemberId,
        collection: &CollectionId,
    ) -> Result<Vec<Run>, LedgerError> {
        let (mut all, mut many) = (Vec::new(), RUNS_UNJOINED_MAX);
        self.visit(&[(*collection, Vec::new())].into(), &mut |_, raw| {
            if let Raw::Served {
                who: (member, ..),
                collection: of,
                how,
                runs,
                ..
            } = raw
                && *member == to.as_str()
                && of == collection
                && *how != How::Manifest
            {
                all.extend_from_slice(runs);
                if all.len() >= many {
                    joined(&mut all);
                    many = RUNS_UNJOINED_MAX.max(2 * all.len());
                }
            }
        })?;
        self.visit_dropped(&mut |member, of, runs| {
            if member == to.as_str() && of == collection {
                all.extend_from_slice(runs);
            }
        })?;
        joined(&mut all);
        Ok(all)
    }

    /// Which of these entries of a collection left to clients of a member by the export, as far as is
    /// known: of what is dropped, which it was served by any exit. What was served before an instant
    /// is not looked at.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Journal`].
    pub fn exported_to(
        &self,
        to: &MemberId,
        collection: &CollectionId,
        numbers: &BTreeSet<u64>,
        since_us: i64,
    ) -> Result<BTreeSet<u64>, LedgerError> {
        let mut found = BTreeSet::new();
        if numbers.is_empty() {
            return Ok(found);
        }
        let mut add = |runs: &[Run]| {
            for run in runs {
                found.extend(numbers.range(run.first..=run.last));
            }
            found.len() == numbers.len()
        };
        let mut all = false;
        self.visit_dropped(&mut |member, of, runs| {
            all |= member == to.as_str() && of == collection && add(runs);
        })?;
        drop(self.caught_up()?);
        let _stays = self.layout.read().unwrap_or_else(PoisonError::into_inner);
        let stretches = self.caught_up()?.stretches.clone();
        let stretches = stretches.iter().filter(|stretch| {
            since_us <= stretch.last_us && stretch.collections.contains(collection)
        });
        for stretch in stretches {
            if all {
                break;
            }
            self.visit_stretch(stretch, &mut |_, raw| {
                if let Raw::Served {
                    who: (member, account, client),
                    collection: of,
                    how: How::Export,
                    runs,
                    ..
                } = raw
                    && *member == to.as_str()
                    && account.is_empty()
                    && *client
                    && of == collection
                {
                    all |= add(runs);
                }
            })?;
        }
        Ok(found)
    }

    /// Shows the records of these collections, each with its frame's place and its own in it.
    fn visit(
        &self,
        wanted: &BTreeMap<CollectionId, Vec<u64>>,
        f: &mut dyn FnMut((Position, u32), &Raw<'_>),
    ) -> Result<(), LedgerError> {
        drop(self.caught_up()?);
        let _stays = self.layout.read().unwrap_or_else(PoisonError::into_inner);
        self.visit_where_it_stays(wanted, f)
    }

    fn visit_where_it_stays(
        &self,
        wanted: &BTreeMap<CollectionId, Vec<u64>>,
        f: &mut dyn FnMut((Position, u32), &Raw<'_>),
    ) -> Result<(), LedgerError> {
        let stretches: Vec<_> = self
            .caught_up()?
            .stretches
            .iter()
            .filter(|stretch| wanted.keys().any(|id| stretch.collections.contains(id)))
            .cloned()
            .collect();
        for stretch in stretches {
            self.visit_stretch(&stretch, f)?;
        }
        Ok(())
    }

    fn visit_stretch(
        &self,
        stretch: &Stretch,
        f: &mut dyn FnMut((Position, u32), &Raw<'_>),
    ) -> Result<(), LedgerError> {
        let mut failed = None;
        self.journal.scan(stretch.from, &mut |frame| {
            if stretch.end <= frame.at {
                return ControlFlow::Break(());
            }
            if !matches!(frame.kind, frame::RECORDS | frame::CONTENTS) {
                return ControlFlow::Continue(());
            }
            match frame.data() {
                Ok(data) => {
                    let mut place = 0;
                    let whole = frame::visit(frame.kind, &data, &mut |raw| {
                        f((frame.at, place), raw);
                        place += 1;
                    });
                    if whole.is_none() {
                        failed = Some(LedgerError::Damaged(frame.at));
                    }
                }
                Err(error) => failed = Some(error.into()),
            }
            if failed.is_some() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        failed.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
impl Ledger {
    /// What of it is on the disk, in a test's memory.
    pub(crate) fn image(&self) -> portcullis_store::journal::Image {
        self.journal.image(true).unwrap()
    }
}

/// Puts runs in order, and those together that touch.
fn joined(runs: &mut Vec<Run>) {
    runs.sort_unstable_by_key(|run| run.first);
    runs.dedup_by(|next, before| {
        let touches = next.first <= before.last.saturating_add(1);
        if touches {
            before.last = before.last.max(next.last);
        }
        touches
    });
}

/// Which of the numbers wanted the runs have.
fn among<'a>(
    wanted: &'a BTreeMap<CollectionId, Vec<u64>>,
    collection: &CollectionId,
    runs: &'a [Run],
) -> impl Iterator<Item = u64> + 'a {
    let numbers = wanted
        .get(collection)
        .map(Vec::as_slice)
        .unwrap_or_default();
    runs.iter().flat_map(move |run| {
        let from = numbers.partition_point(|number| *number < run.first);
        let rest = numbers.get(from..).unwrap_or_default().iter().copied();
        rest.take_while(|number| *number <= run.last)
    })
}

#[cfg(test)]
mod tests;
