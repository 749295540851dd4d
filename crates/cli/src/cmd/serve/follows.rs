//! One thread for each collection that is followed, and a file that says how they stand.

use super::{cell::REST, goes_on};
use crate::{cmd::cell::follow, failure::Failure, home::Home};
use portcullis_core::cell::FollowId;
use portcullis_node::{
    Node,
    cell::{
        Cell,
        feed::WAIT_MS_MAX,
        follow::{FollowState, FollowView, Reach},
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
    let way = Arc::new(Way {
        home,
        node,
        cell,
        peers,
        remote,
        stop,
    });
    Ok(Box::new(move || {
        let mut running: BTreeMap<FollowId, JoinHandle<()>> = BTreeMap::new();
        let mut written = Value::Null;
        while goes_on(&way.stop, LOOK) {
            running.retain(|_, thread| !thread.is_finished());
            let state = way.cell.state();
            let held = state.follows().iter().filter(|(_, held)| !held.ended);
            for (id, _) in held {
                if !running.contains_key(id)
                    && let Some(thread) = begin(&way, *id)
                {
                    running.insert(*id, thread);
                }
            }
            let views: Value = way.cell.follows().iter().map(shown).collect();
            if views != written {
                write(&file, &views);
                written = views;
            }
        }
    }))
}

fn begin(way: &Arc<Way>, follow: FollowId) -> Option<JoinHandle<()>> {
    let way = Arc::clone(way);
    let started = thread::Builder::new()
        .name("follow".to_owned())
        .spawn(move || way.follow(&follow));
    started
        .map_err(|error| tracing::error!(%error, "a follow's thread could not be started"))
        .ok()
}

impl Way {
    fn follow(&self, follow: &FollowId) {
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
            let ticked = self.cell.follow_tick(follow, &reach);
            let Some(wait) = ticked.next_call else {
                return;
            };
            if !self.waits(wait) {
                return;
            }
        }
    }

    /// Waits in short steps, so that stopping is quick; whether to go on.
    fn waits(&self, time: Duration) -> bool {
        let mut left = time;
        while left > REST {
            if !goes_on(&self.stop, REST) {
                return false;
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

/// Commands beside this process read it; nothing rests on it.
fn write(file: &Path, views: &Value) {
    let fresh = file.with_extension("new");
    let written =
        std::fs::write(&fresh, views.to_string()).and_then(|()| std::fs::rename(&fresh, file));
    if let Err(error) = written {
        tracing::debug!(%error, "how the follows stand could not be written");
    }
}
