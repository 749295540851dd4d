//! `portcullis register show`: what this node believes, and what it refuses.

use crate::{failure::Failure, home::Home, ui::Ui};
use clap::Args;
use portcullis_core::{
    digest::Digest,
    member::MemberId,
    register::{Key, Member, Register, Term},
};
use portcullis_node::Node;
use portcullis_verdict::register::{History, RefusedVersion, VersionError};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Shows the register: members, offices, keys, roots, versions, and evidence against the roots.
#[derive(Args)]
#[command(disable_version_flag = true)]
pub(crate) struct Show {
    /// Another version than the newest.
    #[arg(long, value_name = "N")]
    version: Option<u64>,
    /// One member alone, with everything the register says of it.
    #[arg(long, value_name = "NAME")]
    member: Option<MemberId>,
}

impl Show {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Result<(), Failure> {
        let node = home.node()?;
        let history = node.history()?;
        let version = match self.version {
            None => history.newest(),
            Some(number) => history
                .versions()
                .iter()
                .find(|version| version.register.version == number)
                .ok_or_else(|| {
                    let newest = history.newest().register.version;
                    Failure::refused(
                        "register.unknown_version",
                        format!("no version {number} is believed here; the newest is {newest}"),
                    )
                    .hint("`portcullis register fetch` asks the members for theirs")
                })?,
        };
        let register = &version.register;
        if let Some(id) = &self.member {
            let member = register.members.get(id).ok_or_else(|| {
                Failure::refused(
                    "register.unknown_member",
                    format!("`{id}` is no member in version {}", register.version),
                )
            })?;
            person(id, member, ui);
            ui.answer(&member_json(id, member));
            return Ok(());
        }
        let refused = refused(&node)?;
        let two = two_of_one_number(&refused);
        let expired = history.is_expired(node.now());
        let state = if expired {
            "  EXPIRED: nothing is GENUINE under it any more"
        } else {
            ""
        };
        ui.say(format_args!("register  {}", history.anchor().0));
        ui.say(format_args!(
            "version   {} of realm `{}`, {}",
            register.version, register.realm, version.digest
        ));
        ui.say(format_args!(
            "speaks    since {}, expires {}{state}",
            version.since, register.expires
        ));
        ui.say(format_args!(
            "roots     {} of {} sign the next one",
            register.roots.threshold,
            register.roots.keys.len()
        ));
        for key in register.roots.keys.keys() {
            ui.say(format_args!("          {key}"));
        }
        ui.say(format_args!("log       {}", register.log));
        ui.say("witnesses");
        for line in register.witness_policy.lines() {
            ui.say(format_args!("          {line}"));
        }
        table(register, ui);
        loud(&refused, &two, ui);
        ui.answer(&whole(&history, version, expired, &refused, &two));
        Ok(())
    }
}

/// The versions refused, of all that this node keeps.
fn refused(node: &Node) -> Result<Vec<RefusedVersion>, Failure> {
    let (anchor, versions) = Node::parse_versions(&node.export_register()?)?;
    Ok(match History::open(anchor, &versions) {
        Ok((_, refused)) | Err(refused) => refused,
    })
}

/// Numbers of which there are two valid versions, with the versions' digests.
pub(super) fn evidence(node: &Node) -> Result<BTreeMap<u64, Vec<Digest>>, Failure> {
    Ok(two_of_one_number(&refused(node)?))
}

fn two_of_one_number(refused: &[RefusedVersion]) -> BTreeMap<u64, Vec<Digest>> {
    let mut found: BTreeMap<u64, Vec<Digest>> = BTreeMap::new();
    for version in refused {
        if let (VersionError::TwoOfOneNumber { number }, Some(digest)) =
            (&version.error, version.digest)
        {
            found.entry(*number).or_default().push(digest);
        }
    }
    found
}

fn table(register: &Register, ui: Ui) {
    let width = register
        .members
        .keys()
        .map(|id| id.as_str().len())
        .max()
        .unwrap_or(0)
        .max(6);
    ui.say(format_args!(
        "\n{:width$}  {:24} {:12} {:24} offices",
        "member", "roles", "sector", "answers at"
    ));
    for (id, member) in &register.members {
        let mut offices: BTreeMap<&str, usize> = BTreeMap::new();
        for office in member
            .keys
            .values()
            .filter(|key| key.revoked.is_none())
            .flat_map(|key| key.offices.keys())
        {
            *offices.entry(office.as_str()).or_default() += 1;
        }
        let offices: Vec<_> = offices
            .into_iter()
            .map(|(office, count)| {
                if count == 1 {
                    office.to_owned()
                } else {
                    format!("{office} ×{count}")
                }
            })
            .collect();
        let gone = member
            .keys
            .values()
            .filter(|key| key.revoked.is_some())
            .count();
        let gone = if gone == 0 {
            String::new()
        } else {
            format!("  ({gone} revoked)")
        };
        ui.say(format_args!(
            "{:width$}  {:24} {:12} {:24} {}{gone}",
            id.as_str(),
            roles(member).join(","),
            member.sector,
            member.endpoint,
            offices.join(", ")
        ));
    }
    ui.say("\n`--member NAME` shows one with its keys");
}

