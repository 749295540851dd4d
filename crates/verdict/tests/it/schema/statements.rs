//! Every kind of statement under a rule, and what each counts.
//!
//! The statements are put into a case without asking whether they may be said: what is looked at
//! is how they are counted.

use portcullis_core::{
    case::{Basis, Case},
    digest::Digest,
    docket::{Docket, dockets_of},
    id::{CaseId, PackageId},
    law::{Law, Party, Rule, SecrecyRule},
    member::MemberId,
    office::Office,
    order::{Item, Order, Secrecy, Span},
    realm::Realm,
    selector::{Selector, SelectorKind},
    statement::{
        Approval, Event, Header, Inspection, Kind, Look, Modification, Officer, Recorded, Refused,
        Seal, Standing, Statement, Withdrawal,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Whether a party of a case may say a statement of a kind, under some law.
pub(super) fn says(party: Party, kind: Kind) -> bool {
    use Party::{Approver, Authority, Overseer, Provider};
    let parties: &[Party] = match kind {
        Kind::Drafted
        | Kind::ClarificationAnswered
        | Kind::Collected
        | Kind::DestructionConfirmed => &[Authority],
        Kind::Approved | Kind::Refused => &[Authority, Approver],
        Kind::Issued | Kind::Served | Kind::Modified | Kind::Renewed | Kind::Withdrawn => {
            &[Authority, Approver]
        }
        Kind::Received
        | Kind::Preserved
        | Kind::ClarificationAsked
        | Kind::Freed
        | Kind::Accepted
        | Kind::Narrowed
        | Kind::Challenged
        | Kind::Declined
        | Kind::Sealed
        | Kind::Released => &[Provider],
        Kind::Lapsed | Kind::Expired => &[Authority, Provider],
        Kind::DestructionInstructed => &[Approver, Provider],
        Kind::InformationDue | Kind::InformationDelayed | Kind::InformationGiven => {
            &[Authority, Provider]
        }
        Kind::Inspected | Kind::Unsealed | Kind::Erased => {
            &[Authority, Approver, Provider, Overseer]
        }
    };
    parties.contains(&party)
}

/// What every statement counts under a rule, on the ordinary path and on the urgent one.
pub(super) fn dockets(law: &Law, rule: &Rule) -> Vec<Docket> {
    let paths = [None, rule.urgent.as_ref().map(|_| "a life".to_owned())];
    let mut dockets = Vec::new();
    for urgency in paths {
        for secret in [false, true] {
            dockets.extend(told(law, rule, urgency.clone(), secret));
        }
    }
    dockets
}

fn told(law: &Law, rule: &Rule, urgency: Option<String>, secret: bool) -> Vec<Docket> {
    let basis = Basis { law, rule };
    let mut case: Option<Case> = None;
    let mut dockets = Vec::new();
    let mut events = events(order(law, rule, urgency, secret));
    // Which of the two ways to answer comes first.
    let answers = events
        .iter()
        .position(|event| event.kind() == Kind::Narrowed);
    if let (Some(at), true) = (answers, secret) {
        events.swap(at, at + 1);
    }
    for (number, event) in (0_u8..).zip(events) {
        let statement = statement(law, number, event);
        match &mut case {
            Some(case) => case.apply(basis, &statement),
            None => case = Case::open(basis, &statement),
        }
        let found = dockets_of(&statement, case.as_ref().unwrap(), basis);
        assert!(
            !found.is_empty(),
            "{} counts nothing",
            statement.header.kind
        );
        dockets.extend(found);
    }
    dockets
}

fn member(name: &str) -> MemberId {
    name.parse().unwrap()
}

fn span() -> Span {
    let at = |text: &str| text.parse().unwrap();
    Span::new(at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z")).unwrap()
}

fn selector(kind: SelectorKind) -> Selector {
    let value = match kind {
        SelectorKind::Number => "+441632960123",
        SelectorKind::Email => "someone@mail.example",
        SelectorKind::IpAddress => "192.0.2.7",
        SelectorKind::Account
        | SelectorKind::Device
        | SelectorKind::Person
        | SelectorKind::Premises => "one",
    };
    Selector::new(kind, value, None, None).unwrap()
}

fn order(law: &Law, rule: &Rule, urgency: Option<String>, secret: bool) -> Order {
    let item = |category| Item {
        target: 1,
        category,
        span: span(),
    };
    Order {
        law: law.id.clone(),
        rule: rule.id.clone(),
        authority: member("police.example"),
        provider: member("mail.example"),
        approvers: BTreeMap::from([(Office::Judge, member("court.example"))]),
        targets: (1..)
            .zip(rule.selectors.iter().map(|kind| selector(*kind)))
            .collect(),
        items: (1..)
            .zip(rule.categories.iter().map(|category| item(*category)))
            .collect(),
        grounds: BTreeSet::new(),
        offence: None,
        urgency,
        protected: BTreeSet::new(),
        stated: BTreeSet::new(),
        delivery_key: "age1".into(),
        secrecy: match rule.secrecy {
            SecrecyRule::NoEndInLaw { .. } => Secrecy::NoEndInLaw,
            SecrecyRule::Ordered { .. } if secret => Secrecy::Until(span().to()),
            SecrecyRule::Ordered { .. } | SecrecyRule::None => Secrecy::None,
        },
        application: Digest([1; 32]),
    }
}

fn statement(law: &Law, number: u8, event: Event) -> Statement {
    let (author, addressee) = (member("police.example"), member("mail.example"));
    Statement {
        header: Header {
            kind: event.kind(),
            realm: Realm::live(),
            case: CaseId::new(&Realm::live(), [7; 12]),
            author: author.clone(),
            addressee,
            number: u32::from(number),
            previous: None,
            time: format!("2026-03-{:02}T09:00:00Z", 1 + number % 28)
                .parse()
                .unwrap(),
            law: law.digest,
        },
        event,
        by: Officer {
            member: author,
            key: Digest([2; 32]),
            offices: BTreeSet::new(),
            standing: Standing::default(),
        },
        digest: Digest([number; 32]),
    }
}

/// One of each kind, or two where two things can be said by it.
#[expect(
    clippy::too_many_lines,
    reason = "one entry a statement: it reads as a list"
)]
fn events(order: Order) -> Vec<Event> {
    let subject = Digest([0; 32]);
    let package = PackageId::new(&Realm::live(), [9; 12]);
    let item = order.items[&1].clone();
    let items: BTreeSet<u16> = order.items.keys().copied().collect();
    let reason = String::from("not_necessary");
    let until = span().to();
    let approval = |subject| {
        let office = Office::Judge;
        Event::Approved(Approval {
            subject,
            office,
            signed_for: None,
        })
    };
    let refusal = |subject| {
        Event::Refused(Refused {
            subject,
            office: Office::Judge,
            reason: "not_necessary".into(),
            note: None,
            destroy: true,
        })
    };
    vec![
        Event::Drafted(Box::new(order)),
        approval(subject),
        Event::Issued {
            order: subject,
            urgent: false,
        },
        Event::Served { order: subject },
        Event::Modified(Modification::AddItem {
            item: 200,
            what: item,
        }),
        refusal(Digest([4; 32])),
        Event::Modified(Modification::AddTarget {
            target: 200,
            selector: selector(SelectorKind::Account),
        }),
        Event::Renewed { order: subject },
        approval(Digest([7; 32])),
        refusal(Digest([7; 32])),
        Event::Received {
            order: subject,
            verdict: "GENUINE".into(),
        },
        Event::Preserved { until: None },
        Event::ClarificationAsked {
            items: BTreeSet::new(),
            question: "?".into(),
        },
        Event::ClarificationAnswered { answer: "!".into() },
        Event::Freed,
        Event::Narrowed {
            items: BTreeMap::from([(1, span())]),
            reason: reason.clone(),
        },
        Event::Accepted {
            items: items.clone(),
        },
        Event::Challenged {
            items: items.clone(),
            reason: reason.clone(),
            note: String::new(),
        },
        Event::Declined {
            items: items.clone(),
            reason: reason.clone(),
        },
        Event::Sealed(Seal {
            package,
            items,
            ciphertext: subject,
            size_bytes: 1,
            manifest: subject,
            order: subject,
        }),
        Event::Released {
            package,
            recorded: Recorded::Cosigned,
        },
        Event::Collected {
            package,
            ciphertext: subject,
        },
        Event::Lapsed,
        Event::Withdrawn(Withdrawal::Withdrawn),
        Event::Expired,
        refusal(subject),
        Event::DestructionInstructed {
            packages: BTreeSet::from([package]),
        },
        Event::DestructionConfirmed {
            packages: BTreeSet::from([package]),
        },
        Event::InformationDue,
        Event::InformationDelayed { reason, until },
        Event::InformationGiven,
        Event::Unsealed,
        Event::Inspected(Inspection {
            looker: member("mail.example"),
            office: Office::LegalResponse,
            look: Look::Case { request: None },
        }),
        Event::Erased,
    ]
}
