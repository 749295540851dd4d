//! The sequencer: puts queued leaves into the node's log, whole tiles at a
//! fixed tick, and has every checkpoint cosigned.
//!
//! Ticks lie on a grid: at whole multiples of the tick since 1970 (UTC). Only the
//! first tile of an empty log comes at once. An idle log ticks like a busy one. A
//! time in which the node did not run is not filled in afterwards: it shows in
//! `log/<g>/ticks`, and the next tick is again on the grid.

mod renew;
mod shape;
mod start;

pub use renew::Renewed;

use crate::{
    Generator, Node, NodeError,
    ballots::Ground,
    log::{LogFault, OwnLog, Prover},
    peers::Peers,
    record::opening_from_bytes,
};
use jiff::{SignedDuration, Timestamp};
use portcullis_ballot::Leaf;
use portcullis_store::{Commit, NewDelivery};
use portcullis_tlog::tile::TileBuilder;
use portcullis_verdict::{
    bundle::inclusion_to_bytes, monitor::shape::LogShape, register::Inclusion,
};
use rand_core::Rng;
use std::{collections::BTreeMap, sync::PoisonError};

/// How long the sequencer's lease lasts at most; renewed at every call.
const LEASE_MAX: SignedDuration = SignedDuration::from_secs(60);
/// How long it lasts at least.
const LEASE_MIN: SignedDuration = SignedDuration::from_secs(2);
/// How soon a quorum that was not reached is tried again.
const RETRY: SignedDuration = SignedDuration::from_secs(2);
/// How many statements get their proofs in one go.
const PROOFS_PER_TICK: usize = 4096;

/// The shape of a log: part of its public policy (design §7).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shape {
    /// The time from one tick to the next.
    pub tick: SignedDuration,
    /// Whole 256-leaf tiles a tick.
    pub tiles: u32,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            tick: SignedDuration::from_mins(10),
            tiles: 1,
        }
    }
}

impl Shape {
    /// How many leaves a tick brings.
    pub(crate) fn width(&self) -> usize {
        width(self.tiles)
    }
}

fn width(tiles: u32) -> usize {
    usize::try_from(tiles).unwrap_or(1).max(1) * 256
}

/// The next instant on the grid of a tick, after `now`.
fn on_the_grid(tick_ms: u64, now: Timestamp) -> Timestamp {
    let tick = i64::try_from(tick_ms).unwrap_or(i64::MAX).max(1);
    let next = (now.as_millisecond().div_euclid(tick) + 1).saturating_mul(tick);
    Timestamp::from_millisecond(next).unwrap_or(Timestamp::MAX)
}

/// What a call of the sequencer did.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sequenced {
    /// Leaves of ours that got their place.
    pub placed: usize,
    /// The size of the log.
    pub size: u64,
    /// The size that a quorum has cosigned.
    pub cosigned: u64,
    /// Statements that got their proofs.
    pub proved: usize,
    /// Why the newest checkpoint is not cosigned yet.
    pub waits: Option<String>,
    /// When to call again.
    pub next: Option<Timestamp>,
}

/// What the sequencer remembers between calls; all of it can be found again.
#[derive(Default)]
pub(crate) struct Sequencing {
    generation: Option<u64>,
    builder: Option<TileBuilder>,
    /// The shape that the log has published.
    shape: Option<LogShape>,
    next_tick: Option<Timestamp>,
    holder: Option<String>,
}

