//! The same operations on SQLite and on the memory driver, which is the model:
//! the same answers, all along.

use crate::given::{append, at, case, delivery, digest, leaf, member, root, statement};
use portcullis_store::{
    Commit, Cursor, DeliveryId, Filter, LeafId, RegisterRecord, Remade, Store, TurnedAway,
    Witnessed,
};
use proptest::{collection::vec, prelude::*, sample::select};

const PEERS: [&str; 3] = ["mail.example", "court.example", "police.example"];
const ORIGINS: [&str; 2] = ["old", "new"];
const PHASES: [&str; 3] = ["drafted", "served", "closed"];

/// Numbers from small ranges, so that operations meet each other.
#[derive(Clone, Debug)]
enum Op {
    Commit(Vec<Change>),
    AttachProof(u32),
    Delivered(Vec<u64>),
    Postponed(u64, i64),
    TurnedDown(u64),
    TurnedAway(i64),
    Append {
        origin: usize,
        back: u64,
        grow: u64,
        placed: Vec<(u64, u64)>,
    },
    Remake(u64, u8),
    Published(usize, u64),
    Cosigned(usize, u64),
    Close(usize),
    Witness(usize, Option<u64>, u64),
    Register(u32, u64, u8, bool),
    Promise(u32, u8),
    Meta(u8),
    Lease(usize, i64, i64),
}

/// A commit to a case, on the version it is at or `stale` behind it.
#[derive(Clone, Debug)]
struct Change {
    case: u32,
    stale: bool,
    statements: Vec<(u32, u32, bool)>,
    leaves: Vec<(u32, u16)>,
    deliveries: Vec<(usize, u32)>,
    proofs: Vec<u32>,
    phase: usize,
    authority: usize,
    urgent: bool,
    next_at: Option<i64>,
    updated_at: i64,
    erase: bool,
}

