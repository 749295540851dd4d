//! Reads patterns, one JSON string a line, and says of each `ok` or what is
//! wrong with it: our side of `tests/clients/patterns.py`.
//!
//! With `--time ROUNDS` it parses them all again and again instead, and says
//! how many a second.

use std::io::{self, BufRead, Write};
use std::time::Instant;

use portcullis_stix::pattern;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let patterns: Vec<String> = io::stdin()
        .lock()
        .lines()
        .map(|line| Ok(serde_json::from_str(&line?)?))
        .collect::<Result<_, Box<dyn std::error::Error>>>()?;
    let mut out = io::stdout().lock();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, rounds] = arguments.as_slice()
        && flag == "--time"
    {
        let (good, per_second) = time(&patterns, rounds.parse()?);
        writeln!(
            out,
            "{good} of {} good, {per_second:.0} patterns/s",
            patterns.len()
        )?;
        return Ok(());
    }
    for text in &patterns {
        match pattern::parse(text) {
            Ok(_) => writeln!(out, "ok")?,
            Err(flaw) => writeln!(out, "{flaw}")?,
        }
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a stopwatch, on the command line"
)]
fn time(patterns: &[String], rounds: usize) -> (usize, f64) {
    let start = Instant::now();
    let mut good = 0;
    for _ in 0..rounds {
        good = patterns
            .iter()
            .filter(|text| std::hint::black_box(pattern::parse(std::hint::black_box(text))).is_ok())
            .count();
    }
    let parsed = (patterns.len() * rounds) as f64;
    (good, parsed / start.elapsed().as_secs_f64())
}
