//! Clearance: the one function that every exit asks — TAXII, peers that follow,
//! export, search, the question who has something.
//!
//! Two steps, so that a page of a thousand objects costs one: [`State::clearance`]
//! finds out who the caller is to a collection, [`Clearance::admits`] holds a
//! label against that. Everything is read from the state as it is, so whoever
//! joins late gets what it is entitled to, and whoever leaves gets nothing more.

use super::{
    caller::Caller,
    collection::Collection,
    group::Standing,
    ids::{CollectionId, GroupId},
    label::{Label, Marked},
    mark::Marks,
    refusal::Refusal,
    state::State,
    tlp::Tlp,
};
use crate::member::MemberId;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What a caller is to a collection, good for one generation of the state and until [`Self::until`].
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub struct Clearance {
    member: MemberId,
    client: bool,
    /// Whether the collection is open to everybody who is recognised.
    open: bool,
    /// The collection's reading groups that the member is in.
    groups: Vec<Audience>,
    /// The groups that this node's own member is in: by one of them it has what it follows.
    ours: BTreeSet<GroupId>,
    /// Those from whom no line of law 10 is crossed on the way to the caller.
    near: BTreeSet<MemberId>,
    until: Option<Timestamp>,
}

/// A group by which something is read.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
struct Audience {
    group: GroupId,
    /// Who is in it, if this node's own member has founded it.
    own: Option<BTreeSet<MemberId>>,
}

impl State {
    /// What `caller` is to `collection` at `at`.
    ///
    /// # Errors
    ///
    /// [`Refusal::AccountEnded`], [`Refusal::UnknownCollection`], [`Refusal::MayNotRead`], and
    /// [`Refusal::UnknownWrapper`] or [`Refusal::WrapperLapsed`] where the collection's legal
    /// basis does not carry an exit from this node today.
    pub fn clearance(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        at: Timestamp,
    ) -> Result<Clearance, Refusal> {
        let account_until = self.account_until(caller, at)?;
        let held = self
            .collection(collection)
            .ok_or_else(|| Refusal::UnknownCollection {
                collection: collection.to_string(),
            })?;
        let settings = &held.settings;
        let groups: Vec<Audience> = settings
            .readers
            .iter()
            .filter(|group| self.standing_in(group, &caller.member).is_some())
            .map(|group| self.reading_by(group))
            .collect();
        if groups.is_empty() && !settings.open && !caller.operator {
            return Err(Refusal::MayNotRead {
                member: caller.member.clone(),
                collection: *collection,
            });
        }
        let wrapper_until = match &settings.wrapper {
            Some(name) if caller.client || caller.member != self.me => {
                Some(self.wrapper_until(name, at)?)
            }
            Some(_) | None => None,
        };
        Ok(Clearance {
            member: caller.member.clone(),
            client: caller.client,
            open: settings.open,
            groups,
            ours: self.groups_of_ours(),
            near: self.near(held, &caller.member),
            until: account_until.into_iter().chain(wrapper_until).min(),
        })
    }

    /// Whether `caller` may add to `collection` at `at`, and remove what it added.
    ///
    /// # Errors
    ///
    /// [`Refusal::AccountEnded`], [`Refusal::UnknownCollection`], [`Refusal::RightsMissing`],
    /// [`Refusal::MayNotWrite`].
    pub fn may_write(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        at: Timestamp,
    ) -> Result<(), Refusal> {
        self.account_until(caller, at)?;
        let held = self
            .collection(collection)
            .ok_or_else(|| Refusal::UnknownCollection {
                collection: collection.to_string(),
            })?;
        caller.needs(super::Rights::Write)?;
        let in_group = || {
            let mut writers = held.settings.writers.iter();
            writers.any(|group| self.standing_in(group, &caller.member).is_some())
        };
        if caller.operator || in_group() {
            Ok(())
        } else {
            Err(Refusal::MayNotWrite {
                member: caller.member.clone(),
                collection: *collection,
            })
        }
    }

