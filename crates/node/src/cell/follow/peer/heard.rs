//! What a follower says of what it was served: taken in as its own, under its own marking.

use super::{
    fits::{Judge, Vouch},
    reply::is_anybodys,
};
use crate::{
    cell::{
        Cell, CellError, Change, Stamp,
        feed::{self, Ask, REPLIES_MAX, Record, has},
        follow::crowd::Crowd,
        index::Key,
        question,
        served::Run,
    },
    door::Problem,
};
use bytes::Bytes;
use portcullis_core::{
    cell::{Caller, Clearance, Label, Marks, Tlp},
    member::MemberId,
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// The most replies of one follower in an hour: people write them, and machines a few for each find.
const REPLIES_PER_HOUR_MAX: usize = 20_000;
/// The most followers whose replies are counted apart.
const FOLLOWERS_MAX: usize = 4_096;
/// The most different labels up to which replies may bring one of a publisher that is new here:
/// whose accounts a follower has nobody can tell, and labels stay. What is followed has more room.
const ACCOUNT_LABELS_MAX: usize = 8_192;
/// An hour, in microseconds.
const HOUR_US: i64 = 3_600 * 1_000_000;

/// How many replies came of each follower in this hour.
#[derive(Debug, Default)]
pub(crate) struct Replied(Mutex<BTreeMap<MemberId, (i64, usize)>>);

impl Replied {
    /// Whether so many more may come.
    fn takes(&self, from: &MemberId, now_us: i64, more: usize) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (since_us, _)| now_us.saturating_sub(*since_us) < HOUR_US);
        if all.len() >= FOLLOWERS_MAX && !all.contains_key(from) {
            return false;
        }
        let (_, count) = all.entry(from.clone()).or_insert((now_us, 0));
        let takes = *count + more <= REPLIES_PER_HOUR_MAX;
        if takes {
            *count += more;
        }
        takes
    }
}

impl Cell {
    /// Takes in what comes with the ask of the follower whose member is `from`: objects of its own
    /// about what it was served of this collection, and that they are gone. It is heard before it
    /// is answered, once: what comes again is known.
    ///
    /// What is said by who may not add here is for this node's member alone.
    ///
    /// # Errors
    ///
    /// [`Problem`] 400 where it cannot be read, 403 where it says something and may read nothing here, 429 where there is too much of it, 503 while it
    /// cannot be kept.
    pub fn hear_replies(
        &self,
        from: &MemberId,
        ask: &Ask,
        vouch: Vouch<'_>,
    ) -> Result<(), Problem> {
        let Some(text) = &ask.replies else {
            return Ok(());
        };
        let malformed = |detail: String| Problem {
            status: 400,
            code: "feed.malformed",
            detail,
        };
        let said = feed::read(text.as_bytes()).map_err(|error| malformed(error.to_string()))?;
        let head = &said.head;
        if head.source != *from || head.collection != ask.collection {
            return Err(malformed("`replies` are another's".to_owned()));
        }
        if said.records.len() > REPLIES_MAX {
            return Err(malformed(format!("more than {REPLIES_MAX} replies")));
        }
        let now = self.env().now();
        let (state, caller) = (self.state(), Caller::node(from.clone()));
        // Who may read nothing any more may still take back what it said; it says more when it is in again.
        let cleared = state.clearance(&caller, &ask.collection, now);
        let puts = said
            .records
            .iter()
            .any(|record| matches!(record, Record::Put { .. }));
        let out = cleared.as_ref().err().filter(|_| puts);
        let out = out.map(|refusal| Problem {
            status: 403,
            code: refusal.code(),
            detail: refusal.to_string(),
        });
        if !self
            .replied
            .takes(from, now.as_microsecond(), said.records.len())
        {
            return Err(Problem {
                status: 429,
                code: "peer.too_many_requests",
                detail: "too many replies within an hour".to_owned(),
            });
        }
        let hearing = Hearing {
            judge: Judge {
                cell: self,
                into: ask.collection,
            },
            from,
            cleared: cleared.ok(),
            vouch,
        };
        let writes = state.may_write(&caller, &ask.collection, now).is_ok();
        let changes = hearing.changes(&said.records, writes);
        let taken = changes.and_then(|changes| {
            if changes.is_empty() {
                return Ok(());
            }
            let taken = self.accept(&ask.collection, &changes, Vec::new())?;
            if !taken.refused.is_empty() {
                tracing::debug!(refused = ?taken.refused, member = %from, "replies were not taken");
            }
            Ok(())
        });
        taken.map_err(|error| {
            tracing::error!(%error, member = %from, "what a follower says could not be kept");
            Problem {
                status: 503,
                code: error.code(),
                detail: error.to_string(),
            }
        })?;
        out.map_or(Ok(()), Err)
    }
}

/// What a follower says, being heard.
struct Hearing<'a> {
    judge: Judge<'a>,
    from: &'a MemberId,
    /// What it is to the collection; none where it may read nothing.
    cleared: Option<Clearance>,
    vouch: Vouch<'a>,
}

