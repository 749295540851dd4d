use super::{counted, leaves, origin, town};
use crate::kit::Town;
use portcullis_ballot::{Batch, Context, Seed, leaf::VERSION};
use portcullis_node::{Ballots, Env, Generator, Node};
use portcullis_sim::{cast::Place, op::Op, orders::OrderKind};
use portcullis_verdict::docket;
use std::collections::{BTreeMap, BTreeSet};

/// What the records say that a node's log counts: every placed leaf's docket under the schema.
fn told(node: &Node, cases: &[portcullis_core::id::CaseId]) -> BTreeMap<u8, u64> {
    let mut totals = BTreeMap::new();
    for case in cases {
        let held = node.store().case(case).unwrap().unwrap();
        for statement in held.statements.iter().filter(|record| record.ours) {
            let placed = node.store().leaves_of(&statement.digest).unwrap();
            assert!(!placed.is_empty(), "a statement has at least one leaf");
            for leaf in placed {
                // Two salts and the generation stand before it.
                let docket = docket::parse(&leaf.opening[72..]).unwrap();
                let cell = node
                    .schema()
                    .cell_of(&docket)
                    .map_or(0, portcullis_core::schema::CellNumber::get);
                *totals.entry(cell).or_default() += 1;
            }
        }
    }
    totals
}

/// A warrant that is served, at a minister whose leaves are proved.
fn warrant(town: &mut Town) -> portcullis_core::id::CaseId {
    let case = town.draft(OrderKind::UkIntercept, Place::Mail);
    town.does(Place::Minister, case, "approved");
    town.does(Place::Court, case, "approved");
    town.does(Place::Minister, case, "issued");
    town.does(Place::Police, case, "served");
    case
}

#[test]
fn the_totals_are_made_again_from_the_seed_and_the_public_tiles_after_a_restore() {
    let mut town = town(21, Place::Police);
    let first = warrant(&mut town);
    let second = town.draft(OrderKind::UkIntercept, Place::Chat);
    town.tick();
    let node = town.run.world.node(Place::Police);
    let told = told(node, &[first, second]);
    let sure: u64 = told
        .iter()
        .filter(|(cell, _)| **cell > 0)
        .map(|(_, count)| count)
        .sum();
    assert!(sure >= 2, "two drafts are counted: {told:?}");
    let seed = Seed::new(*node.keys().ballot_seed);
    let before = counted(&leaves(node, 1), &seed, &origin(node, 1));
    // Cover leaves count nothing, and nothing else was counted.
    let uncounted = told.get(&0).copied().unwrap_or_default();
    let placed: u64 = told.values().sum();
    let cover = leaves(node, 1).len() as u64 - placed;
    assert_eq!(before.get(&0), Some(&(cover + uncounted)));
    for (cell, count) in told.iter().filter(|(cell, _)| **cell > 0) {
        assert_eq!(before.get(cell), Some(count), "cell {cell}");
    }
    town.step(Op::Backup(Place::Police));
    town.step(Op::Restore(Place::Police, true));
    let node = town.run.world.node(Place::Police);
    assert_eq!(counted(&leaves(node, 1), &seed, &origin(node, 1)), before);
    // Another seed reads nothing.
    let other = Seed::new([1; 32]);
    for leaf in leaves(node, 1) {
        assert!(leaf.cell_under(&other, &origin(node, 1)).is_err());
    }
    town.run.settle().unwrap();
}

#[test]
fn every_leaf_of_a_log_is_proved_and_no_two_share_anything_made_ahead() {
    let mut town = town(22, Place::Police);
    // Some are made ahead, and some when the pool is empty.
    assert!(town.run.world.node(Place::Police).ahead_tick().unwrap());
    let case = warrant(&mut town);
    let mut calls = 0;
    while town.run.world.node(Place::Police).ahead_tick().unwrap() {
        calls += 1;
        assert!(calls < 1000, "the pool is bounded");
    }
    town.tick();
    town.does(Place::Mail, case, "accepted");
    town.tick();
    let node = town.run.world.node(Place::Police);
    let (leaves, origin) = (leaves(node, 1), origin(node, 1));
    let schema = node.schema().id.0;
    let context = Context {
        origin: &origin,
        schema: &schema,
    };
    let mut batch = Batch::new(&context);
    let (mut firsts, mut commitments) = (BTreeSet::new(), BTreeSet::new());
    for leaf in &leaves {
        assert_eq!(leaf.version(), VERSION);
        batch.push(leaf).unwrap();
        // A stands first in the proof, after version, schema, digest and commitment.
        assert!(firsts.insert(leaf.as_bytes()[97..129].to_vec()));
        assert!(commitments.insert(leaf.commitment_bytes().to_vec()));
    }
    let env = &*town.run.world.seat(Place::Police).env;
    batch.verify(&mut Generator(env as &dyn Env)).unwrap();
}

#[test]
fn a_statements_leaf_opens_to_its_docket_and_cell_at_whoever_holds_the_case() {
    let mut town = town(23, Place::Police);
    let case = warrant(&mut town);
    town.tick();
    // The provider holds the police's proof, and needs no seed to read it.
    let held = town
        .run
        .world
        .node(Place::Mail)
        .store()
        .case(&case)
        .unwrap()
        .unwrap();
    let police = Place::Police.member();
    let node = town.run.world.node(Place::Police);
    let mut seen = 0;
    for record in held
        .statements
        .iter()
        .filter(|record| record.author == police)
    {
        let inclusion = record.proof.as_ref().unwrap();
        let inclusion = portcullis_verdict::bundle::inclusion_from_bytes(inclusion).unwrap();
        let docket = docket::parse(&inclusion.opening.docket).unwrap();
        assert_eq!(docket.kind.as_str(), record.kind);
        inclusion
            .leaf
            .opens_to(&inclusion.opening, &record.envelope)
            .unwrap();
        let digest: [u8; 32] = inclusion.leaf.digest().try_into().unwrap();
        let blinding = node.seed().blinding(&origin(node, 1), &digest);
        let cell = node.schema().cell_of(&docket);
        let cell = cell.and_then(|cell| portcullis_ballot::Cell::new(cell.get()));
        inclusion.leaf.opens_to_cell(cell, &blinding).unwrap();
        seen += 1;
    }
    assert_eq!(seen, 2, "a draft and a service");
}

#[test]
fn a_node_that_takes_proofs_alone_refuses_a_leaf_without_one() {
    let mut town = Town::new(24);
    town.run
        .world
        .restart_with(Place::Mail, |parts| {
            parts.ballots = Ballots::Proved;
            parts.trust.unproved = false;
        })
        .unwrap();
    let case = town.draft(OrderKind::UkIntercept, Place::Mail);
    town.does(Place::Minister, case, "approved");
    town.does(Place::Court, case, "approved");
    town.does(Place::Minister, case, "issued");
    let served = town.try_to(Place::Police, case, "served");
    served.unwrap();
    // The draft's proof comes with the order, and the draft's leaf shows nothing.
    let node = town.run.world.node(Place::Mail);
    assert!(node.view(case).is_err());
    let turned = node.store().turned_away_list(9).unwrap();
    assert!(
        turned.iter().any(|entry| entry.code == "proof.false"),
        "{turned:?}"
    );
}
