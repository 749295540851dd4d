//! How much followers may reply within an hour.

use portcullis_core::member::MemberId;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// How much of something one follower may say within an hour.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::cell::follow) struct Budget {
    /// Replies; an ask counts as one at least.
    pub(in crate::cell::follow) replies: usize,
    /// Bytes of them as they came.
    pub(in crate::cell::follow) bytes: usize,
}

impl Budget {
    /// Who may add to the collection, or whom we follow into it: people write replies, and machines a
    /// few for each find.
    pub(in crate::cell::follow) const WRITES: Self = Self {
        replies: 20_000,
        bytes: 64 * 1024 * 1024,
    };
    /// Who may only read.
    pub(in crate::cell::follow) const READS: Self = Self {
        replies: 5_000,
        bytes: 8 * 1024 * 1024,
    };
    /// What it costs besides to look up in the ledger whether something was served once.
    pub(in crate::cell::follow) const LOOK: Self = Self {
        replies: 100,
        bytes: 0,
    };

    const fn and(self, more: Self) -> Self {
        Self {
            replies: self.replies.saturating_add(more.replies),
            bytes: self.bytes.saturating_add(more.bytes),
        }
    }

    const fn is_within(self, most: Self) -> bool {
        self.replies <= most.replies && self.bytes <= most.bytes
    }
}

/// The most followers whose replies are counted apart.
const FOLLOWERS_MAX: usize = 4_096;
/// An hour, in microseconds.
const HOUR_US: i64 = 3_600 * 1_000_000;

/// How much came of each follower in this hour.
#[derive(Debug, Default)]
pub(crate) struct Replied(Mutex<BTreeMap<MemberId, (i64, Budget)>>);

impl Replied {
    /// Whether so much more may come of it, where this is the most; it is counted then.
    pub(in crate::cell::follow) fn takes(
        &self,
        from: &MemberId,
        now_us: i64,
        more: Budget,
        most: Budget,
    ) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (since_us, _)| now_us.saturating_sub(*since_us) < HOUR_US);
        if all.len() >= FOLLOWERS_MAX && !all.contains_key(from) {
            return false;
        }
        let (_, spent) = all
            .entry(from.clone())
            .or_insert((now_us, Budget::default()));
        let then = spent.and(more);
        let takes = then.is_within(most);
        if takes {
            *spent = then;
        }
        takes
    }
}
