//! The leaves of one log in a report, bundle after bundle.
//!
//! A bundle is checked on any thread ([`check_bundle`]) and absorbed in order ([`Stream`]). Memory
//! is the right edge of the tree, a sum, and eight bytes of each leaf's digest to find one that
//! stands twice.

use crate::report::Source;
use portcullis_ballot::{Batch, Context, Leaf, LeafError, Sum};
use portcullis_tlog::{
    hash::{Hash, leaf_hash},
    tile::{EntryTile, TILE_WIDTH, TileError},
    tree::{Frontier, LeafIndex},
};
use rand_core::CryptoRng;

/// Of how many leaves it is remembered that they were seen: 128 MiB, above a year of the default
/// shape. What comes after is not compared, and the check says so.
pub const SEEN_MAX: usize = 16 * 1024 * 1024;

/// How much of a leaf is checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Depth {
    /// Its proof, too: that it counts one cell at most, and never less than nothing.
    Proofs,
    /// That it is in the tree, and what it adds to the sum. It could count anything.
    TotalsOnly,
}

/// A bundle whose leaves are in order, as far as can be seen without the others.
#[derive(Clone, Debug)]
pub struct CheckedBundle {
    first: u64,
    hashes: Vec<Hash>,
    /// The first eight bytes of each leaf's digest.
    marks: Vec<u64>,
    sum: Sum,
}

/// What is wrong with a leaf, or with the bundle it is in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LeafFault {
    /// The bundle is none, or too short.
    #[error("bundle {index}: {source}")]
    Bundle {
        /// Its number.
        index: u64,
        /// What is wrong with it.
        source: TileError,
    },
    /// An entry is no leaf of this log, or its proof does not hold.
    #[error("leaf {index}: {source}")]
    Leaf {
        /// Its index in the log.
        index: LeafIndex,
        /// What is wrong with it.
        source: LeafError,
    },
    /// A bundle came out of order, or again.
    #[error("bundle of leaf {found} where leaf {needed} was to come")]
    Order {
        /// The leaf that comes next.
        needed: u64,
        /// The first leaf of the bundle.
        found: u64,
    },
}

impl LeafFault {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Bundle { .. } => "report.bundle",
            Self::Leaf { source, .. } => source.code(),
            Self::Order { .. } => "report.order",
        }
    }
}

/// Checks the leaves of `bundle` that lie in the range of `source`, from the bytes of its file.
///
/// # Errors
///
/// The [`LeafFault`] of the first leaf that is wrong; never [`LeafFault::Order`].
pub fn check_bundle(
    source: &Source,
    bundle: EntryTile,
    bytes: &[u8],
    depth: Depth,
    generator: &mut impl CryptoRng,
) -> Result<CheckedBundle, LeafFault> {
    let malformed = |source| LeafFault::Bundle {
        index: bundle.index(),
        source,
    };
    let entries = bundle.entries_in(bytes).map_err(malformed)?;
    let before = bundle.index().saturating_mul(u64::from(TILE_WIDTH));
    let inside = (before..)
        .zip(entries)
        .filter(|(index, _)| (source.start.size.0..source.end.size.0).contains(index))
        .collect::<Vec<_>>();
    let first = inside.first().map_or(before, |(index, _)| *index);
    let fault = |index, source| LeafFault::Leaf {
        index: LeafIndex(index),
        source,
    };
    let context = Context {
        origin: source.origin.as_str(),
        schema: &source.schema.0,
    };
    let mut batch = Batch::new(&context);
    let mut checked = CheckedBundle {
        first,
        hashes: Vec::with_capacity(inside.len()),
        marks: Vec::with_capacity(inside.len()),
        sum: Sum::zero(),
    };
    for (index, entry) in inside {
        let leaf = Leaf::parse(entry).map_err(|error| fault(index, error))?;
        checked.hashes.push(leaf_hash(entry));
        checked.marks.push(mark(&leaf));
        match depth {
            Depth::Proofs => batch.push(&leaf),
            Depth::TotalsOnly => add(&mut checked.sum, &leaf, &source.schema.0),
        }
        .map_err(|error| fault(index, error))?;
    }
    if depth == Depth::Proofs {
        checked.sum = batch
            .verify(generator)
            .map_err(|broken| fault(first.saturating_add(broken.position as u64), broken.error))?;
    }
    Ok(checked)
}

