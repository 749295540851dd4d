//! A run of three cells: ops one after the other, the laws after each, and rest at the end.

use super::{
    laws::{self, Seen, Version},
    op::{self, Op},
    world::{NODES, World, member},
};
use crate::{
    dice::Dice,
    house::Broken,
    run::{Report, drive},
};
use jiff::SignedDuration;
use portcullis_core::{
    cell::{Caller, Command, ObjectId, Tlp},
    member::MemberId,
};
use portcullis_node::cell::{CellError, Changed, Query, Source};
use portcullis_store::journal::MemoryFault;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    ops::ControlFlow,
};

/// How often everybody asks everybody at the end before it counts as never coming to rest: where
/// answers are narrow, each has one change.
const ROUNDS_MAX: usize = 600;

/// The markings of TLP 2.0, as objects name them.
const LIGHTS: [&str; 5] = [
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
];

/// Runs the ops of a seed.
pub fn run(seed: u64) -> Report {
    run_ops(seed, &op::ops(seed))
}

/// Runs these ops among the cells of a seed.
pub fn run_ops(seed: u64, ops: &[Op]) -> Report {
    let mut run = match World::new(seed) {
        Ok(world) => Run {
            world,
            seen: Seen::default(),
            dropped: BTreeSet::new(),
            lines: Vec::new(),
            tally: BTreeMap::new(),
        },
        Err(error) => {
            let broken = Broken {
                law: "three cells stand up",
                why: error.to_string(),
            };
            return Report::unbuilt(broken);
        }
    };
    let (done, failure) = drive(&mut run, ops, Run::step, Run::settle);
    Report::of(run.lines, run.tally, done, failure)
}

struct Run {
    world: World,
    seen: Seen,
    /// What nodes' own people removed of others' objects.
    dropped: BTreeSet<(usize, Version)>,
    lines: Vec<String>,
    tally: BTreeMap<String, usize>,
}

impl Run {
    fn step(&mut self, op: Op) -> Result<(), Broken> {
        let said = self.apply(op).map_err(|error| Broken {
            law: "a cell on healthy ground works",
            why: format!("{op:?}: {error}"),
        })?;
        let now = self.world.clock.now();
        self.lines.push(format!("{now} {op:?}: {said}"));
        // Something of its own happens at every instant.
        self.world.pass(1);
        self.seen.check(&self.world)
    }

    fn count(&mut self, what: &str) {
        *self.tally.entry(what.to_owned()).or_default() += 1;
    }

    /// Does one op; answers what came of it. What the rules refuse is an answer, too.
    fn apply(&mut self, op: Op) -> Result<String, CellError> {
        let done = match op {
            Op::Publish(at, dice) => self.publish(at, &mut Dice::new(dice)),
            Op::Revise(at, dice) => self.revise(at, &mut Dice::new(dice), false),
            Op::Revoke(at, dice) => self.revise(at, &mut Dice::new(dice), true),
            Op::Remove(at, dice) => self.remove(at, &mut Dice::new(dice)),
            Op::RemoveCopy(at, dice) => self.remove_copy(at, &mut Dice::new(dice)),
            Op::Mark(at, dice) => self.mark(at, &mut Dice::new(dice)),
            Op::Address(at, dice) => self.address(at, &mut Dice::new(dice)),
            Op::Recall(at, dice) => self.recall(at, &mut Dice::new(dice)),
            Op::Expel(who) => self.world.expel(who).map(|()| "put out".to_owned()),
            Op::Invite(who) => self.world.invite(who).map(|()| "asked in".to_owned()),
            Op::Tick(at, from) => Ok(self.tick(at, from)),
            Op::TickAll => Ok(self.tick_all().0),
            Op::Advance(ms) => {
                self.world.pass(ms);
                Ok(String::new())
            }
            Op::Skew(at, ms) => {
                self.world.seats[at].env.set_skew_ms(ms);
                Ok(String::new())
            }
            Op::Mishap(from, to, mishap) => Ok(self.link(|links| links.plan(from, to, mishap))),
            Op::Cut(a, b) => Ok(self.link(|links| links.cut(a, b))),
            Op::Heal => Ok(self.link(super::network::Links::heal)),
            Op::Narrow(bytes) => Ok(self.link(|links| links.narrow = bytes)),
            Op::Crash(at) => {
                self.world.crash(at)?;
                Ok(String::new())
            }
            Op::BreakWrite(at, kept) => {
                let fault = MemoryFault::Write { kept };
                self.world.seats[at].journal.break_next(fault);
                let published = self.publish(at, &mut Dice::new(kept as u64));
                self.world.crash(at)?;
                Ok(said(published))
            }
            Op::Backup(at) => {
                self.world.back_up(at);
                Ok(String::new())
            }
            Op::Restore(at) => {
                let restored = self.world.restore(at)?;
                Ok(if restored {
                    "back from its backup"
                } else {
                    "no backup"
                }
                .to_owned())
            }
        };
        let word = format!("{op:?}");
        let word = word.split('(').next().unwrap_or_default();
        self.count(&match &done {
            Ok(_) => format!("done: {word}"),
            Err(error) => format!("refused: {word}: {}", error.code()),
        });
        Ok(said(done))
    }

