//! Publishing, joining, and bringing versions from one node to another.

use super::{
    show::evidence,
    sign::{count, write},
};
use crate::{failure::Failure, home::Home, ui::Ui};
use clap::Args;
use portcullis_core::{digest::Digest, member::MemberId};
use portcullis_node::{Node, NodeError};
use portcullis_verdict::register::{self, Anchor, VersionError};
use std::path::{Path, PathBuf};

/// The longest file of versions, in bytes: a thousand versions of a large register.
const VERSIONS_BYTES_MAX: u64 = 256 << 20;

/// Publishes a signed version: into the register's own log, under its witnesses.
///
/// For the registrar's node. The witnesses' nodes must be running, and this one's too if it is
/// a witness itself. With version 1 the register has a name, its id: people who join compare
/// it by voice with whoever runs the register.
#[derive(Args)]
pub(crate) struct Publish {
    /// `DRAFT.signed`.
    signed: PathBuf,
}

impl Publish {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Result<(), Failure> {
        let bytes = read(&self.signed)?;
        let parsed = register::parse(&bytes).map_err(NodeError::from)?;
        let (number, realm) = (parsed.register.version, home.realm()?);
        other_realm(&parsed.register.realm, &realm)?;
        if number == 1
            && let Some(known) = home.anchor()?.filter(|known| known.0 != parsed.digest)
        {
            let message = format!("this node trusts the register {} already", known.0);
            return Err(Failure::refused("register.joined", message)
                .hint("another register is run from another data folder"));
        }
        let node = home.node()?;
        let anchor = node
            .publish_register(&bytes, &home.peers()?)
            .map_err(|error| explain(error, &parsed, &node))?;
        if number == 1 {
            keep_anchor(home, anchor)?;
            ui.say(format_args!(
                "version 1 is published; the register's id is\n\n  {}\n",
                anchor.0
            ));
            ui.say("whoever joins compares it by voice: `portcullis register trust ID FILE`, with the file of `portcullis register export`");
        } else {
            ui.say(format_args!(
                "version {number} of the register {} is published",
                anchor.0
            ));
            ui.say(
                "running nodes fetch it by themselves; `portcullis register fetch` does so at once",
            );
        }
        ui.answer(&serde_json::json!({ "register": anchor.0.to_string(), "version": number, "digest": parsed.digest.to_string() }));
        Ok(())
    }
}

/// What to do about a version that could not be published.
fn explain(error: NodeError, parsed: &register::Parsed, node: &Node) -> Failure {
    let hint = match &error {
        NodeError::Version(VersionError::TooFewRoots { which, .. }) => {
            let newest = node.history().ok();
            let roots = match (*which, &newest) {
                ("old", Some(history)) => &history.newest().register.roots,
                _ => &parsed.register.roots,
            };
            let (found, needed) = count(&parsed.envelope, roots);
            format!(
                "{} more of the {which} roots must sign: `portcullis register sign DRAFT --key NAME`",
                needed.saturating_sub(found)
            )
        }
        NodeError::Version(VersionError::OutOfOrder { .. } | VersionError::OtherPrevious) => {
            "begin again from the newest version: `portcullis register next DRAFT`".to_owned()
        }
        // Nothing else is `Broken` on this way: the witnesses' words are in it.
        NodeError::Broken(words) => {
            let hint = format!(
                "every witness's node must run, and know the register's log before version 1: `logs = [\"{}\"]` under `[witness]` in its portcullis.toml",
                parsed.register.log
            );
            return Failure::unable("log.witnesses_silent", words.clone()).hint(hint);
        }
        NodeError::Version(version) => {
            // Nothing false was shown by others here: it is our own draft that does not hold.
            return Failure::refused(version.code(), version.to_string());
        }
        _ => return error.into(),
    };
    Failure::refused(error.code(), error.to_string()).hint(hint)
}

/// Joins a register: the one of this id, and no other.
///
/// The id comes from whoever runs the register, by voice; the file may come from anywhere.
/// A file of another register is refused.
#[derive(Args)]
pub(crate) struct Trust {
    /// The register's id, `sha256:…`.
    id: Digest,
    /// A file that `portcullis register export` wrote.
    file: PathBuf,
}

impl Trust {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Result<(), Failure> {
        let (anchor, versions) = Node::parse_versions(&read(&self.file)?).map_err(Failure::from)?;
        if anchor.0 != self.id {
            let message = format!(
                "`{}` holds the register {}, not {}",
                self.file.display(),
                anchor.0,
                self.id
            );
            return Err(Failure::false_("register.other", message)
                .hint("compare the id by voice with whoever runs the register, and ask for the file again"));
        }
        if let Some(known) = home.anchor()?.filter(|known| *known != anchor) {
            let message = format!("this node trusts the register {} already", known.0);
            return Err(Failure::refused("register.joined", message)
                .hint("a node has one register; another one is joined from another data folder"));
        }
        if let Some(first) = versions
            .first()
            .and_then(|version| register::parse(&version.envelope).ok())
        {
            other_realm(&first.register.realm, &home.realm()?)?;
        }
        let node = home.node()?;
        let version = node
            .join_register(anchor, versions)
            .map_err(Failure::from)?;
        keep_anchor(home, anchor)?;
        ui.say(format_args!(
            "joined the register {} at version {version}",
            anchor.0
        ));
        taken(home, &node, version, ui)
    }
}

