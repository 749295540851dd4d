//! Who takes part: members, keys, and the register that binds them.

use crate::Result;
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    category::Category,
    digest::Digest,
    member::{MemberId, Role},
    office::Office,
    order::{Item, Order, Secrecy, Span},
    realm::Realm,
    register::{Key, Member, Register, Roots, Term},
    selector::{Selector, SelectorKind},
};
use portcullis_node::NodeKeys;
use portcullis_sign::{Envelope, PublicKey, SecretKey};
use portcullis_tlog::note::NoteSigner;
use portcullis_verdict::{register, text::sha256};
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

pub(crate) const POLICE: &str = "police.example";
pub(crate) const MINISTER: &str = "minister.example";
pub(crate) const COURT: &str = "court.example";
pub(crate) const PROVIDER: &str = "messenger.example";
/// The first of the witnesses publishes the register.
pub(crate) const WITNESSES: [&str; 3] = [
    "inspectorate.example",
    "university.example",
    "archive.example",
];

/// What the application of every order here says; its salt is the first word.
pub(crate) const APPLICATION: &[u8] =
    b"salt: necessary and proportionate, because this is a benchmark";

/// A person: where, as what, by which word.
pub(crate) const PEOPLE: [(&str, &str, Office); 6] = [
    (POLICE, "applicant", Office::Applicant),
    (POLICE, "serving", Office::ServingOfficer),
    (MINISTER, "minister", Office::SecretaryOfState),
    (COURT, "commissioner", Office::JudicialCommissioner),
    (PROVIDER, "response", Office::LegalResponse),
    (PROVIDER, "release", Office::ReleaseOfficer),
];

/// How the town differs from one benchmark to the next.
pub(crate) struct Plan<'a> {
    /// How many witnesses there are; all of them are the quorum.
    pub(crate) witnesses: usize,
    /// The minister's key, if it is no Ed25519 key of this town.
    pub(crate) minister: Option<PublicKey>,
    /// To which key packages are sealed.
    pub(crate) delivery_key: String,
    /// Where nodes answer, and the digests of their certificates.
    pub(crate) addresses: BTreeMap<&'a str, (String, Digest)>,
}

pub(crate) fn id(word: &str) -> Result<MemberId> {
    Ok(word.parse()?)
}

pub(crate) fn seed(label: &str) -> [u8; 32] {
    sha256(format!("portcullis/bench/{label}").as_bytes()).0
}

/// A person's key, by a word.
pub(crate) fn key(word: &str) -> SecretKey {
    SecretKey::from_seed(seed(word))
}

/// A node's own keys.
pub(crate) fn node_keys(word: &str) -> NodeKeys {
    let secret = |what: &str| Zeroizing::new(seed(&format!("{word}/{what}")));
    let witness = WITNESSES.contains(&word);
    NodeKeys {
        statements: SecretKey::from_seed(*secret("node")),
        log_name: format!("{word}/log/live"),
        log_seed: secret("log"),
        ballot_seed: secret("ballot"),
        register_seed: (word == WITNESSES[0]).then(|| secret("register")),
        witness: witness.then(|| (format!("{word}/witness"), secret("witness"))),
    }
}

/// The signer of the register's log.
pub(crate) fn register_log() -> Result<NoteSigner> {
    let name = format!("{}/register/live", WITNESSES[0]);
    let seed = seed(&format!("{}/register", WITNESSES[0]));
    Ok(NoteSigner::new(name.parse()?, &seed))
}

fn roots() -> [SecretKey; 2] {
    [key("root/1"), key("root/2")]
}

fn digest_of(key: &PublicKey) -> Digest {
    Digest(*key.id().as_bytes())
}

