//! Evidence of what was served to whom: records, their paths to roots, and the roots' places in a
//! witnessed log, in one file that anybody checks without network.
//!
//! What it cannot show: that nothing else was served. A ledger that leaves something out is found
//! by whoever was served; one that is changed afterwards is found here.

use super::{
    served::{Content, How, Record, Root, Run, Served},
    word::{Believed, By, Word},
};
use crate::{
    bundle::InclusionJson,
    register::Inclusion,
    text::{Text, sha256},
    verify::Check,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use portcullis_core::{cell::CollectionId, digest::Digest, member::MemberId};
use portcullis_tlog::{
    hash::{Hash, leaf_hash},
    tree::{LeafIndex, TreeSize, root_by, verify_inclusion},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most bytes of a file of evidence: some hundred thousand records.
pub const EVIDENCE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Where a record stands: in its frame, and its frame under a root.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InFrame {
    /// The record's salt.
    pub salt: Digest,
    /// Under which of the roots shown, from 0.
    pub root: usize,
    /// The frame's place among those of the root.
    pub frame: u64,
    /// Its path to the root.
    pub frame_path: Vec<Hash>,
    /// The record's place in its frame.
    pub place: u64,
    /// How many records the frame has.
    pub records: u64,
    /// The record's path to the frame's root.
    pub path: Vec<Hash>,
}

/// A record of a serving, shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ShownRecord {
    /// The record.
    pub served: Served,
    /// Its place.
    pub place: InFrame,
}

/// A record of a content, shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ShownContent {
    /// The record.
    pub content: Content,
    /// Its place.
    pub place: InFrame,
}

/// A root, shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ShownRoot {
    /// The signed root, as its exact bytes.
    pub word: Vec<u8>,
    /// Its place in the node's log; none before the log's next tick, or where there is no log.
    pub inclusion: Option<Inclusion>,
}

/// Everything that shows what was served of one object.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Evidence {
    /// The object's id.
    pub object: String,
    /// What was served to whom.
    pub served: Vec<ShownRecord>,
    /// What the entries' bytes are.
    pub contents: Vec<ShownContent>,
    /// The roots.
    pub roots: Vec<ShownRoot>,
    /// The object's versions, as their exact bytes.
    pub objects: Vec<Vec<u8>>,
}

/// Why bytes are no evidence.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this is no evidence: {0}")]
pub struct EvidenceError(pub String);

impl EvidenceError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        "evidence.malformed"
    }
}

/// A version of the object that went to somebody, as far as it is shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shown {
    /// What was recorded.
    pub served: Served,
    /// Of the entries that went out, those that are this object, with the digest of their bytes.
    pub contents: Vec<Content>,
    /// When a quorum of witnesses had cosigned it, if that is shown.
    pub recorded_at: Option<Timestamp>,
    /// Whether everything that this rests on holds.
    pub holds: bool,
}

/// What was found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Findings {
    /// Every check by name; what failed says of which record, content, root or object.
    pub checks: Vec<Check>,
    /// What was served, one record after the other.
    pub served: Vec<Shown>,
}

impl Findings {
    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }

    fn note(&mut self, name: &str, found: Result<String, String>) -> bool {
        let (passed, detail) = match found {
            Ok(detail) => (true, detail),
            Err(detail) => (false, detail),
        };
        self.checks.push(Check {
            name: name.into(),
            passed,
            detail,
            clause: None,
        });
        passed
    }
}

/// Checks evidence: that each root is signed by the node, in its log, and in one chain; that each
/// record is under its root; that the contents are the objects'. Offline, pure and total.
pub fn verify_evidence(evidence: &Evidence, by: &By<'_>) -> Findings {
    let mut findings = Findings::default();
    let roots: Vec<Option<(Root, Believed)>> = evidence
        .roots
        .iter()
        .enumerate()
        .map(|(at, root)| check_root(at, root, by, &mut findings))
        .collect();
    check_chain(evidence, &mut findings);
    let mut contents = Vec::new();
    for (at, shown) in evidence.contents.iter().enumerate() {
        let record = Record::Content(shown.content);
        let found = placed(&record, &shown.place, &roots).map(|_| {
            let Content {
                collection, number, ..
            } = shown.content;
            format!("entry {number} of {collection}")
        });
        if findings.note(
            "content.path",
            found.map_err(|why| format!("content {at}: {why}")),
        ) {
            contents.push(shown.content);
        }
    }
    check_objects(evidence, &contents, &mut findings);
    for (at, shown) in evidence.served.iter().enumerate() {
        let found = placed(&Record::Served(shown.served.clone()), &shown.place, &roots);
        let recorded_at = found
            .as_ref()
            .ok()
            .and_then(|believed| believed.recorded_at);
        let holds = findings.note(
            "record.path",
            match found {
                Ok(_) => Ok(format!(
                    "record {at}: to {} at {}",
                    shown.served.member, shown.served.at
                )),
                Err(why) => Err(format!("record {at}: {why}")),
            },
        );
        let of = |content: &&Content| {
            content.collection == shown.served.collection
                && shown.served.runs.iter().any(|run| run.has(content.number))
        };
        let contents: Vec<Content> = contents.iter().filter(of).copied().collect();
        if contents.is_empty() {
            let why = format!("record {at} is about entries whose contents are not shown");
            findings.note("record.about", Err(why));
        }
        findings.served.push(Shown {
            served: shown.served.clone(),
            holds: holds && !contents.is_empty(),
            contents,
            recorded_at,
        });
    }
    findings
}

