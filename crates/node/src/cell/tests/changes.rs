//! Changes that travel: the greater stamp wins everywhere, an echo is nothing.

use super::*;
use crate::cell::{Accepted, Change, Changed, Stamp};
use portcullis_core::cell::{Marks, Tlp};
use proptest::prelude::*;
use std::ops::ControlFlow;

fn put(object: &str, at_us: i64, by: &str) -> Change {
    Change::Put {
        bytes: Bytes::copy_from_slice(object.as_bytes()),
        stamp: stamp(at_us, by),
        publisher: member("bank-a"),
        tlp: Tlp::Amber,
        held: false,
        marks: Marks::default(),
        provenance: Bytes::new(),
    }
}

fn gone(n: u32, version_us: i64, at_us: i64, by: &str) -> Change {
    Change::Remove {
        id: id(n),
        version_us,
        stamp: stamp(at_us, by),
    }
}

fn stamp(at_us: i64, by: &str) -> Stamp {
    Stamp {
        at_us,
        by: member(by),
    }
}

pub(super) fn accept(kit: &Kit, changes: &[Change]) -> Accepted {
    kit.cell
        .accept(&kit.collection, changes, Vec::new())
        .unwrap()
}

/// What a follower would be told, and when it was added.
pub(super) fn changes_of(kit: &Kit, after_us: i64) -> Vec<(i64, Change)> {
    let mut all = Vec::new();
    kit.cell
        .changes_since(&kit.collection, after_us, &mut |change| {
            let told = match change.op {
                Changed::Put(bytes) => Change::Put {
                    bytes: Bytes::copy_from_slice(bytes),
                    stamp: change.stamp.clone(),
                    publisher: change.label.publisher.clone(),
                    tlp: change.label.tlp,
                    held: change.label.held,
                    marks: Marks::default(),
                    provenance: Bytes::new(),
                },
                Changed::Removed => Change::Remove {
                    id: change.id.to_owned(),
                    version_us: change.version_us,
                    stamp: change.stamp.clone(),
                },
            };
            all.push((change.added_us, told));
            ControlFlow::Continue(())
        })
        .unwrap();
    all
}

/// 2026-01-01T00:00:00Z: the version of `indicator(n, 0)`.
const VERSION_US: i64 = 1_767_225_600_000_000;

#[test]
fn the_same_change_is_taken_once() {
    let kit = Kit::new();
    let change = put(&indicator(1, 0), 5, "far");
    assert_eq!(accept(&kit, std::slice::from_ref(&change)).fresh, 1);
    let again = accept(&kit, &[change.clone(), change]);
    assert_eq!((again.fresh, again.echoes), (0, 2));
    assert_eq!(changes_of(&kit, i64::MIN).len(), 1);
}

#[test]
fn a_removal_that_comes_before_what_it_removes_holds() {
    let kit = Kit::new();
    accept(&kit, &[gone(1, VERSION_US, 7, "far")]);
    assert_eq!(accept(&kit, &[put(&indicator(1, 0), 6, "far")]).echoes, 1);
    assert_eq!(kit.shown(&Query::default()), Vec::<String>::new());
    assert_eq!(accept(&kit, &[put(&indicator(1, 0), 8, "far")]).fresh, 1);
    assert_eq!(kit.shown(&Query::default()), [indicator(1, 0)]);
}

#[test]
fn bytes_that_are_here_already_are_not_kept_twice_but_the_stamp_travels_on() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    let size = |kit: &Kit| kit.cell.statistics().unwrap().journal_bytes;
    let before = size(&kit);
    let own = changes_of(&kit, i64::MIN);
    let Change::Put { stamp: held, .. } = &own[0].1 else {
        panic!()
    };
    let later = put(&indicator(1, 0), held.at_us + 1, "far");
    assert_eq!(accept(&kit, std::slice::from_ref(&later)).fresh, 1);
    assert!(size(&kit) - before < indicator(1, 0).len() as u64 + 300);
    assert_eq!(kit.shown(&Query::default()), [indicator(1, 0)]);
    let told = changes_of(&kit, own[0].0);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].1, later);
}

#[test]
fn what_is_forgotten_is_told_to_nobody_and_taken_again() {
    let kit = Kit::new();
    let change = put(&indicator(1, 0), 5, "far");
    accept(&kit, std::slice::from_ref(&change));
    let forget = Change::Forget {
        id: id(1),
        version_us: VERSION_US,
    };
    accept(&kit, &[forget]);
    assert_eq!(kit.shown(&Query::default()), Vec::<String>::new());
    assert!(changes_of(&kit, i64::MIN).is_empty());
    let image = kit.cell.journal.image(true).unwrap();
    let kit = kit.restarted(&image);
    assert_eq!(accept(&kit, &[change]).fresh, 1);
    assert_eq!(kit.shown(&Query::default()), [indicator(1, 0)]);
}

