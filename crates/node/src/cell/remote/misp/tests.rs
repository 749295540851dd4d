//! What we ask of an instance has the shape that its API describes, and what instances were
//! recorded to answer is read. `testdata/misp/SOURCE.md` says where the recordings are from.

use super::*;
use crate::cell::remote::{RemoteError, Response, Secret};
use std::{collections::VecDeque, sync::Mutex};

/// The answer that was recorded under a name.
pub(crate) fn recorded(name: &str) -> Response {
    let text = match name {
        "add" => include_str!("../../../../testdata/misp/recorded/add.json"),
        "edit" => include_str!("../../../../testdata/misp/recorded/edit.json"),
        "edit-not-newer" => include_str!("../../../../testdata/misp/recorded/edit-not-newer.json"),
        "event-deleted" => include_str!("../../../../testdata/misp/recorded/event-deleted.json"),
        "exists" => include_str!("../../../../testdata/misp/recorded/exists.json"),
        "index" => include_str!("../../../../testdata/misp/recorded/index.json"),
        "index-minimal" => include_str!("../../../../testdata/misp/recorded/index-minimal.json"),
        "no-event" => include_str!("../../../../testdata/misp/recorded/no-event.json"),
        "not-allowed" => include_str!("../../../../testdata/misp/recorded/not-allowed.json"),
        "proposals" => include_str!("../../../../testdata/misp/recorded/proposals.json"),
        "rate-limit" => include_str!("../../../../testdata/misp/recorded/rate-limit.json"),
        "search" => include_str!("../../../../testdata/misp/recorded/search.json"),
        "search-sighting" => {
            include_str!("../../../../testdata/misp/recorded/search-sighting.json")
        }
        "sighting-added" => include_str!("../../../../testdata/misp/recorded/sighting-added.json"),
        "sighting-refused" => {
            include_str!("../../../../testdata/misp/recorded/sighting-refused.json")
        }
        "stumbled" => include_str!("../../../../testdata/misp/recorded/stumbled.json"),
        "unauthenticated" => {
            include_str!("../../../../testdata/misp/recorded/unauthenticated.json")
        }
        "version-old" => include_str!("../../../../testdata/misp/recorded/version-old.json"),
        "view" => include_str!("../../../../testdata/misp/recorded/view.json"),
        other => panic!("nothing was recorded as `{other}`"),
    };
    let recorded: Value = serde_json::from_str(text).unwrap();
    let answer = &recorded["response"];
    let headers = answer["headers"].as_object().unwrap().iter();
    let headers = headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
    Response {
        status: u16::try_from(answer["status"].as_u64().unwrap()).unwrap(),
        headers: headers.collect(),
        body: answer["body"].to_string().into_bytes(),
    }
}

/// Answers what was recorded, in turn, and keeps what was asked.
struct Replay {
    answers: Mutex<VecDeque<Response>>,
    asked: Mutex<Vec<Request>>,
}

impl Replay {
    fn of<const N: usize>(answers: [Response; N]) -> Self {
        Self {
            answers: Mutex::new(answers.into()),
            asked: Mutex::default(),
        }
    }

    fn named<const N: usize>(names: [&str; N]) -> Self {
        Self::of(names.map(recorded))
    }

    /// Everything that was asked: method and path, and the body.
    fn asked(&self) -> Vec<(String, Value)> {
        let asked = self.asked.lock().unwrap();
        assert!(
            self.answers.lock().unwrap().is_empty(),
            "nobody asked for the rest"
        );
        let one = |request: &Request| {
            let method = if request.post { "POST" } else { "GET" };
            let body = serde_json::from_slice(&request.body).unwrap_or_default();
            (format!("{method} {}", request.path), body)
        };
        asked.iter().map(one).collect()
    }
}

impl Remote for Replay {
    fn call(&self, to: &Endpoint, request: &Request) -> Result<Response, RemoteError> {
        assert!(matches!(&to.secret, Secret::Plain(key) if key.as_str() == "key"));
        assert_eq!(to.origin, "https://misp.example");
        assert_eq!(request.accept, "application/json");
        let content = if request.post { "application/json" } else { "" };
        assert_eq!(request.content_type, content);
        assert_eq!(request.post, !request.body.is_empty());
        self.asked.lock().unwrap().push(request.clone());
        Ok(self
            .answers
            .lock()
            .unwrap()
            .pop_front()
            .expect("one question too many"))
    }
}

