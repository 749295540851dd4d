//! What STIX becomes.

use super::*;
use std::collections::BTreeMap;

#[test]
fn an_extension_that_contradicts_its_object_is_not_believed() {
    let mapped = mapped(&event(
        &json!({"Attribute": [attribute(ONE, "domain", "a.example", true)]}),
    ));
    let changed: Vec<Vec<u8>> = mapped
        .objects
        .iter()
        .map(|bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            text.replace(
                "[domain-name:value = 'a.example']",
                "[domain-name:value = 'evil.example']",
            )
            .into_bytes()
        })
        .collect();
    let slices: Vec<&[u8]> = changed.iter().map(Vec::as_slice).collect();
    let back = stix_to_event(&slices).unwrap();
    let event: Value = serde_json::from_slice(&back.objects[0]).unwrap();
    assert_eq!(event["Event"]["Attribute"][0]["value"], "evil.example");
    assert_eq!(back.unmapped[0].path, format!("indicator--{ONE}"));
}

#[test]
fn stix_from_elsewhere_becomes_attributes_and_tags() {
    let object = |kind: &str, n: u8, more: &Value| {
        let mut object = json!({"type": kind, "spec_version": "2.1", "id": format!("{kind}--00000000-0000-4000-8000-0000000000{n:02}"),
            "created": "2026-01-01T00:00:00Z", "modified": "2026-01-02T00:00:00Z"});
        for (key, value) in more.as_object().unwrap() {
            object[key] = value.clone();
        }
        object.to_string().into_bytes()
    };
    let all = [
        object(
            "indicator",
            1,
            &json!({"pattern": "[domain-name:value = 'a.example']", "pattern_type": "stix", "name": "A"}),
        ),
        object(
            "indicator",
            2,
            &json!({"pattern": "[file:name = 'x'] FOLLOWEDBY [url:value = 'http://a.example/']", "pattern_type": "stix"}),
        ),
        object(
            "indicator",
            3,
            &json!({"pattern": "rule x { condition: true }", "pattern_type": "yara"}),
        ),
        object("malware", 4, &json!({"name": "Thing", "is_family": true})),
        object(
            "attack-pattern",
            5,
            &json!({"name": "Domains", "external_references": [{"source_name": "mitre-attack", "external_id": "T1583.001"}]}),
        ),
        object("location", 6, &json!({"region": "europe"})),
        object(
            "relationship",
            7,
            &json!({"source_ref": "a", "target_ref": "b", "relationship_type": "uses"}),
        ),
    ];
    let slices: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
    let back = stix_to_event(&slices).unwrap();
    let event: Value = serde_json::from_slice(&back.objects[0]).unwrap();
    let event = &event["Event"];
    let kinds: BTreeMap<&str, &str> = event["Attribute"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attribute| {
            (
                attribute["type"].as_str().unwrap(),
                attribute["value"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(kinds["domain"], "a.example");
    assert_eq!(kinds["yara"], "rule x { condition: true }");
    assert_eq!(kinds["malware-type"], "Thing");
    assert!(kinds["stix2-pattern"].contains("FOLLOWEDBY"));
    assert_eq!(
        event["Tag"][0]["name"],
        "misp-galaxy:mitre-attack-pattern=\"Domains - T1583.001\""
    );
    assert_eq!(event["distribution"], "0");
    let left: Vec<&str> = back
        .unmapped
        .iter()
        .map(|left| left.what.as_str())
        .collect();
    assert_eq!(left, ["location", "relationship"]);
}

#[test]
fn labels_of_misps_own_converter_are_understood() {
    let read = |pattern: &str, labels: Value| {
        let indicator = json!({"type": "indicator", "spec_version": "2.1", "id": format!("indicator--{ONE}"), "created": "2026-01-01T00:00:00Z",
            "modified": "2026-01-02T00:00:00Z", "pattern": pattern, "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z", "labels": labels});
        let back = stix_to_event(&[indicator.to_string().as_bytes()]).unwrap();
        serde_json::from_slice::<Value>(&back.objects[0]).unwrap()["Event"]["Attribute"][0].clone()
    };
    let labels = json!([
        "misp:type=\"ip-src\"",
        "misp:category=\"Payload delivery\"",
        "misp:to_ids=\"True\"",
        "kept"
    ]);
    let pattern = "[network-traffic:src_ref.type = 'ipv4-addr' AND network-traffic:src_ref.value = '198.51.100.7']";
    let attribute = read(pattern, labels.clone());
    assert_eq!(
        (&attribute["type"], &attribute["category"]),
        (&json!("ip-src"), &json!("Payload delivery"))
    );
    assert_eq!(
        (&attribute["value"], &attribute["uuid"]),
        (&json!("198.51.100.7"), &json!(ONE))
    );
    assert_eq!(attribute["Tag"], json!([{"name": "kept"}]));
    // A label that does not fit the pattern is not believed, and no condition is lost.
    assert_eq!(
        read("[domain-name:value = 'a.example']", labels.clone())["type"],
        "domain"
    );
    let more = "[network-traffic:src_ref.value = '198.51.100.7' AND network-traffic:dst_port = 80]";
    assert_eq!(read(more, labels)["type"], "stix2-pattern");
}

#[test]
fn what_is_revoked_comes_as_deleted_or_not_at_all() {
    let object = |kind: &str, n: u8, more: Value| {
        let mut object = json!({"type": kind, "spec_version": "2.1", "id": format!("{kind}--00000000-0000-4000-8000-0000000000{n:02}"),
            "created": "2026-01-01T00:00:00Z", "modified": "2026-01-02T00:00:00Z", "revoked": true});
        for (key, value) in more.as_object().unwrap() {
            object[key] = value.clone();
        }
        object
    };
    let indicator = object(
        "indicator",
        1,
        json!({"pattern": "[domain-name:value = 'a.example']", "pattern_type": "stix"}),
    );
    let technique = object(
        "attack-pattern",
        2,
        json!({"name": "Domains", "external_references": [{"source_name": "mitre-attack", "external_id": "T1583.001"}]}),
    );
    let gone = object(
        "report",
        3,
        json!({"name": "Gone", "object_refs": [indicator["id"]]}),
    );
    let mut live = object(
        "report",
        4,
        json!({"name": "Live", "object_refs": [indicator["id"], technique["id"]]}),
    );
    live["revoked"] = json!(false);
    let all = [indicator, technique, gone, live].map(|object| object.to_string());
    let back = stix_to_event(&all.each_ref().map(String::as_bytes)).unwrap();
    assert_eq!(
        back.objects.len(),
        1,
        "a report that is revoked is no event"
    );
    let event: Value = serde_json::from_slice(&back.objects[0]).unwrap();
    assert_eq!(event["Event"]["info"], "Live");
    assert_eq!(event["Event"]["Attribute"][0]["deleted"], true);
    assert_eq!(event["Event"].get("Tag"), None);
    let left: Vec<&str> = back
        .unmapped
        .iter()
        .map(|left| left.what.as_str())
        .collect();
    assert_eq!(left, ["report", "attack-pattern"]);
}

#[test]
fn an_event_is_as_new_as_what_changed_in_it() {
    let source = event(&json!({"Attribute": [attribute(ONE, "domain", "a.example", true)]}));
    let first = mapped(&source);
    assert_eq!(back(&first)["timestamp"], "1539269938");
    let mut changed = objects(&first);
    for object in &mut changed {
        if object["type"] == "indicator" {
            object["modified"] = json!("2026-01-02T00:00:00Z");
        }
    }
    let bytes: Vec<String> = changed.iter().map(Value::to_string).collect();
    let slices: Vec<&[u8]> = bytes.iter().map(String::as_bytes).collect();
    let back = stix_to_event(&slices).unwrap();
    let event: Value = serde_json::from_slice(&back.objects[0]).unwrap();
    assert_eq!(event["Event"]["timestamp"], "1767312000");
    assert_eq!(event["Event"]["Attribute"][0]["timestamp"], "1767312000");
}
