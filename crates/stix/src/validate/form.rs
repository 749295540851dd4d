//! Forms: texts whose own syntax another standard fixes.
//!
//! Each one is decided by its syntax alone. Registries that change (languages,
//! countries, media types, character sets) are not copied: a well-formed code
//! passes.

mod language;
mod net;

pub(super) use language::is_language;
use net::{is_domain, is_email, is_ipv4, is_ipv6, is_mac, is_uri};

use super::shape::Form;

const fn must(
    holds: fn(&str) -> bool,
    what: &'static str,
    rule: &'static str,
    clause: &'static str,
) -> Form {
    Form {
        holds,
        what,
        rule,
        clause,
        must: true,
    }
}

pub(super) static LANGUAGE: Form = must(
    is_language,
    "a language code of RFC 5646, such as `en` or `pt-BR`",
    "stix.language",
    "STIX 2.1, Common Properties; RFC 5646 §2.1",
);
pub(super) static URI: Form = must(
    is_uri,
    "a URI of RFC 3986: a scheme, `:`, and no spaces; write other characters as %XX",
    "stix.uri",
    "STIX 2.1, External Reference; 6.15 URL; RFC 3986 §3",
);
pub(super) static RELATIONSHIP: Form = must(
    |text| !text.is_empty() && text.bytes().all(is_kebab),
    "made of a-z, 0-9 and `-`",
    "stix.name",
    "STIX 2.1, 5.1 Relationship",
);
pub(super) static SEMVER: Form = must(
    is_semver,
    "a semantic version, such as `1.0.0`",
    "stix.semver",
    "STIX 2.1, 7.3 Extension Definition",
);
pub(super) static PROPERTY: Form = must(
    is_property,
    "a property's name: 3 to 250 of a-z, 0-9 and `_`, beginning with a letter",
    "stix.name",
    "STIX 2.1, 7.3 Extension Definition",
);
pub(super) static MEDIA_TYPE: Form = must(
    is_media_type,
    "a media type such as `text/plain`",
    "stix.media-type",
    "STIX 2.1, 6.1 Artifact",
);
pub(super) static CHARSET: Form = must(
    |text| {
        (2..=250).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"/.+_:-()".contains(&byte))
    },
    "the IANA name of a character set, such as `UTF-8`",
    "stix.charset",
    "STIX 2.1, 6.3 Directory; 6.7 File",
);
pub(super) static DOMAIN: Form = must(
    is_domain,
    "a domain name: labels of 1 to 63 bytes with dots between, 253 in all",
    "stix.domain",
    "STIX 2.1, 6.4 Domain Name; RFC 1034 §3.1",
);
pub(super) static EMAIL: Form = must(
    is_email,
    "a bare address such as `someone@example.com`; a name belongs into `display_name`",
    "stix.email",
    "STIX 2.1, 6.5 Email Address; RFC 5322 §3.4.1",
);
pub(super) static IPV4: Form = must(
    is_ipv4,
    "an IPv4 address, with or without a CIDR prefix",
    "stix.address",
    "STIX 2.1, 6.8 IPv4 Address",
);
pub(super) static IPV6: Form = must(
    is_ipv6,
    "an IPv6 address, with or without a CIDR prefix",
    "stix.address",
    "STIX 2.1, 6.9 IPv6 Address",
);
pub(super) static MAC: Form = must(
    is_mac,
    "six pairs of lower-case hexadecimal digits with `:` between",
    "stix.address",
    "STIX 2.1, 6.10 MAC Address",
);
pub(super) static CPE: Form = must(
    is_cpe,
    "a CPE 2.3 name: `cpe:2.3:` and eleven components",
    "stix.cpe",
    "STIX 2.1, 6.14 Software",
);
pub(super) static REGISTRY_KEY: Form = must(
    is_full_key,
    "a full key: write the hive out, `HKEY_LOCAL_MACHINE` for `HKLM`",
    "stix.registry-key",
    "STIX 2.1, 6.17 Windows Registry Key",
);
pub(super) static LOWER: Form = Form {
    holds: |text| !text.is_empty() && text.bytes().all(is_kebab),
    what: "in lower case with hyphens for spaces",
    rule: "stix.vocabulary",
    clause: "STIX 2.1, Kill Chain Phase",
    must: false,
};
pub(super) static COUNTRY: Form = Form {
    holds: |text| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()),
    what: "a country code of ISO 3166-1, such as `NL`",
    rule: "stix.vocabulary",
    clause: "STIX 2.1, 4.10 Location",
    must: false,
};

