//! What is erased is nowhere, and everything else is where it was, whoever has it open and whenever it stops.

use super::{
    tests::{EPOCH_A, put},
    *,
};
use proptest::prelude::*;
use std::{fs, ops::ControlFlow, path::Path};

/// Everything of a frame that a reader sees.
type Read = (u64, Position, Vec<u8>, Vec<u8>, bool);

fn all(journal: &Journal) -> Vec<Read> {
    let mut seen = Vec::new();
    journal
        .scan(Position::default(), &mut |frame| {
            let data = frame.data().unwrap();
            let erased = frame.erased;
            seen.push((frame.sequence, frame.at, frame.table.to_vec(), data, erased));
            ControlFlow::Continue(())
        })
        .unwrap();
    seen
}

fn wipe(written: &Written, from: u64, len: u32, left: &[u8]) -> Wipe {
    Wipe {
        place: Place {
            offset: written.data.offset + from,
            len,
            ..written.data
        },
        left: left.to_vec(),
    }
}

fn read(journal: &Journal, place: Place) -> Vec<u8> {
    let mut bytes = Vec::new();
    journal.read(place, &mut bytes).unwrap();
    bytes
}

/// Whether these bytes stand in any file of a folder.
fn stands_in(folder: &Path, wanted: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|file| {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        bytes.windows(wanted.len()).any(|part| part == wanted)
    })
}

#[test]
fn what_is_erased_is_in_no_file_and_everything_else_is_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    for (journal, on_disk) in [
        (Journal::memory(EPOCH_A), false),
        (Journal::folder(folder.path(), EPOCH_A).unwrap(), true),
    ] {
        put(&journal, b"before", b"untouched");
        let one = put(&journal, b"table", b"keep,SECRET-ONE,keep");
        let two = put(&journal, b"with SECRET-TWO", &vec![b'z'; 100_000]);
        let before = all(&journal);
        let in_table = Wipe {
            place: Place {
                segment: 0,
                offset: two.at.offset + 40 + 5,
                len: 10,
            },
            left: Vec::new(),
        };
        let wipes = [
            wipe(&one, 5, 10, b"\0left"),
            in_table,
            wipe(&two, 10, 90_000, b""),
        ];
        let erased = journal.erasing().unwrap().erase(0, &wipes).unwrap();
        assert_eq!((erased.places, erased.bytes), (3, 90_020));
        let after = all(&journal);
        assert_eq!(after[0], before[0]);
        assert_eq!(after[1].3, b"keep,\0left\0\0\0\0\0,keep");
        assert_eq!(after[2].2, b"with \0\0\0\0\0\0\0\0\0\0");
        assert_eq!(after[2].3[..11], [&[b'z'; 10][..], b"\0"].concat());
        assert_eq!(after[2].3[90_009..90_011], *b"\0z");
        assert_eq!(
            after.iter().map(|read| read.4).collect::<Vec<_>>(),
            [false, true, true]
        );
        assert_eq!(journal.verify().unwrap(), 3);
        // The segment is closed; numbers go on.
        let three = put(&journal, b"", b"after");
        assert_eq!((three.sequence, three.at.segment), (3, 1));
        assert_eq!(journal.verify().unwrap(), 4);
        if on_disk {
            assert!(erased.taken.1 + 80_000 < erased.taken.0, "{erased:?}");
            assert!(!stands_in(folder.path(), b"SECRET"));
            let again = Journal::folder(folder.path(), EPOCH_A).unwrap();
            assert_eq!(all(&again), all(&journal));
            assert_eq!(put(&again, b"", b"").sequence, 4);
        }
        // Once more changes nothing.
        assert_eq!(
            journal.erasing().unwrap().erase(0, &wipes).unwrap(),
            Erased::default()
        );
    }
}

