//! Reading our own leaves again: with the seed, from the public tiles.

use super::{OurLog, Planned, ReportFault, root_of};
use crate::{Node, NodeError, log::Tiles};
use portcullis_ballot::{
    CellSet, Leaf, Sum,
    report::{Form, Line, Totals, totals},
};
use portcullis_tlog::{
    hash::leaf_hash,
    tile::{EntryTile, TILE_WIDTH},
    tree::{Frontier, LeafIndex},
};
use portcullis_verdict::report::{Bound, Source};

/// What the leaves between two bounds add up to.
pub(super) struct Counted {
    pub(super) totals: Totals,
    pub(super) sum: Sum,
    /// The root at the end.
    pub(super) root: [u8; 32],
}

impl Counted {
    /// The sum of the cells of a mask.
    pub(super) fn of(&self, mask: u32) -> u64 {
        self.totals.of(&Line {
            cells: CellSet(mask),
            form: Form::Withheld,
        })
    }

    /// The leaves, as a report names them.
    pub(super) fn source(&self, node: &Node, planned: &Planned) -> Result<Source, ReportFault> {
        let origin = planned.log.origin.parse();
        Ok(Source {
            member: node.me.clone(),
            origin: origin.map_err(|_| ReportFault::NoLog)?,
            schema: planned.log.schema.id,
            start: planned.start.clone(),
            end: planned.end.clone(),
            commitment: self.sum.to_bytes(),
        })
    }
}

impl Node {
    /// Counts the leaves of a log between two bounds, a bundle at a time, and makes sure that they
    /// are those of the tree it signed.
    pub(super) fn count(
        &self,
        log: &OurLog,
        start: &Bound,
        end: &Bound,
    ) -> Result<Counted, ReportFault> {
        let prefix = format!("log/{}", log.generation);
        let tiles = Tiles {
            blobs: &self.blobs,
            prefix: &prefix,
        };
        let other_tree = |size| ReportFault::Tree {
            origin: log.origin.clone(),
            size,
        };
        let mut edge =
            Frontier::load(&tiles, start.size).map_err(|error| NodeError::Log(error.into()))?;
        if start.checkpoint.is_some() && root_of(start) != Some(edge.root().0) {
            return Err(other_tree(start.size.0));
        }
        let mut counted = Counted {
            totals: Totals::zero(),
            sum: Sum::zero(),
            root: [0; 32],
        };
        let width = u64::from(TILE_WIDTH);
        for index in start.size.0 / width..end.size.0.div_ceil(width) {
            let Some(bundle) = EntryTile::in_tree(index, end.size) else {
                break;
            };
            let bytes = tiles.bundle(bundle).map_err(NodeError::Log)?;
            let entries = bundle
                .entries_in(&bytes)
                .map_err(|_| other_tree(index * width))?;
            let mut parts = Vec::with_capacity(entries.len());
            for (at, entry) in (index * width..).zip(entries) {
                if at < start.size.0 {
                    continue;
                }
                edge.append(leaf_hash(entry));
                let part = part(entry).map_err(|source| ReportFault::Leaf {
                    index: LeafIndex(at),
                    source,
                })?;
                let added = counted.sum.add_commitment(&part.1);
                added.map_err(|source| ReportFault::Leaf {
                    index: LeafIndex(at),
                    source,
                })?;
                parts.push(part);
            }
            let first = (index * width).max(start.size.0);
            let some =
                totals(&self.seed, &log.origin, parts).map_err(|error| ReportFault::Leaf {
                    index: LeafIndex(first.saturating_add(error.position as u64)),
                    source: error.error,
                })?;
            counted.totals.add(&some);
        }
        counted.root = edge.root().0;
        if edge.size() != end.size || root_of(end) != Some(counted.root) {
            return Err(other_tree(end.size.0));
        }
        Ok(counted)
    }
}

/// Digest and commitment of a leaf that proves what it counts.
fn part(entry: &[u8]) -> Result<([u8; 32], [u8; 32]), portcullis_ballot::LeafError> {
    use portcullis_ballot::{LeafError, leaf::VERSION};
    let leaf = Leaf::parse(entry)?;
    if leaf.version() != VERSION {
        return Err(LeafError::Version(leaf.version()));
    }
    let word = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).map_err(|_| LeafError::Point);
    Ok((word(leaf.digest())?, word(leaf.commitment_bytes())?))
}
