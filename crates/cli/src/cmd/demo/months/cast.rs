//! Who plays in the months: members, their people's keys, and the register that binds them.

use super::clock::Virtual;
use crate::failure::Failure;
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    digest::Digest,
    member::{MemberId, Role},
    office::Office,
    realm::Realm,
    register::{Key, Member, Register, Roots, Term},
};
use portcullis_node::{Env as _, NodeKeys};
use portcullis_seal::key::Identity;
use portcullis_sign::{Envelope, PublicKey, SecretKey};
use portcullis_tlog::note::NoteSigner;
use portcullis_verdict::{register, text::sha256};
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

/// The first company: its record is told from July on.
pub(super) const HARBOUR: &str = "harbour.example";
/// The second, which joins in December.
pub(super) const LANTERN: &str = "lantern.example";
/// The third, which joins in December too.
pub(super) const MEADOW: &str = "meadow.example";
/// The companies.
pub(super) const PROVIDERS: [&str; 3] = [HARBOUR, LANTERN, MEADOW];
/// A police force under the Investigatory Powers Act.
pub(super) const FORCE: &str = "force.example";
/// An agency under the Stored Communications Act.
pub(super) const BUREAU: &str = "bureau.example";
/// The minister's office.
pub(super) const MINISTRY: &str = "ministry.example";
/// The Judicial Commissioners.
pub(super) const COMMISSION: &str = "commission.example";
/// A court of the United States, for orders of secrecy.
pub(super) const COURTHOUSE: &str = "courthouse.example";
/// The first witness, which publishes the register as well.
pub(super) const OVERSIGHT: &str = "oversight.example";
/// The second witness, of another sector.
pub(super) const COLLEGE: &str = "college.example";

/// One member: word, title, role, sector, kinds of authority, and who holds which office.
pub(super) struct Part {
    pub(super) word: &'static str,
    title: &'static str,
    role: Role,
    sector: &'static str,
    authority: &'static [&'static str],
    offices: &'static [Office],
}

const COMPANY: &[Office] = &[Office::LegalResponse, Office::ReleaseOfficer];

/// Everybody.
pub(super) const CAST: [Part; 10] = [
    company(HARBOUR, "Harbour Messages (fictional)"),
    company(LANTERN, "Lantern Mail (fictional)"),
    company(MEADOW, "Meadow Chat (fictional)"),
    Part {
        word: FORCE,
        title: "Force of Examples (fictional)",
        role: Role::Authority,
        sector: "police",
        authority: &["metropolitan_police"],
        offices: &[Office::Applicant, Office::ServingOfficer],
    },
    Part {
        word: BUREAU,
        title: "Bureau of Examples (fictional)",
        role: Role::Authority,
        sector: "police",
        authority: &["us_federal"],
        offices: &[
            Office::Applicant,
            Office::SubpoenaIssuer,
            Office::ServingOfficer,
        ],
    },
    Part {
        word: MINISTRY,
        title: "Ministry of Examples (fictional)",
        role: Role::Approver,
        sector: "government",
        authority: &[],
        offices: &[Office::SecretaryOfState],
    },
    Part {
        word: COMMISSION,
        title: "Commission of Examples (fictional)",
        role: Role::Approver,
        sector: "judiciary",
        authority: &[],
        offices: &[Office::JudicialCommissioner],
    },
    Part {
        word: COURTHOUSE,
        title: "Courthouse of Examples (fictional)",
        role: Role::Approver,
        sector: "judiciary",
        authority: &[],
        offices: &[Office::MagistrateJudge],
    },
    Part {
        word: OVERSIGHT,
        title: "Oversight of Examples (fictional)",
        role: Role::Overseer,
        sector: "oversight",
        authority: &[],
        offices: &[Office::Inspector],
    },
    witness(COLLEGE, "College of Examples (fictional)", "academia"),
];

const fn company(word: &'static str, title: &'static str) -> Part {
    Part {
        word,
        title,
        role: Role::Provider,
        sector: "company",
        authority: &[],
        offices: COMPANY,
    }
}

const fn witness(word: &'static str, title: &'static str, sector: &'static str) -> Part {
    Part {
        word,
        title,
        role: Role::Witness,
        sector,
        authority: &[],
        offices: &[],
    }
}

impl Part {
    /// Whether it cosigns others' logs; it keeps none of cases then, in this chapter.
    pub(super) const fn is_witness(&self) -> bool {
        matches!(self.role, Role::Witness | Role::Overseer)
    }

    /// The schema of cells that its log counts by.
    pub(super) const fn schema(&self) -> &'static str {
        match self.role {
            Role::Provider => "provider-v1",
            Role::Approver => "approver-v1",
            _ => "authority-v1",
        }
    }
}

/// Every key of the chapter, drawn once and forgotten at its end.
pub(super) struct Keys {
    secrets: BTreeMap<(&'static str, &'static str), Zeroizing<[u8; 32]>>,
    people: BTreeMap<(&'static str, Office), SecretKey>,
    deliveries: BTreeMap<&'static str, Identity>,
}

impl Keys {
    /// Draws everything.
    pub(super) fn draw(env: &Virtual) -> Self {
        let seed = || {
            let mut seed = Zeroizing::new([0; 32]);
            env.fill(&mut *seed);
            seed
        };
        let mut keys = Self {
            secrets: BTreeMap::new(),
            people: BTreeMap::new(),
            deliveries: BTreeMap::new(),
        };
        for part in &CAST {
            for what in ["node", "log", "ballot", "register", "witness", "root"] {
                keys.secrets.insert((part.word, what), seed());
            }
            for office in part.offices {
                let key = SecretKey::from_seed(*seed());
                keys.people.insert((part.word, *office), key);
            }
            keys.deliveries.insert(part.word, Identity::generate());
        }
        keys
    }

