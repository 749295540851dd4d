//! What was served, recalled, asked and published under a pseudonym, at one cell.

use crate::cell::{
    Page, Query, Source, Status, Trial, View,
    pseudonym::Pseudonym,
    question::NewQuestion,
    served::How,
    tests::{Kit, id, indicator, member, standing},
};
use bytes::Bytes;
use jiff::Timestamp;
use portcullis_core::cell::{Caller, Command, MemberKind, RecallId, recall::Complied};
use portcullis_sign::SecretKey;
use portcullis_verdict::cell::{By, verify_evidence, verify_provenance};
use std::collections::BTreeSet;

impl Kit {
    /// What a door does: a page, noted before it goes out.
    fn serve(&self, caller: &Caller) -> Page {
        let query = Query::default();
        let page = self
            .cell
            .page(caller, &self.collection, &query, View::Objects)
            .unwrap();
        self.cell
            .note_served(caller, &self.collection, How::Page, &page.served)
            .unwrap();
        page
    }

    fn publish(&self, caller: &Caller, object: &str) -> usize {
        let envelope = Bytes::from(format!("{{\"objects\":[{object}]}}"));
        let status = self
            .cell
            .add(caller, &self.collection, envelope, Source::Published)
            .unwrap();
        assert!(status.failures.is_empty(), "{:?}", status.failures);
        status.fresh
    }

    pub(in crate::cell) fn bytes_of(&self, caller: &Caller, object: &str) -> Vec<String> {
        let found = self.cell.versions(caller, object).unwrap();
        found
            .into_iter()
            .map(|found| String::from_utf8(found.bytes).unwrap())
            .collect()
    }
}

#[test]
fn who_was_served_which_version_is_told_and_proved() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0), indicator(2, 0)]);
    kit.serve(&kit.b());
    kit.clock.pass(5_000_000);
    kit.add(&[indicator(1, 9)]);
    kit.serve(&kit.b());
    let served = kit.cell.who(&id(1), &[]).unwrap();
    assert_eq!(served.len(), 2);
    assert!(
        served
            .iter()
            .all(|served| served.member == member("bank-b"))
    );
    assert!(served[0].version_us < served[1].version_us && served[0].at < served[1].at);
    assert_eq!(
        kit.cell.who(&id(1), &[served[1].version_us]).unwrap().len(),
        1
    );
    assert_eq!(kit.cell.who(&id(3), &[]).unwrap(), []);
    kit.cell.served_tick().unwrap();
    let proved = kit.cell.evidence(&id(1), &[], true).unwrap();
    assert_eq!((proved.evidence.objects.len(), proved.recorded), (2, 0));
    let key = SecretKey::from_seed([4; 32]).public();
    let by = By::Key {
        key: &key,
        realm: "live",
    };
    let findings = verify_evidence(&proved.evidence, &by);
    assert!(findings.holds(), "{:?}", findings.checks);
    assert_eq!(findings.served.len(), 2);
    assert!(
        findings
            .served
            .iter()
            .all(|shown| shown.contents.len() == 1)
    );
}

#[test]
fn what_was_served_before_it_was_marked_anew_is_found() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    kit.serve(&kit.b());
    let mark = Command::Mark {
        object: id(1).parse().unwrap(),
        publisher: member("bank-a"),
        group: kit.group,
        tlp: Some(portcullis_core::cell::Tlp::Green),
    };
    kit.cell.perform(&kit.a(), mark).unwrap();
    kit.serve(&kit.b());
    assert_eq!(kit.cell.who(&id(1), &[]).unwrap().len(), 2);
}

#[test]
fn an_object_tells_who_published_it() {
    let kit = Kit::new();
    let objects: Vec<String> = (0..5).map(|n| indicator(n, 0)).collect();
    kit.add(&objects);
    let key = SecretKey::from_seed([4; 32]).public();
    let by = By::Key {
        key: &key,
        realm: "live",
    };
    for n in 0..5 {
        let (collection, number) = kit.cell.numbers_of(&id(n))[0];
        let proof = kit.cell.provenance(&collection, number).unwrap().unwrap();
        let bytes = kit.cell.entry_bytes(&collection, number).unwrap();
        let origin = verify_provenance(&bytes, &proof, &by).unwrap();
        assert_eq!(
            (origin.publisher.as_str(), origin.member),
            ("bank-a", member("csirt"))
        );
        let view = kit
            .cell
            .provenance_view(&collection, number)
            .unwrap()
            .unwrap();
        assert_eq!(view.publisher, "bank-a");
    }
}