impl Node {
    /// One call of the sequencer: takes up the log after a start, ticks if it is time,
    /// has the newest checkpoint cosigned, and gives statements their proofs.
    ///
    /// # Errors
    ///
    /// [`NodeError::Log`]: nothing was signed, or what was signed stays as it is.
    pub fn sequencer_tick(&self, peers: &dyn Peers) -> Result<Sequenced, NodeError> {
        let now = self.now();
        let mut held = self
            .sequencing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.lease(&mut held, now)?;
        let history = self.history()?;
        let newest = history.newest();
        let witnesses = Self::witnesses_of(&newest.register, &newest.policy);
        let generation = self.started(&mut held, peers)?;
        let prefix = format!("log/{generation}");
        let signer = self.log_signer(generation)?;
        let log = OwnLog::new(&self.store, &self.blobs, &prefix, &signer);
        let mut done = Sequenced::default();
        let size = held.builder.as_ref().map_or(0, |builder| builder.size().0);
        let shape = self.keep_shape(&log, &mut held, size)?;
        let first = || {
            if size == 0 {
                now
            } else {
                on_the_grid(shape.tick_ms, now)
            }
        };
        let due = *held.next_tick.get_or_insert_with(first);
        if due <= now {
            self.seal_cell(now);
            let ground = self.ground_of(generation, shape.schema);
            done.placed = self.grow(&log, &mut held, &ground, width(shape.tiles))?;
            held.next_tick = Some(on_the_grid(shape.tick_ms, now));
        }
        match log.cosign(&newest.policy, &witnesses, peers)? {
            Ok(size) => {
                done.cosigned = size;
                done.proved = self.prove_statements(&log, now)?;
                self.prove_cell();
            }
            Err(error) => done.waits = Some(error.to_string()),
        }
        done.size = held.builder.as_ref().map_or(0, |builder| builder.size().0);
        let retry = done
            .waits
            .is_some()
            .then(|| now.saturating_add(RETRY).unwrap_or(now));
        done.next = [held.next_tick, retry].into_iter().flatten().min();
        Ok(done)
    }

    /// The generation that is worked on, taken up if this is the first call after a start.
    fn started(&self, held: &mut Sequencing, peers: &dyn Peers) -> Result<u64, NodeError> {
        match held.generation {
            Some(generation) => Ok(generation),
            None => self.start(held, peers),
        }
    }

    fn lease(&self, held: &mut Sequencing, now: Timestamp) -> Result<(), NodeError> {
        let env = &*self.env;
        let holder = held
            .holder
            .get_or_insert_with(|| format!("{:016x}", Generator(env).next_u64()));
        // A process that was killed gives nothing back: whoever comes next waits a few ticks at
        // most. Two that work at once do no harm, for the store refuses the second append.
        let lease = self
            .shape
            .tick
            .saturating_mul(4)
            .clamp(LEASE_MIN, LEASE_MAX);
        let until = now.saturating_add(lease).unwrap_or(now);
        if self.store.lease("sequencer", holder, until, now)? {
            Ok(())
        } else {
            Err(LogFault::Leased.into())
        }
    }

    /// Gives the lease back, so that another process need not wait for its end.
    pub fn sequencer_stop(&self) {
        let held = self
            .sequencing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let now = self.now();
        if let Some(holder) = &held.holder
            && let Err(error) = self.store.lease("sequencer", holder, now, now)
        {
            tracing::warn!(%error, "the sequencer's lease stays until it ends");
        }
    }

    /// One tick: whole tiles of queued and cover leaves, in random order.
    fn grow(
        &self,
        log: &OwnLog<'_>,
        held: &mut Sequencing,
        ground: &Ground,
        width: usize,
    ) -> Result<usize, NodeError> {
        let mut builder = match held.builder.take() {
            Some(builder) => builder,
            None => log.take_up()?,
        };
        let queued = self.queued_for(ground, width)?;
        let placed_count = queued.len();
        let mut slots: Vec<(Option<portcullis_store::LeafId>, Vec<u8>)> = queued
            .into_iter()
            .map(|leaf| (Some(leaf.id), leaf.entry))
            .collect();
        slots.resize_with(width, || (None, self.cover(ground).as_bytes().to_vec()));
        shuffle(&mut slots, &mut Generator(&*self.env));
        let start = builder.size().0;
        let mut placed = Vec::with_capacity(placed_count);
        let mut entries = Vec::with_capacity(width);
        for (at, (id, entry)) in slots.into_iter().enumerate() {
            placed.extend(id.map(|id| (id, start + at as u64)));
            entries.push(entry);
        }
        // CRASH: a failed append leaves no builder behind; the next call takes the log up anew.
        log.append(&mut builder, &entries, placed)?;
        held.builder = Some(builder);
        Ok(placed_count)
    }

    /// The leaves that wait the longest. Those that were made for a log which takes no more are
    /// made anew for this one: their proofs would be false here.
    fn queued_for(
        &self,
        ground: &Ground,
        limit: usize,
    ) -> Result<Vec<portcullis_store::Leaf>, NodeError> {
        let mut queued = self.store.queued_leaves(limit)?;
        let mut remade = Vec::new();
        for leaf in &mut queued {
            let Some(anew) = self.made_anew(ground, leaf)? else {
                continue;
            };
            leaf.entry.clone_from(&anew.entry);
            leaf.opening.clone_from(&anew.opening);
            remade.push(anew);
        }
        if !remade.is_empty() {
            tracing::warn!(leaves = remade.len(), origin = %ground.origin, "leaves that waited were made anew for this log");
            // CRASH: what is appended must be what is queued, so this is durable first.
            self.store.remake_leaves(remade)?;
        }
        Ok(queued)
    }

