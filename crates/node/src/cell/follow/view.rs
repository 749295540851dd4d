//! What is to be seen of a follow: where it stands, what waits, what went wrong.
//!
//! Kept in memory, and given over to the next process by whoever keeps it
//! (`Cell::resume_follow`): where a follow goes on stands in the journal.

use super::{FollowError, Step, peer};
use crate::cell::{Run, feed::Told};
use jiff::Timestamp;
use portcullis_core::cell::{
    CollectionId, FollowId, RecallId,
    follow::{Follow, Source},
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The most of what was not taken that is remembered of one follow; the newest stay.
pub const NOTES_MAX: usize = 1000;

/// How often what one source says makes others be asked from the start, at most: a minute.
const AGAIN_EVERY_US: i64 = 60 * 1_000_000;

/// Something that came and was not taken, or not mapped.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub struct Noted {
    /// What: an object's id, a path in a MISP event, or the comparison with a server's manifest.
    pub what: String,
    /// Why not.
    pub why: String,
}

/// How a follow stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FollowState {
    /// Nothing has come over yet.
    New,
    /// There is more at the source.
    Behind,
    /// All that the source showed when it was last asked is here.
    InStep,
    /// The last step failed; it is tried again.
    Failing,
    /// The source's member lets ours read nothing of it.
    Out,
    /// It rests, as it was told to.
    Paused,
}

/// A follow, to be looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FollowView {
    /// Which.
    pub follow: FollowId,
    /// What is followed.
    pub source: Source,
    /// Into which of our collections.
    pub collection: CollectionId,
    /// The cursor in the journal, as it is written.
    pub position: Option<String>,
    /// How many changes still wait at the source, where it says so.
    pub behind: Option<u64>,
    /// When a step last went well.
    pub last_ok: Option<Timestamp>,
    /// Why the last step failed, and when; none after a good one.
    pub last_error: Option<(Timestamp, String)>,
    /// How it stands.
    pub state: FollowState,
    /// How many changes came over that we did not have, in this process.
    pub fresh: u64,
    /// What was not taken, and why; the newest last.
    pub notes: Vec<Noted>,
}

/// What this process knows of its follows.
#[derive(Debug, Default)]
pub(crate) struct Working(Mutex<BTreeMap<FollowId, One>>);

#[derive(Debug, Default)]
struct One {
    behind: Option<u64>,
    more: bool,
    last_ok: Option<Timestamp>,
    last_error: Option<(Timestamp, String)>,
    failures: u32,
    /// How often it was told to rest or to go on.
    turns: u64,
    fresh: u64,
    notes: VecDeque<Noted>,
    /// The recalls on which the source waits; none before it has said so.
    waits_for: Option<BTreeSet<RecallId>>,
    /// When the server's manifest was last held against ours, in microseconds.
    compared_us: Option<i64>,
    /// When others were last asked again because of what this source said, in microseconds.
    again_us: Option<i64>,
    /// Whether the source takes replies, as it last said.
    hears: bool,
    /// Until when it is left alone with them, in microseconds.
    refused_until_us: i64,
    /// Up to where it was told what is said here of its objects, and what this node was when it was
    /// last looked whether there is more.
    told: Option<Told>,
    looked_at: Option<(i64, u64)>,
    /// `told`, as it was when something was last told: it goes into the journal.
    replied: Option<Told>,
    telling: Arc<Telling>,
}

/// Whoever tells a source has it locked; which entries are noted as served to it since it was last
/// tried.
type Telling = Mutex<Vec<Run>>;

