//! `portcullis cell pseudonym`: publishing without one's name, and looking behind it.

use super::Desk;
use crate::{Answer, failure::Failure, ui::Ui};
use clap::{Args, Subcommand};
use portcullis_core::{cell::Caller, member::MemberId};
use portcullis_node::cell::pseudonym::Opened;
use serde_json::{Value, json};
use std::{path::Path, process::ExitCode};

/// Pseudonyms: identities behind which a member publishes, and that only this cell can open.
///
/// A member has one for each collection; it puts the identity into `created_by_ref`, and everybody
/// else sees the cell as its publisher. Every opening is recorded.
///
/// Example:
///
///   portcullis cell pseudonym take --into incidents --member bank.example
///   portcullis cell pseudonym open identity--… --person "duty officer" --reason "the bank asks us to call it"
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Pseudonym {
    Take(Take),
    Open(Open),
    /// Lists the pseudonyms, without who is behind them, and who looked when and why.
    ///
    /// Example: `portcullis cell pseudonym list`
    List,
}

/// Takes, or shows again, the pseudonym of a member in a collection.
///
/// Example: `portcullis cell pseudonym take --into incidents --member bank.example`
#[derive(Args)]
pub(crate) struct Take {
    /// The collection: its alias, id or title.
    #[arg(long, value_name = "COLLECTION")]
    into: String,
    /// The member; this node's own, if not given.
    #[arg(long, value_name = "MEMBER")]
    member: Option<MemberId>,
}

/// Looks behind a pseudonym. Who looks, and why, is recorded before anything is shown.
///
/// Example: `portcullis cell pseudonym open identity--… --person "duty officer" --reason "the bank asks us to call it"`
#[derive(Args)]
pub(crate) struct Open {
    /// `identity--…`.
    identity: String,
    /// Who looks, by name.
    #[arg(long, value_name = "NAME")]
    person: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Pseudonym {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        match self {
            Self::Take(command) => command.run(&desk, ui)?,
            Self::Open(command) => command.run(&desk, ui)?,
            Self::List => list(&desk, ui),
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Take {
    fn run(self, desk: &Desk, ui: Ui) -> Result<(), Failure> {
        let into = desk.collection(&self.into)?;
        desk.known(self.member.as_slice())?;
        let caller = self.member.map_or_else(|| desk.me.clone(), Caller::node);
        let pseudonym = desk.cell.pseudonym(&caller, &into)?;
        ui.say(format_args!("{}", pseudonym.identity));
        ui.say("put it into `created_by_ref` of what is published under it, and name the member nowhere");
        ui.answer(
            &json!({ "identity": pseudonym.identity.as_str(), "collection": into.to_string() }),
        );
        Ok(())
    }
}

impl Open {
    fn run(self, desk: &Desk, ui: Ui) -> Result<(), Failure> {
        let opened =
            desk.cell
                .open_pseudonym(&desk.me, &self.identity, &self.person, &self.reason)?;
        // Law 9: where the node has a log, the opening is in it before anybody sees the name.
        let recorded = record(desk, &opened)?;
        ui.say(format_args!("{} is `{}`", self.identity, opened.member));
        ui.say(if recorded {
            "this opening is queued for the log"
        } else {
            "this opening stands in the cell's journal; this node has joined no register, and so has no log"
        });
        ui.answer(&json!({
            "identity": self.identity,
            "member": opened.member.as_str(),
            "collection": opened.collection.to_string(),
            "recorded": recorded,
        }));
        Ok(())
    }
}

/// Queues the opening's leaf, where the node has a log.
fn record(desk: &Desk, opened: &Opened) -> Result<bool, Failure> {
    if desk.home.anchor()?.is_none() {
        return Ok(false);
    }
    let node = desk.home.node()?;
    node.record_aside("cell-pseudonym-opened", opened.digest, &opened.word)?;
    Ok(true)
}

fn list(desk: &Desk, ui: Ui) {
    let state = desk.state();
    let mut rows = Vec::new();
    for (identity, held) in state.pseudonyms() {
        ui.say(format_args!("{identity}  since {:.0}", held.at));
        for opening in &held.openings {
            ui.say(format_args!(
                "    opened {:.0} by {}: {}",
                opening.at, opening.person, opening.reason
            ));
        }
        rows.push(json!({
            "identity": identity.as_str(),
            "since": held.at.to_string(),
            "openings": held.openings.iter().map(|opening| json!({
                "person": opening.person,
                "reason": opening.reason,
                "at": opening.at.to_string(),
            })).collect::<Vec<_>>(),
        }));
    }
    if rows.is_empty() {
        ui.say("nobody has taken a pseudonym here");
    }
    ui.answer(&Value::Array(rows));
}