    /// Gives statements whose leaves are cosigned their proofs, and sends them after.
    fn prove_statements(&self, log: &OwnLog<'_>, now: Timestamp) -> Result<usize, NodeError> {
        let Some(state) = log.state()? else {
            return Ok(0);
        };
        let waiting = self.store.leaves_cosigned_without_proof(
            &state.origin,
            state.cosigned_size,
            PROOFS_PER_TICK,
        )?;
        let count = waiting.len();
        let mut by_case: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (case, digest) in waiting {
            by_case.entry(case).or_default().push(digest);
        }
        if count == 0 {
            return Ok(0);
        }
        let mut prover = log.prover()?;
        let mut commits = Vec::new();
        let mut orphans = Vec::new();
        for (case, digests) in by_case {
            let mut proofs = Vec::new();
            for digest in digests {
                if let Some(inclusion) = self.inclusion(&mut prover, &state, &digest)? {
                    proofs.push((digest, inclusion_to_bytes(&inclusion)));
                }
            }
            // A case that cannot be read, for want of its law file, has its proofs all the same.
            match (self.load(&case).ok().flatten(), self.store.row(&case)?) {
                (Some(loaded), Some(row)) => {
                    let audience = loaded
                        .growing
                        .case()
                        .map(|case| case.audience(&self.me))
                        .unwrap_or_default();
                    let digests: Vec<_> = proofs.iter().map(|(digest, _)| *digest).collect();
                    let deliver = |peer| NewDelivery {
                        peer,
                        statements: digests.clone(),
                    };
                    let mut summary = row.summary;
                    summary.updated_at = now;
                    commits.push(Commit {
                        case,
                        expected: loaded.record.version,
                        statements: Vec::new(),
                        leaves: Vec::new(),
                        deliveries: audience.into_iter().map(deliver).collect(),
                        proofs,
                        summary,
                        erase: false,
                    });
                }
                _ => orphans.extend(proofs),
            }
        }
        for result in self.store.commit(commits) {
            match result {
                // Somebody else spoke in the case meanwhile; its proofs come with the next call.
                Ok(_) | Err(portcullis_store::CommitError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if !orphans.is_empty() {
            self.store.attach_proofs(orphans)?;
        }
        Ok(count)
    }

    /// The inclusion of a statement's first leaf; `None` once its opening is erased.
    pub(crate) fn inclusion(
        &self,
        prover: &mut Prover<'_>,
        state: &portcullis_store::LogState,
        digest: &portcullis_core::digest::Digest,
    ) -> Result<Option<Inclusion>, NodeError> {
        let leaves = self.store.leaves_of(digest)?;
        let first = leaves.into_iter().find(|leaf| leaf.origin == state.origin);
        let Some(leaf) = first else { return Ok(None) };
        let Some(opening) = opening_from_bytes(&leaf.opening) else {
            return Ok(None);
        };
        let entry = prover.entry(leaf.index)?;
        let parsed = Leaf::parse(&entry).map_err(|error| NodeError::Broken(error.to_string()))?;
        Ok(Some(Inclusion {
            leaf: parsed,
            opening,
            proof: prover.prove(leaf.index)?,
        }))
    }

    /// Where this node's log stands: origin, size, cosigned size; oldest first.
    ///
    /// # Errors
    ///
    /// [`NodeError::Unavailable`].
    pub fn logs(&self) -> Result<Vec<portcullis_store::LogState>, NodeError> {
        let mut states = Vec::new();
        for origin in self.store.origins()? {
            states.extend(self.store.log(&origin)?);
        }
        Ok(states)
    }
}

/// Fisher–Yates, with rejection so that every order is as likely as any other.
fn shuffle<T>(items: &mut [T], generator: &mut Generator<'_>) {
    for last in (1..items.len()).rev() {
        let bound = last as u64 + 1;
        let zone = u64::MAX - u64::MAX % bound;
        let drawn = loop {
            let drawn = generator.next_u64();
            if drawn < zone {
                break drawn % bound;
            }
        };
        items.swap(last, usize::try_from(drawn).unwrap_or(last));
    }
}
