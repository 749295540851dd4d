//! Words: signed statements that belong to no case.

use crate::{
    register::{History, Inclusion, Leaves, NotBelieved, Trust, judge::judge},
    text::{Instant, Text, sha256},
};
use jiff::Timestamp;
use portcullis_core::{digest::Digest, member::MemberId, office::Office};
use portcullis_sign::{Envelope, PublicKey, SecretKey};
use serde::{Deserialize, Serialize};

/// The most bytes of a word: the longest has a sentence of reasons.
const WORD_BYTES_MAX: usize = 16 * 1024;
/// The most characters of the reason for opening a pseudonym.
const REASON_CHARS_MAX: usize = 2000;

/// What can be said as a word.
pub trait Says: Sized {
    /// The payload type under which it is signed.
    const PAYLOAD_TYPE: &'static str;
    /// What it is called.
    const WHAT: &'static str;

    /// The payload to sign: JSON text, made one way.
    fn payload(&self) -> Vec<u8>;

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong.
    fn read(payload: &[u8]) -> Result<Self, String>;

    /// The name of the realm it is said in.
    fn realm(&self) -> &str;

    /// The member whose node says it.
    fn member(&self) -> &MemberId;

    /// When, by that node's clock.
    fn made_at(&self) -> Timestamp;
}

/// A word with its signature, in the exact bytes of its DSSE envelope. Parsing verifies no
/// signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Word<T> {
    envelope: Envelope,
    digest: Digest,
    says: T,
}

/// Why bytes are no word, or not to be believed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum WordError {
    /// It cannot be read.
    #[error("this is no {what}: {why}")]
    Malformed {
        /// What it was taken for.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// It was said in another realm.
    #[error("the {what} is of the realm `{found}`")]
    OtherRealm {
        /// What.
        what: &'static str,
        /// Of which realm it is.
        found: String,
    },
    /// Its signature is not to be believed.
    #[error("the signature of the {what}: {why}")]
    NotBelieved {
        /// Of what.
        what: &'static str,
        /// Why not.
        why: NotBelieved,
    },
    /// The key is not a node's.
    #[error("the {what} is to be signed by a node's own key")]
    WrongOffice {
        /// What.
        what: &'static str,
    },
    /// The key that is trusted did not sign it.
    #[error("the {what} is not signed by the key that is trusted: {why}")]
    OtherKey {
        /// What.
        what: &'static str,
        /// What was found.
        why: String,
    },
}

impl WordError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "word.malformed",
            Self::OtherRealm { .. } => "word.other_realm",
            Self::NotBelieved { why, .. } => why.code(),
            Self::WrongOffice { .. } => "word.wrong_office",
            Self::OtherKey { .. } => "word.other_key",
        }
    }
}

/// By what a word is believed.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// The register's believed versions.
    Register {
        /// The versions.
        history: &'a History,
        /// What is believed less.
        trust: &'a Trust,
        /// By which clock.
        now: Timestamp,
    },
    /// One key, compared by people: of a node that stands in no register.
    Key {
        /// The key.
        key: &'a PublicKey,
        /// The realm's name.
        realm: &'a str,
    },
}

/// How a word is believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Believed {
    /// When a quorum of witnesses had cosigned its place in its author's log, if that was proved.
    pub recorded_at: Option<Timestamp>,
    /// Whether the key held its office when the word was said, and holds it no more: nothing but
    /// the word itself tells that it was said then.
    pub lapsed: bool,
}

impl<T: Says> Word<T> {
    /// Signs what is said.
    ///
    /// # Errors
    ///
    /// [`WordError::Malformed`] when it is out of its bounds.
    pub fn sign(says: &T, key: &SecretKey) -> Result<Self, WordError> {
        let payload = says.payload();
        let signature = key.sign(T::PAYLOAD_TYPE, &payload);
        let envelope = Envelope::seal(T::PAYLOAD_TYPE, &payload, vec![signature]);
        let envelope = envelope.map_err(malformed::<T>)?;
        Self::parse(envelope.as_bytes())
    }