    /// Whether what `publisher` adds to `collection` could go from a company to an authority, or
    /// to another country (law 10). Whoever's standing nobody knows is taken to be across.
    pub fn crossing(&self, collection: &CollectionId, publisher: &MemberId) -> bool {
        let Some(held) = self.collection(collection) else {
            return true;
        };
        let from = self.standings(held, publisher);
        let audience = held.settings.readers.iter();
        let mut others = audience
            .filter_map(|group| self.groups.get(group))
            .flat_map(super::Group::joined)
            .filter(|(member, _)| *member != publisher);
        held.settings.open || others.any(|(_, to)| crosses(&from, &[to]))
    }

    /// Whether what `publisher` adds to `collection` crosses a line of law 10 on its way to this one
    /// member. Whoever's standing nobody knows is taken to be across.
    pub fn crossing_to(
        &self,
        collection: &CollectionId,
        publisher: &MemberId,
        to: &MemberId,
    ) -> bool {
        self.collection(collection)
            .is_none_or(|held| crosses(&self.standings(held, publisher), &self.standings(held, to)))
    }

    /// The light of an object in `collection` that is marked so.
    pub fn light(&self, collection: &CollectionId, marked: Marked) -> Tlp {
        let held = self.collections.get(collection);
        marked.light(held.map_or(Tlp::Red, |held| held.settings.default_tlp))
    }

    /// How strictly an object is to be handled by whoever has it from this node: of what the node
    /// follows also as its publisher marked it towards the groups by which it came.
    pub fn shown(&self, label: &Label, marks: Option<&Marks>) -> Tlp {
        match marks {
            Some(marks) if label.bound.is_some() => {
                least(label, Some(marks), &self.groups_of_ours()).max(label.tlp)
            }
            Some(_) | None => label.tlp,
        }
    }

    /// The label of an object that `publisher` brings to `collection`, marked so, granular
    /// markings included. `findings`: whether personal information was found in it on which
    /// nobody has decided.
    pub fn label(
        &self,
        collection: &CollectionId,
        publisher: &MemberId,
        marked: Marked,
        findings: bool,
    ) -> Label {
        Label {
            tlp: self.light(collection, marked),
            bound: None,
            publisher: publisher.clone(),
            recipients: BTreeSet::new(),
            held: findings,
        }
    }

    /// Whose an author's identity is: the member that bound it; for a pseudonym, this node's own,
    /// which alone knows better.
    pub fn creator(&self, identity: &str) -> Option<&MemberId> {
        if self.pseudonyms.contains_key(identity) {
            Some(&self.me)
        } else {
            self.identities.get(identity)
        }
    }