#[test]
fn what_is_in_no_frame_is_not_erased_and_what_is_damaged_not_made_whole() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::folder(folder.path(), EPOCH_A).unwrap();
    let one = put(&journal, b"table", b"some data");
    put(&journal, b"", b"more");
    let path = folder.path().join("00000000.seg");
    let before = fs::read(&path).unwrap();
    let at = |offset, len| Wipe {
        place: Place {
            segment: 0,
            offset,
            len,
        },
        left: Vec::new(),
    };
    let beyond = one.data.offset + 5;
    for wrong in [at(0, 4), at(one.at.offset, 8), at(beyond, 50), at(9_999, 1)] {
        let refused = journal.erasing().unwrap().erase(0, &[wrong]);
        assert!(matches!(refused, Err(JournalError::NoFrame { .. })));
    }
    let longer = journal
        .erasing()
        .unwrap()
        .erase(0, &[wipe(&one, 0, 2, b"long")]);
    assert!(matches!(longer, Err(JournalError::NoFrame { .. })));
    let backwards = [wipe(&one, 4, 2, b""), wipe(&one, 3, 2, b"")];
    assert!(journal.erasing().unwrap().erase(0, &backwards).is_err());
    assert_eq!(fs::read(&path).unwrap(), before);

    let mut broken = before.clone();
    broken[usize::try_from(one.data.offset).unwrap() + 8] ^= 1;
    fs::write(&path, &broken).unwrap();
    let refused = journal
        .erasing()
        .unwrap()
        .erase(0, &[wipe(&one, 0, 4, b"")]);
    assert!(
        matches!(refused, Err(JournalError::Damaged { offset, .. }) if offset == one.at.offset)
    );
    assert_eq!(fs::read(&path).unwrap(), broken);
}

#[test]
fn others_read_on_from_the_old_file_until_they_look_and_a_reader_who_has_begun_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Journal::folder_of(folder.path(), EPOCH_A, 4096).unwrap();
    let (journal, other) = (open(), open());
    let written = put(&journal, b"", b"SECRET and more");
    let place = Place {
        len: 6,
        ..written.data
    };
    assert_eq!(read(&other, place), b"SECRET");
    let pins = other.pin([0, 0]).unwrap();
    journal
        .erasing()
        .unwrap()
        .erase(0, &[wipe(&written, 0, 6, b"")])
        .unwrap();
    assert_eq!(read(&journal, place), [0; 6]);
    assert_eq!(read(&other, place), b"SECRET");
    assert_eq!(
        journal.reopen().unwrap(),
        [0; 0],
        "it knows what it did itself"
    );
    assert_eq!(other.reopen().unwrap(), [0]);
    assert_eq!(read(&other, place), [0; 6]);
    let mut begun = vec![0; 6];
    other
        .read_pinned(&pins, 0, place.offset, &mut begun)
        .unwrap();
    assert_eq!(begun, b"SECRET");
    // Both go on appending.
    assert_eq!(put(&other, b"", b"one").sequence, 1);
    assert_eq!(put(&journal, b"", b"two").sequence, 2);
    assert_eq!(other.verify().unwrap(), 3);
    // And the other may be who erases next.
    let more = wipe(&written, 7, 8, b"");
    assert_eq!(other.erasing().unwrap().erase(0, &[more]).unwrap().bytes, 8);
    journal.reopen().unwrap();
    assert_eq!(
        read(&journal, written.data),
        [b"\0\0\0\0\0\0 ".as_slice(), &[0; 8]].concat()
    );
}

#[test]
fn whoever_stopped_while_erasing_leaves_the_old_or_the_new_and_others_learn_which() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Journal::folder(folder.path(), EPOCH_A).unwrap();
    let (journal, other) = (open(), open());
    let written = put(&journal, b"", b"SECRET and more");
    assert_eq!(count(&other), 1);
    // Before the new file has its name.
    fs::write(folder.path().join("00000000.seg.new"), b"half, with SECRET").unwrap();
    fs::write(folder.path().join(ERASURES), 0_u32.to_le_bytes()).unwrap();
    other.reopen().unwrap();
    assert_eq!(count(&other), 1);
    // And between the two numbers: the other looks again each time.
    let path = folder.path().join("00000000.seg");
    let old = fs::read(&path).unwrap();
    journal
        .erasing()
        .unwrap()
        .erase(0, &[wipe(&written, 0, 6, b"")])
        .unwrap();
    assert!(!stands_in(folder.path(), b"SECRET"));
    let list = fs::read(folder.path().join(ERASURES)).unwrap();
    assert_eq!(list.len(), 16, "what was left open is closed first");
    let place = Place {
        len: 6,
        ..written.data
    };
    // It opens while somebody erases, who is between the two.
    let eraser = journal.inner.medium.erasing().unwrap();
    fs::write(folder.path().join(ERASURES), &list[..12]).unwrap();
    let third = open();
    assert_eq!(read(&third, place), [0; 6]);
    assert_eq!(third.reopen().unwrap(), [0; 0]);
    fs::write(folder.path().join("x"), &old).unwrap();
    fs::rename(folder.path().join("x"), &path).unwrap();
    assert_eq!(third.reopen().unwrap(), [0]);
    assert_eq!(read(&third, place), b"SECRET");
    // Who erases stops there: it is the same file from now on, however often one looks.
    drop(eraser);
    let before = fs::metadata(folder.path().join(ERASURES)).unwrap().len();
    assert_eq!(before, 12);
    for _ in 0..3 {
        assert_eq!(third.reopen().unwrap(), [0; 0]);
    }
}

