//! A small federation of real keys: a register in a witnessed log, members with logs of their
//! own, two witnesses of two sectors, and cases said statement by statement.

use jiff::{SignedDuration, Timestamp};
use portcullis_ballot::{Ahead, Cell, Context, Leaf, Opening, Salt, Seed};
use portcullis_core::{
    digest::Digest,
    id::CaseId,
    member::{MemberId, Role},
    office::Office,
    order::Order,
    realm::Realm,
    register::{Key, Member, Register, Revocation, Roots, Term},
    statement::{Approval, Event, Header},
};
use portcullis_sign::{Envelope, SecretKey, Signature};
use portcullis_tlog::{
    checkpoint::Checkpoint,
    cosignature::Cosigner,
    hash::{Hash, leaf_hash},
    note::{NoteSigner, SignedNote},
    proof::TlogProof,
    tree::{LeafIndex, TreeSize, root_of},
};
use portcullis_verdict::{
    Against, Anchor, Bundle, Entry, History, Trust, Verdict,
    law::{self, Laws},
    register::{self, Inclusion, Logged, edit},
    statement,
    text::sha256,
    verify,
};
use rand::{SeedableRng as _, rngs::StdRng};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn member(word: &str) -> MemberId {
    format!("{word}.example").parse().unwrap()
}

pub(crate) fn seed(label: &str) -> [u8; 32] {
    sha256(format!("portcullis/verdict/tests/{label}").as_bytes()).0
}

/// A person's key, by a word.
pub(crate) fn key(word: &str) -> SecretKey {
    SecretKey::from_seed(seed(word))
}

pub(crate) fn digest_of(key: &SecretKey) -> Digest {
    Digest(*key.public().id().as_bytes())
}

/// A log in memory, by its origin.
pub(crate) struct Log {
    signer: NoteSigner,
    leaves: Vec<Hash>,
}

impl Log {
    fn new(origin: &str, key: &str) -> Self {
        let signer = NoteSigner::new(origin.parse().unwrap(), &seed(key));
        Self {
            signer,
            leaves: Vec::new(),
        }
    }

    /// Adds an entry and proves it under a checkpoint that these witnesses cosigned then.
    fn include(&mut self, entry: &[u8], witnesses: &[&str], time: Timestamp) -> TlogProof {
        // A leaf of somebody else's on either side, so that there is a path to prove.
        self.push(b"before");
        let index = self.push(entry);
        self.push(b"after");
        let note = self.checkpoint(witnesses, time);
        TlogProof::new(LeafIndex(index), self.path_to(index), note).unwrap()
    }

    /// Adds an entry; its index.
    pub(crate) fn push(&mut self, entry: &[u8]) -> u64 {
        self.leaves.push(leaf_hash(entry));
        self.leaves.len() as u64 - 1
    }

    /// From an entry to the root.
    pub(crate) fn path_to(&self, index: u64) -> Vec<Hash> {
        path(usize::try_from(index).unwrap(), &self.leaves)
    }

    /// The newest checkpoint, cosigned by these witnesses then.
    pub(crate) fn checkpoint(&self, witnesses: &[&str], time: Timestamp) -> SignedNote {
        let origin = self.signer.vkey().name().as_str().parse().unwrap();
        let size = TreeSize(self.leaves.len() as u64);
        let checkpoint = Checkpoint::new(origin, size, root_of(&self.leaves));
        let mut note = checkpoint.sign(&self.signer).unwrap();
        let seconds = u64::try_from(time.as_second()).unwrap();
        for word in witnesses {
            let line = witness(word).cosign(note.text(), seconds).unwrap();
            note = note.with_signature(line).unwrap();
        }
        note
    }
}

/// RFC 6962 §2.1.1, as it is written there.
fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(k);
    let (mut inner, other) = if m < k {
        (path(m, left), right)
    } else {
        (path(m - k, right), left)
    };
    inner.push(root_of(other));
    inner
}

pub(crate) fn witness(word: &str) -> Cosigner {
    Cosigner::new(
        format!("{word}.example/witness").parse().unwrap(),
        &seed(&format!("{word}/witness")),
    )
}

/// Both, of two sectors; a quorum is both.
pub(crate) const WITNESSES: [&str; 2] = ["inspectorate", "university"];
/// The schema under which every log of the kit counts.
pub(crate) const SCHEMA: [u8; 32] = [3; 32];
const OPENED: &str = "2026-01-05T09:00:00Z";
const EXPIRES: &str = "2027-06-01T00:00:00Z";

