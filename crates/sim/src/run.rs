//! A run: ops one after the other, and the laws after each.

mod rest;

use crate::{
    cast::{Person, Place},
    deed,
    dice::Dice,
    hostile,
    house::{Broken, House},
    misdeed,
    op::Op,
    world::World,
};
use jiff::SignedDuration;
use portcullis_core::register::{Register, Revocation};
use portcullis_node::NodeError;
use portcullis_store::Plan;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// What a run was.
#[derive(Clone, Debug)]
pub struct Report {
    /// SHA-256 over everything that happened.
    pub transcript: [u8; 32],
    /// Every line of it.
    pub lines: Vec<String>,
    /// How many ops were done.
    pub ops: usize,
    /// How often each thing came about: deeds by word, refusals by code.
    pub tally: BTreeMap<String, usize>,
    /// The law that was broken, and after which op.
    pub failure: Option<Failure>,
}

/// A broken law.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// After which op; as many as there are, at the end.
    pub op: usize,
    /// Which law, and how.
    pub broken: Broken,
}

/// A version of the register that was signed and is not published yet.
struct Pending {
    register: Register,
    fresh: Person,
    old: usize,
    gone: Revocation,
}

/// A federation under way.
pub struct Run {
    /// The federation.
    pub world: World,
    /// What was read of it.
    pub house: House,
    lines: Vec<String>,
    tally: BTreeMap<String, usize>,
    pending: Option<Pending>,
}

/// Runs the ops of a seed.
pub fn run(seed: u64) -> Report {
    run_ops(seed, &crate::op::ops(seed))
}

/// Runs these ops in the federation of a seed.
pub fn run_ops(seed: u64, ops: &[Op]) -> Report {
    let mut run = match Run::new(seed) {
        Ok(run) => run,
        Err(broken) => return Report::unbuilt(broken),
    };
    let (done, failure) = drive(&mut run, ops, Run::step, Run::settle);
    Report::of(run.lines, run.tally, done, failure)
}

/// Does ops one after the other until a law breaks, and comes to rest if none does; answers how
/// many were done, and what broke.
pub(crate) fn drive<R, O: Copy>(
    run: &mut R,
    ops: &[O],
    step: impl Fn(&mut R, O) -> Result<(), Broken>,
    settle: impl Fn(&mut R) -> Result<(), Broken>,
) -> (usize, Option<Failure>) {
    for (op, what) in ops.iter().enumerate() {
        if let Err(broken) = step(run, *what) {
            return (op + 1, Some(Failure { op, broken }));
        }
    }
    let op = ops.len();
    let failure = settle(run).err().map(|broken| Failure { op, broken });
    (op, failure)
}

impl Report {
    /// Of what did not stand up.
    pub(crate) fn unbuilt(broken: Broken) -> Self {
        Self {
            transcript: [0; 32],
            lines: Vec::new(),
            ops: 0,
            tally: BTreeMap::new(),
            failure: Some(Failure { op: 0, broken }),
        }
    }

    /// Of everything that happened.
    pub(crate) fn of(
        lines: Vec<String>,
        tally: BTreeMap<String, usize>,
        ops: usize,
        failure: Option<Failure>,
    ) -> Self {
        let mut hash = Sha256::new();
        for line in &lines {
            hash.update(line.as_bytes());
            hash.update(b"\n");
        }
        Self {
            transcript: hash.finalize().into(),
            lines,
            ops,
            tally,
            failure,
        }
    }
}

