//! Misdeeds: what a person with a good key tries and may not do.

use crate::{cast::Place, dice::Dice, orders::OrderKind, world::World};
use portcullis_core::{
    case::Case,
    digest::Digest,
    id::{CaseId, PackageId},
    law::Change,
    office::Office,
    order::{ItemNumber, Order},
    selector::{Selector, SelectorKind},
    statement::{Approval, Event, Modification, Recorded, Seal},
};
use portcullis_node::{Node, NodeError, ReleaseReadiness, Said, Viewed};
use portcullis_verdict::text::sha256;
use std::collections::BTreeSet;

/// What came of an attempt: its word, and the answer, which should be a no.
type Attempt = (&'static str, Result<Said, NodeError>);

type Try<'a> = fn(&Scene<'a>, &mut Dice) -> Option<Attempt>;

/// Tries one misdeed at a place; `None` when nothing can be done wrong there now.
pub fn attempt(world: &World, place: Place, dice: &mut Dice) -> Option<Attempt> {
    if dice.chance(20)
        && let Some(tried) = draft(world, place, dice)
    {
        return Some(tried);
    }
    let node = world.node(place);
    let cases: Vec<CaseId> = world.seat(place).cases().into_keys().collect();
    let case = *dice.pick(&cases)?;
    let viewed = node.view(case).ok()?;
    let scene = Scene {
        world,
        place,
        node,
        viewed: &viewed,
    };
    let tries: [Try<'_>; 10] = [
        Scene::wrong_office,
        Scene::own_approval,
        Scene::release_own_seal,
        Scene::seal_undisclosed,
        Scene::after_the_end,
        Scene::release_unrecorded,
        Scene::promise_without_emergency,
        Scene::collect_other_bytes,
        Scene::out_of_turn,
        Scene::number_used_before,
    ];
    if dice.chance(10) {
        return scene.speak_for_the_clock(dice);
    }
    let first = dice.below(tries.len());
    (0..tries.len()).find_map(|n| tries[(first + n) % tries.len()](&scene, dice))
}

struct Scene<'a> {
    world: &'a World,
    place: Place,
    node: &'a Node,
    viewed: &'a Viewed,
}

