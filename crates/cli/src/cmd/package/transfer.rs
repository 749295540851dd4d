//! Moving a package's bytes between nodes, in parts, from wherever it stopped.

use crate::{clock::pause, failure::Failure};
use portcullis_core::statement::Seal;
use portcullis_node::peers::PeerError;
use portcullis_seal::check::{CheckError, check};
use std::{fs::File, path::Path, time::Duration};

/// How often a part is tried again before the transfer stops.
const TRIES: u32 = 4;

/// What another node answered, as a failure of ours.
pub(super) fn peer_failure(error: &PeerError) -> Failure {
    let text = error.to_string();
    match error {
        PeerError::Unreachable { .. } => Failure::unable("peer.unreachable", text).hint(
            "run the command again when the other node answers; it goes on from where it stopped",
        ),
        PeerError::WrongCertificate { .. } => Failure::false_("peer.wrong_certificate", text)
            .hint("somebody may be in between; ask the member, and see `portcullis register show`"),
        PeerError::Status {
            status: 400..=499, ..
        } => Failure::refused("peer.refused", text),
        PeerError::Status { .. } => Failure::unable("peer.status", text),
    }
}

/// Makes a call again when nothing is known of it. Only for calls that may be made twice.
pub(super) fn stubborn<T>(call: impl Fn() -> Result<T, PeerError>) -> Result<T, Failure> {
    let mut tries = 1;
    loop {
        match call() {
            Err(PeerError::Unreachable { .. }) if tries < TRIES => {
                pause(Duration::from_millis(250) * tries);
            }
            done => return done.map_err(|error| peer_failure(&error)),
        }
        tries += 1;
    }
}

/// Compares a file with what the `Sealed` statement says.
pub(super) fn verify(
    path: &Path,
    seal: &Seal,
    progress: &mut dyn FnMut(u64),
) -> Result<(), Failure> {
    let file = File::open(path).map_err(|error| Failure::file(path, &error))?;
    match check(file, seal.ciphertext, seal.size_bytes, progress) {
        Ok(_) => Ok(()),
        Err(CheckError::Io(error)) => Err(Failure::file(path, &error)),
        Err(error) => {
            // Whatever is wrong with them first, they are not the bytes that were signed for.
            let code = if matches!(error, CheckError::Truncated(_)) {
                "package.truncated"
            } else {
                "package.tampered"
            };
            Err(Failure::false_(code, format!("`{}`: {error}", path.display())).hint(error.hint()))
        }
    }
}
