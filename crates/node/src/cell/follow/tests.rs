//! Follows of servers outside the federation, against small servers of our own.

use super::{Reach, Ticked};
use crate::{
    Env,
    cell::{
        Cell, CellParts, Changed, Source as Coming,
        feed::Ask,
        provenance::Origin,
        remote::{Endpoint, Remote, RemoteError, Request, Response},
    },
    peers::{Answer, Peer, PeerError, Peers},
};
use jiff::Timestamp;
use portcullis_core::{
    cell::{Caller, CollectionId, Command, FollowId, Mode, Settings, Tlp, follow::Source},
    id::PackageId,
    realm::Realm,
};
use portcullis_store::{Journal, journal::Image};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU8, Ordering},
    },
    time::Duration,
};

mod forged;
mod misp;
mod peer;
mod recall;
mod replies;
mod rest;
mod taxii;

pub(super) struct TestEnv {
    pub(super) now_us: AtomicI64,
    byte: AtomicU8,
}

impl Env for TestEnv {
    fn now(&self) -> Timestamp {
        let us = self.now_us.fetch_add(1, Ordering::SeqCst);
        Timestamp::from_microsecond(us).unwrap()
    }

    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.byte.fetch_add(7, Ordering::SeqCst));
    }
}

pub(super) struct Nobody;

impl Peers for Nobody {
    fn deliver(&self, peer: &Peer, _: &[u8]) -> Result<Answer, PeerError> {
        Err(lost(peer))
    }

    fn add_checkpoint(&self, peer: &Peer, _: &[u8]) -> Result<Answer, PeerError> {
        Err(lost(peer))
    }

    fn get(&self, peer: &Peer, _: &str) -> Result<Answer, PeerError> {
        Err(lost(peer))
    }

    fn package_part(
        &self,
        peer: &Peer,
        _: PackageId,
        _: u64,
        _: usize,
    ) -> Result<Vec<u8>, PeerError> {
        Err(lost(peer))
    }

    fn upload_offset(&self, peer: &Peer, _: PackageId) -> Result<u64, PeerError> {
        Err(lost(peer))
    }

    fn upload_part(&self, peer: &Peer, _: PackageId, _: u64, _: &[u8]) -> Result<u64, PeerError> {
        Err(lost(peer))
    }
}

/// Answers asks for changes by this, and does nothing else.
pub(super) struct Says<F>(pub(super) F);

/// Answers everything alike, or is not there.
pub(super) fn alike(body: Option<Vec<u8>>) -> impl Peers {
    Says(move |peer: &Peer, _: &Ask| {
        let body = body.clone();
        let body = body.ok_or_else(|| Nobody.get(peer, "").unwrap_err())?;
        Ok(Answer { status: 200, body })
    })
}

impl<F> Peers for Says<F>
where
    F: Fn(&Peer, &Ask) -> Result<Answer, PeerError> + Send + Sync,
{
    fn deliver(&self, peer: &Peer, bytes: &[u8]) -> Result<Answer, PeerError> {
        Nobody.deliver(peer, bytes)
    }

    fn add_checkpoint(&self, peer: &Peer, bytes: &[u8]) -> Result<Answer, PeerError> {
        Nobody.add_checkpoint(peer, bytes)
    }

    fn get(&self, peer: &Peer, path: &str) -> Result<Answer, PeerError> {
        Nobody.get(peer, path)
    }

    fn package_part(
        &self,
        peer: &Peer,
        package: PackageId,
        from: u64,
        len: usize,
    ) -> Result<Vec<u8>, PeerError> {
        Nobody.package_part(peer, package, from, len)
    }

    fn upload_offset(&self, peer: &Peer, package: PackageId) -> Result<u64, PeerError> {
        Nobody.upload_offset(peer, package)
    }

    fn upload_part(
        &self,
        peer: &Peer,
        package: PackageId,
        from: u64,
        bytes: &[u8],
    ) -> Result<u64, PeerError> {
        Nobody.upload_part(peer, package, from, bytes)
    }

    fn cell_changes(&self, peer: &Peer, ask: &Ask) -> Result<Answer, PeerError> {
        (self.0)(peer, ask)
    }
}

impl Remote for Nobody {
    fn call(&self, to: &Endpoint, _: &Request) -> Result<Response, RemoteError> {
        let origin = to.origin.clone();
        let why = "no servers here".into();
        Err(RemoteError::Unreachable { origin, why })
    }
}

fn lost(peer: &Peer) -> PeerError {
    PeerError::Unreachable {
        member: peer.member.clone(),
        why: "no peers here".into(),
    }
}

/// A node with one collection, and a follow into it.
pub(super) struct Bench {
    pub(super) cell: Arc<Cell>,
    pub(super) env: Arc<TestEnv>,
    pub(super) collection: CollectionId,
    pub(super) follow: FollowId,
}

