//! What comes back to who published: sightings, opinions and notes on an object.

use super::note::hear;
use crate::cell::{Cell, CellError, Found, Search, served::How, who::speaks_for_itself};
use portcullis_core::{
    cell::{Caller, CollectionId},
    member::MemberId,
};

/// The types of objects that say something of others'.
const REPLIES: [&str; 3] = ["sighting", "opinion", "note"];
/// The most replies that are looked at in one call.
const REPLIES_MAX: usize = 10_000;

/// An object that says something of another one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReplyTo {
    /// The object that it is about.
    pub object: String,
    /// In which collection it is.
    pub collection: CollectionId,
    /// Its id.
    pub id: String,
    /// Its type: `sighting`, `opinion`, `note`.
    pub kind: String,
    /// Who published it.
    pub publisher: MemberId,
    /// When it was added here, in microseconds since 1970.
    pub added_us: i64,
    /// How often a sighting saw it; none where it does not say.
    pub count: Option<u64>,
    /// The word of an opinion: `strongly-disagree` … `strongly-agree`.
    pub opinion: Option<String>,
    /// A note's text; of an opinion, why.
    pub content: Option<String>,
    /// Whether it says that the object is wrong: a sighting that saw nothing, or an opinion that
    /// disagrees (STIX 2.1 §4.14, §10.4).
    pub false_positive: bool,
}

impl Cell {
    /// What others say of an object, as far as the caller may see it; the last first. It is noted
    /// as served before it is answered, but for what this node's own people look at here.
    ///
    /// # Errors
    ///
    /// [`CellError::NotReady`], [`CellError::Journal`]; [`CellError::NotNoted`] when nothing can be
    /// recorded: then nothing is shown.
    pub fn replies_to(&self, caller: &Caller, object: &str) -> Result<Vec<ReplyTo>, CellError> {
        let search = Search {
            text: Some(object.to_owned()),
            kinds: REPLIES.map(str::to_owned).to_vec(),
            limit: REPLIES_MAX,
            ..Search::default()
        };
        let found = self.search(caller, &search)?;
        let about = |found: &Found| {
            let said = replies(found).unwrap_or_default();
            let said = said.into_iter();
            said.filter(|reply| reply.object == object)
                .collect::<Vec<_>>()
        };
        let told = found.iter().map(|found| (found, about(found)));
        self.told(caller, told.filter(|(_, said)| !said.is_empty()))
    }

    /// What others have said since of objects that the caller's member published, by its name or under
    /// its pseudonyms, the last first: for whoever wants to be told. Noted as [`Self::replies_to`] is.
    ///
    /// # Errors
    ///
    /// As [`Self::replies_to`]; [`CellError::Refused`] for a member's client.
    pub fn notices(
        &self,
        caller: &Caller,
        since_us: Option<i64>,
    ) -> Result<Vec<ReplyTo>, CellError> {
        speaks_for_itself(caller)?;
        let search = Search {
            kinds: REPLIES.map(str::to_owned).to_vec(),
            since_us,
            limit: REPLIES_MAX,
            ..Search::default()
        };
        let found = self.search(caller, &search)?;
        let others = found
            .iter()
            .filter(|found| !self.is_publisher(caller, found));
        let mut notices = Vec::new();
        for found in others {
            let mut said = Vec::new();
            for reply in replies(found).into_iter().flatten() {
                let about = self.versions(caller, &reply.object)?;
                if about.iter().any(|about| self.is_publisher(caller, about)) {
                    said.push(reply);
                }
            }
            if !said.is_empty() {
                notices.push((found, said));
            }
        }
        self.told(caller, notices)
    }

    /// What objects say, noted as served.
    ///
    /// `INVARIANT:` what is said in an object leaves by no door without a mark, as the object does not.
    fn told<'a>(
        &self,
        caller: &Caller,
        told: impl IntoIterator<Item = (&'a Found, Vec<ReplyTo>)>,
    ) -> Result<Vec<ReplyTo>, CellError> {
        let (found, said): (Vec<_>, Vec<_>) = told.into_iter().unzip();
        // This node's own people look at their own disk; an account of theirs comes by a door.
        if !caller.operator || caller.account.is_some() {
            self.note_found(caller, How::Lookup, found)?;
        }
        Ok(said.into_iter().flatten().collect())
    }
}

/// What an object says of each object that it refers to.
fn replies(found: &Found) -> Option<Vec<ReplyTo>> {
    let heard = hear(&found.bytes)?;
    let kind = found.id.split_once("--").map_or("", |(kind, _)| kind);
    let wrong = heard
        .opinion
        .as_deref()
        .is_some_and(|word| word.ends_with("disagree"))
        || (kind == "sighting" && heard.count == Some(0));
    let reply = |object: &String| ReplyTo {
        object: object.clone(),
        collection: found.collection,
        id: found.id.clone(),
        kind: kind.to_owned(),
        publisher: found.label.publisher.clone(),
        added_us: found.added_us,
        count: heard.count,
        opinion: heard.opinion.clone(),
        content: (kind == "note" || (kind == "opinion" && !heard.content.is_empty()))
            .then(|| heard.content.clone()),
        false_positive: wrong,
    };
    Some(heard.refs.iter().map(reply).collect())
}
