//! Reports: totals of a range of leaves, shown line by line.
//!
//! The sum of the commitments of leaves [i, j) is `C_Σ` = Σ `T_k` `G_k` + R H. A
//! line is a set of cells whose sum is shown exactly, within a band, or not at
//! all; one short proof covers all lines, and lines may overlap. Nothing can
//! be left out, as the range is contiguous in a witnessed tree.
//!
//! With random `s_k` and σ, S = Σ `s_k` `G_k` + σ H; `z_k` = `T_k` x + `s_k`, z₃ = R x + σ.
//! A verifier asks for x `C_Σ` + S = Σ `z_k` `G_k` + z₃ H, and for each line L
//! - exact: Σ over L of `z_k` = x T, as the prover took Σ `s_k` = 0;
//! - band: Σ over L of `z_k` = x lo + Σ `w_j` `f_j`, where the bits `b_j` of the total
//!   above lo are proved by the equations of a leaf, and Σ `s_k` = Σ `w_j` `a_j`;
//! - withheld: nothing.

mod band;
mod line;
mod misfit;
mod prove;
mod solve;
mod verify;

use crate::{
    batch::BatchError,
    cell::{CELLS, Cell},
    group,
    leaf::LeafError,
    seed::{Blinding, Seed},
};
use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar, traits::MultiscalarMul as _};
use sha2::{Digest as _, Sha512};
use zeroize::Zeroizing;

pub use line::{BAND_VALUES_MAX, Form, LINES_MAX, Line, LinesError};
pub use misfit::misfits;
pub use prove::{ProveError, prove};
pub use verify::{ReportError, verify};

/// Separates this challenge from all others.
const CHALLENGE: &[u8] = b"portcullis/v1/report\0";

/// What a report is about: the leaves [start, end) of one log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Range<'a> {
    /// The log's origin.
    pub origin: &'a str,
    /// The tree's root at size `end`.
    pub root: [u8; 32],
    /// The first leaf's index.
    pub start: u64,
    /// The size of the tree that the last leaf ends.
    pub end: u64,
    /// The id of the schema under which all of them are counted.
    pub schema: [u8; 32],
    /// The sum of their commitments, [`Sum::to_bytes`](crate::Sum::to_bytes).
    pub sum: [u8; 32],
}

/// What the sum of some leaves holds: how often each cell is counted, and the
/// sum of the blindings. Totals of parts add up.
#[derive(Clone)]
pub struct Totals {
    /// How often each cell is counted; cell k stands at k − 1.
    pub counts: [u64; CELLS],
    /// What opens the sum to these counts.
    pub blinding: Blinding,
}

impl core::fmt::Debug for Totals {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Totals(..)")
    }
}

impl Default for Totals {
    fn default() -> Self {
        Self::zero()
    }
}

impl Totals {
    /// The totals of no leaf.
    pub const fn zero() -> Self {
        Self {
            counts: [0; CELLS],
            blinding: Blinding(Scalar::ZERO),
        }
    }

    /// Adds the totals of other leaves.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
        self.blinding.0 += other.blinding.0;
    }

    /// The sum of all cells of a line.
    pub fn of(&self, line: &Line) -> u64 {
        Cell::all()
            .zip(&self.counts)
            .filter(|(cell, _)| line.cells.contains(*cell))
            .fold(0, |sum: u64, (_, count)| sum.saturating_add(*count))
    }

    /// Σ `T_k` `G_k` + R H.
    pub(crate) fn commitment(&self) -> RistrettoPoint {
        let counts = Zeroizing::new(self.counts.map(Scalar::from));
        let cell_bases = group::cell_bases().iter().skip(1);
        let counted = RistrettoPoint::multiscalar_mul(counts.iter(), cell_bases);
        counted + RistrettoPoint::mul_base(&self.blinding.0)
    }
}

/// The totals of leaves, read with the seed they were made from: of each its
/// digest and its commitment, 32 bytes each, of version 1.
///
/// # Errors
///
/// [`BatchError`] with the first leaf whose commitment is no point
/// ([`LeafError::Point`]) or was not made from this seed in the log of this
/// origin ([`LeafError::Opening`]).
pub fn totals(
    seed: &Seed,
    origin: &str,
    leaves: impl IntoIterator<Item = ([u8; 32], [u8; 32])>,
) -> Result<Totals, BatchError> {
    let mut totals = Totals::zero();
    for (position, (digest, commitment)) in leaves.into_iter().enumerate() {
        let at = |error| BatchError { position, error };
        let commitment = group::point(&commitment).ok_or_else(|| at(LeafError::Point))?;
        let blinding = seed.blinding(origin, &digest);
        let bare = commitment - RistrettoPoint::mul_base(&blinding.0);
        if bare != RistrettoPoint::default() {
            let count = group::cell_bases()
                .iter()
                .skip(1)
                .zip(&mut totals.counts)
                .find_map(|(base, count)| (bare == *base).then_some(count))
                .ok_or_else(|| at(LeafError::Opening))?;
            *count = count.saturating_add(1);
        }
        totals.blinding.0 += blinding.0;
    }
    Ok(totals)
}

/// The bytes that the challenge binds before any point: range and lines.
fn statement(range: &Range<'_>, lines: &[Line]) -> Vec<u8> {
    let mut bytes = group::text(range.origin);
    bytes.extend(range.root);
    bytes.extend(range.start.to_be_bytes());
    bytes.extend(range.end.to_be_bytes());
    bytes.extend(range.schema);
    bytes.extend(range.sum);
    // INVARIANT: at most `LINES_MAX` lines come here.
    bytes.extend(u16::try_from(lines.len()).unwrap_or(u16::MAX).to_be_bytes());
    for line in lines {
        let (form, value, width) = line.encoded();
        bytes.extend(line.cells.0.to_be_bytes());
        bytes.push(form);
        bytes.extend(value.to_be_bytes());
        bytes.extend(width.to_be_bytes());
    }
    bytes
}

/// x of the statement, S, and P, A, B, D if there is any band.
fn challenge(statement: &[u8], points: &[[u8; 32]]) -> Scalar {
    let mut hash = Sha512::new()
        .chain_update(CHALLENGE)
        .chain_update(statement);
    for point in points {
        hash.update(point);
    }
    Scalar::from_hash(hash)
}

#[cfg(test)]
mod tests;
