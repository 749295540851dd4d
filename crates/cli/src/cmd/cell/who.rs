//! `portcullis cell who` and `portcullis cell evidence`: what was served to whom, and its proof.

use super::{Desk, export::Outlet, find, words};
use crate::{
    Answer,
    failure::{FALSE, Failure},
    home::Home,
    ui::Ui,
};
use clap::{Args, Subcommand};
use portcullis_core::{cell::ObjectId, member::MemberId};
use portcullis_node::{NodeError, cell::served::How};
use portcullis_sign::PublicKey;
use portcullis_verdict::cell::{
    By, Evidence as Shown, Findings, Root, ShownRoot, Word, verify_evidence,
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Says what of an object was served to whom: which version, when, by which exit.
///
/// With `--evidence FILE` it writes what anybody can check, offline: the signed roots, the records
/// under them, and, where the node has a log, the proof that the log holds them.
///
/// Example: `portcullis cell who indicator--… --evidence evidence.json`
#[derive(Args)]
pub(crate) struct Who {
    /// The object's id.
    object: ObjectId,
    /// Writes evidence to FILE, in the place of what was there.
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// The evidence holds the object's bytes, too: only for whoever may see the object.
    #[arg(long, requires = "evidence")]
    with_bytes: bool,
}

/// Checks evidence of what was served to whom.
///
/// Example: `portcullis cell evidence verify evidence.json`
#[derive(Subcommand)]
pub(crate) enum Evidence {
    Verify(Verify),
}

/// Checks evidence, offline: every signature, every place under a root, every root in the log.
///
/// By the register that this data folder trusts; or by `--key`, a node's key that people compared,
/// for a node that stands in no register. Such a node checks its own evidence by its own key. Exit
/// code 4 if anything is false.
///
/// Example: `portcullis cell evidence verify evidence.json`
#[derive(Args)]
pub(crate) struct Verify {
    /// What `portcullis cell who --evidence` wrote.
    file: PathBuf,
    /// The node's key, as `portcullis cell who --evidence` printed it and its people told you.
    #[arg(long, value_name = "KEY")]
    key: Option<PublicKey>,
    /// With `--key`: the realm the node is in; `live` unless it is an exercise.
    #[arg(long, default_value = "live", value_name = "REALM")]
    realm: String,
}

impl Who {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        let id = self.object.as_str();
        let served = desk.cell.who(id, &[])?;
        let mut rows = Vec::new();
        for one in &served {
            let account = one
                .account
                .as_deref()
                .map(|name| format!(" ({name})"))
                .unwrap_or_default();
            let client = if one.client { " for a client" } else { "" };
            let what = match one.how {
                _ if one.removal => "got that it was removed",
                How::Manifest => "saw the name of it",
                _ => "got the object",
            };
            ui.say(format_args!(
                "{:.3}  {}{account}{client}  {what}, version {}, from `{}` by {}",
                one.at,
                one.member,
                find::instant(one.version_us),
                find::alias(&desk, &one.collection),
                one.how.as_str(),
            ));
            rows.push(json!({
                "member": one.member.as_str(),
                "account": one.account,
                "client": one.client,
                "version": find::instant(one.version_us),
                "collection": one.collection.to_string(),
                "removal": one.removal,
                "at": one.at.to_string(),
                "how": one.how.as_str(),
                "times": one.times,
            }));
        }
        let before = desk.cell.who_before(id)?;
        if let Some(before) = &before {
            let members: Vec<String> = before.members.iter().map(ToString::to_string).collect();
            ui.say(format_args!(
                "what was served before {:.3} is no longer kept (`ledger_keep`): when, by which exit, and proof of it are gone; it had gone to: {}",
                before.until,
                words::or_dash(&members),
            ));
        }
        if served.is_empty() {
            if desk.versions(id)?.is_empty() && desk.cell.numbers_of(id).is_empty() {
                return Err(super::not_here(id));
            }
            ui.say(if before.is_some() {
                "nobody was served it since"
            } else {
                "nobody was served it"
            });
        }
        let mut file = Value::Null;
        if let Some(path) = &self.evidence {
            let proved = desk.cell.evidence(id, &[], self.with_bytes)?;
            let mut outlet = Outlet::open(path, true)?;
            outlet.write(&proved.evidence.to_bytes())?;
            outlet.finish()?;
            let (roots, recorded) = (proved.evidence.roots.len(), proved.recorded);
            ui.say(format_args!(
                "wrote the evidence to `{}`: {}, {recorded} proved to be in the log",
                path.display(),
                words::count(roots, "root")
            ));
            let key = own_key(&desk.home)?;
            let key = key.map(|key| format!(" --key {key}")).unwrap_or_default();
            ui.say(format_args!(
                "anybody checks it: `portcullis cell evidence verify {}{key}`",
                path.display()
            ));
            if !key.is_empty() {
                ui.say("this node stands in no register: they compare its key with you first");
            }
            file =
                json!({ "file": path.display().to_string(), "roots": roots, "recorded": recorded });
        }
        let before = before.map(|before| {
            let members: Vec<&str> = before.members.iter().map(MemberId::as_str).collect();
            json!({ "until": before.until.to_string(), "members": members })
        });
        ui.answer(&json!({ "object": id, "served": rows, "before": before, "evidence": file }));
        Ok(ExitCode::SUCCESS)
    }
}

