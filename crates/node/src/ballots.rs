//! Ballots: the leaves of this node's log, and the work on them that is done ahead of time.
//!
//! A leaf that proves what it counts takes nine tenths of a millisecond, of which only a
//! fifteenth needs to know what is counted. The rest is made while nothing is urgent and held
//! in memory, whole cover leaves too, so that neither a statement nor a tick waits for it.
//!
//! INVARIANT: what is made ahead is used once and never written anywhere. It moves out of the
//! pool into the one leaf that it makes; a process that stops forgets it.

use crate::{Generator, Node, NodeError, record::Docketed};
use portcullis_ballot::{Ahead, Cell, Context, Leaf, Opening, Salt, Seed, leaf::VERSION};
use portcullis_store::{Leaf as QueuedLeaf, Remade};
use rand_core::Rng as _;
use std::{sync::PoisonError, time::Duration};

/// How many leaves of statements are made ahead at most: four tiles, 3 MB.
const AHEAD_MAX: usize = 1024;
/// How many of them come before the cover leaves of the next tick.
const AHEAD_FIRST: usize = 64;
/// How many cover leaves are made ahead at most: sixteen tiles, 5 MB.
const COVERS_MAX: usize = 4096;
/// How many are made in one call: about seven milliseconds of work.
const BITE: usize = 8;

/// The shortest and the longest pause between two calls.
const PACE_MIN: Duration = Duration::from_millis(5);
const PACE_MAX: Duration = Duration::from_millis(250);

/// Whether leaves prove what they count.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Ballots {
    /// Every leaf proves that it counts at most one cell.
    #[default]
    Proved,
    /// Leaves of version 0, which prove nothing: for simulations and benchmarks.
    Unproved,
}

/// The log that leaves are made for now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Ground {
    /// Its generation.
    pub(crate) generation: u64,
    /// Its origin line.
    pub(crate) origin: String,
    /// The id of its schema of cells.
    pub(crate) schema: [u8; 32],
}

impl Ground {
    fn context(&self) -> Context<'_> {
        Context {
            origin: &self.origin,
            schema: &self.schema,
        }
    }
}

/// What was made ahead and is not used yet.
#[derive(Default)]
pub(crate) struct Pool {
    aheads: Vec<Ahead>,
    covers: Vec<Leaf>,
    /// What the cover leaves were made for.
    ground: Option<Ground>,
}

/// What is to be made next.
enum Lacking {
    Ahead,
    Cover,
    Nothing,
}

impl Pool {
    fn lacks(&self, ground: &Ground, covers: usize) -> Lacking {
        let made = if self.ground.as_ref() == Some(ground) {
            self.covers.len()
        } else {
            0
        };
        if self.aheads.len() < AHEAD_FIRST {
            Lacking::Ahead
        } else if made < covers.min(COVERS_MAX) {
            Lacking::Cover
        } else if self.aheads.len() < AHEAD_MAX {
            Lacking::Ahead
        } else {
            Lacking::Nothing
        }
    }
}

impl Node {
    /// Makes a few leaves ahead: for statements, and cover leaves for the next tick. Answers
    /// whether there is more to make. Call it while nothing is urgent.
    ///
    /// # Errors
    ///
    /// [`NodeError`] when the store cannot be read.
    pub fn ahead_tick(&self) -> Result<bool, NodeError> {
        if self.ballots == Ballots::Unproved {
            return Ok(false);
        }
        let ground = self.ground()?;
        let covers = self.shape.width();
        for _ in 0..BITE {
            // The lock is never held while something is made.
            let lacking = self.pool().lacks(&ground, covers);
            match lacking {
                Lacking::Ahead => {
                    let ahead = self.draw_ahead();
                    self.pool().aheads.push(ahead);
                }
                Lacking::Cover => {
                    let cover = self.make_cover(&ground);
                    let mut pool = self.pool();
                    if pool.ground.as_ref() != Some(&ground) {
                        pool.covers.clear();
                        pool.ground = Some(ground.clone());
                    }
                    pool.covers.push(cover);
                }
                Lacking::Nothing => return Ok(false),
            }
        }
        Ok(true)
    }

    /// How long to wait from one call of [`Self::ahead_tick`] to the next, so that the cover
    /// leaves of a tick are made within half of it: between 5 ms and a quarter of a second.
    pub fn ahead_pace(&self) -> Duration {
        let calls = self.shape.width().div_ceil(BITE).max(1);
        let half = self.shape.tick.unsigned_abs() / 2;
        let pace = half / u32::try_from(calls).unwrap_or(u32::MAX);
        pace.clamp(PACE_MIN, PACE_MAX)
    }

