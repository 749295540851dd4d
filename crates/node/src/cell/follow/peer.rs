//! Following another node: its feed, answer by answer.

mod budget;
mod fits;
mod heard;
mod reply;

pub(crate) use budget::Replied;
pub use fits::Vouch;

use super::{BREATH, ECHO, FollowError, Noted, Reach, Step, Work, crowd::Crowd};
use crate::{
    cell::{
        Change, Changed,
        feed::{self, Ask, Feed, Record, Relayed, Told, WANTED_BYTES_MAX},
    },
    peers::PeerError,
};
use bytes::Bytes;
use fits::Judge;
use portcullis_core::{
    cell::{
        CollectionId, Command, GroupId, RecallId,
        follow::{Follow, Source},
    },
    member::MemberId,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, ops::ControlFlow, time::Duration};

/// Before every change, but not the place of one who has never asked.
const AFRESH: i64 = i64::MIN + 1;

/// How many versions are given back in one step to a source that has put us out.
const LEFT_MAX: usize = feed::RECORDS_MAX;

/// How long an ask waits at most while the source waits for answers of ours, in milliseconds.
const ANSWER_WAIT_MS: u32 = 500;

/// Where we stand at a node, as text in the journal.
#[derive(Clone, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    epoch: String,
    position: i64,
    view: String,
    state: Option<String>,
    /// Whether the source's member has put ours out, and nothing that it gave us is left here.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    out: bool,
    /// Whether others are to be asked again for what this source made us let go.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    again: bool,
    /// Up to where the source was told what is said here of its objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told: Option<Told>,
}

