//! Reports that must be refused, each with the code of what is wrong first.

use super::{
    files::{ELSEWHERE, Fixed, bytes},
    plain::{self, Bits},
    report::{Log, band, exact, line, of, statement, weights},
};
use curve25519_dalek::scalar::Scalar;
use portcullis_ballot::report::{Form, Line, Range};
use serde_json::{Value, json};

/// A good report of three lines, exact, band and withheld, and what was made
/// of it.
struct Bad<'a> {
    log: &'a Log,
    range: Range<'static>,
    lines: [Line; 3],
    proof: Vec<u8>,
    list: Vec<Value>,
}

pub(crate) fn all(log: &Log) -> Vec<Value> {
    let lines = [
        exact(of(3) | of(4), 8),
        band(of(15), 0, 500),
        line(of(32), Form::Withheld),
    ];
    let mut bad = Bad {
        log,
        range: log.range(),
        lines,
        proof: log.prove("refused", &lines),
        list: vec![],
    };
    bad.ranges();
    bad.values();
    bad.lines();
    bad.bytes();
    bad.cheats();
    bad.list
}

impl Bad<'_> {
    fn add(&mut self, refused: &str, name: &str, range: &Range<'_>, lines: &[Line], proof: &[u8]) {
        let mut entry = self.log.bare(name, range, lines, proof);
        entry["refused"] = json!(refused);
        self.list.push(entry);
    }

    fn ranges(&mut self) {
        let range = self.range;
        let (lines, proof) = (self.lines, self.proof.clone());
        for (refused, name, other) in [
            (
                "sum",
                "another log",
                Range {
                    origin: ELSEWHERE,
                    ..range
                },
            ),
            (
                "sum",
                "another root",
                Range {
                    root: bytes("another root"),
                    ..range
                },
            ),
            (
                "sum",
                "another start",
                Range {
                    start: 255,
                    ..range
                },
            ),
            ("sum", "another end", Range { end: 297, ..range }),
            (
                "sum",
                "another schema",
                Range {
                    schema: bytes("another schema"),
                    ..range
                },
            ),
            (
                "sum",
                "the sum of other leaves",
                Range {
                    sum: self.log.leaves[0].1,
                    ..range
                },
            ),
            (
                "sum",
                "the sum is the identity",
                Range {
                    sum: [0; 32],
                    ..range
                },
            ),
            (
                "range",
                "the range ends before it starts",
                Range { end: 255, ..range },
            ),
            (
                "point",
                "the sum is no point",
                Range {
                    sum: [0xff; 32],
                    ..range
                },
            ),
        ] {
            self.add(
                &format!("report.proof_{refused}"),
                name,
                &other,
                &lines,
                &proof,
            );
        }
    }

    /// Lines that say something else.
    fn values(&mut self) {
        let (range, proof) = (self.range, self.proof.clone());
        let [a, b, c] = self.lines;
        let withheld = |cell| line(of(cell), Form::Withheld);
        for (name, other) in [
            ("a value one higher", vec![exact(of(3) | of(4), 9), b, c]),
            (
                "a band that starts one higher",
                vec![a, band(of(15), 1, 500), c],
            ),
            ("a band one wider", vec![a, band(of(15), 0, 501), c]),
            (
                "another cell in an exact line",
                vec![exact(of(3) | of(5), 8), b, c],
            ),
            ("another cell withheld", vec![a, b, withheld(31)]),
            ("lines in another order", vec![b, a, c]),
            ("a line left out", vec![a, b]),
            ("a line added", vec![a, b, c, withheld(31)]),
            ("withheld made exact", vec![a, b, exact(of(32), 1)]),
        ] {
            self.add("report.proof_sum", name, &range, &other, &proof);
        }
        let fewer = [line(of(3) | of(4), Form::Withheld), c];
        let name = "exact made withheld, and the band dropped";
        self.add("report.proof_length", name, &range, &fewer, &proof);
    }

    /// Lines that make no report.
    fn lines(&mut self) {
        let (range, proof) = (self.range, self.proof.clone());
        let [a, b, c] = self.lines;
        for (name, other) in [
            ("no lines", vec![]),
            ("a line without cells", vec![a, b, exact(0, 0)]),
            ("a line repeated", vec![a, b, c, a]),
            (
                "a line repeated in another form",
                vec![a, b, c, exact(of(15), 20)],
            ),
            ("a band of no values", vec![a, band(of(15), 0, 0), c]),
            ("a band of one value", vec![a, band(of(15), 20, 1), c]),
            ("a band too wide", vec![a, band(of(15), 0, 65_537), c]),
            (
                "a band that ends beyond 64 bits",
                vec![a, band(of(15), u64::MAX - 498, 500), c],
            ),
            (
                "65 lines",
                (0..65).map(|bits: u32| exact(bits + 1, 0)).collect(),
            ),
        ] {
            self.add("report.proof_lines", name, &range, &other, &proof);
        }
    }

    /// Proofs with other bytes.
    fn bytes(&mut self) {
        let proof = self.proof.clone();
        let end = proof.len() - 32;
        let with = |at: usize, bytes: &[u8]| {
            let mut proof = proof.clone();
            proof[at..at + bytes.len()].copy_from_slice(bytes);
            proof
        };
        let flipped = |at: usize| with(at, &[proof[at] ^ 1]);
        let none = [0xff; 32];
        for (refused, name, bytes) in [
            ("length", "no proof", vec![]),
            (
                "length",
                "the last byte is missing",
                proof[..proof.len() - 1].to_vec(),
            ),
            (
                "length",
                "the bands' part is missing",
                proof[..1088].to_vec(),
            ),
            (
                "length",
                "a word too many",
                [proof.as_slice(), &[0; 32]].concat(),
            ),
            ("point", "S is no point", with(0, &none)),
            ("point", "P is no point", with(1088, &none)),
            ("scalar", "z_1 is no scalar", with(32, &none)),
            ("scalar", "z3 is no scalar", with(1056, &none)),
            ("scalar", "f_1 is no scalar", with(1216, &none)),
            ("scalar", "the last word is no scalar", with(end, &none)),
            ("sum", "z_3 with its lowest bit changed", flipped(96)),
            ("sum", "z3 with its lowest bit changed", flipped(1056)),
            ("line", "f_1 with its lowest bit changed", flipped(1216)),
            (
                "bits",
                "the last word with its lowest bit changed",
                flipped(end),
            ),
        ] {
            let (range, lines) = (self.range, self.lines);
            self.add(
                &format!("report.proof_{refused}"),
                name,
                &range,
                &lines,
                &bytes,
            );
        }
    }

    /// What a cheat who knows all secrets makes by the honest formulas.
    fn cheats(&mut self) {
        let range = self.range;
        let totals = &self.log.totals;
        let blinding = Scalar::from_canonical_bytes(totals.blinding.to_bytes()).expect("canonical");
        let bits = |width, values: &[i64]| {
            let weights = weights(width);
            let mut values = values.to_vec();
            values.resize(weights.len(), 0);
            Some(Bits { weights, values })
        };
        for (refused, name, line, bits) in [
            (
                "line",
                "one more than was counted, by the honest formulas",
                exact(of(15), 21),
                None,
            ),
            (
                "line",
                "a total that is not in its band, written in true bits",
                band(of(15), 100, 100),
                bits(100, &[]),
            ),
            (
                "bits",
                "a band above the total, reached with a bit of -80",
                band(of(15), 100, 100),
                bits(100, &[-80]),
            ),
            (
                "bits",
                "a band below the total, reached with a bit of 20",
                band(of(15), 0, 4),
                bits(4, &[20]),
            ),
        ] {
            let lines = [line];
            let fixed = &mut Fixed::new(name);
            let said = statement(&range, &lines);
            let proof = plain::report(&said, 15, &totals.counts, blinding, bits.as_ref(), fixed);
            self.add(
                &format!("report.proof_{refused}"),
                name,
                &range,
                &lines,
                &proof,
            );
        }
    }
}
