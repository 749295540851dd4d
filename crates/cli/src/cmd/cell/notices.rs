//! `portcullis cell notices`: what others say of what this member published.

use super::{Desk, find, words};
use crate::{Answer, ui::Ui};
use clap::Args;
use jiff::Timestamp;
use portcullis_node::cell::question::ReplyTo;
use serde_json::{Value, json};
use std::{path::Path, process::ExitCode};

/// Shows what others say of this member's objects: sightings, opinions, notes; false positives first.
///
/// Example: `portcullis cell notices --since 2026-11-01`
#[derive(Args)]
pub(crate) struct Notices {
    /// Said since then: an instant, or a day, which is its midnight in UTC.
    #[arg(long, value_name = "DAY|TIME", value_parser = words::instant)]
    since: Option<Timestamp>,
}

impl Notices {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        let since = self.since.map(Timestamp::as_microsecond);
        let mut notices = desk.cell.notices(&desk.me, since)?;
        notices.sort_by_key(|one| !one.false_positive);
        for one in &notices {
            ui.say(format_args!("{}\n    {}", one.object, line(one)));
        }
        if notices.is_empty() {
            ui.say("nobody has said anything of what this member published");
        }
        ui.answer(&Value::Array(notices.iter().map(json_of).collect()));
        Ok(ExitCode::SUCCESS)
    }
}

/// What somebody says of an object, on a line.
pub(super) fn line(reply: &ReplyTo) -> String {
    let says = match (reply.count, &reply.opinion, &reply.content) {
        (Some(count), _, _) => format!("seen {count} times"),
        (_, Some(opinion), None) => opinion.clone(),
        (_, Some(opinion), Some(why)) => format!("{opinion}: {}", short(why)),
        (_, None, Some(content)) => short(content),
        _ => String::new(),
    };
    let wrong = if reply.false_positive {
        "FALSE POSITIVE  "
    } else {
        ""
    };
    format!(
        "{wrong}{} by {} at {}: {says}  {}",
        reply.kind,
        reply.publisher,
        find::instant(reply.added_us),
        reply.id
    )
}

/// The beginning of a text, on a line.
fn short(text: &str) -> String {
    let shown = text.chars().take(80);
    shown
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// The same for machines.
pub(super) fn json_of(reply: &ReplyTo) -> Value {
    json!({
        "object": reply.object,
        "id": reply.id,
        "kind": reply.kind,
        "collection": reply.collection.to_string(),
        "publisher": reply.publisher.as_str(),
        "added": find::instant(reply.added_us),
        "count": reply.count,
        "opinion": reply.opinion,
        "content": reply.content,
        "false_positive": reply.false_positive,
    })
}
