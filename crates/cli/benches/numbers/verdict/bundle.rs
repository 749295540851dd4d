//! A complete bundle made by hand, with the raw verifications that are in it.

use super::{parts, time_of};
use crate::{
    Result,
    meter::SystemEnv,
    town::{self, COURT, MINISTER, POLICE, Plan, WITNESSES, key, node_keys},
};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
        UnparsedPublicKey,
    },
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ed25519_dalek::{Signature as Ed25519, SigningKey, VerifyingKey};
use jiff::{SignedDuration, Timestamp};
use portcullis_ballot::{Ahead, Cell, Context, Leaf, Opening, Salt, Seed};
use portcullis_core::{
    digest::Digest,
    id::CaseId,
    member::MemberId,
    office::Office,
    order::Order,
    realm::Realm,
    statement::{Approval, Event, Header},
};
use portcullis_node::{Env, Generator};
use portcullis_sign::{Envelope, PublicKey, Signature, WebAuthnKey, pae, webauthn};
use portcullis_tlog::{
    checkpoint::Checkpoint,
    hash::{Hash, leaf_hash},
    note::{NoteSigner, SignedNote},
    proof::TlogProof,
    tree::{LeafIndex, TreeSize, root_of},
};
use portcullis_verdict::{
    Bundle, Entry, law,
    register::{self, Inclusion, Logged},
    statement,
    text::sha256,
};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// A log's leaves: 2^20, and one more, so that a path has 20 or 21 hashes.
const LEAVES: usize = (1 << 20) + 1;
const RP_ID: &str = "minister.example";
const ORIGIN: &str = "https://minister.example";

/// One signature of the bundle with what it is over.
pub(super) enum Raw {
    Ed25519 {
        key: Box<VerifyingKey>,
        message: Vec<u8>,
        signature: Ed25519,
    },
    P256 {
        point: Vec<u8>,
        message: Vec<u8>,
        signature: Vec<u8>,
    },
}

impl Raw {
    /// Verified as `sign` and `tlog` do, and nothing else.
    pub(super) fn holds(&self) -> bool {
        match self {
            Self::Ed25519 {
                key,
                message,
                signature,
            } => key.verify_strict(message, signature).is_ok(),
            Self::P256 {
                point,
                message,
                signature,
            } => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)
                .verify(message, signature)
                .is_ok(),
        }
    }

    fn ed25519(seed: &[u8; 32], message: Vec<u8>, signature: &[u8]) -> Result<Self> {
        let key = Box::new(SigningKey::from_bytes(seed).verifying_key());
        let signature = Ed25519::from_slice(signature)?;
        Ok(Self::Ed25519 {
            key,
            message,
            signature,
        })
    }
}

/// What a verdict is given on.
pub(super) struct Made {
    pub(super) bundle: Bundle,
    pub(super) version: Logged,
    pub(super) now: Timestamp,
    pub(super) path_hashes: usize,
    /// Every signature that stands in the bundle.
    pub(super) raw: Vec<Raw>,
}

/// A minister's passkey, of software.
struct Passkey {
    pair: EcdsaKeyPair,
    public: PublicKey,
}

impl Passkey {
    fn generate() -> Result<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?;
        let key = WebAuthnKey::new(pair.public_key().as_ref(), RP_ID, ORIGIN)?;
        let public = PublicKey::WebAuthnEs256(key);
        Ok(Self { pair, public })
    }

    /// An assertion as a browser brings it, and the raw signature in it.
    fn sign(&self, kind: &str, payload: &[u8]) -> Result<(Signature, Raw)> {
        let challenge = URL_SAFE_NO_PAD.encode(webauthn::challenge(kind, payload));
        let client_data_json = format!(
            r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":false}}"#
        )
        .into_bytes();
        // Present and verified, and a counter.
        let authenticator_data = [&Sha256::digest(RP_ID)[..], &[0x05, 0, 0, 0, 1]].concat();
        let message = [&authenticator_data[..], &Sha256::digest(&client_data_json)].concat();
        let signature = self
            .pair
            .sign(&SystemRandom::new(), &message)?
            .as_ref()
            .to_vec();
        let assertion = webauthn::Assertion {
            authenticator_data,
            client_data_json,
            signature: signature.clone(),
        };
        let raw = Raw::P256 {
            point: self.pair.public_key().as_ref().to_vec(),
            message,
            signature,
        };
        Ok((assertion.to_signature(self.public.id()), raw))
    }
}

/// A log in memory: the leaves of others, and ours where they are put.
struct Log {
    word: &'static str,
    signer: NoteSigner,
    leaves: Vec<Hash>,
    next: usize,
}

