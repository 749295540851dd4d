//! Names and addresses of the network.

use std::net::{Ipv4Addr, Ipv6Addr};

/// RFC 3986: a scheme, `:`, and characters that a URI is made of.
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let mut letters = scheme.bytes();
    let first = letters
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic());
    first
        && letters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        && !rest.is_empty()
        && are_uri(rest.as_bytes())
}

fn are_uri(mut rest: &[u8]) -> bool {
    loop {
        rest = match rest {
            [] => return true,
            [b'%', high, low, after @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                after
            }
            [
                b'%' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}',
                ..,
            ] => return false,
            [b'!'..=b'~', after @ ..] => after,
            _ => return false,
        };
    }
}

pub(super) fn is_domain(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    (1..=253).contains(&name.len())
        && name.split('.').all(|label| (1..=63).contains(&label.len()))
        && !name.chars().any(|char| {
            char.is_whitespace() || char.is_control() || "/\\:@?#[]<>\"'(),;%".contains(char)
        })
}

pub(super) fn is_email(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, domain)| {
        let quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
        let bare = !local.is_empty()
            && !local.chars().any(|char| {
                char.is_whitespace() || char.is_control() || "<>()[]:;,\\\"@".contains(char)
            });
        let literal = domain.len() > 2 && domain.starts_with('[') && domain.ends_with(']');
        (quoted || bare) && (literal || is_domain(domain))
    })
}

fn with_prefix(text: &str, max: u8, holds: impl Fn(&str) -> bool) -> bool {
    match text.split_once('/') {
        None => holds(text),
        Some((address, prefix)) => {
            let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
            let plain = prefix.len() == 1 || !prefix.starts_with('0');
            holds(address) && digits && plain && prefix.parse().is_ok_and(|bits: u8| bits <= max)
        }
    }
}

pub(super) fn is_ipv4(text: &str) -> bool {
    with_prefix(text, 32, |address| address.parse::<Ipv4Addr>().is_ok())
}

pub(super) fn is_ipv6(text: &str) -> bool {
    with_prefix(text, 128, |address| address.parse::<Ipv6Addr>().is_ok())
}

pub(super) fn is_mac(text: &str) -> bool {
    text.len() == 17
        && text.bytes().enumerate().all(|(at, byte)| match at % 3 {
            2 => byte == b':',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}
