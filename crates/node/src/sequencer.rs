//! The sequencer: puts queued leaves into the node's log, whole tiles at a
//! fixed tick, and has every checkpoint cosigned.

use crate::{
    Generator, Node, NodeError,
    log::{LogFault, OwnLog, Prover, Tiles},
    peers::Peers,
    record::opening_from_bytes,
};
use jiff::{SignedDuration, Timestamp};
use portcullis_ballot::Leaf;
use portcullis_store::{Commit, NewDelivery};
use portcullis_tlog::tile::TileBuilder;
use portcullis_verdict::{bundle::inclusion_to_bytes, register::Inclusion};
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
        let generation = match held.generation {
            Some(generation) => generation,
            None => self.start(&mut held, peers)?,
        };
        let prefix = format!("log/{generation}");
        let signer = self
            .keys
            .log_signer(generation)
            .ok_or_else(|| LogFault::Key(self.keys.log_name.clone()))?;
        let log = OwnLog {
            store: &self.store,
            blobs: &self.blobs,
            prefix: &prefix,
            signer: &signer,
        };
        let mut done = Sequenced::default();
        let due = *held.next_tick.get_or_insert(now);
        if due <= now {
            done.placed = self.grow(&log, &mut held)?;
            // The gap after a pause is visible and is not filled in: ticks go on from now.
            let next = due.saturating_add(self.shape.tick).unwrap_or(now);
            held.next_tick = Some(if next <= now {
                now.saturating_add(self.shape.tick).unwrap_or(now)
            } else {
                next
            });
        }
        match log.cosign(&newest.policy, &witnesses, peers)? {
            Ok(size) => {
                done.cosigned = size;
                done.proved = self.prove_statements(&log, now)?;
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

    /// Before the first signature after a start: what did we sign before? A mark inside
    /// our own folder would be restored with it and prove nothing, so the witnesses are
    /// asked (design §11).
    fn start(&self, held: &mut Sequencing, peers: &dyn Peers) -> Result<u64, NodeError> {
        let history = self.history()?;
        let newest = history.newest();
        let witnesses = Self::witnesses_of(&newest.register, &newest.policy);
        let mut generation = self.newest_generation()?;
        loop {
            let prefix = format!("log/{generation}");
            let signer = self
                .keys
                .log_signer(generation)
                .ok_or_else(|| LogFault::Key(self.keys.log_name.clone()))?;
            let log = OwnLog {
                store: &self.store,
                blobs: &self.blobs,
                prefix: &prefix,
                signer: &signer,
            };
            let mut silent = Vec::new();
            let mut ahead: Option<(u64, portcullis_tlog::hash::Hash)> = None;
            let ours = log.state()?;
            for (witness, name) in &witnesses {
                match log.latest_at(witness, peers) {
                    Ok(Some((size, root))) => {
                        if ours
                            .as_ref()
                            .is_some_and(|state| state.size == size && state.root != root.0)
                        {
                            let origin = log.origin()?.to_string();
                            return Err(LogFault::Fork {
                                origin,
                                witness: name.clone(),
                                size,
                            }
                            .into());
                        }
                        if ahead.is_none_or(|(known, _)| known < size) {
                            ahead = Some((size, root));
                        }
                    }
                    Ok(None) => {}
                    Err(why) => {
                        tracing::info!(witness = %name, %why, "a witness does not say what it cosigned last");
                        silent.push(name.as_str());
                    }
                }
            }
            // Whoever is silent could, together, have cosigned more than we know of.
            if newest.policy.quorum_met_by(|name| silent.contains(&name)) {
                return Err(LogFault::WitnessesSilent.into());
            }
            let size = ours.as_ref().map_or(0, |state| state.size);
            match ahead {
                Some((seen, root)) if seen > size => {
                    if self.recover(&log, seen, root)? {
                        tracing::warn!(origin = %log.origin()?, from = size, to = seen, "the log was found again in its tiles");
                        continue;
                    }
                    self.close_origin(&log, seen, root, generation)?;
                    generation += 1;
                }
                _ if ours.as_ref().is_some_and(|state| state.closed) => generation += 1,
                _ => {
                    held.builder = Some(log.take_up()?);
                    held.generation = Some(generation);
                    return Ok(generation);
                }
            }
        }
    }

    fn newest_generation(&self) -> Result<u64, NodeError> {
        let prefix = format!("{}/", self.keys.log_name);
        let numbers = self.store.origins()?;
        let numbers = numbers
            .iter()
            .filter_map(|origin| origin.strip_prefix(&prefix)?.parse::<u64>().ok());
        Ok(numbers.max().unwrap_or(1))
    }

    /// The tree that witnesses saw, from tiles that are still here: appends the entries that
    /// the restored store lacks. False when they cannot be had or do not make that tree.
    fn recover(
        &self,
        log: &OwnLog<'_>,
        size: u64,
        root: portcullis_tlog::hash::Hash,
    ) -> Result<bool, NodeError> {
        let Ok(mut builder) = log.take_up() else {
            return Ok(false);
        };
        let start = builder.size().0;
        let tiles = Tiles {
            blobs: &self.blobs,
            prefix: log.prefix,
        };
        let mut entries = Vec::new();
        for index in start..size {
            match tiles.entry(index, size) {
                Ok(entry) => entries.push(entry),
                Err(_) => return Ok(false),
            }
        }
        let mut trial = builder.clone();
        trial.extend(
            entries
                .iter()
                .map(|entry| portcullis_tlog::hash::leaf_hash(entry)),
        );
        if trial.root() != root {
            return Ok(false);
        }
        // Leaves that the old backup still has in its queue got their place back then.
        let queued = self.store.queued_leaves(usize::MAX >> 1)?;
        let mut placed = Vec::new();
        for (offset, entry) in entries.iter().enumerate() {
            if let Some(leaf) = queued.iter().find(|leaf| leaf.entry == *entry) {
                placed.push((leaf.id, start + offset as u64));
            }
        }
        log.append(&mut builder, &entries, placed)?;
        Ok(true)
    }

    /// Closes an origin whose tree is lost, visibly.
    fn close_origin(
        &self,
        log: &OwnLog<'_>,
        size: u64,
        root: portcullis_tlog::hash::Hash,
        generation: u64,
    ) -> Result<(), NodeError> {
        let origin = log.origin()?;
        tracing::error!(%origin, size, "witnesses cosigned more than we hold, and the tiles are gone: the origin is closed");
        let text = format!(
            "portcullis/log-closed/v1\n{origin}\n{size}\n{root}\n{}/{}\n",
            self.keys.log_name,
            generation + 1
        );
        let line = log
            .signer
            .sign(&text)
            .map_err(|error| LogFault::Key(error.to_string()))?;
        let note = portcullis_tlog::note::SignedNote::new(text, vec![line])
            .map_err(|error| LogFault::Key(error.to_string()))?;
        self.blobs.put(
            &format!("{}/closed", log.prefix),
            note.to_text().into_bytes(),
        )?;
        if log.state()?.is_none() {
            log.append(&mut TileBuilder::new(), &[], Vec::new())?;
        }
        self.store
            .close_log(origin.as_str())
            .map_err(LogFault::from)?;
        // Its size in the store stays what the backup said; `closed` says the rest.
        Ok(())
    }

    /// One tick: whole tiles of queued and cover leaves, in random order.
    fn grow(&self, log: &OwnLog<'_>, held: &mut Sequencing) -> Result<usize, NodeError> {
        let mut builder = match held.builder.take() {
            Some(builder) => builder,
            None => log.take_up()?,
        };
        let width = usize::try_from(self.shape.tiles).unwrap_or(1).max(1) * 256;
        let queued = self.store.queued_leaves(width)?;
        let placed_count = queued.len();
        let mut generator = Generator(&*self.env);
        let mut slots: Vec<(Option<portcullis_store::LeafId>, Vec<u8>)> = queued
            .into_iter()
            .map(|leaf| (Some(leaf.id), leaf.entry))
            .collect();
        slots.resize_with(width, || {
            (
                None,
                Leaf::unproved_cover(&crate::record::schema_id(), &mut generator)
                    .as_bytes()
                    .to_vec(),
            )
        });
        shuffle(&mut slots, &mut generator);
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
    fn inclusion(
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
