//! The ballot proof: a commitment counts one cell once, or nothing.
//!
//! C = Σ `v_k` `G_k` + r H over the cells 1 to 32. With `v_0` = 1 − Σ `v_k`, the
//! proof shows that every `v_k`, `v_0` too, is 0 or 1: then at most one is 1,
//! and none is negative. This is the bit argument of the one-out-of-many
//! proofs of Groth and Kohlweiss and of Bootle et al., without compression.
//!
//! With random a₁ … a₃₂ and a₀ = −Σ `a_k`:
//! A = Σ₁ `a_k` `G_k` + α H, B = Σ₀ `a_k` (1 − 2 `v_k`) `G_k` + β H,
//! D = Σ₀ −`a_k`² `G_k` + δ H; x = H(context, C, A, B, D); `f_k` = `v_k` x + `a_k`,
//! z₁ = r x + α, z₂ = β x + δ. A verifier takes f₀ = x − Σ `f_k` and asks for
//! x C + A = Σ₁ `f_k` `G_k` + z₁ H and x B + D = Σ₀ `f_k` (x − `f_k`) `G_k` + z₂ H.
//!
//! All but C, x and the answers can be made before anybody knows what the leaf
//! will count: that is [`Ahead`], nine tenths of the work.

use crate::{
    cell::{CELLS, Cell},
    group::{self, BASES, WORD},
    leaf::{Context, Leaf, LeafError, VERSION},
    seed::{Blinding, Nonces, Seed},
};
use curve25519_dalek::{
    ristretto::{CompressedRistretto, RistrettoPoint},
    scalar::Scalar,
    traits::{Identity as _, MultiscalarMul as _},
};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha512};
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::{Zeroize as _, ZeroizeOnDrop};

/// The length of a proof: A ‖ B ‖ D ‖ f₁ … f₃₂ ‖ z₁ ‖ z₂.
pub(crate) const PROOF_BYTES: usize = (CELLS + 5) * WORD;
/// Separates this challenge from all others.
const CHALLENGE: &[u8] = b"portcullis/v1/leaf-proof\0";
/// Separates a proof's nonces from whatever else is made from a seed.
const NONCES: &[u8] = b"portcullis/v1/leaf-nonces\0";

/// The part of a proof that needs neither digest nor cell, made while nothing
/// is urgent. [`Leaf::prove`] consumes it: two proofs with the same nonces show
/// what both leaves count.
///
/// INVARIANT: it lives in memory only, is never written anywhere and never
/// copied, so that no backup and no restart can bring one back.
#[derive(ZeroizeOnDrop)]
pub struct Ahead {
    /// a₀ to a₃₂.
    masks: [Scalar; BASES],
    alpha: Scalar,
    beta: Scalar,
    delta: Scalar,
    /// A and D, encoded.
    #[zeroize(skip)]
    first: CompressedRistretto,
    #[zeroize(skip)]
    third: CompressedRistretto,
    /// B, as if nothing were counted anywhere.
    second: RistrettoPoint,
}

impl core::fmt::Debug for Ahead {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Ahead(..)")
    }
}

impl Ahead {
    /// Does the work of one leaf that can be done ahead. The nonces come from
    /// the seed and from 64 fresh bytes of `generator`, which must never give
    /// the same bytes twice: not after a restart, not in a copied machine.
    pub fn draw(secret: &Seed, generator: &mut impl CryptoRng) -> Self {
        let mut nonces = Nonces::new(NONCES, secret.as_bytes(), generator);
        let mut masks: [Scalar; BASES] = core::array::from_fn(|_| nonces.draw());
        let cells: Scalar = masks.iter().skip(1).sum();
        if let Some(none) = masks.first_mut() {
            *none = -cells;
        }
        let (alpha, beta, delta) = (nonces.draw(), nonces.draw(), nonces.draw());
        let mut squares = masks.map(|mask| -(mask * mask));
        // Σ₀ a_k G_k: all three points begin with it or end in H.
        let masked = RistrettoPoint::multiscalar_mul(&masks, group::cell_bases());
        let none = group::cell_bases()
            .first()
            .zip(masks.first())
            .map(|(base, mask)| base * mask);
        let first = masked - none.unwrap_or_default() + RistrettoPoint::mul_base(&alpha);
        let second = masked + RistrettoPoint::mul_base(&beta);
        let third = RistrettoPoint::multiscalar_mul(&squares, group::cell_bases())
            + RistrettoPoint::mul_base(&delta);
        squares.zeroize();
        Self {
            masks,
            alpha,
            beta,
            delta,
            first: first.compress(),
            third: third.compress(),
            second,
        }
    }

