//! STIX that did not come from MISP, as attributes and tags.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::json::{Members, kind_of, list, made_uuid, micros, refs, text, uuid_of};
use super::kinds::{self, LANGUAGES};
use crate::observable::{Kind, observables};
use crate::pattern::{Comparison, Operand, Operator, Step, Test, What, parse};
use crate::vocab::is_observable;

/// What MISP can say of an object.
#[derive(Default)]
pub(super) struct Found {
    pub(super) attributes: Vec<Members>,
    pub(super) tags: Vec<String>,
}

pub(super) fn read(stix: &Members, ids: &BTreeMap<&str, &Members>) -> Found {
    let one = |kind: &str, category: &str, value: Option<String>| Found {
        attributes: value
            .into_iter()
            .map(|value| attribute(stix, uuid_of(stix), kind, category, &value, false))
            .collect(),
        tags: Vec::new(),
    };
    match kind_of(stix) {
        "indicator" => indicator(stix),
        "observed-data" => {
            let objects = refs(stix, "object_refs");
            let found: Vec<(Kind, String)> = objects
                .iter()
                .filter_map(|id| ids.get(id))
                .flat_map(|object| values(object))
                .collect();
            several(stix, found)
        }
        "vulnerability" => one("vulnerability", "External analysis", text(stix, "name")),
        "note" => one("comment", "Other", text(stix, "content")),
        "attack-pattern" | "intrusion-set" | "malware" | "tool" | "threat-actor" | "campaign"
        | "course-of-action" => named(stix, &one),
        kind if is_observable(kind) => several(stix, values(stix)),
        _ => Found::default(),
    }
}

/// ATT&CK's objects are tags that every instance knows; others are named in
/// an attribute where MISP has one.
fn named(stix: &Members, one: &dyn Fn(&str, &str, Option<String>) -> Found) -> Found {
    let name = text(stix, "name");
    let external = list(stix, "external_references")
        .iter()
        .find_map(|reference| {
            let attack = reference.get("source_name")?.as_str()? == "mitre-attack";
            reference.get("external_id")?.as_str().filter(|_| attack)
        });
    let kind = kind_of(stix);
    if let (Some(id), Some(name)) = (external, &name) {
        return Found {
            attributes: Vec::new(),
            tags: vec![format!("misp-galaxy:mitre-{kind}=\"{name} - {id}\"")],
        };
    }
    match kind {
        "threat-actor" | "intrusion-set" => one("threat-actor", "Attribution", name),
        "campaign" => one("campaign-name", "Attribution", name),
        "malware" => one("malware-type", "Payload delivery", name),
        _ => Found::default(),
    }
}

/// A pattern that tests one property for one value is that value; any other
/// pattern stays a pattern.
fn indicator(stix: &Members) -> Found {
    let pattern = text(stix, "pattern").unwrap_or_default();
    let language = text(stix, "pattern_type").unwrap_or_else(|| "stix".to_owned());
    let whole = |kind: &str| Found {
        attributes: vec![attribute(
            stix,
            uuid_of(stix),
            kind,
            "Payload delivery",
            &pattern,
            true,
        )],
        tags: Vec::new(),
    };
    if LANGUAGES.contains(&language.as_str()) {
        return whole(&language);
    }
    if language != "stix" {
        return Found::default();
    }
    // MISP's own converter says in labels what the attribute was.
    let labelled = label(stix, "misp:type");
    let single = is_single(&pattern).then(|| values(stix));
    let Some([(kind, value)]) = single.as_deref() else {
        let mut found = whole("stix2-pattern");
        for attribute in &mut found.attributes {
            attribute.insert("category".to_owned(), "Payload installation".into());
        }
        return found;
    };
    let (misp, category) = misp_kind(*kind);
    let same = labelled.filter(|labelled| names(labelled, *kind, value));
    let misp = same.as_deref().unwrap_or(misp);
    let said = label(stix, "misp:category").filter(|_| same.is_some());
    let category = said.as_deref().unwrap_or(category);
    Found {
        attributes: vec![attribute(stix, uuid_of(stix), misp, category, value, true)],
        tags: Vec::new(),
    }
}

/// What a label such as `misp:type="ip-dst"` says.
fn label(stix: &Members, name: &str) -> Option<String> {
    refs(stix, "labels").into_iter().find_map(|label| {
        let value = label
            .strip_prefix(name)?
            .strip_prefix("=\"")?
            .strip_suffix('"')?;
        Some(value.to_owned())
    })
}

/// Whether attributes of type `misp` hold values of `kind`, such as `value`.
fn names(misp: &str, kind: Kind, value: &str) -> bool {
    let Some(shape) = kinds::shape(misp, value) else {
        return false;
    };
    let indicator = json!({"type": "indicator", "pattern": kinds::pattern(&shape.terms)});
    matches!(observables(indicator.to_string().as_bytes()).as_slice(), [one] if one.kind == kind && one.value == value)
}

