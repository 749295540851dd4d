use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Mapped, event_to_stix, stix_to_event};

const EVENT: &str = "5bbe5d08-e794-4329-b715-01550a016219";
const ONE: &str = "5bbe5d1c-d100-42cc-bda4-7ec50a016219";
const TWO: &str = "5bbe5d4f-0001-42cc-bda4-7ec50a016219";
const ORG: &str = "55f6ea5e-51ac-4344-bc8c-4170950d210f";

fn event(more: &Value) -> Value {
    let mut event = json!({
        "uuid": EVENT, "info": "Something seen", "date": "2018-10-10", "timestamp": "1539269938",
        "published": true, "publish_timestamp": "1539269999", "threat_level_id": "2", "analysis": "1",
        "distribution": "3", "Orgc": {"id": "2", "name": "Example CERT", "uuid": ORG}
    });
    for (key, value) in more.as_object().unwrap() {
        event[key] = value.clone();
    }
    json!({ "Event": event })
}

fn attribute(uuid: &str, kind: &str, value: &str, to_ids: bool) -> Value {
    json!({"uuid": uuid, "type": kind, "category": "Network activity", "value": value, "to_ids": to_ids,
           "timestamp": "1539202332", "comment": "said so"})
}

fn mapped(event: &Value) -> Mapped {
    event_to_stix(event.to_string().as_bytes()).unwrap()
}

fn objects(mapped: &Mapped) -> Vec<Value> {
    mapped
        .objects
        .iter()
        .map(|bytes| serde_json::from_slice(bytes).unwrap())
        .collect()
}

fn of_kind(mapped: &Mapped, kind: &str) -> Vec<Value> {
    objects(mapped)
        .into_iter()
        .filter(|object| object["type"] == kind)
        .collect()
}

fn back(mapped: &Mapped) -> Value {
    let slices: Vec<&[u8]> = mapped.objects.iter().map(Vec::as_slice).collect();
    let back = stix_to_event(&slices).unwrap();
    assert_eq!(back.objects.len(), 1);
    serde_json::from_slice::<Value>(&back.objects[0]).unwrap()["Event"].clone()
}

#[test]
fn an_attribute_to_detect_is_an_indicator_under_its_own_uuid() {
    let mapped = mapped(&event(
        &json!({"Attribute": [attribute(ONE, "ip-dst", "198.51.100.7", true)]}),
    ));
    let indicator = &of_kind(&mapped, "indicator")[0];
    assert_eq!(indicator["id"], format!("indicator--{ONE}"));
    assert_eq!(indicator["pattern"], "[ipv4-addr:value = '198.51.100.7']");
    assert_eq!(indicator["created"], "2018-10-10T00:00:00.000Z");
    assert_eq!(indicator["modified"], "2018-10-10T20:12:12.000Z");
    assert_eq!(indicator["created_by_ref"], format!("identity--{ORG}"));
    let report = &of_kind(&mapped, "report")[0];
    assert_eq!(report["id"], format!("report--{EVENT}"));
    assert_eq!(report["object_refs"], json!([format!("indicator--{ONE}")]));
    assert!(
        mapped
            .unmapped
            .iter()
            .all(|left| left.what.contains("numbers")),
        "{:?}",
        mapped.unmapped
    );
}

#[test]
fn an_attribute_only_seen_is_observed_data_with_the_standards_own_ids() {
    let mapped = mapped(&event(
        &json!({"Attribute": [attribute(ONE, "ip-dst", "198.51.100.3", false)]}),
    ));
    let data = &of_kind(&mapped, "observed-data")[0];
    let address = &of_kind(&mapped, "ipv4-addr")[0];
    assert_eq!(data["object_refs"], json!([address["id"]]));
    // The example of STIX 2.1, 2.9, has this address and this id.
    assert_eq!(
        address["id"],
        "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"
    );
}

