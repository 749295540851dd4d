//! The federation: nodes on seats around one clock and one network.

use crate::{
    cast::{Cast, Place, register_log},
    clock::{Clock, SimEnv},
    house::forks::Trees,
    network::{Links, Seen, SimPeers},
};
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{id::CaseId, realm::Realm};
use portcullis_node::{Ballots, Env, Node, NodeError, Parts, Shape};
use portcullis_store::{
    Blobs, Fault, Memory, Store,
    memory::Snapshot,
    view::{Filter, PAGE_ROWS_MAX},
};
use portcullis_verdict::{
    Anchor, Trust,
    law::{self, Laws},
    schema::{self, Schemas},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// When every run begins: a Monday morning.
pub const START: &str = "2026-03-02T09:00:00Z";
/// The tick of every log in the simulation.
pub const TICK: SignedDuration = SignedDuration::from_mins(30);

/// A copy of everything that a node had.
struct Backup {
    records: Snapshot,
    files: BTreeMap<String, Vec<u8>>,
}

/// A node with what it stands on.
pub struct Seat {
    /// Whose.
    pub place: Place,
    /// The node.
    pub node: Node,
    /// Its clock and generator.
    pub env: Arc<SimEnv>,
    memory: Memory,
    fault: Fault,
    blobs: Blobs,
    backup: Option<Backup>,
    manner: Manner,
}

/// How a node differs from what every node is, each time it is started.
type Manner = Option<Box<dyn Fn(&mut Parts) + Send + Sync>>;

impl Seat {
    /// Every case here with its version and how many statements it holds.
    pub fn versions(&self) -> BTreeMap<String, u64> {
        self.cases()
            .into_iter()
            .map(|(case, version)| (case.to_string(), version))
            .collect()
    }

    /// Every case here with its version; nothing while the storage is broken.
    pub fn cases(&self) -> BTreeMap<CaseId, u64> {
        let page = self
            .node
            .store()
            .queue(&Filter::default(), None, PAGE_ROWS_MAX);
        let rows = page.map(|page| page.rows).unwrap_or_default();
        rows.into_iter()
            .map(|row| (row.case, row.version))
            .collect()
    }

    /// The driver that breaks writes as planned.
    pub const fn fault(&self) -> &Fault {
        &self.fault
    }

    /// Whether the storage does not answer.
    pub fn is_broken(&self) -> bool {
        self.node.store().changes().is_err()
    }
}

/// What of the truth a law cannot expect any more, because an op took it away.
#[derive(Debug, Default)]
pub struct Excuses {
    /// Members that were restored from an old backup: they may have lost their own statements.
    pub restored: BTreeSet<Place>,
    /// Cases in which a key spoke that was revoked later, or was stolen.
    pub tainted: BTreeSet<CaseId>,
}

/// The federation.
pub struct World {
    /// True time.
    pub clock: Clock,
    /// Who takes part.
    pub cast: Cast,
    /// The nodes, in the order of [`Place::ALL`].
    pub seats: Vec<Seat>,
    /// The network.
    pub links: Mutex<Links>,
    /// Every tree that was signed.
    pub trees: Mutex<Trees>,
    /// What calls showed to be wrong.
    pub seen: Mutex<Seen>,
    /// What is not to be expected any more.
    pub excuses: Excuses,
    /// The laws that are installed everywhere.
    pub laws: Arc<Laws>,
    seed: u64,
    anchor: Anchor,
}

/// Why a federation could not be put together.
#[derive(Debug, thiserror::Error)]
#[error("the federation of seed {seed} does not stand up at {at:?}: {source}")]
pub struct Unbuilt {
    seed: u64,
    at: Place,
    source: NodeError,
}

/// The built-in laws, read once.
fn laws() -> Arc<Laws> {
    static LAWS: OnceLock<Arc<Laws>> = OnceLock::new();
    Arc::clone(LAWS.get_or_init(|| Arc::new(law::builtin())))
}

/// The built-in schemas, read once.
fn schemas() -> &'static Schemas {
    static SCHEMAS: OnceLock<Schemas> = OnceLock::new();
    SCHEMAS.get_or_init(schema::builtin)
}

