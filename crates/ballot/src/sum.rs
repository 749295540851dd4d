//! Sums of commitments: what a report is about.

use crate::{group, leaf::LeafError};
use curve25519_dalek::{ristretto::RistrettoPoint, traits::Identity as _};

/// The sum of some leaves' commitments. Adding sealed leaves gives a sealed
/// total, so sums may be made in parts and in any order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sum(pub(crate) RistrettoPoint);

impl Sum {
    /// The sum of no leaf.
    pub fn zero() -> Self {
        Self(RistrettoPoint::identity())
    }

    /// Adds another sum.
    pub fn add(&mut self, other: &Self) {
        self.0 += other.0;
    }

    /// Adds one leaf's commitment, 32 bytes.
    ///
    /// # Errors
    ///
    /// [`LeafError::Point`] when they encode no point canonically.
    pub fn add_commitment(&mut self, commitment: &[u8; 32]) -> Result<(), LeafError> {
        self.0 += group::point(commitment).ok_or(LeafError::Point)?;
        Ok(())
    }

    /// Its encoding, 32 bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.compress().to_bytes()
    }

    /// Reads a sum.
    ///
    /// # Errors
    ///
    /// [`LeafError::Point`] when the bytes encode no point canonically.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, LeafError> {
        group::point(bytes).map(Self).ok_or(LeafError::Point)
    }
}

impl Default for Sum {
    fn default() -> Self {
        Self::zero()
    }
}
