//! Kinds of attributes: what their values are in STIX.

mod digest;

use std::net::IpAddr;

use serde_json::{Value, json};

use digest::{algorithm, algorithm_name, digest};

use crate::observable::{Kind, normal};
use crate::pattern::quoted;
use crate::validate::{Mode, validate};

/// What an attribute's value is in STIX.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// What a pattern tests.
    pub(super) terms: Vec<Term>,
    /// What was observed.
    pub(super) pieces: Vec<Piece>,
}

/// One test of a pattern.
#[derive(Clone, Debug)]
pub(super) struct Term {
    root: &'static str,
    path: String,
    constant: String,
}

/// A part of an observed object.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// A file's name and a digest of it; parts of one file belong together.
    File {
        name: Option<String>,
        hash: Option<(&'static str, String)>,
    },
    /// A whole object, with those it refers to before it.
    Whole(Vec<Value>),
}

/// A file's name and its digests.
type File = (Option<String>, Vec<(&'static str, String)>);

/// The languages of patterns that are attributes of their own.
pub(super) const LANGUAGES: [&str; 5] = ["yara", "sigma", "snort", "suricata", "pcre"];

/// What `value` is in STIX, if it has a word for such attributes and the value
/// is one.
pub(super) fn shape(kind: &str, value: &str) -> Option<Shape> {
    if let Some((first, second)) = kind.split_once('|') {
        return composite(kind, first, second, value);
    }
    if let Some(algorithm) = algorithm(kind) {
        return digest("file", algorithm, kind, value);
    }
    if let Some(algorithm) = kind
        .strip_prefix("x509-fingerprint-")
        .and_then(algorithm_name)
    {
        return digest("x509-certificate", algorithm.0, algorithm.1, value);
    }
    Some(match kind {
        "ip-src" | "ip-dst" => {
            let (object, value) = address(value)?;
            simple(object, "value", &value)
        }
        "domain" | "hostname" => simple("domain-name", "value", checked(Kind::Domain, value)?),
        "url" | "uri" => simple("url", "value", checked(Kind::Url, value)?),
        "filename" | "attachment" => file_name(value),
        "email" => simple("email-addr", "value", checked(Kind::Email, value)?),
        "email-src" | "email-reply-to" => email(value, "from_ref.value")?,
        "email-dst" => email(value, "to_refs[*].value")?,
        "email-subject" => Shape {
            terms: vec![Term::text("email-message", "subject", value)],
            pieces: whole(
                json!({"type": "email-message", "is_multipart": false, "subject": value}),
            ),
        },
        "mutex" => simple("mutex", "name", value),
        "regkey" => simple("windows-registry-key", "key", value),
        "mac-address" => {
            let value = normal(Kind::Mac, value)?;
            simple("mac-addr", "value", &value)
        }
        "AS" => {
            let number: u32 = normal(Kind::Asn, value)?.parse().ok()?;
            Shape {
                terms: vec![Term::number("autonomous-system", "number", number)],
                pieces: whole(json!({"type": "autonomous-system", "number": number})),
            }
        }
        "port" => Shape {
            terms: vec![Term::number(
                "network-traffic",
                "dst_port",
                value.parse::<u16>().ok()?.into(),
            )],
            pieces: Vec::new(),
        },
        "user-agent" | "http-user-agent" => Shape {
            terms: vec![Term::text(
                "network-traffic",
                "extensions.'http-request-ext'.request_header.'User-Agent'",
                value,
            )],
            pieces: Vec::new(),
        },
        "process-command-line" | "cmdline" => simple("process", "command_line", value),
        _ => return None,
    })
}

/// Whether `value` is a URI as the standard has it.
pub(super) fn is_uri(value: &str) -> bool {
    identified(json!({"type": "url", "value": value})).is_some()
}

/// The pattern of several terms: those of one kind of object within one
/// observation, the same property more than once as alternatives.
pub(super) fn pattern(terms: &[Term]) -> String {
    let mut roots: Vec<&str> = Vec::new();
    for term in terms {
        if !roots.contains(&term.root) {
            roots.push(term.root);
        }
    }
    let observations: Vec<String> = roots
        .into_iter()
        .map(|root| {
            let mut paths: Vec<(&str, Vec<String>)> = Vec::new();
            for term in terms.iter().filter(|term| term.root == root) {
                let test = format!("{root}:{} = {}", term.path, term.constant);
                match paths.iter_mut().find(|(path, _)| *path == term.path) {
                    Some((_, tests)) if tests.contains(&test) => {}
                    Some((_, tests)) => tests.push(test),
                    None => paths.push((&term.path, vec![test])),
                }
            }
            let all = paths.len() > 1;
            let tests: Vec<String> = paths
                .into_iter()
                .map(|(_, tests)| match tests.as_slice() {
                    [_, _, ..] if all => format!("({})", tests.join(" OR ")),
                    _ => tests.join(" OR "),
                })
                .collect();
            format!("[{}]", tests.join(" AND "))
        })
        .collect();
    observations.join(" AND ")
}

/// Whole observed objects with their ids; the parts of a file are put
/// together until one contradicts another.
pub(super) fn observed(pieces: Vec<Piece>) -> Vec<Value> {
    let mut objects = Vec::new();
    let mut files: Vec<File> = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Whole(these) => objects.extend(these),
            Piece::File { name, hash } => {
                let clashes = |file: &File| {
                    (name.is_some() && file.0.is_some())
                        || hash.as_ref().is_some_and(|(algorithm, _)| {
                            file.1.iter().any(|(known, _)| known == algorithm)
                        })
                };
                match files.last_mut().filter(|file| !clashes(file)) {
                    Some(file) => {
                        file.0 = file.0.take().or(name);
                        file.1.extend(hash);
                    }
                    None => files.push((name, hash.into_iter().collect())),
                }
            }
        }
    }
    for (name, hashes) in files {
        objects.extend(file(name, &hashes));
    }
    objects.into_iter().filter_map(identified).collect()
}

