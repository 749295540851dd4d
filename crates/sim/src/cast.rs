//! Who takes part: members, people's keys, and the register that says so.

use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    digest::Digest,
    member::{MemberId, Role},
    office::Office,
    realm::Realm,
    register::{Member, Register, Revocation, Roots, Term},
};
use portcullis_node::NodeKeys;
use portcullis_sign::{Envelope, SecretKey};
use portcullis_tlog::note::{KeyName, NoteSigner};
use portcullis_verdict::{
    register::{self, edit},
    text::sha256,
};
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

/// A seat in the federation.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Place {
    /// A UK police force.
    Police,
    /// A US county's investigators.
    County,
    /// A minister's office.
    Minister,
    /// Judges of both countries.
    Court,
    /// A provider.
    Mail,
    /// Another provider.
    Chat,
    /// Overseer, witness, and publisher of the register.
    Inspectorate,
    /// A witness of another sector.
    University,
    /// A witness of a third sector.
    Archive,
}

use Place::{Archive, Chat, County, Court, Inspectorate, Mail, Minister, Police, University};

impl Place {
    /// Every seat.
    pub const ALL: [Self; 9] = [
        Police,
        County,
        Minister,
        Court,
        Mail,
        Chat,
        Inspectorate,
        University,
        Archive,
    ];
    /// The witnesses.
    pub const WITNESSES: [Self; 3] = [Inspectorate, University, Archive];
    /// The providers.
    pub const PROVIDERS: [Self; 2] = [Mail, Chat];
    /// The member that publishes the register.
    pub const REGISTRAR: Self = Inspectorate;

    /// The schema of cells in which its log counts.
    pub const fn schema(self) -> &'static str {
        match self {
            Police | County => "authority-v1",
            Mail | Chat => "provider-v1",
            Minister | Court | Inspectorate | University | Archive => "approver-v1",
        }
    }

    /// Its index in [`Self::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    const fn word(self) -> &'static str {
        match self {
            Police => "police",
            County => "county",
            Minister => "minister",
            Court => "court",
            Mail => "mail",
            Chat => "chat",
            Inspectorate => "inspectorate",
            University => "university",
            Archive => "archive",
        }
    }

    /// The member's name.
    ///
    /// # Panics
    ///
    /// Never: the words above are names.
    pub fn member(self) -> MemberId {
        format!("{}.example", self.word())
            .parse()
            .expect("the cast's words are members' names")
    }

    /// The seat of a member.
    pub fn of(member: &MemberId) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|place| place.member() == *member)
    }

    const fn sector(self) -> &'static str {
        match self {
            Police | County => "police",
            Minister => "government",
            Court => "justice",
            Mail | Chat => "industry",
            Inspectorate => "oversight",
            University => "academia",
            Archive => "press",
        }
    }

    fn roles(self) -> BTreeSet<Role> {
        let roles: &[Role] = match self {
            Police | County => &[Role::Authority],
            Minister | Court => &[Role::Approver],
            Mail | Chat => &[Role::Provider],
            Inspectorate => &[Role::Overseer, Role::Witness],
            University | Archive => &[Role::Witness],
        };
        roles.iter().copied().collect()
    }

    /// Its people, each with the offices held.
    fn people(self) -> &'static [&'static [Office]] {
        use Office::{
            Applicant, DesignatedSeniorOfficer, GovernmentAttorney, Inspector,
            InvestigatoryPowersCommissioner, JudicialCommissioner, LegalResponse, MagistrateJudge,
            ReleaseOfficer, SecretaryOfState, SeniorOfficer, SeniorOfficial, ServingOfficer,
            SinglePointOfContact, SubpoenaIssuer,
        };
        match self {
            Police => &[
                &[Applicant],
                // One person in two offices: may draft, and approve what others drafted.
                &[Applicant, DesignatedSeniorOfficer],
                &[DesignatedSeniorOfficer],
                &[SeniorOfficer],
                &[ServingOfficer],
                &[SinglePointOfContact],
            ],
            County => &[
                &[Applicant],
                &[GovernmentAttorney],
                &[SubpoenaIssuer],
                &[ServingOfficer],
            ],
            Minister => &[&[SecretaryOfState], &[SeniorOfficial]],
            Court => &[
                &[JudicialCommissioner],
                &[InvestigatoryPowersCommissioner],
                &[MagistrateJudge],
            ],
            // The last seals and releases, though never the same package.
            Mail | Chat => &[
                &[LegalResponse],
                &[ReleaseOfficer],
                &[LegalResponse, ReleaseOfficer],
            ],
            Inspectorate => &[&[Inspector]],
            University | Archive => &[],
        }
    }

    fn authority(self) -> BTreeSet<String> {
        let words: &[&str] = match self {
            Police => &["metropolitan_police"],
            County => &["us_state"],
            _ => &[],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }
}

