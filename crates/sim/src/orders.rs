//! Orders of every kind that the built-in laws know.

use crate::{
    cast::{Place, delivery_key},
    dice::Dice,
};
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    category::Category,
    office::Office,
    order::{Item, Order, Secrecy, Span},
    selector::{Selector, SelectorKind},
};
use portcullis_verdict::text::sha256;
use std::collections::{BTreeMap, BTreeSet};

/// The salted application that goes with every draft.
pub const APPLICATION: &[u8] = b"salt, and why this is necessary and proportionate";

/// What is asked for, under which rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OrderKind {
    /// UK: targeted interception, double lock.
    UkIntercept,
    /// UK: the same on the urgent path.
    UkInterceptUrgent,
    /// UK: communications data, by the Investigatory Powers Commissioner.
    UkCommissioner,
    /// UK: communications data, by a designated senior officer.
    UkOfficer,
    /// US: a subpoena for basic subscriber data.
    UsSubpoena,
    /// US: a court order for records.
    UsRecords,
    /// US: a search warrant for content.
    UsWarrant,
    /// US: a preservation request.
    UsPreserve,
}

use OrderKind::{
    UkCommissioner, UkIntercept, UkInterceptUrgent, UkOfficer, UsPreserve, UsRecords, UsSubpoena,
    UsWarrant,
};

impl OrderKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        UkIntercept,
        UkInterceptUrgent,
        UkCommissioner,
        UkOfficer,
        UsSubpoena,
        UsRecords,
        UsWarrant,
        UsPreserve,
    ];

    /// Who applies for it here.
    pub const fn applicant(self) -> Place {
        match self {
            UkIntercept | UkInterceptUrgent | UkCommissioner | UkOfficer => Place::Police,
            UsSubpoena | UsRecords | UsWarrant | UsPreserve => Place::County,
        }
    }

    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            UkIntercept | UkInterceptUrgent => {
                ("uk-ipa-2016", "targeted-interception", "serious_crime")
            }
            UkCommissioner => ("uk-ipa-2016", "communications-data-60a", "serious_crime"),
            UkOfficer => ("uk-ipa-2016", "communications-data-61", "serious_crime"),
            UsSubpoena => ("us-sca", "subpoena-2703c2", "relevance"),
            UsRecords => ("us-sca", "order-2703d", "articulable_facts"),
            UsWarrant => ("us-sca", "warrant-2703a", "probable_cause"),
            UsPreserve => ("us-sca", "preservation-2703f", "pending_process"),
        }
    }

    fn approvers(self) -> &'static [(Office, Place)] {
        match self {
            UkIntercept | UkInterceptUrgent => &[
                (Office::SecretaryOfState, Place::Minister),
                (Office::JudicialCommissioner, Place::Court),
            ],
            UkCommissioner => &[(Office::InvestigatoryPowersCommissioner, Place::Court)],
            UkOfficer => &[(Office::DesignatedSeniorOfficer, Place::Police)],
            UsRecords | UsWarrant => &[(Office::MagistrateJudge, Place::Court)],
            UsSubpoena | UsPreserve => &[],
        }
    }

    fn categories(self) -> &'static [Category] {
        match self {
            // Stored content is disclosed; what is tapped never passes here.
            UkIntercept => &[Category::StoredContent, Category::InterceptedContent],
            UkInterceptUrgent => &[Category::StoredContent, Category::SecondaryData],
            UkCommissioner | UkOfficer => &[Category::EntityData, Category::EventsData],
            UsSubpoena => &[Category::BasicSubscriber],
            UsRecords => &[Category::BasicSubscriber, Category::Records],
            UsWarrant | UsPreserve => &[Category::Records, Category::StoredContent],
        }
    }

    /// A complete order of this kind to `provider`, drafted at `now`.
    ///
    /// # Panics
    ///
    /// Never: the selectors and spans below are good.
    pub fn order(self, provider: Place, now: Timestamp, dice: &mut Dice) -> Order {
        let (law, rule, ground) = self.words();
        let mut targets = BTreeMap::new();
        for target in 1..=u16::from(dice.chance(30)) + 1 {
            let value = format!("u/{:08}", dice.below(100_000_000));
            let selector = Selector::new(SelectorKind::Account, &value, None, None);
            targets.insert(target, selector.expect("an account by number"));
        }
        let ago = |hours| {
            now.saturating_sub(SignedDuration::from_hours(hours))
                .unwrap_or(now)
        };
        let mut items = BTreeMap::new();
        for target in targets.keys() {
            for category in self.categories() {
                let span = Span::new(ago(24 * 30), ago(24)).expect("it begins before it ends");
                let number = u16::try_from(items.len()).unwrap_or(0) + 1;
                items.insert(
                    number,
                    Item {
                        target: *target,
                        category: *category,
                        span,
                    },
                );
            }
        }
        let secrecy = match self {
            UkIntercept | UkInterceptUrgent | UkCommissioner | UkOfficer => Secrecy::NoEndInLaw,
            UsWarrant => Secrecy::Until(
                now.saturating_add(SignedDuration::from_hours(24 * 90))
                    .unwrap_or(now),
            ),
            UsSubpoena | UsRecords | UsPreserve => Secrecy::None,
        };
        Order {
            law: law.to_owned(),
            rule: rule.to_owned(),
            authority: self.applicant().member(),
            provider: provider.member(),
            approvers: self
                .approvers()
                .iter()
                .map(|(office, place)| (*office, place.member()))
                .collect(),
            targets,
            items,
            grounds: BTreeSet::from([ground.to_owned()]),
            offence: None,
            urgency: (self == UkInterceptUrgent).then(|| "a life is in danger".to_owned()),
            protected: BTreeSet::new(),
            stated: BTreeSet::new(),
            delivery_key: delivery_key(self.applicant()),
            secrecy,
            application: sha256(APPLICATION),
        }
    }
}
