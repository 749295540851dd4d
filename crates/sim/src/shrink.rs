//! Shrinking: fewer ops that break the same law.

use crate::{
    cell, op,
    run::{Failure, run_ops},
};

/// Takes out ops, larger pieces first, for as long as the same law breaks. Each try costs
/// one run; `tries_max` bounds them.
pub fn shrink(seed: u64, ops: &[op::Op], failure: &Failure, tries_max: usize) -> Vec<op::Op> {
    let again = |ops: &[op::Op]| run_ops(seed, ops).failure;
    fewer(ops, failure, tries_max, again)
}

/// The same for [`cell`]s.
pub fn shrink_cells(
    seed: u64,
    ops: &[cell::op::Op],
    failure: &Failure,
    tries_max: usize,
) -> Vec<cell::op::Op> {
    let again = |ops: &[cell::op::Op]| cell::run_ops(seed, ops).failure;
    fewer(ops, failure, tries_max, again)
}

fn fewer<Op: Copy>(
    ops: &[Op],
    failure: &Failure,
    tries_max: usize,
    again: impl Fn(&[Op]) -> Option<Failure>,
) -> Vec<Op> {
    let mut kept: Vec<Op> = ops.iter().take(failure.op + 1).copied().collect();
    let still_breaks =
        |ops: &[Op]| again(ops).is_some_and(|again| again.broken.law == failure.broken.law);
    let mut tries = 0;
    let mut piece = kept.len() / 2;
    while piece > 0 {
        let mut from = 0;
        while from < kept.len() {
            if tries == tries_max {
                return kept;
            }
            tries += 1;
            let to = (from + piece).min(kept.len());
            let mut fewer = kept.clone();
            fewer.drain(from..to);
            if still_breaks(&fewer) {
                kept = fewer;
            } else {
                from = to;
            }
        }
        piece /= 2;
    }
    kept
}
