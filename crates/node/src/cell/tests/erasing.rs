//! The bytes of what was taken back go, and nothing else does.

use super::*;
use crate::cell::{CellError, Change, EntryView, Erasure, VersionMatch, served::How};
use jiff::SignedDuration;
use portcullis_core::cell::Tlp;
use portcullis_sign::SecretKey;
use portcullis_store::journal::MemoryFault;
use portcullis_verdict::cell::{By, verify_evidence, verify_provenance};
use proptest::prelude::*;
use std::{fs, path::Path};

const DAY_US: i64 = 24 * 3_600 * 1_000_000;
const TERM: SignedDuration = SignedDuration::from_hours(30 * 24);

fn erase(cell: &Cell) -> Erasure {
    cell.erase(TERM, &mut |_| {}).unwrap()
}

fn at_once(cell: &Cell) -> Erasure {
    cell.erase(SignedDuration::ZERO, &mut |_| {}).unwrap()
}

fn remove(kit: &Kit, n: u32) {
    kit.cell
        .remove(&kit.a(), &kit.collection, &id(n), &Query::default())
        .unwrap();
}

/// Whether a text stands anywhere in the journal.
fn stands(kit: &Kit, text: &str) -> bool {
    let image = kit.cell.journal.image(false).unwrap();
    let in_segment = |bytes: &Vec<u8>| holds(bytes, text);
    image.segments.iter().any(in_segment)
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

/// What the observables of the kit's indicator hash to, as the journal has it.
fn hash_of(n: u32) -> [u8; 8] {
    let object = indicator(n, 0);
    crate::cell::find::observed("indicator", object.as_bytes())[0].to_le_bytes()
}

fn entries(cell: &Cell, collection: &CollectionId) -> Vec<EntryView> {
    let numbers = 0..cell.entries(collection);
    numbers
        .map(|number| cell.entry(collection, number).unwrap())
        .collect()
}

#[test]
fn what_was_removed_is_erased_after_the_term_and_all_else_stays() {
    let kit = Kit::new();
    kit.add(&many(0..5));
    kit.clock.pass(1_000_000);
    let page = kit.page(&Query::default());
    let how = How::Page;
    kit.cell
        .note_served(&kit.b(), &kit.collection, how, &page.served)
        .unwrap();
    remove(&kit, 2);
    kit.clock.pass(29 * DAY_US);
    assert_eq!(erase(&kit.cell), Erasure::default());
    assert!(stands(&kit, "n2.example"));
    kit.clock.pass(DAY_US);
    let before = entries(&kit.cell, &kit.collection);
    let would = kit.cell.erasable(TERM).unwrap();
    let done = erase(&kit.cell);
    let len = indicator(2, 0).len() as u64;
    assert_eq!((done.objects, done.bytes, done.segments), (1, len, 1));
    assert_eq!((would.objects, would.bytes), (1, len));
    assert_eq!(erase(&kit.cell), Erasure::default());

    let image = kit.cell.journal.image(true).unwrap();
    let restarted = kit.restarted(&image);
    for kit in [&kit, &restarted] {
        assert!(!stands(kit, "n2.example") && stands(kit, "n3.example"));
        assert!(
            !image
                .segments
                .iter()
                .any(|bytes| bytes.windows(8).any(|part| part == hash_of(2)))
        );
        let others: Vec<String> = [0, 1, 3, 4].map(|n| indicator(n, 0)).into();
        assert_eq!(kit.shown(&Query::default()), others);
        assert_eq!(entries(&kit.cell, &kit.collection), before);
        let gone = kit.cell.entry_bytes(&kit.collection, 2);
        assert!(matches!(gone, Err(CellError::NotFound)));
        assert_eq!(kit.cell.erasable(SignedDuration::ZERO).unwrap().objects, 0);
        kit.cell.journal.verify().unwrap();
        assert_eq!(kit.cell.statistics().unwrap().erasable_bytes, 0);
        // Its neighbours still tell who published them: the tree has its digest.
        let key = SecretKey::from_seed([4; 32]).public();
        let (key, realm) = (&key, "live");
        let proof = kit.cell.provenance(&kit.collection, 3).unwrap().unwrap();
        let object = indicator(3, 0);
        verify_provenance(object.as_bytes(), &proof, &By::Key { key, realm }).unwrap();
        let view = kit.cell.provenance_view(&kit.collection, 2);
        assert_eq!(view.unwrap(), None);
    }
    // Who was served it is proved all the same.
    assert_eq!(kit.cell.who(&id(2), &[]).unwrap().len(), 1);
    let proved = kit.cell.evidence(&id(2), &[], true).unwrap();
    assert!(proved.evidence.objects.is_empty());
    let key = SecretKey::from_seed([4; 32]).public();
    let (key, realm) = (&key, "live");
    let findings = verify_evidence(&proved.evidence, &By::Key { key, realm });
    assert!(findings.holds(), "{:?}", findings.checks);
    let content = findings.served[0].contents[0].sha256;
    let object = indicator(2, 0);
    assert_eq!(
        content,
        crate::cell::provenance::digest_of(object.as_bytes())
    );
    // And it may come again.
    assert_eq!(kit.add(&[indicator(2, 0)]).fresh, 1);
    assert!(stands(&kit, "n2.example"));
    assert_eq!(at_once(&kit.cell).objects, 0);
    assert_eq!(kit.shown(&Query::default()).len(), 5);
}

#[test]
fn older_and_revoked_versions_are_not_erased_but_those_that_were_recalled() {
    let kit = Kit::new();
    kit.add(&[with(1, 0, r#","name":"first of one""#)]);
    kit.add(&[with(1, 5, r#","name":"second of one""#)]);
    kit.add(&[with(2, 0, r#","name":"first of two""#)]);
    kit.add(&[with(2, 5, r#","revoked":true,"name":"second of two""#)]);
    kit.clock.pass(DAY_US);
    assert_eq!(at_once(&kit.cell).objects, 0);
    let recall = kit.cell.recall(&kit.a(), &id(1), &[], "wrong", None);
    recall.unwrap();
    assert_eq!(at_once(&kit.cell).objects, 2);
    assert!(!stands(&kit, "first of one"));
    // What says `revoked` since the recall has nothing of it, and is served.
    assert!(!stands(&kit, "second of one") && !stands(&kit, "n1.example"));
    assert!(stands(&kit, "first of two") && stands(&kit, "second of two"));
    let all = Query {
        versions: vec![VersionMatch::All],
        ..Query::default()
    };
    assert_eq!(kit.shown(&all).len(), 3);
}

#[test]
fn what_shares_its_bytes_with_something_that_is_there_stays() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0), indicator(2, 0)]);
    let mark = |n| Command::Mark {
        object: id(n).parse().unwrap(),
        publisher: member("bank-a"),
        group: kit.group,
        tlp: Some(Tlp::Green),
    };
    kit.cell.perform(&kit.a(), mark(1)).unwrap();
    kit.cell.perform(&kit.a(), mark(2)).unwrap();
    remove(&kit, 2);
    assert_eq!(at_once(&kit.cell).objects, 1);
    assert_eq!(kit.shown(&Query::default()), [indicator(1, 0)]);
    assert!(!stands(&kit, "n2.example"));
    let again = kit.restarted(&kit.cell.journal.image(true).unwrap());
    assert_eq!(at_once(&again.cell), Erasure::default());
}

#[test]
fn what_was_forgotten_is_erased_a_term_after_it_was() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    kit.clock.pass(40 * DAY_US);
    let version_us = kit.cell.entry(&kit.collection, 0).unwrap().version_us;
    let forget = Change::Forget {
        id: id(1),
        version_us,
    };
    kit.cell
        .accept(&kit.collection, &[forget], Vec::new())
        .unwrap();
    assert_eq!(erase(&kit.cell).objects, 0);
    let restarted = kit.restarted(&kit.cell.journal.image(true).unwrap());
    kit.clock.pass(30 * DAY_US);
    assert_eq!(erase(&restarted.cell).objects, 1);
    assert!(!stands(&restarted, "n1.example"));
    let entry = restarted.cell.entry(&kit.collection, 0).unwrap();
    assert_eq!(entry.id, id(1));
}

#[test]
fn what_was_not_erased_because_the_disk_failed_is_erased_by_the_next_call() {
    for done in [false, true] {
        let kit = Kit::new();
        kit.add(&many(0..3));
        remove(&kit, 1);
        kit.cell.journal.break_next(MemoryFault::Erase { done });
        let failed = kit.cell.erase(SignedDuration::ZERO, &mut |_| {});
        assert!(matches!(failed, Err(CellError::Journal(_))));
        assert_eq!(stands(&kit, "n1.example"), !done);
        assert_eq!(kit.shown(&Query::default()).len(), 2);
        assert_eq!(at_once(&kit.cell).objects, usize::from(!done));
        assert!(!stands(&kit, "n1.example"));
    }
}

/// The journal of a kit, as a folder's.
fn laid_out(kit: &Kit, folder: &Path) {
    let image = kit.cell.journal.image(true).unwrap();
    for (number, bytes) in image.segments.iter().enumerate() {
        fs::write(folder.join(format!("{number:08}.seg")), bytes).unwrap();
    }
    fs::write(folder.join("epoch"), [1; 16]).unwrap();
}

#[test]
fn a_page_that_has_begun_is_read_to_its_end() {
    let (first, folder) = (Kit::new(), tempfile::tempdir().unwrap());
    laid_out(&first, folder.path());
    let clock = Arc::clone(&first.clock);
    let open_one = || {
        open(
            &clock,
            Journal::folder(folder.path(), [2; 16]).unwrap(),
            "csirt",
        )
    };
    let cell = open_one();
    let kit = Kit { cell, ..first };
    let long = "x".repeat(3_000);
    let object = |n| with(n, 0, &format!(r#","name":"{long}""#));
    let objects: Vec<String> = (0..60).map(object).collect();
    kit.add(&objects);
    let other = open_one();
    let query = Query::default();
    let lay = |cell: &Cell| cell.lay(&kit.b(), &kit.collection, &query, View::Objects);
    let pages = [&kit.cell, &other].map(|cell| lay(cell).unwrap().1.unwrap());
    for n in 0..60 {
        remove(&kit, n);
    }
    assert_eq!(at_once(&kit.cell).objects, 60);
    other.catch_up().unwrap();
    for mut laid in pages {
        let mut body = Vec::new();
        while let Some(piece) = laid.piece().unwrap() {
            body.extend(piece);
        }
        let envelope = portcullis_stix::header::envelope(&body).unwrap();
        let read = envelope.objects.iter().map(|slice| slice.bytes.to_vec());
        assert!(read.eq(objects.iter().map(|object| object.clone().into_bytes())));
    }
    for cell in [&kit.cell, &other] {
        let gone = cell.entry_bytes(&kit.collection, 5);
        assert!(matches!(gone, Err(CellError::NotFound)));
    }
    // Neighbours are erased together: hardly a block of the disk is left of them.
    let sizes = kit.cell.journal.sizes().unwrap();
    assert!(sizes.1 < 50_000 && 200_000 < sizes.0, "{sizes:?}");
}

#[derive(Clone, Debug)]
enum Op {
    Add(usize, u32, u32),
    Remove(usize, u32, Option<u32>),
    Mark(usize, u32),
    Forget(usize, u32, u32),
    Erase(usize, i64),
    Pass(i64),
    Restart(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let who = 0..2_usize;
    prop_oneof![
        6 => (who.clone(), 0..6_u32, 0..3_u32).prop_map(|(who, n, s)| Op::Add(who, n, s)),
        3 => (who.clone(), 0..6_u32, prop::option::of(0..3_u32)).prop_map(|(who, n, s)| Op::Remove(who, n, s)),
        1 => (who.clone(), 0..6_u32).prop_map(|(who, n)| Op::Mark(who, n)),
        1 => (who.clone(), 0..6_u32, 0..3_u32).prop_map(|(who, n, s)| Op::Forget(who, n, s)),
        3 => (who.clone(), 0..4_i64).prop_map(|(who, days)| Op::Erase(who, days)),
        2 => (0..3_i64).prop_map(Op::Pass),
        1 => who.prop_map(Op::Restart),
    ]
}

/// An indicator that says which it is.
fn named(n: u32, s: u32) -> String {
    with(n, s, &format!(r#","name":"{}""#, name(n, s)))
}

fn name(n: u32, s: u32) -> String {
    format!("secret {n} of {s};")
}

fn version(s: u32) -> VersionMatch {
    let first: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    VersionMatch::Exact(first.as_microsecond() + i64::from(s) * 1_000_000)
}

/// One change at a cell; what the rules refuse changes nothing.
fn change(cell: &Cell, kit: &Kit, op: &Op) {
    match op {
        Op::Add(_, n, s) => {
            let envelope = format!("{{\"objects\":[{}]}}", named(*n, *s));
            let (a, source) = (kit.a(), Source::Published);
            cell.add(&a, &kit.collection, envelope.into(), source)
                .unwrap();
        }
        Op::Remove(_, n, s) => {
            let query = Query {
                versions: s.map(version).into_iter().collect(),
                ..Query::default()
            };
            let _ = cell.remove(&kit.a(), &kit.collection, &id(*n), &query);
        }
        Op::Mark(_, n) => {
            let mark = Command::Mark {
                object: id(*n).parse().unwrap(),
                publisher: member("bank-a"),
                group: kit.group,
                tlp: Some(Tlp::Green),
            };
            let _ = cell.perform(&kit.a(), mark);
        }
        Op::Forget(_, n, s) => {
            let VersionMatch::Exact(version_us) = version(*s) else {
                return;
            };
            let forget = Change::Forget {
                id: id(*n),
                version_us,
            };
            cell.accept(&kit.collection, &[forget], Vec::new()).unwrap();
        }
        Op::Erase(..) | Op::Pass(_) | Op::Restart(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn two_who_add_remove_and_erase_have_the_same_cell_as_one_who_never_erases(ops in prop::collection::vec(op(), 1..30)) {
        let (model, first) = (Kit::new(), Kit::new());
        let folder = tempfile::tempdir().unwrap();
        laid_out(&first, folder.path());
        let start = || {
            let journal = Journal::folder_of(folder.path(), [2; 16], 8 * 1024).unwrap();
            open(&first.clock, journal, "csirt")
        };
        let mut cells = [start(), start()];
        for op in &ops {
            match op {
                Op::Add(who, ..) | Op::Remove(who, ..) | Op::Mark(who, _) | Op::Forget(who, ..) => {
                    change(&cells[*who], &first, op);
                    change(&model.cell, &model, op);
                }
                Op::Erase(who, days) => {
                    let term = SignedDuration::from_hours(days * 24);
                    cells[*who].erase(term, &mut |_| {}).unwrap();
                }
                Op::Pass(days) => {
                    first.clock.pass(days * DAY_US);
                    model.clock.pass(days * DAY_US);
                }
                Op::Restart(who) => cells[*who] = start(),
            }
            for cell in &cells {
                cell.catch_up().unwrap();
                prop_assert_eq!(entries(cell, &first.collection), entries(&model.cell, &model.collection));
                let query = Query { versions: vec![VersionMatch::All], ..Query::default() };
                let page = |cell: &Cell| objects(&cell.page(&first.b(), &first.collection, &query, View::Objects).unwrap());
                prop_assert_eq!(page(cell), page(&model.cell));
            }
        }
        first.clock.pass(DAY_US);
        at_once(&cells[0]);
        cells[1].catch_up().unwrap();
        prop_assert_eq!(cells[1].erasable(SignedDuration::ZERO).unwrap().objects, 0);
        let live = model.shown(&Query { versions: vec![VersionMatch::All], ..Query::default() }).concat();
        let files: Vec<Vec<u8>> = fs::read_dir(folder.path()).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
        for (n, s) in (0..6).flat_map(|n| (0..3).map(move |s| (n, s))) {
            let there = files.iter().any(|bytes| holds(bytes, &name(n, s)));
            prop_assert_eq!(there, live.contains(&name(n, s)), "{}", name(n, s));
        }
        cells[0].journal.verify().unwrap();
    }
}
