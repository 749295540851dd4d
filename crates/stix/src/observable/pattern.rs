//! The values that a pattern asks for.

use super::guess::guess;
use super::{Kind, OBSERVABLES_MAX, Observable};
use crate::pattern::{Constant, Operator, Path, Step, Test, parse};

pub(super) fn collect(text: &str, found: &mut Vec<Observable>) {
    let Ok(pattern) = parse(text) else { return };
    pattern.tests(&mut |test| take(test, found));
}

fn take(test: &Test<'_>, found: &mut Vec<Observable>) {
    if test.negated
        || !matches!(
            test.operator,
            Operator::Equal | Operator::In | Operator::IsSubset
        )
    {
        return;
    }
    let Some(meant) = meaning(&test.path) else {
        return;
    };
    for constant in test.operand.constants() {
        if found.len() >= OBSERVABLES_MAX {
            return;
        }
        let value = match constant {
            Constant::Text(string) => string.value(),
            Constant::Int(number) => (*number).into(),
            Constant::Hex(digits) => (*digits).into(),
            Constant::Float(_) | Constant::Bool(_) | Constant::Time(_) | Constant::Binary(_) => {
                continue;
            }
        };
        found.extend(match meant {
            Meaning::Is(kind) => Observable::new(kind, &value),
            Meaning::Address => guess(&value).filter(|seen| {
                matches!(
                    seen.kind,
                    Kind::Ipv4 | Kind::Ipv6 | Kind::Domain | Kind::Mac | Kind::Email
                )
            }),
        });
    }
}

/// What the values at a path are.
enum Meaning {
    Is(Kind),
    /// Of whichever address object stands behind the reference.
    Address,
}

fn meaning(path: &Path<'_>) -> Option<Meaning> {
    let mut keys = path.steps.iter().rev().filter_map(|step| match step {
        Step::Key(key) => Some(key.value()),
        Step::Index(_) | Step::Any => None,
    });
    let last = keys.next()?;
    let before = keys.next();
    let before = before.as_deref();
    if before == Some("hashes") {
        return Some(Meaning::Is(Kind::of_hash(&last)));
    }
    if before == Some("request_header") {
        return last
            .eq_ignore_ascii_case("user-agent")
            .then_some(Meaning::Is(Kind::UserAgent));
    }
    // One step is a property of the object itself, more lead elsewhere.
    let referred = before.filter(|key| key.ends_with("_ref") || key.ends_with("_refs"));
    if let Some(reference) = referred {
        return match (last.as_ref(), reference) {
            ("value", "from_ref" | "sender_ref" | "to_refs" | "cc_refs" | "bcc_refs") => {
                Some(Meaning::Is(Kind::Email))
            }
            ("value", _) => Some(Meaning::Address),
            (
                "name",
                "image_ref" | "binary_ref" | "content_ref" | "body_raw_ref" | "contains_refs",
            ) => Some(Meaning::Is(Kind::FileName)),
            ("path", _) => Some(Meaning::Is(Kind::FilePath)),
            ("number", _) => Some(Meaning::Is(Kind::Asn)),
            _ => None,
        };
    }
    if before.is_some() {
        return None;
    }
    property(path.kind, &last).map(Meaning::Is)
}

/// What a property of an observed object is, where it identifies the object.
pub(super) fn property(object: &str, property: &str) -> Option<Kind> {
    Some(match (object, property) {
        ("ipv4-addr", "value") => Kind::Ipv4,
        ("ipv6-addr", "value") => Kind::Ipv6,
        ("domain-name", "value") => Kind::Domain,
        ("url", "value") | ("artifact", "url") => Kind::Url,
        ("email-addr", "value") => Kind::Email,
        ("email-message", "subject") => Kind::EmailSubject,
        ("mac-addr", "value") => Kind::Mac,
        ("autonomous-system", "number") => Kind::Asn,
        ("file", "name") => Kind::FileName,
        // `file:path` is none of the standard's, and found in the wild.
        ("directory" | "file", "path") => Kind::FilePath,
        ("mutex", "name") => Kind::Mutex,
        ("windows-registry-key", "key") => Kind::RegistryKey,
        ("user-account", "user_id" | "account_login") => Kind::UserAccount,
        ("process", "command_line") => Kind::CommandLine,
        ("software", "name") => Kind::Software,
        ("x509-certificate", "serial_number") => Kind::CertificateSerial,
        _ => return None,
    })
}
