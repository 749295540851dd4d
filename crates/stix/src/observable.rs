//! Observables: the values that indicators and observed objects name.
//!
//! One value has one spelling here, so that an address found in a pattern, in
//! an observed object and under somebody's fingers is the same entry of an
//! index. What an object says is never changed by this: these are look-up
//! keys, made beside it.
//!
//! From patterns only what must hold is taken: `=`, `IN` and, for addresses,
//! `ISSUBSET`, none of them negated. From everything else the properties that
//! identify the object (STIX 2.1, 6).

use sha2::{Digest, Sha256};

mod guess;
mod normal;
mod object;
mod pattern;
mod wider;
mod written;

pub use guess::{guess, refanged};
pub use normal::normal;
pub use wider::{Tie, wider, within};
pub use written::written;

/// How many observables are taken from one object. Lists of hashes are long,
/// but an object must not become an index of its own.
pub const OBSERVABLES_MAX: usize = 16_384;

/// How long a value may be, in bytes; longer ones are not indexed.
pub const VALUE_BYTES_MAX: usize = 16_384;

/// A value to look up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Observable {
    /// What it is.
    pub kind: Kind,
    /// In the one spelling of [`normal`].
    pub value: String,
}

impl Observable {
    /// `value` in its one spelling; `None` if it cannot be a `kind`.
    pub fn new(kind: Kind, value: &str) -> Option<Self> {
        Some(Self {
            kind,
            value: normal(kind, value)?,
        })
    }

    /// The key of this value in an index: [`key`].
    pub fn key(&self) -> u64 {
        key(self.kind, &self.value)
    }
}

/// The values that a STIX object names: an indicator's pattern, an observed
/// object, or the objects inside an `observed-data` of STIX 2.0. Sorted, each
/// once, at most [`OBSERVABLES_MAX`]. Anything else, or no JSON: none.
pub fn observables(bytes: &[u8]) -> Vec<Observable> {
    if !object::may_name_values(bytes) {
        return Vec::new();
    }
    let mut found = Vec::new();
    object::collect(bytes, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

/// A stable 64-bit key for a kind and a value in its one spelling: the first
/// eight bytes, big-endian, of the SHA-256 of `KIND NUL VALUE`.
pub fn key(kind: Kind, value: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(kind.as_str());
    hash.update([0]);
    hash.update(value);
    let digest = hash.finalize();
    digest
        .iter()
        .take(8)
        .fold(0, |key, byte| (key << 8) | u64::from(*byte))
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// What a value is. The names are stable: they are part of [`key`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// An IPv4 address or range: `198.51.100.7`, `198.51.100.0/24`.
    Ipv4 = "ipv4",
    /// An IPv6 address or range, as RFC 5952 writes it.
    Ipv6 = "ipv6",
    /// A domain name in lower case, without its last dot.
    Domain = "domain",
    /// A URL; scheme and host in lower case.
    Url = "url",
    /// An e-mail address in lower case.
    Email = "email",
    /// A hardware address: `00:00:5e:00:53:01`.
    Mac = "mac",
    /// An autonomous system: its number.
    Asn = "asn",
    /// MD5, 32 lower-case hexadecimal digits.
    Md5 = "md5",
    /// SHA-1, 40 digits.
    Sha1 = "sha1",
    /// SHA-224, 56 digits.
    Sha224 = "sha224",
    /// SHA-256, 64 digits.
    Sha256 = "sha256",
    /// SHA-384, 96 digits.
    Sha384 = "sha384",
    /// SHA-512, 128 digits.
    Sha512 = "sha512",
    /// SHA3-256, 64 digits.
    Sha3x256 = "sha3-256",
    /// SHA3-512, 128 digits.
    Sha3x512 = "sha3-512",
    /// An ssdeep digest, as it is.
    Ssdeep = "ssdeep",
    /// A TLSH digest, in lower case.
    Tlsh = "tlsh",
    /// A digest under any other name, in lower case.
    OtherHash = "other_hash",
    /// A file's name, in lower case.
    FileName = "file_name",
    /// A folder, or a file with its folder, in lower case.
    FilePath = "file_path",
    /// A mutex.
    Mutex = "mutex",
    /// A registry key in lower case, its hive written out.
    RegistryKey = "registry_key",
    /// A user's login or id.
    UserAccount = "user_account",
    /// A process's command line.
    CommandLine = "command_line",
    /// A program's name.
    Software = "software",
    /// A certificate's serial number: lower-case digits without separators.
    CertificateSerial = "certificate_serial",
    /// The `User-Agent` of a request.
    UserAgent = "user_agent",
    /// The subject of an e-mail.
    EmailSubject = "email_subject",
}

impl Kind {
    /// The kind of a stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }

    /// The kind of a digest from its name in a `hashes` dictionary (STIX 2.1,
    /// 10.6), however it is spelt.
    pub fn of_hash(algorithm: &str) -> Self {
        let mut plain = String::with_capacity(algorithm.len());
        plain.extend(
            algorithm
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .map(|character| character.to_ascii_lowercase()),
        );
        match plain.as_str() {
            "md5" => Self::Md5,
            "sha1" => Self::Sha1,
            "sha224" => Self::Sha224,
            "sha256" => Self::Sha256,
            "sha384" => Self::Sha384,
            "sha512" => Self::Sha512,
            "sha3256" => Self::Sha3x256,
            "sha3512" => Self::Sha3x512,
            "ssdeep" => Self::Ssdeep,
            "tlsh" => Self::Tlsh,
            _ => Self::OtherHash,
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
