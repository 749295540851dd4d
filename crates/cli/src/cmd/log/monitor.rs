//! `log monitor`: follows logs with a memory of its own, and says what is wrong with them.

mod look;
mod own;
mod store;

use super::{
    believed::{Believed, Believing},
    files::{Files, bounded, read_failure},
    instant,
};
use crate::{
    Answer,
    clock::{SystemEnv, pause},
    failure::{FALSE, Failure, REFUSED, UNABLE},
    ui::Ui,
    wrong::one_of,
};
use clap::Args;
use look::Seen;
use own::Own;
use portcullis_node::Env as _;
use portcullis_tlog::{
    checkpoint::{Checkpoint, Origin},
    note::{NOTE_BYTES_MAX, SignedNote},
    tile::LogFiles as _,
    tree::ReadError,
};
use portcullis_verdict::monitor::{Finding, Kept, Memory, Told, Watch, Weight};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};
use store::{Folder, hex_of, origin_at, remember_place, write_whole};

/// Watches logs, and says what is wrong with them.
///
/// Keeps a memory of its own of every log, so that a log that tells others another story, or takes
/// something back, is caught: two checkpoints that one log signed, of trees that are not one tree,
/// are proof for everybody. Every leaf is checked once: its proof, and that no commitment comes
/// twice. LOG is a folder or a URL, as for `log verify`.
///
/// What the witnesses of the register (or `--witness`) hold, and what others were shown
/// (`--compare`), is held against what the log shows us. `--own` looks through the cases of the data
/// folder too: broken promises, and secrecy past its end.
///
/// From cron, once an hour, and one that runs on:
///
///   portcullis log monitor --log https://mail.example/log/1 --policy mail.policy \
///     --any-certificate --memory watched
///   portcullis --dir inspectorate log monitor --log https://mail.example/log/1 \
///     --memory watched --follow --every 60 --report-to status.json
///
/// Exit codes: 0 all is well; 1 silence past a tick, no quorum, a changed shape; 3 something could
/// not be reached; 4 something is not what it claims to be. What the evidence proves to anybody is
/// kept under `evidence/` in the memory, and ends every later look with 4 too.
#[expect(clippy::doc_markdown, reason = "a command to be typed as it stands")]
#[expect(rustdoc::bare_urls, reason = "a command line, as it is typed")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command"
)]
#[derive(Args)]
#[command(verbatim_doc_comment, group(one_of("watched")), group(one_of("kept")))]
pub(crate) struct Monitor {
    /// A log: a folder, or a URL. May be given several times; two places of one origin are held
    /// against each other.
    #[arg(long, value_name = "LOG", group = "watched")]
    log: Vec<String>,
    #[command(flatten)]
    believing: Believing,
    /// Where the monitor remembers what it saw; made if it is not there. Back it up: it is the
    /// only witness of what you were shown.
    #[arg(long, value_name = "DIR", group = "kept")]
    memory: Option<PathBuf>,
    /// Looks once and ends; so it does without `--follow`.
    #[arg(long, conflicts_with = "follow")]
    once: bool,
    /// Looks again and again until it is stopped.
    #[arg(long)]
    follow: bool,
    /// How long it waits from one look to the next.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60,
        requires = "follow"
    )]
    every: u64,
    /// Writes the answer of every look to this file, whole or not at all, as JSON.
    #[arg(long, value_name = "FILE")]
    report_to: Option<PathBuf>,
    /// A witness, by the URL before `/<hash>/checkpoint`, such as `https://uni.example/witness`.
    #[arg(long, value_name = "URL")]
    witness: Vec<String>,
    /// A checkpoint that somebody else was shown: a file, or a URL of one.
    #[arg(long, value_name = "FILE|URL")]
    compare: Vec<String>,
    /// How long past its tick a log may be silent.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    allowance: u64,
    /// The tick of logs that publish no shape.
    #[arg(long, value_name = "SECONDS")]
    tick: Option<u64>,
    /// Looks at checkpoints, shape and time alone; a later look goes through the leaves.
    #[arg(long)]
    quick: bool,
    /// Looks through the cases of the data folder too (`--dir`).
    #[arg(long, groups = ["watched", "kept"])]
    own: bool,
    /// Takes whatever certificate a server shows: everything served is verified by signatures.
    #[arg(long)]
    any_certificate: bool,
}