#[test]
fn a_recall_reaches_all_who_were_served_and_shows_who_complied() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    kit.add(&[indicator(1, 5)]);
    kit.serve(&kit.b());
    kit.clock.pass(1_000_000);
    let other = kit
        .cell
        .recall(&kit.b(), &id(1), &[], "wrong", None)
        .unwrap_err();
    assert_eq!(other.code(), "cell.not_publisher");
    let recall = kit
        .cell
        .recall(&kit.a(), &id(1), &[], "a false positive", None)
        .unwrap();
    // Whoever only speaks TAXII sees one version: the revoked one.
    let shown = kit.bytes_of(&kit.b(), &id(1));
    assert_eq!(shown.len(), 1);
    assert!(shown[0].contains(r#""revoked":true"#), "{}", shown[0]);
    let view = &kit.cell.recalls(&kit.a())[0];
    assert_eq!((view.id, view.counts()), (recall, (0, 1, 0)));
    assert_eq!(view.asked[0].member, member("bank-b"));
    let removed = Complied::Removed;
    kit.cell
        .confirm_recall(&kit.b(), recall, removed, None)
        .unwrap();
    assert_eq!(kit.cell.recalls(&kit.a())[0].counts(), (1, 0, 0));
    assert_eq!(kit.cell.recalls(&kit.b())[0].asked.len(), 1);
    assert_eq!(kit.cell.recall_tick().unwrap(), 0);
}

#[test]
fn a_recall_that_stopped_half_way_is_finished() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    kit.serve(&kit.b());
    kit.clock.pass(1_000_000);
    let command = Command::Recall {
        recall: kit.cell.new_recall(),
        object: id(1).parse().unwrap(),
        publisher: member("bank-a"),
        versions: Vec::new(),
        under: None,
        reason: "wrong".into(),
        asked: [member("bank-b")].into(),
        due: kit.clock_now() + jiff::SignedDuration::from_hours(1),
        since: None,
    };
    // The event is there, and then the power failed.
    kit.cell.perform(&kit.a(), command).unwrap();
    let image = kit.cell.journal.image(true).unwrap();
    let kit = kit.restarted(&image);
    assert!(!kit.bytes_of(&kit.b(), &id(1))[0].contains("revoked"));
    assert_eq!(kit.cell.recall_tick().unwrap(), 1);
    assert!(kit.bytes_of(&kit.b(), &id(1))[0].contains(r#""revoked":true"#));
    assert_eq!(kit.cell.recall_tick().unwrap(), 0);
    kit.clock.pass(3_700_000_000);
    assert_eq!(kit.cell.recalls(&kit.a())[0].counts(), (0, 1, 1));
}

#[test]
fn what_another_cell_recalls_is_removed_here_asked_onward_and_confirmed() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    kit.serve(&kit.b());
    kit.clock.pass(1_000_000);
    let recall = kit.cell.new_recall();
    let heard = Command::Recall {
        recall,
        object: id(1).parse().unwrap(),
        publisher: member("bank-a"),
        versions: Vec::new(),
        under: None,
        reason: "wrong".into(),
        asked: [member("csirt")].into(),
        due: kit.clock_now() + jiff::SignedDuration::from_hours(1),
        since: None,
    };
    kit.cell.perform(&kit.a(), heard).unwrap();
    assert_eq!(kit.cell.recall_tick().unwrap(), 1);
    assert_eq!(kit.bytes_of(&kit.b(), &id(1)), [""; 0]);
    let state = kit.cell.state();
    let held = &state.recalls()[&recall];
    let ours = held.asked[&member("csirt")].as_ref().unwrap();
    assert_eq!(ours.how, Complied::Removed);
    assert!(ours.note.as_ref().unwrap().contains("bank-b"));
    assert_eq!(held.asked[&member("bank-b")], None);
    assert_eq!(kit.cell.recall_tick().unwrap(), 0);
}

fn under(pseudonym: &Pseudonym, n: u32, more: &str) -> String {
    let author = format!(r#", "created_by_ref":"{}"{more}"#, pseudonym.identity);
    crate::cell::tests::with(n, 0, &author)
}

#[test]
fn a_pseudonym_is_opened_by_an_operator_alone_and_that_is_told() {
    let kit = Kit::new();
    kit.cell.give_secret(&[7; 32]);
    let pseudonym = kit.cell.pseudonym(&kit.a(), &kit.collection).unwrap();
    assert_eq!(
        kit.cell.pseudonym(&kit.a(), &kit.collection).unwrap(),
        pseudonym
    );
    assert_ne!(
        kit.cell.pseudonym(&kit.b(), &kit.collection).unwrap(),
        pseudonym
    );
    assert_eq!(kit.publish(&kit.a(), &under(&pseudonym, 1, "")), 1);
    // To everybody it is the cell's own.
    let found = kit.cell.versions(&kit.b(), &id(1)).unwrap();
    assert_eq!(found[0].label.publisher, member("csirt"));
    let view = kit
        .cell
        .provenance_view(&kit.collection, found[0].number)
        .unwrap()
        .unwrap();
    assert_eq!(view.publisher, pseudonym.identity.to_string());
    // Nobody else publishes under it, and nothing under it names its member.
    let refused = |caller: &Caller, object: String| {
        let status = kit.add_as(caller, &[object]);
        assert_eq!((status.fresh, status.failures.len()), (0, 1));
        status.failures[0].code
    };
    assert_eq!(
        refused(&kit.b(), under(&pseudonym, 2, "")),
        "cell.not_creator"
    );
    let named = under(&pseudonym, 3, r#", "description":"seen at BANK-A""#);
    assert_eq!(refused(&kit.a(), named), "cell.pseudonym_named");
    // Nor is the cell's own word said under it.
    let defined = format!(
        r#"{{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--00000000-0000-4000-8000-000000000001","created":"2026-01-01T00:00:00Z","created_by_ref":"{}","definition_type":"tlp","definition":{{"tlp":"red"}}}}"#,
        pseudonym.identity
    );
    assert_eq!(refused(&kit.a(), defined), "cell.pseudonym_defines");
    let identity = pseudonym.identity.to_string();
    let member_asks = kit
        .cell
        .open_pseudonym(&kit.b(), &identity, "someone", "curious");
    assert_eq!(member_asks.unwrap_err().code(), "cell.operator_needed");
    let operator = kit.cell.operator();
    assert!(
        kit.cell
            .open_pseudonym(&operator, &identity, "duty officer", "")
            .is_err()
    );
    let opened = kit
        .cell
        .open_pseudonym(&operator, &identity, "duty officer", "a court asks");
    let opened = opened.unwrap();
    assert_eq!(
        (opened.member, opened.collection),
        (member("bank-a"), kit.collection)
    );
    let state = kit.cell.state();
    assert_eq!(state.pseudonyms()[&pseudonym.identity].openings.len(), 1);
    // Its member, and nobody else, asks it back.
    assert!(
        kit.cell
            .recall(&kit.b(), &id(1), &[], "wrong", None)
            .is_err()
    );
    kit.cell
        .recall(&kit.a(), &id(1), &[], "wrong", None)
        .unwrap();
    assert!(kit.bytes_of(&kit.b(), &id(1))[0].contains(r#""revoked":true"#));
}

impl Kit {
    /// What an operator brings in, whoever made it.
    fn import(&self, object: &str) {
        let envelope = Bytes::from(format!("{{\"objects\":[{object}]}}"));
        let operator = self.cell.operator();
        let status = self
            .cell
            .add(&operator, &self.collection, envelope, Source::Imported)
            .unwrap();
        assert_eq!((status.fresh, status.failures.len()), (1, 0));
    }

    /// A recall of an object by its publisher, that nothing was done for yet.
    fn recall_event(&self, by: &Caller, n: u32, asked: &str) {
        let command = Command::Recall {
            recall: self.cell.new_recall(),
            object: id(n).parse().unwrap(),
            publisher: by.member.clone(),
            versions: Vec::new(),
            under: None,
            reason: "wrong".into(),
            asked: [member(asked)].into(),
            due: self.clock_now() + jiff::SignedDuration::from_hours(1),
            since: None,
        };
        self.cell.perform(by, command).unwrap();
    }
}

#[test]
fn what_may_not_be_under_a_pseudonym_fails_by_itself_and_what_would_tell_who_it_is_whole() {
    let kit = Kit::new();
    kit.cell.give_secret(&[7; 32]);
    let ours = kit.cell.pseudonym(&kit.a(), &kit.collection).unwrap();
    let theirs = kit.cell.pseudonym(&kit.b(), &kit.collection).unwrap();
    let name = r#", "description":"seen at bank-a""#;
    let failed = |status: &Status| -> Vec<(String, &str)> {
        let failures = status.failures.iter();
        failures.map(|of| (of.id.clone(), of.code)).collect()
    };
    let sent = [
        under(&theirs, 1, ""),
        under(&ours, 2, ""),
        under(&ours, 3, name),
        under(&ours, 4, ""),
    ];
    let status = kit.add_as(&kit.a(), &sent);
    assert_eq!(status.fresh, 2);
    let not_in = [(id(1), "cell.not_creator"), (id(3), "cell.pseudonym_named")];
    assert_eq!(failed(&status), not_in);
    assert_eq!(kit.cell.status(&kit.a(), &status.id), Some(status));
    // Beside another's pseudonym, what is said openly is said.
    let status = kit.add_as(&kit.a(), &[indicator(5, 0), under(&theirs, 6, "")]);
    assert_eq!(
        (status.fresh, failed(&status)),
        (1, vec![(id(6), "cell.not_creator")])
    );
    // Beside one's own nothing is, though what is under it would not be taken, in whatever order.
    for sent in [
        [indicator(7, 0), under(&ours, 8, "")],
        [under(&ours, 8, name), indicator(7, 0)],
    ] {
        let envelope = format!("{{\"objects\":[{}]}}", sent.join(","));
        let mixed = kit.cell.add(
            &kit.a(),
            &kit.collection,
            envelope.into(),
            Source::Published,
        );
        assert_eq!(mixed.unwrap_err().code(), "cell.pseudonym_mixed");
        assert_eq!(kit.bytes_of(&kit.cell.operator(), &id(7)), [""; 0]);
        assert_eq!(kit.bytes_of(&kit.cell.operator(), &id(8)), [""; 0]);
    }
}

#[test]
fn nobody_brings_in_more_under_a_members_pseudonym() {
    let kit = Kit::new();
    kit.cell.give_secret(&[7; 32]);
    let pseudonym = kit.cell.pseudonym(&kit.a(), &kit.collection).unwrap();
    kit.publish(&kit.a(), &under(&pseudonym, 1, ""));
    let operator = kit.cell.operator();
    let sent = [1, 2].map(|n| under(&pseudonym, n, "")).join(",");
    let sent = Bytes::from(format!("{{\"objects\":[{sent}]}}"));
    let mut trial = Trial::new(kit.collection);
    let tried = kit
        .cell
        .try_adding(&mut trial, &operator, &sent, Source::Imported)
        .unwrap();
    let done = kit
        .cell
        .add(&operator, &kit.collection, sent, Source::Imported)
        .unwrap();
    for status in [tried, done] {
        // What is here is known.
        assert_eq!((status.successes.len(), status.fresh), (1, 0));
        assert_eq!(status.failures[0].id, id(2));
        assert_eq!(status.failures[0].code, "cell.not_creator");
    }
    assert_eq!(
        kit.cell.who_for(&kit.a(), &id(2)).unwrap_err().code(),
        "cell.not_found"
    );
}

#[test]
fn the_status_of_what_is_under_a_pseudonym_is_for_whoever_sent_it() {
    let kit = Kit::new();
    kit.cell.give_secret(&[7; 32]);
    let pseudonym = kit.cell.pseudonym(&kit.a(), &kit.collection).unwrap();
    let envelope = format!("{{\"objects\":[{}]}}", under(&pseudonym, 1, ""));
    let status = kit
        .cell
        .add(
            &kit.a(),
            &kit.collection,
            envelope.into(),
            Source::Published,
        )
        .unwrap();
    assert_eq!(kit.cell.status(&kit.a(), &status.id), Some(status.clone()));
    assert_eq!(kit.cell.status(&kit.cell.operator(), &status.id), None);
    assert_eq!(kit.cell.status(&kit.b(), &status.id), None);
}

/// A sighting of an object, as a member sends it.
fn sighting(n: u32, of: u32, count: u32, more: &str) -> String {
    format!(
        r#"{{"type":"sighting","spec_version":"2.1","id":"sighting--00000000-0000-4000-8000-{n:012}","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","count":{count},"sighting_of_ref":"{}"{more}}}"#,
        id(of)
    )
}

#[test]
fn whoever_published_under_a_pseudonym_has_a_publishers_rights_and_nobody_else_has() {
    let kit = Kit::new();
    kit.cell.give_secret(&[7; 32]);
    let pseudonym = kit.cell.pseudonym(&kit.a(), &kit.collection).unwrap();
    // The others have pseudonyms there, too, and the cell has an object of its own.
    kit.cell.pseudonym(&kit.b(), &kit.collection).unwrap();
    kit.publish(&kit.a(), &under(&pseudonym, 1, ""));
    kit.import(&indicator(2, 0));
    kit.serve(&kit.b());
    kit.publish(&kit.b(), &sighting(1, 1, 0, ""));
    let author = format!(r#", "created_by_ref":"{}""#, pseudonym.identity);
    kit.publish(&kit.a(), &sighting(2, 1, 5, &author));
    let all = Query::default();
    let remove = |caller: &Caller, n: u32| {
        let removed = kit.cell.remove(caller, &kit.collection, &id(n), &all);
        removed.map_err(|error| error.to_string())
    };
    let (who, notices) = (
        |caller: &Caller, n: u32| kit.cell.who_for(caller, &id(n)),
        |caller: &Caller| kit.cell.notices(caller, None).unwrap(),
    );
    // To others it is the cell's own, in the same words.
    for caller in [kit.b(), Caller::node(member("bank-c"))] {
        let words = |n: u32| who(&caller, n).unwrap_err().to_string();
        assert_eq!(words(1), words(3));
        assert_eq!(words(1), words(2));
        assert_eq!(notices(&caller), []);
        assert_eq!(remove(&caller, 1), remove(&caller, 2));
        assert!(remove(&caller, 1).is_err());
    }
    // Nor has its member any right to what is the cell's.
    assert_eq!(who(&kit.a(), 2).unwrap_err().code(), "cell.not_found");
    assert!(remove(&kit.a(), 2).is_err());
    let served = who(&kit.a(), 1).unwrap();
    let members: Vec<_> = served.iter().map(|served| served.member.as_str()).collect();
    assert_eq!(members, ["bank-b"]);
    let told = notices(&kit.a());
    let told: Vec<_> = told
        .iter()
        .map(|reply| (reply.count, reply.false_positive))
        .collect();
    assert_eq!(told, [(Some(0), true)]);
    assert_eq!(remove(&kit.a(), 1), Ok(1));
    kit.serve(&kit.b());
    assert_eq!(kit.bytes_of(&kit.b(), &id(1)), [""; 0]);
    // What went before it was removed is still told.
    assert!(!who(&kit.a(), 1).unwrap().is_empty());
    assert!(who(&kit.b(), 1).is_err());
    // What it asks back, it sees as who asks for it; others as those who are asked.
    kit.publish(&kit.a(), &under(&pseudonym, 4, ""));
    kit.serve(&kit.b());
    kit.import(&indicator(5, 0));
    kit.serve(&kit.b());
    kit.clock.pass(1_000_000);
    let own = kit.cell.recall(&kit.a(), &id(4), &[], "wrong", None);
    let own = own.unwrap();
    kit.clock.pass(1_000_000);
    let cells = kit
        .cell
        .recall(&kit.cell.operator(), &id(5), &[], "wrong", None);
    cells.unwrap();
    let seen = |caller: &Caller| {
        let views = kit.cell.recalls(caller).into_iter();
        let views = views.map(|view| (view.id == own, view.by.to_string(), view.asked.len()));
        views.collect::<Vec<_>>()
    };
    assert_eq!(seen(&kit.a()), [(true, "csirt".to_owned(), 1)]);
    let asked = |ours| (ours, "csirt".to_owned(), 1);
    assert_eq!(seen(&kit.b()), [asked(false), asked(true)]);
    assert_eq!(seen(&Caller::node(member("bank-c"))), []);
    // Nobody has opened it.
    assert_eq!(
        kit.cell.state().pseudonyms()[&pseudonym.identity].openings,
        []
    );
}

#[test]
fn a_recall_under_a_pseudonym_leaves_what_others_published() {
    let kit = Kit::new();
    kit.cell.give_secret(&[7; 32]);
    kit.add(&[indicator(1, 0)]);
    // Brought in before anybody took that pseudonym, which follows from the secret.
    let earlier = Kit::new();
    earlier.cell.give_secret(&[7; 32]);
    let known = earlier.cell.pseudonym(&kit.b(), &kit.collection).unwrap();
    let author = format!(r#", "created_by_ref":"{}""#, known.identity);
    kit.import(&crate::cell::tests::with(1, 5, &author));
    let pseudonym = kit.cell.pseudonym(&kit.b(), &kit.collection).unwrap();
    assert_eq!(pseudonym.identity, known.identity);
    kit.import(&indicator(2, 0));
    kit.clock.pass(1_000_000);
    assert_eq!(kit.bytes_of(&kit.b(), &id(1)).len(), 2);
    kit.cell
        .recall(&kit.b(), &id(1), &[], "wrong", None)
        .unwrap();
    let left = kit.bytes_of(&kit.b(), &id(1));
    // Nor is it revoked: whoever came second did not make it.
    assert_eq!(left, [indicator(1, 0)]);
    // The cell's own is not a pseudonym's.
    let own = kit.cell.recall(&kit.b(), &id(2), &[], "wrong", None);
    assert_eq!(own.unwrap_err().code(), "cell.not_publisher");
    // And whoever came second does not keep the first from asking back its own.
    kit.cell
        .recall(&kit.a(), &id(1), &[], "wrong", None)
        .unwrap();
    assert!(!kit.bytes_of(&kit.b(), &id(1)).contains(&indicator(1, 0)));
}

#[test]
fn what_another_cell_recalls_is_removed_here_as_far_as_it_was_its_own() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    kit.import(&indicator(1, 5));
    kit.clock.pass(1_000_000);
    kit.recall_event(&kit.a(), 1, "csirt");
    assert_eq!(kit.cell.recall_tick().unwrap(), 1);
    assert_eq!(kit.bytes_of(&kit.b(), &id(1)), [indicator(1, 5)]);
}

#[test]
fn a_recall_that_cannot_be_carried_out_whole_does_not_hinder_the_others() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    kit.publish(&kit.b(), &indicator(2, 0));
    kit.clock.pass(1_000_000);
    kit.recall_event(&kit.a(), 1, "bank-b");
    let leave = Command::Leave { group: kit.group };
    kit.cell.perform(&kit.a(), leave).unwrap();
    // Nobody publishes for bank-a any more; its object goes all the same.
    kit.cell
        .recall(&kit.b(), &id(2), &[], "wrong", None)
        .unwrap();
    assert_eq!(kit.bytes_of(&kit.b(), &id(1)), [""; 0]);
    assert!(kit.bytes_of(&kit.b(), &id(2))[0].contains(r#""revoked":true"#));
    assert_eq!(kit.cell.recall_tick().unwrap(), 0);
}

#[test]
fn a_member_hears_to_whom_its_own_went_and_nothing_of_what_others_published() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    kit.serve(&kit.cell.operator());
    kit.import(&indicator(1, 5));
    kit.serve(&kit.b());
    assert_eq!(kit.cell.who_for(&kit.a(), &id(1)).unwrap().len(), 1);
    assert_eq!(
        kit.cell
            .who_for(&kit.cell.operator(), &id(1))
            .unwrap()
            .len(),
        2
    );
    let nothing = kit.cell.who_for(&kit.b(), &id(1)).unwrap_err();
    assert_eq!(nothing.code(), "cell.not_found");
    // Nor by asking it back: bank-b was served the other's version.
    kit.clock.pass(1_000_000);
    kit.cell
        .recall(&kit.a(), &id(1), &[], "wrong", None)
        .unwrap();
    assert_eq!(kit.cell.recalls(&kit.a())[0].asked, []);
}

#[test]
fn a_client_of_a_member_hears_nothing_of_questions_recalls_and_who_was_served() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    kit.serve(&kit.b());
    kit.clock.pass(1_000_000);
    let new = question(&kit, "seen", "Has anybody seen this domain?");
    kit.cell.ask(&kit.a(), &kit.collection, new).unwrap();
    kit.cell
        .recall(&kit.a(), &id(1), &[], "wrong", None)
        .unwrap();
    for member in [kit.a(), kit.b()] {
        let client = Caller {
            account: Some("shop".into()),
            client: true,
            ..member.clone()
        };
        assert_eq!(kit.cell.questions(&member).unwrap().len(), 1);
        assert_eq!(kit.cell.questions(&client).unwrap(), []);
        assert_eq!(kit.cell.recalls(&member).len(), 1);
        assert_eq!(kit.cell.recalls(&client), []);
        for refused in [
            kit.cell.who_for(&client, &id(1)).err(),
            kit.cell.notices(&client, None).err(),
        ] {
            assert_eq!(refused.unwrap().code(), "cell.rights_missing");
        }
    }
}

fn question(kit: &Kit, kind: &str, text: &str) -> NewQuestion {
    NewQuestion {
        kind: kind.into(),
        text: text.into(),
        about: vec![id(1).parse().unwrap()],
        groups: BTreeSet::new(),
        members: [member("bank-b")].into(),
        deadline: kit.clock_now() + jiff::SignedDuration::from_hours(4),
    }
}

impl Kit {
    fn clock_now(&self) -> Timestamp {
        self.cell.env().now()
    }
}

#[test]
fn a_question_is_asked_answered_with_any_client_and_closed() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    let new = question(&kit, "seen", "Has anybody seen this domain?");
    let asked = kit.cell.ask(&kit.a(), &kit.collection, new).unwrap();
    let state = kit.cell.state();
    let note = state.questions()[&asked].note.clone().unwrap();
    // Whom it is for sees it, with any client; nobody else does.
    assert_eq!(kit.bytes_of(&kit.b(), note.as_str()).len(), 1);
    assert_eq!(kit.bytes_of(&kit.cell.operator(), note.as_str()).len(), 0);
    kit.cell.acknowledge(&kit.b(), asked).unwrap();
    let answer = format!(
        r#"{{"type":"note","spec_version":"2.1","id":"note--00000000-0000-4000-8000-000000000009","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","content":"yes, twice","object_refs":["{note}"]}}"#
    );
    kit.publish(&kit.b(), &answer);
    assert!(kit.cell.question_tick().unwrap() > 0);
    assert_eq!(kit.cell.question_tick().unwrap(), 0);
    let view = &kit.cell.questions(&kit.a()).unwrap()[0];
    assert_eq!(view.brought, [("note".to_owned(), 1)].into());
    let reply = &view.question.asked[&member("bank-b")];
    assert!(reply.acknowledged_at.is_some() && reply.answered_at.is_some());
    assert!(
        kit.cell
            .close_question(&kit.b(), asked, "done", Vec::new())
            .is_err()
    );
    kit.cell
        .close_question(&kit.a(), asked, "seen twice", Vec::new())
        .unwrap();
    let closed = kit.cell.questions(&kit.b()).unwrap()[0]
        .question
        .closed
        .clone()
        .unwrap();
    assert_eq!(closed.brought.len(), 1);
    // What was heard once is not said again after a restart.
    let again = kit.restarted(&kit.cell.journal.image(true).unwrap());
    assert_eq!(again.cell.question_tick().unwrap(), 0);
}

#[test]
fn a_question_for_data_of_users_is_refused_and_nothing_of_it_is_published() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    let before = kit.cell.statistics().unwrap().versions;
    let new = question(&kit, "subscriber", "Whose account is someone@mail.example?");
    let refused = kit.cell.ask(&kit.a(), &kit.collection, new).unwrap_err();
    assert_eq!(refused.code(), "cell.ask_for_user_data");
    assert_eq!(kit.cell.statistics().unwrap().versions, before);
}

#[test]
fn whoever_is_silent_is_reminded_and_then_late() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    let new = question(&kit, "seen", "Has anybody seen this domain?");
    kit.cell.ask(&kit.a(), &kit.collection, new).unwrap();
    assert_eq!(kit.cell.question_tick().unwrap(), 0);
    kit.clock.pass(3 * 3_600_000_000 + 1);
    assert_eq!(kit.cell.question_tick().unwrap(), 1);
    assert_eq!(kit.cell.question_tick().unwrap(), 0);
    kit.clock.pass(3_600_000_000);
    assert_eq!(kit.cell.question_tick().unwrap(), 1);
    assert_eq!(
        kit.cell.questions(&kit.a()).unwrap()[0].overdue,
        [member("bank-b")].into()
    );
}

#[test]
fn what_others_say_of_an_object_comes_back_to_who_published_it() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0), indicator(2, 0)]);
    kit.publish(&kit.b(), &sighting(1, 1, 3, ""));
    kit.clock.pass(1_000_000);
    let since = kit.clock_now().as_microsecond() - 1;
    kit.publish(&kit.b(), &sighting(2, 1, 0, ""));
    kit.publish(&kit.b(), &sighting(3, 2, 1, ""));
    let replies = kit.cell.replies_to(&kit.a(), &id(1)).unwrap();
    let told: Vec<_> = replies
        .iter()
        .map(|reply| (reply.count, reply.false_positive))
        .collect();
    assert_eq!(told, [(Some(0), true), (Some(3), false)]);
    assert_eq!(kit.cell.notices(&kit.a(), Some(since)).unwrap().len(), 2);
    assert_eq!(kit.cell.notices(&kit.b(), None).unwrap(), []);
}

