//! The commands, one file each.

pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod serve;

use crate::{Answer, ui::Ui};
use clap::Subcommand;
use std::path::Path;

/// What can be asked of the program.
#[derive(Subcommand)]
pub(crate) enum Command {
    Init(init::Init),
    Serve(serve::Serve),
    #[command(subcommand)]
    Key(key::Key),
}

/// Runs a command on the node in `dir`.
pub(crate) fn run(command: Command, dir: &Path, ui: &Ui) -> Answer {
    match command {
        Command::Init(init) => init.run(dir, ui),
        Command::Serve(serve) => serve.run(dir, ui),
        Command::Key(key) => key.run(dir, ui),
    }
}
