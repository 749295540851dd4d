//! What goes to an instance, and what never does.

use super::*;
use portcullis_core::cell::Settings;

#[test]
fn what_goes_to_misp_comes_back_as_nothing_new() {
    let misp = instance(&[]);
    let bench = bench(true);
    bench.publish(&[
        r#"{"type":"indicator","spec_version":"2.1","id":"indicator--0f0e0d0c-0b0a-4908-8706-050403020100","created":"2026-09-01T10:00:00.123Z","modified":"2026-09-02T10:00:00.456Z","name":"a loader's address","pattern":"[ipv4-addr:value = '198.51.100.7']","pattern_type":"stix","valid_from":"2026-09-01T10:00:00Z"}"#,
    ]);
    bench.settle(&misp);
    assert_eq!(
        misp.state.lock().unwrap().events.len(),
        1,
        "one event was made"
    );
    let event = misp.state.lock().unwrap().events[0].to_string();
    assert!(event.contains("198.51.100.7"), "{event}");
    let before = bench.held();
    for _ in 0..4 {
        bench.pass(1200);
        assert_eq!(bench.settle(&misp), 0);
    }
    assert_eq!(bench.held(), before);
    assert_eq!(
        misp.state.lock().unwrap().events.len(),
        1,
        "and it is sent once"
    );
}

#[test]
fn what_is_for_the_organisation_alone_does_not_go_to_misp() {
    let misp = instance(&[]);
    let bench = bench(true);
    bench.publish(&[
        r#"{"type":"indicator","spec_version":"2.1","id":"indicator--0f0e0d0c-0b0a-4908-8706-050403020101","created":"2026-09-01T10:00:00.123Z","modified":"2026-09-02T10:00:00.456Z","pattern":"[ipv4-addr:value = '198.51.100.8']","pattern_type":"stix","valid_from":"2026-09-01T10:00:00Z","object_marking_refs":["marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"]}"#,
    ]);
    bench.settle(&misp);
    assert_eq!(misp.state.lock().unwrap().events.len(), 0);
}

#[test]
fn what_is_past_its_time_does_not_go_to_misp() {
    let misp = instance(&[]);
    let bench = bench(true);
    bench.publish(&[
        r#"{"type":"indicator","spec_version":"2.1","id":"indicator--0f0e0d0c-0b0a-4908-8706-050403020102","created":"2026-09-01T10:00:00.123Z","modified":"2026-09-02T10:00:00.456Z","pattern":"[ipv4-addr:value = '198.51.100.9']","pattern_type":"stix","valid_from":"2026-09-01T10:00:00Z","valid_until":"2026-09-10T10:00:00Z"}"#,
    ]);
    bench.settle(&misp);
    assert_eq!(misp.state.lock().unwrap().events.len(), 0);
}

#[test]
fn sightings_of_what_went_there_come_back_and_our_own_do_not() {
    let misp = instance(&[]);
    let bench = bench(true);
    let seen = r#"{"type":"sighting","spec_version":"2.1","id":"sighting--0f0e0d0c-0b0a-4908-8706-050403020301","created":"2026-09-03T10:00:00Z","modified":"2026-09-03T10:00:00Z","last_seen":"2026-09-03T09:00:00Z","count":1,"sighting_of_ref":"indicator--0f0e0d0c-0b0a-4908-8706-050403020201"}"#;
    let wrong = r#"{"type":"sighting","spec_version":"2.1","id":"sighting--0f0e0d0c-0b0a-4908-8706-050403020302","created":"2026-09-03T10:00:00Z","modified":"2026-09-03T10:00:00Z","count":0,"sighting_of_ref":"indicator--0f0e0d0c-0b0a-4908-8706-050403020201"}"#;
    bench.publish(&[&indicator(1, ""), seen, wrong]);
    bench.settle(&misp);
    let sent = misp.state.lock().unwrap().sightings.clone();
    let expected = serde_json::json!([
        {"uuid": "0f0e0d0c-0b0a-4908-8706-050403020201", "type": "0", "timestamp": 1_788_426_000,
         "source": "csirt.example, sighting--0f0e0d0c-0b0a-4908-8706-050403020301"},
        {"uuid": "0f0e0d0c-0b0a-4908-8706-050403020201", "type": "1", "timestamp": 1_788_429_600,
         "source": "csirt.example, sighting--0f0e0d0c-0b0a-4908-8706-050403020302"},
    ]);
    assert_eq!(Value::from(sent), expected);
    // The instance gives them ids of its own; somebody else there sees it too, and says it ends.
    {
        let mut state = misp.state.lock().unwrap();
        let event = &mut state.events[0]["Event"];
        let sighting = |n: u8, kind: &str, source: &str| {
            serde_json::json!({"uuid": format!("5acb875e-7a70-4bdd-8cc2-013cac1100{n:02}"), "type": kind,
                "date_sighting": "1790000100", "source": source,
                "Organisation": {"name": "Bank", "uuid": "5ac3c55a-41a4-4294-adf3-00f8ac110003"}})
        };
        assert_eq!(
            event["Attribute"][0].get("Sighting"),
            None,
            "they go by their own door"
        );
        event["Attribute"][0]["Sighting"] = serde_json::json!([
            sighting(
                1,
                "0",
                "csirt.example, sighting--0f0e0d0c-0b0a-4908-8706-050403020301"
            ),
            sighting(
                2,
                "1",
                "csirt.example, sighting--0f0e0d0c-0b0a-4908-8706-050403020302"
            ),
            sighting(3, "0", "proxy"),
            sighting(4, "2", ""),
        ]);
        event["sighting_timestamp"] = "1790000100".into();
        event["Orgc"] =
            serde_json::json!({"name": "HOST", "uuid": "10c8f445-888b-4a2d-bac8-4e1e8861d595"});
    }
    let before = bench.held();
    bench.pass(1200);
    bench.settle(&misp);
    let held = bench.held();
    let fresh: Vec<&str> = held
        .keys()
        .filter(|key| !before.contains_key(*key))
        .map(|(id, _)| id.as_str())
        .collect();
    assert_eq!(
        fresh,
        [
            "identity--10c8f445-888b-4a2d-bac8-4e1e8861d595",
            "identity--5ac3c55a-41a4-4294-adf3-00f8ac110003",
            "note--5acb875e-7a70-4bdd-8cc2-013cac110004",
            "sighting--5acb875e-7a70-4bdd-8cc2-013cac110003",
        ]
    );
    for _ in 0..3 {
        bench.pass(1200);
        assert_eq!(bench.settle(&misp), 0);
    }
    let state = misp.state.lock().unwrap();
    assert_eq!((state.events.len(), state.sightings.len()), (1, 2));
}

