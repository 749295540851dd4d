//! `portcullis order approve`, `refuse`, `issue`, `serve`, `withdraw`, `cancel`, `renew`.

use crate::{
    Answer,
    cmd::case::say::{office, say, words},
    failure::Failure,
    home::Home,
    signer::SignArgs,
    ui::Ui,
};
use clap::Args;
use portcullis_ballot::Salt;
use portcullis_core::{
    case::SubjectKind,
    digest::Digest,
    id::CaseId,
    office::Office,
    statement::{Approval, Event, Refused, Withdrawal},
};
use portcullis_node::{Generator, Viewed};
use std::path::{Path, PathBuf};

/// The longest note of an approver, in bytes.
const NOTE_BYTES_MAX: usize = 256 * 1024;

/// What is decided on: the order, unless one of these names something else.
#[derive(Args, Clone, Debug)]
#[group(required = false, multiple = false)]
struct SubjectArgs {
    /// Decides on the statement of this digest instead of the order.
    #[arg(long, value_name = "SHA256")]
    subject: Option<Digest>,
    /// Decides on the renewal that waits.
    #[arg(long)]
    renewal: bool,
    /// Decides on the Nth modification, from 1.
    #[arg(long, value_name = "N")]
    modification: Option<usize>,
}

impl SubjectArgs {
    fn digest(&self, viewed: &Viewed) -> Result<Digest, Failure> {
        let case = &viewed.case;
        let none = |what: String| {
            Failure::refused("order.nothing_to_approve", what)
                .hint("`portcullis order show CASE` lists what waits for approval")
        };
        if let Some(digest) = self.subject {
            return Ok(digest);
        }
        if self.renewal {
            let mut renewals = case
                .subjects
                .iter()
                .rev()
                .filter(|subject| subject.kind == SubjectKind::Renewal);
            return renewals
                .next()
                .map(|subject| subject.digest)
                .ok_or_else(|| none("no renewal was asked for in this case".into()));
        }
        if let Some(number) = self.modification {
            let mut changes = case
                .subjects
                .iter()
                .filter(|subject| matches!(subject.kind, SubjectKind::Modification(_)));
            let nth = number.checked_sub(1).and_then(|nth| changes.nth(nth));
            return nth
                .map(|subject| subject.digest)
                .ok_or_else(|| none(format!("there is no modification {number} in this case")));
        }
        Ok(case.order_digest)
    }
}

/// Approves an order, a renewal or a modification: its exact bytes, in an office that the law names.
///
/// Read it first: `portcullis order show CASE --application`.
///
/// Example: `portcullis order approve CASE --as judicial_commissioner --key judge1`
#[derive(Args)]
pub(crate) struct Approve {
    case: CaseId,
    /// In which office.
    #[arg(long = "as", value_name = "OFFICE", value_parser = office)]
    office: Office,
    /// Whose decision this is, where the law lets an official sign somebody's decision, and says so.
    #[arg(long, value_name = "NAME", value_parser = words)]
    signed_for: Option<String>,
    #[command(flatten)]
    subject: SubjectArgs,
    #[command(flatten)]
    sign: SignArgs,
}

impl Approve {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let home = Home::open(dir)?;
        let node = home.node()?;
        let subject = self.subject.digest(&node.view(self.case)?)?;
        let event = Event::Approved(Approval {
            subject,
            office: self.office,
            signed_for: self.signed_for,
        });
        say(&home, &node, &self.sign, Some(self.case), &event, None, ui)
    }
}

/// Refuses an order, a renewal or a modification, with a reason code of the law.
///
/// A refused order has ended. The note, in words, goes to the authority and the approvers, never
/// to the provider.
///
/// Example: `portcullis order refuse CASE --as judge --reason too_broad --note why.md --key judge1`
#[derive(Args)]
pub(crate) struct Refuse {
    case: CaseId,
    /// In which office.
    #[arg(long = "as", value_name = "OFFICE", value_parser = office)]
    office: Office,
    /// A reason code of the law; an unknown one is answered with the list.
    #[arg(long, value_name = "CODE")]
    reason: String,
    /// The reasons in words: a text file.
    #[arg(long, value_name = "FILE")]
    note: Option<PathBuf>,
    /// What has crossed already on the urgent path is to be destroyed.
    #[arg(long)]
    destroy: bool,
    #[command(flatten)]
    subject: SubjectArgs,
    #[command(flatten)]
    sign: SignArgs,
}

impl Refuse {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let home = Home::open(dir)?;
        let node = home.node()?;
        let subject = self.subject.digest(&node.view(self.case)?)?;
        let written = self
            .note
            .as_deref()
            .map(|file| super::file::read_bounded(file, NOTE_BYTES_MAX))
            .transpose()?;
        let salt = Salt::draw(&mut Generator(&home.env));
        let attachment = written.as_ref().map(|text| [&salt.0[..], text].concat());
        let event = Event::Refused(Refused {
            subject,
            office: self.office,
            reason: self.reason,
            note: written.as_ref().map(|text| Digest(salt.digest(text))),
            destroy: self.destroy,
        });
        say(
            &home,
            &node,
            &self.sign,
            Some(self.case),
            &event,
            attachment.as_deref(),
            ui,
        )
    }
}

/// One statement about the order as a whole.
#[derive(Args)]
struct Plain {
    case: CaseId,
    #[command(flatten)]
    sign: SignArgs,
}

impl Plain {
    fn say(self, dir: &Path, ui: Ui, event: impl FnOnce(&Viewed) -> Event) -> Answer {
        let home = Home::open(dir)?;
        let node = home.node()?;
        let event = event(&node.view(self.case)?);
        say(&home, &node, &self.sign, Some(self.case), &event, None, ui)
    }
}

/// Issues an approved order: by whoever the law names for it.
#[derive(Args)]
pub(crate) struct Issue {
    #[command(flatten)]
    plain: Plain,
}

impl Issue {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        self.plain.say(dir, ui, |viewed| Event::Issued {
            order: viewed.case.order_digest,
            urgent: viewed.case.order.urgency.is_some(),
        })
    }
}

/// Serves an issued order: from now on the provider's node gets it.
#[derive(Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    plain: Plain,
}

impl Serve {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        self.plain.say(dir, ui, |viewed| Event::Served {
            order: viewed.case.order_digest,
        })
    }
}

/// Takes an order back, at the authority that asked for it.
#[derive(Args)]
pub(crate) struct Withdraw {
    #[command(flatten)]
    plain: Plain,
}

impl Withdraw {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        self.plain
            .say(dir, ui, |_| Event::Withdrawn(Withdrawal::Withdrawn))
    }
}

/// Cancels an order that is no longer needed: by whoever the law says must.
#[derive(Args)]
pub(crate) struct Cancel {
    #[command(flatten)]
    plain: Plain,
}

impl Cancel {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        self.plain
            .say(dir, ui, |_| Event::Withdrawn(Withdrawal::Cancelled))
    }
}

/// Renews an order in force, anew from the end that it has; approvals may be needed after it.
#[derive(Args)]
pub(crate) struct Renew {
    #[command(flatten)]
    plain: Plain,
}

impl Renew {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        self.plain.say(dir, ui, |viewed| Event::Renewed {
            order: viewed.case.order_digest,
        })
    }
}
