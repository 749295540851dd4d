//! Who gets in, and what those hear who do not (TAXII 2.1 §1.6.9, §8.2.2, and the permissions of §5).

use super::kit::*;
use crate::raw::Raw;
use portcullis_web::{Limits, TlsIdentity};
use serde_json::json;
use std::net::SocketAddr;

#[test]
fn nobody_gets_in_without_saying_who_and_hears_how_to() {
    let server = Running::start();
    for (method, path) in [
        ("GET", "/taxii2/".to_owned()),
        ("GET", ROOT.to_owned()),
        ("GET", format!("{ROOT}collections/")),
        ("GET", Running::path(&server.shared)),
        ("GET", format!("{}manifest/", Running::path(&server.shared))),
        ("GET", server.objects()),
        ("POST", server.objects()),
        ("GET", format!("{}a--b/", server.objects())),
        ("DELETE", format!("{}a--b/", server.objects())),
        ("GET", format!("{}a--b/versions/", server.objects())),
        (
            "GET",
            format!("{ROOT}status/2d086da7-4bdc-4f91-900e-d77486753710/"),
        ),
        ("GET", "/taxii2/no/such/endpoint/".to_owned()),
        ("PATCH", server.objects()),
    ] {
        let answer = server.nobody().ask(method, &path, &[("accept", TAXII)], "");
        answer.is_error(401, "taxii.nobody");
        let challenges: Vec<_> = answer
            .headers
            .iter()
            .filter(|(name, _)| name == "www-authenticate")
            .map(|(_, value)| value)
            .collect();
        assert!(
            challenges.len() == 2
                && challenges[0].starts_with("Basic realm=")
                && challenges[1].starts_with("Bearer "),
            "{method} {path}: {challenges:?}"
        );
    }
}

#[test]
fn a_token_and_a_password_let_in_and_nothing_like_them_does() {
    let server = Running::start();
    let ask = |authorization: &str| {
        Client::new(server.address, Some(authorization))
            .get("/taxii2/")
            .status
    };
    assert_eq!(ask(&token(BANK)), 200);
    assert_eq!(
        ask(&token(BANK).replace("Bearer", "bearer")),
        200,
        "schemes have no case"
    );
    assert_eq!(
        ask(&token(BANK).replace("Bearer", "Token")),
        200,
        "as taxii2-client sends a token"
    );
    assert_eq!(
        ask(&basic(BANK, &secret(BANK))),
        200,
        "for clients that know passwords alone"
    );
    let right = basic("bank.old", "password of bank");
    for _ in 0..3 {
        assert_eq!(ask(&right), 200);
    }
    for wrong in [
        &token("nobody"),
        "Bearer ",
        "Bearer",
        &token(BANK).replace("Bearer", "Digest"),
        "Basic",
        "Basic !!!",
        "Basic YmFuaw==", // no colon
        &basic("bank.old", "password of Bank"),
        &basic("bank.old", ""),
        &basic("nobody", "password of bank"),
        &basic(AGENCY, &secret(BANK)),
        &basic("", ""),
    ] {
        let answer = Client::new(server.address, Some(wrong)).get("/taxii2/");
        assert_eq!(answer.status, 401, "{wrong}: {answer:?}");
        assert!(answer.header("www-authenticate").is_some(), "{wrong}");
        assert_eq!(answer.header("content-type"), Some(TAXII));
    }
    assert_eq!(ask(&right), 200, "and still");
}

#[test]
fn an_account_that_was_ended_is_out_at_once() {
    let server = Running::start();
    let mut agency = server.client(AGENCY);
    let mut old = Client::new(
        server.address,
        Some(&basic("agency.old", "password of agency")),
    );
    assert_eq!(
        (agency.get("/taxii2/").status, old.get("/taxii2/").status),
        (200, 200)
    );
    for name in ["agency", "agency.old"] {
        let end = portcullis_core::cell::Command::EndAccount { name: name.into() };
        server.cell.perform(&server.cell.operator(), end).unwrap();
    }
    assert_eq!(
        (agency.get("/taxii2/").status, old.get("/taxii2/").status),
        (401, 401)
    );
}

#[test]
fn two_ways_of_saying_who_at_once_are_refused() {
    let server = Running::start();
    let agency = token(AGENCY);
    let two = [("accept", TAXII), ("authorization", agency.as_str())];
    server
        .client(BANK)
        .ask("GET", "/taxii2/", &two, "")
        .is_error(401, "taxii.authorization");
}

#[test]
fn a_member_is_known_by_its_certificate() {
    let new = || TlsIdentity::generate(&["127.0.0.1"]).unwrap();
    let (node, bank, stranger) = (new(), new(), new());
    let server = Running::start_tls(&node, [(bank.digest(), "bank".parse().unwrap())].into());
    let ask = |shown: Option<&TlsIdentity>, authorization: &str| {
        let request = format!(
            "GET {ROOT}collections/ HTTP/1.1\r\nhost: a\r\naccept: {TAXII}\r\n{authorization}connection: close\r\n\r\n"
        );
        let mut raw = Raw::connect_to(server.address, &node, shown, rustls::ALL_VERSIONS);
        raw.send(request.as_bytes());
        raw.rest()
    };
    let heard = ask(Some(&bank), "");
    assert!(
        heard.starts_with("HTTP/1.1 200 ") && heard.contains("\"alias\":\"inbox\""),
        "{heard}"
    );
    let heard = ask(Some(&stranger), "");
    assert!(
        heard.starts_with("HTTP/1.1 401 ") && heard.contains("taxii.unknown_certificate"),
        "{heard}"
    );
    let heard = ask(None, "");
    assert!(
        heard.starts_with("HTTP/1.1 401 ") && heard.contains("taxii.nobody"),
        "{heard}"
    );
    // What is said counts before what is merely there.
    let heard = ask(
        Some(&bank),
        &format!("authorization: {}\r\n", token(AGENCY)),
    );
    assert!(heard.contains("\"alias\":\"hidden\""), "{heard}");
    let heard = ask(Some(&bank), "authorization: Bearer wrong\r\n");
    assert!(heard.starts_with("HTTP/1.1 401 "), "{heard}");
}

