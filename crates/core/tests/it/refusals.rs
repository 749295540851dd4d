//! Every refusal there is, each reached by a scene of its own.

use crate::kit::{Scene, Who, account, at, item, member, package, selector, span};
use portcullis_core::{
    case::{Refusal, STATEMENTS_MAX},
    category::Category,
    digest::Digest,
    id::CaseId,
    law::Protected,
    office::Office,
    order::{Order, Secrecy},
    realm::Realm,
    selector::SelectorKind,
    statement::{Event, Header, Inspection, Kind, Look, Modification, Recorded, Withdrawal},
};
use std::collections::BTreeSet;

type Said = Result<(), Refusal>;

/// Names every variant — a new one does not compile until it has its scene — and
/// lists the scenes beside the names of what they reach.
macro_rules! scenes {
    ($($name:literal, $variant:pat => $scene:expr;)+) => {
        fn name(refusal: &Refusal) -> &'static str {
            match refusal { $($variant => $name),+ }
        }

        const SCENES: &[(&str, fn() -> Said)] = &[$(($name, || $scene)),+];
    };
}

scenes! {
    "OtherRealm", Refusal::OtherRealm => draft_under(|h| h.case = CaseId::from_bytes([1; 16]));
    "OtherCase", Refusal::OtherCase => say_under(|h| h.case = CaseId::new(&Realm::live(), [8; 12]));
    "OtherLaw", Refusal::OtherLaw => say_under(|h| h.law = Digest([9; 32]));
    "OtherAddressee", Refusal::OtherAddressee => say_under(|h| h.addressee = Who::Judge.member());
    "NoParty", Refusal::NoParty => Scene::warrant().drafted().say(Who::Stranger, WITHDRAWN);
    "OtherMember", Refusal::OtherMember => say_under(|h| h.author = Who::Judge.member());
    "Gap", Refusal::Gap { .. } => say_under(|h| h.number += 1);
    "Fork", Refusal::Fork => say_under(|h| h.previous = None);
    "RunsBack", Refusal::RunsBack => say_under(|h| h.time = at("2026-11-02T08:00:00Z"));
    "FromTheFuture", Refusal::FromTheFuture { .. } =>
        say_under(|h| h.time = at("2026-11-02T10:00:00Z"));
    "CaseFull", Refusal::CaseFull => {
        let mut scene = Scene::warrant().received();
        while scene.case().statements < STATEMENTS_MAX {
            scene.accept([1])?;
        }
        scene.accept([1])
    };
    "Erased", Refusal::Erased => {
        let mut scene = Scene::warrant().drafted();
        scene.at("2028-06-01T00:00:00Z").tick(Who::AuthorityNode);
        scene.say(Who::Applicant, WITHDRAWN)
    };
    "AlreadyDrafted", Refusal::AlreadyDrafted => Scene::warrant().drafted().draft();
    "AlreadySaid", Refusal::AlreadySaid { .. } => Scene::warrant().served().serve(Who::Serving);
    "NotLaw", Refusal::NotLaw { .. } => draft(|o| o.rule = "other".into());
    "MayNotApply", Refusal::MayNotApply { .. } =>
        Scene::warrant().under(|r| r.applicants.clear()).draft();
    "WrongOffice", Refusal::WrongOffice { .. } => Scene::warrant().drafted().approve(Who::Judge);
    "NotYours", Refusal::NotYours { .. } => Scene::warrant().served().receive(Who::Applicant);
    "OwnOrder", Refusal::OwnOrder => draft(|o| {
        o.approvers.insert(Office::SecretaryOfState, Who::Applicant.member());
    });
    "SamePerson", Refusal::SamePerson => {
        let twice = Scene::warrant().under(|r| r.approval[1] = r.approval[0].clone());
        let mut scene = twice.drafted();
        scene.approve(Who::Secretary)?;
        scene.approve(Who::Secretary)
    };
    "OtherApprover", Refusal::OtherApprover { .. } => {
        let two_courts = Scene::disclosure().asking(Office::Prosecutor, "other-court");
        two_courts.drafted().approve(Who::OtherJudge)
    };
    "ApproverMissing", Refusal::ApproverMissing { .. } => draft(|o| o.approvers.clear());
    "NothingToApprove", Refusal::NothingToApprove =>
        Scene::disclosure().approved().approve(Who::Judge);
    "ApprovalMissing", Refusal::ApprovalMissing { .. } =>
        Scene::warrant().drafted().issue(Who::Secretary);
    "ApproverRefused", Refusal::ApproverRefused => {
        let mut scene = Scene::warrant().drafted();
        scene.refuse(Who::Secretary, false)?;
        scene.issue(Who::Secretary)
    };
    "NotUrgent", Refusal::NotUrgent => Scene::preservation().with(urgent).draft();
    "UnknownGround", Refusal::UnknownGround { .. } => draft(|o| {
        o.grounds.insert("curiosity".into());
    });
    "NoGround", Refusal::NoGround => draft(|o| o.grounds.clear());
    "OffenceMissing", Refusal::OffenceMissing { .. } => draft(|o| o.offence = None);
    "Targets", Refusal::Targets { .. } => draft(|o| o.targets.clear());
    "Subjects", Refusal::Subjects { .. } => draft(|o| {
        for number in 1..=2 {
            let person = selector(SelectorKind::Person, &format!("person {number}"));
            o.targets.insert(number, person);
            o.items.insert(number, item(number, Category::StoredContent));
        }
    });
    "Selector", Refusal::Selector { .. } => draft(|o| {
        o.targets.insert(1, selector(SelectorKind::IpAddress, "192.0.2.7"));
    });
    "Items", Refusal::Items { .. } => draft(|o| {
        o.items = (1..=257).map(|n| (n, item(1, Category::StoredContent))).collect();
    });
    "CategoryOutOfReach", Refusal::CategoryOutOfReach { .. } => draft(|o| {
        o.items.insert(1, item(1, Category::Location));
    });
    "SpanTooLate", Refusal::SpanTooLate { .. } => draft(|o| {
        let late = span("2026-10-01T00:00:00Z", "2028-01-01T00:00:00Z");
        o.items.get_mut(&1).expect("an item").span = late;
    });
    "UnknownTarget", Refusal::UnknownTarget { .. } => draft(|o| {
        o.items.insert(4, item(7, Category::StoredContent));
    });
    "UnknownItem", Refusal::UnknownItem { .. } => Scene::warrant().received().accept([9]);
    "ForeignDeliveryKey", Refusal::ForeignDeliveryKey => draft(|o| o.delivery_key.clear());
    "Secrecy", Refusal::Secrecy(_) => draft(|o| o.secrecy = Secrecy::None);
    "Barred", Refusal::Barred { .. } => draft(|o| {
        o.protected.insert(Protected::PersonalRecords);
    });
    "StatementMissing", Refusal::StatementMissing { .. } => draft(|o| {
        o.protected.insert(Protected::LegalPrivilege);
    });
    "NotIssued", Refusal::NotIssued => Scene::warrant().approved().serve(Who::Serving);
    "NotServed", Refusal::NotServed => Scene::warrant().issued().receive(Who::ProviderNode);
    "Unserved", Refusal::Unserved { .. } =>
        Scene::disclosure().issued().at("2027-01-02T00:00:00Z").serve(Who::Serving);
    "NotReceived", Refusal::NotReceived => Scene::warrant().served().accept([1]);
    "Lapsed", Refusal::Lapsed { .. } =>
        Scene::urgent_warrant().received().at("2026-11-10T00:00:00Z").accept([1]);
    "Withdrawn", Refusal::Withdrawn => {
        let mut scene = Scene::warrant().received();
        scene.say(Who::Applicant, WITHDRAWN)?;
        scene.accept([1])
    };
    "Expired", Refusal::Expired { .. } =>
        Scene::warrant().received().at("2027-06-01T00:00:00Z").accept([1]);
    "NotDue", Refusal::NotDue => Scene::warrant().issued().say(Who::AuthorityNode, Event::Expired);
    "NoSuchModification", Refusal::NoSuchModification { .. } =>
        Scene::warrant().issued().modify(Who::Applicant, Modification::RemoveTarget { target: 1 });
    "ModificationUnfit", Refusal::ModificationUnfit(_) => {
        let taken = Modification::AddTarget { target: 1, selector: account(9) };
        Scene::warrant().issued().modify(Who::Secretary, taken)
    };
    "NoRenewal", Refusal::NoRenewal => Scene::disclosure().issued().renew(Who::Judge);
    "RenewalTooEarly", Refusal::RenewalTooEarly { .. } =>
        Scene::warrant().issued().renew(Who::Secretary);
    "QuestionOpen", Refusal::QuestionOpen => {
        let mut scene = Scene::disclosure().received();
        scene.ask()?;
        scene.ask()
    };
    "NoQuestion", Refusal::NoQuestion => Scene::disclosure().received().answer();
    "UnknownReason", Refusal::UnknownReason { .. } =>
        Scene::disclosure().received().decline([1], "too busy");
    "NoItems", Refusal::NoItems => Scene::disclosure().received().accept([]);
    "Widened", Refusal::Widened { .. } => {
        let wide = span("2020-01-01T00:00:00Z", "2026-10-02T00:00:00Z");
        Scene::disclosure().received().narrow(1, wide)
    };
    "ItemNotOpen", Refusal::ItemNotOpen { .. } => Scene::disclosure().received().seal(1, [1]);
    "NotCarried", Refusal::NotCarried { .. } => {
        let mut scene = Scene::warrant().received();
        scene.accept([3])?;
        scene.seal(1, [3])
    };
    "PreservationOnly", Refusal::PreservationOnly { .. } =>
        Scene::preservation().received().seal(1, [1]);
    "OtherOrder", Refusal::OtherOrder => {
        let order = Digest([9; 32]);
        Scene::warrant().issued().say(Who::Serving, Event::Served { order })
    };
    "UnknownPackage", Refusal::UnknownPackage => Scene::disclosure().received().release(1);
    "SecondPersonNeeded", Refusal::SecondPersonNeeded => {
        let mut scene = Scene::warrant().received();
        scene.accept([1])?;
        let seal = scene.seal_of(1, [1]);
        scene.say(Who::Both, Event::Sealed(seal))?;
        let (package, recorded) = (package(1), Recorded::Cosigned);
        scene.say(Who::Both, Event::Released { package, recorded })
    };
    "Held", Refusal::Held { .. } => Scene::disclosure().sealed().release(1);
    "NoPromise", Refusal::NoPromise => Scene::warrant().sealed().release_on_promise(1);
    "NotReleased", Refusal::NotReleased => Scene::warrant().sealed().collect(1);
    "OtherCiphertext", Refusal::OtherCiphertext => {
        let (package, ciphertext) = (package(1), Digest([9; 32]));
        let collected = Event::Collected { package, ciphertext };
        Scene::warrant().released().say(Who::AuthorityNode, collected)
    };
    "NothingToDestroy", Refusal::NothingToDestroy => {
        let packages = BTreeSet::from([package(1)]);
        let confirmed = Event::DestructionConfirmed { packages };
        Scene::warrant().released().say(Who::Applicant, confirmed)
    };
    "NoInformation", Refusal::NoInformation { .. } =>
        Scene::warrant().received().say(Who::Applicant, Event::InformationGiven);
    "NoDelay", Refusal::NoDelay { .. } => {
        let (reason, until) = ("investigation".into(), at("2029-01-01T00:00:00Z"));
        let delayed = Event::InformationDelayed { reason, until };
        Scene::disclosure().received().say(Who::Applicant, delayed)
    };
    "SecretWithoutEnd", Refusal::SecretWithoutEnd =>
        Scene::warrant().received().say(Who::Inspector, Event::Unsealed);
    "StillSecret", Refusal::StillSecret { .. } =>
        Scene::disclosure().received().say(Who::Inspector, Event::Unsealed);
    "ForeignLook", Refusal::ForeignLook => {
        let (looker, office) = (member("messenger"), Office::Inspector);
        let look = Look::Case { request: None };
        let inspected = Event::Inspected(Inspection { looker, office, look });
        Scene::preservation().received().say(Who::Applicant, inspected)
    };
    "NothingSecret", Refusal::NothingSecret =>
        Scene::preservation().received().say(Who::Inspector, Event::Unsealed);
    "Calendar", Refusal::Calendar(_) => {
        // The fifth working day lies in a year whose holidays nobody has proclaimed.
        let mut scene = Scene::urgent_warrant();
        scene.at("2029-12-28T09:00:00Z");
        scene.issued().serve(Who::Serving)
    };
}

