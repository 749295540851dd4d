//! The seed: thirty-two secret bytes from which every blinding of a log, and
//! its key for joint reports, can be made again.
//!
//! Whoever holds the seed can read what every leaf counts; whoever loses it
//! can make no report any more. It never leaves the node but in a backup.

use crate::{group, leaf::LeafError};
use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar};
use hkdf::Hkdf;
use rand_core::CryptoRng;
use sha2::Sha512;
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

/// Separates blindings from whatever else is made from a seed.
const OPENING: &[u8] = b"portcullis/v1/leaf-opening\0";
/// Separates report keys from whatever else is made from a seed.
const REPORT_KEY: &[u8] = b"portcullis/v1/report-key\0";

/// A log's secret, shared by all logs of one node. Prints nothing and clears
/// itself.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Seed([u8; 32]);

impl core::fmt::Debug for Seed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Seed(..)")
    }
}

impl Seed {
    /// Takes the seed's bytes: drawn once from a good generator, 32 of them.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The blinding of the leaf with this digest in the log of this origin.
    pub fn blinding(&self, origin: &str, digest: &[u8; 32]) -> Blinding {
        Blinding(derive(&self.0, &[OPENING, &group::text(origin), digest]))
    }

    /// The key with which the log of this origin takes part in joint reports.
    pub fn report_key(&self, origin: &str) -> ReportKey {
        let secret = derive(&self.0, &[REPORT_KEY, &group::text(origin)]);
        let public = RistrettoPoint::mul_base(&secret);
        ReportKey { secret, public }
    }
}

/// What hides a leaf's cell: the scalar r of C = `G_k` + r H. Showing it opens
/// the leaf. Prints nothing and clears itself.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Blinding(pub(crate) Scalar);

impl core::fmt::Debug for Blinding {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Blinding(..)")
    }
}

impl Blinding {
    /// Reads r from its 32 bytes, little-endian.
    ///
    /// # Errors
    ///
    /// [`LeafError::Scalar`] when they are not below the group's order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, LeafError> {
        group::scalar(bytes).map(Self).ok_or(LeafError::Scalar)
    }

    /// r, 32 bytes, little-endian.
    pub const fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }
}

/// A log's key pair for joint reports. Prints nothing and clears itself.
pub struct ReportKey {
    pub(crate) secret: Scalar,
    pub(crate) public: RistrettoPoint,
}

impl core::fmt::Debug for ReportKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ReportKey(..)")
    }
}

impl Drop for ReportKey {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

impl ReportKey {
    /// The public half, as the shape of a log publishes it.
    pub fn public(&self) -> [u8; 32] {
        self.public.compress().to_bytes()
    }
}

/// A scalar from a secret: HKDF-SHA-512 with an empty salt, 64 bytes reduced
/// modulo the order.
pub(crate) fn derive(secret: &[u8], info: &[&[u8]]) -> Scalar {
    expand(&Hkdf::new(None, secret), info)
}

/// Scalars that nobody can guess or meet again: HKDF-SHA-512 over a secret,
/// with fresh bytes of a generator as its salt and a number that counts up. A
/// poor generator alone, or a known secret alone, gives nothing away.
pub(crate) struct Nonces {
    hkdf: Hkdf<Sha512>,
    label: &'static [u8],
    drawn: u32,
}

impl Nonces {
    pub(crate) fn new(label: &'static [u8], secret: &[u8], generator: &mut impl CryptoRng) -> Self {
        let mut fresh = Zeroizing::new([0; 64]);
        generator.fill_bytes(fresh.as_mut_slice());
        Self {
            hkdf: Hkdf::new(Some(fresh.as_slice()), secret),
            label,
            drawn: 0,
        }
    }

    pub(crate) fn draw(&mut self) -> Scalar {
        self.drawn += 1;
        expand(&self.hkdf, &[self.label, &self.drawn.to_be_bytes()])
    }
}

fn expand(hkdf: &Hkdf<Sha512>, info: &[&[u8]]) -> Scalar {
    let mut wide = Zeroizing::new([0; 64]);
    let expanded = hkdf.expand_multi_info(info, wide.as_mut_slice());
    assert!(
        expanded.is_ok(),
        "HKDF-SHA-512 gives far more than 64 bytes"
    );
    Scalar::from_bytes_mod_order_wide(&wide)
}
