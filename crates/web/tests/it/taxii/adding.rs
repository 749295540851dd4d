//! Adding objects, and what became of them (TAXII 2.1 §4.3, §5.5).

use super::kit::*;
use portcullis_core::{
    cell::{CollectionId, Command, GroupId, Mode, Settings, Tlp},
    realm::Realm,
};
use portcullis_web::Limits;
use serde_json::{Value, json};

#[test]
fn what_was_added_is_told_in_a_status_that_can_be_asked_for_again() {
    let server = Running::start();
    let mut bank = server.client(BANK);
    let answer = bank.post(&server.objects(), &json!({"objects": indicators(0..2)}));
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (202, Some(TAXII)),
        "{answer:?}"
    );
    let status = answer.json();
    let one = |number| json!({"id": indicator_id(number), "version": V1});
    assert_eq!(status["status"], "complete");
    assert_eq!(status["request_timestamp"], "2026-11-02T09:00:00.000000Z");
    assert_eq!(status["total_count"], 2);
    assert_eq!(
        (
            &status["success_count"],
            &status["failure_count"],
            &status["pending_count"]
        ),
        (&json!(2), &json!(0), &json!(0))
    );
    assert_eq!(status["successes"], json!([one(0), one(1)]));
    assert!(
        status.get("failures").is_none() && status.get("pendings").is_none(),
        "lists are never empty: {status}"
    );
    let again = bank.get(&format!("{ROOT}status/{}/", status["id"].as_str().unwrap()));
    assert_eq!((again.status, again.json()), (200, status));
}

#[test]
fn a_status_is_kept_for_a_day() {
    let server = Running::start();
    let mut bank = server.client(BANK);
    let status = bank
        .post(&server.objects(), &json!({"objects": indicators(0..1)}))
        .json();
    let path = format!("{ROOT}status/{}/", status["id"].as_str().unwrap());
    server.pass(24 * 3_600 * 1_000_000);
    bank.post(&server.objects(), &json!({"objects": indicators(1..2)}));
    assert_eq!(bank.get(&path).status, 200);
}

#[test]
fn a_status_is_for_whoever_made_the_request() {
    let server = Running::start();
    let status = server
        .client(BANK)
        .post(&server.objects(), &json!({"objects": indicators(0..1)}))
        .json();
    let path = format!("{ROOT}status/{}/", status["id"].as_str().unwrap());
    for name in [AGENCY, STRANGER, READER] {
        server
            .client(name)
            .get(&path)
            .is_error(404, "taxii.unknown");
    }
    let mut bank = server.client(BANK);
    for id in ["2d086da7-4bdc-4f91-900e-d77486753710", "x"] {
        bank.get(&format!("{ROOT}status/{id}/"))
            .is_error(404, "taxii.unknown");
    }
}

#[test]
fn the_same_object_again_is_no_error_and_changes_nothing() {
    let server = Running::start();
    server.put(&indicators(0..1));
    let mut bank = server.client(BANK);
    let before = bank.get(&server.objects());
    let status = bank
        .post(&server.objects(), &json!({"objects": indicators(0..1)}))
        .json();
    assert_eq!(
        (&status["success_count"], &status["failure_count"]),
        (&json!(1), &json!(0)),
        "{status}"
    );
    let after = bank.get(&server.objects());
    assert_eq!(after.body, before.body);
    assert_eq!(
        after.header("x-taxii-date-added-last"),
        before.header("x-taxii-date-added-last")
    );
}

