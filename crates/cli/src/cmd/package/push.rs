//! `package push`: the provider brings a released package to the authority.

use super::{
    sealed_file,
    transfer::{peer_failure, stubborn, verify},
};
use crate::{Answer, failure::Failure, home::Home, ui::Ui};
use clap::Args;
use portcullis_core::id::{CaseId, PackageId};
use portcullis_node::peers::{PART_BYTES, PeerError, Peers as _};
use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    process::ExitCode,
};

/// Brings a released package to the authority, instead of waiting until it is fetched.
///
/// What stopped half-way goes on from where the authority says it stands. The authority still
/// checks and acknowledges it: `portcullis package collect`.
#[derive(Args)]
pub(crate) struct Push {
    /// The case.
    case: CaseId,
    /// The package.
    package: PackageId,
}

impl Push {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Answer {
        let node = home.node()?;
        let (authority, seal) = node.push_to(self.case, &self.package)?;
        let path = sealed_file(home, &self.package);
        let bar = ui.bytes_bar(seal.size_bytes, "checking");
        verify(&path, &seal, &mut |done| bar.set_position(done))?;
        bar.finish_and_clear();
        let failed = |error: std::io::Error| Failure::file(&path, &error);
        let mut file = File::open(&path).map_err(failed)?;
        let peers = home.peers()?;
        let mut at = stubborn(|| peers.upload_offset(&authority, self.package))?;
        let begun = at;
        let bar = ui.bytes_bar(seal.size_bytes, "pushing");
        let mut part = Vec::new();
        while at < seal.size_bytes {
            bar.set_position(at);
            part.clear();
            file.seek(SeekFrom::Start(at)).map_err(failed)?;
            (&file)
                .take(PART_BYTES as u64)
                .read_to_end(&mut part)
                .map_err(failed)?;
            at = match peers.upload_part(&authority, self.package, at, &part) {
                Ok(at) => at,
                // Perhaps it arrived, perhaps not: the authority says where it stands.
                Err(PeerError::Unreachable { .. } | PeerError::Status { status: 409, .. }) => {
                    let stands = stubborn(|| peers.upload_offset(&authority, self.package))?;
                    if stands < at {
                        let text = format!("`{}` has fewer bytes than it had", authority.member);
                        return Err(
                            Failure::unable("package.offset", text).hint("run the command again")
                        );
                    }
                    stands
                }
                Err(error) => return Err(peer_failure(&error)),
            };
        }
        bar.finish_and_clear();
        ui.say(format_args!(
            "{} lies at `{}`",
            self.package, authority.member
        ));
        ui.answer(&serde_json::json!({
            "case": self.case.to_string(),
            "package": self.package.to_string(),
            "to": authority.member.as_str(),
            "resumed_at": begun,
            "size_bytes": seal.size_bytes,
        }));
        Ok(ExitCode::SUCCESS)
    }
}