fn instance() -> Instance {
    let endpoint = Endpoint {
        secret: Secret::Plain("key".to_owned().into()),
        ..Endpoint::default()
    };
    Instance::parse("https://misp.example/", endpoint).unwrap()
}

const UUID: &str = "572503da-c87f-4520-a9bc-8de08b9c92e5";

#[test]
fn a_page_of_events_is_asked_for_as_the_api_describes_it() {
    let replay = Replay::named(["search"]);
    let cursor = Cursor {
        since_s: 1_568_000_000,
        ..Cursor::default()
    };
    let page = events(&replay, &instance(), &cursor).unwrap();
    let [(path, body)] = &replay.asked()[..] else {
        panic!("one question");
    };
    assert_eq!(path, "POST /events/restSearch");
    let expected = serde_json::json!({"returnFormat": "json", "published": 1, "publish_timestamp": 1_568_000_000,
        "page": 1, "limit": LIMIT, "deleted": [0, 1], "includeSightings": 1});
    assert_eq!(*body, expected);
    assert_eq!((page.events.len(), page.more), (2, false));
    assert!(
        page.events[1]
            .get()
            .contains("5d86b950-77d8-4b29-a40f-1c300a00020f")
    );
}

#[test]
fn an_index_is_read_in_few_words_or_in_all() {
    let replay = Replay::named(["index-minimal", "index"]);
    let few = index(&replay, &instance()).unwrap();
    let expected = Listed {
        uuid: UUID.to_owned(),
        sighted_s: 0,
        published: true,
    };
    assert_eq!(few, [expected]);
    // Instances that do not know `minimal` answer all the same.
    let all = index(&replay, &instance()).unwrap();
    assert_eq!((all.len(), all[0].published), (1, false));
    let minimal = serde_json::json!({"minimal": 1});
    let asked = ("POST /events/index".to_owned(), minimal);
    assert_eq!(replay.asked(), [asked.clone(), asked]);
}

#[test]
fn an_event_is_looked_at_by_its_uuid_and_may_be_gone() {
    let replay = Replay::named(["view", "no-event"]);
    let seen = event(&replay, &instance(), UUID).unwrap().unwrap();
    assert!(seen.get().contains("519090c8-470a-4429-9990-f771969cc375"));
    assert!(event(&replay, &instance(), UUID).unwrap().is_none());
    let asked = (format!("GET /events/view/{UUID}"), Value::Null);
    assert_eq!(replay.asked(), [asked.clone(), asked]);
}

#[test]
fn an_event_is_changed_where_it_is_and_added_where_it_is_not() {
    let event = br#"{"Event":{"info":"new info"}}"#;
    let replay = Replay::named(["edit", "no-event", "add", "no-event"]);
    let sends = |add| send(&replay, &instance(), UUID, event, add).unwrap();
    assert_eq!(sends(true), (Sent::Taken, false));
    assert_eq!(sends(true), (Sent::Taken, true));
    let nothing = (Sent::Taken, false);
    assert_eq!(sends(false), nothing, "there is nothing to take back");
    let body: Value = serde_json::from_slice(event).unwrap();
    let edit = (format!("POST /events/edit/{UUID}"), body.clone());
    let add = ("POST /events/add".to_owned(), body);
    assert_eq!(replay.asked(), [edit.clone(), edit.clone(), add, edit]);
}

#[test]
fn an_event_is_deleted_and_one_that_is_not_there_is() {
    let replay = Replay::named(["event-deleted", "no-event", "not-allowed"]);
    let deletes = || delete(&replay, &instance(), UUID).unwrap();
    assert_eq!(deletes(), Sent::Taken);
    assert_eq!(deletes(), Sent::Taken);
    assert!(
        matches!(deletes(), Sent::Refused(why) if why.starts_with("You do not have permission"))
    );
    let asked = (format!("POST /events/delete/{UUID}"), serde_json::json!({}));
    assert_eq!(replay.asked(), [asked.clone(), asked.clone(), asked]);
}

