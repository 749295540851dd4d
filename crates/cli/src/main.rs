//! The command line of Portcullis.
//!
//! `main` reads arguments, opens the node in its data folder, calls one file of
//! [`cmd`], and turns what comes back into lines or JSON and an exit code. No
//! rule lives here.

mod clock;
mod cmd;
mod config;
mod failure;
mod home;
mod signer;
mod ui;
mod wrong;

use clap::Parser;
use failure::Failure;
use std::{path::PathBuf, process::ExitCode};
use ui::Ui;

/// The front door between public authorities and online services.
///
/// Nothing is released through it without a lawful, targeted, approved order; everything
/// released leaves a mark in a record that the public can check without seeing what it was.
///
/// Every organisation runs its own node in a data folder of its own: `portcullis init` makes
/// one, `portcullis serve` runs it, and all other commands work on it, whether it runs or not.
/// `portcullis demo` shows everything at once, on this machine alone.
///
/// Exit codes: 0 done; 1 the rules say no, or INSUFFICIENT; 2 the command was not
/// understood; 3 it could not be done (a file, the network, the store); 4 NOT GENUINE: a
/// signature, a digest or a log is false.
#[derive(Parser)]
#[command(
    name = "portcullis",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// The node's data folder.
    #[arg(
        long,
        global = true,
        default_value = ".",
        env = "PORTCULLIS_DIR",
        value_name = "DIR"
    )]
    dir: PathBuf,
    /// Answers in JSON, for machines.
    #[arg(long, global = true)]
    json: bool,
    /// Shows no progress bars.
    #[arg(long, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: cmd::Command,
}

fn main() -> ExitCode {
    let cli = match wrong::parsed() {
        Ok(cli) => cli,
        Err(exit) => return exit,
    };
    let ui = Ui::new(cli.json, cli.quiet);
    match cmd::run(cli.command, &cli.dir, &ui) {
        Ok(code) => code,
        Err(failure) => failure.answer(&ui),
    }
}

/// What a command answers.
pub(crate) type Answer = Result<ExitCode, Failure>;
