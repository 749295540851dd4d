//! A MISP instance, in both directions.

mod back;
mod out;

use super::{Bench, Request, Response, Server, Source, json};
use crate::cell::remote::misp::tests::recorded;
use portcullis_core::cell::{Command, Tlp};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Mutex};

/// An instance that answers as MISP's API is described, with the events it was given.
#[derive(Default)]
struct Misp {
    events: Vec<Value>,
    sightings: Vec<Value>,
    /// After how many sightings it is down.
    down_at: Option<usize>,
    /// What it says of itself, if it does.
    version: Option<Response>,
    /// What it answers to some paths, whatever it is asked.
    refuses: BTreeMap<String, Response>,
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
        path if misp.refuses.contains_key(path) => misp.refuses[path].clone(),
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
                    "published": event["Event"]["published"],
                    "sighting_timestamp": event["Event"]["sighting_timestamp"],
                })
            });
            json(200, listed.collect::<Value>().to_string())
        }
        "/servers/getVersion" => misp
            .version
            .clone()
            .unwrap_or_else(|| recorded("not-allowed")),
        "/events/add" => {
            misp.events.push(published(body));
            json(200, "{}")
        }
        "/sightings/add" if misp.down_at == Some(misp.sightings.len()) => json(503, "{}"),
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
        path if path.starts_with("/events/delete/") => match at {
            Some(at) => {
                misp.events.remove(at);
                recorded("event-deleted")
            }
            None => recorded("no-event"),
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
            ..Misp::default()
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

fn indicator(n: u8, more: &str) -> String {
    format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"indicator--0f0e0d0c-0b0a-4908-8706-0504030202{n:02}","created":"2026-09-01T10:00:00.123Z","modified":"2026-09-02T10:00:00.456Z","pattern":"[ipv4-addr:value = '198.51.100.{n}']","pattern_type":"stix","valid_from":"2026-09-01T10:00:00Z"{more}}}"#
    )
}

fn notes(bench: &Bench) -> Vec<String> {
    let view = bench.cell.follows().remove(0);
    let notes = view.notes.into_iter();
    notes
        .map(|note| format!("{}: {}", note.what, note.why))
        .collect()
}

fn asked(misp: &Server<Misp>, path: &str) -> usize {
    let asked = misp.asked.lock().unwrap();
    asked.iter().filter(|one| *one == path).count()
}

/// An event as an instance was recorded to answer it, in the wrapper of a search.
fn view() -> Value {
    serde_json::from_slice(&recorded("view").body).unwrap()
}