impl Work<'_> {
    /// Asks the node of `member` for what came after our position, and applies its answer.
    pub(super) fn of_peer(
        &self,
        reach: &Reach<'_>,
        member: &MemberId,
        collection: CollectionId,
    ) -> Result<Step, FollowError> {
        let peer = (reach.peer_of)(member);
        let peer = peer.ok_or_else(|| FollowError::NoAddress(member.clone()))?;
        let cursor = self.stands();
        if let Some(step) = self.ask_again(cursor.as_ref())? {
            return Ok(step);
        }
        if let Err(error) = self.reply(reach, member, collection, cursor.as_ref()) {
            tracing::debug!(%error, follow = %self.follow, "a source was not told what was said of its objects");
        }
        let ask = self.ask(collection, cursor.as_ref(), reach.wait_ms);
        let answer = reach.peers.cell_changes(&peer, &ask)?;
        if answer.status != 200 {
            let detail = String::from_utf8_lossy(&answer.body);
            let printable = detail.chars().filter(|symbol| !symbol.is_control());
            return Err(FollowError::Peer(PeerError::Status {
                member: member.clone(),
                status: answer.status,
                detail: printable.take(300).collect(),
            }));
        }
        let feed = feed::read(&answer.body).map_err(|e| FollowError::answer(member, &e))?;
        if feed.head.source != *member || feed.head.collection != collection {
            return Err(FollowError::Answer {
                source_member: member.clone(),
                why: "it is of another node, or of another collection".to_owned(),
            });
        }
        if feed.head.from != ask.position && feed.head.from != i64::MIN {
            return Err(FollowError::Answer {
                source_member: member.clone(),
                why: "it begins elsewhere than was asked".to_owned(),
            });
        }
        self.apply(reach, member, cursor.as_ref(), &feed)
    }

    fn ask(&self, collection: CollectionId, cursor: Option<&Cursor>, wait_ms: u32) -> Ask {
        let waits_for = self.cell.working.waits_for(&self.follow);
        let me = self.cell.me();
        let confirms = waits_for.as_ref().map(|recalls| {
            let done = |recall: &_| self.cell.is_withdrawn(recall);
            feed::confirmations(&self.cell.state(), recalls, me, &done)
        });
        let confirms = confirms.unwrap_or_default();
        // An answer of ours to a recall travels with the next ask: it shall not wait for long.
        let waits = waits_for
            .as_ref()
            .is_some_and(|recalls| !recalls.is_empty());
        let wait_ms = if waits {
            wait_ms.min(ANSWER_WAIT_MS)
        } else {
            wait_ms
        };
        // What the source says of itself is heard again after each start, and while it waits
        // for answers of ours that are on their way: it tells us so that it has them.
        let known = waits_for.is_some() && confirms.is_empty();
        let state = cursor.filter(|_| known).and_then(|c| c.state.as_deref());
        Ask {
            collection,
            epoch: cursor.and_then(|cursor| feed::parse_hex(&cursor.epoch)),
            position: cursor.map_or(i64::MIN, |cursor| cursor.position),
            view: cursor.and_then(|cursor| feed::parse_hex(&cursor.view)),
            state: state.and_then(feed::parse_hex),
            bytes_max: WANTED_BYTES_MAX,
            wait_ms,
            confirms,
            replies: None,
            joins: true,
        }
    }

    fn judge(&self) -> Judge<'_> {
        Judge {
            cell: self.cell,
            into: self.into,
        }
    }

    /// Applies an answer in one piece with where it leaves us.
    fn apply(
        &self,
        reach: &Reach<'_>,
        member: &MemberId,
        cursor: Option<&Cursor>,
        feed: &Feed<'_>,
    ) -> Result<Step, FollowError> {
        let (me, judge) = (self.cell.me(), self.judge());
        let now = self.cell.env().now();
        let mut step = Step {
            more: feed.end.more,
            behind: Some(feed.end.behind),
            ..Step::default()
        };
        let mut moved = Cursor::after(feed, cursor);
        self.cell.working.set_hears(&self.follow, feed.head.hears);
        let (mut changes, mut crowd) = (Vec::new(), Crowd::default());
        let mut waits_for = None;
        let mut forgets = false;
        for record in &feed.records {
            match record {
                Record::Put {
                    mark,
                    object,
                    provenance,
                    label,
                    marks,
                    ..
                } => {
                    match judge.fits(reach.vouch(), member, &mut crowd, record) {
                        Ok(true) => {}
                        Ok(false) => continue,
                        Err(why) => {
                            step.notes.push(noted(object, &why));
                            continue;
                        }
                    }
                    changes.push(Change::Put {
                        bytes: Bytes::copy_from_slice(object),
                        stamp: mark.clone(),
                        publisher: label.publisher.clone(),
                        tlp: label.tlp,
                        held: label.held,
                        marks: marks.clone(),
                        provenance: Bytes::copy_from_slice(provenance),
                    });
                }
                Record::Remove {
                    mark, id, version, ..
                } => match judge.removed(member, &mut crowd, (id, *version), mark) {
                    Ok(gone) => {
                        forgets |= matches!(gone, Some(Change::Forget { .. }));
                        changes.extend(gone);
                    }
                    Err(why) => step.notes.push(Noted {
                        what: id.clone(),
                        why,
                    }),
                },
                Record::Forget { id, version, mark } => {
                    let back = judge.asked_back(member, id, *version, mark.as_ref());
                    forgets |= matches!(back, Some(Change::Forget { .. }));
                    changes.extend(back);
                }
                Record::State { digest, json } => {
                    let relayed = feed::read_relay(json, member, me, now);
                    let relayed = relayed.map_err(|error| FollowError::Answer {
                        source_member: member.clone(),
                        why: error.to_string(),
                    })?;
                    waits_for = Some(self.hear(member, relayed, &mut step));
                    moved.state = Some(feed::print_hex(digest));
                }
            }
        }
        forgets |= self.give_back(member, cursor, &mut moved, &mut changes, &mut step)?;
        moved.again = forgets || cursor.is_some_and(|cursor| cursor.again);
        let state = self.cell.state();
        let stands = state.follows().get(&self.follow);
        if stands.is_none_or(|held| held.cursor.as_deref() != self.cursor) {
            // While we waited for this answer the follow was told to begin again.
            return Ok(Step {
                more: true,
                ..Step::default()
            });
        }
        let (replied, looked) = self.cell.working.has_replied(&self.follow);
        moved.told = replied.or_else(|| cursor?.told.clone());
        if cursor != Some(&moved) {
            // It is written anyhow: after a restart what was looked at is not looked at again.
            moved.told = looked.or(moved.told);
        }
        // Texts and numbers always serialise.
        let text = (cursor != Some(&moved)).then(|| serde_json::to_string(&moved));
        self.take(&changes, text.and_then(Result::ok), &mut step)?;
        if let Some(waits_for) = waits_for {
            self.cell.working.set_waits_for(&self.follow, waits_for);
        }
        step.rest = rest(step.fresh, cursor, feed);
        Ok(step)
    }
}

