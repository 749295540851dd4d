use crate::kit::Town;
use portcullis_core::{case::Ending, statement::Kind};
use portcullis_node::Node;
use portcullis_sim::{cast::Place, op::Op, orders::OrderKind};

const DAY: i64 = 86_400;

#[test]
fn a_uk_warrant_goes_from_draft_to_collection_under_the_double_lock() {
    let mut town = Town::new(1);
    let case = town.draft(OrderKind::UkIntercept, Place::Mail);
    town.does(Place::Minister, case, "approved");
    assert!(town.run.world.node(Place::Mail).view(case).is_err());
    town.does(Place::Court, case, "approved");
    town.does(Place::Minister, case, "issued");
    town.does(Place::Police, case, "served");
    town.does(Place::Mail, case, "accepted");
    town.does(Place::Mail, case, "seal");
    town.tick();
    town.does(Place::Mail, case, "release");
    town.does(Place::Police, case, "collect");
    for place in [Place::Police, Place::Minister, Place::Court, Place::Mail] {
        let viewed = town.view(place, case);
        assert!(
            viewed
                .case
                .packages
                .values()
                .all(|held| held.collected.is_some()),
            "{place:?}"
        );
    }
    town.run.settle().unwrap();
}

#[test]
fn a_subpoena_is_answered_without_a_judge() {
    let mut town = Town::new(2);
    let case = town.subpoena_collected();
    assert_eq!(town.phase(Place::Chat, case), "completed");
    assert_eq!(town.phase(Place::County, case), "completed");
    town.run.settle().unwrap();
}

#[test]
fn a_later_refusal_ends_an_urgent_warrant_at_once_and_what_crossed_is_destroyed() {
    let mut town = Town::new(3);
    let case = town.urgent_answered();
    town.does(Place::Mail, case, "seal");
    town.tick();
    town.does(Place::Mail, case, "release");
    town.does(Place::Police, case, "collect");
    town.does(Place::Court, case, "refused");
    town.work();
    let held = town.view(Place::Police, case).case;
    assert_eq!(held.ended.map(|(ending, _)| ending), Some(Ending::Refused));
    assert!(
        held.packages
            .values()
            .all(|held| held.destruction_instructed)
    );
    town.does(Place::Police, case, "destruction_confirmed");
    let provider = town.view(Place::Mail, case).case;
    assert!(provider.packages.values().all(|held| held.destroyed));
}

#[test]
fn silence_after_an_urgent_warrant_lapses_it_everywhere_and_nothing_leaves_after() {
    let mut town = Town::new(4);
    let case = town.urgent_answered();
    town.does(Place::Mail, case, "seal");
    town.step(Op::Advance(9 * DAY));
    town.work();
    for place in [Place::Police, Place::Mail, Place::Minister, Place::Court] {
        let ended = town.view(place, case).case.ended;
        assert_eq!(
            ended.map(|(ending, _)| ending),
            Some(Ending::Lapsed),
            "{place:?}"
        );
    }
    let words: Vec<_> = town
        .may(Place::Mail, case)
        .into_iter()
        .map(|d| d.what.word())
        .collect();
    assert!(
        !words.iter().any(|word| word.starts_with("release")),
        "{words:?}"
    );
    town.run.settle().unwrap();
}

#[test]
fn contents_are_erased_everywhere_at_term_and_the_leaves_stay() {
    let mut town = Town::new(5);
    let case = town.subpoena_collected();
    let package = *town
        .view(Place::Chat, case)
        .case
        .packages
        .keys()
        .next()
        .unwrap();
    let before = town.run.world.node(Place::Chat).logs().unwrap();
    town.step(Op::Advance(25 * 31 * DAY));
    town.work();
    for place in [Place::County, Place::Chat] {
        let node = town.run.world.node(place);
        let record = node.store().case(&case).unwrap().unwrap();
        assert!(record.erased, "{place:?}");
        for statement in &record.statements {
            let kept = statement.kind == Kind::Erased.as_str();
            assert_eq!(
                statement.envelope.is_empty(),
                !kept,
                "{place:?} {}",
                statement.kind
            );
            assert!(statement.attachment.is_none());
        }
        for path in [Node::package_path(&package), Node::collected_path(&package)] {
            assert!(!node.blobs().exists(&path).unwrap(), "{place:?} {path}");
        }
    }
    let after = town.run.world.node(Place::Chat).logs().unwrap();
    assert!(after[0].size >= before[0].size);
}
