//! The demo's nodes: folders, keys, processes, and the register that binds them.

use super::Stage;
use crate::{
    clock::{pause, stopwatch},
    failure::Failure,
    home::Home,
    signer::SignArgs,
};
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    digest::Digest,
    member::{MemberId, Role},
    office::Office,
    register::{Key, Member, Register, Roots, Term},
};
use portcullis_node::Node;
use portcullis_sign::{Envelope, SecretKey};
use portcullis_verdict::register;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

/// The tick of the messenger's record: its release waits for one.
const TICK_MS: u64 = 2000;
/// The tick of all others'. A tile of ballots takes a quarter of a second to make, and nine
/// nodes make them on one machine, while half a year passes at three more.
const CALM_TICK_MS: u64 = 30_000;
/// How long the demo waits for anything at most.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who plays in the demo: word, title, role, sector, authority's kind, officers.
type Part = (
    &'static str,
    &'static str,
    Role,
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, Office)],
);

const CAST: [Part; 9] = [
    (
        "police.example",
        "Exampleton Police (fictional)",
        Role::Authority,
        "police",
        &["metropolitan_police", "us.governmental_entity"],
        &[
            ("applicant", Office::Applicant),
            ("serving", Office::ServingOfficer),
            ("second", Office::Applicant),
        ],
    ),
    (
        "minister.example",
        "Ministry of Examples (fictional)",
        Role::Approver,
        "government",
        &[],
        &[
            ("minister", Office::SecretaryOfState),
            ("official", Office::SeniorOfficial),
        ],
    ),
    (
        "court.example",
        "Commission of Examples (fictional)",
        Role::Approver,
        "judiciary",
        &[],
        &[("commissioner", Office::JudicialCommissioner)],
    ),
    (
        "messenger.example",
        "Messenger of Exampleton (fictional)",
        Role::Provider,
        "company",
        &[],
        &[
            ("response", Office::LegalResponse),
            ("release", Office::ReleaseOfficer),
        ],
    ),
    (
        "othermail.example",
        "Other Mail (fictional)",
        Role::Provider,
        "company",
        &[],
        &[("response", Office::LegalResponse)],
    ),
    (
        "inspectorate.example",
        "Inspectorate of Examples (fictional)",
        Role::Overseer,
        "oversight",
        &[],
        &[
            ("inspector", Office::Inspector),
            ("root", Office::Inspector),
        ],
    ),
    (
        "university.example",
        "University of Exampleton (fictional)",
        Role::Witness,
        "academia",
        &[],
        &[("root", Office::Inspector)],
    ),
    (
        EAST_CELL,
        "Bank Cell of Exampleton (fictional)",
        Role::Cell,
        "company",
        &[],
        &[],
    ),
    (
        WEST_CELL,
        "Bank Cell of Otherland (fictional)",
        Role::Cell,
        "company",
        &[],
        &[],
    ),
];

/// The cell of the country in which all of the demo plays.
pub(super) const EAST_CELL: &str = "eastcell.example";
/// The cell of another country.
pub(super) const WEST_CELL: &str = "westcell.example";

/// The country in which all of the demo plays, and the other one: they have no codes, and these are
/// of two islands on which nobody lives.
pub(super) const EAST: &str = "BV";
pub(super) const WEST: &str = "HM";

/// Under whose law a cell is.
const COUNTRIES: [(&str, &str); 2] = [(EAST_CELL, EAST), (WEST_CELL, WEST)];

/// The nine nodes.
pub(super) struct Town {
    root: PathBuf,
    program: PathBuf,
    members: BTreeMap<&'static str, Resident>,
}

/// One node: its folder opened here too, and its process.
pub(super) struct Resident {
    pub(super) home: Home,
    pub(super) node: Arc<Node>,
    child: Child,
}

