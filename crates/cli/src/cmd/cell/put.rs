//! Objects that a command makes, and how they go into a collection.

use super::Desk;
use crate::{
    failure::{Failure, REFUSED},
    ui::Ui,
};
use portcullis_core::cell::{CollectionId, Tlp};
use portcullis_node::cell::{Detail, Source, Status};
use serde_json::{Value, json};
use std::process::ExitCode;

/// The most objects that go in at once: one frame of the journal, one sync of the disk.
const PART_OBJECTS: usize = 1_000;
/// The most bytes that go in at once, unless one object alone has more.
const PART_BYTES: usize = 8 << 20;

/// The well-known marking definitions of TLP 2.0 (STIX 2.1 extension, OASIS common objects).
pub(super) const fn marking(tlp: Tlp) -> &'static str {
    match tlp {
        Tlp::Clear => "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
        Tlp::Green => "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        Tlp::Amber => "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        Tlp::AmberStrict => "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        Tlp::Red => "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    }
}

/// Objects in parts that go in at once.
pub(super) fn parts<T: AsRef<[u8]>>(objects: &[T]) -> Vec<&[T]> {
    let (mut parts, mut rest) = (Vec::new(), objects);
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take(PART_OBJECTS).take_while(|object| {
            bytes += object.as_ref().len();
            bytes <= PART_BYTES
        });
        let (part, after) = rest.split_at(fits.count().max(1));
        parts.push(part);
        rest = after;
    }
    parts
}

/// Objects in an envelope, as they are.
pub(super) fn envelope<T: AsRef<[u8]>>(objects: &[T]) -> Vec<u8> {
    let size: usize = objects.iter().map(|object| object.as_ref().len() + 1).sum();
    let mut envelope = Vec::with_capacity(size + 16);
    envelope.extend_from_slice(b"{\"objects\":[");
    for (at, object) in objects.iter().enumerate() {
        if at > 0 {
            envelope.push(b',');
        }
        envelope.extend_from_slice(object.as_ref());
    }
    envelope.extend_from_slice(b"]}");
    envelope
}

/// Adds objects to a collection, as they are.
pub(super) fn add<T: AsRef<[u8]>>(
    desk: &Desk,
    into: &CollectionId,
    objects: &[T],
) -> Result<Status, Failure> {
    let envelope = envelope(objects).into();
    Ok(desk.cell.add(&desk.me, into, envelope, Source::Imported)?)
}

/// Adds objects that a command has made.
pub(super) fn publish(
    desk: &Desk,
    into: &CollectionId,
    objects: &[Value],
) -> Result<Status, Failure> {
    let objects: Vec<Vec<u8>> = objects
        .iter()
        .map(|object| object.to_string().into_bytes())
        .collect();
    add(desk, into, &objects)
}

/// Says what was not taken, or waits.
pub(super) fn said(done: &Status, ui: Ui) {
    for detail in &done.failures {
        ui.say(format_args!("  refused  {}", line(detail)));
    }
    for detail in &done.pendings {
        ui.say(format_args!("  waits    {}", line(detail)));
    }
    if !done.pendings.is_empty() {
        ui.say("a person decides on what waits: `portcullis cell review list`");
    }
}

/// One object of a status on a line.
pub(super) fn line(detail: &Detail) -> String {
    let message = detail.message.as_deref().unwrap_or("");
    match detail.code {
        "" => format!("{}  {message}", detail.id),
        code => format!("{}  {message} [{code}]", detail.id),
    }
}

/// Objects by their ids.
pub(super) fn ids(objects: &[Value]) -> Vec<&str> {
    objects
        .iter()
        .filter_map(|object| object["id"].as_str())
        .collect()
}

/// A status for machines.
pub(super) fn json(done: &Status) -> Value {
    let details = |details: &[Detail]| {
        details
            .iter()
            .map(|detail| json!({ "id": detail.id, "version": detail.version, "code": detail.code, "message": detail.message }))
            .collect::<Vec<_>>()
    };
    json!({
        "successes": done.successes.len(),
        "new": done.fresh,
        "failures": details(&done.failures),
        "pendings": details(&done.pendings),
    })
}

/// Whether all of it was taken.
pub(super) fn exit(done: &Status) -> ExitCode {
    if done.failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(REFUSED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_markings_are_those_that_the_cell_itself_knows() {
        for tlp in Tlp::ALL {
            let known = portcullis_stix::marking::known_tlp(marking(tlp));
            assert_eq!(known, Some(tlp.as_str()));
        }
    }

    #[test]
    fn parts_lose_nothing_and_keep_the_order() {
        let objects: Vec<Vec<u8>> = (0..2_500_u32).map(|n| n.to_le_bytes().to_vec()).collect();
        let made = parts(&objects);
        assert_eq!(
            made.iter().map(|part| part.len()).collect::<Vec<_>>(),
            [1_000, 1_000, 500]
        );
        assert_eq!(made.concat(), objects);
        let large = vec![vec![0; PART_BYTES + 1], vec![1], vec![0; PART_BYTES + 1]];
        assert_eq!(parts(&large).len(), 3);
        assert!(parts::<Vec<u8>>(&[]).is_empty());
    }
}