#[test]
fn every_kind_of_attribute_has_its_pattern() {
    let md5 = "d41d8cd98f00b204e9800998ecf8427e";
    for (kind, value, pattern) in [
        ("ip-src", "2001:db8::1", "[ipv6-addr:value = '2001:db8::1']".to_owned()),
        ("ip-dst", "198.51.100.0/24", "[ipv4-addr:value = '198.51.100.0/24']".to_owned()),
        (
            "ip-dst|port",
            "198.51.100.7|443",
            "[network-traffic:dst_ref.value = '198.51.100.7' AND network-traffic:dst_port = 443]".to_owned(),
        ),
        (
            "domain|ip",
            "a.example|198.51.100.7",
            "[domain-name:value = 'a.example' AND domain-name:resolves_to_refs[*].value = '198.51.100.7']".to_owned(),
        ),
        ("hostname", "a.example", "[domain-name:value = 'a.example']".to_owned()),
        ("url", "http://a.example/it's", r"[url:value = 'http://a.example/it\'s']".to_owned()),
        ("md5", md5, format!("[file:hashes.MD5 = '{md5}']")),
        ("filename|md5", &format!("x.exe|{md5}"), format!("[file:name = 'x.exe' AND file:hashes.MD5 = '{md5}']")),
        (
            "filename",
            r"C:\temp\x.exe",
            r"[file:name = 'x.exe' AND file:parent_directory_ref.path = 'C:\\temp']".to_owned(),
        ),
        ("regkey", r"HKLM\Run", r"[windows-registry-key:key = 'HKLM\\Run']".to_owned()),
        ("mutex", "one", "[mutex:name = 'one']".to_owned()),
        ("email-src", "a@b.example", "[email-message:from_ref.value = 'a@b.example']".to_owned()),
        ("AS", "AS64496", "[autonomous-system:number = 64496]".to_owned()),
        (
            "x509-fingerprint-sha1",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "[x509-certificate:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']".to_owned(),
        ),
    ] {
        let source = event(&json!({"Attribute": [attribute(ONE, kind, value, true)]}));
        let mapped = mapped(&source);
        let indicator = &of_kind(&mapped, "indicator")[0];
        assert_eq!(indicator["pattern"], pattern, "{kind}");
        assert!(crate::pattern::parse(&pattern).is_ok(), "{pattern}");
        let attribute = &back(&mapped)["Attribute"][0];
        assert_eq!(attribute["value"], value);
        assert_eq!(attribute["type"], kind);
    }
}

