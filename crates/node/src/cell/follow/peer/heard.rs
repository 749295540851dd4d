//! What a follower says of what it was served: taken in as its own, under its own marking.

use super::{
    budget::Budget,
    fits::{Judge, Vouch},
    reply::is_anybodys,
};
use crate::{
    cell::{
        Cell, CellError, Change, Stamp,
        feed::{self, Ask, REPLIES_MAX, REPLIES_TEXT_BYTES_MAX, Record, has},
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
use std::collections::BTreeSet;

/// The most different labels up to which replies may bring one of a publisher that is new here:
/// whose accounts a follower has nobody can tell, and labels stay. What is followed has more room.
const ACCOUNT_LABELS_MAX: usize = 8_192;

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
        if text.len() > REPLIES_TEXT_BYTES_MAX {
            let most = REPLIES_TEXT_BYTES_MAX;
            return Err(malformed(format!("replies of more than {most} bytes")));
        }
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
        let judge = Judge {
            cell: self,
            into: ask.collection,
        };
        // Whoever follows it, too, has it from there as widely as it says.
        let widely = state.may_write(&caller, &ask.collection, now).is_ok() || judge.hears(from);
        let hearing = Hearing {
            judge,
            from,
            cleared: cleared.ok(),
            vouch,
            widely,
        };
        hearing.spend(Budget {
            replies: said.records.len().max(1),
            bytes: text.len(),
        })?;
        let changes = hearing.changes(&said.records)?;
        if !changes.is_empty() {
            let alone = [self.me().clone()].into();
            let to = if widely { BTreeSet::new() } else { alone };
            let taken = self.accept_for(&ask.collection, &changes, Vec::new(), &to);
            let taken = taken.map_err(|error| unkept(from, &error))?;
            if !taken.refused.is_empty() {
                tracing::debug!(refused = ?taken.refused, member = %from, "replies were not taken");
            }
        }
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
    /// Whether what it says goes to whom it names; else to this node's member alone.
    widely: bool,
}

/// Why a reply is not taken.
enum Untaken {
    /// It is not for the follower to say.
    Reply(String),
    /// None of them can be.
    All(Problem),
}

impl From<String> for Untaken {
    fn from(why: String) -> Self {
        Self::Reply(why)
    }
}

/// What a follower was ever served of the collection, once it was looked up.
type Served = Option<Vec<Run>>;

impl Hearing<'_> {
    /// Counts what comes of the follower.
    fn spend(&self, more: Budget) -> Result<(), Problem> {
        let cell = self.judge.cell;
        let now_us = cell.env().now().as_microsecond();
        let most = if self.widely {
            Budget::WRITES
        } else {
            Budget::READS
        };
        if cell.replied.takes(self.from, now_us, more, most) {
            return Ok(());
        }
        Err(Problem {
            status: 429,
            code: "peer.too_many_requests",
            detail: "too many replies within an hour".to_owned(),
        })
    }

    fn changes(&self, records: &[Record<'_>]) -> Result<Vec<Change>, Problem> {
        let (mut changes, mut crowd, mut served) = (Vec::new(), Crowd::default(), None);
        for record in records {
            match self.change(record, &mut served, &mut crowd) {
                Ok(change) => changes.extend(change),
                Err(Untaken::Reply(why)) => {
                    tracing::debug!(why, member = %self.from, "a reply was not taken");
                }
                Err(Untaken::All(problem)) => return Err(problem),
            }
        }
        Ok(changes)
    }

    fn change(
        &self,
        record: &Record<'_>,
        served: &mut Served,
        crowd: &mut Crowd,
    ) -> Result<Option<Change>, Untaken> {
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
                    return Err(format!("`{from}` may read nothing here").into());
                }
                if mark.by != *from {
                    return Err(format!("it was not said at `{from}`").into());
                }
                self.may_speak_for(&label.publisher, object)?;
                if !self.is_about_served(object, served)? {
                    let why = format!("it is about nothing that `{from}` was served, or may see");
                    return Err(why.into());
                }
                if !judge.fits(self.vouch, from, crowd, record)? {
                    return Ok(None);
                }
                let widely = self.widely;
                Ok(Some(Change::Put {
                    bytes: Bytes::copy_from_slice(object),
                    stamp: mark.clone(),
                    publisher: label.publisher.clone(),
                    tlp: if widely { label.tlp } else { Tlp::Red },
                    held: label.held,
                    marks: if widely {
                        marks.clone()
                    } else {
                        Marks::default()
                    },
                    provenance: Bytes::copy_from_slice(provenance),
                }))
            }
            Record::Remove {
                mark, id, version, ..
            } if self.may_take_back(id, *version, Some(mark)) => {
                Ok(judge.removed(from, crowd, (id, *version), mark)?)
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
    fn is_about_served(&self, object: &[u8], served: &mut Served) -> Result<bool, Untaken> {
        let kind = portcullis_stix::header::header(object);
        let replies = kind.is_ok_and(|header| question::ANSWERS.contains(&&*header.kind));
        let refs = question::hear(object).filter(|_| replies);
        let refs = refs.into_iter().flat_map(|heard| heard.refs);
        let refs: Vec<String> = refs.filter(|id| !is_anybodys(id)).collect();
        if refs.iter().any(|id| self.may_see(id)) {
            return Ok(true);
        }
        let numbers: Vec<u64> = refs.iter().flat_map(|id| self.numbers(id)).collect();
        if numbers.is_empty() {
            return Ok(false);
        }
        let served = match served {
            Some(served) => served,
            None => served.insert(self.ever_served().map_err(Untaken::All)?),
        };
        Ok(numbers.iter().any(|number| has(served, *number)))
    }

    /// What the follower was ever served of the collection: the ledger is read for it.
    fn ever_served(&self) -> Result<Vec<Run>, Problem> {
        self.spend(Budget::LOOK)?;
        let ledger = &self.judge.cell.ledger;
        let flushed = ledger.flush();
        let served = flushed.and_then(|_| ledger.served_to(self.from, &self.judge.into));
        served.map_err(|error| unkept(self.from, &error.into()))
    }

    /// Whether something of this id is here that the follower may see today.
    fn may_see(&self, id: &str) -> bool {
        let Some(cleared) = &self.cleared else {
            return false;
        };
        let cell = self.judge.cell;
        let (state, index) = (cell.state(), cell.index());
        let shelf = index.shelf(&self.judge.into).into_iter();
        let mut versions = shelf.flat_map(|shelf| shelf.versions(Key::of(id)));
        versions.any(|(_, entry)| {
            let label = index.labels.get(entry.label).filter(|_| entry.is_live());
            let admits = |label: &Label| cleared.admits(label, state.marks(id, &label.publisher));
            label.is_some_and(admits)
        })
    }

    /// The entries of this id, earlier ones too.
    fn numbers(&self, id: &str) -> Vec<u64> {
        let (index, key) = (self.judge.cell.index(), Key::of(id));
        let shelf = index.shelf(&self.judge.into).into_iter();
        let numbers = shelf.flat_map(|shelf| {
            let now = shelf.versions(key).map(|(number, _)| number);
            now.chain(shelf.earlier(key).iter().copied())
        });
        numbers.map(u64::from).collect()
    }
}

/// What a follower says could not be kept, or looked up.
fn unkept(from: &MemberId, error: &CellError) -> Problem {
    tracing::error!(%error, member = %from, "what a follower says could not be kept");
    Problem {
        status: 503,
        code: error.code(),
        detail: error.to_string(),
    }
}
