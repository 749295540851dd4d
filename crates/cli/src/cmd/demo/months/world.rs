//! The months' nodes, in one process on one clock, and how time passes for them.

use super::{
    cast::{CAST, Keys, OVERSIGHT, PROVIDERS, Part, id},
    clock::Virtual,
};
use crate::failure::Failure;
use jiff::SignedDuration;
use portcullis_core::{
    digest::Digest, id::CaseId, member::MemberId, office::Office, realm::Realm, statement::Event,
};
use portcullis_node::{Ballots, Env as _, Node, Parts, Sequenced, Shape, peers::InProcess};
use portcullis_store::{Blobs, Store};
use portcullis_verdict::{Trust, law, schema};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The tick of a company's record: the demo's week, in its own time.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The tick of everybody else's: half a year, for the demo counts every leaf it makes.
const HALF_YEAR: SignedDuration = SignedDuration::from_hours(26 * 7 * 24);
/// How often a few leaves are made ahead before a tick: enough for a tile of them.
const BITES: usize = 32;
/// How much time passes from one deed to the next.
const DEED: SignedDuration = SignedDuration::from_mins(3);

/// One node.
pub(super) struct Seat {
    pub(super) node: Arc<Node>,
    pub(super) peers: InProcess<Node>,
    /// Its tiles, reports and packages, as plain files.
    pub(super) dir: PathBuf,
}

/// All of them.
pub(super) struct World {
    pub(super) clock: Arc<Virtual>,
    pub(super) keys: Keys,
    seats: BTreeMap<&'static str, Seat>,
}

impl World {
    /// Makes the nodes below `root` and binds them by a register.
    pub(super) fn build(root: &Path, clock: Virtual) -> Result<Self, Failure> {
        let clock = Arc::new(clock);
        let keys = Keys::draw(&clock);
        let mut nodes = BTreeMap::new();
        let mut dirs = BTreeMap::new();
        for part in &CAST {
            let dir = root.join(part.word);
            nodes.insert(id(part.word)?, open(part, &dir, &keys, &clock)?);
            dirs.insert(part.word, dir);
        }
        let mut seats = BTreeMap::new();
        for (word, dir) in dirs {
            let from = id(word)?;
            let Some(node) = nodes.get(&from) else {
                continue;
            };
            let seat = Seat {
                node: Arc::clone(node),
                peers: InProcess {
                    from,
                    doors: nodes.clone(),
                },
                dir,
            };
            seats.insert(word, seat);
        }
        let world = Self { clock, keys, seats };
        world.publish()?;
        Ok(world)
    }

    fn publish(&self) -> Result<(), Failure> {
        let register = self.keys.register(self.clock.now())?;
        let registrar = self.at(OVERSIGHT);
        let anchor = registrar
            .node
            .publish_register(&register, &registrar.peers)?;
        let versions = registrar.node.export_register()?;
        for seat in self.seats.values() {
            let (_, versions) = Node::parse_versions(&versions)?;
            seat.node.join_register(anchor, versions)?;
        }
        Ok(())
    }

    /// One of the nodes.
    pub(super) fn at(&self, word: &str) -> &Seat {
        // INVARIANT: the chapter asks for its own cast only.
        self.seats
            .get(word)
            .unwrap_or_else(|| unreachable!("`{word}` is in the cast"))
    }

    /// All nodes that keep a log of cases.
    pub(super) fn recording(&self) -> impl Iterator<Item = (&'static str, &Seat)> {
        let parts = CAST.iter().filter(|part| !part.is_witness());
        parts.map(|part| (part.word, self.at(part.word)))
    }

    /// Somebody says something, and it is brought to whomever it concerns.
    pub(super) fn say(
        &self,
        word: &str,
        office: Office,
        case: Option<CaseId>,
        event: &Event,
        attachment: Option<&[u8]>,
    ) -> Result<(CaseId, Digest), Failure> {
        self.clock.pass(DEED);
        let by = self.keys.person(word, office)?;
        let said = self.at(word).node.say(case, event, by, attachment)?;
        self.deliver()?;
        Ok((said.case, said.digest))
    }

