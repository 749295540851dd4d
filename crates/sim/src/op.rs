//! Ops: what happens to a federation, as a list from a seed.
//!
//! An op says *that* somebody acts and carries the dice for it; *what* is done
//! follows from what the nodes hold then. So a list stays meaningful when ops
//! are taken out of it.

use crate::{cast::Place, dice::Dice, network::Mishap};
use portcullis_store::When;

/// One thing that happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Op {
    /// Somebody at a place does what may be done.
    Act(Place, u64),
    /// Somebody at a place tries what may not be done.
    Misdeed(Place, u64),
    /// Somebody brings a place what should not be believed.
    Hostile(Place, u64),
    /// Time passes, in seconds.
    Advance(i64),
    /// One courier round from a node to another.
    Courier(Place, Place),
    /// All workers of all nodes, once.
    Work,
    /// One call of a node's sequencer.
    Sequencer(Place),
    /// One call of a node's sweeper.
    Sweeper(Place),
    /// Something goes wrong with the next call from one to another.
    Mishap(Place, Place, Mishap),
    /// Two no longer reach each other.
    Cut(Place, Place),
    /// Nobody reaches this one.
    Down(Place),
    /// This one is back.
    Up(Place),
    /// The network is whole again.
    Heal,
    /// A node stops and starts again.
    Crash(Place),
    /// The n-th write from now fails, before or after it took effect; then the node crashes.
    BreakWrite(Place, u64, When),
    /// A node's clock is so many milliseconds ahead.
    Skew(Place, i64),
    /// A node is backed up.
    Backup(Place),
    /// A node is put back to its backup: records, and files too if so.
    Restore(Place, bool),
    /// The roots revoke somebody's key, back-dated if it was stolen, and give a new one.
    Revoke(u64),
    /// A node fetches the register.
    Register(Place),
}

/// How many ops a run has.
pub const OPS: usize = 120;

/// The ops of a seed.
pub fn ops(seed: u64) -> Vec<Op> {
    let mut dice = Dice::new(seed ^ 0x6f70_735f_6f66_5f61);
    // Some runs are calm, some are not: both find what the other does not.
    let trouble = [1, 4, 12][dice.below(3)];
    let restores = dice.chance(25);
    (0..OPS)
        .map(|_| draw(&mut dice, trouble, restores))
        .collect()
}

fn draw(dice: &mut Dice, trouble: usize, restores: bool) -> Op {
    if dice.below(100) < trouble * 3 {
        return misfortune(dice, restores);
    }
    let at = place(dice);
    match dice.below(100) {
        0..43 => Op::Act(at, dice.any()),
        43..51 => Op::Misdeed(at, dice.any()),
        51..55 => Op::Hostile(at, dice.any()),
        55..67 => Op::Work,
        67..77 => Op::Courier(at, place(dice)),
        77..82 => Op::Sequencer(at),
        82..84 => Op::Sweeper(at),
        _ => Op::Advance(duration(dice)),
    }
}

fn place(dice: &mut Dice) -> Place {
    Place::ALL[dice.below(Place::ALL.len())]
}

fn duration(dice: &mut Dice) -> i64 {
    let below = |dice: &mut Dice, n| i64::try_from(dice.below(n)).unwrap_or(0);
    match dice.below(100) {
        0..30 => 1 + below(dice, 30),
        30..70 => 60 * (1 + below(dice, 20)),
        70..90 => 3600 * (1 + below(dice, 12)),
        90..98 => 86_400 * (1 + below(dice, 4)),
        _ => 86_400 * (30 + below(dice, 200)),
    }
}

fn misfortune(dice: &mut Dice, restores: bool) -> Op {
    let (at, other) = (place(dice), place(dice));
    match dice.below(100) {
        0..30 => {
            let what = [Mishap::DropRequest, Mishap::DropAnswer, Mishap::Duplicate];
            Op::Mishap(at, other, what[dice.below(3)])
        }
        30..38 => Op::Cut(at, other),
        38..44 => Op::Down(at),
        44..50 => Op::Up(at),
        50..58 => Op::Heal,
        58..68 => Op::Crash(at),
        68..80 => {
            let when = [When::Before, When::After][dice.below(2)];
            Op::BreakWrite(at, 1 + dice.below(6) as u64, when)
        }
        80..84 => Op::Skew(
            at,
            i64::try_from(dice.below(480_000)).unwrap_or(0) - 240_000,
        ),
        84..88 => Op::Revoke(dice.any()),
        88..92 => Op::Register(at),
        92.. if !restores => Op::Sweeper(at),
        92..96 => Op::Backup(at),
        _ => Op::Restore(at, dice.chance(50)),
    }
}