    /// The commitment and its proof. Constant time in `cell`: every cell's
    /// generator and mask are read, whichever is counted.
    pub(crate) fn finish(
        self,
        context: &Context<'_>,
        digest: &[u8; 32],
        cell: Option<Cell>,
        blinding: &Blinding,
    ) -> ([u8; WORD], Vec<u8>) {
        let counted = cell.map_or(0, Cell::number);
        let mut generator = RistrettoPoint::identity();
        let mut chosen = (RistrettoPoint::identity(), Scalar::ZERO);
        for ((number, base), mask) in (0u8..).zip(group::cell_bases()).zip(&self.masks) {
            let is_it = number.ct_eq(&counted);
            generator.conditional_assign(base, is_it & !number.ct_eq(&0));
            chosen.0.conditional_assign(base, is_it);
            chosen.1.conditional_assign(mask, is_it);
        }
        let mut twice = chosen.1 + chosen.1;
        let commitment = (generator + RistrettoPoint::mul_base(&blinding.0)).compress();
        let second = (self.second - chosen.0 * twice).compress();
        let points = [commitment, self.first, second, self.third];
        let x = challenge(context, digest, &points);

        let mut proof = Vec::with_capacity(PROOF_BYTES);
        for point in [self.first, second, self.third] {
            proof.extend_from_slice(point.as_bytes());
        }
        for (number, mask) in (0u8..).zip(&self.masks).skip(1) {
            let value = Scalar::conditional_select(&Scalar::ZERO, &x, number.ct_eq(&counted));
            proof.extend_from_slice((value + mask).as_bytes());
        }
        proof.extend_from_slice((blinding.0 * x + self.alpha).as_bytes());
        proof.extend_from_slice((self.beta * x + self.delta).as_bytes());
        generator.zeroize();
        chosen.0.zeroize();
        chosen.1.zeroize();
        twice.zeroize();
        (commitment.to_bytes(), proof)
    }
}

/// x of C, A, B and D.
fn challenge(
    context: &Context<'_>,
    digest: &[u8; 32],
    points: &[CompressedRistretto; 4],
) -> Scalar {
    let mut hash = Sha512::new()
        .chain_update(CHALLENGE)
        .chain_update(group::text(context.origin))
        .chain_update(context.schema)
        .chain_update(digest);
    for point in points {
        hash.update(point.as_bytes());
    }
    Scalar::from_hash(hash)
}

/// What a leaf claims, decoded: everything that a check needs.
#[derive(Clone)]
pub(crate) struct Claim {
    /// C, A, B, D.
    pub(crate) commitment: RistrettoPoint,
    pub(crate) first: RistrettoPoint,
    pub(crate) second: RistrettoPoint,
    pub(crate) third: RistrettoPoint,
    pub(crate) x: Scalar,
    /// f₀ to f₃₂.
    pub(crate) answers: [Scalar; BASES],
    pub(crate) z1: Scalar,
    pub(crate) z2: Scalar,
}

