//! What was acknowledged is there after every stop, and nothing is shown before it is on the disk.

use super::*;
use crate::cell::{
    CellError, VersionMatch,
    batch::Op,
    write::{Candidate, Context, FrameOf, prepare_all},
};
use portcullis_core::cell::Marked;
use portcullis_store::journal::MemoryFault;

#[test]
fn what_was_acknowledged_is_there_after_the_power_has_failed() {
    let kit = Kit::new();
    kit.add(&many(0..10));
    kit.cell
        .remove(&kit.a(), &kit.collection, &id(3), &Query::default())
        .unwrap();
    let shown = kit.shown(&Query::default());
    let image = kit.cell.journal.image(true).unwrap();
    let restarted = kit.restarted(&image);
    assert_eq!(restarted.shown(&Query::default()), shown);
    let dates = |kit: &Kit| {
        let page = kit.page(&Query::default());
        (page.first_added, page.last_added, page.served)
    };
    assert_eq!(dates(&restarted), dates(&kit));
}

#[test]
fn what_could_not_be_written_is_not_there_and_the_next_is() {
    let kit = Kit::new();
    kit.add(&many(0..1));
    kit.cell
        .journal
        .break_next(MemoryFault::Write { kept: 100 });
    let envelope = Bytes::from(format!("{{\"objects\":[{}]}}", indicator(1, 0)));
    let failed = kit
        .cell
        .add(&kit.a(), &kit.collection, envelope, Source::Published);
    assert!(matches!(failed, Err(CellError::Journal(_))));
    assert_eq!(kit.shown(&Query::default()), many(0..1));
    kit.add(&many(2..3));
    let expected = [indicator(0, 0), indicator(2, 0)];
    assert_eq!(kit.shown(&Query::default()), expected);
    let image = kit.cell.journal.image(true).unwrap();
    assert_eq!(kit.restarted(&image).shown(&Query::default()), expected);
}

#[test]
fn what_is_not_on_the_disk_is_shown_to_nobody() {
    let kit = Kit::new();
    kit.add(&many(0..1));
    kit.cell.journal.break_next(MemoryFault::Sync);
    let envelope = Bytes::from(format!(
        "{{\"objects\":[{},{}]}}",
        indicator(0, 1),
        indicator(1, 0)
    ));
    let failed = kit
        .cell
        .add(&kit.a(), &kit.collection, envelope, Source::Published);
    assert!(matches!(failed, Err(CellError::Journal(_))));
    assert_eq!(
        kit.shown(&Query::default()),
        many(0..1),
        "the version before is still the last"
    );
    let image = kit.cell.journal.image(true).unwrap();
    assert_eq!(kit.restarted(&image).shown(&Query::default()), many(0..1));
}

#[test]
fn what_is_replaced_or_removed_stays_until_that_is_on_the_disk() {
    let red =
        r#","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]"#;
    let (id_1, all) = (id(1), Query::default());
    let kit = Kit::new();
    kit.add(&[with(1, 0, red)]);
    kit.cell.journal.break_next(MemoryFault::Sync);
    let address = Command::Address {
        object: id(1).parse().unwrap(),
        publisher: member("bank-a"),
        recipients: [member("bank-b")].into(),
    };
    assert!(kit.cell.perform(&kit.a(), address).is_err());
    let own = |view| {
        kit.cell
            .object(&kit.a(), &kit.collection, &id_1, &all, view)
    };
    assert_eq!(objects(&own(View::Objects).unwrap()), [with(1, 0, red)]);
    let kit = Kit::new();
    kit.add(&many(0..3));
    kit.cell.journal.break_next(MemoryFault::Sync);
    assert!(
        kit.cell
            .remove(&kit.a(), &kit.collection, &id_1, &all)
            .is_err()
    );
    assert_eq!(kit.shown(&all), many(0..3));
    let still = kit
        .cell
        .object(&kit.b(), &kit.collection, &id_1, &all, View::Objects);
    assert_eq!(objects(&still.unwrap()), [indicator(1, 0)]);
}