    /// Reads a word. No signature is verified here.
    ///
    /// # Errors
    ///
    /// [`WordError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, WordError> {
        if WORD_BYTES_MAX < bytes.len() {
            return Err(malformed::<T>(format!("it has {} bytes", bytes.len())));
        }
        let envelope = Envelope::parse(bytes).map_err(malformed::<T>)?;
        if envelope.payload_type() != T::PAYLOAD_TYPE || envelope.signatures().len() != 1 {
            let found: String = envelope.payload_type().chars().take(80).collect();
            return Err(malformed::<T>(format!("`{found}`, or not one signature")));
        }
        let says = T::read(envelope.payload()).map_err(malformed::<T>)?;
        if says.payload() != envelope.payload() {
            return Err(malformed::<T>("it is written another way"));
        }
        let digest = sha256(envelope.payload());
        Ok(Self {
            envelope,
            digest,
            says,
        })
    }

    /// What it says.
    pub const fn says(&self) -> &T {
        &self.says
    }

    /// SHA-256 of its payload: its name.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The file's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.envelope.as_bytes()
    }

    /// Verifies who said it, and its place in the log where a proof is at hand.
    ///
    /// # Errors
    ///
    /// [`WordError`] other than malformed.
    pub fn verify(
        &self,
        by: &By<'_>,
        inclusion: Option<&Inclusion>,
    ) -> Result<Believed, WordError> {
        let (what, says) = (T::WHAT, &self.says);
        let same = |realm: &str| {
            if says.realm() == realm {
                Ok(())
            } else {
                let found = says.realm().to_owned();
                Err(WordError::OtherRealm { what, found })
            }
        };
        match by {
            By::Key { key, realm } => {
                same(realm)?;
                let signed = self.envelope.verify_by(key);
                signed.map_err(|error| WordError::OtherKey {
                    what,
                    why: error.to_string(),
                })?;
                Ok(Believed {
                    recorded_at: None,
                    lapsed: false,
                })
            }
            By::Register {
                history,
                trust,
                now,
            } => {
                same(history.newest().register.realm.name())?;
                self.judged(history, trust, inclusion, *now)
            }
        }
    }

    fn judged(
        &self,
        history: &History,
        trust: &Trust,
        inclusion: Option<&Inclusion>,
        now: Timestamp,
    ) -> Result<Believed, WordError> {
        let (what, says) = (T::WHAT, &self.says);
        let leaves = Leaves::verified_together(inclusion);
        let judged = |now: Timestamp| {
            judge(
                history,
                trust,
                says.member(),
                says.made_at(),
                &self.envelope,
                inclusion.map(|inclusion| (inclusion, &leaves)),
                now,
            )
        };
        let (judgement, lapsed) = match judged(now) {
            Ok(judgement) => (judgement, false),
            Err(NotBelieved::NoOffice { at, .. }) if says.made_at() < at => {
                let then = judged(says.made_at());
                (
                    then.map_err(|why| WordError::NotBelieved { what, why })?,
                    true,
                )
            }
            Err(why) => return Err(WordError::NotBelieved { what, why }),
        };
        if !judgement.officer.offices.contains(&Office::Node) {
            return Err(WordError::WrongOffice { what });
        }
        Ok(Believed {
            recorded_at: judgement.included_at,
            lapsed,
        })
    }
}

fn malformed<T: Says>(why: impl core::fmt::Display) -> WordError {
    let (what, why) = (T::WHAT, why.to_string());
    WordError::Malformed { what, why }
}

/// That somebody at the cell looked who is behind a pseudonym (law 9).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opening {
    /// The name of the realm.
    pub realm: String,
    /// Whose node it is.
    pub member: MemberId,
    /// The pseudonym: the id of a STIX identity.
    pub identity: String,
    /// Which of the node's people, by the name of the account.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When, by that node's clock.
    pub made_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
enum OpeningV1 {
    #[serde(rename = "cell-pseudonym-opened/v1")]
    V1,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpeningJson {
    portcullis: OpeningV1,
    realm: String,
    member: Text<MemberId>,
    identity: String,
    by: String,
    reason: String,
    made_at: Instant,
}

impl Says for Opening {
    const PAYLOAD_TYPE: &'static str = "application/vnd.portcullis.cell-pseudonym-opened.v1+json";
    const WHAT: &'static str = "opening of a pseudonym";

    fn payload(&self) -> Vec<u8> {
        let json = OpeningJson {
            portcullis: OpeningV1::V1,
            realm: self.realm.clone(),
            member: Text(self.member.clone()),
            identity: self.identity.clone(),
            by: self.by.clone(),
            reason: self.reason.clone(),
            made_at: Text(self.made_at),
        };
        // Plain structs with string keys: writing them to memory cannot fail.
        serde_json::to_vec(&json).unwrap_or_default()
    }

    fn read(payload: &[u8]) -> Result<Self, String> {
        let json: OpeningJson =
            serde_json::from_slice(payload).map_err(|error| error.to_string())?;
        if REASON_CHARS_MAX < json.reason.chars().count() || json.reason.trim().is_empty() {
            return Err(format!("a reason has 1 to {REASON_CHARS_MAX} characters"));
        }
        Ok(Self {
            realm: json.realm,
            member: json.member.0,
            identity: json.identity,
            by: json.by,
            reason: json.reason,
            made_at: json.made_at.0,
        })
    }

    fn realm(&self) -> &str {
        &self.realm
    }

    fn member(&self) -> &MemberId {
        &self.member
    }

    fn made_at(&self) -> Timestamp {
        self.made_at
    }
}