/// The register's first version, made at `now`.
pub(crate) fn register(plan: &Plan<'_>, now: Timestamp) -> Result<Register> {
    let term = Term {
        from: now.checked_sub(SignedDuration::from_hours(48))?,
        until: now.checked_add(SignedDuration::from_hours(24 * 365))?,
    };
    let witnesses = &WITNESSES[..plan.witnesses];
    let mut members = BTreeMap::new();
    let mut policy = Vec::new();
    for word in [POLICE, MINISTER, COURT, PROVIDER].iter().chain(witnesses) {
        let member = member(plan, word, term);
        if let Some(vkey) = &member.witness {
            policy.push(format!("witness {} {vkey}", word.replace('.', "-")));
        }
        members.insert(id(word)?, member);
    }
    let names: Vec<_> = witnesses
        .iter()
        .map(|word| word.replace('.', "-"))
        .collect();
    policy.push(format!("group all all {}", names.join(" ")));
    policy.push("quorum all\n".to_owned());
    let roots = roots().map(|root| (digest_of(&root.public()), root.public().to_string()));
    Ok(Register {
        realm: Realm::live(),
        version: 1,
        previous: None,
        made: now,
        expires: term.until,
        roots: Roots {
            threshold: 2,
            keys: roots.into(),
        },
        log: register_log()?.vkey().to_string(),
        witness_policy: policy.join("\n"),
        members,
    })
}

fn member(plan: &Plan<'_>, word: &str, term: Term) -> Member {
    let keys = node_keys(word);
    let mut listed = BTreeMap::new();
    let mut list = |public: &PublicKey, office: Office| {
        let entry = Key {
            public: public.to_string(),
            offices: BTreeMap::from([(office, term)]),
            revoked: None,
        };
        listed.insert(digest_of(public), entry);
    };
    list(&keys.statements.public(), Office::Node);
    for (at, person, office) in PEOPLE {
        let passkey = plan.minister.clone().filter(|_| person == "minister");
        if at == word {
            list(&passkey.unwrap_or_else(|| key(person).public()), office);
        }
    }
    let (role, sector) = match word {
        POLICE => (Role::Authority, "police"),
        MINISTER => (Role::Approver, "government"),
        COURT => (Role::Approver, "justice"),
        PROVIDER => (Role::Provider, "industry"),
        _ => (Role::Witness, word),
    };
    let sector = sector.trim_end_matches(".example");
    let authority = (word == POLICE).then(|| "metropolitan_police".to_owned());
    let delivery = (word == POLICE).then(|| plan.delivery_key.clone());
    let address = plan.addresses.get(word).cloned();
    let (endpoint, tls) =
        address.unwrap_or_else(|| (format!("https://{word}"), sha256(word.as_bytes())));
    Member {
        title: word.to_owned(),
        roles: BTreeSet::from([role]),
        authority: authority.into_iter().collect(),
        sector: sector.to_owned(),
        endpoint,
        tls: BTreeSet::from([tls]),
        log: keys.log_vkey(),
        witness: keys.cosigner().map(|cosigner| cosigner.vkey().to_string()),
        delivery_keys: delivery.into_iter().collect(),
        keys: listed,
    }
}

/// The register as both roots sign it.
pub(crate) fn signed(register: &Register) -> Result<Vec<u8>> {
    let payload = register::payload(register);
    let signatures = roots().map(|root| root.sign(register::PAYLOAD_TYPE, &payload));
    let envelope = Envelope::seal(register::PAYLOAD_TYPE, &payload, signatures.into())?;
    Ok(envelope.as_bytes().to_vec())
}

/// An interception warrant for what one account has stored, under the double lock.
pub(crate) fn order(number: u64, delivery_key: &str, now: Timestamp) -> Result<Order> {
    let account = format!("u/{:08}", number % 100_000_000);
    let selector = Selector::new(SelectorKind::Account, &account, None, None)?;
    let second = |at: Timestamp| Timestamp::from_second(at.as_second());
    let from = second(now.checked_sub(SignedDuration::from_hours(24 * 14))?)?;
    let span = Span::new(from, second(now)?).ok_or("a span")?;
    let item = Item {
        target: 1,
        category: Category::StoredContent,
        span,
    };
    Ok(Order {
        law: "uk-ipa-2016".into(),
        rule: "targeted-interception".into(),
        authority: id(POLICE)?,
        provider: id(PROVIDER)?,
        approvers: BTreeMap::from([
            (Office::SecretaryOfState, id(MINISTER)?),
            (Office::JudicialCommissioner, id(COURT)?),
        ]),
        targets: BTreeMap::from([(1, selector)]),
        items: BTreeMap::from([(1, item)]),
        grounds: BTreeSet::from(["serious_crime".to_owned()]),
        offence: None,
        urgency: None,
        protected: BTreeSet::new(),
        stated: BTreeSet::new(),
        delivery_key: delivery_key.to_owned(),
        secrecy: Secrecy::NoEndInLaw,
        application: sha256(APPLICATION),
    })
}