    fn link(&self, f: impl FnOnce(&mut super::network::Links)) -> String {
        let links = self.world.links.lock();
        f(&mut links.unwrap_or_else(std::sync::PoisonError::into_inner));
        String::new()
    }

    fn publish(&mut self, at: usize, dice: &mut Dice) -> Result<String, CellError> {
        let count = 1 + dice.below(4);
        let objects: Vec<String> = (0..count).filter_map(|_| self.said_at(at, dice)).collect();
        let envelope = format!("{{\"objects\":[{}]}}", objects.join(","));
        let caller = World::publisher(at);
        let cell = self.world.cell(at);
        let status = cell.add(
            &caller,
            &self.world.collection,
            envelope.into(),
            Source::Published,
        )?;
        Ok(format!(
            "{} new, {} not taken",
            status.fresh,
            status.failures.len()
        ))
    }

    /// Something new that a member says: an object of its own; where nobody follows it, of others'.
    fn said_at(&self, at: usize, dice: &mut Dice) -> Option<String> {
        if !self.world.is_silent(at) {
            return Some(self.object(dice));
        }
        let held = laws::holdings(&self.world, at).ok()?;
        let theirs = held
            .into_iter()
            .filter(|(_, one)| one.publisher != member(at));
        let theirs: Vec<String> = theirs.map(|((id, _), _)| id).collect();
        let of = dice.pick(&theirs)?.clone();
        let object = self.object(dice);
        Some(sighting(&object, &of))
    }

    fn object(&self, dice: &mut Dice) -> String {
        let mut random = [0; 16];
        dice.fill(&mut random);
        let mut hex = String::new();
        for byte in random {
            let _ = write!(hex, "{byte:02x}");
        }
        let id = format!(
            "indicator--{}-{}-4{}-8{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[13..16],
            &hex[17..20],
            &hex[20..]
        );
        let light = dice.chance(60).then(|| LIGHTS[dice.below(LIGHTS.len())]);
        indicator(&id, self.now(), false, light, &hex)
    }

    fn now(&self) -> jiff::Timestamp {
        self.world.clock.now()
    }

    /// One of the versions that a member has published and that are there, the last of its object.
    fn own(&self, at: usize, dice: &mut Dice) -> Option<(Version, Vec<u8>)> {
        let mut own: BTreeMap<String, (i64, Vec<u8>)> = BTreeMap::new();
        let publisher = member(at);
        let read =
            self.world
                .cell(at)
                .changes_since(&self.world.collection, i64::MIN, &mut |change| {
                    if let Changed::Put(bytes) = change.op
                        && change.label.publisher == publisher
                    {
                        let one = own
                            .entry(change.id.to_owned())
                            .or_insert((i64::MIN, Vec::new()));
                        if one.0 <= change.version_us {
                            *one = (change.version_us, bytes.to_vec());
                        }
                    }
                    ControlFlow::Continue(())
                });
        read.ok()?;
        let own: Vec<_> = own.into_iter().collect();
        let (id, (version, bytes)) = dice.pick(&own)?.clone();
        Some(((id, version), bytes))
    }

