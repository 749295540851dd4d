//! `portcullis law`: laws as people read them.

mod rule;
mod time;

use crate::{Answer, config::FILE, failure::Failure, home::Home, ui::Ui};
use clap::Subcommand;
use portcullis_core::law::{Law as TheLaw, Rule};
use portcullis_verdict::law::{self, Calendars, Laws};
use rule::read_out;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use time::from_until;

/// The laws this node knows: who must approve what, in which time, and who is told.
///
/// Laws are data: one TOML file each, the built-in ones and those in the folder's `laws/`.
/// Every line names its clause; where the wording was not seen in the text itself, it says
/// `[not verified]`.
#[derive(Subcommand)]
pub(crate) enum Law {
    /// Lists the laws and their rules.
    List,
    /// Shows a law, or one rule of it: `uk-ipa-2016/targeted-interception`.
    Show {
        /// LAW, or LAW/RULE.
        #[arg(value_name = "LAW[/RULE]")]
        what: String,
    },
    /// Checks a law file, and says everything that is wrong with it.
    Check {
        /// The TOML file.
        file: PathBuf,
    },
}

impl Law {
    pub(crate) fn run(self, dir: &Path, ui: &Ui) -> Answer {
        match self {
            Self::List => list(&laws(dir)?, *ui),
            Self::Show { what } => show(&laws(dir)?, &what, *ui)?,
            Self::Check { file } => return check(&file, *ui),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The node's laws; the built-in ones where there is no node.
fn laws(dir: &Path) -> Result<Laws, Failure> {
    if dir.join(FILE).exists() {
        Home::open(dir)?.laws()
    } else {
        Ok(law::builtin())
    }
}

/// The laws by their words, the newest of each.
fn by_word(laws: &Laws) -> Vec<&TheLaw> {
    let newest = laws.iter().filter(|law| {
        laws.by_id(&law.id)
            .is_some_and(|known| known.digest == law.digest)
    });
    let mut list: Vec<&TheLaw> = newest.map(|law| &**law).collect();
    list.sort_by(|a, b| a.id.cmp(&b.id));
    list
}

fn list(laws: &Laws, ui: Ui) {
    let mut rows = Vec::new();
    for law in by_word(laws) {
        let ours = if laws.published(&law.digest) {
            ""
        } else {
            "  (not published with Portcullis)"
        };
        ui.say(format_args!(
            "{}  {} [{}]{ours}",
            law.id, law.title, law.jurisdiction
        ));
        ui.say(format_args!("    {}", law.digest));
        for rule in &law.rules {
            let valid = from_until(&rule.valid);
            ui.say(format_args!(
                "    {:32} {} ({}), {valid}",
                rule.id, rule.title, rule.clause
            ));
        }
        rows.push(serde_json::json!({
            "law": law.id,
            "title": law.title,
            "jurisdiction": law.jurisdiction,
            "digest": law.digest.to_string(),
            "published": laws.published(&law.digest),
            "rules": law.rules.iter().map(|rule| serde_json::json!({
                "rule": rule.id,
                "title": rule.title,
                "clause": rule.clause.text,
                "verified": rule.clause.verified,
                "from": rule.valid.from.to_string(),
                "to": rule.valid.to.map(|to| to.to_string()),
            })).collect::<Vec<_>>(),
        }));
    }
    ui.answer(&serde_json::Value::Array(rows));
}

fn show(laws: &Laws, what: &str, ui: Ui) -> Result<(), Failure> {
    let (word, only) = match what.split_once('/') {
        Some((law, rule)) => (law, Some(rule)),
        None => (what, None),
    };
    let law = laws.by_id(word).ok_or_else(|| {
        let known: Vec<_> = by_word(laws)
            .into_iter()
            .map(|law| law.id.as_str())
            .collect();
        Failure::refused("law.unknown", format!("no law `{word}` is installed"))
            .hint(format!("known are: {}", known.join(", ")))
    })?;
    let rules: Vec<&Rule> = law
        .rules
        .iter()
        .filter(|rule| only.is_none_or(|only| rule.id == only))
        .collect();
    if rules.is_empty() {
        let known: Vec<_> = law.rules.iter().map(|rule| rule.id.as_str()).collect();
        let message = format!("`{word}` has no rule `{}`", only.unwrap_or_default());
        return Err(Failure::refused("law.unknown_rule", message)
            .hint(format!("its rules are: {}", known.join(", "))));
    }
    ui.say(format_args!("{} [{}]", law.title, law.jurisdiction));
    ui.say(format_args!("{}", law.digest));
    let mut answers = Vec::new();
    for rule in rules {
        let lines = read_out(rule);
        ui.say(format_args!("\n{}/{}  {}", law.id, rule.id, rule.title));
        for (topic, line) in &lines {
            ui.say(format_args!("  {topic:14} {line}"));
        }
        let lines: Vec<_> = lines
            .into_iter()
            .map(|(topic, line)| serde_json::json!([topic, line]))
            .collect();
        answers.push(serde_json::json!({ "rule": rule.id, "title": rule.title, "verified": rule.clause.verified, "lines": lines }));
    }
    ui.answer(&serde_json::json!({ "law": law.id, "title": law.title, "digest": law.digest.to_string(), "rules": answers }));
    Ok(())
}

fn check(file: &Path, ui: Ui) -> Answer {
    let bytes = std::fs::read(file).map_err(|error| Failure::file(file, &error))?;
    let name = file.display().to_string();
    match law::parse(&name, &bytes, &Calendars::builtin()) {
        Ok(law) => {
            ui.say(format_args!(
                "`{name}` is a law: {} with {} rules, {}",
                law.id,
                law.rules.len(),
                law.digest
            ));
            ui.say("put it into the data folder's `laws/` and start the node again to use it");
            ui.answer(&serde_json::json!({ "law": law.id, "rules": law.rules.len(), "digest": law.digest.to_string(), "errors": [] }));
            Ok(ExitCode::SUCCESS)
        }
        Err(errors) => {
            for error in &errors {
                ui.say(format_args!(
                    "{}:{}:{}: {} [{}]",
                    error.file, error.line, error.column, error.reason, error.code
                ));
                ui.say(format_args!("  hint: {}", error.hint));
            }
            ui.say(format_args!(
                "{} faults; a file with a fault gives no law",
                errors.len()
            ));
            let rows: Vec<_> = errors
                .iter()
                .map(|error| {
                    serde_json::json!({
                        "line": error.line,
                        "column": error.column,
                        "code": error.code,
                        "reason": error.reason,
                        "hint": error.hint,
                    })
                })
                .collect();
            ui.answer(&serde_json::json!({ "file": name, "errors": rows }));
            Ok(ExitCode::from(crate::failure::REFUSED))
        }
    }
}
