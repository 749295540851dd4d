//! Whether a change fits what we hold: who may make it, and who may take it back.

use crate::cell::{
    Change, Stamp,
    feed::Record,
    follow::{Work, held::Held},
};
use portcullis_core::member::MemberId;

impl Work<'_> {
    /// Whether a put is to be taken from `source`.
    ///
    /// # Errors
    ///
    /// Why it is refused: nobody vouches for these bytes but who relays them, and they would
    /// replace others.
    pub(super) fn fits(&self, source: &MemberId, record: &Record<'_>) -> Result<bool, String> {
        let Record::Put {
            mark,
            object,
            provenance,
            label,
            ..
        } = record
        else {
            return Ok(true);
        };
        let Ok(header) = portcullis_stix::header::header(object) else {
            return Ok(true);
        };
        let Some(held) = self.version(&header.id, header.version_us) else {
            return Ok(true);
        };
        // What its maker has asked back only its maker gives again.
        if held.withheld && held.stamp == *mark && mark.by != *source {
            return Ok(false);
        }
        let relayed = mark.by != *source && label.publisher != *source;
        if held.removed || !provenance.is_empty() || !relayed {
            return Ok(true);
        }
        match self.cell.entry_bytes(&self.into, held.number) {
            Ok(bytes) if bytes != *object => {
                Err("other bytes of a version that is here, and nobody vouches for them".into())
            }
            _ => Ok(true),
        }
    }

    /// Whether whoever made this removal may make it.
    ///
    /// # Errors
    ///
    /// Why not: it is another's, as far as we know.
    pub(super) fn may_remove(&self, id: &str, version_us: i64, mark: &Stamp) -> Result<(), String> {
        match self.version(id, version_us).filter(|held| !held.removed) {
            Some(held) if held.stamp.by != mark.by && held.publisher != mark.by => Err(format!(
                "`{}` cannot remove what is `{}`'s",
                mark.by, held.publisher
            )),
            _ => Ok(()),
        }
    }

    /// What becomes of a version that `source` asks back; nothing if it is our own, or not here.
    pub(super) fn asked_back(
        &self,
        source: &MemberId,
        id: &str,
        version_us: i64,
        mark: Option<&Stamp>,
    ) -> Option<Change> {
        let held = self.version(id, version_us)?;
        if held.removed || held.publisher == *self.cell.me() {
            return None;
        }
        let withhold = |stamp: &Stamp| Change::Withhold {
            id: id.to_owned(),
            version_us,
            stamp: stamp.clone(),
        };
        match mark {
            // What we hold is later than what it was asked back by, or nothing but we changed.
            Some(mark) if *mark <= held.stamp => None,
            Some(mark) => Some(withhold(mark)),
            None if held.stamp.by == *source => Some(withhold(&held.stamp)),
            None => Some(Change::Forget {
                id: id.to_owned(),
                version_us,
            }),
        }
    }

    /// What we hold of a version.
    fn version(&self, id: &str, version_us: i64) -> Option<Held> {
        let held = self.cell.held(&self.into, id).into_iter();
        let mut held = held.filter(|held| held.version_us == version_us);
        held.next()
    }
}
