//! What a draft changes, in lines that a root reads before signing.

use portcullis_core::{
    digest::Digest,
    member::MemberId,
    register::{Key, Member, Register, Roots},
};
use std::collections::BTreeMap;

/// One line for each thing that `after` changes; everything is new without a `before`.
pub(super) fn changes(before: Option<&Register>, after: &Register) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(before) = before {
        if before.expires != after.expires {
            lines.push(format!(
                "expires {} (was {})",
                after.expires, before.expires
            ));
        }
        roots(&before.roots, &after.roots, &mut lines);
        if before.log != after.log {
            lines.push(format!("LOG {} (was {})", after.log, before.log));
        }
        if before.witness_policy != after.witness_policy {
            lines.push("witness policy, now:".to_owned());
            lines.extend(
                after
                    .witness_policy
                    .lines()
                    .map(|line| format!("    {line}")),
            );
        }
    } else {
        lines.push(format!(
            "a new register of realm `{}`, expires {}",
            after.realm, after.expires
        ));
        lines.push(format!(
            "{} of {} roots:",
            after.roots.threshold,
            after.roots.keys.len()
        ));
        lines.extend(after.roots.keys.keys().map(|key| format!("  + root {key}")));
        lines.push("witness policy:".to_owned());
        lines.extend(
            after
                .witness_policy
                .lines()
                .map(|line| format!("    {line}")),
        );
    }
    let nobody = BTreeMap::new();
    let old = before.map_or(&nobody, |before| &before.members);
    for (id, member) in old {
        if !after.members.contains_key(id) {
            lines.push(format!(
                "- member `{id}` ({}), with {} keys",
                member.title,
                member.keys.len()
            ));
        }
    }
    for (id, member) in &after.members {
        match old.get(id) {
            Some(known) => one(id, known, member, &mut lines),
            None => added(id, member, &mut lines),
        }
    }
    lines
}

fn roots(before: &Roots, after: &Roots, lines: &mut Vec<String>) {
    if before.threshold != after.threshold || before.keys.len() != after.keys.len() {
        lines.push(format!(
            "ROOTS {} of {} must sign (were {} of {})",
            after.threshold,
            after.keys.len(),
            before.threshold,
            before.keys.len()
        ));
    }
    lines.extend(
        before
            .keys
            .keys()
            .filter(|key| !after.keys.contains_key(*key))
            .map(|key| format!("  - ROOT {key}")),
    );
    lines.extend(
        after
            .keys
            .keys()
            .filter(|key| !before.keys.contains_key(*key))
            .map(|key| format!("  + ROOT {key}")),
    );
}

fn added(id: &MemberId, member: &Member, lines: &mut Vec<String>) {
    let roles: Vec<_> = member.roles.iter().map(|role| role.as_str()).collect();
    lines.push(format!(
        "+ member `{id}` ({}): {}; sector {}; {}",
        member.title,
        roles.join(", "),
        member.sector,
        member.endpoint
    ));
    if !member.authority.is_empty() {
        let words: Vec<_> = member.authority.iter().map(String::as_str).collect();
        lines.push(format!("    authority of kind {}", words.join(", ")));
    }
    for (digest, key) in &member.keys {
        key_added(id, digest, key, lines);
    }
}

fn key_added(id: &MemberId, digest: &Digest, key: &Key, lines: &mut Vec<String>) {
    for (office, term) in &key.offices {
        lines.push(format!(
            "  + {office} of `{id}`: {digest} from {} until {}",
            term.from, term.until
        ));
    }
    if key.offices.is_empty() {
        lines.push(format!("  + key of `{id}` without office: {digest}"));
    }
    if key.revoked.is_some() {
        lines.push(format!("  ! {digest} is revoked"));
    }
}

/// What changed of one member.
fn one(id: &MemberId, before: &Member, after: &Member, lines: &mut Vec<String>) {
    let mut field = |what: &str, old: String, new: String| {
        if old != new {
            lines.push(format!("~ `{id}` {what}: {new} (was {old})"));
        }
    };
    let words = |set: &std::collections::BTreeSet<String>| {
        set.iter().cloned().collect::<Vec<_>>().join(", ")
    };
    let roles = |member: &Member| {
        member
            .roles
            .iter()
            .map(|role| role.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let tls = |member: &Member| {
        member
            .tls
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    field("title", before.title.clone(), after.title.clone());
    field("roles", roles(before), roles(after));
    field(
        "authority",
        words(&before.authority),
        words(&after.authority),
    );
    field("sector", before.sector.clone(), after.sector.clone());
    field(
        "answers at",
        before.endpoint.clone(),
        after.endpoint.clone(),
    );
    field("certificates", tls(before), tls(after));
    field(
        "log",
        before.log.clone().unwrap_or_default(),
        after.log.clone().unwrap_or_default(),
    );
    field(
        "witness key",
        before.witness.clone().unwrap_or_default(),
        after.witness.clone().unwrap_or_default(),
    );
    field(
        "delivery keys",
        words(&before.delivery_keys),
        words(&after.delivery_keys),
    );
    for (digest, key) in &before.keys {
        if !after.keys.contains_key(digest) {
            let offices: Vec<_> = key.offices.keys().map(|office| office.as_str()).collect();
            lines.push(format!(
                "  - key of `{id}`: {digest} ({})",
                offices.join(", ")
            ));
        }
    }
    for (digest, key) in &after.keys {
        match before.keys.get(digest) {
            Some(known) => terms(id, digest, known, key, lines),
            None => key_added(id, digest, key, lines),
        }
    }
}

/// What changed of one key.
fn terms(id: &MemberId, digest: &Digest, before: &Key, after: &Key, lines: &mut Vec<String>) {
    for (office, term) in &before.offices {
        match after.offices.get(office) {
            None => lines.push(format!("  - {office} of `{id}`: {digest}")),
            Some(now) if now == term => {}
            Some(now) => lines.push(format!(
                "  ~ {office} of `{id}`: {digest} from {} until {} (was from {} until {})",
                now.from, now.until, term.from, term.until
            )),
        }
    }
    for (office, term) in after
        .offices
        .iter()
        .filter(|(office, _)| !before.offices.contains_key(office))
    {
        lines.push(format!(
            "  + {office} of `{id}`: {digest} from {} until {}",
            term.from, term.until
        ));
    }
    match (before.revoked, after.revoked) {
        (old, Some(gone)) if old != Some(gone) => {
            let how = if gone.compromised {
                "COMPROMISED"
            } else {
                "revoked"
            };
            lines.push(format!(
                "  ! key of `{id}` {how} since {}: {digest}",
                gone.since
            ));
        }
        (Some(_), None) => lines.push(format!("  ! key of `{id}` NO LONGER REVOKED: {digest}")),
        _ => {}
    }
}
