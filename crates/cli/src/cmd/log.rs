//! `portcullis log`: the public record, ours and anybody's.

pub(super) mod believed;
pub(super) mod files;
mod monitor;
mod promise;
mod proof;
mod renew;
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
    Monitor(monitor::Monitor),
    /// Closes this node's log, so that the next one can count under another schema of cells.
    ///
    /// A log counts under one schema for all its life. To change it: right after a period's end,
    /// make the report, stop `portcullis serve`, run this, edit `schema` in portcullis.toml, and
    /// start again. What waits for its place is placed and cosigned first. The closed log stays
    /// public, with a note that says which log follows it.
    ///
    /// Example: `portcullis --dir mail log renew`
    Renew,
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
            Self::Monitor(monitor) => monitor.run(dir, *ui),
            Self::Renew => renew::renew(dir, *ui),
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
pub(super) fn read_bounded(path: &Path, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    files::bounded(path, bytes_max).map_err(|error| Failure::file(path, &error))
}
