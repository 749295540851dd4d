//! Many leaves checked at once, for what a handful costs alone.
//!
//! Both equations of every leaf, each times a random weight of 128 bits, add
//! up to nothing if all hold. A leaf that breaks one escapes with chance 2⁻¹²⁸,
//! as the weights are drawn after all leaves are fixed, by the verifier.

use crate::{
    group::{self, BASES},
    leaf::{Context, Leaf, LeafError},
    proof::Claim,
    sum::Sum,
};
use curve25519_dalek::{
    constants::RISTRETTO_BASEPOINT_POINT,
    ristretto::RistrettoPoint,
    scalar::Scalar,
    traits::{IsIdentity as _, VartimeMultiscalarMul as _},
};
use rand_core::CryptoRng;

/// Leaves that wait to be checked together: a tile of 256 is a good size, and
/// each takes 2 kB until then.
pub struct Batch<'a> {
    context: Context<'a>,
    claims: Vec<Claim>,
}

/// Which leaf of a batch is at fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("leaf {position} of the batch: {error}")]
pub struct BatchError {
    /// Its place in the batch, the first one pushed being 0.
    pub position: usize,
    /// What is wrong with it.
    #[source]
    pub error: LeafError,
}

impl From<BatchError> for LeafError {
    fn from(error: BatchError) -> Self {
        error.error
    }
}

impl<'a> Batch<'a> {
    /// An empty batch of leaves of one log and schema.
    pub const fn new(context: &Context<'a>) -> Self {
        Self {
            context: *context,
            claims: Vec::new(),
        }
    }

    /// Decodes a leaf and keeps it. A leaf that is refused here is not kept.
    ///
    /// # Errors
    ///
    /// [`LeafError::Version`], [`LeafError::Schema`], [`LeafError::Point`],
    /// [`LeafError::Scalar`].
    pub fn push(&mut self, leaf: &Leaf) -> Result<(), LeafError> {
        self.claims.push(Claim::of(leaf, &self.context)?);
        Ok(())
    }

    /// As [`Self::push`], for a leaf of another log or schema: what a batch
    /// saves, it saves across logs. The sum is then one over several logs,
    /// which is no log's total.
    ///
    /// # Errors
    ///
    /// As [`Self::push`].
    pub fn push_in(&mut self, context: &Context<'_>, leaf: &Leaf) -> Result<(), LeafError> {
        self.claims.push(Claim::of(leaf, context)?);
        Ok(())
    }

    /// How many leaves wait.
    pub const fn len(&self) -> usize {
        self.claims.len()
    }

    /// Whether none waits.
    pub const fn is_empty(&self) -> bool {
        self.claims.is_empty()
    }

    /// Checks all of them and answers with the sum of their commitments.
    ///
    /// # Errors
    ///
    /// [`BatchError`] with the first leaf whose proof does not hold.
    pub fn verify(self, generator: &mut impl CryptoRng) -> Result<Sum, BatchError> {
        if !self.holds(generator) {
            for (position, claim) in self.claims.iter().enumerate() {
                claim
                    .verify()
                    .map_err(|error| BatchError { position, error })?;
            }
        }
        let sum = self.claims.iter().map(|claim| claim.commitment).sum();
        Ok(Sum(sum))
    }

    fn holds(&self, generator: &mut impl CryptoRng) -> bool {
        let mut cells = [Scalar::ZERO; BASES];
        let mut blinding = Scalar::ZERO;
        let mut scalars = Vec::with_capacity(self.claims.len() * 4 + BASES + 1);
        let mut points = Vec::with_capacity(self.claims.len() * 4 + BASES + 1);
        for claim in &self.claims {
            // x C + A − Σ₁ f_k G_k − z₁ H, and x B + D − Σ₀ f_k (x − f_k) G_k − z₂ H:
            // the weights alone are short, and short scalars are cheaper.
            let (opened, squared) = (weight(generator), weight(generator));
            let squared_x = squared * claim.x;
            let both = opened + squared_x;
            for (number, (cell, answer)) in cells.iter_mut().zip(&claim.answers).enumerate() {
                let first = if number == 0 { squared_x } else { both };
                *cell -= answer * (first - squared * answer);
            }
            blinding -= opened * claim.z1 + squared * claim.z2;
            scalars.extend([opened * claim.x, opened, squared_x, squared]);
            points.extend([claim.commitment, claim.first, claim.second, claim.third]);
        }
        scalars.extend(cells.iter().chain([&blinding]));
        points.extend(
            group::cell_bases()
                .iter()
                .chain([&RISTRETTO_BASEPOINT_POINT]),
        );
        RistrettoPoint::vartime_multiscalar_mul(scalars, points).is_identity()
    }
}