impl Working {
    fn all(&self) -> MutexGuard<'_, BTreeMap<FollowId, One>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn forget(&self, follow: &FollowId) {
        self.all().remove(follow);
    }

    pub(super) fn resume(&self, follow: &FollowId, notes: Vec<Noted>, last_ok: Option<Timestamp>) {
        let mut all = self.all();
        let one = all.entry(*follow).or_default();
        one.last_ok = one.last_ok.or(last_ok);
        let own = std::mem::take(&mut one.notes);
        let earlier = notes.into_iter().filter(|note| !own.contains(note));
        let all: Vec<Noted> = earlier.chain(own.iter().cloned()).collect();
        let first = all.len().saturating_sub(NOTES_MAX);
        one.notes = all.into_iter().skip(first).collect();
    }

    pub(super) fn went_well(&self, follow: &FollowId, step: Step, now: Timestamp) {
        let mut all = self.all();
        let one = all.entry(*follow).or_default();
        one.behind = step.behind;
        one.more = step.more;
        one.last_ok = Some(now);
        (one.last_error, one.failures) = (None, 0);
        one.fresh += step.fresh as u64;
        for note in step.notes {
            if one.notes.contains(&note) {
                continue;
            }
            if one.notes.len() == NOTES_MAX {
                one.notes.pop_front();
            }
            one.notes.push_back(note);
        }
    }

    /// Notes a failure; answers how many there were in a row.
    pub(super) fn failed(&self, follow: &FollowId, error: &FollowError, now: Timestamp) -> u32 {
        let mut all = self.all();
        let one = all.entry(*follow).or_default();
        one.last_error = Some((now, error.to_string()));
        one.failures = one.failures.saturating_add(1);
        one.failures
    }

    /// It was told to rest, or to go on: earlier failures keep it waiting no longer.
    pub(crate) fn turned(&self, follow: &FollowId) {
        let mut all = self.all();
        let one = all.entry(*follow).or_default();
        (one.failures, one.turns) = (0, one.turns + 1);
    }

    pub(super) fn turns(&self, follow: &FollowId) -> u64 {
        self.all().get(follow).map_or(0, |one| one.turns)
    }

    /// The recalls on which a source waits; none where it has not said so to this process.
    pub(super) fn waits_for(&self, follow: &FollowId) -> Option<BTreeSet<RecallId>> {
        self.all().get(follow)?.waits_for.clone()
    }

    pub(super) fn set_waits_for(&self, follow: &FollowId, recalls: BTreeSet<RecallId>) {
        self.all().entry(*follow).or_default().waits_for = Some(recalls);
    }

    pub(super) fn set_hears(&self, follow: &FollowId, hears: bool) {
        self.all().entry(*follow).or_default().hears = hears;
    }

    /// Whether the source takes replies now.
    pub(super) fn may_reply(&self, follow: &FollowId, now_us: i64) -> bool {
        let all = self.all();
        let hears = |one: &One| one.hears && one.refused_until_us <= now_us;
        all.get(follow).is_some_and(hears)
    }

    pub(super) fn telling(&self, follow: &FollowId) -> Arc<Telling> {
        Arc::clone(&self.all().entry(*follow).or_default().telling)
    }

    /// After what to look for replies; none where nothing has happened at this node since it was
    /// last looked.
    pub(super) fn to_reply(
        &self,
        follow: &FollowId,
        now: (i64, u64),
        journal: Option<&Told>,
    ) -> Option<Told> {
        let mut all = self.all();
        let one = all.entry(*follow).or_default();
        if one.looked_at == Some(now) {
            return None;
        }
        Some(one.told.as_ref().or(journal).cloned().unwrap_or_default())
    }

    /// There was nothing to tell up to there.
    pub(super) fn looked(&self, follow: &FollowId, at: (i64, u64), told: Told) {
        let mut all = self.all();
        let one = all.entry(*follow).or_default();
        (one.looked_at, one.told) = (Some(at), Some(told));
    }

    /// The source has been told up to there.
    pub(super) fn replied(&self, follow: &FollowId, told: Told) {
        let mut all = self.all();
        let one = all.entry(*follow).or_default();
        (one.told, one.replied) = (Some(told.clone()), Some(told));
    }

    /// Up to where the source has been told, where this process has told it anything; and up to
    /// where there was nothing more to tell.
    pub(super) fn has_replied(&self, follow: &FollowId) -> (Option<Told>, Option<Told>) {
        let all = self.all();
        let one = all.get(follow);
        one.map(|one| (one.replied.clone(), one.told.clone()))
            .unwrap_or_default()
    }

    pub(super) fn refused_replies(&self, follow: &FollowId, until_us: i64) {
        self.all().entry(*follow).or_default().refused_until_us = until_us;
    }

    pub(super) fn compared_us(&self, follow: &FollowId) -> Option<i64> {
        self.all().get(follow)?.compared_us
    }

    pub(super) fn set_compared_us(&self, follow: &FollowId, now_us: i64) {
        self.all().entry(*follow).or_default().compared_us = Some(now_us);
    }

    /// Whether others may be asked again because of what this source says: at most once a minute,
    /// whatever it says.
    pub(super) fn may_ask_again(&self, follow: &FollowId, now_us: i64) -> bool {
        let mut all = self.all();
        let one = all.entry(*follow).or_default();
        let may = one
            .again_us
            .is_none_or(|last| last.saturating_add(AGAIN_EVERY_US) <= now_us);
        if may {
            one.again_us = Some(now_us);
        }
        may
    }

    pub(super) fn view(&self, follow: &FollowId, held: &Follow) -> FollowView {
        let all = self.all();
        let nothing = One::default();
        let one = all.get(follow).unwrap_or(&nothing);
        let state = if held.paused {
            FollowState::Paused
        } else if one.last_error.is_some() {
            FollowState::Failing
        } else if held.cursor.is_none() {
            FollowState::New
        } else if one.more {
            FollowState::Behind
        } else if peer::is_out(held) {
            FollowState::Out
        } else {
            FollowState::InStep
        };
        FollowView {
            follow: *follow,
            source: held.source.clone(),
            collection: held.into,
            position: held.cursor.clone(),
            behind: one.behind,
            last_ok: one.last_ok,
            last_error: one.last_error.clone(),
            state,
            fresh: one.fresh,
            notes: one.notes.iter().cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(what: usize) -> Noted {
        Noted {
            what: what.to_string(),
            why: "it says so".into(),
        }
    }

    #[test]
    fn what_an_earlier_process_saw_goes_before_what_this_one_sees() {
        let (working, follow) = (Working::default(), FollowId::from_bytes([1; 16]));
        let at = |second| Timestamp::from_second(second).unwrap();
        let step = Step {
            notes: vec![note(2), note(3)],
            ..Step::default()
        };
        working.went_well(&follow, step, at(9));
        working.resume(&follow, vec![note(1), note(2)], Some(at(5)));
        let all = working.all();
        let one = &all[&follow];
        assert_eq!(one.notes, [note(1), note(2), note(3)]);
        assert_eq!(one.last_ok, Some(at(9)));
        drop(all);
        let many = (10..10 + NOTES_MAX).map(note).collect();
        working.resume(&follow, many, None);
        let all = working.all();
        let notes = &all[&follow].notes;
        assert_eq!((notes.len(), notes.back()), (NOTES_MAX, Some(&note(3))));
    }
}
