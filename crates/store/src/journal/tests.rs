//! What a journal keeps, whatever is done to its writer, its disk and its bytes.

use super::*;
use proptest::prelude::*;
use std::{fs, ops::ControlFlow};

pub(super) const EPOCH_A: [u8; 16] = [1; 16];

pub(super) fn put(journal: &Journal, table: &[u8], data: &[u8]) -> Written {
    let frame = NewFrame {
        kind: 7,
        table,
        data: &[data],
    };
    let written = journal.lock().unwrap().append(&[frame]).unwrap()[0];
    journal.sync(written.end).unwrap();
    written
}

/// A frame's number, table and data.
type Read = (u64, Vec<u8>, Vec<u8>);

/// Every frame.
fn all(journal: &Journal) -> Result<Vec<Read>, JournalError> {
    let mut seen = Vec::new();
    let mut broken = None;
    journal.scan(Position::default(), &mut |frame| {
        match frame.data() {
            Ok(data) => seen.push((frame.sequence, frame.table.to_vec(), data)),
            Err(error) => broken = Some(error),
        }
        ControlFlow::Continue(())
    })?;
    broken.map_or(Ok(seen), Err)
}

fn count(journal: &Journal) -> usize {
    all(journal).unwrap().len()
}

#[test]
fn what_was_appended_is_read_in_order_and_by_place() {
    let folder = tempfile::tempdir().unwrap();
    for journal in [
        Journal::memory(EPOCH_A),
        Journal::folder(folder.path(), EPOCH_A).unwrap(),
    ] {
        assert_eq!(
            journal
                .scan(Position::default(), &mut |_| panic!())
                .unwrap()
                .segment,
            0
        );
        let one = put(&journal, b"table", b"some data");
        let large = vec![9; 100_000];
        let two = put(&journal, b"", &large);
        assert_eq!((one.sequence, two.sequence), (0, 1));
        assert_eq!(journal.end().unwrap(), two.end);
        let mut data = Vec::new();
        let part = Place {
            offset: one.data.offset + 5,
            len: 4,
            ..one.data
        };
        journal.read(part, &mut data).unwrap();
        assert_eq!(data, b"data");
        let expected = vec![
            (0, b"table".to_vec(), b"some data".to_vec()),
            (1, vec![], large),
        ];
        assert_eq!(all(&journal).unwrap(), expected);
        assert_eq!(journal.verify().unwrap(), 2);
        let mut rest = 0;
        let end = journal.scan(one.end, &mut |frame| {
            rest += frame.sequence;
            ControlFlow::Continue(())
        });
        assert_eq!((rest, end.unwrap()), (1, two.end));
    }
}

#[test]
fn a_folder_keeps_its_epoch_until_it_is_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let epoch = |fresh| Journal::folder(folder.path(), fresh).unwrap().epoch();
    assert_eq!((epoch([1; 16]), epoch([2; 16])), ([1; 16], [1; 16]));
    fs::remove_file(folder.path().join(EPOCH)).unwrap();
    assert_eq!(epoch([3; 16]), [3; 16]);
}

#[test]
fn segments_follow_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Journal::folder_of(folder.path(), EPOCH_A, 1000).unwrap();
    let journal = open();
    for n in 0..50_u8 {
        put(&journal, &[n], &[n; 100]);
    }
    let last = journal.end().unwrap();
    assert!(last.segment > 3);
    let again = open();
    assert_eq!(all(&again).unwrap(), all(&journal).unwrap());
    assert_eq!(put(&again, b"", b"").sequence, 50);
    assert_eq!(put(&journal, b"", b"").sequence, 51);
    assert_eq!(again.verify().unwrap(), 52);
}

#[test]
fn a_frame_cut_anywhere_is_not_there_and_its_place_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("00000000.seg");
    let journal = Journal::folder(folder.path(), EPOCH_A).unwrap();
    put(&journal, b"a", b"first");
    let second = put(&journal, b"bb", b"second");
    drop(journal);
    let whole = fs::read(&path).unwrap();
    for len in usize::try_from(second.at.offset).unwrap()..whole.len() {
        fs::write(&path, &whole[..len]).unwrap();
        let journal = Journal::folder(folder.path(), EPOCH_A).unwrap();
        assert_eq!(count(&journal), 1, "cut at {len}");
        assert_eq!(
            fs::metadata(&path).unwrap().len(),
            len as u64,
            "a reader cuts nothing"
        );
        let again = put(&journal, b"ccc", b"third");
        assert_eq!((again.sequence, again.at), (1, second.at));
        assert_eq!(all(&journal).unwrap()[1].2, b"third");
    }
}

#[test]
fn bytes_that_the_disk_lost_of_the_last_frame_are_cut_off_when_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("00000000.seg");
    let journal = Journal::folder(folder.path(), EPOCH_A).unwrap();
    put(&journal, b"a", b"first");
    let second = put(&journal, b"bb", b"second");
    drop(journal);
    let mut bytes = fs::read(&path).unwrap();
    let data = usize::try_from(second.data.offset).unwrap();
    bytes[data..].fill(0);
    fs::write(&path, bytes).unwrap();
    let journal = Journal::folder(folder.path(), EPOCH_A).unwrap();
    drop(journal.lock().unwrap());
    assert_eq!(count(&journal), 1);
}

