//! What names people stays on this side of every line until a person has decided (law 10).

use super::*;
use crate::cell::{
    CellError, Change, Stamp,
    question::NewQuestion,
    review::{Holding, REVIEWS_FOLLOWED_MAX, REVIEWS_OF_ONE_MIN},
};
use portcullis_core::cell::{Marks, ReviewId, Tlp, review::Outcome};
use std::collections::BTreeSet;

fn named() -> String {
    with(
        1,
        0,
        r#","description":"write to first-teller@mailbox.org about it""#,
    )
}

/// The kit with a police force in its group.
fn with_police() -> (Kit, Caller) {
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
    (kit, police)
}

fn seen_by(kit: &Kit, caller: &Caller, query: &Query) -> Vec<String> {
    objects(
        &kit.cell
            .page(caller, &kit.collection, query, View::Objects)
            .unwrap(),
    )
}

fn decision(review: ReviewId, outcome: Outcome) -> Command {
    Command::Review {
        review,
        outcome,
        reason: "a role, not a person".into(),
        person: "the desk".into(),
    }
}

/// What waits first is decided.
fn decide_as(kit: &Kit, by: &Caller, outcome: Outcome) {
    let state = kit.cell.state();
    let (review, _) = state.reviews_waiting().next().unwrap();
    kit.cell.perform(by, decision(*review, outcome)).unwrap();
}

fn decide(kit: &Kit, outcome: Outcome) {
    decide_as(kit, &kit.a(), outcome);
}

#[test]
fn an_object_that_waits_crosses_no_line_and_is_added_anew_when_it_is_released() {
    let (kit, police) = with_police();
    let status = kit.add(&[named(), indicator(2, 0)]);
    assert_eq!(
        (status.successes.len(), status.pendings.len(), status.fresh),
        (1, 1, 2)
    );
    assert_eq!(seen_by(&kit, &police, &Query::default()), [indicator(2, 0)]);
    assert_eq!(
        kit.shown(&Query::default()).len(),
        2,
        "a bank of the same country has it"
    );
    assert_eq!(kit.cell.statistics().unwrap().held, 1);
    let last = kit.page(&Query::default()).last_added;
    decide(&kit, Outcome::Released);
    let after = Query {
        added_after_us: last,
        ..Query::default()
    };
    assert_eq!(seen_by(&kit, &police, &after), [named()]);
    let status = kit.cell.status(&kit.a(), &status.id).unwrap();
    assert_eq!((status.successes.len(), status.pendings.len()), (2, 0));
    let image = kit.cell.journal.image(true).unwrap();
    assert_eq!(seen_by(&kit.restarted(&image), &police, &after), [named()]);
}

#[test]
fn what_waits_and_what_was_refused_is_counted_while_it_is_here() {
    let (kit, _) = with_police();
    kit.add(&[named(), indicator(2, 0)]);
    let count = || {
        let all = kit.cell.statistics().unwrap();
        assert_eq!(all.collections[&kit.collection].withheld, all.withheld);
        (all.held, all.withheld, all.apart)
    };
    let holding = || {
        let found = kit.cell.versions(&kit.cell.operator(), &id(1)).unwrap();
        kit.cell.holding(&found[0]).unwrap()
    };
    let state = kit.cell.state();
    let (review, of) = state.reviews_waiting().next().unwrap();
    assert_eq!((count(), holding()), ((1, 0, 0), Holding::Waits(*review)));
    assert!(kit.cell.is_here(of));
    decide(&kit, Outcome::Withheld);
    assert_eq!(count(), (0, 1, 0));
    assert!(
        matches!(holding(), Holding::Withheld(by, said) if by == *review && said.person == "the desk")
    );
    let all = Query::default();
    kit.cell
        .remove(&kit.a(), &kit.collection, &id(1), &all)
        .unwrap();
    assert!(!kit.cell.is_here(of));
    assert_eq!(count(), (0, 0, 0));
    let kit = Kit::new();
    let status = kit.add(&[named(), indicator(2, 0)]);
    assert_eq!((status.pendings.len(), status.successes.len()), (0, 2));
    let said = status.apart[0].message.as_ref().unwrap();
    assert_eq!(
        said,
        "personal information was found (mail-address in `description`)"
    );
    let all = kit.cell.statistics().unwrap();
    assert_eq!((all.held, all.withheld, all.apart), (0, 0, 1));
}

