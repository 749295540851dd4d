//! The one spelling of a value.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Kind, VALUE_BYTES_MAX};

/// The longest name that the DNS carries, in bytes.
const DOMAIN_BYTES_MAX: usize = 253;

/// The short names of registry hives and what they stand for.
const HIVES: [(&str, &str); 5] = [
    ("hklm", "hkey_local_machine"),
    ("hkcu", "hkey_current_user"),
    ("hkcr", "hkey_classes_root"),
    ("hku", "hkey_users"),
    ("hkcc", "hkey_current_config"),
];

/// The one spelling of `value` as a `kind`, or `None` if it cannot be one.
///
/// Internationalised names stay as they are written: `xn--` is not undone.
pub fn normal(kind: Kind, value: &str) -> Option<String> {
    let value = value.trim();
    if value.is_empty() || value.len() > VALUE_BYTES_MAX {
        return None;
    }
    match kind {
        Kind::Ipv4 => ipv4(value),
        Kind::Ipv6 => ipv6(value),
        Kind::Domain => domain(value),
        Kind::Url => url(value),
        Kind::Email => email(value),
        Kind::Mac => mac(value),
        Kind::Asn => asn(value),
        Kind::Md5 => hex(value, 32),
        Kind::Sha1 => hex(value, 40),
        Kind::Sha224 => hex(value, 56),
        Kind::Sha256 | Kind::Sha3x256 => hex(value, 64),
        Kind::Sha384 => hex(value, 96),
        Kind::Sha512 | Kind::Sha3x512 => hex(value, 128),
        Kind::FileName | Kind::FilePath => Some(lower(value)),
        Kind::Tlsh | Kind::OtherHash => Some(value.to_ascii_lowercase()),
        Kind::RegistryKey => Some(registry_key(value)).filter(|key| !key.is_empty()),
        Kind::CertificateSerial => serial(value),
        Kind::Ssdeep
        | Kind::Mutex
        | Kind::UserAccount
        | Kind::CommandLine
        | Kind::Software
        | Kind::UserAgent
        | Kind::EmailSubject => Some(value.to_owned()),
    }
}

/// An address alone, or the first address of a range with the range's size.
fn ipv4(value: &str) -> Option<String> {
    let Some((address, size)) = value.split_once('/') else {
        return Some(value.parse::<Ipv4Addr>().ok()?.to_string());
    };
    let address = u32::from(address.parse::<Ipv4Addr>().ok()?);
    let size = prefix(size, 32)?;
    let mask = u32::MAX.checked_shl(32 - size).unwrap_or(0);
    let first = Ipv4Addr::from(address & mask);
    Some(if size == 32 {
        first.to_string()
    } else {
        format!("{first}/{size}")
    })
}

fn ipv6(value: &str) -> Option<String> {
    let Some((address, size)) = value.split_once('/') else {
        return Some(value.parse::<Ipv6Addr>().ok()?.to_string());
    };
    let address = u128::from(address.parse::<Ipv6Addr>().ok()?);
    let size = prefix(size, 128)?;
    let mask = u128::MAX.checked_shl(128 - size).unwrap_or(0);
    let first = Ipv6Addr::from(address & mask);
    Some(if size == 128 {
        first.to_string()
    } else {
        format!("{first}/{size}")
    })
}

fn prefix(size: &str, max: u32) -> Option<u32> {
    let digits = size.bytes().all(|byte| byte.is_ascii_digit());
    size.parse().ok().filter(|size| digits && *size <= max)
}

/// Labels with dots between them. `_` occurs in service names, and names of
/// other scripts may be written as they are read.
pub(super) fn domain(value: &str) -> Option<String> {
    let name = value.strip_suffix('.').unwrap_or(value);
    let name = lower(name.strip_prefix("*.").unwrap_or(name));
    let fits = !name.is_empty()
        && name.len() <= DOMAIN_BYTES_MAX
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && label
                    .chars()
                    .all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_'))
        });
    fits.then_some(name)
}

/// Lower case, letter by letter: one whose lower case is several letters
/// stays, so that the spelling is the same when it is made again.
fn lower(text: &str) -> String {
    text.chars()
        .map(|letter| {
            let mut small = letter.to_lowercase();
            match (small.next(), small.next()) {
                (Some(one), None) => one,
                _ => letter,
            }
        })
        .collect()
}

/// Scheme and host in lower case, `/` for an empty path; the rest unchanged.
fn url(value: &str) -> Option<String> {
    let (scheme, rest) = value.split_once("://")?;
    let mut letters = scheme.bytes();
    let fits = letters.next()?.is_ascii_alphabetic()
        && letters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if !fits || rest.is_empty() {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at_checked(end)?;
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let mut normal = String::with_capacity(value.len() + 1);
    normal.push_str(&scheme.to_ascii_lowercase());
    normal.push_str("://");
    if let Some(user) = user {
        normal.push_str(user);
        normal.push('@');
    }
    normal.push_str(&lower(host));
    if !tail.starts_with('/') {
        normal.push('/');
    }
    normal.push_str(tail);
    Some(normal)
}

fn email(value: &str) -> Option<String> {
    let (local, host) = value.rsplit_once('@')?;
    let fits = !local.is_empty()
        && !local.contains(|letter: char| letter.is_whitespace() || letter == '@');
    let host = domain(host).filter(|_| fits)?;
    Some(format!("{}@{host}", lower(local)))
}

fn mac(value: &str) -> Option<String> {
    let digits: String = value
        .chars()
        .filter(|letter| !matches!(letter, ':' | '-' | '.'))
        .collect();
    let digits = hex(&digits, 12)?;
    let mut spelt = String::with_capacity(17);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 2 == 0 {
            spelt.push(':');
        }
        spelt.push(digit);
    }
    Some(spelt)
}

fn asn(value: &str) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    let digits = lower.strip_prefix("as").unwrap_or(&lower).trim_start();
    let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .parse::<u32>()
        .ok()
        .filter(|_| whole)
        .map(|number| number.to_string())
}

fn hex(value: &str, digits: usize) -> Option<String> {
    let fits = value.len() == digits && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| value.to_ascii_lowercase())
}

fn registry_key(value: &str) -> String {
    let spelt = lower(&value.replace('/', "\\"));
    let trimmed = spelt.trim_end_matches(|letter: char| letter == '\\' || letter.is_whitespace());
    let (hive, rest) = trimmed.split_once('\\').unwrap_or((trimmed, ""));
    let hive = hive.trim_end_matches(|letter: char| letter == ':' || letter.is_whitespace());
    let full = HIVES
        .iter()
        .find(|(short, _)| *short == hive)
        .map_or(hive, |(_, full)| full);
    if rest.is_empty() {
        full.to_owned()
    } else {
        format!("{full}\\{rest}")
    }
}

fn serial(value: &str) -> Option<String> {
    let mut digits = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            ':' | ' ' | '-' => {}
            digit if digit.is_ascii_hexdigit() => {
                write!(digits, "{}", digit.to_ascii_lowercase()).ok()?;
            }
            _ => return None,
        }
    }
    (!digits.is_empty()).then_some(digits)
}
