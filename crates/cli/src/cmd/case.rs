//! `portcullis case`: the queue, the docket, and a provider's answers.

mod answer;
mod list;
pub(crate) mod say;
mod show;
mod tell;
mod words;

use crate::{Answer, ui::Ui};
use clap::Subcommand;
use std::path::Path;

/// Cases: what waits, what was said, and what is answered item by item.
///
/// A provider answers every item of an order: as asked, in part, not at all, or with a challenge,
/// each with a reason code of the law. "We do not hold it" and "we cannot decrypt it" are answers.
///
/// Example:
///
///   portcullis case list
///   portcullis case show CASE
///   portcullis case accept CASE --items 1,2 --key response1
///   portcullis case decline CASE --items 3 --not-held --key response1
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Case {
    List(list::List),
    Show(show::Show),
    Accept(answer::Accept),
    Narrow(answer::Narrow),
    Challenge(answer::Challenge),
    Decline(answer::Decline),
    Ask(answer::Ask),
    Answer(answer::Reply),
    #[command(subcommand)]
    Inform(tell::Inform),
    ConfirmDestruction(tell::ConfirmDestruction),
    Unseal(tell::Unseal),
    TurnedAway(list::TurnedAway),
}

impl Case {
    pub(crate) fn run(self, dir: &Path, ui: &Ui) -> Answer {
        match self {
            Self::List(command) => command.run(dir, *ui),
            Self::Show(command) => command.run(dir, *ui),
            Self::Accept(command) => command.run(dir, *ui),
            Self::Narrow(command) => command.run(dir, *ui),
            Self::Challenge(command) => command.run(dir, *ui),
            Self::Decline(command) => command.run(dir, *ui),
            Self::Ask(command) => command.run(dir, *ui),
            Self::Answer(command) => command.run(dir, *ui),
            Self::Inform(command) => command.run(dir, *ui),
            Self::ConfirmDestruction(command) => command.run(dir, *ui),
            Self::Unseal(command) => command.run(dir, *ui),
            Self::TurnedAway(command) => command.run(dir, *ui),
        }
    }
}
