//! A cell in memory behind a plain server, with accounts of several kinds, and a client that hides nothing.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use portcullis_core::{
    cell::{
        Caller, CollectionId, Command, GroupId, Jurisdiction, MemberKind, Mode, Rights, Secret,
        Settings, Standing, Tlp,
    },
    digest::Digest,
    id::PackageId,
    member::MemberId,
    realm::Realm,
};
use portcullis_node::{
    Env,
    cell::{Cell, CellParts, account::hash_password},
    door::{Doors, Problem, PublicFile, WitnessAnswer},
};
use portcullis_store::Journal;
use portcullis_web::{Limits, Server, TlsIdentity};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader, Read as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

pub(crate) const TAXII: &str = "application/taxii+json;version=2.1";
pub(crate) const ROOT: &str = "/taxii2/live/";
/// The clock of the cell stands still here unless a test moves it: 2026-11-02T09:00:00.000000Z.
pub(crate) const NOW: i64 = 1_793_610_000_000_000;

/// Time that a test moves, and numbers that nobody could guess from outside.
pub(crate) struct Clock {
    now_us: AtomicI64,
    drawn: AtomicU64,
}

impl Env for Clock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.now_us.load(Ordering::SeqCst)).unwrap()
    }

    fn fill(&self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            let drawn = self.drawn.fetch_add(1, Ordering::SeqCst);
            part.copy_from_slice(&Sha256::digest(drawn.to_be_bytes())[..part.len()]);
        }
    }
}

struct House {
    cell: Option<Arc<Cell>>,
    members: BTreeMap<Digest, MemberId>,
}

impl Doors for House {
    fn member_of_certificate(&self, certificate: &Digest) -> Option<MemberId> {
        self.members.get(certificate).cloned()
    }

    fn cell(&self) -> Option<Arc<Cell>> {
        self.cell.clone()
    }

    fn receive(&self, _: &MemberId, _: &[u8]) -> Result<Vec<u8>, Problem> {
        unreachable!()
    }

    fn witness_add_checkpoint(&self, _: &[u8]) -> WitnessAnswer {
        unreachable!()
    }

    fn public_file(&self, _: &str) -> Option<PublicFile> {
        None
    }

    fn package_size(&self, _: &MemberId, _: PackageId) -> Result<u64, Problem> {
        unreachable!()
    }

    fn package_part(
        &self,
        _: &MemberId,
        _: PackageId,
        _: u64,
        _: usize,
    ) -> Result<Vec<u8>, Problem> {
        unreachable!()
    }

    fn upload_offset(&self, _: &MemberId, _: PackageId) -> Result<u64, Problem> {
        unreachable!()
    }

    fn upload_part(&self, _: &MemberId, _: PackageId, _: u64, _: &[u8]) -> Result<u64, Problem> {
        unreachable!()
    }
}

/// A running cell.
pub(crate) struct Running {
    pub(crate) cell: Arc<Cell>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) address: SocketAddr,
    /// Read and written by `bank`; read by `agency`.
    pub(crate) shared: CollectionId,
    /// Written by `bank`, read by `agency` alone.
    pub(crate) inbox: CollectionId,
    /// Read and written by `agency` alone.
    pub(crate) hidden: CollectionId,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The accounts: name and token. Each has the password `password of NAME` as well, under `NAME.old`.
pub(crate) const BANK: &str = "bank";
/// A member that reads what is shared and what came in.
pub(crate) const AGENCY: &str = "agency";
/// A member in no group.
pub(crate) const STRANGER: &str = "stranger";
/// An account of `bank` that may only read.
pub(crate) const READER: &str = "reader";

/// The text of an account's token.
pub(crate) fn secret(name: &str) -> String {
    let digest = Digest(Sha256::digest(name).into()).to_string();
    digest.replace("sha256:", "pct_")
}

pub(crate) fn token(name: &str) -> String {
    format!("Bearer {}", secret(name))
}

