//! Deeds: what an officer may do now, by what the officer's own node holds.

mod perform;

pub use perform::perform;

use crate::{cast::Place, dice::Dice, orders::OrderKind, world::World};
use portcullis_core::{
    case::{Case, ItemState, NOT_HELD, SubjectKind},
    category::Category,
    id::{CaseId, PackageId},
    law::{Change, Effect, Rule},
    office::Office,
    order::{Item, ItemNumber, Span},
    selector::{Selector, SelectorKind},
    statement::{Approval, Event, Modification, Refused, Withdrawal},
};
use portcullis_node::{Node, ReleaseReadiness, Viewed};
use std::collections::BTreeSet;

/// Something that somebody may do now.
#[derive(Clone, Debug)]
pub struct Deed {
    /// Who, in the cast.
    pub who: usize,
    /// In which case; none for a draft.
    pub case: Option<CaseId>,
    /// What.
    pub what: What,
    /// How likely it is beside others.
    pub weight: usize,
}

/// What is done.
#[derive(Clone, Debug)]
pub enum What {
    /// A new order.
    Draft(OrderKind, Place),
    /// A statement and nothing more.
    Say(Box<Event>),
    /// Items sealed under a grant.
    Seal(BTreeSet<ItemNumber>),
    /// A package released, on a promise or not.
    Release(PackageId, bool),
    /// A package fetched and acknowledged.
    Collect(PackageId),
}

impl What {
    /// One word for the transcript.
    pub fn word(&self) -> String {
        match self {
            Self::Draft(kind, to) => format!("draft {kind:?} to {to:?}"),
            Self::Say(event) => event.kind().to_string(),
            Self::Seal(items) => format!("seal {items:?}"),
            Self::Release(_, promised) => format!("release promised={promised}"),
            Self::Collect(_) => "collect".into(),
        }
    }
}

/// The most cases that a run opens: enough to mix, few enough to finish.
pub const CASES_MAX: usize = 6;

/// The weight of a deed that is done as soon as it can be; lighter ones wait.
pub const BUSY: usize = 60;

/// Everything that people at a place may do now.
pub fn deeds(world: &World, place: Place, dice: &mut Dice) -> Vec<Deed> {
    let mut found = Vec::new();
    let node = world.node(place);
    let cases = world.seat(place).cases();
    if cases.len() < CASES_MAX {
        drafts(world, place, dice, &mut found);
    }
    for case in cases.into_keys() {
        let Ok(viewed) = node.view(case) else {
            continue;
        };
        let mut here = Here {
            world,
            place,
            node,
            viewed: &viewed,
            found: Vec::new(),
            luck: dice.any(),
        };
        here.look(dice);
        found.append(&mut here.found);
    }
    found
}

fn drafts(world: &World, place: Place, dice: &mut Dice, found: &mut Vec<Deed>) {
    for kind in OrderKind::ALL {
        if kind.applicant() == place
            && let Some(who) = world.cast.holders(place, Office::Applicant).next()
            && let Some(to) = dice.pick(&Place::PROVIDERS)
        {
            found.push(Deed {
                who,
                case: None,
                what: What::Draft(kind, *to),
                weight: 3,
            });
        }
    }
}

/// One place looking at one case.
struct Here<'a> {
    world: &'a World,
    place: Place,
    node: &'a Node,
    viewed: &'a Viewed,
    found: Vec<Deed>,
    luck: u64,
}

