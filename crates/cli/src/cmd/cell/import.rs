//! `portcullis cell import`: files into a collection, and what became of every object.

pub(in crate::cmd::cell) mod source;

mod map;
mod report;

use super::{Desk, put, words};
use crate::{Answer, failure::Failure, ui::Ui};
use clap::Args;
use map::{Creator, Mapped};
use portcullis_core::cell::{CollectionId, Tlp};
use report::Report;
use source::Format;
use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Imports STIX bundles and envelopes, MISP events, and CSV tables of indicators.
///
/// Objects stay as the bytes they came in. Importing again changes nothing, so an import that was
/// interrupted is simply run again. What could not be mapped, was refused, or waits for a person
/// is said object by object; `--report FILE` writes all of it, a JSON object a line.
///
/// A CSV table is one value a line, or has a first line of names: `value`, and if you have them
/// `type`, `name`, `description`, `valid_from`, `valid_until`, `labels`, `tlp`.
///
/// Example:
///
///   portcullis cell import enterprise-attack.json.gz --into attack
///   portcullis cell import event-*.json --into incoming --tlp amber
///   sort -u list.csv | portcullis cell import - --into incoming --format csv
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Import {
    /// The files, compressed or not; `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The collection: its alias, id or title.
    #[arg(long, value_name = "COLLECTION")]
    into: String,
    /// What the files hold; seen from how they begin, if not given.
    #[arg(long)]
    format: Option<Format>,
    /// The marking of what is made from MISP or CSV and has none of its own. STIX objects are never altered.
    #[arg(long, value_name = "LABEL", value_parser = words::tlp)]
    tlp: Option<Tlp>,
    /// Maps and checks, and changes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Writes what became of every object that was not taken in to FILE, a JSON object a line.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl Import {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        let into = desk.collection(&self.into)?;
        // A report that cannot be written is said before anything changes.
        let to = self.report.as_deref().map(|path| {
            let made = File::create(path).map_err(|error| Failure::file(path, &error));
            made.map(|file| (path, file))
        });
        let to = to.transpose()?;
        let mut report = Report::default();
        let done = self.all(&desk, &into, &mut report, ui);
        let written = match to {
            Some((path, file)) => report.write(path, file),
            None => Ok(()),
        };
        // Machines get one answer: what became of it, or why it ended.
        let ended = done.and(written);
        if ended.is_ok() || !ui.is_json() {
            report.say(self.dry_run, self.report.as_deref(), ui);
        }
        ended.map(|()| report.exit())
    }

    /// One file after the other; the report has what was done before a failure.
    fn all(
        &self,
        desk: &Desk,
        into: &CollectionId,
        report: &mut Report,
        ui: Ui,
    ) -> Result<(), Failure> {
        for file in &self.files {
            let bytes = source::read(file)?;
            source::text(file, &bytes)?;
            let format = self.format.or_else(|| source::guess(file, &bytes));
            let format = format.ok_or_else(|| {
                Failure::usage(format!(
                    "`{}` looks like nothing that can be imported",
                    file.display()
                ))
                .hint("say what it holds: `--format stix`, `--format misp` or `--format csv`")
            })?;
            let creator = || self.creator(desk);
            let mapped = map::map(file, format, &bytes, self.tlp, &creator)?;
            self.take_in(desk, into, file, &mapped, report, ui)?;
        }
        Ok(())
    }

    /// Who creates what a table says: this member. Trying makes no identity that stays.
    fn creator(&self, desk: &Desk) -> Result<Creator, Failure> {
        let (identity, objects) = match (self.dry_run, desk.bound_identity()) {
            (_, Some(identity)) => (identity, Vec::new()),
            (true, None) => (format!("identity--{}", desk.uuid()), Vec::new()),
            (false, None) => desk.identity()?,
        };
        let now = words::stix_time(desk.now());
        let at = now
            .parse()
            .map_err(|_| Failure::unable("cell.unfit", format!("`{now}` is no time")))?;
        let (cell, me) = (Arc::clone(&desk.cell), desk.me.clone());
        let known = move |id: &str| {
            let found = cell.versions(&me, id).ok()?;
            let newest = found
                .into_iter()
                .max_by_key(|one| (one.version_us, one.added_us))?;
            Some(newest.bytes)
        };
        Ok(Creator {
            identity,
            objects,
            at,
            known: Box::new(known),
        })
    }

    fn take_in(
        &self,
        desk: &Desk,
        into: &CollectionId,
        file: &Path,
        mapped: &Mapped<'_>,
        report: &mut Report,
        ui: Ui,
    ) -> Result<(), Failure> {
        let name = file.display().to_string();
        report.unmapped(&name, &mapped.unmapped);
        report.found(mapped.objects.len());
        if self.dry_run {
            let mode = desk.state().collection(into).map(|held| held.settings.mode);
            for object in &mapped.objects {
                report.checked(&name, object, mode);
            }
            return Ok(());
        }
        let bar = ui.count_bar(mapped.objects.len() as u64, "import");
        for part in put::parts(&mapped.objects) {
            let done = put::add(desk, into, part)?;
            report.done(&name, &done);
            bar.inc(part.len() as u64);
        }
        bar.finish_and_clear();
        Ok(())
    }
}
