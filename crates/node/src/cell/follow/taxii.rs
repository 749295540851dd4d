//! Following a collection of any TAXII 2.1 server: page by page, then by
//! polling; what was deleted there is found by holding its manifest against
//! what we have of it.

use super::{FollowError, Noted, Reach, Step, Work, crowd::Crowd, held};
use crate::cell::{
    CellError, Change, Changed, Stamp,
    remote::taxii::{self, Cursor, Source},
};
use portcullis_core::{
    cell::{Caller, Command, decide},
    member::MemberId,
};
use serde_json::value::RawValue;
use std::{
    collections::{BTreeSet, HashSet},
    ops::ControlFlow,
    time::Duration,
};

/// How often a server's manifest is held against ours at most.
const COMPARE_EVERY_MIN: Duration = Duration::from_mins(15);
/// After how many polls it is.
const COMPARE_EVERY_POLLS: u32 = 10;
/// The most objects that one comparison asks for; the rest waits for the next.
const COMPARED_MAX: usize = 2000;

impl Work<'_> {
    /// The next page of a TAXII collection, or a comparison with its manifest when it is due.
    pub(super) fn of_taxii(
        &self,
        reach: &Reach<'_>,
        url: &str,
        credential: Option<&str>,
    ) -> Result<Step, FollowError> {
        let endpoint = reach.endpoint(credential)?;
        let source = Source::parse(url, endpoint);
        let source = source.map_err(|error| FollowError::Address(error.to_string()))?;
        self.in_realm(&source)?;
        let name = self.name_of(&source.endpoint.origin);
        let cursor = self.cursor.map(Cursor::parse).unwrap_or_default();
        let now_us = self.cell.env().now().as_microsecond();
        let compared = || self.cell.working.set_compared_us(&self.follow, now_us);
        let mut notes = Vec::new();
        if self.cursor.is_some() && !cursor.running && self.compare_is_due(now_us) {
            match self.compare(reach, &source, &name, now_us) {
                Ok(step) => {
                    compared();
                    return Ok(step);
                }
                // The server is left alone as it asks; then its objects come first.
                Err(error) if error.retry_after().is_some() => {
                    compared();
                    return Err(error);
                }
                // What is odd about its manifest does not keep its objects from us.
                Err(FollowError::Remote(error)) => notes.push(Noted {
                    what: "the comparison with its manifest".to_owned(),
                    why: error.to_string(),
                }),
                Err(error) => return Err(error),
            }
        }
        let page = taxii::page(reach.remote, &source, &cursor, now_us)?;
        if !notes.is_empty() {
            compared();
        }
        let mut step = Step {
            more: page.more,
            rest: self.every,
            notes,
            ..Step::default()
        };
        let changes = self.put(&name, &page.objects, now_us, &mut step.notes);
        self.take(
            &changes,
            (cursor != page.cursor || self.cursor.is_none()).then(|| page.cursor.to_text()),
            &mut step,
        )?;
        Ok(step)
    }

    /// A node of another realm is not read (law 8): its address says of which it is. What only
    /// looks like a realm is another server's.
    fn in_realm(&self, source: &Source) -> Result<(), FollowError> {
        let mut segments = source.path.split('/').skip(1);
        let root = (segments.next() == Some("taxii2")).then(|| segments.next());
        let realm = root.flatten().unwrap_or_default();
        let ours = self.cell.realm.name();
        // What is escaped in an address is nobody's realm, and might be read as one.
        let names_one = realm == "live" || realm.starts_with("exercise-") || realm.contains('%');
        if names_one && realm != ours {
            return Err(FollowError::Address(format!(
                "it is of the realm `{realm}`, and this node is of `{ours}`"
            )));
        }
        Ok(())
    }

    fn compare_is_due(&self, now_us: i64) -> bool {
        let every = self.every.saturating_mul(COMPARE_EVERY_POLLS);
        let every = i64::try_from(every.max(COMPARE_EVERY_MIN).as_micros()).unwrap_or(i64::MAX);
        match self.cell.working.compared_us(&self.follow) {
            Some(last) => last.saturating_add(every) <= now_us,
            // Once after each start, when the first poll is through.
            None => true,
        }
    }

    /// Applies changes in one piece with a new cursor, if there is one.
    pub(super) fn take(
        &self,
        changes: &[Change],
        cursor: Option<String>,
        step: &mut Step,
    ) -> Result<(), FollowError> {
        let follow = self.follow;
        let advance = cursor.map(|cursor| Command::Advance { follow, cursor });
        let events = match advance {
            Some(command) => {
                let by = Caller::operator(self.cell.me().clone());
                let now = self.cell.env().now();
                decide(&self.cell.state(), &by, command, now).map_err(CellError::from)?
            }
            None => Vec::new(),
        };
        if changes.is_empty() && events.is_empty() {
            return Ok(());
        }
        let accepted = self.cell.accept(&self.into, changes, events)?;
        step.fresh += accepted.fresh;
        let refused = accepted.refused.into_iter();
        step.notes.extend(refused.map(|(what, why)| Noted {
            what,
            why: why.to_owned(),
        }));
        Ok(())
    }

    /// A server's objects as changes. The stamp of one comes from its version, so that every node
    /// that reads this server makes the same change of it.
    pub(super) fn put(
        &self,
        name: &MemberId,
        objects: &[Box<RawValue>],
        now_us: i64,
        notes: &mut Vec<Noted>,
    ) -> Vec<Change> {
        let (mut changes, mut crowd) = (Vec::with_capacity(objects.len()), Crowd::default());
        for object in objects {
            let bytes = object.get().as_bytes();
            match portcullis_stix::header::header(bytes) {
                Ok(header) => {
                    let id = header.id.as_ref();
                    let put = self.put_one(name, bytes, id, header.version_us, now_us);
                    let put = put.map_err(str::to_owned).and_then(|put| {
                        let own = |held: &held::Held| held.stamp.by == *name;
                        if put.is_some() {
                            crowd.takes(self.cell, &self.into, id, own)?;
                        }
                        Ok(put)
                    });
                    match put {
                        Ok(change) => changes.extend(change),
                        Err(why) => notes.push(Noted {
                            what: id.to_owned(),
                            why,
                        }),
                    }
                }
                Err(flaw) => notes.push(Noted {
                    what: flaw.object.clone(),
                    why: flaw.message.clone(),
                }),
            }
        }
        changes
    }

    /// One object of a server; none if it is here already, or was.
    ///
    /// # Errors
    ///
    /// It is not for this server to say.
    fn put_one(
        &self,
        name: &MemberId,
        bytes: &[u8],
        id: &str,
        version_us: i64,
        now_us: i64,
    ) -> Result<Option<Change>, &'static str> {
        let first_us = if version_us == i64::MIN {
            0
        } else {
            version_us
        };
        let versions = self.cell.held(&self.into, id);
        let mut held = versions.iter().filter(|held| held.version_us == version_us);
        let at_us = match held.next() {
            None if self.is_not_a_servers(name, &versions) => return Err(held::NOT_A_SERVERS),
            None => first_us,
            // It is somebody's who shares it here; a server that has it from there does not
            // speak for it. What we have removed ourselves stays removed.
            Some(held) if held.stamp.by != *name => return Ok(None),
            // The server had deleted it and has it again.
            Some(held) if held.removed => now_us,
            // An object without versions may have changed all the same.
            Some(held) if version_us == i64::MIN => {
                let same = self.cell.entry_bytes(&self.into, held.number);
                if same.is_ok_and(|same| same == bytes) {
                    return Ok(None);
                }
                now_us
            }
            Some(_) => return Ok(None),
        };
        let stamp = Stamp {
            at_us,
            by: name.clone(),
        };
        Ok(Some(held::put(bytes, stamp, self.cell.me())))
    }

    /// Finds what the server has deleted, and what we lack.
    fn compare(
        &self,
        reach: &Reach<'_>,
        source: &Source,
        name: &MemberId,
        now_us: i64,
    ) -> Result<Step, FollowError> {
        // What comes while we look is not held against a manifest that may be older.
        let ours = self.held_from(name)?;
        let manifest = taxii::manifest(reach.remote, source, now_us)?;
        // SPEC: servers cut the versions that they show; a millisecond tells versions apart.
        let cut = |version_us: i64| version_us.div_euclid(1000);
        let theirs: HashSet<(&str, Option<i64>)> = manifest
            .entries
            .iter()
            .map(|(id, version)| (id.as_str(), version.map(cut)))
            .collect();
        let there: HashSet<&str> = manifest.entries.iter().map(|(id, _)| id.as_str()).collect();
        let is_there = |id: &str, version_us: i64| {
            if version_us == i64::MIN {
                there.contains(id)
            } else {
                theirs.contains(&(id, Some(cut(version_us))))
            }
        };
        let gone = ours.iter().filter(|(id, version)| !is_there(id, *version));
        let gone: BTreeSet<&(String, i64)> = gone.take(COMPARED_MAX).collect();
        // What we removed ourselves stays removed; what the server had deleted may be back.
        let is_here = |id: &str, version: Option<i64>| {
            let held = self.cell.held(&self.into, id);
            if self.is_not_a_servers(name, &held) {
                return true;
            }
            let mut held = held
                .iter()
                .filter(|held| !(held.removed && held.stamp.by == *name));
            held.any(|held| {
                version.is_none_or(|cut_off| {
                    held.version_us == i64::MIN || cut(held.version_us) == cut_off
                })
            })
        };
        let lacking = theirs.iter().filter(|(id, version)| !is_here(id, *version));
        let lacking: BTreeSet<&str> = lacking.map(|(id, _)| *id).take(COMPARED_MAX).collect();
        let asked: BTreeSet<&str> = gone.iter().map(|(id, _)| id.as_str()).collect();
        let asked: Vec<&str> = asked.into_iter().chain(lacking).collect();
        let mut step = Step {
            rest: self.every,
            ..Step::default()
        };
        if asked.is_empty() {
            return Ok(step);
        }
        // Nothing goes on a manifest's word alone: it is asked for by name, and is not there.
        let objects = taxii::by_id(reach.remote, source, &asked)?;
        let shown: HashSet<(String, i64)> = objects
            .iter()
            .filter_map(|object| {
                let header = portcullis_stix::header::header(object.get().as_bytes()).ok()?;
                Some((header.id.into_owned(), header.version_us))
            })
            .collect();
        let mut changes = self.put(name, &objects, now_us, &mut step.notes);
        let removed = gone.into_iter().filter(|version| !shown.contains(*version));
        changes.extend(removed.map(|(id, version_us)| Change::Remove {
            id: id.clone(),
            version_us: *version_us,
            stamp: Stamp {
                at_us: now_us,
                by: name.clone(),
            },
        }));
        self.take(&changes, None, &mut step)?;
        Ok(step)
    }

    /// Every version here that came from a server and is still there.
    pub(super) fn held_from(&self, name: &MemberId) -> Result<Vec<(String, i64)>, FollowError> {
        let mut ours = Vec::new();
        self.cell
            .changes_since(&self.into, i64::MIN, &mut |change| {
                if change.stamp.by == *name && matches!(change.op, Changed::Put(_)) {
                    ours.push((change.id.to_owned(), change.version_us));
                }
                ControlFlow::Continue(())
            })?;
        Ok(ours)
    }
}