    fn revise(&mut self, at: usize, dice: &mut Dice, revoke: bool) -> Result<String, CellError> {
        let Some(((id, _), bytes)) = self.own(at, dice) else {
            return Ok("nothing of its own".to_owned());
        };
        let text = String::from_utf8_lossy(&bytes);
        let light = LIGHTS.iter().copied().find(|light| text.contains(light));
        let light = if dice.chance(20) {
            Some(LIGHTS[dice.below(LIGHTS.len())])
        } else {
            light
        };
        let object = indicator(&id, self.now(), revoke, light, &dice.any().to_string());
        let object = laws::target(&bytes).map_or(object.clone(), |of| sighting(&object, &of));
        let envelope = format!("{{\"objects\":[{object}]}}");
        let caller = World::publisher(at);
        let cell = self.world.cell(at);
        let status = cell.add(
            &caller,
            &self.world.collection,
            envelope.into(),
            Source::Published,
        )?;
        Ok(format!("{id}: {} new", status.fresh))
    }

    fn remove(&mut self, at: usize, dice: &mut Dice) -> Result<String, CellError> {
        let Some(((id, _), _)) = self.own(at, dice) else {
            return Ok("nothing of its own".to_owned());
        };
        let caller = World::publisher(at);
        let cell = self.world.cell(at);
        let removed = cell.remove(&caller, &self.world.collection, &id, &Query::default())?;
        Ok(format!("{id}: {removed} versions"))
    }

    fn remove_copy(&mut self, at: usize, dice: &mut Dice) -> Result<String, CellError> {
        let held = laws::holdings(&self.world, at)?;
        let others = held.iter().filter(|(_, one)| one.publisher != member(at));
        let others: Vec<&Version> = others.map(|(version, _)| version).collect();
        let Some((id, _)) = dice.pick(&others).copied() else {
            return Ok("nothing of others".to_owned());
        };
        let cell = self.world.cell(at);
        let removed = cell.remove(
            &cell.operator(),
            &self.world.collection,
            id,
            &Query::default(),
        )?;
        let versions = held.keys().filter(|(other, _)| other == id);
        self.dropped
            .extend(versions.map(|version| (at, version.clone())));
        Ok(format!("{id}: {removed} versions"))
    }

    fn mark(&mut self, at: usize, dice: &mut Dice) -> Result<String, CellError> {
        let Some((object, publisher)) = self.spoken_of(at, dice) else {
            return Ok("nothing of its own".to_owned());
        };
        let tlp = dice
            .chance(70)
            .then(|| Tlp::ALL[dice.below(Tlp::ALL.len())]);
        let command = Command::Mark {
            object,
            publisher: publisher.clone(),
            group: self.world.group,
            tlp,
        };
        self.world
            .cell(at)
            .perform(&Caller::node(publisher), command)?;
        Ok(format!("{tlp:?}"))
    }

    fn address(&mut self, at: usize, dice: &mut Dice) -> Result<String, CellError> {
        let Some((object, publisher)) = self.spoken_of(at, dice) else {
            return Ok("nothing of its own".to_owned());
        };
        let named = (0..NODES).filter(|_| dice.chance(50)).map(member);
        let command = Command::Address {
            object,
            publisher: publisher.clone(),
            recipients: named.collect(),
        };
        self.world
            .cell(at)
            .perform(&Caller::node(publisher), command)?;
        Ok(String::new())
    }

    fn recall(&mut self, at: usize, dice: &mut Dice) -> Result<String, CellError> {
        let Some((object, publisher)) = self.spoken_of(at, dice) else {
            return Ok("nothing of its own".to_owned());
        };
        if self.world.is_silent(at) {
            return Ok("nobody would hear of it".to_owned());
        }
        let cell = self.world.cell(at);
        let due = self.now().saturating_add(SignedDuration::from_hours(72));
        let command = Command::Recall {
            recall: cell.new_recall(),
            object,
            publisher: publisher.clone(),
            versions: Vec::new(),
            under: None,
            reason: "it names the wrong address".to_owned(),
            asked: (0..NODES).map(member).collect(),
            due: due.unwrap_or_else(|_| self.now()),
            since: None,
        };
        cell.perform(&Caller::node(publisher), command)?;
        Ok(String::new())
    }

