//! `portcullis case inform`, `confirm-destruction`, `unseal`.

use super::say::say;
use crate::{Answer, failure::Failure, home::Home, signer::SignArgs, ui::Ui};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use portcullis_core::{id::CaseId, statement::Event};
use std::{path::Path, process::ExitCode};

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

/// Opens the docket of a case whose secrecy has ended: basis, category, dates, outcome.
///
/// Says so in the case, if nobody has, and publishes the docket of every leaf of ours that is in
/// a cosigned tree, below `opened/` of the public files. Targets and grounds are in none of them.
/// Ask again after a tick for what came since. `portcullis inspect opened` checks such a file.
#[derive(Args)]
pub(crate) struct Unseal {
    case: CaseId,
    #[command(flatten)]
    sign: SignArgs,
}

impl Unseal {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let home = Home::open(dir)?;
        let node = home.node()?;
        if self.sign.print.is_some() {
            let event = Event::Unsealed;
            return say(&home, &node, &self.sign, Some(self.case), &event, None, ui);
        }
        let case = Some(self.case);
        // Of a case that was erased it is said which it is.
        let silent = node
            .view(self.case)
            .is_ok_and(|viewed| viewed.case.unsealed.is_none());
        let said = if silent {
            self.sign
                .say(&home, &node, case, &Event::Unsealed, None, &ui)?
        } else {
            None
        };
        let unsealing = node.open_dockets(self.case)?;
        if let Some(said) = &said {
            ui.say(format_args!(
                "{}  `unsealed` said\n  {}",
                said.case, said.digest
            ));
        }
        for path in &unsealing.opened {
            ui.say(format_args!("  {path}"));
        }
        ui.say(format_args!(
            "{} docket(s) opened, {} statement(s) or leaves wait for a tick",
            unsealing.opened.len(),
            unsealing.waiting
        ));
        if unsealing.erased > 0 {
            ui.say(format_args!(
                "{} leaf(s) cannot be opened: their salts were erased at the law's term",
                unsealing.erased
            ));
        }
        ui.answer(&serde_json::json!({
            "case": self.case.to_string(),
            "statement": said.map(|said| said.digest.to_string()),
            "kind": "unsealed",
            "opened": unsealing.opened,
            "waiting": unsealing.waiting,
            "erased": unsealing.erased,
        }));
        Ok(ExitCode::SUCCESS)
    }
}
