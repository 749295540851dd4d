//! The leaf: how long its proof takes to make, and to verify alone and in a batch; one thread.

use crate::{
    Result, Told,
    meter::{SystemEnv, percentile, say, timed},
    report::{Figure, Row},
};
use curve25519_dalek::{
    constants::RISTRETTO_BASEPOINT_TABLE,
    ristretto::{CompressedRistretto, RistrettoPoint},
    scalar::Scalar,
};
use portcullis_ballot::{Ahead, Batch, Cell, Context, Leaf, Seed};
use portcullis_node::{Env as _, Generator};
use sha2::{Digest as _, Sha256};
use std::{hint::black_box, time::Duration};

pub(crate) const GROUP: &str = "leaves";
pub(crate) const ROWS: [&str; 4] = ["leaf-made", "leaf-after", "leaf-verify", "leaf-batch"];
/// How many leaves are made, each under the stopwatch.
const LEAVES: usize = 1024;
/// The sizes of the batches, and how often each is verified. The first is a tile.
const BATCHES: [(usize, usize); 2] = [(256, 16), (4096, 3)];
const CONTEXT: Context<'_> = Context {
    origin: "mail.example/log/live/1",
    schema: &[3; 32],
};

/// What the smallest pieces of the work cost, in microseconds.
pub(crate) struct Anchors {
    /// A fixed-base multiplication, in constant time.
    pub(crate) fixed_base: f64,
    /// A point decoded from its 32 bytes.
    pub(crate) decoded: f64,
    /// SHA-256 of a leaf's 1,281 bytes.
    pub(crate) hashed: f64,
}

impl Anchors {
    pub(crate) fn measure() -> Self {
        let scalars: Vec<_> = (0..256).map(|_| scalar()).collect();
        let points: Vec<_> = scalars
            .iter()
            .map(|scalar| RistrettoPoint::mul_base(scalar).compress())
            .collect();
        let bytes = [1; 1281];
        Self {
            fixed_base: middle(scalars.iter().cycle().take(4096), |scalar| {
                scalar * RISTRETTO_BASEPOINT_TABLE
            }),
            decoded: middle(
                points.iter().cycle().take(16_384),
                CompressedRistretto::decompress,
            ),
            hashed: middle(std::iter::repeat_n(bytes, 16_384), Sha256::digest),
        }
    }

    fn note(&self) -> String {
        format!(
            "by themselves: a fixed-base multiplication {:.1} µs, a point decoded {:.2} µs, SHA-256 of 1,281 B {:.2} µs",
            self.fixed_base, self.decoded, self.hashed
        )
    }
}

/// A random scalar.
pub(crate) fn scalar() -> Scalar {
    let mut wide = [0; 64];
    SystemEnv.fill(&mut wide);
    Scalar::from_bytes_mod_order_wide(&wide)
}

/// The middle of the times that `work` takes on each, in microseconds.
fn middle<I, T>(each: impl Iterator<Item = I>, work: impl Fn(I) -> T) -> f64 {
    let mut times: Vec<_> = each
        .map(|one| timed(|| black_box(work(black_box(one)))).1)
        .collect();
    us(percentile(&mut times, 50))
}

pub(crate) fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// What was seen.
struct Seen {
    ahead: Vec<Duration>,
    after: Vec<Duration>,
    whole: Vec<Duration>,
    leaves: Vec<Leaf>,
    /// The first leaf of a process makes the generators.
    first_made: Duration,
    /// The first verification of a process makes its tables.
    first_verified: Duration,
}

pub(crate) fn measure(told: &Told) -> Result<Vec<Row>> {
    say(&format!(
        "leaf: {LEAVES} leaves are made, with their proofs"
    ));
    let mut seen = make()?;
    let anchors = Anchors::measure();
    let mut rows = Vec::new();
    let mut push = |name: &str, row: &mut dyn FnMut() -> Result<Row>| -> Result<()> {
        if told.wants(GROUP, name) {
            rows.push(row()?);
        }
        Ok(())
    };
    push("leaf-made", &mut || Ok(made(&mut seen, &anchors)))?;
    push("leaf-after", &mut || Ok(after(&mut seen, &anchors)))?;
    push("leaf-verify", &mut || alone(&seen, &anchors))?;
    push("leaf-batch", &mut || batches(&seen, &anchors))?;
    Ok(rows)
}

