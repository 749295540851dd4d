//! `portcullis key`: officers' keys, and the node's card.

use crate::{
    Answer,
    failure::Failure,
    home::{Home, write_secret},
    signer::SignArgs,
    ui::Ui,
};
use clap::Subcommand;
use portcullis_core::office::Office;
use portcullis_node::Generator;
use portcullis_sign::{PublicKey, SecretKey, SshKey};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Officers' keys that are kept here, and the card that others need.
///
/// A key says who signs; the register says which office it holds, and for how long.
#[derive(Subcommand)]
pub(crate) enum Key {
    /// Makes an officer's Ed25519 key in `officers/`.
    New {
        /// The officer's name here: a word.
        name: String,
    },
    /// Takes an officer's SSH public key, such as one on a hardware key; it signs by `ssh-keygen -Y sign`.
    AddSsh {
        /// The officer's name here: a word.
        name: String,
        /// The `.pub` file.
        file: PathBuf,
    },
    /// Lists the keys kept here, with the offices that the register gives them now.
    List,
    /// Shows one key's public text and digest.
    Show {
        /// The officer's name here.
        name: String,
    },
    /// Shows what the registrar needs to know of this node and these officers.
    Card {
        /// Officers with their offices: `officer1=applicant`. Repeat for several.
        #[arg(long = "officer", value_name = "NAME=OFFICE")]
        officers: Vec<String>,
    },
}

impl Key {
    pub(crate) fn run(self, dir: &Path, ui: &Ui) -> Answer {
        let home = Home::open(dir)?;
        match self {
            Self::New { name } => {
                let public = make_key(&home, &name)?;
                shown(&name, &public, ui);
            }
            Self::AddSsh { name, file } => {
                check_name(&name)?;
                let text =
                    std::fs::read_to_string(&file).map_err(|error| Failure::file(&file, &error))?;
                let key = SshKey::from_openssh(text.trim())
                    .map_err(|error| Failure::usage(format!("`{}`: {error}", file.display())))?;
                let public = PublicKey::Ssh(key);
                write_secret(
                    &home.officers_dir().join(format!("{name}.pub")),
                    &format!("{public}\n"),
                )?;
                shown(&name, &public, ui);
            }
            Self::List => list(&home, ui)?,
            Self::Show { name } => shown(&name, &SignArgs::key(&name).public(&home)?, ui),
            Self::Card { officers } => {
                let mut offices = Vec::new();
                for officer in &officers {
                    let (name, office) = officer
                        .split_once('=')
                        .ok_or_else(|| Failure::usage(format!("`{officer}`: write NAME=OFFICE")))?;
                    parse_office(office)?;
                    offices.push((name.to_owned(), office.to_owned()));
                }
                let card = card(&home, &offices)?;
                crate::ui::print(format_args!("{card:#}"));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn shown(name: &str, public: &PublicKey, ui: &Ui) {
    let digest = portcullis_core::digest::Digest(*public.id().as_bytes());
    ui.say(format_args!("{name}  {digest}\n  {public}"));
    ui.answer(&serde_json::json!({ "name": name, "digest": digest.to_string(), "public": public.to_string() }));
}

fn list(home: &Home, ui: &Ui) -> Result<(), Failure> {
    let node = home.node()?;
    let mut rows = Vec::new();
    for name in names(home)? {
        let public = SignArgs::key(&name).public(home)?;
        let offices = node
            .offices_of(&public)
            .map(|offices| offices.iter().map(ToString::to_string).collect::<Vec<_>>());
        let held = match &offices {
            Ok(list) => list.join(", "),
            Err(error) => error.to_string(),
        };
        ui.say(format_args!("{name:16} {held}"));
        rows.push(serde_json::json!({ "name": name, "public": public.to_string(), "offices": offices.unwrap_or_default() }));
    }
    ui.answer(&serde_json::Value::Array(rows));
    Ok(())
}

fn names(home: &Home) -> Result<Vec<String>, Failure> {
    let folder = home.officers_dir();
    let entries = std::fs::read_dir(&folder).map_err(|error| Failure::file(&folder, &error))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let known = path
                .extension()
                .is_some_and(|end| end == "key" || end == "pub");
            known.then(|| {
                path.file_stem()
                    .and_then(|stem| stem.to_str())
                    .map(str::to_owned)
            })?
        })
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// Makes an officer's key; its public half.
pub(crate) fn make_key(home: &Home, name: &str) -> Result<PublicKey, Failure> {
    check_name(name)?;
    let secret = SecretKey::generate(&mut Generator(&home.env));
    write_secret(
        &home.officers_dir().join(format!("{name}.key")),
        &format!("{}\n", &*secret.to_text()),
    )?;
    Ok(secret.public())
}

/// A name for a key: a word, so that it is a file's name and nothing else.
pub(crate) fn check_name(name: &str) -> Result<(), Failure> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
        Ok(())
    } else {
        Err(Failure::usage(format!(
            "`{name}` is no name for a key: 1 to 64 of a–z, 0–9, `-` and `_`"
        )))
    }
}

/// An office by its word.
pub(crate) fn parse_office(word: &str) -> Result<Office, Failure> {
    Office::parse(word).ok_or_else(|| {
        let known: Vec<_> = Office::ALL.iter().map(|office| office.as_str()).collect();
        Failure::usage(format!("`{word}` is no office: {}", known.join(", ")))
    })
}

/// What the registrar needs to know of a node.
pub(crate) fn card(
    home: &Home,
    officers: &[(String, String)],
) -> Result<serde_json::Value, Failure> {
    let keys = home.keys()?;
    let mut listed = vec![
        serde_json::json!({ "public": keys.statements.public().to_string(), "offices": ["node"] }),
    ];
    let mut by_name: std::collections::BTreeMap<&str, Vec<&str>> =
        std::collections::BTreeMap::new();
    for (name, office) in officers {
        by_name.entry(name).or_default().push(office);
    }
    for (name, offices) in by_name {
        let public = SignArgs::key(name).public(home)?;
        listed.push(serde_json::json!({ "public": public.to_string(), "offices": offices }));
    }
    let register_log = home
        .register_signer()?
        .map(|signer| signer.vkey().to_string());
    Ok(serde_json::json!({
        "member": home.config.member,
        "title": home.config.title,
        "realm": home.config.realm,
        "roles": home.config.roles,
        "authority": home.config.authority,
        "sector": home.config.sector,
        "endpoint": home.config.endpoint,
        "tls": [home.tls()?.digest().to_string()],
        "log": keys.log_vkey(),
        "witness": keys.cosigner().map(|cosigner| cosigner.vkey().to_string()),
        "delivery_keys": [home.delivery_identity()?.recipient().to_string()],
        "keys": listed,
        "register_log": register_log,
    }))
}
