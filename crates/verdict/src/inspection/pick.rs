//! Which leaves a sample picks.

use super::Nonce;
use crate::text::sha256;
use portcullis_tlog::{checkpoint::Origin, hash::Hash};
use std::collections::BTreeSet;

/// Separates the seeds of samples from all other hashes.
const LABEL: &[u8] = b"portcullis/v1/inspect-sample\0";

/// The indices that a sample picks among the leaves `from..size` of a log: `count` of them, or
/// all if there are no more, in ascending order.
///
/// The seed is SHA-256(label ‖ u16 length of the origin ‖ origin ‖ root ‖ u64 from ‖ u64 size ‖
/// u32 count ‖ nonce). Draw number d, from 0, is the first eight bytes of SHA-256(seed ‖ u64 d) as
/// a number; one that is not below the largest multiple of the range's length is passed over, so
/// that no leaf is more likely than another, and so is one that was picked before. Numbers are
/// big-endian.
pub fn picks(
    origin: &Origin,
    root: &Hash,
    from: u64,
    size: u64,
    count: u32,
    nonce: &Nonce,
) -> BTreeSet<u64> {
    let range = size.saturating_sub(from);
    if range <= u64::from(count) {
        return (from..size).collect();
    }
    let name = origin.as_str().as_bytes();
    let length = u16::try_from(name.len()).unwrap_or(u16::MAX);
    let seed = sha256(
        &[
            LABEL,
            &length.to_be_bytes(),
            name,
            &root.0,
            &from.to_be_bytes(),
            &size.to_be_bytes(),
            &count.to_be_bytes(),
            nonce.as_bytes(),
        ]
        .concat(),
    );
    // 2^64 modulo the range: so many of the highest numbers would be one time too many.
    let over = (u64::MAX % range + 1) % range;
    let mut picked = BTreeSet::new();
    let mut draw = 0_u64;
    while picked.len() < usize::try_from(count).unwrap_or(usize::MAX) {
        let drawn = sha256(&[&seed.0[..], &draw.to_be_bytes()].concat());
        draw += 1;
        let number = drawn
            .0
            .first_chunk::<8>()
            .map_or(0, |bytes| u64::from_be_bytes(*bytes));
        if number <= u64::MAX - over {
            picked.insert(from + number % range);
        }
    }
    picked
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drawn(root: u8, from: u64, size: u64, count: u32, nonce: u8) -> BTreeSet<u64> {
        let origin: Origin = "mail.example/log/live/1".parse().unwrap();
        picks(
            &origin,
            &Hash([root; 32]),
            from,
            size,
            count,
            &Nonce::new([nonce; 32]),
        )
    }

    #[test]
    fn the_picks_follow_from_root_and_nonce_and_from_both() {
        let base = drawn(1, 256, 100_000, 20, 2);
        assert_eq!(base, drawn(1, 256, 100_000, 20, 2));
        for other in [
            drawn(9, 256, 100_000, 20, 2),
            drawn(1, 256, 100_000, 20, 9),
            drawn(1, 257, 100_000, 20, 2),
            drawn(1, 256, 100_001, 20, 2),
        ] {
            assert!(other.intersection(&base).count() < 3, "{other:?} {base:?}");
        }
    }

    #[test]
    fn the_first_picks_are_these_for_ever() {
        let picked: Vec<_> = drawn(1, 256, 1024, 5, 2).into_iter().collect();
        assert_eq!(picked, FIRST);
    }

    /// By the description above, in another program.
    const FIRST: [u64; 5] = [520, 725, 873, 934, 951];

    #[test]
    fn no_leaf_is_more_likely_than_another() {
        let mut hits = [0_u32; 48];
        for nonce in 0..250 {
            for index in drawn(3, 0, 48, 12, nonce) {
                hits[usize::try_from(index).unwrap()] += 1;
            }
        }
        // 62.5 each on average, and a standard deviation of 6.8.
        assert!(hits.iter().all(|hits| (30..=95).contains(hits)), "{hits:?}");
    }

    proptest! {
        #[test]
        fn a_sample_has_so_many_leaves_of_the_range(
            from in 0_u64..1000, length in 0_u64..5000, count in 1_u32..200, nonce in any::<u8>(),
        ) {
            let picked = drawn(7, from, from + length, count, nonce);
            prop_assert_eq!(picked.len() as u64, length.min(u64::from(count)));
            prop_assert!(picked.iter().all(|index| (from..from + length).contains(index)));
        }
    }
}