fn is_kebab(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')
}

/// The name of a property: 3 to 250 of a-z, 0-9 and `_`, beginning with a
/// letter.
pub(super) fn is_property(name: &str) -> bool {
    (3..=250).contains(&name.len())
        && name
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// A key of a dictionary: at most 250 letters, digits, `-` and `_`.
pub(super) fn is_key(key: &str) -> bool {
    (1..=250).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_semver(text: &str) -> bool {
    let (text, build) = text.split_once('+').unwrap_or((text, "0"));
    let (core, pre) = text.split_once('-').unwrap_or((text, "0"));
    let identifiers = |part: &str, zeros: bool| {
        part.split('.').all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && (zeros || !is_padded(word))
        })
    };
    let numbers: Vec<_> = core.split('.').collect();
    numbers.len() == 3
        && numbers.iter().all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) && !is_padded(word)
        })
        && identifiers(pre, false)
        && identifiers(build, true)
}

/// A number with a zero before it.
fn is_padded(word: &str) -> bool {
    word.len() > 1 && word.starts_with('0') && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The top-level media types of the IANA registry.
const FAMILIES: [&str; 10] = [
    "application",
    "audio",
    "font",
    "haptics",
    "image",
    "message",
    "model",
    "multipart",
    "text",
    "video",
];

fn is_media_type(text: &str) -> bool {
    let token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let bare = text.split(';').next().unwrap_or("").trim_end();
    bare.split_once('/')
        .is_some_and(|(family, name)| FAMILIES.contains(&family) && token(name))
}

fn is_cpe(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("cpe:2.3:") else {
        return false;
    };
    let (mut parts, mut escaped, mut empty) = (1, false, true);
    for byte in rest.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b':' if empty => return false,
            b':' => {
                parts += 1;
                empty = true;
                continue;
            }
            b'\\' => escaped = true,
            b'!'..=b'~' => {}
            _ => return false,
        }
        empty = false;
    }
    let part = rest.split(':').next().unwrap_or("");
    parts == 11 && !empty && !escaped && matches!(part, "a" | "o" | "h" | "*" | "-")
}

fn is_full_key(text: &str) -> bool {
    let hive = text.split('\\').next().unwrap_or("");
    !["HKLM", "HKCC", "HKCR", "HKCU", "HKU", "HKPD"]
        .iter()
        .any(|short| hive.eq_ignore_ascii_case(short))
}