impl Hearing<'_> {
    fn changes(&self, records: &[Record<'_>], writes: bool) -> Result<Vec<Change>, CellError> {
        let cell = self.judge.cell;
        cell.ledger.flush()?;
        let served = cell.ledger.served_to(self.from, &self.judge.into)?;
        let (mut changes, mut crowd) = (Vec::new(), Crowd::default());
        for record in records {
            match self.change(record, &served, writes, &mut crowd) {
                Ok(change) => changes.extend(change),
                Err(why) => tracing::debug!(why, member = %self.from, "a reply was not taken"),
            }
        }
        Ok(changes)
    }

    fn change(
        &self,
        record: &Record<'_>,
        served: &[Run],
        writes: bool,
        crowd: &mut Crowd,
    ) -> Result<Option<Change>, String> {
        let (judge, from) = (self.judge, self.from);
        match record {
            Record::Put {
                mark,
                object,
                provenance,
                label,
                marks,
                ..
            } => {
                if self.cleared.is_none() {
                    return Err(format!("`{from}` may read nothing here"));
                }
                if mark.by != *from {
                    return Err(format!("it was not said at `{from}`"));
                }
                self.may_speak_for(&label.publisher, object)?;
                if !self.is_about_served(object, served) {
                    return Err(format!(
                        "it is about nothing that `{from}` was served, or may see"
                    ));
                }
                if !judge.fits(self.vouch, from, crowd, record)? {
                    return Ok(None);
                }
                // Whoever follows it, too, has it from there as widely as it says.
                let widely = writes || judge.hears(from);
                let ours = Marks {
                    recipients: [judge.cell.me().clone()].into(),
                    ..Marks::default()
                };
                Ok(Some(Change::Put {
                    bytes: Bytes::copy_from_slice(object),
                    stamp: mark.clone(),
                    publisher: label.publisher.clone(),
                    tlp: if widely { label.tlp } else { Tlp::Red },
                    held: label.held,
                    marks: if widely { marks.clone() } else { ours },
                    provenance: Bytes::copy_from_slice(provenance),
                }))
            }
            Record::Remove {
                mark, id, version, ..
            } if self.may_take_back(id, *version, Some(mark)) => {
                judge.removed(from, crowd, (id, *version), mark)
            }
            Record::Forget { id, version, mark }
                if self.may_take_back(id, *version, mark.as_ref()) =>
            {
                Ok(judge.asked_back(from, id, *version, mark.as_ref()))
            }
            Record::Remove { .. } | Record::Forget { .. } | Record::State { .. } => Ok(None),
        }
    }

    /// Whether a follower may say something in this member's name: its own; and that of an account
    /// there, as far as can be told here. Who has a node or an account here speaks by that, and what
    /// others have brought has no version of it.
    fn may_speak_for(&self, publisher: &MemberId, object: &[u8]) -> Result<(), String> {
        let (cell, from) = (self.judge.cell, self.from);
        if publisher == from {
            return Ok(());
        }
        let state = cell.state();
        let account = || {
            let mut accounts = state.accounts().values();
            accounts.any(|account| account.member == *publisher && !account.ended)
        };
        let by_itself = publisher == cell.me() || (self.vouch.peer_of)(publisher).is_some();
        if by_itself || account() {
            return Err(format!("`{publisher}` speaks for itself, not by `{from}`"));
        }
        let header = portcullis_stix::header::header(object);
        let header = header.map_err(|flaw| format!("it cannot be read: {}", flaw.message))?;
        if !self.judge.is_all_by(from, &header.id) {
            return Err(format!("others than `{from}` have brought it"));
        }
        let index = cell.index();
        let labels = index.labels.values();
        let full = labels.len() >= ACCOUNT_LABELS_MAX;
        if full && !labels.iter().any(|label| label.publisher == *publisher) {
            return Err("too many publishers for one more in a reply".to_owned());
        }
        Ok(())
    }

    /// Whether a follower may say that a version is gone: its own word alone, by a change of its own.
    fn may_take_back(&self, id: &str, version: i64, mark: Option<&Stamp>) -> bool {
        let from = self.from;
        mark.is_none_or(|mark| mark.by == *from) && self.judge.is_word_of(from, id, version)
    }

    /// Whether an object says something of what was served, or would be: it may have come by a relay.
    fn is_about_served(&self, object: &[u8], served: &[Run]) -> bool {
        let kind = portcullis_stix::header::header(object);
        let replies = kind.is_ok_and(|header| question::ANSWERS.contains(&&*header.kind));
        let refs = question::hear(object).filter(|_| replies);
        let refs = refs.into_iter().flat_map(|heard| heard.refs);
        refs.filter(|id| !is_anybodys(id))
            .any(|id| self.was_served(&id, served))
    }

    fn was_served(&self, id: &str, served: &[Run]) -> bool {
        let (cell, key) = (self.judge.cell, Key::of(id));
        let (state, index) = (cell.state(), cell.index());
        let Some(shelf) = index.shelf(&self.judge.into) else {
            return false;
        };
        let now = shelf.versions(key).any(|(number, entry)| {
            let label = index.labels.get(entry.label).filter(|_| entry.is_live());
            let admits = |label: &Label| {
                let marks = state.marks(id, &label.publisher);
                let cleared = self.cleared.as_ref();
                cleared.is_some_and(|cleared| cleared.admits(label, marks))
            };
            has(served, u64::from(number)) || label.is_some_and(admits)
        });
        let mut earlier = shelf.earlier(key).iter();
        now || earlier.any(|number| has(served, u64::from(*number)))
    }
}
