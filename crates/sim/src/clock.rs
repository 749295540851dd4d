//! The virtual clock that all nodes share, each with its own skew, and the
//! [`Env`] that a node reads it through.

use crate::dice::Dice;
use jiff::{SignedDuration, Timestamp};
use portcullis_node::Env;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

/// True time in the simulation, in milliseconds since 1970. Only moved by ops.
#[derive(Clone, Debug)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// A clock that stands at an instant.
    pub fn at(start: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(start.as_millisecond())))
    }

    /// The instant it is.
    pub fn now(&self) -> Timestamp {
        self.behind(0)
    }

    /// Lets time pass.
    pub fn advance(&self, by: SignedDuration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(0);
        self.0.fetch_add(ms, Ordering::Relaxed);
    }

    fn behind(&self, skew_ms: i64) -> Timestamp {
        let ms = self.0.load(Ordering::Relaxed) + skew_ms;
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
    }
}

/// A node's clock and generator.
pub struct SimEnv {
    clock: Clock,
    skew_ms: Arc<AtomicI64>,
    dice: Mutex<Dice>,
}

impl SimEnv {
    /// An environment over the shared clock, with a seed of its own.
    pub fn new(clock: Clock, seed: u64) -> Self {
        let (skew_ms, dice) = (Arc::default(), Mutex::new(Dice::new(seed)));
        Self {
            clock,
            skew_ms,
            dice,
        }
    }

    /// Sets how far the node's clock is ahead of true time.
    pub fn set_skew_ms(&self, ms: i64) {
        self.skew_ms.store(ms, Ordering::Relaxed);
    }
}

impl Env for SimEnv {
    fn now(&self) -> Timestamp {
        self.clock.behind(self.skew_ms.load(Ordering::Relaxed))
    }

    fn fill(&self, bytes: &mut [u8]) {
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        dice.fill(bytes);
    }
}
