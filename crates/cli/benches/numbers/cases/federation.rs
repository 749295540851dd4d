//! Six nodes on this machine: four that work on cases, and two witnesses.

use super::desk::Desk;
use crate::{
    Result,
    meter::SystemEnv,
    package::accepted,
    town::{self, COURT, MINISTER, POLICE, PROVIDER, Plan, WITNESSES, key},
    witness,
};
use jiff::SignedDuration;
use portcullis_core::{
    id::CaseId,
    member::MemberId,
    office::Office,
    realm::Realm,
    statement::{Approval, Event},
};
use portcullis_node::{
    Ballots, Env as _, Node, Parts, Shape,
    peers::{InProcess, Peers},
};
use portcullis_store::{Blobs, Store};
use portcullis_tlog::note::VerifierKey;
use portcullis_verdict::{Trust, law, schema};
use portcullis_web::{HttpPeers, TlsIdentity};
use std::{
    collections::BTreeMap,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
};

/// Who works on cases.
pub(crate) const WORKING: [&str; 4] = [POLICE, MINISTER, COURT, PROVIDER];
/// How many witnesses the logs have, in as many sectors.
pub(crate) const WITNESS_COUNT: usize = 2;
/// The tick of every log.
const TICK: SignedDuration = SignedDuration::from_secs(1);

/// How nodes call each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Wires {
    /// The other's doors are called.
    InProcess,
    /// HTTPS on loopback, certificates on both sides.
    Https,
}

/// One node with its files and its way to the others.
pub(crate) struct Seat {
    pub(crate) node: Arc<Node>,
    pub(crate) blobs_dir: PathBuf,
    pub(crate) peers: Arc<dyn Peers>,
}

/// All of them.
pub(crate) struct Federation {
    pub(crate) seats: BTreeMap<MemberId, Seat>,
    /// The cases that were brought to each working node.
    pub(crate) bells: BTreeMap<MemberId, (Sender<CaseId>, Option<Receiver<CaseId>>)>,
    /// Whether leaves prove what they count.
    pub(crate) ballots: Ballots,
    servers: Option<tokio::runtime::Runtime>,
}

impl Drop for Federation {
    fn drop(&mut self) {
        if let Some(servers) = self.servers.take() {
            servers.shutdown_background();
        }
    }
}

impl Federation {
    /// Makes the nodes below `dir` and binds them by a register; their leaves carry no proofs.
    pub(crate) fn build(dir: &Path, delivery_key: &str, wires: Wires) -> Result<Self> {
        Self::build_with(dir, delivery_key, wires, Ballots::Unproved)
    }

    /// The same, with leaves that prove what they count, or not.
    pub(crate) fn build_with(
        dir: &Path,
        delivery_key: &str,
        wires: Wires,
        ballots: Ballots,
    ) -> Result<Self> {
        let words = || {
            WORKING
                .into_iter()
                .chain(WITNESSES.into_iter().take(WITNESS_COUNT))
        };
        let mut doors = BTreeMap::new();
        for word in words() {
            doors.insert(word, Door::new()?);
        }
        let addresses = doors.iter().map(|(word, door)| {
            let endpoint = format!("https://{}", door.address);
            (*word, (endpoint, door.identity.digest()))
        });
        let plan = Plan {
            witnesses: WITNESS_COUNT,
            minister: None,
            delivery_key: delivery_key.to_owned(),
            addresses: addresses.collect(),
        };
        let mut bells = BTreeMap::new();
        let mut desks = BTreeMap::new();
        let mut blobs_dirs = BTreeMap::new();
        for word in words() {
            let (node, blobs_dir) = open(dir, word, ballots)?;
            let bell = WORKING.contains(&word).then(channel);
            let member = town::id(word)?;
            let sender = bell.as_ref().map(|(sender, _)| sender.clone());
            if let Some((sender, receiver)) = bell {
                bells.insert(member.clone(), (sender, Some(receiver)));
            }
            desks.insert(member.clone(), Arc::new(Desk { node, bell: sender }));
            blobs_dirs.insert(member, blobs_dir);
        }
        let servers = match wires {
            Wires::InProcess => None,
            Wires::Https => Some(serve(&mut doors, &desks)?),
        };
        let mut seats = BTreeMap::new();
        for (word, door) in doors {
            let member = town::id(word)?;
            let peers: Arc<dyn Peers> = match wires {
                Wires::InProcess => Arc::new(InProcess {
                    from: member.clone(),
                    doors: desks.clone(),
                }),
                Wires::Https => Arc::new(HttpPeers::new(door.identity)?),
            };
            let node = Arc::clone(&desks.get(&member).ok_or("a desk")?.node);
            let blobs_dir = blobs_dirs.remove(&member).ok_or("a folder")?;
            seats.insert(
                member,
                Seat {
                    node,
                    blobs_dir,
                    peers,
                },
            );
        }
        let federation = Self {
            seats,
            bells,
            ballots,
            servers,
        };
        federation.publish(&plan)?;
        Ok(federation)
    }