fn check_root(
    at: usize,
    shown: &ShownRoot,
    by: &By<'_>,
    findings: &mut Findings,
) -> Option<(Root, Believed)> {
    let root = match Word::<Root>::parse(&shown.word) {
        Ok(root) => root,
        Err(error) => {
            findings.note("root.form", Err(format!("root {at}: {error}")));
            return None;
        }
    };
    let number = root.says().number;
    let signed = root.verify(by, None);
    let of = |why: String| format!("root {at} (number {number}): {why}");
    let believed = match signed {
        Ok(believed) => {
            let detail = of(format!("signed by {}", root.says().member));
            findings.note("root.signature", Ok(detail));
            believed
        }
        Err(error) => {
            findings.note("root.signature", Err(of(error.to_string())));
            return None;
        }
    };
    let Some(inclusion) = &shown.inclusion else {
        return Some((root.says().clone(), believed));
    };
    match root.verify(by, Some(inclusion)) {
        Ok(recorded) if recorded.recorded_at.is_some() => {
            let when = recorded.recorded_at.map(|at| at.to_string());
            let detail = of(format!("witnessed at {}", when.unwrap_or_default()));
            findings.note("root.recorded", Ok(detail));
            Some((root.says().clone(), recorded))
        }
        Ok(_) => {
            let why = of("its place in the log cannot be judged without a register".into());
            findings.note("root.recorded", Err(why));
            Some((root.says().clone(), believed))
        }
        Err(error) => {
            findings.note("root.recorded", Err(of(error.to_string())));
            Some((root.says().clone(), believed))
        }
    }
}

/// Roots that follow each other name each other, and no two have one number.
fn check_chain(evidence: &Evidence, findings: &mut Findings) {
    let mut chain: BTreeMap<(String, u64), Word<Root>> = BTreeMap::new();
    for shown in &evidence.roots {
        let Ok(root) = Word::<Root>::parse(&shown.word) else {
            continue;
        };
        let key = (root.says().ledger.clone(), root.says().number);
        if let Some(other) = chain.get(&key)
            && other.digest() != root.digest()
        {
            let why = format!("two roots have the number {}", root.says().number);
            findings.note("root.chain", Err(why));
        }
        chain.insert(key, root);
    }
    for ((ledger, number), root) in &chain {
        let before = chain.get(&(ledger.clone(), number.saturating_sub(1)));
        if let Some(before) = before
            && root.says().previous != Some(before.digest())
        {
            let why = format!("root {number} does not follow the one before it");
            findings.note("root.chain", Err(why));
        }
    }
}

/// A record's way up: the record, its frame, the root.
fn placed(
    record: &Record,
    place: &InFrame,
    roots: &[Option<(Root, Believed)>],
) -> Result<Believed, String> {
    let root = roots.get(place.root).ok_or("its root is not shown")?;
    let (root, believed) = root.as_ref().ok_or("its root does not hold")?;
    let leaf = record.leaf(&place.salt);
    // The frame's own root is not sent along: it follows.
    let frame = root_by(
        &leaf,
        LeafIndex(place.place),
        TreeSize(place.records),
        &place.path,
    )
    .map_err(|error| error.to_string())?;
    verify_inclusion(
        &leaf_hash(&frame.0),
        LeafIndex(place.frame),
        TreeSize(root.frames),
        &root.root,
        &place.frame_path,
    )
    .map_err(|error| error.to_string())?;
    Ok(*believed)
}

fn check_objects(evidence: &Evidence, contents: &[Content], findings: &mut Findings) {
    let known: BTreeSet<Digest> = contents.iter().map(|content| content.sha256).collect();
    for (at, object) in evidence.objects.iter().enumerate() {
        let digest = sha256(object);
        let found = match serde_json::from_slice::<IdJson>(object) {
            Err(error) => Err(format!("object {at}: {error}")),
            Ok(json) if json.id != evidence.object => Err(format!("object {at} is `{}`", json.id)),
            Ok(_) if !known.contains(&digest) => Err(format!(
                "object {at} ({digest}) is no content that is shown"
            )),
            Ok(_) => Ok(format!("object {at}: {digest}")),
        };
        findings.note("object.digest", found);
    }
}

#[derive(Deserialize)]
struct IdJson {
    id: String,
}

// ---- the file ----

