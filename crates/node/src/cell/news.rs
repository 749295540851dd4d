//! What is news to a caller: a number that changes with what it may see, and with nothing else.
//!
//! Whoever waits for news learns when there was some. That something moved which it may not see is
//! not for it to know, so the number is made of what it could find out by asking: when the last
//! entry was added that may go to it, when a group of its own last changed, and how much was said
//! in recalls that concern it.

use super::Cell;
use portcullis_core::{
    cell::{Caller, Clearance, CollectionId, State, recall::Recall},
    member::MemberId,
};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// How far a caller's news was looked through: whoever waits looks at nothing twice.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    shelves: BTreeMap<CollectionId, (Clearance, usize)>,
    last_us: i64,
    /// The generation of the state that the rest was read from, and what it came to.
    state: Option<(u64, i64, i64)>,
}

impl Cell {
    /// The number of a caller's news, below 2^53: another one than before when there is something
    /// new that the caller may see, and the same whatever else has changed, after a restart too.
    pub fn news(&self, caller: &Caller, looked: &mut Looked) -> u64 {
        let durable_us = self.durable_us();
        let mut last_us = looked.last_us;
        self.each_shelf(
            caller,
            None,
            self.seen_at(false),
            &mut |collection, eyes| {
                let held = looked.shelves.get(&collection);
                let same = held.filter(|(clearance, _)| clearance == eyes.clearance());
                let from = same.map_or(0, |(_, from)| *from);
                let new = eyes.shelf().from(from);
                let durable = new.partition_point(|entry| entry.added_us <= durable_us);
                let entries = new.iter().take(durable).enumerate().rev();
                // The last one is all that counts: as a rule it is among the first that are looked at.
                let mut seen = entries.filter(|(place, entry)| {
                    u32::try_from(from + place).is_ok_and(|number| eyes.admits(number, entry))
                });
                if let Some((_, entry)) = seen.next() {
                    last_us = last_us.max(entry.added_us);
                }
                let upto = (eyes.clearance().clone(), from + durable);
                looked.shelves.insert(collection, upto);
            },
        );
        looked.last_us = last_us;
        let state = self.state();
        let (_, group_us, said) = match looked.state {
            Some(known) if known.0 == state.generation() => known,
            _ => (
                state.generation(),
                group_us(&state, &caller.member),
                said(&state, caller),
            ),
        };
        looked.state = Some((state.generation(), group_us, said));
        let mut sha = Sha256::new();
        for part in [last_us, group_us, said] {
            sha.update(part.to_be_bytes());
        }
        let digest: [u8; 32] = sha.finalize().into();
        let first = digest.first_chunk().copied().unwrap_or_default();
        // What every reader of JSON takes for a whole number.
        u64::from_be_bytes(first) >> 11
    }
}

/// When a group that a member is in last changed.
fn group_us(state: &State, member: &MemberId) -> i64 {
    let own = state.groups().values();
    let own = own.filter(|group| group.standing(member).is_some());
    let changed = own.map(|group| group.changed_at.as_microsecond());
    changed.max().unwrap_or(0)
}

/// How many recalls a caller hears of, and how many answers to them.
fn said(state: &State, caller: &Caller) -> i64 {
    if caller.client {
        return 0;
    }
    let heard = |recall: &Recall| {
        let own = caller.operator || recall.by.member == caller.member;
        let answers = recall
            .asked
            .iter()
            .filter(|(member, said)| (own || **member == caller.member) && said.is_some());
        let concerns = own || recall.asked.contains_key(&caller.member);
        if concerns { 1 + answers.count() } else { 0 }
    };
    let heard = state.recalls().values().map(heard).sum::<usize>();
    i64::try_from(heard).unwrap_or(i64::MAX)
}
