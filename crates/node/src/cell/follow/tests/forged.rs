//! A follower that lies in what it replies.

use super::{
    peer::proof,
    replies::{AMBER, Pair, RED, X, Y, indicator, member, peer, sighting, standing},
};
use crate::{
    cell::{
        Change, Source as Coming, Stamp,
        feed::{End, Head, REPLIES_TEXT_BYTES_MAX, Record, Writer},
    },
    peers::Peer,
};
use bytes::Bytes;
use portcullis_core::{
    cell::{Caller, Command, Label, Marks, Rights, Secret, Tlp},
    member::MemberId,
};
use std::{collections::BTreeSet, sync::atomic::Ordering};

const THIRD: &str = "third.example";
const NOW_US: i64 = 1_790_000_000_000_000;
/// The version of what [`indicator`] and [`sighting`] make first.
const VERSION_US: i64 = 1_767_225_600_000_000;

/// Replies of the reader's.
fn said(pair: &Pair, records: &[Record<'_>]) -> String {
    let mut writer = Writer::new(&Head {
        source: member(Y),
        collection: pair.collection,
        epoch: [0; 16],
        view: [0; 32],
        from: i64::MIN,
        out: false,
        hears: false,
    });
    for record in records {
        writer.record(record);
    }
    let text = writer.end(&End {
        to: i64::MIN,
        behind: 0,
        more: false,
    });
    String::from_utf8(text).unwrap()
}

fn stamp(by: &str, at_us: i64) -> Stamp {
    Stamp {
        at_us,
        by: member(by),
    }
}

/// A put of the reader's, published by this member.
fn put<'a>(publisher: &str, object: &'a str, provenance: &'a [u8]) -> Record<'a> {
    Record::Put {
        added: i64::MIN,
        mark: stamp(Y, NOW_US),
        object: object.as_bytes(),
        provenance,
        label: Label {
            tlp: Tlp::Amber,
            bound: None,
            publisher: member(publisher),
            recipients: BTreeSet::new(),
            held: false,
        },
        marks: Marks::default(),
    }
}

/// A third member that may add, too.
pub(super) fn third(pair: &Pair) -> Caller {
    let third = member(THIRD);
    let invite = Command::Invite {
        group: pair.group,
        member: third.clone(),
        standing: standing(),
    };
    pair.x.perform(&pair.x.operator(), invite).unwrap();
    let third = Caller::node(third);
    let accept = Command::Accept { group: pair.group };
    pair.x.perform(&third, accept).unwrap();
    third
}

#[test]
fn nobody_says_in_a_reply_that_what_others_published_is_gone() {
    let pair = Pair::new(true);
    let ours = indicator(1, AMBER);
    pair.add(&pair.x, &ours.1);
    // A third member has published one at the publisher's node, and one at its own.
    let (here, elsewhere) = (indicator(2, AMBER), indicator(3, AMBER));
    let envelope = format!("{{\"objects\":[{}]}}", here.1);
    let added = pair.x.add(
        &third(&pair),
        &pair.collection,
        envelope.into(),
        Coming::Published,
    );
    assert_eq!(added.unwrap().failures, []);
    let followed = Change::Put {
        bytes: Bytes::from(elsewhere.1.clone()),
        stamp: stamp(THIRD, NOW_US),
        publisher: member(THIRD),
        tlp: Tlp::Amber,
        held: false,
        marks: Marks::default(),
        provenance: Bytes::from(proof(THIRD, THIRD, &elsewhere.1)),
    };
    pair.x
        .accept(&pair.collection, &[followed], Vec::new())
        .unwrap();
    pair.settle();
    assert_eq!(pair.kind(&pair.y, "indicator").len(), 3);
    let late = NOW_US + 60_000_000;
    let marks = [None, Some(stamp(THIRD, late)), Some(stamp(Y, late))];
    for (id, _) in [ours, here, elsewhere] {
        for mark in marks.clone() {
            let (id, version) = (id.clone(), VERSION_US);
            let mut records = Vec::new();
            if let Some(mark) = mark.clone() {
                records.push(Record::Remove {
                    added: i64::MIN,
                    mark,
                    id: id.clone(),
                    version,
                });
            }
            records.push(Record::Forget { id, version, mark });
            pair.hear(said(&pair, &records)).unwrap();
            assert_eq!(pair.kind(&pair.x, "indicator").len(), 3);
        }
    }
    // Its own it takes back, by its own change or by none.
    for mark in marks {
        let n = 1 + u8::try_from(pair.kind(&pair.x, "sighting").len()).unwrap();
        let text = sighting(n, 0, &indicator(1, AMBER).0, AMBER, "");
        let vouched = proof(Y, Y, &text);
        pair.hear(said(&pair, &[put(Y, &text, &vouched)])).unwrap();
        let fresh = pair.kind(&pair.x, "sighting").pop().unwrap().0;
        let theirs = mark.as_ref().is_none_or(|mark| mark.by == member(Y));
        let back = Record::Forget {
            id: fresh.clone(),
            version: VERSION_US,
            mark,
        };
        pair.hear(said(&pair, &[back])).unwrap();
        let stands = pair.kind(&pair.x, "sighting");
        assert_eq!(stands.iter().any(|(id, _)| *id == fresh), !theirs);
    }
}

#[test]
fn a_follower_replies_in_its_own_name_and_its_accounts_alone() {
    let pair = Pair::new(true);
    let (about, object) = indicator(1, AMBER);
    pair.add(&pair.x, &object);
    // A third member has said something here, by an account; one has brought something by another way.
    let third = third(&pair);
    let account = Command::OpenAccount {
        name: "third".into(),
        member: third.member.clone(),
        secret: Secret::Token([1; 32]),
        client: false,
        operator: false,
        rights: Rights::Speak,
        until: None,
    };
    pair.x.perform(&pair.x.operator(), account).unwrap();
    let elsewhere = sighting(9, 0, &about, AMBER, "");
    let followed = Change::Put {
        bytes: Bytes::from(elsewhere.clone()),
        stamp: stamp("hub.example", NOW_US),
        publisher: member("bank.example"),
        tlp: Tlp::Amber,
        held: false,
        marks: Marks::default(),
        provenance: Bytes::from(proof("hub.example", "bank.example", &elsewhere)),
    };
    pair.x
        .accept(&pair.collection, &[followed], Vec::new())
        .unwrap();
    pair.settle();
    let no_node = |_: &MemberId| None;
    let node = |of: &MemberId| Some(peer(of));
    let mut before = pair.kind(&pair.x, "sighting").len();
    let mut replies =
        |n: u8, version: u8, (by, publisher): (&str, &str), known: bool, taken: bool| {
            let text = sighting(n, version, &about, AMBER, "");
            let vouched = proof(by, publisher, &text);
            let text = said(&pair, &[put(publisher, &text, &vouched)]);
            let peer_of: &dyn Fn(&MemberId) -> Option<Peer> = if known { &node } else { &no_node };
            pair.hear_if(text, peer_of).unwrap();
            let now = pair.kind(&pair.x, "sighting").len();
            assert_eq!(
                now - before,
                usize::from(taken),
                "{n} {version} {publisher}"
            );
            before = now;
        };
    // Whoever has a node, or an account here, is not spoken for.
    replies(1, 0, (Y, "bank.example"), true, false);
    replies(2, 0, (Y, THIRD), false, false);
    // Nor are we, in what we have signed for another place either.
    replies(3, 0, (X, X), true, false);
    // No version is made of what another cell has brought of a member without a node.
    replies(9, 1, (Y, "bank.example"), false, false);
    // Who has neither has an account there.
    replies(4, 0, (Y, "bank.example"), false, true);
    replies(4, 1, (Y, "bank.example"), false, true);
    replies(5, 0, (Y, Y), true, true);
}

/// A sighting with so many bytes of words.
fn long(n: u8, of: &str, words: usize) -> String {
    let words = "x".repeat(words);
    let words = format!(r#","description":"{words}""#);
    sighting(n, 0, of, AMBER, &words)
}

#[test]
fn what_a_follower_replies_is_bounded_in_bytes_and_less_where_it_may_only_read() {
    let (about, object) = indicator(1, AMBER);
    let hour = |writes: bool| {
        let pair = Pair::new(writes);
        pair.add(&pair.x, &object);
        pair.settle();
        let text = |words| {
            let text = long(1, &about, words);
            let vouched = proof(Y, Y, &text);
            said(&pair, &[put(Y, &text, &vouched)])
        };
        let refused = pair.hear(text(REPLIES_TEXT_BYTES_MAX)).unwrap_err();
        assert_eq!(refused.status, 400);
        let most = text(REPLIES_TEXT_BYTES_MAX - 4_096);
        let asks = || {
            let heard = (0..100).map(|_| pair.hear(most.clone()));
            heard.take_while(Result::is_ok).count()
        };
        let (taken, refused) = (asks(), pair.hear(most.clone()).err());
        assert_eq!(
            refused.map(|problem| problem.status),
            (taken < 100).then_some(429)
        );
        pair.env.now_us.fetch_add(3_600_000_000, Ordering::SeqCst);
        assert_eq!(asks(), taken);
        taken
    };
    let (reads, writes) = (hour(false), hour(true));
    assert_eq!(reads, 8 * 1024 / 384);
    assert_eq!(writes, 100);
}

#[test]
fn what_is_for_us_alone_is_no_event() {
    let pair = Pair::new(false);
    let (about, object) = indicator(1, AMBER);
    pair.add(&pair.x, &object);
    pair.settle();
    let events = pair.x.state().generation();
    for n in 1..=20 {
        let text = sighting(n, 0, &about, AMBER, "");
        let vouched = proof(Y, Y, &text);
        pair.hear(said(&pair, &[put(Y, &text, &vouched)])).unwrap();
    }
    assert_eq!(pair.x.state().generation(), events);
    let told = pair.x.notices(&pair.x.operator(), None).unwrap();
    assert_eq!(told.len(), 20);
}

#[test]
fn the_ledger_is_read_only_for_what_a_follower_may_not_see_now() {
    let pair = Pair::new(false);
    let ((about, object), (hidden, red)) = (indicator(1, AMBER), indicator(2, RED));
    pair.add(&pair.x, &object);
    pair.add(&pair.x, &red);
    pair.settle();
    let say = |of: &str| {
        let text = sighting(1, 0, of, AMBER, "");
        let vouched = proof(Y, Y, &text);
        pair.hear(said(&pair, &[put(Y, &text, &vouched)]))
    };
    // What it may see, and what is not here at all, costs no look.
    for _ in 0..100 {
        say(&about).unwrap();
        say(&indicator(3, AMBER).0).unwrap();
    }
    let looks = (0..100).map(|_| say(&hidden)).take_while(Result::is_ok);
    let looks = looks.count();
    assert_eq!(looks, (5_000 - 200) / 101);
    assert_eq!(say(&hidden).unwrap_err().status, 429);
    // Asks with nothing in them are counted, too.
    let nothing = said(&pair, &[]);
    let asks = (0..5_000).map(|_| pair.hear(nothing.clone()));
    let asks = asks.take_while(Result::is_ok).count();
    assert!(asks < 101, "{asks}");
    assert_eq!(pair.hear(nothing).unwrap_err().status, 429);
}
