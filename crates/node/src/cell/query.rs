//! What a caller may ask of a collection, and the page that answers.

pub use portcullis_verdict::cell::Run;

use super::CellError;
use bytes::Bytes;
use portcullis_stix::taxii::{Filter, SpecVersions, VersionSpec};

/// Objects on a page when the caller names no limit.
pub const PAGE_OBJECTS_DEFAULT: usize = 1_000;

/// The most objects on a page, whatever the caller asks for.
pub const PAGE_OBJECTS_MAX: usize = 10_000;

/// At this many bytes of objects a page ends, whatever the caller asks for.
pub const PAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What of a collection is asked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Query {
    /// Added after this many microseconds since 1970.
    pub added_after_us: Option<i64>,
    /// Of these ids; empty for any.
    pub ids: Vec<String>,
    /// Of these types; empty for any.
    pub kinds: Vec<String>,
    /// In these versions; empty for the last.
    pub versions: Vec<VersionMatch>,
    /// In these versions of STIX; none for the latest of each object.
    pub spec_versions: Option<SpecVersions>,
    /// At most so many objects.
    pub limit: Option<u64>,
    /// After the page that ended with this.
    pub next: Option<String>,
}

/// Which version of an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VersionMatch {
    /// The latest that the caller may see.
    Last,
    /// The earliest that the caller may see.
    First,
    /// Every one.
    All,
    /// The one of this instant, in microseconds since 1970.
    Exact(i64),
}

impl From<&Filter> for Query {
    fn from(filter: &Filter) -> Self {
        let version = |spec: &VersionSpec| match spec {
            VersionSpec::Last => VersionMatch::Last,
            VersionSpec::First => VersionMatch::First,
            VersionSpec::All => VersionMatch::All,
            VersionSpec::Exact(time) => VersionMatch::Exact(time.micros()),
        };
        Self {
            added_after_us: filter.added_after,
            ids: filter.ids.clone(),
            kinds: filter.kinds.clone(),
            versions: filter.versions.iter().map(version).collect(),
            spec_versions: filter.spec_versions,
            limit: filter.limit,
            next: filter.next.clone(),
        }
    }
}

/// What a page shows of each object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum View {
    /// The object as it came in (TAXII 2.1 §3.7).
    Objects,
    /// When it was added, and in which version (TAXII 2.1 §5.3).
    Manifest,
    /// Its versions alone (TAXII 2.1 §5.8).
    Versions,
}

/// A page, ready to send.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The body as JSON, in order.
    pub chunks: Vec<Bytes>,
    /// The bytes of the body.
    pub len: usize,
    /// How many objects are on it.
    pub objects: usize,
    /// When the first was added, in microseconds since 1970; on an empty page, where the reader stands.
    pub first_added: Option<i64>,
    /// When the last was added.
    pub last_added: Option<i64>,
    /// Where the next page goes on, if there is one.
    pub next: Option<String>,
    /// Which of the collection's entries are on it: what the served ledger records.
    pub served: Vec<Run>,
}

/// The text of `next` after an entry that was added at `added_us`.
pub(crate) fn next_text(epoch: &[u8; 16], added_us: i64) -> String {
    format!("{:08x}.{added_us:x}", mark(epoch))
}

/// Where a page goes on: after which `added`.
pub(crate) fn next_after(epoch: &[u8; 16], text: &str) -> Result<i64, CellError> {
    let (of, added) = text.split_once('.').ok_or(CellError::Next)?;
    let added_us = i64::from_str_radix(added, 16).map_err(|_| CellError::Next)?;
    // Canonical text only, so that nothing else ever means something.
    if of == format!("{:08x}", mark(epoch)) && text == next_text(epoch, added_us) {
        Ok(added_us)
    } else {
        Err(CellError::Next)
    }
}

/// As much of an epoch as tells two lives of a collection apart.
fn mark(epoch: &[u8; 16]) -> u32 {
    let [a, b, c, d, ..] = *epoch;
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_is_understood_in_the_life_that_wrote_it_and_nothing_else_is() {
        let (epoch, other) = ([7; 16], [8; 16]);
        let text = next_text(&epoch, 1_700_000_000_123_456);
        assert_eq!(next_after(&epoch, &text).unwrap(), 1_700_000_000_123_456);
        for wrong in [
            "",
            ".",
            "07070707.",
            "07070707.+5",
            "07070707.05",
            "7070707.5",
            "x",
        ] {
            assert!(
                matches!(next_after(&epoch, wrong), Err(CellError::Next)),
                "{wrong}"
            );
        }
        assert!(matches!(next_after(&other, &text), Err(CellError::Next)));
    }
}
