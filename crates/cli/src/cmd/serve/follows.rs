//! One thread for each collection that is followed, and a file that says how they stand.

use super::{cell::REST, goes_on};
use crate::{clock::pause, cmd::cell::follow, failure::Failure, home::Home};
use jiff::Timestamp;
use portcullis_core::cell::FollowId;
use portcullis_node::{
    Node,
    cell::{
        Cell,
        feed::WAIT_MS_MAX,
        follow::{FollowState, FollowView, Noted, Reach},
    },
};
use portcullis_web::{HttpPeers, client::HttpRemote};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    thread::{self, JoinHandle},
    time::Duration,
};

/// How often it is seen which follows there are, and how they stand.
const LOOK: Duration = Duration::from_millis(250);
/// So often it is looked whether whoever tells a source something is done, before the process ends.
const ENDING_LOOKS: u32 = 10;
/// So many of what was not taken stand in the file, for each follow.
const NOTES_SHOWN: usize = 20;

/// What every follow's thread works with.
struct Way {
    home: Home,
    node: Arc<Node>,
    cell: Arc<Cell>,
    peers: Arc<HttpPeers>,
    remote: HttpRemote,
    stop: Arc<AtomicBool>,
}

/// Keeps a thread for each follow, until told to stop. A thread that waits for another node's
/// news ends with the process: it holds nothing that is not in the journal.
pub(super) fn keep(
    home: Home,
    node: Arc<Node>,
    cell: Arc<Cell>,
    peers: Arc<HttpPeers>,
    stop: Arc<AtomicBool>,
) -> Result<Box<dyn FnOnce() + Send>, Failure> {
    let remote = HttpRemote::new().map_err(|error| Failure::unable("tls", error.to_string()))?;
    let file = home.follows_file();
    for (follow, notes, last_ok) in earlier(&std::fs::read(&file).unwrap_or_default()) {
        cell.resume_follow(&follow, notes, last_ok);
    }
    let way = Arc::new(Way {
        home,
        node,
        cell,
        peers,
        remote,
        stop,
    });
    Ok(Box::new(move || {
        let mut running: BTreeMap<(FollowId, bool), JoinHandle<()>> = BTreeMap::new();
        let mut written = Value::Null;
        while goes_on(&way.stop, LOOK) {
            join_finished(&mut running);
            let state = way.cell.state();
            let held = state.follows().iter().filter(|(_, held)| !held.ended);
            for (id, _) in held {
                for replies in [false, true] {
                    if !running.contains_key(&(*id, replies))
                        && let Some(thread) = begin(&way, *id, replies)
                    {
                        running.insert((*id, replies), thread);
                    }
                }
            }
            let views: Value = way.cell.follows().iter().map(shown).collect();
            if views != written {
                write(&file, &views);
                written = views;
            }
        }
        // CRASH: who waits at a source for news ends with the process; who tells one something is
        // waited for, a little: what it then tells again is known there.
        for _ in 0..ENDING_LOOKS {
            join_finished(&mut running);
            if !running.keys().any(|(_, replies)| *replies) {
                break;
            }
            pause(LOOK);
        }
    }))
}

/// Takes leave of the threads that have ended: those of follows that have, and those that fell.
fn join_finished(running: &mut BTreeMap<(FollowId, bool), JoinHandle<()>>) {
    let finished = running.extract_if(.., |_, thread| thread.is_finished());
    for ((follow, replies), thread) in finished {
        if thread.join().is_err() {
            tracing::error!(%follow, replies, "a follow's thread fell; it is begun again");
        }
    }
}

fn begin(way: &Arc<Way>, follow: FollowId, replies: bool) -> Option<JoinHandle<()>> {
    let way = Arc::clone(way);
    let name = if replies { "reply" } else { "follow" };
    let thread = thread::Builder::new().name(name.to_owned());
    let started = thread.spawn(move || way.follow(&follow, replies));
    started
        .map_err(|error| tracing::error!(%error, "a follow's thread could not be started"))
        .ok()
}

impl Way {
    /// Keeps a follow in step; or, since that one waits at its source, tells the source what is said
    /// here of its objects.
    fn follow(&self, follow: &FollowId, replies: bool) {
        let peer_of = |member: &_| self.node.peer(member).ok();
        let endpoint_of = |name: Option<&str>| match follow::endpoint(&self.home, name) {
            Ok(endpoint) => Some(endpoint),
            Err(failure) => {
                tracing::warn!(
                    why = failure.message,
                    "a follow's credential cannot be read"
                );
                None
            }
        };
        let reach = Reach {
            peers: &*self.peers,
            remote: &self.remote,
            peer_of: &peer_of,
            endpoint_of: &endpoint_of,
            verify: &|object, proof| self.node.verify_provenance(object, proof),
            wait_ms: WAIT_MS_MAX,
        };
        loop {
            let turns = self.cell.follow_turns(follow);
            let wait = if replies {
                self.cell.reply_tick(follow, &reach)
            } else {
                self.cell.follow_tick(follow, &reach).next_call
            };
            let Some(wait) = wait else {
                return;
            };
            if !self.waits(wait, || self.cell.follow_turns(follow) != turns) {
                return;
            }
        }
    }

