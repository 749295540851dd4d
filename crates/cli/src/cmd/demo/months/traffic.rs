//! What happens in these months: who asks whom for what, and what comes of it.

use super::{
    cast::{BUREAU, COMMISSION, COURTHOUSE, FORCE, HARBOUR, LANTERN, MEADOW, MINISTRY, id},
    world::World,
};
use crate::failure::Failure;
use jiff::{SignedDuration, Timestamp, civil::Date};
use portcullis_ballot::Salt;
use portcullis_core::{
    category::Category,
    digest::Digest,
    id::{CaseId, PackageId},
    office::Office,
    order::{Item, Order, Secrecy, Span},
    selector::{Selector, SelectorKind},
    statement::{Approval, Event, Seal},
};
use portcullis_node::{Env as _, Generator, Node};
use portcullis_seal::{
    path::PackagePath,
    plan::{Mapping, Source, plan},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::collections::{BTreeMap, BTreeSet};

/// The first day of the chapter; the law of interception speaks from it on.
pub(super) const FIRST_DAY: Date = jiff::civil::date(2025, 7, 8);
/// The first tick, a Thursday: ticks of a week lie on Thursdays, as 1 January 1970 was one.
const FIRST_TICK: Date = jiff::civil::date(2025, 7, 10);
/// How many ticks there are until the period has ended, the last one on 1 January.
pub(super) const WEEKS: usize = 26;
/// From which week on the second and third company take part.
pub(super) const LATER: usize = 23;
/// Until when a court orders one case to be kept secret.
const SECRET_UNTIL: Date = jiff::civil::date(2026, 3, 1);
/// What is disclosed, if anything is.
const FILE: &[u8] = b"account: made up\nname: nobody\nsince: 2019\n";

/// What is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ask {
    /// Basic subscriber data by subpoena, 18 USC 2703(c)(2).
    Subpoena,
    /// Stored content under the double lock, IPA 2016 ss. 15-43.
    Warrant,
}

impl Ask {
    /// In words.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Subpoena => "subpoenas for subscriber data (18 USC 2703(c)(2))",
            Self::Warrant => "interception warrants (IPA 2016 s. 19)",
        }
    }
}

/// What comes of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    /// The data are disclosed.
    Released,
    /// The company assists, and nothing more is said in these months.
    Accepted,
    /// The company says no, with the law's reason.
    Declined,
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Turn {
    /// In which week.
    pub(super) week: usize,
    /// At which company.
    pub(super) provider: &'static str,
    /// What is asked for.
    pub(super) ask: Ask,
    /// What comes of it.
    pub(super) end: End,
}

/// The story of the months that a seed tells.
pub(super) fn script(seed: u64) -> Vec<Turn> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut below = |bound: u64| dice.next_u64() % bound;
    let mut turns = Vec::new();
    for week in 0..WEEKS {
        // Up to two subpoenas a week at each company, and a warrant now and then at the first.
        let mut asked = vec![
            (HARBOUR, Ask::Subpoena, below(3)),
            (HARBOUR, Ask::Warrant, below(2)),
        ];
        if week >= LATER {
            asked.push((LANTERN, Ask::Subpoena, 1 + below(2)));
            asked.push((MEADOW, Ask::Subpoena, 1 + below(2)));
        }
        for (provider, ask, count) in asked {
            for _ in 0..count {
                let end = match below(6) {
                    0 => End::Declined,
                    1 => End::Accepted,
                    // The taps themselves are the company's own: a warrant brings no package here.
                    _ if ask == Ask::Warrant => End::Accepted,
                    _ => End::Released,
                };
                turns.push(Turn {
                    week,
                    provider,
                    ask,
                    end,
                });
            }
        }
    }
    turns
}

/// The day of a week's tick.
pub(super) fn tick_day(week: usize) -> Date {
    let days = i64::try_from(7 * week).unwrap_or(0);
    FIRST_TICK
        .checked_add(SignedDuration::from_hours(24 * days))
        .unwrap_or(FIRST_TICK)
}

/// The companies whose records have begun by a week.
pub(super) const fn companies(week: usize) -> &'static [&'static str] {
    if week >= LATER {
        &super::cast::PROVIDERS
    } else {
        &[HARBOUR]
    }
}

/// A package that waits for its leaves to be cosigned.
pub(super) struct Waiting {
    provider: &'static str,
    case: CaseId,
    package: PackageId,
}

