//! `report joint`: the steps of a joint report, with files between the participants.

use super::{read_report, show};
use crate::{Answer, failure::Failure, home::Home, ui::Ui};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use portcullis_core::{member::MemberId, publication::Period};
use portcullis_node::report::{FailedAttempt, Wanted};
use portcullis_verdict::report::{
    SIGNED_BYTES_MAX,
    joint::{Document, Signed},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// A joint report: the totals of three or more organisations together, and nobody's own.
///
/// Everybody does every step, and passes the file it writes on to all others, by whatever way.
/// They go into one folder; a step reads what it needs from there, and writes what it makes there.
///
///   portcullis --dir mail report joint propose --series us-process-joint --from 2026-01-01 --to 2026-06-30 FOLDER
///   portcullis --dir mail report joint mask FOLDER
///   portcullis --dir mail report joint open FOLDER
///   portcullis --dir mail report joint finish FOLDER
///
/// `finish` adds up and signs; when everybody's signed report is in the folder, it publishes.
/// Where masks do not fit, both run `reveal`, and `blame` names who is at fault. The others put
/// their parts in a new folder and go on with `--attempt 2`; where it was an opening that was
/// false, with `open --attempt 2 --before FOLDER` of the attempt before.
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Joint {
    Propose(Propose),
    /// Round 1: writes the commitments to this node's masks.
    Mask(Step),
    /// Round 2: writes this node's masked totals, once everybody's masks fit.
    Open(Open),
    /// Adds up, signs, and publishes once everybody has signed.
    Finish(Step),
    Reveal(Reveal),
    /// Names who is at fault where two masks do not fit.
    Blame(Step),
}

/// Brings in this node's part: which leaves, for which report.
#[derive(Args)]
pub(crate) struct Propose {
    /// The joint series of the log's schema.
    #[arg(long)]
    series: String,
    /// The first day of the period.
    #[arg(long, value_name = "DATE")]
    from: Date,
    /// Its last day.
    #[arg(long, value_name = "DATE")]
    to: Date,
    /// The day of the first assistance ever, where the law counts an embargo from it.
    #[arg(long, value_name = "DATE")]
    first_assistance: Option<Date>,
    /// Where the documents lie.
    folder: PathBuf,
}

/// One step on the documents of a folder.
#[derive(Args)]
pub(crate) struct Step {
    /// Where the documents lie.
    folder: PathBuf,
    /// Which attempt: 2 after one without whoever was at fault, and so on.
    #[arg(long, default_value_t = 1)]
    attempt: u32,
}

/// Round 2, once: for one series and period, a node opens one session alone.
#[derive(Args)]
pub(crate) struct Open {
    #[command(flatten)]
    step: Step,
    /// The folder of an attempt in which an opening was false: this one is the same without
    /// whoever made it.
    #[arg(long, value_name = "FOLDER")]
    before: Option<PathBuf>,
    /// Which attempt that was.
    #[arg(long, default_value_t = 1, requires = "before")]
    before_attempt: u32,
}

/// Reveals this node's masks towards another, so that whoever is at fault is found.
///
/// From then on everybody knows the masks of the two, in every session of their report keys: this
/// log takes part in none with the other any more. Refused unless everybody's masks are there, and
/// those of these two are what does not fit.
#[derive(Args)]
pub(crate) struct Reveal {
    #[command(flatten)]
    step: Step,
    /// The other of the two.
    #[arg(long, value_name = "MEMBER")]
    other: MemberId,
}

impl Joint {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Answer {
        let node = home.node()?;
        match self {
            Self::Propose(propose) => {
                let wanted = Wanted {
                    series: propose.series,
                    period: Period {
                        from: propose.from,
                        to: propose.to,
                    },
                    first_assistance: propose.first_assistance,
                    unproved: Vec::new(),
                };
                wrote(home, &propose.folder, &node.joint_part(&wanted)?, ui)
            }
            Self::Mask(step) => {
                let (folder, attempt) = step.read()?;
                wrote(
                    home,
                    &step.folder,
                    &node.joint_masks(&folder.of("part"), attempt)?,
                    ui,
                )
            }
            Self::Open(open) => {
                let (folder, attempt) = open.step.read()?;
                let (parts, masks) = (folder.of("part"), folder.of("masks"));
                let before = open.before.map(|folder| Step {
                    folder,
                    attempt: open.before_attempt,
                });
                let before = before.map(|step| step.read()).transpose()?;
                let before = before.map(|(folder, attempt)| {
                    let (parts, masks) = (folder.of("part"), folder.of("masks"));
                    (parts, masks, folder.of("opening"), attempt)
                });
                let before =
                    before
                        .as_ref()
                        .map(|(parts, masks, openings, attempt)| FailedAttempt {
                            parts,
                            masks,
                            openings,
                            attempt: *attempt,
                        });
                let opening = node.joint_opening_after(&parts, &masks, attempt, before.as_ref())?;
                wrote(home, &open.step.folder, &opening, ui)
            }
            Self::Reveal(reveal) => {
                let (folder, attempt) = reveal.step.read()?;
                let revealed = node.joint_reveal(
                    &folder.of("part"),
                    &folder.of("masks"),
                    attempt,
                    &reveal.other,
                )?;
                wrote(home, &reveal.step.folder, &revealed, ui)
            }
            Self::Blame(step) => {
                let (folder, attempt) = step.read()?;
                let (parts, masks) = (folder.of("part"), folder.of("masks"));
                let blamed = node.joint_blame(&parts, &masks, &folder.of("reveal"), attempt)?;
                let names: Vec<_> = blamed.iter().map(MemberId::as_str).collect();
                ui.say(match names.as_slice() {
                    [] => "the masks fit: nobody is at fault".to_owned(),
                    names => format!("at fault: {}", names.join(", ")),
                });
                ui.answer(&serde_json::json!({ "at_fault": names }));
                Ok(ExitCode::SUCCESS)
            }
            Self::Finish(step) => {
                let (folder, attempt) = step.read()?;
                let (parts, masks) = (folder.of("part"), folder.of("masks"));
                let openings = folder.of("opening");
                let (signed, complete) =
                    node.joint_finish(&parts, &masks, &openings, &folder.reports, attempt)?;
                let path = step.folder.join(format!("{}.report.json", home.member()?));
                write(&path, &signed.to_bytes())?;
                show::say(&signed, ui);
                ui.say(if complete {
                    format!(
                        "\neverybody has signed: published as {}",
                        signed.report().path()
                    )
                } else {
                    let (found, needed) =
                        (signed.signatures().len(), signed.report().sources().count());
                    format!(
                        "\n{found} of {needed} have signed; pass on `{}`",
                        path.display()
                    )
                });
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// The documents of a folder.
struct Folder {
    documents: Vec<Signed>,
    reports: Vec<portcullis_verdict::report::Signed>,
}

impl Folder {
    /// The documents of a kind.
    fn of(&self, word: &str) -> Vec<Signed> {
        let fitting = self.documents.iter();
        fitting
            .filter(|it| it.document().word() == word)
            .cloned()
            .collect()
    }
}

impl Step {
    fn read(&self) -> Result<(Folder, u32), Failure> {
        let failed = |error: std::io::Error| Failure::file(&self.folder, &error);
        let mut folder = Folder {
            documents: Vec::new(),
            reports: Vec::new(),
        };
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            paths.push(entry.map_err(failed)?.path());
        }
        paths.sort();
        for path in paths {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if name.ends_with(".report.json") {
                folder.reports.push(read_report(&path)?);
            } else if name.strip_suffix(".json").is_some() {
                let bytes = crate::cmd::log::read_bounded(&path, SIGNED_BYTES_MAX)?;
                let document = Signed::parse(&bytes);
                folder
                    .documents
                    .push(document.map_err(|error| super::of_file(&path, &error))?);
            }
        }
        Ok((folder, self.attempt))
    }
}

/// Writes a document of ours to the folder: `mail.example.masks.json`.
fn wrote(home: &Home, folder: &Path, signed: &Signed, ui: Ui) -> Answer {
    let word = signed.document().word();
    let name = match signed.document() {
        Document::Reveal(reveal) => {
            let other = reveal.other.as_str().split('/').next().unwrap_or_default();
            format!("{}.{other}.{word}.json", home.member()?)
        }
        Document::Part(_) | Document::Masks(_) | Document::Opening(_) => {
            format!("{}.{word}.json", home.member()?)
        }
    };
    fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    let path = folder.join(name);
    write(&path, &signed.to_bytes())?;
    ui.say(format_args!(
        "wrote `{}`: pass it on to all others",
        path.display()
    ));
    ui.answer(&serde_json::json!({ "wrote": path.display().to_string() }));
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|error| Failure::file(path, &error))
}