fn make() -> Result<Seen> {
    let (seed, generator) = (Seed::new([9; 32]), &mut Generator(&SystemEnv));
    let mut one = |number: usize| {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_be_bytes());
        let cell = Cell::new(u8::try_from(number % 33).unwrap_or_default());
        let (ahead, before) = timed(|| Ahead::draw(&seed, generator));
        let (leaf, after) = timed(|| Leaf::prove(ahead, &CONTEXT, &digest, cell, &seed));
        (leaf, before, after)
    };
    let (first, before, after) = one(0);
    let (verified, first_verified) = timed(|| first.verify(&CONTEXT));
    verified?;
    let mut times = Seen {
        ahead: Vec::new(),
        after: Vec::new(),
        whole: Vec::new(),
        leaves: Vec::new(),
        first_made: before + after,
        first_verified,
    };
    for number in 1..=LEAVES {
        let (leaf, before, after) = one(number);
        times.ahead.push(before);
        times.after.push(after);
        times.whole.push(before + after);
        times.leaves.push(leaf);
    }
    Ok(times)
}

fn made(seen: &mut Seen, anchors: &Anchors) -> Row {
    let p50 = us(percentile(&mut seen.whole, 50));
    let row = Row::new(
        "leaf-made",
        "a leaf with its proof over 32 cells made, from nothing to 1,281 bytes, on one thread",
        "≤ 1.0 ms",
    );
    row.seen(
        Figure::new(p50, "µs", "p50"),
        Figure::new(anchors.fixed_base, "µs", "one fixed-base multiplication"),
        p50 <= 1000.0,
    )
    .note(format!(
        "p99 {:.0} µs of {LEAVES}; made ahead, without digest and cell: p50 {:.0} µs; every thirty-third counts nothing",
        us(percentile(&mut seen.whole, 99)),
        us(percentile(&mut seen.ahead, 50)),
    ))
    .note(format!(
        "the first of a process takes {:.1} ms: it makes the 33 generators",
        us(seen.first_made) / 1000.0
    ))
    .note(anchors.note())
}

fn after(seen: &mut Seen, anchors: &Anchors) -> Row {
    let p50 = us(percentile(&mut seen.after, 50));
    let row = Row::new(
        "leaf-after",
        "of it, what comes once the digest is known",
        "≤ 0.1 ms",
    );
    row.seen(
        Figure::new(p50, "µs", "p50"),
        Figure::new(anchors.fixed_base, "µs", "one fixed-base multiplication"),
        p50 <= 100.0,
    )
    .note(format!(
        "p99 {:.0} µs of {LEAVES}",
        us(percentile(&mut seen.after, 99))
    ))
}

fn alone(seen: &Seen, anchors: &Anchors) -> Result<Row> {
    let mut times = Vec::new();
    for leaf in &seen.leaves {
        let (holds, time) = timed(|| black_box(leaf).verify(&CONTEXT));
        holds?;
        times.push(time);
    }
    let p50 = us(percentile(&mut times, 50));
    let row = Row::new(
        "leaf-verify",
        "one leaf's proof verified by itself, its four points decoded",
        "none of its own",
    );
    let mut row = row.seen(
        Figure::new(p50, "µs", "p50"),
        Figure::new(anchors.decoded, "µs", "one point decoded"),
        true,
    );
    row.met = None;
    Ok(row
        .note(format!(
            "p99 {:.0} µs of {LEAVES}",
            us(percentile(&mut times, 99))
        ))
        .note(format!(
            "the first of a process takes {:.1} ms: it makes the tables of multiples; a batch needs none",
            us(seen.first_verified) / 1000.0
        )))
}

fn batches(seen: &Seen, anchors: &Anchors) -> Result<Row> {
    let mut middles = Vec::new();
    for (size, rounds) in BATCHES {
        let mut times = Vec::new();
        for round in 0..rounds {
            let leaves = seen.leaves.iter().cycle().skip(round * size % LEAVES);
            let (holds, time) = timed(|| -> Result<()> {
                let mut batch = Batch::new(&CONTEXT);
                for leaf in leaves.take(size) {
                    batch.push(leaf)?;
                }
                black_box(batch.verify(&mut Generator(&SystemEnv))?);
                Ok(())
            });
            holds?;
            times.push(time / u32::try_from(size)?);
        }
        middles.push((size, us(percentile(&mut times, 50))));
    }
    let tile = middles.first().ok_or("a batch")?.1;
    let row = Row::new(
        "leaf-batch",
        "a leaf's proof, verified in a batch of a tile (256), points decoded and summed",
        "≤ 50 µs, of 256 and of 4,096",
    );
    let all: Vec<_> = middles
        .iter()
        .map(|(size, middle)| format!("of {size}: {middle:.1} µs a leaf"))
        .collect();
    Ok(row
        .seen(
            Figure::new(tile, "µs", "a leaf, p50"),
            Figure::new(anchors.decoded, "µs", "one point decoded"),
            middles.iter().all(|(_, middle)| *middle <= 50.0),
        )
        .note(format!(
            "batches {}; four points of each leaf are decoded, {:.1} µs, and multiplied; a batch of 4,096 goes four times through the same {LEAVES} leaves",
            all.join(", "),
            4.0 * anchors.decoded,
        )))
}
