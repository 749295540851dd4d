//! `portcullis cell import`: files into a collection, and what became of every object.

pub(in crate::cmd::cell) mod source;

mod map;
mod report;

use super::{Desk, put, words};
use crate::{Answer, failure::Failure, ui::Ui};
use clap::Args;
use map::{Creator, Mapped};
use portcullis_core::cell::{CollectionId, Tlp};
use portcullis_node::cell::{Cell, Source, Trial};
use portcullis_stix::header;
use report::Report;
use serde_json::Value;
use source::Format;
use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

/// Imports STIX bundles and envelopes, MISP events, and CSV tables of indicators.
///
/// Objects stay as the bytes they came in. Importing again changes nothing, so an import that was
/// interrupted is simply run again. What could not be mapped, was refused, or waits for a person
/// is said object by object; `--report FILE` writes all of it, a JSON object a line.
///
/// An object that is refused says by which rule; what is on a warning list is refused, too. What
/// seems to name people, in a collection that others read, waits for a person.
///
/// A CSV table is one value a line, or has a first line of names: `value`, and if you have them
/// `type`, `name`, `description`, `valid_from`, `valid_until`, `confidence`, `labels`, `tlp`. Values may
/// be written as in reports: `hxxp://bad[.]example`.
///
/// Exit code 1 if anything was refused; the rest was taken in.
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
    /// Says what would become of every object, and changes nothing.
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
        self.report_is_no_input()?;
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

    /// A report written over what is imported would lose it.
    fn report_is_no_input(&self) -> Result<(), Failure> {
        let at = |path: &Path| std::fs::canonicalize(path).ok();
        let report = self.report.as_deref().and_then(at);
        let mut files = self.files.iter();
        match files.find(|file| report.is_some() && at(file) == report) {
            None => Ok(()),
            Some(file) => Err(Failure::usage(format!(
                "the report would take the place of `{}`, which is imported",
                file.display()
            ))
            .hint("name another file: `--report report.jsonl`")),
        }
    }

    /// One file after the other; the report has what was done before a failure.
    fn all(
        &self,
        desk: &Desk,
        into: &CollectionId,
        report: &mut Report,
        ui: Ui,
    ) -> Result<(), Failure> {
        let mut trial = self.dry_run.then(|| Trial::new(*into));
        let tried = Tried::default();
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
            let creator = || self.creator(desk, &tried);
            let mapped = map::map(file, format, &bytes, self.tlp, &creator)?;
            if trial.is_some() && format == Format::Csv {
                tried.remember(&mapped);
            }
            self.take_in(desk, (into, trial.as_mut()), file, &mapped, report, ui)?;
        }
        Ok(())
    }

    /// Who creates what a table says: this member. Trying makes no identity that stays.
    fn creator(&self, desk: &Desk, tried: &Tried) -> Result<Creator, Failure> {
        let (identity, objects) = match (self.dry_run, desk.bound_identity()) {
            (_, Some(identity)) => (identity, Vec::new()),
            (true, None) => tried.identity(desk),
            (false, None) => desk.identity()?,
        };
        let now = words::stix_time(desk.now());
        let at = now
            .parse()
            .map_err(|_| Failure::unable("cell.unfit", format!("`{now}` is no time")))?;
        let cell = Arc::clone(&desk.cell);
        let made = Rc::clone(&tried.made);
        let known = move |id: &str| made.borrow().get(id).cloned().or_else(|| newest(&cell, id));
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
        (into, mut trial): (&CollectionId, Option<&mut Trial>),
        file: &Path,
        mapped: &Mapped<'_>,
        report: &mut Report,
        ui: Ui,
    ) -> Result<(), Failure> {
        let name = file.display().to_string();
        report.unmapped(&name, &mapped.unmapped);
        report.found(mapped.objects.len());
        let what = if self.dry_run { "check" } else { "import" };
        let bar = ui.count_bar(mapped.objects.len() as u64, what);
        for part in put::parts(&mapped.objects) {
            let done = match &mut trial {
                None => put::add(desk, into, part)?,
                Some(trial) => {
                    let envelope = put::envelope(part);
                    desk.cell
                        .try_adding(trial, &desk.me, &envelope, Source::Imported)?
                }
            };
            report.done(&name, &done);
            bar.inc(part.len() as u64);
        }
        bar.finish_and_clear();
        Ok(())
    }
}

/// What tables would have brought by now, where nothing is changed: an identity and indicators.
#[derive(Default)]
struct Tried {
    identity: RefCell<Option<String>>,
    made: Rc<RefCell<BTreeMap<String, Vec<u8>>>>,
}

impl Tried {
    /// The identity that would be made, and made once.
    fn identity(&self, desk: &Desk) -> (String, Vec<Value>) {
        if let Some(drawn) = self.identity.borrow().as_ref() {
            return (drawn.clone(), Vec::new());
        }
        let (identity, object) = desk.drawn_identity();
        self.identity.replace(Some(identity.clone()));
        (identity, vec![object])
    }

    fn remember(&self, mapped: &Mapped<'_>) {
        for object in &mapped.objects {
            if let Ok(header) = header::header(object) {
                let id = header.id.into_owned();
                self.made.borrow_mut().insert(id, object.to_vec());
            }
        }
    }
}

/// The newest version of an object that is here, whoever may see it: what has expired is here too.
fn newest(cell: &Cell, id: &str) -> Option<Vec<u8>> {
    let entries = cell.numbers_of(id).into_iter();
    let here = entries.filter_map(|(collection, number)| {
        let entry = cell.entry(&collection, number)?;
        let live = !entry.removed && !entry.superseded;
        live.then_some(((entry.version_us, entry.added_us), collection, number))
    });
    let (_, collection, number) = here.max_by_key(|(when, ..)| *when)?;
    cell.entry_bytes(&collection, number).ok()
}
