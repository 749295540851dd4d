//! `inspect answer`: an operator opens every leaf that a sample picked.

use super::{Answer, Home, Path, PathBuf, Ui, document, write_lines};
use clap::Args;
use portcullis_verdict::{
    inspection::{Opened, Sample},
    parts::{Contents, Part},
};
use std::{borrow::Cow, iter::once, process::ExitCode};

/// Answers a sample: every leaf picked is opened, and every case that is shown tells of it first.
///
/// A cover leaf is shown to count nothing. A leaf that stands for a statement is shown with its
/// docket, its salts and its cell, and the statements of its case: the file names targets, and is
/// for the overseer alone.
#[derive(Args)]
pub(crate) struct AnswerSample {
    /// What the overseer's `portcullis inspect sample` wrote.
    sample: PathBuf,
    /// Where the answer goes.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl AnswerSample {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let node = Home::open(dir)?.node()?;
        let sample = Sample::parse(&document(&self.sample)?)?;
        let (drawn, answer) = node.answer_sample(&sample)?;
        let parts = answer.to_parts();
        let head = node.seal_parts(Contents::Answer, sample.digest().to_string(), &parts)?;
        let lines = once(Cow::Owned(head)).chain(parts.iter().map(Part::line).map(Cow::Owned));
        write_lines(&self.output, lines)?;
        let count = |f: fn(&Opened) -> bool| answer.leaves.values().filter(|one| f(one)).count();
        let covers = count(|one| one.record.is_none());
        let erased = count(|one| one.record.as_ref().is_some_and(|r| r.opening.is_none()));
        ui.say(format_args!(
            "wrote `{}`: {} leaves: {covers} that count nothing, {} of {} cases{}",
            self.output.display(),
            drawn.picks.len(),
            answer.leaves.len() - covers,
            answer.cases.len(),
            if erased > 0 {
                format!(", {erased} of them erased at the law's term")
            } else {
                String::new()
            }
        ));
        ui.say("  it names targets: it is for the overseer alone");
        let cases: Vec<_> = answer.cases.keys().map(ToString::to_string).collect();
        ui.answer(&serde_json::json!({
            "file": self.output,
            "sample": sample.digest().to_string(),
            "leaves": answer.leaves.len(),
            "covers": covers,
            "erased": erased,
            "cases": cases,
        }));
        Ok(ExitCode::SUCCESS)
    }
}
