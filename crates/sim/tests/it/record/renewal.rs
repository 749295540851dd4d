use super::{counted, leaves, origin, proved, text, town};
use portcullis_ballot::{Context, Opening, Salt};
use portcullis_node::{Ballots, LogFault, Node, NodeError};
use portcullis_sim::{cast::Place, op::Op, orders::OrderKind};
use portcullis_verdict::schema;

fn verified(node: &Node, generation: u64) -> usize {
    let origin = origin(node, generation);
    let schema = node.schema().id.0;
    let context = Context {
        origin: &origin,
        schema: &schema,
    };
    let leaves = leaves(node, generation);
    for leaf in &leaves {
        leaf.verify(&context).unwrap();
    }
    leaves.len()
}

#[test]
fn leaves_that_waited_for_a_lost_log_are_made_anew_for_the_next() {
    let mut town = town(41, Place::County);
    let case = town.draft(OrderKind::UsSubpoena, Place::Chat);
    town.does(Place::County, case, "issued");
    town.does(Place::County, case, "served");
    town.step(Op::Backup(Place::County));
    town.tick();
    town.tick();
    // In the backup leaves wait for the first log, which goes on to be witnessed.
    town.step(Op::Restore(Place::County, true));
    let waiting = town
        .run
        .world
        .node(Place::County)
        .store()
        .queued_leaves(9)
        .unwrap();
    assert!(!waiting.is_empty());
    town.step(Op::Advance(120));
    town.step(Op::Sequencer(Place::County));
    let node = town.run.world.node(Place::County);
    assert!(node.is_restoring().unwrap(), "it knows that it is behind");
    assert_eq!(verified(node, 2), 256);
    let entries: Vec<_> = leaves(node, 2)
        .iter()
        .map(|leaf| leaf.as_bytes().to_vec())
        .collect();
    assert!(waiting.iter().all(|leaf| !entries.contains(&leaf.entry)));
    let digests: Vec<_> = leaves(node, 2)
        .iter()
        .map(|leaf| leaf.digest().to_vec())
        .collect();
    for leaf in &waiting {
        let digest = &leaf.entry[33..65];
        assert!(digests.iter().all(|found| found != digest));
        assert_eq!(opened(node, leaf), 1, "the new digest opens to the same");
    }
    let totals = counted(&leaves(node, 2), node.seed(), &origin(node, 2));
    assert_eq!(totals.values().sum::<u64>(), 256);
    assert!(
        totals.len() > 1,
        "what waited is counted in the new log: {totals:?}"
    );
    town.run.settle().unwrap();
}

/// How many leaves of the second log open to the docket and the statement of a queued one.
fn opened(node: &Node, queued: &portcullis_store::Leaf) -> usize {
    let (_, statement) = node.store().statement(&queued.statement).unwrap().unwrap();
    let placed = node.store().leaves_of(&queued.statement).unwrap();
    let next = origin(node, 2);
    let placed = placed
        .iter()
        .filter(|leaf| leaf.origin == next && leaf.ordinal == queued.ordinal);
    let leaves = leaves(node, 2);
    let opens = placed.filter(|placed| {
        assert_ne!(placed.opening[..32], queued.opening[..32], "a fresh salt");
        assert_ne!(
            placed.opening[32..64],
            queued.opening[32..64],
            "a fresh salt"
        );
        assert_eq!(
            placed.opening[72..],
            queued.opening[72..],
            "the same docket"
        );
        let opening = Opening {
            docket: placed.opening[72..].to_vec(),
            docket_salt: Salt(placed.opening[..32].try_into().unwrap()),
            envelope_salt: Salt(placed.opening[32..64].try_into().unwrap()),
        };
        let leaf = &leaves[usize::try_from(placed.index).unwrap()];
        leaf.opens_to(&opening, &statement.envelope).is_ok()
    });
    opens.count()
}

#[test]
fn a_log_is_closed_by_choice_and_the_next_counts_under_another_schema() {
    let mut town = town(42, Place::County);
    let case = town.draft(OrderKind::UsSubpoena, Place::Chat);
    let place = Place::County;
    let renew = |town: &crate::kit::Town| {
        let world = &town.run.world;
        world.node(place).renew_log(&world.peers(place))
    };
    town.tick();
    town.does(place, case, "issued");
    let other = |parts: &mut portcullis_node::Parts| {
        let schemas = schema::builtin();
        let schema = schemas.by_name("provider-v1").unwrap();
        parts.ballots = Ballots::Proved;
        parts.schema_bytes = schema::builtin_bytes(&schema.id).unwrap().into();
        parts.schema = schema.clone();
    };
    town.run.world.restart_with(place, other).unwrap();
    // Nothing is said and nothing grows while the configuration names another schema.
    let refused = town.try_to(place, case, "served");
    assert!(
        matches!(refused, Err(NodeError::Log(LogFault::OtherSchema { .. }))),
        "{refused:?}"
    );
    town.step(Op::Advance(120));
    let world = &town.run.world;
    let stuck = world.node(place).sequencer_tick(&world.peers(place));
    assert_eq!(stuck.unwrap_err().code(), "log.other_schema");
    let size = world.node(place).logs().unwrap()[0].size;
    let renewed = renew(&town).unwrap();
    assert_eq!(renewed.closed, origin(town.run.world.node(place), 1));
    assert_eq!(renewed.size, size + 256, "what waited was placed first");
    assert_eq!(
        town.run.world.node(place).store().queued_count().unwrap(),
        0
    );
    let closed = text(town.run.world.node(place), "log/1/closed");
    assert!(closed.starts_with(&format!(
        "portcullis/log-closed/v1\n{}\n{}\n",
        renewed.closed, renewed.size
    )));
    // What was said before has its proof, in the closed log.
    let held = town
        .run
        .world
        .node(place)
        .store()
        .case(&case)
        .unwrap()
        .unwrap();
    let ours = held.statements.iter().filter(|record| record.ours);
    assert!(ours.clone().count() >= 2 && ours.clone().all(|record| record.proof.is_some()));
    let twice = renew(&town).unwrap_err();
    assert_eq!(twice.code(), "log.empty");
    town.does(place, case, "served");
    town.tick();
    let node = town.run.world.node(place);
    assert!(verified(node, 2) >= 256);
    assert!(!text(node, "log/2/shape").contains(&text(node, "log/1/schema")));
    assert_ne!(text(node, "log/1/schema"), text(node, "log/2/schema"));
    town.run.settle().unwrap();
}