impl Term {
    fn text(root: &'static str, path: &str, value: &str) -> Self {
        Self {
            root,
            path: path.to_owned(),
            constant: quoted(value),
        }
    }

    fn number(root: &'static str, path: &str, number: u32) -> Self {
        Self {
            root,
            path: path.to_owned(),
            constant: number.to_string(),
        }
    }
}

/// Two values in one, with a `|` between them.
fn composite(kind: &str, first: &str, second: &str, value: &str) -> Option<Shape> {
    let (left, right) = value.split_once('|')?;
    match (first, second) {
        ("filename" | "malware-sample", algorithm) => {
            let mut both = file_name(left);
            let digest = shape(
                if algorithm == "malware-sample" {
                    "md5"
                } else {
                    algorithm
                },
                right,
            )?;
            both.terms.extend(digest.terms);
            both.pieces.extend(digest.pieces);
            Some(both)
        }
        ("domain" | "hostname", "ip") => {
            let name = checked(Kind::Domain, left)?;
            let (object, address) = address(right)?;
            let address_object = identified(json!({"type": object, "value": address}))?;
            let resolved = address_object.get("id")?.clone();
            Some(Shape {
                terms: vec![
                    Term::text("domain-name", "value", name),
                    Term::text("domain-name", "resolves_to_refs[*].value", &address),
                ],
                pieces: vec![Piece::Whole(vec![
                    address_object,
                    json!({"type": "domain-name", "value": name, "resolves_to_refs": [resolved]}),
                ])],
            })
        }
        ("ip-src" | "ip-dst" | "hostname" | "domain", "port") => {
            traffic(kind, first, left, right.parse().ok()?)
        }
        ("regkey", "value") => Some(Shape {
            terms: vec![
                Term::text("windows-registry-key", "key", left),
                Term::text("windows-registry-key", "values[*].data", right),
            ],
            pieces: whole(
                json!({"type": "windows-registry-key", "key": left, "values": [{"data": right}]}),
            ),
        }),
        _ => None,
    }
}

fn traffic(kind: &str, first: &str, host: &str, port: u16) -> Option<Shape> {
    let side = if kind.starts_with("ip-src") {
        "src"
    } else {
        "dst"
    };
    let (object, value) = if first.starts_with("ip") {
        address(host)?
    } else {
        ("domain-name", checked(Kind::Domain, host)?.to_owned())
    };
    let end = identified(json!({"type": object, "value": value}))?;
    let id = end.get("id")?.clone();
    // The transport is not said, and not made up.
    let protocol = match object {
        "ipv4-addr" => "ipv4",
        "ipv6-addr" => "ipv6",
        _ => "ip",
    };
    let traffic = json!({
        "type": "network-traffic", "protocols": [protocol],
        format!("{side}_ref"): id, format!("{side}_port"): port
    });
    Some(Shape {
        terms: vec![
            Term::text("network-traffic", &format!("{side}_ref.value"), &value),
            Term::number("network-traffic", &format!("{side}_port"), port.into()),
        ],
        pieces: vec![Piece::Whole(vec![end, traffic])],
    })
}

