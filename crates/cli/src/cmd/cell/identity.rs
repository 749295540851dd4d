//! `portcullis cell identity`: which STIX identity is whose.

use super::{Desk, put, words};
use crate::{Answer, failure::Failure, ui::Ui};
use clap::{Args, Subcommand};
use portcullis_core::cell::{Command, ObjectId};
use serde_json::{Value, json};
use std::{path::Path, process::ExitCode};

/// STIX identities: `created_by_ref` names one, and only its member revokes what it created.
///
/// Example:
///
///   portcullis cell identity make --into indicators
///   portcullis cell identity bind identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Identity {
    Make(Make),
    Bind(Bind),
    Unbind(Unbind),
    /// Lists the identities that are bound, and to whom.
    ///
    /// Example: `portcullis cell identity list`
    List,
}

/// Makes an identity for this member, publishes it, and binds it.
///
/// Example: `portcullis cell identity make --into indicators`
#[derive(Args)]
pub(crate) struct Make {
    /// The collection: its alias, id or title.
    #[arg(long, value_name = "COLLECTION")]
    into: String,
}

/// Says that an identity is this member's: nobody else revokes what it created, here.
///
/// First come: who bound one keeps it. It need not be an object of this cell.
///
/// Example: `portcullis cell identity bind identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5`
#[derive(Args)]
pub(crate) struct Bind {
    /// `identity--…`.
    identity: ObjectId,
}

/// Takes back that an identity is this member's: it was a mistake, or belongs to another.
///
/// Afterwards whoever published an object that names it may revoke it; and whoever binds it next
/// counts as the creator of all of them. Objects stay as they are.
///
/// Example: `portcullis cell identity unbind identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5`
#[derive(Args)]
pub(crate) struct Unbind {
    /// `identity--…`, as `portcullis cell identity list` shows it.
    identity: ObjectId,
}

impl Identity {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        match self {
            Self::Make(command) => {
                let into = desk.collection(&command.into)?;
                let (identity, made) = desk.identity()?;
                if made.is_empty() {
                    ui.say(format_args!(
                        "this member has an identity already: {identity}"
                    ));
                    ui.answer(&json!({ "identity": identity, "new": false }));
                    return Ok(ExitCode::SUCCESS);
                }
                let done = put::publish(&desk, &into, &made)?;
                ui.say(format_args!("made and bound {identity}"));
                put::said(&done, ui);
                ui.answer(&json!({ "identity": identity, "new": true }));
                return Ok(put::exit(&done));
            }
            Self::Bind(command) => bind(&desk, &command.identity, ui)?,
            Self::Unbind(command) => unbind(&desk, &command.identity, ui)?,
            Self::List => list(&desk, ui),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn bind(desk: &Desk, identity: &ObjectId, ui: Ui) -> Result<(), Failure> {
    desk.perform(Command::BindIdentity {
        identity: identity.clone(),
    })?;
    ui.say(format_args!("{identity} is `{}`", desk.me.member));
    ui.answer(&json!({ "identity": identity.as_str(), "member": desk.me.member.as_str() }));
    Ok(())
}

fn unbind(desk: &Desk, identity: &ObjectId, ui: Ui) -> Result<(), Failure> {
    desk.perform(Command::UnbindIdentity {
        identity: identity.clone(),
    })?;
    ui.say(format_args!(
        "{identity} is bound to nobody; whoever binds it next counts as its creator"
    ));
    ui.answer(&json!({ "identity": identity.as_str(), "member": null }));
    Ok(())
}

fn list(desk: &Desk, ui: Ui) {
    let state = desk.state();
    let mut rows = Vec::new();
    for (identity, member) in state.identities() {
        ui.say(format_args!("{identity}  {member}"));
        rows.push(json!({ "identity": identity.as_str(), "member": member.as_str() }));
    }
    if rows.is_empty() {
        ui.say("no identity is bound; `portcullis cell identity bind` binds one");
    }
    ui.answer(&Value::Array(rows));
}

impl Desk {
    /// The identity that is bound to this member, if one is.
    pub(super) fn bound_identity(&self) -> Option<String> {
        let state = self.state();
        let mut all = state.identities().iter();
        let bound = all.find(|(_, member)| *member == state.me());
        bound.map(|(identity, _)| identity.as_str().to_owned())
    }

    /// The identity by which this member creates objects; made and bound if it has none. What
    /// was made is to be published first.
    pub(super) fn identity(&self) -> Result<(String, Vec<Value>), Failure> {
        if let Some(identity) = self.bound_identity() {
            return Ok((identity, Vec::new()));
        }
        let (id, object) = self.drawn_identity();
        let identity: ObjectId = id
            .parse()
            .map_err(|error| Failure::unable("cell.unfit", format!("{error}")))?;
        self.perform(Command::BindIdentity { identity })?;
        Ok((id, vec![object]))
    }

    /// A fresh identity of this member's, that is neither bound nor published.
    pub(super) fn drawn_identity(&self) -> (String, Value) {
        let id = format!("identity--{}", self.uuid());
        let time = words::stix_time(self.now());
        let object = json!({
            "type": "identity",
            "spec_version": "2.1",
            "id": id,
            "created": time,
            "modified": time,
            "name": self.home.config.title,
            "identity_class": "organization",
        });
        (id, object)
    }
}
