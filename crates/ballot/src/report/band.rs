//! Bands: a total above its lower end, written in bits whose weights add up to
//! the band's width and not beyond.
//!
//! The weights are 1, 2, 4, … and what is left: 0–499 takes 1 to 128 and 244.
//! Their sum is exactly 499, so the bits can say neither less than 0 nor more.

use super::line::{Form, Line};
use curve25519_dalek::scalar::Scalar;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeGreater as _};

/// The weights of a band of `width` values, in the order of its bits.
pub(super) fn weights(width: u32) -> Vec<u64> {
    let top = u64::from(width.saturating_sub(1));
    let mut weights = Vec::new();
    let mut sum = 0;
    let mut power = 1;
    while sum + power <= top {
        weights.push(power);
        sum += power;
        power *= 2;
    }
    if sum < top {
        weights.push(top - sum);
    }
    weights
}

/// The weights of every line: none but for bands.
pub(super) fn weights_of(lines: &[Line]) -> Vec<Vec<u64>> {
    lines
        .iter()
        .map(|line| match line.form {
            Form::Withheld | Form::Exact(_) => Vec::new(),
            Form::Band { width, .. } => weights(width),
        })
        .collect()
}

/// The bits of `above`, which is at most the weights' sum: the largest weights
/// first. The time this takes does not depend on the value.
pub(super) fn bits(weights: &[u64], above: u64) -> Vec<Choice> {
    let mut descending: Vec<_> = weights.iter().copied().enumerate().collect();
    descending.sort_unstable_by_key(|(_, weight)| core::cmp::Reverse(*weight));
    // What the weights not yet reached can still say.
    let mut rest: u64 = weights.iter().sum();
    let mut left = above;
    let mut bits: Vec<_> = descending
        .into_iter()
        .map(|(place, weight)| {
            rest -= weight;
            let taken = left.ct_gt(&rest);
            left = left.wrapping_sub(u64::conditional_select(&0, &weight, taken));
            (place, taken)
        })
        .collect();
    bits.sort_unstable_by_key(|(place, _)| *place);
    bits.into_iter().map(|(_, bit)| bit).collect()
}

/// Σ `w_j` `values_j`.
pub(super) fn weighted(weights: &[u64], values: &[Scalar]) -> Scalar {
    weights
        .iter()
        .zip(values)
        .map(|(weight, value)| Scalar::from(*weight) * value)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(weights: &[u64], bits: &[Choice]) -> u64 {
        weights
            .iter()
            .zip(bits)
            .map(|(weight, bit)| weight * u64::from(bit.unwrap_u8()))
            .sum()
    }

    #[test]
    fn the_weights_of_a_band_end_in_what_is_left() {
        assert_eq!(weights(2), [1]);
        assert_eq!(weights(3), [1, 1]);
        assert_eq!(weights(8), [1, 2, 4]);
        assert_eq!(weights(100), [1, 2, 4, 8, 16, 32, 36]);
        assert_eq!(weights(500), [1, 2, 4, 8, 16, 32, 64, 128, 244]);
        assert_eq!(weights(65_536).len(), 16);
    }

    #[test]
    fn the_bits_of_a_band_say_all_its_values_and_no_others() {
        for width in (2..200).chain([250, 500, 1000, 65_535, 65_536]) {
            let weights = weights(width);
            assert_eq!(weights.iter().sum::<u64>(), u64::from(width) - 1);
            for above in (0..u64::from(width)).step_by(usize::try_from(width / 100 + 1).unwrap()) {
                assert_eq!(say(&weights, &bits(&weights, above)), above);
            }
        }
    }
}
