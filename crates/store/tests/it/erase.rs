//! Who erases is killed at any moment: each segment is the old one or the new one.
//!
//! The test runs itself as another process, which appends and erases what it
//! appended; it says so before and after each, and is killed after some.

use crate::lives;
use portcullis_store::journal::{Journal, NewFrame, Place, Position, Wipe};
use std::{collections::BTreeMap, io::Write, ops::ControlFlow, path::Path};

const SEGMENT_BYTES: u64 = 64 * 1024;
const LIVES: u32 = 40;

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "said {text}").unwrap();
    out.flush().unwrap();
}

/// What an object's data are, at least ten bytes: its name, and again.
fn data(name: &str) -> Vec<u8> {
    name.bytes().cycle().take(6_000).collect()
}

/// The other process.
#[test]
fn erases_until_it_is_killed() {
    let Some((folder, life)) = lives::told() else {
        return;
    };
    let journal = Journal::folder_of(Path::new(&folder), [1; 16], SEGMENT_BYTES).unwrap();
    let mut places: Vec<(String, Place)> = Vec::new();
    for n in 0.. {
        let name = format!("object-{life}-{n};");
        let bytes = data(&name);
        let frame = NewFrame {
            kind: 1,
            table: name.as_bytes(),
            data: &[&bytes],
        };
        let written = journal.lock().unwrap().append(&[frame]).unwrap();
        journal.sync(written[0].end).unwrap();
        say(&format!("put {name}"));
        places.push((name, written[0].data));
        if n % 3 == 2 {
            let (name, place) = places.remove(places.len() / 2);
            say(&format!("try {name}"));
            let left = b"\0left".to_vec();
            let wipe = Wipe { place, left };
            journal
                .erasing()
                .unwrap()
                .erase(place.segment, &[wipe])
                .unwrap();
            say(&format!("erased {name}"));
        }
    }
}

#[test]
fn whoever_is_killed_while_erasing_leaves_every_object_whole_or_gone() {
    let folder = tempfile::tempdir().unwrap();
    let mut said: BTreeMap<String, &str> = BTreeMap::new();
    let mut dice = 4_711_u64;
    // One that has it open all the while.
    let other = Journal::folder_of(folder.path(), [1; 16], SEGMENT_BYTES).unwrap();
    for life in 0..LIVES {
        let (mut child, mut lines) =
            lives::begin("erase::erases_until_it_is_killed", folder.path(), life);
        lives::throw(&mut dice);
        let mut wanted = (dice >> 33) % 25;
        let mut hear = |line: &str| {
            for (word, now) in [("put", "put"), ("try", "perhaps"), ("erased", "gone")] {
                let name = line.strip_prefix(&format!("said {word} "));
                // The last line may be cut off.
                if let Some(name) = name.filter(|name| name.ends_with(';')) {
                    said.insert(name.to_owned(), now);
                }
            }
        };
        while wanted > 0 {
            let line = lines.next().unwrap().unwrap();
            wanted -= u64::from(line.starts_with("said "));
            hear(&line);
        }
        // Somewhere in what it does next.
        for _ in 0..dice >> 46 {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        lines.map_while(Result::ok).for_each(|line| hear(&line));
        child.wait().unwrap();

        drop(other.lock().unwrap());
        other.reopen().unwrap();
        let mut there = BTreeMap::new();
        other
            .scan(Position::default(), &mut |frame| {
                let name = String::from_utf8(frame.table.to_vec()).unwrap();
                there.insert(name, (frame.data().unwrap(), frame.erased));
                ControlFlow::Continue(())
            })
            .unwrap();
        for (name, state) in &said {
            let (bytes, erased) = &there[name];
            let whole = *bytes == data(name);
            let gone = bytes.starts_with(b"\0left\0") && bytes[6..].iter().all(|byte| *byte == 0);
            assert!(whole != gone && *erased == gone, "{name}");
            match *state {
                "put" => assert!(whole, "{name}"),
                "gone" => assert!(gone, "{name}"),
                _ => {}
            }
        }
    }
    let gone = said.values().filter(|state| **state == "gone").count();
    assert!(gone > 40, "{gone} were erased");
    // The next who erases leaves nothing of those before.
    let again = Journal::folder_of(folder.path(), [1; 16], SEGMENT_BYTES).unwrap();
    assert_eq!(again.erasing().unwrap().erase(0, &[]).unwrap().places, 0);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let name = file.unwrap().file_name();
        assert!(!name.to_string_lossy().ends_with(".new"));
    }
    for (name, state) in &said {
        if *state == "gone" {
            let name = name.repeat(2);
            for file in std::fs::read_dir(folder.path()).unwrap() {
                let bytes = std::fs::read(file.unwrap().path()).unwrap();
                let found = bytes
                    .windows(name.len())
                    .any(|part| part == name.as_bytes());
                assert!(!found, "{name}");
            }
        }
    }
    assert!(again.verify().unwrap() >= said.len() as u64);
}
