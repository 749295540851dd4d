//! The configuration: one typed struct, read once from `portcullis.toml`.

use crate::failure::Failure;
use serde::Deserialize;
use std::{net::SocketAddr, path::Path};

/// The file's name in the data folder.
pub(crate) const FILE: &str = "portcullis.toml";

/// A node's configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) member: String,
    pub(crate) title: String,
    pub(crate) realm: String,
    pub(crate) roles: Vec<String>,
    #[serde(default)]
    pub(crate) authority: Vec<String>,
    pub(crate) sector: String,
    pub(crate) listen: String,
    pub(crate) endpoint: String,
    #[serde(default)]
    pub(crate) log: LogConfig,
    #[serde(default)]
    pub(crate) witness: WitnessConfig,
    #[serde(default)]
    pub(crate) trust: TrustConfig,
    /// The cell, for whoever shares threat intelligence.
    pub(crate) cell: Option<CellConfig>,
}

/// The cell's doors, beside the node's own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CellConfig {
    /// A loopback address on which plain HTTP is answered as well.
    pub(crate) plain_listen: Option<String>,
    /// The longest envelope taken in, in bytes.
    pub(crate) max_content_length: usize,
    /// Whose law this member is under: a country's two letters.
    pub(crate) country: Option<String>,
    /// Whether this member is a `company` or an `authority`.
    pub(crate) kind: Option<String>,
    /// How long the bytes stay of what was taken back: a span, or `0`.
    pub(crate) erase_after: String,
    /// How long the ledger keeps what was served to whom: a span, or `forever`.
    pub(crate) ledger_keep: String,
}

/// ATT&CK Enterprise in one envelope has 34 MB.
pub(crate) const ENVELOPE_BYTES_DEFAULT: usize = 100 << 20;

/// Time to notice that something was removed by mistake.
const ERASE_AFTER_DEFAULT: &str = "30d";

/// Six years: as long as most claims may be brought to a court.
const LEDGER_KEEP_DEFAULT: &str = "2192d";

/// The word for a ledger of which nothing is dropped.
const FOREVER: &str = "forever";

