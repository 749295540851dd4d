//! Whether a change fits what we hold: who may make it, and who may take it back.
//!
//! A source speaks for its own member. For everybody else it brings what their nodes have signed,
//! and of what we hear from the maker itself it changes nothing that is here.

use super::is_out;
use crate::{
    cell::{
        Cell, Change, Stamp,
        feed::Record,
        follow::{Verify, crowd::Crowd, held::Held},
        provenance::Origin,
    },
    peers::Peer,
};
use portcullis_core::{
    cell::{CollectionId, Label, follow::Source},
    member::MemberId,
};
use portcullis_stix::header::Header;
use portcullis_verdict::cell::Proof;

/// How far ahead of our clock a change may be stamped, in microseconds: clocks differ, and a
/// change of tomorrow would stand against everything that its maker does today.
const AHEAD_US_MAX: i64 = 5 * 60 * 1_000_000;

/// By what it is judged who may say what.
#[derive(Clone, Copy)]
pub struct Vouch<'a> {
    /// Where a member's node answers, by the register.
    pub peer_of: &'a dyn Fn(&MemberId) -> Option<Peer>,
    /// Verifies where an object comes from: see [`crate::Node::verify_provenance`].
    pub verify: &'a Verify<'a>,
}

/// Judges what others bring into a collection.
#[derive(Clone, Copy)]
pub(in crate::cell::follow) struct Judge<'a> {
    pub(in crate::cell::follow) cell: &'a Cell,
    pub(in crate::cell::follow) into: CollectionId,
}