/// Everything that a verdict rests on, and the means to say statements.
pub(crate) struct World {
    pub(crate) realm: Realm,
    pub(crate) laws: Laws,
    pub(crate) trust: Trust,
    pub(crate) versions: Vec<Logged>,
    pub(crate) register: Register,
    register_log: Log,
    logs: BTreeMap<MemberId, Log>,
    pub(crate) rng: StdRng,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::under(first_register())
    }

    /// A world in which this is the first version of the register.
    pub(crate) fn under(register: Register) -> Self {
        let mut world = Self {
            realm: Realm::live(),
            laws: law::builtin(),
            trust: Trust::default(),
            versions: Vec::new(),
            register: register.clone(),
            register_log: Log::new("inspectorate.example/register/live", "register"),
            logs: BTreeMap::new(),
            rng: StdRng::seed_from_u64(7),
        };
        world.publish(register, at(OPENED));
        world
    }

    /// Signs and logs a version of the register.
    pub(crate) fn publish(&mut self, register: Register, time: Timestamp) {
        let payload = register::payload(&register);
        let signatures =
            ["root/1", "root/2"].map(|root| key(root).sign(register::PAYLOAD_TYPE, &payload));
        let envelope = Envelope::seal(register::PAYLOAD_TYPE, &payload, signatures.into()).unwrap();
        let entry = register::log_entry(&register, &sha256(&payload));
        let proof = self.register_log.include(&entry, &WITNESSES, time);
        let proof = Some(proof.to_string().into_bytes());
        self.versions.push(Logged {
            envelope: envelope.as_bytes().to_vec(),
            proof,
        });
        self.register = register;
    }

    /// The next version: a key is revoked.
    pub(crate) fn revoke(&mut self, word: &str, since: &str, compromised: bool, told: &str) {
        let digest = sha256(&register::payload(&self.register));
        let mut next = edit::next(&self.register, digest, at(told), self.register.expires);
        let gone = Revocation {
            since: at(since),
            compromised,
        };
        edit::revoke(&mut next, digest_of(&key(word)), gone).unwrap();
        self.publish(next, at(told));
    }

    pub(crate) fn anchor(&self) -> Anchor {
        Anchor(register::parse(&self.versions[0].envelope).unwrap().digest)
    }

    pub(crate) fn history(&self) -> History {
        let (history, refused) = History::open(self.anchor(), &self.versions).unwrap();
        assert_eq!(refused, []);
        history
    }

    /// The verdict on these entries at an instant, for anybody or for one provider.
    pub(crate) fn verdict(&self, entries: Vec<Entry>, us: Option<&str>, now: &str) -> Verdict {
        let us = us.map(member);
        // As it would arrive: through the file's bytes.
        let bundle = Bundle::parse(&Bundle { entries }.to_bytes()).unwrap();
        let against = Against {
            history: &self.history(),
            trust: &self.trust,
            laws: &self.laws,
            realm: &self.realm,
            us: us.as_ref(),
            now: at(now),
        };
        verify(&bundle, &against)
    }

    /// Puts a statement into its author's log, cosigned by these witnesses then.
    pub(crate) fn include(&mut self, entry: &mut Entry, witnesses: &[&str], time: Timestamp) {
        let author = statement::parse(&entry.envelope).unwrap().header.author;
        let opening = Opening {
            docket: b"{}".to_vec(),
            docket_salt: Salt::draw(&mut self.rng),
            envelope_salt: Salt::draw(&mut self.rng),
        };
        let origin = format!("{author}/log/live/1");
        let context = Context {
            origin: &origin,
            schema: &SCHEMA,
        };
        let secret = Seed::new(seed(&format!("{author}/ballot")));
        let ahead = Ahead::draw(&secret, &mut self.rng);
        let digest = opening.digest(&entry.envelope);
        let leaf = Leaf::prove(ahead, &context, &digest, Cell::new(1), &secret);
        self.include_leaf(entry, leaf, opening, witnesses, time);
    }

    /// Puts this leaf into the author's log, whatever it is.
    pub(crate) fn include_leaf(
        &mut self,
        entry: &mut Entry,
        leaf: Leaf,
        opening: Opening,
        witnesses: &[&str],
        time: Timestamp,
    ) {
        let author = statement::parse(&entry.envelope).unwrap().header.author;
        let proof = self.log(&author).include(leaf.as_bytes(), witnesses, time);
        entry.inclusion = Some(Inclusion {
            leaf,
            opening,
            proof,
        });
    }

    /// A member's log.
    pub(crate) fn log(&mut self, author: &MemberId) -> &mut Log {
        self.logs
            .entry(author.clone())
            .or_insert_with(|| Log::new(&format!("{author}/log/live/1"), &format!("{author}/log")))
    }

    /// A case about an order of this text.
    pub(crate) fn case(&self, number: u8, order: Order) -> Story {
        let law = self
            .laws
            .by_id(&order.law)
            .map_or(Digest([9; 32]), |law| law.digest);
        Story {
            id: CaseId::new(&self.realm, [number; 12]),
            realm: self.realm.clone(),
            law,
            order,
            chains: BTreeMap::new(),
            entries: Vec::new(),
            order_digest: Digest([0; 32]),
        }
    }
}

