//! The end of a run: everything heals, all workers run until nothing moves any
//! more, and then everybody must hold the same.

use super::{Run, fault};
use crate::{cast::Place, house::Broken};
use jiff::SignedDuration;
use portcullis_core::{id::CaseId, statement::Kind};
use portcullis_store::DeliveryState;
use std::collections::{BTreeMap, BTreeSet};

/// How often all workers run at the end before it counts as never coming to rest.
const ROUNDS_MAX: usize = 60;
/// The time from one round at the end to the next: longer than a tick and any courier's pause.
const ROUND: SignedDuration = SignedDuration::from_mins(31);

impl Run {
    /// Heals everything and lets all workers run until nothing moves any more; then
    /// everybody holds the same.
    ///
    /// # Errors
    ///
    /// The law that is broken on the way, or that it does not come to rest.
    pub fn settle(&mut self) -> Result<(), Broken> {
        self.world.with_links(crate::network::Links::heal);
        for place in Place::ALL {
            let seat = self.world.seat(place);
            seat.env.set_skew_ms(0);
            seat.fault().heal();
        }
        // Leases of nodes that stopped run out.
        self.world.clock.advance(ROUND);
        self.publish();
        let newest = self.world.cast.newest.0.version;
        for place in Place::ALL {
            let knows = self.world.node(place).history();
            if knows.is_ok_and(|knows| knows.newest().register.version == newest) {
                continue;
            }
            self.world
                .fetch_register(place)
                .map_err(|error| fault(place, &error))?;
        }
        let restoring: Vec<Place> = Place::ALL
            .into_iter()
            .filter(|at| self.world.node(*at).is_restoring().unwrap_or(false))
            .collect();
        for at in &restoring {
            let resynced = self.world.node(*at).request_resync(&self.world.peers(*at));
            let resynced = resynced.map_err(|error| fault(*at, &error))?;
            if !resynced.silent.is_empty() {
                return Err(Broken {
                    law: "a restored node is answered",
                    why: format!("{at:?}: {resynced:?}"),
                });
            }
        }
        if !restoring.is_empty() {
            self.rest()?;
            for at in &restoring {
                let ended = self.world.node(*at).end_restoring();
                ended.map_err(|error| fault(*at, &error))?;
            }
        }
        self.rest()?;
        self.retaint();
        self.everybody_holds_the_same()
    }

    /// Rounds of all workers until two went by in which nothing moved.
    fn rest(&mut self) -> Result<(), Broken> {
        let mut quiet = 0;
        for round in 0..ROUNDS_MAX {
            self.world.clock.advance(ROUND);
            let moved = self.bring_to_rest(round == 0)?;
            self.note(&format!("at the end, round {round}: {}", moved.join(", ")));
            self.house.check(&self.world)?;
            quiet = if moved.is_empty() { quiet + 1 } else { 0 };
            if quiet == 2 {
                return Ok(());
            }
        }
        Err(Broken {
            law: "everything comes to rest",
            why: format!("after {ROUNDS_MAX} rounds"),
        })
    }

    /// One round of all workers. Answers what moved.
    fn bring_to_rest(&mut self, first: bool) -> Result<Vec<String>, Broken> {
        let mut moved = Vec::new();
        for at in Place::ALL {
            let node = self.world.node(at);
            let swept = node.sweeper_tick().map_err(|error| fault(at, &error))?;
            if swept.statements > 0 {
                moved.push(format!("{at:?} swept {}", swept.statements));
            }
            let queued = node.store().queued_count().unwrap_or(0);
            let own = format!("{}/", node.keys().log_name);
            let logs = node.logs().unwrap_or_default();
            let waits = logs.iter().any(|log| {
                log.origin.starts_with(&own) && !log.closed && log.cosigned_size < log.size
            });
            if first || queued > 0 || waits {
                let peers = self.world.peers(at);
                let done = node.sequencer_tick(&peers).map_err(|e| fault(at, &e))?;
                moved.push(format!("{at:?} placed {} of {queued}", done.placed));
            }
            let delivered = self.world.deliver_all(at).map_err(|e| fault(at, &e))?;
            if delivered > 0 {
                moved.push(format!("{at:?} delivered {delivered}"));
            }
        }
        Ok(moved)
    }

