//! Two sides' books of the same cases.

use crate::kit::{Story, World, member, order};
use jiff::SignedDuration;
use portcullis_core::{
    digest::Digest,
    id::PackageId,
    realm::Realm,
    statement::{Event, Recorded, Seal},
};
use portcullis_verdict::{
    Bundle, Entry,
    reconcile::{Books, TOLERANCE, What, reconcile},
};
use std::collections::BTreeSet;

fn package() -> PackageId {
    PackageId::new(&Realm::live(), [5; 12])
}

fn received(story: &mut Story, time: &str) {
    let order = story.order_digest;
    let verdict = "GENUINE".into();
    story.say("mail", "counsel", time, &Event::Received { order, verdict });
}

/// Served, received, accepted, sealed, released and collected.
fn whole(world: &World) -> Story {
    let mut story = world.case(1, order());
    story.whole();
    received(&mut story, "2026-03-02T13:05:00Z");
    answer(&mut story, &[1]);
    collect(&mut story, [7; 32]);
    story
}

fn answer(story: &mut Story, items: &[u16]) {
    let items: BTreeSet<u16> = items.iter().copied().collect();
    let accepted = Event::Accepted {
        items: items.clone(),
    };
    let seal = Event::Sealed(Seal {
        package: package(),
        items,
        ciphertext: Digest([7; 32]),
        size_bytes: 9,
        manifest: Digest([8; 32]),
        order: story.order_digest,
    });
    let released = Event::Released {
        package: package(),
        recorded: Recorded::Cosigned,
    };
    for event in [accepted, seal, released] {
        story.say("mail", "counsel", "2026-03-03T09:00:00Z", &event);
    }
}

fn collect(story: &mut Story, ciphertext: [u8; 32]) {
    let collected = Event::Collected {
        package: package(),
        ciphertext: Digest(ciphertext),
    };
    story.say("police", "applicant", "2026-03-03T10:00:00Z", &collected);
}

fn books(of: Option<&str>, entries: &[Entry]) -> Books {
    let mut books = Books::new(of.map(member));
    let entries = entries.to_vec();
    books.add(&Bundle { entries }).unwrap();
    books
}

/// What differs between the police's and the company's entries, by word, author and number.
fn differences(police: &[Entry], mail: &[Entry]) -> Vec<(&'static str, String, Option<u32>)> {
    let (a, b) = (books(None, police), books(None, mail));
    let found = reconcile(&a, &b, TOLERANCE);
    // Whichever book is named first, the same is found.
    let (mail, police) = (books(Some("mail"), mail), books(Some("police"), police));
    let turned = reconcile(&mail, &police, TOLERANCE);
    let words = |list: &[portcullis_verdict::reconcile::Difference]| {
        let word = |d: &portcullis_verdict::reconcile::Difference| {
            let author = d.author.as_ref().map_or("", |author| author.as_str());
            (d.what.as_str(), author.to_owned(), d.number)
        };
        list.iter().map(word).collect::<BTreeSet<_>>()
    };
    assert_eq!(words(&found), words(&turned));
    words(&found).into_iter().collect()
}

fn one(what: What, author: &str, number: u32) -> Vec<(&'static str, String, Option<u32>)> {
    vec![(what.as_str(), format!("{author}.example"), Some(number))]
}

#[test]
fn equal_books_do_not_differ_in_whatever_order_they_were_kept() {
    let story = whole(&World::new());
    let mut other = story.entries.clone();
    other.reverse();
    assert_eq!(differences(&story.entries, &other), []);
    assert_eq!(differences(&[], &[]), []);
}

#[test]
fn what_was_sent_and_not_received_is_told_from_what_was_never_issued() {
    let story = whole(&World::new());
    let entries = &story.entries;
    // police: drafted 0, served 1, collected 2; mail: received 0, accepted 1, sealed 2, released 3.
    let without = |at: usize| {
        let mut left = entries.clone();
        left.remove(at);
        left
    };
    assert_eq!(
        differences(entries, &without(9)),
        one(What::NotReceived, "police", 2)
    );
    assert_eq!(
        differences(&without(4), entries),
        one(What::NeverIssued, "police", 1)
    );
    assert_eq!(
        differences(&without(6), entries),
        one(What::NotReceived, "mail", 1)
    );
    assert_eq!(
        differences(entries, &without(2)),
        one(What::Lacking, "court", 0)
    );
}

#[test]
fn a_case_that_one_side_lacks_is_told_once_it_was_served() {
    let world = World::new();
    let mut story = world.case(1, order());
    story.draft("2026-03-02T09:00:00Z");
    assert_eq!(differences(&story.entries, &[]), []);
    let whole = whole(&world);
    let missing = vec![("case.missing", String::new(), None)];
    assert_eq!(differences(&whole.entries, &[]), missing);
    assert_eq!(differences(&[], &whole.entries), missing);
}