impl Bench {
    pub(super) fn new(source: Source) -> Self {
        let env = Arc::new(TestEnv {
            now_us: AtomicI64::new(1_790_000_000_000_000),
            byte: AtomicU8::new(1),
        });
        let cell = Cell::open(CellParts {
            journal: Journal::memory([1; 16]),
            served: Journal::memory([2; 16]),
            env: env.clone(),
            me: "csirt.example".parse().unwrap(),
            realm: Realm::live(),
            signer: None,
        })
        .unwrap();
        cell.load().unwrap();
        let (collection, follow) = (cell.new_collection(), cell.new_follow());
        let settings = Settings {
            mode: Mode::Keep,
            default_tlp: Tlp::Green,
            open: true,
            ..Settings::titled("from outside")
        };
        let opened = Command::OpenCollection {
            collection,
            settings: Box::new(settings),
        };
        cell.perform(&cell.operator(), opened).unwrap();
        let followed = Command::Follow {
            follow,
            source,
            into: collection,
            every_s: Some(60),
        };
        cell.perform(&cell.operator(), followed).unwrap();
        Self {
            cell,
            env,
            collection,
            follow,
        }
    }

    /// The same after a restart: what was on the disk.
    pub(super) fn restarted(self) -> Self {
        self.restarted_of(|_| {})
    }

    /// The same after a restart, and after something else has changed what was on the disk.
    pub(super) fn restarted_of(self, change: impl FnOnce(&mut Image)) -> Self {
        let mut image = self.cell.journal.image(true).unwrap();
        change(&mut image);
        let cell = Cell::open(CellParts {
            journal: Journal::of_image(&image, [1; 16]),
            served: Journal::of_image(&self.cell.ledger.image(), [2; 16]),
            env: self.env.clone(),
            me: self.cell.me().clone(),
            realm: Realm::live(),
            signer: None,
        });
        let cell = cell.unwrap();
        cell.load().unwrap();
        Self { cell, ..self }
    }

    pub(super) fn tick(&self, remote: &dyn Remote) -> Ticked {
        let reach = Reach {
            peers: &Nobody,
            remote,
            peer_of: &|_| None,
            endpoint_of: &|_| Some(Endpoint::default()),
            verify: &|_, _| -> Result<Origin, String> { Err("nobody signs here".into()) },
            wait_ms: 0,
        };
        self.cell.follow_tick(&self.follow, &reach)
    }

    /// Ticks until there is no more at once; answers how much came.
    pub(super) fn settle(&self, remote: &dyn Remote) -> usize {
        let mut fresh = 0;
        for _ in 0..500 {
            let ticked = self.tick(remote);
            let view = self.cell.follows().remove(0);
            assert_eq!(view.last_error, None);
            fresh += ticked.fresh;
            if ticked.next_call != Some(Duration::ZERO) {
                return fresh;
            }
        }
        panic!("it does not come to rest");
    }

    pub(super) fn pass(&self, seconds: i64) {
        self.env
            .now_us
            .fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    pub(super) fn held(&self) -> BTreeMap<(String, i64), Vec<u8>> {
        let mut held = BTreeMap::new();
        self.cell
            .changes_since(&self.collection, i64::MIN, &mut |change| {
                if let Changed::Put(bytes) = change.op {
                    held.insert((change.id.to_owned(), change.version_us), bytes.to_vec());
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        held
    }

    pub(super) fn publish(&self, objects: &[&str]) {
        let envelope = format!("{{\"objects\":[{}]}}", objects.join(","));
        let by = Caller::operator(self.cell.me().clone());
        let added = self
            .cell
            .add(&by, &self.collection, envelope.into(), Coming::Published);
        assert_eq!(added.unwrap().failures, []);
    }
}

/// What a test's server was asked, and what it answers.
pub(super) struct Server<S> {
    pub(super) state: Mutex<S>,
    pub(super) asked: Mutex<Vec<String>>,
    pub(super) answer: fn(&mut S, &Request) -> Response,
}

impl<S: Send> Remote for Server<S> {
    fn call(&self, _: &Endpoint, request: &Request) -> Result<Response, RemoteError> {
        self.asked.lock().unwrap().push(request.path.clone());
        Ok((self.answer)(&mut self.state.lock().unwrap(), request))
    }
}

pub(super) fn json(status: u16, body: impl Into<Vec<u8>>) -> Response {
    Response {
        status,
        headers: Vec::new(),
        body: body.into(),
    }
}

pub(super) fn ids(held: &BTreeMap<(String, i64), Vec<u8>>) -> BTreeSet<&str> {
    held.keys().map(|(id, _)| id.as_str()).collect()
}
