//! Selectors: how an order names whose data it wants. A closed list.

use crate::office::words;
use jiff::Timestamp;

words! {
    /// The kinds of selector there are. There is none for keywords, areas, towers or groups.
    SelectorKind {
        /// An account at the provider.
        Account = "account",
        /// A telephone number, E.164.
        Number = "number",
        /// A device, by its serial number, IMEI or MAC.
        Device = "device",
        /// An e-mail address.
        Email = "email",
        /// One IP address, with time and port where known.
        IpAddress = "ip_address",
        /// A named person with what identifies them.
        Person = "person",
        /// One set of premises.
        Premises = "premises",
    }
}

/// The longest value of a selector, in bytes.
pub const SELECTOR_BYTES_MAX: usize = 256;

/// Whose data are wanted.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub struct Selector {
    kind: SelectorKind,
    value: String,
    at: Option<Timestamp>,
    port: Option<u16>,
}

/// Why a selector names nobody in particular.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SelectorError {
    /// Nothing, or more than fits.
    #[error(
        "a selector's value has 1 to 256 bytes, no control characters, and no space at either end"
    )]
    Length,
    /// Patterns mean more than one.
    #[error("`{0}` is a pattern or a list; a selector names one: list each target by itself")]
    Pattern(String),
    /// A telephone number is written in full.
    #[error("`{0}` is no E.164 number: `+` and 7 to 15 digits")]
    Number(String),
    /// An e-mail address has one `@`.
    #[error("`{0}` is no e-mail address")]
    Email(String),
    /// A range of addresses is no selector.
    #[error("`{0}` is not one IP address")]
    IpAddress(String),
    /// Time and port go with an IP address only.
    #[error("a time or port goes with an IP address only")]
    Detail,
}

impl Selector {
    /// A selector that names exactly one of its kind.
    ///
    /// # Errors
    ///
    /// [`SelectorError`]: empty, over-long, a pattern or list, or not of the kind's form.
    pub fn new(
        kind: SelectorKind,
        value: &str,
        at: Option<Timestamp>,
        port: Option<u16>,
    ) -> Result<Self, SelectorError> {
        let bounded = (1..=SELECTOR_BYTES_MAX).contains(&value.len()) && value.trim() == value;
        if !bounded || value.chars().any(char::is_control) {
            return Err(SelectorError::Length);
        }
        if value.contains(['*', '?', '%', '\u{ff0a}', ';', '|']) {
            return Err(SelectorError::Pattern(value.into()));
        }
        match kind {
            SelectorKind::Number => number(value)?,
            SelectorKind::Email => email(value)?,
            SelectorKind::IpAddress => ip_address(value)?,
            SelectorKind::Account | SelectorKind::Device => {
                if value.contains([',', ' ']) {
                    return Err(SelectorError::Pattern(value.into()));
                }
            }
            SelectorKind::Person | SelectorKind::Premises => {}
        }
        if kind != SelectorKind::IpAddress && (at.is_some() || port.is_some()) {
            return Err(SelectorError::Detail);
        }
        Ok(Self {
            kind,
            value: value.into(),
            at,
            port,
        })
    }

    /// Its kind.
    pub const fn kind(&self) -> SelectorKind {
        self.kind
    }

    /// Its value, as the order writes it.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// When the IP address was in use, if known.
    pub const fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// The source port, if known.
    pub const fn port(&self) -> Option<u16> {
        self.port
    }
}

fn number(value: &str) -> Result<(), SelectorError> {
    let digits = value.strip_prefix('+').unwrap_or_default();
    let fits = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if fits {
        Ok(())
    } else {
        Err(SelectorError::Number(value.into()))
    }
}

fn email(value: &str) -> Result<(), SelectorError> {
    let good = |(local, domain): (&str, &str)| {
        !local.is_empty()
            && domain.contains('.')
            && !domain.contains('@')
            && !value.contains([' ', ','])
    };
    if value.split_once('@').is_some_and(good) {
        Ok(())
    } else {
        Err(SelectorError::Email(value.into()))
    }
}

fn ip_address(value: &str) -> Result<(), SelectorError> {
    match value.parse::<core::net::IpAddr>() {
        Ok(address) if !address.is_unspecified() && address.to_string() == value => Ok(()),
        _ => Err(SelectorError::IpAddress(value.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: SelectorKind, value: &str, good: bool) {
        assert_eq!(
            Selector::new(kind, value, None, None).is_ok(),
            good,
            "{kind} {value}"
        );
    }

    #[test]
    fn a_selector_names_one_and_never_a_pattern_or_a_range() {
        check(SelectorKind::Account, "u/48151623", true);
        check(SelectorKind::Account, "u/*", false);
        check(SelectorKind::Account, "a,b", false);
        check(SelectorKind::Number, "+441632960123", true);
        check(SelectorKind::Number, "441632960123", false);
        check(SelectorKind::Number, "+44163%", false);
        check(SelectorKind::Email, "someone@mail.example", true);
        check(SelectorKind::Email, "@mail.example", false);
        check(SelectorKind::Email, "a@b.example,c@d.example", false);
        check(SelectorKind::IpAddress, "192.0.2.7", true);
        check(SelectorKind::IpAddress, "192.0.2.0/24", false);
        check(SelectorKind::IpAddress, "0.0.0.0", false);
        check(SelectorKind::IpAddress, "2001:db8::1", true);
        check(SelectorKind::IpAddress, "2001:DB8::1", false);
        check(SelectorKind::Premises, "1 Example Street, Exampleton", true);
        check(SelectorKind::Person, "", false);
    }

    #[test]
    fn a_port_goes_with_an_address_only() {
        assert_eq!(
            Selector::new(SelectorKind::Email, "a@b.example", None, Some(1)),
            Err(SelectorError::Detail)
        );
    }
}