#[test]
fn other_items_other_times_and_other_bytes_are_named() {
    let world = World::new();
    let base = |world: &World| {
        let mut story = world.case(1, order());
        story.whole();
        received(&mut story, "2026-03-02T13:05:00Z");
        story
    };
    let (mut one_side, mut other) = (base(&world), base(&world));
    let accepted = |items: &[u16]| Event::Accepted {
        items: items.iter().copied().collect(),
    };
    one_side.say("mail", "counsel", "2026-03-03T09:00:00Z", &accepted(&[1]));
    other.say(
        "mail",
        "counsel",
        "2026-03-03T09:00:00Z",
        &accepted(&[1, 2]),
    );
    assert_eq!(
        differences(&one_side.entries, &other.entries),
        one(What::OtherItems, "mail", 1)
    );

    let mut late = base(&world);
    late.say("mail", "counsel", "2026-03-05T09:00:00Z", &accepted(&[1]));
    assert_eq!(
        differences(&one_side.entries, &late.entries),
        one(What::OtherTime, "mail", 1)
    );
    let mut soon = base(&world);
    soon.say("mail", "counsel", "2026-03-03T09:30:00Z", &accepted(&[1]));
    assert_eq!(
        differences(&one_side.entries, &soon.entries),
        one(What::OtherStatement, "mail", 1)
    );
    let (a, b) = (books(None, &one_side.entries), books(None, &soon.entries));
    let strict = reconcile(&a, &b, SignedDuration::from_mins(10));
    assert_eq!(
        strict.iter().map(|d| d.what).collect::<Vec<_>>(),
        [What::OtherTime]
    );

    let mut resigned = one_side.clone();
    let last = resigned.entries.pop().unwrap();
    let header = portcullis_verdict::statement::parse(&last.envelope)
        .unwrap()
        .header;
    resigned.say_under(&header, "chat-counsel", &accepted(&[1]));
    assert_eq!(
        differences(&one_side.entries, &resigned.entries),
        one(What::OtherSignature, "mail", 1)
    );
}

#[test]
fn an_order_that_was_changed_on_the_way_names_the_item_and_shows_no_target() {
    let world = World::new();
    let sent = whole(&world);
    let mut changed = order();
    changed.targets.insert(
        1,
        portcullis_core::selector::Selector::new(
            portcullis_core::selector::SelectorKind::Account,
            "u/666",
            None,
            None,
        )
        .unwrap(),
    );
    let mut came = world.case(1, changed);
    came.whole();
    let (a, b) = (books(None, &sent.entries), books(None, &came.entries));
    let found = reconcile(&a, &b, TOLERANCE);
    let draft = found.iter().find(|d| d.kind == Some("drafted")).unwrap();
    assert_eq!(
        (draft.what, draft.detail.as_str()),
        (What::OtherItems, "target 1 is another")
    );
    assert!(
        found
            .iter()
            .any(|d| d.what == What::OtherOrder && d.kind == Some("served"))
    );
    for difference in &found {
        assert!(!difference.detail.contains("u/"), "{difference:?}");
    }
}

#[test]
fn packages_are_followed_from_one_book_to_the_other() {
    let world = World::new();
    let mut story = world.case(1, order());
    story.whole();
    received(&mut story, "2026-03-02T13:05:00Z");
    answer(&mut story, &[1]);
    let sealed = story.clone();
    let mut other = sealed.clone();
    collect(&mut other, [9; 32]);
    assert_eq!(
        differences(&other.entries, &other.entries),
        one(What::OtherPackage, "police", 2)
    );
    // Released on the third, and nothing came until the fifth.
    let mut waiting = sealed.clone();
    let asked = Event::ClarificationAnswered {
        answer: "yes".into(),
    };
    waiting.say("police", "applicant", "2026-03-05T09:00:00Z", &asked);
    assert_eq!(
        differences(&waiting.entries, &waiting.entries),
        one(What::NotCollected, "mail", 3)
    );
    let mut unreleased = world.case(1, order());
    unreleased.whole();
    received(&mut unreleased, "2026-03-02T13:05:00Z");
    collect(&mut unreleased, [7; 32]);
    assert_eq!(
        differences(&unreleased.entries, &unreleased.entries),
        one(What::NeverReleased, "police", 2)
    );
}

#[test]
fn what_came_too_late_or_before_it_was_sent_is_told() {
    let world = World::new();
    for (time, told) in [
        ("2026-03-03T12:59:00Z", false),
        ("2026-03-03T13:01:00Z", true),
        ("2026-03-02T12:59:00Z", true),
    ] {
        let mut story = world.case(1, order());
        story.whole();
        received(&mut story, time);
        let expected = if told {
            one(What::TimeApart, "mail", 0)
        } else {
            vec![]
        };
        assert_eq!(
            differences(&story.entries, &story.entries),
            expected,
            "{time}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_not_compared() {
    let mut story = whole(&World::new());
    story.entries[1].envelope.truncate(40);
    let (entries, mut books) = (story.entries, Books::new(None));
    assert_eq!(
        books.add(&Bundle { entries }).unwrap_err().code(),
        "statement.envelope"
    );
}
