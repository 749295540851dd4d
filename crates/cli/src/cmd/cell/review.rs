//! `portcullis cell review`: a person looks before people's data leave.

use super::{Desk, words};
use crate::{Answer, failure::Failure, ui::Ui};
use clap::{Args, Subcommand};
use portcullis_core::cell::{
    Command, ReviewId,
    review::{Outcome, Review as Held},
};
use serde_json::{Value, json};
use std::{path::Path, process::ExitCode};

/// What waits because it may hold personal information that has nothing to do with the threat.
///
/// On the way from a company to an authority, and from one country to another, an object with such
/// findings stays until a person has decided. The finding, the reason and the decision are kept.
///
/// Example:
///
///   portcullis cell review list
///   portcullis cell review show rev_…
///   portcullis cell review release rev_… --person "duty officer" --reason "an address of the attacker's"
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Review {
    List(List),
    Show(Show),
    /// Lets an object leave as it is: the findings are of the threat, or harm nobody.
    ///
    /// Example: `portcullis cell review release rev_… --person "duty officer" --reason "an address of the attacker's"`
    Release(Decide),
    /// Keeps an object here for good: it names somebody who has nothing to do with the threat.
    ///
    /// Whoever published it may publish it again without the name. Example:
    /// `portcullis cell review refuse rev_… --person "duty officer" --reason "a customer's address"`
    Refuse(Decide),
}

/// Lists what waits; of what was removed or replaced meanwhile it says that it is gone.
///
/// Example: `portcullis cell review list --all`
#[derive(Args)]
pub(crate) struct List {
    /// What was decided, too.
    #[arg(long)]
    all: bool,
}

/// Shows one: every finding with its place.
///
/// Example: `portcullis cell review show rev_…`
#[derive(Args)]
pub(crate) struct Show {
    /// The review.
    review: ReviewId,
}

/// What is decided, by whom, and why: kept with the finding.
#[derive(Args)]
pub(crate) struct Decide {
    /// The review.
    review: ReviewId,
    /// Who decides, by name.
    #[arg(long, value_name = "NAME")]
    person: String,
    /// Why: whoever looks at it in a year understands.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Review {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        // Somebody from across may have joined since the objects came in.
        while 0 < desk.cell.review_tick()? {}
        match self {
            Self::List(command) => command.run(&desk, ui),
            Self::Show(command) => command.run(&desk, ui)?,
            Self::Release(command) => command.run(&desk, Outcome::Released, ui)?,
            Self::Refuse(command) => command.run(&desk, Outcome::Withheld, ui)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// How a review stands whose object is here no more.
const GONE: &str = "gone";

impl List {
    fn run(self, desk: &Desk, ui: Ui) {
        let state = desk.state();
        let mut rows = Vec::new();
        let shown = state
            .reviews()
            .iter()
            .filter(|(_, review)| self.all || review.decided.is_none());
        for (id, review) in shown {
            let kinds: std::collections::BTreeSet<String> = review
                .findings
                .iter()
                .map(|finding| finding.kind.as_str().to_owned())
                .collect();
            let kinds: Vec<String> = kinds.into_iter().collect();
            let stands = match &review.decided {
                Some(decided) => decided.outcome.as_str(),
                None if desk.cell.is_here(review) => "waits",
                None => GONE,
            };
            ui.say(format_args!(
                "{id}  {stands:8} {}  {}  {}",
                review.held_at,
                review.object,
                words::or_dash(&kinds)
            ));
            rows.push(json_of(id, review));
        }
        if rows.is_empty() {
            ui.say("nothing waits");
        }
        ui.answer(&Value::Array(rows));
    }
}

impl Show {
    fn run(self, desk: &Desk, ui: Ui) -> Result<(), Failure> {
        let state = desk.state();
        let review = state.reviews().get(&self.review).ok_or_else(unknown)?;
        let title = state.collections().get(&review.collection).map_or_else(
            || review.collection.to_string(),
            |held| held.settings.title.clone(),
        );
        ui.say(format_args!("{}  for `{title}`", review.object));
        ui.say(format_args!(
            "  brought by {} at {}",
            review.publisher, review.held_at
        ));
        for finding in &review.findings {
            ui.say(format_args!(
                "  {:16} {:32} {}",
                finding.kind.as_str(),
                finding.path,
                finding.excerpt
            ));
        }
        match &review.decided {
            None if !desk.cell.is_here(review) => ui.say(format_args!(
                "{GONE}: it was removed or replaced meanwhile, and nothing is left to release"
            )),
            None => {
                ui.say("it waits; decide with:");
                ui.say(format_args!(
                    "  portcullis cell review release {} --person NAME --reason TEXT",
                    self.review
                ));
                ui.say(format_args!(
                    "  portcullis cell review refuse {} --person NAME --reason TEXT",
                    self.review
                ));
            }
            Some(decided) => ui.say(format_args!(
                "{} by {} at {}: {}",
                decided.outcome.as_str(),
                decided.person,
                decided.at,
                decided.reason
            )),
        }
        ui.answer(&json_of(&self.review, review));
        Ok(())
    }
}

impl Decide {
    fn run(self, desk: &Desk, outcome: Outcome, ui: Ui) -> Result<(), Failure> {
        let state = desk.state();
        let review = state.reviews().get(&self.review).ok_or_else(unknown)?;
        let waits = review.decided.is_none();
        if waits && outcome == Outcome::Released && !desk.cell.is_here(review) {
            let gone = format!(
                "`{}` was removed or replaced meanwhile: nothing is left to release",
                review.object
            );
            return Err(Failure::refused("cell.review_gone", gone).hint(
                "what came in its place has a review of its own: `portcullis cell review list`",
            ));
        }
        desk.perform(Command::Review {
            review: self.review,
            outcome,
            reason: self.reason,
            person: self.person.clone(),
        })?;
        let state = desk.state();
        let review = state.reviews().get(&self.review).ok_or_else(unknown)?;
        ui.say(format_args!(
            "{}: {} by {}",
            review.object,
            outcome.as_str(),
            self.person
        ));
        ui.answer(&json_of(&self.review, review));
        Ok(())
    }
}

fn unknown() -> Failure {
    Failure::refused("cell.unknown_review", "there is no such review")
        .hint("`portcullis cell review list` shows what waits")
}

fn json_of(id: &ReviewId, review: &Held) -> Value {
    json!({
        "id": id.to_string(),
        "object": review.object.as_str(),
        "collection": review.collection.to_string(),
        "publisher": review.publisher.as_str(),
        "held_at": review.held_at.to_string(),
        "findings": review.findings.iter().map(|finding| json!({
            "kind": finding.kind.as_str(),
            "path": finding.path,
            "excerpt": finding.excerpt,
        })).collect::<Vec<_>>(),
        "decided": review.decided.as_ref().map(|decided| json!({
            "outcome": decided.outcome.as_str(),
            "person": decided.person,
            "reason": decided.reason,
            "at": decided.at.to_string(),
        })),
    })
}
