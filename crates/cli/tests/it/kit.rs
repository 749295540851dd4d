//! Real nodes in folders of their own, run by the program itself.

use jiff::Timestamp;
use portcullis_core::{id::CaseId, statement::Event};
use portcullis_node::{Ballots, Env, Node, NodeKeys, Parts, Said, Shape};
use portcullis_sign::SecretKey;
use portcullis_store::{Blobs, Store};
use portcullis_verdict::{
    law,
    register::{Anchor, Trust},
    schema,
    text::realm,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// How long anything that has to travel may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A member of a town.
pub(crate) struct Seat {
    pub(crate) word: &'static str,
    pub(crate) roles: &'static [&'static str],
    pub(crate) authority: &'static [&'static str],
    pub(crate) sector: &'static str,
    pub(crate) officers: &'static [&'static str],
    pub(crate) tick_ms: u64,
}

/// Nodes that know each other, each a process of its own while it is served.
pub(crate) struct Town {
    folder: TempDir,
    running: BTreeMap<&'static str, Child>,
    ports: BTreeMap<&'static str, u16>,
}

/// Runs the program on a data folder.
pub(crate) fn run(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command
        .arg("--dir")
        .arg(dir)
        .args(args)
        .stdin(Stdio::null());
    command.output().expect("the program starts")
}

/// Runs it as a machine does, and expects success.
pub(crate) fn ok(dir: &Path, args: &[&str]) -> Value {
    let output = run(dir, &[&["--json"], args].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {text}{errors}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error}: {text}"))
}

/// Runs it and expects a no: the exit code and the failure's code.
pub(crate) fn no(dir: &Path, args: &[&str]) -> (i32, String) {
    let output = run(dir, &[&["--json"], args].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    let answer: Value = serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!(
            "{args:?}: {error}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        )
    });
    let code = answer["error"]["code"]
        .as_str()
        .unwrap_or_else(|| panic!("{args:?} was done: {answer}"));
    (output.status.code().unwrap_or(-1), code.to_owned())
}

/// Tries until it comes.
#[expect(clippy::disallowed_methods, reason = "processes are waited for")]
pub(crate) fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(since.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Lets real time pass.
#[expect(clippy::disallowed_methods, reason = "processes run meanwhile")]
pub(crate) fn pause(ms: u64) {
    thread::sleep(Duration::from_millis(ms));
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("paths of tests are text")
}

/// Copies a folder with everything in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (at, name) = entry
            .map(|entry| (entry.path(), entry.file_name()))
            .unwrap();
        if at.is_dir() {
            copy_folder(&at, &to.join(name));
        } else {
            fs::copy(&at, to.join(name)).unwrap();
        }
    }
}

impl Town {
    /// Founds a town: every seat initialised, one register that all have joined. The first seat
    /// is the registrar. Nobody is served yet.
    pub(crate) fn found(seats: &[Seat]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut town = Self {
            folder,
            running: BTreeMap::new(),
            ports: BTreeMap::new(),
        };
        // All ports are held at once, so that no two are the same.
        let held: Vec<_> = seats
            .iter()
            .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        for (seat, listener) in seats.iter().zip(&held) {
            town.ports
                .insert(seat.word, listener.local_addr().unwrap().port());
        }
        drop(held);
        let registrar = seats.first().expect("a town has members").word;
        let mut register_log = None;
        for seat in seats {
            let card = town.init(seat, register_log.as_deref());
            register_log = register_log.or(card["register_log"].as_str().map(str::to_owned));
        }
        let witnesses: Vec<_> = seats
            .iter()
            .filter(|seat| seat.roles.contains(&"witness"))
            .map(|seat| seat.word)
            .collect();
        for witness in &witnesses {
            town.serve(witness);
        }
        town.publish(registrar, seats);
        for witness in &witnesses {
            town.kill(witness);
        }
        town
    }