    /// Every courier goes until there is nothing left to bring.
    pub(super) fn deliver(&self) -> Result<(), Failure> {
        loop {
            let mut delivered = 0;
            for (_, seat) in self.recording() {
                let (node, now) = (&seat.node, seat.node.now());
                let due: Vec<MemberId> = node
                    .store()
                    .peers_with_deliveries(now)
                    .map_err(portcullis_node::NodeError::from)?;
                for member in due {
                    let round = node.courier_tick(&member, &seat.peers)?;
                    if round.refused > 0 {
                        let why = format!("{member} refused {} deliveries", round.refused);
                        return Err(Failure::unable("demo.delivery", why));
                    }
                    delivered += round.delivered;
                }
            }
            if delivered == 0 {
                return Ok(());
            }
        }
    }

    /// The tick of some records; every one is cosigned before this returns.
    pub(super) fn tick(&self, words: &[&str]) -> Result<Vec<Sequenced>, Failure> {
        let ticked: Vec<Result<Sequenced, Failure>> = std::thread::scope(|scope| {
            let threads: Vec<_> = words
                .iter()
                .map(|word| scope.spawn(move || tick_one(self.at(word))))
                .collect();
            let panicked = || Err(Failure::unable("demo", "a thread ended early"));
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| panicked()))
                .collect()
        });
        let ticked = ticked.into_iter().collect::<Result<_, _>>()?;
        self.deliver()?;
        Ok(ticked)
    }

    /// Makes the leaves of a tick ahead, on every core: a proof takes most of a millisecond.
    pub(super) fn make_ahead(&self, words: &[&str]) -> Result<(), Failure> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(word) = words.get(next.fetch_add(1, Ordering::Relaxed) / BITES) {
                self.at(word).node.ahead_tick()?;
            }
            Ok(())
        };
        let done: Vec<Result<(), Failure>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
            let panicked = || Err(Failure::unable("demo", "a thread ended early"));
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| panicked()))
                .collect()
        });
        done.into_iter().collect()
    }

    /// How many leaves all records hold.
    pub(super) fn leaves(&self) -> Result<u64, Failure> {
        let mut leaves = 0;
        for (_, seat) in self.recording() {
            leaves += seat.node.logs()?.iter().map(|log| log.size).sum::<u64>();
        }
        Ok(leaves)
    }
}

fn tick_one(seat: &Seat) -> Result<Sequenced, Failure> {
    let done = seat.node.sequencer_tick(&seat.peers)?;
    match done.waits {
        Some(why) => Err(Failure::unable("demo.tick", why)),
        None => Ok(done),
    }
}

fn open(part: &Part, dir: &Path, keys: &Keys, clock: &Arc<Virtual>) -> Result<Arc<Node>, Failure> {
    // Companies' records are files, for everybody to look at; the rest is gone with the demo.
    let blobs = if PROVIDERS.contains(&part.word) {
        let unavailable = |error| Failure::unable("store.unavailable", format!("{error}"));
        Blobs::folder(dir).map_err(unavailable)?
    } else {
        Blobs::memory()
    };
    let tick = if PROVIDERS.contains(&part.word) {
        WEEK
    } else {
        HALF_YEAR
    };
    let schemas = schema::builtin();
    let schema = schemas
        .by_name(part.schema())
        .ok_or_else(|| Failure::unable("demo", format!("no schema `{}`", part.schema())))?;
    let node = Node::open(Parts {
        store: Store::memory(),
        blobs,
        env: Arc::clone(clock) as Arc<dyn portcullis_node::Env>,
        me: id(part.word)?,
        realm: Realm::live(),
        keys: keys.of_node(part),
        laws: Arc::new(law::builtin()),
        trust: Trust::default(),
        anchor: None,
        witnessed_logs: vec![keys.register_log()?.vkey()],
        shape: Shape { tick, tiles: 1 },
        schema: Arc::clone(schema),
        schema_bytes: schema::builtin_bytes(&schema.id).unwrap_or_default().into(),
        ballots: Ballots::Proved,
    })?;
    Ok(Arc::new(node))
}
