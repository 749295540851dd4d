//! The network: calls go straight to the other node's doors, unless something
//! is wrong on the way.

use crate::{cast::Place, house::forks::Trees, world::Seat};
use portcullis_core::{id::PackageId, member::MemberId};
use portcullis_node::{
    door::Doors,
    peers::{Answer, Peer, PeerError, Peers},
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mishap {
    /// It never arrives.
    DropRequest,
    /// It arrives and takes effect, and the answer is lost.
    DropAnswer,
    /// It arrives twice.
    Duplicate,
}

/// The state of all links. One for the whole federation.
#[derive(Debug, Default)]
pub struct Links {
    mishaps: BTreeMap<(Place, Place), VecDeque<Mishap>>,
    cut: BTreeSet<(Place, Place)>,
    down: BTreeSet<Place>,
}

impl Links {
    /// Plans what goes wrong with the next call from one to another.
    pub fn plan(&mut self, from: Place, to: Place, mishap: Mishap) {
        self.mishaps
            .entry((from, to))
            .or_default()
            .push_back(mishap);
    }

    /// Cuts two from each other.
    pub fn cut(&mut self, a: Place, b: Place) {
        self.cut.extend([(a, b), (b, a)]);
    }

    /// Nobody reaches this one, and it reaches nobody.
    pub fn take_down(&mut self, place: Place) {
        self.down.insert(place);
    }

    /// This one is back.
    pub fn bring_up(&mut self, place: Place) {
        self.down.remove(&place);
    }

    /// Everything works again.
    pub fn heal(&mut self) {
        *self = Self::default();
    }

    fn is_through(&self, from: Place, to: Place) -> bool {
        let silent = self.down.contains(&from) || self.down.contains(&to);
        (from == to || !silent) && !self.cut.contains(&(from, to))
    }

    fn next_mishap(&mut self, from: Place, to: Place) -> Option<Mishap> {
        self.mishaps.get_mut(&(from, to))?.pop_front()
    }
}

/// Something that a call showed to be wrong.
#[derive(Clone, Debug, Default)]
pub struct Seen(pub Vec<String>);

/// The network as one node sees it.
pub struct SimPeers<'a> {
    /// Whose calls these are.
    pub from: Place,
    /// All nodes.
    pub seats: &'a [Seat],
    /// The links.
    pub links: &'a Mutex<Links>,
    /// Every tree that was ever signed.
    pub trees: &'a Mutex<Trees>,
    /// What calls showed to be wrong.
    pub seen: &'a Mutex<Seen>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SimPeers<'_> {
    /// Makes a call, with whatever is planned to go wrong.
    fn call<T>(&self, peer: &Peer, work: impl Fn(&Seat) -> T) -> Result<T, PeerError> {
        let lost = |why: &str| PeerError::Unreachable {
            member: peer.member.clone(),
            why: why.to_owned(),
        };
        let to = Place::of(&peer.member).ok_or_else(|| lost("no such member"))?;
        let mishap = {
            let mut links = lock(self.links);
            if !links.is_through(self.from, to) {
                return Err(lost("no way through"));
            }
            links.next_mishap(self.from, to)
        };
        let seat = self.seats.get(to.index()).ok_or_else(|| lost("no seat"))?;
        match mishap {
            None => Ok(work(seat)),
            Some(Mishap::DropRequest) => Err(lost("the request was lost")),
            Some(Mishap::DropAnswer) => {
                work(seat);
                Err(lost("the answer was lost"))
            }
            Some(Mishap::Duplicate) => {
                work(seat);
                Ok(work(seat))
            }
        }
    }

    fn status(peer: &Peer, problem: &portcullis_node::door::Problem) -> PeerError {
        PeerError::Status {
            member: peer.member.clone(),
            status: problem.status,
            detail: problem.detail.clone(),
        }
    }
}

/// Brings a delivery to a seat and sees that what is refused changes nothing (law 9).
pub fn deliver_to(seat: &Seat, from: &MemberId, body: &[u8]) -> (Answer, Vec<String>) {
    let before = seat.versions();
    let answer = match seat.node.receive(from, body) {
        Ok(body) => Answer { status: 200, body },
        Err(problem) => {
            let body = serde_json::json!({ "code": problem.code, "detail": problem.detail });
            Answer {
                status: problem.status,
                body: body.to_string().into_bytes(),
            }
        }
    };
    let mut wrong = Vec::new();
    if seat.is_broken() {
        // A planned write broke on the way; what took effect is seen when it is mended.
        return (answer, wrong);
    }
    let after = seat.versions();
    let to = seat.place;
    if answer.status == 200 {
        for (case, outcome, code) in outcomes(&answer.body) {
            let moved = before.get(&case) != after.get(&case);
            if outcome == "refused" && moved {
                wrong.push(format!(
                    "{to:?} refused a part of {case} ({code}) and changed it"
                ));
            }
            if outcome == "refused" && code.is_empty() {
                wrong.push(format!("{to:?} refused a part of {case} without a name"));
            }
        }
    } else if before != after {
        wrong.push(format!(
            "{to:?} refused a whole delivery and changed a case"
        ));
    }
    (answer, wrong)
}

/// Case, outcome and code of each part of a delivery.
pub fn outcomes(body: &[u8]) -> Vec<(String, String, String)> {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) else {
        return Vec::new();
    };
    let text = |value: &serde_json::Value, key: &str| {
        let word = value.get(key).and_then(serde_json::Value::as_str);
        word.unwrap_or_default().to_owned()
    };
    let results = value.get("results").and_then(serde_json::Value::as_array);
    results
        .into_iter()
        .flatten()
        .map(|part| {
            (
                text(part, "case"),
                text(part, "outcome"),
                text(part, "code"),
            )
        })
        .collect()
}

