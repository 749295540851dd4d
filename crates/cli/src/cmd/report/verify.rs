//! `report verify`: everything of a report, as anybody can check it.

use super::{read_report, state::Saved};
use crate::{
    Answer,
    clock::{SystemEnv, stopwatch},
    cmd::log::{
        believed::{Believed, Believing},
        files::{Files, read_failure},
        read_bounded,
    },
    failure::{FALSE, Failure, REFUSED},
    ui::Ui,
};
use clap::Args;
use portcullis_node::{Env as _, Generator};
use portcullis_tlog::{
    checkpoint::{Checkpoint, Origin},
    note::{SignedNote, VerifierKey},
    tile::{EntryTile, FileTiles, LogFiles as _, TILE_WIDTH, bundle_file},
    tree::{Frontier, ReadError},
};
use portcullis_verdict::{
    monitor::shape::LogShape,
    report::{
        Signed,
        check::{
            Against, Checked, CheckedBundle, Checker, Depth, Kept, LeafFault, Outcome, State,
            WIDTH, check_bundle, kept_sizes,
        },
    },
    schema::{self, Schemas},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// The most threads: each may hold a bundle of the largest size.
const THREADS_MAX: usize = 16;
/// How many bundles a thread gets before they are put in order.
const BUNDLES_A_THREAD: usize = 8;
/// How often it is written down how far the check got.
const SAVE_EVERY: Duration = Duration::from_secs(20);

/// Checks a report against the log it counts, leaf by leaf.
///
/// Who signed; the witnesses' cosignatures on both checkpoints, and that the period was over; the
/// lines, by the schema and the laws; every leaf between the checkpoints with its proof, and that
/// none was left out, changed or counted twice; that each line is what the leaves add up to. It
/// asks nobody but the log's plain files: a folder that holds `tile/`, or a URL.
///
///   portcullis report verify 1.json --log https://mail.example/log/1 --policy mail.policy
///
/// Take the policy from whom you believe: one that the log itself serves is the log's own word on
/// who watches it.
///
/// With `--resume STATE` a check that was stopped goes on. Exit code 0: verified. 1: INSUFFICIENT,
/// something was not checked, and it says what. 4: FALSE, and it names the line, leaf or witness.
#[expect(clippy::doc_markdown, reason = "a command to be typed as it stands")]
#[expect(rustdoc::bare_urls, reason = "a command line, as it is typed")]
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Verify {
    /// The report's file.
    report: PathBuf,
    /// The log: a folder, or a URL. For a joint report, once for every participant.
    #[arg(long, required = true, value_name = "DIR|URL")]
    log: Vec<String>,
    #[command(flatten)]
    believing: Believing,
    /// The report before it in its series; by default, the file beside it with the number before.
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// A schema of cells besides the built-in ones. What the log itself serves as its schema is
    /// its own word: read it, and give it here if its cells mean what their titles say.
    #[arg(long, value_name = "FILE")]
    schema: Vec<PathBuf>,
    /// Takes whatever certificate the server shows. Nothing rests on it: everything that is
    /// served is verified by signatures.
    #[arg(long)]
    any_certificate: bool,
    /// Skips the proofs of the leaves: ten times as fast, and never VERIFIED, as a leaf could
    /// count anything then.
    #[arg(long)]
    totals_only: bool,
    /// Keeps in this file how far the check got, and goes on from there if it was stopped. A state
    /// that another account wrote is not believed.
    #[arg(long, value_name = "STATE")]
    resume: Option<PathBuf>,
    /// How many threads; by default, as many as there are cores.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

impl Verify {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let signed = read_report(&self.report)?;
        let logs = self.logs(&signed, dir)?;
        let believed = self.believing.maybe(dir)?;
        let laws = super::laws(dir)?;
        let schemas = self.schemas()?;
        let previous = self.previous(&signed)?;
        let keys = keys(&signed, previous.as_ref(), believed.as_ref());
        let kept = kept(&signed, &logs, &keys);
        let against = Against {
            keys: &keys,
            policy: believed.as_ref().map(Believed::policy),
            schemas: &schemas,
            laws: &laws,
            previous: previous.as_ref(),
            kept: &kept,
            depth: if self.totals_only {
                Depth::TotalsOnly
            } else {
                Depth::Proofs
            },
            now: SystemEnv.now(),
        };
        let checker = Checker::new(signed, &against);
        let found = self.leaves(checker, &logs, ui)?;
        Ok(answer(&found, &self.report, ui))
    }

    /// The files of each source, in the order of the report.
    fn logs(&self, signed: &Signed, dir: &Path) -> Result<Vec<Files>, Failure> {
        let mut opened = Vec::new();
        for place in &self.log {
            opened.push((place, Files::open(place, dir, self.any_certificate)?));
        }
        let sources = signed.report().sources().collect::<Vec<_>>();
        if let ([_], [_]) = (sources.as_slice(), opened.as_slice()) {
            return Ok(opened.into_iter().map(|(_, files)| files).collect());
        }
        let mut by_origin = BTreeMap::new();
        for (place, files) in opened {
            let bytes = files
                .file("checkpoint")
                .map_err(|error| read_failure(&error))?;
            let origin = SignedNote::parse(&bytes)
                .ok()
                .and_then(|note| Checkpoint::parse(note.text()).ok())
                .map(|checkpoint| checkpoint.origin);
            let origin = origin.ok_or_else(|| {
                Failure::false_(
                    "log.checkpoint",
                    format!("`{place}`: its checkpoint is none"),
                )
            })?;
            by_origin.insert(origin, files);
        }
        let found = sources.iter().map(|source| {
            by_origin.remove(&source.origin).ok_or_else(|| {
                Failure::usage(format!("the log `{}` is not given", source.origin))
                    .hint("a joint report is checked against the log of every participant: one `--log` each")
            })
        });
        found.collect()
    }

    fn schemas(&self) -> Result<Schemas, Failure> {
        let mut schemas = schema::builtin();
        for path in &self.schema {
            let bytes = read_bounded(path, schema::SCHEMA_BYTES_MAX)?;
            let name = path.display().to_string();
            let read = schema::parse(&name, &bytes).map_err(|errors| {
                let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
                Failure::usage(lines.join("\n"))
            })?;
            schemas.install(read);
        }
        // What the log serves as its schema is not taken: whoever writes what its cells mean could
        // count anything under any title.
        Ok(schemas)
    }

    fn previous(&self, signed: &Signed) -> Result<Option<Signed>, Failure> {
        if let Some(path) = &self.previous {
            return read_report(path).map(Some);
        }
        let before = signed.report().number.saturating_sub(1);
        let beside = self.report.with_file_name(format!("{before}.json"));
        if before == 0 || !beside.exists() {
            return Ok(None);
        }
        // Another series may lie in the same folder: then it is as if nothing lay there.
        let found = read_report(&beside).ok();
        Ok(found.filter(|found| found.report().series == signed.report().series))
    }

    /// Reads and checks every leaf; saves how far it got when a file cannot be had.
    fn leaves(&self, mut checker: Checker, logs: &[Files], ui: Ui) -> Result<Checked, Failure> {
        let saved = self.resume.as_deref().map(Saved::at).transpose()?;
        if let Some(saved) = &saved {
            saved.load(&mut checker, ui)?;
        }
        let (done, all) = checker.progress();
        if done > 0 {
            ui.note(format_args!("going on after {done} of {all} leaves"));
        }
        let bar = ui.count_bar(all, "leaves");
        for (at, files) in logs.iter().enumerate() {
            // Who is not believed anyway gets no work done: the number of leaves is their word.
            if checker.is_false() {
                break;
            }
            let read = self.source(&mut checker, at, files, saved.as_ref(), &bar);
            if let (Err(_), Some(saved)) = (&read, &saved) {
                saved.keep(&checker)?;
            }
            read.map_err(|failure| {
                failure.hint(match saved {
                    Some(_) => "the same command goes on from here",
                    None => "with `--resume STATE` a check that was stopped goes on where it stood",
                })
            })?;
        }
        bar.finish_and_clear();
        if let Some(saved) = &saved {
            saved.forget()?;
        }
        Ok(checker.finish())
    }

    fn source(
        &self,
        checker: &mut Checker,
        at: usize,
        files: &Files,
        saved: Option<&Saved>,
        bar: &indicatif::ProgressBar,
    ) -> Result<(), Failure> {
        if !checker.has_begun(at) {
            let Some(start) = checker.sources().nth(at).map(|it| it.start.size) else {
                return Ok(());
            };
            match Frontier::load(&FileTiles(files), start) {
                Ok(edge) => checker.begin(at, edge),
                Err(error @ ReadError::Failed { .. }) => return Err(read_failure(&error)),
                Err(error) => {
                    checker.missing(at, error.to_string());
                    return Ok(());
                }
            }
        }
        let threads = self.threads();
        let mut next = stopwatch() + SAVE_EVERY;
        let mut bundles = checker.bundles(at);
        loop {
            let some: Vec<_> = bundles.by_ref().take(threads * BUNDLES_A_THREAD).collect();
            if some.is_empty() {
                return Ok(());
            }
            for read in on_threads(threads, &some, |bundle| read(checker, at, files, bundle)) {
                match read {
                    Read::Checked(bundle) => {
                        if !checker.absorb(at, bundle) {
                            return Ok(());
                        }
                    }
                    Read::Missing(why) => {
                        checker.missing(at, why);
                        return Ok(());
                    }
                    Read::Failed(failure) => return Err(failure),
                }
                bar.set_position(checker.progress().0);
            }
            if let Some(saved) = saved
                && next <= stopwatch()
            {
                saved.keep(checker)?;
                next = stopwatch() + SAVE_EVERY;
            }
        }
    }

    fn threads(&self) -> usize {
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        self.threads.unwrap_or_else(cores).clamp(1, THREADS_MAX)
    }
}

/// What came of one bundle.
enum Read {
    Checked(Result<CheckedBundle, LeafFault>),
    /// The log does not serve what it signed.
    Missing(String),
    /// Nothing is known: try again.
    Failed(Failure),
}

fn read(checker: &Checker, at: usize, files: &Files, bundle: EntryTile) -> Read {
    let Some(source) = checker.sources().nth(at) else {
        return Read::Missing("no such source".to_owned());
    };
    match bundle_file(files, bundle) {
        Ok((_, bytes)) => {
            let mut generator = Generator(&SystemEnv);
            let depth = checker.depth();
            Read::Checked(check_bundle(source, bundle, &bytes, depth, &mut generator))
        }
        Err(error @ ReadError::Failed { .. }) => Read::Failed(read_failure(&error)),
        Err(error) => Read::Missing(error.to_string()),
    }
}

/// Does `work` on every item with so many threads; answers in the order of the items.
fn on_threads<I: Copy + Sync, T: Send>(
    threads: usize,
    items: &[I],
    work: impl Fn(I) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    thread::scope(|scope| {
        for _ in 0..threads.min(items.len()) {
            scope.spawn(|| {
                while let Some((at, item)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    items.get(at).map(|item| (at, *item))
                } {
                    let made = work(item);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.push((at, made));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}

/// The keys of the logs, as far as anybody but the report says them.
fn keys(
    signed: &Signed,
    previous: Option<&Signed>,
    believed: Option<&Believed>,
) -> BTreeMap<Origin, VerifierKey> {
    let reports = [Some(signed), previous].into_iter().flatten();
    let sources = reports.flat_map(|one| one.report().sources());
    let known = sources.filter_map(|source| {
        let (key, _) = believed?.key_of(&source.origin)?;
        Some((source.origin.clone(), key))
    });
    known.collect()
}

/// What each log kept of its past, as far as the check asks for it and the log serves it.
fn kept(
    signed: &Signed,
    logs: &[Files],
    keys: &BTreeMap<Origin, VerifierKey>,
) -> BTreeMap<Origin, Kept> {
    let sources = signed.report().sources().zip(logs);
    let kept = sources.map(|(source, files)| {
        let shape = files.maybe("shape").ok().flatten();
        let shape = keys
            .get(&source.origin)
            .and_then(|key| LogShape::verify(&shape?, key).ok())
            .filter(|shape| shape.since < source.end.size);
        let width = shape.map_or(WIDTH, |shape| {
            u64::from(shape.tiles).saturating_mul(u64::from(TILE_WIDTH))
        });
        let sizes = kept_sizes(signed.report(), source, width).into_iter();
        let checkpoints = sizes.filter_map(|size| {
            let bytes = files.maybe(&format!("checkpoints/{size:012}")).ok()??;
            SignedNote::parse(&bytes).ok()
        });
        let checkpoints = checkpoints.collect();
        (source.origin.clone(), Kept { width, checkpoints })
    });
    kept.collect()
}

fn answer(checked: &Checked, path: &Path, ui: Ui) -> ExitCode {
    for check in &checked.checks {
        let (mark, code) = match check.state {
            State::Passed => ("ok", None),
            State::NotChecked => ("not checked", None),
            State::Failed(code) => ("FALSE", Some(code)),
        };
        let code = code.map(|code| format!(" [{code}]")).unwrap_or_default();
        ui.say(format_args!(
            "  {mark:12} {:18} {}{code}",
            check.name, check.detail
        ));
    }
    ui.say(&checked.line);
    let checks = checked.checks.iter().map(|check| {
        let (state, code) = match check.state {
            State::Passed => ("passed", None),
            State::NotChecked => ("not_checked", None),
            State::Failed(code) => ("failed", Some(code)),
        };
        serde_json::json!({ "name": check.name, "state": state, "code": code, "detail": check.detail })
    });
    ui.answer(&serde_json::json!({
        "report": path.display().to_string(),
        "outcome": checked.outcome.as_str(),
        "line": checked.line,
        "code": checked.code,
        "checks": checks.collect::<Vec<_>>(),
    }));
    match checked.outcome {
        Outcome::Verified => ExitCode::SUCCESS,
        Outcome::Insufficient => ExitCode::from(REFUSED),
        Outcome::False => ExitCode::from(FALSE),
    }
}