#[test]
fn a_question_that_came_over_is_answered_there_and_the_reply_comes_back() {
    let here = Kit::new();
    here.add(&[indicator(1, 0)]);
    let new = NewQuestion {
        members: [member("csirt")].into(),
        ..question(&here, "seen", "Has anybody seen this domain?")
    };
    let asked = here.cell.ask(&here.a(), &here.collection, new).unwrap();
    let note = here.cell.state().questions()[&asked].note.clone().unwrap();
    // The note comes over to another node of the same group, as a feed brings it.
    let there = Kit::new();
    there.publish(&there.a(), &here.bytes_of(&here.a(), note.as_str())[0]);
    assert_eq!(there.cell.question_tick().unwrap(), 1);
    let heard = &there.cell.questions(&there.cell.operator()).unwrap()[0];
    assert_eq!(
        (heard.id, heard.question.by.member.clone()),
        (asked, member("bank-a"))
    );
    there
        .cell
        .acknowledge(&there.cell.operator(), asked)
        .unwrap();
    // What is said there is a note for the asker alone, and comes back the same way.
    let replies = there.cell.replies_to(&there.a(), note.as_str()).unwrap();
    assert_eq!(
        there.cell.replies_to(&there.b(), note.as_str()).unwrap(),
        []
    );
    let reply = &there.bytes_of(&there.a(), &replies[0].id)[0];
    here.publish(&here.cell.operator(), reply);
    here.cell.question_tick().unwrap();
    let view = &here.cell.questions(&here.a()).unwrap()[0];
    assert!(
        view.question.asked[&member("csirt")]
            .acknowledged_at
            .is_some()
    );
}

