//! `portcullis case list` and `turned-away`: what waits here, and what our door refused.

use crate::{Answer, cmd::order::printable, failure::Failure, home::Home, ui::Ui};
use clap::Args;
use portcullis_core::member::MemberId;
use portcullis_store::{Cursor, Filter, QueueRow, view::PAGE_ROWS_MAX};
use std::{path::Path, process::ExitCode};

/// Lists the cases here, the one whose clock rings first at the top.
#[derive(Args)]
pub(crate) struct List {
    /// Only cases in this phase: drafted, approved, issued, served, received, answered, sealed,
    /// released, completed, refused, lapsed, withdrawn, expired, erased.
    #[arg(long)]
    phase: Option<String>,
    /// Only cases in which this member asks or is asked.
    #[arg(long, value_name = "MEMBER")]
    peer: Option<MemberId>,
    /// Urgent orders before all others.
    #[arg(long)]
    urgent: bool,
    /// How many.
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
    /// Goes on after this place, as the page before gave it.
    #[arg(long, value_name = "PLACE")]
    after: Option<String>,
}

impl List {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let node = Home::open(dir)?.node()?;
        let after: Option<Cursor> = self
            .after
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| Failure::usage("`--after` takes what the page before gave as `next`"))?;
        let filter = Filter {
            phase: self.phase,
            peer: self.peer,
            urgent_first: self.urgent,
        };
        let limit = self.limit.clamp(1, PAGE_ROWS_MAX);
        let page = node
            .store()
            .queue(&filter, after.as_ref(), limit)
            .map_err(portcullis_node::NodeError::from)?;
        if page.rows.is_empty() {
            ui.say("no cases");
        }
        let mut rows = Vec::new();
        for row in &page.rows {
            // What rings next has a name in the case itself; a case that cannot be read is shown without.
            let timer = node.view(row.case).ok().and_then(|viewed| {
                let next = viewed
                    .timers
                    .iter()
                    .find(|timer| Some(timer.at) >= row.summary.next_at && timer.at > node.now());
                next.map(|timer| format!("{} {}: {}", timer.kind, timer.what, timer.clause))
            });
            line(row, timer.as_deref(), ui);
            rows.push(json_of(row, timer.as_deref()));
        }
        let next = page.next.map(|cursor| cursor.to_string());
        if let Some(next) = &next {
            ui.say(format_args!("more: --after {next}"));
        }
        ui.answer(&serde_json::json!({ "cases": rows, "next": next }));
        Ok(ExitCode::SUCCESS)
    }
}

fn line(row: &QueueRow, timer: Option<&str>, ui: Ui) {
    let summary = &row.summary;
    let urgent = if summary.urgent { "  URGENT" } else { "" };
    ui.say(format_args!(
        "{}  {:9}  {}/{}{urgent}",
        row.case, summary.phase, summary.law, summary.rule
    ));
    ui.say(format_args!(
        "    {} to {}, opened {}",
        summary.authority, summary.provider, summary.opened_at
    ));
    if let Some(at) = summary.next_at {
        ui.say(format_args!("    {at}  {}", timer.unwrap_or("now")));
    }
}

fn json_of(row: &QueueRow, timer: Option<&str>) -> serde_json::Value {
    let summary = &row.summary;
    serde_json::json!({
        "case": row.case.to_string(),
        "phase": summary.phase,
        "title": summary.title,
        "law": summary.law,
        "rule": summary.rule,
        "authority": summary.authority.as_str(),
        "provider": summary.provider.as_str(),
        "urgent": summary.urgent,
        "opened_at": summary.opened_at.to_string(),
        "updated_at": summary.updated_at.to_string(),
        "next_at": summary.next_at.map(|at| at.to_string()),
        "timer": timer,
        "erased": row.erased,
    })
}

/// Lists what this node's door refused, newest first: who brought it, and by which rule it failed.
#[derive(Args)]
pub(crate) struct TurnedAway {
    /// How many.
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
}

impl TurnedAway {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let node = Home::open(dir)?.node()?;
        let list = node
            .store()
            .turned_away_list(self.limit)
            .map_err(portcullis_node::NodeError::from)?;
        if list.is_empty() {
            ui.say("nothing was turned away");
        }
        let mut rows = Vec::new();
        for entry in list {
            ui.say(printable(&format!(
                "{}  {}  {}\n    {}",
                entry.at, entry.peer, entry.code, entry.detail
            )));
            rows.push(serde_json::json!({
                "at": entry.at.to_string(), "peer": entry.peer.as_str(), "code": entry.code, "detail": entry.detail,
            }));
        }
        ui.answer(&serde_json::Value::Array(rows));
        Ok(ExitCode::SUCCESS)
    }
}
