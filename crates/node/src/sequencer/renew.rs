//! Closing a log by choice: the way to another schema of cells.

use super::{PROOFS_PER_TICK, Sequencing, width};
use crate::{
    Node, NodeError,
    log::{LogFault, OwnLog},
    peers::Peers,
    record::Docketed,
};
use portcullis_tlog::{hash::Hash, note::SignedNote};
use std::sync::PoisonError;

/// A log that was closed by choice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Renewed {
    /// The origin that takes no more.
    pub closed: String,
    /// How many leaves it has.
    pub size: u64,
    /// The origin that follows it, with the first tick.
    pub next: String,
}

impl Node {
    /// Closes this node's log, visibly, so that the next one can count under another schema: a
    /// schema changes with a new origin alone, best right after a period's end. What waits for
    /// its place is placed first, in a last tick, cosigned and proved.
    ///
    /// # Errors
    ///
    /// [`LogFault::Leased`] while another process sequences; [`LogFault::Waiting`] when more
    /// waits than one tick takes, or the last checkpoint is not cosigned; [`LogFault::Empty`]
    /// when there is nothing to close. The log goes on then.
    pub fn renew_log(&self, peers: &dyn Peers) -> Result<Renewed, NodeError> {
        let now = self.now();
        let mut held = self
            .sequencing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.lease(&mut held, now)?;
        let generation = self.started(&mut held, peers)?;
        let prefix = format!("log/{generation}");
        let signer = self.log_signer(generation)?;
        let log = OwnLog::new(&self.store, &self.blobs, &prefix, &signer);
        let Some(schema) = self.published_schema(generation)? else {
            return Err(LogFault::Empty(self.origin_of(generation)).into());
        };
        self.place_the_rest(&log, &mut held, generation, schema)?;
        let history = self.history()?;
        let newest = history.newest();
        let witnesses = Self::witnesses_of(&newest.register, &newest.policy);
        if let Err(error) = log.cosign(&newest.policy, &witnesses, peers)? {
            return Err(LogFault::Waiting(error.to_string()).into());
        }
        while self.prove_statements(&log, now)? >= PROOFS_PER_TICK {}
        let builder = match held.builder.take() {
            Some(builder) => builder,
            None => log.take_up()?,
        };
        let size = builder.size().0;
        self.write_closed(&log, size, builder.root(), generation)?;
        let closed = self.origin_of(generation);
        self.store.close_log(&closed).map_err(LogFault::from)?;
        tracing::info!(origin = closed, size, "the log is closed by choice");
        let holder = held.holder.take();
        *held = Sequencing {
            holder,
            ..Sequencing::default()
        };
        Ok(Renewed {
            closed,
            size,
            next: self.origin_of(generation + 1),
        })
    }

    /// The last tick of a log: what was made for it is placed in it, promises among it.
    fn place_the_rest(
        &self,
        log: &OwnLog<'_>,
        held: &mut Sequencing,
        generation: u64,
        schema: [u8; 32],
    ) -> Result<(), NodeError> {
        let tiles = held
            .shape
            .as_ref()
            .map_or(self.shape.tiles, |shape| shape.tiles);
        let ground = self.ground_of(generation, schema);
        let queued = self.store.queued_leaves(width(tiles) + 1)?;
        let of_this_log = |leaf: &portcullis_store::Leaf| {
            Docketed::parse(&leaf.opening).is_none_or(|of| of.generation == generation)
        };
        match queued.iter().filter(|leaf| of_this_log(leaf)).count() {
            0 => Ok(()),
            some if some > width(tiles) => {
                let why = "more leaves wait than a tick takes; let `portcullis serve` place them";
                Err(LogFault::Waiting(why.into()).into())
            }
            _ => self.grow(log, held, &ground, width(tiles)).map(drop),
        }
    }

    /// Says in the log's own files that it takes no more, at which size, and what follows it.
    pub(super) fn write_closed(
        &self,
        log: &OwnLog<'_>,
        size: u64,
        root: Hash,
        generation: u64,
    ) -> Result<(), NodeError> {
        let key = |error: &dyn core::fmt::Display| LogFault::Key(error.to_string());
        let origin = log.origin()?;
        let text = format!(
            "portcullis/log-closed/v1\n{origin}\n{size}\n{root}\n{}\n",
            self.origin_of(generation + 1)
        );
        let line = log.signer.sign(&text).map_err(|error| key(&error))?;
        let note = SignedNote::new(text, vec![line]).map_err(|error| key(&error))?;
        let path = format!("{}/closed", log.prefix);
        self.blobs.put(&path, note.to_text().into_bytes())?;
        Ok(self.blobs.sync([path.as_str()])?)
    }
}
