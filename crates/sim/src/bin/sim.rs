//! Runs federations from seeds and says which law broke, if one did.
//!
//! `sim --seeds N [--from M]` runs many, on two threads. `sim --seed N
//! [--verbose]` runs one, and prints everything that happened. With `--cells` it is
//! cells that follow each other.

use portcullis_sim::{
    cell, op, run,
    shrink::{shrink, shrink_cells},
};
use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

const USAGE: &str =
    "usage: sim [--cells] --seeds N [--from M] [--threads T] | sim [--cells] --seed N [--verbose]";
/// How many runs a failure is shrunk with.
const SHRINK_TRIES_MAX: usize = 200;
/// How many lines of the transcript a failure shows.
const TAIL: usize = 12;

struct Arguments {
    seed: Option<u64>,
    seeds: u64,
    from: u64,
    threads: u64,
    verbose: bool,
    cells: bool,
}

/// Runs the ops of a seed, of federations or of cells.
fn run_of(seed: u64, cells: bool) -> run::Report {
    if cells {
        cell::run(seed)
    } else {
        run::run(seed)
    }
}

fn arguments() -> Option<Arguments> {
    let mut given = Arguments {
        seed: None,
        seeds: 0,
        from: 0,
        threads: 2,
        verbose: false,
        cells: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next()?.parse::<u64>().ok();
        match word.as_str() {
            "--seed" => given.seed = Some(number()?),
            "--seeds" => given.seeds = number()?,
            "--from" => given.from = number()?,
            "--threads" => given.threads = number()?.clamp(1, 64),
            "--verbose" => given.verbose = true,
            "--cells" => given.cells = true,
            _ => return None,
        }
    }
    (given.seed.is_some() || given.seeds > 0).then_some(given)
}

fn main() -> ExitCode {
    let Some(given) = arguments() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match given.seed {
        Some(seed) => one(seed, given.verbose, given.cells),
        None => many(&given),
    }
}

fn one(seed: u64, verbose: bool, cells: bool) -> ExitCode {
    let report = run_of(seed, cells);
    if verbose {
        for line in &report.lines {
            println!("{line}");
        }
        for (what, count) in &report.tally {
            println!("{count:6} {what}");
        }
    }
    match &report.failure {
        None => {
            println!("seed {seed}, {} ops, no law broken", report.ops);
            ExitCode::SUCCESS
        }
        Some(failure) => {
            explain(seed, &report, failure, cells);
            ExitCode::FAILURE
        }
    }
}

fn explain(seed: u64, report: &run::Report, failure: &run::Failure, cells: bool) {
    println!(
        "seed {seed}: broken after op {}: {}",
        failure.op, failure.broken.law
    );
    println!("  {}", failure.broken.why);
    println!("the last of what happened:");
    for line in report.lines.iter().rev().take(TAIL).rev() {
        println!("  {line}");
    }
    let which = if cells { "--cells " } else { "" };
    println!(
        "repeat it: cargo run --release -p portcullis-sim --bin sim -- {which}--seed {seed} --verbose"
    );
    if cells {
        let shrunk = shrink_cells(seed, &cell::op::ops(seed), failure, SHRINK_TRIES_MAX);
        println!("{} ops that break the same law:", shrunk.len());
        for op in &shrunk {
            println!("  Op::{op:?},");
        }
        let again = cell::run_ops(seed, &shrunk);
        for line in &again.lines {
            println!("  {line}");
        }
        if let Some(failure) = again.failure {
            println!("  {}", failure.broken.why);
        }
        return;
    }
    let shrunk = shrink(seed, &op::ops(seed), failure, SHRINK_TRIES_MAX);
    println!("{} ops that break the same law:", shrunk.len());
    for op in &shrunk {
        println!("  Op::{op:?},");
    }
}

fn many(given: &Arguments) -> ExitCode {
    let next = AtomicU64::new(given.from);
    let end = given.from + given.seeds;
    let (done, ops) = (AtomicU64::new(0), AtomicU64::new(0));
    let stop = AtomicBool::new(false);
    let failed = Mutex::new(BTreeMap::new());
    let tally = Mutex::new(BTreeMap::<String, usize>::new());
    std::thread::scope(|scope| {
        for _ in 0..given.threads {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let report = run_of(seed, given.cells);
                    ops.fetch_add(report.ops as u64, Ordering::Relaxed);
                    let mut all = tally.lock().unwrap_or_else(PoisonError::into_inner);
                    for (what, count) in &report.tally {
                        *all.entry(what.clone()).or_default() += count;
                    }
                    drop(all);
                    if let Some(failure) = report.failure.clone() {
                        stop.store(true, Ordering::Relaxed);
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        failed.insert(seed, (report, failure));
                        return;
                    }
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    if done % 50 == 0 {
                        println!("{done} seeds, no law broken yet");
                    }
                }
            });
        }
    });
    if given.verbose {
        for (what, count) in tally.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            println!("{count:6} {what}");
        }
    }
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some((seed, (report, failure))) = failed.iter().next() {
        explain(*seed, report, failure, given.cells);
        return ExitCode::FAILURE;
    }
    let (done, ops) = (done.into_inner(), ops.into_inner());
    println!("{done} seeds, {ops} ops, no law broken");
    ExitCode::SUCCESS
}
