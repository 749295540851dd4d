//! What a log says of itself: its generation, its schema of cells, its tick and width.

use super::Sequencing;
use crate::{
    Node, NodeError,
    ballots::Ground,
    log::{LogFault, OwnLog},
};
use portcullis_ballot::Leaf;
use portcullis_tlog::{note::SignedNote, tree::TreeSize};
use portcullis_verdict::monitor::shape::LogShape;
use std::sync::PoisonError;

impl Node {
    /// The origin of a generation of this node's log.
    pub(crate) fn origin_of(&self, generation: u64) -> String {
        format!("{}/{generation}", self.keys.log_name)
    }

    pub(super) fn newest_generation(&self) -> Result<u64, NodeError> {
        let prefix = format!("{}/", self.keys.log_name);
        let numbers = self.store.origins()?;
        let numbers = numbers
            .iter()
            .filter_map(|origin| origin.strip_prefix(&prefix)?.parse::<u64>().ok());
        Ok(numbers.max().unwrap_or(1))
    }

    /// The log that leaves are made for now: the newest generation that is not closed.
    ///
    /// # Errors
    ///
    /// [`LogFault::OtherSchema`] when it counts under another schema than ours.
    pub(crate) fn ground(&self) -> Result<Ground, NodeError> {
        let newest = self.newest_generation()?;
        let state = self.store.log(&self.origin_of(newest))?;
        let generation = newest + u64::from(state.is_some_and(|state| state.closed));
        let ground = self.ground_of(generation, self.schema.id.0);
        match self.published_schema(generation)? {
            Some(theirs) if theirs != ground.schema => Err(self.other_schema(generation)),
            _ => Ok(ground),
        }
    }

    pub(super) fn ground_of(&self, generation: u64, schema: [u8; 32]) -> Ground {
        Ground {
            generation,
            origin: self.origin_of(generation),
            schema,
        }
    }

    pub(super) fn other_schema(&self, generation: u64) -> NodeError {
        let origin = self.origin_of(generation);
        LogFault::OtherSchema { origin }.into()
    }

    /// The schema under which a generation counts, once that is public.
    pub(super) fn published_schema(&self, generation: u64) -> Result<Option<[u8; 32]>, NodeError> {
        let mut known = self
            .counts_under
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((of, schema)) = *known
            && of == generation
        {
            return Ok(Some(schema));
        }
        let prefix = format!("log/{generation}");
        let found = match self.blobs.get(&format!("{prefix}/shape"))? {
            Some(bytes) => Some(self.shape_from(generation, &bytes)?.schema),
            None => self.schema_of_first(generation)?,
        };
        *known = found.map(|schema| (generation, schema));
        Ok(found)
    }

    fn shape_from(&self, generation: u64, bytes: &[u8]) -> Result<LogShape, NodeError> {
        let signer = self.log_signer(generation)?;
        LogShape::verify(bytes, &signer.vkey()).map_err(|error| {
            NodeError::Broken(format!("the shape of our log {generation}: {error}"))
        })
    }

    /// A log from before there were shapes tells its schema by its first leaf.
    fn schema_of_first(&self, generation: u64) -> Result<Option<[u8; 32]>, NodeError> {
        let size = self
            .store
            .log(&self.origin_of(generation))?
            .map_or(0, |log| log.size);
        if size == 0 {
            return Ok(None);
        }
        let prefix = format!("log/{generation}");
        let tiles = crate::log::Tiles {
            blobs: &self.blobs,
            prefix: &prefix,
        };
        let first = tiles
            .entry(0, size)
            .ok()
            .and_then(|entry| Leaf::parse(&entry).ok());
        Ok(first.and_then(|leaf| leaf.schema().try_into().ok()))
    }

    /// The shape by which the log grows now. Ours is published before the first leaf; another
    /// one, once the log has grown under the last.
    pub(super) fn keep_shape(
        &self,
        log: &OwnLog<'_>,
        held: &mut Sequencing,
        size: u64,
    ) -> Result<LogShape, NodeError> {
        let origin = log.origin()?;
        let tick_ms = u64::try_from(self.shape.tick.as_millis()).unwrap_or(1);
        let (tick_ms, tiles) = (tick_ms.max(1), self.shape.tiles.max(1));
        let as_told = |shape: &LogShape| (shape.tick_ms, shape.tiles) == (tick_ms, tiles);
        if let Some(shape) = &held.shape
            && shape.origin == origin
            && as_told(shape)
        {
            return Ok(shape.clone());
        }
        let report_key = self.seed.report_key(origin.as_str()).public();
        let shape = match self.read_shape(log)? {
            Some(shape) if shape.schema != self.schema.id.0 => {
                let origin = shape.origin.to_string();
                return Err(LogFault::OtherSchema { origin }.into());
            }
            Some(shape)
                if size <= shape.since.0 || (as_told(&shape) && shape.report_key == report_key) =>
            {
                shape
            }
            _ => self.publish_shape(
                log,
                LogShape {
                    origin,
                    tick_ms,
                    tiles,
                    schema: self.schema.id.0,
                    report_key,
                    since: TreeSize(size),
                },
            )?,
        };
        held.shape = Some(shape.clone());
        Ok(shape)
    }

    fn read_shape(&self, log: &OwnLog<'_>) -> Result<Option<LogShape>, NodeError> {
        let bytes = self.blobs.get(&format!("{}/shape", log.prefix))?;
        let Some(bytes) = bytes else { return Ok(None) };
        let shape = LogShape::verify(&bytes, &log.signer.vkey());
        Ok(Some(shape.map_err(|error| {
            NodeError::Broken(format!("`{}/shape`: {error}", log.prefix))
        })?))
    }

    fn publish_shape(&self, log: &OwnLog<'_>, shape: LogShape) -> Result<LogShape, NodeError> {
        let key = |error: &dyn core::fmt::Display| LogFault::Key(error.to_string());
        let text = shape.to_text();
        let line = log.signer.sign(&text).map_err(|error| key(&error))?;
        let note = SignedNote::new(text, vec![line]).map_err(|error| key(&error))?;
        let note = note.to_text().into_bytes();
        let kept = format!("{}/shapes/{:012}", log.prefix, shape.since.0);
        let (newest, schema) = (
            format!("{}/shape", log.prefix),
            format!("{}/schema", log.prefix),
        );
        // CRASH: the newest comes last; without it all three are written again.
        self.blobs.put(&schema, self.schema_bytes.to_vec())?;
        self.blobs.put(&kept, note.clone())?;
        self.blobs.sync([schema.as_str(), kept.as_str()])?;
        self.blobs.put(&newest, note)?;
        self.blobs.sync([newest.as_str()])?;
        tracing::info!(origin = %shape.origin, tick_ms = shape.tick_ms, tiles = shape.tiles, since = shape.since.0, "the log's shape is published");
        Ok(shape)
    }
}