#[test]
fn an_own_removal_is_later_than_what_it_removes_whatever_its_stamp() {
    let kit = Kit::new();
    let far_ahead = i64::MAX / 2;
    accept(&kit, &[put(&indicator(1, 0), far_ahead, "far")]);
    kit.cell
        .remove(&kit.a(), &kit.collection, &id(1), &Query::default())
        .unwrap();
    let told = changes_of(&kit, i64::MIN);
    assert!(
        matches!(&told[..], [(_, Change::Remove { stamp, .. })] if stamp.at_us == far_ahead + 1)
    );
}

#[test]
fn what_came_stricter_is_not_shown_more_widely() {
    let kit = Kit::new();
    let Change::Put {
        bytes,
        stamp,
        publisher,
        held,
        marks,
        provenance,
        ..
    } = put(&indicator(1, 0), 5, "far")
    else {
        panic!()
    };
    accept(
        &kit,
        &[Change::Put {
            bytes,
            stamp,
            publisher,
            tlp: Tlp::Red,
            held,
            marks,
            provenance,
        }],
    );
    assert_eq!(kit.shown(&Query::default()), Vec::<String>::new());
}

#[test]
fn what_vouches_for_an_object_stays_with_it() {
    let kit = Kit::new();
    let mut change = put(&indicator(1, 0), 5, "far");
    if let Change::Put { provenance, .. } = &mut change {
        *provenance = Bytes::from_static(b"proof");
    }
    accept(&kit, &[put(&indicator(2, 0), 5, "far"), change]);
    let proof = |number| kit.cell.provenance_bytes(&kit.collection, number);
    assert_eq!(proof(0), Some((Vec::new(), 0, 2)));
    assert_eq!(proof(1), Some((b"proof".to_vec(), 0, 1)));
}

#[derive(Clone, Debug)]
enum Op {
    Add(usize, u32, u32),
    Remove(usize, u32),
    Sync(usize, usize),
    Pass(i64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (0..3_usize, 0..4_u32, 0..2_u32).prop_map(|(node, n, version)| Op::Add(node, n, version)),
        2 => (0..3_usize, 0..4_u32).prop_map(|(node, n)| Op::Remove(node, n)),
        3 => (0..3_usize, 0..3_usize).prop_map(|(from, to)| Op::Sync(from, to)),
        1 => (-5..5_i64).prop_map(Op::Pass),
    ]
}

/// Tells `to` what `from` has had since it was last asked.
fn follow(kits: &[Kit], cursors: &mut [[i64; 3]; 3], from: usize, to: usize) -> usize {
    let changes = changes_of(&kits[from], cursors[to][from]);
    let Some((last, _)) = changes.last() else {
        return 0;
    };
    cursors[to][from] = *last;
    let changes: Vec<Change> = changes.into_iter().map(|(_, change)| change).collect();
    accept(&kits[to], &changes).fresh
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Three nodes that add, remove and follow each other in a circle and across end equal, and
    /// then nothing moves any more.
    #[test]
    fn all_who_follow_each_other_end_equal(ops in prop::collection::vec(op(), 1..40)) {
        let kits = [Kit::new(), Kit::new(), Kit::new()];
        let kits: Vec<Kit> = kits.into_iter().enumerate().map(|(at, kit)| {
            let image = kit.cell.journal.image(true).unwrap();
            let me = ["csirt", "csirt-2", "csirt-3"][at];
            kit.clock.pass(i64::try_from(at).unwrap() * 3);
            // Another node's state is its own; here all three are in one group, so it is taken over.
            let cell = open(&kit.clock, Journal::of_image(&image, [1; 16]), me);
            Kit { cell, ..kit }
        }).collect();
        let mut cursors = [[i64::MIN; 3]; 3];
        for op in ops {
            match op {
                Op::Add(node, n, version) => {
                    kits[node].add(&[with(n, version, &format!(r#","x_node":{node}"#))]);
                }
                Op::Remove(node, n) => {
                    let _ = kits[node].cell.remove(&kits[node].a(), &kits[node].collection, &id(n), &Query::default());
                }
                Op::Sync(from, to) if from != to => {
                    follow(&kits, &mut cursors, from, to);
                }
                Op::Sync(..) => {}
                Op::Pass(us) => kits[0].clock.pass(us),
            }
        }
        let mut rounds = 0;
        loop {
            let pairs = (0..3).flat_map(|from| (0..3).map(move |to| (from, to))).filter(|(from, to)| from != to);
            let fresh: usize = pairs.map(|(from, to)| follow(&kits, &mut cursors, from, to)).sum();
            if fresh == 0 {
                break;
            }
            rounds += 1;
            prop_assert!(rounds < 5, "changes go round and round");
        }
        let all = Query { versions: vec![crate::cell::VersionMatch::All], ..Query::default() };
        let sorted = |kit: &Kit| {
            let mut shown = kit.shown(&all);
            shown.sort();
            shown
        };
        prop_assert_eq!(sorted(&kits[0]), sorted(&kits[1]));
        prop_assert_eq!(sorted(&kits[1]), sorted(&kits[2]));
    }
}
