//! A node's doors, with a bell: whoever works at the node hears which case was brought.

use portcullis_core::{
    digest::Digest,
    id::{CaseId, PackageId},
    member::MemberId,
};
use portcullis_node::{
    Node,
    door::{Doors, Problem, PublicFile, WitnessAnswer},
};
use std::sync::{Arc, mpsc::Sender};

/// The doors of a node.
pub(crate) struct Desk {
    pub(crate) node: Arc<Node>,
    /// Where the cases of accepted deliveries are told, where anybody listens.
    pub(crate) bell: Option<Sender<CaseId>>,
}

impl Doors for Desk {
    fn member_of_certificate(&self, certificate: &Digest) -> Option<MemberId> {
        self.node.member_of_certificate(certificate)
    }

    fn receive(&self, from: &MemberId, body: &[u8]) -> Result<Vec<u8>, Problem> {
        let answer = self.node.receive(from, body)?;
        if let Some(bell) = &self.bell {
            for case in accepted(&answer) {
                // Nobody listens any more when the run is over.
                let _ = bell.send(case);
            }
        }
        Ok(answer)
    }

    fn witness_add_checkpoint(&self, body: &[u8]) -> WitnessAnswer {
        self.node.witness_add_checkpoint(body)
    }

    fn public_file(&self, path: &str) -> Option<PublicFile> {
        self.node.public_file(path)
    }

    fn package_size(&self, from: &MemberId, package: PackageId) -> Result<u64, Problem> {
        self.node.package_size(from, package)
    }

    fn package_part(
        &self,
        from: &MemberId,
        package: PackageId,
        offset: u64,
        len: usize,
    ) -> Result<Vec<u8>, Problem> {
        self.node.package_part(from, package, offset, len)
    }

    fn upload_offset(&self, from: &MemberId, package: PackageId) -> Result<u64, Problem> {
        self.node.upload_offset(from, package)
    }

    fn upload_part(
        &self,
        from: &MemberId,
        package: PackageId,
        offset: u64,
        bytes: &[u8],
    ) -> Result<u64, Problem> {
        self.node.upload_part(from, package, offset, bytes)
    }
}

/// The cases that a delivery's answer says were accepted.
fn accepted(answer: &[u8]) -> Vec<CaseId> {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(answer) else {
        return Vec::new();
    };
    let results = value["results"].as_array().cloned().unwrap_or_default();
    let taken = results.iter().filter(|part| part["outcome"] == "accepted");
    taken
        .filter_map(|part| part["case"].as_str()?.parse().ok())
        .collect()
}