impl Log {
    fn new(word: &'static str, signer: NoteSigner, leaves: usize) -> Self {
        let mut last = town::seed(word);
        let mut leaf = || {
            last = Sha256::digest(last).into();
            Hash(last)
        };
        Self {
            word,
            signer,
            leaves: std::iter::repeat_with(&mut leaf).take(leaves).collect(),
            next: leaves / 3,
        }
    }

    /// Puts an entry among the leaves and proves it under a checkpoint of its own.
    fn include(&mut self, entry: &[u8], at: Timestamp, raw: &mut Vec<Raw>) -> Result<TlogProof> {
        let index = self.next;
        self.next += 1;
        self.leaves[index] = leaf_hash(entry);
        let origin = self.signer.vkey().name().as_str().parse()?;
        let size = TreeSize(self.leaves.len() as u64);
        let checkpoint = Checkpoint::new(origin, size, root_of(&self.leaves));
        let mut note: SignedNote = checkpoint.sign(&self.signer)?;
        let text = note.text().to_owned();
        raw.extend(raw_of_log(self.word, &note, &text)?);
        for word in WITNESSES {
            let cosigner = node_keys(word).cosigner().ok_or("a witness")?;
            let seconds = u64::try_from(at.as_second())?;
            let line = cosigner.cosign(&text, seconds)?;
            let message = format!("cosignature/v1\ntime {seconds}\n{text}").into_bytes();
            raw.push(Raw::ed25519(
                &town::seed(&format!("{word}/witness")),
                message,
                &tail(&line.to_string())?,
            )?);
            note = note.with_signature(line)?;
        }
        let path = path(index, &self.leaves);
        Ok(TlogProof::new(LeafIndex(index as u64), path, note)?)
    }
}

/// The log's own signature; the register's log stands for no statement.
fn raw_of_log(word: &str, note: &SignedNote, text: &str) -> Result<Option<Raw>> {
    if word == "register" {
        return Ok(None);
    }
    let line = note.to_text();
    let line = line.lines().last().ok_or("a signature")?.to_owned();
    let seed = town::seed(&format!("{word}/log"));
    Raw::ed25519(&seed, text.as_bytes().to_vec(), &tail(&line)?).map(Some)
}