#[test]
fn whoever_opens_a_journal_tidies_up_after_one_that_stopped_but_not_while_another_erases() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Journal::folder(folder.path(), EPOCH_A).unwrap();
    let (half, list) = (
        folder.path().join("00000000.seg.new"),
        folder.path().join(ERASURES),
    );
    let there = || (half.exists(), fs::metadata(&list).unwrap().len());
    let (journal, other) = (open(), open());
    let written = put(&journal, b"", b"SECRET");
    assert_eq!(count(&other), 1);
    let eraser = journal.erasing().unwrap();
    fs::write(&half, b"half, with SECRET").unwrap();
    fs::write(&list, 0_u32.to_le_bytes()).unwrap();
    drop(open());
    assert_eq!(there(), (true, 4), "somebody is at it");
    drop(eraser);
    let next = open();
    assert_eq!(there(), (false, 8));
    for journal in [&other, &next] {
        assert_eq!(journal.reopen().unwrap(), [0; 0], "nothing was erased");
        assert_eq!(read(journal, written.data), b"SECRET");
    }
}

#[test]
fn an_erasure_that_fails_leaves_no_copy_and_the_segment_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::folder(folder.path(), EPOCH_A).unwrap();
    let one = put(&journal, b"", b"SECRET");
    let two = put(&journal, b"", b"some data");
    let path = folder.path().join("00000000.seg");
    // What is damaged elsewhere in the segment is found when the copy is read back.
    let mut damaged = fs::read(&path).unwrap();
    damaged[usize::try_from(two.data.offset).unwrap()] ^= 1;
    fs::write(&path, &damaged).unwrap();
    let refused = journal
        .erasing()
        .unwrap()
        .erase(0, &[wipe(&one, 0, 6, b"")]);
    assert!(matches!(refused, Err(JournalError::File { .. })));
    assert_eq!(fs::read(&path).unwrap(), damaged);
    assert!(!folder.path().join("00000000.seg.new").exists());
}

fn count(journal: &Journal) -> usize {
    all(journal).len()
}

