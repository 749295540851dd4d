//! Folding events into the state. Nothing is judged here but the realm: what
//! was decided holds, and the same events give the same state for ever.

use super::{
    account::Account,
    caller::By,
    collection::{Collection, Settings},
    event::{Event, Fact},
    follow::Follow,
    group::{Consent, Group, Membership, Standing},
    ids::{CollectionId, GroupId, QuestionId},
    pseudonym::{Opening, Pseudonym},
    question::{self, Question, Reply},
    recall::{Confirmed, Recall},
    review::{Decided, Review},
    state::State,
    warning::Override,
    wrapper::Wrapper,
};
use crate::member::MemberId;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// An event of another realm came: the journal is not this node's (law 8).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an event of another realm; exercise never meets live")]
pub struct OtherRealm;

impl State {
    /// Folds in what happened.
    ///
    /// # Errors
    ///
    /// [`OtherRealm`], and then nothing has changed.
    pub fn apply(&mut self, event: &Event) -> Result<(), OtherRealm> {
        if !event.fact.is_of(self.realm) {
            return Err(OtherRealm);
        }
        self.generation = self.generation.saturating_add(1);
        let Event { at, by, fact } = event;
        match fact {
            Fact::GroupFounded { .. }
            | Fact::Invited { .. }
            | Fact::Joined { .. }
            | Fact::Left { .. }
            | Fact::GroupLearned { .. }
            | Fact::GroupDissolved { .. } => {
                self.audience = self.generation;
                self.apply_group(fact, by, *at);
            }
            Fact::CollectionOpened { .. }
            | Fact::CollectionChanged { .. }
            | Fact::CollectionClosed { .. } => {
                self.audience = self.generation;
                self.apply_collection(fact, *at);
            }
            Fact::AccountOpened { .. } | Fact::SecretSet { .. } | Fact::AccountEnded { .. } => {
                self.apply_account(fact);
            }
            Fact::IdentityBound { .. }
            | Fact::IdentityUnbound { .. }
            | Fact::Marked { .. }
            | Fact::Addressed { .. }
            | Fact::WarningOverridden { .. }
            | Fact::Wrapped { .. } => self.apply_object(fact, by, *at),
            Fact::Held { .. } | Fact::Reviewed { .. } => self.apply_review(fact, by, *at),
            Fact::Recalled { .. } | Fact::RecallWidened { .. } | Fact::RecallConfirmed { .. } => {
                self.apply_recall(fact, by, *at);
            }
            Fact::Asked { .. }
            | Fact::Acknowledged { .. }
            | Fact::Answered { .. }
            | Fact::Declined { .. }
            | Fact::Reminded { .. }
            | Fact::QuestionClosed { .. } => self.apply_question(fact, by, *at),
            Fact::PseudonymTaken { .. } | Fact::PseudonymOpened { .. } => {
                self.apply_pseudonym(fact, by, *at);
            }
            Fact::Followed { .. }
            | Fact::Advanced { .. }
            | Fact::FollowPaused { .. }
            | Fact::Unfollowed { .. } => self.apply_follow(fact, *at),
        }
        Ok(())
    }

    fn apply_group(&mut self, fact: &Fact, by: &By, at: Timestamp) {
        match fact {
            Fact::GroupFounded {
                group,
                title,
                standing,
            } => {
                let founder = membership(by, *standing, Some((Consent::Founder, at)));
                let members = BTreeMap::from([(by.member.clone(), founder)]);
                self.set_group(*group, &by.member, title, members, at);
            }
            Fact::GroupLearned {
                group,
                owner,
                title,
                members,
                said_at,
            } => {
                let relayed = members.iter().map(|(member, standing)| {
                    let joined = Some((Consent::Relayed, *said_at));
                    (member.clone(), membership(by, *standing, joined))
                });
                self.set_group(*group, owner, title, relayed.collect(), *said_at);
            }
            Fact::Invited {
                group,
                member,
                standing,
            } => self.change_group(group, at, |held| {
                let invited = membership(by, *standing, None);
                held.members.insert(member.clone(), invited);
            }),
            Fact::Joined {
                group,
                member,
                consent,
            } => self.change_group(group, at, |held| {
                if let Some(membership) = held.members.get_mut(member) {
                    membership.joined = Some((consent.clone(), at));
                }
            }),
            Fact::Left { group, member } => self.change_group(group, at, |held| {
                held.members.remove(member);
            }),
            Fact::GroupDissolved { group } => {
                self.change_group(group, at, |held| held.dissolved = true);
            }
            _ => {}
        }
    }

