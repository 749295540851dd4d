//! `portcullis order`: from a draft to a verdict.

mod act;
mod draft;
mod file;
mod modify;
mod paper;
mod show;
mod template;
mod verify;

pub(crate) use paper::{item_state, span};
pub(crate) use show::printable;

use crate::{Answer, ui::Ui};
use clap::Subcommand;
use std::path::Path;

/// Orders: draft, approve, issue, serve, change, and judge them.
///
/// An order is drafted at the authority, approved at the approvers' own nodes in the law's
/// sequence, issued and served; the provider's node takes it in with a verdict of its own.
///
/// Example, a search warrant from its draft to its service, at three nodes:
///
///   portcullis order template us-sca/warrant-2703a > warrant.toml
///   portcullis order draft warrant.toml --application grounds.md --key officer1
///   portcullis --dir court order approve CASE --as judge --key judge1
///   portcullis --dir court order issue CASE --key judge1
///   portcullis order serve CASE --key serving
///
/// Anybody judges a bundle of it, without a network and without a node:
///
///   portcullis order verify bundle.json --register register.json --register-id sha256:…
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Order {
    Template(template::Template),
    Draft(draft::Draft),
    Show(show::Show),
    Approve(act::Approve),
    Refuse(act::Refuse),
    Issue(act::Issue),
    Serve(act::Serve),
    Withdraw(act::Withdraw),
    Cancel(act::Cancel),
    Renew(act::Renew),
    Modify(modify::Modify),
    Verify(verify::Verify),
    Bundle(verify::Write),
}

impl Order {
    pub(crate) fn run(self, dir: &Path, ui: &Ui) -> Answer {
        match self {
            Self::Template(command) => command.run(dir, *ui),
            Self::Draft(command) => command.run(dir, *ui),
            Self::Show(command) => command.run(dir, *ui),
            Self::Approve(command) => command.run(dir, *ui),
            Self::Refuse(command) => command.run(dir, *ui),
            Self::Issue(command) => command.run(dir, *ui),
            Self::Serve(command) => command.run(dir, *ui),
            Self::Withdraw(command) => command.run(dir, *ui),
            Self::Cancel(command) => command.run(dir, *ui),
            Self::Renew(command) => command.run(dir, *ui),
            Self::Modify(command) => command.run(dir, *ui),
            Self::Verify(command) => command.run(dir, *ui),
            Self::Bundle(command) => command.run(dir, *ui),
        }
    }
}