/// The last 64 bytes of a note's signature line: the Ed25519 signature itself.
fn tail(line: &str) -> Result<Vec<u8>> {
    let word = line
        .trim_end()
        .rsplit(' ')
        .next()
        .ok_or("a signature line")?;
    let bytes = STANDARD.decode(word)?;
    let from = bytes.len().checked_sub(64).ok_or("a short signature")?;
    Ok(bytes[from..].to_vec())
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

/// A case in the making.
struct Story {
    case: CaseId,
    law: Digest,
    order: Order,
    order_digest: Digest,
    chains: BTreeMap<MemberId, (u32, Digest)>,
    entries: Vec<Entry>,
    raw: Vec<Raw>,
}

impl Story {
    fn say(
        &mut self,
        at: &str,
        person: &str,
        passkey: Option<&Passkey>,
        time: Timestamp,
        event: &Event,
    ) -> Result<()> {
        let author = town::id(at)?;
        let chain = self.chains.get(&author);
        let header = Header {
            kind: event.kind(),
            realm: Realm::live(),
            case: self.case,
            addressee: self.order.provider.clone(),
            author: author.clone(),
            number: chain.map_or(0, |(next, _)| *next),
            previous: chain.map(|(_, last)| *last),
            time,
            law: self.law,
        };
        let payload = statement::payload(&header, event)?;
        let kind = statement::payload_type(header.kind);
        let (signature, raw) = if let Some(passkey) = passkey {
            passkey.sign(&kind, &payload)?
        } else {
            let signature = key(person).sign(&kind, &payload);
            let raw = Raw::ed25519(&town::seed(person), pae(&kind, &payload), &signature.sig)?;
            (signature, raw)
        };
        self.raw.push(raw);
        let envelope = Envelope::seal(&kind, &payload, vec![signature])?;
        let digest = sha256(&payload);
        if matches!(event, Event::Drafted(_)) {
            self.order_digest = digest;
        }
        self.chains.insert(author, (header.number + 1, digest));
        self.entries.push(Entry {
            envelope: envelope.as_bytes().to_vec(),
            inclusion: None,
        });
        Ok(())
    }

    fn approve(
        &mut self,
        at: &str,
        person: &str,
        passkey: Option<&Passkey>,
        office: Office,
        time: Timestamp,
    ) -> Result<()> {
        let event = Event::Approved(Approval {
            subject: self.order_digest,
            office,
            signed_for: None,
        });
        self.say(at, person, passkey, time, &event)
    }
}

/// Makes a register, three logs and an order that went through all of its steps.
pub(super) fn make() -> Result<Made> {
    let env = SystemEnv;
    // Whole seconds, as an hour ago: cosigned since.
    let now = Timestamp::from_second(env.now().as_second())?;
    let ago = |minutes: i64| now.checked_sub(SignedDuration::from_mins(minutes));
    let passkey = Passkey::generate()?;
    let plan = town::Plan {
        witnesses: WITNESSES.len(),
        minister: Some(passkey.public.clone()),
        delivery_key: "age1police".into(),
        addresses: BTreeMap::new(),
    };
    let version = version(&plan, ago(24 * 60)?)?;
    let order = town::order(48_151_623, "age1police", ago(120)?)?;
    let laws = law::builtin();
    let mut random = [0; 12];
    env.fill(&mut random);
    let mut story = Story {
        case: CaseId::new(&Realm::live(), random),
        law: laws.by_id(&order.law).ok_or("the law")?.digest,
        order: order.clone(),
        order_digest: Digest([0; 32]),
        chains: BTreeMap::new(),
        entries: Vec::new(),
        raw: Vec::new(),
    };
    story.say(
        POLICE,
        "applicant",
        None,
        ago(60)?,
        &Event::Drafted(Box::new(order)),
    )?;
    story.approve(
        MINISTER,
        "minister",
        Some(&passkey),
        Office::SecretaryOfState,
        ago(50)?,
    )?;
    story.approve(
        COURT,
        "commissioner",
        None,
        Office::JudicialCommissioner,
        ago(40)?,
    )?;
    let order = story.order_digest;
    let issued = Event::Issued {
        order,
        urgent: false,
    };
    story.say(MINISTER, "minister", Some(&passkey), ago(30)?, &issued)?;
    story.say(POLICE, "serving", None, ago(20)?, &Event::Served { order })?;
    let path_hashes = prove(&mut story, &env)?;
    Ok(Made {
        bundle: Bundle {
            entries: story.entries,
        },
        version,
        now,
        path_hashes,
        raw: story.raw,
    })
}

/// Proves every statement in its author's log; the length of the shortest path.
fn prove(story: &mut Story, env: &SystemEnv) -> Result<usize> {
    let mut logs = BTreeMap::new();
    for word in [POLICE, MINISTER, COURT] {
        let signer = node_keys(word).log_signer(1).ok_or("a log's name")?;
        logs.insert(town::id(word)?, Log::new(word, signer, LEAVES));
    }
    let mut shortest = usize::MAX;
    for entry in &mut story.entries {
        let author = statement::parse(&entry.envelope)?.header.author;
        let mut generator = Generator(env);
        let opening = Opening {
            docket: b"{}".to_vec(),
            docket_salt: Salt::draw(&mut generator),
            envelope_salt: Salt::draw(&mut generator),
        };
        let digest = opening.digest(parts(&entry.envelope)?.as_bytes());
        let (origin, seed) = (format!("{author}/log/live/1"), Seed::new([7; 32]));
        let context = Context {
            origin: &origin,
            schema: &[0; 32],
        };
        let ahead = Ahead::draw(&seed, &mut generator);
        let leaf = Leaf::prove(ahead, &context, &digest, Cell::new(1), &seed);
        let at = time_of(&entry.envelope)?.checked_add(SignedDuration::from_mins(1))?;
        let log = logs.get_mut(&author).ok_or("a log")?;
        let proof = log.include(leaf.as_bytes(), at, &mut story.raw)?;
        shortest = shortest.min(proof.path().len());
        entry.inclusion = Some(Inclusion {
            leaf,
            opening,
            proof,
        });
    }
    Ok(shortest)
}

/// The register's first version, logged and cosigned.
fn version(plan: &Plan<'_>, made: Timestamp) -> Result<Logged> {
    let register = town::register(plan, made)?;
    let payload = register::payload(&register);
    let entry = register::log_entry(&register, &sha256(&payload));
    let mut log = Log::new("register", town::register_log()?, 2);
    let at = made.checked_add(SignedDuration::from_mins(1))?;
    let proof = log.include(&entry, at, &mut Vec::new())?;
    Ok(Logged {
        envelope: town::signed(&register)?,
        proof: Some(proof.to_string().into_bytes()),
    })
}