    fn secret(&self, word: &'static str, what: &'static str) -> Zeroizing<[u8; 32]> {
        self.secrets.get(&(word, what)).cloned().unwrap_or_default()
    }

    /// The key of whoever holds an office somewhere.
    pub(super) fn person(&self, word: &str, office: Office) -> Result<&SecretKey, Failure> {
        self.people
            .iter()
            .find(|((at, held), _)| *at == word && *held == office)
            .map(|(_, key)| key)
            .ok_or_else(|| Failure::unable("demo", format!("nobody is {office} at `{word}`")))
    }

    /// To what packages for a member are sealed.
    pub(super) fn delivery(&self, word: &str) -> Result<String, Failure> {
        self.deliveries
            .get(word)
            .map(|identity| identity.recipient().to_string())
            .ok_or_else(|| Failure::unable("demo", format!("`{word}` has no delivery key")))
    }

    /// A node's own keys.
    pub(super) fn of_node(&self, part: &Part) -> NodeKeys {
        let secret = |what| self.secret(part.word, what);
        NodeKeys {
            statements: SecretKey::from_seed(*secret("node")),
            log_name: format!("{}/log/live", part.word),
            log_seed: secret("log"),
            ballot_seed: secret("ballot"),
            register_seed: (part.word == OVERSIGHT).then(|| secret("register")),
            witness: part
                .is_witness()
                .then(|| (format!("{}/witness", part.word), secret("witness"))),
        }
    }

    /// The signer of the register's log.
    pub(super) fn register_log(&self) -> Result<NoteSigner, Failure> {
        let name = format!("{OVERSIGHT}/register/live");
        let name = name
            .parse()
            .map_err(|_| Failure::unable("demo.register", "its log's name"))?;
        Ok(NoteSigner::new(name, &self.secret(OVERSIGHT, "register")))
    }

    fn roots(&self) -> [SecretKey; 2] {
        [OVERSIGHT, COLLEGE].map(|word| SecretKey::from_seed(*self.secret(word, "root")))
    }

    /// The register's first version, signed by both roots.
    pub(super) fn register(&self, made: Timestamp) -> Result<Vec<u8>, Failure> {
        let shifted = |days: i64| {
            made.saturating_add(SignedDuration::from_hours(24 * days))
                .unwrap_or(made)
        };
        let term = Term {
            from: shifted(-2),
            until: shifted(2 * 365),
        };
        let mut members = BTreeMap::new();
        let mut policy = Vec::new();
        let mut names = Vec::new();
        for part in &CAST {
            let member = self.member(part, term)?;
            if let Some(vkey) = &member.witness {
                let name = part.word.replace('.', "-");
                policy.push(format!("witness {name} {vkey}"));
                names.push(name);
            }
            members.insert(id(part.word)?, member);
        }
        policy.push(format!("group sectors all {}", names.join(" ")));
        policy.push("quorum sectors\n".to_owned());
        let keys = self.roots().map(|root| {
            let public = root.public();
            (digest_of(&public), public.to_string())
        });
        let register = Register {
            realm: Realm::live(),
            version: 1,
            previous: None,
            made,
            expires: term.until,
            roots: Roots {
                threshold: 2,
                keys: keys.into(),
            },
            log: self.register_log()?.vkey().to_string(),
            witness_policy: policy.join("\n"),
            members,
        };
        let payload = register::payload(&register);
        let signatures = self
            .roots()
            .map(|root| root.sign(register::PAYLOAD_TYPE, &payload));
        let envelope = Envelope::seal(register::PAYLOAD_TYPE, &payload, signatures.into())
            .map_err(|error| Failure::unable("demo.register", error.to_string()))?;
        Ok(envelope.as_bytes().to_vec())
    }

    fn member(&self, part: &Part, term: Term) -> Result<Member, Failure> {
        let keys = self.of_node(part);
        let mut listed = BTreeMap::new();
        let mut list = |public: &PublicKey, office| {
            let entry = Key {
                public: public.to_string(),
                offices: BTreeMap::from([(office, term)]),
                revoked: None,
            };
            listed.insert(digest_of(public), entry);
        };
        list(&keys.statements.public(), Office::Node);
        for office in part.offices {
            list(&self.person(part.word, *office)?.public(), *office);
        }
        let mut roles = BTreeSet::from([part.role]);
        if part.is_witness() {
            roles.insert(Role::Witness);
        }
        let mut delivery_keys = BTreeSet::new();
        if part.role == Role::Authority {
            delivery_keys.insert(self.delivery(part.word)?);
        }
        Ok(Member {
            title: part.title.to_owned(),
            roles,
            authority: part.authority.iter().map(|&kind| kind.to_owned()).collect(),
            sector: part.sector.to_owned(),
            // Nobody calls: the nodes of this chapter are in one process.
            endpoint: format!("https://{}", part.word),
            tls: BTreeSet::from([sha256(part.word.as_bytes())]),
            log: keys.log_vkey(),
            witness: keys.cosigner().map(|cosigner| cosigner.vkey().to_string()),
            delivery_keys,
            keys: listed,
        })
    }
}

fn digest_of(key: &PublicKey) -> Digest {
    Digest(*key.id().as_bytes())
}

/// A member's name.
pub(super) fn id(word: &str) -> Result<MemberId, Failure> {
    super::super::town::member_id(word)
}