impl World {
    /// Puts a federation together: nodes, the register's first version published under its
    /// witnesses, and fetched by all.
    ///
    /// # Errors
    ///
    /// [`Unbuilt`], which no seed should be.
    pub fn new(seed: u64) -> Result<Self, Unbuilt> {
        Self::in_realm(seed, &Realm::live())
    }

    /// As [`Self::new`], in another realm.
    ///
    /// # Errors
    ///
    /// [`Unbuilt`].
    pub fn in_realm(seed: u64, realm: &Realm) -> Result<Self, Unbuilt> {
        let start: Timestamp = START.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let clock = Clock::at(start);
        let cast = Cast::new(seed, realm, start);
        let (laws, anchor) = (laws(), Anchor(cast.newest.1));
        let mut seats = Vec::new();
        for place in Place::ALL {
            let env_seed = seed
                .wrapping_mul(1_000_003)
                .wrapping_add(place.index() as u64);
            let env = Arc::new(SimEnv::new(clock.clone(), env_seed));
            let memory = Memory::default();
            let fault = Fault::new(memory.clone());
            let blobs = Blobs::memory();
            let parts = parts(&cast, place, anchor, &laws, &fault, &blobs, &env, seed);
            let node = parts.and_then(Node::open).map_err(|source| Unbuilt {
                seed,
                at: place,
                source,
            })?;
            seats.push(Seat {
                place,
                node,
                env,
                memory,
                fault,
                blobs,
                backup: None,
                manner: None,
            });
        }
        let world = Self {
            clock,
            cast,
            seats,
            links: Mutex::default(),
            trees: Mutex::default(),
            seen: Mutex::default(),
            excuses: Excuses::default(),
            laws,
            seed,
            anchor,
        };
        let unbuilt = |at| move |source| Unbuilt { seed, at, source };
        let first = world.cast.signed(&world.cast.newest.0);
        world.publish(&first).map_err(unbuilt(Place::REGISTRAR))?;
        for place in Place::ALL {
            world.fetch_register(place).map_err(unbuilt(place))?;
        }
        world.clock.advance(SignedDuration::from_hours(1));
        Ok(world)
    }

    /// A seat.
    ///
    /// # Panics
    ///
    /// Never: every place has its seat.
    pub fn seat(&self, place: Place) -> &Seat {
        &self.seats[place.index()]
    }

    /// A node.
    pub fn node(&self, place: Place) -> &Node {
        &self.seat(place).node
    }