impl Here<'_> {
    fn look(&mut self, dice: &mut Dice) {
        let case = &self.viewed.case;
        let rule = self.viewed.grounds.rule();
        let me = self.place.member();
        self.approvals(case, rule);
        self.course(case, rule);
        if case.order.provider == me {
            self.provider(case, rule, dice);
        }
        if case.order.authority == me {
            self.authority(case);
        }
        self.changes(case, rule);
    }

    fn by(&mut self, offices: &[Office], weight: usize, what: What) {
        let holders = |office: &Office| self.world.cast.holders(self.place, *office);
        let who: Vec<usize> = offices.iter().flat_map(holders).collect();
        let at = usize::try_from(self.luck % who.len().max(1) as u64).unwrap_or(0);
        if let Some(who) = who.get(at).copied() {
            let case = Some(self.viewed.case.id);
            self.found.push(Deed {
                who,
                case,
                what,
                weight,
            });
        }
    }

    fn say(&mut self, offices: &[Office], weight: usize, event: Event) {
        self.by(offices, weight, What::Say(Box::new(event)));
    }

    fn in_force(&self) -> bool {
        let case = &self.viewed.case;
        case.in_force(self.viewed.grounds.basis(), self.node.now())
            .is_ok()
    }

    fn approvals(&mut self, case: &Case, rule: &Rule) {
        let issued = case.issued.is_some();
        if (issued && !self.in_force()) || case.ended.is_some() {
            return;
        }
        for subject in case.subjects.iter().filter(|s| s.refused.is_none()) {
            let Some(turn) = subject.next_turn() else {
                continue;
            };
            let waits = subject.kind == SubjectKind::Order
                && subject.approvals.len() >= subject.turns_before
                && !issued;
            let asked = turn.offices.iter().copied().find(|office| {
                case.order.approvers.get(office) == Some(&self.place.member()) && !waits
            });
            let Some(office) = asked else { continue };
            // Not by whoever wrote it.
            let who = self
                .world
                .cast
                .holders(self.place, office)
                .find(|who| self.world.cast.people[*who].digest() != subject.author);
            let Some(who) = who else { continue };
            let approval = Approval {
                subject: subject.digest,
                office,
                signed_for: None,
            };
            let mut add = |weight, event| {
                self.found.push(Deed {
                    who,
                    case: Some(case.id),
                    what: What::Say(Box::new(event)),
                    weight,
                });
            };
            add(40, Event::Approved(approval));
            if let Some(reason) = rule.approver_reasons.first() {
                let refused = Refused {
                    subject: subject.digest,
                    office,
                    reason: reason.code.clone(),
                    note: None,
                    destroy: true,
                };
                add(4, Event::Refused(refused));
            }
        }
    }

    fn course(&mut self, case: &Case, rule: &Rule) {
        let order = case.order_digest;
        let ready = case
            .order_subject()
            .is_some_and(portcullis_core::case::Subject::takes_effect);
        if case.issued.is_none() && case.ended.is_none() && ready {
            let urgent = case.order.urgency.is_some();
            self.say(&rule.issues.offices, 40, Event::Issued { order, urgent });
        }
        if case.served.is_none() && self.in_force() {
            self.say(&rule.serves.offices, 40, Event::Served { order });
        }
    }

    fn provider(&mut self, case: &Case, rule: &Rule, dice: &mut Dice) {
        const LEGAL: &[Office] = &[Office::LegalResponse];
        if case.received.is_none() || !self.in_force() {
            return;
        }
        let open: Vec<ItemNumber> = case
            .items
            .iter()
            .filter(|(_, state)| matches!(state, ItemState::Open | ItemState::Challenged(_)))
            .map(|(number, _)| *number)
            .collect();
        if !open.is_empty() {
            let all: BTreeSet<_> = open.iter().copied().collect();
            let one = BTreeSet::from([open[dice.below(open.len())]]);
            self.say(LEGAL, 20, Event::Accepted { items: all });
            self.say(LEGAL, 10, Event::Accepted { items: one.clone() });
            let reason = NOT_HELD.to_owned();
            self.say(
                LEGAL,
                4,
                Event::Declined {
                    items: one.clone(),
                    reason: reason.clone(),
                },
            );
            if let Some(law) = rule.provider_reasons.first() {
                let note = "it means more than one".into();
                let (items, reason) = (one.clone(), law.code.clone());
                self.say(
                    LEGAL,
                    3,
                    Event::Challenged {
                        items,
                        reason,
                        note,
                    },
                );
            }
            let narrowed = one.iter().filter_map(|number| {
                let span = case.order.items.get(number)?.span;
                Some((*number, Span::new(span.from(), span.from())?))
            });
            let items = narrowed.collect();
            self.say(LEGAL, 4, Event::Narrowed { items, reason });
            if case.questions.last().is_none_or(|q| q.answered.is_some()) {
                let (items, question) = (one, "which of the two?".to_owned());
                self.say(LEGAL, 3, Event::ClarificationAsked { items, question });
            }
        }
        let mut ready = case.open_to_seal();
        ready.retain(|item| {
            let item = case.order.items.get(item);
            item.is_some_and(|item| item.category != Category::InterceptedContent)
        });
        if !ready.is_empty() && rule.effect != Effect::Preserve {
            self.by(LEGAL, 40, What::Seal(ready));
        }
        for (package, held) in &case.packages {
            if held.released.is_some() {
                continue;
            }
            let ready = self.node.release_readiness(case.id, package);
            let recorded = matches!(ready, Ok(ReleaseReadiness::Recorded));
            let second = self
                .world
                .cast
                .holders(self.place, Office::ReleaseOfficer)
                .find(|who| self.world.cast.people[*who].digest() != held.sealed_by);
            if let (true, Some(who)) = (recorded, second) {
                self.found.push(Deed {
                    who,
                    case: Some(case.id),
                    what: What::Release(*package, false),
                    weight: 40,
                });
            }
        }
    }

    fn authority(&mut self, case: &Case) {
        const APPLICANT: &[Office] = &[Office::Applicant];
        for (package, held) in &case.packages {
            if held.released.is_some() && held.collected.is_none() {
                self.by(APPLICANT, 40, What::Collect(*package));
            }
        }
        if case.questions.last().is_some_and(|q| q.answered.is_none()) {
            let answer = "the first".to_owned();
            self.say(APPLICANT, 30, Event::ClarificationAnswered { answer });
        }
        let owed: BTreeSet<_> = case
            .packages
            .iter()
            .filter(|(_, held)| held.destruction_instructed && !held.destroyed)
            .map(|(package, _)| *package)
            .collect();
        if !owed.is_empty() {
            self.say(
                APPLICANT,
                30,
                Event::DestructionConfirmed { packages: owed },
            );
        }
        if case.ended.is_none() {
            self.say(APPLICANT, 1, Event::Withdrawn(Withdrawal::Withdrawn));
        }
    }

    fn changes(&mut self, case: &Case, rule: &Rule) {
        if !self.in_force() {
            return;
        }
        if let Some(cancels) = &rule.cancels {
            self.say(&cancels.offices, 1, Event::Withdrawn(Withdrawal::Cancelled));
        }
        let order = case.order_digest;
        let urgent = case.issued.is_some_and(|issue| issue.urgent);
        if let Some(renewal) = &rule.renewal
            && !case.renewal_is_pending()
            && (urgent || renewal.window.is_none())
            && renewal.times_max.is_none_or(|max| {
                let before = case.subjects.iter();
                before.filter(|s| s.kind == SubjectKind::Renewal).count() < usize::from(max)
            })
        {
            self.say(&renewal.by.offices, 2, Event::Renewed { order });
        }
        for law in &rule.modifications {
            let offices = &law.by.offices;
            let last_item = case.order.items.keys().next_back().copied();
            let last_target = case.order.targets.keys().next_back().copied();
            let (Some(item), Some(target)) = (last_item, last_target) else {
                continue;
            };
            let change = match law.change {
                Change::AddTarget if case.order.targets.len() < usize::from(rule.targets_max) => {
                    let value = format!("u/9{target:07}");
                    Selector::new(SelectorKind::Account, &value, None, None)
                        .ok()
                        .map(|selector| Modification::AddTarget {
                            target: case.numbered.0 + 1,
                            selector,
                        })
                }
                Change::AddItem => {
                    let category = rule.categories.first().copied();
                    let span = case.order.items.get(&item).map(|item| item.span);
                    category.zip(span).map(|(category, span)| {
                        let what = Item {
                            target,
                            category,
                            span,
                        };
                        Modification::AddItem {
                            item: case.numbered.1 + 1,
                            what,
                        }
                    })
                }
                Change::RemoveItem if case.order.items.len() > 1 => {
                    Some(Modification::RemoveItem { item })
                }
                Change::RemoveTarget if case.order.targets.len() > 1 => {
                    Some(Modification::RemoveTarget { target })
                }
                Change::AddTarget | Change::RemoveItem | Change::RemoveTarget => None,
            };
            if let Some(change) = change {
                self.say(offices, 1, Event::Modified(change));
            }
        }
    }
}
