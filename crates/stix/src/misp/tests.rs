use serde_json::{Value, json};

use super::{Mapped, event_to_stix, event_to_stix_listing, stix_to_event};

mod audience;
mod back;
mod forth;
mod property;

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
