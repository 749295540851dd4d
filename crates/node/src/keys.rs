//! A node's own keys: for what the clock says, for its log, for others' logs.

use portcullis_sign::SecretKey;
use portcullis_tlog::{
    cosignature::Cosigner,
    note::{KeyName, NoteSigner},
};
use zeroize::Zeroizing;

/// The keys that a node holds itself. People's keys are theirs.
pub struct NodeKeys {
    /// Signs receipts and what only the clock decides; office `node` in the register.
    pub statements: SecretKey,
    /// The name of its log without generation, such as `police.example/log/live`.
    pub log_name: String,
    /// Ed25519 seed of its log.
    pub log_seed: Zeroizing<[u8; 32]>,
    /// The secret from which its leaves are blinded. Lost, no report can be made any more.
    pub ballot_seed: Zeroizing<[u8; 32]>,
    /// Ed25519 seed of the register's log, at the member that publishes one.
    pub register_seed: Option<Zeroizing<[u8; 32]>>,
    /// Name and Ed25519 seed of its cosignatures, if it is a witness. A key of its own (tlog-cosignature).
    pub witness: Option<(String, Zeroizing<[u8; 32]>)>,
}

impl core::fmt::Debug for NodeKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("NodeKeys")
            .field("log_name", &self.log_name)
            .finish_non_exhaustive()
    }
}

impl NodeKeys {
    /// The signer of one generation of the log; `None` when the name cannot be a key's.
    pub fn log_signer(&self, generation: u64) -> Option<NoteSigner> {
        let name: KeyName = format!("{}/{generation}", self.log_name).parse().ok()?;
        Some(NoteSigner::new(name, &self.log_seed))
    }

    /// The log's vkey without generation, as the register lists it.
    pub fn log_vkey(&self) -> Option<String> {
        let name: KeyName = self.log_name.parse().ok()?;
        Some(NoteSigner::new(name, &self.log_seed).vkey().to_string())
    }

    /// The cosigner, if the node is a witness.
    pub fn cosigner(&self) -> Option<Cosigner> {
        let (name, seed) = self.witness.as_ref()?;
        Some(Cosigner::new(name.parse().ok()?, seed))
    }
}
