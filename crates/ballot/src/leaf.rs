//! Leaves: 1,281 bytes, always, whatever they stand for.
//!
//! `version[1] ‖ schema[32] ‖ digest[32] ‖ commitment[32] ‖ proof[1184]`, where
//! `digest = H(label ‖ H(salt₁ ‖ docket) ‖ H(salt₂ ‖ envelope))` and H is
//! SHA-256 (design §7). The docket is what may one day be public, the envelope
//! is the exact DSSE bytes; either half can be shown without the other. The
//! commitment counts at most one cell, and the [`proof`](crate::proof) says so.

use crate::{
    cell::Cell,
    group,
    proof::{Ahead, Claim},
    seed::{Blinding, Seed},
};
use curve25519_dalek::{ristretto::RistrettoPoint, traits::Identity as _};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};

/// The length of every leaf, in bytes.
pub const LEAF_BYTES: usize = 1281;
/// Version 0: commitment and proof are random, and prove nothing. For
/// simulations and benchmarks; nobody who verifies accepts it.
pub const VERSION_UNPROVED: u8 = 0;
/// Version 1: at most one cell, and proved.
pub const VERSION: u8 = 1;
/// Where the schema's id stands in a leaf.
const SCHEMA: core::ops::Range<usize> = 1..33;
/// Where the digest stands.
const DIGEST: core::ops::Range<usize> = 33..65;
/// Where the commitment stands.
const COMMITMENT: core::ops::Range<usize> = 65..97;
/// Where the proof begins.
const PROOF: usize = 97;
/// What separates leaf digests from all other hashes.
const LABEL: &[u8] = b"portcullis/v1/leaf\0";

/// Thirty-two random bytes that keep one half of a digest from being guessed.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Salt(pub [u8; 32]);

impl core::fmt::Debug for Salt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Salt(..)")
    }
}

impl Salt {
    /// A fresh salt.
    pub fn draw(generator: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 32];
        generator.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// H(salt ‖ bytes).
    pub fn digest(&self, bytes: &[u8]) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.0)
            .chain_update(bytes)
            .finalize()
            .into()
    }
}

/// What opens a leaf's digest to whoever holds the statement's envelope.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opening {
    /// What may one day be public.
    pub docket: Vec<u8>,
    /// Over the docket.
    pub docket_salt: Salt,
    /// Over the envelope.
    pub envelope_salt: Salt,
}

impl Opening {
    /// The digest that the leaf of `envelope` carries.
    pub fn digest(&self, envelope: &[u8]) -> [u8; 32] {
        let docket = self.docket_salt.digest(&self.docket);
        joined(&docket, &self.envelope_salt.digest(envelope))
    }
}

/// H(label ‖ H(salt₁ ‖ docket) ‖ H(salt₂ ‖ envelope)).
fn joined(docket: &[u8; 32], envelope: &[u8; 32]) -> [u8; 32] {
    Sha256::new()
        .chain_update(LABEL)
        .chain_update(docket)
        .chain_update(envelope)
        .finalize()
        .into()
}

/// One log entry.
#[derive(Clone, Eq, PartialEq)]
pub struct Leaf(Box<[u8; LEAF_BYTES]>);

/// Why bytes are no leaf.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LeafError {
    /// Every leaf has the same length.
    #[error("a leaf has 1281 bytes, and this has {0}")]
    Length(usize),
    /// A version from another time.
    #[error("leaf version {0} is not known here")]
    Version(u8),
    /// The digest is another statement's.
    #[error("the leaf does not open to this statement")]
    Digest,
    /// Counted under other cells than the log's.
    #[error("the leaf is under another schema of cells")]
    Schema,
    /// Thirty-two bytes that are no group element, or not its one encoding.
    #[error("a point of the leaf is no canonical ristretto255 encoding")]
    Point,
    /// Thirty-two bytes that are no number below the group's order.
    #[error("a scalar of the leaf is not below the group's order")]
    Scalar,
    /// Nothing shows that it counts at most one cell, here, under this digest.
    #[error("the proof does not show that the leaf counts at most one cell")]
    Proof,
    /// The commitment is to another cell, or made with another blinding.
    #[error("the commitment does not open to this cell with this blinding")]
    Opening,
}

impl LeafError {
    /// The stable code, `leaf.…`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Length(_) => "leaf.length",
            Self::Version(_) => "leaf.version",
            Self::Digest => "leaf.digest",
            Self::Schema => "leaf.schema",
            Self::Point => "leaf.point",
            Self::Scalar => "leaf.scalar",
            Self::Proof => "leaf.proof",
            Self::Opening => "leaf.opening",
        }
    }
}

