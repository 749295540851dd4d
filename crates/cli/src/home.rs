//! A node's data folder, opened.
//!
//! ```text
//! portcullis.toml      the configuration
//! register.id          the register it trusts, once it has joined one
//! keys/                the node's own keys, readable by its owner alone
//! officers/            officers' Ed25519 keys that are kept here
//! laws/                law files besides the built-in ones
//! schemas/             schemas of cells besides the built-in ones
//! store.db             records
//! blobs/               tiles, packages
//! cell/                the cell's journals
//! serve.lock           locked by the one `serve` that runs; in no backup
//! warning-lists/       values that must never be indicators, besides the built-in lists
//! ```

use crate::{clock::SystemEnv, config::Config, failure::Failure};
use jiff::SignedDuration;
use portcullis_core::{member::MemberId, realm::Realm, schema::Schema};
use portcullis_node::{
    Ballots, Env, Node, NodeKeys, Parts, Shape,
    cell::{Cell, CellParts, exit::warning::Lists},
};
use portcullis_seal::key::Identity;
use portcullis_sign::SecretKey;
use portcullis_store::{Blobs, Store, journal::Journal};
use portcullis_tlog::note::NoteSigner;
use portcullis_verdict::{
    law::{self, Calendars, Laws},
    register::{Anchor, Trust},
    schema, text,
};
use portcullis_web::{HttpPeers, TlsIdentity};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use zeroize::Zeroizing;

/// A data folder with its configuration read.
pub(crate) struct Home {
    pub(crate) dir: PathBuf,
    pub(crate) config: Config,
    pub(crate) env: SystemEnv,
}

impl Home {
    /// Reads a data folder's configuration.
    pub(crate) fn open(dir: &Path) -> Result<Self, Failure> {
        let config = Config::read(dir)?;
        Ok(Self {
            dir: dir.to_owned(),
            config,
            env: SystemEnv,
        })
    }

    /// Which member it is.
    pub(crate) fn member(&self) -> Result<MemberId, Failure> {
        self.config
            .member
            .parse()
            .map_err(|error| config(format!("member: {error}")))
    }

    /// In which realm.
    pub(crate) fn realm(&self) -> Result<Realm, Failure> {
        text::realm(&self.config.realm).map_err(|error| config(format!("realm: {error}")))
    }

    /// The name of its log, without generation: the address under which it is served, without scheme.
    pub(crate) fn log_name(&self) -> String {
        format!("{}/log/{}", self.config.member, self.config.realm)
    }

    /// The name of the register's log, if this node publishes one.
    pub(crate) fn register_log_name(&self) -> String {
        format!("{}/register/{}", self.config.member, self.config.realm)
    }

    /// A file of its keys.
    pub(crate) fn key_path(&self, name: &str) -> PathBuf {
        self.dir.join("keys").join(name)
    }

    /// The officer keys kept here.
    pub(crate) fn officers_dir(&self) -> PathBuf {
        self.dir.join("officers")
    }

    /// Tiles and packages, as plain files.
    pub(crate) fn blobs_dir(&self) -> PathBuf {
        self.dir.join("blobs")
    }

    /// The node's own keys.
    pub(crate) fn keys(&self) -> Result<NodeKeys, Failure> {
        let statements = read_secret(&self.key_path("node.key"))?;
        let statements: SecretKey = statements
            .trim()
            .parse()
            .map_err(|error| config(format!("keys/node.key: {error}")))?;
        let witness = self.config.roles.iter().any(|role| role == "witness");
        Ok(NodeKeys {
            statements,
            log_name: self.log_name(),
            log_seed: self
                .seed("log.seed")?
                .ok_or_else(|| config("keys/log.seed is missing"))?,
            ballot_seed: self.seed("ballot.seed")?.ok_or_else(|| {
                config("keys/ballot.seed is missing").hint(
                    "without it no report of this log can be made: put it back from the backup of `keys/`",
                )
            })?,
            register_seed: self.seed("register.seed")?,
            witness: match self.seed("witness.seed")? {
                Some(seed) if witness => Some((format!("{}/witness", self.config.member), seed)),
                _ => None,
            },
        })
    }

    /// The signer of the register's log, if this node publishes one.
    pub(crate) fn register_signer(&self) -> Result<Option<NoteSigner>, Failure> {
        let Some(seed) = self.seed("register.seed")? else {
            return Ok(None);
        };
        let name = self.register_log_name();
        let name = name
            .parse()
            .map_err(|error| config(format!("`{name}`: {error}")))?;
        Ok(Some(NoteSigner::new(name, &seed)))
    }

    fn seed(&self, name: &str) -> Result<Option<Zeroizing<[u8; 32]>>, Failure> {
        let path = self.key_path(name);
        if !path.exists() {
            return Ok(None);
        }
        let text = read_secret(&path)?;
        parse_seed(text.trim())
            .map(Some)
            .ok_or_else(|| config(format!("`{}` is no seed: 64 hex digits", path.display())))
    }