#[test]
fn what_a_person_has_released_is_the_bytes_and_not_whatever_comes_in_their_place() {
    let (kit, police) = with_police();
    let unversioned = |name: &str| {
        format!(
            r#"{{"type":"user-account","spec_version":"2.1","id":"user-account--00000000-0000-5000-8000-000000000001","account_login":"{name}"}}"#
        )
    };
    let customers = with(
        1,
        0,
        r#","description":"write to second-teller@mailbox.org about it""#,
    );
    for (harmless, other) in [
        (named(), customers),
        (unversioned("teller1"), unversioned("teller2")),
    ] {
        kit.add(std::slice::from_ref(&harmless));
        decide(&kit, Outcome::Released);
        let seen = || seen_by(&kit, &police, &Query::default());
        assert_eq!(seen(), std::slice::from_ref(&harmless));
        let header = portcullis_stix::header::header(harmless.as_bytes()).unwrap();
        let remove = || {
            let removed = kit
                .cell
                .remove(&kit.a(), &kit.collection, &header.id, &Query::default());
            removed.unwrap();
        };
        remove();
        let status = kit.add(std::slice::from_ref(&other));
        assert_eq!((status.fresh, status.pendings.len()), (1, 1));
        assert!(seen().is_empty());
        // Nor does what is decided of the one count for the other.
        remove();
        assert_eq!(kit.add(std::slice::from_ref(&harmless)).pendings.len(), 0);
        assert_eq!(seen(), std::slice::from_ref(&harmless));
        decide(&kit, Outcome::Released);
        assert_eq!(seen(), std::slice::from_ref(&harmless));
        remove();
    }
    // While it waits it is replaced: what is released then is gone.
    let (first, second) = (unversioned("first"), unversioned("second"));
    kit.add(std::slice::from_ref(&first));
    let header = portcullis_stix::header::header(first.as_bytes()).unwrap();
    let all = Query::default();
    kit.cell
        .remove(&kit.a(), &kit.collection, &header.id, &all)
        .unwrap();
    let state = kit.cell.state();
    let (review, _) = state.reviews_waiting().next().unwrap();
    let status = kit.add(std::slice::from_ref(&second));
    let release = decision(*review, Outcome::Released);
    kit.cell.perform(&kit.a(), release).unwrap();
    assert!(seen_by(&kit, &police, &all).is_empty());
    let status = kit.cell.status(&kit.a(), &status.id).unwrap();
    assert_eq!(status.pendings.len(), 1);
    decide(&kit, Outcome::Released);
    assert_eq!(seen_by(&kit, &police, &all), [second]);
}

#[test]
fn what_a_person_has_released_a_follow_brings_in_no_other_bytes() {
    let (kit, police) = with_police();
    let put = |object: &str, at_us| Change::Put {
        bytes: Bytes::copy_from_slice(object.as_bytes()),
        stamp: Stamp {
            at_us,
            by: member("csirt"),
        },
        publisher: member("csirt"),
        tlp: Tlp::Clear,
        held: false,
        marks: Marks::default(),
        provenance: Bytes::new(),
    };
    let brings = |object: &str, at_us| {
        let changes = [put(object, at_us)];
        let accepted = kit.cell.accept(&kit.collection, &changes, Vec::new());
        assert_eq!(accepted.unwrap().fresh, 1);
    };
    brings(&named(), 1);
    decide_as(&kit, &kit.cell.operator(), Outcome::Released);
    let later_us = i64::MAX / 2;
    brings(&named(), later_us);
    let seen = || seen_by(&kit, &police, &Query::default());
    assert_eq!(seen(), [named()]);
    let other = named().replace("first-teller", "second-teller");
    brings(&other, later_us + 1);
    assert!(seen().is_empty());
    assert_eq!(kit.cell.state().reviews_waiting().count(), 1);
}

#[test]
fn an_object_that_is_withheld_stays() {
    let (kit, police) = with_police();
    let status = kit.add(&[named()]);
    decide(&kit, Outcome::Withheld);
    assert!(seen_by(&kit, &police, &Query::default()).is_empty());
    let one = kit.cell.object(
        &police,
        &kit.collection,
        &id(1),
        &Query::default(),
        View::Objects,
    );
    assert!(matches!(one, Err(CellError::NotFound)));
    let status = kit.cell.status(&kit.a(), &status.id).unwrap();
    assert_eq!((status.failures.len(), status.pendings.len()), (1, 0));
}

#[test]
fn whoever_joins_later_across_a_line_does_not_get_what_nobody_looked_at() {
    let kit = Kit::new();
    assert_eq!(kit.add(&[named()]).successes.len(), 1);
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
    assert!(seen_by(&kit, &police, &Query::default()).is_empty());
    assert_eq!(kit.shown(&Query::default()), [named()]);
}