/// A case in the making: what has been said, and where each author stands.
#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) id: CaseId,
    pub(crate) realm: Realm,
    pub(crate) law: Digest,
    pub(crate) order: Order,
    pub(crate) chains: BTreeMap<MemberId, (u32, Digest)>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) order_digest: Digest,
}

impl Story {
    /// Says something as `author` with the key of a word.
    pub(crate) fn say(&mut self, author: &str, by: &str, time: &str, event: &Event) -> &mut Self {
        let header = self.header(author, time, event);
        self.say_under(&header, by, event)
    }

    pub(crate) fn header(&self, author: &str, time: &str, event: &Event) -> Header {
        let author = member(author);
        let (number, previous) = self
            .chains
            .get(&author)
            .map_or((0, None), |(next, last)| (*next, Some(*last)));
        let other = if author == self.order.provider {
            &self.order.authority
        } else {
            &self.order.provider
        };
        Header {
            kind: event.kind(),
            realm: self.realm.clone(),
            case: self.id,
            addressee: other.clone(),
            author,
            number,
            previous,
            time: at(time),
            law: self.law,
        }
    }

    pub(crate) fn say_under(&mut self, header: &Header, by: &str, event: &Event) -> &mut Self {
        let payload = statement::payload(header, event).unwrap();
        let kind = statement::payload_type(header.kind);
        let envelope =
            Envelope::seal(&kind, &payload, vec![key(by).sign(&kind, &payload)]).unwrap();
        let digest = sha256(&payload);
        if matches!(event, Event::Drafted(_)) {
            self.order_digest = digest;
        }
        self.chains
            .insert(header.author.clone(), (header.number + 1, digest));
        self.entries.push(Entry {
            envelope: envelope.as_bytes().to_vec(),
            inclusion: None,
        });
        self
    }

    pub(crate) fn draft(&mut self, time: &str) -> &mut Self {
        let event = Event::Drafted(Box::new(self.order.clone()));
        self.say("police", "applicant", time, &event)
    }

    pub(crate) fn approve(
        &mut self,
        author: &str,
        by: &str,
        office: Office,
        time: &str,
    ) -> &mut Self {
        let event = Event::Approved(Approval {
            subject: self.order_digest,
            office,
            signed_for: None,
        });
        self.say(author, by, time, &event)
    }

    pub(crate) fn issue(&mut self, time: &str) -> &mut Self {
        let event = Event::Issued {
            order: self.order_digest,
            urgent: self.order.urgency.is_some(),
        };
        self.say("minister", "minister", time, &event)
    }

    pub(crate) fn serve(&mut self, time: &str) -> &mut Self {
        let event = Event::Served {
            order: self.order_digest,
        };
        self.say("police", "server", time, &event)
    }

    /// The double lock, from draft to service, on the second of March 2026.
    pub(crate) fn whole(&mut self) -> &mut Self {
        self.draft("2026-03-02T09:00:00Z")
            .approve(
                "minister",
                "minister",
                Office::SecretaryOfState,
                "2026-03-02T10:00:00Z",
            )
            .approve(
                "court",
                "commissioner",
                Office::JudicialCommissioner,
                "2026-03-02T11:00:00Z",
            )
            .issue("2026-03-02T12:00:00Z")
            .serve("2026-03-02T13:00:00Z")
    }

    /// Every statement in its author's log, cosigned a minute after its time.
    pub(crate) fn witnessed(&mut self, world: &mut World) -> &mut Self {
        for entry in &mut self.entries {
            let time = statement::parse(&entry.envelope).unwrap().header.time;
            world.include(entry, &WITNESSES, time + SignedDuration::from_mins(1));
        }
        self
    }

    /// Replaces an entry's payload and keeps its signatures.
    pub(crate) fn forge(&mut self, index: usize, change: impl FnOnce(String) -> String) {
        let entry = &mut self.entries[index];
        let envelope = Envelope::parse(&entry.envelope).unwrap();
        let text = String::from_utf8(envelope.payload().to_vec()).unwrap();
        let signatures: Vec<Signature> = envelope.signatures().to_vec();
        let forged =
            Envelope::seal(envelope.payload_type(), change(text).as_bytes(), signatures).unwrap();
        entry.envelope = forged.as_bytes().to_vec();
    }
}

