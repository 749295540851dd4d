//! `log proof` and `log proof-verify`: one entry, offline.

use super::{believed::Believing, instant, read_bounded};
use crate::{Answer, failure::Failure, home::Home, ui::Ui};
use clap::Args;
use portcullis_core::{digest::Digest, id::CaseId};
use portcullis_tlog::{
    hash::{Hash, leaf_hash},
    proof::{PROOF_BYTES_MAX, TlogProof},
    tree::verify_inclusion,
};
use portcullis_verdict::bundle::inclusion_from_bytes;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Writes the C2SP tlog-proof of a statement: that its leaf is in its author's log.
///
/// The file tells nothing about the case; the leaf hash is printed. Check both, anywhere, with
/// `portcullis log proof-verify FILE --leaf-hash HASH --policy POLICY`.
#[derive(Args)]
pub(crate) struct Proof {
    /// The case.
    case: CaseId,
    /// The statement: its digest, as `portcullis case show` lists it.
    statement: Digest,
    /// The file to write; its customary ending is `.tlog-proof`.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Verifies a C2SP tlog-proof of an entry, offline.
#[derive(Args)]
pub(crate) struct ProofVerify {
    /// The `.tlog-proof` file.
    file: PathBuf,
    /// The entry's leaf hash (RFC 6962), in base64.
    #[arg(long, value_name = "BASE64")]
    leaf_hash: String,
    #[command(flatten)]
    believing: Believing,
}

impl Proof {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let node = Home::open(dir)?.node()?;
        let viewed = node.view(self.case)?;
        let found = viewed
            .record
            .statements
            .iter()
            .find(|statement| statement.digest == self.statement);
        let statement = found.ok_or_else(|| {
            Failure::refused(
                "statement.unknown",
                format!("case {} has no statement {}", self.case, self.statement),
            )
        })?;
        let bytes = statement.proof.as_ref().ok_or_else(|| {
            Failure::refused("log.not_recorded", "its author's log has not shown it yet").hint(
                "a proof comes with the next tick of the author's record: `portcullis log show`",
            )
        })?;
        let inclusion =
            inclusion_from_bytes(bytes).map_err(|why| Failure::unable("store.broken", why))?;
        let hash = leaf_hash(inclusion.leaf.as_bytes());
        std::fs::write(&self.output, inclusion.proof.to_string())
            .map_err(|error| Failure::file(&self.output, &error))?;
        let index = inclusion.proof.index();
        let origin = inclusion
            .proof
            .checkpoint()
            .text()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        ui.say(format_args!(
            "wrote `{}`: entry {index} of {origin}",
            self.output.display()
        ));
        ui.say(format_args!("leaf hash {hash}"));
        ui.answer(&serde_json::json!({
            "file": self.output.display().to_string(),
            "origin": origin,
            "index": index.0,
            "leaf_hash": hash.to_string(),
        }));
        Ok(ExitCode::SUCCESS)
    }
}

impl ProofVerify {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let believed = self.believing.find(dir)?;
        let leaf: Hash = self
            .leaf_hash
            .parse()
            .map_err(|error| Failure::usage(format!("`{}`: {error}", self.leaf_hash)))?;
        let bytes = read_bounded(&self.file, PROOF_BYTES_MAX)?;
        let proof = TlogProof::parse(&bytes).map_err(|error| {
            Failure::false_("log.proof", format!("`{}`: {error}", self.file.display()))
        })?;
        let cosigned = believed.verify(proof.checkpoint())?;
        let (size, root) = (cosigned.checkpoint.size, cosigned.checkpoint.root);
        verify_inclusion(&leaf, proof.index(), size, &root, proof.path())
            .map_err(|error| Failure::false_("log.inclusion", error.to_string()))?;
        ui.say(format_args!(
            "entry {} of {} has this leaf hash",
            proof.index(),
            cosigned.checkpoint.origin
        ));
        for (witness, at) in &cosigned.cosigned_at {
            ui.say(format_args!("  cosigned by {witness} at {}", instant(*at)));
        }
        ui.answer(&serde_json::json!({
            "origin": cosigned.checkpoint.origin.as_str(),
            "index": proof.index().0,
            "size": size.0,
            "quorum_at": cosigned.quorum_at.map(instant),
        }));
        Ok(ExitCode::SUCCESS)
    }
}
