//! Double entry: what two sides' records say of the same cases, and where they differ.
//!
//! Each side keeps its own case (design §4). What one says it sent, the other says it received;
//! whatever is in one book alone, or otherwise, is a [`Difference`]. Nothing is judged here: a
//! false signature is for [`crate::verify()`] to find, and a difference says only that both
//! cannot be the whole truth.

mod pair;

use crate::{
    bundle::Bundle,
    statement::{self, Parsed, StatementError},
    text::sha256,
};
use jiff::SignedDuration;
use portcullis_core::{
    digest::Digest,
    id::CaseId,
    member::MemberId,
    statement::{Event, Kind},
};
use std::collections::{BTreeMap, BTreeSet};

/// How far apart two sides' times may lie before that is a difference, unless another tolerance
/// is stated: a statement is carried, and its inclusion proved, within a day.
pub const TOLERANCE: SignedDuration = SignedDuration::from_hours(24);

/// In what two books differ.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub enum What {
    /// One side has no such case.
    CaseMissing,
    /// Its author has it, the other side does not: sent and not received.
    NotReceived,
    /// The other side has it, its author does not: received and never issued.
    NeverIssued,
    /// A third party's statement, which one side lacks.
    Lacking,
    /// Under one number the two hold different statements.
    OtherStatement,
    /// Under one number the two hold statements about other items or targets.
    OtherItems,
    /// Under one number the two hold statements of other times, beyond the tolerance.
    OtherTime,
    /// The same words under another signature.
    OtherSignature,
    /// A statement names another order than the other side drafted.
    OtherOrder,
    /// What was sent and what came are further apart than the tolerance, or the wrong way round.
    TimeApart,
    /// One sealed other bytes than the other collected.
    OtherPackage,
    /// Released, and not collected within the tolerance.
    NotCollected,
    /// Collected, and never released or sealed.
    NeverReleased,
}

impl What {
    /// Its stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CaseMissing => "case.missing",
            Self::NotReceived => "statement.not_received",
            Self::NeverIssued => "statement.never_issued",
            Self::Lacking => "statement.lacking",
            Self::OtherStatement => "statement.differs",
            Self::OtherItems => "statement.other_items",
            Self::OtherTime => "statement.other_time",
            Self::OtherSignature => "statement.other_signature",
            Self::OtherOrder => "statement.other_order",
            Self::TimeApart => "time.apart",
            Self::OtherPackage => "package.differs",
            Self::NotCollected => "package.not_collected",
            Self::NeverReleased => "package.never_released",
        }
    }
}

/// One difference. It names no target: it may be shown to whoever may know of the case.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub struct Difference {
    /// In which case.
    pub case: CaseId,
    /// Of whose statement, if it is about one.
    pub author: Option<MemberId>,
    /// Which of the author's statements, from 0.
    pub number: Option<u32>,
    /// What kind of statement, by the side that holds it.
    pub kind: Option<&'static str>,
    /// In what.
    pub what: What,
    /// A sentence.
    pub detail: String,
}

/// What one side holds of its cases.
#[derive(Clone, Debug, Default)]
pub struct Books {
    member: Option<MemberId>,
    cases: BTreeMap<CaseId, Held>,
}

/// A case in one side's book: by author and number.
type Held = BTreeMap<(MemberId, u32), Parsed>;

impl Books {
    /// An empty book; of a member, if it is known whose it is.
    pub fn new(member: Option<MemberId>) -> Self {
        let cases = BTreeMap::new();
        Self { member, cases }
    }

    /// Whose it is, if that is known.
    pub const fn member(&self) -> Option<&MemberId> {
        self.member.as_ref()
    }

    /// How many cases it holds.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// Takes in a bundle: the statements of one case or of several.
    ///
    /// # Errors
    ///
    /// The [`StatementError`] of the first that cannot be read.
    pub fn add(&mut self, bundle: &Bundle) -> Result<(), StatementError> {
        for entry in &bundle.entries {
            let parsed = statement::parse(&entry.envelope)?;
            let header = &parsed.header;
            let place = (header.author.clone(), header.number);
            self.cases
                .entry(header.case)
                .or_default()
                .insert(place, parsed);
        }
        Ok(())
    }
}