    fn spoken_of(&self, at: usize, dice: &mut Dice) -> Option<(ObjectId, MemberId)> {
        let ((id, _), _) = self.own(at, dice)?;
        Some((id.parse().ok()?, member(at)))
    }

    fn tick(&mut self, at: usize, from: usize) -> String {
        let ticked = self.world.tick(at, from);
        let fresh = ticked.map_or(0, |ticked| ticked.fresh);
        *self
            .tally
            .entry("changes that came over".to_owned())
            .or_default() += fresh;
        format!("{fresh} new")
    }

    /// Everybody asks everybody once; answers what came, and how much.
    fn tick_all(&mut self) -> (String, usize) {
        let mut fresh = 0;
        for at in 0..NODES {
            for from in (0..NODES).filter(|from| *from != at) {
                let ticked = self.world.tick(at, from);
                fresh += ticked.map_or(0, |ticked| ticked.fresh);
            }
        }
        *self
            .tally
            .entry("changes that came over".to_owned())
            .or_default() += fresh;
        (format!("{fresh} new"), fresh)
    }

    /// Heals everything and lets all follow all until nothing moves any more.
    fn settle(&mut self) -> Result<(), Broken> {
        self.link(super::network::Links::heal);
        for seat in &self.world.seats {
            seat.env.set_skew_ms(0);
        }
        let mut quiet = 0;
        for round in 0..ROUNDS_MAX {
            // What a source made a node let go it asks others for once a minute.
            self.world.pass(if quiet == 0 { 1000 } else { 61_000 });
            let before = self.generations();
            let (said, fresh) = self.tick_all();
            let moved = self.generations();
            self.lines
                .push(format!("at the end, round {round}: {said}; {moved:?}"));
            self.seen.check(&self.world)?;
            let still = fresh == 0 && before == self.generations();
            quiet = if still { quiet + 1 } else { 0 };
            if quiet == 2 {
                let rest = laws::at_rest(&self.world, &self.dropped);
                let replies = laws::replies(&self.world);
                self.tally
                    .insert("replies that came over".to_owned(), replies);
                if rest.is_err() {
                    self.explain();
                }
                return rest;
            }
        }
        self.explain();
        Err(Broken {
            law: "everything comes to rest",
            why: format!("after {ROUNDS_MAX} rounds"),
        })
    }

    /// How all follows stand, for whoever reads a failure.
    fn explain(&mut self) {
        for at in 0..NODES {
            for view in self.world.cell(at).follows() {
                self.lines.push(format!("{}: {view:?}", member(at)));
            }
        }
    }

    /// How many events and entries there are at each node: an echo would make more.
    fn generations(&self) -> Vec<(u64, u64)> {
        let cells = (0..NODES).map(|at| self.world.cell(at));
        cells
            .map(|cell| {
                (
                    cell.state().generation(),
                    cell.entries(&self.world.collection),
                )
            })
            .collect()
    }
}

fn said(done: Result<String, CellError>) -> String {
    done.unwrap_or_else(|error| format!("refused, {}", error.code()))
}

/// The sighting of an object with all else of an indicator.
fn sighting(indicator: &str, of: &str) -> String {
    let named = format!("\"sighting_of_ref\":\"{of}\",\"pattern\"");
    indicator
        .replace("\"indicator", "\"sighting")
        .replace("\"pattern\"", &named)
}

fn indicator(
    id: &str,
    at: jiff::Timestamp,
    revoked: bool,
    light: Option<&str>,
    word: &str,
) -> String {
    let marked = light.map(|light| format!(",\"object_marking_refs\":[\"{light}\"]"));
    format!(
        "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"{id}\",\
         \"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"{at:.6}\",\
         \"revoked\":{revoked},\"name\":\"{word}\",\"pattern\":\"[ipv4-addr:value = '192.0.2.1']\",\
         \"pattern_type\":\"stix\",\"valid_from\":\"2026-01-01T00:00:00Z\"{}}}",
        marked.unwrap_or_default()
    )
}
