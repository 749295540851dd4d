//! `portcullis cell recall`, `confirm` and `recalls`: asking back what was sent, and who complied.

use super::{Desk, find, words};
use crate::{Answer, failure::Failure, ui::Ui};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use portcullis_core::cell::{
    ObjectId, RecallId,
    recall::{Complied, Recall as Held},
};
use serde_json::{Value, json};
use std::{path::Path, process::ExitCode};

/// Asks an object back, with a reason, from everybody who was served it.
///
/// Members are asked through their nodes, and each confirms or is listed as not yet; clients that
/// speak nothing but TAXII see the revoked version. Only who published it may. Asked for again, it asks
/// nobody who has answered, unless something of it was published and served since.
///
/// Example: `portcullis cell recall indicator--… --reason "our own scanner, not the attacker's" --by 2d`
#[derive(Args)]
pub(crate) struct Recall {
    /// The object: its id. All its versions that this member published are meant.
    object: ObjectId,
    /// Why, for everybody who was served it.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// When everybody should have confirmed: a span from now such as `12h` or `2d`, or an instant; a day is its midnight in UTC.
    #[arg(long, value_name = "TIME", default_value = "3d")]
    by: String,
}

/// Answers a recall: what this member did with its copies.
///
/// Example: `portcullis cell confirm rcl_… removed`
#[derive(Args)]
pub(crate) struct Confirm {
    /// The recall, as `portcullis cell recalls` shows it.
    recall: RecallId,
    /// What was done.
    how: How,
    /// In words; needed where it is kept.
    #[arg(long, value_name = "TEXT", required_if_eq("how", "kept"))]
    note: Option<String>,
}

/// What was done with the copies.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum How {
    /// Every copy we know of is gone.
    Removed,
    /// We hold none.
    NotHeld,
    /// We keep it, for a reason.
    Kept,
}

impl From<How> for Complied {
    fn from(how: How) -> Self {
        match how {
            How::Removed => Self::Removed,
            How::NotHeld => Self::NotHeld,
            How::Kept => Self::Kept,
        }
    }
}

/// Lists recalls, ours and those that reached us: who has confirmed, who has not, who is late.
///
/// Example:
///
///   portcullis cell recalls
///   portcullis cell recalls rcl_…
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Recalls {
    /// One alone, with every member.
    recall: Option<RecallId>,
    /// Settled ones, too.
    #[arg(long)]
    all: bool,
}

impl Recall {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        // Also what was recalled before, and left no revoked version.
        if desk.cell.numbers_of(self.object.as_str()).is_empty() {
            return Err(super::not_here(self.object.as_str()));
        }
        let before = desk.state();
        let due = words::deadline(&self.by, desk.now()).map_err(Failure::usage)?;
        let recall =
            desk.cell
                .recall(&desk.me, self.object.as_str(), &[], &self.reason, Some(due))?;
        let state = desk.state();
        let held = state.recalls().get(&recall).ok_or_else(unknown)?;
        let object = &self.object;
        match before.recalls().get(&recall) {
            None => ui.say(format_args!("{object} is recalled: {recall}")),
            Some(earlier) => {
                ui.say(format_args!(
                    "{object} was recalled at {}, and nothing of it was published since: {recall}",
                    earlier.at
                ));
                again(earlier, held, ui);
            }
        }
        members(held, desk.now(), ui);
        ui.answer(&json_of(&recall, held));
        Ok(ExitCode::SUCCESS)
    }
}

/// Says of a recall that is asked for again whom it asks now.
fn again(earlier: &Held, held: &Held, ui: Ui) {
    let more = held.asked.len() - earlier.asked.len();
    if 0 < more {
        let more = words::count(more, "member");
        ui.say(format_args!("  {more} served it meanwhile: asked now, too"));
    }
    let answers = held.asked.values().flatten().map(|said| said.at);
    match (held.open().count(), answers.max()) {
        (0, Some(last)) => ui.say(format_args!(
            "  all have answered, the last at {last}; nobody is asked again"
        )),
        (0, None) => {}
        (open, _) => ui.say(format_args!(
            "  {open} of {} have not answered",
            held.asked.len()
        )),
    }
}

impl Confirm {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        desk.cell
            .confirm_recall(&desk.me, self.recall, self.how.into(), self.note)?;
        let state = desk.state();
        let held = state.recalls().get(&self.recall).ok_or_else(unknown)?;
        ui.say(format_args!(
            "{}: this member has answered `{}`; `{}` is told",
            held.object,
            Complied::from(self.how).as_str(),
            held.by.member
        ));
        ui.answer(&json_of(&self.recall, held));
        Ok(ExitCode::SUCCESS)
    }
}

