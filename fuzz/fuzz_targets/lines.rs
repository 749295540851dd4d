//! The proof of a report's lines, whatever the lines are.
#![no_main]

use portcullis_ballot::{
    CellSet,
    report::{Form, Line, Range, verify},
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // Six bytes a line until a zero, then the proof.
    let mut lines = Vec::new();
    let mut rest = bytes;
    while let Some(([form, a, b, c, d, low], more)) = rest.split_first_chunk::<6>() {
        rest = more;
        let form = match form {
            0 => break,
            1 => Form::Withheld,
            2 => Form::Exact(u64::from(*low)),
            width => Form::Band {
                low: u64::from(*low),
                width: u32::from(*width) * 100,
            },
        };
        lines.push(Line {
            cells: CellSet(u32::from_be_bytes([*a, *b, *c, *d])),
            form,
        });
    }
    let range = Range {
        origin: "mail.example/log/live/1",
        root: [1; 32],
        start: 0,
        end: 256,
        schema: [3; 32],
        sum: [0; 32],
    };
    // The sum of nothing is the identity: only its own proof can hold, and nobody writes it by chance.
    let _ = verify(&range, &lines, rest);
});
