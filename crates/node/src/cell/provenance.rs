//! Provenance of objects: what they are signed with when they come in, and what goes with them
//! when they leave.
//!
//! A batch that a caller publishes here is signed once, by the node. Its objects' own proofs are
//! made when somebody asks for them: from the batch's bytes, which stay as they came in. What was
//! followed from elsewhere keeps the proof that came with it, so that an object tells where it
//! comes from whoever relays it.

use super::{Cell, CellError, batch, erase};
use jiff::Timestamp;
use portcullis_core::{
    cell::{CollectionId, follow::Source},
    digest::Digest,
    member::MemberId,
    realm::Realm,
};
use portcullis_sign::SecretKey;
use portcullis_store::journal::{Frame, Pins, Place, Position};
use portcullis_tlog::tree::Levels;
use portcullis_verdict::cell::{Batch, By, Proof, ProvenanceError, Word, verify_provenance};
use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
};

pub use portcullis_verdict::cell::{Origin, digest_of};

/// How many batches' trees are kept: followers and readers go through them in order.
const TREES_MAX: usize = 8;

/// Who signs for a cell.
#[derive(Clone, Copy)]
pub struct Signing<'a> {
    /// The realm.
    pub realm: &'a Realm,
    /// Whose node.
    pub member: &'a MemberId,
    /// The node's key for statements.
    pub key: &'a SecretKey,
}

/// Signs a batch: once, over the digests of its objects in their order. `publisher` is a member's
/// name, or the id of a pseudonym's identity. Empty when there is nothing to sign.
pub fn sign_batch(
    signing: &Signing<'_>,
    publisher: &str,
    digests: &[Digest],
    at: Timestamp,
) -> Vec<u8> {
    if digests.is_empty() {
        return Vec::new();
    }
    let batch = Batch {
        realm: signing.realm.name().to_owned(),
        member: signing.member.clone(),
        publisher: publisher.to_owned(),
        objects: digests.len() as u64,
        root: Batch::root_over(digests),
        made_at: at,
    };
    match Word::sign(&batch, signing.key) {
        Ok(word) => word.as_bytes().to_vec(),
        Err(error) => {
            tracing::warn!(%error, "a batch is not signed");
            Vec::new()
        }
    }
}

/// Verifies where an object comes from: see [`verify_provenance`].
///
/// # Errors
///
/// [`ProvenanceError`].
pub fn verify(object: &[u8], proof: &[u8], by: &By<'_>) -> Result<Origin, ProvenanceError> {
    verify_provenance(object, proof, by)
}

/// A batch whose proofs were asked for.
struct Tree {
    frame: Position,
    collection: CollectionId,
    word: Word<Batch>,
    levels: Levels,
}

/// The batches whose proofs were asked for last.
#[derive(Default)]
pub(crate) struct Trees(Mutex<Vec<Arc<Tree>>>);

/// What an entry's frame says of who vouches for it.
struct BatchOf {
    frame: Position,
    proof: Vec<u8>,
    /// Whether the proof is the object's own, and not its batch's.
    own: bool,
    /// The objects that the proof is over, in their order: where they stand, or what was left of them.
    objects: Vec<Result<Place, Digest>>,
    /// Which of them it is.
    place: usize,
    /// The files in which they stand so.
    pins: Pins,
}

fn batch_in(
    frame: &Frame<'_>,
    pins: Pins,
    collection: &CollectionId,
    wanted: Place,
) -> Option<BatchOf> {
    let commit = batch::decode(frame.table)?;
    let remnants = if frame.erased {
        erase::remnants(frame)?
    } else {
        Vec::new()
    };
    let mut left = remnants.into_iter();
    let mut offset = frame.data_place.offset;
    for batch in &commit.batches {
        let (mut objects, mut found) = (Vec::new(), None);
        for row in batch.rows.iter().filter(|row| row.op.is_put()) {
            let here = Place {
                offset,
                len: row.len,
                ..frame.data_place
            };
            offset += u64::from(row.len) + 1;
            let left = left.next().flatten();
            if here == wanted && batch.collection == *collection {
                found = Some((row.proof, objects.len()));
            }
            if row.proof == 0 {
                // A neighbour may have been erased since: its digest is left.
                objects.push(left.map_or(Ok(here), |left| Err(left.sha256)));
            }
        }
        if let Some((proof, place)) = found {
            return Some(BatchOf {
                frame: frame.at,
                proof: batch.proofs.get(proof as usize)?.to_vec(),
                own: proof != 0,
                objects,
                place,
                pins,
            });
        }
    }
    None
}

/// An object's provenance, to be shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProvenanceView {
    /// The proof, self-contained: what travels with the object.
    pub proof: Vec<u8>,
    /// Whose node signed.
    pub signed_by: MemberId,
    /// Who published: a member's name, or the id of a pseudonym's identity.
    pub publisher: String,
    /// When, by that node's clock.
    pub signed_at: Timestamp,
    /// SHA-256 of the object's exact bytes.
    pub sha256: Digest,
}

