//! How long a follow of a node rests.

use super::{Bench, Nobody, alike};
use crate::{
    cell::follow::{BREATH, ECHO, EVERY_DEFAULT, PEER_BACKOFF_MAX, Reach, Ticked},
    peers::Peer,
};
use portcullis_core::{
    cell::{CollectionId, Command, follow::Source},
    member::MemberId,
};
use std::{collections::BTreeSet, time::Duration};

const SOURCE: &str = "source.example";
const OURS: &str = r#"{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000001","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"ours"}"#;

fn collection() -> CollectionId {
    "00000000-0000-4000-8000-000000000009".parse().unwrap()
}

fn bench() -> Bench {
    Bench::new(Source::Peer {
        member: SOURCE.parse().unwrap(),
        collection: collection(),
    })
}

fn tick(bench: &Bench, body: Option<Vec<u8>>) -> Ticked {
    let peer_of = |of: &MemberId| {
        Some(Peer {
            member: of.clone(),
            endpoint: String::new(),
            tls: BTreeSet::new(),
        })
    };
    let reach = Reach {
        peers: &alike(body),
        remote: &Nobody,
        peer_of: &peer_of,
        endpoint_of: &|_| None,
        verify: &|_, _| Err("nobody signs here".into()),
        wait_ms: 0,
    };
    bench.cell.follow_tick(&bench.follow, &reach)
}

/// Our own object comes back to us; the answer begins and ends at these positions.
fn echo(bench: &Bench, from: i64, to: i64) -> Vec<u8> {
    let (me, collection, bytes) = (bench.cell.me(), collection(), OURS.len());
    let (epoch, view) = ("01".repeat(16), "02".repeat(32));
    let lines = [
        format!(
            r#"{{"feed":1,"source":"{SOURCE}","collection":"{collection}","epoch":"{epoch}","view":"{view}","from":{from}}}"#
        ),
        format!(
            r#"{{"put":{{"added":{to},"at":1,"by":"{me}","publisher":"{me}","tlp":"green","bytes":{bytes}}}}}"#
        ),
        OURS.to_owned(),
        format!(r#"{{"end":{{"records":1,"to":{to},"behind":0,"more":false}}}}"#),
        String::new(),
    ];
    lines.join("\n").into_bytes()
}

#[test]
fn whoever_hears_its_own_words_asks_again_soon_and_whoever_hears_nothing_new_later() {
    let bench = bench();
    bench.publish(&[OURS]);
    let first = tick(&bench, Some(echo(&bench, i64::MIN, 5)));
    assert_eq!((first.fresh, first.next_call), (0, Some(ECHO)));
    let onward = tick(&bench, Some(echo(&bench, 5, 6)));
    assert_eq!((onward.fresh, onward.next_call), (0, Some(ECHO)));
    // A source that says the same for ever is not asked for ever.
    let again = tick(&bench, Some(echo(&bench, 6, 6)));
    assert_eq!((again.fresh, again.next_call), (0, Some(BREATH)));
    assert!(ECHO < BREATH);
}

#[test]
fn a_node_that_was_long_away_is_asked_every_few_seconds() {
    let bench = bench();
    let mut waits: Vec<_> = (0..40)
        .map(|_| tick(&bench, None).next_call.unwrap())
        .collect();
    assert!(waits.is_sorted(), "{waits:?}");
    assert_eq!(waits.pop(), Some(PEER_BACKOFF_MAX));
}

#[test]
fn a_server_that_was_away_is_asked_as_often_as_ever_and_at_once_when_the_follow_goes_on() {
    let bench = Bench::new(Source::Taxii {
        url: "https://taxii.example/api/collections/one/".into(),
        credential: None,
    });
    let tick = || bench.tick(&Nobody).next_call.unwrap();
    let waits: Vec<_> = (0..20).map(|_| tick()).collect();
    assert!(waits.is_sorted(), "{waits:?}");
    assert_eq!(waits.last(), Some(&EVERY_DEFAULT));
    let turns = bench.cell.follow_turns(&bench.follow);
    for paused in [true, false] {
        let follow = bench.follow;
        let command = Command::PauseFollow { follow, paused };
        bench.cell.perform(&bench.cell.operator(), command).unwrap();
    }
    assert!(turns < bench.cell.follow_turns(&bench.follow));
    assert_eq!(tick(), Duration::from_secs(1));
}
