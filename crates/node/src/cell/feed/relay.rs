//! What a source says about itself beside the objects: who is in the groups
//! that it owns, and what it or its publishers ask the follower to give back.
//!
//! It travels as one piece of JSON whenever it changed, and arrives as commands
//! that the follower's own rules decide on: the source speaks for its own
//! groups and for nobody else's.

use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    cell::{
        Caller, CollectionId, Command, GroupId, Jurisdiction, MemberKind, Mode, ObjectId, RecallId,
        Settings, Standing, State, Tlp,
        recall::{Complied, Recall},
    },
    member::MemberId,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most bytes of what a source says about itself.
pub const RELAY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The most recalls that one follower is told of at once; the open ones come first.
const RECALLS_MAX: usize = 10_000;
/// How long a member has to answer a recall that reaches it when its time is nearly over.
const LATE: SignedDuration = SignedDuration::from_hours(1);
/// How far apart two nodes' clocks are at most.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);

#[derive(Default, Deserialize, Serialize)]
struct Wire {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    collection: Option<WireCollection>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<WireGroup>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recalls: Vec<WireRecall>,
}

#[derive(Deserialize, Serialize)]
struct WireCollection {
    title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    mode: String,
    tlp: String,
    readers: BTreeSet<String>,
    writers: BTreeSet<String>,
    open: bool,
    honour_expiry: bool,
}

#[derive(Deserialize, Serialize)]
struct WireGroup {
    id: String,
    title: String,
    said_at: String,
    members: BTreeMap<String, WireStanding>,
}

#[derive(Deserialize, Serialize)]
struct WireStanding {
    kind: String,
    jurisdiction: String,
}

#[derive(Deserialize, Serialize)]
struct WireRecall {
    id: String,
    object: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    versions: Vec<i64>,
    /// The pseudonym whose alone is asked back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    under: Option<String>,
    reason: String,
    by: String,
    /// When the publisher asked, by its own clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    due: String,
    /// Whether the source has the follower's answer.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    answered: bool,
}

/// A member's answer to a recall, on its way to who asked.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub struct Confirmation {
    /// Which recall.
    pub recall: RecallId,
    /// What was done.
    pub how: Complied,
    /// In the member's own words.
    pub note: Option<String>,
}

/// What a source said, read.
#[derive(Debug, Default)]
pub(crate) struct Relayed {
    /// What our rules are asked to take over, and whose word each is.
    pub(crate) commands: Vec<(Caller, Command)>,
    /// How the collection is set there: what ours is opened with, where we have none of its id yet.
    pub(crate) settings: Option<Box<Settings>>,
    /// The recalls on which the source waits for our answer.
    pub(crate) waits_for: BTreeSet<RecallId>,
}

/// Why what a source said cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RelayError {
    #[error("what the source says about its groups cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    #[error("`{0}` in what the source says cannot be read")]
    Value(&'static str),
    #[error("what the source says has more than {RELAY_BYTES_MAX} bytes")]
    Long,
}

/// What this node says to a follower of `collection`, whose member is `to`.
pub(crate) fn describe(state: &State, collection: &CollectionId, to: &MemberId) -> Vec<u8> {
    let texts = |groups: &BTreeSet<GroupId>| groups.iter().map(GroupId::to_string).collect();
    let held = state.collection(collection).map(|held| &held.settings);
    let wire = Wire {
        collection: held.map(|settings| WireCollection {
            title: settings.title.clone(),
            description: settings.description.clone(),
            mode: settings.mode.as_str().to_owned(),
            tlp: settings.default_tlp.as_str().to_owned(),
            readers: texts(&settings.readers),
            writers: texts(&settings.writers),
            open: settings.open,
            honour_expiry: settings.honour_expiry,
        }),
        groups: groups(state, collection, to),
        recalls: recalls(state, to),
    };
    // Texts and numbers always serialise.
    serde_json::to_vec(&wire).unwrap_or_default()
}

/// The groups that this node owns and `to` is in: who is in one is not told to others.
fn groups(state: &State, collection: &CollectionId, to: &MemberId) -> Vec<WireGroup> {
    let Some(held) = state.collection(collection) else {
        return Vec::new();
    };
    let ids = held.settings.readers.union(&held.settings.writers);
    let own = ids.filter_map(|id| Some((id, state.groups().get(id)?)));
    own.filter(|(_, group)| group.owner == *state.me() && group.standing(to).is_some())
        .map(|(id, group)| WireGroup {
            id: id.to_string(),
            title: group.title.clone(),
            said_at: group.changed_at.to_string(),
            members: group
                .joined()
                .map(|(member, standing)| {
                    let standing = WireStanding {
                        kind: standing.kind.as_str().to_owned(),
                        jurisdiction: standing.jurisdiction.to_string(),
                    };
                    (member.to_string(), standing)
                })
                .collect(),
        })
        .collect()
}

fn recalls(state: &State, to: &MemberId) -> Vec<WireRecall> {
    let asked = state.recalls().iter().filter_map(|(id, recall)| {
        let answered = recall.asked.get(to)?.is_some();
        Some(WireRecall {
            id: id.to_string(),
            object: recall.object.to_string(),
            versions: recall.versions.clone(),
            under: recall.under.as_ref().map(ToString::to_string),
            reason: recall.reason.clone(),
            by: recall.by.member.to_string(),
            at: Some(recall.at.to_string()),
            due: recall.due.to_string(),
            answered,
        })
    });
    let mut asked: Vec<WireRecall> = asked.collect();
    asked.sort_by_key(|recall| recall.answered);
    asked.truncate(RECALLS_MAX);
    asked
}

