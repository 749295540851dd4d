//! What the ballot costs on this machine, one thread, beside two anchors.
//!
//! `cargo run --release -p portcullis-ballot --example speed`

use portcullis_ballot::{
    Ahead, Batch, Cell, CellSet, Context, Leaf, ReportKey, Seed, Sum,
    joint::{Contribution, Participant, Session},
    report::{self, Form, Line, Range, Totals},
};
use rand::{SeedableRng, rngs::StdRng};
use sha2::{Digest as _, Sha256};
use std::{hint::black_box, time::Instant};

/// Prints how long one of `rounds` takes, in microseconds.
fn time<T>(what: &str, rounds: u32, mut once: impl FnMut() -> T) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a stopwatch is all this program is"
    )]
    let started = Instant::now();
    for _ in 0..rounds {
        black_box(once());
    }
    let micros = started.elapsed().as_secs_f64() * 1e6 / f64::from(rounds);
    println!("{what:<44} {micros:>12.2} µs");
}

fn main() {
    let generator = &mut StdRng::seed_from_u64(1);
    let seed = Seed::new([7; 32]);
    let context = Context {
        origin: "mail.example/log/live/1",
        schema: &[3; 32],
    };
    let cell = Cell::new(15);
    let prove = |ahead| Leaf::prove(ahead, &context, &[5; 32], cell, &seed);

    time("anchor: SHA-256 of 1,281 B", 10_000, || {
        Sha256::digest([1; 1281])
    });
    let mut first = None;
    time("first leaf, generators made", 1, || {
        first = Some(prove(Ahead::draw(&seed, generator)));
    });
    let leaf = first.expect("made");
    time("first verification, tables made", 1, || {
        leaf.verify(&context)
    });
    let commitment: [u8; 32] = leaf.commitment_bytes().try_into().expect("32 bytes");
    time("anchor: a point decoded", 10_000, || {
        Sum::from_bytes(&commitment)
    });
    time("leaf, ahead", 500, || Ahead::draw(&seed, generator));
    let mut ready: Vec<_> = (0..500).map(|_| Ahead::draw(&seed, generator)).collect();
    time("leaf, once the digest is known", 500, || {
        ready.pop().map(prove)
    });
    time("leaf verified alone", 500, || leaf.verify(&context));
    time("a leaf's cell found with the seed", 500, || {
        leaf.cell_under(&seed, context.origin)
    });
    for size in [64u32, 256, 1024] {
        let mut best = f64::MAX;
        for _ in 0..5 {
            #[expect(
                clippy::disallowed_methods,
                reason = "a stopwatch is all this program is"
            )]
            let started = Instant::now();
            let mut batch = Batch::new(&context);
            for _ in 0..size {
                batch.push(&leaf).expect("a leaf");
            }
            batch.verify(generator).expect("proved");
            best = best.min(started.elapsed().as_secs_f64() * 1e6 / f64::from(size));
        }
        println!(
            "{:<44} {best:>12.2} µs",
            format!("leaf verified in a batch of {size}")
        );
    }
    let mut sum = Sum::zero();
    time("1,000,000 commitments decoded and added", 1, || {
        for _ in 0..1_000_000 {
            let _ = sum.add_commitment(&commitment);
        }
    });
    time("a leaf added to its seed's totals", 2_000, || {
        report::totals(&seed, context.origin, [([5; 32], commitment)])
    });
    reports(generator);
    joints(10, generator);
}

/// Totals, made up, and the sum that they open.
fn totals(seed: &Seed, origin: &str) -> (Totals, [u8; 32]) {
    let mut totals = Totals::zero();
    let mut sum = Sum::zero();
    let context = Context {
        origin,
        schema: &[3; 32],
    };
    for number in 1..=32 {
        let generator = &mut StdRng::seed_from_u64(u64::from(number));
        let (digest, cell) = ([number; 32], Cell::new(number));
        let leaf = Leaf::prove(Ahead::draw(seed, generator), &context, &digest, cell, seed);
        let commitment = leaf.commitment_bytes().try_into().expect("32 bytes");
        let more = report::totals(seed, origin, [(digest, commitment)]).expect("our leaf");
        sum.add_commitment(&commitment).expect("a point");
        totals.add(&more);
    }
    (totals, sum.to_bytes())
}

fn range(origin: &str, sum: [u8; 32]) -> Range<'_> {
    Range {
        origin,
        root: [2; 32],
        start: 0,
        end: 512,
        schema: [3; 32],
        sum,
    }
}

fn reports(generator: &mut StdRng) {
    let (totals, sum) = totals(&Seed::new([7; 32]), "mail.example/log/live/1");
    let range = range("mail.example/log/live/1", sum);
    let lines = |form| -> Vec<Line> {
        Cell::all()
            .map(|cell| Line {
                cells: CellSet::default().with(cell),
                form,
            })
            .collect()
    };
    for (name, lines) in [
        ("32 exact lines", lines(Form::Exact(1))),
        ("32 bands of 500", lines(Form::Band { low: 0, width: 500 })),
    ] {
        let proof = report::prove(&range, &lines, &totals, generator).expect("true lines");
        time(&format!("report of {name}, proved"), 50, || {
            report::prove(&range, &lines, &totals, generator)
        });
        time(
            &format!("report of {name}, {} B, verified", proof.len()),
            50,
            || report::verify(&range, &lines, &proof),
        );
    }
}

fn joints(count: u8, generator: &mut StdRng) {
    let origins: Vec<_> = (0..count)
        .map(|n| format!("mail-{n}.example/log/live/1"))
        .collect();
    let mut all: Vec<(ReportKey, Totals, Range<'_>)> = (0..count)
        .zip(&origins)
        .map(|(number, origin)| {
            let seed = Seed::new([number; 32]);
            let (totals, sum) = totals(&seed, origin);
            (seed.report_key(origin), totals, range(origin, sum))
        })
        .collect();
    all.sort_unstable_by_key(|(key, ..)| key.public());
    let participants: Vec<_> = all
        .iter()
        .map(|(key, _, range)| Participant {
            range: *range,
            key: key.public(),
        })
        .collect();
    let session = Session::new(
        CellSet(u32::MAX),
        1,
        "2026-01-01",
        "2026-06-30",
        &participants,
    );
    let session = session.expect("a session");
    let mut numbers = (0..all.len()).cycle();
    let mut one = |number: usize| {
        let (key, totals, _) = &all[number];
        let masks = session
            .masks(number, key)
            .expect("our key")
            .commitments()
            .to_vec();
        (
            masks,
            session
                .open(number, key, totals, generator)
                .expect("our totals"),
        )
    };
    let parts: Vec<_> = (0..all.len()).map(&mut one).collect();
    let parts: Vec<_> = parts
        .iter()
        .map(|(masks, opening)| Contribution { masks, opening })
        .collect();
    time(
        &format!("joint, {count} x 32 cells, both rounds of one"),
        20,
        || numbers.next().map(&mut one),
    );
    time(&format!("joint, {count} x 32 cells, verified"), 20, || {
        session.total(&parts)
    });
}
