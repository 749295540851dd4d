//! Cards: what a node says of itself, and the member that a registrar makes of one.

use crate::{cmd::key::parse_office, failure::Failure};
use portcullis_core::{
    digest::Digest,
    member::{MemberId, Role},
    office::Office,
    realm::Realm,
    register::{Key, Member, Term},
};
use portcullis_sign::PublicKey;
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};

/// The longest card, in bytes: a member with all the keys that the register carries.
const CARD_BYTES_MAX: usize = 1 << 20;

/// A node's card: `card.json`, as `portcullis key card` prints it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Card {
    member: String,
    title: String,
    pub(super) realm: String,
    roles: Vec<String>,
    authority: Vec<String>,
    sector: String,
    endpoint: String,
    tls: Vec<String>,
    log: Option<String>,
    witness: Option<String>,
    delivery_keys: Vec<String>,
    keys: Vec<CardKey>,
    pub(super) register_log: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardKey {
    public: String,
    offices: Vec<String>,
}

impl Card {
    /// Reads a card and sees that it is of this realm.
    pub(super) fn read(path: &Path, realm: &Realm) -> Result<Self, Failure> {
        let bytes = std::fs::read(path).map_err(|error| Failure::file(path, &error))?;
        let wrong = |why: String| Failure::usage(format!("`{}` is no card: {why}", path.display()));
        if bytes.len() > CARD_BYTES_MAX {
            return Err(wrong(format!("longer than {CARD_BYTES_MAX} bytes")));
        }
        let card: Self = serde_json::from_slice(&bytes).map_err(|error| {
            wrong(error.to_string()).hint("a node's card is made by `portcullis key card`")
        })?;
        if card.realm != realm.name() {
            let message = format!(
                "`{}` is of realm `{}`; this register is of `{}`",
                path.display(),
                card.realm,
                realm.name()
            );
            return Err(Failure::refused("register.realm", message)
                .hint("nothing passes from one realm to another; an exercise has a register and nodes of its own"));
        }
        Ok(card)
    }

    /// The member that the card describes, its keys holding their offices for `term`.
    pub(super) fn into_member(self, term: Term) -> Result<(MemberId, Member), Failure> {
        let wrong = |why: String| Failure::usage(format!("the card of `{}`: {why}", self.member));
        let id: MemberId = self
            .member
            .parse()
            .map_err(|error| Failure::usage(format!("a card: {error}")))?;
        let role =
            |word: &String| Role::parse(word).ok_or_else(|| wrong(format!("`{word}` is no role")));
        let digest = |text: &String| {
            text.parse::<Digest>()
                .map_err(|error| wrong(format!("tls: {error}")))
        };
        if !is_word(&self.sector) {
            return Err(wrong(format!(
                "the sector `{}` is no word of a–z, 0–9, `-` and `_`",
                self.sector
            )));
        }
        let mut keys = BTreeMap::new();
        for key in &self.keys {
            let public: PublicKey = key
                .public
                .parse()
                .map_err(|error| wrong(format!("`{}`: {error}", key.public)))?;
            let offices: BTreeMap<Office, Term> = key
                .offices
                .iter()
                .map(|word| parse_office(word).map(|office| (office, term)))
                .collect::<Result<_, _>>()?;
            keys.insert(
                digest_of(&public),
                Key {
                    public: public.to_string(),
                    offices,
                    revoked: None,
                },
            );
        }
        let member = Member {
            roles: self.roles.iter().map(role).collect::<Result<_, _>>()?,
            tls: self.tls.iter().map(digest).collect::<Result<_, _>>()?,
            title: self.title,
            authority: self.authority.into_iter().collect(),
            sector: self.sector,
            endpoint: self.endpoint,
            log: self.log,
            witness: self.witness,
            delivery_keys: self.delivery_keys.into_iter().collect(),
            keys,
        };
        Ok((id, member))
    }
}

/// A key's digest, as the register names it.
pub(super) fn digest_of(key: &PublicKey) -> Digest {
    Digest(*key.id().as_bytes())
}

fn is_word(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}
