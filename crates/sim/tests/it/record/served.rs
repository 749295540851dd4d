//! What a cell served is one leaf a tick of its node's log, and nothing else shows it.

use super::{counted, leaves, origin, town};
use crate::kit::Town;
use portcullis_core::cell::{Caller, CollectionId, Command, Mode, Settings};
use portcullis_node::cell::{Cell, CellParts, Query, Source, View, served::How};
use portcullis_sim::{cast::Place, op::Op};
use portcullis_store::Journal;
use portcullis_verdict::{
    Trust,
    cell::{By, Evidence, verify_evidence},
};
use std::sync::Arc;

const OBJECT: &str = "indicator--00000000-0000-4000-8000-000000000001";

struct Served {
    journal: Journal,
    ledger: Journal,
    collection: CollectionId,
}

/// A cell at a node of a town, on journals that outlive it.
fn attach(town: &Town, place: Place, served: &Served) -> Arc<Cell> {
    let node = town.run.world.node(place);
    let cell = Cell::open(CellParts {
        journal: served.journal.clone(),
        served: served.ledger.clone(),
        env: Arc::clone(&town.run.world.seat(place).env) as Arc<dyn portcullis_node::Env>,
        me: node.me().clone(),
        realm: node.realm().clone(),
        signer: Some(node.keys().statements.to_text().parse().unwrap()),
    })
    .unwrap();
    cell.load().unwrap();
    assert!(node.attach_cell(Arc::clone(&cell)));
    cell
}

fn begin(town: &Town, place: Place) -> (Served, Arc<Cell>) {
    let mut served = Served {
        journal: Journal::memory([1; 16]),
        ledger: Journal::memory([2; 16]),
        collection: CollectionId::from_bytes([0; 16]),
    };
    let cell = attach(town, place, &served);
    served.collection = cell.new_collection();
    let mut settings = Settings::titled("indicators");
    settings.open = true;
    settings.mode = Mode::Keep;
    settings.default_tlp = portcullis_core::cell::Tlp::Clear;
    let open = Command::OpenCollection {
        collection: served.collection,
        settings: Box::new(settings),
    };
    cell.perform(&cell.operator(), open).unwrap();
    let envelope = format!(
        r#"{{"objects":[{{"type":"indicator","spec_version":"2.1","id":"{OBJECT}","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z"}}]}}"#
    );
    let envelope = envelope.into_bytes().into();
    let added = cell.add(
        &cell.operator(),
        &served.collection,
        envelope,
        Source::Published,
    );
    assert_eq!(added.unwrap().fresh, 1);
    (served, cell)
}

fn serve(cell: &Cell, collection: &CollectionId) {
    let caller = Caller::node("bank.example".parse().unwrap());
    let page = cell
        .page(&caller, collection, &Query::default(), View::Objects)
        .unwrap();
    cell.note_served(&caller, collection, How::Page, &page.served)
        .unwrap();
    cell.served_tick().unwrap();
}

#[test]
fn what_was_served_is_one_leaf_a_tick_and_proved_to_strangers() {
    let place = Place::Police;
    let mut town = town(61, place);
    let (served, cell) = begin(&town, place);
    town.tick();
    let node = town.run.world.node(place);
    let queues = node.store().counts().unwrap();
    serve(&cell, &served.collection);
    serve(&cell, &served.collection);
    town.tick();
    town.tick();
    let proved = cell.evidence(OBJECT, &[], true).unwrap();
    assert_eq!(
        (proved.evidence.served.len(), proved.evidence.roots.len()),
        (2, 1)
    );
    assert_eq!(proved.recorded, 1);
    let node = town.run.world.node(place);
    assert_eq!(node.store().counts().unwrap(), queues, "no queue shows it");
    assert_eq!(node.store().queued_count().unwrap(), 0);
    let totals = counted(&leaves(node, 1), node.seed(), &origin(node, 1));
    assert_eq!(
        totals.keys().copied().collect::<Vec<_>>(),
        [0],
        "no cell counts it"
    );
    // Somebody else, with the register and nothing more.
    let history = town.run.world.node(Place::Mail).history().unwrap();
    let (trust, now) = (
        Trust {
            unproved: true,
            ..Trust::default()
        },
        node.now(),
    );
    let by = By::Register {
        history: &history,
        trust: &trust,
        now,
    };
    let bytes = proved.evidence.to_bytes();
    let findings = verify_evidence(&Evidence::parse(&bytes).unwrap(), &by);
    assert!(findings.holds(), "{:?}", findings.checks);
    assert!(
        findings
            .served
            .iter()
            .all(|shown| shown.recorded_at.is_some())
    );
    // The proof of another leaf does not pass for it.
    let mut changed = proved.evidence.clone();
    let inclusion = changed.roots[0].inclusion.as_mut().unwrap();
    inclusion.opening.envelope_salt.0[0] ^= 1;
    let failed = verify_evidence(&changed, &by);
    let failed = failed.checks.iter().find(|check| !check.passed).unwrap();
    assert_eq!(failed.name, "root.recorded");
    town.run.settle().unwrap();
}

#[test]
fn a_root_whose_leaf_was_not_queued_when_the_node_stopped_is_queued_later_and_once() {
    let place = Place::Police;
    let mut town = town(62, place);
    let (served, cell) = begin(&town, place);
    serve(&cell, &served.collection);
    // The root is on the disk, and the node stops before its leaf is queued.
    let now = town.run.world.node(place).now();
    assert_eq!(cell.seal_root(now).unwrap(), Some(1));
    drop(cell);
    town.step(Op::Crash(place));
    super::proved(&mut town, place);
    let cell = attach(&town, place, &served);
    town.tick();
    town.tick();
    town.tick();
    let proved = cell.evidence(OBJECT, &[], false).unwrap();
    assert_eq!((proved.evidence.roots.len(), proved.recorded), (1, 1));
    let node = town.run.world.node(place);
    let root = portcullis_verdict::cell::Word::<portcullis_verdict::cell::Root>::parse(
        &proved.evidence.roots[0].word,
    )
    .unwrap();
    assert_eq!(node.store().leaves_of(&root.digest()).unwrap().len(), 1);
    town.run.settle().unwrap();
}

#[test]
fn the_opening_of_a_pseudonym_is_a_leaf() {
    let place = Place::Police;
    let mut town = town(63, place);
    let (served, cell) = begin(&town, place);
    town.tick();
    let operator = cell.operator();
    let pseudonym = cell.pseudonym(&operator, &served.collection).unwrap();
    let identity = pseudonym.identity.to_string();
    let node = town.run.world.node(place);
    let opened = node
        .open_pseudonym(&operator, &identity, "duty officer", "a court asks")
        .unwrap();
    assert_eq!(node.store().queued_count().unwrap(), 1);
    town.tick();
    let node = town.run.world.node(place);
    assert_eq!(node.store().leaves_of(&opened.digest).unwrap().len(), 1);
}
