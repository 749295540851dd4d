//! What is said here of a source's objects goes to the source: inside an ask of its own, since the
//! one for news may be waiting there.

use super::{AFRESH, Cursor, Work, fits::Judge};
use crate::cell::{
    Cell,
    feed::{self, Ask},
    follow::{FollowError, PEER_BACKOFF_MAX, Reach},
    index::Key,
    question,
};
use crate::peers::PeerError;
use portcullis_core::{
    cell::{CollectionId, FollowId, follow::Source},
    member::MemberId,
};
use std::{collections::BTreeSet, sync::TryLockError, time::Duration};

/// The most asks with replies in one step: a follow shall go on.
const ASKS_MAX: usize = 16;

/// How often it is looked whether there is something to reply.
const LOOK: Duration = Duration::from_millis(100);

/// How long a source that takes no replies today is left alone with them, in microseconds.
const REFUSED_US: i64 = 60 * 1_000_000;

impl Cell {
    /// Tells the source of a follow what was said here of its objects since it last was told; the
    /// steps of the follow do it, too, but wait at the source. Answers when it wants to be called again; none when the
    /// follow has ended, or is not of a node.
    pub fn reply_tick(&self, follow: &FollowId, reach: &Reach<'_>) -> Option<Duration> {
        let state = self.state();
        let held = state.follows().get(follow).filter(|held| !held.ended)?;
        let Source::Peer { member, collection } = &held.source else {
            return None;
        };
        if held.paused {
            return Some(LOOK);
        }
        let work = Work {
            cell: self,
            follow: *follow,
            into: held.into,
            cursor: held.cursor.as_deref(),
            every: super::BREATH,
        };
        Some(
            match work.reply(reach, member, *collection, work.stands().as_ref()) {
                Ok(()) => LOOK,
                Err(error) => {
                    tracing::debug!(%error, %follow, "a source was not told what was said of its objects");
                    PEER_BACKOFF_MAX
                }
            },
        )
    }
}

impl Work<'_> {
    /// Tells the source what was said here of its objects; not while it is being told already.
    ///
    /// CRASH: what the source has taken before it is noted here is told again, and is known there.
    pub(super) fn reply(
        &self,
        reach: &Reach<'_>,
        member: &MemberId,
        collection: CollectionId,
        cursor: Option<&Cursor>,
    ) -> Result<(), FollowError> {
        let (working, cell) = (&self.cell.working, self.cell);
        let telling = working.telling(&self.follow);
        let mut noted = match telling.try_lock() {
            Ok(noted) => noted,
            Err(TryLockError::Poisoned(noted)) => noted.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        for _ in 0..ASKS_MAX {
            let now_us = cell.env().now().as_microsecond();
            let Some(cursor) = cursor.filter(|_| working.may_reply(&self.follow, now_us)) else {
                return Ok(());
            };
            let seen = (cell.durable_us(), cell.state().generation());
            let Some(told) = working.to_reply(&self.follow, seen, cursor.told.as_ref()) else {
                return Ok(());
            };
            let told = told.at(&cursor.epoch, AFRESH);
            let about = |object: &[u8]| self.is_about(member, object);
            let of = (&self.into, collection);
            let replies = cell.replies_for(member, of, &told, &about, &mut noted)?;
            let Some(text) = replies.text else {
                working.looked(&self.follow, seen, replies.told);
                return Ok(());
            };
            let ask = Ask {
                replies: Some(text),
                // It asks for nothing: whatever comes is left for the next ask.
                position: i64::MAX,
                bytes_max: 0,
                ..self.ask(collection, Some(cursor), 0)
            };
            let peer = (reach.peer_of)(member);
            let peer = peer.ok_or_else(|| FollowError::NoAddress(member.clone()))?;
            let answer = reach.peers.cell_changes(&peer, &ask)?;
            if answer.status != 200 || feed::read(&answer.body).is_err() {
                // Who is only starting is asked again with the next step.
                if answer.status < 500 {
                    working.refused_replies(&self.follow, now_us.saturating_add(REFUSED_US));
                }
                return Err(FollowError::Peer(PeerError::Status {
                    member: member.clone(),
                    status: answer.status,
                    detail: "it took no replies".to_owned(),
                }));
            }
            working.replied(&self.follow, replies.told);
            if !replies.more {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Where we stand.
    pub(super) fn stands(&self) -> Option<Cursor> {
        self.cursor.and_then(|text| serde_json::from_str(text).ok())
    }

    /// Whether an object says something of what came from `source`: of its own, and of what others
    /// published whose nodes we do not hear ourselves. What was never served to us it does not take.
    fn is_about(&self, source: &MemberId, object: &[u8]) -> bool {
        let judge = self.judge();
        let refs = question::hear(object).map(|heard| heard.refs);
        refs.into_iter()
            .flatten()
            .any(|id| !is_anybodys(&id) && judge.came_from(source, &id))
    }
}

impl Judge<'_> {
    /// Whether an object is, or was, here from others, and `source` is whom we have it from.
    fn came_from(&self, source: &MemberId, id: &str) -> bool {
        let (index, key) = (self.cell.index(), Key::of(id));
        let Some(shelf) = index.shelf(&self.into) else {
            return false;
        };
        let now = shelf.versions(key).map(|(_, entry)| entry);
        let earlier = shelf.earlier(key).iter();
        let all = now.chain(earlier.filter_map(|number| shelf.get(*number)));
        let labels: BTreeSet<u16> = all.map(|entry| entry.label).collect();
        let mut followed = labels.iter().filter_map(|label| index.labels.get(*label));
        followed.any(|label| {
            let theirs = label.bound.is_some() && label.publisher != *self.cell.me();
            theirs && (label.publisher == *source || !self.hears(&label.publisher))
        })
    }
}

/// Whether a reference to this says nothing of it: who has seen something, how it is marked.
pub(super) fn is_anybodys(id: &str) -> bool {
    const KINDS: [&str; 3] = ["identity", "marking-definition", "extension-definition"];
    id.split_once("--")
        .is_none_or(|(kind, _)| KINDS.contains(&kind))
}
