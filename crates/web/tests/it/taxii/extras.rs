//! What a cell says beyond TAXII: recalls, questions, replies, look-ups, evidence, over HTTP.

use super::kit::*;
use portcullis_core::cell::Command;
use serde_json::{Value, json};

const OBJECT: &str = "indicator--00000000-0000-4000-8000-000000000001";

fn indicator() -> Value {
    json!({
        "type": "indicator", "spec_version": "2.1", "id": OBJECT,
        "created": "2026-11-01T00:00:00.000Z", "modified": "2026-11-01T00:00:00.000Z",
        "pattern": "[domain-name:value = 'bad.zone-of-nobody.tld']", "pattern_type": "stix",
        "valid_from": "2026-11-01T00:00:00Z"
    })
}

/// Another client of a member, with an account that speaks for it.
fn speaker(server: &Running, member: &str) -> Client {
    let name = format!("{member}.desk");
    let (token, secret) = portcullis_node::cell::account::new_token(server.cell.env());
    let open = Command::OpenAccount {
        name,
        member: member.parse().unwrap(),
        secret,
        client: false,
        operator: false,
        rights: portcullis_core::cell::Rights::Speak,
        until: None,
    };
    server.cell.perform(&server.cell.operator(), open).unwrap();
    Client::new(server.address, Some(&format!("Bearer {}", *token)))
}

#[test]
fn nobody_and_nothing_is_answered_as_at_the_taxii_door() {
    let server = Running::start();
    for path in ["recalls", "questions", "notices", "who/x--y", "watch"] {
        let answer = server
            .nobody()
            .ask("GET", &format!("/cell/v1/{path}"), &[], "");
        assert_eq!(answer.status, 401, "{path}");
    }
    assert_eq!(server.client(BANK).get("/cell/v1/nothing").status, 404);
    assert_eq!(server.client(BANK).get("/cell/v1/").status, 404);
    let answer = server
        .client(BANK)
        .ask("DELETE", "/cell/v1/recalls", &[], "");
    assert_eq!(answer.status, 405);
    let answer = server
        .client(BANK)
        .ask("POST", "/cell/v1/recalls", &[], "{");
    assert_eq!(answer.status, 400);
    let large = "x".repeat(300 * 1024);
    let answer = server
        .client(BANK)
        .ask("POST", "/cell/v1/recalls", &[], &large);
    assert_eq!(answer.status, 413);
}

