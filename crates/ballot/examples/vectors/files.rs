//! The files, and what they have in common.

use super::{joint, leaf, plain, report};
use rand_core::{TryCryptoRng, TryRng};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};
use std::convert::Infallible;

/// The log of all vectors that do not say otherwise.
pub(crate) const ORIGIN: &str = "mail.example/log/live/1";
/// Another log.
pub(crate) const ELSEWHERE: &str = "mail.example/log/live/2";
/// The schema of all vectors that do not say otherwise.
pub(crate) const SCHEMA: [u8; 32] = [0x5c; 32];
/// The seed of all vectors that do not say otherwise.
pub(crate) const SEED: [u8; 32] = [0x07; 32];

/// All files by name.
pub(crate) fn all() -> [(&'static str, Value); 4] {
    [
        ("generators.json", generators()),
        ("leaf.json", leaf::file()),
        ("report.json", report::file()),
        ("joint.json", joint::file()),
    ]
}

fn generators() -> Value {
    let points = |family, count| -> Vec<String> {
        (0..count)
            .map(|number| hex(plain::generator(family, number).compress().as_bytes()))
            .collect()
    };
    json!({
        "about": [
            "The generators of ristretto255 that commitments use; points in hexadecimal.",
            "H is the base point. G[k] = from_uniform_bytes(SHA-512(\"portcullis/v1/G\" + decimal k)).",
            "Q[j] likewise with \"portcullis/v1/Q\"; there are as many as a report has bits.",
        ],
        "H": hex(plain::base().compress().as_bytes()),
        "G": points("G", 33),
        "Q": points("Q", 48),
    })
}

/// Lower-case hexadecimal: how all bytes are written.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble| char::from_digit(u32::from(nibble), 16).expect("half a byte");
    let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
    bytes.iter().flat_map(digits).collect()
}

/// Thirty-two bytes that mean nothing, but always the same for a name.
pub(crate) fn bytes(name: &str) -> [u8; 32] {
    let wide: [u8; 64] = Sha512::digest(name).into();
    *wide.first_chunk().expect("64 bytes hold 32")
}

/// Bytes that look fresh and are the same in every run: SHA-512 of a name and
/// a number that counts up. For vectors alone.
pub(crate) struct Fixed {
    name: String,
    blocks: u32,
    left: Vec<u8>,
}

impl Fixed {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            blocks: 0,
            left: Vec::new(),
        }
    }

    /// The next bytes.
    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        while self.left.len() < count {
            self.blocks += 1;
            let block = format!("{} {}", self.name, self.blocks);
            self.left.extend(Sha512::digest(block));
        }
        self.left.drain(..count).collect()
    }
}

impl TryRng for Fixed {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        to.copy_from_slice(&self.take(to.len()));
        Ok(())
    }
}

impl TryCryptoRng for Fixed {}
