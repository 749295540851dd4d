//! Checks: rules of the standard that need more than one property, or more
//! than a table can say.

mod marking;

pub(super) use marking::{definition, marks_itself, selectors};

use super::form;
use super::shape::{Check, Shape};
use super::walk::{Path, Walk, text};
use crate::document::{Kind as Node, Value};
use crate::id::{self, Id};
use crate::vocab;

pub(super) const MODIFIED: Check = Check::Order("created", "modified", false);
pub(super) const LAST_SEEN: Check = Check::Order("first_seen", "last_seen", false);
/// What holds of every object with versions.
pub(super) const VERSIONED: &[Check] = &[MODIFIED];
/// What holds of every object with versions that was seen.
pub(super) const SEEN: &[Check] = &[MODIFIED, LAST_SEEN];
pub(super) const CAPEC: &[Check] = &[MODIFIED, Check::Rule(capec)];
pub(super) const CVE: &[Check] = &[MODIFIED, Check::Rule(cve)];

type Shaped = &'static Shape;
type Holds = fn(&str) -> bool;

/// The `external_id` of a CVE or a CAPEC has its form, and what a URL gives is
/// pinned by hashes.
pub(super) fn external_id(
    walk: &mut Walk<'_>,
    reference: Value<'_>,
    path: &Path<'_>,
    shape: Shaped,
) {
    let known: Option<(Holds, &str)> = match reference.text_of("source_name").as_deref() {
        Some("cve") => Some((is_cve, "CVE-2026-12345")),
        Some("capec") => Some((is_capec, "CAPEC-163")),
        _ => None,
    };
    if let Some((holds, example)) = known
        && !reference
            .text_of("external_id")
            .as_deref()
            .is_some_and(holds)
    {
        let message = format_args!("write the whole identifier, as in `{example}`");
        walk.must(
            &path.name("external_id"),
            "stix.external-id",
            shape.clause,
            message,
        );
    }
    if walk.advises() && reference.get("url").is_some() && reference.get("hashes").is_none() {
        walk.should(
            &path.name("hashes"),
            "stix.url-hashes",
            shape.clause,
            "add `hashes` of what the `url` gives",
        );
    }
}

fn capec(walk: &mut Walk<'_>, object: Value<'_>, path: &Path<'_>, shape: Shaped) {
    sourced(walk, object, path, shape, "capec", is_capec);
}

fn cve(walk: &mut Walk<'_>, object: Value<'_>, path: &Path<'_>, shape: Shaped) {
    sourced(walk, object, path, shape, "cve", is_cve);
}

/// An identifier of that form is quoted under its source's name.
fn sourced(
    walk: &mut Walk<'_>,
    object: Value<'_>,
    path: &Path<'_>,
    shape: Shaped,
    source: &str,
    holds: Holds,
) {
    let Some(references) = object.get("external_references") else {
        return;
    };
    for (at, reference) in references.items().enumerate() {
        let is = reference
            .text_of("external_id")
            .is_some_and(|id| holds(&id));
        if is && reference.text_of("source_name").as_deref() != Some(source) {
            let list = path.name("external_references");
            walk.must(
                &list.index(at).name("source_name"),
                "stix.external-id",
                shape.clause,
                format_args!("the source of such an identifier is `{source}`"),
            );
        }
    }
}

fn is_cve(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix("CVE-")
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(year, number)| {
            year.len() == 4
                && digits(year)
                && digits(number)
                && (number.len() == 4 || (number.len() > 4 && !number.starts_with('0')))
        })
}

