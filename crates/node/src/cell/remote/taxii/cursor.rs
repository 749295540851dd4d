//! Where a first copy or a poll stands, as text that goes into the journal with
//! the objects it brought.

use super::{LIMIT, LIMIT_MAX, percent};
use core::fmt::Write as _;
use portcullis_stix::time::StixTime;
use serde::{Deserialize, Serialize};

/// How far a poll goes back behind the newest date it has seen, until that date has stood for as
/// long: servers give dates by the second, and commit what they dated a moment ago.
pub const OVERLAP_US: i64 = 10_000_000;
/// The most bytes of a `next` that are kept.
///
/// The whole cursor has at most [`portcullis_core::cell::ADDRESS_BYTES_MAX`].
const NEXT_BYTES_MAX: usize = 1200;
/// The longest date that is kept as it is written.
const DATE_BYTES_MAX: usize = 64;

/// Where a walk over a server's collection stands.
#[derive(Clone, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// What the server called the next page of the run that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// `added_after` of the run that is under way, fixed for as long as `next` is followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The newest date that the server has named, as it wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
    /// When `newest` was first seen, by our clock, in microseconds.
    #[serde(default)]
    pub newest_seen_us: i64,
    /// How many objects a page is asked for; 0 is the usual number.
    #[serde(default)]
    pub limit: u32,
    /// Whether a run is under way: its pages use `after` and `next` as they are.
    #[serde(default)]
    pub running: bool,
}

/// Why a walk cannot go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CursorError {
    /// More, and no way to it.
    #[error("it says `more` and gives neither `next` nor X-TAXII-Date-Added-Last")]
    Nowhere,
    /// More of one instant than it shows at once.
    #[error("it dates more than {LIMIT_MAX} objects alike and does not page within one date")]
    Instant,
    /// A `next` of more bytes than are kept.
    #[error("its `next` has more than {NEXT_BYTES_MAX} bytes")]
    Next,
}

impl Cursor {
    /// Reads what [`Cursor::to_text`] wrote; a cursor that cannot be read is the start.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The cursor as text.
    pub fn to_text(&self) -> String {
        // Texts and numbers always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The query of the page that comes next.
    pub(super) fn query(&self, now_us: i64) -> String {
        let limit = self.limit();
        let mut query = format!("?limit={limit}&match[version]=all");
        if let Some(after) = self.after(now_us) {
            // Writing to a string cannot fail.
            let _ = write!(query, "&added_after={}", percent(&after));
        }
        if let Some(next) = &self.next {
            let _ = write!(query, "&next={}", percent(next));
        }
        query
    }

    fn limit(&self) -> u32 {
        if self.limit == 0 { LIMIT } else { self.limit }
    }

    /// `added_after` of the next page: within a run what the run began with, else the newest date,
    /// or a little before it for as long as it may not be complete.
    fn after(&self, now_us: i64) -> Option<String> {
        if self.running {
            return self.after.clone();
        }
        let newest = self.newest.as_ref()?;
        if now_us.saturating_sub(self.newest_seen_us) > OVERLAP_US {
            return Some(newest.clone());
        }
        let newest: StixTime = newest.parse().ok()?;
        Some(text_of(newest.micros().saturating_sub(OVERLAP_US)))
    }

    /// The same run from its beginning.
    pub(super) fn without_next(&self) -> Self {
        Self {
            next: None,
            ..self.clone()
        }
    }

    /// The cursor after a page, and whether more is to be had at once.
    pub(super) fn step(
        &self,
        more: bool,
        next: Option<String>,
        count: usize,
        (first, last): (Option<StixTime>, Option<StixTime>),
        now_us: i64,
    ) -> Result<(Self, bool), CursorError> {
        let mut moved = self.clone();
        moved.after = self.after(now_us);
        let known: Option<StixTime> = self.newest.as_ref().and_then(|text| text.parse().ok());
        let last = last.filter(|last| last.as_str().len() <= DATE_BYTES_MAX);
        let newer = match (&last, &known) {
            (Some(last), Some(known)) => last > known,
            (last, _) => last.is_some(),
        };
        if let Some(last) = last.as_ref().filter(|_| newer) {
            moved.newest = Some(last.as_str().to_owned());
            moved.newest_seen_us = now_us;
        }
        if !more || count == 0 {
            (moved.next, moved.after, moved.running) = (None, None, false);
            moved.limit = 0;
            return Ok((moved, false));
        }
        moved.running = true;
        if let Some(next) = next {
            if next.len() > NEXT_BYTES_MAX {
                return Err(CursorError::Next);
            }
            moved.next = Some(next);
            return Ok((moved, true));
        }
        // By dates: the next page begins with all of the last date again, since this page may
        // have ended in the middle of it.
        let last = last.ok_or(CursorError::Nowhere)?;
        let just_before = text_of(last.micros().saturating_sub(1));
        let stuck = first.is_some_and(|first| first.micros() >= last.micros())
            || moved.after.as_deref() == Some(just_before.as_str());
        if stuck {
            if moved.limit() >= LIMIT_MAX {
                return Err(CursorError::Instant);
            }
            moved.limit = moved.limit() * 2;
            return Ok((moved, true));
        }
        moved.next = None;
        moved.after = Some(just_before);
        Ok((moved, true))
    }
}

/// Microseconds since 1970 as TAXII writes them, with six digits.
fn text_of(micros: i64) -> String {
    let instant = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{instant:.6}")
}