impl Claim {
    /// Decodes a leaf, strictly.
    ///
    /// # Errors
    ///
    /// [`LeafError::Version`], [`LeafError::Schema`], [`LeafError::Point`],
    /// [`LeafError::Scalar`].
    pub(crate) fn of(leaf: &Leaf, context: &Context<'_>) -> Result<Self, LeafError> {
        if leaf.version() != VERSION {
            return Err(LeafError::Version(leaf.version()));
        }
        if leaf.schema() != context.schema {
            return Err(LeafError::Schema);
        }
        let digest = group::word(leaf.digest()).ok_or(LeafError::Digest)?;
        let (words, _) = leaf.proof_bytes().as_chunks::<WORD>();
        let mut words = words.iter().copied();
        let mut word = || words.next().ok_or(LeafError::Length(PROOF_BYTES));

        let commitment = group::word(leaf.commitment_bytes()).ok_or(LeafError::Point)?;
        let points = [commitment, word()?, word()?, word()?];
        let mut decoded = [RistrettoPoint::identity(); 4];
        for (to, from) in decoded.iter_mut().zip(&points) {
            *to = group::point(from).ok_or(LeafError::Point)?;
        }
        let [commitment, first, second, third] = decoded;
        let x = challenge(context, &digest, &points.map(CompressedRistretto));

        let mut scalar = || word().and_then(|word| group::scalar(&word).ok_or(LeafError::Scalar));
        let mut answers = [x; BASES];
        for answer in answers.iter_mut().skip(1) {
            *answer = scalar()?;
        }
        let (z1, z2) = (scalar()?, scalar()?);
        let cells: Scalar = answers.iter().skip(1).sum();
        if let Some(none) = answers.first_mut() {
            *none -= cells;
        }
        Ok(Self {
            commitment,
            first,
            second,
            third,
            x,
            answers,
            z1,
            z2,
        })
    }

