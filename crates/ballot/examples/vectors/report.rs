//! `report.json`: weights of bands, totals, reports that hold and reports that
//! must be refused.

use super::{
    files::{ELSEWHERE, Fixed, ORIGIN, SCHEMA, SEED, bytes, hex},
    plain::{self, Bits},
};
use curve25519_dalek::scalar::Scalar;
use portcullis_ballot::{
    Ahead, Blinding, Cell, CellSet, Context, Leaf, Seed, Sum,
    report::{self, Form, Line, Range, Totals},
};
use serde_json::{Value, json};

/// Which cells the forty leaves of all reports count, in turn: cell 15 twenty
/// times, and so on.
const COUNTED: &[(u8, usize)] = &[(15, 20), (4, 3), (3, 5), (0, 10), (32, 1), (1, 1)];

pub(crate) fn file() -> Value {
    let log = Log::new();
    let bands = [2, 3, 4, 50, 100, 250, 500, 1000, 65_535, 65_536];
    json!({
        "about": [
            "Reports over the sum of leaves [start, end). All bytes are hexadecimal, 64-bit numbers are decimal texts.",
            "weights: of the bits of a band of so many values.",
            "totals: leaves by digest and commitment, and what their sum holds under the seed: counts of cells 1 to 32, and the blinding R.",
            "reports: statement is what the challenge binds before any point, x the challenge; the proof is randomised, so another prover makes another.",
            "refused: reports that a verifier must refuse, with the code of the first thing that is wrong.",
            "unprovable: lines that an honest prover of these totals must refuse to prove.",
            "A line's mask has bit k-1 set for cell k.",
        ],
        "weights": bands.map(band_json),
        "totals": log.json(),
        "reports": log.reports().iter().map(|(name, lines, proof)| {
            log.entry(name, &log.range(), lines, proof)
        }).collect::<Vec<_>>(),
        "refused": log.refused(),
        "unprovable": log.unprovable(),
    })
}

/// A log of forty leaves.
struct Log {
    leaves: Vec<([u8; 32], [u8; 32])>,
    totals: Totals,
    sum: [u8; 32],
}

fn band_json(width: u32) -> Value {
    json!({"width": width, "weights": weights(width)})
}

fn weights(width: u32) -> Vec<u64> {
    let top = u64::from(width) - 1;
    let mut weights = vec![];
    while weights.iter().sum::<u64>() + (1 << weights.len()) <= top {
        weights.push(1 << weights.len());
    }
    let rest = top - weights.iter().sum::<u64>();
    weights.extend((rest > 0).then_some(rest));
    weights
}

fn line(mask: u32, form: Form) -> Line {
    Line {
        cells: CellSet(mask),
        form,
    }
}

fn exact(mask: u32, value: u64) -> Line {
    line(mask, Form::Exact(value))
}

fn band(mask: u32, low: u64, width: u32) -> Line {
    line(mask, Form::Band { low, width })
}

fn of(cell: u32) -> u32 {
    1 << (cell - 1)
}

impl Log {
    fn new() -> Self {
        let seed = Seed::new(SEED);
        let context = Context {
            origin: ORIGIN,
            schema: &SCHEMA,
        };
        let cells = COUNTED.iter().flat_map(|(cell, times)| vec![*cell; *times]);
        let mut sum = Sum::zero();
        let leaves: Vec<_> = cells
            .enumerate()
            .map(|(number, cell)| {
                let digest = bytes(&format!("report leaf {number}"));
                let ahead = Ahead::draw(&seed, &mut Fixed::new(&format!("report ahead {number}")));
                let leaf = Leaf::prove(ahead, &context, &digest, Cell::new(cell), &seed);
                let commitment = leaf.commitment_bytes().try_into().expect("32 bytes");
                sum.add_commitment(&commitment).expect("a point");
                (digest, commitment)
            })
            .collect();
        let totals = report::totals(&seed, ORIGIN, leaves.clone()).expect("our own leaves");
        Self {
            leaves,
            totals,
            sum: sum.to_bytes(),
        }
    }

