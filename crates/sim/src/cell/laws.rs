//! What must hold between the cells, after every op and at the end.

use super::world::{NODES, World, member};
use crate::house::Broken;
use portcullis_core::{cell::Caller, member::MemberId};
use portcullis_node::cell::{CellError, Changed};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

/// A version of an object.
pub type Version = (String, i64);

/// What one node holds of a version.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Held {
    /// Who published it.
    pub publisher: MemberId,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Which of the members its node lets have it now, by their places.
    pub shown_to: BTreeSet<usize>,
}

/// What is gone at one node by a later change: a removal, or one that is not for it. When the
/// maker's disk is lost together with that change, the maker may not hear of it again.
fn gone(world: &World, at: usize) -> BTreeSet<Version> {
    let mut gone = BTreeSet::new();
    let read = world
        .cell(at)
        .changes_since(&world.collection, i64::MIN, &mut |change| {
            if matches!(change.op, Changed::Removed) {
                gone.insert((change.id.to_owned(), change.version_us));
            }
            ControlFlow::Continue(())
        });
    // What cannot be read excuses nothing.
    read.map(|()| gone).unwrap_or_default()
}

/// Everything that is there at one node, as it would show it.
///
/// # Errors
///
/// [`CellError`] when it cannot be read, which it must.
pub fn holdings(world: &World, at: usize) -> Result<BTreeMap<Version, Held>, CellError> {
    let cell = world.cell(at);
    let state = cell.state();
    let now = world.clock.now();
    let cleared: Vec<_> = (0..NODES)
        .map(|who| {
            state
                .clearance(&Caller::node(member(who)), &world.collection, now)
                .ok()
        })
        .collect();
    let mut held = BTreeMap::new();
    cell.changes_since(&world.collection, i64::MIN, &mut |change| {
        if let Changed::Put(bytes) = change.op {
            let marks = state.marks(change.id, &change.label.publisher);
            let shown = cleared.iter().enumerate().filter(|(_, cleared)| {
                let admits = |cleared: &portcullis_core::cell::Clearance| {
                    cleared.admits(change.label, marks)
                };
                cleared.as_ref().is_some_and(admits)
            });
            let version = (change.id.to_owned(), change.version_us);
            let one = Held {
                publisher: change.label.publisher.clone(),
                bytes: bytes.to_vec(),
                shown_to: shown.map(|(who, _)| who).collect(),
            };
            held.insert(version, one);
        }
        ControlFlow::Continue(())
    })?;
    Ok(held)
}

/// What everybody was ever let see, by anybody who had it.
#[derive(Debug, Default)]
pub struct Seen(BTreeSet<(usize, Version)>);

impl Seen {
    /// Notes what everybody is let see now, and checks that nobody holds anything else.
    ///
    /// # Errors
    ///
    /// The law that is broken.
    pub fn check(&mut self, world: &World) -> Result<(), Broken> {
        let all = everything(world)?;
        for held in &all {
            for (version, one) in held {
                let shown = one.shown_to.iter().map(|who| (*who, version.clone()));
                self.0.extend(shown);
            }
        }
        for (at, held) in all.iter().enumerate() {
            for (version, one) in held {
                let own = one.publisher == member(at);
                if !own && !self.0.contains(&(at, version.clone())) {
                    return Err(Broken {
                        law: "nobody holds what it was never let see",
                        why: format!("{} holds {version:?} of {}", member(at), one.publisher),
                    });
                }
            }
        }
        Ok(())
    }
}

fn everything(world: &World) -> Result<Vec<BTreeMap<Version, Held>>, Broken> {
    let all = (0..NODES).map(|at| holdings(world, at));
    all.collect::<Result<_, _>>().map_err(|error| Broken {
        law: "a cell can be read",
        why: error.to_string(),
    })
}

