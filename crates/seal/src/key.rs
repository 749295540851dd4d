//! Delivery keys: age X25519 recipients and identities.

use age::secrecy::ExposeSecret as _;

/// To whom a package is sealed: `age1…`, 62 characters.
#[derive(Clone, Eq, PartialEq)]
pub struct Recipient(age::x25519::Recipient);

/// What opens a package: `AGE-SECRET-KEY-1…`, 74 characters. Prints nothing, clears itself.
pub struct Identity(age::x25519::Identity);

/// Why a text is not a delivery key. The text is never repeated: it might be the secret one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// Not the public form.
    #[error("a delivery key is an age X25519 recipient, `age1…`, in lower case")]
    Recipient,
    /// A point from which no shared secret can come.
    #[error("this delivery key is a point of small order: anyone could open what is sealed to it")]
    SmallOrder,
    /// Not the secret form.
    #[error("the secret half is an age X25519 identity, `AGE-SECRET-KEY-1…`, in upper case")]
    Identity,
}

impl KeyError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        "package.key"
    }

    /// What to do next.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Recipient | Self::SmallOrder => {
                "take the key from the authority's entry in the register"
            }
            Self::Identity => "use the file that `portcullis key` or `age-keygen` wrote",
        }
    }
}

impl core::str::FromStr for Recipient {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let key: age::x25519::Recipient = text.parse().map_err(|_| KeyError::Recipient)?;
        if key.to_string() != text {
            return Err(KeyError::Recipient);
        }
        let point = point(text).ok_or(KeyError::Recipient)?;
        if SMALL_ORDER.contains(&point) {
            return Err(KeyError::SmallOrder);
        }
        Ok(Self(key))
    }
}

impl core::fmt::Display for Recipient {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl core::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl core::str::FromStr for Identity {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let key: age::x25519::Identity = text.parse().map_err(|_| KeyError::Identity)?;
        let same = key.to_string().expose_secret() == text;
        if same {
            Ok(Self(key))
        } else {
            Err(KeyError::Identity)
        }
    }
}

impl core::fmt::Debug for Identity {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Identity(…)")
    }
}

impl Identity {
    /// A new identity.
    ///
    /// SPEC: age draws its own randomness from the operating system, here and
    /// for every file it seals; there is no way to hand it a generator.
    pub fn generate() -> Self {
        Self(age::x25519::Identity::generate())
    }

    /// Its public half.
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }

    /// Its text, for the one place that keeps it: the closure gets
    /// `AGE-SECRET-KEY-1…`, which is cleared when it returns.
    pub fn expose<T>(&self, keep: impl FnOnce(&str) -> T) -> T {
        keep(self.0.to_string().expose_secret())
    }

    pub(crate) fn as_age(&self) -> &dyn age::Identity {
        &self.0
    }
}

impl Recipient {
    pub(crate) fn as_age(&self) -> &dyn age::Recipient {
        &self.0
    }
}

/// The u-coordinates of small order on Curve25519, little-endian, top bit
/// clear (RFC 7748 §5 ignores it): 0, 1, two of order eight, p−1, p and p+1.
const SMALL_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    near_zero(1),
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
        0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
        0x11, 0x57,
    ],
    near_p(0xec),
    near_p(0xed),
    near_p(0xee),
];

const fn near_zero(first: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = first;
    bytes
}

const fn near_p(first: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = first;
    bytes[31] = 0x7f;
    bytes
}

/// The 32 bytes of a recipient whose checksum age has already verified, top bit cleared.
fn point(text: &str) -> Option<[u8; 32]> {
    const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let data = text.strip_prefix("age1")?;
    let data = data.get(..data.len().checked_sub(6)?)?;
    let (mut point, mut filled) = ([0; 32], point_cursor());
    for byte in data.bytes() {
        let value = ALPHABET.iter().position(|known| *known == byte)?;
        filled.push(u8::try_from(value).ok()?, &mut point);
    }
    if let Some(last) = point.last_mut() {
        *last &= 0x7f;
    }
    Some(point)
}

struct Cursor {
    bits: u16,
    count: u32,
    at: usize,
}

const fn point_cursor() -> Cursor {
    Cursor {
        bits: 0,
        count: 0,
        at: 0,
    }
}

impl Cursor {
    /// Appends five bits, the most significant first.
    fn push(&mut self, five: u8, to: &mut [u8; 32]) {
        self.bits = (self.bits << 5) | u16::from(five);
        self.count += 5;
        if self.count >= 8 {
            self.count -= 8;
            let [_, byte] = (self.bits >> self.count).to_be_bytes();
            if let Some(to) = to.get_mut(self.at) {
                *to = byte;
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // A published pair: the test key of the age crate 0.12, `x25519.rs` (MIT or Apache-2.0).
    const SECRET: &str =
        "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";
    const PUBLIC: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

    #[test]
    fn a_key_prints_what_it_parses_and_its_secret_half_prints_nothing() {
        let identity: Identity = SECRET.parse().unwrap();
        assert_eq!(identity.recipient().to_string(), PUBLIC);
        assert_eq!(PUBLIC.parse(), Ok(identity.recipient()));
        assert_eq!(format!("{identity:?}"), "Identity(…)");
        assert!(identity.expose(|text| text == SECRET));
    }

    #[test]
    fn only_the_canonical_text_of_a_key_parses() {
        for wrong in [
            SECRET,
            "",
            "age1",
            &PUBLIC.to_uppercase(),
            &PUBLIC.replace("t7rx", "t7ry"),
            &format!("{PUBLIC} "),
        ] {
            assert_eq!(
                wrong.parse::<Recipient>(),
                Err(KeyError::Recipient),
                "{wrong}"
            );
        }
        for wrong in [PUBLIC, "", &SECRET.to_lowercase()] {
            assert!(wrong.parse::<Identity>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_point_of_small_order_is_no_key() {
        for wrong in [
            "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z",
            "age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vrya",
            "age1ur4h5lpmgxu2u9jku0a0r87ydtdqnr0tnsetrlvxvgz3vh6fhqqqzyt4v9",
            "age1t7wft09r2zxzfvwsk92eeql0tvzyghxytqwgapkcyf8dm5ylz9ts6wm9s8",
            "age1anlllllllllllllllllllllllllllllllllllllllllllllllals4n2t7m",
            "age1ahlllllllllllllllllllllllllllllllllllllllllllllllalsn46ayy",
            "age1amlllllllllllllllllllllllllllllllllllllllllllllllalselrwrv",
            "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqzqqsuwj9m",
        ] {
            assert_eq!(
                wrong.parse::<Recipient>(),
                Err(KeyError::SmallOrder),
                "{wrong}"
            );
        }
    }
}
