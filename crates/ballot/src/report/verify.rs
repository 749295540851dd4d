//! Verifying a report's lines.

use super::{
    Line, LinesError, Range, band, challenge,
    line::{self, Form},
    prove::over,
    statement,
};
use crate::{
    cell::CELLS,
    group::{self, BASES, Words},
};
use curve25519_dalek::{
    constants::RISTRETTO_BASEPOINT_POINT,
    ristretto::RistrettoPoint,
    scalar::Scalar,
    traits::{Identity as _, VartimeMultiscalarMul as _},
};

/// How many words every proof has: S, z₁ to z₃₂, z₃.
pub(super) const WORDS: usize = CELLS + 2;
/// How many more it has with bands, beside one a bit: P, A, B, D, z₁, z₂.
pub(super) const BAND_WORDS: usize = 6;

/// Why a proof does not show a report's lines. Lines are counted from 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReportError {
    /// The range ends before it starts.
    #[error("the range ends before it starts")]
    Range,
    /// The lines make no report.
    #[error(transparent)]
    Lines(#[from] LinesError),
    /// Not as long as a proof of these lines.
    #[error("a proof of these lines has {expected} bytes, and this has {found}")]
    Length {
        /// What these lines take.
        expected: usize,
        /// What is there.
        found: usize,
    },
    /// Thirty-two bytes that are no group element, or not its one encoding.
    #[error("a point of the proof or the sum is no canonical ristretto255 encoding")]
    Point,
    /// Thirty-two bytes that are no number below the group's order.
    #[error("a scalar of the proof is not below the group's order")]
    Scalar,
    /// Whoever made the proof could not open the sum, or opened another.
    #[error("the proof is not about the sum of these leaves")]
    Sum,
    /// A line's value is not the total of its cells.
    #[error("the proof does not show what line {0} says")]
    Line(usize),
    /// What stands for the bands' bits is no bits.
    #[error("the proof does not show that the bands' bits are bits")]
    Bits,
}

impl ReportError {
    /// The stable code, `report.proof_…`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Range => "report.proof_range",
            Self::Lines(_) => "report.proof_lines",
            Self::Length { .. } => "report.proof_length",
            Self::Point => "report.proof_point",
            Self::Scalar => "report.proof_scalar",
            Self::Sum => "report.proof_sum",
            Self::Line(_) => "report.proof_line",
            Self::Bits => "report.proof_bits",
        }
    }
}

/// Checks that `proof` shows `lines` to be totals of `range`.
///
/// # Errors
///
/// The [`ReportError`] of the first condition broken, in the order of its
/// variants.
pub fn verify(range: &Range<'_>, lines: &[Line], proof: &[u8]) -> Result<(), ReportError> {
    if range.end < range.start {
        return Err(ReportError::Range);
    }
    line::check(lines)?;
    let weights = band::weights_of(lines);
    let bits: usize = weights.iter().map(Vec::len).sum();
    let words = WORDS + if bits > 0 { bits + BAND_WORDS } else { 0 };
    let length = ReportError::Length {
        expected: words * group::WORD,
        found: proof.len(),
    };
    let mut words = Words::exactly(words, proof).ok_or(length)?;
    let sum = group::point(&range.sum).ok_or(ReportError::Point)?;
    let (opening, encoded) = words.point().ok_or(ReportError::Point)?;
    let mut answers = [Scalar::ZERO; BASES];
    for answer in answers.iter_mut().skip(1) {
        *answer = words.scalar().ok_or(ReportError::Scalar)?;
    }
    let blinding = words.scalar().ok_or(ReportError::Scalar)?;
    let bits = if bits > 0 {
        Some(Bits::decode(bits, &mut words)?)
    } else {
        None
    };

    let mut points = vec![encoded];
    points.extend(bits.iter().flat_map(|bits| bits.encoded));
    let x = challenge(&statement(range, lines), &points);
    if group::public_sum(&answers, &blinding, &[-x], &[sum]) != opening {
        return Err(ReportError::Sum);
    }
    let [_, cells @ ..] = answers;
    let mut left = bits.as_ref().map_or(&[][..], |bits| &bits.answers);
    for (number, (line, weights)) in lines.iter().zip(&weights).enumerate() {
        let (own, others) = left.split_at_checked(weights.len()).unwrap_or_default();
        left = others;
        let shown = match line.form {
            Form::Withheld => continue,
            Form::Exact(value) => x * Scalar::from(value),
            Form::Band { low, .. } => x * Scalar::from(low) + band::weighted(weights, own),
        };
        if over(line.cells, &cells) != shown {
            return Err(ReportError::Line(number));
        }
    }
    match bits {
        Some(bits) if !bits.hold(&x) => Err(ReportError::Bits),
        _ => Ok(()),
    }
}

/// What stands for the bands' bits.
struct Bits {
    /// P, A, B, D as they came.
    encoded: [[u8; 32]; 4],
    /// P, A, B, D.
    points: [RistrettoPoint; 4],
    /// `f_j`.
    answers: Vec<Scalar>,
    z1: Scalar,
    z2: Scalar,
}

impl Bits {
    fn decode(count: usize, words: &mut Words<'_>) -> Result<Self, ReportError> {
        let mut encoded = [[0; 32]; 4];
        let mut points = [RistrettoPoint::identity(); 4];
        for (point, bytes) in points.iter_mut().zip(&mut encoded) {
            (*point, *bytes) = words.point().ok_or(ReportError::Point)?;
        }
        let mut scalar = || words.scalar().ok_or(ReportError::Scalar);
        Ok(Self {
            encoded,
            points,
            answers: (0..count).map(|_| scalar()).collect::<Result<_, _>>()?,
            z1: scalar()?,
            z2: scalar()?,
        })
    }

    /// x P + A = Σ `f_j` `Q_j` + z₁ H, and x B + D = Σ `f_j` (x − `f_j`) `Q_j` + z₂ H.
    fn hold(&self, x: &Scalar) -> bool {
        let bases = group::bit_bases(self.answers.len());
        let [committed, first, second, third] = self.points;
        let sum = |answers: &[Scalar], blinding: &Scalar, point: RistrettoPoint| {
            RistrettoPoint::vartime_multiscalar_mul(
                answers.iter().chain([blinding, &-x]),
                bases.iter().chain([&RISTRETTO_BASEPOINT_POINT, &point]),
            )
        };
        let products: Vec<_> = self.answers.iter().map(|f| f * (x - f)).collect();
        sum(&self.answers, &self.z1, committed) == first
            && sum(&products, &self.z2, second) == third
    }
}