/// Takes versions of the register from a file.
#[derive(Args)]
pub(crate) struct Import {
    /// A file that `portcullis register export` wrote.
    file: PathBuf,
}

impl Import {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Result<(), Failure> {
        let (anchor, versions) = Node::parse_versions(&read(&self.file)?).map_err(Failure::from)?;
        let node = home.node()?;
        let expected = node.history()?.anchor();
        if anchor != expected {
            return Err(Failure::from(NodeError::from(
                VersionError::OtherRegister {
                    expected: expected.0,
                },
            )));
        }
        let version = node.take_versions(versions)?;
        ui.say(format_args!("the newest version is {version}"));
        taken(home, &node, version, ui)
    }
}

/// Writes every version of the register, with its proofs, to a file that others can take.
#[derive(Args)]
pub(crate) struct Export {
    /// The file to write.
    file: PathBuf,
}

impl Export {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Result<(), Failure> {
        let node = home.node()?;
        let history = node.history()?;
        write(&self.file, &node.export_register()?)?;
        let (id, newest) = (history.anchor().0, history.newest().register.version);
        ui.say(format_args!(
            "wrote the register {id}, up to version {newest}, to `{}`",
            self.file.display()
        ));
        ui.answer(&serde_json::json!({ "register": id.to_string(), "version": newest, "file": self.file.display().to_string() }));
        Ok(())
    }
}

/// Asks members' nodes for their versions of the register: one, or all.
#[derive(Args)]
pub(crate) struct Fetch {
    /// The member to ask; all, if not given.
    member: Option<MemberId>,
}

impl Fetch {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Result<(), Failure> {
        let (node, peers) = (home.node()?, home.peers()?);
        let asked: Vec<MemberId> = if let Some(member) = self.member {
            vec![member]
        } else {
            let history = node.history()?;
            let members = history.newest().register.members.keys();
            members.filter(|id| *id != node.me()).cloned().collect()
        };
        let mut last = None;
        let mut answered = 0;
        for member in &asked {
            match node
                .peer(member)
                .and_then(|peer| node.fetch_register(&peer, &peers))
            {
                Ok(version) => {
                    answered += 1;
                    ui.say(format_args!(
                        "`{member}` answered; the newest version is {version}"
                    ));
                }
                Err(error) => {
                    ui.note(format_args!("`{member}`: {error}"));
                    last = Some(error);
                }
            }
        }
        if let Some(error) = last.filter(|_| answered == 0) {
            return Err(match error {
                NodeError::Broken(why) => Failure::unable("peer.unreachable", why).hint("see that the member's node runs: `portcullis register show --member NAME` tells where"),
                error => error.into(),
            });
        }
        let version = node.history()?.newest().register.version;
        taken(home, &node, version, ui)
    }
}

/// Says what this node believes now, and fails when there is evidence against the roots.
fn taken(home: &Home, node: &Node, version: u64, ui: Ui) -> Result<(), Failure> {
    let history = node.history()?;
    let us = home.member()?;
    if !history.newest().register.members.contains_key(&us) {
        ui.note(format_args!(
            "`{us}` is no member of it yet: give `card.json` to whoever runs the register"
        ));
    }
    let two = evidence(node)?;
    if let Some(number) = two.keys().next() {
        let error = VersionError::TwoOfOneNumber { number: *number };
        return Err(Failure::false_(error.code(), error.to_string())
            .hint("keep this data folder: `portcullis register show` shows both, `portcullis register export` gives them to others"));
    }
    ui.answer(
        &serde_json::json!({ "register": history.anchor().0.to_string(), "version": version }),
    );
    Ok(())
}

fn other_realm(
    found: &portcullis_core::realm::Realm,
    ours: &portcullis_core::realm::Realm,
) -> Result<(), Failure> {
    if found == ours {
        return Ok(());
    }
    let message = format!("it is a register of realm `{found}`; this node is of `{ours}`");
    Err(Failure::refused("register.realm", message)
        .hint("nothing passes from one realm to another"))
}

/// Writes `register.id`, unless it is there.
fn keep_anchor(home: &Home, anchor: Anchor) -> Result<(), Failure> {
    if home.anchor()?.is_some() {
        return Ok(());
    }
    write(
        &home.dir.join("register.id"),
        format!("{}\n", anchor.0).as_bytes(),
    )
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::file(path, &error);
    if std::fs::metadata(path).map_err(failed)?.len() > VERSIONS_BYTES_MAX {
        return Err(Failure::usage(format!(
            "`{}` is longer than {VERSIONS_BYTES_MAX} bytes",
            path.display()
        )));
    }
    std::fs::read(path).map_err(failed)
}