/// Whether a pattern tests one property for one value, and at most says of
/// which type the object behind a reference is.
fn is_single(pattern: &str) -> bool {
    let Ok(pattern) = parse(pattern) else {
        return false;
    };
    if !pattern.root.qualifiers.is_empty() {
        return false;
    }
    let tests: Vec<&Test<'_>> = match &pattern.root.what {
        What::Observation(Comparison::Test(test)) => vec![test],
        What::Observation(Comparison::And(all)) => {
            let tests = all.iter().filter_map(|one| match one {
                Comparison::Test(test) => Some(test),
                Comparison::And(_) | Comparison::Or(_) => None,
            });
            let tests: Vec<_> = tests.collect();
            if tests.len() < all.len() {
                return false;
            }
            tests
        }
        _ => return false,
    };
    let plain = |test: &&Test<'_>| {
        !test.negated
            && test.operator == Operator::Equal
            && matches!(test.operand, Operand::One(_))
            && test.path.steps.len() <= 2
    };
    let of_type = |test: &&&Test<'_>| matches!(test.path.steps.last(), Some(Step::Key(key)) if key.raw == "type");
    tests.iter().all(plain) && tests.iter().filter(|test| !of_type(test)).count() == 1
}

/// The values of an object. Their one spelling stands in for how they were
/// written.
fn values(object: &Members) -> Vec<(Kind, String)> {
    let bytes = Value::Object(object.clone()).to_string();
    observables(bytes.as_bytes())
        .into_iter()
        .map(|one| (one.kind, one.value))
        .collect()
}

fn several(stix: &Members, found: Vec<(Kind, String)>) -> Found {
    let alone = found.len() == 1;
    let id = text(stix, "id").unwrap_or_default();
    let attributes = found
        .into_iter()
        .map(|(kind, value)| {
            let uuid = uuid_of(stix)
                .filter(|_| alone)
                .unwrap_or_else(|| made_uuid(&[&id, kind.as_str(), &value]));
            let (misp, category) = misp_kind(kind);
            attribute(stix, Some(uuid), misp, category, &value, false)
        })
        .collect();
    Found {
        attributes,
        tags: Vec::new(),
    }
}

fn attribute(
    stix: &Members,
    uuid: Option<String>,
    kind: &str,
    category: &str,
    value: &str,
    to_ids: bool,
) -> Members {
    let mut attribute = Members::new();
    let comment = text(stix, "description").or_else(|| text(stix, "name"));
    attribute.insert("uuid".to_owned(), uuid.into());
    attribute.insert("type".to_owned(), kind.into());
    attribute.insert("category".to_owned(), category.into());
    attribute.insert("to_ids".to_owned(), to_ids.into());
    let comment = comment
        .filter(|comment| *comment != value)
        .unwrap_or_default();
    attribute.insert("comment".to_owned(), comment.into());
    attribute.insert("value".to_owned(), value.into());
    let seconds = micros(stix, "modified").div_euclid(1_000_000);
    if seconds > 0 {
        attribute.insert("timestamp".to_owned(), seconds.to_string().into());
    }
    for (stix_key, key) in [
        ("valid_from", "first_seen"),
        ("first_observed", "first_seen"),
        ("last_observed", "last_seen"),
    ] {
        if let Some(time) = text(stix, stix_key) {
            attribute.insert(key.to_owned(), time.into());
        }
    }
    attribute
}

/// The type of attribute for a kind of value, and its usual category.
fn misp_kind(kind: Kind) -> (&'static str, &'static str) {
    const NETWORK: &str = "Network activity";
    const DELIVERY: &str = "Payload delivery";
    const ARTIFACTS: &str = "Artifacts dropped";
    match kind {
        Kind::Ipv4 | Kind::Ipv6 => ("ip-dst", NETWORK),
        Kind::Domain => ("domain", NETWORK),
        Kind::Url => ("url", NETWORK),
        Kind::Mac => ("mac-address", NETWORK),
        Kind::Asn => ("AS", NETWORK),
        Kind::UserAgent => ("user-agent", NETWORK),
        Kind::Email => ("email", DELIVERY),
        Kind::EmailSubject => ("email-subject", DELIVERY),
        Kind::Md5 => ("md5", DELIVERY),
        Kind::Sha1 => ("sha1", DELIVERY),
        Kind::Sha224 => ("sha224", DELIVERY),
        Kind::Sha256 => ("sha256", DELIVERY),
        Kind::Sha384 => ("sha384", DELIVERY),
        Kind::Sha512 => ("sha512", DELIVERY),
        Kind::Sha3x256 => ("sha3-256", DELIVERY),
        Kind::Sha3x512 => ("sha3-512", DELIVERY),
        Kind::Ssdeep => ("ssdeep", DELIVERY),
        Kind::Tlsh => ("tlsh", DELIVERY),
        Kind::FileName | Kind::FilePath => ("filename", DELIVERY),
        Kind::Mutex => ("mutex", ARTIFACTS),
        Kind::RegistryKey => ("regkey", ARTIFACTS),
        Kind::OtherHash
        | Kind::UserAccount
        | Kind::CommandLine
        | Kind::Software
        | Kind::CertificateSerial => ("text", "Other"),
    }
}
