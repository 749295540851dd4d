//! `report show` and `report list`: a report in lines, nothing checked.

use super::read_report;
use crate::{Answer, failure::Failure, home::Home, ui::Ui};
use clap::Args;
use portcullis_verdict::report::{Form, Report, Signed, Subject};
use std::{path::PathBuf, process::ExitCode};

/// Shows a report in lines. It checks nothing: `portcullis report verify` does.
#[derive(Args)]
pub(crate) struct Show {
    /// The report's file.
    report: PathBuf,
}

impl Show {
    pub(super) fn run(self, ui: Ui) -> Answer {
        let signed = read_report(&self.report)?;
        say(&signed, ui);
        ui.say("\nnothing of this was checked: `portcullis report verify` does");
        Ok(ExitCode::SUCCESS)
    }
}

pub(super) fn list(home: &Home, ui: Ui) -> Answer {
    let node = home.node()?;
    let reports = node.reports().map_err(Failure::from)?;
    if reports.is_empty() {
        ui.say("no report was published; `portcullis report make` makes one");
    }
    let mut answers = Vec::new();
    for signed in &reports {
        let report = signed.report();
        ui.say(format_args!(
            "{:24} {:>4}  {} to {}  {}",
            report.series,
            report.number,
            report.period.from,
            report.period.to,
            report.path()
        ));
        answers.push(serde_json::json!({
            "series": report.series,
            "number": report.number,
            "period": { "from": report.period.from.to_string(), "to": report.period.to.to_string() },
            "path": report.path(),
            "kind": report.kind(),
            "digest": signed.digest().to_string(),
        }));
    }
    ui.answer(&serde_json::json!({ "reports": answers }));
    Ok(ExitCode::SUCCESS)
}

/// A report for people, and for machines.
pub(super) fn say(signed: &Signed, ui: Ui) {
    let report = signed.report();
    let period = &report.period;
    ui.say(format_args!(
        "{} {} of {}: {} to {}, days of {}",
        report.series,
        report.number,
        whose(report),
        period.from,
        period.to,
        period.zone
    ));
    for source in report.sources() {
        ui.say(format_args!(
            "  leaves {} to {} of {}",
            source.start.size, source.end.size, source.origin
        ));
    }
    ui.say(format_args!("  made at {}", report.made_at));
    for line in &report.lines {
        ui.say(format_args!(
            "  {:>12}  {} ({})",
            line.form, line.title, line.clause
        ));
    }
    for figure in &report.unproved {
        ui.say(format_args!(
            "  {:>12}  {} {} ({}): NOT PROVED",
            figure.value, figure.unit, figure.title, figure.clause
        ));
    }
    ui.answer(&as_json(signed));
}

/// Whose counts they are.
fn whose(report: &Report) -> String {
    let members: Vec<_> = report
        .sources()
        .map(|source| source.member.as_str())
        .collect();
    match report.subject {
        Subject::Single(_) => members.join(", "),
        Subject::Joint(_) => format!("{} together", members.join(", ")),
    }
}

fn as_json(signed: &Signed) -> serde_json::Value {
    let report = signed.report();
    let lines = report.lines.iter().map(|line| {
        let form = match &line.form {
            Form::Exact { value } => serde_json::json!({ "kind": "exact", "value": value }),
            Form::Band { low, high } => serde_json::json!({ "kind": "band", "low": low, "high": high }),
            Form::Withheld { because } => serde_json::json!({ "kind": "withheld", "because": because }),
        };
        serde_json::json!({ "id": line.id, "title": line.title, "clause": line.clause, "form": form })
    });
    serde_json::json!({
        "series": report.series,
        "number": report.number,
        "kind": report.kind(),
        "members": report.sources().map(|source| source.member.as_str()).collect::<Vec<_>>(),
        "period": {
            "from": report.period.from.to_string(),
            "to": report.period.to.to_string(),
            "zone": report.period.zone,
        },
        "made_at": report.made_at.to_string(),
        "lines": lines.collect::<Vec<_>>(),
        "digest": signed.digest().to_string(),
        "path": report.path(),
    })
}