#[test]
fn a_recorded_event_comes_in_with_its_ids_and_no_wider_than_it_may() {
    let misp = instance(&[&view().to_string()]);
    let bench = bench(false);
    bench.settle(&misp);
    let held = bench.held();
    for id in [
        "report--572503da-c87f-4520-a9bc-8de08b9c92e5",
        "observed-data--e437b43c-8b13-4599-9ccf-f31c61007dd2",
        "indicator--519090c8-470a-4429-9990-f771969cc375",
        "indicator--576a7264-0029-46e5-8eaa-771d3a9ec3d3",
        "relationship--ca7f0f25-80c8-4383-ae83-899ba96a36fc",
        "identity--10c8f445-888b-4a2d-bac8-4e1e8861d595",
    ] {
        assert!(
            held.keys().any(|(held, _)| held == id),
            "{id}: {:?}",
            held.keys()
        );
    }
    bench
        .cell
        .changes_since(&bench.collection, i64::MIN, &mut |change| {
            if change.id.starts_with("report--") || change.id.starts_with("indicator--") {
                // A public resolver is on a warning list: it waits for a person.
                let listed = change.id == "indicator--519090c8-470a-4429-9990-f771969cc375";
                let light = if listed { Tlp::Red } else { Tlp::AmberStrict };
                assert_eq!(
                    (change.label.tlp, change.label.held),
                    (light, listed),
                    "{}",
                    change.id
                );
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    let notes = notes(&bench);
    assert!(
        notes
            .iter()
            .any(|note| note.contains("`connected communities`")),
        "{notes:?}"
    );
    assert!(
        notes
            .iter()
            .any(|note| note.contains("event_creator_email")),
        "{notes:?}"
    );
}

#[test]
fn proposals_are_listed_and_not_taken() {
    let mut event: Value = serde_json::from_slice(&recorded("proposals").body).unwrap();
    event["Event"]["publish_timestamp"] = "1514975930".into();
    let misp = instance(&[&event.to_string()]);
    let bench = bench(false);
    bench.settle(&misp);
    let held = bench.held();
    let all = held.values().map(|bytes| String::from_utf8_lossy(bytes));
    assert!(all.clone().any(|object| object.contains("blah.exe")));
    assert!(!all.clone().any(|object| object.contains("blah.exe.jpg")));
    let notes = notes(&bench);
    let listed = notes
        .iter()
        .any(|note| note.contains("Event.Attribute[0].ShadowAttribute"));
    assert!(listed, "{notes:?}");
}

#[test]
fn more_events_than_a_page_come_page_by_page() {
    let events: Vec<String> = (0..45)
        .map(|n| {
            EVENT.replace(
                "5f4d8a2e-6c1b-4b7e-9a52-0d9c8e7f6a51",
                &format!("5f4d8a2e-6c1b-4b7e-9a52-0d9c8e7f6b{n:02}"),
            )
        })
        .collect();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let misp = instance(&events);
    let bench = bench(false);
    bench.settle(&misp);
    let held = bench.held();
    let reports = held.keys().filter(|(id, _)| id.starts_with("report--"));
    assert_eq!(reports.count(), 45);
    assert_eq!(asked(&misp, "/events/restSearch"), 3);
}

#[test]
fn an_edit_is_a_new_version_and_a_deleted_attribute_is_revoked() {
    let misp = instance(&[&view().to_string()]);
    let bench = bench(false);
    bench.settle(&misp);
    {
        let event = &mut misp.state.lock().unwrap().events[0]["Event"];
        event["timestamp"] = "1655464474".into();
        event["publish_timestamp"] = "1655465142".into();
        event["Attribute"][0]["deleted"] = true.into();
        event["Attribute"][0]["timestamp"] = "1655464474".into();
    }
    bench.pass(120);
    bench.settle(&misp);
    let held = bench.held();
    let versions = |id: &str| held.keys().filter(|(held, _)| held == id).count();
    assert_eq!(versions("report--572503da-c87f-4520-a9bc-8de08b9c92e5"), 2);
    let newest = held
        .iter()
        .filter(|((id, _), _)| id == "observed-data--e437b43c-8b13-4599-9ccf-f31c61007dd2")
        .map(|(_, bytes)| serde_json::from_slice::<Value>(bytes).unwrap())
        .next_back();
    assert_eq!(newest.unwrap()["revoked"], true);
}

#[test]
fn a_wrong_key_and_a_limit_fail_the_follow_and_say_so() {
    let misp = instance(&[]);
    let bench = bench(false);
    let mut limit = recorded("rate-limit");
    limit
        .headers
        .push(("x-rate-limit-reset".to_owned(), "417".to_owned()));
    for (answer, words, pause) in [
        (
            recorded("unauthenticated"),
            "the automation key is wrong",
            None,
        ),
        (limit, "Rate limit exceeded", Some(417)),
    ] {
        let search = "/events/restSearch".to_owned();
        misp.state.lock().unwrap().refuses.insert(search, answer);
        let ticked = bench.tick(&misp);
        let (_, error) = bench.cell.follows().remove(0).last_error.unwrap();
        assert!(error.contains(words), "{error}");
        if let Some(pause) = pause {
            assert_eq!(ticked.next_call.unwrap().as_secs(), pause);
        }
    }
}

#[test]
fn an_old_instance_is_noted() {
    let misp = instance(&[EVENT]);
    misp.state.lock().unwrap().version = Some(recorded("version-old"));
    let bench = bench(false);
    bench.settle(&misp);
    let notes = notes(&bench);
    assert!(
        notes
            .iter()
            .any(|note| note.starts_with("MISP 2.4.50: it is older than 2.4.115")),
        "{notes:?}"
    );
}
