//! How far what an event says goes, and what is taken back.

use super::*;

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
fn distribution_is_never_opened_and_travels_both_ways() {
    let check = |event_says: &str, attribute_says: &str, expected: [Option<&str>; 2]| {
        let mut inner = attribute(ONE, "domain", "a.example", true);
        inner["distribution"] = json!(attribute_says);
        let source = event(&json!({"distribution": event_says, "Attribute": [inner]}));
        let mapped = mapped(&source);
        for (kind, light) in ["report", "indicator"].into_iter().zip(expected) {
            let marking = of_kind(&mapped, kind)[0]["object_marking_refs"][0].clone();
            let found = marking.as_str().and_then(crate::marking::known_tlp);
            assert_eq!(found, light, "{kind}: {event_says}, {attribute_says}");
        }
        let back = back(&mapped);
        assert_eq!(back["distribution"], event_says);
        assert_eq!(back["Attribute"][0]["distribution"], attribute_says);
        assert_eq!(back.get("Tag"), None, "no tag is made of a distribution");
        assert_eq!(back["Attribute"][0].get("Tag"), None);
    };
    check("3", "5", [None, None]);
    check("3", "0", [None, Some("red")]);
    check("2", "5", [Some("amber+strict"), Some("amber+strict")]);
    check("1", "3", [Some("red"), Some("red")]);
    check("4", "5", [Some("red"), Some("red")]);
}

#[test]
fn an_object_goes_as_far_as_the_strictest_thing_it_says() {
    let part = |n: u8, kind: &str, value: &str| {
        json!({"uuid": format!("00000000-0000-4000-8000-00000000000{n}"), "type": kind, "category": "Network activity",
               "to_ids": true, "object_relation": kind, "value": value, "timestamp": "1539202332"})
    };
    let mut secret = part(2, "ip-dst", "198.51.100.7");
    secret["Tag"] = json!([{"name": "tlp:red"}]);
    secret["Sighting"] = json!([{"uuid": TWO, "type": "0", "date_sighting": "1539300000"}]);
    let object = json!({"uuid": ONE, "name": "domain-ip", "timestamp": "1539202332",
        "Attribute": [part(1, "domain", "a.example"), secret]});
    let source = event(&json!({"Object": [object], "Tag": [{"name": "tlp:green"}]}));
    let mapped = mapped(&source);
    for kind in ["indicator", "sighting"] {
        let marking = of_kind(&mapped, kind)[0]["object_marking_refs"][0].clone();
        let light = crate::marking::known_tlp(marking.as_str().unwrap());
        assert_eq!(light, Some("red"), "{kind}");
    }
    let back = back(&mapped);
    let object = &back["Object"][0];
    assert_eq!(object.get("Tag"), None, "MISP's objects have no tags");
    assert_eq!(object["Attribute"][0].get("Tag"), None);
    assert_eq!(object["Attribute"][1]["Tag"], json!([{"name": "tlp:red"}]));
}

#[test]
fn local_tags_stay_and_lights_that_nobody_knows_are_strict() {
    let source = event(&json!({"Tag": [
        {"name": "ours:internal", "local": 1}, {"name": "hidden", "exportable": false},
        {"name": "type:OSINT", "local": 0, "exportable": true}, {"name": "tlp:unclear"}]}));
    let mapped = mapped(&source);
    let report = &of_kind(&mapped, "report")[0];
    assert_eq!(report["labels"], json!(["type:OSINT", "tlp:unclear"]));
    let marking = report["object_marking_refs"][0].as_str().unwrap();
    assert_eq!(crate::marking::known_tlp(marking), Some("amber+strict"));
    let local = mapped
        .unmapped
        .iter()
        .find(|left| left.why.contains("local"));
    assert_eq!(local.unwrap().what, "2 of them");
    let names = json!([{"name": "type:OSINT"}, {"name": "tlp:unclear"}]);
    assert_eq!(back(&mapped)["Tag"], names);
}

#[test]
fn a_deleted_part_of_an_object_is_looked_for_no_more_and_comes_back_deleted() {
    let part = |n: u8, value: &str, deleted: bool| {
        json!({"uuid": format!("00000000-0000-4000-8000-00000000000{n}"), "type": "domain", "category": "Network activity",
               "to_ids": true, "object_relation": "domain", "value": value, "timestamp": "1539202332", "deleted": deleted})
    };
    let object = |gone: [bool; 2]| {
        json!({"uuid": ONE, "name": "domain-ip", "timestamp": "1539202332",
            "Attribute": [part(1, "a.example", gone[0]), part(2, "b.example", gone[1])]})
    };
    let one = mapped(&event(&json!({"Object": [object([false, true])]})));
    let indicator = &of_kind(&one, "indicator")[0];
    assert_eq!(indicator["pattern"], "[domain-name:value = 'a.example']");
    assert_eq!(indicator.get("revoked"), None);
    let again = back(&one);
    assert_eq!(again["Object"][0]["Attribute"][1]["deleted"], true);
    assert_eq!(again["Object"][0].get("deleted"), None);
    let both = mapped(&event(&json!({"Object": [object([true, true])]})));
    assert_eq!(of_kind(&both, "note")[0]["revoked"], true);
    assert_eq!(back(&both)["Object"][0]["deleted"], true);
}