/// Lists every difference between two books, by case, author and number.
///
/// Where a book does not say whose it is, `a` is taken for the authority's and `b` for the
/// provider's.
pub fn reconcile(a: &Books, b: &Books, tolerance: SignedDuration) -> Vec<Difference> {
    let nothing = Held::new();
    let cases: BTreeSet<&CaseId> = a.cases.keys().chain(b.cases.keys()).collect();
    let mut found = Vec::new();
    for case in cases {
        let held = |books: &Books| books.cases.get(case).cloned();
        let (of_a, of_b) = (held(a), held(b));
        let (left, right) = (
            of_a.as_ref().unwrap_or(&nothing),
            of_b.as_ref().unwrap_or(&nothing),
        );
        let Some((authority, provider)) = parties(left).or_else(|| parties(right)) else {
            let detail = "neither side holds the draft, so nobody can say whose case it is".into();
            found.push(of_case(*case, What::CaseMissing, detail));
            continue;
        };
        let sides = [
            Side {
                name: a.member.clone().unwrap_or(authority),
                held: left,
            },
            Side {
                name: b.member.clone().unwrap_or_else(|| provider.clone()),
                held: right,
            },
        ];
        Pair {
            case: *case,
            provider,
            sides: &sides,
            tolerance,
            found: &mut found,
        }
        .compare();
    }
    found.sort();
    found
}

/// Authority and provider of a case, by its draft.
fn parties(held: &Held) -> Option<(MemberId, MemberId)> {
    held.values().find_map(|said| match &said.event {
        Event::Drafted(order) => Some((order.authority.clone(), order.provider.clone())),
        _ => None,
    })
}

fn of_case(case: CaseId, what: What, detail: String) -> Difference {
    Difference {
        case,
        author: None,
        number: None,
        kind: None,
        what,
        detail,
    }
}

/// One side of a case.
struct Side<'a> {
    name: MemberId,
    held: &'a Held,
}

impl Side<'_> {
    fn first(&self, kind: Kind) -> Option<&Parsed> {
        self.held.values().find(|said| said.header.kind == kind)
    }
}

/// Two sides of a case, compared.
struct Pair<'a> {
    case: CaseId,
    provider: MemberId,
    sides: &'a [Side<'a>; 2],
    tolerance: SignedDuration,
    found: &'a mut Vec<Difference>,
}

