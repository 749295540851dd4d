//! The register at a node: keeping versions, publishing one, following one.

use crate::{
    Node, NodeError,
    log::{CosignError, LogFault, OwnLog},
    peers::{Peer, Peers},
};
use portcullis_store::RegisterRecord;
use portcullis_tlog::note::{KeyName, NoteSigner, VerifierKey};
use portcullis_verdict::{
    History,
    register::{self, Anchor, Logged, VersionError, history::witness_policy, log_entry},
};
use std::sync::Arc;

/// Where the register's log and versions lie among the blobs.
const PREFIX: &str = "register";
/// The word under which the store keeps the name of the register that was joined.
const JOINED: &str = "register/joined";

impl Node {
    /// The register that this node trusts: as it was opened with, or as it joined since,
    /// in this process or another one on the same store.
    pub(crate) fn trusted_register(&self) -> Result<Option<Anchor>, NodeError> {
        if let Some(anchor) = self.anchor.get() {
            return Ok(Some(*anchor));
        }
        let Some(joined) = self.store.meta(JOINED)? else {
            return Ok(None);
        };
        let joined = String::from_utf8_lossy(&joined).parse();
        let joined = joined.map_err(|_| NodeError::Broken("the register's name".into()))?;
        Ok(Some(*self.anchor.get_or_init(|| Anchor(joined))))
    }

    /// Joins the register of that name with versions of it, and answers the newest number
    /// that is believed. What runs on the same store learns of it at its next refresh.
    ///
    /// # Errors
    ///
    /// [`NodeError::Version`]: version 1 is another register's, or is not to be believed;
    /// [`VersionError::OtherRegister`] also when the node trusts another one already.
    pub fn join_register(&self, anchor: Anchor, versions: Vec<Logged>) -> Result<u64, NodeError> {
        if let Some(other) = self.trusted_register()?.filter(|other| *other != anchor) {
            return Err(VersionError::OtherRegister { expected: other.0 }.into());
        }
        if let Err(refused) = History::open(anchor, &versions) {
            let first = refused.into_iter().next().map(|version| version.error);
            let none = || VersionError::Malformed("it holds no version".into());
            return Err(first.unwrap_or_else(none).into());
        }
        self.joined(anchor)?;
        self.take_versions(versions)
    }

    fn joined(&self, anchor: Anchor) -> Result<(), NodeError> {
        self.store
            .set_meta(JOINED, anchor.0.to_string().as_bytes())?;
        self.anchor.get_or_init(|| anchor);
        Ok(())
    }

    /// The versions of a register that the store keeps.
    pub(crate) fn logged_versions(&self, anchor: Anchor) -> Result<Vec<Logged>, NodeError> {
        let ours = self
            .store
            .registers()?
            .into_iter()
            .filter(|record| record.register == anchor.0);
        Ok(ours
            .map(|record| Logged {
                envelope: record.envelope,
                proof: record.proof,
            })
            .collect())
    }

    /// The register's versions as one file.
    ///
    /// # Errors
    ///
    /// [`NodeError::NoRegister`].
    pub fn export_register(&self) -> Result<Vec<u8>, NodeError> {
        let anchor = self.trusted_register()?.ok_or(NodeError::NoRegister)?;
        Ok(register::versions::to_bytes(
            anchor,
            &self.logged_versions(anchor)?,
        ))
    }

    /// Reads a file of versions.
    ///
    /// # Errors
    ///
    /// [`NodeError::Version`] when it is none.
    pub fn parse_versions(bytes: &[u8]) -> Result<(Anchor, Vec<Logged>), NodeError> {
        Ok(register::versions::parse(bytes)?)
    }

    /// Keeps versions that came from elsewhere, the valid ones and the evidence alike, and
    /// answers the newest number that is believed now. A version that nobody signed or
    /// logged is not kept.
    ///
    /// # Errors
    ///
    /// [`NodeError::NoRegister`]; [`NodeError::Version`] for the first version refused, when
    /// none of what came is of use.
    pub fn take_versions(&self, versions: Vec<Logged>) -> Result<u64, NodeError> {
        let anchor = self.trusted_register()?.ok_or(NodeError::NoRegister)?;
        let mut all = self.logged_versions(anchor)?;
        all.extend(versions.iter().cloned());
        let refused = match History::open(anchor, &all) {
            Ok((_, refused)) | Err(refused) => refused,
        };
        let mut first = None;
        for version in versions {
            let Ok(parsed) = register::parse(&version.envelope) else {
                continue;
            };
            let why = refused
                .iter()
                .find(|refused| refused.digest == Some(parsed.digest))
                .map(|refused| &refused.error);
            match why {
                None | Some(VersionError::TwoOfOneNumber { .. }) => {
                    self.store.add_register(RegisterRecord {
                        register: anchor.0,
                        version: parsed.register.version,
                        envelope: version.envelope,
                        proof: version.proof,
                        stored_at: self.now(),
                    })?;
                }
                Some(error) => {
                    first.get_or_insert_with(|| error.clone());
                }
            }
        }
        if let Some(error) = first {
            return Err(error.into());
        }
        self.refresh()?;
        Ok(self.history()?.newest().register.version)
    }

