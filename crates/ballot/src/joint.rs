//! Joint reports: the total of three or more organisations, and nobody's own.
//!
//! Every two participants share secret masks, one the negative of the other's.
//! Round 1: each publishes a commitment to its masks for every other one; two
//! that belong together must add up to nothing. Round 2: each publishes its
//! totals plus its masks, and a proof that these open the sum of its leaves
//! plus its commitments. Added up, the masks vanish and the joint total stays.
//! Whoever publishes something false is named: a mask by [`Session::blame`],
//! an opening by [`Session::verify_opening`].
//!
//! Participants are numbered from 0, in the order of their report keys' bytes.
//! All but one of them, conspiring, learn the last one's totals: no joint
//! total can hide from that.

mod blame;
mod mask;
mod opening;

use crate::{
    cell::{Cell, CellSet},
    group,
    report::Range,
};
use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar, traits::IsIdentity as _};
use sha2::{Digest as _, Sha256};

pub use blame::{REVEAL_BYTES, Side};
pub use mask::Masks;
pub use opening::OPENING_BYTES;

/// How many organisations a joint total needs: with two, each would learn the
/// other's.
pub const PARTICIPANTS_MIN: usize = 3;
/// How many may take part: everybody publishes something for everybody.
pub const PARTICIPANTS_MAX: usize = 128;
/// Separates sessions from all other hashes.
const SESSION: &[u8] = b"portcullis/v1/joint\0";

/// One organisation's part in a joint report.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Participant<'a> {
    /// The leaves that it counts.
    pub range: Range<'a>,
    /// Its log's report key, as the log's shape publishes it.
    pub key: [u8; 32],
}

/// Why a joint report cannot be made, or does not hold. Participants are
/// numbered from 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum JointError {
    /// Too few, or too many.
    #[error("a joint report has 3 to 128 participants, and this has {0}")]
    Participants(usize),
    /// The participants do not stand in the order of their keys, or one twice.
    #[error("participant {0} does not come after the one before by its report key")]
    Order(usize),
    /// One log twice.
    #[error("participant {0} counts the log of an earlier one")]
    Repeated(usize),
    /// A range that ends before it starts.
    #[error("the range of participant {0} ends before it starts")]
    Range(usize),
    /// No report key, or not the one of the participant.
    #[error("the report key of participant {0} is none, or another's")]
    Key(usize),
    /// A sum that is no point.
    #[error("the sum of participant {0} is no canonical ristretto255 encoding")]
    Sum(usize),
    /// Nothing is counted.
    #[error("a joint report has at least one cell")]
    Cells,
    /// Nobody has this number, or nobody else.
    #[error("there is no other participant {0}")]
    Unknown(usize),
    /// Commitments to masks are missing, too many, or no points.
    #[error("participant {0} does not give one point for every other participant")]
    Masks(usize),
    /// Two commitments do not cancel: [`Session::blame`] says whose fault it is.
    #[error("the masks of participants {one} and {two} do not cancel")]
    Pair {
        /// The one with the smaller key.
        one: usize,
        /// The other.
        two: usize,
    },
    /// The totals are of other leaves.
    #[error("the totals do not open the sum of the commitments")]
    Totals,
    /// What one published is not what its leaves and masks hold.
    #[error("the opening of participant {0} is not that of its leaves and masks")]
    Opening(usize),
    /// The openings add up to no count.
    #[error("the openings of cell {} add up to no number below 2³²", .0.number())]
    Total(Cell),
}

impl JointError {
    /// The stable code, `report.joint_…`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Participants(_) => "report.joint_participants",
            Self::Order(_) => "report.joint_order",
            Self::Repeated(_) => "report.joint_repeated",
            Self::Range(_) => "report.joint_range",
            Self::Key(_) => "report.joint_key",
            Self::Sum(_) => "report.joint_sum",
            Self::Cells => "report.joint_cells",
            Self::Unknown(_) => "report.joint_unknown",
            Self::Masks(_) => "report.joint_masks",
            Self::Pair { .. } => "report.joint_pair",
            Self::Totals => "report.joint_totals",
            Self::Opening(_) => "report.joint_opening",
            Self::Total(_) => "report.joint_total",
        }
    }
}

/// What one participant publishes in the two rounds.
#[derive(Clone, Copy, Debug)]
pub struct Contribution<'a> {
    /// Its commitments, one for every other participant in their order.
    pub masks: &'a [[u8; 32]],
    /// Its opening, [`OPENING_BYTES`].
    pub opening: &'a [u8],
}

/// Who takes part, with what, in which attempt: everything that masks and
/// proofs are bound to. Two sessions never share a mask.
#[derive(Clone, Debug)]
pub struct Session {
    cells: CellSet,
    members: Vec<Member>,
    id: [u8; 32],
}

/// A participant, decoded.
#[derive(Clone, Debug)]
struct Member {
    key: RistrettoPoint,
    key_bytes: [u8; 32],
    sum: RistrettoPoint,
}

