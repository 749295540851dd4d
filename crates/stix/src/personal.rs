//! Personal information that is not the threat: what a person should look at
//! before an object crosses from one audience to another (law 10).
//!
//! Free text and observed objects are read for addresses, numbers and names of
//! people. What an indicator looks for is the threat itself and is left alone.
//! Everything found is a *finding for a person to judge*, with its reason and
//! a masked excerpt; nothing is changed. Precision goes before completeness:
//! a reviewer who is shown hashes as telephone numbers stops reading.

use serde_json::Value;

use crate::observable::{Kind as ValueKind, observables};

mod number;
mod text;

/// How many findings are told of one object.
pub const FINDINGS_MAX: usize = 100;

/// Something about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where: a dotted path, `external_references[2].description`.
    pub path: String,
    /// What it looks like.
    pub kind: Kind,
    /// The passage, with all but a few characters starred.
    pub excerpt_masked: String,
    /// Why it was found.
    pub why: &'static str,
}

/// What a finding looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An e-mail address of a person.
    Email,
    /// A telephone number.
    Phone,
    /// A payment card's number.
    PaymentCard,
    /// An international bank account number.
    Iban,
    /// A British National Insurance number.
    NationalInsurance,
    /// A Social Security number of the United States.
    SocialSecurity,
    /// A postal address.
    PostalAddress,
    /// A person as an object of their own.
    Person,
    /// An account's display name.
    AccountName,
    /// Somebody's name after a form of address.
    Name,
}

impl Kind {
    /// A stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::PaymentCard => "payment_card",
            Self::Iban => "iban",
            Self::NationalInsurance => "national_insurance",
            Self::SocialSecurity => "social_security",
            Self::PostalAddress => "postal_address",
            Self::Person => "person",
            Self::AccountName => "account_name",
            Self::Name => "name",
        }
    }
}

/// Properties that hold no free text: ids, times, references, technical
/// values, and what an indicator looks for.
const TECHNICAL: [&str; 44] = [
    "type",
    "id",
    "spec_version",
    "created",
    "modified",
    "created_by_ref",
    "object_marking_refs",
    "granular_markings",
    "pattern",
    "pattern_type",
    "pattern_version",
    "valid_from",
    "valid_until",
    "hashes",
    "url",
    "source_name",
    "external_id",
    "lang",
    "revoked",
    "confidence",
    "object_refs",
    "source_ref",
    "target_ref",
    "relationship_type",
    "sighting_of_ref",
    "payload_bin",
    "schema",
    "version",
    "serial_number",
    "subject_public_key_modulus",
    "cpe",
    "swid",
    "protocols",
    "ipfix",
    "data",
    "uuid",
    "template_uuid",
    "timestamp",
    "date_sighting",
    "referenced_uuid",
    "kill_chain_phases",
    "extension_type",
    "first_seen",
    "last_seen",
];

/// What there is of people in an object. Bytes that are no JSON object have
/// none. At most [`FINDINGS_MAX`].
pub fn findings(bytes: &[u8]) -> Vec<Finding> {
    let Ok(Value::Object(object)) = serde_json::from_slice(bytes) else {
        return Vec::new();
    };
    let kind = object
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let threats = if kind == "indicator" {
        observables(bytes)
            .into_iter()
            .filter(|one| one.kind == ValueKind::Email)
            .map(|one| one.value)
            .collect()
    } else {
        Vec::new()
    };
    let mut search = Search {
        object: kind,
        individual: kind == "identity"
            && object.get("identity_class").and_then(Value::as_str) == Some("individual"),
        threats,
        found: Vec::new(),
    };
    for (key, value) in &object {
        search.value(key, value, key);
    }
    search.found
}

struct Search<'a> {
    object: &'a str,
    individual: bool,
    /// E-mail addresses that the indicator looks for.
    threats: Vec<String>,
    found: Vec<Finding>,
}

impl Search<'_> {
    fn value(&mut self, key: &str, value: &Value, path: &str) {
        if self.found.len() >= FINDINGS_MAX || TECHNICAL.contains(&key) {
            return;
        }
        match value {
            Value::String(text) => self.text(key, text, path),
            Value::Array(items) => {
                for (place, item) in items.iter().enumerate() {
                    self.value(key, item, &format!("{path}[{place}]"));
                }
            }
            Value::Object(members) => {
                for (inner, item) in members {
                    // An attribute's value in MISP's words is the pattern's or the note's.
                    if inner != "value" || !path.contains(crate::misp::EXTENSION) {
                        self.value(inner, item, &format!("{path}.{inner}"));
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&mut self, key: &str, text: &str, path: &str) {
        match (self.object, key) {
            ("identity", "name" | "contact_information") if self.individual => {
                return self.add(
                    path,
                    Kind::Person,
                    text,
                    "an identity of class individual is a person",
                );
            }
            ("user-account", "display_name") if !is_service(text) => {
                return self.add(
                    path,
                    Kind::AccountName,
                    text,
                    "an account's display name is usually its owner's",
                );
            }
            ("email-addr", "display_name") => {
                return self.add(
                    path,
                    Kind::AccountName,
                    text,
                    "an address's display name is usually its owner's",
                );
            }
            ("email-addr", "value") => {
                if text::is_personal_address(text) {
                    self.add(
                        path,
                        Kind::Email,
                        text,
                        "an observed address may be a victim's",
                    );
                }
                return;
            }
            (_, "value" | "name") if crate::vocab::is_observable(self.object) => return,
            _ => {}
        }
        let threats = std::mem::take(&mut self.threats);
        text::search(text, &mut |kind, passage, why| {
            // A citation names its author: that is published already.
            if kind == Kind::Name && path.starts_with("external_references") {
                return;
            }
            if kind == Kind::Email
                && threats
                    .iter()
                    .any(|threat| threat.eq_ignore_ascii_case(passage))
            {
                return;
            }
            self.add(path, kind, passage, why);
        });
        self.threats = threats;
    }

    fn add(&mut self, path: &str, kind: Kind, passage: &str, why: &'static str) {
        if self.found.len() < FINDINGS_MAX && !passage.trim().is_empty() {
            let path = path.to_owned();
            let excerpt_masked = masked(kind, passage);
            self.found.push(Finding {
                path,
                kind,
                excerpt_masked,
                why,
            });
        }
    }
}

/// The passage with stars: of numbers the last two digits stay, of words the
/// first letters.
fn masked(kind: Kind, passage: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 60;
    let number = matches!(
        kind,
        Kind::Phone
            | Kind::PaymentCard
            | Kind::Iban
            | Kind::NationalInsurance
            | Kind::SocialSecurity
    );
    let letters = passage
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .count();
    let (mut seen, mut inside) = (0, false);
    let mut shown: String = passage
        .chars()
        .map(|letter| {
            if !letter.is_alphanumeric() {
                inside = false;
                return if letter.is_control() { ' ' } else { letter };
            }
            seen += 1;
            let first = !std::mem::replace(&mut inside, true);
            let stays = if number { seen + 2 > letters } else { first };
            if stays { letter } else { '*' }
        })
        .take(SHOWN_CHARS_MAX)
        .collect();
    if passage.chars().count() > SHOWN_CHARS_MAX {
        shown.push('…');
    }
    shown
}

/// Accounts that belong to no person.
fn is_service(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    matches!(
        lower.as_str(),
        "" | "root"
            | "administrator"
            | "admin"
            | "system"
            | "guest"
            | "daemon"
            | "nobody"
            | "www-data"
            | "local service"
            | "network service"
    ) || lower.ends_with('$')
        || lower.starts_with("nt authority")
}

#[cfg(test)]
mod tests;
