//! What a node has instead of a clock and a generator of its own: an `Env`,
//! made once, in `cli` or in the simulator.

use jiff::{Timestamp, Unit};
use portcullis_core::{id::CaseId, realm::Realm};
use rand_core::{TryCryptoRng, TryRng};
use std::convert::Infallible;

/// The clock and the generator.
pub trait Env: Send + Sync {
    /// The instant it is.
    fn now(&self) -> Timestamp;

    /// Fills `bytes` from a cryptographic generator.
    fn fill(&self, bytes: &mut [u8]);
}

/// An [`Env`]'s generator, as the pure rooms take one.
pub struct Generator<'a>(pub &'a dyn Env);

impl TryRng for Generator<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Generator<'_> {}

/// Now, to the millisecond: what statements carry.
pub(crate) fn now_ms(env: &dyn Env) -> Timestamp {
    let now = env.now();
    let floor = jiff::TimestampRound::new()
        .smallest(Unit::Millisecond)
        .mode(jiff::RoundMode::Trunc);
    now.round(floor).unwrap_or(now)
}

/// A fresh case id of a realm.
pub(crate) fn draw_case(env: &dyn Env, realm: &Realm) -> CaseId {
    let mut random = [0; 12];
    env.fill(&mut random);
    CaseId::new(realm, random)
}
