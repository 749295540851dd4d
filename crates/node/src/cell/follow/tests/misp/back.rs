//! What is removed or recalled here is told to the instance, and nothing but ours is touched there.

use super::*;
use crate::cell::Query;
use std::sync::atomic::Ordering;

const EVENT_OF_OURS: &str = "0f0e0d0c-0b0a-4908-8706-050403020401";

fn uuid(n: u8) -> String {
    format!("0f0e0d0c-0b0a-4908-8706-0504030202{n:02}")
}

fn id(n: u8) -> String {
    format!("indicator--{}", uuid(n))
}

fn remove(bench: &Bench, id: &str) {
    let (cell, all) = (&bench.cell, Query::default());
    cell.remove(&cell.operator(), &bench.collection, id, &all)
        .unwrap();
}

fn recall(bench: &Bench, id: &str) {
    let cell = &bench.cell;
    cell.recall(&cell.operator(), id, &[], "a shared host", None)
        .unwrap();
}

/// A minute passes, and the follow comes to rest.
fn later(bench: &Bench, misp: &Server<Misp>) {
    bench.pass(60);
    bench.settle(misp);
}

fn report(refs: &[u8]) -> String {
    let refs: Vec<String> = refs.iter().map(|n| format!("\"{}\"", id(*n))).collect();
    format!(
        r#"{{"type":"report","spec_version":"2.1","id":"report--{EVENT_OF_OURS}","created":"2026-09-03T10:00:00Z","modified":"2026-09-03T10:00:00Z","name":"ours","published":"2026-09-03T10:00:00Z","object_refs":[{}]}}"#,
        refs.join(",")
    )
}

/// The attributes of an event: their UUIDs, and whether they are deleted.
fn attributes(event: &Value) -> BTreeMap<String, bool> {
    let all = event["Event"]["Attribute"].as_array().unwrap().iter();
    let uuid = |one: &Value| one["uuid"].as_str().unwrap().to_owned();
    all.map(|one| (uuid(one), one["deleted"] == true)).collect()
}

/// How often something was asked that changes what is there, but for sightings.
fn changed(misp: &Server<Misp>) -> usize {
    let asked = misp.asked.lock().unwrap();
    let changes = ["/events/edit/", "/events/add", "/events/delete/"];
    let changes = asked
        .iter()
        .filter(|path| changes.iter().any(|change| path.starts_with(change)));
    changes.count()
}

#[test]
fn what_is_removed_here_is_deleted_there_once_and_does_not_come_back() {
    let misp = instance(&[]);
    let bench = bench(true);
    bench.publish(&[&indicator(3, ""), &indicator(4, "")]);
    bench.settle(&misp);
    remove(&bench, &id(3));
    later(&bench, &misp);
    let there: BTreeMap<String, bool> = {
        let state = misp.state.lock().unwrap();
        state.events.iter().flat_map(attributes).collect()
    };
    assert_eq!(there, [(uuid(3), true), (uuid(4), false)].into());
    // Whoever publishes the event there again says nothing new by it.
    let before = changed(&misp);
    for _ in 0..3 {
        bench.pass(1200);
        assert_eq!(bench.settle(&misp), 0);
    }
    let ids: Vec<String> = bench.held().into_keys().map(|(id, _)| id).collect();
    assert_eq!((ids, changed(&misp)), (vec![id(4)], before));
}

#[test]
fn what_never_went_there_is_not_told_when_it_goes() {
    let misp = instance(&[]);
    let bench = bench(true);
    let strict =
        r#","object_marking_refs":["marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"]"#;
    bench.publish(&[&indicator(3, strict)]);
    bench.settle(&misp);
    bench.publish(&[&indicator(4, "")]);
    remove(&bench, &id(3));
    remove(&bench, &id(4));
    later(&bench, &misp);
    assert_eq!(changed(&misp), 0);
}

#[test]
fn what_had_expired_when_the_follow_came_to_it_is_not_told_when_it_goes() {
    for take_back in [remove, recall] {
        let misp = instance(&[]);
        let bench = bench(true);
        let past = r#","valid_until":"2026-09-10T10:00:00Z""#;
        bench.publish(&[&indicator(3, past), &indicator(4, past), &report(&[3])]);
        bench.settle(&misp);
        let before = changed(&misp);
        take_back(&bench, &id(3));
        take_back(&bench, &id(4));
        later(&bench, &misp);
        assert_eq!(changed(&misp), before);
        let state = misp.state.lock().unwrap();
        assert!(!format!("{:?}", state.events).contains("198.51.100."));
    }
}

