//! Galaxies: what is known of actors, tools and techniques.
//!
//! A cluster's UUID is kept, and ATT&CK's clusters have the UUIDs of ATT&CK's
//! own objects. What is written here is therefore a stand-in, dated so early
//! that any version from its author is newer.

use serde_json::{Value, json};

use super::event::Frame;
use super::extension::{self, FIRST, said};
use super::gather::{Builder, keep};
use super::json::{Members, list, made_uuid, object, push, text, uuid, uuid_of};
use super::kinds;
use super::tags::Tags;

/// What of a cluster travels in the extension.
const SAID: [&str; 8] = [
    "type",
    "value",
    "tag_name",
    "source",
    "authors",
    "version",
    "collection_uuid",
    "meta",
];

/// What of a cluster is read or means nothing elsewhere.
const READ: [&str; 21] = [
    "uuid",
    "type",
    "value",
    "tag_name",
    "source",
    "authors",
    "version",
    "collection_uuid",
    "meta",
    "description",
    "distribution",
    "default",
    "deleted",
    "locked",
    "published",
    "local",
    "relationship_type",
    "extends_uuid",
    "extends_version",
    "Org",
    "Orgc",
];

impl Builder<'_, '_> {
    /// The clusters of an event.
    pub(super) fn galaxies(&mut self, event: &Members, path: &str) {
        for id in self.clusters(event, path) {
            self.bind(id);
        }
    }

    /// The clusters of an attribute, and what ties it to them.
    pub(super) fn clusters_of(
        &mut self,
        attribute: &Members,
        of: &str,
        frame: &Frame,
        tags: &Tags,
        path: &str,
    ) {
        let tags = tags.about();
        for cluster in self.clusters(attribute, path) {
            let verb = if of.starts_with("indicator--") {
                "indicates"
            } else {
                "related-to"
            };
            let uuid = made_uuid(&[of, verb, &cluster]);
            self.bind(cluster.clone());
            let mut stix = self.dated("relationship", &uuid, frame, 0, &tags);
            stix.insert("relationship_type".to_owned(), verb.into());
            stix.insert("source_ref".to_owned(), of.into());
            stix.insert("target_ref".to_owned(), cluster.into());
            self.part(&uuid, stix);
        }
    }

    fn clusters(&mut self, of: &Members, path: &str) -> Vec<String> {
        let mut ids = Vec::new();
        for (place, galaxy) in list(of, "Galaxy").iter().enumerate() {
            let Some(galaxy) = galaxy.as_object() else {
                continue;
            };
            let galaxy_kind = text(galaxy, "type").unwrap_or_default();
            for (at, cluster) in list(galaxy, "GalaxyCluster").iter().enumerate() {
                let Some(cluster) = cluster.as_object() else {
                    continue;
                };
                let path = format!("{path}.Galaxy[{place}].GalaxyCluster[{at}]");
                let Some(value) = text(cluster, "value") else {
                    self.mapped
                        .leave(path, "a galaxy cluster", "it has no value", false);
                    continue;
                };
                let galaxy_name = text(galaxy, "name").unwrap_or_default();
                let Some(kind) = kind(&galaxy_kind) else {
                    self.mapped.leave(
                        path,
                        format!("`{galaxy_kind}`: {value}"),
                        "STIX has no object for this galaxy: its tag is kept",
                        true,
                    );
                    continue;
                };
                let stix = stand_in(cluster, kind, &galaxy_kind, &galaxy_name, &value);
                let id = stix
                    .get("id")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned();
                self.put(stix.into());
                self.rest(cluster, &path, &READ);
                ids.push(id);
            }
        }
        ids
    }
}

