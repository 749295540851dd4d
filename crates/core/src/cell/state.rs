//! Everything small that a cell knows, folded from its events.

mod shared;

use super::{
    account::Account,
    collection::Collection,
    follow::Follow,
    group::Group,
    ids::{CollectionId, FollowId, GroupId, ObjectId, QuestionId, RecallId, ReviewId},
    mark::Marks,
    pseudonym::Pseudonym,
    question::Question,
    recall::Recall,
    review::{Outcome, Review},
    warning::Overrides,
    wrapper::Wrapper,
};
use crate::{
    digest::Digest,
    member::MemberId,
    realm::{Realm, RealmTag},
};
use shared::Shared;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a review is of: in a collection an object's version, in its bytes by their SHA-256.
type Reviewed = (CollectionId, ObjectId, i64, Option<Digest>);

/// A cell at one node. Cheap to read, cloned when it changes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct State {
    pub(super) me: MemberId,
    pub(super) realm: RealmTag,
    pub(super) generation: u64,
    /// The generation in which a group or a collection changed last.
    pub(super) audience: u64,
    pub(super) groups: Shared<BTreeMap<GroupId, Group>>,
    pub(super) collections: Shared<BTreeMap<CollectionId, Collection>>,
    pub(super) aliases: Shared<BTreeMap<String, CollectionId>>,
    pub(super) accounts: Shared<BTreeMap<String, Account>>,
    /// Which account a token's digest belongs to, ended ones too: no token is given twice.
    pub(super) tokens: Shared<HashMap<[u8; 32], String>>,
    pub(super) identities: Shared<BTreeMap<ObjectId, MemberId>>,
    pub(super) marks: Shared<BTreeMap<ObjectId, BTreeMap<MemberId, Marks>>>,
    pub(super) warnings: Shared<Overrides>,
    pub(super) wrappers: Shared<BTreeMap<String, Wrapper>>,
    pub(super) reviews: Shared<BTreeMap<ReviewId, Review>>,
    /// The review of each version of an object in a collection, in each of the bytes it had.
    pub(super) reviews_of: Shared<BTreeMap<Reviewed, ReviewId>>,
    /// The reviews in which nobody has decided.
    pub(super) waiting: Shared<BTreeSet<ReviewId>>,
    pub(super) recalls: Shared<BTreeMap<RecallId, Recall>>,
    pub(super) recalls_of: Shared<BTreeMap<ObjectId, BTreeSet<RecallId>>>,
    pub(super) questions: Shared<BTreeMap<QuestionId, Question>>,
    pub(super) pseudonyms: Shared<BTreeMap<ObjectId, Pseudonym>>,
    pub(super) follows: Shared<BTreeMap<FollowId, Follow>>,
}

/// What publishers said beside their objects, as it was in one generation of a [`State`].
#[derive(Clone, Debug)]
pub struct Beside(Shared<BTreeMap<ObjectId, BTreeMap<MemberId, Marks>>>);

impl Beside {
    /// What `publisher` said beside its object, if anything.
    pub fn marks(&self, object: &str, publisher: &MemberId) -> Option<&Marks> {
        self.0.get(object)?.get(publisher)
    }
}

impl State {
    /// The cell of a node of which nothing is known yet.
    pub fn new(me: MemberId, realm: &Realm) -> Self {
        Self {
            me,
            realm: realm.tag(),
            generation: 0,
            audience: 0,
            groups: Shared::default(),
            collections: Shared::default(),
            aliases: Shared::default(),
            accounts: Shared::default(),
            tokens: Shared::default(),
            identities: Shared::default(),
            marks: Shared::default(),
            warnings: Shared::default(),
            wrappers: Shared::default(),
            reviews: Shared::default(),
            reviews_of: Shared::default(),
            waiting: Shared::default(),
            recalls: Shared::default(),
            recalls_of: Shared::default(),
            questions: Shared::default(),
            pseudonyms: Shared::default(),
            follows: Shared::default(),
        }
    }

    /// Whose node it is.
    pub const fn me(&self) -> &MemberId {
        &self.me
    }

    /// In which realm.
    pub const fn realm(&self) -> RealmTag {
        self.realm
    }

    /// How many events it was folded from: what was computed from one generation
    /// holds while this stays the same (and as long as a [`super::Clearance`] says).
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// The generation in which a group or a collection changed last, and with it perhaps who is
    /// in some audience.
    pub const fn audience(&self) -> u64 {
        self.audience
    }

    /// Every group, dissolved ones too.
    pub fn groups(&self) -> &BTreeMap<GroupId, Group> {
        &self.groups
    }

