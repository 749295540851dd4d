//! `portcullis order show`: an order, and the application behind it.

use super::{draft::SALT_BYTES, paper};
use crate::{Answer, failure::Failure, home::Home, ui::Ui};
use clap::Args;
use portcullis_ballot::Salt;
use portcullis_core::{digest::Digest, id::CaseId};
use portcullis_node::Viewed;
use std::{path::Path, process::ExitCode};

/// Shows an order as a person reads it: whose data, which, on which grounds, who approved, what is
/// unusual, what comes next.
#[derive(Args)]
pub(crate) struct Show {
    case: CaseId,
    /// Prints the application behind it instead; the provider does not have it.
    #[arg(long)]
    application: bool,
}

impl Show {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let home = Home::open(dir)?;
        let node = home.node()?;
        let viewed = node.view(self.case)?;
        if self.application {
            let text = String::from_utf8_lossy(application(&viewed)?).into_owned();
            ui.say(printable(&text).trim_end());
            ui.answer(&serde_json::json!({ "case": self.case.to_string(), "application": text }));
            return Ok(ExitCode::SUCCESS);
        }
        for line in paper::lines(&viewed, node.laws()) {
            ui.say(printable(&line));
        }
        ui.answer(&paper::json_of(&viewed, node.laws()));
        Ok(ExitCode::SUCCESS)
    }
}

/// The application's bytes, if they are here and are those that the order names.
fn application(viewed: &Viewed) -> Result<&[u8], Failure> {
    let attached = viewed
        .record
        .statements
        .first()
        .and_then(|draft| draft.attachment.as_deref());
    let attached = attached.ok_or_else(|| {
        Failure::refused(
            "application.not_here",
            "the application is not at this node",
        )
        .hint("it goes to the authority and the approvers alone")
    })?;
    let (salt, text) = attached.split_first_chunk::<SALT_BYTES>().ok_or_else(|| {
        Failure::false_(
            "application.false",
            "the attachment is too short to be an application",
        )
    })?;
    if Digest(Salt(*salt).digest(text)) == viewed.case.order.application {
        Ok(text)
    } else {
        let why = "the application that came with this order is not the one that the order names";
        Err(Failure::false_("application.false", why))
    }
}

/// Somebody else's text for a terminal: no control characters but line ends and tabs.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\n' && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}