/// One case, from the application to the company's answer.
pub(super) fn perform(
    world: &World,
    turn: &Turn,
    number: usize,
) -> Result<Option<Waiting>, Failure> {
    let provider = turn.provider;
    let (case, items) = match turn.ask {
        Ask::Subpoena => (
            subpoena(world, provider, number, None)?,
            BTreeSet::from([1]),
        ),
        Ask::Warrant => (warrant(world, provider, number)?, BTreeSet::from([1])),
    };
    let say = |event: &Event| {
        let office = Office::LegalResponse;
        world.say(provider, office, Some(case), event, None)
    };
    match turn.end {
        End::Declined => {
            let reason = portcullis_core::case::NOT_HELD.to_owned();
            say(&Event::Declined { items, reason })?;
            Ok(None)
        }
        End::Accepted => {
            say(&Event::Accepted { items })?;
            Ok(None)
        }
        End::Released => {
            say(&Event::Accepted { items })?;
            let seal = seal(world, provider, case)?;
            let package = seal.package;
            say(&Event::Sealed(seal))?;
            Ok(Some(Waiting {
                provider,
                case,
                package,
            }))
        }
    }
}

/// A subpoena that a court orders to be kept secret for a time, and that the company answers.
pub(super) fn secret(world: &World) -> Result<CaseId, Failure> {
    let until = SECRET_UNTIL.to_zoned(jiff::tz::TimeZone::UTC);
    let until = until.map_err(|error| Failure::unable("demo", error.to_string()))?;
    let case = subpoena(world, HARBOUR, 99_999_999, Some(until.timestamp()))?;
    let items = BTreeSet::from([1]);
    let office = Office::LegalResponse;
    world.say(
        HARBOUR,
        office,
        Some(case),
        &Event::Accepted { items },
        None,
    )?;
    Ok(case)
}

/// Releases a package once a quorum has cosigned its leaves (law 4).
pub(super) fn release(world: &World, waiting: &Waiting) -> Result<(), Failure> {
    let key = world
        .keys
        .person(waiting.provider, Office::ReleaseOfficer)?;
    let node = &world.at(waiting.provider).node;
    node.release(waiting.case, waiting.package, key, false)?;
    world.deliver()
}

fn subpoena(
    world: &World,
    provider: &str,
    number: usize,
    secret: Option<Timestamp>,
) -> Result<CaseId, Failure> {
    let (application, digest) = application(world);
    let mut order = order(world, provider, number, digest)?;
    "us-sca".clone_into(&mut order.law);
    "subpoena-2703c2".clone_into(&mut order.rule);
    order.grounds = BTreeSet::from(["relevance".to_owned()]);
    order.authority = id(BUREAU)?;
    order.delivery_key = world.keys.delivery(BUREAU)?;
    if let Some(until) = secret {
        order.secrecy = Secrecy::Until(until);
        let court = (Office::MagistrateJudge, id(COURTHOUSE)?);
        order.approvers = BTreeMap::from([court]);
    }
    let drafted = Event::Drafted(Box::new(order));
    let (case, order) = world.say(
        BUREAU,
        Office::Applicant,
        None,
        &drafted,
        Some(&application),
    )?;
    if secret.is_some() {
        // 18 USC 2705(b): secrecy alone needs the court.
        let office = Office::MagistrateJudge;
        world.say(
            COURTHOUSE,
            office,
            Some(case),
            &approved(order, office),
            None,
        )?;
    }
    let issued = Event::Issued {
        order,
        urgent: false,
    };
    world.say(BUREAU, Office::SubpoenaIssuer, Some(case), &issued, None)?;
    let served = Event::Served { order };
    world.say(BUREAU, Office::ServingOfficer, Some(case), &served, None)?;
    Ok(case)
}

fn warrant(world: &World, provider: &str, number: usize) -> Result<CaseId, Failure> {
    let (application, digest) = application(world);
    let mut order = order(world, provider, number, digest)?;
    order.secrecy = Secrecy::NoEndInLaw;
    if let Some(item) = order.items.get_mut(&1) {
        item.category = Category::StoredContent;
    }
    order.approvers = BTreeMap::from([
        (Office::SecretaryOfState, id(MINISTRY)?),
        (Office::JudicialCommissioner, id(COMMISSION)?),
    ]);
    let drafted = Event::Drafted(Box::new(order));
    let (case, order) = world.say(FORCE, Office::Applicant, None, &drafted, Some(&application))?;
    for (word, office) in [
        (MINISTRY, Office::SecretaryOfState),
        (COMMISSION, Office::JudicialCommissioner),
    ] {
        world.say(word, office, Some(case), &approved(order, office), None)?;
    }
    let issued = Event::Issued {
        order,
        urgent: false,
    };
    world.say(
        MINISTRY,
        Office::SecretaryOfState,
        Some(case),
        &issued,
        None,
    )?;
    let served = Event::Served { order };
    world.say(FORCE, Office::ServingOfficer, Some(case), &served, None)?;
    Ok(case)
}

