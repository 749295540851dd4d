//! Where the register says that members answer.

use crate::{Node, NodeError, peers::Peer};
use portcullis_core::{member::MemberId, register::Register};

/// The peer of a member, by a version of the register.
pub(crate) fn peer_in(register: &Register, member: &MemberId) -> Option<Peer> {
    let entry = register.members.get(member)?;
    if entry.endpoint.is_empty() {
        return None;
    }
    Some(Peer {
        member: member.clone(),
        endpoint: entry.endpoint.clone(),
        tls: entry.tls.clone(),
    })
}

impl Node {
    /// Where a member's node answers, by the newest register.
    ///
    /// # Errors
    ///
    /// [`NodeError::NoRegister`]; [`NodeError::Broken`] when the register gives no address.
    pub fn peer(&self, member: &MemberId) -> Result<Peer, NodeError> {
        let history = self.history()?;
        peer_in(&history.newest().register, member).ok_or_else(|| {
            NodeError::Broken(format!("the register gives no address for `{member}`"))
        })
    }
}