impl Scene<'_> {
    fn case(&self) -> &Case {
        &self.viewed.case
    }

    fn say(&self, who: usize, event: &Event) -> Result<Said, NodeError> {
        let key = &self.world.cast.people[who].key;
        self.node.say(Some(self.case().id), event, key, None)
    }

    fn person(&self, fits: impl Fn(&BTreeSet<Office>) -> bool, dice: &mut Dice) -> Option<usize> {
        let people = self.world.cast.people.iter().enumerate();
        let here: Vec<usize> = people
            .filter(|(_, p)| p.place == self.place && !p.revoked && fits(&p.offices))
            .map(|(n, _)| n)
            .collect();
        dice.pick(&here).copied()
    }

    fn order(&self) -> Digest {
        self.case().order_digest
    }

    fn wrong_office(&self, dice: &mut Dice) -> Option<Attempt> {
        let rule = self.viewed.grounds.rule();
        let turns = self.case().order_subject()?.turns.clone();
        let approval = turns.first().map(|turn| {
            let (subject, office) = (self.order(), turn.offices[0]);
            let event = Event::Approved(Approval {
                subject,
                office,
                signed_for: None,
            });
            let mut may = turn.offices.clone();
            may.extend(turn.signed_for_by);
            (event, may)
        });
        let issued = Event::Issued {
            order: self.order(),
            urgent: self.case().order.urgency.is_some(),
        };
        let mut may_issue = rule.issues.offices.clone();
        may_issue.extend(rule.issues.signed_for_by);
        let served = Event::Served {
            order: self.order(),
        };
        let items: BTreeSet<ItemNumber> = self.case().order.items.keys().copied().collect();
        let mut tries = vec![
            (issued, may_issue),
            (served, rule.serves.offices.clone()),
            (Event::Accepted { items }, vec![Office::LegalResponse]),
        ];
        tries.extend(approval);
        let (event, may) = dice.pick(&tries)?.clone();
        let who = self.person(|held| may.iter().all(|office| !held.contains(office)), dice)?;
        Some(("in another's office", self.say(who, &event)))
    }

    fn own_approval(&self, _: &mut Dice) -> Option<Attempt> {
        let subject = self.case().order_subject()?;
        let office = subject.next_turn()?.offices[0];
        let mut people = self.world.cast.people.iter();
        let who = people.position(|p| {
            p.place == self.place && p.digest() == subject.author && p.offices.contains(&office)
        })?;
        let event = Event::Approved(Approval {
            subject: subject.digest,
            office,
            signed_for: None,
        });
        Some(("one's own approval", self.say(who, &event)))
    }

    fn release_own_seal(&self, _: &mut Dice) -> Option<Attempt> {
        let (package, held) = self.unreleased()?;
        let mut people = self.world.cast.people.iter();
        let who = people
            .position(|p| p.digest() == held && p.offices.contains(&Office::ReleaseOfficer))?;
        let recorded = Recorded::Cosigned;
        Some((
            "release by the sealer",
            self.say(who, &Event::Released { package, recorded }),
        ))
    }

    fn unreleased(&self) -> Option<(PackageId, Digest)> {
        if self.case().order.provider != self.place.member() {
            return None;
        }
        let mut packages = self.case().packages.iter();
        let (package, held) = packages.find(|(_, held)| held.released.is_none())?;
        Some((*package, held.sealed_by))
    }

    fn legal(&self, dice: &mut Dice) -> Option<usize> {
        if self.case().order.provider != self.place.member() {
            return None;
        }
        self.person(|held| held.contains(&Office::LegalResponse), dice)
    }

    fn seal(&self, items: BTreeSet<ItemNumber>, dice: &mut Dice) -> Event {
        let mut id = [0; 12];
        dice.fill(&mut id);
        Event::Sealed(Seal {
            package: PackageId::new(self.node.realm(), id),
            items,
            ciphertext: sha256(b"taken without asking"),
            size_bytes: 20,
            manifest: sha256(b"manifest"),
            order: self.order(),
        })
    }

    fn seal_undisclosed(&self, dice: &mut Dice) -> Option<Attempt> {
        let who = self.legal(dice)?;
        let open = self.case().open_to_seal();
        let not_open: Vec<_> = (1..=9).filter(|item| !open.contains(item)).collect();
        let mut items = open;
        items.insert(*dice.pick(&not_open)?);
        let event = self.seal(items, dice);
        Some(("seal of what was not answered", self.say(who, &event)))
    }

    fn after_the_end(&self, dice: &mut Dice) -> Option<Attempt> {
        let basis = self.viewed.grounds.basis();
        if self.case().in_force(basis, self.node.now()).is_ok() {
            return None;
        }
        if let Some(who) = self.legal(dice) {
            let items: BTreeSet<ItemNumber> = self.case().order.items.keys().copied().collect();
            let event = if dice.chance(50) {
                Event::Accepted { items }
            } else {
                self.seal(items, dice)
            };
            return Some(("work after the end", self.say(who, &event)));
        }
        let who = self.person(
            |held| basis.rule.serves.offices.iter().any(|o| held.contains(o)),
            dice,
        )?;
        let order = self.order();
        Some((
            "service out of force",
            self.say(who, &Event::Served { order }),
        ))
    }

    /// Someone with the right office releases by hand what law 4 holds back.
    fn release_unrecorded(&self, dice: &mut Dice) -> Option<Attempt> {
        let (package, sealed_by) = self.unreleased()?;
        let ready = self.node.release_readiness(self.case().id, &package).ok()?;
        if ready == ReleaseReadiness::Recorded {
            return None;
        }
        let people = &self.world.cast.people;
        let who = self.person(|held| held.contains(&Office::ReleaseOfficer), dice)?;
        if people[who].digest() == sealed_by {
            return None;
        }
        let recorded = if dice.chance(50) {
            Recorded::Cosigned
        } else {
            Recorded::Promised(sha256(b"never made"))
        };
        Some((
            "release before it is recorded",
            self.say(who, &Event::Released { package, recorded }),
        ))
    }

    fn promise_without_emergency(&self, dice: &mut Dice) -> Option<Attempt> {
        let (package, sealed_by) = self.unreleased()?;
        let id = self.case().id;
        let ready = self.node.release_readiness(id, &package).ok()?;
        let who = self.person(|held| held.contains(&Office::ReleaseOfficer), dice)?;
        let person = &self.world.cast.people[who];
        if ready == ReleaseReadiness::Recorded
            || self.case().order.urgency.is_some()
            || person.digest() == sealed_by
        {
            return None;
        }
        let done = self.node.release(id, package, &person.key, true);
        Some(("a promise without an emergency", done))
    }

    fn collect_other_bytes(&self, dice: &mut Dice) -> Option<Attempt> {
        if self.case().order.authority != self.place.member() {
            return None;
        }
        let package = *self.case().packages.keys().next()?;
        let who = self.person(|held| held.contains(&Office::Applicant), dice)?;
        let event = Event::Collected {
            package,
            ciphertext: sha256(b"other bytes"),
        };
        Some(("collection of other bytes", self.say(who, &event)))
    }

    fn speak_for_the_clock(&self, dice: &mut Dice) -> Option<Attempt> {
        let who = self.person(|_| true, dice)?;
        let event = [Event::Lapsed, Event::Expired, Event::Freed, Event::Erased];
        let event = dice.pick(&event)?;
        Some(("speaking for the clock", self.say(who, event)))
    }

    fn out_of_turn(&self, dice: &mut Dice) -> Option<Attempt> {
        let rule = self.viewed.grounds.rule();
        let order = self.order();
        let ready = self
            .case()
            .order_subject()
            .is_some_and(portcullis_core::case::Subject::takes_effect);
        let (event, may) = if !ready {
            let urgent = self.case().order.urgency.is_some();
            (Event::Issued { order, urgent }, &rule.issues.offices)
        } else if self.case().issued.is_none() {
            (Event::Served { order }, &rule.serves.offices)
        } else {
            return None;
        };
        let who = self.person(|held| may.iter().any(|o| held.contains(o)), dice)?;
        Some(("out of turn", self.say(who, &event)))
    }
}