/// Somebody with a key.
#[derive(Debug)]
pub struct Person {
    /// Where.
    pub place: Place,
    /// In which offices.
    pub offices: BTreeSet<Office>,
    /// The key.
    pub key: SecretKey,
    /// Whether the register has ended the key.
    pub revoked: bool,
    /// Whether the key fell into other hands.
    pub stolen: bool,
}

impl Person {
    /// The key's name in the register.
    pub fn digest(&self) -> Digest {
        Digest(*self.key.public().id().as_bytes())
    }
}

/// Everybody, the roots, and the newest register that was published.
#[derive(Debug)]
pub struct Cast {
    seed: u64,
    realm: Realm,
    /// Everybody with a key.
    pub people: Vec<Person>,
    roots: Vec<SecretKey>,
    /// The newest version, and its digest.
    pub newest: (Register, Digest),
}

/// Until when keys and registers hold: long after any run ends.
fn far() -> Timestamp {
    Timestamp::from_second(1_924_905_600).unwrap_or(Timestamp::MAX)
}

fn seed_of(seed: u64, label: &str) -> [u8; 32] {
    sha256(format!("portcullis/sim/{seed}/{label}").as_bytes()).0
}

impl Cast {
    /// The cast of a seed, in a realm, with the first version of its register made at `now`.
    pub fn new(seed: u64, realm: &Realm, now: Timestamp) -> Self {
        let mut people = Vec::new();
        for place in Place::ALL {
            for (n, offices) in place.people().iter().enumerate() {
                let key = SecretKey::from_seed(seed_of(seed, &format!("{}/{n}", place.word())));
                people.push(Person {
                    place,
                    offices: offices.iter().copied().collect(),
                    key,
                    revoked: false,
                    stolen: false,
                });
            }
        }
        let root = |n| SecretKey::from_seed(seed_of(seed, &format!("root/{n}")));
        let roots: Vec<_> = (0..3).map(root).collect();
        let register = first_register(seed, realm, &people, &roots, now);
        let digest = sha256(&register::payload(&register));
        Self {
            seed,
            realm: realm.clone(),
            people,
            roots,
            newest: (register, digest),
        }
    }

    /// The realm.
    pub const fn realm(&self) -> &Realm {
        &self.realm
    }

    /// The keys of a node.
    pub fn node_keys(&self, place: Place) -> NodeKeys {
        node_keys(self.seed, &self.realm, place)
    }

    /// Who holds an office at a place with a key that is good.
    pub fn holders(&self, place: Place, office: Office) -> impl Iterator<Item = usize> {
        let here = self.people.iter().enumerate();
        here.filter(move |(_, person)| {
            person.place == place && person.offices.contains(&office) && !person.revoked
        })
        .map(|(n, _)| n)
    }

    /// The newest version as the roots sign it: two of three.
    ///
    /// # Panics
    ///
    /// Never: an envelope of a register is no larger than an envelope may be.
    pub fn signed(&self, register: &Register) -> Vec<u8> {
        let payload = register::payload(register);
        let signatures = self.roots.iter().take(2);
        let signatures = signatures.map(|root| root.sign(register::PAYLOAD_TYPE, &payload));
        Envelope::seal(register::PAYLOAD_TYPE, &payload, signatures.collect())
            .expect("a register fits an envelope")
            .as_bytes()
            .to_vec()
    }