fn is_capec(text: &str) -> bool {
    text.strip_prefix("CAPEC-").is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// A family of malware has a name.
pub(super) fn family(walk: &mut Walk<'_>, object: Value<'_>, path: &Path<'_>, shape: Shaped) {
    let is_family = object
        .get("is_family")
        .is_some_and(|value| value.kind() == Node::True);
    if is_family && object.get("name").is_none() {
        walk.must(
            &path.name("name"),
            "stix.required",
            shape.clause,
            "a family of malware has a `name`",
        );
    }
}

/// A pattern in STIX's own language is well-formed.
pub(super) fn pattern(walk: &mut Walk<'_>, object: Value<'_>, path: &Path<'_>, _: Shaped) {
    if object.text_of("pattern_type").as_deref() != Some("stix") {
        return;
    }
    let Some(pattern) = object.text_of("pattern") else {
        return;
    };
    if let Err(flaw) = crate::pattern::parse(&pattern) {
        walk.must(
            &path.name("pattern"),
            "stix.pattern",
            "STIX 2.1, 9 Patterning",
            flaw,
        );
    }
}

/// A relationship is one that the standard describes between its ends.
pub(super) fn suitable(walk: &mut Walk<'_>, object: Value<'_>, path: &Path<'_>, shape: Shaped) {
    if !walk.advises() {
        return;
    }
    let kind = object.text_of("relationship_type").unwrap_or_default();
    let (source, target) = (
        object.text_of("source_ref").unwrap_or_default(),
        object.text_of("target_ref").unwrap_or_default(),
    );
    let (Some(source), Some(target)) = (Id::parse(&source), Id::parse(&target)) else {
        return;
    };
    if !vocab::is_suitable(&kind, source.kind, target.kind) {
        walk.should(
            &path.name("relationship_type"),
            "stix.relationship",
            shape.clause,
            format_args!("the standard does not describe `{kind}` from `{}` to `{}`; `related-to` always fits", source.kind, target.kind),
        );
    }
}

/// The translations of language content: by language, then by property.
pub(super) fn contents(walk: &mut Walk<'_>, object: Value<'_>, path: &Path<'_>, shape: Shaped) {
    let (Some(contents), path) = (object.get("contents"), path.name("contents")) else {
        return;
    };
    if !walk.full(contents, &path) {
        return;
    }
    for (language, translated) in contents.members() {
        let language = language.get();
        let path = path.name(&language);
        if !form::is_language(&language) {
            walk.must(
                &path,
                "stix.language",
                shape.clause,
                format_args!("the key is {}", form::LANGUAGE.what),
            );
        }
        if !walk.full(translated, &path) {
            continue;
        }
        for (property, _) in translated.members() {
            let property = property.get();
            if !form::is_property(&property) {
                let message = "the key is the name of a property that is translated";
                walk.must(&path.name(&property), "stix.name", shape.clause, message);
            }
        }
    }
}

/// `extension_properties` belong to one kind of extension.
pub(super) fn extension_properties(
    walk: &mut Walk<'_>,
    object: Value<'_>,
    path: &Path<'_>,
    shape: Shaped,
) {
    let toplevel = object.get("extension_types").is_some_and(|types| {
        types
            .items()
            .any(|kind| text(kind) == "toplevel-property-extension")
    });
    if object.get("extension_properties").is_some() && !toplevel {
        let message = "only a `toplevel-property-extension` names its properties";
        walk.must(
            &path.name("extension_properties"),
            "stix.combination",
            shape.clause,
            message,
        );
    }
}

/// An observable's id is the one that everybody would give it.
pub(super) fn deterministic(walk: &mut Walk<'_>, object: Value<'_>, path: &Path<'_>, _: Shaped) {
    const CLAUSE: &str = "STIX 2.1, 2.9 Identifier; 6, ID Contributing Properties";
    let (Some(kind), Some(id)) = (object.text_of("type"), object.text_of("id")) else {
        return;
    };
    let Some(id) = Id::parse(&id) else {
        return;
    };
    let contributed = id::contributing(&kind)
        .iter()
        .any(|name| object.get(name).is_some());
    if !contributed {
        if id.version() != '4' {
            let message = "nothing here contributes to the id: give it a random UUID (version 4)";
            walk.must(&path.name("id"), "stix.deterministic-id", CLAUSE, message);
        }
    } else if walk.advises()
        && let Some(wanted) = id::deterministic_of(object, &kind)
        && !wanted.ends_with(&id.uuid.to_ascii_lowercase())
    {
        walk.should(
            &path.name("id"),
            "stix.deterministic-id",
            CLAUSE,
            format_args!("the same observable is `{wanted}` everywhere"),
        );
    }
}

/// A message of many parts has them, and one of a single part has a body.
pub(super) fn multipart(walk: &mut Walk<'_>, object: Value<'_>, path: &Path<'_>, shape: Shaped) {
    let wrong = match object.get("is_multipart").map(Value::kind) {
        Some(Node::True) => "body",
        Some(Node::False) => "body_multipart",
        _ => return,
    };
    if object.get(wrong).is_some() {
        let message = format_args!("`is_multipart` says that there is no `{wrong}`");
        walk.must(&path.name(wrong), "stix.combination", shape.clause, message);
    }
}

/// What is going on has not ended.
pub(super) fn active(walk: &mut Walk<'_>, object: Value<'_>, path: &Path<'_>, shape: Shaped) {
    let active = object
        .get("is_active")
        .is_some_and(|value| value.kind() == Node::True);
    if active && object.get("end").is_some() {
        walk.must(
            &path.name("end"),
            "stix.combination",
            shape.clause,
            "traffic that is active has no `end`",
        );
    }
}

/// A PE extension says more than its type.
pub(super) fn more_than_pe_type(
    walk: &mut Walk<'_>,
    object: Value<'_>,
    path: &Path<'_>,
    shape: Shaped,
) {
    let known = |name: &str| shape.find(name).is_some() && name != "pe_type";
    if !object.members().any(|(key, _)| known(&key.get())) {
        walk.must(
            path,
            "stix.required",
            shape.clause,
            "at least one property beside `pe_type` is required",
        );
    }
}

/// The names of socket options begin with one of a few prefixes.
pub(super) fn socket_options(
    walk: &mut Walk<'_>,
    object: Value<'_>,
    path: &Path<'_>,
    shape: Shaped,
) {
    const PREFIXES: [&str; 8] = [
        "SO_", "ICMP_", "ICMP6_", "IP_", "IPV6_", "MCAST_", "TCP_", "IRLMP_",
    ];
    let options = path.name("options");
    for (key, _) in object.get("options").into_iter().flat_map(Value::members) {
        let key = key.get();
        if !PREFIXES.iter().any(|prefix| key.starts_with(prefix)) {
            let message = "a socket option's name begins with `SO_`, `ICMP_`, `ICMP6_`, `IP_`, `IPV6_`, `MCAST_`, `TCP_` or `IRLMP_`";
            walk.must(
                &options.name(&key),
                "stix.dictionary-key",
                shape.clause,
                message,
            );
        }
    }
}