impl Drop for Resident {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Town {
    /// Makes the nodes, starts them, and binds them by a register.
    pub(super) fn build(root: &Path, stage: &Stage) -> Result<Self, Failure> {
        stage.chapter("Nine nodes, on this machine alone");
        std::fs::create_dir_all(root).map_err(|error| Failure::file(root, &error))?;
        let program =
            std::env::current_exe().map_err(|error| Failure::unable("demo", error.to_string()))?;
        let registrar_log = Self::init_all(root, &program)?;
        stage.step("nine data folders with keys of their own");
        let mut members = BTreeMap::new();
        for (word, ..) in CAST {
            let home = Home::open(&root.join(word))?;
            let child = start(&program, &home)?;
            let node = home.node()?;
            members.insert(word, Resident { home, node, child });
        }
        let town = Self {
            root: root.to_owned(),
            program,
            members,
        };
        for resident in town.members.values() {
            wait(
                &format!("{} to listen", resident.home.config.member),
                || {
                    let address = resident.home.config.listen.parse().ok()?;
                    std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok()
                },
            )?;
        }
        stage.step(
            "nine processes listen on loopback, mutual TLS, certificates pinned in the register",
        );
        let register = town.first_register(&registrar_log)?;
        let anchor = town.publish(&register)?;
        stage.step(format_args!(
            "the register's first version: signed by two roots, logged, cosigned from two sectors"
        ));
        stage.line(format_args!("its name is {anchor}"));
        Ok(town)
    }

