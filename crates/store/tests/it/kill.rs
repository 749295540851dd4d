//! A writer that is killed at any moment loses nothing that it acknowledged.
//!
//! The test runs itself as another process, which appends from several threads
//! and says a frame's name when `sync` has returned; it is killed after some of
//! them, dozens of times, on one folder.

use crate::lives;
use portcullis_store::journal::{Journal, NewFrame, Position};
use std::{collections::BTreeSet, io::Write, ops::ControlFlow, path::Path};

const SEGMENT_BYTES: u64 = 64 * 1024;
const LIVES: u32 = 60;
const WRITERS: u32 = 3;

fn name(life: &str, writer: u32, n: u32) -> String {
    format!("{life}-{writer}-{n}")
}

/// The other process.
#[test]
fn appends_until_it_is_killed() {
    let Some((folder, life)) = lives::told() else {
        return;
    };
    let journal = Journal::folder_of(Path::new(&folder), [1; 16], SEGMENT_BYTES).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (journal, life) = (&journal, &life);
            scope.spawn(move || {
                for n in 0.. {
                    let name = name(life, writer, n);
                    let data = vec![b'x'; 7 * (n as usize % 500)];
                    let frame = NewFrame {
                        kind: 1,
                        table: name.as_bytes(),
                        data: &[&data],
                    };
                    let written = journal.lock().unwrap().append(&[frame]).unwrap();
                    journal.sync(written[0].end).unwrap();
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "acknowledged {name}").unwrap();
                    out.flush().unwrap();
                }
            });
        }
    });
}

#[test]
fn nothing_acknowledged_is_lost_when_the_writer_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = BTreeSet::new();
    let mut dice = 12_345_u64;
    for life in 0..LIVES {
        let (mut child, mut lines) =
            lives::begin("kill::appends_until_it_is_killed", folder.path(), life);
        lives::throw(&mut dice);
        let wanted = (dice >> 33) % 120;
        let mut said = 0;
        while said < wanted {
            let line = lines.next().unwrap().unwrap();
            if let Some(name) = line.strip_prefix("acknowledged ") {
                acknowledged.insert(name.to_owned());
                said += 1;
            }
        }
        child.kill().unwrap();
        // What was said before the kill is still in the pipe.
        for line in lines.map_while(Result::ok) {
            // The last line may be cut off: then the name is none that was written.
            if let Some(name) = line.strip_prefix("acknowledged ") {
                acknowledged.insert(name.to_owned());
            }
        }
        child.wait().unwrap();
    }
    let journal = Journal::folder_of(folder.path(), [1; 16], SEGMENT_BYTES).unwrap();
    drop(journal.lock().unwrap());
    let mut there = BTreeSet::new();
    let end = journal
        .scan(Position::default(), &mut |frame| {
            frame.data().unwrap();
            there.insert(String::from_utf8(frame.table.to_vec()).unwrap());
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(end.segment > 2, "the writers went through several segments");
    assert!(journal.verify().unwrap() >= acknowledged.len() as u64);
    let lost: Vec<&String> = acknowledged
        .iter()
        .filter(|name| {
            !there.contains(*name) && !there.iter().any(|whole| whole.starts_with(*name))
        })
        .collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    assert!(
        acknowledged.len() > 1_000,
        "{} were acknowledged",
        acknowledged.len()
    );
}