    /// Whether `caller` may revoke or replace an object (STIX 2.1 §3.6: only its creator does).
    /// `created_by` is its author's identity, `publisher` who brought its first version, where
    /// there is one. Where nobody has bound the identity, the first publisher counts.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotCreator`].
    pub fn may_replace(
        &self,
        caller: &Caller,
        object: &str,
        created_by: Option<&str>,
        publisher: Option<&MemberId>,
    ) -> Result<(), Refusal> {
        let bound = created_by.and_then(|identity| self.creator(identity));
        match bound.or(publisher) {
            Some(creator) if *creator != caller.member => Err(Refusal::NotCreator {
                object: object.chars().take(128).collect(),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// The end of the account behind `caller`, if it has one.
    pub(super) fn account_until(
        &self,
        caller: &Caller,
        at: Timestamp,
    ) -> Result<Option<Timestamp>, Refusal> {
        let Some(name) = &caller.account else {
            return Ok(None);
        };
        let ended = || Refusal::AccountEnded { name: name.clone() };
        let account = self.accounts.get(name).ok_or_else(ended)?;
        let same = account.caller(name) == *caller;
        if account.holds(at) && same {
            Ok(account.until)
        } else {
            Err(ended())
        }
    }

    fn wrapper_until(&self, name: &str, at: Timestamp) -> Result<Timestamp, Refusal> {
        let unknown = || Refusal::UnknownWrapper { name: name.into() };
        let wrapper = self.wrappers.get(name).ok_or_else(unknown)?;
        if wrapper.holds(at) {
            return Ok(wrapper.until);
        }
        Err(Refusal::WrapperLapsed {
            name: name.into(),
            clause: wrapper.clause.clone(),
            from: wrapper.from,
            until: wrapper.until,
        })
    }

    /// Where `member` stands in a group that is there and that it is in.
    pub(super) fn standing_in(&self, group: &GroupId, member: &MemberId) -> Option<Standing> {
        self.groups.get(group)?.standing(member)
    }

    fn reading_by(&self, group: &GroupId) -> Audience {
        let own = self.groups.get(group).filter(|held| held.owner == self.me);
        let joined = own.map(|held| held.joined().map(|(member, _)| member.clone()));
        Audience {
            group: *group,
            own: joined.map(Iterator::collect),
        }
    }

    fn groups_of_ours(&self) -> BTreeSet<GroupId> {
        let all = self.groups.keys();
        all.filter(|group| self.standing_in(group, &self.me).is_some())
            .copied()
            .collect()
    }

    /// Every standing of a member in the groups of a collection.
    fn standings(&self, held: &Collection, member: &MemberId) -> Vec<Standing> {
        let settings = &held.settings;
        let groups = settings.readers.union(&settings.writers);
        groups
            .filter_map(|group| self.standing_in(group, member))
            .collect()
    }

    /// From whom no line of law 10 is crossed on the way to `member`.
    fn near(&self, held: &Collection, member: &MemberId) -> BTreeSet<MemberId> {
        let to = self.standings(held, member);
        let settings = &held.settings;
        let groups = settings.readers.union(&settings.writers);
        let all = groups
            .filter_map(|group| self.groups.get(group))
            .flat_map(super::Group::joined)
            .map(|(other, _)| other);
        all.filter(|other| !crosses(&self.standings(held, other), &to))
            .cloned()
            .collect()
    }
}

/// Whether any of these standings crosses to any of those; one that nobody knows crosses to all.
fn crosses(from: &[Standing], to: &[Standing]) -> bool {
    let apart = |here: &Standing| to.iter().any(|there| here.crosses_to(there));
    from.is_empty() || to.is_empty() || from.iter().any(apart)
}

/// How strictly what this node follows is held towards everybody: as its publisher marked it
/// towards the groups by which we have it.
fn least(label: &Label, marks: Option<&Marks>, ours: &BTreeSet<GroupId>) -> Tlp {
    let marks = marks.filter(|_| label.bound.is_some()).into_iter();
    let towards_us = marks
        .flat_map(|marks| &marks.groups)
        .filter(|(group, _)| ours.contains(group));
    towards_us.map(|(_, tlp)| *tlp).max().unwrap_or(Tlp::Clear)
}

impl Clearance {
    /// Whom it is for.
    pub const fn member(&self) -> &MemberId {
        &self.member
    }

    /// The first instant at which it no longer holds, where there is one: the end of the
    /// account, or of the legal basis.
    pub const fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// Whether an object of this label may go to the caller. `marks` is what its publisher said
    /// beside it ([`State::marks`]), and nobody else.
    pub fn admits(&self, label: &Label, marks: Option<&Marks>) -> bool {
        if label.publisher == self.member {
            return !self.client || (label.tlp <= Tlp::Amber && !label.held);
        }
        if label.held && !self.near.contains(&label.publisher) {
            return false;
        }
        let named = label.recipients.contains(&self.member)
            || marks.is_some_and(|marks| marks.recipients.contains(&self.member));
        let least = least(label, marks, &self.ours);
        if self.groups.is_empty() {
            return self.open && self.reaches(least.max(label.tlp), false, named);
        }
        self.groups.iter().any(|audience| {
            let apart = marks.and_then(|marks| marks.groups.get(&audience.group));
            let tlp = least.max(apart.copied().unwrap_or(label.tlp));
            let knows = || {
                audience
                    .own
                    .as_ref()
                    .is_none_or(|own| own.contains(&label.publisher))
            };
            // Those of a group of our own making are our clients (FIRST TLP 2.0, Amber), and no more.
            let within = label.bound.is_none() || tlp <= Tlp::Amber || knows();
            within && self.reaches(tlp, true, named)
        })
    }

    /// TLP 2.0 towards one audience.
    const fn reaches(&self, tlp: Tlp, in_group: bool, named: bool) -> bool {
        match tlp {
            Tlp::Clear => true,
            Tlp::Green | Tlp::Amber => in_group,
            Tlp::AmberStrict => in_group && !self.client,
            Tlp::Red => in_group && named && !self.client,
        }
    }
}