fn stand_in(
    cluster: &Members,
    kind: &str,
    galaxy: &str,
    galaxy_name: &str,
    value: &str,
) -> Members {
    let uuid = uuid(cluster, "uuid").unwrap_or_else(|| made_uuid(&["cluster", galaxy, value]));
    let meta = object(cluster, "meta");
    let external = meta
        .map(|meta| strings(meta, "external_id"))
        .unwrap_or_default();
    let mut stix = Members::new();
    stix.insert("type".to_owned(), kind.into());
    stix.insert("spec_version".to_owned(), "2.1".into());
    stix.insert("id".to_owned(), format!("{kind}--{uuid}").into());
    stix.insert("created".to_owned(), FIRST.into());
    stix.insert("modified".to_owned(), FIRST.into());
    let name = external
        .iter()
        .find_map(|id| value.strip_suffix(id.as_str())?.strip_suffix(" - "))
        .unwrap_or(value);
    stix.insert("name".to_owned(), name.into());
    if let Some(description) = text(cluster, "description") {
        stix.insert("description".to_owned(), description.into());
    }
    if kind == "malware" {
        stix.insert("is_family".to_owned(), true.into());
    }
    let mut references = Vec::new();
    for id in &external {
        let source = if is_capec(id) {
            "capec"
        } else if galaxy.starts_with("mitre-") {
            "mitre-attack"
        } else {
            continue;
        };
        references.push(json!({"source_name": source, "external_id": id}));
    }
    if let Some(meta) = meta {
        let links = strings(meta, "refs");
        references.extend(
            links
                .iter()
                .filter(|link| kinds::is_uri(link))
                .map(|url| json!({"source_name": "galaxy", "url": url})),
        );
        let synonyms = strings(meta, "synonyms");
        if !synonyms.is_empty() && kind != "course-of-action" {
            stix.insert("aliases".to_owned(), json!(synonyms));
        }
        let phases: Vec<Value> = strings(meta, "kill_chain")
            .iter()
            .filter_map(|phase| {
                let (chain, phase) = phase.split_once(':')?;
                let phase = phase.rsplit(':').next()?;
                Some(json!({"kill_chain_name": chain, "phase_name": phase}))
            })
            .collect();
        if !phases.is_empty() && matches!(kind, "attack-pattern" | "malware" | "tool") {
            stix.insert("kill_chain_phases".to_owned(), phases.into());
        }
    }
    if !references.is_empty() {
        stix.insert("external_references".to_owned(), references.into());
    }
    let mut said = keep(cluster, &SAID);
    said.insert(
        "galaxy".to_owned(),
        json!({"type": galaxy, "name": galaxy_name}),
    );
    extension::say(&mut stix, "cluster", said);
    stix
}

/// What a galaxy is about, in STIX, where STIX has it.
fn kind(galaxy: &str) -> Option<&'static str> {
    let has = |word: &str| galaxy.contains(word);
    Some(if has("attack-pattern") {
        "attack-pattern"
    } else if has("course-of-action") || has("preventive-measure") {
        "course-of-action"
    } else if has("intrusion-set") {
        "intrusion-set"
    } else if has("actor") || has("activity-group") {
        "threat-actor"
    } else if has("malware")
        || matches!(
            galaxy,
            "ransomware" | "rat" | "botnet" | "banker" | "stealer" | "backdoor" | "cryptominers"
        )
    {
        "malware"
    } else if has("tool") || has("exploit-kit") {
        "tool"
    } else {
        return None;
    })
}

/// `CAPEC-` and a number (STIX 2.1, 4.1).
fn is_capec(id: &str) -> bool {
    id.strip_prefix("CAPEC-").is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn strings(meta: &Members, key: &str) -> Vec<String> {
    match meta.get(key) {
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}

/// A galaxy with the one cluster that an object stands in for.
pub(super) fn cluster(stix: &Members) -> Members {
    let mut inner = said(stix, "cluster").cloned().unwrap_or_default();
    let mut galaxy = inner
        .remove("galaxy")
        .and_then(|galaxy| galaxy.as_object().cloned())
        .unwrap_or_default();
    inner.insert("uuid".to_owned(), uuid_of(stix).into());
    if let Some(description) = text(stix, "description") {
        inner.insert("description".to_owned(), description.into());
    }
    galaxy.insert("GalaxyCluster".to_owned(), json!([inner]));
    galaxy
}

pub(super) fn add_galaxy(galaxies: &mut Vec<Members>, mut galaxy: Members) {
    let same = galaxies
        .iter_mut()
        .find(|known| known.get("type") == galaxy.get("type"));
    match same {
        Some(known) => {
            for one in list(&galaxy, "GalaxyCluster") {
                push(known, "GalaxyCluster", one.clone());
            }
        }
        None => galaxies.push(std::mem::take(&mut galaxy)),
    }
}
