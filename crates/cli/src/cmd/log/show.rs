//! `log show` and `log policy`: where our logs stand, and how others can check them.

use super::{believed::Believed, instant};
use crate::{Answer, failure::Failure, home::Home, ui::Ui};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use portcullis_core::member::MemberId;
use portcullis_node::Node;
use portcullis_store::LogState;
use portcullis_tlog::{
    hash::Hash,
    note::{KeyName, SignedNote, VerifierKey},
    policy::CosignedCheckpoint,
};
use std::{path::Path, process::ExitCode};

/// Prints a C2SP tlog-policy for this node's log: its key, and the register's witnesses.
///
/// Whoever has this file can check the log and any proof from it, with this program or with
/// another that reads C2SP.
#[derive(Args)]
pub(crate) struct Policy {
    /// Another member's log instead of ours.
    #[arg(long)]
    member: Option<MemberId>,
    /// Which origin of the log: `NAME/1`, `NAME/2`, … The newest of ours, or 1 of another's.
    #[arg(long, value_name = "N")]
    generation: Option<u64>,
}

impl Policy {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let node = Home::open(dir)?.node()?;
        let history = node.history()?;
        let register = &history.newest().register;
        let ours = self
            .member
            .as_ref()
            .is_none_or(|member| member == node.me());
        let who = self.member.as_ref().unwrap_or(node.me());
        let member = register.members.get(who);
        let unlisted = || {
            Failure::refused(
                "log.unknown",
                format!("the register lists no log of `{who}`"),
            )
        };
        let log = member
            .and_then(|member| member.log.clone())
            .ok_or_else(unlisted)?;
        let key: VerifierKey = log
            .parse()
            .map_err(|error| Failure::unable("log.key", format!("`{log}`: {error}")))?;
        let generation = match self.generation {
            Some(generation) => generation,
            None if ours => newest_generation(&node)?,
            None => 1,
        };
        let name: KeyName = format!("{}/{generation}", key.name())
            .parse()
            .map_err(|error| Failure::unable("log.key", format!("{error}")))?;
        let vkey = key.named(name).to_string();
        let endpoint = member.map_or("", |member| member.endpoint.as_str());
        let url = if endpoint.is_empty() {
            String::new()
        } else {
            format!(" {endpoint}/log/{generation}")
        };
        let policy = format!("log {vkey}{url}\n{}", register.witness_policy);
        ui.say(policy.trim_end());
        ui.answer(&serde_json::json!({ "log": vkey, "policy": policy }));
        Ok(ExitCode::SUCCESS)
    }
}

fn newest_generation(node: &Node) -> Result<u64, Failure> {
    let prefix = format!("{}/", node.keys().log_name);
    let logs = node.logs()?;
    let numbers = logs
        .iter()
        .filter_map(|log| log.origin.strip_prefix(&prefix)?.parse().ok());
    Ok(numbers.max().unwrap_or(1))
}

/// `log show`.
pub(super) fn show(dir: &Path, ui: Ui) -> Answer {
    let home = Home::open(dir)?;
    let node = home.node()?;
    let logs = node.logs()?;
    let queued = node
        .store()
        .queued_count()
        .map_err(portcullis_node::NodeError::from)?;
    let believed = node
        .history()
        .ok()
        .map(|history| Believed::by_register(history, None));
    let mut rows = Vec::new();
    let mut next = None;
    for log in &logs {
        let cosigned = cosigned_of(log, believed.as_ref());
        if log
            .origin
            .starts_with(&format!("{}/", node.keys().log_name))
            && !log.closed
        {
            next = cosigned
                .as_ref()
                .and_then(|cosigned| after(cosigned, &home));
        }
        say_log(log, cosigned.as_ref(), ui);
        rows.push(json(log, cosigned.as_ref()));
    }
    if logs.is_empty() {
        ui.say("no log yet: it begins with the first tick of `portcullis serve`");
    }
    let width = home.config.log.tiles.max(1);
    let tick_ms = home.config.log.tick_ms;
    ui.say(format_args!("{queued} leaves wait for their place"));
    ui.say(format_args!(
        "shape: {width} × 256 leaves every {tick_ms} ms"
    ));
    if let Some(next) = next {
        let past = if next < node.now() {
            ": past; does `portcullis serve` run here?"
        } else {
            ""
        };
        ui.say(format_args!("next tick about {next}{past}"));
    }
    ui.answer(&serde_json::json!({
        "logs": rows,
        "queued_leaves": queued,
        "shape": { "tick_ms": tick_ms, "tiles": width },
        "next_tick_about": next.map(|next| next.to_string()),
    }));
    Ok(ExitCode::SUCCESS)
}

/// The newest cosigned checkpoint, with who cosigned it when.
fn cosigned_of(log: &LogState, believed: Option<&Believed>) -> Option<CosignedCheckpoint> {
    let note = SignedNote::parse(log.cosigned.as_ref()?).ok()?;
    believed?.verify(&note).ok()
}

/// A tick after the first cosignature of the newest checkpoint: as near as files can tell.
fn after(cosigned: &CosignedCheckpoint, home: &Home) -> Option<Timestamp> {
    let (_, first) = cosigned.cosigned_at.first()?;
    let ticked = Timestamp::from_second(i64::try_from(*first).ok()?).ok()?;
    let tick = SignedDuration::from_millis(i64::try_from(home.config.log.tick_ms).ok()?);
    ticked.checked_add(tick).ok()
}

fn say_log(log: &LogState, cosigned: Option<&CosignedCheckpoint>, ui: Ui) {
    if log.closed {
        ui.say(format_args!(
            "{}  CLOSED; a new origin follows it",
            log.origin
        ));
    } else {
        ui.say(format_args!("{}", log.origin));
    }
    ui.say(format_args!(
        "  {} entries, root {}",
        log.size,
        Hash(log.root)
    ));
    ui.say(format_args!("  {} of them cosigned", log.cosigned_size));
    for (witness, at) in cosigned.iter().flat_map(|cosigned| &cosigned.cosigned_at) {
        ui.say(format_args!("  cosigned by {witness} at {}", instant(*at)));
    }
}

fn json(log: &LogState, cosigned: Option<&CosignedCheckpoint>) -> serde_json::Value {
    let cosignatures = cosigned
        .iter()
        .flat_map(|cosigned| &cosigned.cosigned_at)
        .map(|(witness, at)| serde_json::json!({ "witness": witness, "at": instant(*at) }));
    serde_json::json!({
        "origin": log.origin,
        "size": log.size,
        "root": Hash(log.root).to_string(),
        "cosigned_size": log.cosigned_size,
        "cosignatures": cosignatures.collect::<Vec<_>>(),
        "closed": log.closed,
    })
}
