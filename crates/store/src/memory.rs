//! The contract in the fewest lines: everything in one value behind one lock.
//!
//! Also the store of the simulator, which takes a [`Snapshot`] before a crash
//! or a restore from backup and puts it back.

mod state;

use crate::{
    driver::Driver,
    error::Unavailable,
    log::{Aside, BATCHES_MAX, Batch, Leaf, LogAppend, LogError, LogState, PlacedLeaf, Remade},
    outbox::{Delivery, DeliveryId, DeliveryState, DeliveryStatus, TURNED_AWAY_MAX, TurnedAway},
    record::{CaseRecord, Commit, CommitError, NewLeaf, StatementRecord, kept},
    register::RegisterRecord,
    view::{Cursor, Filter, PAGE_ROWS_MAX, Page, QueueRow},
    witness::{self, WitnessError, Witnessed},
};
use jiff::Timestamp;
use portcullis_core::{digest::Digest, id::CaseId, member::MemberId};
use state::{State, queue, row};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A store in memory. Clones share what they hold.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<State>>);

/// Everything a [`Memory`] held at one moment.
#[derive(Clone)]
pub struct Snapshot(State);

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

    fn remake_leaves(&self, made: Vec<Remade>) -> Result<(), Unavailable> {
        let mut state = self.write();
        for new in made {
            let held = state.leaves.iter_mut().find(|(leaf, _)| leaf.id == new.id);
            let Some((leaf, None)) = held else { continue };
            leaf.entry = new.entry;
            if !leaf.opening.is_empty() {
                leaf.opening = new.opening;
            }
        }
        Ok(())
    }

    fn add_aside(&self, aside: Aside, entry: &[u8], opening: &[u8]) -> Result<bool, Unavailable> {
        let mut state = self.write();
        if state.asides.contains_key(&aside.digest) {
            return Ok(false);
        }
        let new = NewLeaf {
            statement: aside.digest,
            ordinal: 0,
            entry: entry.to_vec(),
            opening: opening.to_vec(),
        };
        queue(&mut state.leaves, new);
        let stored_at = kept(aside.stored_at);
        state
            .asides
            .insert(aside.digest, Aside { stored_at, ..aside });
        Ok(true)
    }

    fn aside(&self, digest: &Digest) -> Result<Option<Aside>, Unavailable> {
        Ok(self.read().asides.get(digest).cloned())
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

    fn leaves_at(
        &self,
        origin: &str,
        indices: &BTreeSet<u64>,
    ) -> Result<BTreeMap<u64, (Digest, PlacedLeaf)>, Unavailable> {
        let state = self.read();
        let at = |(leaf, place): &(Leaf, Option<(String, u64)>)| {
            let (of, index) = place
                .clone()
                .filter(|(of, index)| of == origin && indices.contains(index))?;
            let placed = PlacedLeaf {
                ordinal: leaf.ordinal,
                origin: of,
                index,
                opening: leaf.opening.clone(),
            };
            Some((index, (leaf.statement, placed)))
        };
        Ok(state.leaves.iter().filter_map(at).collect())
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
