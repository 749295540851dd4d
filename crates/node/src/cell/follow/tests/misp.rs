use super::{Bench, Request, Response, Server, Source, json};
use serde_json::Value;
use std::sync::Mutex;

/// An instance that answers as MISP's API is described, with the events it was given.
#[derive(Default)]
struct Misp {
    events: Vec<Value>,
    sightings: Vec<Value>,
}

const EVENT: &str = include_str!("../../../../testdata/misp/event.json");

fn answer(misp: &mut Misp, request: &Request) -> Response {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let uuid = request.path.rsplit('/').next().unwrap_or_default();
    let at = misp
        .events
        .iter()
        .position(|event| event["Event"]["uuid"] == uuid);
    match request.path.as_str() {
        "/events/restSearch" => {
            let since = body["publish_timestamp"].as_i64().unwrap();
            let number = |event: &Value| -> i64 {
                let text = event["Event"]["publish_timestamp"].as_str().unwrap_or("0");
                text.parse().unwrap()
            };
            let all = misp.events.iter().filter(|event| number(event) >= since);
            let (page, limit) = (
                body["page"].as_u64().unwrap(),
                body["limit"].as_u64().unwrap(),
            );
            let skip = usize::try_from((page - 1) * limit).unwrap();
            let page: Vec<&Value> = all
                .skip(skip)
                .take(usize::try_from(limit).unwrap())
                .collect();
            json(200, serde_json::json!({ "response": page }).to_string())
        }
        "/events/index" => {
            let listed = misp.events.iter().map(|event| {
                serde_json::json!({
                    "uuid": event["Event"]["uuid"],
                    "timestamp": event["Event"]["timestamp"],
                    "published": true,
                })
            });
            json(200, listed.collect::<Value>().to_string())
        }
        "/events/add" => {
            misp.events.push(published(body));
            json(200, "{}")
        }
        "/sightings/add" => {
            misp.sightings.push(body);
            json(200, "{}")
        }
        path if path.starts_with("/events/edit/") => match at {
            Some(at) => {
                misp.events[at] = published(body);
                json(200, "{}")
            }
            None => json(404, r#"{"name":"Invalid event","message":"Invalid event"}"#),
        },
        path if path.starts_with("/events/view/") => match at {
            Some(at) => json(200, misp.events[at].to_string()),
            None => json(404, r#"{"name":"Invalid event","message":"Invalid event"}"#),
        },
        other => panic!("MISP has no `{other}`"),
    }
}

/// Somebody publishes what we sent.
fn published(mut event: Value) -> Value {
    event["Event"]["published"] = true.into();
    event["Event"]["publish_timestamp"] = "1785000500".into();
    event
}

fn instance(events: &[&str]) -> Server<Misp> {
    let events = events
        .iter()
        .map(|event| serde_json::from_str(event).unwrap());
    Server {
        state: Mutex::new(Misp {
            events: events.collect(),
            sightings: Vec::new(),
        }),
        asked: Mutex::default(),
        answer,
    }
}

fn bench(both_ways: bool) -> Bench {
    Bench::new(Source::Misp {
        url: "https://misp.example".into(),
        credential: None,
        both_ways,
    })
}

#[test]
fn an_event_becomes_objects_once() {
    let misp = instance(&[EVENT]);
    let bench = bench(false);
    assert!(bench.settle(&misp) > 0);
    let held = bench.held();
    let uuid = "5f4d8a2e-6c1b-4b7e-9a52-0d9c8e7f6a51";
    assert!(
        held.keys().any(|(id, _)| id == &format!("report--{uuid}")),
        "{:?}",
        held.keys()
    );
    bench.pass(7200);
    assert_eq!(bench.settle(&misp), 0, "the same event is the same objects");
    assert_eq!(bench.held(), held);
}

#[test]
fn an_event_that_is_gone_takes_its_objects_with_it() {
    let misp = instance(&[EVENT]);
    let bench = bench(false);
    bench.settle(&misp);
    misp.state.lock().unwrap().events.clear();
    bench.pass(7200);
    bench.settle(&misp);
    assert_eq!(
        bench
            .held()
            .keys()
            .filter(|(id, _)| id.starts_with("report--") || id.starts_with("indicator--"))
            .count(),
        0
    );
}

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
