//! A scene: one case under a small law, told statement by statement.
//!
//! [`law`] holds the law and its calendar, [`cast`] who may speak, [`stages`] how far an
//! ordinary case has come, [`verbs`] what is said. A [`Scene`]
//! keeps the clock, the chains and the digests, so that a test says who does
//! what and when, and nothing else.

mod cast;
mod law;
mod stages;
mod verbs;

pub(crate) use cast::Who;

use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    case::{Basis, Case, Refusal, TimerKind, decide, due, timers},
    category::Category,
    digest::Digest,
    id::{CaseId, PackageId},
    law::{Law, Rule},
    member::MemberId,
    order::{Item, Order, Secrecy, Span},
    realm::Realm,
    selector::{Selector, SelectorKind},
    statement::{Event, Header, Kind, Officer, Statement},
};
use std::collections::{BTreeMap, BTreeSet};

/// When every scene begins: a Monday.
pub(crate) const MONDAY: &str = "2026-11-02T09:00:00Z";
/// The authority's delivery key in the register.
pub(crate) const DELIVERY_KEY: &str = "age1authority";

/// An instant from its text.
pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// A member by its name.
pub(crate) fn member(name: &str) -> MemberId {
    name.parse().expect("a member's name")
}

/// A closed span from its two ends.
pub(crate) fn span(from: &str, to: &str) -> Span {
    Span::new(at(from), at(to)).expect("a span")
}

/// A package by number.
pub(crate) fn package(number: u8) -> PackageId {
    PackageId::new(&Realm::live(), [number; 12])
}

/// The digest of a package's ciphertext.
pub(crate) fn ciphertext(number: u8) -> Digest {
    Digest([0xc0 | number; 32])
}

/// The month before every scene begins.
pub(crate) fn october() -> Span {
    span("2026-10-01T00:00:00Z", "2026-10-31T00:00:00Z")
}

/// Something asked for about a target, over October.
pub(crate) fn item(target: u16, category: Category) -> Item {
    Item {
        target,
        category,
        span: october(),
    }
}

/// An account by its number.
pub(crate) fn account(number: u32) -> Selector {
    selector(SelectorKind::Account, &format!("u/{number}"))
}

/// A selector that parses.
pub(crate) fn selector(kind: SelectorKind, value: &str) -> Selector {
    Selector::new(kind, value, None, None).expect("a selector")
}

/// `said`, or the refusal's code.
#[track_caller]
pub(crate) fn check(result: Result<(), Refusal>, expected: &str) {
    let (found, why) = match result {
        Ok(()) => ("said", String::new()),
        Err(refusal) => (refusal.code(), refusal.to_string()),
    };
    assert_eq!(found, expected, "{why}");
}

/// One case, its law, and the clock.
#[derive(Clone)]
pub(crate) struct Scene {
    /// The law, open to a test's changes.
    pub(crate) law: Law,
    /// Which of its rules the case follows.
    pub(crate) rule: usize,
    /// The order that [`Self::draft`] says.
    pub(crate) order: Order,
    /// The case, once it is drafted.
    pub(crate) case: Option<Case>,
    /// The clock.
    pub(crate) now: Timestamp,
    /// What was said last.
    pub(crate) last: Option<Statement>,
    said: u32,
}

impl Scene {
    /// A double lock with an urgent path.
    pub(crate) fn warrant() -> Self {
        let mut scene = Self::of(law::WARRANT);
        let asked = [
            Category::StoredContent,
            Category::SecondaryData,
            Category::InterceptedContent,
        ];
        scene.order.items = (1..).zip(asked.map(|category| item(1, category))).collect();
        scene.order.secrecy = Secrecy::NoEndInLaw;
        scene
    }

    /// The same, on the urgent path.
    pub(crate) fn urgent_warrant() -> Self {
        Self::warrant().with(|order| order.urgency = Some("a life is in danger".into()))
    }

    /// A judge's order for stored data: five items about two targets.
    pub(crate) fn disclosure() -> Self {
        let mut scene = Self::of(law::DISCLOSURE);
        scene.order.targets.insert(2, account(2));
        let asked = [
            (1, Category::BasicSubscriber),
            (1, Category::Traffic),
            (1, Category::StoredContent),
            (1, Category::Location),
            (2, Category::Traffic),
        ];
        scene.order.items = (1..)
            .zip(asked.map(|(target, category)| item(target, category)))
            .collect();
        scene.order.secrecy = Secrecy::Until(at("2027-05-01T00:00:00Z"));
        scene
    }

    /// The same, on the urgent path.
    pub(crate) fn urgent_disclosure() -> Self {
        Self::disclosure().with(|order| order.urgency = Some("a life is in danger".into()))
    }

