//! The group: ristretto255 (RFC 9496), its generators, and strict decoding.
//!
//! Points and scalars travel as 32 bytes; both are refused unless they are the
//! one canonical encoding of what they stand for. H is the base point, `G_0`
//! to `G_32` carry the cells, `Q_0`, `Q_1`, … the bits of bands: nobody knows
//! a relation between any two of them, because all but H are hashes.

use crate::cell::CELLS;
use curve25519_dalek::{
    constants::RISTRETTO_BASEPOINT_POINT,
    ristretto::{CompressedRistretto, RistrettoPoint, VartimeRistrettoPrecomputation},
    scalar::Scalar,
    traits::VartimePrecomputedMultiscalarMul as _,
};
use sha2::{Digest as _, Sha512};
use std::sync::{LazyLock, OnceLock};

/// How many generators carry cells: one a cell, and `G_0` for "no cell".
pub(crate) const BASES: usize = CELLS + 1;
/// The length of an encoded point or scalar, in bytes.
pub(crate) const WORD: usize = 32;

/// The most bits that a report has: 64 lines of 16 bits.
pub(crate) const BITS_MAX: usize = 1024;
/// How many generators of bits are made at once.
const BIT_BLOCK: usize = 64;

/// Generators of bits, in blocks made when they are first needed: few reports
/// need all.
static BIT_BASES: [OnceLock<[RistrettoPoint; BIT_BLOCK]>; BITS_MAX / BIT_BLOCK] =
    [const { OnceLock::new() }; BITS_MAX / BIT_BLOCK];

/// `G_0` to `G_32`.
static CELL_BASES: LazyLock<[RistrettoPoint; BASES]> =
    LazyLock::new(|| core::array::from_fn(|number| hashed("G", number)));

/// Multiples of `G_0` to `G_32` and H, for those who verify.
static CELL_TABLES: LazyLock<VartimeRistrettoPrecomputation> = LazyLock::new(|| {
    VartimeRistrettoPrecomputation::new(cell_bases().iter().chain([&RISTRETTO_BASEPOINT_POINT]))
});

/// `G_0` to `G_32`.
pub(crate) fn cell_bases() -> &'static [RistrettoPoint; BASES] {
    &CELL_BASES
}

/// `Q_0` to `Q_{count-1}`, of which there are at most [`BITS_MAX`].
pub(crate) fn bit_bases(count: usize) -> Vec<RistrettoPoint> {
    let blocks = BIT_BASES.iter().enumerate().flat_map(|(block, bases)| {
        bases.get_or_init(|| core::array::from_fn(|number| hashed("Q", block * BIT_BLOCK + number)))
    });
    blocks.take(count).copied().collect()
}

/// A generator: `from_uniform_bytes(SHA-512("portcullis/v1/" ‖ family ‖ decimal number))`.
fn hashed(family: &str, number: usize) -> RistrettoPoint {
    let hash = Sha512::new()
        .chain_update(b"portcullis/v1/")
        .chain_update(family)
        .chain_update(number.to_string())
        .finalize();
    RistrettoPoint::from_uniform_bytes(&hash.into())
}

/// Σ `cells_k` `G_k` + `blinding` H + Σ `scalars_i` `points_i`, in variable
/// time: public values only. `cells` starts at `G_0`.
pub(crate) fn public_sum<'a>(
    cells: &'a [Scalar; BASES],
    blinding: &'a Scalar,
    scalars: &[Scalar],
    points: &[RistrettoPoint],
) -> RistrettoPoint {
    CELL_TABLES.vartime_mixed_multiscalar_mul(cells.iter().chain([blinding]), scalars, points)
}

/// Exactly 32 bytes of a slice.
pub(crate) fn word(bytes: &[u8]) -> Option<[u8; WORD]> {
    bytes.try_into().ok()
}

/// Reads 32-byte words one after another.
pub(crate) struct Words<'a>(core::slice::Iter<'a, [u8; WORD]>);

impl<'a> Words<'a> {
    /// The words of `bytes`, which are exactly `count`.
    pub(crate) fn exactly(count: usize, bytes: &'a [u8]) -> Option<Self> {
        match bytes.as_chunks() {
            (words, []) if words.len() == count => Some(Self(words.iter())),
            _ => None,
        }
    }

    /// The next word, as it stands.
    pub(crate) fn word(&mut self) -> Option<[u8; WORD]> {
        self.0.next().copied()
    }

    /// The next word as a point, with its encoding.
    pub(crate) fn point(&mut self) -> Option<(RistrettoPoint, [u8; WORD])> {
        let word = self.word()?;
        Some((point(&word)?, word))
    }

    /// The next word as a scalar.
    pub(crate) fn scalar(&mut self) -> Option<Scalar> {
        self.word().and_then(|word| scalar(&word))
    }
}

/// The point that these bytes encode, if they are its one encoding.
pub(crate) fn point(bytes: &[u8; WORD]) -> Option<RistrettoPoint> {
    CompressedRistretto(*bytes).decompress()
}

/// The scalar that these bytes encode, little-endian, if below the order.
pub(crate) fn scalar(bytes: &[u8; WORD]) -> Option<Scalar> {
    Scalar::from_canonical_bytes(*bytes).into()
}

/// `str16`: the length as a big-endian u16, then the text. Longer texts than
/// 65,535 bytes have no encoding and count as cut there; origins and dates are
/// far shorter.
pub(crate) fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let kept = text.as_bytes().iter().take(usize::from(length));
    length.to_be_bytes().iter().chain(kept).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::traits::Identity as _;

    #[test]
    fn all_generators_differ() {
        let mut seen: Vec<_> = cell_bases()
            .iter()
            .copied()
            .chain(bit_bases(BITS_MAX))
            .chain([RISTRETTO_BASEPOINT_POINT, RistrettoPoint::identity()])
            .map(|point| point.compress().to_bytes())
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), BASES + BITS_MAX + 2);
    }

    #[test]
    fn the_tables_agree_with_plain_sums() {
        let cells: [Scalar; BASES] = core::array::from_fn(|k| Scalar::from(k as u64 * 77 + 5));
        let blinding = -Scalar::from(9u8);
        let plain: RistrettoPoint = cells.iter().zip(cell_bases()).map(|(s, g)| s * g).sum();
        let extra = RISTRETTO_BASEPOINT_POINT * Scalar::from(3u8);
        assert_eq!(
            public_sum(&cells, &blinding, &[Scalar::from(2u8)], &[extra]),
            plain + RISTRETTO_BASEPOINT_POINT * (blinding + Scalar::from(6u8))
        );
    }

    #[test]
    fn only_canonical_bytes_decode() {
        assert!(point(&[0xff; 32]).is_none());
        assert!(scalar(&[0xff; 32]).is_none());
        // The order of the group itself: the first scalar that is too large.
        let mut order = (-Scalar::ONE).to_bytes();
        order[0] += 1;
        assert!(scalar(&order).is_none());
        assert!(scalar(&(-Scalar::ONE).to_bytes()).is_some());
    }

    #[test]
    fn a_text_is_preceded_by_its_length() {
        assert_eq!(text("ab"), [0, 2, b'a', b'b']);
        assert_eq!(text(""), [0, 0]);
    }
}
