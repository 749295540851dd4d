//! Two checkpoints of one log: is one the beginning of the other?

use super::finding::{Evidence, Tree};
use portcullis_tlog::{
    checkpoint::Checkpoint,
    tree::{HashReader, ProveError, ReadError, prove_consistency, root_at, verify_consistency},
};

/// How an older (or equally large) tree stands to a newer one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Relation {
    /// The newer tree is the older one, grown by nothing or more.
    Grew,
    /// They are two trees: the evidence without the notes.
    Forked(Option<Tree>),
    /// The tiles do not make the newer tree, so nothing can be said.
    FalseTiles,
}

impl Relation {
    /// The evidence of a fork.
    pub fn evidence(self, older: String, newer: String) -> Option<Evidence> {
        match self {
            Self::Forked(tree) => Some(Evidence {
                notes: vec![older, newer],
                tree,
                leaves: Vec::new(),
            }),
            Self::Grew | Self::FalseTiles => None,
        }
    }
}

/// Compares two trees, `older` not larger than `newer`, by tiles that are said to make `newer`.
///
/// What the tiles say is believed only as far as `newer`'s root confirms it: a fork is said when
/// the newer tree *provably* begins otherwise.
///
/// # Errors
///
/// [`ReadError`] when a tile cannot be had. Equal sizes need none.
pub fn relate(
    tiles: &(impl HashReader + ?Sized),
    older: &Checkpoint,
    newer: &Checkpoint,
) -> Result<Relation, ReadError> {
    let (old, new) = (older.size, newer.size);
    if old == new {
        return Ok(if older.root == newer.root {
            Relation::Grew
        } else {
            Relation::Forked(None)
        });
    }
    let consistency = match prove_consistency(tiles, old, new) {
        Ok(proof) => proof,
        Err(ProveError::Read(error)) => return Err(error),
        Err(ProveError::OutOfRange { .. }) => return Ok(Relation::FalseTiles),
    };
    if verify_consistency(old, new, &older.root, &newer.root, &consistency).is_ok() {
        return Ok(Relation::Grew);
    }
    let found_root = root_at(tiles, old)?;
    let tree = Tree {
        old_size: old,
        old_root: older.root,
        found_root,
        new_size: new,
        new_root: newer.root,
        consistency,
    };
    Ok(if tree.verify().is_ok() {
        Relation::Forked(Some(tree))
    } else {
        Relation::FalseTiles
    })
}