#[test]
fn what_is_recalled_already_is_not_recalled_twice() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    kit.serve(&kit.b());
    kit.clock.pass(1_000_000);
    let recall = || kit.cell.recall(&kit.a(), &id(1), &[], "wrong", None);
    let first = recall().unwrap();
    kit.clock.pass(1_000_000);
    assert_eq!(recall().unwrap(), first);
    assert_eq!(kit.cell.recalls(&kit.a()).len(), 1);
    let confirm = kit
        .cell
        .confirm_recall(&kit.b(), first, Complied::Removed, None);
    confirm.unwrap();
    // Everybody has answered, and what they are served of it now says that it is revoked.
    kit.serve(&kit.b());
    kit.clock.pass(300_000_000_000);
    assert_eq!(recall().unwrap(), first);
    let view = &kit.cell.recalls(&kit.a())[0];
    assert_eq!((view.asked.len(), view.counts()), (1, (1, 0, 0)));
    // Who comes later is served the revoked version alone, and has nothing to answer for.
    let late = Caller::node(member("csirt"));
    kit.serve(&late);
    assert_eq!(recall().unwrap(), first);
    assert_eq!(kit.cell.recalls(&kit.a()).len(), 1);
}

#[test]
fn a_recall_of_what_was_published_again_asks_only_who_was_served_that() {
    let kit = Kit::new();
    let bank_c = Caller::node(member("bank-c"));
    let invite = Command::Invite {
        group: kit.group,
        member: bank_c.member.clone(),
        standing: standing(MemberKind::Company, "GB"),
    };
    kit.cell.perform(&kit.cell.operator(), invite).unwrap();
    let accept = Command::Accept { group: kit.group };
    kit.cell.perform(&bank_c, accept).unwrap();
    kit.add(&[indicator(1, 0)]);
    kit.serve(&kit.b());
    kit.clock.pass(1_000_000);
    let recall = || {
        kit.cell
            .recall(&kit.a(), &id(1), &[], "wrong", None)
            .unwrap()
    };
    let asked = |recall: RecallId| {
        let state = kit.cell.state();
        let names = state.recalls()[&recall]
            .asked
            .keys()
            .map(|name| name.as_str().to_owned());
        names.collect::<Vec<_>>()
    };
    let first = recall();
    assert_eq!(asked(first), ["bank-b"]);
    let confirm = |caller: &Caller, recall| {
        let said = kit
            .cell
            .confirm_recall(caller, recall, Complied::Removed, None);
        said.unwrap();
        kit.clock.pass(1_000_000);
    };
    confirm(&kit.b(), first);
    // It saw the revoked version, which says what it is.
    kit.serve(&bank_c);
    kit.publish(&kit.a(), &with_modified(1, kit.clock_now()));
    kit.serve(&bank_c);
    kit.clock.pass(1_000_000);
    let second = recall();
    assert_ne!(second, first);
    assert_eq!(asked(second), ["bank-c"]);
    confirm(&bank_c, second);
    assert_eq!(recall(), second);
    // Somebody who answered is served it again before it goes by another way.
    kit.publish(&kit.a(), &with_modified(1, kit.clock_now()));
    kit.serve(&kit.b());
    let all = Query::default();
    kit.clock.pass(1_000_000);
    kit.cell
        .remove(&kit.a(), &kit.collection, &id(1), &all)
        .unwrap();
    let third = recall();
    assert_eq!(asked(third), ["bank-b"]);
}