fn person(id: &MemberId, member: &Member, ui: Ui) {
    ui.say(format_args!("{id}  {}", member.title));
    ui.say(format_args!("  roles         {}", roles(member).join(", ")));
    let authority: Vec<_> = member.authority.iter().map(String::as_str).collect();
    if !authority.is_empty() {
        ui.say(format_args!("  authority     {}", authority.join(", ")));
    }
    ui.say(format_args!("  sector        {}", member.sector));
    ui.say(format_args!("  answers at    {}", member.endpoint));
    for digest in &member.tls {
        ui.say(format_args!("  certificate   {digest}"));
    }
    for (what, key) in [("log", &member.log), ("witness", &member.witness)] {
        if let Some(key) = key {
            ui.say(format_args!("  {what:13} {key}"));
        }
    }
    for key in &member.delivery_keys {
        ui.say(format_args!("  delivery key  {key}"));
    }
    for (digest, key) in &member.keys {
        ui.say(format_args!(
            "  key           {digest}\n                {}",
            key.public
        ));
        for (office, term) in &key.offices {
            ui.say(format_args!(
                "                {office} from {} until {}",
                term.from, term.until
            ));
        }
        if let Some(gone) = key.revoked {
            let how = if gone.compromised {
                "COMPROMISED"
            } else {
                "REVOKED"
            };
            ui.say(format_args!("                {how} since {}", gone.since));
        }
    }
}

/// What is refused is said on both channels: nobody overlooks it.
fn loud(refused: &[RefusedVersion], two: &BTreeMap<u64, Vec<Digest>>, ui: Ui) {
    for (number, digests) in two {
        ui.say(format_args!("\nEVIDENCE AGAINST THE ROOTS: two valid versions of number {number} exist; both are refused"));
        for digest in digests {
            ui.say(format_args!("  {digest}"));
        }
        ui.say("  enough roots signed both. Keep this data folder, `portcullis register export` it, and tell the other members.");
    }
    for version in refused
        .iter()
        .filter(|version| !matches!(version.error, VersionError::TwoOfOneNumber { .. }))
    {
        let number = version
            .number
            .map_or("?".to_owned(), |number| number.to_string());
        let digest = version
            .digest
            .map_or(String::new(), |digest| format!(" ({digest})"));
        ui.say(format_args!(
            "\nREFUSED version {number}{digest}: {} [{}]",
            version.error,
            version.error.code()
        ));
    }
}

fn roles(member: &Member) -> Vec<&'static str> {
    member.roles.iter().map(|role| role.as_str()).collect()
}

fn whole(
    history: &History,
    version: &portcullis_verdict::register::Version,
    expired: bool,
    refused: &[RefusedVersion],
    two: &BTreeMap<u64, Vec<Digest>>,
) -> Value {
    let register = &version.register;
    let texts = |digests: &[Digest]| digests.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({
        "register": history.anchor().0.to_string(),
        "version": register.version,
        "newest": history.newest().register.version,
        "digest": version.digest.to_string(),
        "realm": register.realm.name(),
        "made": register.made.to_string(),
        "since": version.since.to_string(),
        "expires": register.expires.to_string(),
        "expired": expired,
        "roots": { "threshold": register.roots.threshold, "keys": register.roots.keys.values().collect::<Vec<_>>() },
        "log": register.log,
        "witness_policy": register.witness_policy.lines().collect::<Vec<_>>(),
        "members": register.members.iter().map(|(id, member)| member_json(id, member)).collect::<Vec<_>>(),
        "refused": refused.iter().map(|version| json!({
            "version": version.number,
            "digest": version.digest.map(|digest| digest.to_string()),
            "code": version.error.code(),
            "why": version.error.to_string(),
        })).collect::<Vec<_>>(),
        "evidence": two.iter().map(|(number, digests)| json!({ "version": number, "digests": texts(digests) })).collect::<Vec<_>>(),
    })
}

fn member_json(id: &MemberId, member: &Member) -> Value {
    json!({
        "member": id.as_str(),
        "title": member.title,
        "roles": roles(member),
        "authority": member.authority,
        "sector": member.sector,
        "endpoint": member.endpoint,
        "tls": member.tls.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "log": member.log,
        "witness": member.witness,
        "delivery_keys": member.delivery_keys,
        "keys": member.keys.iter().map(|(digest, key)| key_json(digest, key)).collect::<Vec<_>>(),
    })
}

fn key_json(digest: &Digest, key: &Key) -> Value {
    let term = |(office, term): (&portcullis_core::office::Office, &Term)| json!({ "office": office.as_str(), "from": term.from.to_string(), "until": term.until.to_string() });
    json!({
        "digest": digest.to_string(),
        "public": key.public,
        "offices": key.offices.iter().map(term).collect::<Vec<_>>(),
        "revoked": key.revoked.map(|gone| json!({ "since": gone.since.to_string(), "compromised": gone.compromised })),
    })
}