/// What one look at everything brought.
#[derive(Default)]
struct Round {
    rows: Vec<Value>,
    proof: bool,
    warning: bool,
    failed: bool,
}

/// A place of a log, as it was found.
struct Place {
    name: String,
    files: Option<Files>,
    /// The checkpoint; none where the log has none.
    note: Option<Vec<u8>>,
    failure: Option<Failure>,
}

impl Monitor {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let believed = match self.memory {
            Some(_) => Some(self.believing.find(dir)?),
            None => None,
        };
        loop {
            let round = self.round(dir, believed.as_ref(), ui)?;
            if !self.follow {
                return Ok(ExitCode::from(round));
            }
            pause(Duration::from_secs(self.every.max(1)));
        }
    }

    /// One look at everything; answers the exit code.
    fn round(&self, dir: &Path, believed: Option<&Believed>, ui: Ui) -> Result<u8, Failure> {
        let now = SystemEnv.now();
        let mut round = Round::default();
        if let (Some(memory), Some(believed)) = (&self.memory, believed) {
            self.logs(memory, dir, believed, now.as_second(), &mut round, ui)?;
        }
        let own = self.own.then(|| own::look(dir, ui)).transpose()?;
        if let Some(own) = &own {
            round.take_own(own, ui);
        }
        let exit = round.exit();
        let answer = json!({
            "at": now.to_string(),
            "exit": exit,
            "logs": round.rows,
            "own": own.as_ref().map(own_json),
        });
        ui.answer(&answer);
        if let Some(path) = &self.report_to {
            write_whole(path, format!("{answer:#}\n").as_bytes())?;
        }
        Ok(exit)
    }

    fn logs(
        &self,
        root: &Path,
        dir: &Path,
        believed: &Believed,
        now: i64,
        round: &mut Round,
        ui: Ui,
    ) -> Result<(), Failure> {
        let mut origins: BTreeMap<String, Vec<Place>> = BTreeMap::new();
        for name in &self.log {
            let place = self.place(name, dir);
            let origin = place.note.as_deref().and_then(origin_of);
            let Some(origin) = origin.or_else(|| origin_at(root, name)) else {
                let failure = place.failure.unwrap_or_else(|| no_log(name));
                round.fail(name, &failure, ui);
                continue;
            };
            std::fs::create_dir_all(root).map_err(|error| Failure::file(root, &error))?;
            remember_place(root, name, &origin)?;
            origins.entry(origin).or_default().push(place);
        }
        let others = self.others(dir, ui)?;
        for (origin, places) in origins {
            let watched = Watched {
                origin: &origin,
                places: &places,
                others: &others,
            };
            if let Err(failure) = self.look(root, dir, believed, now, &watched, round, ui) {
                round.fail(&origin, &failure, ui);
            }
        }
        Ok(())
    }

    /// Asks a place for its checkpoint.
    fn place(&self, name: &str, dir: &Path) -> Place {
        let mut place = Place {
            name: name.to_owned(),
            files: None,
            note: None,
            failure: None,
        };
        match Files::open(name, dir, self.any_certificate) {
            Err(failure) => place.failure = Some(failure),
            Ok(files) => match files.file("checkpoint") {
                Ok(note) => (place.note, place.files) = (Some(note), Some(files)),
                Err(ReadError::Missing { .. }) => place.files = Some(files),
                Err(error) => place.failure = Some(read_failure(&error)),
            },
        }
        place
    }

    /// The checkpoints that were handed in.
    fn others(&self, dir: &Path, ui: Ui) -> Result<Vec<(String, Told)>, Failure> {
        let mut others = Vec::new();
        for source in &self.compare {
            let note = match source.rsplit_once('/') {
                Some((base, name)) if source.contains("://") => {
                    let files = Files::open(base, dir, self.any_certificate)?;
                    files.file(name).map_err(|error| read_failure(&error))?
                }
                _ => {
                    let path = Path::new(source);
                    bounded(path, NOTE_BYTES_MAX).map_err(|error| Failure::file(path, &error))?
                }
            };
            let origin = origin_of(&note)
                .ok_or_else(|| Failure::usage(format!("`{source}` is no checkpoint")))?;
            if !self.log.is_empty() {
                ui.note(format_args!("{source}: of {origin}"));
            }
            let told = Told {
                source: source.clone(),
                own: false,
                note,
            };
            others.push((origin, told));
        }
        Ok(others)
    }

    #[expect(clippy::too_many_arguments, reason = "one look, with all it is told")]
    fn look(
        &self,
        root: &Path,
        dir: &Path,
        believed: &Believed,
        now: i64,
        watched: &Watched<'_>,
        round: &mut Round,
        ui: Ui,
    ) -> Result<(), Failure> {
        let origin: Origin = watched
            .origin
            .parse()
            .map_err(|_| Failure::false_("log.checkpoint", "its origin is malformed"))?;
        let Some((key, _)) = believed.key_of(&origin) else {
            let text = format!("the log `{origin}` is unknown");
            return Err(Failure::refused("log.unknown", text).hint(
                "neither the policy nor the register lists it; give its key with `--origin-key`",
            ));
        };
        let (folder, mut memory) = Folder::open(root, &key)?;
        let now = u64::try_from(now).unwrap_or_default();
        let watch = Watch {
            policy: believed.policy(),
            now,
            allowance_s: self.allowance,
            tick_ms: self.tick.map(|seconds| seconds.saturating_mul(1000)),
        };
        let mut told = watched.own();
        told.extend(self.witnesses(dir, believed, &origin, ui));
        told.extend(watched.others_of(origin.as_str()));
        let reached = watched.largest();
        let seen = Seen {
            files: reached.and_then(|place| place.files.as_ref()),
            missing: watched.places.iter().all(Place::is_missing),
            told,
        };
        let looked = look::compare(&mut memory, &watch, &seen)?;
        let mut said = Said::new(&folder, now);
        let walks = !self.quick && look::can_walk(&looked.findings);
        said.keep(&mut memory, looked.findings)?;
        folder.save(&memory)?;
        let walked = match seen.files.filter(|_| walks) {
            Some(files) => look::walk(&mut memory, &folder, files, ui, |memory, findings| {
                said.keep(memory, findings)
            }),
            None => Ok(()),
        };
        folder.save(&memory)?;
        let failures = watched.places.iter().filter_map(|place| {
            let failure = place.failure.clone()?;
            Some((place.name.clone(), failure))
        });
        let mut failures: Vec<_> = failures.collect();
        failures.extend(walked.err().map(|failure| (origin.to_string(), failure)));
        round.take(&memory, &said, &failures, ui);
        Ok(())
    }

    /// What the witnesses hold of this log. A witness that does not answer is noted: the log's own
    /// cosignatures say whether there is a quorum.
    fn witnesses(&self, dir: &Path, believed: &Believed, origin: &Origin, ui: Ui) -> Vec<Told> {
        let named = self.witness.iter().map(|url| {
            let files = Files::open(url, dir, self.any_certificate);
            (format!("the witness at {url}"), files)
        });
        let listed = believed.witnesses().into_iter().map(|peer| {
            let files = Files::at(&peer, "witness".to_owned());
            (format!("the witness {}", peer.member), files)
        });
        let path = format!("{}/checkpoint", hex_of(origin.as_str()));
        let mut told = Vec::new();
        for (source, files) in named.chain(listed) {
            match files.and_then(|files| files.maybe(&path)) {
                Ok(Some(note)) => told.push(Told {
                    source,
                    own: false,
                    note,
                }),
                Ok(None) => ui.note(format_args!("{source} holds nothing of {origin}")),
                Err(failure) => ui.note(format_args!("{source}: {}", failure.message)),
            }
        }
        told
    }
}