#[test]
fn two_processes_on_one_folder_see_what_the_other_has_added() {
    let folder = tempfile::tempdir().unwrap();
    let kit = Kit::new();
    let image = kit.cell.journal.image(true).unwrap();
    let path = folder.path().join("journal");
    drop(Journal::folder(&path, [1; 16]).unwrap());
    std::fs::write(path.join("00000000.seg"), &image.segments[0]).unwrap();
    let process = || Kit {
        clock: kit.clock.clone(),
        cell: open(
            &kit.clock,
            Journal::folder(&path, [2; 16]).unwrap(),
            "csirt",
        ),
        ..kit
    };
    let (one, two) = (process(), process());
    one.add(&many(0..2));
    assert!(two.cell.catch_up().unwrap());
    assert!(!two.cell.catch_up().unwrap());
    assert_eq!(two.shown(&Query::default()), many(0..2));
    // Without catching up first: whoever appends is up to date.
    one.add(&many(2..3));
    assert_eq!(two.add(&many(2..4)).fresh, 1);
    assert_eq!(two.shown(&Query::default()), many(0..4));
    let generation = one.cell.changed().generation();
    assert!(one.cell.catch_up().unwrap());
    assert!(one.cell.changed().generation() > generation);
    assert_eq!(one.shown(&Query::default()), many(0..4));
    std::thread::scope(|scope| {
        for (at, kit) in [&one, &two].into_iter().enumerate() {
            let from = 100 + u32::try_from(at).unwrap() * 100;
            scope.spawn(move || {
                for n in from..from + 50 {
                    assert_eq!(kit.add(&many(n..n + 1)).fresh, 1);
                }
            });
        }
    });
    one.cell.catch_up().unwrap();
    two.cell.catch_up().unwrap();
    let all = Query {
        versions: vec![VersionMatch::All],
        ..Query::default()
    };
    assert_eq!(one.shown(&all).len(), 104);
    assert_eq!(one.shown(&all), two.shown(&all));
}

#[test]
fn reads_before_the_journal_was_read_say_so() {
    let clock = Clock::new();
    let cell = Cell::open(CellParts {
        journal: Journal::memory([1; 16]),
        served: Journal::memory([9; 16]),
        env: clock,
        me: member("csirt"),
        realm: Realm::live(),
        signer: None,
    })
    .unwrap();
    let id = cell.new_collection();
    let read = cell.page(&cell.operator(), &id, &Query::default(), View::Objects);
    assert!(matches!(read, Err(CellError::NotReady)));
    assert!(matches!(
        cell.collection(&cell.operator(), "x"),
        Err(CellError::NotReady)
    ));
}

#[test]
fn what_is_said_to_be_there_already_is_on_the_disk() {
    let kit = Kit::new();
    let (object, publisher) = (indicator(1, 0), kit.a().member);
    let state = kit.cell.state();
    let context = Context::new(&state, &kit.collection, None, false);
    let objects = prepare_all(&context, &[object.as_bytes()]);
    let mut turn = kit.cell.turn().unwrap();
    let mut frame = FrameOf::new(&state, kit.cell.me(), kit.collection);
    for object in objects.into_iter().map(Result::unwrap) {
        let candidate = Candidate {
            label: state.label(&kit.collection, &publisher, Marked::default(), false),
            object,
            markings: Vec::new(),
            stamp: None,
            proof: 0,
            op: Op::Put,
            marked: false,
        };
        frame.put(&mut turn, None, candidate).unwrap();
    }
    // Another thread has appended, and waits for the disk.
    let _waits = turn.append(&[], &[frame.batch], &frame.data).unwrap();
    let again = kit.add(std::slice::from_ref(&object));
    assert_eq!((again.successes.len(), again.fresh), (1, 0));
    let image = kit.cell.journal.image(true).unwrap();
    let kit = kit.restarted(&image);
    assert_eq!(kit.shown(&Query::default()), [object]);
}