    /// Every collection, closed ones too.
    pub fn collections(&self) -> &BTreeMap<CollectionId, Collection> {
        &self.collections
    }

    /// A collection that is not closed.
    pub fn collection(&self, id: &CollectionId) -> Option<&Collection> {
        self.collections.get(id).filter(|held| !held.closed)
    }

    /// The open collection of this alias, or of this id.
    pub fn collection_named(&self, name: &str) -> Option<CollectionId> {
        let by_id = || name.parse().ok().filter(|id| self.collection(id).is_some());
        self.aliases.get(name).copied().or_else(by_id)
    }

    /// Every account by its name, ended ones too.
    pub fn accounts(&self) -> &BTreeMap<String, Account> {
        &self.accounts
    }

    /// The account whose token has this SHA-256 digest, with its name.
    pub fn account_of_token(&self, digest: &[u8; 32]) -> Option<(&str, &Account)> {
        let name = self.tokens.get(digest)?;
        let account = self.accounts.get(name)?;
        // A token that was replaced stays in the map, so that nobody is given it again.
        (account.secret == super::account::Secret::Token(*digest)).then_some((name, account))
    }

    /// Which member an `identity--…` speaks for, where somebody has bound it.
    pub fn member_of_identity(&self, identity: &str) -> Option<&MemberId> {
        self.identities.get(identity)
    }

    /// The identities that are bound, each to its member.
    pub fn identities(&self) -> &BTreeMap<ObjectId, MemberId> {
        &self.identities
    }

    /// What `publisher` said beside its object, if anything.
    pub fn marks(&self, object: &str, publisher: &MemberId) -> Option<&Marks> {
        self.marks.get(object)?.get(publisher)
    }

    /// All that was said beside objects, as it is now: whoever keeps it keeps nothing else of this
    /// state in memory.
    pub fn beside(&self) -> Beside {
        Beside(self.marks.clone())
    }

    /// Whether anything was said beside this object, by any of its publishers.
    pub fn is_marked(&self, object: &str) -> bool {
        self.marks.contains_key(object)
    }

    /// Every object beside which something was said.
    pub fn marked(&self) -> impl Iterator<Item = &ObjectId> {
        self.marks.keys()
    }

    /// The legal wrappers by name.
    pub fn wrappers(&self) -> &BTreeMap<String, Wrapper> {
        &self.wrappers
    }

    /// Every review, decided ones too.
    pub fn reviews(&self) -> &BTreeMap<ReviewId, Review> {
        &self.reviews
    }

    /// In how many reviews somebody has decided.
    pub fn reviews_decided(&self) -> usize {
        self.reviews.len().saturating_sub(self.waiting.len())
    }

    /// The reviews in which nobody has decided, oldest id first.
    pub fn reviews_waiting(&self) -> impl Iterator<Item = (&ReviewId, &Review)> {
        self.waiting
            .iter()
            .filter_map(|id| self.reviews.get_key_value(id))
    }

    /// The review of a version of an object in a collection in these bytes, by their SHA-256.
    pub fn review_of(
        &self,
        collection: &CollectionId,
        object: &ObjectId,
        version_us: i64,
        content: &Digest,
    ) -> Option<(&ReviewId, &Review)> {
        let key = (*collection, object.clone(), version_us, Some(*content));
        self.reviews.get_key_value(self.reviews_of.get(&key)?)
    }

    /// Whether a person has released this version of an object in a collection in these bytes: then
    /// what was found in them holds it no longer.
    pub fn released(
        &self,
        collection: &CollectionId,
        object: &ObjectId,
        version_us: i64,
        content: &Digest,
    ) -> bool {
        let review = self.review_of(collection, object, version_us, content);
        let decided = review.and_then(|(_, review)| review.decided.as_ref());
        decided.is_some_and(|decided| decided.outcome == Outcome::Released)
    }

    /// Every recall.
    pub fn recalls(&self) -> &BTreeMap<RecallId, Recall> {
        &self.recalls
    }

    /// The recalls of an object.
    pub fn recalls_of(&self, object: &str) -> impl Iterator<Item = (&RecallId, &Recall)> {
        self.recalls_of
            .get(object)
            .into_iter()
            .flatten()
            .filter_map(|id| self.recalls.get_key_value(id))
    }

    /// Every question, closed ones too.
    pub fn questions(&self) -> &BTreeMap<QuestionId, Question> {
        &self.questions
    }

    /// The pseudonyms by their identity.
    pub fn pseudonyms(&self) -> &BTreeMap<ObjectId, Pseudonym> {
        &self.pseudonyms
    }

    /// Every follow, ended ones too.
    pub fn follows(&self) -> &BTreeMap<FollowId, Follow> {
        &self.follows
    }
}
