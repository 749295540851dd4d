//! Roots: whether what `AND` joins can be one object (STIX 2.1, 9.6).

use std::collections::BTreeSet;

use super::Comparison;

/// Whether every `AND` in `comparison` leaves at least one object type for
/// which all its members can hold.
pub(super) fn agree(comparison: &Comparison<'_>) -> bool {
    possible(comparison).is_some()
}

/// The object types for which `comparison` can hold; `None` if an `AND` in it
/// leaves none.
fn possible<'a>(comparison: &Comparison<'a>) -> Option<BTreeSet<&'a str>> {
    match comparison {
        Comparison::Test(test) => Some(BTreeSet::from([test.path.kind])),
        Comparison::Or(any) => {
            let mut union = BTreeSet::new();
            for each in any {
                // A list of ten thousand hashes is one type: no set for each.
                if let Comparison::Test(test) = each {
                    union.insert(test.path.kind);
                } else {
                    union.extend(possible(each)?);
                }
            }
            Some(union)
        }
        Comparison::And(all) => {
            let mut shared: Option<BTreeSet<&'a str>> = None;
            for each in all {
                let these = possible(each)?;
                shared = Some(match shared {
                    None => these,
                    Some(before) => before.intersection(&these).copied().collect(),
                });
            }
            shared.filter(|kinds| !kinds.is_empty())
        }
    }
}