pub(crate) fn basic(name: &str, password: &str) -> String {
    format!(
        "Basic {}",
        BASE64_STANDARD.encode(format!("{name}:{password}"))
    )
}

impl Running {
    pub(crate) fn start() -> Self {
        Self::start_with(Limits::default())
    }

    pub(crate) fn start_with(limits: Limits) -> Self {
        Self::start_as(
            limits,
            |listener, doors, limits| Server::plain(listener, doors, limits).unwrap(),
            BTreeMap::new(),
        )
    }

    /// Behind TLS, where these certificates are members'.
    pub(crate) fn start_tls(identity: &TlsIdentity, members: BTreeMap<Digest, MemberId>) -> Self {
        let server =
            |listener, doors, limits| Server::tls(listener, identity, doors, limits).unwrap();
        Self::start_as(Limits::default(), server, members)
    }

    fn start_as(
        limits: Limits,
        server: impl FnOnce(TcpListener, Arc<dyn Doors>, Limits) -> Server,
        members: BTreeMap<Digest, MemberId>,
    ) -> Self {
        let clock = Arc::new(Clock {
            now_us: AtomicI64::new(NOW),
            drawn: AtomicU64::new(0),
        });
        let cell = Cell::open(CellParts {
            journal: Journal::memory([1; 16]),
            served: Journal::memory([2; 16]),
            env: clock.clone(),
            me: "csirt".parse().unwrap(),
            realm: Realm::live(),
            signer: None,
        })
        .unwrap();
        cell.load().unwrap();
        let [shared, inbox, hidden] = found(&cell);
        let doors = Arc::new(House {
            cell: Some(cell.clone()),
            members,
        });
        let (address, stop, thread) = serve(server(
            TcpListener::bind("127.0.0.1:0").unwrap(),
            doors,
            limits,
        ));
        Self {
            cell,
            clock,
            address,
            shared,
            inbox,
            hidden,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// A server of a node without a cell.
    pub(crate) fn without_a_cell() -> (SocketAddr, tokio::sync::oneshot::Sender<()>) {
        let doors = Arc::new(House {
            cell: None,
            members: BTreeMap::new(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, stop, _) = serve(Server::plain(listener, doors, Limits::default()).unwrap());
        (address, stop)
    }

    pub(crate) fn pass(&self, micros: i64) {
        self.clock.now_us.fetch_add(micros, Ordering::SeqCst);
    }

    /// A client with this account's token.
    pub(crate) fn client(&self, name: &str) -> Client {
        Client::new(self.address, Some(&token(name)))
    }

    /// A client that says nothing of itself.
    pub(crate) fn nobody(&self) -> Client {
        Client::new(self.address, None)
    }

    /// The path of a collection, with its last slash.
    pub(crate) fn path(collection: &CollectionId) -> String {
        format!("{ROOT}collections/{collection}/")
    }

    /// The path of the shared collection's objects.
    pub(crate) fn objects(&self) -> String {
        format!("{}objects/", Self::path(&self.shared))
    }

    /// Adds objects as `bank`, and wants all of them taken.
    pub(crate) fn put(&self, objects: &[Value]) {
        let answer = self
            .client(BANK)
            .post(&self.objects(), &json!({ "objects": objects }));
        assert_eq!(answer.status, 202, "{answer:?}");
        assert_eq!(answer.json()["success_count"], objects.len(), "{answer:?}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(server: Server) -> (SocketAddr, tokio::sync::oneshot::Sender<()>, JoinHandle<()>) {
    let address = server.address();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime
            .block_on(server.run(async { drop(stopped.await) }))
            .unwrap();
        runtime.shutdown_background();
    });
    (address, stop, thread)
}

/// Groups, collections and accounts.
fn found(cell: &Cell) -> [CollectionId; 3] {
    let realm = Realm::live();
    let operator = cell.operator();
    let member = |name: &str| -> MemberId { name.parse().unwrap() };
    let perform = |by: &Caller, command| drop(cell.perform(by, command).unwrap());
    // All of one kind under one law, so that nothing needs a review before it crosses a line.
    let standing = || Standing {
        kind: MemberKind::Company,
        jurisdiction: "GB".parse::<Jurisdiction>().unwrap(),
    };
    let group = |number: u8, members: &[&str]| {
        let group = GroupId::new(&realm, [number; 12]);
        let title = format!("group {number}");
        perform(
            &operator,
            Command::FoundGroup {
                group,
                title,
                standing: standing(),
            },
        );
        for name in members {
            let member = member(name);
            perform(
                &operator,
                Command::Invite {
                    group,
                    member: member.clone(),
                    standing: standing(),
                },
            );
            perform(&Caller::node(member), Command::Accept { group });
        }
        group
    };
    let (both, banks, agencies) = (
        group(1, &["bank", "agency"]),
        group(2, &["bank"]),
        group(3, &["agency"]),
    );
    let collection = |number: u8, alias: &str, readers: &[GroupId], writers: &[GroupId]| {
        let collection = CollectionId::new(&realm, [number; 12]);
        let mut settings = Settings::titled(format!("Collection {number}"));
        settings.alias = Some(alias.into());
        settings.description = Some(format!("what is {alias}"));
        settings.mode = Mode::Keep;
        settings.default_tlp = Tlp::Green;
        settings.readers = readers.iter().copied().collect::<BTreeSet<_>>();
        settings.writers = writers.iter().copied().collect::<BTreeSet<_>>();
        perform(
            &operator,
            Command::OpenCollection {
                collection,
                settings: Box::new(settings),
            },
        );
        collection
    };
    let collections = [
        collection(1, "shared", &[both], &[banks]),
        collection(2, "inbox", &[agencies], &[banks]),
        collection(3, "hidden", &[agencies], &[agencies]),
    ];
    for (name, of, rights) in [
        (BANK, "bank", Rights::Write),
        (AGENCY, "agency", Rights::Write),
        (STRANGER, "stranger", Rights::Write),
        (READER, "bank", Rights::Read),
    ] {
        let text = secret(name);
        let open = |name: String, secret| Command::OpenAccount {
            name,
            member: member(of),
            secret,
            client: false,
            operator: false,
            rights,
            until: None,
        };
        perform(
            &operator,
            open(name.into(), Secret::Token(Sha256::digest(&text).into())),
        );
        perform(&operator, open(format!("{name}.old"), hashed(name)));
    }
    collections
}

/// The hash of an account's password: made once, since that is slow on purpose.
fn hashed(name: &'static str) -> Secret {
    static HASHED: Mutex<BTreeMap<&str, Secret>> = Mutex::new(BTreeMap::new());
    let mut hashed = HASHED.lock().unwrap();
    let clock = Clock {
        now_us: AtomicI64::new(NOW),
        drawn: AtomicU64::new(1 << 32),
    };
    let make = || hash_password(&clock, &format!("password of {name}")).unwrap();
    hashed.entry(name).or_insert_with(make).clone()
}

/// One connection, kept as long as the server keeps it.
pub(crate) struct Client {
    address: SocketAddr,
    authorization: Option<String>,
    stream: Option<BufReader<TcpStream>>,
}

/// What was heard.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, authorization: Option<&str>) -> Self {
        Self {
            address,
            authorization: authorization.map(str::to_owned),
            stream: None,
        }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[("accept", TAXII)], "")
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Answer {
        let headers = [("accept", TAXII), ("content-type", TAXII)];
        self.ask("POST", path, &headers, &body.to_string())
    }

    pub(crate) fn delete(&mut self, path: &str) -> Answer {
        self.ask("DELETE", path, &[("accept", TAXII)], "")
    }

    pub(crate) fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        use std::fmt::Write as _;
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: cell.example\r\n");
        if let Some(authorization) = &self.authorization {
            write!(request, "authorization: {authorization}\r\n").unwrap();
        }
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n").unwrap();
        }
        if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-length") {
            write!(request, "content-length: {}\r\n", body.len()).unwrap();
        }
        request += "\r\n";
        request += body;
        let mut stream = self.stream.take().unwrap_or_else(|| {
            let stream = TcpStream::connect(self.address).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(20)))
                .unwrap();
            stream.set_nodelay(true).unwrap();
            BufReader::new(stream)
        });
        std::io::Write::write_all(stream.get_mut(), request.as_bytes()).unwrap();
        let answer = Answer::read(&mut stream, method);
        if answer.header("connection") != Some("close") {
            self.stream = Some(stream);
        }
        answer
    }
}

