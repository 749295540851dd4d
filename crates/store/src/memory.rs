//! The contract in the fewest lines: everything in one value behind one lock.
//!
//! Also the store of the simulator, which takes a [`Snapshot`] before a crash
//! or a restore from backup and puts it back.

use crate::{
    driver::Driver,
    error::Unavailable,
    log::{BATCHES_MAX, Batch, Leaf, LeafId, LogAppend, LogError, LogState, PlacedLeaf},
    outbox::{Delivery, DeliveryId, DeliveryState, DeliveryStatus, TURNED_AWAY_MAX, TurnedAway},
    record::{CaseRecord, Commit, CommitError, StatementRecord, Summary, kept},
    register::RegisterRecord,
    view::{Cursor, Filter, PAGE_ROWS_MAX, Page, QueueRow},
    witness::{self, WitnessError, Witnessed},
};
use jiff::Timestamp;
use portcullis_core::{digest::Digest, id::CaseId, member::MemberId};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A store in memory. Clones share what they hold.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<State>>);

/// Everything a [`Memory`] held at one moment.
#[derive(Clone)]
pub struct Snapshot(State);

#[derive(Clone, Default)]
struct State {
    changes: u64,
    cases: BTreeMap<CaseId, (CaseRecord, Summary)>,
    home: BTreeMap<Digest, CaseId>,
    deliveries: Vec<DeliveryStatus>,
    turned_away: VecDeque<TurnedAway>,
    leaves: Vec<(Leaf, Option<(String, u64)>)>,
    logs: BTreeMap<String, LogState>,
    batches: BTreeMap<(String, u64), Batch>,
    witnessed: BTreeMap<String, Witnessed>,
    registers: Vec<RegisterRecord>,
    promises: BTreeMap<Digest, Vec<u8>>,
    meta: BTreeMap<String, Vec<u8>>,
    leases: BTreeMap<String, (String, Timestamp)>,
}

impl Memory {
    /// Everything as it is now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.read().clone())
    }

    /// Puts everything back as it was; [`Driver::changes`] moves on all the
    /// same.
    pub fn restore(&self, snapshot: &Snapshot) {
        let mut state = self.write();
        let changes = state.changes;
        *state = State {
            changes,
            ..snapshot.0.clone()
        };
    }

    fn read(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> MutexGuard<'_, State> {
        let mut state = self.read();
        state.changes += 1;
        state
    }
}

