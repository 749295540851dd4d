//! Masks: what two participants add and take away, so that nobody else sees
//! either one's totals.

use super::{JointError, Member, Session};
use crate::{
    cell::Cell,
    group::{self, BASES},
    seed::{ReportKey, derive},
};
use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar, traits::MultiscalarMul as _};
use sha2::{Digest as _, Sha512};
use zeroize::{Zeroize as _, Zeroizing};

/// Separates pair secrets from all other hashes.
const PAIR: &[u8] = b"portcullis/v1/joint-pair\0";

/// One participant's masks of a session: their sum is its secret, the
/// commitments are what it publishes in round 1.
pub struct Masks {
    /// Σ over all others: of H first, then of cells 1 to 32.
    pub(super) sum: [Scalar; BASES],
    commitments: Vec<[u8; 32]>,
}

impl core::fmt::Debug for Masks {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Masks(..)")
    }
}

impl Drop for Masks {
    fn drop(&mut self) {
        self.sum.zeroize();
    }
}

impl Masks {
    /// The commitments `M_ij`, one for every other participant in their order.
    pub fn commitments(&self) -> &[[u8; 32]] {
        &self.commitments
    }
}

impl Session {
    /// The masks of participant `me`, whose key this is: the same whenever
    /// they are made.
    ///
    /// # Errors
    ///
    /// [`JointError::Unknown`], [`JointError::Key`].
    pub fn masks(&self, me: usize, key: &ReportKey) -> Result<Masks, JointError> {
        let own = self.member(me)?;
        if own.key_bytes != key.public() {
            return Err(JointError::Key(me));
        }
        let mut masks = Masks {
            sum: [Scalar::ZERO; BASES],
            commitments: Vec::with_capacity(self.members.len()),
        };
        for (number, other) in self.members.iter().enumerate() {
            if number == me {
                continue;
            }
            let shared = other.key * key.secret;
            let pair = self.pair(own, other, &shared.compress().to_bytes());
            for (sum, mask) in masks.sum.iter_mut().zip(pair.iter()) {
                *sum += mask;
            }
            masks.commitments.push(commit(&pair).compress().to_bytes());
        }
        Ok(masks)
    }

    /// The masks of `one` towards `two`, of H first, then of cells 1 to 32; 0
    /// where nothing is counted jointly. `shared` is the Diffie-Hellman point
    /// of their keys, encoded.
    pub(super) fn pair(
        &self,
        one: &Member,
        two: &Member,
        shared: &[u8; 32],
    ) -> Zeroizing<[Scalar; BASES]> {
        let positive = one.key_bytes < two.key_bytes;
        let (first, second) = if positive { (one, two) } else { (two, one) };
        let secret = Sha512::new()
            .chain_update(PAIR)
            .chain_update(first.key_bytes)
            .chain_update(second.key_bytes)
            .chain_update(shared)
            .finalize();
        let secret: Zeroizing<[u8; 64]> = Zeroizing::new(secret.into());
        let mut masks = Zeroizing::new([Scalar::ZERO; BASES]);
        let jointly = core::iter::once(0).chain(self.cells.cells().map(Cell::number));
        for number in jointly {
            let mask = derive(secret.as_slice(), &[&self.id, &[number]]);
            if let Some(to) = masks.get_mut(usize::from(number)) {
                *to = if positive { mask } else { -mask };
            }
        }
        masks
    }
}

/// The commitment to a pair's masks.
pub(super) fn commit(masks: &[Scalar; BASES]) -> RistrettoPoint {
    let [blinding, cells @ ..] = masks;
    let cell_bases = group::cell_bases().iter().skip(1);
    RistrettoPoint::multiscalar_mul(cells, cell_bases) + RistrettoPoint::mul_base(blinding)
}
