//! The links between cells: a call comes through, or something is wrong on the way.

use super::world::{Seat, member, peer, verified};
use portcullis_core::id::PackageId;
use portcullis_node::{
    cell::{
        feed::Ask,
        follow::Vouch,
        remote::{Endpoint, Remote, RemoteError, Request, Response},
    },
    peers::{Answer, Peer, PeerError, Peers},
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Mutex, PoisonError},
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
    /// The answer breaks off in its middle.
    CutAnswer,
    /// An answer to an earlier call comes instead.
    OldAnswer,
}

impl Mishap {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::DropRequest,
        Self::DropAnswer,
        Self::Duplicate,
        Self::CutAnswer,
        Self::OldAnswer,
    ];
}

/// The state of all links.
#[derive(Debug, Default)]
pub struct Links {
    mishaps: BTreeMap<(usize, usize), VecDeque<Mishap>>,
    cut: BTreeSet<(usize, usize)>,
    old: BTreeMap<(usize, usize), Answer>,
    /// How many bytes of records an answer may have here; none for no limit but the ask's.
    pub narrow: Option<usize>,
}

impl Links {
    /// Plans what goes wrong with the next call from one to another.
    pub fn plan(&mut self, from: usize, to: usize, mishap: Mishap) {
        self.mishaps
            .entry((from, to))
            .or_default()
            .push_back(mishap);
    }

    /// Cuts two from each other.
    pub fn cut(&mut self, a: usize, b: usize) {
        self.cut.extend([(a, b), (b, a)]);
    }

    /// Everything works again.
    pub fn heal(&mut self) {
        let narrow = self.narrow;
        *self = Self {
            narrow,
            ..Self::default()
        };
    }
}

/// The network as one cell sees it.
pub struct CellPeers<'a> {
    /// Whose calls these are.
    pub from: usize,
    /// All nodes.
    pub seats: &'a [Seat],
    /// The links.
    pub links: &'a Mutex<Links>,
}

impl CellPeers<'_> {
    fn lost(peer: &Peer, why: &str) -> PeerError {
        PeerError::Unreachable {
            member: peer.member.clone(),
            why: why.to_owned(),
        }
    }

    fn ask(&self, seat: &Seat, ask: &Ask) -> Answer {
        let narrow = self
            .links
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .narrow;
        // Through the bytes of the wire, as over a real link.
        let parsed = Ask::parse(&ask.to_json());
        let answered = parsed.map(|mut ask| {
            ask.bytes_max = narrow.unwrap_or(ask.bytes_max);
            let from = member(self.from);
            let vouch = Vouch {
                peer_of: &|member| Some(peer(member)),
                verify: &verified,
            };
            seat.cell.hear_replies(&from, &ask, vouch)?;
            seat.cell.feed(&from, &ask, true)
        });
        match answered {
            Ok(Ok(body)) => Answer {
                status: 200,
                body: body.unwrap_or_default(),
            },
            Ok(Err(problem)) => Answer {
                status: problem.status,
                body: problem.detail.into_bytes(),
            },
            Err(error) => Answer {
                status: 400,
                body: error.to_string().into_bytes(),
            },
        }
    }
}

impl Peers for CellPeers<'_> {
    fn cell_changes(&self, peer: &Peer, ask: &Ask) -> Result<Answer, PeerError> {
        let seat = self.seats.iter().enumerate();
        let (to, seat) = seat
            .clone()
            .find(|(_, seat)| seat.member == peer.member)
            .ok_or_else(|| Self::lost(peer, "no such node"))?;
        let way = (self.from, to);
        let mishap = {
            let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
            if links.cut.contains(&way) {
                return Err(Self::lost(peer, "no way through"));
            }
            links.mishaps.get_mut(&way).and_then(VecDeque::pop_front)
        };
        let answer = match mishap {
            Some(Mishap::DropRequest) => return Err(Self::lost(peer, "the request was lost")),
            Some(Mishap::DropAnswer) => {
                self.ask(seat, ask);
                return Err(Self::lost(peer, "the answer was lost"));
            }
            Some(Mishap::Duplicate) => {
                self.ask(seat, ask);
                self.ask(seat, ask)
            }
            Some(Mishap::CutAnswer) => {
                let mut answer = self.ask(seat, ask);
                answer.body.truncate(answer.body.len() / 2);
                answer
            }
            Some(Mishap::OldAnswer) => {
                let fresh = self.ask(seat, ask);
                let links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
                links.old.get(&way).cloned().unwrap_or(fresh)
            }
            None => self.ask(seat, ask),
        };
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.old.insert(way, answer.clone());
        Ok(answer)
    }

    fn deliver(&self, peer: &Peer, _: &[u8]) -> Result<Answer, PeerError> {
        Err(Self::lost(peer, "only cells here"))
    }

    fn add_checkpoint(&self, peer: &Peer, _: &[u8]) -> Result<Answer, PeerError> {
        Err(Self::lost(peer, "only cells here"))
    }

    fn get(&self, peer: &Peer, _: &str) -> Result<Answer, PeerError> {
        Err(Self::lost(peer, "only cells here"))
    }

    fn package_part(
        &self,
        peer: &Peer,
        _: PackageId,
        _: u64,
        _: usize,
    ) -> Result<Vec<u8>, PeerError> {
        Err(Self::lost(peer, "only cells here"))
    }

    fn upload_offset(&self, peer: &Peer, _: PackageId) -> Result<u64, PeerError> {
        Err(Self::lost(peer, "only cells here"))
    }

    fn upload_part(&self, peer: &Peer, _: PackageId, _: u64, _: &[u8]) -> Result<u64, PeerError> {
        Err(Self::lost(peer, "only cells here"))
    }
}

/// A world without servers outside the federation.
pub struct NoRemote;

impl Remote for NoRemote {
    fn call(&self, to: &Endpoint, _: &Request) -> Result<Response, RemoteError> {
        Err(RemoteError::Unreachable {
            origin: to.origin.clone(),
            why: "nobody is outside".to_owned(),
        })
    }
}
