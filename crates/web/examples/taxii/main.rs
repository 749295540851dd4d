//! The TAXII door alone, over a cell in memory, to be measured with any client:
//!
//! ```text
//! cargo run --release -p portcullis-web --example taxii -- 127.0.0.1:9000
//! ```
//!
//! It says the token of its one account and the path of its one collection, then serves until it is stopped.

use portcullis_core::{
    cell::{
        CollectionId, Command, GroupId, MemberKind, Mode, Rights, Secret, Settings, Standing, Tlp,
    },
    digest::Digest,
    id::PackageId,
    member::MemberId,
    realm::Realm,
};
use portcullis_node::{
    Env,
    cell::{Cell, CellParts},
    door::{Doors, Problem, PublicFile, WitnessAnswer},
};
use portcullis_store::Journal;
use portcullis_web::{Limits, Server};
use sha2::{Digest as _, Sha256};
use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// The machine's clock, and numbers that are enough for a measurement and for nothing else.
#[derive(Default)]
struct Machine(AtomicU64);

impl Env for Machine {
    #[expect(clippy::disallowed_methods, reason = "the clock, read in one place")]
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            let drawn = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            let digest = Sha256::digest(drawn);
            part.iter_mut()
                .zip(digest)
                .for_each(|(to, from)| *to = from);
        }
    }
}

struct House(Arc<Cell>);

impl Doors for House {
    fn cell(&self) -> Option<Arc<Cell>> {
        Some(self.0.clone())
    }

    fn member_of_certificate(&self, _: &Digest) -> Option<MemberId> {
        None
    }

    fn receive(&self, _: &MemberId, _: &[u8]) -> Result<Vec<u8>, Problem> {
        Err(nothing())
    }

    fn witness_add_checkpoint(&self, _: &[u8]) -> WitnessAnswer {
        WitnessAnswer {
            status: 404,
            media_type: "text/plain",
            body: String::new(),
        }
    }

    fn public_file(&self, _: &str) -> Option<PublicFile> {
        None
    }

    fn package_size(&self, _: &MemberId, _: PackageId) -> Result<u64, Problem> {
        Err(nothing())
    }

    fn package_part(
        &self,
        _: &MemberId,
        _: PackageId,
        _: u64,
        _: usize,
    ) -> Result<Vec<u8>, Problem> {
        Err(nothing())
    }

    fn upload_offset(&self, _: &MemberId, _: PackageId) -> Result<u64, Problem> {
        Err(nothing())
    }

    fn upload_part(&self, _: &MemberId, _: PackageId, _: u64, _: &[u8]) -> Result<u64, Problem> {
        Err(nothing())
    }
}

fn nothing() -> Problem {
    Problem {
        status: 404,
        code: "path.unknown",
        detail: "only TAXII is served here".into(),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:9000".into());
    let cell = Cell::open(CellParts {
        journal: Journal::memory([1; 16]),
        served: Journal::memory([2; 16]),
        env: Arc::new(Machine::default()),
        me: "node".parse()?,
        realm: Realm::live(),
        signer: None,
    })?;
    cell.load()?;
    let token = format!("pct_{}", "0".repeat(64));
    let operator = cell.operator();
    let account = Command::OpenAccount {
        name: "bench".into(),
        member: "node".parse()?,
        secret: Secret::Token(Sha256::digest(&token).into()),
        client: false,
        operator: true,
        rights: Rights::Speak,
        until: None,
    };
    cell.perform(&operator, account)?;
    // Of one member: what crosses no line is not held for a person's review.
    let group = GroupId::new(&Realm::live(), [1; 12]);
    let standing = Standing {
        kind: MemberKind::Company,
        jurisdiction: "GB".parse()?,
    };
    let title = "Bench".to_owned();
    cell.perform(
        &operator,
        Command::FoundGroup {
            group,
            title,
            standing,
        },
    )?;
    let collection = CollectionId::new(&Realm::live(), [1; 12]);
    let mut settings = Settings::titled("Bench");
    settings.alias = Some("bench".into());
    settings.mode = Mode::Keep;
    settings.default_tlp = Tlp::Clear;
    settings.readers = [group].into();
    settings.writers = [group].into();
    let settings = Box::new(settings);
    cell.perform(
        &operator,
        Command::OpenCollection {
            collection,
            settings,
        },
    )?;
    let limits = Limits {
        connections_per_address_max: portcullis_web::limits::CONNECTIONS_MAX,
        ..Limits::default()
    };
    let ledger = cell.clone();
    std::thread::spawn(move || {
        loop {
            ledger.served_wait();
            if let Err(error) = ledger.served_tick() {
                eprintln!("{error}");
            }
        }
    });
    let server = Server::plain(TcpListener::bind(address)?, Arc::new(House(cell)), limits)?;
    println!(
        "http://{}/taxii2/live/ {collection} {token}",
        server.address()
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(server.run(std::future::pending()))?;
    Ok(())
}