    fn pool(&self) -> std::sync::MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw_ahead(&self) -> Ahead {
        Ahead::draw(&self.seed, &mut Generator(&*self.env))
    }

    fn ahead(&self) -> Ahead {
        let made = self.pool().aheads.pop();
        made.unwrap_or_else(|| self.draw_ahead())
    }

    fn make_cover(&self, ground: &Ground) -> Leaf {
        let mut generator = Generator(&*self.env);
        match self.ballots {
            Ballots::Proved => Leaf::cover(
                self.draw_ahead(),
                &ground.context(),
                &self.seed,
                &mut generator,
            ),
            Ballots::Unproved => Leaf::unproved_cover(&ground.schema, &mut generator),
        }
    }

    /// A cover leaf for this log: one that was made ahead, or a fresh one.
    pub(crate) fn cover(&self, ground: &Ground) -> Leaf {
        let mut pool = self.pool();
        let ours = pool.ground.as_ref() == Some(ground);
        let made = if ours { pool.covers.pop() } else { None };
        drop(pool);
        made.unwrap_or_else(|| self.make_cover(ground))
    }

    /// The leaf of something counted in `cell`, or in none.
    pub(crate) fn leaf(&self, ground: &Ground, digest: &[u8; 32], cell: Option<Cell>) -> Leaf {
        match self.ballots {
            Ballots::Proved => {
                Leaf::prove(self.ahead(), &ground.context(), digest, cell, &self.seed)
            }
            Ballots::Unproved => Leaf::unproved(&ground.schema, digest, &mut Generator(&*self.env)),
        }
    }

    /// A queued leaf as it must be for this log: nothing when it is so already, or entry and
    /// opening made anew. A proof holds in one log and under one schema alone; salts and digest are
    /// fresh, so that no digest stands in two logs for anybody to match.
    ///
    /// # Errors
    ///
    /// [`NodeError::Unavailable`] when the statement cannot be read.
    pub(crate) fn made_anew(
        &self,
        ground: &Ground,
        queued: &QueuedLeaf,
    ) -> Result<Option<Remade>, NodeError> {
        let Ok(leaf) = Leaf::parse(&queued.entry) else {
            return Ok(None);
        };
        let docketed = Docketed::parse(&queued.opening);
        let here = match &docketed {
            Some(docketed) => docketed.generation == ground.generation,
            // Its opening is erased: the proof itself says where it belongs.
            None => self.ballots == Ballots::Unproved || leaf.verify(&ground.context()).is_ok(),
        };
        let proved = leaf.version() == VERSION;
        if here && leaf.schema() == ground.schema && proved == (self.ballots == Ballots::Proved) {
            return Ok(None);
        }
        let mut generator = Generator(&*self.env);
        let cell = match &docketed {
            Some(docketed) => docketed.docket().and_then(|docket| self.cell_of(&docket)),
            None if leaf.schema() == ground.schema => self.counted_before(ground, &leaf),
            None => {
                tracing::warn!(
                    "a leaf of an erased case is counted nowhere: its docket is gone, and the schema is another"
                );
                None
            }
        };
        let envelope = self.store.statement(&queued.statement)?;
        let envelope = match envelope {
            Some((_, record)) => Some(record.envelope),
            None => self
                .store
                .aside(&queued.statement)?
                .map(|aside| aside.envelope),
        };
        let (digest, opening) = if let (Some(docketed), Some(envelope)) = (docketed, envelope) {
            let opening = Opening {
                docket: docketed.opening.docket,
                docket_salt: Salt::draw(&mut generator),
                envelope_salt: Salt::draw(&mut generator),
            };
            let generation = ground.generation;
            let digest = opening.digest(&envelope);
            let docketed = Docketed {
                generation,
                opening,
            };
            (digest, docketed.to_bytes())
        } else {
            // Nothing is left to open: any digest says as much.
            let mut digest = [0; 32];
            generator.fill_bytes(&mut digest);
            (digest, Vec::new())
        };
        Ok(Some(Remade {
            id: queued.id,
            entry: self.leaf(ground, &digest, cell).as_bytes().to_vec(),
            opening,
        }))
    }

    /// What a leaf counts that was made for a log before this one.
    fn counted_before(&self, ground: &Ground, leaf: &Leaf) -> Option<Cell> {
        let before = (1..ground.generation).rev();
        let mut found = before.filter_map(|generation| {
            let origin = self.origin_of(generation);
            leaf.cell_under(&self.seed, &origin).ok()
        });
        found.next().flatten()
    }

    /// The seed from which this node's leaves were blinded: with it and the public tiles, every
    /// report can be made again.
    pub const fn seed(&self) -> &Seed {
        &self.seed
    }
}