#[test]
fn what_is_dated_in_the_future_is_recalled_and_once() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    let ahead = kit.clock_now() + jiff::SignedDuration::from_secs(60);
    kit.publish(&kit.a(), &with_modified(1, ahead));
    kit.serve(&kit.b());
    kit.clock.pass(1_000_000);
    let recall = || {
        kit.cell
            .recall(&kit.a(), &id(1), &[], "wrong", None)
            .unwrap()
    };
    let first = recall();
    let left = kit.bytes_of(&kit.b(), &id(1));
    assert!(
        left.iter().all(|left| left.contains(r#""revoked":true"#)),
        "{left:?}"
    );
    let confirm = kit
        .cell
        .confirm_recall(&kit.b(), first, Complied::Removed, None);
    confirm.unwrap();
    assert_eq!(recall(), first);
}

#[test]
fn an_account_of_the_cell_itself_recalls_once_too() {
    let kit = Kit::new();
    kit.import(&indicator(1, 0));
    kit.serve(&kit.b());
    kit.clock.pass(1_000_000);
    let own = Caller::node(member("csirt"));
    let recall = || kit.cell.recall(&own, &id(1), &[], "wrong", None).unwrap();
    let first = recall();
    kit.clock.pass(1_000_000);
    assert_eq!(recall(), first);
    let confirm = kit
        .cell
        .confirm_recall(&kit.b(), first, Complied::Removed, None);
    confirm.unwrap();
    assert_eq!(recall(), first);
}

#[test]
fn what_was_published_again_is_recalled_again() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    kit.serve(&kit.b());
    kit.clock.pass(1_000_000);
    let recall = || kit.cell.recall(&kit.a(), &id(1), &[], "wrong", None);
    let first = recall().unwrap();
    kit.clock.pass(1_000_000);
    let again = with_modified(1, kit.clock_now());
    kit.publish(&kit.a(), &again);
    assert_ne!(recall().unwrap(), first);
}