impl Evidence {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        match self {
            Self::Verify(command) => command.run(dir, ui),
        }
    }
}

impl Verify {
    fn run(self, dir: &Path, ui: Ui) -> Answer {
        let bytes = std::fs::read(&self.file).map_err(|error| Failure::file(&self.file, &error))?;
        let evidence = Shown::parse(&bytes).map_err(|error| {
            Failure::false_(error.code(), format!("`{}`: {error}", self.file.display()))
        })?;
        let findings = if let Some(key) = &self.key {
            let realm = &self.realm;
            verify_evidence(&evidence, &By::Key { key, realm })
        } else {
            let home = Home::open(dir)?;
            match own_key(&home)? {
                Some(key) if is_of(&evidence, &home.member()?) => {
                    ui.say("by this node's own key, as it trusts no register");
                    let realm = home.realm()?;
                    let (key, realm) = (&key, realm.name());
                    verify_evidence(&evidence, &By::Key { key, realm })
                }
                Some(_) => {
                    return Err(Failure::from(NodeError::NoRegister).hint(
                        "it is another node's: add `--key KEY`, which its people tell you, or trust a register",
                    ));
                }
                None => by_register(&evidence, &home)?,
            }
        };
        for check in &findings.checks {
            let mark = if check.passed { "ok  " } else { "FAIL" };
            ui.say(format_args!("{mark} {}  {}", check.name, check.detail));
        }
        let mut rows = Vec::new();
        for one in &findings.served {
            let stands = match (one.holds, one.recorded_at) {
                (false, _) => "NOT PROVED".to_owned(),
                (true, Some(at)) => format!("in the log, witnessed by {at}"),
                (true, None) => "signed by the node".to_owned(),
            };
            ui.say(format_args!(
                "served to {} at {}: {stands}",
                one.served.member, one.served.at
            ));
            rows.push(json!({
                "member": one.served.member.as_str(),
                "at": one.served.at.to_string(),
                "holds": one.holds,
                "recorded_at": one.recorded_at.map(|at| at.to_string()),
            }));
        }
        let holds = findings.holds();
        ui.say(if holds {
            "the evidence holds"
        } else {
            "THE EVIDENCE DOES NOT HOLD"
        });
        ui.answer(&json!({
            "holds": holds,
            "checks": findings.checks.iter().map(|check| json!({ "name": check.name, "passed": check.passed, "detail": check.detail })).collect::<Vec<_>>(),
            "served": rows,
        }));
        Ok(if holds {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(FALSE)
        })
    }
}

/// By the register that this folder trusts.
fn by_register(evidence: &Shown, home: &Home) -> Result<Findings, Failure> {
    let node = home.node()?;
    let (history, trust) = (node.history()?, home.trust()?);
    let by = By::Register {
        history: &history,
        trust: &trust,
        now: node.now(),
    };
    Ok(verify_evidence(evidence, &by))
}

/// This node's own key, if it trusts no register by which others would know it.
fn own_key(home: &Home) -> Result<Option<PublicKey>, Failure> {
    match home.node()?.history() {
        Ok(_) => Ok(None),
        Err(NodeError::NoRegister) => Ok(Some(home.keys()?.statements.public())),
        Err(error) => Err(error.into()),
    }
}

/// Whether a member's node says that all of it is its own.
fn is_of(evidence: &Shown, member: &MemberId) -> bool {
    let own = |root: &ShownRoot| {
        Word::<Root>::parse(&root.word).map_or(true, |word| word.says().member == *member)
    };
    evidence.roots.iter().all(own)
}
