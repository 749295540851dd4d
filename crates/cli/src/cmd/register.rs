//! `portcullis register`: who is who.

mod card;
mod changes;
mod draft;
mod edit;
mod policy;
mod publish;
mod show;
mod sign;

use crate::{Answer, home::Home, ui::Ui};
use clap::Subcommand;
use std::{path::Path, process::ExitCode};

/// The register: who is who, which key holds which office, and since when not.
///
/// A new version is a draft first: a JSON file that these commands change and people read.
/// Roots sign it, each on their own machine if they like, into `DRAFT.signed`; the registrar
/// publishes that in the register's own log, under witnesses of at least two sectors. Nobody
/// believes a version that too few roots signed, or that no quorum witnessed.
///
/// Example, from cards to a register that others join:
///
///   portcullis register new v1.json --root alpha --root beta --root gamma --threshold 2 \
///     --days 365 --card registrar/card.json --card police/card.json --card uni/card.json
///   portcullis register sign v1.json --key alpha
///   portcullis register sign v1.json --key beta
///   portcullis register publish v1.json.signed
///   portcullis register export register.json
///   portcullis --dir police register trust sha256:… register.json
///
/// Whom a node does not believe, whatever the register says, stands in its `portcullis.toml`:
/// `distrusted_members`, `distrusted_keys` and `pinned` under `[trust]`.
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Register {
    New(edit::New),
    Next(edit::Next),
    AddMember(edit::AddMember),
    RemoveMember(edit::RemoveMember),
    AddOffice(edit::AddOffice),
    SetEndpoint(edit::SetEndpoint),
    SetQuorum(edit::SetQuorum),
    Revoke(edit::Revoke),
    RotateRoots(edit::RotateRoots),
    Renew(edit::Renew),
    Sign(sign::Sign),
    Publish(publish::Publish),
    Trust(publish::Trust),
    Import(publish::Import),
    Export(publish::Export),
    Fetch(publish::Fetch),
    Show(show::Show),
}

impl Register {
    pub(crate) fn run(self, dir: &Path, ui: &Ui) -> Answer {
        let home = Home::open(dir)?;
        match self {
            Self::New(command) => command.run(&home, *ui)?,
            Self::Next(command) => command.run(&home, *ui)?,
            Self::AddMember(command) => command.run(&home, *ui)?,
            Self::RemoveMember(command) => command.run(&home, *ui)?,
            Self::AddOffice(command) => command.run(&home, *ui)?,
            Self::SetEndpoint(command) => command.run(&home, *ui)?,
            Self::SetQuorum(command) => command.run(&home, *ui)?,
            Self::Revoke(command) => command.run(&home, *ui)?,
            Self::RotateRoots(command) => command.run(&home, *ui)?,
            Self::Renew(command) => command.run(&home, *ui)?,
            Self::Sign(command) => command.run(&home, *ui)?,
            Self::Publish(command) => command.run(&home, *ui)?,
            Self::Trust(command) => command.run(&home, *ui)?,
            Self::Import(command) => command.run(&home, *ui)?,
            Self::Export(command) => command.run(&home, *ui)?,
            Self::Fetch(command) => command.run(&home, *ui)?,
            Self::Show(command) => command.run(&home, *ui)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
