//! `report.json`: weights of bands, totals, reports that hold and reports that
//! must be refused.

use super::{
    bad_report,
    files::{Fixed, ORIGIN, SCHEMA, SEED, bytes, hex},
    plain,
};
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
        "refused": bad_report::all(&log),
        "unprovable": log.unprovable(),
    })
}

/// A log of forty leaves.
pub(crate) struct Log {
    pub(crate) leaves: Vec<([u8; 32], [u8; 32])>,
    pub(crate) totals: Totals,
    sum: [u8; 32],
}

fn band_json(width: u32) -> Value {
    json!({"width": width, "weights": weights(width)})
}

pub(crate) fn weights(width: u32) -> Vec<u64> {
    let top = u64::from(width) - 1;
    let mut weights = vec![];
    while weights.iter().sum::<u64>() + (1 << weights.len()) <= top {
        weights.push(1 << weights.len());
    }
    let rest = top - weights.iter().sum::<u64>();
    weights.extend((rest > 0).then_some(rest));
    weights
}

pub(crate) fn line(mask: u32, form: Form) -> Line {
    Line {
        cells: CellSet(mask),
        form,
    }
}

pub(crate) fn exact(mask: u32, value: u64) -> Line {
    line(mask, Form::Exact(value))
}

pub(crate) fn band(mask: u32, low: u64, width: u32) -> Line {
    line(mask, Form::Band { low, width })
}

pub(crate) fn of(cell: u32) -> u32 {
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

    pub(crate) fn range(&self) -> Range<'static> {
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

    pub(crate) fn prove(&self, name: &str, lines: &[Line]) -> Vec<u8> {
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
        let (first, bands) = (&proof[..32], points(proof.get(1088..).unwrap_or_default()));
        let x = plain::challenge(&[b"portcullis/v1/report\0", &statement, first, &bands]);
        entry["statement"] = json!(hex(&statement));
        entry["x"] = json!(hex(x.as_bytes()));
        entry
    }

    #[expect(clippy::unused_self, reason = "reads like its neighbours")]
    pub(crate) fn bare(
        &self,
        name: &str,
        range: &Range<'_>,
        lines: &[Line],
        proof: &[u8],
    ) -> Value {
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

    fn unprovable(&self) -> Vec<Value> {
        let exact_three = exact(of(3), 5);
        [
            (
                "one too many",
                "report.proof_line",
                vec![exact_three, exact(of(15), 21)],
            ),
            (
                "below the band",
                "report.proof_line",
                vec![exact_three, band(of(15), 21, 100)],
            ),
            (
                "above the band",
                "report.proof_line",
                vec![exact_three, band(of(15), 0, 20)],
            ),
            (
                "a line repeated",
                "report.proof_lines",
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
pub(crate) fn statement(range: &Range<'_>, lines: &[Line]) -> Vec<u8> {
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
