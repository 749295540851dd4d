//! `log verify`: everything of a log, as anybody can check it.

use super::{
    believed::{Believed, Believing},
    files::{Files, read_failure},
    instant, read_bounded,
};
use crate::{Answer, failure::Failure, ui::Ui};
use clap::Args;
use portcullis_tlog::{
    hash::leaf_hash,
    monitor::{MonitorError, verify_tree},
    note::SignedNote,
    policy::CosignedCheckpoint,
    proof::TlogProof,
    tile::{ENTRY_BYTES_MAX, FileTiles, LogFiles as _},
    tree::{LeafIndex, prove_inclusion},
};
use portcullis_verdict::monitor::closing_notice;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Checks everything of a log as plain files, in constant memory.
///
/// The checkpoint is signed by the log and cosigned by a quorum of witnesses; every hash tile
/// follows from the entries; the root follows from all of them. LOG is a folder that holds
/// `checkpoint` and `tile/`, such as `DATA/blobs/log/1`, or a URL, such as
/// `https://mail.example/log/1`.
///
/// Exit code 4 with a name says what is false: `log.no_quorum`, `log.false_signature`,
/// `log.not_signed`, `log.checkpoint`, `log.missing`, `log.tile`, `log.root`.
#[derive(Args)]
pub(crate) struct Verify {
    /// A folder, or a URL.
    log: String,
    #[command(flatten)]
    believing: Believing,
    /// Takes whatever certificate the server shows. Nothing rests on it: everything that is
    /// served is verified by the signatures of the log and of its witnesses.
    #[arg(long)]
    any_certificate: bool,
    /// A log entry; prints where it is in the log, with the C2SP tlog-proof of it.
    #[arg(long, value_name = "FILE")]
    leaf: Option<PathBuf>,
}

impl Verify {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let believed = self.believing.find(dir)?;
        let files = Files::open(&self.log, dir, self.any_certificate)?;
        let leaf = self
            .leaf
            .as_ref()
            .map(|path| read_bounded(path, ENTRY_BYTES_MAX))
            .transpose()?;
        let leaf = leaf.map(|entry| leaf_hash(&entry));
        let bytes = files
            .file("checkpoint")
            .map_err(|error| read_failure(&error))?;
        let note = SignedNote::parse(&bytes)
            .map_err(|error| Failure::false_("log.checkpoint", error.to_string()))?;
        let cosigned = believed.verify(&note)?;
        let closed = closed(&files, &believed, &cosigned)?;
        let (size, root) = (cosigned.checkpoint.size, cosigned.checkpoint.root);
        let bar = ui.count_bar(size.0, "entries");
        let mut found = None;
        verify_tree(&files, size, &root, |progress| {
            bar.set_position(progress.first.0 + progress.entries.len() as u64);
            if let Some(leaf) = &leaf
                && found.is_none()
            {
                let at = progress
                    .entries
                    .iter()
                    .position(|entry| leaf_hash(entry) == *leaf);
                found = at.map(|at| LeafIndex(progress.first.0 + at as u64));
            }
        })
        .map_err(|error| monitor_failure(&error))?;
        bar.finish_and_clear();
        let proof = match (leaf, found) {
            (None, _) => None,
            (Some(leaf), None) => {
                let text = format!("no entry of the log has the leaf hash {leaf}");
                return Err(Failure::refused("log.no_such_leaf", text));
            }
            (Some(_), Some(index)) => Some((index, prove(&files, index, &cosigned, note)?)),
        };
        show(&cosigned, closed.as_deref(), proof.as_ref(), ui);
        Ok(ExitCode::SUCCESS)
    }
}

fn prove(
    files: &Files,
    index: LeafIndex,
    cosigned: &CosignedCheckpoint,
    note: SignedNote,
) -> Result<TlogProof, Failure> {
    let path = prove_inclusion(&FileTiles(files), index, cosigned.checkpoint.size);
    let path = path.map_err(|error| Failure::false_("log.tile", error.to_string()))?;
    TlogProof::new(index, path, note)
        .map_err(|error| Failure::false_("log.tile", error.to_string()))
}

/// What the log says of its own end, if it says anything: verified, whole text.
fn closed(
    files: &Files,
    believed: &Believed,
    cosigned: &CosignedCheckpoint,
) -> Result<Option<String>, Failure> {
    let Some(bytes) = files.maybe("closed")? else {
        return Ok(None);
    };
    let origin = &cosigned.checkpoint.origin;
    let false_ = |why: String| Failure::false_("log.closed", format!("`closed`: {why}"));
    let (key, _) = believed
        .key_of(origin)
        .ok_or_else(|| false_("no key".into()))?;
    closing_notice(&bytes, &key).map(Some).map_err(false_)
}

fn show(
    cosigned: &CosignedCheckpoint,
    closed: Option<&str>,
    proof: Option<&(LeafIndex, TlogProof)>,
    ui: Ui,
) {
    let checkpoint = &cosigned.checkpoint;
    ui.say(format_args!("{}", checkpoint.origin));
    ui.say(format_args!(
        "  {} entries, every one and every tile checked",
        checkpoint.size
    ));
    ui.say(format_args!("  root {}", checkpoint.root));
    for (witness, at) in &cosigned.cosigned_at {
        ui.say(format_args!("  cosigned by {witness} at {}", instant(*at)));
    }
    if let Some(text) = closed {
        ui.say("  CLOSED: this origin takes no more leaves; its log said:");
        for line in text.lines() {
            ui.say(format_args!("    {line}"));
        }
    }
    if let Some((index, proof)) = proof {
        ui.say(format_args!("  the leaf is entry {index}:\n\n{proof}"));
    }
    let cosignatures = cosigned
        .cosigned_at
        .iter()
        .map(|(witness, at)| serde_json::json!({ "witness": witness, "at": instant(*at) }));
    ui.answer(&serde_json::json!({
        "origin": checkpoint.origin.as_str(),
        "size": checkpoint.size.0,
        "root": checkpoint.root.to_string(),
        "cosignatures": cosignatures.collect::<Vec<_>>(),
        "quorum_at": cosigned.quorum_at.map(instant),
        "closed": closed,
        "leaf": proof.map(|(index, proof)| serde_json::json!({ "index": index.0, "proof": proof.to_string() })),
    }));
}

fn monitor_failure(error: &MonitorError) -> Failure {
    let text = error.to_string();
    match error {
        MonitorError::Read(error) => read_failure(error),
        MonitorError::FalseTile(_) => Failure::false_("log.tile", text),
        MonitorError::WrongRoot { .. } => Failure::false_("log.root", text),
        MonitorError::EntryChanged(_) | MonitorError::Shrunk { .. } => {
            Failure::false_("log.entry", text)
        }
    }
}