    fn set_group(
        &mut self,
        id: GroupId,
        owner: &MemberId,
        title: &str,
        members: BTreeMap<MemberId, Membership>,
        changed_at: Timestamp,
    ) {
        let group = Group {
            owner: owner.clone(),
            title: title.to_owned(),
            members,
            dissolved: false,
            changed_at,
        };
        self.groups.insert(id, group);
    }

    fn change_group(&mut self, id: &GroupId, at: Timestamp, f: impl FnOnce(&mut Group)) {
        if let Some(group) = self.groups.get_mut(id) {
            f(group);
            // Later than the change before, though our clock may have been set back: whom we tell
            // of the group goes by it.
            let next = group
                .changed_at
                .saturating_add(SignedDuration::from_micros(1));
            group.changed_at = at.max(next.unwrap_or(at));
        }
    }

    fn apply_collection(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::CollectionOpened {
                collection,
                settings,
            } => {
                let opened = Collection {
                    settings: (**settings).clone(),
                    opened_at: at,
                    closed: false,
                };
                self.collections.insert(*collection, opened);
                self.name_collection(*collection, settings);
            }
            Fact::CollectionChanged {
                collection,
                settings,
            } => {
                if let Some(held) = self.collections.get_mut(collection) {
                    held.settings = (**settings).clone();
                }
                self.name_collection(*collection, settings);
            }
            Fact::CollectionClosed { collection } => {
                if let Some(held) = self.collections.get_mut(collection) {
                    held.closed = true;
                }
                self.aliases.retain(|_, named| named != collection);
            }
            _ => {}
        }
    }

    fn name_collection(&mut self, id: CollectionId, settings: &Settings) {
        self.aliases.retain(|_, named| *named != id);
        if let Some(alias) = &settings.alias {
            self.aliases.insert(alias.clone(), id);
        }
    }

    fn apply_account(&mut self, fact: &Fact) {
        match fact {
            Fact::AccountOpened {
                name,
                member,
                secret,
                client,
                operator,
                rights,
                until,
            } => {
                self.note_token(name, secret);
                let account = Account {
                    member: member.clone(),
                    secret: secret.clone(),
                    client: *client,
                    operator: *operator,
                    rights: *rights,
                    until: *until,
                    ended: false,
                };
                self.accounts.insert(name.clone(), account);
            }
            Fact::SecretSet { name, secret } => {
                self.note_token(name, secret);
                if let Some(account) = self.accounts.get_mut(name) {
                    account.secret = secret.clone();
                }
            }
            Fact::AccountEnded { name } => {
                if let Some(account) = self.accounts.get_mut(name) {
                    account.ended = true;
                }
            }
            _ => {}
        }
    }

    fn note_token(&mut self, name: &str, secret: &super::Secret) {
        if let super::Secret::Token(digest) = secret {
            self.tokens.insert(*digest, name.to_owned());
        }
    }

    fn apply_object(&mut self, fact: &Fact, by: &By, at: Timestamp) {
        match fact {
            Fact::IdentityBound { identity, member } => {
                self.identities.insert(identity.clone(), member.clone());
            }
            Fact::IdentityUnbound { identity } => {
                self.identities.remove(identity);
            }
            Fact::Marked { object, group, tlp } => self.change_marks(object, by, |marks| {
                match tlp {
                    Some(tlp) => marks.groups.insert(*group, *tlp),
                    None => marks.groups.remove(group),
                };
            }),
            Fact::Addressed { object, recipients } => {
                self.change_marks(object, by, |marks| marks.recipients.clone_from(recipients));
            }
            Fact::WarningOverridden {
                object,
                lists,
                reason,
            } => {
                let of_object = self.warnings.entry(object.clone()).or_default();
                let said = Override {
                    lists: lists.clone(),
                    reason: reason.clone(),
                    at,
                };
                of_object.insert(by.member.clone(), said);
            }
            Fact::Wrapped {
                name,
                clause,
                from,
                until,
            } => {
                let wrapper = Wrapper {
                    clause: clause.clone(),
                    from: *from,
                    until: *until,
                };
                self.wrappers.insert(name.clone(), wrapper);
            }
            _ => {}
        }
    }

    fn change_marks(
        &mut self,
        object: &super::ObjectId,
        by: &By,
        f: impl FnOnce(&mut super::Marks),
    ) {
        let of_object = self.marks.entry(object.clone()).or_default();
        let marks = of_object.entry(by.member.clone()).or_default();
        f(marks);
        if marks.is_empty() {
            of_object.remove(&by.member);
        }
        if of_object.is_empty() {
            self.marks.remove(object);
        }
    }

    fn apply_review(&mut self, fact: &Fact, by: &By, at: Timestamp) {
        match fact {
            Fact::Held {
                review,
                collection,
                object,
                version_us,
                content,
                publisher,
                findings,
            } => {
                let held = Review {
                    collection: *collection,
                    object: object.clone(),
                    version_us: *version_us,
                    content: *content,
                    publisher: publisher.clone(),
                    findings: findings.clone(),
                    held_at: at,
                    decided: None,
                };
                let key = (*collection, object.clone(), *version_us, *content);
                self.reviews_of.insert(key, *review);
                self.reviews.insert(*review, held);
                self.waiting.insert(*review);
            }
            Fact::Reviewed {
                review,
                outcome,
                reason,
                person,
            } => {
                self.waiting.remove(review);
                if let Some(held) = self.reviews.get_mut(review) {
                    held.decided = Some(Decided {
                        outcome: *outcome,
                        reason: reason.clone(),
                        person: person.clone(),
                        by: by.clone(),
                        at,
                    });
                }
            }
            _ => {}
        }
    }

    fn apply_recall(&mut self, fact: &Fact, by: &By, at: Timestamp) {
        match fact {
            Fact::Recalled {
                recall,
                object,
                versions,
                under,
                reason,
                asked,
                due,
                since,
            } => {
                let of_object = self.recalls_of.entry(object.clone()).or_default();
                of_object.insert(*recall);
                let recalled = Recall {
                    object: object.clone(),
                    versions: versions.clone(),
                    under: under.clone(),
                    reason: reason.clone(),
                    by: by.clone(),
                    at: since.unwrap_or(at),
                    due: *due,
                    asked: asked.iter().map(|member| (member.clone(), None)).collect(),
                };
                self.recalls.insert(*recall, recalled);
            }
            Fact::RecallWidened { recall, asked } => {
                if let Some(held) = self.recalls.get_mut(recall) {
                    for member in asked {
                        held.asked.entry(member.clone()).or_default();
                    }
                }
            }
            Fact::RecallConfirmed {
                recall,
                member,
                how,
                note,
            } => {
                if let Some(held) = self.recalls.get_mut(recall) {
                    let confirmed = Confirmed {
                        how: *how,
                        note: note.clone(),
                        at,
                    };
                    held.asked.insert(member.clone(), Some(confirmed));
                }
            }
            _ => {}
        }
    }

    fn apply_question(&mut self, fact: &Fact, by: &By, at: Timestamp) {
        match fact {
            Fact::Asked {
                question,
                kind,
                text,
                note,
                groups,
                members,
                deadline,
            } => {
                let asked = members.iter().map(|one| (one.clone(), Reply::default()));
                let new = Question {
                    kind: *kind,
                    text: text.clone(),
                    note: note.clone(),
                    by: by.clone(),
                    at,
                    deadline: *deadline,
                    groups: groups.clone(),
                    asked: asked.collect(),
                    reminded_at: None,
                    closed: None,
                };
                self.questions.insert(*question, new);
            }
            Fact::Acknowledged { question, member } => {
                self.change_reply(question, member, |reply| {
                    reply.acknowledged_at.get_or_insert(at);
                });
            }
            Fact::Answered {
                question,
                member,
                objects,
            } => self.change_reply(question, member, |reply| {
                reply.acknowledged_at.get_or_insert(at);
                reply.answered_at.get_or_insert(at);
                reply.declined = None;
                for object in objects {
                    if !reply.answers.contains(object) {
                        reply.answers.push(object.clone());
                    }
                }
            }),
            Fact::Declined {
                question,
                member,
                reason,
            } => self.change_reply(question, member, |reply| {
                reply.acknowledged_at.get_or_insert(at);
                reply.declined = Some(reason.clone());
            }),
            Fact::Reminded { question, .. } => {
                if let Some(held) = self.questions.get_mut(question) {
                    held.reminded_at = Some(at);
                }
            }
            Fact::QuestionClosed {
                question,
                outcome,
                brought,
            } => {
                if let Some(held) = self.questions.get_mut(question) {
                    held.closed = Some(question::Closed {
                        outcome: outcome.clone(),
                        brought: brought.clone(),
                        at,
                    });
                }
            }
            _ => {}
        }
    }

    fn change_reply(&mut self, id: &QuestionId, member: &MemberId, f: impl FnOnce(&mut Reply)) {
        if let Some(question) = self.questions.get_mut(id) {
            f(question.asked.entry(member.clone()).or_default());
        }
    }

    fn apply_pseudonym(&mut self, fact: &Fact, by: &By, at: Timestamp) {
        match fact {
            Fact::PseudonymTaken { identity, sealed } => {
                let taken = Pseudonym {
                    sealed: sealed.clone(),
                    at,
                    openings: Vec::new(),
                };
                self.pseudonyms.insert(identity.clone(), taken);
            }
            Fact::PseudonymOpened {
                identity,
                reason,
                person,
            } => {
                if let Some(held) = self.pseudonyms.get_mut(identity) {
                    held.openings.push(Opening {
                        reason: reason.clone(),
                        person: person.clone(),
                        by: by.clone(),
                        at,
                    });
                }
            }
            _ => {}
        }
    }

    fn apply_follow(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::Followed {
                follow,
                source,
                into,
                every_s,
            } => {
                let new = Follow {
                    source: source.clone(),
                    into: *into,
                    every_s: *every_s,
                    paused: false,
                    ended: false,
                    cursor: None,
                    advanced_at: None,
                };
                self.follows.insert(*follow, new);
            }
            Fact::Advanced { follow, cursor } => {
                if let Some(held) = self.follows.get_mut(follow) {
                    held.cursor = Some(cursor.clone());
                    held.advanced_at = Some(at);
                }
            }
            Fact::FollowPaused { follow, paused } => {
                if let Some(held) = self.follows.get_mut(follow) {
                    held.paused = *paused;
                }
            }
            Fact::Unfollowed { follow } => {
                if let Some(held) = self.follows.get_mut(follow) {
                    held.ended = true;
                }
            }
            _ => {}
        }
    }
}

fn membership(by: &By, standing: Standing, joined: Option<(Consent, Timestamp)>) -> Membership {
    Membership {
        standing,
        invited_by: by.clone(),
        joined,
    }
}