/// One origin, and who shows it.
struct Watched<'a> {
    origin: &'a str,
    places: &'a [Place],
    others: &'a [(String, Told)],
}

impl Watched<'_> {
    fn own(&self) -> Vec<Told> {
        let told = self.places.iter().filter_map(|place| {
            Some(Told {
                source: place.name.clone(),
                own: true,
                note: place.note.clone()?,
            })
        });
        told.collect()
    }

    fn others_of(&self, origin: &str) -> impl Iterator<Item = Told> {
        let of_origin = self.others.iter().filter(move |(of, _)| of == origin);
        of_origin.map(|(_, told)| told.clone())
    }

    /// The place that shows most.
    fn largest(&self) -> Option<&Place> {
        let reached = self.places.iter().filter(|place| place.files.is_some());
        reached.max_by_key(|place| place.note.as_deref().and_then(size_of))
    }
}

impl Place {
    fn is_missing(&self) -> bool {
        self.files.is_some() && self.note.is_none()
    }
}

/// Findings as they are said, and proofs as they are kept.
struct Said<'f> {
    folder: &'f Folder,
    now: u64,
    findings: Vec<(Finding, Option<PathBuf>)>,
}

impl<'f> Said<'f> {
    const fn new(folder: &'f Folder, now: u64) -> Self {
        Self {
            folder,
            now,
            findings: Vec::new(),
        }
    }

