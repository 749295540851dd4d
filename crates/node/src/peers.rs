//! The other nodes, as this one calls them: a trait, so that the simulator can
//! stand in for the network. Sockets belong to `web`.

mod in_process;

pub use in_process::InProcess;

use portcullis_core::{digest::Digest, id::PackageId, member::MemberId};
use std::{collections::BTreeSet, time::Duration};

/// Where another node answers, and which certificates it may show (design §6).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Peer {
    /// Which member.
    pub member: MemberId,
    /// `https://host:port`, no path.
    pub endpoint: String,
    /// SHA-256 of its TLS certificates in DER; one of them must be shown.
    pub tls: BTreeSet<Digest>,
}

/// Why a call did not come through. Nothing is known of its effect.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PeerError {
    /// It could not be reached, or did not answer in time.
    #[error("`{member}` cannot be reached: {why}")]
    Unreachable {
        /// Which member.
        member: MemberId,
        /// What the network said.
        why: String,
    },
    /// Somebody else answered.
    #[error("whoever answers for `{member}` shows a certificate that is not in the register")]
    WrongCertificate {
        /// Which member.
        member: MemberId,
    },
    /// It answered, and not what was asked.
    #[error("`{member}` answered with status {status}: {detail}")]
    Status {
        /// Which member.
        member: MemberId,
        /// The HTTP status.
        status: u16,
        /// The first of what it said.
        detail: String,
    },
}

/// An answer over HTTP: its status and its body, bounded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// What a node asks of others. Every call is bounded in time and in bytes.
pub trait Peers: Send + Sync {
    /// `POST /peer/v1/deliveries`, with our certificate.
    ///
    /// # Errors
    ///
    /// [`PeerError`]; any status is an [`Answer`].
    fn deliver(&self, peer: &Peer, body: &[u8]) -> Result<Answer, PeerError>;

    /// `POST /witness/add-checkpoint` (C2SP tlog-witness).
    ///
    /// # Errors
    ///
    /// [`PeerError`]; any status is an [`Answer`].
    fn add_checkpoint(&self, witness: &Peer, body: &[u8]) -> Result<Answer, PeerError>;

    /// `GET path` of what a node serves to everybody: its log, its register, a witness's latest checkpoint.
    ///
    /// # Errors
    ///
    /// [`PeerError`]; any status is an [`Answer`].
    fn get(&self, peer: &Peer, path: &str) -> Result<Answer, PeerError>;

    /// `GET /peer/v1/packages/{package}` from a byte on, with our certificate; at most `len` bytes.
    ///
    /// # Errors
    ///
    /// [`PeerError`]; a status that is neither 200 nor 206 is [`PeerError::Status`].
    fn package_part(
        &self,
        peer: &Peer,
        package: PackageId,
        from: u64,
        len: usize,
    ) -> Result<Vec<u8>, PeerError>;

    /// `HEAD /peer/v1/uploads/{package}`: how many bytes have arrived.
    ///
    /// # Errors
    ///
    /// [`PeerError`].
    fn upload_offset(&self, peer: &Peer, package: PackageId) -> Result<u64, PeerError>;

    /// `PATCH /peer/v1/uploads/{package}` with the bytes from `offset` on; answers the new offset.
    ///
    /// # Errors
    ///
    /// [`PeerError`].
    fn upload_part(
        &self,
        peer: &Peer,
        package: PackageId,
        offset: u64,
        bytes: &[u8],
    ) -> Result<u64, PeerError>;

    /// `POST /peer/v1/cell/changes` with our certificate: what came after a position
    /// ([`crate::cell::feed`]). The peer may wait as long as the ask says before it answers.
    ///
    /// # Errors
    ///
    /// [`PeerError`]; any status is an [`Answer`], of at most [`crate::cell::feed::FEED_BYTES_MAX`].
    fn cell_changes(&self, peer: &Peer, ask: &crate::cell::feed::Ask) -> Result<Answer, PeerError> {
        let _ = ask;
        Err(PeerError::Unreachable {
            member: peer.member.clone(),
            why: "collections are not followed over this network".into(),
        })
    }
}

/// How long one call may take.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// The most bytes of an answer that are read, parts of packages aside.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The size of the parts in which packages move.
pub const PART_BYTES: usize = 4 * 1024 * 1024;
