//! Why an object goes no wider than it does: each of its markings, and what is known of it here.

use super::{Cell, CellError, Found, index::Speaker};
use portcullis_core::cell::Tlp;
use portcullis_stix::{header, marking::known_tlp};

pub use super::index::{NAMES_MAX, Reads};

/// What an object's light comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lit {
    /// How strictly it is to be handled.
    pub tlp: Tlp,
    /// Each marking once, in the order in which the object names them, those of its parts last.
    pub markings: Vec<(String, Reads)>,
    /// Whether it names more of them than are looked up, [`NAMES_MAX`]: then it is TLP:RED.
    pub too_many: bool,
    /// The light of what is not marked there.
    pub default: Tlp,
    /// How widely it is shared where it comes from, if it came by a follow.
    pub bound: Option<Tlp>,
}

impl Lit {
    /// The markings of which nobody here knows what they say: they may be any limit.
    pub fn unread(&self) -> impl Iterator<Item = (&str, &Reads)> {
        let unread = |reads: &Reads| !matches!(reads, Reads::Light(_) | Reads::Words);
        let markings = self.markings.iter();
        markings
            .filter(move |(_, reads)| unread(reads))
            .map(|(id, reads)| (id.as_str(), reads))
    }
}

impl Cell {
    /// Why what was found has the light that it has.
    ///
    /// # Errors
    ///
    /// [`CellError::NotFound`] where it is not here any more, or has no header.
    pub fn why_lit(&self, found: &Found) -> Result<Lit, CellError> {
        let header = header::header(&found.bytes).map_err(|_| CellError::NotFound)?;
        let (entry, label) = self
            .entry_of(&found.collection, found.number)
            .ok_or(CellError::NotFound)?;
        let state = self.state();
        let settings = state.collection(&found.collection);
        let index = self.index();
        let by = index.members.get(entry.by).ok_or(CellError::NotFound)?;
        let speaker = Speaker::labelled(&self.me, &label, by);
        let mut markings: Vec<(String, Reads)> = Vec::new();
        let mut looked_up = 0;
        for id in header.markings.iter().chain(&header.granular) {
            if markings
                .iter()
                .any(|(held, _)| held.eq_ignore_ascii_case(id))
            {
                continue;
            }
            if known_tlp(id).is_none() {
                looked_up += 1;
            }
            if looked_up <= NAMES_MAX {
                markings.push((id.to_string(), index.reads(id, speaker)));
            }
        }
        Ok(Lit {
            tlp: label.tlp,
            markings,
            too_many: NAMES_MAX < looked_up,
            default: settings.map_or(Tlp::Red, |held| held.settings.default_tlp),
            bound: label.bound,
        })
    }
}
