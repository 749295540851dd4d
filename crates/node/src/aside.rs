//! Statements outside cases: each is one leaf of the log, and counts in no cell.
//!
//! They are the roots of the cell's ledger, and the openings of its pseudonyms. No queue shows
//! them, no sweeper touches them, and a sample opens them like every other leaf.

use crate::{Generator, Node, NodeError, cell::pseudonym::Opened, log::OwnLog, record::Docketed};
use jiff::Timestamp;
use portcullis_ballot::{Opening, Salt};
use portcullis_core::digest::Digest;
use portcullis_store::Aside;

/// How many roots are given their proofs at once.
const ROOTS_PER_TICK: usize = 256;

impl Node {
    /// Keeps a signed statement outside cases and queues its leaf; one that is there already stays.
    /// Says whether it is new.
    ///
    /// # Errors
    ///
    /// [`NodeError`] when the store does not answer, or while the node is being restored.
    pub fn record_aside(
        &self,
        what: &str,
        digest: Digest,
        envelope: &[u8],
    ) -> Result<bool, NodeError> {
        if self.is_restoring()? {
            return Err(NodeError::Restoring);
        }
        let ground = self.ground()?;
        let mut generator = Generator(&*self.env);
        let opening = Opening {
            // No docket of a case: it says what it is, and that is all that could ever be opened.
            docket: format!("{{\"portcullis\":\"aside/v1\",\"what\":\"{what}\"}}").into_bytes(),
            docket_salt: Salt::draw(&mut generator),
            envelope_salt: Salt::draw(&mut generator),
        };
        let leaf = self.leaf(&ground, &opening.digest(envelope), None);
        let docketed = Docketed {
            generation: ground.generation,
            opening,
        };
        let aside = Aside {
            digest,
            envelope: envelope.to_vec(),
            stored_at: self.now(),
        };
        Ok(self
            .store
            .add_aside(aside, leaf.as_bytes(), &docketed.to_bytes())?)
    }

    /// Opens a pseudonym of the cell: who is behind it. The opening is one leaf of the log, queued
    /// before anything is shown (law 9).
    ///
    /// # Errors
    ///
    /// [`NodeError::NoCell`]; [`NodeError::Cell`] as [`crate::cell::Cell::open_pseudonym`].
    pub fn open_pseudonym(
        &self,
        caller: &portcullis_core::cell::Caller,
        identity: &str,
        person: &str,
        reason: &str,
    ) -> Result<Opened, NodeError> {
        let cell = self.cell().ok_or(NodeError::NoCell)?;
        let opened = cell.open_pseudonym(caller, identity, person, reason)?;
        self.record_aside("cell-pseudonym-opened", opened.digest, &opened.word)?;
        Ok(opened)
    }

    /// Makes a root over what the cell has served since the last one, and queues the leaves of all
    /// roots that have none. What fails is tried again at the next tick: the log goes on.
    pub(crate) fn seal_cell(&self, now: Timestamp) {
        let Some(cell) = self.cell() else { return };
        if let Err(error) = cell.seal_root(now) {
            tracing::warn!(%error, "what was served has no root yet");
        }
        if let Err(error) = self.queue_roots() {
            tracing::warn!(%error, "a root of what was served waits for its leaf");
        }
    }

    fn queue_roots(&self) -> Result<(), NodeError> {
        let Some(cell) = self.cell() else {
            return Ok(());
        };
        // CRASH: a root without a leaf is found here again; one with a leaf gets no second one.
        for root in cell.ledger.unrecorded(ROOTS_PER_TICK)? {
            if self.store.aside(&root.digest)?.is_none() {
                self.record_aside("cell-served", root.digest, &root.word)?;
            }
        }
        Ok(())
    }

    /// Keeps the proofs of roots whose leaves are cosigned with the cell's ledger.
    pub(crate) fn prove_cell(&self) {
        if let Err(error) = self.prove_roots() {
            tracing::warn!(%error, "a root of what was served has no proof yet");
        }
    }

    fn prove_roots(&self) -> Result<(), NodeError> {
        let Some(cell) = self.cell() else {
            return Ok(());
        };
        for root in cell.ledger.unrecorded(ROOTS_PER_TICK)? {
            // Of a log that takes no more, too: what is cosigned in it stays proved.
            let Some(leaf) = self.store.leaves_of(&root.digest)?.into_iter().next() else {
                continue;
            };
            let Some(state) = self.store.log(&leaf.origin)? else {
                continue;
            };
            if state.cosigned_size <= leaf.index {
                continue;
            }
            let (prefix, signer) = self.own_log(&leaf.origin)?;
            let log = OwnLog::new(&self.store, &self.blobs, &prefix, &signer);
            if let Some(inclusion) = self.inclusion(&mut log.prover()?, &state, &root.digest)? {
                cell.ledger.recorded(root.number, &inclusion)?;
            }
        }
        Ok(())
    }
}