/// Where a leaf belongs: without it a proof could be copied to another log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Context<'a> {
    /// The log's origin, as its checkpoints begin.
    pub origin: &'a str,
    /// The id of the log's schema of cells: SHA-256 of the schema file.
    pub schema: &'a [u8; 32],
}

impl core::fmt::Debug for Leaf {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Leaf(..)")
    }
}

impl Leaf {
    /// A leaf of version 0 under a schema of cells, for a digest.
    pub fn unproved(schema: &[u8; 32], digest: &[u8; 32], generator: &mut impl CryptoRng) -> Self {
        let mut bytes = Box::new([0; LEAF_BYTES]);
        generator.fill_bytes(bytes.as_mut_slice());
        let head = [VERSION_UNPROVED].into_iter().chain(*schema).chain(*digest);
        for (to, from) in bytes.iter_mut().zip(head) {
            *to = from;
        }
        Self(bytes)
    }

    /// A cover leaf of version 0: its digest is random, and nobody can open it.
    pub fn unproved_cover(schema: &[u8; 32], generator: &mut impl CryptoRng) -> Self {
        Self::unproved(schema, &Salt::draw(generator).0, generator)
    }

    /// The leaf of something that is counted in `cell`, or in none. The time
    /// this takes does not depend on which.
    pub fn prove(
        ahead: Ahead,
        context: &Context<'_>,
        digest: &[u8; 32],
        cell: Option<Cell>,
        seed: &Seed,
    ) -> Self {
        let blinding = seed.blinding(context.origin, digest);
        let (commitment, proof) = ahead.finish(context, digest, cell, &blinding);
        let parts = [VERSION].into_iter().chain(*context.schema).chain(*digest);
        let mut bytes = Box::new([0; LEAF_BYTES]);
        for (to, from) in bytes.iter_mut().zip(parts.chain(commitment).chain(proof)) {
            *to = from;
        }
        Self(bytes)
    }

    /// A cover leaf: its digest is random, it counts nothing, and nobody
    /// without the seed can tell it from another.
    pub fn cover(
        ahead: Ahead,
        context: &Context<'_>,
        seed: &Seed,
        generator: &mut impl CryptoRng,
    ) -> Self {
        Self::prove(ahead, context, &Salt::draw(generator).0, None, seed)
    }

