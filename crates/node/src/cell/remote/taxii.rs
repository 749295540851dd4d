//! Any TAXII 2.1 server, as a client reads it: discovery, collections, objects
//! page by page, and its manifest.
//!
//! Follows TAXII 2.1, Get Objects and Get Object Manifests. Servers page in two
//! ways: `next`, and — where they say `more` without it — `added_after` with
//! what `X-TAXII-Date-Added-Last` said. The second one cannot tell objects of
//! one instant apart, so it is walked with an overlap and with growing pages;
//! what arrives twice is the same change and changes nothing.

mod cursor;
mod discover;

pub use cursor::{Cursor, CursorError, OVERLAP_US};
pub use discover::{ApiRoot, RemoteCollection, collections, discover};

use super::{Endpoint, Remote, RemoteError, Request, Response, successful};
use portcullis_stix::time::StixTime;
use serde::Deserialize;
use serde_json::value::RawValue;

/// TAXII's media type.
pub const TAXII: &str = "application/taxii+json;version=2.1";
/// How many objects a page is asked for.
pub const LIMIT: u32 = 1000;
/// How far pages grow where a server cannot page within one instant.
pub const LIMIT_MAX: u32 = 128_000;
/// The most objects of a page that are taken.
pub const PAGE_OBJECTS_MAX: usize = 200_000;
/// The most entries of a manifest: beyond it, what was deleted is not looked for.
pub const MANIFEST_ENTRIES_MAX: usize = 4_000_000;
/// The most pages of one manifest: four million entries on pages of two hundred.
const MANIFEST_PAGES_MAX: usize = 20_000;
/// The most pages on which the versions of some ids are shown.
const BY_ID_PAGES_MAX: usize = 200;
/// How many ids one request names.
pub const IDS_MAX: usize = 20;

/// A collection of a server.
#[derive(Clone, Debug)]
pub struct Source {
    /// The server.
    pub endpoint: Endpoint,
    /// The collection's path with slashes at both ends: `/api/collections/91a7b528-…/`.
    pub path: String,
}

/// Why a text is no collection's address.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "`{0}` is not a TAXII collection's address of the form `https://host/root/collections/ID/`"
)]
pub struct SourceError(String);

impl Source {
    /// A collection by its address.
    ///
    /// # Errors
    ///
    /// [`SourceError`].
    pub fn parse(url: &str, mut endpoint: Endpoint) -> Result<Self, SourceError> {
        let wrong = || SourceError(url.chars().take(200).collect());
        let (origin, path) = split(url).ok_or_else(wrong)?;
        let path = format!("{}/", path.trim_end_matches('/'));
        let named = path.rsplit('/').nth(2) == Some("collections");
        if !named {
            return Err(wrong());
        }
        origin.clone_into(&mut endpoint.origin);
        Ok(Self { endpoint, path })
    }
}

/// `https://host:port` and the path of an address without query; only printable ASCII.
pub(crate) fn split(url: &str) -> Option<(&str, &str)> {
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    if !plain || url.contains(['?', '#', '@', '\\']) {
        return None;
    }
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    let slash = host.find('/').unwrap_or(host.len());
    let origin = url.len() - host.len() + slash;
    (slash > 0).then(|| url.split_at(origin))
}

/// A page of objects.
#[derive(Clone, Debug)]
pub struct Page {
    /// The objects, each as its exact bytes.
    pub objects: Vec<Box<RawValue>>,
    /// Where to go on.
    pub cursor: Cursor,
    /// Whether there is more at once.
    pub more: bool,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    more: bool,
    #[serde(default)]
    next: Option<String>,
    #[serde(default, borrow)]
    objects: Vec<&'a RawValue>,
}

/// The next page after `cursor`.
///
/// # Errors
///
/// [`RemoteError`]. A `next` that the server knows no more is given up, and the run starts again
/// where it began.
pub fn page(
    remote: &dyn Remote,
    source: &Source,
    cursor: &Cursor,
    now_us: i64,
) -> Result<Page, RemoteError> {
    let request = Request::get(
        format!("{}objects/{}", source.path, cursor.query(now_us)),
        TAXII,
    );
    let response = match successful(remote, &source.endpoint, &request) {
        Err(RemoteError::Status {
            status: 400 | 404 | 410 | 422,
            ..
        }) if cursor.next.is_some() => {
            let cursor = cursor.without_next();
            return Ok(Page {
                objects: Vec::new(),
                cursor,
                more: true,
            });
        }
        other => other?,
    };
    let malformed = |why: String| malformed(source, why);
    let envelope: Envelope<'_> =
        serde_json::from_slice(body(&response)).map_err(|error| malformed(error.to_string()))?;
    if envelope.objects.len() > PAGE_OBJECTS_MAX {
        return Err(malformed(format!(
            "more than {PAGE_OBJECTS_MAX} objects on a page"
        )));
    }
    let dates = (
        date(&response, "x-taxii-date-added-first"),
        date(&response, "x-taxii-date-added-last"),
    );
    let count = envelope.objects.len();
    let step = cursor.step(envelope.more, envelope.next, count, dates, now_us);
    let (cursor, more) = step.map_err(|error| malformed(error.to_string()))?;
    Ok(Page {
        objects: envelope
            .objects
            .into_iter()
            .map(ToOwned::to_owned)
            .collect(),
        cursor,
        more,
    })
}

