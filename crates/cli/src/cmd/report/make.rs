//! `report make`: the next report of a series, counted, proved, signed, published.

use super::show;
use crate::{
    Answer,
    failure::{FALSE, Failure, REFUSED, UNABLE},
    home::Home,
    ui::Ui,
};
use clap::Args;
use jiff::civil::Date;
use portcullis_core::publication::Period;
use portcullis_node::{
    Node,
    report::{ReportFault, Wanted},
};
use portcullis_verdict::report::{Signed, Unproved};
use std::{path::PathBuf, process::ExitCode};

/// Makes the next report of a series and publishes it, once.
///
/// It counts the leaves of the log from where the last report of the series ended to the first
/// checkpoint that was cosigned after the period, and shows each line as the law lets it be shown.
/// The node need not run; it takes the folder's `keys/ballot.seed`, the tiles and the checkpoints.
///
///   portcullis --dir mail report make --series us-process --from 2026-01-01 --to 2026-06-30
///
/// What the rules refuse has a name: `report.not_closed`, `report.delay`, `report.embargo`,
/// `report.gap`, `report.overlap`, `report.published_before`.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Make {
    /// The series of the log's schema, such as `us-process`.
    #[arg(long)]
    series: String,
    /// The first day of the period; by default, that of the next one.
    #[arg(long, value_name = "DATE", requires = "to")]
    from: Option<Date>,
    /// Its last day.
    #[arg(long, value_name = "DATE", requires = "from")]
    to: Option<Date>,
    /// The day of the first assistance ever, where the law counts an embargo from it.
    #[arg(long, value_name = "DATE")]
    first_assistance: Option<Date>,
    /// A figure that nothing proves, and that is marked so: `TITLE|VALUE|UNIT|CLAUSE`.
    #[arg(long, value_name = "FIGURE")]
    unproved: Vec<String>,
    /// Makes a page of it, too, beside it.
    #[arg(long)]
    html: bool,
    /// Where else to write it.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Make {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Answer {
        let node = home.node()?;
        let period = match (self.from, self.to) {
            (Some(from), Some(to)) => Period { from, to },
            _ => node.next_report(&self.series)?,
        };
        let wanted = Wanted {
            series: self.series.clone(),
            period,
            first_assistance: self.first_assistance,
            unproved: self.figures()?,
        };
        let signed = node.make_report(&wanted)?;
        if self.html {
            publish_page(&node, &signed)?;
        }
        if let Some(path) = &self.output {
            std::fs::write(path, signed.to_bytes()).map_err(|error| Failure::file(path, &error))?;
        }
        show::say(&signed, ui);
        ui.say(format_args!("\npublished as {}", signed.report().path()));
        Ok(ExitCode::SUCCESS)
    }

    fn figures(&self) -> Result<Vec<Unproved>, Failure> {
        let figure = |text: &String| {
            let [title, value, unit, clause] = text.split('|').collect::<Vec<_>>()[..] else {
                let why = format!("`{text}`: a figure is `TITLE|VALUE|UNIT|CLAUSE`");
                return Err(Failure::usage(why));
            };
            Ok(Unproved {
                title: title.into(),
                value: value.into(),
                unit: unit.into(),
                clause: clause.into(),
            })
        };
        self.unproved.iter().map(figure).collect()
    }
}

/// The page of a report, among the public files.
pub(super) fn publish_page(node: &Node, signed: &Signed) -> Result<(), Failure> {
    let page = portcullis_web::page::report_html(signed.report());
    let path = signed.report().path();
    let path = format!("{}.html", path.trim_end_matches(".json"));
    let put = node.blobs().put(&path, page.into_bytes());
    let put = put.and_then(|()| node.blobs().sync([path.as_str()]));
    put.map_err(|error| Failure::unable("store.unavailable", error.to_string()))
}

impl From<ReportFault> for Failure {
    fn from(fault: ReportFault) -> Self {
        let (code, text) = (fault.code(), fault.to_string());
        let (exit, hint) = match fault {
            ReportFault::Node(error) => return error.into(),
            ReportFault::Refused(_) | ReportFault::UnknownSeries { .. } => (REFUSED, None),
            ReportFault::NotCosigned { .. } => (
                REFUSED,
                Some("wait for the next tick after the period: `portcullis log show`"),
            ),
            ReportFault::TwoLogs { .. } => (
                REFUSED,
                Some(
                    "a report of this log alone says so in its figures; take no part in a joint one",
                ),
            ),
            ReportFault::Joint { .. } | ReportFault::Document { .. } => (FALSE, None),
            ReportFault::Leaf { .. } => (
                UNABLE,
                Some(
                    "perhaps `keys/ballot.seed` is another than the one the leaves were made with",
                ),
            ),
            ReportFault::Busy => (UNABLE, Some("try again when it has ended")),
            ReportFault::NoLog | ReportFault::Tree { .. } | ReportFault::Prove(_) => (UNABLE, None),
        };
        let failure = Self::new(exit, code, text);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
