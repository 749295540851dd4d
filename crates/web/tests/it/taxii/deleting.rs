//! Deleting an object, or versions of it (TAXII 2.1 §5.7).

use super::kit::*;
use serde_json::json;

fn with_versions() -> (Running, String) {
    let server = Running::start();
    for version in [V1, V2, V3] {
        server.put(&[indicator(0, version)]);
    }
    server.put(&indicators(1..2));
    let path = format!("{}{}/", server.objects(), indicator_id(0));
    (server, path)
}

#[test]
fn a_deleted_object_is_gone_from_every_endpoint() {
    let (server, path) = with_versions();
    let mut bank = server.client(BANK);
    let answer = bank.delete(&path);
    assert_eq!(
        (
            answer.status,
            answer.header("content-type"),
            answer.body.as_str()
        ),
        (200, Some(TAXII), "")
    );
    for name in [BANK, AGENCY] {
        let mut client = server.client(name);
        client.get(&path).is_error(404, "taxii.unknown");
        client
            .get(&format!("{path}?match[version]=all"))
            .is_error(404, "taxii.unknown");
        client
            .get(&format!("{path}versions/"))
            .is_error(404, "taxii.unknown");
        assert_eq!(client.get(&server.objects()).ids(), [indicator_id(1)]);
        assert_eq!(
            client
                .get(&format!("{}?match[version]=all", server.objects()))
                .ids(),
            [indicator_id(1)]
        );
        assert_eq!(
            client
                .get(&format!(
                    "{}?match[id]={}",
                    server.objects(),
                    indicator_id(0)
                ))
                .json(),
            json!({})
        );
        assert_eq!(
            client
                .get(&format!("{}manifest/", Running::path(&server.shared)))
                .ids(),
            [indicator_id(1)]
        );
    }
    bank.delete(&path).is_error(404, "taxii.unknown");
}

#[test]
fn one_version_may_be_deleted_and_the_others_stay() {
    let (server, path) = with_versions();
    let mut bank = server.client(BANK);
    assert_eq!(
        bank.delete(&format!("{path}?match[version]={V2}")).status,
        200
    );
    assert_eq!(
        bank.get(&format!("{path}versions/")).json(),
        json!({"versions": [V1, V3]})
    );
    assert_eq!(
        bank.delete(&format!("{path}?match[version]=last")).status,
        200
    );
    assert_eq!(
        bank.get(&path).json()["objects"][0]["modified"],
        V1,
        "the one before is the last now"
    );
    assert_eq!(
        bank.delete(&format!("{path}?match[version]=first")).status,
        200
    );
    bank.get(&path).is_error(404, "taxii.unknown");
}

#[test]
fn without_a_version_all_versions_are_deleted() {
    let (server, path) = with_versions();
    assert_eq!(server.client(BANK).delete(&path).status, 200);
    assert_eq!(
        server
            .client(BANK)
            .get(&format!("{path}?match[version]=first"))
            .status,
        404
    );
}

#[test]
fn deleting_takes_reading_and_adding() {
    let (server, path) = with_versions();
    // §5.7, the table: (can_read, can_write) → answer.
    server
        .client(STRANGER)
        .delete(&path)
        .is_error(404, "taxii.unknown");
    server
        .client(AGENCY)
        .delete(&path)
        .is_error(403, "cell.may_not_write");
    let inbox = format!(
        "{}objects/{}/",
        Running::path(&server.inbox),
        indicator_id(0)
    );
    server
        .client(BANK)
        .delete(&inbox)
        .is_error(403, "cell.may_not_write");
    assert_eq!(server.client(BANK).delete(&path).status, 200);
}

#[test]
fn what_is_not_there_cannot_be_deleted() {
    let (server, path) = with_versions();
    let mut bank = server.client(BANK);
    bank.delete(&format!("{}{}/", server.objects(), indicator_id(9)))
        .is_error(404, "taxii.unknown");
    bank.delete(&format!("{path}?match[version]=2020-01-01T00:00:00Z"))
        .is_error(404, "taxii.unknown");
    bank.delete(&format!("{path}?match[version]=newest"))
        .is_error(400, "taxii.filter");
    assert_eq!(
        bank.get(&format!("{path}versions/")).json(),
        json!({"versions": [V1, V2, V3]})
    );
}

#[test]
fn what_was_deleted_may_be_added_again() {
    let (server, path) = with_versions();
    let mut bank = server.client(BANK);
    assert_eq!(bank.delete(&path).status, 200);
    server.pass(1);
    server.put(&[indicator(0, V3)]);
    assert_eq!(bank.get(&path).json()["objects"], json!([indicator(0, V3)]));
}
