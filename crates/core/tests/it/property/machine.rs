//! The reference: plain facts about a case, and what may never follow from them.

use crate::kit::{Scene, october, package};
use portcullis_core::{
    case::ItemState,
    digest::Digest,
    order::Secrecy,
    statement::{Event, Modification},
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The reference: what was said, as plain facts, and the plainest reading of the laws
/// of the house over them.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "plain facts, one by one")]
pub(super) struct Machine {
    approved_by: BTreeMap<Digest, BTreeSet<Digest>>,
    drafted_by: Option<Digest>,
    issued: bool,
    served: bool,
    received: bool,
    over: bool,
    ready: BTreeSet<u16>,
    sealed: BTreeMap<u8, (BTreeSet<u16>, Digest)>,
    released: BTreeSet<u8>,
}

impl Machine {
    /// A case that was drafted, and nothing more.
    pub(super) fn drafted_by(key: Digest) -> Self {
        Self {
            drafted_by: Some(key),
            ..Self::default()
        }
    }

    /// Notes what was accepted, and objects to what never may be.
    pub(super) fn note(
        &mut self,
        scene: &Scene,
        key: Digest,
        event: &Event,
    ) -> Result<(), TestCaseError> {
        let number = |id| (1..6).find(|n| package(*n) == id).expect("one of ours");
        match event {
            Event::Approved(approval) => {
                prop_assert!(!self.over);
                prop_assert!(
                    Some(key) != self.drafted_by || approval.subject != scene.case().order_digest
                );
                let given = self.approved_by.entry(approval.subject).or_default();
                prop_assert!(given.insert(key), "one person approved twice");
            }
            Event::Refused(refused) => self.over |= refused.subject == scene.case().order_digest,
            Event::Issued { urgent, .. } => {
                let order = &scene.case().subjects[0];
                let needed = if *urgent {
                    order.turns_before
                } else {
                    order.turns.len()
                };
                let given = self.approved_by.get(&order.digest).map_or(0, BTreeSet::len);
                prop_assert!(given >= needed && !self.issued && !self.over);
                self.issued = true;
            }
            Event::Served { .. } => {
                prop_assert!(self.issued && !self.served && !self.over);
                self.served = true;
            }
            Event::Received { .. } => {
                prop_assert!(self.served && !self.received);
                self.received = true;
            }
            Event::Accepted { items } => {
                prop_assert!(self.received && !self.over);
                self.ready.extend(items);
            }
            Event::Narrowed { items, .. } => {
                prop_assert!(self.received && !self.over);
                self.ready.extend(items.keys());
            }
            Event::Declined { items, .. } | Event::Challenged { items, .. } => {
                prop_assert!(self.received && !self.over);
                self.ready.retain(|item| !items.contains(item));
            }
            Event::Sealed(seal) => {
                prop_assert!(self.received && !self.over);
                prop_assert!(
                    seal.items.is_subset(&self.ready),
                    "sealed what was not granted"
                );
                for (items, _) in self.sealed.values() {
                    prop_assert!(items.is_disjoint(&seal.items), "sealed twice");
                }
                let kept = (seal.items.clone(), key);
                prop_assert!(self.sealed.insert(number(seal.package), kept).is_none());
            }
            Event::Released { package, .. } => {
                let (_, sealed_by) = &self.sealed[&number(*package)];
                prop_assert!(*sealed_by != key, "one person released alone");
                prop_assert!(!self.over && self.released.insert(number(*package)));
            }
            Event::Collected { package, .. } => {
                prop_assert!(self.released.contains(&number(*package)));
            }
            Event::DestructionInstructed { packages }
            | Event::DestructionConfirmed { packages } => {
                prop_assert!(self.over);
                for id in packages {
                    prop_assert!(self.released.contains(&number(*id)));
                }
            }
            Event::Modified(_) | Event::Renewed { .. } | Event::ClarificationAsked { .. } => {
                prop_assert!(self.issued && !self.over);
            }
            Event::Withdrawn(_) | Event::Lapsed | Event::Expired => self.over = true,
            Event::Drafted(_)
            | Event::Preserved { .. }
            | Event::ClarificationAnswered { .. }
            | Event::Freed
            | Event::InformationDue
            | Event::InformationDelayed { .. }
            | Event::InformationGiven
            | Event::Unsealed
            | Event::Inspected(_)
            | Event::Erased => {}
        }
        if let Event::Modified(Modification::RemoveItem { item }) = event {
            self.ready.remove(item);
        }
        Ok(())
    }

    /// What holds of a case after every step.
    pub(super) fn agree(&self, scene: &Scene) -> Result<(), TestCaseError> {
        let (case, basis) = (scene.case(), scene.basis());
        prop_assert_eq!(case.issued.is_some(), self.issued);
        prop_assert_eq!(case.received.is_some(), self.received);
        prop_assert_eq!(case.ended.is_some(), self.over);
        let answered: BTreeSet<u16> = case
            .items
            .iter()
            .filter(|(_, state)| matches!(state, ItemState::Accepted | ItemState::Narrowed(_)))
            .map(|(number, _)| *number)
            .collect();
        prop_assert_eq!(&answered, &self.ready);
        let end = case.ends_at(basis).expect("a calendar");
        let inside = self.issued && !self.over && end.is_some_and(|end| scene.now < end);
        prop_assert_eq!(case.in_force(basis, scene.now).is_ok(), inside);
        prop_assert!(case.order.targets.len() <= usize::from(basis.rule.targets_max));
        prop_assert!(
            case.order
                .items
                .values()
                .all(|item| case.order.targets.contains_key(&item.target))
        );
        prop_assert!(case.order.items.keys().eq(case.items.keys()));
        if !matches!(case.order.secrecy, Secrecy::NoEndInLaw) {
            prop_assert!(case.order.items.values().all(|item| item.span == october()));
        }
        Ok(())
    }
}
