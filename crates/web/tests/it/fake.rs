//! A house with little in it, and a server before it.

use portcullis_core::{digest::Digest, id::PackageId, member::MemberId, realm::Realm};
use portcullis_node::{
    door::{Doors, Problem, PublicFile, WitnessAnswer},
    peers::Peer,
};
use portcullis_web::{Limits, Server, TlsIdentity};
use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, mpsc},
    thread::JoinHandle,
    time::Duration,
};

/// A delivery with this body stays inside until [`Running::leave`] hears something.
pub(crate) const WAIT: &[u8] = b"wait";
/// A package larger than what sockets take in between.
pub(crate) const LARGE_BYTES: u64 = 48 * 1024 * 1024;

pub(crate) struct Fake {
    members: BTreeMap<Digest, MemberId>,
    uploads: Mutex<BTreeMap<(MemberId, PackageId), Vec<u8>>>,
    entered: mpsc::Sender<()>,
    leaves: Mutex<mpsc::Receiver<()>>,
}

pub(crate) fn package(number: u8) -> PackageId {
    PackageId::new(&Realm::live(), [number; 12])
}

fn problem(status: u16, code: &'static str, detail: &str) -> Problem {
    Problem {
        status,
        code,
        detail: detail.to_owned(),
    }
}

impl Doors for Fake {
    fn member_of_certificate(&self, certificate: &Digest) -> Option<MemberId> {
        self.members.get(certificate).cloned()
    }

    fn receive(&self, from: &MemberId, body: &[u8]) -> Result<Vec<u8>, Problem> {
        if body == WAIT {
            self.entered.send(()).unwrap();
            self.leaves.lock().unwrap().recv().unwrap();
        }
        match body {
            b"refuse" => Err(problem(
                422,
                "statement.stale",
                "the statement is of yesterday",
            )),
            b"panic" => panic!("a bug behind the door"),
            _ => Ok(format!("{{\"from\":\"{from}\",\"bytes\":{}}}", body.len()).into_bytes()),
        }
    }

    fn witness_add_checkpoint(&self, body: &[u8]) -> WitnessAnswer {
        match body {
            b"old 7" => WitnessAnswer {
                status: 409,
                media_type: "text/x.tlog.size",
                body: "9\n".to_owned(),
            },
            _ => WitnessAnswer {
                status: 200,
                media_type: "text/plain",
                body: "— witness.example c2ln\n".to_owned(),
            },
        }
    }

    fn public_file(&self, path: &str) -> Option<PublicFile> {
        let (bytes, media_type, immutable) = match path {
            "log/1/checkpoint" => ("log.example\n3\nroot\n", "text/plain; charset=utf-8", false),
            "log/1/tile/0/000.p/3" => ("tile", "application/octet-stream", true),
            _ => return None,
        };
        Some(PublicFile {
            bytes: bytes.into(),
            media_type,
            immutable,
        })
    }

    fn package_size(&self, from: &MemberId, id: PackageId) -> Result<u64, Problem> {
        match id {
            _ if id == package(1) => Ok(10),
            _ if id == package(2) => Ok(LARGE_BYTES),
            _ if id == package(3) => Err(problem(
                403,
                "package.not_yours",
                &format!("{from} may not collect it"),
            )),
            _ => Err(problem(404, "package.unknown", "there is no such package")),
        }
    }

    fn package_part(
        &self,
        from: &MemberId,
        id: PackageId,
        offset: u64,
        len: usize,
    ) -> Result<Vec<u8>, Problem> {
        let size = self.package_size(from, id)?;
        let end = size.min(offset + len as u64);
        Ok((offset..end).map(|at| b'0' + (at % 10) as u8).collect())
    }

    fn upload_offset(&self, from: &MemberId, id: PackageId) -> Result<u64, Problem> {
        Ok(self
            .uploads
            .lock()
            .unwrap()
            .get(&(from.clone(), id))
            .map_or(0, |bytes| bytes.len() as u64))
    }

    fn upload_part(
        &self,
        from: &MemberId,
        id: PackageId,
        offset: u64,
        bytes: &[u8],
    ) -> Result<u64, Problem> {
        let mut uploads = self.uploads.lock().unwrap();
        let stored = uploads.entry((from.clone(), id)).or_default();
        if stored.len() as u64 != offset {
            return Err(problem(409, "upload.offset", "the upload stands elsewhere"));
        }
        stored.extend_from_slice(bytes);
        Ok(stored.len() as u64)
    }
}

/// A server on a thread of its own, with `authority` as the one member whose certificate it knows.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) identity: TlsIdentity,
    pub(crate) authority: TlsIdentity,
    pub(crate) stranger: TlsIdentity,
    pub(crate) entered: mpsc::Receiver<()>,
    pub(crate) leave: mpsc::Sender<()>,
    pub(crate) ended: mpsc::Receiver<()>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start() -> Self {
        Self::start_with(Limits::default())
    }

    pub(crate) fn start_with(limits: Limits) -> Self {
        let new = || TlsIdentity::generate(&["127.0.0.1"]).unwrap();
        let (identity, authority, stranger) = (new(), new(), new());
        let (entering, entered) = mpsc::channel();
        let (leave, leaving) = mpsc::channel();
        let doors = Arc::new(Fake {
            members: [(authority.digest(), "authority".parse().unwrap())].into(),
            uploads: Mutex::default(),
            entered: entering,
            leaves: Mutex::new(leaving),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server::tls(listener, &identity, doors, limits).unwrap();
        let address = server.address();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (end, ended) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            let stopped = async { drop(stopped.await) };
            runtime.block_on(server.run(stopped)).unwrap();
            let _ = end.send(());
            runtime.shutdown_background();
        });
        Self {
            address,
            identity,
            authority,
            stranger,
            entered,
            leave,
            ended,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// A house that knows nobody, without a server.
    pub(crate) fn doors() -> Arc<dyn Doors> {
        Arc::new(Fake {
            members: BTreeMap::new(),
            uploads: Mutex::default(),
            entered: mpsc::channel().0,
            leaves: Mutex::new(mpsc::channel().1),
        })
    }

    /// Begins the shutdown, and does not wait for its end.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// This server as the register shows it to other nodes.
    pub(crate) fn peer(&self) -> Peer {
        Peer {
            member: "provider".parse().unwrap(),
            endpoint: format!("https://{}", self.address),
            tls: [self.identity.digest()].into(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Limits short enough to wait for.
pub(crate) fn impatient() -> Limits {
    let moment = Duration::from_millis(300);
    Limits {
        handshake_timeout: moment,
        read_timeout: moment,
        shutdown_grace: moment,
        ..Limits::default()
    }
}
