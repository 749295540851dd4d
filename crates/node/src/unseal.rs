//! What follows from `unsealed`: the dockets of the case's leaves become public.
//!
//! Every leaf of ours in a cosigned tree is shown with its docket, its salts, its cell and its
//! blinding, below `opened/` of the public files. A target or a ground is in none of them: of an
//! envelope a salted digest alone is shown. A leaf whose salts were erased stays closed for ever.

use crate::{
    Node, NodeError,
    log::{LogFault, OwnLog},
    record::opening_from_bytes,
};
use portcullis_ballot::Leaf;
use portcullis_core::{case::Refusal, id::CaseId, order::Secrecy};
use portcullis_store::PlacedLeaf;
use portcullis_tlog::note::NoteSigner;
use portcullis_verdict::opened::{Index, Listed, Opened, path_of};

/// The list of opened dockets.
const INDEX: &str = "opened/index.json";

/// What became of a case's leaves.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Unsealing {
    /// The public files of its dockets, by log and index.
    pub opened: Vec<String>,
    /// Statements of ours with a leaf that is not in a cosigned tree yet: ask again after a tick.
    pub waiting: usize,
    /// Leaves whose salts are gone: they cannot be opened.
    pub erased: usize,
}

impl Node {
    /// Publishes the dockets of a case that was unsealed: those of our own leaves, as far as they
    /// are in a cosigned tree. Asked again, it adds what has come since.
    ///
    /// # Errors
    ///
    /// [`NodeError::Refused`] where the docket was not opened: while secrecy runs, where the law
    /// gives it no end, where nothing was secret, and once the contents were erased.
    pub fn open_dockets(&self, case: CaseId) -> Result<Unsealing, NodeError> {
        let Some(loaded) = self.load(&case)? else {
            let held = self.store.case(&case)?;
            return Err(held.map_or(NodeError::UnknownCase(case), |_| Refusal::Erased.into()));
        };
        let viewed = loaded.growing.case();
        let viewed = viewed.ok_or(NodeError::UnknownCase(case))?;
        match viewed.order.secrecy {
            Secrecy::None => return Err(Refusal::NothingSecret.into()),
            Secrecy::NoEndInLaw => return Err(Refusal::SecretWithoutEnd.into()),
            Secrecy::Until(until) if viewed.unsealed.is_none() => {
                return Err(Refusal::StillSecret { until }.into());
            }
            Secrecy::Until(_) => {}
        }
        let mut unsealing = Unsealing::default();
        let ours = loaded.record.statements.iter().filter(|said| said.ours);
        for said in ours {
            let placed = self.store.leaves_of(&said.digest)?;
            if placed.is_empty() {
                unsealing.waiting += 1;
            }
            for leaf in placed {
                self.open_docket(&said.envelope, &leaf, &mut unsealing)?;
            }
        }
        unsealing.opened.sort();
        Ok(unsealing)
    }

    fn open_docket(
        &self,
        envelope: &[u8],
        placed: &PlacedLeaf,
        to: &mut Unsealing,
    ) -> Result<(), NodeError> {
        let Some(opening) = opening_from_bytes(&placed.opening) else {
            to.erased += 1;
            return Ok(());
        };
        let (prefix, signer) = self.own_log(&placed.origin)?;
        let log = OwnLog::new(&self.store, &self.blobs, &prefix, &signer);
        let cosigned = self.store.log(&placed.origin)?;
        if cosigned.is_none_or(|state| state.cosigned_size <= placed.index) {
            to.waiting += 1;
            return Ok(());
        }
        let mut prover = log.prover()?;
        let broken = |why: String| NodeError::Broken(format!("leaf {}: {why}", placed.index));
        let entry = prover.entry(placed.index)?;
        let leaf = Leaf::parse(&entry).map_err(|error| broken(error.to_string()))?;
        let digest = <[u8; 32]>::try_from(leaf.digest()).unwrap_or_default();
        let opened = Opened {
            origin: log.origin()?,
            index: placed.index,
            docket: opening.docket,
            docket_salt: opening.docket_salt,
            envelope: opening.envelope_salt.digest(envelope),
            cell: leaf
                .cell_under(&self.seed, &placed.origin)
                .map_err(|error| broken(error.to_string()))?,
            blinding: self.seed.blinding(&placed.origin, &digest),
            proof: prover.prove(placed.index)?,
            leaf,
        };
        let path = path_of(&opened.leaf_hash());
        if !self.blobs.exists(&path)? {
            let file = opened.sign(signer.vkey(), *self.keys.log_seed);
            self.blobs.put(&path, file.to_bytes())?;
        }
        // CRASH: what is listed is there.
        self.list_docket(&path, placed)?;
        to.opened.push(path);
        Ok(())
    }

    /// Key and files of one of our logs, by its origin.
    pub(crate) fn own_log(&self, origin: &str) -> Result<(String, NoteSigner), NodeError> {
        let generation = origin
            .strip_prefix(self.keys.log_name.as_str())
            .and_then(|rest| rest.strip_prefix('/')?.parse::<u64>().ok());
        let generation = generation.ok_or_else(|| LogFault::Key(origin.to_owned()))?;
        let signer = self.keys.log_signer(generation);
        let signer = signer.ok_or_else(|| LogFault::Key(origin.to_owned()))?;
        Ok((format!("log/{generation}"), signer))
    }

    fn list_docket(&self, path: &str, placed: &PlacedLeaf) -> Result<(), NodeError> {
        let broken =
            |error: &dyn core::fmt::Display| NodeError::Broken(format!("{INDEX}: {error}"));
        let mut index = match self.blobs.get(INDEX)? {
            Some(bytes) => Index::parse(&bytes).map_err(|error| broken(&error))?,
            None => Index::default(),
        };
        if index.opened.iter().any(|listed| listed.path == path) {
            return Ok(());
        }
        index.add(Listed {
            path: path.to_owned(),
            origin: placed.origin.clone(),
            index: placed.index,
            opened_at: self.now().to_string(),
        });
        Ok(self.blobs.put(INDEX, index.to_bytes())?)
    }
}