impl Recalls {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        let (state, now) = (desk.state(), desk.now());
        if let Some(id) = self.recall {
            let held = state.recalls().get(&id).ok_or_else(unknown)?;
            ui.say(format_args!(
                "{}  recalled by {} at {}",
                held.object, held.by.member, held.at
            ));
            ui.say(format_args!("  {}", held.reason));
            members(held, now, ui);
            ui.answer(&json_of(&id, held));
            return Ok(ExitCode::SUCCESS);
        }
        let mut rows = Vec::new();
        for (id, held) in state.recalls() {
            let open = held.open().count();
            if open == 0 && !self.all {
                continue;
            }
            ui.say(format_args!(
                "{id}  {}  {}, due {}",
                held.object,
                stands(held, now),
                held.due
            ));
            rows.push(json_of(id, held));
        }
        if rows.is_empty() {
            let recalls = state.recalls().values();
            match recalls
                .filter(|held| 0 < answered(held, Complied::Kept))
                .count()
            {
                0 => ui.say("no recall is open"),
                kept => ui.say(format_args!(
                    "no recall is open; of {} a copy is KEPT: `portcullis cell recalls --all`",
                    words::count(kept, "recall")
                )),
            }
        }
        ui.answer(&Value::Array(rows));
        Ok(ExitCode::SUCCESS)
    }
}

fn unknown() -> Failure {
    Failure::refused("cell.unknown_recall", "there is no such recall")
        .hint("`portcullis cell recalls --all` shows them")
}

/// How many have answered that.
fn answered(held: &Held, how: Complied) -> usize {
    let answers = held.asked.values().flatten();
    answers.filter(|said| said.how == how).count()
}

/// How many have done what, and how many have not answered, in time or not.
pub(super) fn stands(held: &Held, now: Timestamp) -> String {
    let counts = [
        (answered(held, Complied::Removed), "removed"),
        (answered(held, Complied::NotHeld), "not held"),
        (answered(held, Complied::Kept), "KEPT"),
        (held.open().count(), silent(held, now)),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if counts.is_empty() {
        "nobody else was served it".to_owned()
    } else {
        counts.join(", ")
    }
}

/// What is said of who has not answered.
fn silent(held: &Held, now: Timestamp) -> &'static str {
    if held.overdue(now) { "LATE" } else { "NOT YET" }
}

fn members(held: &Held, now: Timestamp, ui: Ui) {
    if held.asked.is_empty() {
        ui.say("  nobody else was served it");
    }
    for (member, said) in &held.asked {
        match said {
            None => ui.say(format_args!(
                "  {member:32} {}, due {}",
                silent(held, now),
                held.due
            )),
            Some(said) => ui.say(format_args!(
                "  {member:32} {} at {}{}",
                said.how.as_str(),
                said.at,
                said.note
                    .as_deref()
                    .map(|note| format!(": {note}"))
                    .unwrap_or_default()
            )),
        }
    }
}

fn json_of(id: &RecallId, held: &Held) -> Value {
    json!({
        "id": id.to_string(),
        "object": held.object.as_str(),
        "versions": held.versions.iter().copied().map(find::instant).collect::<Vec<_>>(),
        "reason": held.reason,
        "by": held.by.member.as_str(),
        "at": held.at.to_string(),
        "due": held.due.to_string(),
        "members": held.asked.iter().map(|(member, said)| json!({
            "member": member.as_str(),
            "confirmed": said.as_ref().map(|said| json!({ "how": said.how.as_str(), "note": said.note, "at": said.at.to_string() })),
        })).collect::<Vec<_>>(),
        "open": held.open().count(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_core::cell::{By, recall::Confirmed};

    #[test]
    fn whoever_keeps_a_copy_and_whoever_is_late_is_counted() {
        let at: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let due: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let answers = [
            ("a.example", Some(Complied::Removed)),
            ("b.example", Some(Complied::Kept)),
            ("c.example", Some(Complied::NotHeld)),
            ("d.example", None),
            ("e.example", None),
        ];
        let said = |how| Confirmed {
            how,
            note: None,
            at,
        };
        let asked = answers
            .into_iter()
            .map(|(member, how)| (member.parse().unwrap(), how.map(said)))
            .collect();
        let held = Held {
            object: "indicator--00000000-0000-4000-8000-000000000001"
                .parse()
                .unwrap(),
            versions: Vec::new(),
            under: None,
            reason: "wrong".to_owned(),
            by: By {
                member: "csirt.example".parse().unwrap(),
                account: None,
            },
            at,
            due,
            asked,
        };
        let answered = "1 removed, 1 not held, 1 KEPT";
        assert_eq!(stands(&held, at), format!("{answered}, 2 NOT YET"));
        assert_eq!(stands(&held, due), format!("{answered}, 2 LATE"));
        let nobody = Held {
            asked: [].into(),
            ..held
        };
        assert_eq!(stands(&nobody, due), "nobody else was served it");
    }
}
