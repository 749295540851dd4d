//! What a follower asks: from where on, how much, and how long it will wait.

use super::{ASK_BYTES_MAX, Confirmation, VERSION, WAIT_MS_MAX, WANTED_BYTES_MAX, hex};
use portcullis_core::cell::{CollectionId, recall::Complied};
use serde::{Deserialize, Serialize};

/// The most answers to recalls in one ask.
pub(super) const CONFIRMS_MAX: usize = 100;

/// A follower's ask.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ask {
    /// Which collection.
    pub collection: CollectionId,
    /// The life of the source's journal that `position` belongs to; none at the first time.
    pub epoch: Option<[u8; 16]>,
    /// After which of the source's `added` times, in microseconds; `i64::MIN` is the start.
    pub position: i64,
    /// The view that was last told; none where everything shall be told again.
    pub view: Option<[u8; 32]>,
    /// The digest of the definition that the follower has; none at the first time.
    pub state: Option<[u8; 32]>,
    /// About how many bytes of records.
    pub bytes_max: usize,
    /// How long to wait when there is nothing, in milliseconds.
    pub wait_ms: u32,
    /// What the follower's member answers to recalls on which the source waits; it tells the rest
    /// with the next ask.
    pub confirms: Vec<Confirmation>,
    /// What is said at the follower of what it was served: an answer of this feed, of which the
    /// follower is the source.
    pub replies: Option<String>,
    /// Whether the follower's member says yes to the groups of this collection that it was invited to.
    pub joins: bool,
}

/// Why a body is no ask.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It is not the JSON of one.
    #[error("an ask is JSON with `feed`, `collection` and `position`: {0}")]
    Json(#[from] serde_json::Error),
    /// It is longer than any.
    #[error("an ask has at most {ASK_BYTES_MAX} bytes")]
    Long,
    /// It is of another version of the format.
    #[error("version {0} of the feed is not spoken here")]
    Version(u32),
    /// A member of it does not parse.
    #[error("`{0}` cannot be read")]
    Member(&'static str),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    feed: u32,
    collection: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
    position: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    view: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    bytes_max: usize,
    wait_ms: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    confirms: Vec<WireConfirmation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replies: Option<String>,
    #[serde(default)]
    joins: bool,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WireConfirmation {
    recall: String,
    how: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl Ask {
    /// The ask as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        let confirms = self.confirms.iter().take(CONFIRMS_MAX);
        let confirms = confirms.map(|answer| WireConfirmation {
            recall: answer.recall.to_string(),
            how: answer.how.as_str().to_owned(),
            note: answer.note.clone(),
        });
        let wire = Wire {
            feed: VERSION,
            collection: self.collection.to_string(),
            epoch: self.epoch.map(|bytes| hex::print(&bytes)),
            position: self.position,
            view: self.view.map(|bytes| hex::print(&bytes)),
            state: self.state.map(|bytes| hex::print(&bytes)),
            bytes_max: self.bytes_max,
            wait_ms: self.wait_ms,
            confirms: confirms.collect(),
            replies: self.replies.clone(),
            joins: self.joins,
        };
        // Texts and numbers always serialise.
        serde_json::to_vec(&wire).unwrap_or_default()
    }

    /// Reads an ask; what it wants too much of is cut to what there is.
    ///
    /// # Errors
    ///
    /// [`AskError`].
    pub fn parse(body: &[u8]) -> Result<Self, AskError> {
        if body.len() > ASK_BYTES_MAX {
            return Err(AskError::Long);
        }
        let wire: Wire = serde_json::from_slice(body)?;
        if wire.feed != VERSION {
            return Err(AskError::Version(wire.feed));
        }
        if wire.confirms.len() > CONFIRMS_MAX {
            return Err(AskError::Member("confirms"));
        }
        let confirms = wire.confirms.into_iter().map(|answer| {
            let wrong = AskError::Member("confirms");
            let (Ok(recall), Some(how)) = (answer.recall.parse(), Complied::parse(&answer.how))
            else {
                return Err(wrong);
            };
            let note = answer.note;
            Ok(Confirmation { recall, how, note })
        });
        Ok(Self {
            collection: wire
                .collection
                .parse()
                .map_err(|_| AskError::Member("collection"))?,
            epoch: bytes(wire.epoch, "epoch")?,
            position: wire.position,
            view: bytes(wire.view, "view")?,
            state: bytes(wire.state, "state")?,
            bytes_max: wire.bytes_max.min(WANTED_BYTES_MAX),
            wait_ms: wire.wait_ms.min(WAIT_MS_MAX),
            confirms: confirms.collect::<Result<_, _>>()?,
            replies: wire.replies,
            joins: wire.joins,
        })
    }
}

fn bytes<const N: usize>(
    text: Option<String>,
    member: &'static str,
) -> Result<Option<[u8; N]>, AskError> {
    let parse = |text: String| hex::parse(&text).ok_or(AskError::Member(member));
    text.map(parse).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask() -> Ask {
        Ask {
            collection: CollectionId::from_bytes([7; 16]),
            epoch: Some([1; 16]),
            position: i64::MIN,
            view: Some([2; 32]),
            state: None,
            bytes_max: 1000,
            wait_ms: 20,
            confirms: vec![Confirmation {
                recall: portcullis_core::cell::RecallId::from_bytes([4; 16]),
                how: Complied::Kept,
                note: Some("the court asked for it".into()),
            }],
            replies: Some("{\"feed\":1}\n".into()),
            joins: true,
        }
    }

    #[test]
    fn an_ask_reads_as_it_was_written() {
        assert_eq!(Ask::parse(&ask().to_json()).unwrap(), ask());
    }

    #[test]
    fn an_ask_for_too_much_is_cut_and_one_of_another_version_refused() {
        let greedy = Ask {
            bytes_max: usize::MAX,
            wait_ms: u32::MAX,
            ..ask()
        };
        let read = Ask::parse(&greedy.to_json()).unwrap();
        assert_eq!(
            (read.bytes_max, read.wait_ms),
            (WANTED_BYTES_MAX, WAIT_MS_MAX)
        );
        let other = String::from_utf8(ask().to_json()).unwrap();
        let other = other.replace("\"feed\":1", "\"feed\":2");
        let refused = Ask::parse(other.as_bytes());
        assert!(matches!(refused, Err(AskError::Version(2))), "{refused:?}");
        let long = vec![b' '; ASK_BYTES_MAX + 1];
        assert!(matches!(Ask::parse(&long), Err(AskError::Long)));
    }
}
