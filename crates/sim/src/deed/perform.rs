//! Doing a deed, with the person's key at the person's node.

use super::{Deed, What};
use crate::{dice::Dice, orders::APPLICATION, world::World};
use portcullis_core::{
    id::{CaseId, PackageId},
    order::ItemNumber,
    statement::{Event, Seal},
};
use portcullis_node::{Node, NodeError, Said, peers::Peers};
use portcullis_verdict::text::sha256;
use std::collections::BTreeSet;

/// Does it.
///
/// # Errors
///
/// As the node answers.
pub fn perform(world: &World, deed: &Deed, dice: &mut Dice) -> Result<Said, NodeError> {
    let person = &world.cast.people[deed.who];
    let node = world.node(person.place);
    match (&deed.what, deed.case) {
        (What::Draft(kind, to), _) => {
            let order = kind.order(*to, node.now(), dice);
            let event = Event::Drafted(Box::new(order));
            node.say(None, &event, &person.key, Some(APPLICATION))
        }
        (What::Say(event), case) => node.say(case, event, &person.key, None),
        (What::Seal(items), Some(case)) => {
            let seal = seal(node, case, items, dice)?;
            node.say(Some(case), &Event::Sealed(seal), &person.key, None)
        }
        (What::Release(package, promise), Some(case)) => {
            node.release(case, *package, &person.key, *promise)
        }
        (What::Collect(package), Some(case)) => {
            let provider = node.view(case)?.case.order.provider;
            let peer = node.peer(&provider)?;
            let peers = world.peers(person.place);
            let bytes = peers
                .package_part(&peer, *package, 0, usize::MAX >> 1)
                .map_err(|error| NodeError::NoLongerHolds(error.to_string()))?;
            let ciphertext = sha256(&bytes);
            node.blobs().put(&Node::collected_path(package), bytes)?;
            let event = Event::Collected {
                package: *package,
                ciphertext,
            };
            node.say(Some(case), &event, &person.key, None)
        }
        (What::Seal(_) | What::Release(..) | What::Collect(_), None) => {
            Err(NodeError::Broken("a deed without its case".into()))
        }
    }
}

/// Bytes for a package under a real grant, and what is said of them.
fn seal(
    node: &Node,
    case: CaseId,
    items: &BTreeSet<ItemNumber>,
    dice: &mut Dice,
) -> Result<Seal, NodeError> {
    let grant = node.grant(case, items)?;
    Ok(put_package(node, &grant, dice)?)
}

/// Puts random bytes where a sealed package lies.
fn put_package(
    node: &Node,
    grant: &portcullis_core::grant::Grant,
    dice: &mut Dice,
) -> Result<Seal, portcullis_store::BlobError> {
    let (mut id, mut bytes) = ([0; 12], vec![0; 200 + dice.below(200)]);
    dice.fill(&mut id);
    dice.fill(&mut bytes);
    let package = PackageId::new(node.realm(), id);
    let seal = Seal {
        package,
        items: grant.items().keys().copied().collect(),
        ciphertext: sha256(&bytes),
        size_bytes: bytes.len() as u64,
        manifest: sha256(b"manifest"),
        order: grant.order(),
    };
    node.blobs().put(&Node::package_path(&package), bytes)?;
    Ok(seal)
}
