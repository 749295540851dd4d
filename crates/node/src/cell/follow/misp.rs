//! A MISP instance in both directions: its published events become objects
//! here, and what may leave becomes events there.
//!
//! Ids are MISP's UUIDs, so an event is always the same objects. What we hold
//! by another way is never replaced by what MISP made of it: MISP counts in
//! seconds, and its copy of our object would look like an older version.

mod binding;
mod seen;
mod send;
mod taken_back;

use super::{FollowError, Noted, Reach, Step, Work, held};
use crate::cell::{
    Change, Stamp,
    remote::misp::{self, Cursor, Instance},
};
use binding::{Binding, is_binding};
use portcullis_core::member::MemberId;
use portcullis_stix::{
    header::header,
    misp::{EXTENSION, event_to_stix},
};
use seen::Seen;
use serde_json::Value;
use std::collections::{BTreeSet, HashSet};

/// How often the instance's index is held against ours, in seconds at least.
const COMPARE_EVERY_S: i64 = 15 * 60;
/// The most events that one comparison looks at one by one.
const COMPARED_MAX: usize = 100;
/// By how much an instance's clock may differ from ours, in seconds.
const CLOCKS_APART_S: i64 = 5 * 60;
/// The oldest version whose answers are recorded in our tests.
const OLDEST: [u32; 3] = [2, 4, 115];
/// A second in microseconds.
const SECOND_US: i64 = 1_000_000;

