//! What a rule asks for a given order: approvals in sequence, statements, bars.

use super::{Demand, Protected, Protection, Rule, SecrecyRule, Turn};
use crate::category::Category;
use std::collections::BTreeSet;

impl Rule {
    /// The approvals that these categories need, in the law's sequence: the
    /// rule's own, then those of the protected professions that are touched.
    ///
    /// A rule's approvals hold for every category it lists (a law that treats two
    /// categories differently has two rules), so an order for several categories
    /// has the strictest of them by construction. Categories the rule does not
    /// list change nothing here: the case refuses them by name.
    pub fn approval_for(
        &self,
        _categories: &BTreeSet<Category>,
        protected: &BTreeSet<Protected>,
    ) -> Vec<Turn> {
        self.approval
            .iter()
            .chain(self.extra_approvers(protected, false))
            .cloned()
            .collect()
    }

    /// The approvals needed before issue on the urgent path, in sequence; `None`
    /// where the law has no urgent path.
    pub fn urgent_approval_for(&self, protected: &BTreeSet<Protected>) -> Option<Vec<Turn>> {
        let urgent = self.urgent.as_ref()?;
        Some(
            urgent
                .now
                .iter()
                .chain(self.extra_approvers(protected, true))
                .cloned()
                .collect(),
        )
    }

    /// The further approval that an order needs if it imposes secrecy: the turn the
    /// law names for it, unless one of the rule's own turns is already held by those
    /// offices. A subpoena that nobody approves needs a judge for its secrecy (18
    /// USC 2705(b)); a judge's warrant does not need the judge twice.
    pub fn secrecy_approval(&self) -> Option<&Turn> {
        let SecrecyRule::Ordered {
            by: Some(asked), ..
        } = &self.secrecy
        else {
            return None;
        };
        let same = |turn: &Turn| {
            turn.offices
                .iter()
                .all(|office| asked.offices.contains(office))
        };
        if self.approval.iter().any(same) {
            None
        } else {
            Some(asked)
        }
    }

    /// Whether some protected profession that is touched bars every order.
    pub fn bar_for(&self, protected: &BTreeSet<Protected>) -> Option<&Protection> {
        self.asked_by(protected)
            .find(|asked| asked.demand == Demand::Bar)
    }

    /// The statements that the application must carry for those it touches.
    pub fn statements_for(&self, protected: &BTreeSet<Protected>) -> Vec<&Protection> {
        self.asked_by(protected)
            .filter(|asked| asked.demand == Demand::Statement)
            .collect()
    }

    /// Whether a ground the rule knows opens a category.
    pub fn opens(&self, ground: &str, category: Category) -> bool {
        self.grounds.iter().any(|known| {
            known.code == ground && (known.only.is_empty() || known.only.contains(&category))
        })
    }

    fn asked_by(&self, protected: &BTreeSet<Protected>) -> impl Iterator<Item = &Protection> {
        self.protections
            .iter()
            .filter(|known| protected.contains(&known.who))
    }

    fn extra_approvers(
        &self,
        protected: &BTreeSet<Protected>,
        urgent: bool,
    ) -> impl Iterator<Item = &Turn> {
        self.asked_by(protected)
            .filter(move |asked| !urgent || asked.on_urgent)
            .filter_map(|asked| match &asked.demand {
                Demand::Approver(turn) => Some(turn),
                Demand::Statement | Demand::Bar => None,
            })
    }
}