#[test]
fn that_something_is_deleted_there_is_in_the_ledger_too() {
    let misp = instance(&[]);
    let bench = bench(true);
    bench.publish(&[&indicator(3, "")]);
    bench.settle(&misp);
    remove(&bench, &id(3));
    later(&bench, &misp);
    let served = bench.cell.who(&id(3), &[]).unwrap();
    let exits: Vec<_> = served.iter().map(|one| (one.how, one.client)).collect();
    let export = (crate::cell::served::How::Export, true);
    assert_eq!(exits, [export, export], "{served:?}");
    // After a restart, too, what went there is known.
    bench.publish(&[&indicator(4, "")]);
    later(&bench, &misp);
    let bench = bench.restarted();
    remove(&bench, &id(4));
    later(&bench, &misp);
    let state = misp.state.lock().unwrap();
    let there: BTreeMap<String, bool> = state.events.iter().flat_map(attributes).collect();
    assert_eq!(there, [(uuid(3), true), (uuid(4), true)].into());
}

#[test]
fn a_part_that_is_removed_is_deleted_in_its_event_and_the_rest_stands() {
    let misp = instance(&[]);
    let bench = bench(true);
    bench.publish(&[&indicator(3, ""), &indicator(4, ""), &report(&[3, 4, 5])]);
    bench.settle(&misp);
    // A part that comes later finds the report that binds it, and its other parts.
    bench.publish(&[&indicator(5, "")]);
    later(&bench, &misp);
    let event = || {
        let state = misp.state.lock().unwrap();
        assert_eq!(state.events.len(), 1);
        attributes(&state.events[0])
    };
    assert_eq!(event(), [3, 4, 5].map(|n| (uuid(n), false)).into());
    remove(&bench, &id(4));
    later(&bench, &misp);
    assert_eq!(event(), [3, 4, 5].map(|n| (uuid(n), n == 4)).into());
}

#[test]
fn what_is_recalled_is_deleted_there_as_what_it_was() {
    let misp = instance(&[]);
    let bench = bench(true);
    bench.publish(&[&indicator(3, ""), &indicator(4, "")]);
    bench.settle(&misp);
    recall(&bench, &id(3));
    later(&bench, &misp);
    let state = misp.state.lock().unwrap();
    let there = state.events.iter();
    let there = there.flat_map(|event| event["Event"]["Attribute"].as_array().unwrap());
    let there = there.map(|one| (one["value"].as_str().unwrap(), one["deleted"] == true));
    let there: BTreeMap<&str, bool> = there.collect();
    assert_eq!(
        there,
        [("198.51.100.3", true), ("198.51.100.4", false)].into()
    );
}

#[test]
fn the_event_of_a_report_that_goes_is_deleted_and_what_still_stands_goes_anew() {
    for take_back in [remove, recall] {
        let misp = instance(&[]);
        let bench = bench(true);
        bench.publish(&[&indicator(3, ""), &indicator(4, ""), &report(&[3, 4])]);
        bench.settle(&misp);
        remove(&bench, &id(4));
        take_back(&bench, &format!("report--{EVENT_OF_OURS}"));
        later(&bench, &misp);
        assert_eq!(asked(&misp, &format!("/events/delete/{EVENT_OF_OURS}")), 1);
        let state = misp.state.lock().unwrap();
        assert_eq!(state.events.len(), 1, "{:?}", state.events);
        assert_eq!(attributes(&state.events[0]), [(uuid(3), false)].into());
        assert_ne!(state.events[0]["Event"]["uuid"], EVENT_OF_OURS);
    }
}

#[test]
fn an_event_that_was_there_before_is_not_deleted_by_whoever_publishes_a_report_of_its_id() {
    let misp = instance(&[]);
    let bench = bench(true);
    // Analysts there have made it, and have not published it yet.
    let theirs = serde_json::json!({"Event": {"uuid": EVENT_OF_OURS, "info": "an analysis",
        "published": false, "Attribute": [{"uuid": uuid(3), "type": "ip-dst", "value": "198.51.100.3"}]}});
    misp.state.lock().unwrap().events.push(theirs);
    bench.publish(&[&indicator(3, ""), &report(&[3])]);
    bench.settle(&misp);
    remove(&bench, &format!("report--{EVENT_OF_OURS}"));
    later(&bench, &misp);
    assert_eq!(asked(&misp, &format!("/events/delete/{EVENT_OF_OURS}")), 0);
    assert_eq!(misp.state.lock().unwrap().events.len(), 1);
    let notes = notes(&bench);
    let told = notes
        .iter()
        .any(|note| note.contains("not known to be made from here"));
    assert!(told, "{notes:?}");
}

#[test]
fn an_event_that_was_made_from_here_is_known_to_be_after_a_restart() {
    let misp = instance(&[]);
    let bench = bench(true);
    bench.publish(&[&indicator(3, ""), &report(&[3])]);
    bench.settle(&misp);
    let bench = bench.restarted();
    remove(&bench, &format!("report--{EVENT_OF_OURS}"));
    later(&bench, &misp);
    assert_eq!(asked(&misp, &format!("/events/delete/{EVENT_OF_OURS}")), 1);
}

