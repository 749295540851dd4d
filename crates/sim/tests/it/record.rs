//! The public record of a node whose leaves prove what they count: read by a stranger, and by
//! whoever has the seed.

mod proofs;
mod renewal;
mod served;
mod ticks;

use crate::kit::Town;
use portcullis_ballot::{Leaf, Seed, leaf::LEAF_BYTES};
use portcullis_node::{Ballots, Node};
use portcullis_sim::cast::Place;
use portcullis_tlog::tile::{EntryTile, decode_bundle};
use portcullis_tlog::tree::TreeSize;
use std::collections::BTreeMap;

/// How many things each cell counts; 0 for what is in none.
type Totals = BTreeMap<u8, u64>;

/// A town in which one node's leaves are proved.
fn town(seed: u64, place: Place) -> Town {
    let mut town = Town::new(seed);
    proved(&mut town, place);
    town
}

fn proved(town: &mut Town, place: Place) {
    town.run
        .world
        .restart_with(place, |parts| parts.ballots = Ballots::Proved)
        .unwrap();
}

fn origin(node: &Node, generation: u64) -> String {
    format!("{}/{generation}", node.keys().log_name)
}

/// Every leaf of a log, from its public tiles.
fn leaves(node: &Node, generation: u64) -> Vec<Leaf> {
    let state = node.store().log(&origin(node, generation)).unwrap();
    let size = state.map_or(0, |log| log.size);
    let mut leaves = Vec::new();
    for number in 0..size / 256 {
        let tile = EntryTile::in_tree(number, TreeSize(size)).unwrap();
        let path = format!("log/{generation}/{}", tile.path());
        let bytes = node.blobs().get(&path).unwrap().unwrap();
        for entry in decode_bundle(&bytes).unwrap() {
            assert_eq!(entry.len(), LEAF_BYTES);
            leaves.push(Leaf::parse(entry).unwrap());
        }
    }
    assert_eq!(leaves.len() as u64, size);
    leaves
}

/// What a log counts, for whoever has the seed and the public tiles and nothing else.
fn counted(leaves: &[Leaf], seed: &Seed, origin: &str) -> Totals {
    let mut totals = Totals::new();
    for leaf in leaves {
        let cell = leaf.cell_under(seed, origin).unwrap();
        *totals
            .entry(cell.map_or(0, portcullis_ballot::Cell::number))
            .or_default() += 1;
    }
    totals
}

/// A public text of a node.
fn text(node: &Node, path: &str) -> String {
    use portcullis_node::door::Doors as _;
    let file = node
        .public_file(path)
        .unwrap_or_else(|| panic!("no `{path}`"));
    assert!(file.media_type.starts_with("text/plain"));
    String::from_utf8(file.bytes).unwrap()
}