    /// The network as one node sees it.
    pub fn peers(&self, from: Place) -> SimPeers<'_> {
        SimPeers {
            from,
            seats: &self.seats,
            links: &self.links,
            trees: &self.trees,
            seen: &self.seen,
        }
    }

    /// Changes the network.
    pub fn with_links(&self, change: impl FnOnce(&mut Links)) {
        change(&mut self.links.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Publishes a signed version of the register.
    ///
    /// # Errors
    ///
    /// As [`Node::publish_register`].
    pub fn publish(&self, envelope: &[u8]) -> Result<Anchor, NodeError> {
        let at = Place::REGISTRAR;
        self.node(at).publish_register(envelope, &self.peers(at))
    }

    /// Has a node fetch the register from the registrar.
    ///
    /// # Errors
    ///
    /// As [`Node::fetch_register`].
    pub fn fetch_register(&self, at: Place) -> Result<u64, NodeError> {
        if at == Place::REGISTRAR {
            return Ok(self.cast.newest.0.version);
        }
        let from = portcullis_node::peers::Peer {
            member: Place::REGISTRAR.member(),
            endpoint: String::new(),
            tls: BTreeSet::new(),
        };
        self.node(at).fetch_register(&from, &self.peers(at))
    }

    /// One courier round of a node to every other one. Answers how many deliveries were taken.
    ///
    /// # Errors
    ///
    /// As [`Node::courier_tick`].
    pub fn deliver_all(&self, from: Place) -> Result<usize, NodeError> {
        let mut delivered = 0;
        for to in Place::ALL.into_iter().filter(|to| *to != from) {
            delivered += self.deliver(from, to)?;
        }
        Ok(delivered)
    }

    /// One courier round from a node to another. Answers how many deliveries were taken.
    ///
    /// # Errors
    ///
    /// As [`Node::courier_tick`].
    pub fn deliver(&self, from: Place, to: Place) -> Result<usize, NodeError> {
        let round = self
            .node(from)
            .courier_tick(&to.member(), &self.peers(from))?;
        Ok(round.delivered)
    }

    /// A node stops at once and starts again: all that it remembered is lost, its storage stays.
    ///
    /// # Errors
    ///
    /// As [`Node::open`].
    pub fn crash(&mut self, place: Place) -> Result<(), NodeError> {
        let seat = self.seat(place);
        seat.fault.heal();
        let mut parts = parts(
            &self.cast,
            place,
            self.anchor,
            &self.laws,
            &seat.fault,
            &seat.blobs,
            &seat.env,
            self.seed,
        )?;
        if let Some(manner) = &seat.manner {
            manner(&mut parts);
        }
        let node = Node::open(parts)?;
        self.seats[place.index()].node = node;
        Ok(())
    }

    /// A node stops and starts again with other parts, now and at every later start.
    ///
    /// # Errors
    ///
    /// As [`Self::crash`].
    pub fn restart_with(
        &mut self,
        place: Place,
        manner: impl Fn(&mut Parts) + Send + Sync + 'static,
    ) -> Result<(), NodeError> {
        self.seats[place.index()].manner = Some(Box::new(manner));
        self.crash(place)
    }

    /// Makes a backup of a node, instead of the one before.
    ///
    /// # Errors
    ///
    /// [`NodeError`] when its files cannot be read.
    pub fn back_up(&mut self, place: Place) -> Result<(), NodeError> {
        let seat = &mut self.seats[place.index()];
        let mut files = BTreeMap::new();
        for path in seat.blobs.list("")? {
            if let Some(bytes) = seat.blobs.get(&path)? {
                files.insert(path, bytes);
            }
        }
        let records = seat.memory.snapshot();
        seat.backup = Some(Backup { records, files });
        Ok(())
    }

    /// Puts a node back to its backup, with the files of today or those of then. False when
    /// there is no backup.
    ///
    /// # Errors
    ///
    /// As [`Self::crash`]. It is marked as restored, and says nothing until it is in step.
    pub fn restore(&mut self, place: Place, files_too: bool) -> Result<bool, NodeError> {
        let seat = &mut self.seats[place.index()];
        let Some(backup) = &seat.backup else {
            return Ok(false);
        };
        seat.memory.restore(&backup.records);
        if files_too {
            let blobs = Blobs::memory();
            for (path, bytes) in &backup.files {
                blobs.put(path, bytes.clone())?;
            }
            seat.blobs = blobs;
        }
        self.excuses.restored.insert(place);
        self.crash(place)?;
        self.node(place).mark_restored()?;
        Ok(true)
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "private; every argument is a part of the node"
)]
fn parts(
    cast: &Cast,
    place: Place,
    anchor: Anchor,
    laws: &Arc<Laws>,
    fault: &Fault,
    blobs: &Blobs,
    env: &Arc<SimEnv>,
    seed: u64,
) -> Result<Parts, NodeError> {
    let env: Arc<dyn Env> = Arc::clone(env) as Arc<dyn Env>;
    let schema = schemas()
        .by_name(place.schema())
        .ok_or_else(|| NodeError::Broken(format!("no schema `{}`", place.schema())))?;
    Ok(Parts {
        store: Store::new(fault.clone()),
        blobs: blobs.clone(),
        env,
        me: place.member(),
        realm: cast.realm().clone(),
        keys: cast.node_keys(place),
        laws: Arc::clone(laws),
        // A thousand federations prove nothing about counts: they are about everything else.
        trust: Trust {
            unproved: true,
            ..Trust::default()
        },
        anchor: Some(anchor),
        witnessed_logs: vec![register_log(seed, cast.realm()).vkey()],
        shape: Shape {
            tick: TICK,
            tiles: 1,
        },
        schema: Arc::clone(schema),
        schema_bytes: schema::builtin_bytes(&schema.id).unwrap_or_default().into(),
        ballots: Ballots::Unproved,
    })
}
