//! What is withdrawn by several at once, what is heard of from elsewhere, and what crosses no line.

mod pseudonyms;

use super::onward_note;
use crate::cell::{
    Query, Source, Status, Trial, VersionMatch, feed,
    tests::{Kit, id, indicator, member, standing, with},
};
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    cell::{Caller, Command, MemberKind, ObjectId},
    member::MemberId,
};
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
    let recall = Command::Recall {
        recall: cell.new_recall(),
        object: id(1).parse().unwrap(),
        publisher: kit.a().member,
        versions: Vec::new(),
        under: None,
        reason: "our own scanner".into(),
        asked: [].into(),
        due: "2027-01-01T00:00:00Z".parse().unwrap(),
        since: None,
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

impl Kit {
    /// A recall of bank-a's that came to this node from elsewhere.
    fn hears_recall(&self, n: u32, under: Option<ObjectId>, since: Option<Timestamp>) {
        let command = Command::Recall {
            recall: self.cell.new_recall(),
            object: id(n).parse().unwrap(),
            publisher: member("bank-a"),
            versions: Vec::new(),
            under,
            reason: "our own scanner".into(),
            asked: [member("csirt")].into(),
            due: self.cell.env.now() + SignedDuration::from_hours(1),
            since,
        };
        self.cell.perform(&self.a(), command).unwrap();
        assert_eq!(self.cell.recall_tick().unwrap(), 1);
    }
}

#[test]
fn what_was_made_after_a_recall_stands_however_late_it_is_heard_and_whatever_our_clock_says() {
    let kit = Kit::new();
    // We come later, and hear of the recall and of the version after it at once.
    kit.add(&[indicator(1, 0), indicator(1, 5)]);
    let since = "2026-01-01T00:00:03Z".parse().unwrap();
    kit.hears_recall(1, None, Some(since));
    assert_eq!(kit.bytes_of(&kit.b(), &id(1)), [indicator(1, 5)]);
    // Our clock is behind the publisher's.
    let since = kit.cell.env.now() + SignedDuration::from_secs(60);
    let late = kit.cell.env.now() + SignedDuration::from_secs(61);
    let late = indicator(2, 0).replace(
        "2026-01-01T00:00:00.000Z\",\"pattern",
        &format!("{late:.3}\",\"pattern"),
    );
    assert_eq!(kit.add(&[indicator(2, 0), late.clone()]).failures, []);
    kit.hears_recall(2, None, Some(since));
    assert_eq!(kit.bytes_of(&kit.b(), &id(2)), [late]);
}

#[test]
fn a_recalled_version_is_not_taken_again_from_its_publisher_at_any_door_and_a_newer_one_is() {
    let kit = Kit::new();
    let operator = kit.cell.operator();
    let tall = with(2, 0, r#","description":"call first-teller@mailbox.org""#);
    kit.add(&[indicator(1, 0), tall.clone()]);
    kit.add_as(&operator, &[indicator(3, 0)]);
    kit.clock.pass(1_000_000);
    for (caller, n) in [(&kit.a(), 1), (&kit.a(), 2), (&operator, 3)] {
        let recall = kit.cell.recall(caller, &id(n), &[], "wrong", None);
        recall.unwrap();
        kit.clock.pass(1_000_000);
    }
    let kit = kit.restarted(&kit.cell.journal.image(true).unwrap());
    let all = Query {
        versions: vec![VersionMatch::All],
        ..Query::default()
    };
    let before = kit.shown(&all);
    let again = [indicator(1, 0), tall, indicator(4, 0)];
    let codes = |status: &Status| -> Vec<_> {
        let failures = status.failures.iter();
        failures.map(|failure| failure.code).collect()
    };
    let mut trial = Trial::new(kit.collection);
    let envelope = format!("{{\"objects\":[{}]}}", again.join(","));
    let tried = kit
        .cell
        .try_adding(&mut trial, &kit.a(), envelope.as_bytes(), Source::Published);
    for status in [tried.unwrap(), kit.add(&again)] {
        assert_eq!(codes(&status), ["cell.recalled"; 2]);
        assert_eq!((status.fresh, status.pendings), (1, vec![]));
        let said = status.failures[0].message.clone().unwrap();
        assert!(said.contains("a later `modified`"), "{said}");
    }
    let imported = kit.cell.add(
        &operator,
        &kit.collection,
        format!("{{\"objects\":[{}]}}", indicator(3, 0)).into(),
        Source::Imported,
    );
    assert_eq!(codes(&imported.unwrap()), ["cell.recalled"]);
    assert_eq!(kit.shown(&all).len(), before.len() + 1);
    assert_eq!(
        kit.cell.recall_tick().unwrap(),
        0,
        "nothing was to be removed"
    );
    // Another member's version is its own, and so is what is published anew.
    let newer = format!("{:.3}", kit.cell.env.now());
    let newer = indicator(1, 0).replace(
        "modified\":\"2026-01-01T00:00:00.000Z",
        &format!("modified\":\"{newer}"),
    );
    assert_eq!(kit.add(std::slice::from_ref(&newer)).failures, []);
    kit.cell.recall_tick().unwrap();
    assert_eq!(kit.bytes_of(&kit.b(), &id(1))[0], newer);
    let found = kit.cell.versions(&kit.b(), &id(1)).unwrap();
    assert!(!kit.cell.is_recalled(&found[0]));
    let found = kit.cell.versions(&kit.b(), &id(2)).unwrap();
    assert!(kit.cell.is_recalled(&found[0]), "it says `revoked`");
}

#[test]
fn what_a_recall_asks_back_and_since_when_comes_over_as_it_was_said() {
    let kit = Kit::new();
    let pseudonym: ObjectId = "identity--00000000-0000-4000-8000-000000000009"
        .parse()
        .unwrap();
    let since: Timestamp = "2026-01-01T00:00:03.000001Z".parse().unwrap();
    kit.hears_recall(1, Some(pseudonym.clone()), Some(since));
    let state = kit.cell.state();
    let (told, to) = (
        feed::describe(&state, &kit.collection, &member("csirt")),
        member("csirt"),
    );
    let read = feed::read_relay(&told, &member("other"), &to, kit.cell.env.now()).unwrap();
    let heard = read.commands.iter().find_map(|(_, command)| match command {
        Command::Recall { under, since, .. } => Some((under.clone(), *since)),
        _ => None,
    });
    assert_eq!(heard, Some((Some(pseudonym), Some(since))));
    assert_eq!(state.recalls().values().next().unwrap().at, since);
}

#[test]
fn nobody_recalls_what_is_yet_to_come_by_a_clock_far_ahead() {
    let kit = Kit::new();
    let since: Timestamp = "9000-01-01T00:00:00Z".parse().unwrap();
    kit.hears_recall(1, None, Some(since));
    let told = feed::describe(&kit.cell.state(), &kit.collection, &member("csirt"));
    let now = kit.cell.env.now();
    let read = feed::read_relay(&told, &member("other"), &member("csirt"), now).unwrap();
    let heard = read.commands.iter().find_map(|(_, command)| match command {
        Command::Recall { since, .. } => *since,
        _ => None,
    });
    let ahead = heard.unwrap().duration_since(now);
    assert!(ahead <= jiff::SignedDuration::from_mins(5), "{ahead}");
}

#[test]
fn the_revoked_version_of_what_was_held_crosses_no_line() {
    let kit = Kit::new();
    let (police, group) = (Caller::node(member("police")), kit.group);
    let invite = Command::Invite {
        group,
        member: member("police"),
        standing: standing(MemberKind::Authority, "GB"),
    };
    kit.cell.perform(&kit.cell.operator(), invite).unwrap();
    kit.cell
        .perform(&police, Command::Accept { group })
        .unwrap();
    let named = |n: u32, modified_s: u32| {
        let more = r#","description":"write to first-teller@mailbox.org about it""#;
        with(n, modified_s, more)
    };
    // Of the second a version went there before.
    let status = kit.add(&[named(1, 0), indicator(2, 0), named(2, 5)]);
    assert_eq!(status.pendings.len(), 2);
    let seen = |caller: &Caller, n: u32| kit.bytes_of(caller, &id(n));
    assert_eq!(seen(&police, 1), [""; 0]);
    assert_eq!(seen(&police, 2), [indicator(2, 0)]);
    kit.clock.pass(1_000_000);
    for n in [1, 2] {
        kit.cell
            .recall(&kit.a(), &id(n), &[], "wrong", None)
            .unwrap();
        let near = seen(&kit.b(), n);
        assert_eq!(near.len(), 1);
        assert!(near[0].contains(r#""revoked":true"#), "{near:?}");
    }
    assert_eq!(seen(&police, 1), [""; 0]);
    assert_eq!(seen(&police, 2), seen(&kit.b(), 2));
}