/// An interception warrant against one person's account, as `laws/uk-ipa-2016.toml` has it.
pub(crate) fn order() -> Order {
    let json = r#"{
        "law": "uk-ipa-2016", "rule": "targeted-interception",
        "authority": "police.example", "provider": "mail.example",
        "approvers": [
            { "office": "secretary_of_state", "member": "minister.example" },
            { "office": "judicial_commissioner", "member": "court.example" }
        ],
        "targets": [{ "target": 1, "selector": { "kind": "account", "value": "u/48151623", "at": null, "port": null } }],
        "items": [{ "item": 1, "target": 1, "category": "intercepted_content",
                    "from": "2026-03-02T00:00:00Z", "to": "2026-08-01T00:00:00Z" }],
        "grounds": ["serious_crime"], "offence": null, "urgency": null, "protected": [],
        "delivery_key": "age1police", "secrecy": "no_end_in_law",
        "application": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    }"#;
    statement::order_from_json(json.as_bytes()).unwrap()
}

/// Who holds which office with which key. The turncoat holds two, and suffices for neither pair.
const PEOPLE: [(&str, &str, &[Office]); 12] = [
    ("police", "applicant", &[Office::Applicant]),
    ("police", "senior", &[Office::SeniorOfficer]),
    ("police", "server", &[Office::ServingOfficer]),
    ("minister", "minister", &[Office::SecretaryOfState]),
    ("minister", "official", &[Office::SeniorOfficial]),
    (
        "minister",
        "turncoat",
        &[Office::SecretaryOfState, Office::JudicialCommissioner],
    ),
    ("court", "commissioner", &[Office::JudicialCommissioner]),
    (
        "court",
        "second-commissioner",
        &[Office::JudicialCommissioner],
    ),
    ("mail", "counsel", &[Office::LegalResponse]),
    ("chat", "chat-counsel", &[Office::LegalResponse]),
    ("mail", "mail-node", &[Office::Node]),
    ("inspectorate", "inspector", &[Office::Inspector]),
];

fn first_register() -> Register {
    let term = Term {
        from: at("2026-01-01T00:00:00Z"),
        until: at("2027-06-01T00:00:00Z"),
    };
    let seats: [(&str, &str, &[Role]); 7] = [
        ("police", "police", &[Role::Authority]),
        ("minister", "government", &[Role::Approver]),
        ("court", "justice", &[Role::Approver]),
        ("mail", "industry", &[Role::Provider]),
        ("chat", "industry", &[Role::Provider]),
        (
            "inspectorate",
            "oversight",
            &[Role::Overseer, Role::Witness],
        ),
        ("university", "academia", &[Role::Witness]),
    ];
    let mut members = BTreeMap::new();
    for (word, sector, roles) in seats {
        let id = member(word);
        let log = NoteSigner::new(
            format!("{id}/log/live").parse().unwrap(),
            &seed(&format!("{id}/log")),
        );
        let police = word == "police";
        let words = |list: &[&str]| {
            list.iter()
                .map(|word| (*word).to_owned())
                .collect::<BTreeSet<_>>()
        };
        members.insert(
            id.clone(),
            Member {
                title: word.to_owned(),
                roles: roles.iter().copied().collect(),
                authority: if police {
                    words(&["metropolitan_police", "us_state"])
                } else {
                    words(&[])
                },
                sector: sector.to_owned(),
                endpoint: format!("https://{id}"),
                tls: BTreeSet::new(),
                log: Some(log.vkey().to_string()),
                witness: WITNESSES
                    .contains(&word)
                    .then(|| witness(word).vkey().to_string()),
                delivery_keys: if police {
                    words(&["age1police"])
                } else {
                    words(&[])
                },
                keys: BTreeMap::new(),
            },
        );
    }
    for (word, person, offices) in PEOPLE {
        let entry = Key {
            public: key(person).public().to_string(),
            offices: offices.iter().map(|office| (*office, term)).collect(),
            revoked: None,
        };
        members
            .get_mut(&member(word))
            .unwrap()
            .keys
            .insert(digest_of(&key(person)), entry);
    }
    let roots = ["root/1", "root/2", "root/3"].map(key);
    let log = NoteSigner::new(
        "inspectorate.example/register/live".parse().unwrap(),
        &seed("register"),
    );
    let witnesses = WITNESSES.map(|word| format!("witness {word} {}\n", witness(word).vkey()));
    Register {
        realm: Realm::live(),
        version: 1,
        previous: None,
        made: at("2026-01-05T08:00:00Z"),
        expires: at(EXPIRES),
        roots: Roots {
            threshold: 2,
            keys: roots
                .iter()
                .map(|root| (digest_of(root), root.public().to_string()))
                .collect(),
        },
        log: log.vkey().to_string(),
        witness_policy: format!(
            "{}group both 2 inspectorate university\nquorum both\n",
            witnesses.concat()
        ),
        members,
    }
}
