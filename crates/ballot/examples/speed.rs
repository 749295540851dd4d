//! What the ballot costs on this machine, one thread, beside two anchors.
//!
//! `cargo run --release -p portcullis-ballot --example speed`

use portcullis_ballot::{Ahead, Batch, Cell, Context, Leaf, Seed, Sum};
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
}