impl Cell {
    /// Who signs here; nobody without a key.
    pub fn signing(&self) -> Option<Signing<'_>> {
        Some(Signing {
            realm: &self.realm,
            member: &self.me,
            key: self.signer.as_ref()?,
        })
    }

    /// The provenance of an entry's object, as it travels with the object; `None` when nobody
    /// vouches for it. Whether it holds is for whoever gets it to verify.
    ///
    /// # Errors
    ///
    /// [`CellError`] when the journal cannot be read.
    pub fn provenance(
        &self,
        collection: &CollectionId,
        number: u64,
    ) -> Result<Option<Vec<u8>>, CellError> {
        let Some(batch) = self.batch_of(collection, number) else {
            return Ok(None);
        };
        if batch.proof.is_empty() {
            return Ok(None);
        }
        if batch.own {
            return Ok(Some(batch.proof));
        }
        let tree = self.tree(collection, &batch)?;
        let proof = tree.and_then(|tree| Proof::of(&tree.word, &tree.levels, batch.place));
        Ok(proof.map(|proof| proof.to_bytes()))
    }

    /// The provenance of an entry's object, to be shown; `None` when nobody vouches for it, or what
    /// vouches is not of this object.
    ///
    /// # Errors
    ///
    /// [`CellError`] when the journal cannot be read.
    pub fn provenance_view(
        &self,
        collection: &CollectionId,
        number: u64,
    ) -> Result<Option<ProvenanceView>, CellError> {
        let Some(bytes) = self.provenance(collection, number)? else {
            return Ok(None);
        };
        let object = match self.entry_bytes(collection, number) {
            Err(CellError::NotFound) => return Ok(None),
            object => object?,
        };
        let Some(proof) = Proof::parse(&bytes)
            .ok()
            .filter(|proof| proof.holds(&object).is_ok())
        else {
            return Ok(None);
        };
        let says = proof.batch.says();
        Ok(Some(ProvenanceView {
            signed_by: says.member.clone(),
            publisher: says.publisher.clone(),
            signed_at: says.made_at,
            sha256: digest_of(&object),
            proof: bytes,
        }))
    }

    /// Whose node speaks for an entry's publisher: the member that signed for it, where that is neither
    /// the publisher nor this node's. The publisher has an account there, as far as can be told here.
    ///
    /// # Errors
    ///
    /// [`CellError`] when the journal cannot be read.
    pub fn account_at(
        &self,
        collection: &CollectionId,
        number: u64,
    ) -> Result<Option<MemberId>, CellError> {
        let Some((_, label)) = self.entry_of(collection, number) else {
            return Ok(None);
        };
        // Whom we hear at its own node speaks there, whoever else has signed a copy.
        let heard = self.state().follows().values().any(|follow| {
            !follow.ended && matches!(&follow.source, Source::Peer { member, .. } if *member == label.publisher)
        });
        if heard {
            return Ok(None);
        }
        let says = self.provenance_view(collection, number)?;
        let says = says.filter(|says| says.publisher == label.publisher.as_str());
        let by = says.map(|says| says.signed_by);
        Ok(by.filter(|by| *by != label.publisher && *by != self.me))
    }

    /// The batch that an entry's object came in.
    fn batch_of(&self, collection: &CollectionId, number: u64) -> Option<BatchOf> {
        let (place, frame) = {
            let index = self.index();
            let entry = index.shelf(collection)?.get(u32::try_from(number).ok()?)?;
            if entry.is_removal() {
                return None;
            }
            (entry.place(), index.frame(entry)?)
        };
        let mut found = None;
        // Kept before it is read which are erased: the others stand there.
        let pins = self.journal.pin([place.segment]).ok()?;
        let scanned = self.journal.scan(frame, &mut |read| {
            found = batch_in(read, pins.clone(), collection, place);
            ControlFlow::Break(())
        });
        scanned.ok()?;
        found
    }

    fn tree(
        &self,
        collection: &CollectionId,
        batch: &BatchOf,
    ) -> Result<Option<Arc<Tree>>, CellError> {
        let is = |tree: &Arc<Tree>| tree.frame == batch.frame && tree.collection == *collection;
        let lock = || self.trees.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tree) = lock().iter().find(|tree| is(tree)) {
            return Ok(Some(Arc::clone(tree)));
        }
        let Ok(word) = Word::<Batch>::parse(&batch.proof) else {
            return Ok(None);
        };
        let mut digests = Vec::with_capacity(batch.objects.len());
        let mut bytes = Vec::new();
        for object in &batch.objects {
            let digest = match object {
                Err(left) => *left,
                Ok(place) => {
                    bytes.resize(place.len as usize, 0);
                    let (segment, offset) = (place.segment, place.offset);
                    self.journal
                        .read_pinned(&batch.pins, segment, offset, &mut bytes)?;
                    digest_of(&bytes)
                }
            };
            digests.push(digest);
        }
        let tree = Arc::new(Tree {
            frame: batch.frame,
            collection: *collection,
            word,
            levels: Batch::levels(&digests),
        });
        let mut trees = lock();
        if TREES_MAX <= trees.len() {
            trees.remove(0);
        }
        trees.push(Arc::clone(&tree));
        Ok(Some(tree))
    }
}
