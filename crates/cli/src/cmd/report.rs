//! `portcullis report`: what a log counted in a period, made and checked.

mod joint;
mod make;
mod show;
mod state;
mod verify;

use crate::{Answer, cmd::log::read_bounded, failure::Failure, home::Home, ui::Ui};
use clap::Subcommand;
use portcullis_verdict::{
    law::{self, Laws},
    report::{SIGNED_BYTES_MAX, Signed, SignedError},
};
use std::path::Path;

/// Reports: totals of what a log counted, that anybody can check and nobody can fake.
///
/// A report says for each line of its series how many there were, in the form that the law lets be
/// published: exactly, within a band, or not at all. It starts where the last one ended, leaves no
/// leaf out, and shows nothing else:
///
///   portcullis --dir mail report make --series us-process --from 2026-01-01 --to 2026-06-30
///   portcullis report verify 1.json --log https://mail.example/log/1 --policy mail.policy
#[expect(clippy::doc_markdown, reason = "a command to be typed as it stands")]
#[expect(rustdoc::bare_urls, reason = "a command line, as it is typed")]
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Report {
    Make(make::Make),
    /// Lists the reports that this node has published.
    List,
    Show(show::Show),
    Verify(verify::Verify),
    #[command(subcommand)]
    Joint(joint::Joint),
}

impl Report {
    pub(crate) fn run(self, dir: &Path, ui: &Ui) -> Answer {
        match self {
            Self::Make(make) => make.run(&Home::open(dir)?, *ui),
            Self::List => show::list(&Home::open(dir)?, *ui),
            Self::Show(show) => show.run(*ui),
            Self::Verify(verify) => verify.run(dir, *ui),
            Self::Joint(joint) => joint.run(&Home::open(dir)?, *ui),
        }
    }
}

/// Reads a report's file. What is no report is false: nobody could have signed it.
fn read_report(path: &Path) -> Result<Signed, Failure> {
    let bytes = read_bounded(path, SIGNED_BYTES_MAX)?;
    Signed::parse(&bytes).map_err(|error| of_file(path, &error))
}

fn of_file(path: &Path, error: &SignedError) -> Failure {
    let failure = Failure::false_(error.code(), format!("`{}`: {error}", path.display()));
    if error.code() == "report.version" {
        failure.hint("perhaps it was made by a newer program than this one")
    } else {
        failure
    }
}

/// The laws of the data folder, if there is one; else those that come with the program.
fn laws(dir: &Path) -> Result<Laws, Failure> {
    match Home::open(dir) {
        Ok(home) => home.laws(),
        Err(_) => Ok(law::builtin()),
    }
}
