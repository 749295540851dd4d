//! `bench`: the numbers of the design.

use crate::{
    line::Line,
    run::{Failure, Run, Stopped},
    workspace::Workspace,
};
use cargo_metadata::TargetKind;

/// Measure the numbers that the design promises, on this machine.
///
/// Never part of `test`: a number depends on the machine and on what else runs
/// on it. Close other programs first.
#[derive(clap::Args)]
pub(crate) struct Bench {
    /// Handed on to the benchmark; `-- --help` shows what it knows.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Runs the benchmark.
///
/// # Errors
///
/// [`Stopped`] when it fails, or is not there.
pub(crate) fn bench(run: &mut Run, workspace: &Workspace, bench: &Bench) -> Result<(), Stopped> {
    let numbers = Line::of("cargo bench --package portcullis --bench numbers --");
    let numbers = numbers.and(&bench.arguments);
    if workspace.has("portcullis", &TargetKind::Bench, "numbers") {
        run.command("numbers", &numbers)
    } else {
        run.perform("numbers", &numbers.to_string(), || {
            Err(Failure {
                why: "the package `portcullis` has no benchmark `numbers` yet".to_owned(),
                again: numbers.to_string(),
                ..Failure::default()
            })
        })
    }
}