impl Work<'_> {
    /// The next page of events; when all are here, what changed in its index; then what is ours.
    pub(super) fn with_misp(
        &self,
        reach: &Reach<'_>,
        url: &str,
        credential: Option<&str>,
        both_ways: bool,
    ) -> Result<Step, FollowError> {
        let endpoint = reach.endpoint(credential)?;
        let instance = Instance::parse(url, endpoint).map_err(FollowError::Address)?;
        let name = self.name_of(&instance.endpoint.origin);
        let cursor = self.cursor.map(Cursor::parse).unwrap_or_default();
        let page = misp::events(reach.remote, &instance, &cursor)?;
        let mut step = Step {
            more: page.more,
            rest: self.every,
            ..Step::default()
        };
        let mut changes = Vec::new();
        for event in &page.events {
            changes.extend(self.mapped(&name, event.get().as_bytes(), &mut step.notes));
        }
        let mut moved = page.cursor;
        if !page.more {
            let now_s = self.cell.env().now().as_second();
            if moved.compared_s.saturating_add(COMPARE_EVERY_S) <= now_s {
                introduced(reach, &instance, both_ways, &mut step)?;
                let since_s = moved.compared_s;
                let (compared, reached_s) =
                    self.compared(reach, &instance, &name, since_s, &mut step)?;
                changes.extend(compared);
                moved.compared_s = reached_s.unwrap_or(now_s);
                step.more |= reached_s.is_some();
            }
        }
        let text = (cursor != moved || self.cursor.is_none()).then(|| moved.to_text());
        self.take(&changes, text, &mut step)?;
        if both_ways && !page.more {
            let mut sent = moved.clone();
            step.more |= self.send(reach, &instance, &name, &mut sent, &mut step)?;
            let text = (sent != moved).then(|| sent.to_text());
            self.take(&[], text, &mut step)?;
        }
        Ok(step)
    }

    /// An event as changes; what has no place in STIX is noted.
    fn mapped(&self, name: &MemberId, event: &[u8], notes: &mut Vec<Noted>) -> Vec<Change> {
        let seen = Seen::read(event);
        let uuid = seen.uuid.as_deref().unwrap_or("an event");
        // A sighting that went there from here has an id of its own there.
        let without = seen.without_echoes(event, &|id| self.is_held(id));
        let mapped = match event_to_stix(without.as_deref().unwrap_or(event)) {
            Ok(mapped) => mapped,
            Err(flaw) => {
                notes.push(Noted {
                    what: uuid.to_owned(),
                    why: flaw.to_string(),
                });
                return Vec::new();
            }
        };
        if let Some(bound) = seen.bound() {
            notes.push(Noted {
                what: uuid.to_owned(),
                why: bound.to_owned(),
            });
        }
        let left = mapped.unmapped.into_iter().filter(|left| !left.kept);
        notes.extend(left.map(|left| Noted {
            what: format!("{uuid} {}: {}", left.path, left.what),
            why: left.why.to_owned(),
        }));
        // An event that says nothing but what we have by another way is one that went there from
        // here, or from whom we have it: what MISP puts around it is nothing new either, but for
        // what others there say of it.
        let mut said = mapped
            .objects
            .iter()
            .filter(|object| is_said(object))
            .peekable();
        let ours = said.peek().is_some() && said.all(|object| self.is_ours(name, object));
        let objects: Vec<&Vec<u8>> = if ours {
            sightings(&mapped.objects)
        } else {
            mapped.objects.iter().collect()
        };
        objects
            .into_iter()
            .filter_map(|object| self.put_mapped(name, object, notes))
            .collect()
    }

    /// Whether a version of this object is, or was, here.
    fn is_held(&self, id: &str) -> bool {
        !self.cell.held(&self.into, id).is_empty()
    }

    /// Whether we have this object, in this version or a later one, not from the instance. MISP
    /// counts in whole seconds.
    fn is_ours(&self, name: &MemberId, object: &[u8]) -> bool {
        let Ok(header) = header(object) else {
            return false;
        };
        let second = |version_us: i64| version_us.div_euclid(SECOND_US);
        let held = self.cell.held(&self.into, &header.id);
        // What was removed here was deleted there for it.
        let gone = !held.is_empty() && held.iter().all(|held| held.removed);
        if header.revoked && gone {
            return true;
        }
        let others = held.iter().filter(|held| held.stamp.by != *name);
        let newest = others.map(|held| second(held.version_us)).max();
        newest >= Some(second(header.version_us))
    }

    /// One object that MISP's event became; none if it is here, or is ours.
    fn put_mapped(&self, name: &MemberId, object: &[u8], notes: &mut Vec<Noted>) -> Option<Change> {
        let header = header(object).ok()?;
        let version_us = header.version_us;
        if self.is_ours(name, object) {
            return None;
        }
        let held = self.cell.held(&self.into, &header.id);
        let same = held.iter().find(|held| held.version_us == version_us);
        let at_us = match same {
            None if self.is_not_a_servers(name, &held) => {
                notes.push(Noted {
                    what: header.id.into_owned(),
                    why: held::NOT_A_SERVERS.to_owned(),
                });
                return None;
            }
            None if version_us == i64::MIN => 0,
            None => version_us,
            // The instance had lost it and has it again, or said less of it before.
            Some(held) => {
                let bytes = self.cell.entry_bytes(&self.into, held.number);
                if !held.removed && bytes.is_ok_and(|bytes| bytes == object) {
                    return None;
                }
                self.cell.env().now().as_microsecond()
            }
        };
        let by = name.clone();
        Some(held::put(object, Stamp { at_us, by }, self.cell.me()))
    }

    /// What its index says that its pages do not: events that are gone, and new sightings; and up
    /// to when, if there are more sightings.
    fn compared(
        &self,
        reach: &Reach<'_>,
        instance: &Instance,
        name: &MemberId,
        since_s: i64,
        step: &mut Step,
    ) -> Result<(Vec<Change>, Option<i64>), FollowError> {
        let listed = misp::index(reach.remote, instance)?;
        let there: HashSet<&str> = listed.iter().map(|event| event.uuid.as_str()).collect();
        let mut changes = Vec::new();
        // Its clock is not ours.
        let from_s = since_s.saturating_sub(CLOCKS_APART_S);
        let mut sighted: Vec<_> = listed
            .iter()
            .filter(|event| since_s > 0 && event.published && event.sighted_s >= from_s)
            .collect();
        sighted.sort_by_key(|event| event.sighted_s);
        let reached_s = sighted
            .get(COMPARED_MAX)
            .map(|next| reached_s(next.sighted_s, from_s, self.cell.env().now().as_second()));
        for event in sighted.into_iter().take(COMPARED_MAX) {
            if let Some(event) = misp::event(reach.remote, instance, &event.uuid)? {
                changes.extend(self.mapped(name, event.get().as_bytes(), &mut step.notes));
            }
        }
        let ours = self.bindings(name)?;
        let gone = ours
            .iter()
            .filter(|binding| !there.contains(binding.uuid()));
        let mut ended = Vec::new();
        for binding in gone.take(COMPARED_MAX) {
            // Nothing goes on the index's word alone.
            if misp::event(reach.remote, instance, binding.uuid())?.is_none() {
                ended.push(binding);
            }
        }
        if !ended.is_empty() {
            changes.extend(self.ended(name, &ours, &ended)?);
        }
        Ok((changes, reached_s))
    }

    /// Removals of what only events that are gone had bound.
    fn ended(
        &self,
        name: &MemberId,
        ours: &[Binding],
        ended: &[&Binding],
    ) -> Result<Vec<Change>, FollowError> {
        let is_ended = |binding: &Binding| ended.iter().any(|other| other.id == binding.id);
        let kept: HashSet<&str> = ours
            .iter()
            .filter(|binding| !is_ended(binding))
            .flat_map(|binding| binding.refs.iter().map(String::as_str))
            .collect();
        let gone: HashSet<&str> = ended
            .iter()
            .flat_map(|binding| binding.refs.iter().chain([&binding.id]))
            .map(String::as_str)
            .filter(|id| !kept.contains(id))
            .collect();
        let at_us = self.cell.env().now().as_microsecond();
        let held = self.held_from(name)?.into_iter();
        let removed = held.filter(|(id, _)| gone.contains(id.as_str()));
        let removed = removed.map(|(id, version_us)| Change::Remove {
            id,
            version_us,
            stamp: Stamp {
                at_us,
                by: name.clone(),
            },
        });
        Ok(removed.collect())
    }
}