#[test]
fn some_objects_may_fail_and_the_others_are_added() {
    let server = Running::start();
    let no_id = json!({"type": "indicator", "spec_version": "2.1"});
    let no_type = json!({"id": indicator_id(5)});
    let objects = json!({"objects": [indicator(0, V1), no_id, no_type, indicator(1, V1)]});
    let answer = server.client(BANK).post(&server.objects(), &objects);
    let status = answer.json();
    assert_eq!(answer.status, 202, "{status}");
    assert_eq!(
        (
            &status["total_count"],
            &status["success_count"],
            &status["failure_count"]
        ),
        (&json!(4), &json!(2), &json!(2))
    );
    for failure in status["failures"].as_array().unwrap() {
        assert!(
            failure["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{failure}"
        );
        assert!(
            failure["id"].is_string() && failure["version"].is_string(),
            "{failure}"
        );
    }
    assert_eq!(
        server.client(AGENCY).get(&server.objects()).ids(),
        [indicator_id(0), indicator_id(1)]
    );
}

#[test]
fn what_is_no_envelope_is_422() {
    let server = Running::start();
    let mut bank = server.client(BANK);
    let headers = [("accept", TAXII), ("content-type", TAXII)];
    for body in [
        "",
        " ",
        "nothing",
        "[]",
        "7",
        "{\"objects\":7}",
        "{\"objects\":[}",
        "{\"objects\":[{}]",
        "{\"objects\":[7]}",
        "{\"objects\":[]} x",
    ] {
        let answer = bank.ask("POST", &server.objects(), &headers, body);
        answer.is_error(422, "taxii.envelope");
    }
    for body in [json!({}), json!({"objects": []})] {
        bank.post(&server.objects(), &body)
            .is_error(422, "taxii.envelope");
    }
}

#[test]
fn custom_properties_of_an_envelope_are_passed_over() {
    let server = Running::start();
    let body = json!({"x_example_com_note": {"a": 1}, "objects": indicators(0..1), "more": false});
    assert_eq!(
        server.client(BANK).post(&server.objects(), &body).json()["success_count"],
        1
    );
}

#[test]
fn custom_objects_and_properties_live() {
    let server = Running::start();
    let custom = json!({
        "type": "x-example-com-thing", "spec_version": "2.1",
        "id": "x-example-com-thing--00000000-0000-4000-8000-000000000001",
        "created": V1, "modified": V1, "x_deep": {"list": [1, 2.5, null, {"nul": "a\u{0}b"}]},
    });
    server.put(std::slice::from_ref(&custom));
    assert_eq!(
        server.client(AGENCY).get(&server.objects()).json()["objects"],
        json!([custom])
    );
}

#[test]
fn an_object_may_come_and_go_as_long_as_its_text() {
    let server = Running::start();
    let mut big = indicator(0, V1);
    big["description"] = Value::String("ä\u{1F510}\n".repeat(200_000));
    server.put(&[big.clone()]);
    let path = format!("{}{}/", server.objects(), indicator_id(0));
    assert_eq!(
        server.client(AGENCY).get(&path).json()["objects"],
        json!([big])
    );
}

#[test]
fn a_body_above_max_content_length_is_413_and_one_below_is_not() {
    let limits = Limits {
        taxii_content_bytes_max: 4096,
        ..Limits::default()
    };
    let server = Running::start_with(limits);
    let body = |bytes: usize| {
        let text = json!({"objects": indicators(0..1)}).to_string();
        format!("{text}{}", " ".repeat(bytes - text.len()))
    };
    let headers = [("accept", TAXII), ("content-type", TAXII)];
    let mut bank = server.client(BANK);
    assert_eq!(
        bank.ask("POST", &server.objects(), &headers, &body(4095))
            .status,
        202
    );
    assert_eq!(
        bank.ask("POST", &server.objects(), &headers, &body(4096))
            .status,
        202
    );
    bank.ask("POST", &server.objects(), &headers, &body(4097))
        .is_error(413, "taxii.too_large");
    // Before it is sent, if its length is told.
    let told = [
        ("accept", TAXII),
        ("content-type", TAXII),
        ("content-length", "4097"),
    ];
    server
        .client(BANK)
        .ask("POST", &server.objects(), &told, "")
        .is_error(413, "taxii.too_large");
}

#[test]
fn a_body_in_chunks_is_taken_and_has_the_same_bound() {
    use std::io::{Read as _, Write as _};
    let limits = Limits {
        taxii_content_bytes_max: 4096,
        ..Limits::default()
    };
    let server = Running::start_with(limits);
    let send = |pieces: &[String]| {
        let mut stream = std::net::TcpStream::connect(server.address).unwrap();
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: a\r\naccept: {TAXII}\r\ncontent-type: {TAXII}\r\nauthorization: {}\r\n\
             connection: close\r\ntransfer-encoding: chunked\r\n\r\n",
            server.objects(),
            token(BANK)
        );
        stream.write_all(head.as_bytes()).unwrap();
        for piece in pieces {
            let _ = write!(stream, "{:x}\r\n{piece}\r\n", piece.len());
        }
        let _ = stream.write_all(b"0\r\n\r\n");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let text = json!({"objects": indicators(0..1)}).to_string();
    let (one, other) = text.split_at(100);
    let heard = send(&[one.to_owned(), other.to_owned()]);
    assert!(heard.starts_with("HTTP/1.1 202 "), "{heard}");
    let heard = send(&[text, " ".repeat(4096)]);
    assert!(heard.starts_with("HTTP/1.1 413 "), "{heard}");
}

#[test]
fn a_body_that_stops_coming_is_408_and_leaves_room_for_others() {
    use std::io::{Read as _, Write as _};
    let limits = Limits {
        read_timeout: std::time::Duration::from_millis(300),
        taxii_bodies_bytes_max: 128 * 1024,
        ..Limits::default()
    };
    let server = Running::start_with(limits);
    let mut stream = std::net::TcpStream::connect(server.address).unwrap();
    let request = format!(
        "POST {} HTTP/1.1\r\nhost: a\r\naccept: {TAXII}\r\ncontent-type: {TAXII}\r\nauthorization: {}\r\n\
         content-length: 131072\r\nexpect: 100-continue\r\n\r\n",
        server.objects(),
        token(BANK)
    );
    stream.write_all(request.as_bytes()).unwrap();
    // It is told to go on when there is room for it.
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    // While it is awaited there is no room for another; and somebody who reads needs none.
    let busy = server
        .client(BANK)
        .post(&server.objects(), &json!({"objects": indicators(0..1)}));
    busy.is_error(503, "taxii.no_room");
    assert_eq!(busy.header("retry-after"), Some("1"));
    assert_eq!(server.client(AGENCY).get(&server.objects()).status, 200);
    let mut heard = String::new();
    stream.read_to_string(&mut heard).unwrap();
    assert!(
        heard.starts_with("HTTP/1.1 408 ") && heard.contains("taxii.too_slow"),
        "{heard}"
    );
    server.put(&indicators(1..2));
}

#[test]
fn one_member_that_adds_too_much_at_once_hears_429() {
    let limits = Limits {
        taxii_writes_per_member_max: 0,
        ..Limits::default()
    };
    let server = Running::start_with(limits);
    let answer = server
        .client(BANK)
        .post(&server.objects(), &json!({"objects": indicators(0..1)}));
    answer.is_error(429, "taxii.too_many_writes");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(server.client(BANK).get(&server.objects()).status, 200);
}

#[test]
fn what_a_person_must_decide_on_is_pending_and_nobody_else_sees_it() {
    let server = Running::start();
    let (collection, banks) = (
        CollectionId::new(&Realm::live(), [9; 12]),
        GroupId::new(&Realm::live(), [2; 12]),
    );
    let mut settings = Settings::titled("for everybody");
    settings.default_tlp = Tlp::Clear;
    settings.mode = Mode::Keep;
    settings.open = true;
    settings.writers = [banks].into();
    let settings = Box::new(settings);
    let open = Command::OpenCollection {
        collection,
        settings,
    };
    server.cell.perform(&server.cell.operator(), open).unwrap();
    let objects = format!("{}objects/", Running::path(&collection));
    let mut personal = indicator(0, V1);
    personal["description"] = "reported by customer@bank.example, tel. +44 20 7946 0018".into();
    let status = server
        .client(BANK)
        .post(&objects, &json!({"objects": [personal, indicator(1, V1)]}))
        .json();
    assert_eq!(
        (&status["status"], &status["pending_count"]),
        (&json!("pending"), &json!(1)),
        "{status}"
    );
    assert_eq!(status["pendings"][0]["id"], indicator_id(0), "{status}");
    assert_eq!(status["success_count"], 1, "{status}");
    let seen = server.client(STRANGER).get(&objects);
    assert_eq!(seen.ids(), [indicator_id(1)], "{seen:?}");
}
