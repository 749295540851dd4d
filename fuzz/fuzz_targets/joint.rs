//! Joint reports: openings, masks and what is revealed about them.
#![no_main]

use portcullis_ballot::{
    Cell, CellSet, Seed,
    joint::{Contribution, Participant, Session, Side},
    report::Range,
};
use std::sync::LazyLock;

const ORIGINS: [&str; 3] = [
    "a.example/log/live/1",
    "b.example/log/live/1",
    "c.example/log/live/1",
];

static SESSION: LazyLock<Session> = LazyLock::new(|| {
    let mut parts = ORIGINS.map(|origin| Participant {
        range: Range {
            origin,
            root: [1; 32],
            start: 0,
            end: 256,
            schema: [3; 32],
            sum: [0; 32],
        },
        key: Seed::new([7; 32]).report_key(origin).public(),
    });
    parts.sort_by_key(|part| part.key);
    let cells: CellSet = [3, 4].into_iter().filter_map(Cell::new).collect();
    Session::new(cells, 1, "2026-01-01", "2026-06-30", &parts).expect("a session")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (words, rest) = bytes.as_chunks::<32>();
    let Some((masks, _)) = words.split_first_chunk::<6>() else {
        return;
    };
    let _ = SESSION.check_masks(&[&masks[..2], &masks[2..4], &masks[4..]]);
    let opening = &bytes[6 * 32..];
    let part = Contribution {
        masks: &masks[..2],
        opening,
    };
    let _ = SESSION.verify_opening(0, part.masks, opening);
    let _ = SESSION.total(&[part, part, part]);
    let side = |number| Side {
        number,
        mask: masks[number],
        reveal: Some(rest),
    };
    let _ = SESSION.blame(&side(0), &side(1));
    let reveal = opening.get(..128);
    let _ = SESSION.blame(&Side { reveal, ..side(0) }, &Side { reveal, ..side(2) });
});
