//! The verdict on one order, offline: two approvals, one of them by a passkey, and every
//! statement proved in a log of a million leaves under three cosignatures.

mod bundle;

use crate::{
    Result, Told,
    meter::{self, SystemEnv, ms, percentile, rate, stopwatch, timed},
    report::{Figure, Row},
    town,
};
use bundle::{Made, Raw};
use portcullis_ballot::{Batch, Context, Leaf};
use portcullis_core::realm::Realm;
use portcullis_node::Generator;
use portcullis_sign::Envelope;
use portcullis_tlog::checkpoint::Checkpoint;
use portcullis_verdict::{
    Against, Anchor, Bundle, History, Trust, law,
    register::{self, versions},
    statement, verify,
};
use std::{
    hint::black_box,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

pub(crate) const GROUP: &str = "verdicts";
pub(crate) const ROWS: [&str; 2] = ["verdict", "verdict-command"];
/// How often the verdict is given.
const RUNS: usize = 2000;
/// How often a process is started.
const STARTS: usize = 100;

pub(crate) fn measure(told: &Told) -> Result<Vec<Row>> {
    meter::say("verdict: three logs of a million leaves are made");
    let made = bundle::make()?;
    let mut rows = Vec::new();
    if told.wants(GROUP, "verdict") {
        rows.push(in_process(&made)?);
    }
    if told.wants(GROUP, "verdict-command") {
        rows.push(as_command(&made)?);
    }
    Ok(rows)
}

fn in_process(made: &Made) -> Result<Row> {
    let anchor = Anchor(register::parse(&made.version.envelope)?.digest);
    let (history, _) =
        History::open(anchor, std::slice::from_ref(&made.version)).map_err(|_| "the register")?;
    let (laws, trust, realm) = (law::builtin(), Trust::default(), Realm::live());
    let us = town::id(town::PROVIDER)?;
    let against = Against {
        history: &history,
        trust: &trust,
        laws: &laws,
        realm: &realm,
        us: Some(&us),
        now: made.now,
    };
    let file = made.bundle.to_bytes();
    let (verdict, first) = timed(|| verify(&made.bundle, &against));
    if verdict.outcome != portcullis_verdict::Outcome::Genuine {
        return Err(format!("the bundle is not what it should be: {}", verdict.line).into());
    }
    let leaves = leaves(&made.bundle)?;
    let (mut alone, mut parsed, mut raw) = (Vec::new(), Vec::new(), Vec::new());
    let mut proofs = Vec::new();
    for _ in 0..RUNS {
        alone.push(timed(|| black_box(verify(black_box(&made.bundle), &against))).1);
        let start = stopwatch();
        black_box(verify(&Bundle::parse(black_box(&file))?, &against));
        parsed.push(start.elapsed());
        let start = stopwatch();
        if !made
            .raw
            .iter()
            .all(|signature| black_box(signature).holds())
        {
            return Err("a signature of the bundle does not hold by itself".into());
        }
        raw.push(start.elapsed());
        let (holds, time) = timed(|| proved(&leaves));
        holds?;
        proofs.push(time);
    }
    let p256 = made
        .raw
        .iter()
        .filter(|raw| matches!(raw, Raw::P256 { .. }));
    let (p256, all) = (p256.count(), made.raw.len());
    let p50 = percentile(&mut alone, 50);
    let row = Row::new(
        "verdict",
        "the verdict on one order, offline, in process",
        "≤ 2 ms",
    );
    let figure = Figure::new(ms(p50), "ms", "p50");
    let of = format!("{} Ed25519 + {p256} P-256 verifications", all - p256);
    let held = Figure::new(ms(percentile(&mut raw, 50)), "ms", &of);
    Ok(row
        .seen(figure, held, ms(p50) <= 2.0)
        .note(format!(
            "p50 {:.2} ms, p99 {:.2} ms of {RUNS} runs; with the bundle's file parsed too: p50 {:.2} ms, p99 {:.2} ms",
            ms(p50),
            ms(percentile(&mut alone, 99)),
            ms(percentile(&mut parsed, 50)),
            ms(percentile(&mut parsed, 99)),
        ))
        .note(format!(
            "{} statements in {} kB, {} checks; every inclusion path has {} hashes, every checkpoint its log's signature and 3 cosignatures, each by one verifier of {:.0} verifications a second",
            made.bundle.entries.len(),
            file.len() / 1000,
            verdict.checks.len(),
            made.path_hashes,
            rate(all, percentile(&mut raw, 50)),
        ))
        .note(format!(
            "every leaf's proof is verified, those of one bundle together: by themselves, p50 {:.2} ms; the first verdict of this process took {:.2} ms, with whatever is made once",
            ms(percentile(&mut proofs, 50)),
            ms(first),
        )))
}

/// The leaves of a bundle, each with its log's origin.
fn leaves(bundle: &Bundle) -> Result<Vec<(String, Leaf)>> {
    let mut leaves = Vec::new();
    for entry in &bundle.entries {
        let inclusion = entry.inclusion.as_ref().ok_or("an inclusion")?;
        let checkpoint = Checkpoint::parse(inclusion.proof.checkpoint().text())?;
        leaves.push((checkpoint.origin.to_string(), inclusion.leaf.clone()));
    }
    Ok(leaves)
}

/// Verifies the proofs of all these leaves at once, and nothing else.
fn proved(leaves: &[(String, Leaf)]) -> Result<()> {
    let none = Context {
        origin: "",
        schema: &[0; 32],
    };
    let mut batch = Batch::new(&none);
    for (origin, leaf) in leaves {
        let schema = leaf.schema().first_chunk().ok_or("a schema")?;
        batch.push_in(&Context { origin, schema }, leaf)?;
    }
    black_box(batch.verify(&mut Generator(&SystemEnv))?);
    Ok(())
}

fn as_command(made: &Made) -> Result<Row> {
    let row = Row::new(
        "verdict-command",
        "`portcullis order verify FILE --register REGISTER --register-id ID`, the whole process",
        "≤ 15 ms",
    );
    let program = Path::new(env!("CARGO_BIN_EXE_portcullis"));
    let known = Command::new(program)
        .args(["order", "verify", "--help"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if !known.success() {
        return Ok(row.skipped("this build has no `order verify`"));
    }
    let folder = meter::scratch()?;
    let (file, versions) = (
        folder.path().join("bundle.json"),
        folder.path().join("register.json"),
    );
    std::fs::write(&file, made.bundle.to_bytes())?;
    let anchor = Anchor(register::parse(&made.version.envelope)?.digest);
    std::fs::write(
        &versions,
        versions::to_bytes(anchor, std::slice::from_ref(&made.version)),
    )?;
    let verify = || {
        let mut command = Command::new(program);
        command.args(["order", "verify"]).arg(&file);
        command.arg("--register").arg(&versions);
        command.args(["--register-id", &anchor.0.to_string()]);
        command
    };
    let seen = verify().output()?;
    if !seen.status.success() {
        let said = String::from_utf8_lossy(&seen.stdout).into_owned();
        let said = said.lines().next().unwrap_or("nothing said").to_owned();
        return Ok(row.skipped(&format!("`order verify` does not say genuine: {said}")));
    }
    let started = |mut command: Command| -> Result<Duration> {
        let start = stopwatch();
        let status = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        let time = start.elapsed();
        status
            .success()
            .then_some(time)
            .ok_or_else(|| "a process failed".into())
    };
    let (mut times, mut anchors) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        times.push(started(verify())?);
        let mut version = Command::new(program);
        version.arg("--version");
        anchors.push(started(version)?);
    }
    let p50 = ms(percentile(&mut times, 50));
    let figure = Figure::new(p50, "ms", "p50");
    let held = ms(percentile(&mut anchors, 50));
    Ok(row
        .seen(figure, Figure::new(held, "ms", "`--version`"), p50 <= 15.0)
        .note(format!(
            "p99 {:.1} ms of {STARTS} processes; the register's file is read and believed anew, and the laws are parsed, in each",
            ms(percentile(&mut times, 99)),
        )))
}

/// The statement's time, for whoever proves it.
fn time_of(envelope: &[u8]) -> Result<jiff::Timestamp> {
    Ok(statement::parse(envelope)?.header.time)
}

/// The envelope's own parts.
fn parts(envelope: &[u8]) -> Result<Envelope> {
    Ok(Envelope::parse(envelope)?)
}
