//! Any driver, with one write that fails as planned.
//!
//! The planned write fails before or after it took effect; from then on the
//! storage is gone, as after a crash, until it is healed. What a caller does
//! with "perhaps" is tested on both.

use crate::{
    driver::Driver,
    error::Unavailable,
    log::{Aside, Batch, Leaf, LogAppend, LogError, LogState, PlacedLeaf, Remade},
    outbox::{Delivery, DeliveryId, DeliveryStatus, TurnedAway},
    record::{CaseRecord, Commit, CommitError, StatementRecord},
    register::RegisterRecord,
    view::{Cursor, Filter, Page, QueueRow},
    witness::{WitnessError, Witnessed},
};
use jiff::Timestamp;
use portcullis_core::{digest::Digest, id::CaseId, member::MemberId};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// When a planned write breaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum When {
    /// Not done.
    Before,
    /// Done, but reported as failed.
    After,
}

/// Which write breaks, and when.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Plan {
    /// The number of the write, from 1, as [`Fault::writes`] counts them.
    pub call: u64,
    /// Before or after it took effect.
    pub when: When,
}

/// A driver whose writes are counted and break as planned. Clones share the
/// driver, the count and the plan.
#[derive(Clone)]
pub struct Fault {
    driver: Arc<dyn Driver>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    writes: u64,
    plan: Option<Plan>,
    broken: bool,
}

impl Fault {
    /// A driver that works until a plan is made.
    pub fn new(driver: impl Driver + 'static) -> Self {
        Self {
            driver: Arc::new(driver),
            state: Arc::default(),
        }
    }

    /// Plans the failure of one write, instead of any planned before.
    pub fn plan(&self, plan: Plan) {
        self.state().plan = Some(plan);
    }

    /// The storage answers again, and nothing is planned.
    pub fn heal(&self) {
        let mut state = self.state();
        (state.plan, state.broken) = (None, false);
    }

    /// How many writes were asked for so far, failed ones included.
    pub fn writes(&self) -> u64 {
        self.state().writes
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&dyn Driver) -> Result<T, Unavailable>,
    ) -> Result<T, Unavailable> {
        if self.state().broken {
            Err(broken())
        } else {
            work(&*self.driver)
        }
    }

    fn write<T, E: From<Unavailable>>(
        &self,
        work: impl FnOnce(&dyn Driver) -> Result<T, E>,
    ) -> Result<T, E> {
        let now = {
            let mut state = self.state();
            state.writes += 1;
            let now = state
                .plan
                .filter(|plan| plan.call == state.writes)
                .map(|plan| plan.when);
            if state.broken {
                return Err(broken().into());
            }
            state.broken = now.is_some();
            now
        };
        match now {
            None => work(&*self.driver),
            Some(When::Before) => Err(broken().into()),
            Some(When::After) => {
                // Whatever the answer was, nobody hears it.
                drop(work(&*self.driver));
                Err(broken().into())
            }
        }
    }
}

fn broken() -> Unavailable {
    Unavailable::new("the storage broke as planned")
}

impl Driver for Fault {
    fn commit(&self, commits: Vec<Commit>) -> Vec<Result<u64, CommitError>> {
        let count = commits.len();
        let made = self.write(|driver| Ok::<_, Unavailable>(driver.commit(commits)));
        made.unwrap_or_else(|error| {
            std::iter::repeat_n(error, count)
                .map(|error| Err(error.into()))
                .collect()
        })
    }

    fn case(&self, case: &CaseId) -> Result<Option<CaseRecord>, Unavailable> {
        self.read(|driver| driver.case(case))
    }

    fn statement(&self, digest: &Digest) -> Result<Option<(CaseId, StatementRecord)>, Unavailable> {
        self.read(|driver| driver.statement(digest))
    }

    fn attach_proofs(&self, proofs: Vec<(Digest, Vec<u8>)>) -> Result<(), Unavailable> {
        self.write(|driver| driver.attach_proofs(proofs))
    }