#[test]
fn what_stix_has_no_word_for_is_a_note_and_is_listed() {
    let source = event(
        &json!({"Attribute": [attribute(ONE, "btc", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", true)]}),
    );
    let mapped = mapped(&source);
    let note = &of_kind(&mapped, "note")[0];
    assert_eq!(note["content"], "1BoatSLRHtKNngkdXEeobR76b53LETtpyT");
    let left = mapped
        .unmapped
        .iter()
        .find(|left| left.path == "Event.Attribute[0]")
        .unwrap();
    assert!(left.kept);
}

#[test]
fn traffic_lights_become_markings_and_the_stricter_wins() {
    let mut inner = attribute(ONE, "domain", "a.example", true);
    inner["Tag"] = json!([{"name": "tlp:red"}]);
    let mapped = mapped(&event(&json!({
        "Tag": [{"name": "tlp:amber+strict", "colour": "#ffc000"}, {"name": "type:OSINT"}],
        "Attribute": [inner, attribute(TWO, "domain", "b.example", true)]
    })));
    let light = |kind: &str, at: usize| {
        let marking = of_kind(&mapped, kind)[at]["object_marking_refs"][0]
            .as_str()
            .unwrap()
            .to_owned();
        crate::marking::known_tlp(&marking).unwrap()
    };
    assert_eq!(light("report", 0), "amber+strict");
    assert_eq!(light("indicator", 0), "red");
    assert_eq!(light("indicator", 1), "amber+strict");
    assert_eq!(
        of_kind(&mapped, "report")[0]["labels"],
        json!(["type:OSINT"])
    );
    for definition in of_kind(&mapped, "marking-definition") {
        let light = crate::marking::tlp_of_definition(definition.to_string().as_bytes());
        assert!(
            matches!(light, Some("red" | "amber+strict")),
            "{definition}"
        );
    }
    let back = back(&mapped);
    assert_eq!(
        back["Tag"],
        json!([{"name": "tlp:amber+strict"}, {"name": "type:OSINT"}])
    );
    assert_eq!(back["Attribute"][0]["Tag"], json!([{"name": "tlp:red"}]));
    assert_eq!(back["Attribute"][1].get("Tag"), None);
}

#[test]
fn an_object_is_one_indicator_and_its_references_relationships() {
    let file = json!({
        "uuid": ONE, "name": "file", "meta-category": "file", "template_uuid": ORG, "template_version": "1",
        "description": "a file", "timestamp": "1539202332", "distribution": "5", "comment": "",
        "Attribute": [
            {"uuid": "00000000-0000-4000-8000-000000000001", "type": "md5", "category": "Payload delivery", "to_ids": true,
             "object_relation": "md5", "value": "d41d8cd98f00b204e9800998ecf8427e", "timestamp": "1539202332", "comment": "x"},
            {"uuid": "00000000-0000-4000-8000-000000000002", "type": "filename", "category": "Payload delivery", "to_ids": false,
             "object_relation": "filename", "value": "x.exe", "timestamp": "1539202332", "comment": ""}
        ],
        "ObjectReference": [{"uuid": "00000000-0000-4000-8000-000000000003", "referenced_uuid": TWO,
             "relationship_type": "downloaded from", "timestamp": "1539202332", "comment": "by hand"}]
    });
    let source = event(
        &json!({"Object": [file], "Attribute": [attribute(TWO, "url", "http://a.example/x", true)]}),
    );
    let mapped = mapped(&source);
    let indicators = of_kind(&mapped, "indicator");
    let pattern = indicators
        .iter()
        .find(|one| one["id"] == format!("indicator--{ONE}"))
        .unwrap();
    assert_eq!(
        pattern["pattern"],
        "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"
    );
    let relation = &of_kind(&mapped, "relationship")[0];
    assert_eq!(relation["relationship_type"], "downloaded-from");
    assert_eq!(relation["source_ref"], format!("indicator--{ONE}"));
    assert_eq!(relation["target_ref"], format!("indicator--{TWO}"));
    let left: Vec<_> = mapped.unmapped.iter().filter(|left| left.kept).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0].path, "Event.Object[0].Attribute[1]");
    let back = back(&mapped);
    assert_eq!(
        back["Object"][0]["Attribute"],
        source["Event"]["Object"][0]["Attribute"]
            .as_array()
            .unwrap()
            .iter()
            .map(without_empty)
            .collect::<Value>()
    );
    assert_eq!(
        back["Object"][0]["ObjectReference"][0]["relationship_type"],
        "downloaded from"
    );
    assert_eq!(
        back["Object"][0]["ObjectReference"][0]["referenced_uuid"],
        TWO
    );
}

fn without_empty(value: &Value) -> Value {
    let mut value = value.clone();
    value
        .as_object_mut()
        .unwrap()
        .retain(|_, value| *value != json!(""));
    value
}

#[test]
fn the_parts_of_one_observed_file_are_one_file() {
    let part = |n: u8, kind: &str, value: &str| {
        json!({"uuid": format!("00000000-0000-4000-8000-00000000000{n}"), "type": kind, "category": "Payload delivery",
               "to_ids": false, "object_relation": kind, "value": value, "timestamp": "1539202332"})
    };
    let file = json!({"uuid": ONE, "name": "file", "timestamp": "1539202332", "Attribute": [
        part(1, "filename", "x.exe"), part(2, "md5", "d41d8cd98f00b204e9800998ecf8427e"),
        part(3, "sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709")]});
    let mapped = mapped(&event(&json!({"Object": [file]})));
    let files = of_kind(&mapped, "file");
    assert_eq!(files.len(), 1);
    assert_eq!(files[0]["name"], "x.exe");
    assert_eq!(
        files[0]["hashes"]["SHA-1"],
        "da39a3ee5e6b4b0d3255bfef95601890afd80709"
    );
}

#[test]
fn sightings_reports_and_clusters_go_over_and_come_back() {
    let mut inner = attribute(ONE, "domain", "a.example", true);
    inner["Sighting"] = json!([
        {"uuid": "00000000-0000-4000-8000-000000000011", "type": "0", "date_sighting": "1539300000", "source": "proxy",
         "Organisation": {"name": "Bank", "uuid": "00000000-0000-4000-8000-000000000012"}},
        {"uuid": "00000000-0000-4000-8000-000000000013", "type": "1", "date_sighting": "1539300001", "source": ""}
    ]);
    inner["Galaxy"] = json!([{"type": "tool", "name": "Tool", "GalaxyCluster": [
        {"uuid": "00000000-0000-4000-8000-000000000014", "type": "tool", "value": "Thing", "tag_name": "misp-galaxy:tool=\"Thing\""}]}]);
    let source = event(&json!({
        "Attribute": [inner],
        "EventReport": [{"uuid": "00000000-0000-4000-8000-000000000015", "name": "Title", "content": "# Text", "timestamp": "1539300000"}],
        "Galaxy": [{"type": "mitre-attack-pattern", "name": "Attack Pattern", "GalaxyCluster": [
            {"uuid": "40f5caa0-4cb7-4117-89fc-d421bb493df3", "type": "mitre-attack-pattern", "value": "Domains - T1583.001",
             "tag_name": "misp-galaxy:mitre-attack-pattern=\"Domains - T1583.001\"", "description": "d",
             "meta": {"external_id": ["T1583.001"], "kill_chain": ["mitre-attack:resource-development"]}}]}],
    }));
    let mapped = mapped(&source);
    let sightings = of_kind(&mapped, "sighting");
    assert_eq!(sightings[0]["sighting_of_ref"], format!("indicator--{ONE}"));
    assert_eq!(
        (&sightings[0]["count"], &sightings[1]["count"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(of_kind(&mapped, "opinion")[0]["opinion"], "disagree");
    let technique = &of_kind(&mapped, "attack-pattern")[0];
    assert_eq!(
        technique["id"],
        "attack-pattern--40f5caa0-4cb7-4117-89fc-d421bb493df3"
    );
    assert_eq!(technique["name"], "Domains");
    assert_eq!(
        technique["external_references"][0]["external_id"],
        "T1583.001"
    );
    assert_eq!(
        of_kind(&mapped, "relationship")[0]["relationship_type"],
        "indicates"
    );
    let back = back(&mapped);
    assert_eq!(back["Attribute"][0]["Sighting"][0]["source"], "proxy");
    assert_eq!(back["Attribute"][0]["Sighting"][1]["type"], "1");
    assert_eq!(
        back["Attribute"][0]["Galaxy"][0]["GalaxyCluster"][0]["value"],
        "Thing"
    );
    assert_eq!(back["Galaxy"].as_array().unwrap().len(), 1);
    assert_eq!(back["EventReport"][0]["content"], "# Text");
    assert_eq!(
        back["Galaxy"][0]["GalaxyCluster"][0]["value"],
        "Domains - T1583.001"
    );
}

#[test]
fn an_unpublished_event_is_a_grouping_and_deleted_parts_are_revoked() {
    let mut inner = attribute(ONE, "domain", "a.example", true);
    inner["deleted"] = json!(true);
    let mapped = mapped(&event(&json!({"published": false, "Attribute": [inner]})));
    assert_eq!(
        of_kind(&mapped, "grouping")[0]["id"],
        format!("grouping--{EVENT}")
    );
    assert_eq!(of_kind(&mapped, "indicator")[0]["revoked"], true);
    let back = back(&mapped);
    assert_eq!(back["Attribute"][0]["deleted"], true);
    assert_eq!(back["published"], false);
}

#[test]
fn nothing_is_dropped_in_silence() {
    let mut inner = attribute(ONE, "attachment", "letter.doc", false);
    inner["data"] = json!("UEsDBA==");
    inner["x_new"] = json!("thing");
    let mapped = mapped(&event(&json!({
        "Attribute": [inner, {"uuid": TWO, "type": "domain"}], "event_creator_email": "a@b.example", "id": "7",
        "RelatedEvent": [{"Event": {}}], "ShadowAttribute": [{"value": "x"}], "new_thing": {"a": 1}
    })));
    let paths: Vec<&str> = mapped
        .unmapped
        .iter()
        .map(|left| left.path.as_str())
        .collect();
    for path in [
        "Event.Attribute[0].data",
        "Event.Attribute[0].x_new",
        "Event.Attribute[1]",
        "Event.event_creator_email",
        "Event.RelatedEvent",
        "Event.ShadowAttribute",
        "Event.new_thing",
    ] {
        assert!(paths.contains(&path), "{path} not in {paths:?}");
    }
    let personal = objects(&mapped)
        .iter()
        .any(|object| object.to_string().contains("a@b.example"));
    assert!(!personal);
}

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
fn the_same_event_gives_the_same_bytes_in_either_wrapper() {
    let source = event(&json!({"Attribute": [attribute(ONE, "domain", "a.example", true)]}));
    let first = mapped(&source);
    assert_eq!(first, mapped(&source));
    assert_eq!(first, mapped(&json!({"response": [source.clone()]})));
    assert_eq!(first, mapped(&json!({"response": source.clone()})));
    assert_eq!(first, mapped(&json!([source])));
    for object in &first.objects {
        let mut sorted: Value = serde_json::from_slice(object).unwrap();
        sorted.sort_all_objects();
        assert_eq!(sorted.to_string().as_bytes(), object);
    }
    assert!(event_to_stix(b"{}").is_err());
    assert!(event_to_stix(b"[").is_err());
}

/// Kinds of attributes, those that we know and some that nobody does.
const KINDS: [&str; 38] = [
    "ip-src",
    "ip-dst",
    "ip-dst|port",
    "ip-src|port",
    "hostname|port",
    "domain",
    "hostname",
    "domain|ip",
    "url",
    "uri",
    "link",
    "md5",
    "sha1",
    "sha256",
    "sha3-256",
    "ssdeep",
    "tlsh",
    "filename",
    "filename|md5",
    "filename|sha256",
    "malware-sample",
    "attachment",
    "email",
    "email-src",
    "email-dst",
    "email-subject",
    "mutex",
    "regkey",
    "regkey|value",
    "mac-address",
    "AS",
    "port",
    "user-agent",
    "vulnerability",
    "yara",
    "text",
    "x509-fingerprint-sha1",
    "never-heard-of",
];

const VALUES: [&str; 30] = [
    "198.51.100.7",
    "198.51.100.7|443",
    "198.51.100.0/24",
    "2001:db8::1",
    "a.example",
    "a.example|198.51.100.7",
    "a.example|80",
    "http://a.example/x y?q=ä#f",
    "https://user:pw@a.example:8443/",
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "x.exe|d41d8cd98f00b204e9800998ecf8427e",
    "C:\\Windows\\x.dll",
    "/",
    "\\",
    "/x",
    "x/",
    "|",
    "a|b",
    "CVE-2021-44228",
    "AS64496",
    "443",
    "70000",
    "00:00:5e:00:53:01",
    "Someone@b.example",
    "it's \\ \"quoted\"\n",
    " ",
    "HKLM\\Run|calc.exe",
    "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C",
];

fn any_attribute() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::prelude::*;
    let value = prop_oneof![3 => proptest::sample::select(&VALUES[..]).prop_map(str::to_owned), 1 => r"\PC{0,20}"];
    let tag = proptest::sample::select(vec![
        "tlp:red",
        "TLP:WHITE",
        "tlp:ex:chr",
        "",
        "x y",
        "misp-galaxy:tool=\"x\"",
        "ä",
    ]);
    (proptest::sample::select(&KINDS[..]), value, any::<bool>(), any::<u8>(), proptest::option::of(tag), any::<u32>()).prop_map(
        |(kind, value, to_ids, n, tag, at)| {
            json!({"uuid": format!("00000000-0000-4000-8000-0000000001{n:02x}"), "type": kind, "category": "Other", "value": value,
                "to_ids": to_ids, "timestamp": at.to_string(), "object_relation": kind, "comment": value,
                "first_seen": if n > 128 { "2023-10-11T00:00:00.123456+02:00" } else { "" },
                "Tag": tag.map(|name| json!({"name": name})).into_iter().collect::<Vec<_>>()})
        },
    )
}

proptest::proptest! {
    #[test]
    fn whatever_an_event_holds_its_stix_is_what_the_standard_demands(
        attributes in proptest::collection::vec(any_attribute(), 0..5),
        inner in proptest::collection::vec(any_attribute(), 0..4),
        published: bool, at in 1_u32..,
    ) {
        let object = json!({"uuid": ONE, "name": "x", "timestamp": at.to_string(), "Attribute": inner});
        let source = event(&json!({"Attribute": attributes, "Object": [object], "published": published, "timestamp": at.to_string()}));
        let mapped = mapped(&source);
        for object in &mapped.objects {
            let flaws = crate::validate::validate(object, crate::validate::Mode::Must);
            proptest::prop_assert!(flaws.is_empty(), "{:?}\n{}", flaws, String::from_utf8_lossy(object));
        }
        let again = back(&mapped);
        proptest::prop_assert_eq!(&again["uuid"], EVENT);
        // Of two with one UUID the first is kept.
        let count = |event: &Value| event["Attribute"].as_array().map_or(0, Vec::len);
        proptest::prop_assert!(count(&again) <= count(&source["Event"]));
    }

    #[test]
    fn no_damage_to_an_event_or_its_stix_makes_a_panic(cut in 0_usize..2000, with in r#"[\[\]{}",:0-9a-z-]{0,6}"#, both: bool) {
        let source = event(&json!({"Attribute": [attribute(ONE, "domain|ip", "a.example|198.51.100.7", true)], "Tag": [{"name": "tlp:red"}]}));
        let text = if both {
            let objects: Vec<String> = objects(&mapped(&source)).iter().map(Value::to_string).collect();
            objects[cut % objects.len()].clone()
        } else {
            source.to_string()
        };
        let cut = cut % text.len();
        let damaged = format!("{}{with}{}", &text[..cut], &text[(cut + 1).min(text.len())..]);
        let _ = event_to_stix(damaged.as_bytes());
        let _ = stix_to_event(&[damaged.as_bytes()]);
    }
}
