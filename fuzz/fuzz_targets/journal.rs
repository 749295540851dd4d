//! A journal's segments: damage and broken ends are told, whole frames are read, and the next
//! frame is appended behind them.
#![no_main]

use portcullis_store::journal::{Image, Journal, NewFrame, Position};
use std::ops::ControlFlow;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // The first byte says where one segment ends and the next begins.
    let (cut, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let cut = bytes.len() * usize::from(*cut) / 255;
    let (first, second) = bytes.split_at(cut);
    let mut segments = vec![first.to_vec()];
    if !second.is_empty() {
        segments.push(second.to_vec());
    }
    let journal = Journal::of_image(&Image { segments }, [7; 16]);
    let count = |journal: &Journal| {
        let mut frames = 0_u64;
        let scanned = journal.scan(Position::default(), &mut |frame| {
            frames += 1;
            let _ = frame.data();
            ControlFlow::Continue(())
        });
        scanned.map(|_| frames)
    };
    let before = count(&journal);
    let _ = journal.verify();
    let Ok(mut locked) = journal.lock() else {
        return;
    };
    let frame = NewFrame {
        kind: 1,
        table: b"table",
        data: &[b"data"],
    };
    let Ok(written) = locked.append(&[frame]) else {
        return;
    };
    drop(locked);
    let end = written.first().map(|written| written.end);
    journal
        .sync(end.unwrap_or_default())
        .expect("memory is a disk that works");
    if let Ok(before) = before {
        let after = count(&journal).expect("what was cut off is gone");
        assert!(after <= before + 1 && 1 <= after);
    }
});
