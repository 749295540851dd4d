//! `portcullis cell`: threat intelligence, shared at once and accountably.

mod account;
mod collection;
mod desk;
mod erase;
mod export;
mod find;
pub(crate) mod follow;
mod group;
mod identity;
mod import;
mod incident;
mod mark;
mod notices;
mod pseudonym;
mod put;
mod question;
mod recall;
mod review;
mod show;
mod sighting;
mod stats;
mod warning;
mod watch;
mod who;
mod words;
mod wrapper;

pub(crate) use desk::{Desk, begin};
pub(crate) use words::country;
pub(crate) use words::span_or_none;

use crate::{Answer, failure::Failure, ui::Ui};
use clap::Subcommand;
use std::path::Path;

/// The cell: members that share threat intelligence over TAXII 2.1 and STIX 2.1.
///
/// A collection holds objects; a group says whom they reach; an account lets a program in. All
/// commands work beside a running `serve`: what one says, the other serves at once.
///
/// Example, a TAXII server of one's own in three commands:
///
///   portcullis --dir csirt init --member csirt.example --role cell --country GB \
///     --plain-listen 127.0.0.1:9000 --collection Indicators
///   portcullis --dir csirt cell account add desk
///   portcullis --dir csirt serve
///
/// and beside it:
///
///   portcullis --dir csirt cell import report.json --into indicators
///   portcullis --dir csirt cell lookup bad.example
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Cell {
    #[command(subcommand)]
    Collection(Box<collection::Collection>),
    #[command(subcommand)]
    Group(group::Group),
    #[command(subcommand)]
    Account(account::Account),
    Import(import::Import),
    Export(export::Export),
    Search(find::Search),
    Lookup(find::Lookup),
    Show(show::Show),
    Watch(watch::Watch),
    Stats(stats::Stats),
    Erase(erase::Erase),
    #[command(subcommand)]
    Follow(Box<follow::Follow>),
    Who(who::Who),
    #[command(subcommand)]
    Evidence(who::Evidence),
    Recall(recall::Recall),
    Confirm(recall::Confirm),
    Recalls(recall::Recalls),
    Ask(question::Ask),
    Answer(question::Answer),
    Ack(question::Ack),
    Close(question::Close),
    Questions(question::Questions),
    #[command(subcommand)]
    Review(review::Review),
    #[command(subcommand)]
    Wrapper(wrapper::Wrapper),
    #[command(subcommand)]
    Warning(warning::Warning),
    Mark(mark::Mark),
    Sight(sighting::Sight),
    Opinion(sighting::Opinion),
    Notices(notices::Notices),
    #[command(subcommand)]
    Incident(incident::Incident),
    #[command(subcommand)]
    Identity(identity::Identity),
    #[command(subcommand)]
    Pseudonym(pseudonym::Pseudonym),
}

impl Cell {
    pub(crate) fn run(self, dir: &Path, ui: &Ui) -> Answer {
        let ui = *ui;
        match self {
            Self::Collection(command) => command.run(dir, ui),
            Self::Group(command) => command.run(dir, ui),
            Self::Account(command) => command.run(dir, ui),
            Self::Import(command) => command.run(dir, ui),
            Self::Export(command) => command.run(dir, ui),
            Self::Search(command) => command.run(dir, ui),
            Self::Lookup(command) => command.run(dir, ui),
            Self::Show(command) => command.run(dir, ui),
            Self::Watch(command) => command.run(dir, ui),
            Self::Stats(_) => stats::Stats::run(dir, ui),
            Self::Erase(command) => command.run(dir, ui),
            Self::Follow(command) => command.run(dir, ui),
            Self::Who(command) => command.run(dir, ui),
            Self::Evidence(command) => command.run(dir, ui),
            Self::Recall(command) => command.run(dir, ui),
            Self::Confirm(command) => command.run(dir, ui),
            Self::Recalls(command) => command.run(dir, ui),
            Self::Ask(command) => command.run(dir, ui),
            Self::Answer(command) => command.run(dir, ui),
            Self::Ack(command) => command.run(dir, ui),
            Self::Close(command) => command.run(dir, ui),
            Self::Questions(command) => command.run(dir, ui),
            Self::Review(command) => command.run(dir, ui),
            Self::Wrapper(command) => command.run(dir, ui),
            Self::Warning(command) => command.run(dir, ui),
            Self::Mark(command) => command.run(dir, ui),
            Self::Sight(command) => command.run(dir, ui),
            Self::Opinion(command) => command.run(dir, ui),
            Self::Notices(command) => command.run(dir, ui),
            Self::Incident(command) => command.run(dir, ui),
            Self::Identity(command) => command.run(dir, ui),
            Self::Pseudonym(command) => command.run(dir, ui),
        }
    }
}

/// No object of this id that the cell's own people may see.
fn not_here(id: &str) -> Failure {
    Failure::refused("cell.not_found", format!("there is no `{id}` here"))
        .hint("`portcullis cell search --text WORDS` finds objects")
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    /// Every command below this one that does something by itself.
    fn leaves<'a>(command: &'a Command, path: &str, found: &mut Vec<(String, &'a Command)>) {
        for below in command.get_subcommands() {
            let path = format!("{path} {}", below.get_name());
            if below.has_subcommands() {
                leaves(below, &path, found);
            } else {
                found.push((path, below));
            }
        }
    }

    #[test]
    fn every_command_of_the_cell_explains_itself_with_an_example_and_all_its_flags() {
        let program = crate::Cli::command();
        let mut found = Vec::new();
        leaves(program.find_subcommand("cell").unwrap(), "cell", &mut found);
        assert!(50 < found.len(), "{} commands", found.len());
        let mut poor = Vec::new();
        for (path, command) in found {
            let about = command.get_long_about().or_else(|| command.get_about());
            let about = about.map(ToString::to_string).unwrap_or_default();
            if !about.contains(&format!("portcullis {path}")) {
                poor.push(format!("{path}: no example"));
            }
            for argument in command.get_arguments() {
                if argument.get_help().is_none() && argument.get_long_help().is_none() {
                    poor.push(format!("{path}: `{}` is not explained", argument.get_id()));
                }
            }
        }
        assert!(poor.is_empty(), "{poor:#?}");
    }
}