    fn excused(&self, case: &CaseId) -> bool {
        self.world.excuses.tainted.contains(case)
    }

    /// Liveness: what could be delivered was, and the parties of a case hold the same.
    fn everybody_holds_the_same(&self) -> Result<(), Broken> {
        let mut turned_down: BTreeSet<(CaseId, Place)> = BTreeSet::new();
        for at in Place::ALL {
            let cases: BTreeSet<CaseId> = self.house.cases(at).copied().collect();
            for case in cases.iter().filter(|case| !self.excused(case)) {
                let statuses = self.world.node(at).store().delivery_status(case);
                for status in statuses.unwrap_or_default() {
                    let Some(to) = Place::of(&status.delivery.peer) else {
                        continue;
                    };
                    match status.state {
                        DeliveryState::Delivered => {}
                        DeliveryState::TurnedDown { code, .. } => {
                            turned_down.insert((*case, to));
                            self.may_be_turned_down(at, to, case, &code)?;
                        }
                        DeliveryState::Pending { code, .. } => {
                            if !turned_down.contains(&(*case, to)) {
                                return Err(Broken {
                                    law: "what could be delivered was",
                                    why: format!("{at:?} still has {case} for {to:?}: {code:?}"),
                                });
                            }
                        }
                    }
                }
            }
        }
        if !self.world.excuses.restored.is_empty() {
            return Ok(());
        }
        for at in Place::ALL {
            let cases: BTreeSet<CaseId> = self.house.cases(at).copied().collect();
            for case in cases.iter().filter(|case| !self.excused(case)) {
                for other in Place::ALL.into_iter().skip(at.index() + 1) {
                    if !turned_down.contains(&(*case, other)) && !turned_down.contains(&(*case, at))
                    {
                        self.same(at, other, case)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A refusal of what an honest node brought is a finding, unless the order had ended
    /// on the way, or the case was erased at term.
    fn may_be_turned_down(
        &self,
        at: Place,
        to: Place,
        case: &CaseId,
        code: &str,
    ) -> Result<(), Broken> {
        let received = self.house.facts(to, case).iter();
        let received = received
            .clone()
            .any(|fact| fact.header.kind == Kind::Received);
        let on_arrival = !received && Place::PROVIDERS.contains(&to);
        let restored = !self.world.excuses.restored.is_empty();
        if on_arrival || code == "case.erased" || restored {
            return Ok(());
        }
        Err(Broken {
            law: "what an honest node brings is taken",
            why: format!("{to:?} turned {case} of {at:?} down: {code}"),
        })
    }

    fn same(&self, a: Place, b: Place, case: &CaseId) -> Result<(), Broken> {
        let digests = |at| -> BTreeMap<_, _> {
            let facts = self.house.facts(at, case).iter();
            facts
                .filter(|fact| fact.header.kind != Kind::Erased)
                .map(|fact| (fact.digest, (fact.header.author.clone(), fact.header.kind)))
                .collect()
        };
        let (left, right) = (digests(a), digests(b));
        if left.is_empty() || right.is_empty() || left == right {
            return Ok(());
        }
        let only = |x: &BTreeMap<_, (_, Kind)>, y: &BTreeMap<_, _>| {
            let rest = x.iter().filter(|(digest, _)| !y.contains_key(*digest));
            rest.map(|(_, (_, kind))| kind.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        Err(Broken {
            law: "all parties of a case hold the same",
            why: format!(
                "{case}: only {a:?} has [{}], only {b:?} has [{}]",
                only(&left, &right),
                only(&right, &left)
            ),
        })
    }
}