    /// A request to preserve, which nobody approves.
    pub(crate) fn preservation() -> Self {
        let mut scene = Self::of(law::PRESERVATION);
        scene.order.items = BTreeMap::from([(1, item(1, Category::StoredContent))]);
        scene
    }

    fn of(rule: usize) -> Self {
        let law = law::law();
        let order = Order {
            law: law.id.clone(),
            rule: law.rules[rule].id.clone(),
            authority: member("police"),
            provider: member("messenger"),
            approvers: cast::approvers(),
            targets: BTreeMap::from([(1, account(1))]),
            items: BTreeMap::new(),
            grounds: BTreeSet::from(["crime".into()]),
            offence: Some("Act s. 1".into()),
            urgency: None,
            protected: BTreeSet::new(),
            stated: BTreeSet::new(),
            delivery_key: DELIVERY_KEY.into(),
            secrecy: Secrecy::None,
            application: Digest([0xaa; 32]),
        };
        Self {
            law,
            rule,
            order,
            case: None,
            now: at(MONDAY),
            last: None,
            said: 0,
        }
    }

    /// Changes the order before it is drafted.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Order)) -> Self {
        change(&mut self.order);
        self
    }

    /// Changes the rule before the case begins.
    pub(crate) fn under(mut self, change: impl FnOnce(&mut Rule)) -> Self {
        change(&mut self.law.rules[self.rule]);
        self
    }

    /// Sets the clock.
    pub(crate) fn at(&mut self, text: &str) -> &mut Self {
        self.now = at(text);
        self
    }

    /// Lets time pass.
    pub(crate) fn hours(&mut self, hours: i64) -> &mut Self {
        self.now += SignedDuration::from_hours(hours);
        self
    }

    /// The law and rule.
    pub(crate) fn basis(&self) -> Basis<'_> {
        Basis {
            law: &self.law,
            rule: &self.law.rules[self.rule],
        }
    }

    /// The case, which was drafted.
    pub(crate) fn case(&self) -> &Case {
        self.case.as_ref().expect("a drafted case")
    }

    /// The header of a member's next statement.
    pub(crate) fn header(&self, author: &MemberId, kind: Kind) -> Header {
        let chain = self.case.as_ref().and_then(|case| case.chains.get(author));
        let to_authority = *author == self.order.provider;
        Header {
            kind,
            realm: Realm::live(),
            case: CaseId::new(&Realm::live(), [7; 12]),
            author: author.clone(),
            addressee: if to_authority {
                self.order.authority.clone()
            } else {
                self.order.provider.clone()
            },
            number: chain.map_or(0, |chain| chain.next),
            previous: chain.map(|chain| chain.last),
            time: self.now,
            law: self.law.digest,
        }
    }

    /// Somebody says something; it joins the case if it may.
    pub(crate) fn say(&mut self, who: Who, event: Event) -> Result<(), Refusal> {
        self.say_as(&who.officer(), event)
    }

    /// An officer made by hand says something.
    pub(crate) fn say_as(&mut self, by: &Officer, event: Event) -> Result<(), Refusal> {
        let header = self.header(&by.member, event.kind());
        self.say_under(header, by, event)
    }

    /// A header made by hand begins it.
    pub(crate) fn say_under(
        &mut self,
        header: Header,
        by: &Officer,
        event: Event,
    ) -> Result<(), Refusal> {
        let basis = Basis {
            law: &self.law,
            rule: &self.law.rules[self.rule],
        };
        decide(self.case.as_ref(), basis, &header, by, &event, self.now)?;
        self.said += 1;
        let [a, b, c, d] = self.said.to_be_bytes();
        let mut digest = [0x5a; 32];
        digest[..4].copy_from_slice(&[a, b, c, d]);
        let statement = Statement {
            header,
            event,
            by: by.clone(),
            digest: Digest(digest),
        };
        match &mut self.case {
            Some(case) => case.apply(basis, &statement),
            None => self.case = Case::open(basis, &statement),
        }
        self.last = Some(statement);
        Ok(())
    }

    /// What the clock makes `who`'s node say now, each of which it may say; by kind.
    #[track_caller]
    pub(crate) fn tick(&mut self, who: Who) -> Vec<Kind> {
        let by = who.officer();
        let events = due(self.case(), self.basis(), &by.member, self.now).expect("a calendar");
        let mut kinds = Vec::new();
        for event in events {
            kinds.push(event.kind());
            self.say_as(&by, event).expect("what is due may be said");
        }
        kinds
    }

    /// When a clock of the case rings and which clause it follows.
    pub(crate) fn timer(&self, kind: TimerKind, what: &str) -> Option<(String, String)> {
        timers(self.case(), self.basis())
            .expect("a calendar")
            .into_iter()
            .find(|timer| timer.kind == kind && timer.what == what)
            .map(|timer| (timer.at.to_string(), timer.clause.text))
    }
}
