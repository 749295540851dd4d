//! What two statements say of the same thing.

use super::{Side, Told};
use crate::statement::Parsed;
use portcullis_core::{
    digest::Digest,
    id::PackageId,
    order::{ItemNumber, Order},
    statement::{Event, Modification},
};
use std::collections::BTreeMap;

/// The order that a statement names.
pub(super) const fn order_of(event: &Event) -> Option<&Digest> {
    match event {
        Event::Issued { order, .. }
        | Event::Served { order }
        | Event::Renewed { order }
        | Event::Received { order, .. } => Some(order),
        Event::Sealed(seal) => Some(&seal.order),
        _ => None,
    }
}

/// In which items two statements differ; `None` when they speak of the same.
pub(super) fn other_items(one: &Event, other: &Event) -> Option<String> {
    let (one, other) = (items(one), items(other));
    let mut words = Vec::new();
    for number in one
        .keys()
        .chain(other.keys().filter(|number| !one.contains_key(*number)))
    {
        match (one.get(number), other.get(number)) {
            (Some(_), None) => words.push(format!("{number} on one side alone")),
            (None, Some(_)) => words.push(format!("{number} on the other side alone")),
            (here, there) if here != there => words.push(format!("{number} is another")),
            _ => {}
        }
    }
    (!words.is_empty()).then(|| words.join(", "))
}

/// What a statement says of each item and target, in a form to compare and not to show.
fn items(event: &Event) -> BTreeMap<String, String> {
    let plain = |numbers: &mut dyn Iterator<Item = &ItemNumber>| {
        numbers
            .map(|number| (item(*number), String::new()))
            .collect()
    };
    match event {
        Event::Drafted(order) => of_order(order),
        Event::Modified(modification) => BTreeMap::from([of_change(modification)]),
        Event::ClarificationAsked { items, .. }
        | Event::Accepted { items }
        | Event::Challenged { items, .. }
        | Event::Declined { items, .. } => plain(&mut items.iter()),
        Event::Sealed(seal) => plain(&mut seal.items.iter()),
        Event::Narrowed { items, .. } => items
            .iter()
            .map(|(number, span)| (item(*number), format!("{span:?}")))
            .collect(),
        _ => BTreeMap::new(),
    }
}

fn of_order(order: &Order) -> BTreeMap<String, String> {
    let items = order.items.iter();
    let items = items.map(|(number, what)| (item(*number), format!("{what:?}")));
    let targets = order.targets.iter();
    let targets = targets.map(|(number, who)| (format!("target {number}"), format!("{who:?}")));
    items.chain(targets).collect()
}

fn of_change(modification: &Modification) -> (String, String) {
    let named = match modification {
        Modification::AddItem { item: number, .. } | Modification::RemoveItem { item: number } => {
            item(*number)
        }
        Modification::AddTarget { target, .. } | Modification::RemoveTarget { target } => {
            format!("target {target}")
        }
    };
    (named, format!("{modification:?}"))
}

fn item(number: ItemNumber) -> String {
    format!("item {number}")
}

/// What a side says was sealed.
pub(super) fn sealed<'a>(side: &Side<'a>) -> Vec<Told<'a>> {
    let told = side.held.values().filter_map(|said| match &said.event {
        Event::Sealed(seal) => Some((seal.package, seal.ciphertext, said)),
        _ => None,
    });
    told.collect()
}

/// What a side says was collected.
pub(super) fn collected<'a>(side: &Side<'a>) -> Vec<Told<'a>> {
    let told = side.held.values().filter_map(|said| match &said.event {
        Event::Collected {
            package,
            ciphertext,
        } => Some((*package, *ciphertext, said)),
        _ => None,
    });
    told.collect()
}

/// What a side says was released.
pub(super) fn released<'a>(side: &Side<'a>) -> Vec<(PackageId, &'a Parsed)> {
    let told = side.held.values().filter_map(|said| match &said.event {
        Event::Released { package, .. } => Some((*package, said)),
        _ => None,
    });
    told.collect()
}