    fn keep(&mut self, memory: &mut Memory, findings: Vec<Finding>) -> Result<(), Failure> {
        for finding in findings {
            let mut path = None;
            if finding.code.is_lasting() && memory.keep(&finding, self.now) {
                // CRASH: evidence that stays without being remembered is found again.
                path = Some(self.folder.keep(memory.origin().as_str(), &finding)?);
            }
            self.findings.push((finding, path));
        }
        Ok(())
    }
}

impl Round {
    const fn exit(&self) -> u8 {
        if self.proof {
            FALSE
        } else if self.failed {
            UNABLE
        } else if self.warning {
            REFUSED
        } else {
            0
        }
    }

    fn weigh(&mut self, weight: Weight) {
        match weight {
            Weight::Proof => self.proof = true,
            Weight::Warning => self.warning = true,
            Weight::Note => {}
        }
    }

    fn fail(&mut self, what: &str, failure: &Failure, ui: Ui) {
        self.weigh_failure(failure);
        ui.say(format_args!(
            "{what}\n  {}  {}",
            failure.code, failure.message
        ));
        self.rows.push(json!({
            "log": what,
            "failures": [{ "at": what, "code": failure.code, "message": failure.message, "hint": failure.hint }],
        }));
    }

    fn weigh_failure(&mut self, failure: &Failure) {
        match failure.exit {
            FALSE => self.proof = true,
            REFUSED => self.warning = true,
            _ => self.failed = true,
        }
    }

    fn take(&mut self, memory: &Memory, said: &Said<'_>, failures: &[(String, Failure)], ui: Ui) {
        let (kept, kept_more) = memory.found();
        for (finding, _) in &said.findings {
            self.weigh(finding.code.weight());
        }
        for (_, failure) in failures {
            self.weigh_failure(failure);
        }
        self.proof |= !kept.is_empty();
        say(memory, said, failures, ui);
        let finding = |(finding, path): &(Finding, Option<PathBuf>)| {
            let mut value = finding.to_json();
            if let (Some(object), Some(path)) = (value.as_object_mut(), path) {
                object.insert("kept_at".to_owned(), path.display().to_string().into());
            }
            value
        };
        let failure = |(at, failure): &(String, Failure)| json!({ "at": at, "code": failure.code, "message": failure.message });
        let known = |kept: &Kept| json!({ "code": kept.code.as_str(), "message": kept.message, "since": instant(kept.since) });
        self.rows.push(json!({
            "log": memory.origin().as_str(),
            "size": memory.newest().map(|newest| newest.size.0),
            "root": memory.newest().map(|newest| newest.root.to_string()),
            "cosigned_at": memory.grew_at().map(instant),
            "leaves_checked": memory.walked().0,
            "ticks_seen": memory.ticks(),
            "findings": said.findings.iter().map(finding).collect::<Vec<_>>(),
            "proofs_kept": kept.iter().map(known).collect::<Vec<_>>(),
            "proofs_kept_more": kept_more,
            "failures": failures.iter().map(failure).collect::<Vec<_>>(),
        }));
    }