    fn init_all(root: &Path, program: &Path) -> Result<String, Failure> {
        // The witnesses must know the register's log before there is a register.
        let mut order: Vec<Part> = CAST.to_vec();
        order.sort_by_key(|(word, ..)| *word != "inspectorate.example");
        let mut registrar_log = String::new();
        for (word, title, role, sector, authority, officers) in order {
            let mut command = Command::new(program);
            let tick = match word {
                "messenger.example" => TICK_MS,
                _ => CALM_TICK_MS,
            };
            let tick = tick.to_string();
            let listen = free_address()?;
            command
                .arg("--dir")
                .arg(root.join(word))
                .args(["--json", "init", "--member", word, "--title", title]);
            command.args([
                "--role",
                role.as_str(),
                "--sector",
                sector,
                "--listen",
                &listen,
                "--tick-ms",
                &tick,
            ]);
            let witnesses = role == Role::Overseer || role == Role::Witness;
            if role == Role::Overseer {
                command.args(["--role", "witness", "--registrar"]);
            }
            if witnesses && !registrar_log.is_empty() {
                command.args(["--witness-log", &registrar_log]);
            }
            for kind in authority {
                command.args(["--authority", kind]);
            }
            if let Some((_, country)) = COUNTRIES.iter().find(|(cell, _)| *cell == word) {
                let plain = free_address()?;
                command.args(["--country", country, "--plain-listen", &plain]);
            }
            for (name, office) in officers {
                command.args(["--officer", &format!("{name}={office}")]);
            }
            let output = command
                .output()
                .map_err(|error| Failure::unable("demo", error.to_string()))?;
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stdout);
                return Err(Failure::unable(
                    "demo.init",
                    format!(
                        "`{word}`: {said}{}",
                        String::from_utf8_lossy(&output.stderr)
                    ),
                ));
            }
            if role == Role::Overseer {
                let card: serde_json::Value = serde_json::from_slice(&output.stdout)
                    .map_err(|error| Failure::unable("demo.init", error.to_string()))?;
                card["register_log"]
                    .as_str()
                    .unwrap_or_default()
                    .clone_into(&mut registrar_log);
            }
        }
        Ok(registrar_log)
    }

    /// What a command of the program answers in a member's folder, as its people would type it.
    pub(super) fn command(&self, word: &str, words: &[&str]) -> Result<Value, Failure> {
        let output = Command::new(&self.program)
            .arg("--dir")
            .arg(&self.at(word).home.dir)
            .arg("--json")
            .args(words)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| Failure::unable("demo", error.to_string()))?;
        let answer = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
        if output.status.success() {
            return Ok(answer(&output.stdout));
        }
        let told = answer(&output.stdout);
        let text = |field: &str| told["error"][field].as_str().map(str::to_owned);
        let why =
            text("message").unwrap_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned());
        Err(Failure::unable(
            text("code").unwrap_or_else(|| "demo.command".into()),
            why,
        ))
    }

    /// One of the nodes.
    pub(super) fn at(&self, word: &str) -> &Resident {
        // INVARIANT: the demo asks for its own cast only.
        self.members
            .get(word)
            .unwrap_or_else(|| unreachable!("`{word}` is in the cast"))
    }

    /// All of them.
    pub(super) fn residents(&self) -> impl Iterator<Item = &Resident> {
        self.members.values()
    }

    /// An officer's key, with which the demo signs for them.
    pub(super) fn key(&self, word: &str, officer: &str) -> Result<SecretKey, Failure> {
        SignArgs::key(officer).secret(&self.at(word).home)
    }

    fn first_register(&self, log: &str) -> Result<Register, Failure> {
        let now = self.at("inspectorate.example").node.now();
        let year = |from: Timestamp| {
            from.saturating_add(SignedDuration::from_hours(24 * 365))
                .unwrap_or(from)
        };
        let term = Term {
            from: now
                .saturating_sub(SignedDuration::from_hours(24))
                .unwrap_or(now),
            until: year(now),
        };
        let mut members = BTreeMap::new();
        let mut witnesses = Vec::new();
        for (word, title, role, sector, authority, officers) in CAST {
            let home = &self.at(word).home;
            let keys = home.keys()?;
            let mut listed = BTreeMap::new();
            let mut list = |public: String, office: Office| {
                let digest = portcullis_verdict::text::sha256(public.as_bytes());
                let fresh = Key {
                    public,
                    offices: BTreeMap::new(),
                    revoked: None,
                };
                listed
                    .entry(digest)
                    .or_insert(fresh)
                    .offices
                    .insert(office, term);
            };
            list(keys.statements.public().to_string(), Office::Node);
            for (name, office) in officers {
                list(self.key(word, name)?.public().to_string(), *office);
            }
            let witness = keys.cosigner().map(|cosigner| cosigner.vkey().to_string());
            witnesses.extend(
                witness
                    .as_ref()
                    .map(|vkey| (word.replace('.', "-"), vkey.clone())),
            );
            let mut roles = BTreeSet::from([role]);
            if witness.is_some() {
                roles.insert(Role::Witness);
            }
            let member = Member {
                title: title.into(),
                roles,
                authority: authority.iter().map(|kind| (*kind).to_owned()).collect(),
                sector: sector.into(),
                endpoint: home.config.endpoint.clone(),
                tls: BTreeSet::from([home.tls()?.digest()]),
                log: keys.log_vkey(),
                witness,
                delivery_keys: BTreeSet::from([home.delivery_identity()?.recipient().to_string()]),
                keys: listed,
            };
            members.insert(member_id(word)?, member);
        }
        let mut lines: Vec<String> = witnesses
            .iter()
            .map(|(name, vkey)| format!("witness {name} {vkey}"))
            .collect();
        let names: Vec<_> = witnesses.iter().map(|(name, _)| name.as_str()).collect();
        lines.push(format!("group sectors all {}", names.join(" ")));
        lines.push("quorum sectors\n".to_owned());
        let policy = lines.join("\n");
        let roots: BTreeMap<Digest, String> = self
            .roots()?
            .iter()
            .map(|key| {
                let public = key.public().to_string();
                (portcullis_verdict::text::sha256(public.as_bytes()), public)
            })
            .collect();
        Ok(Register {
            realm: self.at("inspectorate.example").home.realm()?,
            version: 1,
            previous: None,
            made: now,
            expires: year(now),
            roots: Roots {
                threshold: 2,
                keys: roots,
            },
            log: log.to_owned(),
            witness_policy: policy,
            members,
        })
    }

    fn roots(&self) -> Result<[SecretKey; 2], Failure> {
        Ok([
            self.key("inspectorate.example", "root")?,
            self.key("university.example", "root")?,
        ])
    }

    /// Signs, publishes and spreads a version of the register.
    pub(super) fn publish(&self, register: &Register) -> Result<Digest, Failure> {
        let payload = register::payload(register);
        let signatures = self
            .roots()?
            .iter()
            .map(|root| root.sign(register::PAYLOAD_TYPE, &payload))
            .collect();
        let envelope = Envelope::seal(register::PAYLOAD_TYPE, &payload, signatures)
            .map_err(|error| Failure::unable("demo.register", error.to_string()))?;
        let registrar = self.at("inspectorate.example");
        let peers = registrar.home.peers()?;
        let anchor = registrar
            .node
            .publish_register(envelope.as_bytes(), &peers)?;
        let versions = registrar.node.export_register()?;
        for resident in self.residents() {
            let (_, versions) = Node::parse_versions(&versions)?;
            resident.node.join_register(anchor, versions)?;
            let path = resident.home.dir.join("register.id");
            std::fs::write(&path, format!("{}\n", anchor.0))
                .map_err(|error| Failure::file(&path, &error))?;
        }
        Ok(anchor.0)
    }

    /// Checks every record as an outsider would: by its plain files alone.
    pub(super) fn verify_logs(&self, stage: &Stage) -> Result<(), Failure> {
        stage.chapter("The record, checked by its plain files");
        for resident in self.residents() {
            let summary = super::forge::verify_log(self, resident)?;
            stage.step(summary);
        }
        Ok(())
    }

    pub(super) fn show_addresses(&self, stage: &Stage) {
        for resident in self.residents() {
            let config = &resident.home.config;
            stage.line(format_args!(
                "{:22} {}  {}",
                config.member,
                config.endpoint,
                resident.home.dir.display()
            ));
            if let Ok(keys) = resident.home.keys() {
                stage.line(format_args!(
                    "  log {}",
                    keys.log_vkey().unwrap_or_default()
                ));
                if let Some(cosigner) = keys.cosigner() {
                    stage.line(format_args!("  witness {}", cosigner.vkey()));
                }
            }
        }
        let example = &self.at("messenger.example").home;
        stage.line("");
        stage.line("every command works on these folders, such as");
        stage.line(format_args!(
            "  portcullis --dir {} case list",
            example.dir.display()
        ));
        stage.line(format_args!(
            "  curl --insecure {}/log/1/checkpoint",
            example.config.endpoint
        ));
        stage.line(format_args!(
            "all folders are below {}",
            self.root.display()
        ));
    }
}