fn approved(subject: Digest, office: Office) -> Event {
    Event::Approved(Approval {
        subject,
        office,
        signed_for: None,
    })
}

/// An application that says nothing, and its salted digest.
fn application(world: &World) -> (Vec<u8>, Digest) {
    const TEXT: &[u8] = b"# Application (made up)\n";
    let salt = Salt::draw(&mut Generator(&*world.clock));
    ([&salt.0[..], TEXT].concat(), Digest(salt.digest(TEXT)))
}

/// What a subpoena and a warrant have in common: one account, one item, the last two weeks.
fn order(
    world: &World,
    provider: &str,
    number: usize,
    application: Digest,
) -> Result<Order, Failure> {
    let broken = |what: &str| Failure::unable("demo", what.to_owned());
    let account = format!("u/{number:08}");
    let selector = Selector::new(SelectorKind::Account, &account, None, None)
        .map_err(|error| broken(&error.to_string()))?;
    let now = world.clock.now();
    let whole = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
    let earlier = now.saturating_sub(SignedDuration::from_hours(24 * 14));
    let from = whole(earlier.map_err(|error| broken(&error.to_string()))?);
    let span = Span::new(from, whole(now)).ok_or_else(|| broken("a span"))?;
    Ok(Order {
        law: "uk-ipa-2016".into(),
        rule: "targeted-interception".into(),
        authority: id(FORCE)?,
        provider: id(provider)?,
        approvers: BTreeMap::new(),
        targets: BTreeMap::from([(1, selector)]),
        items: BTreeMap::from([(
            1,
            Item {
                target: 1,
                category: Category::BasicSubscriber,
                span,
            },
        )]),
        grounds: BTreeSet::from(["serious_crime".to_owned()]),
        offence: None,
        urgency: None,
        protected: BTreeSet::new(),
        stated: BTreeSet::new(),
        delivery_key: world.keys.delivery(FORCE)?,
        secrecy: Secrecy::None,
        application,
    })
}

/// A real package of one small file, under a real grant.
fn seal(world: &World, provider: &str, case: CaseId) -> Result<Seal, Failure> {
    let node = &world.at(provider).node;
    let unable =
        |error: &dyn core::fmt::Display| Failure::unable("demo.package", error.to_string());
    let grant = node.grant(case, &BTreeSet::from([1]))?;
    let mut random = [0; 12];
    world.clock.fill(&mut random);
    let package = PackageId::new(node.realm(), random);
    let source = Source {
        path: PackagePath::parse("subscriber.txt").map_err(|error| unable(&error))?,
        size_bytes: FILE.len() as u64,
        span: None,
        content: Box::new(FILE.to_vec()),
    };
    let plan = plan(
        &grant,
        package,
        Mapping::from([(1, vec![source])]),
        node.now(),
    )
    .map_err(|error| unable(&error))?;
    let measured = plan.measure(&mut |_| ()).map_err(|error| unable(&error))?;
    let mut ciphertext = Vec::new();
    let sealed = measured
        .seal(&mut ciphertext, &mut |_| ())
        .map_err(|error| unable(&error))?;
    let path = Node::package_path(&package);
    node.blobs()
        .put(&path, ciphertext)
        .map_err(|error| unable(&error))?;
    Ok(Seal {
        package,
        items: sealed.items.iter().map(|item| item.item).collect(),
        ciphertext: sealed.ciphertext,
        size_bytes: sealed.size_bytes,
        manifest: sealed.manifest,
        order: grant.order(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Weekday;

    #[test]
    fn the_same_seed_tells_the_same_months() {
        assert_eq!(script(7), script(7));
        assert_ne!(script(7), script(8));
    }

    #[test]
    fn every_company_is_asked_for_something_whatever_the_seed() {
        for seed in 0..100 {
            let script = script(seed);
            for provider in super::super::cast::PROVIDERS {
                assert!(
                    script.iter().any(|turn| turn.provider == provider),
                    "{seed}"
                );
            }
            let early = |turn: &&Turn| turn.provider != HARBOUR && turn.week < LATER;
            assert_eq!(script.iter().find(early), None, "{seed}");
        }
    }

    #[test]
    fn weeks_tick_on_thursdays_and_the_last_on_the_first_day_after_the_period() {
        for week in 0..WEEKS {
            assert_eq!(tick_day(week).weekday(), Weekday::Thursday);
        }
        assert!(FIRST_DAY < tick_day(0));
        assert_eq!(tick_day(WEEKS - 1), jiff::civil::date(2026, 1, 1));
    }
}