#[test]
fn a_scan_that_has_begun_ends_in_the_file_in_which_it_began() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::folder(folder.path(), EPOCH_A).unwrap();
    let written: Vec<Written> = (0..5)
        .map(|n| put(&journal, &vec![n; 50_000], b"some data"))
        .collect();
    let mut seen = Vec::new();
    journal
        .scan(Position::default(), &mut |frame| {
            if frame.sequence == 1 {
                let wipes: Vec<Wipe> = written.iter().map(|one| wipe(one, 0, 4, b"")).collect();
                journal.erasing().unwrap().erase(0, &wipes).unwrap();
            }
            seen.push(frame.data().unwrap());
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(seen, vec![b"some data".to_vec(); 5]);
    assert_eq!(all(&journal)[3].3, b"\0\0\0\0 data");
}

#[test]
fn an_erasure_that_is_said_to_have_failed_is_done_by_the_next() {
    for done in [false, true] {
        let journal = Journal::memory(EPOCH_A);
        let written = put(&journal, b"", b"SECRET");
        let wipes = [wipe(&written, 0, 6, b"")];
        journal.break_next(MemoryFault::Erase { done });
        assert!(journal.erasing().unwrap().erase(0, &wipes).is_err());
        assert_eq!(count(&journal), 1);
        let left = journal.erasing().unwrap().erase(0, &wipes).unwrap();
        assert_eq!(left.places, usize::from(!done));
        assert_eq!(read(&journal, written.data), [0; 6]);
    }
}

#[derive(Clone, Debug)]
enum Op {
    Append(usize, Vec<u8>),
    Erase(usize, usize, usize, u8),
    Reopen(usize),
    Begin(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..2_usize, prop::collection::vec(1..=255_u8, 0..300)).prop_map(|(who, data)| Op::Append(who, data)),
        3 => (0..2_usize, any::<prop::sample::Index>(), 0..300_usize, any::<u8>())
            .prop_map(|(who, which, from, left)| Op::Erase(who, which.index(64), from, left)),
        1 => (0..2_usize).prop_map(Op::Reopen),
        1 => (0..2_usize).prop_map(Op::Begin),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn two_who_append_and_erase_have_one_list_less_what_was_erased(ops in prop::collection::vec(op(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let open = || Journal::folder_of(folder.path(), EPOCH_A, 1024).unwrap();
        let mut who = [open(), open()];
        let mut list: Vec<(Written, Vec<u8>)> = Vec::new();
        for op in ops {
            match op {
                Op::Append(by, data) => {
                    let written = put(&who[by], &data[..data.len() / 3], &data);
                    prop_assert_eq!(written.sequence, list.len() as u64);
                    list.push((written, data));
                }
                Op::Erase(by, which, from, left) if !list.is_empty() => {
                    let which = which % list.len();
                    let (written, data) = &mut list[which];
                    let from = from.min(data.len());
                    let len = data.len() - from;
                    if len == 0 {
                        continue;
                    }
                    let left = vec![left; len.min(3)];
                    let one = wipe(written, from as u64, u32::try_from(len).unwrap(), &left);
                    who[by].erasing().unwrap().erase(written.at.segment, &[one]).unwrap();
                    data[from..].fill(0);
                    data[from..from + left.len()].copy_from_slice(&left);
                }
                Op::Erase(..) => {}
                Op::Reopen(by) => drop(who[by].reopen().unwrap()),
                Op::Begin(by) => who[by] = open(),
            }
            for journal in &who {
                journal.reopen().unwrap();
                let read = all(journal);
                prop_assert_eq!(read.len(), list.len());
                for (read, (written, data)) in read.iter().zip(&list) {
                    prop_assert_eq!((read.0, read.1, &read.3), (written.sequence, written.at, data));
                }
            }
        }
        prop_assert_eq!(open().verify().unwrap(), list.len() as u64);
    }
}

#[test]
fn frames_that_are_merged_are_one_and_all_others_are_where_they_were() {
    let folder = tempfile::tempdir().unwrap();
    for journal in [
        Journal::memory(EPOCH_A),
        Journal::folder(folder.path(), EPOCH_A).unwrap(),
    ] {
        let written: Vec<Written> = (0..40)
            .map(|n| {
                put(
                    &journal,
                    b"table",
                    format!("SECRET-{n};").repeat(400).as_bytes(),
                )
            })
            .collect();
        let merge = |from: usize, end: usize| Merge {
            from: written[from].at,
            end: written[end].end,
            kind: 9,
            table: b"what is left".to_vec(),
        };
        let before = all(&journal);
        let eraser = journal.erasing().unwrap();
        // Not whole frames, more than there are, out of order, too long a table.
        let halves = Position {
            offset: written[3].end.offset - 8,
            ..written[3].end
        };
        let wrong = [
            vec![Merge {
                end: halves,
                ..merge(2, 3)
            }],
            vec![Merge {
                table: vec![0; 20_000],
                ..merge(2, 3)
            }],
            vec![merge(7, 9), merge(2, 3)],
            vec![Merge {
                from: written[9].end,
                ..merge(2, 3)
            }],
        ];
        for merges in wrong {
            let refused = eraser.merge(0, &merges);
            assert!(matches!(refused, Err(JournalError::NoFrame { .. })));
        }
        assert_eq!(all(&journal), before);
        let done = eraser.merge(0, &[merge(2, 5), merge(10, 39)]).unwrap();
        assert_eq!(done.places, 34);
        drop(eraser);
        put(&journal, b"later", b"goes on");
        let after = all(&journal);
        let kept = |n: u64| matches!(n, 0..2 | 6..10);
        let whole: Vec<&Read> = before.iter().filter(|frame| kept(frame.0)).collect();
        assert!(after.iter().filter(|frame| kept(frame.0)).eq(whole));
        let numbers: Vec<u64> = after.iter().map(|frame| frame.0).collect();
        assert_eq!(numbers, [0, 1, 5, 6, 7, 8, 9, 39, 40]);
        for merged in [2, 7] {
            let (_, at, table, data, gone) = &after[merged];
            assert_eq!(*at, written[if merged == 2 { 2 } else { 10 }].at);
            assert!(*gone && table == b"what is left" && data.iter().all(|byte| *byte == 0));
        }
        assert_eq!(journal.verify().unwrap(), 9);
    }
    assert!(!stands_in(folder.path(), b"SECRET-20;") && stands_in(folder.path(), b"SECRET-7;"));
    // Beside, and afterwards, it is read as it is.
    let again = Journal::folder(folder.path(), EPOCH_A).unwrap();
    assert_eq!(put(&again, b"one", b"more").sequence, 41);
    assert_eq!(again.verify().unwrap(), 10);
    let (bytes, taken) = again.sizes().unwrap();
    assert!(taken < bytes, "{taken} of {bytes}");
}