/// A member's name of the cast.
pub(super) fn member_id(word: &str) -> Result<MemberId, Failure> {
    word.parse()
        .map_err(|error: portcullis_core::member::ParseMemberError| {
            Failure::unable("demo", error.to_string())
        })
}

fn start(program: &Path, home: &Home) -> Result<Child, Failure> {
    let log = home.dir.join("serve.log");
    let log = std::fs::File::create(&log).map_err(|error| Failure::file(&log, &error))?;
    Command::new(program)
        .arg("--dir")
        .arg(&home.dir)
        // However the demo ends, its pipe ends with it, and so does the node.
        .args(["--json", "serve", "--until-input-ends"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(|error| Failure::unable("demo.serve", error.to_string()))
}

fn free_address() -> Result<String, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")
        .map_err(|error| Failure::unable("demo", error.to_string()))?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::unable("demo", error.to_string()))?;
    Ok(address.to_string())
}

/// Waits until something is so at a node.
pub(super) fn wait<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> Result<T, Failure> {
    let start = stopwatch();
    loop {
        if let Some(found) = probe() {
            return Ok(found);
        }
        if start.elapsed() > PATIENCE {
            return Err(Failure::unable(
                "demo.waits",
                format!("waited {} s for {what}", PATIENCE.as_secs()),
            )
            .hint("the nodes' folders hold `serve.log`; keep them with `--dir DIR`"));
        }
        pause(Duration::from_millis(10));
    }
}
