//! The chapter's own time: a clock that only the story moves.

use crate::clock::SystemEnv;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use portcullis_node::Env;
use std::sync::atomic::{AtomicI64, Ordering};

/// A clock that stands until it is moved, and the system's generator.
///
/// The seed of the demo says what happens in these months, and so every figure; keys, salts and
/// blindings are drawn as ever, for a secret from a known seed would be none.
#[derive(Debug)]
pub(super) struct Virtual {
    /// Milliseconds since 1970.
    now: AtomicI64,
}

impl Virtual {
    /// A clock that stands at the morning of a day.
    pub(super) fn at(day: Date) -> Self {
        Self {
            now: AtomicI64::new(morning(day).as_millisecond()),
        }
    }

    /// Lets some time pass.
    pub(super) fn pass(&self, time: SignedDuration) {
        let ms = i64::try_from(time.as_millis()).unwrap_or(0);
        self.now.fetch_add(ms, Ordering::SeqCst);
    }

    /// Goes on to the morning of a later day; never back.
    pub(super) fn go_to(&self, day: Date) {
        self.now
            .fetch_max(morning(day).as_millisecond(), Ordering::SeqCst);
    }
}

impl Env for Virtual {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }

    fn fill(&self, bytes: &mut [u8]) {
        SystemEnv.fill(bytes);
    }
}

/// Nine o'clock, UTC.
fn morning(day: Date) -> Timestamp {
    day.at(9, 0, 0, 0)
        .to_zoned(TimeZone::UTC)
        .map_or(Timestamp::MAX, |at| at.timestamp())
}