    /// The key that packages for this member are sealed to.
    pub(crate) fn delivery_identity(&self) -> Result<Identity, Failure> {
        let path = self.key_path("delivery.key");
        let text = read_secret(&path)?;
        let line = text
            .lines()
            .find(|line| !line.starts_with('#'))
            .unwrap_or_default();
        line.trim()
            .parse()
            .map_err(|error| config(format!("`{}`: {error}", path.display())))
    }

    /// The certificate that its doors show.
    pub(crate) fn tls(&self) -> Result<TlsIdentity, Failure> {
        let (certificate, key) = (self.key_path("tls.cert.pem"), self.key_path("tls.key.pem"));
        let certificate =
            std::fs::read(&certificate).map_err(|error| Failure::file(&certificate, &error))?;
        let key = read_secret(&key)?;
        TlsIdentity::from_pem(&certificate, key.as_bytes())
            .map_err(|error| config(format!("keys/tls.*.pem: {error}")))
    }

    /// The register that was trusted.
    pub(crate) fn anchor(&self) -> Result<Option<Anchor>, Failure> {
        let path = self.dir.join("register.id");
        match std::fs::read_to_string(&path) {
            Ok(text) => text
                .trim()
                .parse()
                .map(Anchor)
                .map(Some)
                .map_err(|_| config("register.id is no register's id")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::file(&path, &error)),
        }
    }

    /// The built-in laws, and those in the folder's `laws/`.
    pub(crate) fn laws(&self) -> Result<Laws, Failure> {
        let mut laws = law::builtin();
        let folder = self.dir.join("laws");
        let Ok(entries) = std::fs::read_dir(&folder) else {
            return Ok(laws);
        };
        let calendars = Calendars::builtin();
        let mut paths: Vec<_> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        paths.sort();
        for path in paths
            .into_iter()
            .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        {
            let bytes = std::fs::read(&path).map_err(|error| Failure::file(&path, &error))?;
            let law =
                law::parse(&path.display().to_string(), &bytes, &calendars).map_err(|errors| {
                    let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
                    Failure::refused("law.refused", lines.join("\n"))
                })?;
            laws.install(law);
        }
        Ok(laws)
    }

    /// The schema of cells in which its log counts, with the exact bytes of its file.
    pub(crate) fn schema(&self) -> Result<(Arc<Schema>, Arc<[u8]>), Failure> {
        let name = self.config.schema();
        if let Some(schema) = schema::builtin().by_name(name)
            && let Some(bytes) = schema::builtin_bytes(&schema.id)
        {
            return Ok((Arc::clone(schema), bytes.into()));
        }
        let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if name.is_empty() || !name.chars().all(word) {
            return Err(config(format!("log.schema: `{name}` is no schema's name")));
        }
        let path = self.dir.join("schemas").join(format!("{name}.toml"));
        let bytes = std::fs::read(&path).map_err(|error| {
            let known = schema::builtin();
            let known: Vec<_> = known.iter().map(|schema| schema.name.clone()).collect();
            Failure::file(&path, &error).hint(format!(
                "the schemas that come with Portcullis: {}",
                known.join(", ")
            ))
        })?;
        let parsed = schema::parse(&path.display().to_string(), &bytes).map_err(|errors| {
            let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
            Failure::refused("schema.refused", lines.join("\n"))
        })?;
        Ok((Arc::new(parsed), bytes.into()))
    }

    /// Refuses to begin anew where records were lost: a log that goes on would not know what it
    /// signed, and a case what was said in it.
    fn not_lost(&self) -> Result<(), Failure> {
        let signed = self.blobs_dir().join("log");
        let has_log = std::fs::read_dir(&signed).is_ok_and(|mut logs| logs.next().is_some());
        if self.dir.join("store.db").exists() || !has_log {
            return Ok(());
        }
        Err(Failure::refused(
            "store.lost",
            format!("`{}` holds a log and no `store.db`: its records are lost", self.dir.display()),
        )
        .hint("make the node anew from a backup, in another folder: `portcullis restore BACKUP --dir DIR`"))
    }

    /// Opens the records; made if nothing was ever recorded.
    pub(crate) fn store(&self) -> Result<Store, Failure> {
        self.not_lost()?;
        Store::sqlite(&self.dir.join("store.db"))
            .map_err(|error| Failure::unable("store.unavailable", format!("store.db: {error}")))
    }

    /// Opens the node. Commands and `serve` may have it open at once.
    pub(crate) fn node(&self) -> Result<Arc<Node>, Failure> {
        let (schema, schema_bytes) = self.schema()?;
        let store = self.store()?;
        let blobs = Blobs::folder(&self.blobs_dir())
            .map_err(|error| Failure::unable("store.unavailable", format!("blobs/: {error}")))?;
        let mut witnessed_logs = self
            .config
            .witness
            .logs
            .iter()
            .map(|vkey| {
                vkey.parse()
                    .map_err(|error| config(format!("witness.logs: `{vkey}`: {error}")))
            })
            .collect::<Result<Vec<_>, _>>()?;
        witnessed_logs.extend(self.register_signer()?.map(|signer| signer.vkey()));
        let env: Arc<dyn Env> = Arc::new(self.env);
        let node = Node::open(Parts {
            store,
            blobs,
            env,
            me: self.member()?,
            realm: self.realm()?,
            keys: self.keys()?,
            laws: Arc::new(self.laws()?),
            trust: self.trust()?,
            anchor: self.anchor()?,
            witnessed_logs,
            shape: self.shape(),
            schema,
            schema_bytes,
            ballots: Ballots::Proved,
        })?;
        if let Some(cell) = self.cell()? {
            node.attach_cell(cell);
        }
        Ok(Arc::new(node))
    }

