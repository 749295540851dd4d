//! The evidence of a case in one file: statements, proofs, registers, laws, schemas.
//!
//! Whoever holds the file and the register's id, as people compared it, needs nothing else: no
//! network, no node. It carries the digests of packages and never their contents; the
//! application, and the reasons of a refusal, only where somebody asked for them. The file is one
//! of [`crate::parts`], sealed by the member whose book of the case it is.

mod story;

pub use story::{DocketShown, Package, Story, Told, Unpublished, tell};

use crate::{
    bundle::Bundle,
    parts::{Head, Part},
    text::sha256,
};
use portcullis_core::{digest::Digest, id::CaseId};
use portcullis_sign::Envelope;

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Its head, as it was signed.
    pub envelope: Envelope,
    /// What the head says.
    pub head: Head,
    /// What the parts are.
    pub held: Held,
}

/// What the parts of a file are.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// The statements with what proves them.
    pub bundle: Bundle,
    /// A file of the register's versions.
    pub register: Vec<u8>,
    /// Law files, exact bytes.
    pub laws: Vec<Vec<u8>>,
    /// Schemas of cells, exact bytes.
    pub schemas: Vec<Vec<u8>>,
    /// Files of opened dockets.
    pub opened: Vec<Vec<u8>>,
    /// What travelled beside a statement, by the digest that was signed: applications, reasons,
    /// promises.
    pub attachments: Vec<Vec<u8>>,
}

/// Why a file is no evidence.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EvidenceError {
    /// A part is unknown, or cannot be read.
    #[error("`{part}`: {why}")]
    Malformed {
        /// Which part.
        part: String,
        /// What is wrong with it.
        why: String,
    },
    /// The file is about no case.
    #[error("the head names no case")]
    NoCase,
    /// The register in it cannot be believed.
    #[error("the register in the file: {why}")]
    Register {
        /// The stable code.
        code: &'static str,
        /// Why not.
        why: String,
    },
}

impl EvidenceError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } | Self::NoCase => "pack.malformed",
            Self::Register { code, .. } => code,
        }
    }
}

impl Held {
    /// As parts of a file.
    pub fn to_parts(&self) -> Vec<Part> {
        let part = |name: &str, bytes: &[u8]| Part {
            name: name.to_owned(),
            bytes: bytes.to_owned(),
        };
        let each = |folder: &'static str, files: &[Vec<u8>]| {
            let named = |bytes: &Vec<u8>| part(&format!("{folder}/{}", sha256(bytes)), bytes);
            files.iter().map(named).collect::<Vec<_>>()
        };
        let mut parts = vec![
            part("bundle", &self.bundle.to_bytes()),
            part("register", &self.register),
        ];
        parts.extend(each("law", &self.laws));
        parts.extend(each("schema", &self.schemas));
        parts.extend(each("opened", &self.opened));
        parts.extend(each("attachment", &self.attachments));
        parts
    }

    /// Reads them back.
    ///
    /// # Errors
    ///
    /// [`EvidenceError::Malformed`], with the name of the part.
    pub fn from_parts(parts: Vec<Part>) -> Result<Self, EvidenceError> {
        let mut held = Self::default();
        for part in parts {
            let malformed = |why: String| EvidenceError::Malformed {
                part: part.name.clone(),
                why,
            };
            match part
                .name
                .split_once('/')
                .map_or(part.name.as_str(), |(folder, _)| folder)
            {
                "bundle" => {
                    held.bundle =
                        Bundle::parse(&part.bytes).map_err(|error| malformed(error.to_string()))?;
                }
                "register" => held.register = part.bytes,
                "law" => held.laws.push(part.bytes),
                "schema" => held.schemas.push(part.bytes),
                "opened" => held.opened.push(part.bytes),
                "attachment" => held.attachments.push(part.bytes),
                _ => return Err(malformed("no such part is known here".into())),
            }
        }
        Ok(held)
    }
}

impl Evidence {
    /// Which case it is about.
    ///
    /// # Errors
    ///
    /// [`EvidenceError::NoCase`].
    pub fn case(&self) -> Result<CaseId, EvidenceError> {
        self.head.subject.parse().map_err(|_| EvidenceError::NoCase)
    }

    /// SHA-256 of the head's payload: the file's name.
    pub fn digest(&self) -> Digest {
        sha256(self.envelope.payload())
    }
}