#[derive(Serialize, Deserialize)]
enum EvidenceV1 {
    #[serde(rename = "cell-evidence/v1")]
    V1,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceJson {
    portcullis: EvidenceV1,
    object: String,
    served: Vec<ServedJson>,
    contents: Vec<ContentJson>,
    roots: Vec<ShownRootJson>,
    objects: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceJson {
    salt: Text<Digest>,
    root: usize,
    frame: u64,
    frame_path: Vec<Text<Hash>>,
    place: u64,
    records: u64,
    path: Vec<Text<Hash>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServedJson {
    at: Text<Timestamp>,
    member: Text<MemberId>,
    account: Option<String>,
    client: bool,
    collection: Text<CollectionId>,
    how: How,
    times: u32,
    entries: Vec<(u64, u64)>,
    place: PlaceJson,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContentJson {
    collection: Text<CollectionId>,
    entry: u64,
    sha256: Text<Digest>,
    place: PlaceJson,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShownRootJson {
    word: String,
    inclusion: Option<InclusionJson>,
}

impl From<&InFrame> for PlaceJson {
    fn from(place: &InFrame) -> Self {
        Self {
            salt: Text(place.salt),
            root: place.root,
            frame: place.frame,
            frame_path: place.frame_path.iter().copied().map(Text).collect(),
            place: place.place,
            records: place.records,
            path: place.path.iter().copied().map(Text).collect(),
        }
    }
}

impl From<PlaceJson> for InFrame {
    fn from(json: PlaceJson) -> Self {
        Self {
            salt: json.salt.0,
            root: json.root,
            frame: json.frame,
            frame_path: json.frame_path.into_iter().map(|hash| hash.0).collect(),
            place: json.place,
            records: json.records,
            path: json.path.into_iter().map(|hash| hash.0).collect(),
        }
    }
}

impl Evidence {
    /// As JSON text.
    pub fn to_bytes(&self) -> Vec<u8> {
        let served = self.served.iter().map(|shown| ServedJson {
            at: Text(shown.served.at),
            member: Text(shown.served.member.clone()),
            account: shown.served.account.clone(),
            client: shown.served.client,
            collection: Text(shown.served.collection),
            how: shown.served.how,
            times: shown.served.times,
            entries: shown
                .served
                .runs
                .iter()
                .map(|run| (run.first, run.last))
                .collect(),
            place: PlaceJson::from(&shown.place),
        });
        let contents = self.contents.iter().map(|shown| ContentJson {
            collection: Text(shown.content.collection),
            entry: shown.content.number,
            sha256: Text(shown.content.sha256),
            place: PlaceJson::from(&shown.place),
        });
        let roots = self.roots.iter().map(|shown| ShownRootJson {
            word: STANDARD.encode(&shown.word),
            inclusion: shown.inclusion.as_ref().map(InclusionJson::from),
        });
        let json = EvidenceJson {
            portcullis: EvidenceV1::V1,
            object: self.object.clone(),
            served: served.collect(),
            contents: contents.collect(),
            roots: roots.collect(),
            objects: self
                .objects
                .iter()
                .map(|object| String::from_utf8_lossy(object).into_owned())
                .collect(),
        };
        // Plain structs with string keys: writing them to memory cannot fail.
        serde_json::to_vec_pretty(&json).unwrap_or_default()
    }

    /// Reads evidence. Nothing is verified here.
    ///
    /// # Errors
    ///
    /// [`EvidenceError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, EvidenceError> {
        if EVIDENCE_BYTES_MAX < bytes.len() {
            return Err(EvidenceError(format!("it has {} bytes", bytes.len())));
        }
        let json: EvidenceJson =
            serde_json::from_slice(bytes).map_err(|error| EvidenceError(error.to_string()))?;
        let run = |(first, last)| Run { first, last };
        let served = json.served.into_iter().map(|shown| ShownRecord {
            served: Served {
                at: shown.at.0,
                member: shown.member.0,
                account: shown.account,
                client: shown.client,
                collection: shown.collection.0,
                how: shown.how,
                times: shown.times,
                runs: shown.entries.into_iter().map(run).collect(),
            },
            place: shown.place.into(),
        });
        let contents = json.contents.into_iter().map(|shown| ShownContent {
            content: Content {
                collection: shown.collection.0,
                number: shown.entry,
                sha256: shown.sha256.0,
            },
            place: shown.place.into(),
        });
        let roots = json.roots.into_iter().map(|shown| {
            let word = STANDARD.decode(&shown.word);
            let inclusion = shown.inclusion.map(InclusionJson::into_inclusion);
            Ok(ShownRoot {
                word: word.map_err(|error| EvidenceError(error.to_string()))?,
                inclusion: inclusion.transpose().map_err(EvidenceError)?,
            })
        });
        Ok(Self {
            object: json.object,
            served: served.collect(),
            contents: contents.collect(),
            roots: roots.collect::<Result<_, EvidenceError>>()?,
            objects: json.objects.into_iter().map(String::into_bytes).collect(),
        })
    }
}