    fn deliveries_due(
        &self,
        peer: &MemberId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Delivery>, Unavailable> {
        self.read(|driver| driver.deliveries_due(peer, now, limit))
    }

    fn peers_with_deliveries(&self, now: Timestamp) -> Result<Vec<MemberId>, Unavailable> {
        self.read(|driver| driver.peers_with_deliveries(now))
    }

    fn next_delivery(&self) -> Result<Option<Timestamp>, Unavailable> {
        self.read(|driver| driver.next_delivery())
    }

    fn delivery_status(&self, case: &CaseId) -> Result<Vec<DeliveryStatus>, Unavailable> {
        self.read(|driver| driver.delivery_status(case))
    }

    fn delivered_all(&self, ids: &[DeliveryId]) -> Result<(), Unavailable> {
        self.write(|driver| driver.delivered_all(ids))
    }

    fn postponed(&self, id: DeliveryId, next_at: Timestamp, code: &str) -> Result<(), Unavailable> {
        self.write(|driver| driver.postponed(id, next_at, code))
    }

    fn turned_down(&self, id: DeliveryId, code: &str, detail: &str) -> Result<(), Unavailable> {
        self.write(|driver| driver.turned_down(id, code, detail))
    }

    fn turned_away(&self, entry: TurnedAway) -> Result<(), Unavailable> {
        self.write(|driver| driver.turned_away(entry))
    }

    fn turned_away_list(&self, limit: usize) -> Result<Vec<TurnedAway>, Unavailable> {
        self.read(|driver| driver.turned_away_list(limit))
    }

    fn origins(&self) -> Result<Vec<String>, Unavailable> {
        self.read(|driver| driver.origins())
    }

    fn log(&self, origin: &str) -> Result<Option<LogState>, Unavailable> {
        self.read(|driver| driver.log(origin))
    }

    fn queued_leaves(&self, limit: usize) -> Result<Vec<Leaf>, Unavailable> {
        self.read(|driver| driver.queued_leaves(limit))
    }

    fn queued_count(&self) -> Result<u64, Unavailable> {
        self.read(|driver| driver.queued_count())
    }

    fn remake_leaves(&self, made: Vec<Remade>) -> Result<(), Unavailable> {
        self.write(|driver| driver.remake_leaves(made))
    }

    fn add_aside(&self, aside: Aside, entry: &[u8], opening: &[u8]) -> Result<bool, Unavailable> {
        self.write(|driver| driver.add_aside(aside, entry, opening))
    }

    fn aside(&self, digest: &Digest) -> Result<Option<Aside>, Unavailable> {
        self.read(|driver| driver.aside(digest))
    }

    fn log_append(&self, append: LogAppend) -> Result<(), LogError> {
        self.write(|driver| driver.log_append(append))
    }

    fn batches(&self, origin: &str, from_size: u64) -> Result<Vec<Batch>, Unavailable> {
        self.read(|driver| driver.batches(origin, from_size))
    }

    fn published(&self, origin: &str, up_to: u64) -> Result<(), Unavailable> {
        self.write(|driver| driver.published(origin, up_to))
    }

    fn set_cosigned(&self, origin: &str, size: u64, note: &[u8]) -> Result<(), LogError> {
        self.write(|driver| driver.set_cosigned(origin, size, note))
    }

    fn close_log(&self, origin: &str) -> Result<(), LogError> {
        self.write(|driver| driver.close_log(origin))
    }

    fn leaves_of(&self, statement: &Digest) -> Result<Vec<PlacedLeaf>, Unavailable> {
        self.read(|driver| driver.leaves_of(statement))
    }

    fn leaves_at(
        &self,
        origin: &str,
        indices: &BTreeSet<u64>,
    ) -> Result<BTreeMap<u64, (Digest, PlacedLeaf)>, Unavailable> {
        self.read(|driver| driver.leaves_at(origin, indices))
    }

    fn leaves_cosigned_without_proof(
        &self,
        origin: &str,
        size: u64,
        limit: usize,
    ) -> Result<Vec<(CaseId, Digest)>, Unavailable> {
        self.read(|driver| driver.leaves_cosigned_without_proof(origin, size, limit))
    }

    fn witnessed(&self, origin: &str) -> Result<Option<Witnessed>, Unavailable> {
        self.read(|driver| driver.witnessed(origin))
    }

    fn witness_advance(
        &self,
        origin: &str,
        expected: Option<u64>,
        to: Witnessed,
    ) -> Result<(), WitnessError> {
        self.write(|driver| driver.witness_advance(origin, expected, to))
    }

    fn registers(&self) -> Result<Vec<RegisterRecord>, Unavailable> {
        self.read(|driver| driver.registers())
    }

    fn add_register(&self, record: RegisterRecord) -> Result<bool, Unavailable> {
        self.write(|driver| driver.add_register(record))
    }

    fn add_promise(&self, statement: &Digest, promise: &[u8]) -> Result<bool, Unavailable> {
        self.write(|driver| driver.add_promise(statement, promise))
    }

    fn promise(&self, statement: &Digest) -> Result<Option<Vec<u8>>, Unavailable> {
        self.read(|driver| driver.promise(statement))
    }

    fn promises(&self) -> Result<Vec<(Digest, Vec<u8>)>, Unavailable> {
        self.read(|driver| driver.promises())
    }

    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, Unavailable> {
        self.read(|driver| driver.meta(key))
    }

    fn set_meta(&self, key: &str, value: &[u8]) -> Result<(), Unavailable> {
        self.write(|driver| driver.set_meta(key, value))
    }

    fn lease(
        &self,
        name: &str,
        holder: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        self.write(|driver| driver.lease(name, holder, until, now))
    }

    fn queue(
        &self,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<QueueRow>, Unavailable> {
        self.read(|driver| driver.queue(filter, after, limit))
    }

    fn row(&self, case: &CaseId) -> Result<Option<QueueRow>, Unavailable> {
        self.read(|driver| driver.row(case))
    }

    fn cases_due(&self, now: Timestamp, limit: usize) -> Result<Vec<CaseId>, Unavailable> {
        self.read(|driver| driver.cases_due(now, limit))
    }

    fn counts(&self) -> Result<BTreeMap<String, u64>, Unavailable> {
        self.read(|driver| driver.counts())
    }

    fn changes(&self) -> Result<u64, Unavailable> {
        self.read(|driver| driver.changes())
    }
}
