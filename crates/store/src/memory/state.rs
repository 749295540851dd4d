//! What the memory driver holds, and the changes to it that take more than a line.

use crate::{
    log::{Aside, Batch, Leaf, LeafId, LogAppend, LogError, LogState},
    outbox::{Delivery, DeliveryId, DeliveryState, DeliveryStatus, TurnedAway},
    record::{CaseRecord, Commit, CommitError, NewLeaf, StatementRecord, Summary},
    register::RegisterRecord,
    view::QueueRow,
    witness::Witnessed,
};
use jiff::Timestamp;
use portcullis_core::{digest::Digest, id::CaseId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) changes: u64,
    pub(super) cases: BTreeMap<CaseId, (CaseRecord, Summary)>,
    pub(super) home: BTreeMap<Digest, CaseId>,
    pub(super) deliveries: Vec<DeliveryStatus>,
    pub(super) turned_away: VecDeque<TurnedAway>,
    pub(super) leaves: Vec<(Leaf, Option<(String, u64)>)>,
    pub(super) logs: BTreeMap<String, LogState>,
    pub(super) batches: BTreeMap<(String, u64), Batch>,
    pub(super) witnessed: BTreeMap<String, Witnessed>,
    pub(super) registers: Vec<RegisterRecord>,
    pub(super) promises: BTreeMap<Digest, Vec<u8>>,
    pub(super) asides: BTreeMap<Digest, Aside>,
    pub(super) meta: BTreeMap<String, Vec<u8>>,
    pub(super) leases: BTreeMap<String, (String, Timestamp)>,
}

/// Puts a leaf behind those that wait.
pub(super) fn queue(leaves: &mut Vec<(Leaf, Option<(String, u64)>)>, new: NewLeaf) {
    let leaf = Leaf {
        id: LeafId(leaves.len() as u64 + 1),
        statement: new.statement,
        ordinal: new.ordinal,
        entry: new.entry,
        opening: new.opening,
    };
    leaves.push((leaf, None));
}

impl State {
    pub(super) fn commit(&mut self, commit: Commit) -> Result<u64, CommitError> {
        let commit = commit.kept();
        self.check(&commit)?;
        let new = || CaseRecord {
            version: 0,
            statements: Vec::new(),
            erased: false,
        };
        let (case, summary) = self
            .cases
            .entry(commit.case)
            .or_insert_with(|| (new(), commit.summary.clone()));
        case.version += 1;
        if commit.erase {
            case.erased = true;
            for old in &mut case.statements {
                (old.envelope, old.judged, old.attachment) = (Vec::new(), Vec::new(), None);
                old.proof = Some(Vec::new());
            }
            let held = |leaf: &Leaf| {
                case.statements
                    .iter()
                    .any(|old| old.digest == leaf.statement)
            };
            self.leaves
                .iter_mut()
                .filter(|(leaf, _)| held(leaf))
                .for_each(|(leaf, _)| leaf.opening = Vec::new());
        }
        self.home.extend(
            commit
                .statements
                .iter()
                .map(|statement| (statement.digest, commit.case)),
        );
        case.statements.extend(commit.statements);
        for new in commit.leaves {
            queue(&mut self.leaves, new);
        }
        for new in commit.deliveries {
            let id = DeliveryId(self.deliveries.len() as u64 + 1);
            let delivery = Delivery {
                id,
                peer: new.peer,
                case: commit.case,
                statements: new.statements,
                attempts: 0,
            };
            let state = DeliveryState::Pending {
                due_at: commit.summary.updated_at,
                code: None,
            };
            self.deliveries.push(DeliveryStatus { delivery, state });
        }
        for (digest, proof) in commit.proofs {
            case.statements
                .iter_mut()
                .filter(|held| held.digest == digest)
                .for_each(|held| {
                    held.proof.get_or_insert(proof.clone());
                });
        }
        *summary = commit.summary;
        Ok(case.version)
    }

    fn check(&self, commit: &Commit) -> Result<(), CommitError> {
        let case = self.cases.get(&commit.case).map(|(case, _)| case);
        let found = case.map_or(0, |case| case.version);
        if found != commit.expected {
            return Err(CommitError::Conflict { found });
        }
        let held = case.map_or(&[][..], |case| &case.statements);
        let mut numbers: BTreeSet<_> = held
            .iter()
            .map(|held| (&held.author, held.number))
            .collect();
        let mut digests: BTreeSet<_> = held.iter().map(|held| held.digest).collect();
        for new in &commit.statements {
            let fresh = numbers.insert((&new.author, new.number)) && digests.insert(new.digest);
            if !fresh || self.home.contains_key(&new.digest) {
                return Err(CommitError::Duplicate);
            }
        }
        let touched = |leaf: &Leaf| {
            commit
                .leaves
                .iter()
                .any(|new| new.statement == leaf.statement)
        };
        let held = self
            .leaves
            .iter()
            .map(|(leaf, _)| leaf)
            .filter(|leaf| touched(leaf));
        let mut leaves: BTreeSet<_> = held.map(|leaf| (leaf.statement, leaf.ordinal)).collect();
        for new in &commit.leaves {
            if !digests.contains(&new.statement) {
                return Err(CommitError::NoStatement(new.statement));
            }
            if !leaves.insert((new.statement, new.ordinal)) {
                return Err(CommitError::Duplicate);
            }
        }
        match commit
            .proofs
            .iter()
            .find(|(digest, _)| !digests.contains(digest))
        {
            Some((digest, _)) => Err(CommitError::NoStatement(*digest)),
            None => Ok(()),
        }
    }