/// Pairs of hexadecimal digits (STIX 2.1, Hexadecimal).
pub(super) fn is_hex(text: &str) -> bool {
    !text.is_empty()
        && text.len().is_multiple_of(2)
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Base64 with its padding (STIX 2.1, Binary; RFC 4648 §4).
pub(super) fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

/// Whether a hash fits its algorithm; `None` for one that we do not know
/// (STIX 2.1, Hashing Algorithm Vocabulary).
pub(super) fn is_hash(algorithm: &str, text: &str) -> Option<bool> {
    let digits =
        |count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some(match algorithm {
        "MD5" => digits(32),
        "SHA-1" => digits(40),
        "SHA-256" | "SHA3-256" => digits(64),
        "SHA-512" | "SHA3-512" => digits(128),
        "SSDEEP" => {
            let mut parts = text.splitn(3, ':');
            let size = parts.next().unwrap_or("");
            !size.is_empty()
                && size.bytes().all(|byte| byte.is_ascii_digit())
                && parts.all(|part| {
                    part.bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
                })
                && text.split(':').count() == 3
        }
        "TLSH" => {
            let text = text
                .strip_prefix("T1")
                .filter(|rest| rest.len() == 70)
                .unwrap_or(text);
            text.len() == 70 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: &Form, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!((form.holds)(text), "{text} is {}", form.what);
        }
        for text in bad {
            assert!(!(form.holds)(text), "{text} is not {}", form.what);
        }
    }

    #[test]
    fn languages() {
        check(
            &LANGUAGE,
            &[
                "en",
                "pt-BR",
                "zh-Hant-TW",
                "de-CH-1996",
                "sl-rozaj-biske",
                "en-a-bbb-x-a",
                "x-own",
                "es-419",
                "zh-cmn",
            ],
            &[
                "",
                "e",
                "the English",
                "en_US",
                "en-",
                "en-a",
                "1e",
                "en-US-a",
            ],
        );
    }

    #[test]
    fn uris() {
        check(
            &URI,
            &[
                "https://example.com/a?b=c#d",
                "urn:x:y",
                "http://[::1]/%20",
                "HTTP://a",
            ],
            &[
                "example.com",
                "http://a b",
                "http://a/%2",
                "1ttp://a",
                "http://a/é",
                "http:",
                ":a",
                "http://a/{b}",
            ],
        );
    }

    #[test]
    fn addresses() {
        check(
            &IPV4,
            &["1.2.3.4", "10.0.0.0/8"],
            &[
                "1.2.3",
                "1.2.3.256",
                "1.2.3.4/33",
                "1.2.3.4/",
                "1.2.3.4/08",
                "01.2.3.4",
            ],
        );
        check(
            &IPV6,
            &["::1", "2001:db8::/32"],
            &["::1::", "1.2.3.4", "::/129", "fe80::1%eth0"],
        );
        check(
            &MAC,
            &["d2:fb:49:24:37:18"],
            &["D2:FB:49:24:37:18", "d2-fb-49-24-37-18", "d2:fb"],
        );
    }

    #[test]
    fn names_of_hosts_and_people() {
        check(
            &DOMAIN,
            &["example.com", "_dmarc.example.com.", "münchen.example"],
            &["", "a..b", "http://a", "a b", "a@b"],
        );
        check(
            &EMAIL,
            &["someone@example.com", "\"a b\"@c.de", "a@[1.2.3.4]"],
            &["someone", "Someone <someone@example.com>", "@a", "a@"],
        );
    }

    #[test]
    fn other_forms() {
        check(
            &SEMVER,
            &["1.0.0", "1.2.3-rc.1+b.01"],
            &["1.0", "01.0.0", "1.0.0-", "v1.0.0", "1.0.0-01"],
        );
        check(
            &CPE,
            &[
                r"cpe:2.3:a:microsoft:word:2000:*:*:*:*:*:*:*",
                r"cpe:2.3:a:a\:b:c:1:*:*:*:*:*:*:*",
            ],
            &[
                "cpe:/a:x",
                "cpe:2.3:a:b",
                "cpe:2.3:z:a:b:2000:*:*:*:*:*:*:*",
                "cpe:2.3:a::b:2000:*:*:*:*:*:*:*",
            ],
        );
        check(
            &REGISTRY_KEY,
            &[r"HKEY_LOCAL_MACHINE\a", r"hkey_users"],
            &[r"HKLM\a", "hkcu"],
        );
        check(
            &MEDIA_TYPE,
            &["text/plain", "image/svg+xml"],
            &["text", "foo/bar", "text/"],
        );
    }

    #[test]
    fn encodings() {
        assert!(is_hex("0fA0") && !is_hex("") && !is_hex("abc") && !is_hex("zz"));
        assert!(is_base64("") && is_base64("YQ==") && is_base64("YWI="));
        assert!(
            !is_base64("YQ=") && !is_base64("Y===") && !is_base64("YQ=a") && !is_base64("Y Q=")
        );
    }

    #[test]
    fn hashes_have_their_length() {
        assert_eq!(is_hash("MD5", &"a".repeat(32)), Some(true));
        assert_eq!(is_hash("SHA-256", &"a".repeat(32)), Some(false));
        assert_eq!(is_hash("SSDEEP", "96:o4b1H:S3b"), Some(true));
        assert_eq!(is_hash("SSDEEP", "o4b1H"), Some(false));
        assert_eq!(is_hash("md5", "x"), None);
    }
}