impl State {
    fn commit(&mut self, commit: Commit) -> Result<u64, CommitError> {
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
            let id = LeafId(self.leaves.len() as u64 + 1);
            let leaf = Leaf {
                id,
                statement: new.statement,
                ordinal: new.ordinal,
                entry: new.entry,
                opening: new.opening,
            };
            self.leaves.push((leaf, None));
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
        let mut leaves: BTreeSet<_> = self
            .leaves
            .iter()
            .map(|(leaf, _)| (leaf.statement, leaf.ordinal))
            .collect();
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

    fn statement(&self, digest: &Digest) -> Option<(CaseId, &StatementRecord)> {
        let case = self.home.get(digest)?;
        let (record, _) = self.cases.get(case)?;
        record
            .statements
            .iter()
            .find(|held| held.digest == *digest)
            .map(|held| (*case, held))
    }

    /// Deliveries whose turn it is: the first pending of each peer and case.
    fn turns(&self) -> Vec<(Timestamp, &Delivery)> {
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

    fn pending(&mut self, id: DeliveryId) -> Option<&mut DeliveryStatus> {
        let pending =
            |status: &&mut DeliveryStatus| matches!(status.state, DeliveryState::Pending { .. });
        self.deliveries
            .iter_mut()
            .filter(pending)
            .find(|status| status.delivery.id == id)
    }

    fn log_append(&mut self, append: LogAppend) -> Result<(), LogError> {
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
    fn provable(&self, statement: &Digest, origin: &str, size: u64) -> Option<CaseId> {
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

fn row((case, (record, summary)): (&CaseId, &(CaseRecord, Summary))) -> QueueRow {
    QueueRow {
        case: *case,
        version: record.version,
        erased: record.erased,
        summary: summary.clone(),
    }
}

impl Driver for Memory {
    fn commit(&self, commits: Vec<Commit>) -> Vec<Result<u64, CommitError>> {
        let mut state = self.write();
        commits
            .into_iter()
            .map(|commit| state.commit(commit))
            .collect()
    }

    fn case(&self, case: &CaseId) -> Result<Option<CaseRecord>, Unavailable> {
        Ok(self
            .read()
            .cases
            .get(case)
            .map(|(record, _)| record.clone()))
    }

    fn statement(&self, digest: &Digest) -> Result<Option<(CaseId, StatementRecord)>, Unavailable> {
        Ok(self
            .read()
            .statement(digest)
            .map(|(case, record)| (case, record.clone())))
    }

    fn attach_proofs(&self, proofs: Vec<(Digest, Vec<u8>)>) -> Result<(), Unavailable> {
        let mut state = self.write();
        let proofs: BTreeMap<_, _> = proofs.into_iter().rev().collect();
        let held = state
            .cases
            .values_mut()
            .flat_map(|(case, _)| &mut case.statements);
        for statement in held.filter(|held| held.proof.is_none()) {
            statement.proof = proofs.get(&statement.digest).cloned();
        }
        Ok(())
    }

    fn deliveries_due(
        &self,
        peer: &MemberId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Delivery>, Unavailable> {
        let state = self.read();
        let due = state
            .turns()
            .into_iter()
            .filter(|(due_at, turn)| turn.peer == *peer && *due_at <= now);
        Ok(due
            .take(limit)
            .map(|(_, delivery)| delivery.clone())
            .collect())
    }

    fn peers_with_deliveries(&self, now: Timestamp) -> Result<Vec<MemberId>, Unavailable> {
        let state = self.read();
        let due = state
            .turns()
            .into_iter()
            .filter(|(due_at, _)| *due_at <= now);
        Ok(due
            .map(|(_, delivery)| delivery.peer.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect())
    }

    fn next_delivery(&self) -> Result<Option<Timestamp>, Unavailable> {
        Ok(self.read().turns().first().map(|(due_at, _)| *due_at))
    }

    fn delivery_status(&self, case: &CaseId) -> Result<Vec<DeliveryStatus>, Unavailable> {
        let of_case = |status: &&DeliveryStatus| status.delivery.case == *case;
        Ok(self
            .read()
            .deliveries
            .iter()
            .filter(of_case)
            .cloned()
            .collect())
    }

    fn delivered_all(&self, ids: &[DeliveryId]) -> Result<(), Unavailable> {
        let mut state = self.write();
        for id in ids {
            if let Some(status) = state.pending(*id) {
                status.state = DeliveryState::Delivered;
            }
        }
        Ok(())
    }

    fn postponed(&self, id: DeliveryId, next_at: Timestamp, code: &str) -> Result<(), Unavailable> {
        if let Some(status) = self.write().pending(id) {
            status.delivery.attempts = status.delivery.attempts.saturating_add(1);
            status.state = DeliveryState::Pending {
                due_at: kept(next_at),
                code: Some(code.to_owned()),
            };
        }
        Ok(())
    }

    fn turned_down(&self, id: DeliveryId, code: &str, detail: &str) -> Result<(), Unavailable> {
        if let Some(status) = self.write().pending(id) {
            status.state = DeliveryState::TurnedDown {
                code: code.to_owned(),
                detail: detail.to_owned(),
            };
        }
        Ok(())
    }

    fn turned_away(&self, entry: TurnedAway) -> Result<(), Unavailable> {
        let mut state = self.write();
        state.turned_away.push_front(TurnedAway {
            at: kept(entry.at),
            ..entry
        });
        state.turned_away.truncate(TURNED_AWAY_MAX);
        Ok(())
    }

    fn turned_away_list(&self, limit: usize) -> Result<Vec<TurnedAway>, Unavailable> {
        Ok(self
            .read()
            .turned_away
            .iter()
            .take(limit)
            .cloned()
            .collect())
    }

    fn origins(&self) -> Result<Vec<String>, Unavailable> {
        Ok(self.read().logs.keys().cloned().collect())
    }

    fn log(&self, origin: &str) -> Result<Option<LogState>, Unavailable> {
        Ok(self.read().logs.get(origin).cloned())
    }

    fn queued_leaves(&self, limit: usize) -> Result<Vec<Leaf>, Unavailable> {
        let state = self.read();
        let queued = state.leaves.iter().filter(|(_, place)| place.is_none());
        Ok(queued.take(limit).map(|(leaf, _)| leaf.clone()).collect())
    }

    fn queued_count(&self) -> Result<u64, Unavailable> {
        Ok(self
            .read()
            .leaves
            .iter()
            .filter(|(_, place)| place.is_none())
            .count() as u64)
    }

    fn log_append(&self, append: LogAppend) -> Result<(), LogError> {
        self.write().log_append(append)
    }

    fn batches(&self, origin: &str, from_size: u64) -> Result<Vec<Batch>, Unavailable> {
        let state = self.read();
        let wanted = state
            .batches
            .iter()
            .filter(|((log, _), batch)| log == origin && batch.size > from_size);
        Ok(wanted
            .take(BATCHES_MAX)
            .map(|(_, batch)| batch.clone())
            .collect())
    }

    fn published(&self, origin: &str, up_to: u64) -> Result<(), Unavailable> {
        self.write()
            .batches
            .retain(|(log, _), batch| log != origin || batch.size > up_to);
        Ok(())
    }

    fn set_cosigned(&self, origin: &str, size: u64, note: &[u8]) -> Result<(), LogError> {
        let mut state = self.write();
        let log = state.logs.get_mut(origin).ok_or(LogError::NoLog)?;
        log.check_cosigned(size)?;
        (log.cosigned, log.cosigned_size) = (Some(note.to_vec()), size);
        Ok(())
    }

    fn close_log(&self, origin: &str) -> Result<(), LogError> {
        self.write()
            .logs
            .get_mut(origin)
            .ok_or(LogError::NoLog)?
            .closed = true;
        Ok(())
    }

    fn leaves_of(&self, statement: &Digest) -> Result<Vec<PlacedLeaf>, Unavailable> {
        let state = self.read();
        let of_statement = state
            .leaves
            .iter()
            .filter(|(leaf, _)| leaf.statement == *statement);
        let mut placed: Vec<_> = of_statement
            .filter_map(|(leaf, place)| {
                let (origin, index) = place.clone()?;
                Some(PlacedLeaf {
                    ordinal: leaf.ordinal,
                    origin,
                    index,
                    opening: leaf.opening.clone(),
                })
            })
            .collect();
        placed.sort_by_key(|leaf| leaf.ordinal);
        Ok(placed)
    }

    fn leaves_cosigned_without_proof(
        &self,
        origin: &str,
        size: u64,
        limit: usize,
    ) -> Result<Vec<(CaseId, Digest)>, Unavailable> {
        let state = self.read();
        let placed: BTreeMap<_, _> = state
            .leaves
            .iter()
            .filter_map(|(leaf, place)| match place {
                Some((log, index)) if log == origin && *index < size => {
                    Some((*index, leaf.statement))
                }
                _ => None,
            })
            .collect();
        let mut seen = BTreeSet::new();
        let statements = placed
            .into_values()
            .filter(|statement| seen.insert(*statement));
        let provable =
            statements.filter_map(|digest| Some((state.provable(&digest, origin, size)?, digest)));
        Ok(provable.take(limit).collect())
    }

    fn witnessed(&self, origin: &str) -> Result<Option<Witnessed>, Unavailable> {
        Ok(self.read().witnessed.get(origin).cloned())
    }

    fn witness_advance(
        &self,
        origin: &str,
        expected: Option<u64>,
        to: Witnessed,
    ) -> Result<(), WitnessError> {
        let mut state = self.write();
        witness::check(state.witnessed.get(origin), expected, &to)?;
        state.witnessed.insert(origin.to_owned(), to);
        Ok(())
    }

    fn registers(&self) -> Result<Vec<RegisterRecord>, Unavailable> {
        let mut registers = self.read().registers.clone();
        registers.sort_by_key(|record| (record.register, record.version));
        Ok(registers)
    }

    fn add_register(&self, record: RegisterRecord) -> Result<bool, Unavailable> {
        let mut state = self.write();
        let key = |held: &RegisterRecord| (held.register, held.version);
        let same = |held: &&mut RegisterRecord| {
            key(held) == key(&record) && held.envelope == record.envelope
        };
        if let Some(held) = state.registers.iter_mut().find(same) {
            held.proof = held.proof.take().or(record.proof);
            return Ok(false);
        }
        state.registers.push(RegisterRecord {
            stored_at: kept(record.stored_at),
            ..record
        });
        Ok(true)
    }

    fn add_promise(&self, statement: &Digest, promise: &[u8]) -> Result<bool, Unavailable> {
        let mut state = self.write();
        let new = !state.promises.contains_key(statement);
        state
            .promises
            .entry(*statement)
            .or_insert_with(|| promise.to_vec());
        Ok(new)
    }

    fn promise(&self, statement: &Digest) -> Result<Option<Vec<u8>>, Unavailable> {
        Ok(self.read().promises.get(statement).cloned())
    }

    fn promises(&self) -> Result<Vec<(Digest, Vec<u8>)>, Unavailable> {
        Ok(self
            .read()
            .promises
            .iter()
            .map(|(statement, promise)| (*statement, promise.clone()))
            .collect())
    }

    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, Unavailable> {
        Ok(self.read().meta.get(key).cloned())
    }

    fn set_meta(&self, key: &str, value: &[u8]) -> Result<(), Unavailable> {
        self.write().meta.insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn lease(
        &self,
        name: &str,
        holder: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        let mut state = self.write();
        let taken = state
            .leases
            .get(name)
            .is_some_and(|(other, end)| other != holder && *end > now);
        if !taken {
            state
                .leases
                .insert(name.to_owned(), (holder.to_owned(), kept(until)));
        }
        Ok(!taken)
    }

    fn queue(
        &self,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<QueueRow>, Unavailable> {
        let limit = limit.clamp(1, PAGE_ROWS_MAX);
        let after = after.map(|cursor| filter.position(cursor));
        let state = self.read();
        let shown = state
            .cases
            .iter()
            .filter(|(_, (_, summary))| filter.admits(summary))
            .map(row);
        let mut rows: Vec<_> = shown
            .map(|row| (filter.position(&row.cursor()), row))
            .collect();
        rows.retain(|(position, _)| after.is_none_or(|after| *position > after));
        rows.sort_by_key(|(position, _)| *position);
        Ok(Filter::page(
            rows.into_iter()
                .map(|(_, row)| row)
                .take(limit + 1)
                .collect(),
            limit,
        ))
    }

    fn row(&self, case: &CaseId) -> Result<Option<QueueRow>, Unavailable> {
        Ok(self.read().cases.get_key_value(case).map(row))
    }

    fn cases_due(&self, now: Timestamp, limit: usize) -> Result<Vec<CaseId>, Unavailable> {
        let state = self.read();
        let mut due: Vec<_> = state
            .cases
            .iter()
            .filter_map(|(case, (_, summary))| Some((summary.next_at?, *case)))
            .collect();
        due.retain(|(next_at, _)| *next_at <= now);
        due.sort_unstable();
        Ok(due.into_iter().take(limit).map(|(_, case)| case).collect())
    }

    fn counts(&self) -> Result<BTreeMap<String, u64>, Unavailable> {
        let mut counts = BTreeMap::new();
        for (_, summary) in self.read().cases.values() {
            *counts.entry(summary.phase.clone()).or_default() += 1;
        }
        Ok(counts)
    }

    fn changes(&self) -> Result<u64, Unavailable> {
        Ok(self.read().changes)
    }
}
