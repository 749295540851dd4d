//! `portcullis cell wrapper`: the dated legal bases on which things leave.

use super::{Desk, words};
use crate::{Answer, failure::Failure, ui::Ui};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use portcullis_core::cell::Command;
use serde_json::{Value, json};
use std::{path::Path, process::ExitCode};

/// Legal bases: a clause with its dates. A collection that names one serves nobody else outside these dates.
///
/// Example:
///
///   portcullis cell wrapper add cisa-2015 --clause "6 USC 1503(c)" --from 2015-12-18 --until 2026-01-30
///   portcullis cell collection change partners --wrapper cisa-2015
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Wrapper {
    Add(Add),
    /// Lists the legal bases: whether each holds today, its dates, and which collections need it.
    ///
    /// Example: `portcullis cell wrapper list`
    List,
}

/// Gives a legal basis its dates; the same name again gives it new ones.
///
/// Example: `portcullis cell wrapper add cisa-2015 --clause "6 USC 1503(c)" --from 2015-12-18 --until 2026-01-30`
#[derive(Args)]
pub(crate) struct Add {
    /// Its name here, as collections refer to it.
    name: String,
    /// The clause, as a lawyer would cite it.
    #[arg(long, value_name = "TEXT")]
    clause: String,
    /// The first instant at which it holds. A day is its midnight in UTC: on that day it holds.
    #[arg(long, value_name = "DAY|TIME", value_parser = words::instant)]
    from: Timestamp,
    /// The first instant at which it no longer holds. A day is its midnight in UTC: on that day it no longer holds.
    #[arg(long, value_name = "DAY|TIME", value_parser = words::instant)]
    until: Timestamp,
}

impl Wrapper {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        match self {
            Self::Add(command) => command.run(&desk, ui)?,
            Self::List => list(&desk, ui),
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Add {
    fn run(self, desk: &Desk, ui: Ui) -> Result<(), Failure> {
        desk.perform(Command::Wrap {
            name: self.name.clone(),
            clause: self.clause.clone(),
            from: self.from,
            until: self.until,
        })?;
        let (name, clause) = (&self.name, &self.clause);
        ui.say(format_args!(
            "`{name}` ({clause}) holds from {} to {}",
            self.from, self.until
        ));
        ui.answer(&json!({ "name": name, "clause": clause, "from": self.from.to_string(), "until": self.until.to_string() }));
        Ok(())
    }
}

fn list(desk: &Desk, ui: Ui) {
    let (state, now) = (desk.state(), desk.now());
    let mut rows = Vec::new();
    for (name, wrapper) in state.wrappers() {
        let used: Vec<String> = state
            .collections()
            .values()
            .filter(|held| !held.closed && held.settings.wrapper.as_ref() == Some(name))
            .map(|held| held.settings.title.clone())
            .collect();
        let holds = if wrapper.holds(now) {
            "holds"
        } else {
            "DOES NOT HOLD"
        };
        ui.say(format_args!(
            "{name:20} {holds:13} {} to {}  {}  for {}",
            wrapper.from,
            wrapper.until,
            wrapper.clause,
            words::or_dash(&used)
        ));
        rows.push(json!({
            "name": name,
            "clause": wrapper.clause,
            "from": wrapper.from.to_string(),
            "until": wrapper.until.to_string(),
            "holds": wrapper.holds(now),
            "collections": used,
        }));
    }
    if rows.is_empty() {
        ui.say("there is no legal basis here; `portcullis cell wrapper add` enters one");
    }
    ui.answer(&Value::Array(rows));
}
