//! A report's page, and the page that a report is printed on.

use super::{
    Check, Frame, Page, asset,
    figures::Figures,
    subject::{Subject, sources},
};
use askama::Template;
use portcullis_node::{door::Doors, public::Record};
use portcullis_verdict::report::{Report, Signed, Subject as Of};

#[derive(Template)]
#[template(path = "report.html")]
struct Shown {
    frame: Frame,
    title: String,
    joint: bool,
    subject: Subject,
    figures: Figures,
    check: Check,
}

#[derive(Template)]
#[template(path = "standalone.html")]
struct Standalone {
    title: String,
    by: String,
    joint: bool,
    subject: Subject,
    figures: Figures,
    file: String,
    style: &'static str,
}

/// The page of one report; none if there is no such report.
pub(super) fn page(doors: &dyn Doors, record: &Record, series: &str, number: &str) -> Option<Page> {
    // Only what the list names is read, so that no path is made from what a stranger wrote.
    let entry = record
        .reports
        .iter()
        .find(|entry| entry.series == series && entry.number.to_string() == number)?;
    let signed = Signed::parse(&doors.public_file(&entry.path)?.bytes).ok()?;
    let report = signed.report();
    let joint = is_joint(report);
    let log = sources(report)
        .iter()
        .find_map(|source| record.log(source.origin.as_str()))
        .or(record.logs.first())?;
    Some(Page::found(&Shown {
        frame: Frame::of(record, ""),
        title: title(report),
        joint,
        subject: Subject::of(report),
        figures: Figures::of(report),
        check: Check {
            what: "report",
            subject: "report",
            kind: if joint { "joint" } else { "single" },
            file: entry.path.clone(),
            log: log.prefix.clone(),
            proofs: !joint,
            command: format!(
                "portcullis report verify {number}.json --log https://THIS-SERVER/{} --policy POLICY",
                log.prefix
            ),
            bundle: asset::bundle(),
        },
    }))
}

/// A report as a page that stands alone: with its own style, without scripts and without links.
///
/// It shows what the report says, and proves nothing; the page says so.
pub fn report_html(report: &Report) -> String {
    let page = Standalone {
        title: title(report),
        by: by(report),
        joint: is_joint(report),
        subject: Subject::of(report),
        figures: Figures::of(report),
        file: format!("{}.json", report.number),
        style: asset::STYLE_TEXT,
    };
    // Writing to a string cannot fail, and nothing else in this page can.
    page.render().unwrap_or_default()
}

/// What a report is called.
pub(super) fn title(report: &Report) -> String {
    let kind = if is_joint(report) {
        "joint report"
    } else {
        "report"
    };
    format!("{} {kind} no. {}", report.series, report.number)
}

fn is_joint(report: &Report) -> bool {
    match &report.subject {
        Of::Single(_) => false,
        Of::Joint(_) => true,
    }
}

fn by(report: &Report) -> String {
    let members: Vec<String> = sources(report)
        .iter()
        .map(|source| source.member.to_string())
        .collect();
    members.join(", ")
}
