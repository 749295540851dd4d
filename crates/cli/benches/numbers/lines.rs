//! The lines of a report: 32 bands, and the joint total of ten organisations; one thread.

use crate::{
    Result, Told,
    leaf::{scalar, us},
    meter::{SystemEnv, ms, percentile, say, timed},
    report::{Figure, Row},
};
use curve25519_dalek::{
    ristretto::RistrettoPoint, scalar::Scalar, traits::VartimeMultiscalarMul as _,
};
use portcullis_ballot::{
    Ahead, Cell, CellSet, Context, Leaf, ReportKey, Seed, Sum,
    joint::{Contribution, Participant, Session},
    report::{self, Form, Line, Range, Totals},
};
use portcullis_node::Generator;
use std::{hint::black_box, time::Duration};

pub(crate) const GROUP: &str = "lines";
pub(crate) const ROWS: [&str; 2] = ["report-banded", "report-joint"];
/// How often each is done.
const ROUNDS: usize = 100;
/// Values in a band: 0 to 499, as interception may be shown (SI 2018/349 reg. 10(3)).
const WIDTH: u32 = 500;
const ORGANISATIONS: u8 = 10;
const SCHEMA: [u8; 32] = [3; 32];
const ORIGIN: &str = "mail.example/log/live/1";

pub(crate) fn measure(told: &Told) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    if told.wants(GROUP, "report-banded") {
        say("report-banded: 32 lines");
        rows.push(banded()?);
    }
    if told.wants(GROUP, "report-joint") {
        say("report-joint: ten organisations");
        rows.push(joint()?);
    }
    Ok(rows)
}

/// Totals with something in every cell, and the commitment that they open.
fn totals(seed: &Seed, origin: &str) -> Result<(Totals, [u8; 32])> {
    let generator = &mut Generator(&SystemEnv);
    let context = Context {
        origin,
        schema: &SCHEMA,
    };
    let (mut totals, mut sum) = (Totals::zero(), Sum::zero());
    for number in 1..=32 {
        let (digest, cell) = ([number; 32], Cell::new(number));
        let leaf = Leaf::prove(Ahead::draw(seed, generator), &context, &digest, cell, seed);
        let commitment = leaf.commitment_bytes().try_into()?;
        totals.add(&report::totals(seed, origin, [(digest, commitment)])?);
        sum.add_commitment(&commitment)?;
    }
    Ok((totals, sum.to_bytes()))
}

fn range(origin: &str, sum: [u8; 32]) -> Range<'_> {
    Range {
        origin,
        root: [2; 32],
        start: 0,
        end: 512,
        schema: SCHEMA,
        sum,
    }
}

/// One multiplication of so many points that are not known ahead, in milliseconds: what a
/// verifier of as many terms cannot do without.
fn multiplied(terms: usize) -> f64 {
    let scalars: Vec<Scalar> = (0..terms).map(|_| scalar()).collect();
    let points: Vec<_> = scalars.iter().map(RistrettoPoint::mul_base).collect();
    let mut times: Vec<_> = (0..ROUNDS / 4)
        .map(|_| timed(|| black_box(RistrettoPoint::vartime_multiscalar_mul(&scalars, &points))).1)
        .collect();
    ms(percentile(&mut times, 50))
}

