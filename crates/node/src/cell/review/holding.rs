//! How what names people stands: with a person, by a person's word, or apart
//! because nobody was asked.

use crate::cell::{
    Cell, Found,
    index::{Entry, Index, Key},
    provenance::digest_of,
};
use portcullis_core::cell::{
    CollectionId, ReviewId, State,
    review::{Decided, Outcome, Review},
};
use std::collections::HashMap;

/// Why a version that is here crosses no line (law 10).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Holding {
    /// It names people, and nobody was asked: nobody across a line reads its collection, or a follow
    /// has brought more than people are asked about at once.
    Apart,
    /// A person has yet to decide.
    Waits(ReviewId),
    /// A person has decided that it stays.
    Withheld(ReviewId, Decided),
}

impl Cell {
    /// Why a version that was found crosses no line; none where it does.
    pub fn holding(&self, found: &Found) -> Option<Holding> {
        if !found.label.held {
            return None;
        }
        let state = self.state();
        let entry = self.entry_of(&found.collection, found.number);
        let asked = entry.and_then(|(entry, _)| {
            let (object, content) = (found.id.parse().ok()?, digest_of(&found.bytes));
            let version_us = entry.order().version_us;
            state.review_of(&found.collection, &object, version_us, &content)
        });
        Some(match asked {
            None => Holding::Apart,
            Some((review, held)) => match &held.decided {
                None => Holding::Waits(*review),
                Some(decided) => Holding::Withheld(*review, decided.clone()),
            },
        })
    }

    /// Whether what a review is about is here still, in the bytes that are decided on.
    pub fn is_here(&self, review: &Review) -> bool {
        let index = self.index();
        self.about(&index, review).is_some()
    }

    /// How many versions of each collection wait for a person, and how many stay by a person's word.
    pub(crate) fn reviewed_versions(&self, index: &Index) -> HashMap<CollectionId, (usize, usize)> {
        let state: &State = &self.state();
        let mut counts: HashMap<CollectionId, (usize, usize)> = HashMap::new();
        for review in state.reviews().values() {
            let outcome = review.decided.as_ref().map(|decided| decided.outcome);
            if outcome == Some(Outcome::Released) || self.about(index, review).is_none() {
                continue;
            }
            let (held, withheld) = counts.entry(review.collection).or_default();
            match outcome {
                None => *held += 1,
                Some(_) => *withheld += 1,
            }
        }
        counts
    }

    /// The version that a review is about, if it is here and held.
    fn about<'i>(&self, index: &'i Index, review: &Review) -> Option<&'i Entry> {
        let shelf = index.shelf(&review.collection)?;
        let mut versions = shelf.versions(Key::of(review.object.as_str()));
        let found = versions.find(|(_, entry)| {
            let label = index.labels.get(entry.label);
            entry.is_live()
                && entry.order().version_us == review.version_us
                && label.is_some_and(|label| label.held)
                && self.says(entry, review)
        });
        found.map(|(_, entry)| entry)
    }

    /// Whether the bytes of an entry are those that a review is about.
    fn says(&self, entry: &Entry, review: &Review) -> bool {
        let mut bytes = Vec::new();
        let read = self.journal.read(entry.place(), &mut bytes).is_ok();
        let same = |content| read && digest_of(&bytes) == content;
        review.content.is_none_or(same)
    }
}
