//! The sequencer's first call after a start: what was signed before?

use super::Sequencing;
use crate::{
    Node, NodeError,
    log::{LogFault, OwnLog, Tiles},
    peers::{Peer, Peers},
};
use portcullis_tlog::tile::TileBuilder;

impl Node {
    /// Before the first signature after a start: what did we sign before? A mark inside
    /// our own folder would be restored with it and prove nothing, so the witnesses are
    /// asked (design §11).
    pub(super) fn start(&self, held: &mut Sequencing, peers: &dyn Peers) -> Result<u64, NodeError> {
        let history = self.history()?;
        let newest = history.newest();
        let witnesses = Self::witnesses_of(&newest.register, &newest.policy);
        let mut generation = self.newest_generation()?;
        loop {
            let prefix = format!("log/{generation}");
            let signer = self.log_signer(generation)?;
            let log = OwnLog::new(&self.store, &self.blobs, &prefix, &signer);
            let mut silent = Vec::new();
            let mut ahead: Option<(u64, portcullis_tlog::hash::Hash)> = None;
            let ours = log.state()?;
            for (witness, name) in &witnesses {
                match log.latest_at(witness, peers) {
                    Ok(Some((size, root))) => {
                        if ours
                            .as_ref()
                            .is_some_and(|state| state.size == size && state.root != root.0)
                        {
                            let origin = log.origin()?.to_string();
                            return Err(LogFault::Fork {
                                origin,
                                witness: name.clone(),
                                size,
                            }
                            .into());
                        }
                        if ahead.is_none_or(|(known, _)| known < size) {
                            ahead = Some((size, root));
                        }
                    }
                    Ok(None) => {}
                    Err(why) => {
                        tracing::info!(witness = %name, %why, "a witness does not say what it cosigned last");
                        silent.push(name.as_str());
                    }
                }
            }
            // Whoever is silent could, together, have cosigned more than we know of.
            if newest.policy.quorum_met_by(|name| silent.contains(&name)) {
                return Err(LogFault::WitnessesSilent.into());
            }
            let size = ours.as_ref().map_or(0, |state| state.size);
            match ahead {
                Some((seen, root)) if seen > size => {
                    // Our records are older than what we signed, whoever put them there: what we
                    // said since then is to be asked for before we say anything new.
                    self.mark_restored()?;
                    if self.recover(&log, seen, root)? {
                        tracing::warn!(origin = %log.origin()?, from = size, to = seen, "the log was found again in its tiles");
                        continue;
                    }
                    self.close_origin(&log, seen, root, generation)?;
                    generation += 1;
                }
                _ if ours.as_ref().is_some_and(|state| state.closed) => generation += 1,
                _ if self.is_followed(generation, &witnesses, peers)? => {
                    // The backup is from before the closing. Witnesses take no more of this one.
                    self.mark_restored()?;
                    let root = log.take_up()?.root();
                    self.close_origin(&log, size, root, generation)?;
                    generation += 1;
                }
                _ => {
                    held.builder = Some(log.take_up()?);
                    held.generation = Some(generation);
                    return Ok(generation);
                }
            }
        }
    }

    /// Whether a witness shows that we signed in the generation after this one.
    fn is_followed(
        &self,
        generation: u64,
        witnesses: &[(Peer, String)],
        peers: &dyn Peers,
    ) -> Result<bool, LogFault> {
        let signer = self.log_signer(generation + 1)?;
        let log = OwnLog::new(&self.store, &self.blobs, "", &signer);
        let mut shown = witnesses
            .iter()
            .filter_map(|(witness, _)| log.latest_at(witness, peers).ok());
        Ok(shown.any(|latest| latest.is_some()))
    }

    /// The tree that witnesses saw, from tiles that are still here: appends the entries that
    /// the restored store lacks. False when they cannot be had or do not make that tree.
    fn recover(
        &self,
        log: &OwnLog<'_>,
        size: u64,
        root: portcullis_tlog::hash::Hash,
    ) -> Result<bool, NodeError> {
        let Ok(mut builder) = log.take_up() else {
            return Ok(false);
        };
        let start = builder.size().0;
        let tiles = Tiles {
            blobs: &self.blobs,
            prefix: log.prefix,
        };
        let mut entries = Vec::new();
        for index in start..size {
            match tiles.entry(index, size) {
                Ok(entry) => entries.push(entry),
                Err(_) => return Ok(false),
            }
        }
        let mut trial = builder.clone();
        trial.extend(
            entries
                .iter()
                .map(|entry| portcullis_tlog::hash::leaf_hash(entry)),
        );
        if trial.root() != root {
            return Ok(false);
        }
        // Leaves that the old backup still has in its queue got their place back then.
        let queued = self.store.queued_leaves(usize::MAX >> 1)?;
        let mut placed = Vec::new();
        for (offset, entry) in entries.iter().enumerate() {
            if let Some(leaf) = queued.iter().find(|leaf| leaf.entry == *entry) {
                placed.push((leaf.id, start + offset as u64));
            }
        }
        log.append(&mut builder, &entries, placed)?;
        Ok(true)
    }

    /// Closes an origin whose tree is lost, visibly.
    fn close_origin(
        &self,
        log: &OwnLog<'_>,
        size: u64,
        root: portcullis_tlog::hash::Hash,
        generation: u64,
    ) -> Result<(), NodeError> {
        let origin = log.origin()?;
        tracing::error!(%origin, size, "witnesses cosigned more than we hold, and the tiles are gone: the origin is closed");
        self.write_closed(log, size, root, generation)?;
        if log.state()?.is_none() {
            log.append(&mut TileBuilder::new(), &[], Vec::new())?;
        }
        self.store
            .close_log(origin.as_str())
            .map_err(LogFault::from)?;
        // Its size in the store stays what the backup said; `closed` says the rest.
        Ok(())
    }
}