#[test]
fn a_parameter_that_cannot_be_read_is_never_taken_for_absent() {
    let server = Running::start();
    server.put(&[indicator()]);
    let mut bank = speaker(&server, "bank");
    for (path, named) in [
        ("notices?since=abc", "since"),
        ("notices?since=", "since"),
        ("notices?since", "since"),
        ("notices?since=2026-11-22", "since"),
        ("notices?since=1.5", "since"),
        ("notices?since=%zz", "since"),
        ("notices?since=99999999999999999999", "since"),
        ("notices?since=1&since=2", "since"),
        ("watch?generation=abc", "generation"),
        ("watch?generation=-1", "generation"),
        ("watch?generation", "generation"),
        ("watch?generation=1&generation=1", "generation"),
        ("lookup", "value"),
        ("lookup?value=", "value"),
        ("lookup?value=%ff", "value"),
        ("lookup?value=a.tld&value=b.tld", "value"),
    ] {
        let answer = bank.get(&format!("/cell/v1/{path}"));
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
        let said = answer.json();
        assert_eq!(said["error_code"], "cell.unread", "{path}");
        let description = said["description"].as_str().unwrap();
        assert!(description.contains(&format!("`{named}`")), "{description}");
    }
    for path in [
        "notices",
        "notices?since=-1",
        "notices?since=1795330800000000&other=abc",
        "watch?generation=18446744073709551615",
        "lookup?value=bad.zone-of-nobody.tld&x",
    ] {
        let answer = bank.get(&format!("/cell/v1/{path}"));
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    // In a path an id of another form is refused where it is read, and unknown where it is looked up.
    let confirm = bank.post(
        "/cell/v1/recalls/rcl_1/confirm",
        &json!({ "how": "removed" }),
    );
    assert_eq!(confirm.status, 400, "{confirm:?}");
    let decline = bank.post("/cell/v1/questions/x/decline", &json!({ "reason": "no" }));
    assert_eq!(decline.status, 400, "{decline:?}");
    for path in ["who/x", "provenance/x/y", "provenance/%zz/%zz"] {
        assert_eq!(bank.get(&format!("/cell/v1/{path}")).status, 404, "{path}");
    }
    for (path, body) in [
        ("recalls", json!([])),
        ("recalls", json!("x")),
        ("recalls", json!({ "object": 7, "reason": "x" })),
        (
            "recalls",
            json!({ "object": OBJECT, "reason": "x", "due": "soon" }),
        ),
        (
            "recalls",
            json!({ "object": OBJECT, "reason": "x", "versions": "all" }),
        ),
        (
            "recalls",
            json!({ "object": OBJECT, "reason": "x", "versions": ["1"] }),
        ),
        ("pseudonyms", json!({ "collection": null })),
        (
            "questions",
            json!({ "collection": server.shared.to_string(), "kind": "seen" }),
        ),
    ] {
        let answer = bank.post(&format!("/cell/v1/{path}"), &body);
        assert_eq!(answer.status, 400, "{path} {body}: {answer:?}");
        assert_eq!(answer.json()["error_code"], "cell.unread", "{path} {body}");
    }
}

#[test]
fn an_object_is_recalled_and_the_confirmations_come_in() {
    let server = Running::start();
    server.put(&[indicator()]);
    assert_eq!(server.client(AGENCY).get(&server.objects()).status, 200);
    server.pass(1_000_000);
    let (mut bank, mut agency) = (speaker(&server, "bank"), speaker(&server, "agency"));
    let who = format!("/cell/v1/who/{OBJECT}");
    assert_eq!(
        agency.get(&who).status,
        404,
        "only its publisher hears who was served"
    );
    let went_out = bank.get(&who).json();
    assert_eq!(went_out["served"][0]["member"], "agency");
    assert_eq!(went_out["served"][0]["how"], "page");
    let recall = json!({ "object": OBJECT, "reason": "a false positive" });
    assert_eq!(agency.post("/cell/v1/recalls", &recall).status, 403);
    let recalled = bank.post("/cell/v1/recalls", &recall);
    assert_eq!(recalled.status, 200, "{recalled:?}");
    let id = recalled.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(recalled.json()["asked"][0]["member"], "agency");
    let page = server.client(AGENCY).get(&server.objects()).json();
    assert_eq!(page["objects"].as_array().unwrap().len(), 1);
    assert_eq!(page["objects"][0]["revoked"], true);
    let confirm = format!("/cell/v1/recalls/{id}/confirm");
    assert_eq!(
        agency.post(&confirm, &json!({ "how": "kept" })).status,
        403,
        "a reason is needed"
    );
    assert_eq!(agency.post(&confirm, &json!({ "how": "gone" })).status, 400);
    assert_eq!(
        agency.post(&confirm, &json!({ "how": "removed" })).status,
        200
    );
    assert_eq!(
        bank.post(&confirm, &json!({ "how": "removed" })).status,
        403
    );
    let recalls = bank.get("/cell/v1/recalls").json();
    assert_eq!(
        recalls["recalls"][0]["asked"][0]["confirmed"]["how"],
        "removed"
    );
}

#[test]
fn what_is_under_a_pseudonym_is_its_members_to_ask_about_and_to_delete_and_the_cells_to_others() {
    let server = Running::start();
    server.cell.give_secret(&[7; 32]);
    let (mut bank, mut agency) = (server.client(BANK), speaker(&server, "agency"));
    let mut owner = speaker(&server, "bank");
    let collection = json!({ "collection": server.shared.to_string() });
    let taken = bank.post("/cell/v1/pseudonyms", &collection);
    assert_eq!(taken.status, 200, "{taken:?}");
    let mut object = indicator();
    object["created_by_ref"] = taken.json()["identity"].clone();
    let added = bank.post(&server.objects(), &json!({ "objects": [object] }));
    assert_eq!(added.status, 202, "{added:?}");
    assert_eq!(agency.get(&server.objects()).status, 200);
    server.pass(1_000_000);
    let who = format!("/cell/v1/who/{OBJECT}");
    let of_none = format!("/cell/v1/who/{}", OBJECT.replace("0001", "0002"));
    let told = owner.get(&who);
    assert_eq!(told.json()["served"][0]["member"], "agency", "{told:?}");
    let (refused, none) = (agency.get(&who), agency.get(&of_none));
    assert_eq!(refused.status, 404);
    assert_eq!(refused.json()["description"], none.json()["description"]);
    let path = format!("{}{OBJECT}/", server.objects());
    let refused = agency.delete(&path);
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(!refused.json().to_string().contains("bank"), "{refused:?}");
    assert_eq!(bank.delete(&path).status, 200);
    let gone = agency.get(&path);
    assert!(gone.status == 404 || gone.ids().is_empty(), "{gone:?}");
}

#[test]
fn a_question_is_asked_and_answered_over_http() {
    let server = Running::start();
    server.put(&[indicator()]);
    let (mut bank, mut agency) = (speaker(&server, "bank"), speaker(&server, "agency"));
    let ask = |kind: &str, text: &str| {
        json!({
            "collection": server.shared.to_string(), "kind": kind, "text": text,
            "about": [OBJECT], "members": ["agency"], "deadline": "2026-11-03T09:00:00Z"
        })
    };
    let refused = bank.post(
        "/cell/v1/questions",
        &ask("subscriber", "Whose account is it?"),
    );
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["error_code"], "cell.ask_for_user_data");
    let asked = bank.post("/cell/v1/questions", &ask("seen", "Has anybody seen it?"));
    assert_eq!(asked.status, 200, "{asked:?}");
    let id = asked.json()["question"].as_str().unwrap().to_owned();
    let say = |client: &mut Client, verb: &str, body: Value| {
        client
            .post(&format!("/cell/v1/questions/{id}/{verb}"), &body)
            .status
    };
    assert_eq!(say(&mut agency, "acknowledge", json!({})), 200);
    assert_eq!(
        say(&mut agency, "answer", json!({ "objects": [OBJECT] })),
        200
    );
    assert_eq!(say(&mut agency, "close", json!({ "outcome": "done" })), 403);
    assert_eq!(
        say(&mut bank, "close", json!({ "outcome": "seen once" })),
        200
    );
    let view = &agency.get("/cell/v1/questions").json()["questions"][0];
    assert_eq!(view["closed"]["outcome"], "seen once");
    assert_eq!(view["brought"]["indicator"], 1);
}