#[test]
fn a_note_that_is_a_question_asks_for_no_data_of_users() {
    let kit = Kit::new();
    let note = |n: u32, says: &str, content: &str| {
        format!(
            r#"{{"type":"note","spec_version":"2.1","id":"note--00000000-0000-4000-8000-{n:012}","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","content":"{content}","object_refs":["{}"],"extensions":{{"{}":{{"extension_type":"property-extension","says":"{says}","kind":"seen"}}}}}}"#,
            id(1),
            crate::cell::question::EXTENSION,
        )
    };
    let users = "Please send us the subscriber details of the user behind account 4711";
    let status = kit.add(&[
        note(1, "asks", users),
        note(2, "asks", "Has anybody seen this domain?"),
        note(3, "declines", users),
    ]);
    let codes: Vec<_> = status.failures.iter().map(|f| f.code).collect();
    assert_eq!(codes, ["cell.ask_for_user_data"]);
    assert_eq!(status.successes.len(), 2);
}

#[test]
fn what_is_followed_is_looked_at_as_what_is_published() {
    let (kit, police) = with_police();
    let followed = Change::Put {
        bytes: Bytes::from(named()),
        stamp: Stamp {
            at_us: 1,
            by: member("csirt"),
        },
        publisher: member("csirt"),
        tlp: Tlp::Clear,
        held: false,
        marks: Marks::default(),
        provenance: Bytes::new(),
    };
    let accepted = kit
        .cell
        .accept(&kit.collection, &[followed], Vec::new())
        .unwrap();
    assert_eq!(accepted.fresh, 1);
    assert!(seen_by(&kit, &police, &Query::default()).is_empty());
    assert_eq!(kit.shown(&Query::default()), [named()]);
    decide_as(&kit, &kit.cell.operator(), Outcome::Released);
    assert_eq!(seen_by(&kit, &police, &Query::default()), [named()]);
}

#[test]
fn under_a_pseudonym_what_names_people_reaches_nobody_until_it_is_released() {
    let kit = Kit::new();
    kit.cell.give_secret(&[7; 32]);
    let pseudonym = kit.cell.pseudonym(&kit.a(), &kit.collection).unwrap();
    let object = with(
        1,
        0,
        &format!(
            r#","created_by_ref":"{}","description":"write to first-teller@mailbox.org""#,
            pseudonym.identity
        ),
    );
    let status = kit.add(std::slice::from_ref(&object));
    assert_eq!((status.pendings.len(), status.successes.len()), (1, 0));
    let has = |kit: &Kit| kit.shown(&Query::default()).contains(&object);
    assert!(!has(&kit), "it could come from anywhere");
    decide_as(&kit, &kit.cell.operator(), Outcome::Released);
    assert!(has(&kit));
}

#[test]
fn a_question_is_shown_where_its_note_may_go_and_that_is_noted() {
    let (kit, police) = with_police();
    let new = NewQuestion {
        kind: "seen".into(),
        text: "Has anybody mail from first-teller@mailbox.org?".into(),
        about: Vec::new(),
        groups: [kit.group].into(),
        members: BTreeSet::new(),
        deadline: kit.cell.env().now() + jiff::SignedDuration::from_hours(4),
    };
    let asked = kit.cell.ask(&kit.a(), &kit.collection, new).unwrap();
    let state = kit.cell.state();
    let held = &state.questions()[&asked];
    assert!(held.asked.contains_key(&police.member));
    let note = held.note.clone().unwrap();
    let served = || -> Vec<_> {
        let served = kit.cell.who(note.as_str(), &[]).unwrap();
        served.into_iter().map(|served| served.member).collect()
    };
    let seen = |caller: &Caller| kit.cell.questions(caller).unwrap().len();
    assert_eq!((seen(&kit.a()), seen(&police)), (1, 0));
    assert!(served().is_empty());
    assert_eq!(seen(&kit.b()), 1, "no line lies between the banks");
    assert_eq!(served(), [kit.b().member]);
    decide(&kit, Outcome::Released);
    assert_eq!(seen(&police), 1);
    assert!(served().contains(&police.member));
    let outcome = "first-teller@mailbox.org it was";
    let closed = kit
        .cell
        .close_question(&kit.a(), asked, outcome, Vec::new());
    closed.unwrap();
    let told = |caller: &Caller| {
        let view = kit.cell.questions(caller).unwrap().remove(0);
        view.question.closed.unwrap().outcome
    };
    assert_eq!((&*told(&kit.a()), &*told(&police)), (outcome, ""));
}