    /// The next version: a person's key is revoked, and the person gets another.
    pub fn revoked(
        &self,
        person: usize,
        gone: Revocation,
        now: Timestamp,
    ) -> Option<(Register, Person)> {
        let (register, digest) = &self.newest;
        let old = self.people.get(person)?;
        let made = now.max(register.made);
        let mut next = edit::next(register, *digest, made, far());
        edit::revoke(&mut next, old.digest(), gone).ok()?;
        let label = format!("{}/again/{}", old.place.word(), next.version);
        let fresh = Person {
            place: old.place,
            offices: old.offices.clone(),
            key: SecretKey::from_seed(seed_of(self.seed, &label)),
            revoked: false,
            stolen: false,
        };
        add_person(&mut next, &fresh, made)?;
        Some((next, fresh))
    }
}

fn node_keys(seed: u64, realm: &Realm, place: Place) -> NodeKeys {
    let secret = |label: &str| Zeroizing::new(seed_of(seed, &format!("{}/{label}", place.word())));
    let witness = Place::WITNESSES
        .contains(&place)
        .then(|| (format!("{}/witness", place.member()), secret("witness")));
    let register_seed = (place == Place::REGISTRAR).then(|| secret("register"));
    NodeKeys {
        statements: SecretKey::from_seed(*secret("node")),
        log_name: format!("{}/log/{}", place.member(), realm.name()),
        log_seed: secret("log"),
        ballot_seed: secret("ballot"),
        register_seed,
        witness,
    }
}

/// The name and key of the register's log.
pub(crate) fn register_log(seed: u64, realm: &Realm) -> NoteSigner {
    let secret = seed_of(seed, &format!("{}/register", Place::REGISTRAR.word()));
    let name = format!("{}/register/{}", Place::REGISTRAR.member(), realm.name());
    let name: KeyName = name.parse().expect("the cast's words are key names");
    NoteSigner::new(name, &secret)
}

fn add_person(register: &mut Register, person: &Person, from: Timestamp) -> Option<()> {
    let term = Term { from, until: far() };
    let public = person.key.public().to_string();
    for office in &person.offices {
        let (id, key) = (person.place.member(), person.digest());
        edit::add_office(register, &id, key, &public, *office, term).ok()?;
    }
    Some(())
}

fn first_register(
    seed: u64,
    realm: &Realm,
    people: &[Person],
    roots: &[SecretKey],
    now: Timestamp,
) -> Register {
    let mut policy = Vec::new();
    let mut members = BTreeMap::new();
    for place in Place::ALL {
        let keys = node_keys(seed, realm, place);
        let witness = keys.cosigner().map(|cosigner| cosigner.vkey().to_string());
        if let Some(vkey) = &witness {
            policy.push(format!("witness {} {vkey}", place.word()));
        }
        let delivery_keys = match place {
            Police | County => BTreeSet::from([delivery_key(place)]),
            _ => BTreeSet::new(),
        };
        let member = Member {
            title: place.word().to_owned(),
            roles: place.roles(),
            authority: place.authority(),
            sector: place.sector().to_owned(),
            endpoint: format!("https://{}", place.member()),
            tls: BTreeSet::from([sha256(place.word().as_bytes())]),
            log: keys.log_vkey(),
            witness,
            delivery_keys,
            keys: BTreeMap::new(),
        };
        members.insert(place.member(), member);
    }
    policy.push("group two-of-three 2 inspectorate university archive".to_owned());
    policy.push("quorum two-of-three".to_owned());
    let root_keys = roots.iter().map(|root| {
        let digest = Digest(*root.public().id().as_bytes());
        (digest, root.public().to_string())
    });
    let mut register = Register {
        realm: realm.clone(),
        version: 1,
        previous: None,
        made: now,
        expires: far(),
        roots: Roots {
            threshold: 2,
            keys: root_keys.collect(),
        },
        log: register_log(seed, realm).vkey().to_string(),
        witness_policy: policy.iter().map(|line| line.clone() + "\n").collect(),
        members,
    };
    let from = now
        .saturating_sub(SignedDuration::from_hours(24))
        .unwrap_or(now);
    for person in people {
        add_person(&mut register, person, from);
    }
    for place in Place::ALL {
        let key = node_keys(seed, realm, place).statements;
        let node = Person {
            place,
            offices: BTreeSet::from([Office::Node]),
            key,
            revoked: false,
            stolen: false,
        };
        add_person(&mut register, &node, from);
    }
    register
}

/// The key that an authority has data sealed to.
pub fn delivery_key(place: Place) -> String {
    format!("age1{}", place.word())
}