fn simple(object: &'static str, property: &str, value: &str) -> Shape {
    Shape {
        terms: vec![Term::text(object, property, value)],
        pieces: whole(json!({"type": object, property: value})),
    }
}

fn whole(object: Value) -> Vec<Piece> {
    vec![Piece::Whole(vec![object])]
}

fn email(value: &str, path: &str) -> Option<Shape> {
    let value = checked(Kind::Email, value)?;
    Some(Shape {
        terms: vec![Term::text("email-message", path, value)],
        pieces: whole(json!({"type": "email-addr", "value": value})),
    })
}

fn checked(kind: Kind, value: &str) -> Option<&str> {
    normal(kind, value).map(|_| value.trim())
}

/// An address or range, and the object it is the value of. A range keeps the
/// address as written.
fn address(value: &str) -> Option<(&'static str, String)> {
    let value = value.trim();
    let (plain, range) = match value.split_once('/') {
        Some((plain, range)) => (plain, Some(range)),
        None => (value, None),
    };
    let (object, kind) = match plain.parse().ok()? {
        IpAddr::V4(_) => ("ipv4-addr", Kind::Ipv4),
        IpAddr::V6(_) => ("ipv6-addr", Kind::Ipv6),
    };
    normal(kind, value)?;
    Some((
        object,
        range.map_or_else(|| plain.to_owned(), |range| format!("{plain}/{range}")),
    ))
}

/// A file by its name; a path says which folder it is in.
fn file_name(value: &str) -> Shape {
    let (folder, name) = split_path(value);
    let mut terms = vec![Term::text("file", "name", name)];
    if let Some(folder) = folder {
        terms.push(Term::text("file", "parent_directory_ref.path", folder));
    }
    Shape {
        terms,
        pieces: vec![Piece::File {
            name: Some(value.to_owned()),
            hash: None,
        }],
    }
}

fn split_path(path: &str) -> (Option<&str>, &str) {
    let cut = path.rfind(['\\', '/']).filter(|cut| cut + 1 < path.len());
    match cut {
        Some(0) => (path.get(..1), path.get(1..).unwrap_or(path)),
        Some(cut) => (path.get(..cut), path.get(cut + 1..).unwrap_or(path)),
        None => (None, path),
    }
}

fn file(name: Option<String>, hashes: &[(&'static str, String)]) -> Vec<Value> {
    let mut objects = Vec::new();
    let mut file = serde_json::Map::new();
    file.insert("type".to_owned(), "file".into());
    if let Some(path) = name {
        let (folder, name) = split_path(&path);
        file.insert("name".to_owned(), name.into());
        let folder = folder.and_then(|path| identified(json!({"type": "directory", "path": path})));
        if let Some(folder) = folder {
            if let Some(id) = folder.get("id") {
                file.insert("parent_directory_ref".to_owned(), id.clone());
            }
            objects.push(folder);
        }
    }
    if !hashes.is_empty() {
        let hashes: serde_json::Map<String, Value> = hashes
            .iter()
            .map(|(algorithm, digest)| ((*algorithm).to_owned(), digest.as_str().into()))
            .collect();
        file.insert("hashes".to_owned(), hashes.into());
    }
    objects.push(file.into());
    objects
}

/// An observed object with the id that the standard gives it, or one made of
/// all it says where the standard gives none. `None` where the standard would
/// not have the value, as of a URL with spaces.
fn identified(mut object: Value) -> Option<Value> {
    let kind = object.get("type")?.as_str()?.to_owned();
    let members = object.as_object_mut()?;
    if members.contains_key("id") {
        return Some(object);
    }
    members.insert("spec_version".to_owned(), "2.1".into());
    object.sort_all_objects();
    let bytes = object.to_string();
    let id = crate::id::deterministic(bytes.as_bytes())
        .unwrap_or_else(|| format!("{kind}--{}", super::json::made_uuid(&[&bytes])));
    object.as_object_mut()?.insert("id".to_owned(), id.into());
    let flaws = validate(object.to_string().as_bytes(), Mode::Must);
    flaws.is_empty().then_some(object)
}
