//! The extension in which MISP's own words travel.

use serde_json::{Value, json};

use super::json::Members;

/// The property extension of every object that came from MISP. Under it
/// stands one of `event`, `attribute`, `object`, `cluster`, `report`,
/// `reference` or `sighting`, with MISP's own names inside.
pub const EXTENSION: &str = "extension-definition--4ed8ca85-eff1-5e82-a5b4-8ef8e7be0653";

/// Who defines the extension.
const AUTHOR: &str = "identity--b98cf5bc-cfe0-504f-9432-06a84bdadd5d";

/// Since when the definition is as it is.
const SINCE: &str = "2026-11-22T00:00:00.000Z";

/// The first instant: of stand-ins for objects that belong to others, so that
/// any real version is newer.
pub(super) const FIRST: &str = "1970-01-01T00:00:00.000Z";

/// The definition and its author.
pub(super) fn definition() -> [Value; 2] {
    [
        json!({
            "type": "identity", "spec_version": "2.1", "id": AUTHOR, "created": SINCE, "modified": SINCE,
            "name": "Portcullis", "identity_class": "system"
        }),
        json!({
            "type": "extension-definition", "spec_version": "2.1", "id": EXTENSION, "created_by_ref": AUTHOR,
            "created": SINCE, "modified": SINCE, "name": "MISP core format",
            "description": "What a MISP event, attribute, object, galaxy cluster, report, reference or sighting says beyond STIX, under MISP's own names",
            "schema": "https://www.misp-project.org/rfc/misp-standard-core.html",
            "version": "1.0.0", "extension_types": ["property-extension"]
        }),
    ]
}

/// Puts `said` into an object's extension under `name`.
pub(super) fn say(object: &mut Members, name: &str, said: Members) {
    let mut members = Members::new();
    members.insert("extension_type".to_owned(), "property-extension".into());
    members.insert(name.to_owned(), said.into());
    object.insert(
        "extensions".to_owned(),
        json!({ EXTENSION: Value::from(members) }),
    );
}

/// What an object's extension says under `name`.
pub(super) fn said<'a>(object: &'a Members, name: &str) -> Option<&'a Members> {
    object
        .get("extensions")?
        .get(EXTENSION)?
        .get(name)?
        .as_object()
}