    fn init(&self, seat: &Seat, register_log: Option<&str>) -> Value {
        let member = format!("{}.example", seat.word);
        let listen = format!("127.0.0.1:{}", self.ports[seat.word]);
        let tick = seat.tick_ms.to_string();
        let mut args = vec![
            "init",
            "--member",
            &member,
            "--title",
            seat.word,
            "--sector",
            seat.sector,
        ];
        args.extend(["--listen", &listen, "--tick-ms", &tick]);
        let repeated = |name: &'static str, values: &[&'static str]| -> Vec<&'static str> {
            values.iter().flat_map(|value| [name, *value]).collect()
        };
        args.extend(repeated("--role", seat.roles));
        args.extend(repeated("--authority", seat.authority));
        // A person in two offices has one key, made once.
        let mut names = BTreeSet::new();
        let people: Vec<_> = seat
            .officers
            .iter()
            .copied()
            .filter(|officer| names.insert(officer.split_once('=').unwrap().0))
            .collect();
        args.extend(repeated("--officer", &people));
        match register_log {
            None => args.push("--registrar"),
            Some(vkey) => args.extend(["--witness-log", vkey]),
        }
        let dir = self.dir(seat.word);
        ok(&dir, &args);
        let card = ok(
            &dir,
            &[
                &["key", "card"],
                repeated("--officer", seat.officers).as_slice(),
            ]
            .concat(),
        );
        fs::write(dir.join("card.json"), card.to_string()).unwrap();
        card
    }

    fn publish(&self, registrar: &str, seats: &[Seat]) {
        let dir = self.dir(registrar);
        ok(&dir, &["key", "new", "root"]);
        let (draft, file) = (dir.join("v1.json"), dir.join("register.json"));
        let mut args = vec![
            "register",
            "new",
            text(&draft),
            "--root",
            "root",
            "--threshold",
            "1",
            "--days",
            "30",
        ];
        let cards: Vec<_> = seats
            .iter()
            .map(|seat| self.dir(seat.word).join("card.json"))
            .collect();
        for card in &cards {
            args.extend(["--card", text(card)]);
        }
        ok(&dir, &args);
        ok(&dir, &["register", "sign", text(&draft), "--key", "root"]);
        let signed = dir.join("v1.json.signed");
        ok(&dir, &["register", "publish", text(&signed)]);
        ok(&dir, &["register", "export", text(&file)]);
        let id = fs::read_to_string(dir.join("register.id")).unwrap();
        for seat in seats.iter().filter(|seat| seat.word != registrar) {
            ok(
                &self.dir(seat.word),
                &["register", "trust", id.trim(), text(&file)],
            );
        }
    }

    /// A member's data folder.
    pub(crate) fn dir(&self, word: &str) -> PathBuf {
        self.folder.path().join(word)
    }

    /// A path in the town that nobody uses.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where a member's node answers.
    pub(crate) fn endpoint(&self, word: &str) -> String {
        format!("https://127.0.0.1:{}", self.ports[word])
    }

    /// Starts a member's node and waits until it listens.
    pub(crate) fn serve(&mut self, word: &'static str) {
        let dir = self.dir(word);
        let log = File::options()
            .create(true)
            .append(true)
            .open(dir.join("serve.log"))
            .unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .arg("--dir")
            .arg(&dir)
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        self.running.insert(word, child);
        let port = self.ports[word];
        wait(&format!("{word} to listen"), || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
    }

    /// Ends a member's node as a power cut does.
    pub(crate) fn kill(&mut self, word: &str) {
        if let Some(mut child) = self.running.remove(word) {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// A member's node, opened beside whatever is served.
    pub(crate) fn node(&self, word: &str) -> Node {
        let dir = self.dir(word);
        let read = |name: &str| fs::read_to_string(dir.join(name)).ok();
        let seed = |name: &str| read(name).map(|text| parse_seed(text.trim()));
        let live = realm("live").unwrap();
        let config = read("portcullis.toml").unwrap();
        let schemas = schema::builtin();
        let schema = schemas
            .iter()
            .find(|schema| config.contains(&format!("\nschema = \"{}\"\n", schema.name)))
            .expect("every seat counts under a built-in schema");
        Node::open(Parts {
            store: Store::sqlite(&dir.join("store.db")).unwrap(),
            blobs: Blobs::folder(&dir.join("blobs")).unwrap(),
            env: Arc::new(System),
            me: format!("{word}.example").parse().unwrap(),
            realm: live,
            keys: NodeKeys {
                statements: read("keys/node.key").unwrap().trim().parse().unwrap(),
                log_name: format!("{word}.example/log/live"),
                log_seed: seed("keys/log.seed").unwrap(),
                ballot_seed: seed("keys/ballot.seed").unwrap(),
                register_seed: seed("keys/register.seed"),
                witness: seed("keys/witness.seed")
                    .map(|seed| (format!("{word}.example/witness"), seed)),
            },
            laws: Arc::new(law::builtin()),
            trust: Trust::default(),
            anchor: read("register.id").map(|text| Anchor(text.trim().parse().unwrap())),
            witnessed_logs: Vec::new(),
            shape: Shape::default(),
            schema: Arc::clone(schema),
            schema_bytes: schema::builtin_bytes(&schema.id).unwrap().into(),
            ballots: Ballots::Proved,
        })
        .unwrap()
    }

    /// An officer's key.
    pub(crate) fn officer(&self, word: &str, name: &str) -> SecretKey {
        let path = self.dir(word).join("officers").join(format!("{name}.key"));
        fs::read_to_string(path).unwrap().trim().parse().unwrap()
    }

    /// An officer says something, as soon as the node has what it needs for it.
    pub(crate) fn say(
        &self,
        word: &str,
        name: &str,
        case: CaseId,
        event: &Event,
        attachment: Option<&[u8]>,
    ) -> Said {
        let (node, key) = (self.node(word), self.officer(word, name));
        let mut last = None;
        wait(
            &format!("{word} to say `{}`", event.kind()),
            || match node.say(Some(case), event, &key, attachment) {
                Ok(said) => Some(said),
                Err(error) => {
                    let told = error.to_string();
                    if last.as_ref() != Some(&told) {
                        eprintln!("{word} `{}`: {told}", event.kind());
                        last = Some(told);
                    }
                    None
                }
            },
        )
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        for child in self.running.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn parse_seed(text: &str) -> Zeroizing<[u8; 32]> {
    let mut seed = Zeroizing::new([0; 32]);
    for (at, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    }
    seed
}

/// The machine's clock and generator.
struct System;

impl Env for System {
    #[expect(
        clippy::disallowed_methods,
        reason = "the processes beside it go by the same clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "keys and ids of tests")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}
