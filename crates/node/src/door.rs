//! What a node's doors call, with values that any door can put into its own language.

use portcullis_core::member::MemberId;

/// The most bytes of one delivery between nodes.
pub const DELIVERY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A no in the peers' language: a stable code, a sentence, and whether to try again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The stable code, such as `peer.unknown_certificate`.
    pub code: &'static str,
    /// One sentence.
    pub detail: String,
}

/// A file that everybody may read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublicFile {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its media type.
    pub media_type: &'static str,
    /// Whether it never changes.
    pub immutable: bool,
}

/// What a witness answers (C2SP tlog-witness).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WitnessAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The media type of the body.
    pub media_type: &'static str,
    /// The body.
    pub body: String,
}

/// The doors of a node: what `web` calls and the simulator calls alike.
/// Every method may block on the disk; call it where blocking is allowed.
pub trait Doors: Send + Sync + 'static {
    /// Whose certificate this is (SHA-256 of the DER), by the register.
    fn member_of_certificate(
        &self,
        certificate: &portcullis_core::digest::Digest,
    ) -> Option<MemberId>;

    /// `POST /peer/v1/deliveries`: the answer's JSON. `from` is the member whose certificate was shown.
    ///
    /// # Errors
    ///
    /// [`Problem`] when the delivery as a whole is refused.
    fn receive(&self, from: &MemberId, body: &[u8]) -> Result<Vec<u8>, Problem>;

    /// `POST /witness/add-checkpoint`.
    fn witness_add_checkpoint(&self, body: &[u8]) -> WitnessAnswer;

    /// A file that everybody may read, by its path without the leading slash: `log/1/checkpoint`,
    /// `log/1/tile/0/000`, `register/versions`, `witness/<hex>/checkpoint`, …
    fn public_file(&self, path: &str) -> Option<PublicFile>;

    /// What everybody may see of the node, for its page; none where there is no page.
    fn record(&self) -> Option<crate::public::Record> {
        None
    }

    /// The node's cell, if it has one.
    fn cell(&self) -> Option<std::sync::Arc<crate::cell::Cell>> {
        None
    }

    /// Takes in what comes with a follower's ask of the cell's feed, before it is answered. Where no
    /// register is known nobody's signature holds.
    ///
    /// # Errors
    ///
    /// [`Problem`], as [`crate::cell::Cell::hear_replies`].
    fn hear_replies(&self, from: &MemberId, ask: &crate::cell::feed::Ask) -> Result<(), Problem> {
        let Some(cell) = self.cell() else {
            return Ok(());
        };
        let vouch = crate::cell::follow::Vouch {
            peer_of: &|_| None,
            verify: &|_, _| Err("no register is known here".to_owned()),
        };
        cell.hear_replies(from, ask, vouch)
    }

    /// The size of a package that `from` may collect.
    ///
    /// # Errors
    ///
    /// [`Problem`] 404 or 403.
    fn package_size(
        &self,
        from: &MemberId,
        package: portcullis_core::id::PackageId,
    ) -> Result<u64, Problem>;

    /// Bytes of a package that `from` may collect.
    ///
    /// # Errors
    ///
    /// [`Problem`] 404, 403 or 416.
    fn package_part(
        &self,
        from: &MemberId,
        package: portcullis_core::id::PackageId,
        offset: u64,
        len: usize,
    ) -> Result<Vec<u8>, Problem>;

    /// How many bytes of a package that `from` pushes have arrived.
    ///
    /// # Errors
    ///
    /// [`Problem`].
    fn upload_offset(
        &self,
        from: &MemberId,
        package: portcullis_core::id::PackageId,
    ) -> Result<u64, Problem>;

    /// Takes the next bytes of a package that `from` pushes; answers the new offset.
    ///
    /// # Errors
    ///
    /// [`Problem`] 409 when `offset` is not where the upload stands.
    fn upload_part(
        &self,
        from: &MemberId,
        package: portcullis_core::id::PackageId,
        offset: u64,
        bytes: &[u8],
    ) -> Result<u64, Problem>;
}