impl Peers for SimPeers<'_> {
    fn deliver(&self, peer: &Peer, body: &[u8]) -> Result<Answer, PeerError> {
        let from = self.from.member();
        self.call(peer, |seat| {
            let (answer, wrong) = deliver_to(seat, &from, body);
            lock(self.seen).0.extend(wrong);
            answer
        })
    }

    fn add_checkpoint(&self, witness: &Peer, body: &[u8]) -> Result<Answer, PeerError> {
        if let Err(fork) = lock(self.trees).note_request(body) {
            lock(self.seen).0.push(fork);
        }
        self.call(witness, |seat| {
            let answer = seat.node.witness_add_checkpoint(body);
            Answer {
                status: answer.status,
                body: answer.body.into_bytes(),
            }
        })
    }

    fn get(&self, peer: &Peer, path: &str) -> Result<Answer, PeerError> {
        self.call(peer, |seat| match seat.node.public_file(path) {
            Some(file) => Answer {
                status: 200,
                body: file.bytes,
            },
            None => Answer {
                status: 404,
                body: Vec::new(),
            },
        })
    }

    fn package_part(
        &self,
        peer: &Peer,
        package: PackageId,
        from: u64,
        len: usize,
    ) -> Result<Vec<u8>, PeerError> {
        let us = self.from.member();
        self.call(peer, |seat| seat.node.package_part(&us, package, from, len))?
            .map_err(|problem| Self::status(peer, &problem))
    }

    fn upload_offset(&self, peer: &Peer, package: PackageId) -> Result<u64, PeerError> {
        let us = self.from.member();
        self.call(peer, |seat| seat.node.upload_offset(&us, package))?
            .map_err(|problem| Self::status(peer, &problem))
    }

    fn upload_part(
        &self,
        peer: &Peer,
        package: PackageId,
        offset: u64,
        bytes: &[u8],
    ) -> Result<u64, PeerError> {
        let us = self.from.member();
        self.call(peer, |seat| {
            seat.node.upload_part(&us, package, offset, bytes)
        })?
        .map_err(|problem| Self::status(peer, &problem))
    }
}
