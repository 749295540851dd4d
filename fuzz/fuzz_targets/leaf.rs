//! Leaves: decoding and the proof, alone and in a batch, say the same.
#![no_main]

use portcullis_ballot::{Batch, Context, Leaf};
use rand_core::{TryCryptoRng, TryRng};
use std::convert::Infallible;

const CONTEXT: Context<'static> = Context {
    origin: "mail.example/log/live/1",
    schema: &[0x5c; 32],
};

/// Weights that a cheat could guess: enough to look for panics.
struct Weights(u64);

impl TryRng for Weights {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|word| word as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        Ok(self.0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = self.try_next_u64()?.to_be_bytes()[0];
        }
        Ok(())
    }
}

impl TryCryptoRng for Weights {}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assert_eq!(
        Leaf::parse(bytes).is_ok(),
        bytes.len() == 1281 && bytes[0] < 2
    );
    // Of every length, what would be a leaf if it were cut or filled up.
    let mut whole = [1; 1281];
    for (to, from) in whole.iter_mut().skip(1).zip(bytes.iter().skip(1)) {
        *to = *from;
    }
    let leaf = Leaf::parse(&whole).expect("the length and the version of a leaf");
    assert_eq!(leaf.as_bytes(), whole);
    let alone = leaf.verify(&CONTEXT);
    let mut batch = Batch::new(&CONTEXT);
    let together = match batch.push(&leaf) {
        Ok(()) => batch.verify(&mut Weights(1)).is_ok(),
        Err(_) => false,
    };
    assert_eq!(alone.is_ok(), together);
});
