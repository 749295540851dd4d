//! `portcullis inspect`: looking for what was left out, and evidence for whoever asks.

mod answer;
mod check;
mod commit;
mod opened;
mod pack;
mod parts;
mod receive;
mod reconcile;
mod sample;
mod verify;

use super::log::files::bounded;
use crate::{Answer, failure::Failure, home::Home, ui::Ui};
use clap::Subcommand;
use portcullis_node::Node;
use portcullis_verdict::inspection::{Believing, InspectionError};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

/// The most bytes of a commitment, a receipt or a sample.
const DOCUMENT_BYTES_MAX: usize = 256 * 1024;

/// Inspection: samples that neither side can choose, two sides' records compared, a case's evidence.
///
/// A count is never lower than it should be without a sign: a leaf that was put into the wrong
/// cell, or recorded as nothing, shows when it is opened. So an overseer has some leaves opened,
/// picked by chance. It commits to a nonce first; the picks follow from the nonce and from a later
/// checkpoint of the log, so neither side can choose them:
///
///   overseer$ portcullis inspect commit --origin mail.example/log/live/1 --at 51200 --count 40 \
///               --nonce-file nonce --key inspector1 -o commitment.json
///   operator$ portcullis inspect receive commitment.json -o receipt.json
///   overseer$ portcullis inspect sample --commitment commitment.json --receipt receipt.json \
///               --nonce-file nonce --log https://mail.example/log/1 --key inspector1 -o sample.json
///   operator$ portcullis inspect answer sample.json -o answer.parts
///   overseer$ portcullis inspect check sample.json answer.parts
///
/// Every look at a case is a statement in that case, before anything is shown.
#[expect(clippy::doc_markdown, reason = "a command to be typed as it stands")]
#[expect(rustdoc::bare_urls, reason = "a command line, as it is typed")]
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Inspect {
    Commit(commit::Commit),
    Receive(receive::Receive),
    Sample(sample::Sample),
    Answer(answer::AnswerSample),
    Check(check::Check),
    Reconcile(reconcile::Reconcile),
    Pack(pack::Pack),
    Verify(verify::Verify),
    Opened(opened::Opened),
}

impl Inspect {
    pub(crate) fn run(self, dir: &Path, ui: &Ui) -> Answer {
        match self {
            Self::Commit(command) => command.run(dir, *ui),
            Self::Receive(command) => command.run(dir, *ui),
            Self::Sample(command) => command.run(dir, *ui),
            Self::Answer(command) => command.run(dir, *ui),
            Self::Check(command) => command.run(dir, *ui),
            Self::Reconcile(command) => command.run(*ui),
            Self::Pack(command) => command.run(dir, *ui),
            Self::Verify(command) => command.run(*ui),
            Self::Opened(command) => command.run(dir, *ui),
        }
    }
}

/// Reads a document of an inspection.
fn document(path: &Path) -> Result<Vec<u8>, Failure> {
    read(path, DOCUMENT_BYTES_MAX)
}

fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    bounded(path, bytes_max).map_err(|error| Failure::file(path, &error))
}

/// Writes a file that others may read.
fn write(path: &PathBuf, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|error| Failure::file(path, &error))
}

/// Begins a file that its owner alone can read: it names targets.
fn private(path: &Path) -> Result<std::io::BufWriter<std::fs::File>, Failure> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options
        .open(path)
        .map_err(|error| Failure::file(path, &error))?;
    Ok(std::io::BufWriter::new(file))
}

/// Writes lines to such a file.
fn write_lines<'a>(
    path: &Path,
    lines: impl IntoIterator<Item = std::borrow::Cow<'a, [u8]>>,
) -> Result<(), Failure> {
    let mut file = private(path)?;
    let all = || -> std::io::Result<()> {
        for line in lines {
            file.write_all(&line)?;
            file.write_all(b"\n")?;
        }
        file.flush()?;
        file.get_ref().sync_all()
    };
    all().map_err(|error| Failure::file(path, &error))
}

/// Runs `f` with the register of the node in `home`, by the clock.
fn believing<T>(
    home: &Home,
    node: &Node,
    f: impl FnOnce(&Believing<'_>) -> Result<T, InspectionError>,
) -> Result<T, Failure> {
    let (history, trust) = (node.history()?, home.trust()?);
    let now = node.now();
    let believing = Believing {
        history: &history,
        trust: &trust,
        now,
    };
    Ok(f(&believing)?)
}
