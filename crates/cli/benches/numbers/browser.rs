//! The page's check of a report in a real browser: the second implementation, in JavaScript.
//!
//! What is timed is `crates/web/check/browser/speed.js`, which drives the installed Chromium
//! against the example `record` of the crate `web`. It has to be built and installed before.

use crate::{
    Result, Told,
    meter::say,
    report::{Figure, Row},
};
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub(crate) const GROUP: &str = "browsers";
pub(crate) const ROWS: [&str; 1] = ["report-browser"];
/// The record's tiles; the report covers half of them: 10,240 leaves.
const TILES: usize = 80;
const ROUNDS: usize = 5;
const BUILD: &str = "cargo build --release -p portcullis-web --example record";
const INSTALL: &str = "npm ci in crates/web/check and in crates/web/check/browser, and Chromium";

/// What the script prints.
#[derive(Deserialize)]
struct Timed {
    leaves: usize,
    cores: usize,
    version: String,
    times_ms: Vec<f64>,
    point_us: f64,
}

pub(crate) fn measure(_: &Told) -> Result<Vec<Row>> {
    let row = Row::new(
        "report-browser",
        "a report over 10,240 leaves checked by the public page in Chromium: from the click to the answer, tiles fetched, tree, sum, witnesses, lines; without leaf proofs",
        "≤ 2 s, 10,000 leaves",
    );
    let record = record()?;
    if !record.exists() {
        return Ok(vec![row.skipped(&format!("`{BUILD}` first"))]);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/check/browser");
    if !folder.join("node_modules").exists() {
        return Ok(vec![row.skipped(&format!("{INSTALL} first"))]);
    }
    say(&format!(
        "report-browser: {} leaves are made, then {ROUNDS} rounds",
        TILES * 256
    ));
    let output = Command::new("node")
        .args(["speed.js", &TILES.to_string(), &ROUNDS.to_string()])
        .current_dir(folder)
        .env("PORTCULLIS_RECORD", record)
        .stderr(Stdio::inherit())
        .output();
    let output = match output {
        Ok(output) if output.status.success() => output,
        Ok(output) => {
            return Ok(vec![
                row.skipped(&format!("`node speed.js`: {}", output.status)),
            ]);
        }
        Err(error) => return Ok(vec![row.skipped(&format!("`node`: {error}"))]),
    };
    let mut timed: Timed = serde_json::from_slice(&output.stdout)?;
    timed.times_ms.sort_by(f64::total_cmp);
    let (middle, last) = (timed.times_ms.len() / 2, timed.times_ms.len() - 1);
    let seconds = |at: usize| timed.times_ms.get(at).copied().unwrap_or(f64::NAN) / 1000.0;
    let p50 = seconds(middle);
    let alone = timed.point_us * rate_count(timed.leaves) / 1e6;
    let anchor = Figure::new(
        alone,
        "s",
        "as many points decoded and added by @noble/curves in Node, one thread",
    );
    Ok(vec![row.seen(Figure::new(p50, "s", "p50"), anchor, p50 <= 2.0).note(format!(
        "{} leaves, {ROUNDS} rounds, each in a fresh page: {:.2} to {:.2} s; {}, {} workers; a point {:.0} µs; the server is on the same machine, over plain HTTP",
        timed.leaves,
        seconds(0),
        seconds(last),
        timed.version,
        timed.cores,
        timed.point_us,
    ))])
}

/// The example's optimised build, beside this benchmark's.
fn record() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let profile = program
        .parent()
        .and_then(Path::parent)
        .ok_or("a folder of the build")?;
    Ok(profile.join("examples/record"))
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn rate_count(count: usize) -> f64 {
    count as f64
}
