//! `portcullis case inform`, `confirm-destruction`, `unseal`.

use super::say::say;
use crate::{Answer, failure::Failure, home::Home, signer::SignArgs, ui::Ui};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use portcullis_core::{id::CaseId, statement::Event};
use std::path::Path;

/// Tells the person, or says until when it is delayed: by whoever the law names.
#[derive(Subcommand)]
pub(crate) enum Inform {
    /// The person was told.
    Given {
        case: CaseId,
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Telling the person is put off: with a reason code of the law, and an end.
    Delay {
        case: CaseId,
        /// A reason code of the law; an unknown one is answered with the list.
        #[arg(long, value_name = "CODE")]
        reason: String,
        /// Until when.
        #[arg(long, value_name = "TIME")]
        until: Timestamp,
        #[command(flatten)]
        sign: SignArgs,
    },
}

impl Inform {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let (case, sign, event) = match self {
            Self::Given { case, sign } => (case, sign, Event::InformationGiven),
            Self::Delay {
                case,
                reason,
                until,
                sign,
            } => (case, sign, Event::InformationDelayed { reason, until }),
        };
        let home = Home::open(dir)?;
        say(&home, &*home.node()?, &sign, Some(case), &event, None, ui)
    }
}

/// Confirms that what had crossed was destroyed, as instructed: at the authority.
#[derive(Args)]
pub(crate) struct ConfirmDestruction {
    case: CaseId,
    #[command(flatten)]
    sign: SignArgs,
}

impl ConfirmDestruction {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let home = Home::open(dir)?;
        let node = home.node()?;
        let case = node.view(self.case)?.case;
        let owed = case
            .packages
            .iter()
            .filter(|(_, package)| package.destruction_instructed && !package.destroyed);
        let packages: std::collections::BTreeSet<_> = owed.map(|(id, _)| *id).collect();
        if packages.is_empty() {
            return Err(Failure::refused(
                "package.nothing_to_destroy",
                "nobody instructed the destruction of anything in this case",
            ));
        }
        say(
            &home,
            &node,
            &self.sign,
            Some(self.case),
            &Event::DestructionConfirmed { packages },
            None,
            ui,
        )
    }
}

/// Opens the docket of a case whose secrecy has ended.
#[derive(Args)]
pub(crate) struct Unseal {
    case: CaseId,
    #[command(flatten)]
    sign: SignArgs,
}

impl Unseal {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let home = Home::open(dir)?;
        say(
            &home,
            &*home.node()?,
            &self.sign,
            Some(self.case),
            &Event::Unsealed,
            None,
            ui,
        )
    }
}