impl Session {
    /// A session over `cells` for the period `from` to `to` (dates as the
    /// report writes them), in its first or a later attempt. Participants
    /// stand in the order of their keys' bytes.
    ///
    /// # Errors
    ///
    /// [`JointError`]: `Participants`, `Cells`, and for each participant
    /// `Order`, `Repeated`, `Range`, `Key`, `Sum`.
    pub fn new(
        cells: CellSet,
        attempt: u32,
        from: &str,
        to: &str,
        participants: &[Participant<'_>],
    ) -> Result<Self, JointError> {
        let count = participants.len();
        if !(PARTICIPANTS_MIN..=PARTICIPANTS_MAX).contains(&count) {
            return Err(JointError::Participants(count));
        }
        if cells == CellSet(0) {
            return Err(JointError::Cells);
        }
        let mut hash = Sha256::new()
            .chain_update(SESSION)
            .chain_update(cells.0.to_be_bytes())
            .chain_update(attempt.to_be_bytes())
            .chain_update(group::text(from))
            .chain_update(group::text(to))
            // INVARIANT: at most `PARTICIPANTS_MAX`.
            .chain_update(u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes());
        let mut members: Vec<Member> = Vec::with_capacity(count);
        for (number, Participant { range, key }) in participants.iter().enumerate() {
            if members
                .last()
                .is_some_and(|before| before.key_bytes >= *key)
            {
                return Err(JointError::Order(number));
            }
            let mut earlier = participants.iter().take(number);
            if earlier.any(|earlier| earlier.range.origin == range.origin) {
                return Err(JointError::Repeated(number));
            }
            if range.end < range.start {
                return Err(JointError::Range(number));
            }
            let point = group::point(key).filter(|point| !point.is_identity());
            members.push(Member {
                key: point.ok_or(JointError::Key(number))?,
                key_bytes: *key,
                sum: group::point(&range.sum).ok_or(JointError::Sum(number))?,
            });
            hash.update(group::text(range.origin));
            hash.update(range.root);
            hash.update(range.start.to_be_bytes());
            hash.update(range.end.to_be_bytes());
            hash.update(range.schema);
            hash.update(range.sum);
            hash.update(key);
        }
        Ok(Self {
            cells,
            members,
            id: hash.finalize().into(),
        })
    }

    /// The session's id: SHA-256 of all that it is bound to.
    pub const fn id(&self) -> &[u8; 32] {
        &self.id
    }

    /// How many take part.
    pub const fn participants(&self) -> usize {
        self.members.len()
    }

    /// Checks round 1: `masks` of every participant in order, each with one
    /// commitment for every other participant in order.
    ///
    /// # Errors
    ///
    /// [`JointError::Participants`], [`JointError::Masks`],
    /// [`JointError::Pair`] with the first pair that does not cancel.
    pub fn check_masks(&self, masks: &[&[[u8; 32]]]) -> Result<(), JointError> {
        if masks.len() != self.members.len() {
            return Err(JointError::Participants(masks.len()));
        }
        let points = masks
            .iter()
            .enumerate()
            .map(|(number, masks)| self.decode(number, masks))
            .collect::<Result<Vec<_>, _>>()?;
        for (one, rows) in points.iter().enumerate() {
            for (two, others) in points.iter().enumerate().skip(one + 1) {
                // Everybody leaves itself out of its own row.
                let sum = rows.get(two - 1).zip(others.get(one)).map(|(a, b)| a + b);
                if !sum.is_some_and(|sum| sum.is_identity()) {
                    return Err(JointError::Pair { one, two });
                }
            }
        }
        Ok(())
    }

    /// Checks both rounds of everybody and answers with the joint totals, cell
    /// by cell, ascending.
    ///
    /// # Errors
    ///
    /// Those of [`Session::check_masks`] and [`Session::verify_opening`], and
    /// [`JointError::Total`] when the sum is no count.
    pub fn total(
        &self,
        contributions: &[Contribution<'_>],
    ) -> Result<Vec<(Cell, u32)>, JointError> {
        let masks: Vec<_> = contributions.iter().map(|part| part.masks).collect();
        self.check_masks(&masks)?;
        let mut sums: Vec<_> = self
            .cells
            .cells()
            .map(|cell| (cell, Scalar::ZERO))
            .collect();
        for (number, part) in contributions.iter().enumerate() {
            let values = self.opened(number, part.masks, part.opening)?;
            for ((_, sum), value) in sums.iter_mut().zip(values) {
                *sum += value;
            }
        }
        sums.into_iter()
            .map(|(cell, sum)| Ok((cell, small(&sum).ok_or(JointError::Total(cell))?)))
            .collect()
    }

    /// One participant's commitments, decoded.
    fn decode(&self, number: usize, masks: &[[u8; 32]]) -> Result<Vec<RistrettoPoint>, JointError> {
        if masks.len() + 1 != self.members.len() {
            return Err(JointError::Masks(number));
        }
        let points: Option<Vec<_>> = masks.iter().map(group::point).collect();
        points.ok_or(JointError::Masks(number))
    }

    fn member(&self, number: usize) -> Result<&Member, JointError> {
        self.members.get(number).ok_or(JointError::Unknown(number))
    }
}

/// The number below 2³² that a scalar is, if it is one.
fn small(scalar: &Scalar) -> Option<u32> {
    let (low, high) = scalar.as_bytes().split_first_chunk::<4>()?;
    high.iter()
        .all(|byte| *byte == 0)
        .then(|| u32::from_le_bytes(*low))
}

#[cfg(test)]
mod tests;