    fn range(&self) -> Range<'static> {
        Range {
            origin: ORIGIN,
            root: bytes("root"),
            start: 256,
            end: 296,
            schema: SCHEMA,
            sum: self.sum,
        }
    }

    fn json(&self) -> Value {
        let leaves: Vec<_> = self
            .leaves
            .iter()
            .map(|(digest, commitment)| json!({"digest": hex(digest), "commitment": hex(commitment)}))
            .collect();
        json!({
            "seed": hex(&SEED),
            "origin": ORIGIN,
            "leaves": leaves,
            "counts": self.totals.counts.map(|count| count.to_string()),
            "blinding": hex(&self.totals.blinding.to_bytes()),
            "sum": hex(&self.sum),
        })
    }

    fn prove(&self, name: &str, lines: &[Line]) -> Vec<u8> {
        report::prove(&self.range(), lines, &self.totals, &mut Fixed::new(name))
            .expect("true lines")
    }

    fn reports(&self) -> Vec<(&'static str, Vec<Line>, Vec<u8>)> {
        [
            ("one exact line", vec![exact(of(15), 20)]),
            ("one line withheld", vec![line(of(15), Form::Withheld)]),
            ("one band, 0-499", vec![band(of(15), 0, 500)]),
            ("the narrowest band, lower end", vec![band(of(15), 20, 2)]),
            ("the narrowest band, upper end", vec![band(of(15), 19, 2)]),
            ("the widest band", vec![band(of(15), 0, 65_536)]),
            (
                "exact, band and withheld together",
                vec![
                    exact(of(3) | of(4), 8),
                    band(of(15), 0, 100),
                    band(of(1), 0, 250),
                    line(of(32), Form::Withheld),
                ],
            ),
            (
                "lines that overlap, some of which follow from others",
                vec![
                    exact(of(3) | of(4), 8),
                    exact(of(4) | of(15), 23),
                    exact(of(3) | of(15), 25),
                    exact(of(15), 20),
                    exact(of(3) | of(4) | of(15), 28),
                    band(of(4) | of(1), 4, 50),
                    band(u32::MAX, 0, 100),
                    exact(of(20), 0),
                ],
            ),
            (
                "every cell in a band of its own",
                (1..33).map(|cell| band(of(cell), 0, 500)).collect(),
            ),
            (
                "every cell exactly",
                (1..33)
                    .zip(self.totals.counts)
                    .map(|(cell, count)| exact(of(cell), count))
                    .collect(),
            ),
        ]
        .into_iter()
        .map(|(name, lines)| {
            let proof = self.prove(name, &lines);
            (name, lines, proof)
        })
        .collect()
    }

    fn entry(&self, name: &str, range: &Range<'_>, lines: &[Line], proof: &[u8]) -> Value {
        let mut entry = self.bare(name, range, lines, proof);
        let statement = statement(range, lines);
        let points = |bytes: &[u8]| -> Vec<u8> { bytes.iter().copied().take(128).collect() };
        let (opening, bands) = (&proof[..32], points(proof.get(1088..).unwrap_or_default()));
        let x = plain::challenge(&[b"portcullis/v1/report\0", &statement, opening, &bands]);
        entry["statement"] = json!(hex(&statement));
        entry["x"] = json!(hex(x.as_bytes()));
        entry
    }

    #[expect(clippy::unused_self, reason = "reads like its neighbours")]
    fn bare(&self, name: &str, range: &Range<'_>, lines: &[Line], proof: &[u8]) -> Value {
        json!({
            "name": name,
            "origin": range.origin,
            "root": hex(&range.root),
            "start": range.start.to_string(),
            "end": range.end.to_string(),
            "schema": hex(&range.schema),
            "sum": hex(&range.sum),
            "lines": lines.iter().map(line_json).collect::<Vec<_>>(),
            "proof": hex(proof),
        })
    }

    fn refused(&self) -> Vec<Value> {
        let range = self.range();
        let lines = vec![
            exact(of(3) | of(4), 8),
            band(of(15), 0, 500),
            line(of(32), Form::Withheld),
        ];
        let proof = self.prove("refused", &lines);
        let mut list = Vec::new();
        let mut add =
            |refused: &str, name: &str, range: &Range<'_>, lines: &[Line], proof: &[u8]| {
                let mut entry = self.bare(name, range, lines, proof);
                entry["refused"] = json!(refused);
                list.push(entry);
            };
        for (name, other) in [
            (
                "another log",
                Range {
                    origin: ELSEWHERE,
                    ..range
                },
            ),
            (
                "another root",
                Range {
                    root: bytes("another root"),
                    ..range
                },
            ),
            (
                "another start",
                Range {
                    start: 255,
                    ..range
                },
            ),
            ("another end", Range { end: 297, ..range }),
            (
                "another schema",
                Range {
                    schema: bytes("another schema"),
                    ..range
                },
            ),
            (
                "the sum of other leaves",
                Range {
                    sum: self.leaves[0].1,
                    ..range
                },
            ),
            (
                "the sum is the identity",
                Range {
                    sum: [0; 32],
                    ..range
                },
            ),
        ] {
            add("report.proof.sum", name, &other, &lines, &proof);
        }
        add(
            "report.proof.range",
            "the range ends before it starts",
            &Range { end: 255, ..range },
            &lines,
            &proof,
        );
        add(
            "report.proof.point",
            "the sum is no point",
            &Range {
                sum: [0xff; 32],
                ..range
            },
            &lines,
            &proof,
        );
        let [a, b, c] = [lines[0], lines[1], lines[2]];
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
            (
                "another cell withheld",
                vec![a, b, line(of(31), Form::Withheld)],
            ),
            ("lines in another order", vec![b, a, c]),
            ("a line left out", vec![a, b]),
            ("a line added", vec![a, b, c, line(of(31), Form::Withheld)]),
            ("withheld made exact", vec![a, b, exact(of(32), 1)]),
        ] {
            add("report.proof.sum", name, &range, &other, &proof);
        }
        add(
            "report.proof.length",
            "exact made withheld, and the band dropped",
            &range,
            &[line(of(3) | of(4), Form::Withheld), c],
            &proof,
        );
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
            add("report.proof.lines", name, &range, &other, &proof);
        }
        let with = |at: usize, bytes: &[u8]| {
            let mut proof = proof.clone();
            proof[at..at + bytes.len()].copy_from_slice(bytes);
            proof
        };
        add("report.proof.length", "no proof", &range, &lines, &[]);
        add(
            "report.proof.length",
            "the last byte is missing",
            &range,
            &lines,
            &proof[..proof.len() - 1],
        );
        add(
            "report.proof.length",
            "the bands' part is missing",
            &range,
            &lines,
            &proof[..1088],
        );
        add(
            "report.proof.length",
            "a word too many",
            &range,
            &lines,
            &[proof.as_slice(), &[0; 32]].concat(),
        );
        add(
            "report.proof.point",
            "S is no point",
            &range,
            &lines,
            &with(0, &[0xff; 32]),
        );
        add(
            "report.proof.point",
            "P is no point",
            &range,
            &lines,
            &with(1088, &[0xff; 32]),
        );
        add(
            "report.proof.scalar",
            "z_1 is no scalar",
            &range,
            &lines,
            &with(32, &[0xff; 32]),
        );
        add(
            "report.proof.scalar",
            "z3 is no scalar",
            &range,
            &lines,
            &with(1056, &[0xff; 32]),
        );
        add(
            "report.proof.scalar",
            "f_1 is no scalar",
            &range,
            &lines,
            &with(1216, &[0xff; 32]),
        );
        add(
            "report.proof.scalar",
            "the last word is no scalar",
            &range,
            &lines,
            &with(proof.len() - 32, &[0xff; 32]),
        );
        add(
            "report.proof.sum",
            "z_3 with its lowest bit changed",
            &range,
            &lines,
            &with(96, &[proof[96] ^ 1]),
        );
        add(
            "report.proof.sum",
            "z3 with its lowest bit changed",
            &range,
            &lines,
            &with(1056, &[proof[1056] ^ 1]),
        );
        add(
            "report.proof.line",
            "f_1 with its lowest bit changed",
            &range,
            &lines,
            &with(1216, &[proof[1216] ^ 1]),
        );
        let last = proof.len() - 32;
        add(
            "report.proof.bits",
            "the last word with its lowest bit changed",
            &range,
            &lines,
            &with(last, &[proof[last] ^ 1]),
        );
        self.cheats(&mut list);
        list
    }

    /// What a cheat who knows all secrets makes by the honest formulas.
    fn cheats(&self, list: &mut Vec<Value>) {
        let range = self.range();
        let blinding =
            Scalar::from_canonical_bytes(self.totals.blinding.to_bytes()).expect("canonical");
        let mut add = |refused: &str, name: &str, line: Line, bits: Option<Bits>| {
            let lines = [line];
            let fixed = &mut Fixed::new(name);
            let counts = &self.totals.counts;
            let proof = plain::report(
                &statement(&range, &lines),
                15,
                counts,
                blinding,
                bits.as_ref(),
                fixed,
            );
            let mut entry = self.bare(name, &range, &lines, &proof);
            entry["refused"] = json!(refused);
            list.push(entry);
        };
        let bits = |width, values: &[i64]| {
            let weights = weights(width);
            let mut values = values.to_vec();
            values.resize(weights.len(), 0);
            Some(Bits { weights, values })
        };
        add(
            "report.proof.line",
            "one more than was counted, by the honest formulas",
            exact(of(15), 21),
            None,
        );
        add(
            "report.proof.line",
            "a total that is not in its band, written in true bits",
            band(of(15), 100, 100),
            bits(100, &[]),
        );
        add(
            "report.proof.bits",
            "a band above the total, reached with a bit of -80",
            band(of(15), 100, 100),
            bits(100, &[-80]),
        );
        add(
            "report.proof.bits",
            "a band below the total, reached with a bit of 20",
            band(of(15), 0, 4),
            bits(4, &[20]),
        );
    }

    fn unprovable(&self) -> Vec<Value> {
        let exact_three = exact(of(3), 5);
        [
            (
                "one too many",
                "report.proof.line",
                vec![exact_three, exact(of(15), 21)],
            ),
            (
                "below the band",
                "report.proof.line",
                vec![exact_three, band(of(15), 21, 100)],
            ),
            (
                "above the band",
                "report.proof.line",
                vec![exact_three, band(of(15), 0, 20)],
            ),
            (
                "a line repeated",
                "report.proof.lines",
                vec![exact_three, exact_three],
            ),
        ]
        .into_iter()
        .map(|(name, refused, lines)| {
            let mut entry = self.bare(name, &self.range(), &lines, &[]);
            entry["refused"] = json!(refused);
            entry
        })
        .collect()
    }
}