#[test]
fn taxii_is_spoken_over_tls_1_2_and_1_3() {
    let node = TlsIdentity::generate(&["127.0.0.1"]).unwrap();
    let server = Running::start_tls(&node, [].into());
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let request = format!(
            "GET /taxii2/ HTTP/1.1\r\nhost: a\r\naccept: {TAXII}\r\nauthorization: {}\r\nconnection: close\r\n\r\n",
            token(BANK)
        );
        let mut raw = Raw::connect_to(server.address, &node, None, &[version]);
        raw.send(request.as_bytes());
        let heard = raw.rest();
        assert!(heard.starts_with("HTTP/1.1 200 "), "{version:?}: {heard}");
    }
}

#[test]
fn what_a_client_may_not_know_of_is_404_like_what_is_not_there() {
    let server = Running::start();
    server.put(&indicators(0..1));
    let hidden = Running::path(&server.hidden);
    let nothing = format!("{ROOT}collections/00000000-0000-4000-8000-000000000000/");
    for name in [BANK, STRANGER] {
        for part in [
            "",
            "manifest/",
            "objects/",
            "objects/a--b/",
            "objects/a--b/versions/",
        ] {
            let mut client = server.client(name);
            let (there, not) = (
                client.get(&format!("{hidden}{part}")),
                client.get(&format!("{nothing}{part}")),
            );
            assert_eq!(
                (there.status, not.status),
                (404, 404),
                "{name} {part}: {there:?} {not:?}"
            );
            assert_eq!(
                there.json()["description"],
                not.json()["description"],
                "{name} {part}"
            );
        }
        let posted = server.client(name).post(
            &format!("{hidden}objects/"),
            &json!({"objects": indicators(0..1)}),
        );
        assert_eq!(posted.status, 404, "{posted:?}");
        assert_eq!(
            server
                .client(name)
                .delete(&format!("{hidden}objects/{}/", indicator_id(0)))
                .status,
            404
        );
    }
}

#[test]
fn whoever_may_only_add_hears_403_when_reading() {
    let server = Running::start();
    let inbox = Running::path(&server.inbox);
    let mut bank = server.client(BANK);
    assert_eq!(
        bank.post(
            &format!("{inbox}objects/"),
            &json!({"objects": indicators(0..1)})
        )
        .status,
        202
    );
    for part in [
        "manifest/",
        "objects/",
        &format!("objects/{}/", indicator_id(0)),
        &format!("objects/{}/versions/", indicator_id(0)),
    ] {
        bank.get(&format!("{inbox}{part}"))
            .is_error(403, "cell.may_not_read");
    }
    assert_eq!(
        server.client(AGENCY).get(&format!("{inbox}objects/")).ids(),
        [indicator_id(0)]
    );
}

#[test]
fn whoever_may_only_read_hears_403_when_adding() {
    let server = Running::start();
    for name in [AGENCY, READER] {
        let answer = server
            .client(name)
            .post(&server.objects(), &json!({"objects": indicators(0..1)}));
        answer.is_error(403, "cell.may_not_write");
    }
    assert_eq!(
        server.client(AGENCY).get(&server.objects()).json(),
        json!({})
    );
}

#[test]
fn a_long_body_from_somebody_who_may_not_add_is_refused_before_it_is_sent() {
    let server = Running::start();
    let headers = [
        ("accept", TAXII),
        ("content-type", TAXII),
        ("content-length", "50000000"),
    ];
    server
        .client(AGENCY)
        .ask("POST", &server.objects(), &headers, "")
        .is_error(403, "cell.may_not_write");
    server
        .nobody()
        .ask("POST", &server.objects(), &headers, "")
        .is_error(401, "taxii.nobody");
}

#[test]
fn sixty_four_connections_from_one_address_are_served_at_once() {
    let server = Running::start();
    server.put(&indicators(0..1));
    let path = format!("{}{}/", server.objects(), indicator_id(0));
    let mut clients: Vec<_> = (0..64).map(|_| server.client(AGENCY)).collect();
    for _ in 0..2 {
        for client in &mut clients {
            assert_eq!(client.get(&path).status, 200);
        }
    }
}

#[test]
fn a_flood_of_wrong_passwords_does_not_stop_those_who_are_known() {
    let server = Running::start();
    let path = "/taxii2/";
    let right = basic("bank.old", "password of bank");
    let mut known = Client::new(server.address, Some(&right));
    assert_eq!(known.get(path).status, 200);
    let flood = |address: SocketAddr, seed: u32| {
        move || {
            for number in 0..3 {
                let wrong = basic("bank.old", &format!("guess {seed} {number}"));
                let status = Client::new(address, Some(&wrong)).get(path).status;
                assert!(status == 401 || status == 503, "{status}");
            }
        }
    };
    std::thread::scope(|scope| {
        for seed in 0..12 {
            scope.spawn(flood(server.address, seed));
        }
        for _ in 0..50 {
            assert_eq!(known.get(path).status, 200);
        }
        // Each answer came within the client's patience, the flood notwithstanding.
    });
}

#[test]
fn limits_can_be_set() {
    let limits = Limits {
        taxii_content_bytes_max: 1000,
        ..Limits::default()
    };
    let server = Running::start_with(limits);
    assert_eq!(
        server.client(BANK).get(ROOT).json()["max_content_length"],
        1000
    );
}