#[test]
fn an_event_stays_where_others_put_something_into_it_or_the_instance_keeps_it() {
    let theirs = serde_json::json!({"uuid": "5acb875e-44a0-402d-8265-013cac110002",
        "type": "domain", "category": "Network activity", "value": "other.example"});
    let check = |theirs: Option<&Value>, words: &str| {
        let misp = instance(&[]);
        let bench = bench(true);
        bench.publish(&[&indicator(3, ""), &report(&[3])]);
        bench.settle(&misp);
        {
            let mut state = misp.state.lock().unwrap();
            let path = format!("/events/delete/{EVENT_OF_OURS}");
            state.refuses.insert(path, recorded("not-allowed"));
            let attributes = state.events[0]["Event"]["Attribute"].as_array_mut();
            attributes.unwrap().extend(theirs.cloned());
        }
        remove(&bench, &format!("report--{EVENT_OF_OURS}"));
        later(&bench, &misp);
        let asked = asked(&misp, &format!("/events/delete/{EVENT_OF_OURS}"));
        assert_eq!(asked, usize::from(theirs.is_none()));
        assert_eq!(misp.state.lock().unwrap().events.len(), 1);
        let notes = notes(&bench);
        assert!(notes.iter().any(|note| note.contains(words)), "{notes:?}");
    };
    check(Some(&theirs), "others have put something into it there");
    check(None, "did not delete it: You do not have permission");
}

#[test]
fn a_recall_of_the_instances_own_is_a_false_positive_there_and_a_removal_is_nothing() {
    let misp = instance(&[EVENT]);
    let bench = bench(true);
    bench.settle(&misp);
    let wrong = "5f4d8a2e-1111-4b7e-9a52-0d9c8e7f6a51";
    remove(&bench, "indicator--5f4d8a2e-2222-4b7e-9a52-0d9c8e7f6a51");
    let at_s = bench.env.now_us.load(Ordering::SeqCst) / 1_000_000;
    recall(&bench, &format!("indicator--{wrong}"));
    later(&bench, &misp);
    let source = format!("csirt.example, recalled indicator--{wrong}");
    let expected =
        serde_json::json!([{"uuid": wrong, "type": "1", "timestamp": at_s, "source": source}]);
    let sent = || Value::from(misp.state.lock().unwrap().sightings.clone());
    assert_eq!(sent(), expected);
    // It stands at the attribute from then on: it is nobody else's word when it comes.
    {
        let event = &mut misp.state.lock().unwrap().events[0]["Event"];
        event["Attribute"][0]["Sighting"] = serde_json::json!([{
            "uuid": "5acb875e-7a70-4bdd-8cc2-013cac110001", "type": "1",
            "date_sighting": "1790000100", "source": source,
            "Organisation": {"name": "Bank", "uuid": "5ac3c55a-41a4-4294-adf3-00f8ac110003"},
        }]);
        event["sighting_timestamp"] = "1790000100".into();
    }
    let before = bench.held();
    for _ in 0..3 {
        bench.pass(1200);
        bench.settle(&misp);
    }
    assert_eq!(bench.held(), before);
    assert_eq!((sent(), changed(&misp)), (expected, 0));
}

#[test]
fn what_is_said_beside_the_instances_own_sends_it_nowhere() {
    let misp = instance(&[EVENT]);
    let bench = bench(true);
    bench.settle(&misp);
    let object = "indicator--5f4d8a2e-1111-4b7e-9a52-0d9c8e7f6a51";
    let mark = Command::Address {
        object: object.parse().unwrap(),
        publisher: bench.cell.me().clone(),
        recipients: ["bank.example".parse().unwrap()].into(),
    };
    bench.cell.perform(&bench.cell.operator(), mark).unwrap();
    later(&bench, &misp);
    assert_eq!(changed(&misp), 0);
}

#[test]
fn sightings_that_went_do_not_go_again_after_a_restart() {
    let misp = instance(&[]);
    misp.state.lock().unwrap().down_at = Some(2);
    let bench = bench(true);
    let sighting = |n: u8| {
        format!(
            r#"{{"type":"sighting","spec_version":"2.1","id":"sighting--0f0e0d0c-0b0a-4908-8706-0504030203{n:02}","created":"2026-09-03T10:00:00Z","modified":"2026-09-03T10:00:00Z","sighting_of_ref":"{}"}}"#,
            id(7)
        )
    };
    // The later has the lower id: they go in the order in which they came.
    bench.publish(&[&indicator(7, ""), &sighting(3), &sighting(2), &sighting(1)]);
    bench.tick(&misp);
    assert!(bench.cell.follows().remove(0).last_error.is_some());
    let bench = bench.restarted();
    misp.state.lock().unwrap().down_at = None;
    bench.pass(1200);
    bench.settle(&misp);
    let state = misp.state.lock().unwrap();
    let sent = state.sightings.iter().map(|one| &one["source"]);
    let expected = [3, 2, 1]
        .map(|n| format!("csirt.example, sighting--0f0e0d0c-0b0a-4908-8706-0504030203{n:02}"));
    assert!(sent.eq(expected.iter()), "{:?}", state.sightings);
}