    /// The register's first version, published under its witnesses and taken by all.
    fn publish(&self, plan: &Plan<'_>) -> Result<()> {
        let register = town::register(plan, SystemEnv.now())?;
        let registrar = self.seat(WITNESSES[0])?;
        let anchor = registrar
            .node
            .publish_register(&town::signed(&register)?, &*registrar.peers)?;
        let versions = registrar.node.export_register()?;
        for seat in self.seats.values() {
            let (_, versions) = Node::parse_versions(&versions)?;
            seat.node.join_register(anchor, versions)?;
        }
        Ok(())
    }

    pub(crate) fn seat(&self, word: &str) -> Result<&Seat> {
        Ok(self.seats.get(&town::id(word)?).ok_or("a seat")?)
    }

    pub(crate) fn node(&self, word: &str) -> Result<&Node> {
        Ok(&self.seat(word)?.node)
    }

    /// One case by hand, from its draft until the provider has accepted it.
    pub(crate) fn to_acceptance(&self, delivery_key: &str) -> Result<CaseId> {
        let police = self.node(POLICE)?;
        let order = town::order(48_151_623, delivery_key, police.now())?;
        let drafted = Event::Drafted(Box::new(order));
        let said = police.say(None, &drafted, &key("applicant"), Some(town::APPLICATION))?;
        let (case, order) = (said.case, said.digest);
        let approved = |office| {
            Event::Approved(Approval {
                subject: order,
                office,
                signed_for: None,
            })
        };
        let issued = Event::Issued {
            order,
            urgent: false,
        };
        let steps = [
            (MINISTER, "minister", approved(Office::SecretaryOfState)),
            (
                COURT,
                "commissioner",
                approved(Office::JudicialCommissioner),
            ),
            (MINISTER, "minister", issued),
            (POLICE, "serving", Event::Served { order }),
            (PROVIDER, "response", accepted()),
        ];
        for (at, person, event) in steps {
            self.deliver_all()?;
            self.node(at)?.say(Some(case), &event, &key(person), None)?;
        }
        Ok(case)
    }

    /// Every courier of the working nodes goes until there is nothing left to bring.
    fn deliver_all(&self) -> Result<()> {
        loop {
            let mut delivered = 0;
            for seat in self.seats.values() {
                for member in seat.node.store().peers_with_deliveries(seat.node.now())? {
                    delivered += seat.node.courier_tick(&member, &*seat.peers)?.delivered;
                }
            }
            if delivered == 0 {
                return Ok(());
            }
        }
    }
}

/// Where a node will answer.
struct Door {
    listener: Option<TcpListener>,
    address: std::net::SocketAddr,
    identity: TlsIdentity,
}

impl Door {
    fn new() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        Ok(Self {
            address: listener.local_addr()?,
            listener: Some(listener),
            identity: TlsIdentity::generate(&["localhost"])?,
        })
    }
}

/// How many tiles a tick publishes. With proofs a processor makes about a thousand leaves a
/// second, cover too, and four logs share the machine: so one tile, 256 leaves, which is more
/// than the statements of a second. Without, two, so that no statement waits for its tick.
pub(crate) const fn tiles(ballots: Ballots) -> u32 {
    match ballots {
        Ballots::Proved => 1,
        Ballots::Unproved => 2,
    }
}

fn open(dir: &Path, word: &str, ballots: Ballots) -> Result<(Arc<Node>, PathBuf)> {
    let folder = dir.join(word);
    let blobs_dir = folder.join("blobs");
    std::fs::create_dir_all(&blobs_dir)?;
    let schemas = schema::builtin();
    let schema = schemas.by_name("provider-v1").ok_or("a schema")?;
    let node = Node::open(Parts {
        store: Store::sqlite(&folder.join("store.db"))?,
        blobs: Blobs::folder(&blobs_dir)?,
        env: Arc::new(SystemEnv),
        me: town::id(word)?,
        realm: Realm::live(),
        keys: town::node_keys(word),
        laws: Arc::new(law::builtin()),
        trust: Trust {
            unproved: ballots == Ballots::Unproved,
            ..Trust::default()
        },
        anchor: None,
        witnessed_logs: witnessed_logs()?,
        shape: Shape {
            tick: TICK,
            tiles: tiles(ballots),
        },
        schema: Arc::clone(schema),
        schema_bytes: schema::builtin_bytes(&schema.id).unwrap_or_default().into(),
        ballots,
    })?;
    Ok((Arc::new(node), blobs_dir))
}

/// The register's log, and those that the witness's row lets ask.
fn witnessed_logs() -> Result<Vec<VerifierKey>> {
    let mut logs = vec![town::register_log()?.vkey()];
    for number in 1..=witness::LOGS_IN_ALL {
        logs.push(witness::log(number)?.vkey());
    }
    Ok(logs)
}

/// Every node's doors over HTTPS, on one runtime.
fn serve(
    doors: &mut BTreeMap<&'static str, Door>,
    desks: &BTreeMap<MemberId, Arc<Desk>>,
) -> Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    for (word, door) in doors {
        let listener = door.listener.take().ok_or("a listener")?;
        let desk = Arc::clone(desks.get(&town::id(word)?).ok_or("a desk")?);
        let certificate = door.identity.certificate_der().to_vec();
        let identity = TlsIdentity::from_der(&certificate, door.identity.key_der())?;
        runtime.spawn(async move {
            portcullis_web::serve(listener, &identity, desk, std::future::pending()).await
        });
    }
    Ok(runtime)
}
