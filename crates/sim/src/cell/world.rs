//! Three nodes with a cell each, and what they share.

use super::network::{CellPeers, Links, NoRemote};
use crate::clock::{Clock, SimEnv};
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    cell::{
        Caller, CollectionId, Command, FollowId, GroupId, MemberKind, Mode, Settings, Standing,
        Tlp, follow::Source,
    },
    digest::Digest,
    member::MemberId,
    realm::Realm,
};
use portcullis_node::{
    cell::{
        Cell, CellError, CellParts,
        follow::{Reach, Ticked},
    },
    peers::Peer,
};
use portcullis_sign::SecretKey;
use portcullis_store::{Journal, journal::Image};
use portcullis_verdict::cell::{By, Origin, Proof, verify_provenance};
use std::{collections::BTreeSet, sync::Arc, sync::Mutex};

/// How many nodes there are.
pub const NODES: usize = 3;

/// Their members; the first owns the group.
pub const NAMES: [&str; NODES] = ["alpha", "bravo", "charlie"];

/// A node's disk as a backup has it: its journal and its ledger.
pub type Backup = (Image, Image);

/// One node.
pub struct Seat {
    /// Whose it is.
    pub member: MemberId,
    /// Its clock and generator.
    pub env: Arc<SimEnv>,
    /// Its cell.
    pub cell: Arc<Cell>,
    /// Its disk.
    pub journal: Journal,
    /// Its ledger's disk.
    pub served: Journal,
    /// The last backup.
    pub backup: Option<Backup>,
}

/// Three nodes and the links between them.
pub struct World {
    /// True time.
    pub clock: Clock,
    /// The nodes.
    pub seats: Vec<Seat>,
    /// What is wrong between them.
    pub links: Mutex<Links>,
    /// The group that reads and writes the collection.
    pub group: GroupId,
    /// The collection, the same everywhere.
    pub collection: CollectionId,
    /// Whether nobody follows the last node: what it says of others' objects goes to them in its asks,
    /// and nothing else is said there.
    pub one_way: bool,
    /// The nodes that were ever restored: what they had served since is not known any more.
    pub restored: BTreeSet<usize>,
}

fn standing() -> Standing {
    Standing {
        kind: MemberKind::Company,
        // Two capital letters are a country's code.
        jurisdiction: "GB"
            .parse()
            .unwrap_or_else(|_| unreachable!("GB is a code")),
    }
}

/// The member of a place.
pub fn member(at: usize) -> MemberId {
    let name = NAMES.get(at).copied().unwrap_or("nobody");
    name.parse()
        .unwrap_or_else(|_| unreachable!("a plain word is a member's name"))
}

impl World {
    /// Three nodes: the group is founded, everybody is invited, everybody follows everybody.
    ///
    /// # Errors
    ///
    /// When it does not stand up.
    pub fn new(seed: u64) -> Result<Self, CellError> {
        let start: Timestamp =
            Timestamp::from_second(1_790_000_000).unwrap_or(Timestamp::UNIX_EPOCH);
        let clock = Clock::at(start);
        let mut seats = Vec::new();
        for at in 0..NODES {
            let env = Arc::new(SimEnv::new(clock.clone(), seed ^ (at as u64 + 1) << 32));
            let (journal, served) = (Journal::memory(epoch(&*env)), Journal::memory(epoch(&*env)));
            let cell = open(at, &env, &journal, &served)?;
            seats.push(Seat {
                member: member(at),
                env,
                cell,
                journal,
                served,
                backup: None,
            });
        }
        let Some(first) = seats.first() else {
            return Err(CellError::NotFound);
        };
        let (group, collection) = (first.cell.new_group(), first.cell.new_collection());
        let world = Self {
            clock,
            seats,
            links: Mutex::default(),
            group,
            collection,
            one_way: seed % 3 == 2,
            restored: BTreeSet::new(),
        };
        let alpha = world.cell(0);
        let founded = Command::FoundGroup {
            group,
            title: "three cells".into(),
            standing: standing(),
        };
        alpha.perform(&alpha.operator(), founded)?;
        for at in 1..NODES {
            world.invite(at)?;
        }
        let settings = Settings {
            mode: Mode::Keep,
            default_tlp: Tlp::Amber,
            readers: [group].into(),
            writers: [group].into(),
            ..Settings::titled("attacks")
        };
        let opened = Command::OpenCollection {
            collection,
            settings: Box::new(settings),
        };
        alpha.perform(&alpha.operator(), opened)?;
        for at in 0..NODES {
            for from in (0..NODES).filter(|from| *from != at && !world.is_silent(*from)) {
                let cell = world.cell(at);
                let follow = Command::Follow {
                    follow: cell.new_follow(),
                    source: Source::Peer {
                        member: member(from),
                        collection,
                    },
                    into: collection,
                    every_s: None,
                };
                cell.perform(&cell.operator(), follow)?;
            }
        }
        Ok(world)
    }

    /// Whether a node is one that nobody follows.
    pub fn is_silent(&self, at: usize) -> bool {
        self.one_way && at == NODES - 1
    }

    /// A node's cell.
    pub fn cell(&self, at: usize) -> &Arc<Cell> {
        &self.seats[at % NODES].cell
    }

    /// The group's owner asks somebody in.
    ///
    /// # Errors
    ///
    /// [`CellError`], also when it was asked already.
    pub fn invite(&self, at: usize) -> Result<(), CellError> {
        let command = Command::Invite {
            group: self.group,
            member: member(at),
            standing: standing(),
        };
        let alpha = self.cell(0);
        alpha.perform(&alpha.operator(), command).map(drop)
    }

