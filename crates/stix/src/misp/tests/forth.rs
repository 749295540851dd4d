//! What events become.

use super::*;

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

#[test]
fn a_sighting_of_each_type_keeps_its_id_both_ways() {
    let mut inner = attribute(ONE, "domain", "a.example", true);
    let sighting = |n: u8, kind: &str| {
        json!({"uuid": format!("00000000-0000-4000-8000-00000000001{n}"), "type": kind, "date_sighting": format!("153930000{n}"),
            "source": "proxy", "Organisation": {"name": "Bank", "uuid": ORG}})
    };
    let all = [sighting(0, "0"), sighting(1, "1"), sighting(2, "2")];
    inner["Sighting"] = json!(all);
    let mapped = mapped(&event(&json!({"Attribute": [inner]})));
    let sightings = of_kind(&mapped, "sighting");
    let said: Vec<_> = sightings
        .iter()
        .map(|one| (one["id"].as_str().unwrap(), one["count"].as_i64().unwrap()))
        .collect();
    let (seen, wrong) = (
        "sighting--00000000-0000-4000-8000-000000000010",
        "sighting--00000000-0000-4000-8000-000000000011",
    );
    assert_eq!(said, [(seen, 1), (wrong, 0)]);
    let note = &of_kind(&mapped, "note")[0];
    assert_eq!(note["id"], "note--00000000-0000-4000-8000-000000000012");
    assert_eq!(note["object_refs"], json!([format!("indicator--{ONE}")]));
    assert_eq!(of_kind(&mapped, "opinion").len(), 1, "an end is no doubt");
    let mut back = back(&mapped)["Attribute"][0]["Sighting"].take();
    back.sort_all_objects();
    let uuids = |all: &Value| -> Vec<Value> {
        let one = |one: &Value| {
            json!([
                one["uuid"],
                one["type"],
                one["date_sighting"],
                one["source"],
                one["Organisation"]["uuid"]
            ])
        };
        all.as_array().unwrap().iter().map(one).collect()
    };
    assert_eq!(uuids(&back), uuids(&json!(all)));
}

#[test]
fn what_is_listed_has_no_end_where_it_is_told_one_by_one() {
    let odd: Vec<Value> = (0..super::super::UNMAPPED_MAX + 5)
        .map(|_| json!({"type": "domain"}))
        .collect();
    let source = event(&json!({"Attribute": odd})).to_string();
    let bounded = event_to_stix(source.as_bytes()).unwrap();
    assert_eq!(bounded.unmapped.len(), super::super::UNMAPPED_MAX + 1);
    assert_eq!(bounded.unmapped.last().unwrap().what, "5 more");
    let mut told = 0;
    let all = event_to_stix_listing(source.as_bytes(), &mut |_| told += 1).unwrap();
    assert_eq!(
        (told, all.unmapped.len()),
        (super::super::UNMAPPED_MAX + 5, 0)
    );
    assert_eq!(all.objects, bounded.objects);
}

#[test]
fn an_event_that_no_instance_has_dated_is_as_new_as_its_parts() {
    let mut source = event(&json!({"Attribute": [attribute(ONE, "domain", "a.example", true)]}));
    let members = source["Event"].as_object_mut().unwrap();
    members.remove("timestamp");
    members.remove("publish_timestamp");
    let modified = |source: &Value| of_kind(&mapped(source), "report")[0]["modified"].clone();
    assert_eq!(modified(&source), "2018-10-10T20:12:12.000Z");
    source["Event"]["Attribute"] = json!([]);
    assert_eq!(modified(&source), "2018-10-10T00:00:00.000Z");
    source["Event"]["date"] = json!("someday");
    assert!(event_to_stix(source.to_string().as_bytes()).is_err());
}