/// A version of an indicator as of now.
fn with_modified(n: u32, at: Timestamp) -> String {
    let before = "\"modified\":\"2026-01-01T00:00:00.000Z\"";
    let after = format!("\"modified\":\"{at:.3}\"");
    indicator(n, 0).replace(before, &after)
}

#[test]
fn what_is_told_of_sightings_and_notes_is_noted_as_served() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    let note = "note--00000000-0000-4000-8000-000000000001";
    let text = format!(
        r#"{{"type":"note","spec_version":"2.1","id":"{note}","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","content":"a word on it","object_refs":["{}"]}}"#,
        id(1)
    );
    kit.publish(&kit.b(), &text);
    let served = || kit.cell.who(note, &[]).unwrap();
    // This node's own people look at their own disk.
    kit.cell.replies_to(&kit.cell.operator(), &id(1)).unwrap();
    assert_eq!(served(), []);
    assert_eq!(kit.cell.notices(&kit.a(), None).unwrap().len(), 1);
    assert_eq!(served().len(), 1);
    kit.clock.pass(5_000_000);
    assert_eq!(kit.cell.replies_to(&kit.a(), &id(1)).unwrap().len(), 1);
    let told: Vec<_> = served()
        .iter()
        .map(|one| (one.member.clone(), one.how))
        .collect();
    assert_eq!(
        told,
        [
            (member("bank-a"), How::Lookup),
            (member("bank-a"), How::Lookup)
        ]
    );
    // Of what does not concern it nothing is noted.
    assert_eq!(kit.cell.replies_to(&kit.a(), &id(2)).unwrap(), []);
    assert_eq!(served().len(), 2);
}