impl Pair<'_> {
    fn compare(mut self) {
        let [left, right] = self.sides;
        for (here, there) in [(left, right), (right, left)] {
            if there.held.is_empty() {
                self.missing(here, there);
            } else {
                self.lacking(here, there);
            }
        }
        if left.held.is_empty() || right.held.is_empty() {
            return;
        }
        for (place, one) in left.held {
            if let Some(other) = right.held.get(place) {
                self.same_number(one, other);
            }
        }
        self.orders();
        self.served_and_received();
        self.packages();
    }

    fn missing(&mut self, here: &Side<'_>, there: &Side<'_>) {
        // The provider is not to know of a case before it is served.
        if there.name == self.provider && here.first(Kind::Served).is_none() {
            return;
        }
        let detail = format!(
            "`{}` holds {} statements of this case, `{}` none",
            here.name,
            here.held.len(),
            there.name
        );
        self.found
            .push(of_case(self.case, What::CaseMissing, detail));
    }

    fn lacking(&mut self, here: &Side<'_>, there: &Side<'_>) {
        for (place, said) in here.held {
            // That contents were erased is said at home alone.
            if there.held.contains_key(place) || said.header.kind == Kind::Erased {
                continue;
            }
            let (author, _) = place;
            let (what, words) = if *author == here.name {
                (What::NotReceived, "sent and not received")
            } else if *author == there.name {
                (What::NeverIssued, "received and never issued")
            } else {
                (What::Lacking, "a third party's")
            };
            let detail = format!(
                "{words}: `{}` holds {} of {}, `{}` does not",
                here.name, said.digest, said.header.time, there.name
            );
            self.tell(said, what, detail);
        }
    }

    fn same_number(&mut self, one: &Parsed, other: &Parsed) {
        if one.digest == other.digest {
            let envelopes = [one, other].map(|said| sha256(said.envelope.as_bytes()));
            if envelopes[0] != envelopes[1] {
                let detail = format!(
                    "the same words, as {} and as {}",
                    envelopes[0], envelopes[1]
                );
                self.tell(one, What::OtherSignature, detail);
            }
            return;
        }
        let mut told = false;
        if one.header.kind == other.header.kind
            && let Some(detail) = pair::other_items(&one.event, &other.event)
        {
            told = true;
            self.tell(one, What::OtherItems, detail);
        }
        let (here, there) = (one.header.time, other.header.time);
        if self.tolerance < here.duration_since(there).abs() {
            told = true;
            self.tell(one, What::OtherTime, format!("{here} and {there}"));
        }
        if !told {
            let (kind, digest) = (other.header.kind, other.digest);
            let detail = format!("{} and `{kind}` {digest}", one.digest);
            self.tell(one, What::OtherStatement, detail);
        }
    }

    /// What each side says of an order is of the order that the other drafted.
    fn orders(&mut self) {
        let [left, right] = self.sides;
        for (here, there) in [(left, right), (right, left)] {
            let Some(drafted) = there.first(Kind::Drafted).map(|said| said.digest) else {
                continue;
            };
            for said in here.held.values() {
                if let Some(named) = pair::order_of(&said.event).filter(|named| **named != drafted)
                {
                    let detail = format!("it names {named}, and the draft is {drafted}");
                    self.tell(said, What::OtherOrder, detail);
                }
            }
        }
    }

    fn served_and_received(&mut self) {
        let [left, right] = self.sides;
        for (here, there) in [(left, right), (right, left)] {
            let (Some(served), Some(received)) =
                (here.first(Kind::Served), there.first(Kind::Received))
            else {
                continue;
            };
            let own = served.header.author == here.name && received.header.author == there.name;
            let apart = received.header.time.duration_since(served.header.time);
            if own && (self.tolerance < apart || apart.is_negative()) {
                let detail = format!(
                    "served {} and received {}",
                    served.header.time, received.header.time
                );
                self.tell(received, What::TimeApart, detail);
            }
        }
    }

    fn packages(&mut self) {
        let [left, right] = self.sides;
        let newest = left.held.values().chain(right.held.values());
        let newest = newest.map(|said| said.header.time).max();
        let collected: Vec<_> = [left, right].map(pair::collected).concat();
        let sealed: Vec<_> = [left, right].map(pair::sealed).concat();
        let released: Vec<_> = [left, right].map(pair::released).concat();
        for (package, ciphertext, said) in &collected {
            let mut seals = sealed.iter().filter(|(id, ..)| id == package).peekable();
            let out = released.iter().any(|(id, _)| id == package);
            if seals.peek().is_none() || !out {
                let detail = format!("{package} was collected, and nobody released it");
                self.tell(said, What::NeverReleased, detail);
            }
            for (_, other, _) in seals.filter(|(_, other, _)| other != ciphertext) {
                let detail = format!("{package}: {other} was sealed, {ciphertext} collected");
                self.tell(said, What::OtherPackage, detail);
            }
        }
        for (package, said) in &released {
            let came = collected.iter().any(|(id, ..)| id == package);
            let waits = newest
                .is_some_and(|newest| self.tolerance < newest.duration_since(said.header.time));
            if !came && waits {
                let detail = format!("{package} was released {}", said.header.time);
                self.tell(said, What::NotCollected, detail);
            }
        }
    }

    /// Keeps a difference about a statement, once.
    fn tell(&mut self, said: &Parsed, what: What, detail: String) {
        let header = &said.header;
        let difference = Difference {
            case: self.case,
            author: Some(header.author.clone()),
            number: Some(header.number),
            kind: Some(header.kind.as_str()),
            what,
            detail,
        };
        if !self.found.contains(&difference) {
            self.found.push(difference);
        }
    }
}

/// A package as one side tells of it: its digest, and the statement.
type Told<'a> = (portcullis_core::id::PackageId, Digest, &'a Parsed);
