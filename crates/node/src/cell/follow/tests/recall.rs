//! What a node answers when a recall comes round to it.

use super::Bench;
use crate::cell::feed;
use portcullis_core::cell::{
    follow::Source,
    recall::{Complied, Recall},
};

const ID: &str = "indicator--00000000-0000-4000-8000-000000000001";

#[test]
fn a_recall_that_comes_round_to_where_it_began_is_answered_once_all_is_gone() {
    let bench = Bench::new(Source::Peer {
        member: "other.example".parse().unwrap(),
        collection: "00000000-0000-4000-8000-000000000009".parse().unwrap(),
    });
    let object = format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"{ID}","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"ours"}}"#
    );
    bench.publish(&[&object]);
    let cell = &bench.cell;
    let recall = cell.recall(&cell.operator(), ID, &[], "our own scanner", None);
    let recall = recall.unwrap();
    let answers = |done: &dyn Fn(&Recall) -> bool| {
        let waits_for = [recall].into();
        let answers = feed::confirmations(&cell.state(), &waits_for, cell.me(), done);
        answers
            .into_iter()
            .map(|answer| answer.how)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        answers(&|recall| cell.is_withdrawn(recall)),
        [Complied::Removed]
    );
    assert_eq!(answers(&|_| false), []);
}