#[test]
fn what_a_follow_brings_that_stands_on_a_warning_list_waits_for_a_person() {
    let kit = Kit::new();
    let listed = with(1, 0, "").replace("n1.example", "google.com");
    let put = |object: &str| Change::Put {
        bytes: Bytes::copy_from_slice(object.as_bytes()),
        stamp: Stamp {
            at_us: 5,
            by: member("far"),
        },
        publisher: member("bank-a"),
        tlp: Tlp::Green,
        held: false,
        marks: Marks::default(),
        provenance: Bytes::new(),
    };
    let revoked = with(2, 0, r#","revoked":true"#).replace("n2.example", "google.com");
    let changes = [put(&listed), put(&revoked), put(&indicator(3, 0))];
    let accepted = kit.cell.accept(&kit.collection, &changes, Vec::new());
    assert_eq!(accepted.unwrap().fresh, 3);
    // Nobody is across a line here, and nobody gets it all the same.
    assert_eq!(
        kit.shown(&Query::default()),
        [revoked.clone(), indicator(3, 0)]
    );
    let state = kit.cell.state();
    let (review, held) = state.reviews_waiting().next().unwrap();
    assert_eq!(held.findings[0].kind.as_str(), "on-a-warning-list");
    assert_eq!(held.findings[0].excerpt, "google.com (common-domains)");
    let kit = kit.restarted(&kit.cell.journal.image(true).unwrap());
    assert_eq!(kit.shown(&Query::default()).len(), 2);
    let release = Command::Review {
        review: *review,
        outcome: Outcome::Released,
        reason: "a page on it serves malware".into(),
        person: "desk".into(),
    };
    kit.cell.perform(&kit.cell.operator(), release).unwrap();
    assert_eq!(
        kit.shown(&Query::default()),
        [revoked, indicator(3, 0), listed]
    );
    let found = kit.cell.versions(&kit.cell.operator(), &id(1)).unwrap();
    assert_eq!(
        found[0].label.tlp,
        Tlp::Amber,
        "as if it had never been held"
    );
}

#[test]
fn a_follow_that_brings_more_than_people_are_asked_about_at_once_is_asked_about_as_they_decide() {
    let (kit, police) = with_police();
    let max = u32::try_from(REVIEWS_FOLLOWED_MAX).unwrap();
    let put = |object: String| Change::Put {
        bytes: Bytes::from(object),
        stamp: Stamp {
            at_us: 5,
            by: member("far"),
        },
        publisher: member("bank-a"),
        tlp: Tlp::Green,
        held: false,
        marks: Marks::default(),
        provenance: Bytes::new(),
    };
    let people = |n| {
        with(
            n,
            0,
            r#","description":"write to first-teller@mailbox.org""#,
        )
    };
    let listed = with(max, 0, "").replace(&format!("n{max}.example"), "google.com");
    let mut objects: Vec<String> = (0..max).map(people).collect();
    objects.extend([listed, people(max + 1), people(max + 2)]);
    for part in objects.chunks(4_000) {
        let changes: Vec<Change> = part.iter().cloned().map(put).collect();
        let accepted = kit.cell.accept(&kit.collection, &changes, Vec::new());
        assert_eq!(accepted.unwrap().fresh, part.len());
    }
    let waiting = || kit.cell.state().reviews_waiting().count();
    assert_eq!(waiting(), REVIEWS_FOLLOWED_MAX);
    assert_eq!(kit.cell.review_tick().unwrap(), 0);
    // What nobody is asked about yet goes to nobody.
    assert!(seen_by(&kit, &police, &Query::default()).is_empty());
    assert_eq!(kit.cell.who(&id(max + 1), &[]).unwrap(), []);
    // What is published here is asked about all the same.
    let own = with(
        max + 9,
        0,
        r#","description":"write to second-teller@mailbox.org""#,
    );
    assert_eq!(kit.add(&[own]).pendings.len(), 1);
    assert_eq!(waiting(), REVIEWS_FOLLOWED_MAX + 1);
    let asked = |n| {
        let state = kit.cell.state();
        let mut waiting = state.reviews_waiting();
        waiting.any(|(_, review)| review.object.as_str() == id(n))
    };
    for (left, n) in [(0, max), (0, max + 1), (0, max + 2), (1, max + 2)] {
        // The one that is published here counts, too.
        for _ in 0..if n == max { 2 } else { 1 } {
            decide_as(&kit, &kit.cell.operator(), Outcome::Withheld);
        }
        let opened = kit.cell.review_tick().unwrap();
        assert_eq!((opened, asked(n)), (1 - left, true), "{n}");
        assert_eq!(kit.cell.review_tick().unwrap(), 0);
    }
    assert!(seen_by(&kit, &police, &Query::default()).is_empty());
}

/// What a follow, or a follower, brings of this publisher's.
fn brought(object: String, publisher: &str, tlp: Tlp, at_us: i64) -> Change {
    Change::Put {
        bytes: Bytes::from(object),
        stamp: Stamp {
            at_us,
            by: member(publisher),
        },
        publisher: member(publisher),
        tlp,
        held: false,
        marks: Marks::default(),
        provenance: Bytes::new(),
    }
}

fn of_people(n: u32) -> String {
    with(
        n,
        0,
        r#","description":"write to first-teller@mailbox.org""#,
    )
}

#[test]
fn one_source_does_not_bury_what_people_are_asked_of_anothers_and_what_is_gone_buries_nothing() {
    let (kit, _) = with_police();
    let bring = |changes: &[Change]| {
        let accepted = kit.cell.accept(&kit.collection, changes, Vec::new());
        assert_eq!(accepted.unwrap().fresh, changes.len());
    };
    let max = u32::try_from(REVIEWS_FOLLOWED_MAX).unwrap();
    let all: Vec<u32> = (0..max + 5).collect();
    for part in all.chunks(4_000) {
        let green = |n: &u32| brought(of_people(*n), "bank-a", Tlp::Green, 5);
        bring(&part.iter().map(green).collect::<Vec<_>>());
    }
    let waiting = |of: &str| {
        let state = kit.cell.state();
        let of = member(of);
        let waiting = state.reviews_waiting();
        waiting.filter(|(_, review)| review.publisher == of).count()
    };
    assert_eq!(waiting("bank-a"), REVIEWS_FOLLOWED_MAX);
    let others = max + 10..max + 10 + u32::try_from(REVIEWS_OF_ONE_MIN).unwrap() + 1;
    let green = |n| brought(of_people(n), "bank-b", Tlp::Green, 5);
    bring(&others.map(green).collect::<Vec<_>>());
    assert_eq!(waiting("bank-b"), REVIEWS_OF_ONE_MIN);
    assert_eq!(kit.cell.review_tick().unwrap(), 0);
    // All but the last are taken back: people are asked about these without a decision.
    let gone = all
        .iter()
        .take(REVIEWS_FOLLOWED_MAX)
        .map(|n| Change::Remove {
            id: id(*n),
            version_us: header_of(&of_people(*n)),
            stamp: Stamp {
                at_us: 6,
                by: member("bank-a"),
            },
        });
    bring(&gone.collect::<Vec<_>>());
    kit.clock.pass(61_000_000);
    assert_eq!(kit.cell.review_tick().unwrap(), 6);
    assert_eq!(waiting("bank-a"), REVIEWS_FOLLOWED_MAX + 5);
    assert_eq!(waiting("bank-b"), REVIEWS_OF_ONE_MIN + 1);
}

fn header_of(object: &str) -> i64 {
    let header = portcullis_stix::header::header(object.as_bytes()).unwrap();
    header.version_us
}

#[test]
fn nobody_is_asked_about_what_is_for_this_member_alone_and_comes_over_no_line() {
    let (kit, police) = with_police();
    let put = |n, publisher: &str, to: &[&str]| {
        let mut change = brought(of_people(n), publisher, Tlp::Red, 5);
        if let Change::Put { marks, .. } = &mut change {
            marks.recipients = to.iter().map(|name| member(name)).collect();
        }
        let accepted = kit.cell.accept(&kit.collection, &[change], Vec::new());
        assert_eq!(accepted.unwrap().fresh, 1);
        let state = kit.cell.state();
        let mut waiting = state.reviews_waiting();
        waiting.any(|(_, review)| review.object.as_str() == id(n))
    };
    assert!(!put(1, "bank-a", &["csirt"]));
    assert!(put(2, "bank-a", &["csirt", "police"]));
    assert!(put(3, "far", &["csirt"]), "it came over one");
    let ours = Caller::node(member("csirt"));
    assert!(seen_by(&kit, &ours, &Query::default()).contains(&of_people(1)));
    assert!(!seen_by(&kit, &police, &Query::default()).contains(&of_people(1)));
    // Nor later, when the audience grows.
    let invite = Command::Invite {
        group: kit.group,
        member: member("other-police"),
        standing: standing(MemberKind::Authority, "GB"),
    };
    kit.cell.perform(&kit.cell.operator(), invite).unwrap();
    assert_eq!(kit.cell.review_tick().unwrap(), 0);
}