/// Adds a leaf's commitment, whatever its proof says.
fn add(sum: &mut Sum, leaf: &Leaf, schema: &[u8; 32]) -> Result<(), LeafError> {
    if leaf.version() != portcullis_ballot::leaf::VERSION {
        return Err(LeafError::Version(leaf.version()));
    }
    if leaf.schema() != schema {
        return Err(LeafError::Schema);
    }
    let commitment = leaf.commitment_bytes().try_into();
    sum.add_commitment(commitment.map_err(|_| LeafError::Point)?)
}

/// The first eight bytes of the digest: two leaves share them by chance once in 2⁶⁴ pairs.
fn mark(leaf: &Leaf) -> u64 {
    let bytes = leaf.digest().first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(bytes)
}

/// Of how many of so many leaves it is remembered that they were seen.
pub(super) fn remembered(leaves: u64) -> usize {
    usize::try_from(leaves).unwrap_or(usize::MAX).min(SEEN_MAX)
}

/// How far the leaves of one log were checked.
#[derive(Clone, Debug)]
pub struct Stream {
    edge: Frontier,
    sum: Sum,
    /// INVARIANT: at most [`SEEN_MAX`].
    seen: Vec<u64>,
    count: u64,
}

impl Stream {
    /// From the right edge of the tree at the report's start; so many leaves will come.
    pub fn new(edge: Frontier, leaves: u64) -> Self {
        Self {
            edge,
            sum: Sum::zero(),
            seen: Vec::with_capacity(remembered(leaves)),
            count: 0,
        }
    }

    /// From the parts that [`Self::parts`] gave; `None` when they do not fit each other.
    pub(super) fn from_parts(edge: Frontier, sum: Sum, seen: Vec<u64>, count: u64) -> Option<Self> {
        (seen.len() == remembered(count)).then_some(Self {
            edge,
            sum,
            seen,
            count,
        })
    }

    /// Edge, sum, marks seen, number of leaves absorbed.
    pub(super) fn parts(&self) -> (&Frontier, &Sum, &[u64], u64) {
        (&self.edge, &self.sum, &self.seen, self.count)
    }

    /// The right edge of the tree as far as it was checked.
    pub const fn edge(&self) -> &Frontier {
        &self.edge
    }

    /// The index of the leaf that comes next.
    pub fn next_leaf(&self) -> u64 {
        self.edge.size().0
    }

    /// The sum of the commitments so far.
    pub const fn sum(&self) -> &Sum {
        &self.sum
    }

    /// Takes the bundle that comes next.
    ///
    /// # Errors
    ///
    /// [`LeafFault::Order`] when it is another.
    pub fn absorb(&mut self, bundle: &CheckedBundle) -> Result<(), LeafFault> {
        if bundle.first != self.next_leaf() {
            return Err(LeafFault::Order {
                needed: self.next_leaf(),
                found: bundle.first,
            });
        }
        self.edge.extend(bundle.hashes.iter().copied());
        self.sum.add(&bundle.sum);
        let room = SEEN_MAX.saturating_sub(self.seen.len());
        self.seen.extend(bundle.marks.iter().take(room));
        self.count = self.count.saturating_add(bundle.hashes.len() as u64);
        Ok(())
    }

    /// How many leaves were compared with each other.
    pub fn compared(&self) -> usize {
        self.seen.len()
    }

    /// How many leaves were absorbed.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The beginning of a digest that two leaves have, in hex, if there is one.
    pub fn repeated(&mut self) -> Option<String> {
        self.seen.sort_unstable();
        let twice = self.seen.iter().zip(self.seen.iter().skip(1));
        let mut twice = twice.filter(|(one, next)| one == next);
        twice.next().map(|(mark, _)| format!("{mark:016x}"))
    }
}
