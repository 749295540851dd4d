//! Proving a report's lines.

use super::{
    Line, LinesError, Range, Totals, band, challenge,
    line::{self, Form},
    solve::Equations,
    statement,
};
use crate::{
    cell::{CELLS, CellSet},
    group::{self, WORD},
    seed::Nonces,
};
use curve25519_dalek::{
    ristretto::{CompressedRistretto, RistrettoPoint},
    scalar::Scalar,
    traits::MultiscalarMul as _,
};
use rand_core::CryptoRng;
use subtle::{Choice, ConditionallySelectable as _};
use zeroize::Zeroizing;

/// Separates a report's nonces from whatever else is made from its secrets.
const NONCES: &[u8] = b"portcullis/v1/report-nonces\0";

/// Why a report cannot be proved. Lines are counted from 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProveError {
    /// The range ends before it starts.
    #[error("the range ends before it starts")]
    Range,
    /// The lines make no report.
    #[error(transparent)]
    Lines(#[from] LinesError),
    /// The totals are of other leaves.
    #[error("the totals do not open the sum of the commitments")]
    Totals,
    /// A line says what is not so.
    #[error("the total of line {0} is not what the line shows")]
    Line(usize),
}

impl ProveError {
    /// The stable code, `report.proof_…`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Range => "report.proof_range",
            Self::Lines(_) => "report.proof_lines",
            Self::Totals => "report.proof_totals",
            Self::Line(_) => "report.proof_line",
        }
    }
}

/// Proves that `lines` show the totals of `range`:
/// S ‖ z₁ … z₃₂ ‖ z₃, and if there is any band P ‖ A ‖ B ‖ D ‖ f₁ … `f_m` ‖ z₁ ‖ z₂.
///
/// # Errors
///
/// The [`ProveError`] of the first condition broken: range, lines, totals, and
/// each line in turn.
pub fn prove(
    range: &Range<'_>,
    lines: &[Line],
    totals: &Totals,
    generator: &mut impl CryptoRng,
) -> Result<Vec<u8>, ProveError> {
    if range.end < range.start {
        return Err(ProveError::Range);
    }
    line::check(lines)?;
    if totals.commitment().compress().to_bytes() != range.sum {
        return Err(ProveError::Totals);
    }
    for (number, line) in lines.iter().enumerate() {
        if !line.admits(totals.of(line)) {
            return Err(ProveError::Line(number));
        }
    }
    let statement = statement(range, lines);
    // As long as it will be from the start: what grows leaves copies behind.
    let counts = totals.counts.map(u64::to_be_bytes);
    let blinding = totals.blinding.to_bytes();
    let secret = Zeroizing::new([blinding.as_slice(), counts.as_flattened(), &statement].concat());
    let mut nonces = Nonces::new(NONCES, &secret, generator);

    let mut masks = Zeroizing::new(core::array::from_fn(|_| nonces.draw()));
    let mut equations = Equations::default();
    for line in lines {
        if let Form::Exact(_) = line.form {
            equations.add(line.cells);
        }
    }
    equations.solve(&mut masks);
    let sigma = Zeroizing::new(nonces.draw());
    let cell_bases = group::cell_bases().iter().skip(1);
    let opening = RistrettoPoint::multiscalar_mul(masks.iter(), cell_bases)
        + RistrettoPoint::mul_base(&sigma);

    let bits = Bits::draw(lines, totals, &masks, &mut nonces);
    let mut points = vec![opening.compress().to_bytes()];
    points.extend(bits.iter().flat_map(|bits| bits.points));
    let x = challenge(&statement, &points);

    let mut proof = opening.compress().to_bytes().to_vec();
    for (count, mask) in totals.counts.iter().zip(masks.iter()) {
        proof.extend_from_slice((Scalar::from(*count) * x + mask).as_bytes());
    }
    proof.extend_from_slice((totals.blinding.0 * x + *sigma).as_bytes());
    if let Some(bits) = bits {
        bits.answer(&x, &mut proof);
    }
    Ok(proof)
}

/// The bits of all bands: what is committed, and what answers the challenge.
struct Bits {
    /// P, A, B, D.
    points: [[u8; WORD]; 4],
    /// `b_j`.
    values: Vec<Choice>,
    /// `a_j`.
    masks: Zeroizing<Vec<Scalar>>,
    /// ρ, α, β, δ.
    blindings: Zeroizing<[Scalar; 4]>,
}

impl Bits {
    /// Draws them so that the bands' masks add up to those of their cells;
    /// nothing if there is no band.
    fn draw(
        lines: &[Line],
        totals: &Totals,
        cells: &[Scalar; CELLS],
        nonces: &mut Nonces,
    ) -> Option<Self> {
        let weights = band::weights_of(lines);
        let count = weights.iter().map(Vec::len).sum();
        let mut bits = Vec::with_capacity(count);
        let mut masks = Zeroizing::new(Vec::with_capacity(count));
        for (line, weights) in lines.iter().zip(&weights) {
            let Form::Band { low, .. } = line.form else {
                continue;
            };
            let above = totals.of(line).saturating_sub(low);
            bits.extend(band::bits(weights, above));
            // The first weight is 1, so its mask makes the sum come out.
            let first = masks.len();
            masks.extend(weights.iter().map(|_| nonces.draw()));
            let drawn = masks.get_mut(first..).unwrap_or_default();
            let excess = over(line.cells, cells) - band::weighted(weights, drawn);
            if let Some(mask) = drawn.first_mut() {
                *mask += excess;
            }
        }
        if bits.is_empty() {
            return None;
        }
        let bases = group::bit_bases(bits.len());
        let blindings = Zeroizing::new(core::array::from_fn(|_| nonces.draw()));
        let signed = masks
            .iter()
            .zip(&bits)
            .map(|(mask, bit)| Scalar::conditional_select(mask, &-mask, *bit))
            .collect();
        let columns = [
            bits.iter()
                .map(|bit| Scalar::from(bit.unwrap_u8()))
                .collect(),
            masks.to_vec(),
            signed,
            masks.iter().map(|mask| -(mask * mask)).collect(),
        ];
        let mut points = [CompressedRistretto::default(); 4];
        for ((point, column), blinding) in points.iter_mut().zip(columns).zip(blindings.iter()) {
            let column: Zeroizing<Vec<Scalar>> = Zeroizing::new(column);
            *point = (RistrettoPoint::multiscalar_mul(column.iter(), &bases)
                + RistrettoPoint::mul_base(blinding))
            .compress();
        }
        Some(Self {
            points: points.map(|point| point.to_bytes()),
            values: bits,
            masks,
            blindings,
        })
    }

    fn answer(&self, x: &Scalar, proof: &mut Vec<u8>) {
        for point in &self.points {
            proof.extend_from_slice(point);
        }
        for (bit, mask) in self.values.iter().zip(self.masks.iter()) {
            let value = Scalar::conditional_select(&Scalar::ZERO, x, *bit);
            proof.extend_from_slice((value + mask).as_bytes());
        }
        let [rho, alpha, beta, delta] = &*self.blindings;
        proof.extend_from_slice((rho * x + alpha).as_bytes());
        proof.extend_from_slice((beta * x + delta).as_bytes());
    }
}

/// Σ over a line's cells.
pub(super) fn over(cells: CellSet, values: &[Scalar; CELLS]) -> Scalar {
    crate::cell::Cell::all()
        .zip(values)
        .filter_map(|(cell, value)| cells.contains(cell).then_some(value))
        .sum()
}
