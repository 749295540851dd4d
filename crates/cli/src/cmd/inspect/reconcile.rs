//! `inspect reconcile`: two sides' records of the same cases, compared.

use super::{Answer, Failure, Path, PathBuf, Ui, parts::read_parts, read};
use crate::failure::FALSE;
use clap::Args;
use jiff::SignedDuration;
use portcullis_core::member::MemberId;
use portcullis_verdict::{
    Bundle,
    bundle::BUNDLE_BYTES_MAX,
    parts::Contents,
    reconcile::{Books, Difference, TOLERANCE, reconcile},
};
use std::process::ExitCode;

/// The most files of one side.
const FILES_MAX: usize = 10_000;

/// Compares two sides' records and lists every difference.
///
/// Each side keeps its own case: what one says it sent, the other says it received. A and B are
/// bundles (`portcullis order bundle`), evidence packs (`portcullis inspect pack`), or folders of
/// them. Of bundles, A is taken for the authority's and B for the provider's; packs say whose they
/// are. Nothing is judged here: `portcullis order verify` and `portcullis inspect verify` do that.
///
/// Exit code 0 when nothing differs, 4 when anything does.
#[derive(Args)]
pub(crate) struct Reconcile {
    /// One side's file or folder.
    a: PathBuf,
    /// The other side's.
    b: PathBuf,
    /// How far apart two times may lie, in hours.
    #[arg(long, value_name = "HOURS", default_value_t = TOLERANCE.as_hours())]
    tolerance_hours: i64,
}

impl Reconcile {
    pub(super) fn run(self, ui: Ui) -> Answer {
        if !(0..=24 * 366).contains(&self.tolerance_hours) {
            return Err(Failure::usage("a tolerance is 0 to 8784 hours"));
        }
        let tolerance = SignedDuration::from_hours(self.tolerance_hours);
        let (a, b) = (books(&self.a)?, books(&self.b)?);
        let found = reconcile(&a, &b, tolerance);
        for one in &found {
            ui.say(format_args!("{}", words(one)));
        }
        ui.say(format_args!(
            "{} and {} cases, {} differences",
            a.len(),
            b.len(),
            found.len()
        ));
        let json = |one: &Difference| {
            serde_json::json!({
                "case": one.case.to_string(),
                "author": one.author.as_ref().map(MemberId::as_str),
                "number": one.number,
                "kind": one.kind,
                "what": one.what.as_str(),
                "detail": one.detail,
            })
        };
        ui.answer(&serde_json::json!({
            "equal": found.is_empty(),
            "tolerance_hours": self.tolerance_hours,
            "cases": { "a": a.len(), "b": b.len() },
            "differences": found.iter().map(json).collect::<Vec<_>>(),
        }));
        Ok(ExitCode::from(if found.is_empty() { 0 } else { FALSE }))
    }
}

fn words(one: &Difference) -> String {
    let about = match (&one.kind, &one.author, one.number) {
        (Some(kind), Some(author), Some(number)) => format!("  `{kind}` {number} of {author}"),
        _ => String::new(),
    };
    let (case, what, detail) = (one.case, one.what.as_str(), &one.detail);
    format!("{case}  {what}{about}: {detail}")
}

/// What lies in a file or a folder.
fn books(path: &Path) -> Result<Books, Failure> {
    let mut files = Vec::new();
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(|error| Failure::file(path, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| Failure::file(path, &error))?;
            files.push(entry.path());
            if FILES_MAX < files.len() {
                return Err(Failure::usage(format!(
                    "`{}` holds more than {FILES_MAX} files",
                    path.display()
                )));
            }
        }
        files.retain(|file| file.is_file());
        files.sort();
    } else {
        files.push(path.to_owned());
    }
    let mut held: Vec<(Bundle, Option<MemberId>)> = Vec::new();
    for file in &files {
        held.push(one(file)?);
    }
    let mut members: Vec<_> = held.iter().filter_map(|(_, of)| of.clone()).collect();
    members.sort();
    members.dedup();
    if let [one, other, ..] = members.as_slice() {
        return Err(Failure::usage(format!(
            "`{}` holds records of `{one}` and of `{other}`; one side at a time",
            path.display()
        )));
    }
    let mut books = Books::new(members.pop());
    for ((bundle, _), file) in held.iter().zip(&files) {
        books.add(bundle).map_err(|error| {
            Failure::false_(error.code(), format!("`{}`: {error}", file.display()))
        })?;
    }
    Ok(books)
}

/// The bundle of a file, and whose it is, if the file says so.
fn one(path: &Path) -> Result<(Bundle, Option<MemberId>), Failure> {
    let bundle = read(path, BUNDLE_BYTES_MAX).ok();
    if let Some(Ok(bundle)) = bundle.map(|bytes| Bundle::parse(&bytes)) {
        return Ok((bundle, None));
    }
    let (_, head, parts) = read_parts(path, Contents::Evidence).map_err(|failure| {
        failure.hint("neither a bundle (`order bundle`) nor an evidence pack (`inspect pack`)")
    })?;
    let part = parts.iter().find(|part| part.name == "bundle");
    let bundle = part.map(|part| Bundle::parse(&part.bytes)).transpose();
    let bundle = bundle
        .ok()
        .flatten()
        .ok_or_else(|| Failure::false_("pack.malformed", "the pack holds no bundle"))?;
    Ok((bundle, Some(head.member)))
}