fn line_json(line: &Line) -> Value {
    match line.form {
        Form::Withheld => json!({"mask": line.cells.0, "form": "withheld"}),
        Form::Exact(value) => {
            json!({"mask": line.cells.0, "form": "exact", "value": value.to_string()})
        }
        Form::Band { low, width } => {
            json!({"mask": line.cells.0, "form": "band", "low": low.to_string(), "width": width})
        }
    }
}

/// What the challenge of a report binds, written down once more.
fn statement(range: &Range<'_>, lines: &[Line]) -> Vec<u8> {
    let count = u16::try_from(lines.len()).expect("few lines");
    let mut bytes = [
        plain::text(range.origin).as_slice(),
        &range.root,
        &range.start.to_be_bytes(),
        &range.end.to_be_bytes(),
        &range.schema,
        &range.sum,
        &count.to_be_bytes(),
    ]
    .concat();
    for line in lines {
        let (form, value, width) = match line.form {
            Form::Withheld => (0, 0, 0),
            Form::Exact(value) => (1, value, 0),
            Form::Band { low, width } => (2, low, width),
        };
        bytes.extend(line.cells.0.to_be_bytes());
        bytes.push(form);
        bytes.extend(value.to_be_bytes());
        bytes.extend(width.to_be_bytes());
    }
    bytes
}

/// A blinding that belongs to nothing.
pub(crate) fn stray() -> Blinding {
    Seed::new(bytes("stray")).blinding("nowhere", &[0; 32])
}