    /// The group's owner puts somebody out.
    ///
    /// # Errors
    ///
    /// [`CellError`], also when it is not in.
    pub fn expel(&self, at: usize) -> Result<(), CellError> {
        let command = Command::Expel {
            group: self.group,
            member: member(at),
        };
        let alpha = self.cell(0);
        alpha.perform(&alpha.operator(), command).map(drop)
    }

    /// The follow by which one node follows another.
    pub fn follow(&self, at: usize, from: usize) -> Option<FollowId> {
        let of = member(from);
        let state = self.cell(at).state();
        let follows = state.follows().iter();
        let mut found = follows.filter(
            |(_, follow)| matches!(&follow.source, Source::Peer { member, .. } if *member == of),
        );
        found.next().map(|(id, _)| *id)
    }

    /// One step of one node's follow of another.
    pub fn tick(&self, at: usize, from: usize) -> Option<Ticked> {
        let follow = self.follow(at, from)?;
        // No two things happen in one instant.
        self.pass(1);
        let peers = CellPeers {
            from: at,
            seats: &self.seats,
            links: &self.links,
        };
        let peer_of = |member: &MemberId| Some(peer(member));
        let reach = Reach {
            peers: &peers,
            remote: &NoRemote,
            peer_of: &peer_of,
            endpoint_of: &|_| None,
            verify: &verified,
            wait_ms: 0,
        };
        Some(self.cell(at).follow_tick(&follow, &reach))
    }

    /// A node stops and starts again: what was not on its disk is gone.
    ///
    /// # Errors
    ///
    /// When it does not come up, which it must.
    pub fn crash(&mut self, at: usize) -> Result<(), CellError> {
        let seat = &self.seats[at % NODES];
        let image = |journal: &Journal| journal.image(true).unwrap_or_default();
        let (journal, served) = (image(&seat.journal), image(&seat.served));
        let epochs = (seat.journal.epoch(), seat.served.epoch());
        self.start(at, (&journal, &served), epochs)
    }

    /// A node's disk is copied.
    pub fn back_up(&mut self, at: usize) {
        let seat = &mut self.seats[at % NODES];
        let image = |journal: &Journal| journal.image(true).unwrap_or_default();
        seat.backup = Some((image(&seat.journal), image(&seat.served)));
    }

    /// A node's disk is lost and its last backup comes back, with new epochs.
    ///
    /// # Errors
    ///
    /// When it does not come up, which it must.
    pub fn restore(&mut self, at: usize) -> Result<bool, CellError> {
        let seat = &self.seats[at % NODES];
        let Some((journal, served)) = seat.backup.clone() else {
            return Ok(false);
        };
        let epochs = (epoch(&*seat.env), epoch(&*seat.env));
        self.restored.insert(at % NODES);
        self.start(at, (&journal, &served), epochs)?;
        Ok(true)
    }

    fn start(
        &mut self,
        at: usize,
        (journal, served): (&Image, &Image),
        epochs: ([u8; 16], [u8; 16]),
    ) -> Result<(), CellError> {
        let seat = &mut self.seats[at % NODES];
        seat.journal = Journal::of_image(journal, epochs.0);
        seat.served = Journal::of_image(served, epochs.1);
        seat.cell = open(at % NODES, &seat.env, &seat.journal, &seat.served)?;
        Ok(())
    }

    /// Who publishes at a place.
    pub fn publisher(at: usize) -> Caller {
        Caller::node(member(at))
    }

    /// Lets time pass.
    pub fn pass(&self, ms: i64) {
        self.clock.advance(SignedDuration::from_millis(ms));
    }
}

/// The key of a node.
fn key(at: usize) -> SecretKey {
    SecretKey::from_seed([0x40 + u8::try_from(at % NODES).unwrap_or_default(); 32])
}

/// Where a member's node is reached.
pub(super) fn peer(member: &MemberId) -> Peer {
    Peer {
        member: member.clone(),
        endpoint: String::new(),
        tls: BTreeSet::<Digest>::new(),
    }
}

/// Verifies where an object comes from, by the nodes' keys.
pub(super) fn verified(object: &[u8], proof: &[u8]) -> Result<Origin, String> {
    let parsed = Proof::parse(proof).map_err(|error| error.to_string())?;
    let signer = &parsed.batch.says().member;
    let at = (0..NODES).find(|at| member(*at) == *signer);
    let key = key(at.ok_or_else(|| format!("`{signer}` has no key"))?).public();
    let realm = Realm::live();
    let by = By::Key {
        key: &key,
        realm: realm.name(),
    };
    verify_provenance(object, proof, &by).map_err(|error| error.to_string())
}

fn open(
    at: usize,
    env: &Arc<SimEnv>,
    journal: &Journal,
    served: &Journal,
) -> Result<Arc<Cell>, CellError> {
    let cell = Cell::open(CellParts {
        journal: journal.clone(),
        served: served.clone(),
        env: env.clone(),
        me: member(at),
        realm: Realm::live(),
        signer: Some(key(at)),
    })?;
    cell.load()?;
    Ok(cell)
}

fn epoch(env: &dyn portcullis_node::Env) -> [u8; 16] {
    let mut epoch = [0; 16];
    env.fill(&mut epoch);
    epoch
}
