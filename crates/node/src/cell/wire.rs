//! Events as the journal keeps them: one JSON object each.
//!
//! `{"v":1,"at":…,"by":{"member":…},"fact":{"kind":"invited",…}}`. Ids, times
//! and words stand in their canonical text; what is not there is left out;
//! what is unknown is refused. What was ever written stays readable: a new
//! field gets a default, a new meaning another kind. The mirrors below name
//! every field of `core`'s types once, so that none is forgotten.

mod texts;

use jiff::Timestamp;
use portcullis_core::{
    cell::{
        By, CollectionId, Consent, Event, Fact, FollowId, GroupId, Jurisdiction, MemberKind, Mode,
        ObjectId, QuestionId, RecallId, ReviewId, Rights, Secret, Settings, Standing, Tlp,
        follow::Source,
        question, recall,
        review::{Finding, FindingKind, Outcome},
    },
    digest::Digest,
    member::MemberId,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use texts::{
    bytes, findings, hex, kind_of_member, list, maybe_text, maybe_tlp, set, settings, standings,
    text, word_complied, word_finding, word_kind, word_mode, word_outcome, word_rights, word_tlp,
};

/// The longest event: a group of as many members as may be.
pub const EVENT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The version of the form that is written.
const VERSION: u32 = 1;

/// Why bytes are no event.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Longer than an event may be.
    #[error("an event of {0} bytes; {EVENT_BYTES_MAX} are the most")]
    TooLong(usize),
    /// No JSON, or not of the form.
    #[error("not an event as the journal keeps it")]
    Form(#[from] serde_json::Error),
    /// Written by a later release.
    #[error("an event of version {0}, which this release does not know")]
    Version(u32),
}

/// The bytes that the journal keeps of an event.
///
/// # Panics
///
/// Never: every part of an event has a text.
pub fn encode(event: &Event) -> Vec<u8> {
    let wire = Wire {
        v: VERSION,
        at: event.at,
        by: event.by.clone(),
        fact: event.fact.clone(),
    };
    // Keys are field names and values are texts and numbers: nothing in here can fail.
    serde_json::to_vec(&wire).unwrap_or_default()
}

/// The event that the journal kept as these bytes.
///
/// # Errors
///
/// [`WireError`] when they are none.
pub fn decode(bytes: &[u8]) -> Result<Event, WireError> {
    if EVENT_BYTES_MAX < bytes.len() {
        return Err(WireError::TooLong(bytes.len()));
    }
    let Version { v } = serde_json::from_slice(bytes)?;
    if v != VERSION {
        return Err(WireError::Version(v));
    }
    let Wire { at, by, fact, .. } = serde_json::from_slice(bytes)?;
    Ok(Event { at, by, fact })
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    v: u32,
    #[serde(with = "text")]
    at: Timestamp,
    #[serde(with = "ByForm")]
    by: By,
    #[serde(with = "FactForm")]
    fact: Fact,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "By", deny_unknown_fields)]