    /// Checks both equations, each for itself.
    ///
    /// # Errors
    ///
    /// [`LeafError::Proof`].
    pub(crate) fn verify(&self) -> Result<(), LeafError> {
        let mut cells = self.answers;
        if let Some(none) = cells.first_mut() {
            *none = Scalar::ZERO;
        }
        let opened = group::public_sum(&cells, &self.z1, &[-self.x], &[self.commitment]);
        let bits = self.answers.map(|answer| answer * (self.x - answer));
        let squared = group::public_sum(&bits, &self.z2, &[-self.x], &[self.second]);
        if opened == self.first && squared == self.third {
            Ok(())
        } else {
            Err(LeafError::Proof)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf::LEAF_BYTES;
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    const CONTEXT: Context<'_> = Context {
        origin: "mail.example/log/live/1",
        schema: &[3; 32],
    };
    const SEED: [u8; 32] = [9; 32];

    fn leaf(cell: Option<Cell>, salt: u64) -> Leaf {
        let seed = Seed::new(SEED);
        let ahead = Ahead::draw(&seed, &mut StdRng::seed_from_u64(salt));
        Leaf::prove(ahead, &CONTEXT, &[7; 32], cell, &seed)
    }

    #[test]
    fn every_cell_and_none_is_proved_and_found_again() {
        let seed = Seed::new(SEED);
        for cell in Cell::all().map(Some).chain([None]) {
            let leaf = leaf(cell, 1);
            assert_eq!(leaf.as_bytes().len(), LEAF_BYTES);
            assert_eq!(leaf.verify(&CONTEXT), Ok(()));
            assert_eq!(leaf.cell_under(&seed, CONTEXT.origin), Ok(cell));
            let blinding = seed.blinding(CONTEXT.origin, &[7; 32]);
            assert_eq!(leaf.opens_to_cell(cell, &blinding), Ok(()));
            let other = if cell == Cell::new(3) {
                None
            } else {
                Cell::new(3)
            };
            assert_eq!(
                leaf.opens_to_cell(other, &blinding),
                Err(LeafError::Opening)
            );
            assert_eq!(
                leaf.cell_under(&seed, "elsewhere.example/log/live/1"),
                Err(LeafError::Opening)
            );
        }
    }

    #[test]
    fn a_proof_belongs_to_one_log_one_schema_and_one_digest() {
        let leaf = leaf(Cell::new(15), 1);
        let origin = "mail.example/log/live/2";
        assert_eq!(
            leaf.verify(&Context { origin, ..CONTEXT }),
            Err(LeafError::Proof)
        );
        let schema = &[4; 32];
        assert_eq!(
            leaf.verify(&Context { schema, ..CONTEXT }),
            Err(LeafError::Schema)
        );
        for (at, schema) in [(1, &[3; 32]), (33, &[3; 32])] {
            let mut bytes = leaf.as_bytes().to_vec();
            bytes[at] ^= 1;
            let mut copied = *schema;
            copied[0] ^= u8::from(at == 1);
            let context = Context {
                schema: &copied,
                ..CONTEXT
            };
            assert_eq!(
                Leaf::parse(&bytes).unwrap().verify(&context),
                Err(LeafError::Proof)
            );
        }
    }

    #[test]
    fn a_leaf_without_proof_is_refused() {
        let leaf = Leaf::unproved_cover(&[3; 32], &mut StdRng::seed_from_u64(1));
        assert_eq!(leaf.verify(&CONTEXT), Err(LeafError::Version(0)));
    }

    /// What a cheat can make: a proof for values that are not one bit each,
    /// with the honest prover's formulas.
    fn cheat(values: &[i64; CELLS]) -> Leaf {
        let bases = group::cell_bases();
        let mut nonces = Nonces::new(NONCES, &SEED, &mut StdRng::seed_from_u64(5));
        let mut draw = || nonces.draw();
        let signed = |value: i64| {
            let size = Scalar::from(value.unsigned_abs());
            if value < 0 { -size } else { size }
        };
        let rest = 1 - values.iter().sum::<i64>();
        let values: Vec<_> = core::iter::once(rest).chain(*values).map(signed).collect();
        let mut masks: Vec<Scalar> = (0..BASES).map(|_| draw()).collect();
        masks[0] = -masks[1..].iter().sum::<Scalar>();
        let [blinding, alpha, beta, delta] = [draw(), draw(), draw(), draw()];
        let sum = |scalars: &[Scalar], blinding: &Scalar, from: usize| {
            (RistrettoPoint::multiscalar_mul(&scalars[from..], &bases[from..])
                + RistrettoPoint::mul_base(blinding))
            .compress()
        };
        let two = Scalar::from(2u8);
        let signed = masks
            .iter()
            .zip(&values)
            .map(|(a, v)| a * (Scalar::ONE - two * v));
        let signed: Vec<_> = signed.collect();
        let squares: Vec<_> = masks.iter().map(|mask| -(mask * mask)).collect();
        let points = [
            sum(&values, &blinding, 1),
            sum(&masks, &alpha, 1),
            sum(&signed, &beta, 0),
            sum(&squares, &delta, 0),
        ];
        let x = challenge(&CONTEXT, &[7; 32], &points);
        let answers = values.iter().zip(&masks).skip(1).map(|(v, a)| v * x + a);
        let bytes = [VERSION]
            .into_iter()
            .chain(*CONTEXT.schema)
            .chain([7; 32])
            .chain(points.into_iter().flat_map(|point| point.to_bytes()))
            .chain(answers.flat_map(|answer| answer.to_bytes()))
            .chain((blinding * x + alpha).to_bytes())
            .chain((beta * x + delta).to_bytes());
        Leaf::parse(&bytes.collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn what_is_no_ballot_cannot_be_proved_as_one() {
        let mut values = [0; CELLS];
        assert_eq!(cheat(&values).verify(&CONTEXT), Ok(()));
        values[4] = 1;
        assert_eq!(cheat(&values).verify(&CONTEXT), Ok(()));
        for (cell, value) in [(4, 2), (4, -1), (5, 1), (5, -1), (31, 65_535)] {
            let mut values = values;
            values[cell] = value;
            assert_eq!(cheat(&values).verify(&CONTEXT), Err(LeafError::Proof));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn a_leaf_with_any_bit_changed_is_refused(
            number in 0u8..=32, byte in 0..LEAF_BYTES, bit in 0u8..8, salt in any::<u64>(),
        ) {
            let leaf = leaf(Cell::new(number), salt);
            prop_assert_eq!(leaf.verify(&CONTEXT), Ok(()));
            let mut bytes = leaf.as_bytes().to_vec();
            bytes[byte] ^= 1 << bit;
            let verified = Leaf::parse(&bytes).and_then(|leaf| leaf.verify(&CONTEXT));
            prop_assert!(verified.is_err());
        }
    }
}
