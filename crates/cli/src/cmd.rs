//! The commands, one file each.

pub(crate) mod backup;
pub(crate) mod case;
pub(crate) mod cell;
pub(crate) mod demo;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod key;
pub(crate) mod law;
pub(crate) mod log;
pub(crate) mod order;
pub(crate) mod package;
pub(crate) mod register;
pub(crate) mod report;
pub(crate) mod serve;

use crate::{Answer, ui::Ui};
use clap::Subcommand;
use std::path::Path;

/// What can be asked of the program.
#[derive(Subcommand)]
pub(crate) enum Command {
    Demo(demo::Demo),
    Init(init::Init),
    Serve(serve::Serve),
    #[command(subcommand)]
    Key(key::Key),
    #[command(subcommand)]
    Order(Box<order::Order>),
    #[command(subcommand)]
    Case(Box<case::Case>),
    #[command(subcommand)]
    Package(package::Package),
    #[command(subcommand)]
    Log(log::Log),
    #[command(subcommand)]
    Inspect(Box<inspect::Inspect>),
    #[command(subcommand)]
    Register(Box<register::Register>),
    #[command(subcommand)]
    Report(Box<report::Report>),
    #[command(subcommand)]
    Law(law::Law),
    #[command(subcommand)]
    Cell(Box<cell::Cell>),
    Backup(backup::Backup),
    Restore(backup::Restore),
}

/// Runs a command on the node in `dir`.
pub(crate) fn run(command: Command, dir: &Path, ui: &Ui) -> Answer {
    match command {
        Command::Demo(demo) => demo.run(dir, ui),
        Command::Init(init) => init.run(dir, ui),
        Command::Serve(serve) => serve.run(dir, ui),
        Command::Key(key) => key.run(dir, ui),
        Command::Order(order) => order.run(dir, ui),
        Command::Case(case) => case.run(dir, ui),
        Command::Package(package) => package.run(dir, ui),
        Command::Log(log) => log.run(dir, ui),
        Command::Inspect(inspect) => inspect.run(dir, ui),
        Command::Register(register) => register.run(dir, ui),
        Command::Report(report) => report.run(dir, ui),
        Command::Law(law) => law.run(dir, ui),
        Command::Cell(cell) => cell.run(dir, ui),
        Command::Backup(backup) => backup.run(dir, ui),
        Command::Restore(restore) => restore.run(dir, ui),
    }
}
