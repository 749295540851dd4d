//! Which lines of a report were edited after it was proved.
//!
//! The challenge binds every line, so a proof that was made for other figures says of no line in
//! particular that it is false. But each exact line gives the challenge away with which the proof
//! was made: Σ `z_k` = x T. A challenge under which the proof opens the sum is the one that was
//! used, and the lines that do not fit it are those that were changed. A diagnosis for people:
//! whether a report holds is [`verify`](super::verify)'s to say alone.

use super::{
    Line, Range, band,
    line::{self, Form},
    prove::over,
    verify::{BAND_WORDS, WORDS},
};
use crate::group::{self, BASES, Words};
use curve25519_dalek::scalar::Scalar;

/// The lines, counted from 0, that the proof was not made for; none when that cannot be told: the
/// proof is about other leaves, or has another length, or every line with a count was changed.
pub fn misfits(range: &Range<'_>, lines: &[Line], proof: &[u8]) -> Vec<usize> {
    find(range, lines, proof).unwrap_or_default()
}

fn find(range: &Range<'_>, lines: &[Line], proof: &[u8]) -> Option<Vec<usize>> {
    line::check(lines).ok()?;
    let weights = band::weights_of(lines);
    let bits: usize = weights.iter().map(Vec::len).sum();
    let words = WORDS + if bits > 0 { bits + BAND_WORDS } else { 0 };
    let mut words = Words::exactly(words, proof)?;
    let sum = group::point(&range.sum)?;
    let (opening, _) = words.point()?;
    let mut answers = [Scalar::ZERO; BASES];
    for answer in answers.iter_mut().skip(1) {
        *answer = words.scalar()?;
    }
    let blinding = words.scalar()?;
    let [_, cells @ ..] = answers;
    let mut bit_answers = Vec::new();
    if bits > 0 {
        for _ in 0..4 {
            words.point()?;
        }
        for _ in 0..bits {
            bit_answers.push(words.scalar()?);
        }
    }
    let opens = |x: &Scalar| group::public_sum(&answers, &blinding, &[-x], &[sum]) == opening;
    let mut candidates = lines.iter().filter_map(|line| match line.form {
        Form::Exact(value) if value > 0 => {
            Some(over(line.cells, &cells) * Scalar::from(value).invert())
        }
        Form::Exact(_) | Form::Band { .. } | Form::Withheld => None,
    });
    let x = candidates.find(opens)?;
    let mut left = bit_answers.as_slice();
    let mut found = Vec::new();
    for (number, (line, weights)) in lines.iter().zip(&weights).enumerate() {
        let (own, others) = left.split_at_checked(weights.len())?;
        left = others;
        let shown = match line.form {
            Form::Withheld => continue,
            Form::Exact(value) => x * Scalar::from(value),
            Form::Band { low, .. } => x * Scalar::from(low) + band::weighted(weights, own),
        };
        if over(line.cells, &cells) != shown {
            found.push(number);
        }
    }
    Some(found)
}