/// Up to when an index was looked through: before the next event's sightings, by the instance's clock
/// as far as ours vouches for it.
fn reached_s(next_s: i64, from_s: i64, now_s: i64) -> i64 {
    let next_s = next_s.max(from_s.saturating_add(1));
    next_s.saturating_add(CLOCKS_APART_S).min(now_s)
}

/// Asks the instance what it is, and notes what will not work there.
fn introduced(
    reach: &Reach<'_>,
    instance: &Instance,
    both_ways: bool,
    step: &mut Step,
) -> Result<(), FollowError> {
    let Some(version) = misp::version(reach.remote, instance)? else {
        return Ok(());
    };
    let mut note = |why: String| {
        step.notes.push(Noted {
            what: format!("MISP {}", version.version),
            why,
        });
    };
    if version.numbers().is_some_and(|numbers| numbers < OLDEST) {
        let [major, minor, patch] = OLDEST;
        note(format!(
            "it is older than {major}.{minor}.{patch}, the oldest whose answers are known: what it leaves out of its pages and its index may be missed"
        ));
    }
    if both_ways && version.perm_sighting == Some(false) {
        note("the automation key may add no sightings: ours will not arrive".to_owned());
    }
    Ok(())
}

/// Whether an object says something itself, and does not only bind, name or mark others, or say who
/// saw them.
fn is_said(object: &[u8]) -> bool {
    const AROUND: [&str; 8] = [
        "report",
        "grouping",
        "identity",
        "marking-definition",
        "extension-definition",
        "relationship",
        "sighting",
        "opinion",
    ];
    header(object).is_ok_and(|header| match header.kind.as_ref() {
        "note" => serde_json::from_slice(object).is_ok_and(|note: Value| !is_sighting(&note)),
        kind => !AROUND.contains(&kind),
    })
}

/// The UUID in an object's id.
fn uuid_in(id: &str) -> &str {
    id.split_once("--").map_or(id, |(_, uuid)| uuid)
}

/// What is said of an event's parts by who saw them, with who that is.
fn sightings(objects: &[Vec<u8>]) -> Vec<&Vec<u8>> {
    let read = |object: &[u8]| serde_json::from_slice::<Value>(object).unwrap_or_default();
    let said: Vec<(&Vec<u8>, Value)> = objects
        .iter()
        .map(|object| (object, read(object)))
        .filter(|(_, value)| value["type"] == "opinion" || is_sighting(value))
        .collect();
    let named: BTreeSet<&str> = said
        .iter()
        .flat_map(|(_, value)| {
            let who = value["where_sighted_refs"].as_array().into_iter().flatten();
            who.chain([&value["created_by_ref"]])
                .filter_map(Value::as_str)
        })
        .collect();
    let who = objects
        .iter()
        .filter(|object| header(object).is_ok_and(|header| named.contains(header.id.as_ref())));
    who.chain(said.iter().map(|(object, _)| *object)).collect()
}

/// Whether an object is one of MISP's three kinds of sightings.
fn is_sighting(object: &Value) -> bool {
    object["type"] == "sighting" || object["extensions"][EXTENSION]["sighting"].is_object()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_instance_says_of_its_clock_moves_us_no_further_than_ours() {
        assert_eq!(reached_s(1_000, 0, 5_000), 1_000 + CLOCKS_APART_S);
        assert_eq!(reached_s(10, 1_000, 5_000), 1_001 + CLOCKS_APART_S);
        assert_eq!(reached_s(4_070_908_800, 0, 5_000), 5_000);
        assert_eq!(reached_s(i64::MAX, i64::MAX, 5_000), 5_000);
    }
}
