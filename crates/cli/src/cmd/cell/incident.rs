//! `portcullis cell incident`: what happened to us, so that the others can act.

mod form;
mod objects;
mod template;

use super::{Desk, put, words};
use crate::{Answer, failure::Failure, ui::Ui};
use clap::{Args, Subcommand, ValueEnum};
use form::Form;
use objects::Frame;
use portcullis_core::cell::Tlp;
use portcullis_node::Env as _;
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Reports an incident of one's own, with what others need to act on it.
///
/// `template` prints a file to fill in; `publish` makes STIX of it: an incident (with OASIS'
/// incident core and an extension for what is asked of others), an indicator for everything that
/// was seen of the attacker, and what ties them together.
///
/// Example:
///
///   portcullis cell incident template service-flooded > flood.toml
///   portcullis cell incident publish flood.toml --into alerts --tlp amber
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Incident {
    Template(Template),
    Publish(Publish),
}

/// What happened.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// An account of our organisation is in somebody else's hands.
    AccountTakenOver,
    /// Data were taken.
    DataStolen,
    /// A service is flooded.
    ServiceFlooded,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::AccountTakenOver => "account-taken-over",
            Self::DataStolen => "data-stolen",
            Self::ServiceFlooded => "service-flooded",
        }
    }
}

/// Prints a file to fill in, with what each field is for. It needs no node.
///
/// Example: `portcullis cell incident template account-taken-over > account.toml`
#[derive(Args)]
pub(crate) struct Template {
    /// What happened.
    kind: Kind,
}

/// Publishes an incident that was filled in.
///
/// Every object carries the marking of `--tlp`; who reads the collection, and who of them this
/// label reaches, `portcullis cell collection show` says before.
///
/// Example: `portcullis cell incident publish flood.toml --into alerts --tlp amber`
#[derive(Args)]
pub(crate) struct Publish {
    /// The file; `-` is standard input.
    file: PathBuf,
    /// The collection: its alias, id or title.
    #[arg(long, value_name = "COLLECTION")]
    into: String,
    /// Who may see it: clear, green, amber, amber+strict, red.
    #[arg(long, value_name = "LABEL", value_parser = words::tlp)]
    tlp: Tlp,
    /// Says something new of an incident published before: its id. List under `[[seen]]` what is new.
    #[arg(long, value_name = "INCIDENT")]
    again: Option<String>,
}

impl Incident {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        match self {
            Self::Template(template) => {
                template.run(ui);
                Ok(ExitCode::SUCCESS)
            }
            Self::Publish(publish) => publish.run(dir, ui),
        }
    }
}

impl Template {
    fn run(&self, ui: Ui) {
        let now = crate::clock::SystemEnv.now();
        let text = template::template(self.kind, &format!("{now:.0}"));
        ui.say(text.trim_end());
        ui.answer(&serde_json::json!({ "kind": self.kind.as_str(), "template": text }));
    }
}

impl Publish {
    fn run(self, dir: &Path, ui: Ui) -> Answer {
        let bytes = super::import::source::read(&self.file)?;
        let wrong = |why: String| {
            Failure::usage(format!("`{}`: {why}", self.file.display()))
                .hint("`portcullis cell incident template KIND` prints a file with explanations")
        };
        let text = String::from_utf8(bytes).map_err(|_| wrong("it is no text".into()))?;
        let form = Form::read(&text).map_err(wrong)?;
        let desk = Desk::open(dir)?;
        let into = desk.collection(&self.into)?;
        let (author, made) = desk.identity()?;
        let now = desk.now();
        let (incident, created) = match &self.again {
            None => (format!("incident--{}", desk.uuid()), now),
            Some(id) => (id.clone(), desk.created_of(id)?),
        };
        let marking = put::marking(self.tlp);
        let frame = Frame {
            author: &author,
            marking: Some(marking),
            incident: incident.clone(),
            created,
            now,
        };
        let mut objects = objects::objects(&form, &frame, &mut || desk.uuid()).map_err(wrong)?;
        objects.splice(0..0, made);
        let done = put::publish(&desk, &into, &objects)?;
        ui.say(format_args!(
            "published {incident} ({}, {}) with {}",
            form.kind.as_str(),
            self.tlp,
            words::count(form.seen.len(), "indicator")
        ));
        put::said(&done, ui);
        ui.say(format_args!(
            "who was served it: `portcullis cell who {incident}`; to ask about it: `portcullis cell ask`"
        ));
        ui.answer(&serde_json::json!({
            "incident": incident,
            "collection": into.to_string(),
            "objects": put::ids(&objects),
            "done": put::json(&done),
        }));
        Ok(put::exit(&done))
    }
}