    /// Waits in short steps, so that stopping is quick, and no longer once it is `turned`, told to
    /// rest or to go on; whether to go on.
    fn waits(&self, time: Duration, turned: impl Fn() -> bool) -> bool {
        let mut left = time;
        while left > REST {
            if !goes_on(&self.stop, REST) {
                return false;
            }
            if turned() {
                return true;
            }
            left -= REST;
        }
        goes_on(&self.stop, left)
    }
}

/// How a follow stands, for people and machines.
fn shown(view: &FollowView) -> Value {
    let state = match view.state {
        FollowState::New => "new",
        FollowState::Behind => "behind",
        FollowState::InStep => "in-step",
        FollowState::Failing => "failing",
        FollowState::Out => "out",
        FollowState::Paused => "paused",
    };
    let notes = view.notes.iter().rev().take(NOTES_SHOWN);
    json!({
        "follow": view.follow.to_string(),
        "state": state,
        "behind": view.behind,
        "last_ok": view.last_ok.map(|at| format!("{at:.0}")),
        "error": view.last_error.as_ref().map(|(_, why)| why),
        "fresh": view.fresh,
        "not_taken": view.notes.len(),
        "notes": notes.map(|note| json!({ "what": note.what, "why": note.why })).collect::<Vec<_>>(),
    })
}

/// What the file of an earlier process says of each follow: what was not taken, the newest last,
/// and when a step last went well. A file that cannot be read says nothing.
fn earlier(file: &[u8]) -> Vec<(FollowId, Vec<Noted>, Option<Timestamp>)> {
    let views: Vec<Value> = serde_json::from_slice(file).unwrap_or_default();
    let views = views.iter().filter_map(|view| {
        let text = |of: &Value, name: &str| Some(of.get(name)?.as_str()?.to_owned());
        let notes = view.get("notes")?.as_array()?.iter().rev();
        let notes = notes.filter_map(|note| {
            Some(Noted {
                what: text(note, "what")?,
                why: text(note, "why")?,
            })
        });
        let last_ok = text(view, "last_ok").and_then(|at| at.parse().ok());
        let follow = text(view, "follow")?.parse().ok()?;
        Some((follow, notes.collect(), last_ok))
    });
    views.collect()
}

/// Commands beside this process read it; nothing rests on it.
fn write(file: &Path, views: &Value) {
    let fresh = file.with_extension("new");
    let written =
        std::fs::write(&fresh, views.to_string()).and_then(|()| std::fs::rename(&fresh, file));
    if let Err(error) = written {
        tracing::debug!(%error, "how the follows stand could not be written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_core::cell::{CollectionId, follow::Source};

    #[test]
    fn what_was_not_taken_is_known_to_the_next_process() {
        let note = |what: &str| Noted {
            what: what.to_owned(),
            why: "nobody vouches for it".to_owned(),
        };
        let view = FollowView {
            follow: FollowId::from_bytes([7; 16]),
            source: Source::Peer {
                member: "csirt.example".parse().unwrap(),
                collection: CollectionId::from_bytes([1; 16]),
            },
            collection: CollectionId::from_bytes([1; 16]),
            position: None,
            behind: Some(0),
            last_ok: Some(Timestamp::from_second(1_790_000_000).unwrap()),
            last_error: None,
            state: FollowState::InStep,
            fresh: 3,
            notes: vec![note("first"), note("last")],
        };
        let file: Value = [shown(&view)].into_iter().collect();
        let read = earlier(file.to_string().as_bytes());
        assert_eq!(read, [(view.follow, view.notes, view.last_ok)]);
        assert_eq!(earlier(b"[{\"follow\":1}, 2"), []);
        assert_eq!(earlier(b""), []);
    }

    #[test]
    fn a_thread_that_fell_makes_room_for_another_and_no_second_one_runs_beside_it() {
        let of = |n: u8, replies| (FollowId::from_bytes([n; 16]), replies);
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let mut running: BTreeMap<_, _> = [
            (of(1, false), thread::spawn(|| panic!("as it may"))),
            (
                of(1, true),
                thread::spawn(move || wait.recv().unwrap_or_default()),
            ),
        ]
        .into();
        while running.len() > 1 {
            join_finished(&mut running);
            pause(Duration::from_millis(1));
        }
        assert!(running.contains_key(&of(1, true)), "it tells still");
        drop(go);
        while !running.is_empty() {
            join_finished(&mut running);
            pause(Duration::from_millis(1));
        }
    }
}
