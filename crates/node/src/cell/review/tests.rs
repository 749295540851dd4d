use super::*;
use crate::cell::{
    Query, Source, View,
    tests::{Kit, member, standing},
};
use portcullis_core::cell::{Caller, Command, MemberKind, review::Outcome};

fn found(object: &str) -> Vec<(String, FindingKind)> {
    let value: Value = serde_json::from_str(object).unwrap();
    let kind = value["type"].as_str().unwrap().to_owned();
    let found = findings(&kind, object.as_bytes());
    found.into_iter().map(|one| (one.path, one.kind)).collect()
}

#[test]
fn people_in_free_text_are_found_where_they_stand() {
    let incident = r#"{"type":"incident","id":"incident--1","name":"Account taken over",
        "description":"Reported by Mrs Example, born 1 May 1984.",
        "x_contact":{"phone":"+44 20 7946 0958"},"labels":["a","b","j.example@bank.example"]}"#;
    // The order in which an object's properties are looked at says nothing.
    let mut people = found(incident);
    people.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert_eq!(
        people,
        [
            ("description".into(), FindingKind::PersonName),
            ("description".into(), FindingKind::BirthDate),
            ("labels[2]".into(), FindingKind::MailAddress),
            ("x_contact.phone".into(), FindingKind::Telephone),
        ]
    );
}

#[test]
fn what_the_threat_is_made_of_is_not() {
    for object in [
        r#"{"type":"indicator","id":"indicator--1","name":"phish","pattern":"[email-addr:value = 'x@bad.example']","pattern_type":"stix"}"#,
        r#"{"type":"url","id":"url--1","value":"https://a.b@bad.example/4111111111111111"}"#,
        r#"{"type":"malware","id":"malware--1","name":"Loader","description":"Spreads by mail, see https://cert.example/2024.","external_references":[{"source_name":"x","external_id":"+44 20 7946 0958","url":"https://x.example/a@b.example"}]}"#,
        r#"{"type":"identity","id":"identity--1","name":"A bank","identity_class":"organization","contact_information":"soc@bank.example"}"#,
    ] {
        assert_eq!(found(object), [], "{object}");
    }
}

#[test]
fn objects_about_people_are_found_whatever_their_text_says() {
    for (object, path, kind) in [
        (
            r#"{"type":"identity","id":"identity--1","name":"J Example","identity_class":"individual"}"#,
            "name",
            FindingKind::PersonName,
        ),
        (
            r#"{"type":"user-account","id":"user-account--1","account_login":"jexample"}"#,
            "account_login",
            FindingKind::UserAccount,
        ),
        (
            r#"{"type":"email-addr","id":"email-addr--1","value":"jexample@bank.example"}"#,
            "value",
            FindingKind::MailAddress,
        ),
        (
            r#"{"type":"observed-data","id":"observed-data--1","objects":{"0":{"type":"user-account","user_id":"7"}}}"#,
            "objects.0.user_id",
            FindingKind::UserAccount,
        ),
    ] {
        assert_eq!(found(object), [(path.to_owned(), kind)], "{object}");
    }
}

#[test]
fn an_escaped_sign_hides_nothing() {
    let object =
        r#"{"type":"note","id":"note--1","content":"write to j.example\u0040bank.example"}"#;
    assert_eq!(
        found(object),
        [("content".into(), FindingKind::MailAddress)]
    );
}

#[test]
fn people_within_an_object_are_found_too() {
    for (within, path, kind) in [
        (
            r#"{"type":"identity","identity_class":"individual","name":"J Example"}"#,
            "x_people[0].name",
            FindingKind::PersonName,
        ),
        (
            r#"{"\u0074ype":"user-account","account_login":"jexample"}"#,
            "x_people[0].account_login",
            FindingKind::UserAccount,
        ),
    ] {
        let object = format!(r#"{{"type":"report","id":"report--1","x_people":[{within}]}}"#);
        assert_eq!(found(&object), [(path.to_owned(), kind)], "{object}");
    }
}

#[test]
fn an_escape_before_a_word_is_no_part_of_it() {
    for (content, kind) in [
        (r"Reported by\nMrs Example", FindingKind::PersonName),
        (r"Who:\tDr. Example", FindingKind::PersonName),
        (r"him:\r\nborn 1 May 1984", FindingKind::BirthDate),
        (r"card\n4111 1111 1111 1111", FindingKind::PaymentNumber),
    ] {
        for object in [
            format!(r#"{{"type":"note","id":"note--1","content":"{content}"}}"#),
            format!(r#"{{"type":"note","id":"note--1","content":[{{"x":"{content}"}}]}}"#),
            format!(r#"{{"type":"note","id":"note--1","revoked":"{content}"}}"#),
        ] {
            let kinds: Vec<_> = found(&object).into_iter().map(|(_, kind)| kind).collect();
            assert_eq!(kinds, [kind], "{object}");
        }
    }
}

#[test]
fn no_more_is_kept_than_fits_a_review() {
    let many = vec!["x.y@bank.example"; 3 * FINDINGS_MAX];
    let object = serde_json::json!({"type": "note", "id": "note--1", "labels": many});
    let found = findings("note", object.to_string().as_bytes());
    assert_eq!(found.len(), FINDINGS_MAX);
    let deep = format!(
        r#"{{"type":"note","{}":"x.y@bank.example"}}"#,
        "ä".repeat(PATH_BYTES_MAX)
    );
    let found = findings("note", deep.as_bytes());
    assert!(found[0].path.len() <= PATH_BYTES_MAX);
}

#[test]
fn whoever_joins_from_across_gets_what_was_found_once_a_person_lets_it_go() {
    let kit = Kit::new();
    let (cell, operator) = (&kit.cell, kit.cell.operator());
    let note = r#"{"objects":[{"type":"note","spec_version":"2.1","id":"note--1","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","content":"write to x.y@bank.example"},
        {"type":"note","spec_version":"2.1","id":"note--2","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","content":"nobody"}]}"#;
    let bank = Caller::node(member("bank-a"));
    let status = cell
        .add(&bank, &kit.collection, note.into(), Source::Published)
        .unwrap();
    assert_eq!((status.successes.len(), status.pendings.len()), (2, 0));
    let count = |name: &str| {
        let caller = Caller::node(member(name));
        let page = cell.page(&caller, &kit.collection, &Query::default(), View::Objects);
        let body = page.unwrap().chunks.concat();
        String::from_utf8(body).unwrap().matches("\"note\"").count()
    };
    assert_eq!(count("bank-b"), 2);
    assert_eq!(cell.review_tick().unwrap(), 0, "nothing crosses");
    let invite = Command::Invite {
        group: kit.group,
        member: member("fusion"),
        standing: standing(MemberKind::Authority, "US"),
    };
    cell.perform(&operator, invite).unwrap();
    let accept = Command::Accept { group: kit.group };
    cell.perform(&Caller::node(member("fusion")), accept)
        .unwrap();
    assert_eq!((count("bank-b"), count("fusion")), (2, 1));
    assert_eq!(cell.review_tick().unwrap(), 1);
    assert_eq!(cell.review_tick().unwrap(), 0, "asked once");
    let state = cell.state();
    let (id, review) = state.reviews_waiting().next().unwrap();
    assert_eq!(
        (review.object.as_str(), &review.publisher),
        ("note--1", &member("bank-a"))
    );
    let release = Command::Review {
        review: *id,
        outcome: Outcome::Released,
        reason: "the sender of the phishing".into(),
        person: "duty officer".into(),
    };
    cell.perform(&bank, release).unwrap();
    assert_eq!((count("bank-b"), count("fusion")), (2, 2));
}
