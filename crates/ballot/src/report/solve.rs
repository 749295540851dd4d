//! Masks that vanish in every exact line: a random solution of a linear system
//! in the scalar field, by elimination, as lines may overlap.
//!
//! The system is made of public lines; only the solution is secret.

use crate::cell::{CELLS, Cell, CellSet};
use curve25519_dalek::scalar::Scalar;

/// Equations Σ `c_k` `s_k` = 0 over the cells, in reduced form: each has a
/// leading cell with coefficient 1 that no other equation mentions.
#[derive(Default)]
pub(super) struct Equations(Vec<(usize, [Scalar; CELLS])>);

impl Equations {
    /// Adds Σ over `cells` of `s_k` = 0. One that follows from the others
    /// changes nothing.
    pub(super) fn add(&mut self, cells: CellSet) {
        let mut row = [Scalar::ZERO; CELLS];
        for (cell, coefficient) in Cell::all().zip(&mut row) {
            *coefficient = Scalar::from(u8::from(cells.contains(cell)));
        }
        for (lead, known) in &self.0 {
            subtract(&mut row, *lead, known);
        }
        let lead = row
            .iter()
            .enumerate()
            .find(|(_, coefficient)| **coefficient != Scalar::ZERO);
        let Some((lead, first)) = lead else {
            return;
        };
        let inverse = first.invert();
        for coefficient in &mut row {
            *coefficient *= inverse;
        }
        for (_, known) in &mut self.0 {
            subtract(known, lead, &row);
        }
        self.0.push((lead, row));
    }

    /// Makes uniform values a uniform solution: those of leading cells are
    /// replaced by what the others ask for.
    pub(super) fn solve(&self, values: &mut [Scalar; CELLS]) {
        for (lead, row) in &self.0 {
            let sum: Scalar = row.iter().zip(&*values).map(|(c, value)| c * value).sum();
            if let Some(value) = values.get_mut(*lead) {
                *value -= sum;
            }
        }
    }
}

/// Takes `known` away from `row` as often as clears its cell `lead`.
fn subtract(row: &mut [Scalar; CELLS], lead: usize, known: &[Scalar; CELLS]) {
    let times = row.get(lead).copied().unwrap_or_default();
    if times == Scalar::ZERO {
        return;
    }
    for (coefficient, other) in row.iter_mut().zip(known) {
        *coefficient -= times * other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_equation_holds_and_no_more_than_needed_is_fixed(
            masks in proptest::collection::vec(1u32.., 0..40), salt in any::<u64>(),
        ) {
            let mut equations = Equations::default();
            for mask in &masks {
                equations.add(CellSet(*mask));
            }
            let start: [Scalar; CELLS] =
                core::array::from_fn(|k| Scalar::from(salt) + Scalar::from(k as u64 * k as u64 + 3));
            let mut values = start;
            equations.solve(&mut values);
            for mask in &masks {
                let sum: Scalar = CellSet(*mask)
                    .cells()
                    .map(|cell| values[usize::from(cell.number()) - 1])
                    .sum();
                prop_assert_eq!(sum, Scalar::ZERO);
            }
            let fixed = start.iter().zip(&values).filter(|(was, is)| was != is).count();
            prop_assert!(fixed <= masks.len().min(CELLS));
            prop_assert_eq!(equations.0.len(), rank(&masks));
        }
    }

    /// The rank of 0/1 rows over the rationals, modulo a small prime: a second
    /// way to count what the elimination keeps.
    fn rank(masks: &[u32]) -> usize {
        const PRIME: i128 = (1 << 61) - 1;
        let mut rows: Vec<Vec<i128>> = masks
            .iter()
            .map(|mask| (0..32).map(|bit| i128::from(mask >> bit & 1)).collect())
            .collect();
        let mut rank = 0;
        for column in 0..32 {
            let Some(found) = (rank..rows.len()).find(|row| rows[*row][column] != 0) else {
                continue;
            };
            rows.swap(rank, found);
            let lead = rows[rank].clone();
            for row in rows.iter_mut().skip(rank + 1) {
                let (times, by) = (row[column], lead[column]);
                for (value, other) in row.iter_mut().zip(&lead) {
                    *value = (*value * by - other * times).rem_euclid(PRIME);
                }
            }
            rank += 1;
        }
        rank
    }
}