#[test]
fn what_came_from_an_instance_does_not_go_back_in_anything_of_ours() {
    let misp = instance(&[&view()
        .to_string()
        .replace(r#""distribution":"2""#, r#""distribution":"3""#)]);
    let bench = bench(true);
    bench.settle(&misp);
    let theirs = "indicator--519090c8-470a-4429-9990-f771969cc375";
    let shared = "ipv4-addr--cbd67181-b9f8-595b-8bc3-3971e34fa1cc";
    assert!(bench.held().keys().any(|(id, _)| id == shared));
    let ours = indicator(2, "");
    let report = format!(
        r#"{{"type":"report","spec_version":"2.1","id":"report--0f0e0d0c-0b0a-4908-8706-050403020401","created":"2026-09-03T10:00:00Z","modified":"2026-09-03T10:00:00Z","name":"ours","published":"2026-09-03T10:00:00Z","object_refs":["{theirs}","indicator--0f0e0d0c-0b0a-4908-8706-050403020202"]}}"#
    );
    // The same address as one of theirs: their event holds it too.
    let address = r#"{"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--cbd67181-b9f8-595b-8bc3-3971e34fa1cc","value":"1.1.1.1"}"#;
    bench.publish(&[&ours, &report, address]);
    bench.settle(&misp);
    let state = misp.state.lock().unwrap();
    assert_eq!(state.events.len(), 2);
    let event = state.events[1].to_string();
    assert!(event.contains("198.51.100.2"), "{event}");
    assert!(!event.contains("9.9.9.9"), "{event}");
    drop(state);
    assert_eq!(
        asked(&misp, "/events/edit/572503da-c87f-4520-a9bc-8de08b9c92e5"),
        0
    );
}

#[test]
fn what_is_revoked_is_deleted_there_and_made_anew_nowhere() {
    let misp = instance(&[]);
    let bench = bench(true);
    bench.publish(&[&indicator(3, "")]);
    bench.settle(&misp);
    let later = |n: u8| {
        let revoked = indicator(n, r#","revoked":true"#);
        revoked.replace("2026-09-02T10:00:00.456Z", "2026-09-03T10:00:00.456Z")
    };
    bench.publish(&[&later(3), &later(4)]);
    bench.pass(60);
    bench.settle(&misp);
    let state = misp.state.lock().unwrap();
    assert_eq!(
        state.events.len(),
        1,
        "what never went there is not added to be deleted"
    );
    assert_eq!(state.events[0]["Event"]["Attribute"][0]["deleted"], true);
}

#[test]
fn what_an_instance_refuses_is_noted_and_the_rest_goes_on() {
    let misp = instance(&[]);
    let stale = "/events/edit/";
    let bench = bench(true);
    bench.publish(&[&indicator(5, "")]);
    bench.settle(&misp);
    let event = misp.state.lock().unwrap().events[0]["Event"]["uuid"].clone();
    let path = format!("{stale}{}", event.as_str().unwrap());
    misp.state
        .lock()
        .unwrap()
        .refuses
        .insert(path, recorded("edit-not-newer"));
    let again = indicator(5, r#","name":"again""#);
    bench.publish(&[
        &again.replace("2026-09-02T10:00:00.456Z", "2026-09-02T10:00:00.789Z"),
        &indicator(6, ""),
    ]);
    bench.pass(60);
    bench.settle(&misp);
    assert_eq!(misp.state.lock().unwrap().events.len(), 2);
    let notes = notes(&bench);
    assert!(
        notes
            .iter()
            .any(|note| note.contains("not newer than the local copy")),
        "{notes:?}"
    );
}

#[test]
fn sightings_that_went_before_an_instance_failed_do_not_go_again() {
    let misp = instance(&[]);
    misp.state.lock().unwrap().down_at = Some(1);
    let bench = bench(true);
    let sighting = |n: u8| {
        format!(
            r#"{{"type":"sighting","spec_version":"2.1","id":"sighting--0f0e0d0c-0b0a-4908-8706-0504030203{n:02}","created":"2026-09-03T10:00:00Z","modified":"2026-09-03T10:00:00Z","sighting_of_ref":"indicator--0f0e0d0c-0b0a-4908-8706-050403020207"}}"#
        )
    };
    bench.publish(&[&indicator(7, ""), &sighting(1), &sighting(2)]);
    for _ in 0..3 {
        bench.tick(&misp);
        bench.pass(1200);
    }
    assert!(bench.cell.follows().remove(0).last_error.is_some());
    misp.state.lock().unwrap().down_at = None;
    bench.tick(&misp);
    bench.settle(&misp);
    assert_eq!(misp.state.lock().unwrap().sightings.len(), 2);
    assert_eq!(asked(&misp, "/sightings/add"), 5);
}

#[test]
fn nothing_goes_without_its_legal_basis_and_events_come_in_all_the_same() {
    let misp = instance(&[EVENT]);
    let bench = bench(true);
    bench.publish(&[&indicator(7, "")]);
    let day = |day: &str| format!("{day}T00:00:00Z").parse().unwrap();
    let basis = Command::Wrap {
        name: "sharing".to_owned(),
        clause: "6 USC 1503(c)".to_owned(),
        from: day("2026-01-01"),
        until: day("2026-06-01"),
    };
    let by = bench.cell.operator();
    bench.cell.perform(&by, basis).unwrap();
    let state = bench.cell.state();
    let settings = &state.collection(&bench.collection).unwrap().settings;
    let wrapped = Command::ChangeCollection {
        collection: bench.collection,
        settings: Box::new(Settings {
            wrapper: Some("sharing".to_owned()),
            ..settings.clone()
        }),
    };
    bench.cell.perform(&by, wrapped).unwrap();
    for _ in 0..3 {
        bench.tick(&misp);
    }
    let (_, error) = bench.cell.follows().remove(0).last_error.unwrap();
    assert!(error.contains("sharing"), "{error}");
    assert_eq!(asked(&misp, "/events/add"), 0);
    assert!(
        bench
            .held()
            .keys()
            .any(|(id, _)| id.starts_with("report--"))
    );
}

#[test]
fn what_waits_for_a_person_does_not_go_to_misp() {
    let misp = instance(&[]);
    let bench = bench(true);
    let told = r#","description":"ask first-teller@bank.example, +44 20 7946 0958""#;
    bench.publish(&[&indicator(8, told), &indicator(9, "")]);
    bench.settle(&misp);
    let state = misp.state.lock().unwrap();
    assert_eq!(state.events.len(), 1);
    let event = state.events[0].to_string();
    assert!(event.contains("198.51.100.9"), "{event}");
}

#[test]
fn what_is_sent_is_found_without_reading_all_that_is_here() {
    let misp = instance(&[]);
    let bench = bench(true);
    let report = r#"{"type":"report","spec_version":"2.1","id":"report--0f0e0d0c-0b0a-4908-8706-050403020401","created":"2026-09-03T10:00:00Z","modified":"2026-09-03T10:00:00Z","name":"ours","published":"2026-09-03T10:00:00Z","object_refs":["indicator--0f0e0d0c-0b0a-4908-8706-050403020204"]}"#;
    bench.publish(&[&indicator(3, ""), report]);
    bench.settle(&misp);
    // What cannot be read any more stands in nobody's way who has no need of it.
    let unread = indicator(3, "");
    let bench = bench.restarted_of(|image| {
        let bytes = &mut image.segments[0];
        let mut windows = bytes.windows(unread.len());
        let at = windows.position(|part| part == unread.as_bytes()).unwrap();
        bytes[at..at + unread.len()].fill(b'x');
    });
    bench.publish(&[&indicator(4, "")]);
    bench.pass(1200);
    bench.settle(&misp);
    let state = misp.state.lock().unwrap();
    let bound = state
        .events
        .iter()
        .find(|event| event["Event"]["info"] == "ours");
    assert!(bound.unwrap().to_string().contains("198.51.100.4"));
}
