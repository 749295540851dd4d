//! The STIX objects that a filled-in incident becomes.
//!
//! The incident itself carries two extensions: the incident core of OASIS' common
//! objects, which other programs know, and one of ours with what a cell needs to
//! act on: what is affected, what is asked of others, whom to call.

use super::{
    Kind,
    form::{Asked, Form, Seen},
};
use crate::cmd::cell::words::stix_time as time;
use jiff::Timestamp;
use portcullis_stix::observable::Kind as What;
use serde_json::{Value, json};

/// Incident core, of `oasis-open/cti-stix-common-objects`.
const INCIDENT_CORE: &str = "extension-definition--ef765651-680c-498d-9894-99799f2fa126";
/// Ours: what a cell needs to act on.
const RESPONSE: &str = "extension-definition--3c1c93de-6b57-4e4e-a6a0-0d8f5a5b7f10";
/// Who defines ours.
const PROJECT: &str = "identity--8a3f4a52-54c9-4a0c-8b0e-6f1d2c7b9e35";
/// When we defined it: the same bytes wherever it is published.
const DEFINED: &str = "2026-11-22T00:00:00.000Z";

/// Who speaks, and under which marking.
pub(super) struct Frame<'a> {
    /// The identity that creates.
    pub(super) author: &'a str,
    /// The marking of every object, if one is given.
    pub(super) marking: Option<&'a str>,
    /// The incident's id.
    pub(super) incident: String,
    /// When it was first said.
    pub(super) created: Timestamp,
    /// Now.
    pub(super) now: Timestamp,
}

/// The objects of an incident, the incident last; `draw` gives a fresh UUID.
///
/// # Errors
///
/// A value under `[[seen]]` that is none of the kinds that indicators know.
pub(super) fn objects(
    form: &Form,
    frame: &Frame<'_>,
    draw: &mut dyn FnMut() -> String,
) -> Result<Vec<Value>, String> {
    let mut objects = definitions();
    for seen in &form.seen {
        let pattern = pattern(seen)?;
        let indicator = format!("indicator--{}", draw());
        objects.push(dressed(
            frame,
            json!({
                "type": "indicator",
                "spec_version": "2.1",
                "id": indicator,
                "created": time(frame.now),
                "modified": time(frame.now),
                "created_by_ref": frame.author,
                "name": seen.what.clone().unwrap_or_else(|| seen.value.clone()),
                "indicator_types": ["malicious-activity"],
                "pattern": pattern,
                "pattern_type": "stix",
                "pattern_version": "2.1",
                "valid_from": time(form.since.unwrap_or(form.noticed)),
            }),
        ));
        objects.push(dressed(
            frame,
            json!({
                "type": "relationship",
                "spec_version": "2.1",
                "id": format!("relationship--{}", draw()),
                "created": time(frame.now),
                "modified": time(frame.now),
                "created_by_ref": frame.author,
                "relationship_type": "related-to",
                "source_ref": indicator,
                "target_ref": frame.incident,
            }),
        ));
    }
    objects.push(dressed(frame, incident(form, frame)));
    Ok(objects)
}

/// The extension's definition and who made it, byte for byte the same everywhere.
fn definitions() -> Vec<Value> {
    vec![
        json!({
            "type": "identity",
            "spec_version": "2.1",
            "id": PROJECT,
            "created": DEFINED,
            "modified": DEFINED,
            "name": "Portcullis",
            "identity_class": "system",
        }),
        json!({
            "type": "extension-definition",
            "spec_version": "2.1",
            "id": RESPONSE,
            "created": DEFINED,
            "modified": DEFINED,
            "created_by_ref": PROJECT,
            "name": "Incident response in a cell",
            "schema": "A property extension of incident: kind (account-taken-over, data-stolen, service-flooded), noticed and since (timestamps), affected (an object whose fields follow from the kind), asked (a list of look-for, block, take-down, filter-upstream, revoke-sessions, warn-customers, contact-us), contact and reference (strings).",
            "version": "1.0.0",
            "extension_types": ["property-extension"],
        }),
    ]
}

fn incident(form: &Form, frame: &Frame<'_>) -> Value {
    let mut core = json!({
        "extension_type": "property-extension",
        "determination": form.determination.as_str(),
        "investigation_status": form.status.as_str(),
        "incident_types": types(form.kind),
    });
    put(&mut core, "criticality", form.criticality);
    let mut response = json!({
        "extension_type": "property-extension",
        "kind": form.kind.as_str(),
        "noticed": time(form.noticed),
        "affected": affected(form),
        "asked": form.asked.iter().map(|asked| asked.as_str()).collect::<Vec<_>>(),
        "contact": form.contact,
    });
    put(&mut response, "since", form.since.map(time));
    put(&mut response, "reference", form.reference.as_deref());
    let mut incident = json!({
        "type": "incident",
        "spec_version": "2.1",
        "id": frame.incident,
        "created": time(frame.created),
        "modified": time(frame.now),
        "created_by_ref": frame.author,
        "name": form.name,
        "description": description(form),
        "extensions": { INCIDENT_CORE: core, RESPONSE: response },
    });
    if let Some(reference) = &form.reference {
        let reference = json!([{ "source_name": "reporter", "external_id": reference }]);
        put(&mut incident, "external_references", Some(reference));
    }
    incident
}