/// A weight: 128 random bits.
fn weight(generator: &mut impl CryptoRng) -> Scalar {
    let mut bytes = [0; 16];
    generator.fill_bytes(&mut bytes);
    Scalar::from(u128::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ahead, Cell, Seed, leaf::LEAF_BYTES};
    use rand::{SeedableRng, rngs::StdRng};

    const CONTEXT: Context<'_> = Context {
        origin: "mail.example/log/live/1",
        schema: &[3; 32],
    };

    fn leaves(count: u8, generator: &mut StdRng) -> Vec<Leaf> {
        let seed = Seed::new([9; 32]);
        (0..count)
            .map(|number| {
                let ahead = Ahead::draw(&seed, generator);
                Leaf::prove(
                    ahead,
                    &CONTEXT,
                    &[number; 32],
                    Cell::new(number % 33),
                    &seed,
                )
            })
            .collect()
    }

    fn verify(leaves: &[Leaf], generator: &mut StdRng) -> Result<Sum, BatchError> {
        let mut batch = Batch::new(&CONTEXT);
        for leaf in leaves {
            batch.push(leaf).unwrap();
        }
        batch.verify(generator)
    }

    #[test]
    fn a_batch_of_good_leaves_holds_and_answers_with_their_sum() {
        let generator = &mut StdRng::seed_from_u64(1);
        for count in [0, 1, 2, 70] {
            let leaves = leaves(count, generator);
            let mut sum = Sum::zero();
            for leaf in &leaves {
                sum.add_commitment(leaf.commitment_bytes().try_into().unwrap())
                    .unwrap();
            }
            assert_eq!(verify(&leaves, generator), Ok(sum));
        }
    }

    /// Leaves that all hold are never looked at one by one.
    #[test]
    fn the_sum_of_all_equations_holds_exactly_for_good_leaves() {
        let generator = &mut StdRng::seed_from_u64(3);
        let leaves = leaves(9, generator);
        let mut batch = Batch::new(&CONTEXT);
        for leaf in &leaves {
            batch.push(leaf).unwrap();
        }
        assert_eq!(batch.len(), 9);
        assert!(batch.holds(generator));
        let one = Scalar::ONE;
        let changes: [&dyn Fn(&mut Claim); 8] = [
            &|claim| claim.answers[0] += one,
            &|claim| claim.answers[32] += one,
            &|claim| claim.z1 += one,
            &|claim| claim.z2 += one,
            &|claim| claim.commitment += RISTRETTO_BASEPOINT_POINT,
            &|claim| claim.first += RISTRETTO_BASEPOINT_POINT,
            &|claim| claim.second += RISTRETTO_BASEPOINT_POINT,
            &|claim| claim.third += RISTRETTO_BASEPOINT_POINT,
        ];
        for change in changes {
            let good = batch.claims[4].clone();
            change(&mut batch.claims[4]);
            assert!(!batch.holds(generator));
            batch.claims[4] = good;
        }
    }

    #[test]
    fn a_batch_names_the_leaf_at_fault() {
        let generator = &mut StdRng::seed_from_u64(2);
        let good = leaves(20, generator);
        for at in [0, 7, 19] {
            // Two answers and both blindings, each of them changed a little.
            for byte in [97 + 96, 97 + 96 + 31 * 32, LEAF_BYTES - 64, LEAF_BYTES - 32] {
                let mut leaves = good.clone();
                let mut bytes = leaves[at].as_bytes().to_vec();
                bytes[byte] ^= 1;
                leaves[at] = Leaf::parse(&bytes).unwrap();
                let error = LeafError::Proof;
                let position = at;
                assert_eq!(
                    verify(&leaves, generator),
                    Err(BatchError { position, error })
                );
            }
        }
    }
}