/// Reads what `source` said, as commands for the node of `me`.
pub(crate) fn read(
    json: &[u8],
    source: &MemberId,
    me: &MemberId,
    now: Timestamp,
) -> Result<Relayed, RelayError> {
    if json.len() > RELAY_BYTES_MAX {
        return Err(RelayError::Long);
    }
    let wire: Wire = serde_json::from_slice(json)?;
    let mut relayed = Relayed {
        settings: wire.collection.map(settings).transpose()?.map(Box::new),
        ..Relayed::default()
    };
    for group in wire.groups {
        let members = group.members.into_iter().map(|(member, standing)| {
            let standing = Standing {
                kind: MemberKind::parse(&standing.kind).ok_or(RelayError::Value("kind"))?,
                jurisdiction: standing
                    .jurisdiction
                    .parse::<Jurisdiction>()
                    .map_err(|_| RelayError::Value("jurisdiction"))?,
            };
            let member: MemberId = member.parse().map_err(|_| RelayError::Value("member"))?;
            Ok((member, standing))
        });
        let command = Command::LearnGroup {
            group: group
                .id
                .parse::<GroupId>()
                .map_err(|_| RelayError::Value("group"))?,
            title: group.title,
            members: members.collect::<Result<_, RelayError>>()?,
            said_at: group
                .said_at
                .parse()
                .map_err(|_| RelayError::Value("said_at"))?,
        };
        relayed
            .commands
            .push((Caller::node(source.clone()), command));
    }
    for recall in wire.recalls {
        let id: RecallId = recall.id.parse().map_err(|_| RelayError::Value("recall"))?;
        if !recall.answered {
            relayed.waits_for.insert(id);
        }
        let publisher: MemberId = recall.by.parse().map_err(|_| RelayError::Value("by"))?;
        let object: ObjectId = recall
            .object
            .parse()
            .map_err(|_| RelayError::Value("object"))?;
        let command = Command::Recall {
            recall: id,
            object,
            publisher: publisher.clone(),
            versions: recall.versions,
            under: parse(recall.under.as_deref(), "under")?,
            reason: recall.reason,
            asked: [me.clone()].into(),
            due: due(&recall.due, now)?,
            since: parse(recall.at.as_deref(), "at")?.map(|at: Timestamp| at.min(latest(now))),
        };
        relayed.commands.push((Caller::node(publisher), command));
    }
    Ok(relayed)
}

/// The latest instant that another node's clock may name now: nobody recalls what is yet to come.
fn latest(now: Timestamp) -> Timestamp {
    now.checked_add(CLOCKS_APART).unwrap_or(Timestamp::MAX)
}

/// What a text says that need not be there.
fn parse<T: std::str::FromStr>(
    text: Option<&str>,
    what: &'static str,
) -> Result<Option<T>, RelayError> {
    let value = text.map(str::parse).transpose();
    value.map_err(|_| RelayError::Value(what))
}

/// When a recall is due: one that reaches us late leaves us an hour.
fn due(text: &str, now: Timestamp) -> Result<Timestamp, RelayError> {
    let due: Timestamp = text.parse().map_err(|_| RelayError::Value("due"))?;
    Ok(due.max(now.saturating_add(LATE).unwrap_or(due)))
}

fn settings(wire: WireCollection) -> Result<Settings, RelayError> {
    let groups = |texts: &BTreeSet<String>| {
        let groups = texts.iter().map(|text| text.parse::<GroupId>());
        groups
            .collect::<Result<_, _>>()
            .map_err(|_| RelayError::Value("group"))
    };
    Ok(Settings {
        description: wire.description,
        mode: Mode::parse(&wire.mode).ok_or(RelayError::Value("mode"))?,
        default_tlp: Tlp::parse(&wire.tlp).ok_or(RelayError::Value("tlp"))?,
        readers: groups(&wire.readers)?,
        writers: groups(&wire.writers)?,
        open: wire.open,
        honour_expiry: wire.honour_expiry,
        ..Settings::titled(wire.title)
    })
}

/// Our member's answers to the recalls on which a source waits.
///
/// A recall that began here and comes round to us, by whomever we were shown again what was ours
/// to give, is answered as soon as it is `done`: nothing of it is left here.
pub(crate) fn confirmations(
    state: &State,
    waits_for: &BTreeSet<RecallId>,
    me: &MemberId,
    done: &dyn Fn(&Recall) -> bool,
) -> Vec<Confirmation> {
    let answers = waits_for.iter().filter_map(|id| {
        let recall = state.recalls().get(id)?;
        let (how, note) = match recall.asked.get(me) {
            Some(answer) => {
                let answer = answer.as_ref()?;
                (answer.how, answer.note.clone())
            }
            None if done(recall) => (Complied::Removed, None),
            None => return None,
        };
        Some(Confirmation {
            recall: *id,
            how,
            note,
        })
    });
    answers.collect()
}
