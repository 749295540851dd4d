//! Openings: totals plus masks, and a proof that nothing else was added.
//!
//! With W = `C_Σ` + Σ `M_ij` − Σ over L of `y_k` `G_k`, the proof shows that W is made
//! of the generators outside L and of H alone: S = Σ `s_k` `G_k` + σ H over k
//! outside L, `z_k` = `T_k` c + `s_k`, z = ρ c + σ, and c W + S = Σ `z_k` `G_k` + z H.

use super::{JointError, Session};
use crate::{
    cell::Cell,
    group::{self, BASES, WORD, Words},
    report::Totals,
    seed::{Nonces, ReportKey},
};
use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar, traits::MultiscalarMul as _};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha512};
use zeroize::Zeroizing;

/// The length of every opening: `y_k` for the cells of L ascending ‖ S ‖ `z_k` for
/// the others ascending ‖ z.
pub const OPENING_BYTES: usize = (BASES + 1) * WORD;
/// Separates this challenge from all others.
const CHALLENGE: &[u8] = b"portcullis/v1/joint-open\0";
/// Separates an opening's nonces from whatever else is made from its secrets.
const NONCES: &[u8] = b"portcullis/v1/joint-nonces\0";

impl Session {
    /// What participant `me` publishes in round 2, once [`Session::check_masks`]
    /// holds for everybody.
    ///
    /// # Errors
    ///
    /// [`JointError::Unknown`], [`JointError::Key`], [`JointError::Totals`].
    pub fn open(
        &self,
        me: usize,
        key: &ReportKey,
        totals: &Totals,
        generator: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, JointError> {
        let own = self.member(me)?;
        if totals.commitment() != own.sum {
            return Err(JointError::Totals);
        }
        let masks = self.masks(me, key)?;
        Ok(self.opening_of(me, key, totals, &masks, generator))
    }

    /// The opening itself, of totals and masks that are taken as they are.
    pub(super) fn opening_of(
        &self,
        me: usize,
        key: &ReportKey,
        totals: &Totals,
        masks: &super::Masks,
        generator: &mut impl CryptoRng,
    ) -> Vec<u8> {
        let [blinding, cells @ ..] = &masks.sum;
        let mut secret = Zeroizing::new(totals.blinding.to_bytes().to_vec());
        secret.extend_from_slice(key.secret.as_bytes());
        secret.extend_from_slice(&self.id);
        let mut nonces = Nonces::new(NONCES, &secret, generator);

        let mut bytes = Vec::with_capacity(OPENING_BYTES);
        let mut others = Vec::with_capacity(BASES);
        let mut kept = Zeroizing::new(Vec::with_capacity(BASES));
        let counted = Cell::all().zip(group::cell_bases().iter().skip(1));
        for (((cell, base), count), mask) in counted.zip(&totals.counts).zip(cells) {
            if self.cells.contains(cell) {
                bytes.extend_from_slice((Scalar::from(*count) + mask).as_bytes());
            } else {
                others.push(base);
                kept.push((Scalar::from(*count), nonces.draw()));
            }
        }
        let sigma = Zeroizing::new(nonces.draw());
        let first = RistrettoPoint::multiscalar_mul(kept.iter().map(|(_, nonce)| nonce), others)
            + RistrettoPoint::mul_base(&sigma);
        let first = first.compress();
        let c = self.challenge(me, masks.commitments(), &bytes, first.as_bytes());
        bytes.extend_from_slice(first.as_bytes());
        for (count, nonce) in kept.iter() {
            bytes.extend_from_slice((count * c + nonce).as_bytes());
        }
        let blinding = Zeroizing::new(totals.blinding.0 + blinding);
        bytes.extend_from_slice((*blinding * c + *sigma).as_bytes());
        bytes
    }

    /// Checks participant `number`'s opening against its leaves and the
    /// commitments it published in round 1; answers with `y_k`, ascending.
    ///
    /// # Errors
    ///
    /// [`JointError::Unknown`], [`JointError::Masks`], [`JointError::Opening`].
    pub(super) fn opened(
        &self,
        number: usize,
        masks: &[[u8; 32]],
        opening: &[u8],
    ) -> Result<Vec<Scalar>, JointError> {
        let sum =
            self.member(number)?.sum + self.decode(number, masks)?.iter().sum::<RistrettoPoint>();
        self.equation(number, masks, sum, opening)
            .ok_or(JointError::Opening(number))
    }

    /// Checks participant `number`'s opening against its leaves and the
    /// commitments it published in round 1.
    ///
    /// # Errors
    ///
    /// [`JointError::Unknown`], [`JointError::Masks`], and
    /// [`JointError::Opening`], which is pinned on this participant alone.
    pub fn verify_opening(
        &self,
        number: usize,
        masks: &[[u8; 32]],
        opening: &[u8],
    ) -> Result<(), JointError> {
        self.opened(number, masks, opening).map(|_| ())
    }

    /// c W + S = Σ `z_k` `G_k` + z H, written with one scalar for each generator;
    /// nothing if the opening does not parse or does not hold.
    fn equation(
        &self,
        number: usize,
        masks: &[[u8; 32]],
        sum: RistrettoPoint,
        opening: &[u8],
    ) -> Option<Vec<Scalar>> {
        let mut words = Words::exactly(OPENING_BYTES / WORD, opening)?;
        let values: Vec<_> = self
            .cells
            .cells()
            .map(|_| words.scalar())
            .collect::<Option<_>>()?;
        let (first, encoded) = words.point()?;
        let published = opening.get(..values.len() * WORD)?;
        let c = self.challenge(number, masks, published, &encoded);
        let mut opened = values.iter();
        let mut scalars = [Scalar::ZERO; BASES];
        for (cell, scalar) in Cell::all().zip(scalars.iter_mut().skip(1)) {
            *scalar = if self.cells.contains(cell) {
                c * opened.next()?
            } else {
                words.scalar()?
            };
        }
        let blinding = words.scalar()?;
        (group::public_sum(&scalars, &blinding, &[-c], &[sum]) == first).then_some(values)
    }

    /// c of the session, the participant's key, its commitments, `y_k` and S.
    fn challenge(&self, number: usize, masks: &[[u8; 32]], values: &[u8], first: &[u8]) -> Scalar {
        let mut hash = Sha512::new()
            .chain_update(CHALLENGE)
            .chain_update(self.id)
            .chain_update(
                self.members
                    .get(number)
                    .map_or([0; 32], |own| own.key_bytes),
            );
        for mask in masks {
            hash.update(mask);
        }
        Scalar::from_hash(hash.chain_update(values).chain_update(first))
    }
}
