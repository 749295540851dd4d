//! Content negotiation (TAXII 2.1 §1.6.8, §3.1).

use super::kit::*;
use serde_json::json;

fn accepted(accept: &[(&str, &str)]) -> Answer {
    let server = Running::start();
    server.client(BANK).ask("GET", "/taxii2/", accept, "")
}

#[test]
fn taxii_2_1_is_answered_to_whoever_takes_it() {
    for accept in [
        "application/taxii+json;version=2.1",
        "application/taxii+json; version=2.1",
        "application/taxii+json",
        "application/taxii+json;version=2.1,application/stix+json;version=2.1",
        "application/vnd.oasis.taxii+json; version=2.0, application/taxii+json;version=2.1;q=0.1",
        "application/*",
        "*/*",
    ] {
        let answer = accepted(&[("accept", accept)]);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(TAXII)),
            "{accept}"
        );
    }
    assert_eq!(accepted(&[]).status, 200);
    assert_eq!(
        accepted(&[
            ("accept", "text/html"),
            ("accept", "application/taxii+json")
        ])
        .status,
        200
    );
}

#[test]
fn whoever_takes_something_else_hears_406() {
    for accept in [
        "application/taxii+json;version=2.0",
        "application/taxii+json;version=3.0",
        "application/vnd.oasis.taxii+json; version=2.0",
        "application/json",
        "text/html",
        "*/*, application/taxii+json;q=0",
    ] {
        accepted(&[("accept", accept)]).is_error(406, "taxii.not_acceptable");
    }
}

#[test]
fn every_endpoint_negotiates() {
    let server = Running::start();
    server.put(&indicators(0..1));
    let (collection, object) = (
        Running::path(&server.shared),
        format!("{}{}/", server.objects(), indicator_id(0)),
    );
    let mut bank = server.client(BANK);
    for (method, path) in [
        ("GET", "/taxii2/".to_owned()),
        ("GET", ROOT.to_owned()),
        (
            "GET",
            format!("{ROOT}status/2d086da7-4bdc-4f91-900e-d77486753710/"),
        ),
        ("GET", format!("{ROOT}collections/")),
        ("GET", collection.clone()),
        ("GET", format!("{collection}manifest/")),
        ("GET", server.objects()),
        ("GET", object.clone()),
        ("GET", format!("{object}versions/")),
        ("DELETE", object.clone()),
    ] {
        bank.ask(method, &path, &[("accept", "text/html")], "")
            .is_error(406, "taxii.not_acceptable");
    }
    let headers = [("accept", "text/html"), ("content-type", TAXII)];
    bank.ask("POST", &server.objects(), &headers, "{}")
        .is_error(406, "taxii.not_acceptable");
    assert_eq!(bank.get(&object).status, 200, "it is still there");
}

#[test]
fn a_body_of_another_type_is_415() {
    let server = Running::start();
    let body = json!({"objects": indicators(0..1)}).to_string();
    let mut bank = server.client(BANK);
    for content_type in [
        "application/taxii+json;version=2.0",
        "application/stix+json;version=2.1",
        "application/vnd.oasis.stix+json; version=2.0",
        "application/json",
        "text/plain",
        "",
    ] {
        let headers = [("accept", TAXII), ("content-type", content_type)];
        bank.ask("POST", &server.objects(), &headers, &body)
            .is_error(415, "taxii.content_type");
    }
    let none = bank.ask("POST", &server.objects(), &[("accept", TAXII)], &body);
    none.is_error(415, "taxii.content_type");
    for content_type in [
        TAXII,
        "application/taxii+json",
        "application/taxii+json; version=2.1; charset=utf-8",
    ] {
        let headers = [("accept", TAXII), ("content-type", content_type)];
        assert_eq!(
            bank.ask("POST", &server.objects(), &headers, &body).status,
            202,
            "{content_type}"
        );
    }
}

#[test]
fn a_packed_body_is_415() {
    let server = Running::start();
    let headers = [
        ("accept", TAXII),
        ("content-type", TAXII),
        ("content-encoding", "gzip"),
    ];
    let answer = server
        .client(BANK)
        .ask("POST", &server.objects(), &headers, "{}");
    answer.is_error(415, "taxii.content_encoding");
}

#[test]
fn a_request_without_a_user_agent_is_answered() {
    // No request of this client has one.
    assert_eq!(accepted(&[("accept", TAXII)]).status, 200);
}
