//! Says how many objects a second are read and judged, on one core.
//!
//! `cargo run --release -p portcullis-stix --example speed -- BUNDLE[.gz] …`

use std::hint::black_box;
use std::io::Read as _;
use std::time::Instant;

use portcullis_stix::header::{Envelope, envelope, header};
use portcullis_stix::validate::{Mode, validate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let mut bytes = std::fs::read(&path)?;
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut plain)?;
            bytes = plain;
        }
        let found = envelope(&bytes)?;
        println!(
            "{path}: {} objects, {} bytes",
            found.objects.len(),
            bytes.len()
        );
        say("envelope", &found, |_| 0, Some(&bytes));
        say(
            "header",
            &found,
            |object| usize::from(header(object).is_err()),
            None,
        );
        for mode in [Mode::Keep, Mode::Must, Mode::Strict] {
            let judge = |object: &[u8]| usize::from(!validate(object, mode).is_empty());
            say(&format!("{mode:?}"), &found, judge, None);
        }
    }
    Ok(())
}

/// The best of nine rounds.
#[expect(clippy::disallowed_methods, reason = "an example measures real time")]
#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn say(name: &str, found: &Envelope<'_>, judge: impl Fn(&[u8]) -> usize, whole: Option<&[u8]>) {
    let (mut best, mut flawed) = (f64::MAX, 0);
    for _ in 0..9 {
        let start = Instant::now();
        if let Some(bytes) = whole {
            black_box(envelope(black_box(bytes)).is_ok());
        } else {
            flawed = found
                .objects
                .iter()
                .map(|slice| judge(black_box(slice.bytes)))
                .sum();
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    let count = found.objects.len();
    println!(
        "{name:>10}: {:>10.0} objects/s, {flawed} with flaws",
        count as f64 / best
    );
}