fn banded() -> Result<Row> {
    let (totals, sum) = totals(&Seed::new([7; 32]), ORIGIN)?;
    let range = range(ORIGIN, sum);
    let form = Form::Band {
        low: 0,
        width: WIDTH,
    };
    let lines: Vec<_> = Cell::all()
        .map(|cell| Line {
            cells: CellSet::default().with(cell),
            form,
        })
        .collect();
    let generator = &mut Generator(&SystemEnv);
    let (first, first_proving) = timed(|| report::prove(&range, &lines, &totals, generator));
    let proof = first?;
    let (mut proving, mut verifying) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (proof, time) = timed(|| report::prove(&range, &lines, &totals, generator));
        let proof = proof?;
        proving.push(time);
        let (holds, time) = timed(|| report::verify(&range, &lines, black_box(&proof)));
        holds?;
        verifying.push(time);
    }
    let bits = usize::try_from(WIDTH.ilog2() + 1)? * lines.len();
    let p50 = ms(percentile(&mut verifying, 50));
    let row = Row::new(
        "report-banded",
        "a report of 32 lines, each shown as a band of 500 values, verified",
        "≤ 6 ms, proof ≤ 12 kB",
    );
    let anchor = Figure::new(
        multiplied(bits),
        "ms",
        &format!("one multiplication of {bits} points, one a bit"),
    );
    Ok(row
        .seen(
            Figure::new(p50, "ms", "p50"),
            anchor,
            p50 <= 6.0 && proof.len() <= 12_000,
        )
        .note(format!(
            "proof {} bytes; proved in p50 {:.2} ms, the first of a process {:.2} ms, as it makes the generators of bits; verified p99 {:.2} ms of {ROUNDS}",
            proof.len(),
            ms(percentile(&mut proving, 50)),
            ms(first_proving),
            ms(percentile(&mut verifying, 99)),
        )))
}

/// One organisation: its key, its totals, its part of a log.
type Party<'a> = (ReportKey, Totals, Range<'a>);

fn joint() -> Result<Row> {
    let origins: Vec<_> = (0..ORGANISATIONS)
        .map(|number| format!("mail-{number}.example/log/live/1"))
        .collect();
    let mut parties: Vec<Party<'_>> = Vec::new();
    for (number, origin) in (0..).zip(&origins) {
        let seed = Seed::new([number; 32]);
        let (totals, sum) = totals(&seed, origin)?;
        parties.push((seed.report_key(origin), totals, range(origin, sum)));
    }
    parties.sort_unstable_by_key(|(key, ..)| key.public());
    let participants: Vec<_> = parties
        .iter()
        .map(|(key, _, range)| Participant {
            range: *range,
            key: key.public(),
        })
        .collect();
    let all = CellSet(u32::MAX);
    let (from, to) = ("2026-01-01", "2026-06-30");
    let session = Session::new(all, 1, from, to, &participants)?;
    let generator = &mut Generator(&SystemEnv);
    let (mut parts, mut making) = (Vec::new(), Vec::new());
    for (number, (key, totals, _)) in parties.iter().enumerate() {
        let (part, time) = timed(|| -> Result<_> {
            let masks = session.masks(number, key)?.commitments().to_vec();
            Ok((masks, session.open(number, key, totals, generator)?))
        });
        parts.push(part?);
        making.push(time);
    }
    let contributions: Vec<_> = parts
        .iter()
        .map(|(masks, opening)| Contribution { masks, opening })
        .collect();
    let mut verifying: Vec<Duration> = Vec::new();
    for _ in 0..ROUNDS {
        let (total, time) = timed(|| session.total(black_box(&contributions)));
        let total = total?;
        if total
            .iter()
            .any(|(_, value)| *value != u32::from(ORGANISATIONS))
        {
            return Err("the joint total is not what was counted".into());
        }
        verifying.push(time);
    }
    // Of every organisation: an opening of 32 cells, and a mask for each of the others.
    let terms = usize::from(ORGANISATIONS) * (33 + usize::from(ORGANISATIONS) - 1);
    let p50 = ms(percentile(&mut verifying, 50));
    let row = Row::new(
        "report-joint",
        "ten organisations' joint total over 32 cells, all masks and openings verified",
        "≤ 4 ms",
    );
    let anchor = Figure::new(
        multiplied(terms),
        "ms",
        &format!("one multiplication of {terms} points"),
    );
    Ok(row
        .seen(Figure::new(p50, "ms", "p50"), anchor, p50 <= 4.0)
        .note(format!(
            "p99 {:.2} ms of {ROUNDS}; both rounds of one organisation made in p50 {:.2} ms; {} bytes of opening and {} of masks from each",
            ms(percentile(&mut verifying, 99)),
            us(percentile(&mut making, 50)) / 1000.0,
            parts.first().map_or(0, |(_, opening)| opening.len()),
            parts.first().map_or(0, |(masks, _)| masks.len() * 32),
        )))
}