    /// Opens the cell's journals, if the node has a cell. Nothing is read yet: that is
    /// [`Cell::load`]'s, so that a server answers while it reads.
    pub(crate) fn cell(&self) -> Result<Option<Arc<Cell>>, Failure> {
        if self.config.cell().is_none() {
            return Ok(None);
        }
        let folder = |name: &str| {
            let path = self.dir.join("cell").join(name);
            let mut epoch = [0; 16];
            self.env.fill(&mut epoch);
            Journal::folder(&path, epoch).map_err(|error| {
                Failure::unable("store.unavailable", format!("cell/{name}: {error}"))
            })
        };
        let env: Arc<dyn Env> = Arc::new(self.env);
        let keys = self.keys()?;
        let cell = Cell::open(CellParts {
            journal: folder("journal")?,
            served: folder("served")?,
            env,
            me: self.member()?,
            realm: self.realm()?,
            signer: Some(keys.statements),
        })?;
        cell.give_secret(&keys.ballot_seed);
        cell.set_warning_lists(self.warning_lists()?);
        Ok(Some(cell))
    }

    /// Files of values that must never be indicators.
    pub(crate) fn warning_lists_dir(&self) -> PathBuf {
        self.dir.join("warning-lists")
    }

    /// The built-in warning lists, and those in the folder's `warning-lists/`.
    pub(crate) fn warning_lists(&self) -> Result<Lists, Failure> {
        let mut lists = (**Lists::built_in()).clone();
        let Ok(entries) = std::fs::read_dir(self.warning_lists_dir()) else {
            return Ok(lists);
        };
        let mut paths: Vec<_> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.extension()
                    .is_some_and(|end| end == "txt" || end == "json")
            })
            .collect();
        paths.sort();
        for path in paths {
            let text =
                std::fs::read_to_string(&path).map_err(|error| Failure::file(&path, &error))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            lists
                .add(&name, &text)
                .map_err(|error| config(format!("`{}`: {error}", path.display())))?;
        }
        Ok(lists)
    }

    /// How the follows stood when `serve` last looked; nothing rests on it.
    pub(crate) fn follows_file(&self) -> PathBuf {
        self.dir.join("follows.json")
    }

    fn shape(&self) -> Shape {
        let tick = i64::try_from(self.config.log.tick_ms.max(50)).unwrap_or(i64::MAX);
        Shape {
            tick: SignedDuration::from_millis(tick),
            tiles: self.config.log.tiles.max(1),
        }
    }

    pub(crate) fn trust(&self) -> Result<Trust, Failure> {
        let member = |word: &String| {
            word.parse()
                .map_err(|error| config(format!("trust: {error}")))
        };
        let key = |word: &String| {
            word.parse()
                .map_err(|_| config(format!("trust: `{word}` is no key's digest")))
        };
        let told = &self.config.trust;
        Ok(Trust {
            distrusted_members: told
                .distrusted_members
                .iter()
                .map(member)
                .collect::<Result<_, _>>()?,
            distrusted_keys: told
                .distrusted_keys
                .iter()
                .map(key)
                .collect::<Result<_, _>>()?,
            pinned: told
                .pinned
                .iter()
                .map(|(id, keys)| {
                    Ok((
                        member(id)?,
                        keys.iter().map(key).collect::<Result<_, Failure>>()?,
                    ))
                })
                .collect::<Result<_, Failure>>()?,
            unproved: false,
        })
    }

    /// How this node calls others.
    pub(crate) fn peers(&self) -> Result<HttpPeers, Failure> {
        HttpPeers::new(self.tls()?).map_err(|error| Failure::unable("tls", error.to_string()))
    }
}

fn config(why: impl Into<String>) -> Failure {
    Failure::new(crate::failure::USAGE, "config", why)
}

/// Reads a secret file.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<String>, Failure> {
    std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| Failure::file(path, &error))
}

/// Writes a file that its owner alone can read, and never over another.
pub(crate) fn write_secret(path: &Path, text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options
        .open(path)
        .map_err(|error| Failure::file(path, &error))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| Failure::file(path, &error))
}

/// Thirty-two bytes from hex.
pub(crate) fn parse_seed(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut seed = Zeroizing::new([0; 32]);
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(seed)
}

/// A fresh seed as hex.
pub(crate) fn fresh_seed(env: &dyn Env) -> Zeroizing<String> {
    use std::fmt::Write as _;
    let mut seed = Zeroizing::new([0; 32]);
    env.fill(&mut *seed);
    let mut text = Zeroizing::new(String::with_capacity(65));
    for byte in seed.iter() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    text
}
