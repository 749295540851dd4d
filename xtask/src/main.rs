//! What a contributor runs: `cargo xtask check`, `test`, `bench`, `fuzz`, `install`,
//! `vectors`.
//!
//! One file a task, and three that they share: [`mod@line`] is a command line,
//! [`run`] performs steps and sums up, [`tally`] counts tests.

mod bench;
mod check;
mod fuzz;
mod install;
mod line;
mod run;
mod tally;
mod test;
mod vectors;
mod workspace;

use clap::Parser;
use run::{Run, Stopped};
use std::process::ExitCode;
use workspace::Workspace;

/// What a contributor to Portcullis runs.
///
/// Steps run one after another, each with a heading and the time it took. The
/// first one that fails ends the run and names the command that repeats it
/// alone.
#[derive(Parser)]
#[command(
    name = "xtask",
    bin_name = "cargo xtask",
    after_help = "While you work, one room at a time is faster:\n  \
                  cargo test -p portcullis-core\n  \
                  cargo clippy -p portcullis-core --all-targets\n\
                  Before you commit: cargo xtask check"
)]
enum Task {
    Check(check::Check),
    Test(test::Test),
    Bench(bench::Bench),
    Fuzz(fuzz::Fuzz),
    Install(install::Install),
    Vectors(vectors::Vectors),
}

fn main() -> ExitCode {
    let task = Task::parse();
    let workspace = match Workspace::load() {
        Ok(workspace) => workspace,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut run = Run::new(workspace.root.clone());
    let ended: Result<(), Stopped> = match &task {
        Task::Check(_) => check::check(&mut run),
        Task::Test(_) => test::test(&mut run, &workspace),
        Task::Bench(bench) => bench::bench(&mut run, &workspace, bench),
        Task::Fuzz(fuzz) => fuzz::fuzz(&mut run, &workspace.root, fuzz),
        Task::Install(_) => install::install(&mut run),
        Task::Vectors(vectors) => vectors::vectors(&mut run, vectors),
    };
    println!("{}", run.summary());
    if matches!(task, Task::Test(_)) {
        println!("{}", run.tally());
    }
    if ended.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
