//! MISP events as STIX objects, and back.
//!
//! Follows the MISP core format as its instances write it. Ids stay: the
//! event's UUID is the report's (or, unpublished, the grouping's), an
//! attribute's is its indicator's, observed data's or note's, an object's
//! likewise. What MISP says and STIX has no word for travels in one property
//! extension ([`EXTENSION`]), so that an event comes back as it was. What is
//! left behind is listed, never dropped in silence.
//!
//! Pure and deterministic: the same event gives the same bytes.

mod agree;
mod back;
mod distribution;
mod draft;
mod event;
mod extension;
mod foreign;
mod galaxy;
mod gather;
mod json;
mod kinds;
mod object;
mod part;
mod sighting;
pub(crate) mod tags;
mod ties;

pub use extension::EXTENSION;
pub(crate) use json::bytes;

/// How large an event may be, in bytes.
pub const EVENT_BYTES_MAX: usize = 256 << 20;

/// How many attributes, objects and references one event may have.
pub const PARTS_MAX: usize = 1_000_000;

/// How many unmapped things [`event_to_stix`] and [`stix_to_event`] hold at
/// once; further ones are counted in a last entry. Whoever wants all of them
/// takes them one by one: [`event_to_stix_listing`], [`stix_to_event_listing`].
pub const UNMAPPED_MAX: usize = 10_000;

/// Why what is revoked has no live place in an event.
const REVOKED: &str = "it is revoked";

/// What came of a mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapped {
    /// Whole JSON objects: STIX objects, or MISP documents `{"Event": …}`.
    pub objects: Vec<Vec<u8>>,
    /// What has no place on the other side, unless it was told one by one.
    pub unmapped: Vec<Unmapped>,
    /// How many attributes (or STIX objects) were mapped.
    pub mapped: usize,
}

/// Something without a place on the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// Where it stood: `Event.Attribute[3].data`, or a STIX id.
    pub path: String,
    /// What it is, in few words.
    pub what: String,
    /// Why it was not mapped.
    pub why: &'static str,
    /// Whether it is still in the extension and comes back on the way back.
    pub kept: bool,
}

/// Why something is no MISP event, or no STIX that could become one.
#[derive(Debug, thiserror::Error)]
pub enum MispFlaw {
    /// Too large.
    #[error("an event has at most {EVENT_BYTES_MAX} bytes")]
    TooLarge,
    /// Not JSON.
    #[error("no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// No `Event` in it.
    #[error("expected `{{\"Event\": …}}` or `{{\"response\": [{{\"Event\": …}}]}}`")]
    NoEvent,
    /// An event must say who it is and since when.
    #[error("the event has no `{0}`, or one that cannot be read")]
    Missing(&'static str),
    /// Too many parts.
    #[error("an event has at most {PARTS_MAX} attributes, objects and references")]
    TooMany,
    /// Nothing to make an event of.
    #[error("no report, grouping or anything an attribute could be made of")]
    Nothing,
}

/// The STIX objects that a MISP document says: `{"Event": …}`, or
/// `{"response": …}` with one event or several.
///
/// The order is fixed: for each event first what others refer to, last the
/// report or grouping that binds them. No object appears twice.
///
/// # Errors
///
/// [`MispFlaw`]; what is merely odd inside an event is listed instead.
pub fn event_to_stix(json: &[u8]) -> Result<Mapped, MispFlaw> {
    bounded(|list| event_to_stix_listing(json, list))
}

/// The same, which tells of everything that has no place in STIX, one by one
/// and without end, as it is met.
///
/// # Errors
///
/// As [`event_to_stix`]; what was told by then stays told.
pub fn event_to_stix_listing(
    json: &[u8],
    list: &mut dyn FnMut(Unmapped),
) -> Result<Mapped, MispFlaw> {
    let mut gathered = Gathered::new(list);
    event::map(json, &mut gathered)?;
    Ok(gathered.finish())
}

/// The MISP documents, one for each report and grouping, that STIX objects
/// say. Objects of ours come back as they were; others become attributes,
/// tags and objects where MISP has them. What is revoked comes as deleted, and
/// is left out where MISP has nothing that could be.
///
/// # Errors
///
/// [`MispFlaw::Nothing`] where there is nothing to make an event of;
/// [`MispFlaw::Json`] where an object is no JSON.
pub fn stix_to_event(objects: &[&[u8]]) -> Result<Mapped, MispFlaw> {
    bounded(|list| stix_to_event_listing(objects, list))
}

/// The same, which tells of everything that has no place in MISP, one by one
/// and without end, as it is met.
///
/// # Errors
///
/// As [`stix_to_event`]; what was told by then stays told.
pub fn stix_to_event_listing(
    objects: &[&[u8]],
    list: &mut dyn FnMut(Unmapped),
) -> Result<Mapped, MispFlaw> {
    let mut gathered = Gathered::new(list);
    back::map(objects, &mut gathered)?;
    Ok(gathered.finish())
}

/// A mapping whose list has a bound, for what comes from outside.
fn bounded(
    map: impl FnOnce(&mut dyn FnMut(Unmapped)) -> Result<Mapped, MispFlaw>,
) -> Result<Mapped, MispFlaw> {
    let (mut listed, mut more) = (Vec::new(), 0_usize);
    let mut mapped = map(&mut |unmapped| {
        if listed.len() < UNMAPPED_MAX {
            listed.push(unmapped);
        } else {
            more += 1;
        }
    })?;
    if more > 0 {
        listed.push(Unmapped {
            path: "…".to_owned(),
            what: format!("{more} more"),
            why: "only the first are listed",
            kept: false,
        });
    }
    mapped.unmapped = listed;
    Ok(mapped)
}

/// What is being mapped, and who is told of what is not.
struct Gathered<'a> {
    objects: Vec<Vec<u8>>,
    mapped: usize,
    list: &'a mut dyn FnMut(Unmapped),
}

impl<'a> Gathered<'a> {
    fn new(list: &'a mut dyn FnMut(Unmapped)) -> Self {
        Self {
            objects: Vec::new(),
            mapped: 0,
            list,
        }
    }

    fn leave(
        &mut self,
        path: impl Into<String>,
        what: impl Into<String>,
        why: &'static str,
        kept: bool,
    ) {
        (self.list)(Unmapped {
            path: path.into(),
            what: what.into(),
            why,
            kept,
        });
    }

    fn finish(self) -> Mapped {
        Mapped {
            objects: self.objects,
            unmapped: Vec::new(),
            mapped: self.mapped,
        }
    }
}

#[cfg(test)]
mod tests;