impl Answer {
    fn read(stream: &mut BufReader<TcpStream>, method: &str) -> Self {
        let mut line = || {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        let first = line();
        let status = first
            .split(' ')
            .nth(1)
            .unwrap_or_else(|| panic!("no answer: {first:?}"))
            .parse()
            .unwrap();
        let mut headers = Vec::new();
        loop {
            let line = line();
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Self {
            status,
            headers,
            body: String::new(),
        };
        if method != "HEAD" {
            let length = answer
                .header("content-length")
                .unwrap_or("0")
                .parse()
                .unwrap();
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            answer.body = String::from_utf8(body).unwrap();
        }
        answer
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The ids of a page's objects, in their order.
    pub(crate) fn ids(&self) -> Vec<String> {
        let json = self.json();
        let objects = json["objects"].as_array().cloned().unwrap_or_default();
        objects
            .iter()
            .map(|object| object["id"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn status_is(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
    }

    /// That this is an error in TAXII's own words, with this status and code.
    pub(crate) fn is_error(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some(TAXII), "{self:?}");
        let message = self.json();
        assert_eq!(message["error_code"], code, "{self:?}");
        assert_eq!(message["http_status"], status.to_string(), "{self:?}");
        for property in ["title", "description", "error_id"] {
            assert!(
                message[property]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{property}: {self:?}"
            );
        }
    }
}

/// The `number`th indicator, as it was at `modified` (`2026-11-01T00:00:00.000Z`).
pub(crate) fn indicator(number: u32, modified: &str) -> Value {
    json!({
        "type": "indicator",
        "spec_version": "2.1",
        "id": indicator_id(number),
        "created": "2026-10-01T00:00:00.000Z",
        "modified": modified,
        "name": format!("indicator {number}"),
        "indicator_types": ["malicious-activity"],
        "pattern": format!("[domain-name:value = 'd{number}.example']"),
        "pattern_type": "stix",
        "valid_from": "2026-10-01T00:00:00Z",
    })
}

pub(crate) fn indicator_id(number: u32) -> String {
    format!("indicator--{number:08x}-0000-4000-8000-000000000000")
}

/// The `number`th malware.
pub(crate) fn malware(number: u32) -> Value {
    json!({
        "type": "malware",
        "spec_version": "2.1",
        "id": format!("malware--{number:08x}-0000-4000-8000-000000000000"),
        "created": "2026-10-01T00:00:00.000Z",
        "modified": "2026-10-01T00:00:00.000Z",
        "name": format!("malware {number}"),
        "is_family": false,
    })
}

pub(crate) const V1: &str = "2026-11-01T00:00:00.000Z";
pub(crate) const V2: &str = "2026-11-01T00:00:00.001Z";
pub(crate) const V3: &str = "2026-11-01T00:00:00.002Z";

/// Indicators from the first to the last number, in one version.
pub(crate) fn indicators(numbers: impl IntoIterator<Item = u32>) -> Vec<Value> {
    numbers
        .into_iter()
        .map(|number| indicator(number, V1))
        .collect()
}