/// For clients that know no extension, the same in words.
fn description(form: &Form) -> String {
    let asked = match form.asked.as_slice() {
        [] => String::new(),
        asked => {
            let asked: Vec<_> = asked.iter().copied().map(sentence).collect();
            format!("\n\nWe ask you to: {}.", asked.join("; "))
        }
    };
    format!("{}{asked}\n\nContact: {}", form.description, form.contact)
}

const fn sentence(asked: Asked) -> &'static str {
    match asked {
        Asked::LookFor => "look for the indicators at your place, and send sightings",
        Asked::Block => "block the indicators",
        Asked::TakeDown => "take down what you host or carry of it",
        Asked::FilterUpstream => "filter as near to the source as you can",
        Asked::RevokeSessions => "end sessions and tokens of the account",
        Asked::WarnCustomers => "warn customers who may be reached by it",
        Asked::ContactUs => "contact us if you know more",
    }
}

/// What it is in the vocabulary of incident core.
const fn types(kind: Kind) -> [&'static str; 2] {
    match kind {
        Kind::AccountTakenOver => ["theft-access-credentials", "unauthorized-access-system"],
        Kind::DataStolen => ["data-exfiltration", "unauthorized-access-information"],
        Kind::ServiceFlooded => ["denial-of-service", "packet-flood"],
    }
}

fn affected(form: &Form) -> Value {
    let mut affected = json!({});
    if let Some(account) = &form.account {
        put(&mut affected, "service", Some(&account.service));
        put(&mut affected, "handle", Some(&account.handle));
        put(&mut affected, "how", account.how.as_ref());
        put(&mut affected, "state", Some(&account.state));
        put(&mut affected, "posted", account.posted.as_ref());
    }
    if let Some(data) = &form.data {
        put(&mut affected, "what", Some(data.what.as_slice()));
        put(&mut affected, "records", data.records);
        put(&mut affected, "personal", Some(data.personal));
        put(&mut affected, "how", data.how.as_ref());
        put(&mut affected, "where_seen", data.where_seen.as_ref());
        put(&mut affected, "demand", data.demand.as_ref());
    }
    if let Some(service) = &form.service {
        put(&mut affected, "service", Some(&service.name));
        put(&mut affected, "state", Some(&service.state));
        put(&mut affected, "vectors", Some(service.vectors.as_slice()));
        put(&mut affected, "peak_gbit_s", service.peak_gbit_s);
        put(&mut affected, "peak_packets_s", service.peak_packets_s);
        put(&mut affected, "peak_requests_s", service.peak_requests_s);
        put(&mut affected, "demand", service.demand.as_ref());
    }
    affected
}

fn put(into: &mut Value, name: &str, value: Option<impl serde::Serialize>) {
    let value = value.and_then(|value| serde_json::to_value(value).ok());
    if let (Some(object), Some(value)) = (into.as_object_mut(), value) {
        object.insert(name.to_owned(), value);
    }
}

fn dressed(frame: &Frame<'_>, mut object: Value) -> Value {
    put(
        &mut object,
        "object_marking_refs",
        frame.marking.map(|marking| [marking]),
    );
    object
}

/// A pattern for what was seen.
fn pattern(seen: &Seen) -> Result<String, String> {
    let found = portcullis_stix::observable::guess(&seen.value);
    let found = found.ok_or_else(|| unknown(&seen.value))?;
    let path = path(found.kind).ok_or_else(|| unknown(&seen.value))?;
    let quoted = found.value.replace('\\', "\\\\").replace('\'', "\\'");
    Ok(format!("[{path} = '{quoted}']"))
}

fn unknown(value: &str) -> String {
    format!("`{value}` under `[[seen]]` is no address, domain, URL or hash")
}

/// Where a pattern looks for a value of this kind (STIX 2.1 §9, object paths).
const fn path(kind: What) -> Option<&'static str> {
    Some(match kind {
        What::Ipv4 => "ipv4-addr:value",
        What::Ipv6 => "ipv6-addr:value",
        What::Domain => "domain-name:value",
        What::Url => "url:value",
        What::Email => "email-addr:value",
        What::Md5 => "file:hashes.MD5",
        What::Sha1 => "file:hashes.'SHA-1'",
        What::Sha256 => "file:hashes.'SHA-256'",
        What::Sha512 => "file:hashes.'SHA-512'",
        _ => return None,
    })
}
