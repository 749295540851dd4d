//! `portcullis log`: the public record, ours and anybody's.

mod believed;
mod files;
mod promise;
mod proof;
mod show;
mod verify;

use crate::{Answer, failure::Failure, ui::Ui};
use clap::Subcommand;
use std::path::Path;

/// The public record: what stands in it, and whether a log is what it claims to be.
///
/// A log is plain files (C2SP tlog-tiles): `DATA/blobs/log/1`, or `https://HOST/log/1` at a server. Anybody
/// can check one, with this program or another:
///
///   portcullis --dir mail log policy > mail.policy
///   portcullis log verify https://mail.example/log/1 --policy mail.policy --any-certificate
#[expect(clippy::doc_markdown, reason = "a command to be typed as it stands")]
#[expect(rustdoc::bare_urls, reason = "a command line, as it is typed")]
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Log {
    /// Shows this node's logs: sizes, cosignatures, what waits, when the next tick is about due.
    Show,
    Verify(verify::Verify),
    Proof(proof::Proof),
    ProofVerify(proof::ProofVerify),
    Policy(show::Policy),
    Promise(promise::Promise),
}

impl Log {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "every command is handed it alike"
    )]
    pub(crate) fn run(self, dir: &Path, ui: &Ui) -> Answer {
        match self {
            Self::Show => show::show(dir, *ui),
            Self::Verify(verify) => verify.run(dir, *ui),
            Self::Proof(proof) => proof.run(dir, *ui),
            Self::ProofVerify(proof) => proof.run(dir, *ui),
            Self::Policy(policy) => policy.run(dir, *ui),
            Self::Promise(promise) => promise.run(dir, *ui),
        }
    }
}

/// A time of a cosignature, as text.
fn instant(seconds: u64) -> String {
    let at = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    at.map_or_else(|| format!("{seconds} s after 1970"), |at| at.to_string())
}

/// Reads a file of bounded size.
fn read_bounded(path: &Path, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    files::bounded(path, bytes_max).map_err(|error| Failure::file(path, &error))
}
