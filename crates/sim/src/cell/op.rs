//! What may happen to three cells, drawn from a seed.

use super::{network::Mishap, world::NODES};
use crate::dice::Dice;

/// How many ops a seed makes.
const OPS_MIN: usize = 60;
/// How many more at most.
const OPS_MORE: usize = 140;

/// One thing that happens. Numbers beside a place choose among what is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Op {
    /// A member publishes some objects.
    Publish(usize, u64),
    /// A member publishes a new version of one of its own.
    Revise(usize, u64),
    /// A member revokes one of its own.
    Revoke(usize, u64),
    /// A member removes one of its own.
    Remove(usize, u64),
    /// A node's people remove their copy of somebody else's.
    RemoveCopy(usize, u64),
    /// A member marks one of its own towards the group.
    Mark(usize, u64),
    /// A member names who may have one of its own.
    Address(usize, u64),
    /// A member asks one of its own back.
    Recall(usize, u64),
    /// The group's owner puts somebody out.
    Expel(usize),
    /// The group's owner asks somebody in again.
    Invite(usize),
    /// One node takes a step after another.
    Tick(usize, usize),
    /// Everybody takes a step after everybody.
    TickAll,
    /// Time passes, in milliseconds.
    Advance(i64),
    /// The clock of a node goes wrong, in milliseconds.
    Skew(usize, i64),
    /// Something goes wrong with a call.
    Mishap(usize, usize, Mishap),
    /// Two nodes do not reach each other.
    Cut(usize, usize),
    /// Everybody reaches everybody again.
    Heal,
    /// Answers are small, or not.
    Narrow(Option<usize>),
    /// A node stops and starts again.
    Crash(usize),
    /// A node's next write breaks after so many bytes, and the node starts again.
    BreakWrite(usize, usize),
    /// A node is backed up.
    Backup(usize),
    /// A node's disk is lost, and its backup comes back.
    Restore(usize),
}

/// The ops of a seed.
pub fn ops(seed: u64) -> Vec<Op> {
    let mut dice = Dice::new(seed ^ 0x00ce_1100);
    let restores = dice.chance(40);
    let count = OPS_MIN + dice.below(OPS_MORE);
    // So that there is something to see in most of what follows.
    let mut ops = vec![Op::TickAll, Op::TickAll];
    ops.extend((0..count).map(|_| op(&mut dice, restores)));
    ops
}

fn op(dice: &mut Dice, restores: bool) -> Op {
    let (at, other) = two(dice);
    match dice.below(100) {
        0..18 => Op::Publish(at, dice.any()),
        18..24 => Op::Revise(at, dice.any()),
        24..26 => Op::Revoke(at, dice.any()),
        26..30 => Op::Remove(at, dice.any()),
        30..31 => Op::RemoveCopy(at, dice.any()),
        31..35 => Op::Mark(at, dice.any()),
        35..38 => Op::Address(at, dice.any()),
        38..40 => Op::Recall(at, dice.any()),
        40..42 => Op::Expel(1 + dice.below(NODES - 1)),
        42..46 => Op::Invite(1 + dice.below(NODES - 1)),
        46..66 => Op::Tick(at, other),
        66..70 => Op::TickAll,
        70..75 => Op::Advance(i64::try_from(dice.below(5000)).unwrap_or(0)),
        75..76 => Op::Skew(at, i64::try_from(dice.below(4000)).unwrap_or(0) - 2000),
        76..86 => {
            let which = dice.below(Mishap::ALL.len());
            let mishap = Mishap::ALL
                .get(which)
                .copied()
                .unwrap_or(Mishap::DropAnswer);
            Op::Mishap(at, other, mishap)
        }
        86..88 => Op::Cut(at, other),
        88..91 => Op::Heal,
        91..93 => Op::Narrow(dice.chance(60).then(|| 1 + dice.below(4000))),
        93..96 => Op::Crash(at),
        96..97 => Op::BreakWrite(at, dice.below(3000)),
        97..99 => Op::Backup(at),
        _ if restores => Op::Restore(at),
        _ => Op::Crash(at),
    }
}

fn two(dice: &mut Dice) -> (usize, usize) {
    let at = dice.below(NODES);
    (at, (at + 1 + dice.below(NODES - 1)) % NODES)
}