impl Work<'_> {
    /// Gives back what is here of a source's own, once it has put us out; answers whether others are
    /// to be asked for it.
    fn give_back(
        &self,
        source: &MemberId,
        cursor: Option<&Cursor>,
        moved: &mut Cursor,
        changes: &mut Vec<Change>,
        step: &mut Step,
    ) -> Result<bool, FollowError> {
        // After its disk was lost a source may not know any more that we are in.
        let known = cursor.is_some_and(|cursor| !cursor.out && cursor.epoch == moved.epoch);
        if !moved.out || !known {
            return Ok(false);
        }
        let (back, all) = self.left_of(source, changes)?;
        let mut asked = back.iter();
        let forgets = asked.any(|back| matches!(back, Change::Forget { .. }));
        changes.extend(back);
        // What is left for the next step keeps this one from being the last.
        moved.out = all;
        step.more |= !all;
        Ok(forgets)
    }

    /// How what is here of a source's own goes, by whatever way it came, but for what goes with
    /// `changes`; and whether that is all of it.
    fn left_of(
        &self,
        source: &MemberId,
        changes: &[Change],
    ) -> Result<(Vec<Change>, bool), FollowError> {
        let gone = changes.iter().filter_map(|change| match change {
            Change::Remove { id, version_us, .. }
            | Change::Withhold { id, version_us, .. }
            | Change::Forget { id, version_us } => Some((id.as_str(), *version_us)),
            Change::Put { .. } => None,
        });
        let gone: BTreeSet<(&str, i64)> = gone.collect();
        let mut left = Vec::new();
        let cell = self.cell;
        cell.changes_since(&self.into, i64::MIN, &mut |change| {
            let theirs = change.label.publisher == *source || change.stamp.by == *source;
            let live = matches!(change.op, Changed::Put(_));
            if live && theirs && !gone.contains(&(change.id, change.version_us)) {
                left.push((change.id.to_owned(), change.version_us));
            }
            if left.len() <= LEFT_MAX {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        let back = left.iter().take(LEFT_MAX);
        let judge = self.judge();
        let back = back.filter_map(|(id, version)| judge.asked_back(source, id, *version, None));
        Ok((back.collect(), left.len() <= LEFT_MAX))
    }

    /// Asks others again where that is due, as a step of its own: the source may be silent.
    fn ask_again(&self, cursor: Option<&Cursor>) -> Result<Option<Step>, FollowError> {
        let now_us = self.cell.env().now().as_microsecond();
        let Some(cursor) = cursor.filter(|cursor| cursor.again) else {
            return Ok(None);
        };
        if !self.cell.working.may_ask_again(&self.follow, now_us) {
            return Ok(None);
        }
        self.ask_others_again()?;
        let asked = Cursor {
            again: false,
            ..cursor.clone()
        };
        let mut step = Step {
            more: true,
            ..Step::default()
        };
        self.take(&[], serde_json::to_string(&asked).ok(), &mut step)?;
        Ok(Some(step))
    }

    /// What one source asked back another may still let us have: it is asked from the start.
    fn ask_others_again(&self) -> Result<(), FollowError> {
        let state = self.cell.state();
        let others = state.follows().iter().filter(|(id, held)| {
            let peer = matches!(held.source, Source::Peer { .. });
            **id != self.follow && held.into == self.into && peer && !held.ended
        });
        for (follow, held) in others {
            let cursor = held.cursor.as_deref();
            let Some(mut cursor) =
                cursor.and_then(|text| serde_json::from_str::<Cursor>(text).ok())
            else {
                continue;
            };
            // The source still asks back what it has to: for it we are no newcomer.
            cursor.position = AFRESH;
            let command = Command::Advance {
                follow: *follow,
                // Texts and numbers always serialise.
                cursor: serde_json::to_string(&cursor).unwrap_or_default(),
            };
            self.cell.perform(&self.cell.operator(), command)?;
        }
        Ok(())
    }

    /// Takes over what the source says of itself, as far as our rules let it; answers on which
    /// recalls it waits. Done before the changes: they are judged by the groups as they are now,
    /// and if we stop in between we hear it again.
    fn hear(&self, source: &MemberId, relayed: Relayed, step: &mut Step) -> BTreeSet<RecallId> {
        let mut refused = |what: &str, why: String| {
            step.notes.push(Noted {
                what: what.to_owned(),
                why,
            });
        };
        for (caller, command) in relayed.commands {
            let state = self.cell.state();
            let what = match &command {
                Command::LearnGroup { group, .. } => group.to_string(),
                Command::Recall { recall, .. } if state.recalls().contains_key(recall) => continue,
                Command::Recall {
                    recall,
                    object,
                    publisher,
                    ..
                } => {
                    if let Err(why) = self.judge().may_recall(source, object.as_str(), publisher) {
                        refused(&recall.to_string(), why);
                        continue;
                    }
                    recall.to_string()
                }
                _ => continue,
            };
            if let Err(error) = self.cell.perform(&caller, command) {
                refused(&what, error.to_string());
            }
        }
        let state = self.cell.state();
        if let Some(mut settings) = relayed.settings
            && !state.collections().contains_key(&self.into)
        {
            // It says who is in its own groups, and opens nothing of ours to anybody else.
            let own = |id: &GroupId| {
                let group = state.groups().get(id);
                group.is_some_and(|group| !group.dissolved && group.owner == *source)
            };
            settings.readers.retain(own);
            settings.writers.retain(own);
            settings.open = false;
            let command = Command::OpenCollection {
                collection: self.into,
                settings,
            };
            if let Err(error) = self.cell.perform(&self.cell.operator(), command) {
                refused(&self.into.to_string(), error.to_string());
            }
        }
        relayed.waits_for
    }
}

impl Cursor {
    /// Where an answer leaves whoever stood here before.
    fn after(feed: &Feed<'_>, before: Option<&Self>) -> Self {
        Self {
            epoch: feed::print_hex(&feed.head.epoch),
            position: feed.end.to,
            view: feed::print_hex(&feed.head.view),
            state: before.and_then(|before| before.state.clone()),
            out: feed.head.out && !feed.end.more,
            again: false,
            told: None,
        }
    }
}

/// Whether the node that is followed said last that we may read nothing of it.
pub(super) fn is_out(follow: &Follow) -> bool {
    let cursor = || serde_json::from_str::<Cursor>(follow.cursor.as_deref()?).ok();
    let peers = matches!(follow.source, Source::Peer { .. });
    peers && cursor().is_some_and(|cursor| cursor.out)
}

/// How long a follow rests after an answer if there is no more.
fn rest(fresh: usize, before: Option<&Cursor>, feed: &Feed<'_>) -> Duration {
    let onward = before.is_none_or(|before| before.position < feed.end.to);
    if fresh > 0 {
        Duration::ZERO
    } else if onward && !feed.records.is_empty() {
        ECHO
    } else {
        BREATH
    }
}

/// What was not taken of an object whose id may not even be readable.
fn noted(object: &[u8], why: &str) -> Noted {
    let id = portcullis_stix::header::header(object).map(|header| header.id.into_owned());
    Noted {
        what: id.unwrap_or_else(|_| "an object".to_owned()),
        why: why.to_owned(),
    }
}
