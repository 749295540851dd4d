//! `fuzz`: coverage-guided fuzzing of every parser that faces strangers.
//!
//! The targets lie in `fuzz/`, in the layout of cargo-fuzz. They are built here with
//! the stable compiler and libFuzzer, whose instrumentation it can emit, so that
//! nothing needs to be installed but a C++ compiler.

use crate::{
    line::Line,
    run::{Failure, Run, Stopped},
    tally::Tally,
};
use std::{fs, path::Path};

/// What libFuzzer needs to see of the code: edges, and the operands of comparisons.
const INSTRUMENTED: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    --cfg fuzzing";
/// Named, so that build scripts and macros are built without instrumentation.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// An input that takes longer hangs, for us.
const INPUT_SECONDS_MAX: u32 = 5;
/// A parser that takes more allocates without bound, for us.
const MEMORY_MIB_MAX: u32 = 512;
/// Longer inputs find nothing that shorter ones do not.
const INPUT_BYTES_MAX: u32 = 65_536;

/// Feed every parser that faces strangers with what breaks parsers.
///
/// Each target in `fuzz/fuzz_targets` starts from its kept inputs in
/// `fuzz/corpus` and runs for `--seconds`. A panic, a hang of five seconds or
/// more than 512 MiB of memory fails the step, and the input that did it is
/// kept in `target/fuzz`. What new inputs were worth keeping is there as well;
/// `--keep` merges them into `fuzz/corpus`.
#[derive(clap::Args)]
pub(crate) struct Fuzz {
    /// Only this target, as its file in `fuzz/fuzz_targets` is called.
    target: Option<String>,
    /// For how long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Merges the inputs that reach new code into the kept ones.
    #[arg(long)]
    keep: bool,
}

impl Fuzz {
    /// Every target, for a bounded time: what `cargo xtask test` does.
    pub(crate) const fn bounded() -> Self {
        Self {
            target: None,
            seconds: 4,
            keep: false,
        }
    }
}

/// Builds the targets and runs them.
///
/// # Errors
///
/// [`Stopped`] when they cannot be built, or one of them found something.
pub(crate) fn fuzz(run: &mut Run, root: &Path, fuzz: &Fuzz) -> Result<(), Stopped> {
    if !(cfg!(target_arch = "x86_64") && cfg!(target_os = "linux")) {
        run.skip("fuzzing", "the targets are built for x86-64 Linux alone");
        return Ok(());
    }
    let build = format!(
        "cargo build --release --manifest-path fuzz/Cargo.toml --target {TARGET} --target-dir target/fuzz"
    );
    run.command(
        "fuzz targets",
        &Line::of(&build).with("RUSTFLAGS", INSTRUMENTED),
    )?;
    let targets = targets(root);
    let chosen: Vec<&String> = targets
        .iter()
        .filter(|name| fuzz.target.as_ref().is_none_or(|only| only == *name))
        .collect();
    let detail = format!("{} targets, {} s each", chosen.len(), fuzz.seconds);
    run.perform("fuzzing", &detail, || {
        if chosen.is_empty() {
            return Err(Failure {
                why: format!("there is no such target; there are {}", targets.join(", ")),
                again: "cargo xtask fuzz".to_owned(),
                ..Failure::default()
            });
        }
        let mut tests = Tally::default();
        for name in chosen {
            one(root, name, fuzz, tests)?;
            tests.passed += 1;
        }
        Ok(tests)
    })
}

/// The targets, by name.
fn targets(root: &Path) -> Vec<String> {
    let files = fs::read_dir(root.join("fuzz/fuzz_targets"));
    let mut names: Vec<String> = files
        .into_iter()
        .flatten()
        .filter_map(|file| {
            let name = file.ok()?.file_name();
            Some(name.to_str()?.strip_suffix(".rs")?.to_owned())
        })
        .collect();
    names.sort();
    names
}

fn one(root: &Path, name: &str, fuzz: &Fuzz, tests: Tally) -> Result<(), Failure> {
    let (found, kept) = (
        format!("target/fuzz/corpus/{name}"),
        format!("fuzz/corpus/{name}"),
    );
    let failure = |why: String| Failure {
        why: format!("`{name}`: {why}"),
        again: format!("cargo xtask fuzz {name} --seconds {}", fuzz.seconds),
        tests,
    };
    for folder in [&found, &kept] {
        fs::create_dir_all(root.join(folder)).map_err(|error| failure(error.to_string()))?;
    }
    let program = format!("target/fuzz/{TARGET}/release/{name}");
    let bounds = format!(
        "-timeout={INPUT_SECONDS_MAX} -rss_limit_mb={MEMORY_MIB_MAX} -max_len={INPUT_BYTES_MAX}"
    );
    let line = Line::of(&format!(
        "{program} -max_total_time={} {bounds} -artifact_prefix=target/fuzz/{name}- {found} {kept}",
        fuzz.seconds
    ));
    let output = line
        .command()
        .current_dir(root)
        .output()
        .map_err(|error| failure(error.to_string()))?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        println!("{told}");
        let why = "it found an input that panics, hangs or takes too much memory";
        return Err(failure(why.to_owned()));
    }
    let last = told.lines().rfind(|line| line.contains("DONE"));
    println!("  {name:<14} {}", last.unwrap_or("ran").trim());
    if fuzz.keep {
        let merge = Line::of(&format!("{program} -merge=1 {bounds} {kept} {found}"));
        let merged = merge.command().current_dir(root).output();
        if !merged.is_ok_and(|output| output.status.success()) {
            return Err(failure("its inputs could not be merged".to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
    }

    #[test]
    fn every_target_is_in_the_manifest_and_has_kept_inputs() {
        let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
        let targets = targets(root());
        assert!(targets.len() >= 11);
        for name in &targets {
            let line = format!("path = \"fuzz_targets/{name}.rs\"");
            assert!(manifest.contains(&line), "{name}");
            let kept = fs::read_dir(root().join("fuzz/corpus").join(name));
            assert!(kept.is_ok_and(|mut files| files.next().is_some()), "{name}");
        }
    }
}