#[test]
fn a_flipped_bit_before_the_end_is_named_with_its_file_and_offset() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("00000000.seg");
    let journal = Journal::folder(folder.path(), EPOCH_A).unwrap();
    put(&journal, b"a", b"first");
    let second = put(&journal, b"bb", b"second");
    put(&journal, b"c", b"third");
    drop(journal);
    let whole = fs::read(&path).unwrap();
    let range = second.at.offset..second.end.offset;
    for byte in range {
        let mut bytes = whole.clone();
        bytes[usize::try_from(byte).unwrap()] ^= 1;
        fs::write(&path, bytes).unwrap();
        let journal = Journal::folder(folder.path(), EPOCH_A).unwrap();
        match journal.verify() {
            Err(JournalError::Damaged {
                path: named,
                offset,
                ..
            }) => assert_eq!(
                (named, offset),
                (path.clone(), second.at.offset),
                "byte {byte}"
            ),
            other => panic!("byte {byte}: {other:?}"),
        }
        if byte < second.data.offset {
            assert!(journal.lock().is_err(), "nothing is cut off: byte {byte}");
        }
    }
}

#[test]
fn nothing_is_cut_off_a_segment_behind_which_another_stands() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Journal::folder(folder.path(), EPOCH_A).unwrap();
    let journal = open();
    let one = put(&journal, b"", b"SECRET");
    let two = put(&journal, b"", b"some data");
    // The segment is closed, and the next holds nothing yet.
    let wipe = Wipe {
        place: one.data,
        left: Vec::new(),
    };
    journal.erasing().unwrap().erase(0, &[wipe]).unwrap();
    drop(journal);
    let path = folder.path().join("00000000.seg");
    let mut damaged = fs::read(&path).unwrap();
    damaged[usize::try_from(two.data.offset).unwrap()] ^= 1;
    fs::write(&path, &damaged).unwrap();
    for _ in 0..2 {
        let journal = open();
        let refused = journal.lock().map(drop);
        let Err(JournalError::Damaged { offset, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(offset, two.at.offset);
        assert_eq!(fs::read(&path).unwrap(), damaged);
    }
}

#[test]
fn a_segment_that_is_gone_or_empty_is_damage_and_not_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Journal::folder_of(folder.path(), EPOCH_A, 1000).unwrap();
    let journal = open();
    for n in 0..6_u8 {
        put(&journal, &[n], &[n; 400]);
    }
    drop(journal);
    let first = folder.path().join("00000000.seg");
    let bytes = fs::read(&first).unwrap();
    assert!(folder.path().join("00000001.seg").exists());
    let damaged = |read: Result<Vec<Read>, JournalError>| {
        assert!(
            matches!(&read, Err(JournalError::Damaged { path, .. }) if *path == first),
            "{read:?}"
        );
    };
    fs::write(&first, bytes.get(..7).unwrap()).unwrap();
    damaged(all(&open()));
    fs::remove_file(&first).unwrap();
    damaged(Journal::folder_of(folder.path(), EPOCH_A, 1000).map(|_| Vec::new()));
    fs::write(&first, &bytes).unwrap();
    assert_eq!(count(&open()), 6);
}

#[test]
fn several_who_have_the_folder_open_append_in_turn() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4_u8 {
            let folder = folder.path();
            scope.spawn(move || {
                let journal = Journal::folder_of(folder, EPOCH_A, 4096).unwrap();
                for n in 0..50 {
                    put(&journal, &[writer, n], &vec![writer; usize::from(n)]);
                }
            });
        }
    });
    let journal = Journal::folder_of(folder.path(), EPOCH_A, 4096).unwrap();
    assert_eq!(journal.verify().unwrap(), 200);
    let frames = all(&journal).unwrap();
    for writer in 0..4 {
        let own = frames.iter().filter(|(_, table, _)| table[0] == writer);
        assert!(own.map(|(_, table, _)| table[1]).eq(0..50));
    }
}

#[test]
fn a_write_that_breaks_leaves_nothing_and_the_next_one_works() {
    for kept in [0, 1, 39, 40, 50] {
        let journal = Journal::memory(EPOCH_A);
        put(&journal, b"a", b"first");
        journal.break_next(MemoryFault::Write { kept });
        let frame = NewFrame {
            kind: 1,
            table: b"b",
            data: &[b"second"],
        };
        assert!(journal.lock().unwrap().append(&[frame]).is_err());
        assert_eq!(count(&journal), 1);
        assert_eq!(put(&journal, b"c", b"third").sequence, 1);
        assert_eq!(count(&journal), 2);
    }
}