fn changes() -> impl Strategy<Value = Change> {
    let content = (
        vec((0..24u32, 0..12u32, any::<bool>()), 0..3),
        vec((0..24u32, 0..3u16), 0..3),
        vec((0..PEERS.len(), 0..24u32), 0..3),
        prop_oneof![4 => Just(vec![]), 1 => vec(0..24u32, 1..2)],
    );
    let summary = (
        0..PHASES.len(),
        0..PEERS.len(),
        any::<bool>(),
        proptest::option::of(0..5i64),
        0..5i64,
    );
    let flags = (prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    (0..4u32, content, summary, flags).prop_map(|(case, content, summary, (stale, erase))| {
        let (statements, leaves, deliveries, proofs) = content;
        let (phase, authority, urgent, next_at, updated_at) = summary;
        Change {
            case,
            stale,
            statements,
            leaves,
            deliveries,
            proofs,
            phase,
            authority,
            urgent,
            next_at,
            updated_at,
            erase,
        }
    })
}

fn ops() -> impl Strategy<Value = Op> {
    let origin = 0..ORIGINS.len();
    prop_oneof![
        8 => vec(changes(), 1..3).prop_map(Op::Commit),
        1 => (0..24u32).prop_map(Op::AttachProof),
        2 => vec(1..12u64, 0..3).prop_map(Op::Delivered),
        2 => (1..12u64, 0..9i64).prop_map(|(id, at)| Op::Postponed(id, at)),
        1 => (1..12u64).prop_map(Op::TurnedDown),
        1 => (0..9i64).prop_map(Op::TurnedAway),
        5 => (origin.clone(), select(vec![0, 0, 0, 0, 1]), 0..5u64, vec((1..10u64, 0..5u64), 0..3))
            .prop_map(|(origin, back, grow, placed)| Op::Append { origin, back, grow, placed }),
        1 => (origin.clone(), 0..9u64).prop_map(|(origin, size)| Op::Published(origin, size)),
        1 => (1..10u64, any::<u8>()).prop_map(|(id, byte)| Op::Remake(id, byte)),
        2 => (origin.clone(), 0..9u64).prop_map(|(origin, size)| Op::Cosigned(origin, size)),
        1 => origin.clone().prop_map(Op::Close),
        1 => (origin, proptest::option::of(0..4u64), 0..4u64)
            .prop_map(|(origin, expected, size)| Op::Witness(origin, expected, size)),
        1 => (0..2u32, 1..3u64, 0..2u8, any::<bool>())
            .prop_map(|(register, version, envelope, proof)| Op::Register(register, version, envelope, proof)),
        1 => (0..3u32, any::<u8>()).prop_map(|(n, promise)| Op::Promise(n, promise)),
        1 => any::<u8>().prop_map(Op::Meta),
        1 => (0..PEERS.len(), 0..9i64, 0..9i64).prop_map(|(holder, until, now)| Op::Lease(holder, until, now)),
    ]
}

fn to_commit(store: &Store, change: &Change) -> Commit {
    let version = store
        .case(&case(change.case))
        .unwrap()
        .map_or(0, |case| case.version);
    let expected = if change.stale {
        version.wrapping_sub(1).min(99)
    } else {
        version
    };
    let statements = change.statements.iter().map(|(n, number, ours)| {
        let mut new = statement(*n, *number);
        new.ours = *ours;
        new
    });
    let mut commit = crate::given::commit(case(change.case), expected, statements.collect());
    commit.leaves = change
        .leaves
        .iter()
        .map(|(n, ordinal)| leaf(*n, *ordinal))
        .collect();
    commit.deliveries = change
        .deliveries
        .iter()
        .map(|(peer, n)| delivery(PEERS[*peer], &[*n]))
        .collect();
    commit.proofs = change
        .proofs
        .iter()
        .map(|n| (digest(*n), b"proof".to_vec()))
        .collect();
    commit.summary.phase = PHASES[change.phase].into();
    commit.summary.authority = member(PEERS[change.authority]);
    commit.summary.urgent = change.urgent;
    commit.summary.next_at = change.next_at.map(at);
    commit.summary.updated_at = at(change.updated_at);
    commit.erase = change.erase;
    commit
}

fn remade(id: u64, byte: u8) -> Remade {
    Remade {
        id: LeafId(id),
        entry: vec![byte],
        opening: vec![byte],
    }
}

/// Does the operation and answers what came of it, as text.
fn perform(store: &Store, op: &Op) -> String {
    match op {
        Op::Commit(changes) => {
            let commits = changes
                .iter()
                .map(|change| to_commit(store, change))
                .collect();
            format!("{:?}", store.commit(commits))
        }
        Op::AttachProof(n) => format!(
            "{:?}",
            store.attach_proofs(vec![(digest(*n), b"attached".to_vec())])
        ),
        Op::Delivered(ids) => {
            format!(
                "{:?}",
                store.delivered_all(&ids.iter().map(|id| DeliveryId(*id)).collect::<Vec<_>>())
            )
        }
        Op::Postponed(id, next_at) => format!(
            "{:?}",
            store.postponed(DeliveryId(*id), at(*next_at), "busy")
        ),
        Op::TurnedDown(id) => format!("{:?}", store.turned_down(DeliveryId(*id), "code", "detail")),
        Op::TurnedAway(when) => {
            let entry = TurnedAway {
                peer: member(PEERS[0]),
                at: at(*when),
                code: "code".into(),
                detail: "detail".into(),
            };
            format!("{:?}", store.turned_away(entry))
        }
        Op::Append {
            origin,
            back,
            grow,
            placed,
        } => {
            let size = store
                .log(ORIGINS[*origin])
                .unwrap()
                .map_or(0, |log| log.size);
            let mut append = append(ORIGINS[*origin], size.saturating_sub(*back), size + grow);
            append.placed = placed
                .iter()
                .map(|(id, offset)| (LeafId(*id), size + offset))
                .collect();
            for leaf in store.queued_leaves(99).unwrap() {
                let offset = placed
                    .iter()
                    .find(|(id, _)| *id == leaf.id.0)
                    .map(|(_, offset)| *offset);
                if let Some(entry) =
                    offset.and_then(|offset| append.entries.get_mut(usize::try_from(offset).ok()?))
                {
                    *entry = leaf.entry;
                }
            }
            format!("{:?}", store.log_append(append))
        }
        Op::Remake(id, byte) => format!("{:?}", store.remake_leaves(vec![remade(*id, *byte)])),
        Op::Published(origin, up_to) => format!("{:?}", store.published(ORIGINS[*origin], *up_to)),
        Op::Cosigned(origin, size) => {
            format!("{:?}", store.set_cosigned(ORIGINS[*origin], *size, b"note"))
        }
        Op::Close(origin) => format!("{:?}", store.close_log(ORIGINS[*origin])),
        Op::Witness(origin, expected, size) => {
            let to = Witnessed {
                size: *size,
                root: root(*size),
                note: b"note".to_vec(),
            };
            format!(
                "{:?}",
                store.witness_advance(ORIGINS[*origin], *expected, to)
            )
        }
        Op::Register(register, version, envelope, proof) => {
            let record = RegisterRecord {
                register: digest(*register),
                version: *version,
                envelope: vec![*envelope],
                proof: proof.then(|| b"proof".to_vec()),
                stored_at: at(0),
            };
            format!("{:?}", store.add_register(record))
        }
        Op::Promise(n, promise) => format!("{:?}", store.add_promise(&digest(*n), &[*promise])),
        Op::Meta(value) => format!("{:?}", store.set_meta("key", &[*value])),
        Op::Lease(holder, until, now) => format!(
            "{:?}",
            store.lease("name", PEERS[*holder], at(*until), at(*now))
        ),
    }
}

/// Everything a store can be asked, as text.
fn everything(store: &Store) -> Vec<String> {
    let mut told = Vec::new();
    for n in 0..4 {
        told.push(format!(
            "{:?} {:?}",
            store.case(&case(n)),
            store.row(&case(n))
        ));
        told.push(format!("{:?}", store.delivery_status(&case(n))));
        told.push(format!("{:?}", store.cases_due(at(2), n as usize)));
    }
    for n in 0..24 {
        told.push(format!(
            "{:?} {:?}",
            store.statement(&digest(n)),
            store.leaves_of(&digest(n))
        ));
    }
    for peer in PEERS {
        told.push(format!(
            "{:?} {:?}",
            peer,
            store.deliveries_due(&member(peer), at(4), 3)
        ));
    }
    told.push(format!(
        "{:?} {:?}",
        store.peers_with_deliveries(at(4)),
        store.next_delivery()
    ));
    told.push(format!(
        "{:?} {:?}",
        store.queued_leaves(7),
        store.queued_count()
    ));
    for origin in ORIGINS {
        told.push(format!(
            "{:?} {:?}",
            store.log(origin),
            store.witnessed(origin)
        ));
        for size in [0, 3, 6] {
            told.push(format!("{:?}", store.batches(origin, size)));
            told.push(format!(
                "{:?}",
                store.leaves_cosigned_without_proof(origin, size, 5)
            ));
        }
    }
    told.push(format!(
        "{:?} {:?}",
        store.origins(),
        store.turned_away_list(3)
    ));
    told.push(format!("{:?} {:?}", store.registers(), store.promises()));
    told.push(format!("{:?} {:?}", store.meta("key"), store.counts()));
    for phase in [None, Some(PHASES[1].to_owned())] {
        for peer in [None, Some(member(PEERS[0])), Some(member(PEERS[2]))] {
            for urgent_first in [false, true] {
                let filter = Filter {
                    phase: phase.clone(),
                    peer: peer.clone(),
                    urgent_first,
                };
                let mut after: Option<Cursor> = None;
                for _ in 0..4 {
                    let page = store.queue(&filter, after.as_ref(), 2).unwrap();
                    told.push(format!("{filter:?} {page:?}"));
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
            }
        }
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_answers_as_memory_does(ops in vec(ops(), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let (memory, mut sqlite) = (Store::memory(), Store::sqlite(&path).unwrap());
        for (step, op) in ops.iter().enumerate() {
            prop_assert_eq!(perform(&sqlite, op), perform(&memory, op), "{:?}", op);
            if step % 16 == 15 {
                prop_assert_eq!(everything(&sqlite), everything(&memory));
                drop(sqlite);
                sqlite = Store::sqlite(&path).unwrap();
            }
        }
        prop_assert_eq!(everything(&sqlite), everything(&memory));
    }
}
