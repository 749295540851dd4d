//! Blame: whose mask is wrong, when two do not cancel.
//!
//! Both reveal the Diffie-Hellman point Z of their keys with a proof that it
//! is one (equality of two discrete logarithms): with random t, A₁ = t H,
//! A₂ = t K for the other's key K, c = H(session, both keys, Z, A₁, A₂),
//! z = t + c k. A verifier asks for z H = A₁ + c K' and z K = A₂ + c Z. From Z
//! everybody makes both masks again.
//!
//! A revealed Z makes all masks of this pair public, in every session: whoever
//! is at fault comes back with another report key, of a new log, or not at all.

use super::{JointError, Member, Session, mask::commit};
use crate::{
    group::{WORD, Words},
    seed::{Nonces, ReportKey},
};
use curve25519_dalek::{
    constants::RISTRETTO_BASEPOINT_POINT, ristretto::RistrettoPoint, scalar::Scalar,
};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha512};
use zeroize::Zeroizing;

/// The length of what is revealed: Z ‖ A₁ ‖ A₂ ‖ z.
pub const REVEAL_BYTES: usize = 4 * WORD;
/// Separates this challenge from all others.
const CHALLENGE: &[u8] = b"portcullis/v1/joint-blame\0";
/// Separates the nonce from whatever else is made from a report key.
const NONCES: &[u8] = b"portcullis/v1/joint-blame-nonces\0";

/// One side of a pair whose masks do not cancel.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Its number among the participants.
    pub number: usize,
    /// What it published for the other side in round 1.
    pub mask: [u8; 32],
    /// What it reveals, [`REVEAL_BYTES`]; nothing if it refused.
    pub reveal: Option<&'a [u8]>,
}

impl Session {
    /// What participant `me` reveals about its masks towards `other`: only
    /// after [`Session::check_masks`] named this very pair.
    ///
    /// # Errors
    ///
    /// [`JointError::Unknown`], [`JointError::Key`].
    pub fn reveal(
        &self,
        me: usize,
        other: usize,
        key: &ReportKey,
        generator: &mut impl CryptoRng,
    ) -> Result<[u8; REVEAL_BYTES], JointError> {
        let [own, other] = self.two(me, other)?;
        if own.key_bytes != key.public() {
            return Err(JointError::Key(me));
        }
        let mut secret = Zeroizing::new(key.secret.to_bytes().to_vec());
        secret.extend_from_slice(&self.id);
        let nonce = Zeroizing::new(Nonces::new(NONCES, &secret, generator).draw());
        let points = [
            other.key * key.secret,
            RistrettoPoint::mul_base(&nonce),
            other.key * *nonce,
        ]
        .map(|point| point.compress().to_bytes());
        let c = self.blame_challenge(own, other, &points);
        let answer = (*nonce + c * key.secret).to_bytes();
        let mut reveal = [0; REVEAL_BYTES];
        let words = points.into_iter().chain([answer]).flatten();
        for (to, from) in reveal.iter_mut().zip(words) {
            *to = from;
        }
        Ok(reveal)
    }

    /// Who is at fault when the masks of two sides do not cancel: whoever
    /// reveals nothing or something false, and whoever published another mask
    /// than the one made from what is revealed. Nobody, if all is well.
    ///
    /// # Errors
    ///
    /// [`JointError::Unknown`].
    pub fn blame(&self, one: &Side<'_>, two: &Side<'_>) -> Result<Vec<usize>, JointError> {
        let [first, second] = self.two(one.number, two.number)?;
        let revealed = [(one, first, second), (two, second, first)].map(|(side, own, other)| {
            let reveal = side.reveal?;
            self.revealed(own, other, reveal)
        });
        let shared = revealed.iter().flatten().next();
        let mask = |own, other| {
            let pair = self.pair(own, other, shared?);
            Some(commit(&pair).compress().to_bytes())
        };
        let masks = [mask(first, second), mask(second, first)];
        let sides = [one, two].into_iter().zip(revealed).zip(masks);
        Ok(sides
            .filter(|((side, revealed), mask)| revealed.is_none() || *mask != Some(side.mask))
            .map(|((side, _), _)| side.number)
            .collect())
    }

    /// Two different members.
    fn two(&self, one: usize, two: usize) -> Result<[&Member; 2], JointError> {
        if one == two {
            return Err(JointError::Unknown(two));
        }
        Ok([self.member(one)?, self.member(two)?])
    }

    /// Z, if it is the Diffie-Hellman point of `own`'s key and `other`'s.
    fn revealed(&self, own: &Member, other: &Member, reveal: &[u8]) -> Option<[u8; 32]> {
        let mut words = Words::exactly(REVEAL_BYTES / WORD, reveal)?;
        let (shared, shared_bytes) = words.point()?;
        let (first, first_bytes) = words.point()?;
        let (second, second_bytes) = words.point()?;
        let answer = words.scalar()?;
        let c = self.blame_challenge(own, other, &[shared_bytes, first_bytes, second_bytes]);
        let holds = RISTRETTO_BASEPOINT_POINT * answer == first + own.key * c
            && other.key * answer == second + shared * c;
        holds.then_some(shared_bytes)
    }

    fn blame_challenge(&self, own: &Member, other: &Member, points: &[[u8; 32]; 3]) -> Scalar {
        let mut hash = Sha512::new()
            .chain_update(CHALLENGE)
            .chain_update(self.id)
            .chain_update(own.key_bytes)
            .chain_update(other.key_bytes);
        for point in points {
            hash.update(point);
        }
        Scalar::from_hash(hash)
    }
}