/// At the end: whoever may have something has it, and nobody has what it may not.
///
/// `dropped` is what nodes' own people removed of others' objects.
///
/// # Errors
///
/// The law that is broken.
pub fn at_rest(world: &World, dropped: &BTreeSet<(usize, Version)>) -> Result<(), Broken> {
    let all = everything(world)?;
    let state = world.cell(0).state();
    let group = state.groups().get(&world.group);
    for (publisher, theirs) in all.iter().enumerate() {
        // Whoever was put out hears no more of who is in.
        let knows = group.is_some_and(|group| group.standing(&member(publisher)).is_some());
        let own = theirs
            .iter()
            .filter(|(_, one)| one.publisher == member(publisher));
        for (version, one) in own {
            for (at, held) in all.iter().enumerate().filter(|(at, _)| *at != publisher) {
                let here = held.get(version);
                let lost = world.restored.contains(&publisher);
                let excused = lost && gone(world, at).contains(version);
                let entitled = one.shown_to.contains(&at) && !excused;
                let owed = !world.is_silent(publisher) || answers(world, one, at);
                if entitled && owed && !dropped.contains(&(at, version.clone())) {
                    let same = here.is_some_and(|here| here.bytes == one.bytes);
                    if !same {
                        let what = if here.is_some() {
                            "other bytes of"
                        } else {
                            "nothing of"
                        };
                        return Err(Broken {
                            law: "whoever may have something has it",
                            why: format!(
                                "{} has {what} {version:?} of {}",
                                member(at),
                                member(publisher)
                            ),
                        });
                    }
                }
                if !entitled
                    && near(world, one, at)
                    && here.is_some()
                    && knows
                    && world.restored.is_empty()
                {
                    return Err(Broken {
                        law: "what may no longer be had is given back",
                        why: format!(
                            "{} still has {version:?} of {}",
                            member(at),
                            member(publisher)
                        ),
                    });
                }
            }
        }
    }
    if world.restored.is_empty() {
        removed_everywhere(world, &all)?;
    }
    Ok(())
}

/// Whether a node has something from its maker, or from somebody who hears its maker: what the node that
/// nobody follows says it tells the publisher of what that is about, and others have it by relays alone.
fn near(world: &World, said: &Held, at: usize) -> bool {
    let silent = (0..NODES).any(|from| world.is_silent(from) && said.publisher == member(from));
    !silent || target(&said.bytes).is_some_and(|of| publishes(world, at, &of))
}

/// Whether a node's member has published an object that is there.
fn publishes(world: &World, at: usize, of: &str) -> bool {
    holdings(world, at).is_ok_and(|held| {
        let mut held = held.into_iter();
        held.any(|((id, _), one)| id == of && one.publisher == member(at))
    })
}

/// Whether what the node that nobody follows says is a reply to a node: about an object that this one
/// publishes and that the other may see, or was served, there.
fn answers(world: &World, said: &Held, at: usize) -> bool {
    let Some(of) = target(&said.bytes) else {
        return false;
    };
    let cell = world.cell(at);
    let caller = Caller::node(said.publisher.clone());
    let clearance = cell
        .state()
        .clearance(&caller, &world.collection, world.clock.now());
    let served = cell.who(&of, &[]).unwrap_or_default();
    clearance.is_ok()
        && !world.restored.contains(&at)
        && publishes(world, at, &of)
        && served.iter().any(|served| served.member == said.publisher)
}

/// How many versions of what the node that nobody follows says are at others.
pub fn replies(world: &World) -> usize {
    let held = (0..NODES).filter(|at| !world.is_silent(*at));
    let held = held.filter_map(|at| holdings(world, at).ok());
    held.flat_map(BTreeMap::into_values)
        .filter(|one| world.one_way && one.publisher == member(NODES - 1))
        .count()
}

/// Of what a sighting is.
pub fn target(object: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(object).ok()?;
    let (_, rest) = text.split_once("\"sighting_of_ref\":\"")?;
    Some(rest.split_once('"')?.0.to_owned())
}

/// What its publisher has no more nobody has.
fn removed_everywhere(world: &World, all: &[BTreeMap<Version, Held>]) -> Result<(), Broken> {
    for (at, held) in all.iter().enumerate() {
        for (version, one) in held {
            let home = (0..NODES).find(|place| member(*place) == one.publisher);
            let theirs = home.and_then(|home| all.get(home));
            let gone = theirs.is_some_and(|theirs| !theirs.contains_key(version));
            if gone && near(world, one, at) {
                return Err(Broken {
                    law: "what is removed is removed everywhere",
                    why: format!("{} still has {version:?} of {}", member(at), one.publisher),
                });
            }
        }
    }
    Ok(())
}