impl Scene<'_> {
    /// Another item under a number that was used: an answer would speak of the wrong one.
    fn number_used_before(&self, dice: &mut Dice) -> Option<Attempt> {
        let rule = self.viewed.grounds.rule();
        let law = rule.modifications.iter();
        let law = law.clone().find(|law| law.change == Change::AddItem)?;
        let what = self.case().order.items.values().next()?.clone();
        let used = usize::from(self.case().numbered.1);
        let item = ItemNumber::try_from(1 + dice.below(used)).ok()?;
        let who = self.person(|held| law.by.offices.iter().any(|o| held.contains(o)), dice)?;
        let event = Event::Modified(Modification::AddItem { item, what });
        Some(("a number used before", self.say(who, &event)))
    }
}

/// Orders that may not be drafted.
fn draft(world: &World, place: Place, dice: &mut Dice) -> Option<Attempt> {
    let kinds: Vec<OrderKind> = OrderKind::ALL
        .into_iter()
        .filter(|kind| kind.applicant() == place)
        .collect();
    let kind = *dice.pick(&kinds)?;
    let applicant = world.cast.holders(place, Office::Applicant).next()?;
    let node = world.node(place);
    let provider = *dice.pick(&Place::PROVIDERS)?;
    let mut order = kind.order(provider, node.now(), dice);
    let wrong = spoil(&mut order, kind, dice);
    let event = Event::Drafted(Box::new(order));
    let key = &world.cast.people[applicant].key;
    Some((wrong, node.say(None, &event, key, None)))
}

fn spoil(order: &mut Order, kind: OrderKind, dice: &mut Dice) -> &'static str {
    match dice.below(6) {
        0 => {
            for target in 1..=40 {
                let value = format!("u/{target}");
                let selector = Selector::new(SelectorKind::Account, &value, None, None);
                order.targets.extend(selector.ok().map(|s| (target, s)));
            }
            "a draft for too many"
        }
        1 => {
            order.delivery_key = "age1somebodyelse".into();
            "a draft with another's delivery key"
        }
        2 => {
            order.grounds = BTreeSet::from(["curiosity".to_owned()]);
            "a draft without a ground"
        }
        3 => {
            order.targets.clear();
            "a draft for nobody"
        }
        4 => {
            let other = if kind.applicant() == Place::Police {
                ("us-sca", "subpoena-2703c2")
            } else {
                ("uk-ipa-2016", "communications-data-61")
            };
            (order.law, order.rule) = (other.0.to_owned(), other.1.to_owned());
            "a draft under another country's law"
        }
        _ => {
            order.rule = "everything-about-everybody".into();
            "a draft under no rule"
        }
    }
}
