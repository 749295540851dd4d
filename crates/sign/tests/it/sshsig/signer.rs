//! Keys that sign SSHSIG in memory, hardware keys among them.
//!
//! A hardware key's secret never leaves it, so what it would sign is signed
//! here by an ordinary key; `ssh_keygen.rs` shows that OpenSSH takes it.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey};
use portcullis_sign::{PublicKey, SshKey, ssh::NAMESPACE};
use sha2::{Digest as _, Sha256, Sha512};

use super::wire::{mpint, string, strings};

const APPLICATION: &str = "ssh:desk";

/// What goes into a blob beside key and signature, good or bad.
#[derive(Clone)]
pub(crate) struct Blob<'a> {
    pub(crate) version: u32,
    pub(crate) namespace: &'a str,
    pub(crate) reserved: &'a [u8],
    pub(crate) hash: &'a str,
    /// The signature's type, if not the key's.
    pub(crate) kind: Option<&'a str>,
    pub(crate) flags: u8,
    pub(crate) counter: u32,
    /// Appended to the signature proper.
    pub(crate) after_value: &'a [u8],
    /// Appended inside the signature.
    pub(crate) after_signature: &'a [u8],
    /// Appended to the blob.
    pub(crate) after: &'a [u8],
}

impl Blob<'_> {
    pub(crate) fn good() -> Self {
        Self {
            version: 1,
            namespace: NAMESPACE,
            reserved: b"",
            hash: "sha512",
            kind: None,
            flags: 0x01,
            counter: 41,
            after_value: b"",
            after_signature: b"",
            after: b"",
        }
    }

    pub(crate) fn flags_and_counter(&self) -> Vec<u8> {
        [&[self.flags], &self.counter.to_be_bytes()[..]].concat()
    }

    fn signed_data(&self, message: &[u8]) -> Vec<u8> {
        let digest = match self.hash {
            "sha256" => Sha256::digest(message).to_vec(),
            _ => Sha512::digest(message).to_vec(),
        };
        let rest = [
            self.namespace.as_bytes(),
            self.reserved,
            self.hash.as_bytes(),
            &digest,
        ];
        [b"SSHSIG".to_vec(), strings(&rest)].concat()
    }
}

enum Secret {
    Ed25519(SigningKey),
    P256(EcdsaKeyPair),
}

pub(crate) struct Signer {
    secret: Secret,
    hardware: bool,
}

impl Signer {
    pub(crate) fn one_of_each() -> Vec<Self> {
        [false, true]
            .into_iter()
            .flat_map(|hardware| {
                let ed25519 = SigningKey::from_bytes(&[3; 32]);
                let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
                [Secret::Ed25519(ed25519), Secret::P256(p256)]
                    .map(|secret| Self { secret, hardware })
            })
            .collect()
    }

    pub(crate) fn is_hardware(&self) -> bool {
        self.hardware
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::Ssh(SshKey::from_blob(&self.key_blob()).unwrap())
    }

    /// The whole blob over `message`.
    pub(crate) fn sign(&self, blob: &Blob<'_>, message: &[u8]) -> Vec<u8> {
        let kind = blob.kind.unwrap_or(self.kind());
        let value = [&self.value(blob, message), blob.after_value].concat();
        let mut signature = strings(&[kind.as_bytes(), &value]);
        if self.hardware {
            signature.extend_from_slice(&blob.flags_and_counter());
        }
        signature.extend_from_slice(blob.after_signature);
        [
            b"SSHSIG".to_vec(),
            blob.version.to_be_bytes().to_vec(),
            string(&self.key_blob()),
            string(blob.namespace.as_bytes()),
            string(blob.reserved),
            string(blob.hash.as_bytes()),
            string(&signature),
            blob.after.to_vec(),
        ]
        .concat()
    }

    /// The same in armour, as in a `.sig` file.
    pub(crate) fn armoured(&self, blob: &Blob<'_>, message: &[u8]) -> String {
        let base64 = STANDARD.encode(self.sign(blob, message));
        let lines: Vec<_> = base64
            .as_bytes()
            .chunks(70)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        format!(
            "-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n",
            lines.join("\n")
        )
    }

    /// The signature proper over `message`, without flags and counter.
    pub(crate) fn value(&self, blob: &Blob<'_>, message: &[u8]) -> Vec<u8> {
        let mut data = blob.signed_data(message);
        if self.hardware {
            data = [
                Sha256::digest(APPLICATION).to_vec(),
                blob.flags_and_counter(),
                Sha256::digest(data).to_vec(),
            ]
            .concat();
        }
        match &self.secret {
            Secret::Ed25519(key) => key.sign(&data).to_vec(),
            Secret::P256(key) => {
                let fixed = key.sign(&SystemRandom::new(), &data).unwrap();
                let (r, s) = fixed.as_ref().split_at(32);
                [mpint(r), mpint(s)].concat()
            }
        }
    }

    fn kind(&self) -> &'static str {
        match (&self.secret, self.hardware) {
            (Secret::Ed25519(_), false) => "ssh-ed25519",
            (Secret::Ed25519(_), true) => "sk-ssh-ed25519@openssh.com",
            (Secret::P256(_), false) => "ecdsa-sha2-nistp256",
            (Secret::P256(_), true) => "sk-ecdsa-sha2-nistp256@openssh.com",
        }
    }

    fn key_blob(&self) -> Vec<u8> {
        let mut blob = string(self.kind().as_bytes());
        match &self.secret {
            Secret::Ed25519(key) => blob.extend(string(key.verifying_key().as_bytes())),
            Secret::P256(key) => blob.extend(strings(&[b"nistp256", key.public_key().as_ref()])),
        }
        if self.hardware {
            blob.extend(string(APPLICATION.as_bytes()));
        }
        blob
    }
}
