//! The threads of the nodes, as `portcullis serve` has them, and of the people who work there.

use super::{
    federation::{Federation, WORKING},
    office::Offices,
};
use crate::{Result, meter, town};
use portcullis_core::{id::CaseId, member::MemberId};
use portcullis_node::{Ballots, Node, NodeError, peers::Peers};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// How often a store is asked whether anything moved, as `portcullis serve` does.
const LOOK: Duration = Duration::from_millis(25);
/// How many people work at each node at once.
const PEOPLE: usize = 4;

/// The threads that run, until they are stopped.
pub(super) struct Running {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Running {
    pub(super) fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            // A panic of a worker has been printed by itself.
            let _ = thread.join();
        }
    }
}

/// Starts every node's sequencer, courier and sweeper, whoever makes leaves ahead, and the people.
pub(super) fn start(
    federation: &Federation,
    offices: &Arc<Offices>,
    receivers: Vec<(MemberId, Receiver<CaseId>)>,
) -> Result<Running> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut threads = Vec::new();
    for (member, receiver) in receivers {
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..PEOPLE {
            let (offices, receiver) = (Arc::clone(offices), Arc::clone(&receiver));
            let (stop, member) = (Arc::clone(&stop), member.clone());
            threads.push(thread::spawn(move || {
                work(&offices, &member, &receiver, &stop);
            }));
        }
    }
    for word in WORKING {
        let seat = federation.seat(word)?;
        let provider = word == town::PROVIDER;
        let spawn = |work: fn(&Arc<Node>, &Arc<dyn Peers>, &Arc<AtomicBool>)| {
            let (node, peers) = (Arc::clone(&seat.node), Arc::clone(&seat.peers));
            let stop = Arc::clone(&stop);
            thread::spawn(move || work(&node, &peers, &stop))
        };
        threads.push(spawn(deliver));
        threads.push(spawn(|node, _, stop| sweep(node, stop)));
        if federation.ballots == Ballots::Proved {
            threads.push(spawn(|node, _, stop| make_ahead(node, stop)));
        }
        let (node, peers) = (Arc::clone(&seat.node), Arc::clone(&seat.peers));
        let (stop, offices) = (Arc::clone(&stop), Arc::clone(offices));
        threads.push(thread::spawn(move || {
            sequence(&node, &*peers, &stop, || {
                if provider {
                    offices.recorded();
                }
            });
        }));
    }
    Ok(Running { stop, threads })
}

fn goes_on(stop: &AtomicBool, time: Duration) -> bool {
    meter::pause(time);
    !stop.load(Ordering::SeqCst)
}

/// People take the next case that was brought, one after the other.
fn work(
    offices: &Offices,
    member: &MemberId,
    receiver: &Mutex<Receiver<CaseId>>,
    stop: &AtomicBool,
) {
    while !stop.load(Ordering::SeqCst) {
        offices.draft_at(member);
        let next = {
            let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
            receiver.recv_timeout(Duration::from_millis(5))
        };
        match next {
            Ok(case) => offices.attend(member, case),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn sequence(node: &Node, peers: &dyn Peers, stop: &AtomicBool, recorded: impl Fn()) {
    let mut next = None;
    while goes_on(stop, LOOK) {
        if next.is_some_and(|next| node.now() < next) {
            continue;
        }
        match node.sequencer_tick(peers) {
            Ok(done) => {
                next = done.next;
                if done.proved > 0 {
                    recorded();
                }
            }
            Err(error) => meter::say(&format!("the sequencer of {}: {error}", node.me())),
        }
    }
}

fn sweep(node: &Node, stop: &AtomicBool) {
    while goes_on(stop, 8 * LOOK) {
        if let Err(error) = node.sweeper_tick()
            && !matches!(error, NodeError::NoRegister)
        {
            meter::say(&format!("the sweeper of {}: {error}", node.me()));
        }
    }
}

/// Makes leaves ahead of time, after everything else that is to be done.
fn make_ahead(node: &Node, stop: &AtomicBool) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(10) {
        meter::say(&format!(
            "leaves are made ahead at the priority of all else: {error}"
        ));
    }
    let pace = node.ahead_pace();
    while goes_on(stop, pace) {
        if let Err(error) = node.ahead_tick()
            && !matches!(error, NodeError::NoRegister)
        {
            meter::say(&format!("leaves ahead of {}: {error}", node.me()));
        }
    }
}

fn deliver(node: &Arc<Node>, peers: &Arc<dyn Peers>, stop: &Arc<AtomicBool>) {
    let busy: Arc<Mutex<BTreeSet<MemberId>>> = Arc::default();
    let mut seen = None;
    while goes_on(stop, LOOK) {
        let now = node.now();
        let next = node.store().next_delivery().ok().flatten();
        let changes = node.store().changes().ok();
        if next.is_none_or(|next| next > now) && changes == seen {
            continue;
        }
        seen = changes;
        for member in node.store().peers_with_deliveries(now).unwrap_or_default() {
            let lock = |busy: &Mutex<BTreeSet<MemberId>>, done: bool, member: &MemberId| {
                let mut busy = busy.lock().unwrap_or_else(PoisonError::into_inner);
                if done {
                    busy.remove(member)
                } else {
                    busy.insert(member.clone())
                }
            };
            if !lock(&busy, false, &member) {
                continue;
            }
            let (node, peers) = (Arc::clone(node), Arc::clone(peers));
            let (stop, busy) = (Arc::clone(stop), Arc::clone(&busy));
            thread::spawn(move || {
                bring(&node, &member, &*peers, &stop);
                lock(&busy, true, &member);
            });
        }
    }
}

/// Brings everything that is due to one member.
fn bring(node: &Node, member: &MemberId, peers: &dyn Peers, stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        match node.courier_tick(member, peers) {
            Ok(round) => {
                if round.refused > 0 {
                    meter::say(&format!("{member} refused {} deliveries", round.refused));
                }
                if round.delivered == 0 {
                    return;
                }
            }
            Err(error) => {
                meter::say(&format!("the courier of {}: {error}", node.me()));
                return;
            }
        }
    }
}
