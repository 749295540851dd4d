//! Nodes that share a process: calls go straight to the other's doors.

use super::{Answer, Peer, PeerError, Peers};
use crate::{
    cell::feed::Ask,
    door::{Doors, Problem},
};
use portcullis_core::{id::PackageId, member::MemberId};
use std::{collections::BTreeMap, sync::Arc};

/// How one node calls others of its own process.
pub struct InProcess<D> {
    /// Who calls.
    pub from: MemberId,
    /// Whose doors can be called.
    pub doors: BTreeMap<MemberId, Arc<D>>,
}

impl<D: Doors> InProcess<D> {
    fn doors(&self, peer: &Peer) -> Result<&D, PeerError> {
        let doors = self.doors.get(&peer.member).map(|doors| &**doors);
        doors.ok_or_else(|| PeerError::Unreachable {
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

impl<D: Doors> Peers for InProcess<D> {
    fn deliver(&self, peer: &Peer, body: &[u8]) -> Result<Answer, PeerError> {
        Ok(match self.doors(peer)?.receive(&self.from, body) {
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
        let answer = self.doors(witness)?.witness_add_checkpoint(body);
        Ok(Answer {
            status: answer.status,
            body: answer.body.into_bytes(),
        })
    }

    fn get(&self, peer: &Peer, path: &str) -> Result<Answer, PeerError> {
        let file = self.doors(peer)?.public_file(path.trim_start_matches('/'));
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
        self.doors(peer)?
            .package_part(&self.from, package, from, len)
            .map_err(status(peer))
    }

    fn upload_offset(&self, peer: &Peer, package: PackageId) -> Result<u64, PeerError> {
        self.doors(peer)?
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
        self.doors(peer)?
            .upload_part(&self.from, package, offset, bytes)
            .map_err(status(peer))
    }

    fn cell_changes(&self, peer: &Peer, ask: &Ask) -> Result<Answer, PeerError> {
        let doors = self.doors(peer)?;
        // Nobody waits within one process: who asks again gets what came meanwhile.
        let answer = |cell: Arc<crate::cell::Cell>| {
            doors.hear_replies(&self.from, ask)?;
            cell.feed(&self.from, ask, true)
        };
        let fed = doors.cell().map(answer);
        Ok(match fed {
            Some(Ok(body)) => Answer {
                status: 200,
                body: body.unwrap_or_default(),
            },
            Some(Err(problem)) => Answer {
                status: problem.status,
                body: problem.detail.into_bytes(),
            },
            None => Answer {
                status: 404,
                body: Vec::new(),
            },
        })
    }
}