const WITHDRAWN: Event = Event::Withdrawn(Withdrawal::Withdrawn);

fn urgent(order: &mut Order) {
    order.urgency = Some("a life is in danger".into());
}

fn draft(change: impl FnOnce(&mut Order)) -> Said {
    Scene::warrant().with(change).draft()
}

fn draft_under(change: impl FnOnce(&mut Header)) -> Said {
    let mut scene = Scene::warrant();
    let by = Who::Applicant.officer();
    let mut header = scene.header(&by.member, Kind::Drafted);
    change(&mut header);
    let order = Box::new(scene.order.clone());
    scene.say_under(header, &by, Event::Drafted(order))
}

fn say_under(change: impl FnOnce(&mut Header)) -> Said {
    let mut scene = Scene::warrant().drafted();
    let by = Who::Applicant.officer();
    let mut header = scene.header(&by.member, Kind::Withdrawn);
    change(&mut header);
    scene.say_under(header, &by, WITHDRAWN)
}

#[test]
fn every_refusal_is_reached() {
    for (expected, scene) in SCENES {
        let refusal = scene().expect_err(expected);
        assert_eq!(name(&refusal), *expected, "{refusal}");
    }
}

#[test]
fn every_refusal_has_a_code_of_its_own_in_two_words() {
    let word =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let mut codes = BTreeSet::new();
    for (expected, scene) in SCENES {
        let code = scene().expect_err(expected).code();
        let good = code
            .split_once('.')
            .is_some_and(|(room, reason)| word(room) && !room.contains('_') && word(reason));
        assert!(good, "{code}");
        assert!(codes.insert(code), "{code} stands for two refusals");
    }
    assert_eq!(codes.len(), SCENES.len());
}

#[test]
fn every_refusal_is_said_in_lower_case_without_a_stop() {
    for (expected, scene) in SCENES {
        let text = scene().expect_err(expected).to_string();
        let first = text.chars().next().expect("a message");
        assert!(!first.is_uppercase() && !text.ends_with('.'), "{text}");
    }
}