struct ByForm {
    #[serde(with = "text")]
    member: MemberId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Standing", deny_unknown_fields)]
struct StandingForm {
    #[serde(with = "kind_of_member")]
    kind: MemberKind,
    #[serde(with = "text")]
    jurisdiction: Jurisdiction,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Consent", rename_all = "snake_case", deny_unknown_fields)]
enum ConsentForm {
    Founder,
    Own,
    Attested { checked_by: String, how: String },
    Relayed,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Secret", rename_all = "snake_case")]
enum SecretForm {
    Token(#[serde(with = "hex")] [u8; 32]),
    Password(String),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Settings", deny_unknown_fields)]
struct SettingsForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
    title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(with = "word_mode")]
    mode: Mode,
    #[serde(with = "word_tlp")]
    default_tlp: Tlp,
    #[serde(with = "set")]
    readers: BTreeSet<GroupId>,
    #[serde(with = "set")]
    writers: BTreeSet<GroupId>,
    open: bool,
    honour_expiry: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wrapper: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    media_types: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Finding", deny_unknown_fields)]
struct FindingForm {
    path: String,
    #[serde(with = "word_finding")]
    kind: FindingKind,
    excerpt: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Source", rename_all = "snake_case", deny_unknown_fields)]
enum SourceForm {
    Peer {
        #[serde(with = "text")]
        member: MemberId,
        #[serde(with = "text")]
        collection: CollectionId,
    },
    Taxii {
        url: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credential: Option<String>,
    },
    Misp {
        url: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credential: Option<String>,
        both_ways: bool,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(
    remote = "Fact",
    tag = "kind",
    rename_all = "snake_case",
    deny_unknown_fields
)]
enum FactForm {
    GroupFounded {
        #[serde(with = "text")]
        group: GroupId,
        title: String,
        #[serde(with = "StandingForm")]
        standing: Standing,
    },
    Invited {
        #[serde(with = "text")]
        group: GroupId,
        #[serde(with = "text")]
        member: MemberId,
        #[serde(with = "StandingForm")]
        standing: Standing,
    },
    Joined {
        #[serde(with = "text")]
        group: GroupId,
        #[serde(with = "text")]
        member: MemberId,
        #[serde(with = "ConsentForm")]
        consent: Consent,
    },
    Left {
        #[serde(with = "text")]
        group: GroupId,
        #[serde(with = "text")]
        member: MemberId,
    },
    GroupLearned {
        #[serde(with = "text")]
        group: GroupId,
        #[serde(with = "text")]
        owner: MemberId,
        title: String,
        #[serde(with = "standings")]
        members: BTreeMap<MemberId, Standing>,
        #[serde(with = "text")]
        said_at: Timestamp,
    },
    GroupDissolved {
        #[serde(with = "text")]
        group: GroupId,
    },
    CollectionOpened {
        #[serde(with = "text")]
        collection: CollectionId,
        #[serde(with = "settings")]
        settings: Box<Settings>,
    },
    CollectionChanged {
        #[serde(with = "text")]
        collection: CollectionId,
        #[serde(with = "settings")]
        settings: Box<Settings>,
    },
    CollectionClosed {
        #[serde(with = "text")]
        collection: CollectionId,
    },
    AccountOpened {
        name: String,
        #[serde(with = "text")]
        member: MemberId,
        #[serde(with = "SecretForm")]
        secret: Secret,
        client: bool,
        operator: bool,
        #[serde(with = "word_rights")]
        rights: Rights,
        #[serde(default, with = "maybe_text", skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    SecretSet {
        name: String,
        #[serde(with = "SecretForm")]
        secret: Secret,
    },
    AccountEnded {
        name: String,
    },
    IdentityBound {
        #[serde(with = "text")]
        identity: ObjectId,
        #[serde(with = "text")]
        member: MemberId,
    },
    IdentityUnbound {
        #[serde(with = "text")]
        identity: ObjectId,
    },
    Marked {
        #[serde(with = "text")]
        object: ObjectId,
        #[serde(with = "text")]
        group: GroupId,
        #[serde(default, with = "maybe_tlp", skip_serializing_if = "Option::is_none")]
        tlp: Option<Tlp>,
    },
    Addressed {
        #[serde(with = "text")]
        object: ObjectId,
        #[serde(with = "set")]
        recipients: BTreeSet<MemberId>,
    },
    WarningOverridden {
        #[serde(with = "text")]
        object: ObjectId,
        lists: BTreeSet<String>,
        reason: String,
    },
    Wrapped {
        name: String,
        clause: String,
        #[serde(with = "text")]
        from: Timestamp,
        #[serde(with = "text")]
        until: Timestamp,
    },
    Held {
        #[serde(with = "text")]
        review: ReviewId,
        #[serde(with = "text")]
        collection: CollectionId,
        #[serde(with = "text")]
        object: ObjectId,
        version_us: i64,
        #[serde(default, with = "maybe_text", skip_serializing_if = "Option::is_none")]
        content: Option<Digest>,
        #[serde(with = "text")]
        publisher: MemberId,
        #[serde(with = "findings")]
        findings: Vec<Finding>,
    },
    Reviewed {
        #[serde(with = "text")]
        review: ReviewId,
        #[serde(with = "word_outcome")]
        outcome: Outcome,
        reason: String,
        person: String,
    },
    Recalled {
        #[serde(with = "text")]
        recall: RecallId,
        #[serde(with = "text")]
        object: ObjectId,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        versions: Vec<i64>,
        #[serde(default, with = "maybe_text", skip_serializing_if = "Option::is_none")]
        under: Option<ObjectId>,
        reason: String,
        #[serde(with = "set")]
        asked: BTreeSet<MemberId>,
        #[serde(with = "text")]
        due: Timestamp,
        #[serde(default, with = "maybe_text", skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
    },
    RecallWidened {
        #[serde(with = "text")]
        recall: RecallId,
        #[serde(with = "set")]
        asked: BTreeSet<MemberId>,
    },
    RecallConfirmed {
        #[serde(with = "text")]
        recall: RecallId,
        #[serde(with = "text")]
        member: MemberId,
        #[serde(with = "word_complied")]
        how: recall::Complied,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    Asked {
        #[serde(with = "text")]
        question: QuestionId,
        #[serde(rename = "about", with = "word_kind")]
        kind: question::Kind,
        text: String,
        #[serde(default, with = "maybe_text", skip_serializing_if = "Option::is_none")]
        note: Option<ObjectId>,
        #[serde(with = "set")]
        groups: BTreeSet<GroupId>,
        #[serde(with = "set")]
        members: BTreeSet<MemberId>,
        #[serde(with = "text")]
        deadline: Timestamp,
    },
    Acknowledged {
        #[serde(with = "text")]
        question: QuestionId,
        #[serde(with = "text")]
        member: MemberId,
    },
    Answered {
        #[serde(with = "text")]
        question: QuestionId,
        #[serde(with = "text")]
        member: MemberId,
        #[serde(with = "list")]
        objects: Vec<ObjectId>,
    },
    Declined {
        #[serde(with = "text")]
        question: QuestionId,
        #[serde(with = "text")]
        member: MemberId,
        reason: String,
    },
    Reminded {
        #[serde(with = "text")]
        question: QuestionId,
        #[serde(with = "set")]
        members: BTreeSet<MemberId>,
    },
    QuestionClosed {
        #[serde(with = "text")]
        question: QuestionId,
        outcome: String,
        #[serde(with = "list")]
        brought: Vec<ObjectId>,
    },
    PseudonymTaken {
        #[serde(with = "text")]
        identity: ObjectId,
        #[serde(with = "bytes")]
        sealed: Vec<u8>,
    },
    PseudonymOpened {
        #[serde(with = "text")]
        identity: ObjectId,
        reason: String,
        person: String,
    },
    Followed {
        #[serde(with = "text")]
        follow: FollowId,
        #[serde(with = "SourceForm")]
        source: Source,
        #[serde(with = "text")]
        into: CollectionId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every_s: Option<u32>,
    },
    Advanced {
        #[serde(with = "text")]
        follow: FollowId,
        cursor: String,
    },
    FollowPaused {
        #[serde(with = "text")]
        follow: FollowId,
        paused: bool,
    },
    Unfollowed {
        #[serde(with = "text")]
        follow: FollowId,
    },
}

#[cfg(test)]
mod tests;
