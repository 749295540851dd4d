//! `portcullis cell mark`: who may see one object, said beside it.

use super::{Desk, words};
use crate::{Answer, failure::Failure, ui::Ui};
use clap::Args;
use portcullis_core::{
    cell::{Command, Marks, ObjectId, Tlp},
    member::MemberId,
};
use serde_json::json;
use std::{path::Path, process::ExitCode};

/// Sets another TLP of an object towards one group, or names who may have a TLP:RED object.
///
/// With `--to` the object may go to these members although it is TLP:RED; they see it where they
/// read its collection. Naming somebody nobody here has heard of is refused.
/// The object's bytes, and so its signature, stay as they are. Only who published it may say this.
///
/// Example:
///
///   portcullis cell mark indicator--… --group partners --tlp green
///   portcullis cell mark indicator--… --group partners --tlp none
///   portcullis cell mark report--… --to bank.example --to police.example
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Mark {
    /// The object: its id. All its versions are meant.
    object: ObjectId,
    /// Towards which group: its title or id.
    #[arg(long, value_name = "GROUP", requires = "tlp")]
    group: Option<String>,
    /// The label towards that group: clear, green, amber, amber+strict, red; `none` takes it back.
    #[arg(long, value_name = "LABEL", requires = "group", value_parser = perhaps_tlp)]
    tlp: Option<PerhapsTlp>,
    /// A member that may have it although it is TLP:RED. Repeat for several; they replace who was named before.
    #[arg(long, value_name = "MEMBER")]
    to: Vec<MemberId>,
}

/// A label, or `none`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct PerhapsTlp(Option<Tlp>);

fn perhaps_tlp(text: &str) -> Result<PerhapsTlp, String> {
    match text {
        "none" => Ok(PerhapsTlp(None)),
        text => words::tlp(text).map(|tlp| PerhapsTlp(Some(tlp))),
    }
}

impl Mark {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        if self.group.is_none() && self.to.is_empty() {
            return Err(Failure::usage("nothing to say of it was named").hint(
                "`--group GROUP --tlp LABEL` sets a label towards a group, `--to MEMBER` lets a member have it although it is TLP:RED",
            ));
        }
        let desk = Desk::open(dir)?;
        desk.known(&self.to)?;
        let publisher = desk.publisher(&self.object)?;
        if let (Some(group), Some(PerhapsTlp(tlp))) = (&self.group, self.tlp) {
            desk.perform(Command::Mark {
                object: self.object.clone(),
                publisher: publisher.clone(),
                group: desk.group(group)?,
                tlp,
            })?;
            match tlp {
                Some(tlp) => ui.say(format_args!("{} is {tlp} towards `{group}`", self.object)),
                None => ui.say(format_args!(
                    "{} is towards `{group}` as it is marked itself",
                    self.object
                )),
            }
        }
        if !self.to.is_empty() {
            desk.perform(Command::Address {
                object: self.object.clone(),
                publisher: publisher.clone(),
                recipients: self.to.iter().cloned().collect(),
            })?;
            let named: Vec<String> = self.to.iter().map(ToString::to_string).collect();
            ui.say(format_args!(
                "{} may go to {}",
                self.object,
                named.join(", ")
            ));
        }
        let state = desk.state();
        let marks = state.marks(self.object.as_str(), &publisher).cloned();
        ui.answer(&json!({ "object": self.object.as_str(), "publisher": publisher.as_str(), "marks": marks.as_ref().map(of) }));
        Ok(ExitCode::SUCCESS)
    }
}

/// What was said beside an object, for machines.
pub(super) fn of(marks: &Marks) -> serde_json::Value {
    json!({
        "groups": marks.groups.iter().map(|(group, tlp)| json!({ "group": group.to_string(), "tlp": tlp.as_str() })).collect::<Vec<_>>(),
        "recipients": marks.recipients.iter().map(MemberId::as_str).collect::<Vec<_>>(),
    })
}

impl Desk {
    /// Who published an object that is here.
    pub(super) fn publisher(&self, object: &ObjectId) -> Result<MemberId, Failure> {
        let found = self.versions(object.as_str())?;
        let ours = found
            .iter()
            .find(|found| found.label.publisher == self.me.member);
        let publisher = ours
            .or(found.first())
            .map(|found| found.label.publisher.clone());
        publisher.ok_or_else(|| super::not_here(object.as_str()))
    }
}