#[test]
fn what_is_looked_up_is_noted_and_what_is_said_of_an_object_comes_back() {
    let server = Running::start();
    server.put(&[indicator()]);
    let found = server
        .client(AGENCY)
        .get("/cell/v1/lookup?value=bad.zone-of-nobody%5B.%5Dtld");
    assert_eq!(found.status, 200, "{found:?}");
    assert_eq!(found.json()["objects"][0]["object"]["id"], OBJECT);
    assert_eq!(
        server
            .client(STRANGER)
            .get("/cell/v1/lookup?value=bad.zone-of-nobody.tld")
            .json()["objects"],
        json!([])
    );
    assert_eq!(server.client(AGENCY).get("/cell/v1/lookup").status, 400);
    let looked_up = server.cell.who(OBJECT, &[]).unwrap();
    assert_eq!(looked_up.len(), 1);
    assert_eq!(looked_up[0].how.as_str(), "lookup");
    let opinion = json!({ "objects": [{
        "type": "opinion", "spec_version": "2.1", "id": "opinion--00000000-0000-4000-8000-000000000001",
        "created": "2026-11-01T00:00:00.000Z", "modified": "2026-11-01T00:00:00.000Z",
        "opinion": "strongly-disagree", "object_refs": [OBJECT]
    }]});
    // The agency may not write here; an operator enters what it said.
    let envelope = serde_json::to_vec(&opinion).unwrap();
    let source = portcullis_node::cell::Source::Published;
    let by = server.cell.operator();
    server
        .cell
        .add(&by, &server.shared, envelope.into(), source)
        .unwrap();
    let replies = server
        .client(BANK)
        .get(&format!("/cell/v1/replies/{OBJECT}"))
        .json();
    assert_eq!(replies["replies"][0]["false_positive"], true);
    assert_eq!(
        server.client(BANK).get("/cell/v1/notices").json()["notices"][0]["object"],
        OBJECT
    );
    assert_eq!(
        server.client(AGENCY).get("/cell/v1/notices").json()["notices"],
        json!([])
    );
}

#[test]
fn an_objects_provenance_is_for_whoever_may_see_it() {
    let server = Running::start();
    server.put(&[indicator()]);
    let path = format!("/cell/v1/provenance/{}/{OBJECT}", server.shared);
    let held = server.client(AGENCY).get(&path).json();
    assert_eq!(held["versions"].as_array().unwrap().len(), 1);
    assert_eq!(server.client(STRANGER).get(&path).status, 404);
}

#[test]
fn a_watch_answers_when_something_changes() {
    let server = Running::start();
    let known = server.client(AGENCY).get("/cell/v1/watch").json()["generation"]
        .as_u64()
        .unwrap();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| {
            let path = format!("/cell/v1/watch?generation={known}");
            server.client(AGENCY).get(&path).json()["generation"]
                .as_u64()
                .unwrap()
        });
        server.put(&[indicator()]);
        assert_ne!(known, waits.join().unwrap());
    });
}

#[test]
fn whoever_only_read_the_names_of_versions_was_not_served_the_object() {
    let server = Running::start();
    server.put(&[indicator()]);
    let mut agency = server.client(AGENCY);
    let manifest = server.objects().replace("/objects/", "/manifest/");
    assert_eq!(agency.get(&manifest).status, 200);
    let versions = format!("{}{OBJECT}/versions/", server.objects());
    assert_eq!(agency.get(&versions).status, 200);
    let mut bank = speaker(&server, "bank");
    let told = bank.get(&format!("/cell/v1/who/{OBJECT}")).json();
    let how = told["served"].as_array().unwrap().iter();
    assert!(how.clone().count() > 0 && how.clone().all(|one| one["how"] == "manifest"));
    server.pass(1_000_000);
    let recall = json!({ "object": OBJECT, "reason": "a false positive" });
    let recalled = bank.post("/cell/v1/recalls", &recall);
    assert_eq!(recalled.json()["asked"], json!([]), "{recalled:?}");
}