    /// Reads an entry.
    ///
    /// # Errors
    ///
    /// [`LeafError::Length`], [`LeafError::Version`].
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let leaf: Box<[u8; LEAF_BYTES]> = Box::new(
            bytes
                .try_into()
                .map_err(|_| LeafError::Length(bytes.len()))?,
        );
        match leaf.first() {
            Some(&(VERSION_UNPROVED | VERSION)) => Ok(Self(leaf)),
            other => Err(LeafError::Version(other.copied().unwrap_or_default())),
        }
    }

    /// The entry's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Its version, [`VERSION`] or [`VERSION_UNPROVED`].
    pub fn version(&self) -> u8 {
        self.0.first().copied().unwrap_or_default()
    }

    /// Which schema of cells it is counted under: 32 bytes.
    pub fn schema(&self) -> &[u8] {
        self.0.get(SCHEMA).unwrap_or_default()
    }

    /// What it binds: 32 bytes.
    pub fn digest(&self) -> &[u8] {
        self.0.get(DIGEST).unwrap_or_default()
    }

    /// The commitment's encoding: 32 bytes.
    pub fn commitment_bytes(&self) -> &[u8] {
        self.0.get(COMMITMENT).unwrap_or_default()
    }

    /// Its proof: 1,184 bytes.
    pub(crate) fn proof_bytes(&self) -> &[u8] {
        self.0.get(PROOF..).unwrap_or_default()
    }

    /// Checks that it counts at most one cell, once, in the log and under the
    /// schema of `context`.
    ///
    /// # Errors
    ///
    /// [`LeafError::Version`], [`LeafError::Schema`], [`LeafError::Point`],
    /// [`LeafError::Scalar`], [`LeafError::Proof`], in this order.
    pub fn verify(&self, context: &Context<'_>) -> Result<(), LeafError> {
        Claim::of(self, context)?.verify()
    }

    /// What it counts, for whoever has the seed: a cell or none.
    ///
    /// # Errors
    ///
    /// [`LeafError::Version`], [`LeafError::Point`], and
    /// [`LeafError::Opening`] when it was not made from this seed in the log
    /// of this origin.
    pub fn cell_under(&self, seed: &Seed, origin: &str) -> Result<Option<Cell>, LeafError> {
        let digest = group::word(self.digest()).ok_or(LeafError::Digest)?;
        let bare = self.bare(&seed.blinding(origin, &digest))?;
        if bare == RistrettoPoint::identity() {
            return Ok(None);
        }
        Cell::all()
            .zip(group::cell_bases().iter().skip(1))
            .find(|(_, base)| bare == **base)
            .map(|(cell, _)| Some(cell))
            .ok_or(LeafError::Opening)
    }

    /// Checks that it counts `cell`, or none, given its blinding.
    ///
    /// # Errors
    ///
    /// [`LeafError::Version`], [`LeafError::Point`], and
    /// [`LeafError::Opening`] when it counts another.
    pub fn opens_to_cell(&self, cell: Option<Cell>, blinding: &Blinding) -> Result<(), LeafError> {
        let counted = cell
            .and_then(|cell| group::cell_bases().get(usize::from(cell.number())))
            .copied()
            .unwrap_or_default();
        if self.bare(blinding)? == counted {
            Ok(())
        } else {
            Err(LeafError::Opening)
        }
    }

    /// C − r H: the generator of the cell it counts, or the identity.
    fn bare(&self, blinding: &Blinding) -> Result<RistrettoPoint, LeafError> {
        if self.version() != VERSION {
            return Err(LeafError::Version(self.version()));
        }
        let commitment =
            group::word(self.commitment_bytes()).and_then(|bytes| group::point(&bytes));
        Ok(commitment.ok_or(LeafError::Point)? - RistrettoPoint::mul_base(&blinding.0))
    }

    /// Checks that it is the leaf of this docket, without the envelope: of that, H(salt₂ ‖
    /// envelope) alone is shown.
    ///
    /// # Errors
    ///
    /// [`LeafError::Digest`] when it is another's.
    pub fn opens_to_docket(
        &self,
        docket: &[u8],
        docket_salt: &Salt,
        envelope: &[u8; 32],
    ) -> Result<(), LeafError> {
        if self.digest() == joined(&docket_salt.digest(docket), envelope) {
            Ok(())
        } else {
            Err(LeafError::Digest)
        }
    }

    /// Checks that it is the leaf of `envelope` under this opening.
    ///
    /// # Errors
    ///
    /// [`LeafError::Digest`] when it is another's.
    pub fn opens_to(&self, opening: &Opening, envelope: &[u8]) -> Result<(), LeafError> {
        if self.digest() == opening.digest(envelope) {
            Ok(())
        } else {
            Err(LeafError::Digest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    fn opening(generator: &mut StdRng) -> Opening {
        let (docket_salt, envelope_salt) = (Salt::draw(generator), Salt::draw(generator));
        Opening {
            docket: b"{}".to_vec(),
            docket_salt,
            envelope_salt,
        }
    }

    #[test]
    fn a_leaf_opens_to_its_own_statement_and_to_no_other() {
        let mut generator = StdRng::seed_from_u64(1);
        let opening = opening(&mut generator);
        let leaf = Leaf::unproved(&[3; 32], &opening.digest(b"envelope"), &mut generator);
        assert_eq!(leaf.opens_to(&opening, b"envelope"), Ok(()));
        assert_eq!(leaf.opens_to(&opening, b"another"), Err(LeafError::Digest));
        let other = Opening {
            docket: b"[]".to_vec(),
            ..opening.clone()
        };
        assert_eq!(leaf.opens_to(&other, b"envelope"), Err(LeafError::Digest));
        assert_eq!(Leaf::parse(leaf.as_bytes()), Ok(leaf));
    }

    #[test]
    fn a_docket_is_shown_without_its_envelope() {
        let mut generator = StdRng::seed_from_u64(1);
        let opening = opening(&mut generator);
        let leaf = Leaf::unproved(&[3; 32], &opening.digest(b"envelope"), &mut generator);
        let envelope = opening.envelope_salt.digest(b"envelope");
        let salt = &opening.docket_salt;
        let shown = |docket: &[u8], envelope| leaf.opens_to_docket(docket, salt, envelope);
        assert_eq!(shown(b"{}", &envelope), Ok(()));
        assert_eq!(shown(b"[]", &envelope), Err(LeafError::Digest));
        assert_eq!(shown(b"{}", &[0; 32]), Err(LeafError::Digest));
    }

    #[test]
    fn a_cover_leaf_looks_like_any_other() {
        let mut generator = StdRng::seed_from_u64(1);
        let cover = Leaf::unproved_cover(&[3; 32], &mut generator);
        assert_eq!(cover.as_bytes().len(), LEAF_BYTES);
        assert_eq!(cover.schema(), [3; 32]);
        assert_ne!(
            cover.digest(),
            Leaf::unproved_cover(&[3; 32], &mut generator).digest()
        );
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..1400)) {
            let parsed = Leaf::parse(&bytes);
            prop_assert_eq!(parsed.is_ok(), bytes.len() == LEAF_BYTES && bytes[0] <= 1);
        }
    }
}
