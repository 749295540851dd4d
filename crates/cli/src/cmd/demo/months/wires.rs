//! Calls that go straight to the other node's doors: the months' nodes are in one process.

use portcullis_core::{id::PackageId, member::MemberId};
use portcullis_node::{
    Node,
    door::{Doors as _, Problem},
    peers::{Answer, Peer, PeerError, Peers},
};
use std::{collections::BTreeMap, sync::Arc};

/// How one node calls the others.
pub(super) struct Straight {
    pub(super) from: MemberId,
    pub(super) nodes: BTreeMap<MemberId, Arc<Node>>,
}

impl Straight {
    fn node(&self, peer: &Peer) -> Result<&Node, PeerError> {
        let node = self.nodes.get(&peer.member).map(|node| &**node);
        node.ok_or_else(|| PeerError::Unreachable {
            member: peer.member.clone(),
            why: "no such node".into(),
        })
    }
}

fn status(peer: &Peer) -> impl Fn(Problem) -> PeerError {
    let member = peer.member.clone();
    move |problem| PeerError::Status {
        member: member.clone(),
        status: problem.status,
        detail: problem.detail,
    }
}

impl Peers for Straight {
    fn deliver(&self, peer: &Peer, body: &[u8]) -> Result<Answer, PeerError> {
        Ok(match self.node(peer)?.receive(&self.from, body) {
            Ok(body) => Answer { status: 200, body },
            Err(problem) => Answer {
                status: problem.status,
                body: serde_json::json!({ "code": problem.code, "detail": problem.detail })
                    .to_string()
                    .into_bytes(),
            },
        })
    }

    fn add_checkpoint(&self, witness: &Peer, body: &[u8]) -> Result<Answer, PeerError> {
        let answer = self.node(witness)?.witness_add_checkpoint(body);
        Ok(Answer {
            status: answer.status,
            body: answer.body.into_bytes(),
        })
    }

    fn get(&self, peer: &Peer, path: &str) -> Result<Answer, PeerError> {
        let file = self.node(peer)?.public_file(path.trim_start_matches('/'));
        let (status, body) = file.map_or((404, Vec::new()), |file| (200, file.bytes));
        Ok(Answer { status, body })
    }

    fn package_part(
        &self,
        peer: &Peer,
        package: PackageId,
        from: u64,
        len: usize,
    ) -> Result<Vec<u8>, PeerError> {
        self.node(peer)?
            .package_part(&self.from, package, from, len)
            .map_err(status(peer))
    }

    fn upload_offset(&self, peer: &Peer, package: PackageId) -> Result<u64, PeerError> {
        self.node(peer)?
            .upload_offset(&self.from, package)
            .map_err(status(peer))
    }

    fn upload_part(
        &self,
        peer: &Peer,
        package: PackageId,
        offset: u64,
        bytes: &[u8],
    ) -> Result<u64, PeerError> {
        self.node(peer)?
            .upload_part(&self.from, package, offset, bytes)
            .map_err(status(peer))
    }
}
