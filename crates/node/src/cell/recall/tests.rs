//! What is withdrawn by several at once.

use super::onward_note;
use crate::cell::{
    Query, VersionMatch,
    tests::{Kit, id, indicator},
};
use portcullis_core::member::MemberId;
use std::collections::BTreeSet;

#[test]
fn several_who_withdraw_one_recall_publish_one_revoked_version() {
    let kit = Kit::new();
    assert_eq!(kit.add(&[indicator(1, 0), indicator(1, 1)]).failures, []);
    let cell = &kit.cell;
    let all = Query {
        versions: vec![VersionMatch::All],
        ..Query::default()
    };
    let recall = portcullis_core::cell::Command::Recall {
        recall: cell.new_recall(),
        object: id(1).parse().unwrap(),
        publisher: kit.a().member,
        versions: Vec::new(),
        reason: "our own scanner".into(),
        asked: [].into(),
        due: "2027-01-01T00:00:00Z".parse().unwrap(),
    };
    cell.perform(&kit.a(), recall).unwrap();
    let state = cell.state();
    let recall = state.recalls().values().next().unwrap();
    // A door's thread, the clock's and a command beside them have all seen what is to be done.
    let covered = cell.covered_by(recall);
    assert_eq!(covered.len(), 2);
    for _ in 0..3 {
        kit.clock.pass(5_000);
        cell.withdraw(recall, &covered).unwrap();
    }
    let left = kit.shown(&all);
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].contains(r#""revoked":true"#), "{left:?}");
}

#[test]
fn what_is_confirmed_of_whom_we_served_fits_a_note_however_many_they_are() {
    let names = |count: usize| -> BTreeSet<MemberId> {
        (0..count)
            .map(|n| {
                format!("member-{n:04}-of-a-long-name.example")
                    .parse()
                    .unwrap()
            })
            .collect()
    };
    let few = onward_note(&names(2));
    assert_eq!(
        few,
        "served on to, and asked in turn: member-0000-of-a-long-name.example, member-0001-of-a-long-name.example"
    );
    let many = onward_note(&names(1_000));
    assert!(many.len() <= 4_000, "{}", many.len());
    let named = many.matches("member-").count();
    assert!(many.ends_with(&format!(" and {} more", 1_000 - named)));
}