impl Judge<'_> {
    /// Whether a put is to be taken from `source`, whose answer has brought this `crowd`.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub(in crate::cell::follow) fn fits(
        &self,
        vouch: Vouch<'_>,
        source: &MemberId,
        crowd: &mut Crowd,
        record: &Record<'_>,
    ) -> Result<bool, String> {
        let Record::Put {
            mark,
            object,
            provenance,
            label,
            marks,
            ..
        } = record
        else {
            return Ok(true);
        };
        self.in_time(mark)?;
        let origin = vouched(vouch, object, provenance, label)?;
        let Ok(header) = portcullis_stix::header::header(object) else {
            return Ok(true);
        };
        let held = self.version(&header.id, header.version_us);
        let ours = label.publisher == *self.cell.me();
        if ours || (mark.by == *self.cell.me() && held.is_some()) {
            return self.fits_ours(held.as_ref(), object, origin.as_ref());
        }
        if held.is_none() {
            self.may_version(&header.id, &label.publisher)?;
            crowd.takes(self.cell, &self.into, &header.id, |held| {
                held.publisher == *source
                    || held.stamp.by == *source
                    || self.maker_of(held).as_ref() == Some(source)
            })?;
        }
        let maker = origin.as_ref().map(|origin| &origin.member);
        if label.publisher != *source {
            self.may_relay(vouch, source, (mark, label), maker, held.as_ref())?;
        }
        if let Some(held) = &held {
            // What its maker has asked back only its maker gives again.
            if held.withheld && held.stamp == *mark && mark.by != *source {
                return Ok(false);
            }
            if !held.removed && !self.may_replace(held, object, label, maker)? {
                return Ok(false);
            }
        }
        let own_word = label.publisher == *source || maker == Some(source);
        if own_word {
            return Ok(true);
        }
        // What its maker does not let us have we do not take from others.
        if self.is_out_at(&label.publisher, maker) {
            return Ok(false);
        }
        if !self.hears_any(&label.publisher, maker) {
            return Ok(true);
        }
        // The maker tells us itself what becomes of what is here.
        let known = self.marks_fit(&header, label, marks);
        Ok(held.is_none() && known)
    }

    /// Whether another version of an object may be this publisher's: of what an author's own
    /// member has brought, only that member's. An author whose identity nobody has bound here may
    /// be a public set's, which several bring in, each as new as it has it.
    fn may_version(&self, id: &str, publisher: &MemberId) -> Result<(), String> {
        let live = self.cell.held(&self.into, id);
        let oldest = live.iter().rfind(|held| !held.removed);
        let Some(oldest) = oldest.filter(|held| held.publisher != *publisher) else {
            return Ok(());
        };
        let unread = |_| format!("the version of it that is here cannot be read: `{id}`");
        let bytes = self.cell.entry_bytes(&self.into, oldest.number);
        let bytes = bytes.map_err(unread)?;
        let before = portcullis_stix::header::header(&bytes);
        let author = before.ok().and_then(|before| before.created_by);
        let state = self.cell.state();
        match author.and_then(|author| state.creator(&author).cloned()) {
            Some(creator) if creator == oldest.publisher => Err(format!(
                "only `{creator}`, its author, makes versions of it"
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// Of what is ours others bring us nothing but what we have signed and lost.
    fn fits_ours(
        &self,
        held: Option<&Held>,
        object: &[u8],
        origin: Option<&Origin>,
    ) -> Result<bool, String> {
        match held {
            Some(held) if held.removed || self.is_same(held, object) => Ok(false),
            Some(_) => Err("other bytes of what is ours".to_owned()),
            None if origin.is_some_and(|origin| origin.member == *self.cell.me()) => Ok(true),
            None => Err("it is said to be ours, and we have not signed it".to_owned()),
        }
    }

    /// Whether what somebody else has published may come from `source`: its node has signed it, or
    /// the cell at which it has its account.
    fn may_relay(
        &self,
        vouch: Vouch<'_>,
        source: &MemberId,
        (mark, label): (&Stamp, &Label),
        maker: Option<&MemberId>,
        held: Option<&Held>,
    ) -> Result<(), String> {
        let publisher = &label.publisher;
        let Some(maker) = maker else {
            return Err(format!(
                "nobody vouches for it but `{source}`, and it is `{publisher}`'s"
            ));
        };
        let near = maker == publisher || maker == source || maker == self.cell.me();
        let held_from = || held.and_then(|held| self.maker_of(held));
        // Whoever has a node speaks by it; an account's cell is where the change was made.
        let account = || *maker == mark.by && (vouch.peer_of)(publisher).is_none();
        if near || held_from().as_ref() == Some(maker) || account() {
            return Ok(());
        }
        Err(format!("`{maker}` does not speak for `{publisher}`"))
    }

    /// Whether a version that is here may be told anew; nothing to do where it is somebody else's
    /// with the same bytes.
    fn may_replace(
        &self,
        held: &Held,
        object: &[u8],
        label: &Label,
        maker: Option<&MemberId>,
    ) -> Result<bool, String> {
        let same = self.is_same(held, object);
        if held.publisher != label.publisher {
            return if same {
                Ok(false)
            } else {
                Err(format!(
                    "the version that is here is `{}`'s",
                    held.publisher
                ))
            };
        }
        if same {
            return Ok(true);
        }
        match (self.maker_of(held), maker) {
            (None, _) => Ok(true),
            (Some(before), Some(maker)) if before == *maker || *maker == label.publisher => {
                Ok(true)
            }
            (Some(before), _) => Err(format!(
                "other bytes of a version for which `{before}` vouches"
            )),
        }
    }

    /// Whether a relay says beside an object nothing but what we know.
    fn marks_fit(
        &self,
        header: &Header<'_>,
        label: &Label,
        marks: &portcullis_core::cell::Marks,
    ) -> bool {
        let state = self.cell.state();
        match state.marks(&header.id, &label.publisher) {
            Some(known) => known == marks,
            None => marks.is_empty() || self.cell.held(&self.into, &header.id).is_empty(),
        }
    }

    /// What becomes of a version that `source` says is removed; nothing where it is not for it to
    /// say so, or known.
    ///
    /// # Errors
    ///
    /// Why not: it is another's, as far as we know.
    pub(in crate::cell::follow) fn removed(
        &self,
        source: &MemberId,
        crowd: &mut Crowd,
        (id, version_us): (&str, i64),
        mark: &Stamp,
    ) -> Result<Option<Change>, String> {
        self.in_time(mark)?;
        if mark.by == *self.cell.me() {
            return Ok(None);
        }
        let remove = || Change::Remove {
            id: id.to_owned(),
            version_us,
            stamp: mark.clone(),
        };
        match self.version(id, version_us).filter(|held| !held.removed) {
            Some(held) if *mark <= held.stamp => Ok(None),
            Some(held) if self.may_take_back(source, &held, &mark.by)? => Ok(Some(remove())),
            Some(_) => Ok(Some(let_go(id, version_us))),
            None if mark.by == *source || !self.hears(&mark.by) => {
                crowd.takes_removal(self.cell, &self.into, id)?;
                Ok(Some(remove()))
            }
            None => Ok(None),
        }
    }

    /// Whether `source` may say that a version which is here went by a change of `by`.
    fn may_take_back(&self, source: &MemberId, held: &Held, by: &MemberId) -> Result<bool, String> {
        let maker = self.maker_of(held);
        let publisher = &held.publisher;
        let ours = self.is_ours(source, held);
        if !ours && (publisher == source || maker.as_ref() == Some(source)) {
            return Ok(true);
        }
        let theirs = by == publisher || maker.as_ref() == Some(by) || *by == held.stamp.by;
        if ours || !theirs {
            return Err(format!("`{by}` cannot remove what is `{publisher}`'s"));
        }
        // Whom we hear ourselves is asked: what still stands there comes again.
        Ok(!self.hears_any(publisher, maker.as_ref()))
    }

    /// Whether a version is this node's, as far as `source` goes: of our member, or of an account
    /// here. A member's own node speaks for it, wherever it has brought something.
    fn is_ours(&self, source: &MemberId, held: &Held) -> bool {
        let me = self.cell.me();
        let here = || !held.followed || self.maker_of(held).as_ref() == Some(me);
        held.publisher == *me || (held.publisher != *source && here())
    }

    /// Whether a version is here, and all that is here of it is the word of `source`: published by it,
    /// or signed by its node.
    pub(in crate::cell::follow) fn is_word_of(
        &self,
        source: &MemberId,
        id: &str,
        version_us: i64,
    ) -> bool {
        let held = self.cell.held(&self.into, id).into_iter();
        let held = held.filter(|held| held.version_us == version_us);
        let theirs: Vec<bool> = held
            .map(|held| held.publisher == *source || self.maker_of(&held).as_ref() == Some(source))
            .collect();
        !theirs.is_empty() && theirs.iter().all(|theirs| *theirs)
    }

    /// Whether whatever is, or was, here of an object was said at the node of `source`.
    pub(in crate::cell::follow) fn is_all_by(&self, source: &MemberId, id: &str) -> bool {
        let held = self.cell.held(&self.into, id);
        held.iter()
            .all(|held| held.stamp.by == *source || self.maker_of(held).as_ref() == Some(source))
    }

    /// What becomes of a version that `source` asks back; nothing if it is our own, or not here.
    pub(in crate::cell::follow) fn asked_back(
        &self,
        source: &MemberId,
        id: &str,
        version_us: i64,
        mark: Option<&Stamp>,
    ) -> Option<Change> {
        let held = self.version(id, version_us)?;
        if held.removed || self.is_ours(source, &held) {
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
            Some(mark) => {
                self.in_time(mark).ok()?;
                match self.may_take_back(source, &held, &mark.by) {
                    Ok(true) => Some(withhold(mark)),
                    Ok(false) => Some(let_go(id, version_us)),
                    Err(_) => None,
                }
            }
            None if held.stamp.by == *source => Some(withhold(&held.stamp)),
            None => Some(let_go(id, version_us)),
        }
    }

    /// Whether `source` may bring us a recall of `publisher`'s: its own, or as it brought us what
    /// is recalled.
    ///
    /// # Errors
    ///
    /// Why not.
    pub(in crate::cell::follow) fn may_recall(
        &self,
        source: &MemberId,
        object: &str,
        publisher: &MemberId,
    ) -> Result<(), String> {
        if publisher == source {
            return Ok(());
        }
        let refused = || format!("`{source}` cannot ask back what is `{publisher}`'s");
        if publisher == self.cell.me() {
            return Err(refused());
        }
        let state = self.cell.state();
        for collection in state.collections().keys() {
            let held = self.cell.held(collection, object).into_iter();
            let live = held.filter(|held| !held.removed && held.publisher == *publisher);
            for held in live {
                let maker = self.maker_in(collection, &held);
                let account = maker.as_ref() == Some(source);
                let ours = maker.as_ref() == Some(self.cell.me());
                let relayed =
                    *collection == self.into && !ours && !self.hears_any(publisher, maker.as_ref());
                if !account && !relayed {
                    return Err(refused());
                }
            }
        }
        Ok(())
    }

    /// Whether a change's stamp is not ahead of our clock.
    fn in_time(&self, mark: &Stamp) -> Result<(), String> {
        let now_us = self.cell.env().now().as_microsecond();
        if mark.at_us <= now_us.saturating_add(AHEAD_US_MAX) {
            Ok(())
        } else {
            Err(format!(
                "`{}` stamped it more than five minutes ahead of this node's clock",
                mark.by
            ))
        }
    }

    /// Whether one of these members' nodes, which we follow into this collection, has put us out.
    fn is_out_at(&self, publisher: &MemberId, maker: Option<&MemberId>) -> bool {
        let state = self.cell.state();
        state.follows().values().any(|follow| {
            let Source::Peer { member, .. } = &follow.source else {
                return false;
            };
            let theirs = member == publisher || Some(member) == maker;
            let running = follow.into == self.into && !follow.ended && !follow.paused;
            theirs && running && is_out(follow)
        })
    }

    /// Whether we follow the node of a member ourselves, into the same collection.
    pub(in crate::cell::follow) fn hears(&self, member: &MemberId) -> bool {
        let state = self.cell.state();
        state.follows().values().any(|follow| {
            let running = follow.into == self.into && !follow.ended && !follow.paused;
            let of = matches!(&follow.source, Source::Peer { member: of, .. } if of == member);
            running && of
        })
    }

    fn hears_any(&self, publisher: &MemberId, maker: Option<&MemberId>) -> bool {
        self.hears(publisher) || maker.is_some_and(|maker| self.hears(maker))
    }

    fn is_same(&self, held: &Held, object: &[u8]) -> bool {
        let here = self.cell.entry_bytes(&self.into, held.number);
        here.is_ok_and(|here| here == object)
    }

    /// Whose node has signed what we hold.
    fn maker_of(&self, held: &Held) -> Option<MemberId> {
        self.maker_in(&self.into, held)
    }

    fn maker_in(&self, collection: &CollectionId, held: &Held) -> Option<MemberId> {
        // It was verified when it came.
        let proof = self.cell.provenance(collection, held.number).ok()??;
        let proof = Proof::parse(&proof).ok()?;
        Some(proof.batch.says().member.clone())
    }

    /// What we hold of a version.
    pub(in crate::cell::follow) fn version(&self, id: &str, version_us: i64) -> Option<Held> {
        let held = self.cell.held(&self.into, id).into_iter();
        let mut held = held.filter(|held| held.version_us == version_us);
        held.next()
    }
}

/// Our copy goes, and whom else we follow is asked for it again.
fn let_go(id: &str, version_us: i64) -> Change {
    Change::Forget {
        id: id.to_owned(),
        version_us,
    }
}

/// Whose node vouches for an object, and that it does so for this publisher; nobody where nothing
/// vouches for it.
fn vouched(
    vouch: Vouch<'_>,
    object: &[u8],
    provenance: &[u8],
    label: &Label,
) -> Result<Option<Origin>, String> {
    if provenance.is_empty() {
        return Ok(None);
    }
    let origin = (vouch.verify)(object, provenance)?;
    let publisher = &label.publisher;
    // Behind a pseudonym's identity stands a member whom only its cell knows: the cell answers.
    let pseudonym = origin.publisher.starts_with("identity--") && origin.member == *publisher;
    if pseudonym || origin.publisher == publisher.as_str() {
        return Ok(Some(origin));
    }
    let says = &origin.publisher;
    Err(format!("`{says}` vouches for it, not `{publisher}`"))
}
