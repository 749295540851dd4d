//! Leaves: 1,281 bytes, always, whatever they stand for.
//!
//! `version[1] ‖ schema[32] ‖ digest[32] ‖ commitment[32] ‖ proof[1184]`, where
//! `digest = H(label ‖ H(salt₁ ‖ docket) ‖ H(salt₂ ‖ envelope))` and H is
//! SHA-256 (design §7). The docket is what may one day be public, the envelope
//! is the exact DSSE bytes; either half can be shown without the other.

use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};

/// The length of every leaf, in bytes.
pub const LEAF_BYTES: usize = 1281;
/// Version 0: commitment and proof are random, and prove nothing.
pub const VERSION_UNPROVED: u8 = 0;
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
        let envelope = self.envelope_salt.digest(envelope);
        Sha256::new()
            .chain_update(LABEL)
            .chain_update(docket)
            .chain_update(envelope)
            .finalize()
            .into()
    }
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

    /// A cover leaf: its digest is random, and nobody can open it.
    pub fn cover(schema: &[u8; 32], generator: &mut impl CryptoRng) -> Self {
        Self::unproved(schema, &Salt::draw(generator).0, generator)
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
            Some(&VERSION_UNPROVED) => Ok(Self(leaf)),
            other => Err(LeafError::Version(other.copied().unwrap_or_default())),
        }
    }

    /// The entry's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Which schema of cells it is counted under.
    pub fn schema(&self) -> &[u8] {
        self.0.get(1..33).unwrap_or_default()
    }

    /// What it binds.
    pub fn digest(&self) -> &[u8] {
        self.0.get(33..65).unwrap_or_default()
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
    fn a_cover_leaf_looks_like_any_other() {
        let mut generator = StdRng::seed_from_u64(1);
        let cover = Leaf::cover(&[3; 32], &mut generator);
        assert_eq!(cover.as_bytes().len(), LEAF_BYTES);
        assert_eq!(cover.schema(), [3; 32]);
        assert_ne!(
            cover.digest(),
            Leaf::cover(&[3; 32], &mut generator).digest()
        );
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..1400)) {
            let parsed = Leaf::parse(&bytes);
            prop_assert_eq!(parsed.is_ok(), bytes.len() == LEAF_BYTES && bytes[0] == 0);
        }
    }
}
