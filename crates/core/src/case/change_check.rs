//! Whether a change fits the order as it stands.

use super::{Basis, Case, Refusal, order_check};
use crate::{order::ITEMS_MAX, statement::Modification};

/// Checks a change against the order, its rule and its ceilings: when it is said, and
/// again when it is approved, since another one may have come between.
pub(super) fn check(
    case: &Case,
    basis: Basis<'_>,
    modification: &Modification,
) -> Result<(), Refusal> {
    let (order, rule) = (&case.order, basis.rule);
    let unfit = |why| Err(Refusal::ModificationUnfit(why));
    match modification {
        Modification::AddTarget { target, selector } => {
            if order.targets.len() >= usize::from(rule.targets_max) {
                return Err(Refusal::Targets {
                    found: order.targets.len() + 1,
                    max: rule.targets_max,
                    clause: rule.clause.clone(),
                });
            }
            if !rule.selectors.contains(&selector.kind()) {
                return Err(Refusal::Selector {
                    kind: selector.kind(),
                });
            }
            order_check::subjects(order.targets.values().chain([selector]), rule)?;
            if case.numbered.0 < *target {
                Ok(())
            } else {
                unfit("the target's number is taken")
            }
        }
        Modification::AddItem { item, what } => {
            if !rule.categories.contains(&what.category) {
                return Err(Refusal::CategoryOutOfReach {
                    category: what.category,
                    clause: rule.clause.clone(),
                });
            }
            rule.grounds
                .iter()
                .filter(|ground| order.grounds.contains(&ground.code))
                .try_for_each(|ground| order_check::opens(ground, what.category))?;
            if !order.targets.contains_key(&what.target) {
                return Err(Refusal::UnknownTarget {
                    target: what.target,
                });
            }
            if case.ends_at(basis)?.is_some_and(|end| what.span.to() > end) {
                return Err(Refusal::SpanTooLate { item: *item });
            }
            if case.items.len() >= ITEMS_MAX {
                return Err(Refusal::Items {
                    found: case.items.len() + 1,
                });
            }
            if case.numbered.1 < *item {
                Ok(())
            } else {
                unfit("the item's number is taken")
            }
        }
        Modification::RemoveTarget { target } => {
            if !order.targets.contains_key(target) {
                return Err(Refusal::UnknownTarget { target: *target });
            }
            if order.targets.len() > 1 {
                Ok(())
            } else {
                unfit("it is the last target; withdraw the order")
            }
        }
        Modification::RemoveItem { item } => {
            if !order.items.contains_key(item) {
                return Err(Refusal::UnknownItem { item: *item });
            }
            if order.items.len() > 1 {
                Ok(())
            } else {
                unfit("it is the last item; withdraw the order")
            }
        }
    }
}