/// What every witness answers to the checkpoint of a generation of a log, shown once more.
fn shown_again(town: &crate::kit::Town, place: Place, generation: u64) -> Vec<(u16, String)> {
    use portcullis_node::door::Doors as _;
    use portcullis_tlog::{note::SignedNote, tree::TreeSize, witness::AddCheckpoint};
    let world = &town.run.world;
    let node = world.node(place);
    let state = node.store().log(&origin(node, generation)).unwrap();
    let state = state.unwrap();
    let signed = SignedNote::parse(&state.checkpoint).unwrap();
    let request = AddCheckpoint::new(TreeSize(state.size), Vec::new(), signed).unwrap();
    let witnesses = Place::WITNESSES.iter().map(|witness| {
        let body = request.to_string();
        let answer = world.node(*witness).witness_add_checkpoint(body.as_bytes());
        (answer.status, answer.body)
    });
    witnesses.collect()
}

#[test]
fn a_witness_that_cosigned_the_next_log_takes_no_more_of_the_one_before() {
    let mut town = crate::kit::Town::new(44);
    let place = Place::County;
    town.draft(OrderKind::UsSubpoena, Place::Chat);
    town.tick();
    let again = shown_again(&town, place, 1);
    assert!(again.iter().all(|(status, _)| *status == 200), "{again:?}");
    let world = &town.run.world;
    world.node(place).renew_log(&world.peers(place)).unwrap();
    let again = shown_again(&town, place, 1);
    assert!(again.iter().all(|(status, _)| *status == 200), "{again:?}");
    town.tick();
    let again = shown_again(&town, place, 2);
    assert!(again.iter().all(|(status, _)| *status == 200), "{again:?}");
    let next = origin(town.run.world.node(place), 2);
    for (status, body) in shown_again(&town, place, 1) {
        assert_eq!(status, 403);
        assert!(
            body.starts_with(&format!("`{next}` was cosigned")),
            "{body}"
        );
    }
    town.run.settle().unwrap();
}

#[test]
fn a_backup_from_before_the_closing_goes_on_with_the_next_log() {
    let mut town = crate::kit::Town::new(45);
    let place = Place::County;
    town.draft(OrderKind::UsSubpoena, Place::Chat);
    town.tick();
    town.tick();
    town.step(Op::Backup(place));
    let world = &town.run.world;
    let renewed = world.node(place).renew_log(&world.peers(place)).unwrap();
    let size = world.node(place).logs().unwrap()[0].size;
    assert_eq!(renewed.size, size);
    town.tick();
    town.step(Op::Restore(place, false));
    town.step(Op::Advance(120));
    town.step(Op::Sequencer(place));
    let logs = town.run.world.node(place).logs().unwrap();
    assert_eq!(logs.len(), 2);
    assert!(logs[0].closed && logs[0].size == size && !logs[1].closed);
    town.run.settle().unwrap();
}

#[test]
fn leaves_of_a_trial_are_made_anew_once_a_node_proves_what_it_counts() {
    let mut town = crate::kit::Town::new(43);
    let case = town.draft(OrderKind::UsSubpoena, Place::Chat);
    town.does(Place::County, case, "issued");
    town.does(Place::County, case, "served");
    proved(&mut town, Place::County);
    assert!(
        town.run
            .world
            .node(Place::County)
            .store()
            .queued_count()
            .unwrap()
            > 0
    );
    town.step(Op::Advance(120));
    town.step(Op::Sequencer(Place::County));
    town.tick();
    let node = town.run.world.node(Place::County);
    let origin = origin(node, 1);
    let schema = node.schema().id.0;
    let context = Context {
        origin: &origin,
        schema: &schema,
    };
    let leaves = leaves(node, 1);
    let (trial, proved) = leaves.split_at(256);
    assert!(trial.iter().all(|leaf| leaf.version() == 0));
    assert_eq!(proved.len(), 256);
    assert!(proved.iter().all(|leaf| leaf.verify(&context).is_ok()));
    assert!(counted(proved, node.seed(), &origin).len() > 1);
}