impl Default for CellConfig {
    fn default() -> Self {
        Self {
            plain_listen: None,
            max_content_length: ENVELOPE_BYTES_DEFAULT,
            country: None,
            kind: None,
            erase_after: ERASE_AFTER_DEFAULT.to_owned(),
            ledger_keep: LEDGER_KEEP_DEFAULT.to_owned(),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogConfig {
    pub(crate) tick_ms: u64,
    pub(crate) tiles: u32,
    /// The schema of cells; that of the first role, if it is not said.
    pub(crate) schema: Option<String>,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            tick_ms: 600_000,
            tiles: 1,
            schema: None,
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WitnessConfig {
    pub(crate) logs: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TrustConfig {
    pub(crate) distrusted_members: Vec<String>,
    pub(crate) distrusted_keys: Vec<String>,
    pub(crate) pinned: std::collections::BTreeMap<String, Vec<String>>,
}

impl Config {
    /// The name of the schema of cells in which the log counts.
    pub(crate) fn schema(&self) -> &str {
        self.log
            .schema
            .as_deref()
            .unwrap_or_else(|| schema_for(&self.roles))
    }

    /// The cell's configuration, if the node has a cell: by its role, or by a `[cell]` of its own.
    pub(crate) fn cell(&self) -> Option<CellConfig> {
        let by_role = self.roles.iter().any(|role| role == "cell");
        let by_role = by_role.then(CellConfig::default);
        self.cell.clone().or(by_role)
    }

    /// Reads the configuration of a data folder.
    ///
    /// # Errors
    ///
    /// [`Failure`] with what is wrong, where, and what to do.
    pub(crate) fn read(dir: &Path) -> Result<Self, Failure> {
        let path = dir.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Failure::file(&path, &error)
                .hint("make a node with `portcullis init`, or name its folder with `--dir DIR`")
        })?;
        toml::from_str(&text).map_err(|error| {
            Failure::new(
                crate::failure::USAGE,
                "config",
                format!("`{}`: {error}", path.display()),
            )
        })
    }

    /// The text of a fresh configuration, with comments that explain it.
    pub(crate) fn fresh(&self) -> String {
        let list = |words: &[String]| {
            words
                .iter()
                .map(|word| toml_text(word))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let cell = self.cell().map(|cell| cell.fresh()).unwrap_or_default();
        format!(
            r#"# A Portcullis node. Everything here can be changed; run `portcullis serve` again after it.

# Which member of the register this node is: a word, best a host name of yours.
member = {member}
# For people.
title = {title}
# `live`, or `exercise-NAME`. Nothing passes from one realm to another.
realm = {realm}
# What the member does: authority, approver, provider, overseer, cell, witness.
roles = [{roles}]
# What kind of authority it is, in the words of the law files (see `portcullis law show`).
authority = [{authority}]
# Its sector. Witnesses of one log come from at least two sectors.
sector = {sector}

# Where `portcullis serve` listens, and the address under which others reach it.
listen = {listen}
endpoint = {endpoint}

[log]
# The record grows by whole tiles of 256 leaves at this tick, filled up with cover leaves.
# The shape is public: change it only with long notice.
tick_ms = {tick_ms}
tiles = {tiles}
# The cells in which the log counts: a schema that comes with Portcullis, or `schemas/NAME.toml`
# here. It changes with a new log alone: edit this right after a period's end, then run
# `portcullis log renew` while `serve` is stopped.
schema = {schema}

[witness]
# Logs that this node cosigns besides those in the register: C2SP vkeys. The register's own
# log stands here before there is a register.
logs = [{logs}]

[trust]
# Whom this node does not believe, whatever the register says.
distrusted_members = []
distrusted_keys = []
# For these members, these keys alone: "court.example" = ["sha256:…"]
[trust.pinned]
{cell}"#,
            member = toml_text(&self.member),
            title = toml_text(&self.title),
            realm = toml_text(&self.realm),
            roles = list(&self.roles),
            authority = list(&self.authority),
            sector = toml_text(&self.sector),
            listen = toml_text(&self.listen),
            endpoint = toml_text(&self.endpoint),
            tick_ms = self.log.tick_ms,
            tiles = self.log.tiles,
            schema = toml_text(self.schema()),
            logs = list(&self.witness.logs),
        )
    }
}

/// An address on which only this machine reaches us.
///
/// # Errors
///
/// [`Failure`] if it is no address, or one that others reach.
pub(crate) fn loopback(text: &str) -> Result<SocketAddr, Failure> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| Failure::usage(format!("`{text}` is no address: such as 127.0.0.1:9000")))?;
    if address.ip().is_loopback() {
        return Ok(address);
    }
    Err(Failure::usage(format!(
        "`{text}` can be reached by others, and plain HTTP hides nothing"
    ))
    .hint(
        "listen on 127.0.0.1 and put a proxy with TLS in front, or use `listen`, which speaks TLS",
    ))
}

impl CellConfig {
    /// How long the bytes stay of what was taken back.
    pub(crate) fn erase_after(&self) -> Result<jiff::SignedDuration, Failure> {
        crate::cmd::cell::span_or_none(&self.erase_after).map_err(|wrong| {
            Failure::usage(format!("`[cell] erase_after`: {wrong}"))
                .hint("such as \"30d\", or \"0\" for at once")
        })
    }

    /// How long the ledger keeps what was served to whom; none for ever. Never shorter than what was
    /// taken back stays: who was served it is asked until it is gone.
    pub(crate) fn ledger_keep(&self) -> Result<Option<jiff::SignedDuration>, Failure> {
        if self.ledger_keep == FOREVER {
            return Ok(None);
        }
        let keep = crate::cmd::cell::span_or_none(&self.ledger_keep).map_err(|wrong| {
            Failure::usage(format!("`[cell] ledger_keep`: {wrong}"))
                .hint("such as \"2192d\", which is six years, or \"forever\"")
        })?;
        let erase_after = self.erase_after()?;
        if keep <= erase_after {
            return Err(Failure::usage(format!(
                "`[cell] ledger_keep` is {}, and `erase_after` {}",
                self.ledger_keep, self.erase_after
            ))
            .hint("the ledger is kept longer than what was taken back"));
        }
        Ok(Some(keep))
    }

    fn fresh(&self) -> String {
        let set = |name: &str, value: Option<&str>, example: &str| match value {
            Some(value) => format!("{name} = {}", toml_text(value)),
            None => format!("# {name} = {}", toml_text(example)),
        };
        format!(
            r"
[cell]
# Answers in plain HTTP too, on this machine alone: for programs here, or for a proxy in front.
{plain}
# The longest envelope taken in, in bytes.
max_content_length = {bytes}
# Whose law this member is under, and whether it is a `company` or an `authority`: what leaves a
# company for an authority, or one country for another, is looked at for people's data first.
{country}
{kind}
# How long the bytes stay on the disk of what was removed or recalled; `0` for some minutes.
erase_after = {erase_after}
# How long the ledger keeps what was served to whom, and its proof: 2192 days are six years; or
# `forever`.
ledger_keep = {ledger_keep}
",
            plain = set(
                "plain_listen",
                self.plain_listen.as_deref(),
                "127.0.0.1:9000"
            ),
            bytes = self.max_content_length,
            erase_after = toml_text(&self.erase_after),
            ledger_keep = toml_text(&self.ledger_keep),
            country = set("country", self.country.as_deref(), "GB"),
            kind = set("kind", self.kind.as_deref(), "company"),
        )
    }
}

/// The schema that comes with Portcullis for what a member does.
fn schema_for(roles: &[String]) -> &'static str {
    let of = |role: &String| match role.as_str() {
        "provider" => Some("provider-v1"),
        "authority" => Some("authority-v1"),
        "approver" => Some("approver-v1"),
        _ => None,
    };
    roles.iter().find_map(of).unwrap_or("approver-v1")
}

fn toml_text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