#[test]
fn what_an_instance_does_not_want_is_told_in_its_words_and_stops_nothing() {
    let check = |names: &[&str], words: &str| {
        let replay = Replay {
            answers: Mutex::new(names.iter().map(|name| recorded(name)).collect()),
            asked: Mutex::default(),
        };
        let sent = send(&replay, &instance(), UUID, b"{}", true).unwrap();
        assert!(
            matches!(&sent, (Sent::Refused(why), false) if why.starts_with(words)),
            "{sent:?}"
        );
        assert_eq!(replay.asked().len(), names.len());
    };
    check(
        &["edit-not-newer"],
        "Event could not be saved: Event in the request not newer than the local copy.",
    );
    check(&["no-event", "exists"], "Event already exists");
    check(&["no-event", "stumbled"], "An Internal Error Has Occurred.");
    check(
        &["not-allowed"],
        "You do not have permission to use this functionality.",
    );
}

#[test]
fn a_sighting_is_added_by_the_attributes_uuid() {
    let sighting = serde_json::json!({"uuid": "5acb875e-44a0-402d-8265-013cac110002", "type": "1",
        "timestamp": 1_523_287_902, "source": "csirt.example"});
    let replay = Replay::named(["sighting-added", "sighting-refused"]);
    let says = || sight(&replay, &instance(), sighting.to_string().as_bytes()).unwrap();
    assert_eq!(says(), Sent::Taken);
    assert_eq!(
        says(),
        Sent::Refused("No valid attributes found.".to_owned())
    );
    let asked = ("POST /sightings/add".to_owned(), sighting);
    assert_eq!(replay.asked(), [asked.clone(), asked]);
}

#[test]
fn a_wrong_key_a_missing_right_and_a_limit_are_said_plainly() {
    let mut limit = recorded("rate-limit");
    limit
        .headers
        .push(("x-rate-limit-reset".to_owned(), "417".to_owned()));
    let check = |answer: Response, words: &str, waits: Option<u32>| {
        let told = |error: RemoteError| {
            let RemoteError::Status { retry_s, .. } = &error else {
                panic!("{error:?}");
            };
            assert_eq!(*retry_s, waits);
            assert!(error.to_string().contains(words), "{error}");
        };
        let replay = Replay::of([answer.clone(), answer.clone(), answer]);
        told(events(&replay, &instance(), &Cursor::default()).unwrap_err());
        told(index(&replay, &instance()).unwrap_err());
        told(event(&replay, &instance(), UUID).unwrap_err());
        replay.asked();
    };
    check(
        recorded("unauthenticated"),
        "the automation key is wrong",
        None,
    );
    check(recorded("not-allowed"), "does not allow it", None);
    check(limit.clone(), "Rate limit exceeded", Some(417));
    // Nor is it taken for a word about the one thing that was sent.
    for answer in [recorded("unauthenticated"), limit] {
        let replay = Replay::of([answer.clone(), answer]);
        assert!(send(&replay, &instance(), UUID, b"{}", true).is_err());
        assert!(sight(&replay, &instance(), b"{}").is_err());
        replay.asked();
    }
}

#[test]
fn an_instance_says_which_version_it_is() {
    let replay = Replay::named(["version-old", "not-allowed"]);
    let old = version(&replay, &instance()).unwrap().unwrap();
    assert_eq!(old.numbers(), Some([2, 4, 50]));
    assert_eq!(version(&replay, &instance()).unwrap(), None);
    let asked = ("GET /servers/getVersion".to_owned(), Value::Null);
    assert_eq!(replay.asked(), [asked.clone(), asked]);
}

#[test]
fn a_cursor_remembers_the_last_events_that_were_added_and_is_never_too_long() {
    let mut cursor = Cursor {
        since_s: i64::MIN,
        page: u32::MAX,
        newest_s: i64::MIN,
        sent_us: Some(i64::MIN),
        sighted: Some(u64::MAX),
        compared_s: i64::MIN,
        added: Vec::new(),
    };
    let uuid = |n: usize| format!("0f0e0d0c-0b0a-4908-8706-{n:012}");
    for n in 0..=ADDED_MAX {
        cursor.add(&uuid(n));
    }
    let text = cursor.to_text();
    assert!(text.len() <= portcullis_core::cell::follow::CURSOR_BYTES_MAX);
    let mut read = Cursor::parse(&text);
    assert_eq!(read, cursor);
    let known = [0, 1, ADDED_MAX].map(|n| read.has_added(&uuid(n)));
    assert_eq!(known, [false, true, true]);
    read.forget(&uuid(1));
    assert!(!read.has_added(&uuid(1)));
}