    fn take_own(&mut self, own: &Own, ui: Ui) {
        ui.say(format_args!("cases here: {}", own.cases));
        for finding in &own.findings {
            self.weigh(finding.weight);
            finding.say(ui);
        }
        for (case, failure) in &own.failures {
            self.weigh_failure(failure);
            ui.say(format_args!(
                "  {}  {case}: {}",
                failure.code, failure.message
            ));
        }
        if own.findings.is_empty() && own.failures.is_empty() {
            ui.say("  every promise kept or open, no secrecy past its end");
        }
    }
}

/// A log, in lines for people.
fn say(memory: &Memory, said: &Said<'_>, failures: &[(String, Failure)], ui: Ui) {
    ui.say(memory.origin());
    if let Some(newest) = memory.newest() {
        let at = memory.grew_at().map(instant).unwrap_or_default();
        ui.say(format_args!("  {} leaves, cosigned at {at}", newest.size));
        ui.say(format_args!(
            "  {} of them checked one by one",
            memory.walked()
        ));
    }
    for (finding, path) in &said.findings {
        ui.say(format_args!(
            "  {}  {}",
            finding.code.as_str(),
            finding.message
        ));
        if finding.code.weight() == Weight::Proof {
            for note in &finding.evidence.notes {
                ui.say("    it was signed:");
                for line in note.lines() {
                    ui.say(format_args!("      {line}"));
                }
            }
            if let Some(tree) = &finding.evidence.tree {
                ui.say(format_args!(
                    "    the first {} leaves of the larger tree have the root {}, which {} hashes prove",
                    tree.old_size,
                    tree.found_root,
                    tree.consistency.len()
                ));
            }
        }
        if let Some(path) = path {
            ui.say(format_args!("    evidence kept at {}", path.display()));
        }
    }
    for (at, failure) in failures {
        ui.say(format_args!(
            "  {}  {at}: {}",
            failure.code, failure.message
        ));
    }
    let (kept, more) = memory.found();
    for kept in kept {
        let since = instant(kept.since);
        ui.say(format_args!(
            "  PROVED at {since}: {}  {}",
            kept.code.as_str(),
            kept.message
        ));
    }
    if more > 0 {
        ui.say(format_args!("  and {more} more proofs under evidence/"));
    }
    if said.findings.is_empty() && failures.is_empty() && kept.is_empty() {
        ui.say("  nothing is wrong with it");
    }
}

fn own_json(own: &Own) -> Value {
    let failures = own.failures.iter().map(|(case, failure)| {
        json!({ "case": case.to_string(), "code": failure.code, "message": failure.message })
    });
    json!({
        "cases": own.cases,
        "findings": own.findings.iter().map(own::OwnFinding::to_json).collect::<Vec<_>>(),
        "failures": failures.collect::<Vec<_>>(),
    })
}

fn no_log(name: &str) -> Failure {
    Failure::unable("log.missing", format!("`{name}` shows no checkpoint"))
}

fn checkpoint_of(note: &[u8]) -> Option<Checkpoint> {
    Checkpoint::parse(SignedNote::parse(note).ok()?.text()).ok()
}

fn origin_of(note: &[u8]) -> Option<String> {
    Some(checkpoint_of(note)?.origin.to_string())
}

fn size_of(note: &[u8]) -> Option<u64> {
    Some(checkpoint_of(note)?.size.0)
}
