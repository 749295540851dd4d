//! Views: what pages and workers ask for, in pages of rows.

use crate::record::{Summary, instant};
use jiff::Timestamp;
use portcullis_core::{id::CaseId, member::MemberId};

/// The most rows of one page.
pub const PAGE_ROWS_MAX: usize = 500;

/// Which cases the queue shows, and in which order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Filter {
    /// Only cases in this phase.
    pub phase: Option<String>,
    /// Only cases in which this member is the authority or the provider.
    pub peer: Option<MemberId>,
    /// Urgent cases before all others.
    pub urgent_first: bool,
}

/// A row of the queue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QueueRow {
    /// The case.
    pub case: CaseId,
    /// Its version.
    pub version: u64,
    /// Whether its contents were erased.
    pub erased: bool,
    /// What is shown of it.
    pub summary: Summary,
}

/// Some rows, and where the next ones begin.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where to go on; none after the last row.
    pub next: Option<Cursor>,
}

/// A place in the queue: just after the row it was made from, whatever has
/// been written since.
///
/// In text: `u` or `n` for urgent or not, the microseconds of the next timer
/// or `-`, and the case, with full stops between.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cursor {
    pub(crate) urgent: bool,
    pub(crate) next_at: Option<Timestamp>,
    pub(crate) case: CaseId,
}

/// Why a text is no cursor.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this is no place in the queue")]
pub struct ParseCursorError;

/// The order of the queue: urgency if asked for, timers (none last), case.
pub(crate) type Position = (bool, bool, Option<Timestamp>, CaseId);

impl Filter {
    /// Whether the queue shows the row.
    pub(crate) fn admits(&self, summary: &Summary) -> bool {
        self.phase
            .as_ref()
            .is_none_or(|phase| *phase == summary.phase)
            && self
                .peer
                .as_ref()
                .is_none_or(|peer| *peer == summary.authority || *peer == summary.provider)
    }

    /// Where the queue shows a row.
    pub(crate) fn position(&self, place: &Cursor) -> Position {
        (
            self.urgent_first && !place.urgent,
            place.next_at.is_none(),
            place.next_at,
            place.case,
        )
    }

    /// A page from rows in order, one more than the page holds if there are.
    pub(crate) fn page(mut rows: Vec<QueueRow>, limit: usize) -> Page<QueueRow> {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more {
            rows.last().map(QueueRow::cursor)
        } else {
            None
        };
        Page { rows, next }
    }
}

impl QueueRow {
    /// The place just after this row.
    pub fn cursor(&self) -> Cursor {
        Cursor {
            urgent: self.summary.urgent,
            next_at: self.summary.next_at,
            case: self.case,
        }
    }
}

impl core::fmt::Display for Cursor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(if self.urgent { "u." } else { "n." })?;
        match self.next_at {
            Some(at) => write!(f, "{}", at.as_microsecond())?,
            None => f.write_str("-")?,
        }
        write!(f, ".{}", self.case)
    }
}

impl core::str::FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, ParseCursorError> {
        let parse = || {
            let (urgent, rest) = text.split_once('.')?;
            let (next_at, case) = rest.split_once('.')?;
            let next_at = match next_at {
                "-" => None,
                micros => Some(instant(micros.parse().ok()?).ok()?),
            };
            Some(Self {
                urgent: urgent == "u",
                next_at,
                case: case.parse().ok()?,
            })
        };
        parse()
            .filter(|cursor| cursor.to_string() == text)
            .ok_or(ParseCursorError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_prints_what_it_parses_and_nothing_else_parses() {
        let case = CaseId::from_bytes([9; 16]);
        for next_at in [
            None,
            Some(Timestamp::from_microsecond(1_700_000_000_000_001).unwrap()),
        ] {
            for urgent in [false, true] {
                let cursor = Cursor {
                    urgent,
                    next_at,
                    case,
                };
                assert_eq!(cursor.to_string().parse(), Ok(cursor));
            }
        }
        for wrong in [
            "",
            "u.-",
            &format!("x.-.{case}"),
            &format!("u.+1.{case}"),
            &format!("u.01.{case}"),
        ] {
            assert_eq!(wrong.parse::<Cursor>(), Err(ParseCursorError), "{wrong}");
        }
    }
}