    pub(super) fn statement(&self, digest: &Digest) -> Option<(CaseId, &StatementRecord)> {
        let case = self.home.get(digest)?;
        let (record, _) = self.cases.get(case)?;
        record
            .statements
            .iter()
            .find(|held| held.digest == *digest)
            .map(|held| (*case, held))
    }

    /// Deliveries whose turn it is: the first pending of each peer and case.
    pub(super) fn turns(&self) -> Vec<(Timestamp, &Delivery)> {
        let mut seen = BTreeSet::new();
        let pending = self
            .deliveries
            .iter()
            .filter_map(|status| match &status.state {
                DeliveryState::Pending { due_at, .. } => Some((*due_at, &status.delivery)),
                DeliveryState::Delivered | DeliveryState::TurnedDown { .. } => None,
            });
        let mut turns: Vec<_> = pending
            .filter(|(_, delivery)| seen.insert((&delivery.peer, delivery.case)))
            .collect();
        turns.sort_by_key(|(due_at, delivery)| (*due_at, delivery.id));
        turns
    }

    pub(super) fn pending(&mut self, id: DeliveryId) -> Option<&mut DeliveryStatus> {
        let pending =
            |status: &&mut DeliveryStatus| matches!(status.state, DeliveryState::Pending { .. });
        self.deliveries
            .iter_mut()
            .filter(pending)
            .find(|status| status.delivery.id == id)
    }

    pub(super) fn log_append(&mut self, append: LogAppend) -> Result<(), LogError> {
        append.check(self.logs.get(&append.origin))?;
        let queued = self.leaves.iter().filter(|(_, place)| place.is_none());
        let mut queued: BTreeMap<_, _> = queued
            .map(|(leaf, _)| (leaf.id, leaf.entry.as_slice()))
            .collect();
        for (id, index) in &append.placed {
            if queued
                .remove(id)
                .is_none_or(|entry| append.entry(*index) != Some(entry))
            {
                return Err(LogError::NotQueued(*id));
            }
        }
        let places: BTreeMap<_, _> = append.placed.into_iter().collect();
        for (leaf, place) in &mut self.leaves {
            if let Some(index) = places.get(&leaf.id) {
                *place = Some((append.origin.clone(), *index));
                leaf.entry = Vec::new();
            }
        }
        if !append.entries.is_empty() {
            let batch = Batch {
                start: append.expected_size,
                size: append.size,
                entries: append.entries,
            };
            self.batches
                .insert((append.origin.clone(), append.expected_size), batch);
        }
        let before = self.logs.get(&append.origin);
        let log = LogState {
            size: append.size,
            root: append.root,
            frontier: append.frontier,
            checkpoint: append.checkpoint,
            cosigned: before.and_then(|log| log.cosigned.clone()),
            cosigned_size: before.map_or(0, |log| log.cosigned_size),
            closed: false,
            origin: append.origin.clone(),
        };
        self.logs.insert(append.origin, log);
        Ok(())
    }

    /// Whether the statement is ours, has no proof, and all its leaves are cosigned.
    pub(super) fn provable(&self, statement: &Digest, origin: &str, size: u64) -> Option<CaseId> {
        let (case, record) = self.statement(statement)?;
        let covered = |place: &Option<(String, u64)>| match place {
            Some((log, index)) if log == origin => *index < size,
            Some((log, index)) => self
                .logs
                .get(log)
                .is_some_and(|log| *index < log.cosigned_size),
            None => false,
        };
        let all = self
            .leaves
            .iter()
            .filter(|(leaf, _)| leaf.statement == *statement)
            .all(|(_, at)| covered(at));
        (record.ours && record.proof.is_none() && all).then_some(case)
    }
}

/// A case as the queue shows it.
pub(super) fn row((case, (record, summary)): (&CaseId, &(CaseRecord, Summary))) -> QueueRow {
    QueueRow {
        case: *case,
        version: record.version,
        erased: record.erased,
        summary: summary.clone(),
    }
}
