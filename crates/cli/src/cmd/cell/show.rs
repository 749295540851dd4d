//! `portcullis cell show`: one object, everything that is known of it.

mod light;

use super::{Desk, find, mark, notices, recall};
use crate::{Answer, failure::Failure, ui::Ui};
use clap::Args;
use jiff::Timestamp;
use portcullis_core::cell::{ObjectId, State};
use portcullis_node::cell::{Found, review::Holding};
use serde_json::{Value, json};
use std::{path::Path, process::ExitCode};

/// Shows an object: its text, versions, marking and why it goes no wider, who published it and whether
/// that is proved, and what others say of it: sightings, opinions, notes, recalls.
///
/// Example: `portcullis cell show indicator--ce02123b-f44b-4ace-b659-1dc32c547e10`
///
/// What is tied to it: `portcullis cell search --campaign ID`.
#[derive(Args)]
pub(crate) struct Show {
    /// The object's id.
    object: ObjectId,
    /// Prints the bytes as they came in, and nothing else.
    #[arg(long)]
    bytes: bool,
}

impl Show {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        let id = self.object.as_str();
        let versions = desk.versions(id)?;
        let newest = versions.first().ok_or_else(|| super::not_here(id))?;
        if self.bytes {
            crate::ui::print(format_args!("{}", String::from_utf8_lossy(&newest.bytes)));
            return Ok(ExitCode::SUCCESS);
        }
        let object: Value = serde_json::from_slice(&newest.bytes).unwrap_or_default();
        ui.say(format_args!("{object:#}"));
        ui.say("");
        let revoked = object["revoked"] == true;
        if revoked {
            ui.say("REVOKED: its creator takes it back");
        }
        let mut rows = Vec::new();
        for version in &versions {
            let proved = desk.vouched(version)?;
            let holding = desk.cell.holding(version);
            let expired = if find::is_expired(&desk, version) {
                "  EXPIRED"
            } else {
                ""
            };
            ui.say(format_args!(
                "version {}  in `{}` since {}  {}{expired}",
                version_text(version),
                find::alias(&desk, &version.collection),
                find::instant(version.added_us),
                version.label.tlp
            ));
            ui.say(format_args!(
                "  by {}: {}",
                version.label.publisher, proved.0
            ));
            if let Some(holding) = &holding {
                ui.say(format_args!("  {}", held(holding)));
            }
            let light = light::say(&desk, version, ui)?;
            rows.push(json!({
                "version": version_text(version),
                "collection": version.collection.to_string(),
                "added": find::instant(version.added_us),
                "tlp": version.label.tlp.as_str(),
                "light": light,
                "publisher": version.label.publisher.as_str(),
                "held": version.label.held,
                "holding": holding.as_ref().map(holding_json),
                "expired": find::is_expired(&desk, version),
                "provenance": proved.1,
            }));
        }
        let state = desk.state();
        let marks = state.marks(id, &newest.label.publisher);
        if let Some(marks) = marks {
            for (group, tlp) in &marks.groups {
                ui.say(format_args!(
                    "marked {tlp} towards {}",
                    group_title(&state, group)
                ));
            }
            for member in &marks.recipients {
                ui.say(format_args!("may go to {member}"));
            }
        }
        let said = desk.cell.replies_to(&desk.me, id)?;
        for one in &said {
            ui.say(notices::line(one));
        }
        let recalls = recalls((&state, desk.now()), id, ui);
        ui.answer(&json!({
            "object": object,
            "revoked": revoked,
            "versions": rows,
            "marks": marks.map(mark::of),
            "said": said.iter().map(notices::json_of).collect::<Vec<_>>(),
            "recalls": recalls,
        }));
        Ok(ExitCode::SUCCESS)
    }
}

/// Why a version crosses no line, and what to do about it.
fn held(holding: &Holding) -> String {
    match holding {
        Holding::Waits(review) => {
            format!("HELD until a person decides: `portcullis cell review show {review}`")
        }
        Holding::Withheld(review, decided) => format!(
            "REFUSED by {} at {}: {} ({review})",
            decided.person, decided.at, decided.reason
        ),
        Holding::Apart => "APART: it names people, or what is on a warning list, and nobody was asked yet: a person is once somebody across a border, or an authority, reads it; or as those are decided on that wait before it".to_owned(),
    }
}

fn holding_json(holding: &Holding) -> Value {
    match holding {
        Holding::Apart => json!({ "stands": "apart" }),
        Holding::Waits(review) => json!({ "stands": "waits", "review": review.to_string() }),
        Holding::Withheld(review, decided) => json!({
            "stands": "refused",
            "review": review.to_string(),
            "person": decided.person,
            "at": decided.at.to_string(),
            "reason": decided.reason,
        }),
    }
}

fn recalls((state, now): (&State, Timestamp), id: &str, ui: Ui) -> Vec<Value> {
    let mut rows = Vec::new();
    for (recall, held) in state.recalls_of(id) {
        let open = held.open().count();
        ui.say(format_args!(
            "RECALLED by {} at {}: {} ({})",
            held.by.member,
            held.at,
            held.reason,
            recall::stands(held, now)
        ));
        rows.push(json!({
            "recall": recall.to_string(),
            "by": held.by.member.as_str(),
            "reason": held.reason,
            "at": held.at.to_string(),
            "asked": held.asked.len(),
            "open": open,
        }));
    }
    rows
}

fn group_title(state: &State, id: &portcullis_core::cell::GroupId) -> String {
    let group = state.groups().get(id);
    group.map_or_else(|| id.to_string(), |group| format!("`{}`", group.title))
}

fn version_text(found: &Found) -> String {
    if found.version_us == i64::MIN {
        "–".to_owned()
    } else {
        find::instant(found.version_us)
    }
}

impl Desk {
    /// All versions of an object in all collections, those past their time too; the newest first.
    pub(super) fn versions(&self, id: &str) -> Result<Vec<Found>, Failure> {
        let mut found = self.cell.versions_of(&self.me, id, true)?;
        found.sort_by_key(|one| std::cmp::Reverse((one.version_us, one.added_us)));
        Ok(found)
    }

    /// Whose node vouches for a version, for people and for machines.
    fn vouched(&self, found: &Found) -> Result<(String, Value), Failure> {
        let Some(view) = self.cell.provenance_view(&found.collection, found.number)? else {
            return Ok(("nobody vouches for it".into(), Value::Null));
        };
        let text = format!(
            "signed by {} at {}, {}",
            view.signed_by, view.signed_at, view.sha256
        );
        let json = json!({
            "signed_by": view.signed_by.as_str(),
            "publisher": view.publisher,
            "signed_at": view.signed_at.to_string(),
            "sha256": view.sha256.to_string(),
        });
        Ok((text, json))
    }

    /// When an object was first created, as it says itself.
    pub(super) fn created_of(&self, id: &str) -> Result<jiff::Timestamp, Failure> {
        let versions = self.versions(id)?;
        let newest = versions.first().ok_or_else(|| super::not_here(id))?;
        let object: Value = serde_json::from_slice(&newest.bytes).unwrap_or_default();
        let created = object["created"]
            .as_str()
            .and_then(|text| text.parse().ok());
        created.ok_or_else(|| {
            Failure::refused(
                "cell.unfit",
                format!("`{id}` does not say when it was created"),
            )
        })
    }
}