#[test]
fn parts_of_any_size_stand_one_behind_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::folder(&path, EPOCH_A).unwrap();
    let lengths = [3, 65_535, 1, 0, 65_536, 65_537, 200_000, 40_000, 40_000, 1];
    let whole: Vec<u8> = (0..=u8::MAX).cycle().take(lengths.iter().sum()).collect();
    for table in [&b""[..], &whole[..70_001]] {
        let (mut parts, mut rest): (Vec<&[u8]>, &[u8]) = (Vec::new(), &whole);
        for length in lengths {
            let (part, after) = rest.split_at(length);
            parts.push(part);
            rest = after;
        }
        let frame = NewFrame {
            kind: 7,
            table,
            data: &parts,
        };
        let written = journal.lock().unwrap().append(&[frame]).unwrap()[0];
        assert_eq!(written.data.len as usize, whole.len());
        let again = all(&Journal::folder(&path, EPOCH_A).unwrap()).unwrap();
        let (_, read_table, data) = again.last().unwrap();
        assert!(*read_table == table && *data == whole);
    }
}

#[test]
fn after_a_failed_sync_nothing_is_promised_any_more() {
    let journal = Journal::memory(EPOCH_A);
    put(&journal, b"a", b"first");
    journal.break_next(MemoryFault::Sync);
    let frame = NewFrame {
        kind: 1,
        table: b"b",
        data: &[b"second"],
    };
    let written = journal.lock().unwrap().append(&[frame]).unwrap()[0];
    assert!(journal.sync(written.end).is_err());
    assert!(matches!(
        journal.sync(written.end),
        Err(JournalError::Failed)
    ));
    assert!(matches!(journal.lock(), Err(JournalError::Failed)));
    let after = Journal::of_image(&journal.image(true).unwrap(), EPOCH_A);
    assert_eq!(count(&after), 1);
}

#[test]
fn what_takes_the_place_of_half_a_frame_that_was_synced_is_synced_too() {
    let whole = Journal::memory(EPOCH_A);
    put(&whole, b"a table", b"and data");
    let mut image = whole.image(false).unwrap();
    image.segments[0].pop();
    let journal = Journal::of_image(&image, EPOCH_A);
    journal.sync(journal.end().unwrap()).unwrap();
    put(&journal, b"", b"");
    let left = Journal::of_image(&journal.image(true).unwrap(), EPOCH_A);
    assert_eq!(count(&left), 1);
}

#[test]
fn one_frame_too_large_is_refused_before_anything_is_written() {
    let journal = Journal::memory(EPOCH_A);
    let table = vec![0; FRAME_BYTES_MAX + 1];
    let frame = |table| NewFrame {
        kind: 1,
        table,
        data: &[],
    };
    let refused = journal
        .lock()
        .unwrap()
        .append(&[frame(b"small"), frame(&table)]);
    assert!(matches!(refused, Err(JournalError::TooLarge { .. })));
    assert_eq!(count(&journal), 0);
}

#[derive(Clone, Debug)]
enum Op {
    Append(Vec<Vec<u8>>),
    Sync,
    /// The process dies, and begins again.
    Kill,
    /// The power fails; so many bytes that were not on the disk are, all the same.
    Power(usize),
    Break(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..4).prop_map(Op::Append),
        2 => Just(Op::Sync),
        1 => Just(Op::Kill),
        1 => (0..200_usize).prop_map(Op::Power),
        1 => (0..120_usize).prop_map(Op::Break),
    ]
}

proptest! {
    #[test]
    fn a_journal_is_a_list_whose_synced_part_survives_everything(ops in prop::collection::vec(op(), 1..40)) {
        let mut journal = Journal::memory(EPOCH_A);
        let (mut list, mut synced): (Vec<Vec<u8>>, usize) = (Vec::new(), 0);
        for op in ops {
            match op {
                Op::Append(frames) => {
                    let datas: Vec<[&[u8]; 2]> = frames.iter().map(|bytes| bytes.split_at(bytes.len() / 3).into()).collect();
                    let new: Vec<_> = frames
                        .iter()
                        .zip(&datas)
                        .map(|(bytes, data)| NewFrame { kind: 0, table: &bytes[..bytes.len() / 2], data })
                        .collect();
                    if journal.lock().unwrap().append(&new).is_ok() {
                        list.extend(frames);
                    }
                }
                Op::Sync => {
                    journal.sync(journal.end().unwrap()).unwrap();
                    synced = list.len();
                }
                Op::Kill => journal = Journal::of_image(&journal.image(false).unwrap(), EPOCH_A),
                Op::Power(kept) => {
                    let (all, mut left) = (journal.image(false).unwrap(), journal.image(true).unwrap());
                    for (left, all) in left.segments.iter_mut().zip(&all.segments) {
                        let len = (left.len() + kept).min(all.len());
                        *left = all[..len].to_vec();
                    }
                    journal = Journal::of_image(&left, EPOCH_A);
                    let there = count(&journal);
                    prop_assert!((synced..=list.len()).contains(&there));
                    list.truncate(there);
                    synced = there;
                }
                Op::Break(kept) => journal.break_next(MemoryFault::Write { kept }),
            }
            let data: Vec<_> = all(&journal).unwrap().into_iter().map(|(_, _, data)| data).collect();
            prop_assert_eq!(&data, &list);
        }
    }
}
