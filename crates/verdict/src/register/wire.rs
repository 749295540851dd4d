//! The JSON of the register. Private: everyone else sees `core`'s types.

use crate::text::{self, Instant, Text, sha256};
use portcullis_core::{
    digest::Digest,
    member::{MemberId, Role},
    office::Office,
    register::{Key, Member, Register, Revocation, Roots, Term},
};
use portcullis_sign::PublicKey;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most members of one register.
const MEMBERS_MAX: usize = 4096;
/// The most keys of one member.
const KEYS_MAX: usize = 256;
/// The longest text in an entry, in bytes.
const TEXT_BYTES_MAX: usize = 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterJson {
    kind: RegisterKind,
    realm: String,
    version: u64,
    previous: Option<Text<Digest>>,
    made: Instant,
    expires: Instant,
    roots: RootsJson,
    log: String,
    witness_policy: Vec<String>,
    members: Vec<MemberJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RegisterKind {
    Register,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RootsJson {
    threshold: u16,
    keys: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberJson {
    id: Text<MemberId>,
    title: String,
    roles: Vec<RoleJson>,
    authority: Vec<String>,
    sector: String,
    endpoint: String,
    tls: Vec<Text<Digest>>,
    log: Option<String>,
    witness: Option<String>,
    delivery_keys: Vec<String>,
    keys: Vec<KeyJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct RoleJson(#[serde(with = "text::role")] Role);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyJson {
    public: String,
    offices: Vec<TermJson>,
    revoked: Option<RevokedJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TermJson {
    #[serde(with = "text::office")]
    office: Office,
    from: Instant,
    until: Instant,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokedJson {
    since: Instant,
    compromised: bool,
}

impl From<&Register> for RegisterJson {
    fn from(register: &Register) -> Self {
        Self {
            kind: RegisterKind::Register,
            realm: register.realm.name().into(),
            version: register.version,
            previous: register.previous.map(Text),
            made: Text(register.made),
            expires: Text(register.expires),
            roots: RootsJson {
                threshold: register.roots.threshold,
                keys: register.roots.keys.values().cloned().collect(),
            },
            log: register.log.clone(),
            witness_policy: register.witness_policy.lines().map(str::to_owned).collect(),
            members: register.members.iter().map(MemberJson::from).collect(),
        }
    }
}

impl From<(&MemberId, &Member)> for MemberJson {
    fn from((id, member): (&MemberId, &Member)) -> Self {
        Self {
            id: Text(id.clone()),
            title: member.title.clone(),
            roles: member.roles.iter().copied().map(RoleJson).collect(),
            authority: member.authority.iter().cloned().collect(),
            sector: member.sector.clone(),
            endpoint: member.endpoint.clone(),
            tls: member.tls.iter().copied().map(Text).collect(),
            log: member.log.clone(),
            witness: member.witness.clone(),
            delivery_keys: member.delivery_keys.iter().cloned().collect(),
            keys: member.keys.values().map(KeyJson::from).collect(),
        }
    }
}

impl From<&Key> for KeyJson {
    fn from(key: &Key) -> Self {
        let term = |(office, term): (&Office, &Term)| TermJson {
            office: *office,
            from: Text(term.from),
            until: Text(term.until),
        };
        Self {
            public: key.public.clone(),
            offices: key.offices.iter().map(term).collect(),
            revoked: key.revoked.map(|gone| RevokedJson {
                since: Text(gone.since),
                compromised: gone.compromised,
            }),
        }
    }
}

impl RegisterJson {
    pub(super) fn into_register(self) -> Result<Register, String> {
        if self.members.len() > MEMBERS_MAX {
            return Err(format!(
                "{} members; {MEMBERS_MAX} are carried",
                self.members.len()
            ));
        }
        let keys = keys_by_digest(&self.roots.keys, String::clone)?;
        let threshold = usize::from(self.roots.threshold);
        if threshold == 0 || threshold > keys.len() {
            return Err(format!(
                "a threshold of {threshold} among {} roots",
                keys.len()
            ));
        }
        if self.made.0 >= self.expires.0 {
            return Err("it expires before it is made".into());
        }
        let mut members = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for member in self.members {
            let (id, member) = member.into_member()?;
            if let Some(key) = member.keys.keys().find(|key| !seen.insert(**key)) {
                return Err(format!("the key {key} stands under two members"));
            }
            if members.insert(id.clone(), member).is_some() {
                return Err(format!("`{id}` stands twice"));
            }
        }
        Ok(Register {
            realm: text::realm(&self.realm).map_err(|error| error.to_string())?,
            version: self.version,
            previous: self.previous.map(|digest| digest.0),
            made: self.made.0,
            expires: self.expires.0,
            roots: Roots {
                threshold: self.roots.threshold,
                keys,
            },
            log: short(self.log)?,
            witness_policy: self
                .witness_policy
                .into_iter()
                .map(|line| short(line).map(|l| l + "\n"))
                .collect::<Result<_, _>>()?,
            members,
        })
    }
}

impl MemberJson {
    fn into_member(self) -> Result<(MemberId, Member), String> {
        if self.keys.len() > KEYS_MAX {
            return Err(format!(
                "`{}` has {} keys; {KEYS_MAX} are carried",
                self.id.0,
                self.keys.len()
            ));
        }
        let mut keys = BTreeMap::new();
        for key in self.keys {
            let key = key.into_key()?;
            if keys.insert(sha256(key.public.as_bytes()), key).is_some() {
                return Err(format!("`{}` has a key twice", self.id.0));
            }
        }
        let endpoint = short(self.endpoint)?;
        if !endpoint.is_empty() && !endpoint.starts_with("https://") {
            return Err(format!(
                "`{}`: an endpoint begins with `https://`",
                self.id.0
            ));
        }
        let member = Member {
            title: short(self.title)?,
            roles: self.roles.into_iter().map(|role| role.0).collect(),
            authority: self
                .authority
                .into_iter()
                .map(short)
                .collect::<Result<_, _>>()?,
            sector: short(self.sector)?,
            endpoint,
            tls: self.tls.into_iter().map(|digest| digest.0).collect(),
            log: self.log.map(short).transpose()?,
            witness: self.witness.map(short).transpose()?,
            delivery_keys: self
                .delivery_keys
                .into_iter()
                .map(short)
                .collect::<Result<_, _>>()?,
            keys,
        };
        Ok((self.id.0, member))
    }
}

impl KeyJson {
    fn into_key(self) -> Result<Key, String> {
        self.public
            .parse::<PublicKey>()
            .map_err(|error| format!("a public key: {error}"))?;
        let mut offices = BTreeMap::new();
        for term in self.offices {
            if term.from.0 >= term.until.0 {
                return Err(format!("a term as {} ends before it begins", term.office));
            }
            let times = Term {
                from: term.from.0,
                until: term.until.0,
            };
            if offices.insert(term.office, times).is_some() {
                return Err(format!("a key holds {} twice", term.office));
            }
        }
        let revoked = self.revoked.map(|gone| Revocation {
            since: gone.since.0,
            compromised: gone.compromised,
        });
        Ok(Key {
            public: self.public,
            offices,
            revoked,
        })
    }
}

fn keys_by_digest<T>(
    texts: &[String],
    make: impl Fn(&String) -> T,
) -> Result<BTreeMap<Digest, T>, String> {
    if texts.len() > KEYS_MAX {
        return Err(format!("{} roots; {KEYS_MAX} are carried", texts.len()));
    }
    let mut keys = BTreeMap::new();
    for public in texts {
        public
            .parse::<PublicKey>()
            .map_err(|error| format!("a root's key: {error}"))?;
        if keys
            .insert(sha256(public.as_bytes()), make(public))
            .is_some()
        {
            return Err("a root stands twice".into());
        }
    }
    Ok(keys)
}

fn short(text: String) -> Result<String, String> {
    if text.len() > TEXT_BYTES_MAX || text.chars().any(char::is_control) {
        return Err(format!(
            "a text is longer than {TEXT_BYTES_MAX} bytes or has control characters"
        ));
    }
    Ok(text)
}