impl Run {
    /// A fresh federation.
    ///
    /// # Errors
    ///
    /// When it does not stand up, which is a law of its own.
    pub fn new(seed: u64) -> Result<Self, Broken> {
        let world = World::new(seed).map_err(|error| Broken {
            law: "a federation stands up",
            why: std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), |source| format!("{error}: {source}")),
        })?;
        Ok(Self {
            world,
            house: House::default(),
            lines: Vec::new(),
            tally: BTreeMap::new(),
            pending: None,
        })
    }

    /// Does one op and checks the laws.
    ///
    /// # Errors
    ///
    /// The law that is broken.
    pub fn step(&mut self, op: Op) -> Result<(), Broken> {
        let what = self.apply(op)?;
        self.mend()?;
        self.note(&format!("{op:?}: {what}"));
        self.house.check(&self.world)
    }

    fn note(&mut self, line: &str) {
        let now = self.world.clock.now();
        self.lines.push(format!("{now} {line}"));
    }

    fn count(&mut self, what: &str) {
        *self.tally.entry(what.to_owned()).or_default() += 1;
    }

    /// A node whose storage broke stops and starts again.
    fn mend(&mut self) -> Result<(), Broken> {
        for place in Place::ALL {
            if self.world.seat(place).is_broken() {
                self.note(&format!("{place:?} lost its storage and starts again"));
                self.world.crash(place).map_err(|e| fault(place, &e))?;
            }
        }
        Ok(())
    }

    fn apply(&mut self, op: Op) -> Result<String, Broken> {
        let world = &mut self.world;
        Ok(match op {
            Op::Act(place, dice) => return Ok(self.act(place, &mut Dice::new(dice))),
            Op::Misdeed(place, dice) => return self.misdeed(place, &mut Dice::new(dice)),
            Op::Hostile(place, dice) => return self.hostile(place, &mut Dice::new(dice)),
            Op::Revoke(dice) => return Ok(self.revoke(&mut Dice::new(dice))),
            Op::Work => return Ok(self.work()),
            Op::Advance(seconds) => {
                world.clock.advance(SignedDuration::from_secs(seconds));
                String::new()
            }
            Op::Courier(from, to) => said(world.deliver(from, to)),
            Op::Sequencer(at) => said(world.node(at).sequencer_tick(&world.peers(at))),
            Op::Sweeper(at) => said(world.node(at).sweeper_tick()),
            Op::Mishap(from, to, mishap) => {
                world.with_links(|links| links.plan(from, to, mishap));
                String::new()
            }
            Op::Cut(a, b) => {
                world.with_links(|links| links.cut(a, b));
                String::new()
            }
            Op::Down(place) => {
                world.with_links(|links| links.take_down(place));
                String::new()
            }
            Op::Up(place) => {
                world.with_links(|links| links.bring_up(place));
                String::new()
            }
            Op::Heal => {
                world.with_links(crate::network::Links::heal);
                String::new()
            }
            Op::Crash(place) => {
                world.crash(place).map_err(|error| fault(place, &error))?;
                String::new()
            }
            Op::BreakWrite(place, nth, when) => {
                let fault = world.seat(place).fault();
                let call = fault.writes() + nth;
                fault.plan(Plan { call, when });
                String::new()
            }
            Op::Skew(place, ms) => {
                world.seat(place).env.set_skew_ms(ms);
                String::new()
            }
            Op::Backup(place) => said(world.back_up(place)),
            Op::Restore(place, files_too) => {
                *self.tally.entry("done: restore".into()).or_default() += 1;
                let restored = world.restore(place, files_too);
                self.house.forget(&self.world, place);
                said(restored)
            }
            Op::Register(place) => said(world.fetch_register(place)),
        })
    }

    fn act(&mut self, place: Place, dice: &mut Dice) -> String {
        // Whoever has something to do, from this place on.
        let from = Place::ALL.into_iter().cycle().skip(place.index());
        let mut everyone = from.take(Place::ALL.len());
        let deeds = everyone.find_map(|at| {
            let deeds = deed::deeds(&self.world, at, dice);
            let weight: usize = deeds.iter().map(|deed| deed.weight).sum();
            let busy = dice.below(deed::BUSY) < weight;
            busy.then_some(deeds)
        });
        let deeds = deeds.unwrap_or_default();
        let total: usize = deeds.iter().map(|deed| deed.weight).sum();
        let mut drawn = dice.below(total);
        let chosen = deeds.iter().find(|deed| {
            let here = drawn < deed.weight;
            drawn = drawn.saturating_sub(deed.weight);
            here
        });
        let Some(chosen) = chosen else {
            return "nothing to do".into();
        };
        let word = chosen.what.word();
        let done = deed::perform(&self.world, chosen, dice);
        self.count(&match &done {
            Ok(_) => format!("done: {}", word.split(' ').next().unwrap_or_default()),
            Err(error) => format!(
                "refused: {}: {}",
                word.split(' ').next().unwrap_or_default(),
                error.code()
            ),
        });
        let by = self.world.cast.people[chosen.who].place;
        format!("{by:?} {word}: {}", said(done.map(|said| said.case)))
    }

    fn misdeed(&mut self, place: Place, dice: &mut Dice) -> Result<String, Broken> {
        let Some((word, done)) = misdeed::attempt(&self.world, place, dice) else {
            return Ok("nothing to do wrong".into());
        };
        match done {
            Ok(_) => Err(Broken {
                law: "what the rules forbid is refused",
                why: format!("at {place:?}: {word}"),
            }),
            Err(error) => {
                self.count(&format!("forbidden: {word}: {}", error.code()));
                Ok(format!("{word}: refused, {}", error.code()))
            }
        }
    }

    fn hostile(&mut self, place: Place, dice: &mut Dice) -> Result<String, Broken> {
        let Some((word, outcome)) = hostile::attack(&self.world, &self.house, place, dice) else {
            return Ok("nothing to attack with".into());
        };
        match outcome {
            Err(why) => Err(Broken {
                law: "nobody is made to believe what is not so",
                why: format!("{place:?}: {word}: {why}"),
            }),
            Ok(code) => {
                self.count(&format!("attack: {word}: {code}"));
                Ok(format!("{word}: {code}"))
            }
        }
    }

    /// All workers of all nodes, once. Answers what did not go well.
    fn work(&mut self) -> String {
        let mut words = Vec::new();
        for at in Place::ALL {
            let world = &self.world;
            if let Err(error) = world.node(at).sweeper_tick() {
                words.push(format!("{at:?} sweeper {}", error.code()));
            }
            // Witnesses say nothing themselves; their logs grow when an op asks for it.
            if !Place::WITNESSES.contains(&at)
                && let Err(error) = world.node(at).sequencer_tick(&world.peers(at))
            {
                words.push(format!("{at:?} sequencer {}", error.code()));
            }
            if let Err(error) = world.deliver_all(at) {
                words.push(format!("{at:?} courier {}", error.code()));
            }
        }
        words.join(", ")
    }

    fn revoke(&mut self, dice: &mut Dice) -> String {
        let people = 0..self.world.cast.people.len();
        let candidates: Vec<usize> = people
            .filter(|who| !self.world.cast.people[*who].revoked)
            .collect();
        let Some(old) = dice.pick(&candidates).copied() else {
            return "nobody left".into();
        };
        let now = self.world.clock.now();
        let compromised = dice.chance(60);
        let back = if compromised {
            dice.below(48 * 3600)
        } else {
            0
        };
        let back = SignedDuration::from_secs(i64::try_from(back).unwrap_or(0));
        let gone = Revocation {
            since: now.saturating_sub(back).unwrap_or(now),
            compromised,
        };
        self.revoke_key(old, gone)
    }

    /// The roots revoke somebody's key and give a new one; if a version waits to be
    /// published, that one is tried again instead. Answers what came of it.
    pub fn revoke_key(&mut self, old: usize, gone: Revocation) -> String {
        if self.pending.is_none() {
            let now = self.world.clock.now();
            let Some((register, fresh)) = self.world.cast.revoked(old, gone, now) else {
                return "not possible".into();
            };
            self.pending = Some(Pending {
                register,
                fresh,
                old,
                gone,
            });
        }
        self.publish()
    }

    /// Publishes what was signed; roots that sign another version of a number that
    /// somebody may hold would give evidence against themselves.
    fn publish(&mut self) -> String {
        let Some(pending) = self.pending.take() else {
            return String::new();
        };
        let envelope = self.world.cast.signed(&pending.register);
        if let Err(error) = self.world.publish(&envelope) {
            self.pending = Some(pending);
            return format!("not published: {}", error.code());
        }
        let payload = portcullis_verdict::register::payload(&pending.register);
        let digest = portcullis_verdict::text::sha256(&payload);
        let version = pending.register.version;
        self.world.cast.newest = (pending.register, digest);
        let old = &mut self.world.cast.people[pending.old];
        (old.revoked, old.stolen) = (true, pending.gone.compromised);
        let key = old.digest();
        self.world.cast.people.push(pending.fresh);
        self.taint(key);
        self.count("done: revoke");
        format!("version {version}")
    }

    /// Cases in which a revoked key spoke may be believed here and not there.
    fn taint(&mut self, key: portcullis_core::digest::Digest) {
        for place in Place::ALL {
            for case in self.house.cases(place) {
                let facts = self.house.facts(place, case);
                if facts.iter().any(|fact| fact.key == key) {
                    self.world.excuses.tainted.insert(*case);
                }
            }
        }
    }

    fn retaint(&mut self) {
        let revoked = self.world.cast.people.iter();
        let revoked: Vec<_> = revoked.filter(|p| p.revoked).map(Person::digest).collect();
        for key in revoked {
            self.taint(key);
        }
    }
}

fn fault(place: Place, error: &NodeError) -> Broken {
    Broken {
        law: "a node on healthy ground works",
        why: format!("{place:?}: {}: {error}", error.code()),
    }
}

fn said<T: core::fmt::Debug>(done: Result<T, NodeError>) -> String {
    match done {
        Ok(done) => format!("{done:?}"),
        Err(error) => format!("no, {}: {error}", error.code()),
    }
}
