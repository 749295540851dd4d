//! `inspect pack`: a case's evidence as one file.

use super::{Answer, Failure, Home, Path, PathBuf, Ui, write_lines};
use crate::signer::SignArgs;
use clap::Args;
use portcullis_core::{
    digest::Digest,
    id::CaseId,
    member::MemberId,
    office::Office,
    statement::{Event, Inspection, Look},
};
use portcullis_node::Node;
use portcullis_sign::Envelope;
use portcullis_verdict::{
    Bundle,
    law::{LAW_BYTES_MAX, LAW_FILES},
    parts::{Contents, Part},
    statement,
    text::sha256,
};
use std::{borrow::Cow, collections::BTreeSet, iter::once, process::ExitCode};

/// Writes a case's evidence as one file: statements, proofs, registers, law, schema.
///
/// `portcullis inspect verify` reads it anywhere, offline. It carries the digests of packages and
/// never their contents, and no application and no reasons unless they are asked for. The case
/// tells of the look: by the officer's key that is named, or by the node's own.
///
/// Example, for an overseer that asked in writing:
///
///   portcullis inspect pack CASE -o case.pack --for watch.example --request letter.pdf
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Pack {
    case: CaseId,
    /// Where the file goes.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Adds what travelled beside statements: the application, reasons of refusals, promises. It
    /// holds grounds and persons; give the file to nobody who may not read them.
    #[arg(long)]
    with_application: bool,
    /// The officer of ours who looks: the name of a key in `officers/`.
    #[arg(long, value_name = "NAME", conflicts_with = "for_member")]
    key: Option<String>,
    /// The overseer whose inspector the file is for.
    #[arg(long = "for", value_name = "MEMBER", requires = "request")]
    for_member: Option<MemberId>,
    /// The document that asked for it: the case names its digest.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
}

impl Pack {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let home = Home::open(dir)?;
        let node = home.node()?;
        // What cannot be shown is not looked at.
        node.evidence(self.case, false)?;
        self.tell(&home, &node, ui)?;
        let mut held = node.evidence(self.case, self.with_application)?;
        held.laws = laws(&home, &held.bundle)?;
        let parts = held.to_parts();
        let first = node.seal_parts(Contents::Evidence, self.case.to_string(), &parts)?;
        let lines = once(Cow::Owned(first)).chain(parts.iter().map(Part::line).map(Cow::Owned));
        write_lines(&self.output, lines)?;
        let entries = &held.bundle.entries;
        let proved = entries.iter().filter(|one| one.inclusion.is_some()).count();
        ui.say(format_args!(
            "wrote `{}`: {} statements, {proved} of them proved, {} law file(s), {} opened docket(s)",
            self.output.display(),
            entries.len(),
            held.laws.len(),
            held.opened.len()
        ));
        if self.with_application {
            ui.say(format_args!(
                "  WARNING: it holds {} attachment(s): grounds, persons, reasons. Whoever has the file reads them",
                held.attachments.len()
            ));
        }
        ui.say("  it names targets: whoever may know of the case may have it");
        ui.answer(&serde_json::json!({
            "file": self.output,
            "case": self.case.to_string(),
            "statements": entries.len(),
            "proved": proved,
            "laws": held.laws.len(),
            "opened": held.opened.len(),
            "attachments": held.attachments.len(),
        }));
        Ok(ExitCode::SUCCESS)
    }

    /// The case tells of the look before anything is written.
    fn tell(&self, home: &Home, node: &Node, ui: Ui) -> Result<(), Failure> {
        let request = self.request.as_ref().map(|path| digest_of(path));
        let look = Look::Case {
            request: request.transpose()?,
        };
        let inspection = |looker: &MemberId, office| Inspection {
            looker: looker.clone(),
            office,
            look: look.clone(),
        };
        if let Some(overseer) = &self.for_member {
            return Ok(node.tell_of_look(self.case, inspection(overseer, Office::Inspector))?);
        }
        let Some(key) = &self.key else {
            return Ok(node.tell_of_look(self.case, inspection(node.me(), Office::Node))?);
        };
        let sign = SignArgs::key(key);
        let offices = node.offices_of(&sign.public(home)?)?;
        let office = offices.first().copied().unwrap_or(Office::Node);
        let event = Event::Inspected(inspection(node.me(), office));
        sign.say(home, node, Some(self.case), &event, None, &ui)?;
        Ok(())
    }
}

/// What a document is called: SHA-256 of its payload, or of its bytes where it is no envelope.
fn digest_of(path: &Path) -> Result<Digest, Failure> {
    let bytes = super::read(path, 64 * 1024 * 1024)?;
    Ok(Envelope::parse(&bytes).map_or_else(|_| sha256(&bytes), |one| sha256(one.payload())))
}

/// The law files that the statements name: those that come with Portcullis, and the folder's.
fn laws(home: &Home, bundle: &Bundle) -> Result<Vec<Vec<u8>>, Failure> {
    let named: BTreeSet<Digest> = bundle
        .entries
        .iter()
        .filter_map(|entry| Some(statement::parse(&entry.envelope).ok()?.header.law))
        .collect();
    let mut files: Vec<Vec<u8>> = LAW_FILES
        .iter()
        .map(|(_, text)| text.as_bytes().to_vec())
        .collect();
    if let Ok(entries) = std::fs::read_dir(home.dir.join("laws")) {
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.extension().is_some_and(|end| end == "toml") {
                files.push(super::read(&path, LAW_BYTES_MAX)?);
            }
        }
    }
    files.retain(|bytes| named.contains(&sha256(bytes)));
    files.sort();
    files.dedup();
    Ok(files)
}
