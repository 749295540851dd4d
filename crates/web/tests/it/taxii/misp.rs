//! MISP's push to a TAXII server, request by request: its script cuts the
//! objects into envelopes that fit `max_content_length`, posts them with
//! `taxii2-client`, and does not wait (`MISP/app/files/scripts/taxii/taxii_push.py`).

use super::kit::*;
use portcullis_web::Limits;
use serde_json::{Value, json};

/// What `Collection.add_objects` sends: bytes that were put together by hand.
fn push(client: &mut Client, path: &str, envelope: &str) -> Value {
    let headers = [
        ("accept", TAXII),
        ("content-type", TAXII),
        ("user-agent", "taxii2-client/2.3.0"),
        ("accept-encoding", "gzip, deflate"),
    ];
    let answer = client.ask("POST", path, &headers, envelope);
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.json()
}

#[test]
fn it_fills_envelopes_up_to_the_api_roots_limit_and_all_arrive() {
    let limits = Limits {
        taxii_content_bytes_max: 4_000,
        ..Limits::default()
    };
    let server = Running::start_with(limits);
    let mut bank = Client::new(server.address, Some(&basic("bank.old", "password of bank")));
    let bytes_max = bank.get(ROOT).json()["max_content_length"]
        .to_string()
        .parse::<usize>()
        .unwrap();
    let collection = bank.get(&Running::path(&server.shared)).json();
    assert_eq!(collection["can_write"], true);
    let (before, after) = (r#"{"objects":["#, "]}");
    let (mut envelope, mut sent) = (before.to_owned(), 0);
    for object in indicators(0..40) {
        let text = object.to_string();
        if envelope.len() + 1 + text.len() + after.len() > bytes_max {
            assert_eq!(
                push(&mut bank, &server.objects(), &(envelope + after))["failure_count"],
                0
            );
            (envelope, sent) = (before.to_owned(), sent + 1);
        }
        if envelope.len() > before.len() {
            envelope.push(',');
        }
        envelope += &text;
    }
    push(&mut bank, &server.objects(), &(envelope + after));
    assert!(sent > 2, "{sent} envelopes were full");
    assert_eq!(server.client(AGENCY).get(&server.objects()).ids().len(), 40);
}

#[test]
fn what_it_pushes_again_is_no_error() {
    let server = Running::start();
    let mut bank = server.client(BANK);
    let envelope = json!({"objects": indicators(0..10)}).to_string();
    for _ in 0..3 {
        let status = push(&mut bank, &server.objects(), &envelope);
        assert_eq!(
            (&status["status"], &status["success_count"]),
            (&json!("complete"), &json!(10))
        );
    }
    assert_eq!(server.client(AGENCY).get(&server.objects()).ids().len(), 10);
}

#[test]
fn it_may_push_a_bundle_where_an_envelope_belongs() {
    let server = Running::start();
    let bundle = json!({
        "type": "bundle", "id": "bundle--2d086da7-4bdc-4f91-900e-d77486753710", "objects": indicators(0..3),
    });
    let status = push(
        &mut server.client(BANK),
        &server.objects(),
        &bundle.to_string(),
    );
    assert_eq!(status["success_count"], 3);
}