    /// Asks a peer for its versions of the register and keeps what is new.
    ///
    /// # Errors
    ///
    /// [`NodeError`] when it does not answer or what it sends is of no use.
    pub fn fetch_register(&self, from: &Peer, peers: &dyn Peers) -> Result<u64, NodeError> {
        let answer = peers
            .get(from, "register/versions")
            .map_err(|error| NodeError::Broken(error.to_string()))?;
        if answer.status != 200 {
            return Err(NodeError::Broken(format!(
                "`{}` answered with status {}",
                from.member, answer.status
            )));
        }
        let (anchor, versions) = Self::parse_versions(&answer.body)?;
        let expected = self.trusted_register()?.ok_or(NodeError::NoRegister)?;
        if anchor != expected {
            let expected = expected.0;
            return Err(VersionError::OtherRegister { expected }.into());
        }
        self.take_versions(versions)
    }

    /// Publishes a signed version: into the register's own log, cosigned, and kept with its
    /// proof. For the member that holds the register's log key.
    ///
    /// # Errors
    ///
    /// [`NodeError`]: not ours to publish, not believed, or no quorum of witnesses.
    pub fn publish_register(
        &self,
        envelope: &[u8],
        peers: &dyn Peers,
    ) -> Result<Anchor, NodeError> {
        let parsed = register::parse(envelope)?;
        let seed = self
            .keys
            .register_seed
            .as_ref()
            .ok_or_else(|| LogFault::Key("this node holds no register's log".into()))?;
        let key: VerifierKey = parsed
            .register
            .log
            .parse()
            .map_err(|_| LogFault::Key(parsed.register.log.clone()))?;
        let name: KeyName = key.name().clone();
        let signer = NoteSigner::new(name, seed);
        if signer.vkey() != key {
            return Err(LogFault::Key("the version names another log key than ours".into()).into());
        }
        let anchor = if parsed.register.version == 1 {
            Anchor(parsed.digest)
        } else {
            self.trusted_register()?.ok_or(NodeError::NoRegister)?
        };
        self.ready_to_log(anchor, envelope, &parsed)?;
        // The witnesses of the version before it vouch for a version; its own for the first.
        let (policy, from) = match self.history() {
            Ok(history) => (
                history.newest().policy.clone(),
                Arc::new(history.newest().register.clone()),
            ),
            Err(_) => (
                witness_policy(&parsed.register)?,
                Arc::new(parsed.register.clone()),
            ),
        };
        let mut witnesses = Self::witnesses_of(&from, &policy);
        if witnesses.is_empty() {
            witnesses = Self::witnesses_of(&parsed.register, &policy);
        }
        let prefix = format!("{PREFIX}/log");
        let log = OwnLog {
            store: &self.store,
            blobs: &self.blobs,
            prefix: &prefix,
            signer: &signer,
        };
        let mut builder = log.take_up()?;
        let entry = log_entry(&parsed.register, &parsed.digest);
        let size = builder.size().0;
        let index = (0..size).find(|index| {
            log.tiles()
                .entry(*index, size)
                .is_ok_and(|known| known == entry)
        });
        let index = if let Some(index) = index {
            index
        } else {
            log.append(&mut builder, &[entry], Vec::new())?;
            size
        };
        if let Err(CosignError::NoQuorum(words)) = log.cosign(&policy, &witnesses, peers)? {
            return Err(NodeError::Broken(CosignError::NoQuorum(words).to_string()));
        }
        let proof = log.prove(index)?.to_string().into_bytes();
        let logged = Logged {
            envelope: envelope.to_vec(),
            proof: Some(proof),
        };
        let mut all = self.logged_versions(anchor)?;
        all.push(logged.clone());
        let (History { .. }, refused) = match History::open(anchor, &all) {
            Ok(opened) => opened,
            Err(refused) => return Err(refusal_of(refused, parsed.digest).into()),
        };
        if refused
            .iter()
            .any(|version| version.digest == Some(parsed.digest))
        {
            return Err(refusal_of(refused, parsed.digest).into());
        }
        self.store.add_register(RegisterRecord {
            register: anchor.0,
            version: parsed.register.version,
            envelope: logged.envelope,
            proof: logged.proof,
            stored_at: self.now(),
        })?;
        self.joined(anchor)?;
        self.refresh()?;
        Ok(anchor)
    }

    /// A version is logged only when nothing but its place in the log is missing: an entry
    /// cannot be taken back, and two of one number are evidence against the roots.
    fn ready_to_log(
        &self,
        anchor: Anchor,
        envelope: &[u8],
        parsed: &register::Parsed,
    ) -> Result<(), NodeError> {
        let mut all = self.logged_versions(anchor)?;
        all.retain(|known| known.envelope != envelope);
        if let Ok((history, _)) = History::open(anchor, &all) {
            let newest = history.newest().register.version;
            let found = parsed.register.version;
            let known = history.versions().iter().any(|v| v.digest == parsed.digest);
            if found <= newest && !known {
                return Err(VersionError::OutOfOrder { newest, found }.into());
            }
            if known {
                return Ok(());
            }
        }
        all.push(Logged {
            envelope: envelope.to_vec(),
            proof: None,
        });
        let refused = match History::open(anchor, &all) {
            Ok((_, refused)) | Err(refused) => refused,
        };
        match refusal_of(refused, parsed.digest) {
            VersionError::Unlogged(_) => Ok(()),
            error => Err(error.into()),
        }
    }
}

fn refusal_of(
    refused: Vec<register::RefusedVersion>,
    digest: portcullis_core::digest::Digest,
) -> VersionError {
    let found = refused
        .into_iter()
        .find(|version| version.digest == Some(digest));
    found.map_or_else(
        || VersionError::Malformed("it could not be read".into()),
        |version| version.error,
    )
}