/// What a server says it holds.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// Every id with its version in microseconds, where the server says one that can be read.
    pub entries: Vec<(String, Option<i64>)>,
}

#[derive(Deserialize)]
struct WireManifest {
    #[serde(default)]
    more: bool,
    #[serde(default)]
    next: Option<String>,
    #[serde(default)]
    objects: Vec<WireEntry>,
}

#[derive(Deserialize)]
struct WireEntry {
    id: String,
    #[serde(default)]
    version: Option<String>,
}

/// The whole manifest, all versions.
///
/// # Errors
///
/// [`RemoteError`]; [`RemoteError::Malformed`] also past [`MANIFEST_ENTRIES_MAX`], and where pages
/// do not come to an end.
pub fn manifest(
    remote: &dyn Remote,
    source: &Source,
    now_us: i64,
) -> Result<Manifest, RemoteError> {
    let mut all = Manifest::default();
    let mut cursor = Cursor::default();
    for _ in 0..MANIFEST_PAGES_MAX {
        let request = Request::get(
            format!("{}manifest/{}", source.path, cursor.query(now_us)),
            TAXII,
        );
        let response = successful(remote, &source.endpoint, &request)?;
        let malformed = |why: String| malformed(source, why);
        let page: WireManifest = serde_json::from_slice(body(&response))
            .map_err(|error| malformed(error.to_string()))?;
        let dates = (
            date(&response, "x-taxii-date-added-first"),
            date(&response, "x-taxii-date-added-last"),
        );
        let count = page.objects.len();
        for entry in page.objects {
            let version = entry.version.and_then(|text| text.parse::<StixTime>().ok());
            all.entries
                .push((entry.id, version.map(|version| version.micros())));
        }
        if all.entries.len() > MANIFEST_ENTRIES_MAX {
            return Err(malformed(format!(
                "more than {MANIFEST_ENTRIES_MAX} entries"
            )));
        }
        let step = cursor.step(page.more, page.next, count, dates, now_us);
        let (next, more) = step.map_err(|error| malformed(error.to_string()))?;
        if !more {
            return Ok(all);
        }
        if next == cursor {
            return Err(malformed("the same page again and again".to_owned()));
        }
        cursor = next;
    }
    Err(malformed(source, endless(MANIFEST_PAGES_MAX)))
}

/// All versions of some objects, by their ids; what is not there is left out.
///
/// # Errors
///
/// [`RemoteError`].
pub fn by_id(
    remote: &dyn Remote,
    source: &Source,
    ids: &[&str],
) -> Result<Vec<Box<RawValue>>, RemoteError> {
    let mut found = Vec::new();
    for ids in ids.chunks(IDS_MAX) {
        let ids: Vec<String> = ids.iter().map(|id| percent(id)).collect();
        let mut next = None::<String>;
        for page in 1.. {
            let mut path = format!(
                "{}objects/?match[id]={}&match[version]=all&limit={LIMIT}",
                source.path,
                ids.join(",")
            );
            if let Some(next) = &next {
                path.push_str("&next=");
                path.push_str(&percent(next));
            }
            let answered = successful(remote, &source.endpoint, &Request::get(path, TAXII));
            let response = match answered {
                Err(RemoteError::Status { status: 404, .. }) => break,
                other => other?,
            };
            let envelope: Envelope<'_> = serde_json::from_slice(body(&response))
                .map_err(|error| malformed(source, error.to_string()))?;
            found.extend(envelope.objects.into_iter().map(ToOwned::to_owned));
            if found.len() > PAGE_OBJECTS_MAX {
                return Err(malformed(source, "too many versions".to_owned()));
            }
            match envelope.next {
                Some(more) if envelope.more && next.as_ref() != Some(&more) => next = Some(more),
                _ => break,
            }
            if page == BY_ID_PAGES_MAX {
                return Err(malformed(source, endless(BY_ID_PAGES_MAX)));
            }
        }
    }
    Ok(found)
}

/// A body, or the empty envelope where there is none (TAXII 2.1, 3.7 lets all of it be left out).
fn body(response: &Response) -> &[u8] {
    if response.body.is_empty() {
        b"{}"
    } else {
        &response.body
    }
}

/// A date of a header, as the server wrote it; only if it is one.
fn date(response: &Response, name: &str) -> Option<StixTime> {
    response.header(name)?.trim().parse().ok()
}

fn malformed(source: &Source, why: String) -> RemoteError {
    RemoteError::Malformed {
        origin: source.endpoint.origin.clone(),
        why,
    }
}

fn endless(pages: usize) -> String {
    format!("it has more after {pages} pages")
}

/// Text as a query's value (RFC 3986 §2.1): unreserved characters as they are.
pub(crate) fn percent(text: &str) -> String {
    use core::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}
