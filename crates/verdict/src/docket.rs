//! Dockets as bytes: one JSON object, written in one way.
//!
//! A docket is hashed into its leaf and may be opened years later, so its bytes are
//! canonical: what parses prints the same again, and a reader that finds an unknown or a second
//! key refuses it. What the fields mean stands in [`portcullis_core::docket`].

use crate::text::{self, Text};
use jiff::civil::Date;
use portcullis_core::{
    category::Category,
    docket::{Docket, Outcome, Secret, TOOK_HOURS_MAX, What},
    grant::GrantKind,
    law::Effect,
    selector::SelectorKind,
    statement::Kind,
};
use serde::{Deserialize, Serialize};

/// The most bytes of a docket: all its words at their longest, four times over.
pub const DOCKET_BYTES_MAX: usize = 2048;
/// The longest of its words, in bytes: those of laws, rules and reasons.
const WORD_BYTES_MAX: usize = 64;
/// How the newest form begins.
const VERSION: &str = "v2";

/// Why bytes are no docket.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DocketError {
    /// Longer than any docket.
    #[error("{0} bytes; a docket has at most {DOCKET_BYTES_MAX}")]
    TooLong(usize),
    /// Not the JSON of a docket of this version.
    #[error("not a docket: {0}")]
    Malformed(String),
    /// Readable, but not written the one way.
    #[error("a docket is written in one way, and this one is written in another")]
    NotCanonical,
}

impl DocketError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "docket.too_long",
            Self::Malformed(_) => "docket.malformed",
            Self::NotCanonical => "docket.not_canonical",
        }
    }
}

text::word!(effect, portcullis_core::law::Effect);
text::word!(what, portcullis_core::docket::What);
text::word!(secret, portcullis_core::docket::Secret);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DocketJson {
    docket: String,
    realm: String,
    #[serde(with = "text::kind")]
    kind: Kind,
    law: String,
    rule: String,
    #[serde(with = "effect")]
    effect: Effect,
    #[serde(with = "what")]
    what: What,
    first: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    selector: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    urgent: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grant: Option<String>,
    #[serde(with = "secret")]
    secrecy: Secret,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    took_hours: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    date: Text<Date>,
}

/// A docket's bytes, exact and always the same.
pub fn to_bytes(docket: &Docket) -> Vec<u8> {
    let word = |word: &str| word.to_owned();
    let json = DocketJson {
        docket: VERSION.into(),
        realm: docket.realm.name().into(),
        kind: docket.kind,
        law: docket.law.clone(),
        rule: docket.rule.clone(),
        effect: docket.effect,
        what: docket.what,
        first: docket.first,
        category: docket.category.map(|category| word(category.as_str())),
        selector: docket.selector.map(|kind| word(kind.as_str())),
        reason: docket.reason.clone(),
        urgent: docket.urgent,
        grant: docket.grant.map(|grant| word(grant.as_str())),
        secrecy: docket.secrecy,
        took_hours: docket.took,
        outcome: docket.outcome.map(|outcome| word(outcome.as_str())),
        date: Text(docket.date),
    };
    // INVARIANT: text, numbers and booleans alone; no map, nothing that JSON cannot write.
    serde_json::to_vec(&json).unwrap_or_default()
}

/// Reads a docket's bytes.
///
/// # Errors
///
/// [`DocketError`]: too long, no docket of this version, or not written the one way.
pub fn parse(bytes: &[u8]) -> Result<Docket, DocketError> {
    if bytes.len() > DOCKET_BYTES_MAX {
        return Err(DocketError::TooLong(bytes.len()));
    }
    let malformed = |why: String| DocketError::Malformed(why.chars().take(160).collect());
    if bytes.first() != Some(&b'{') {
        return Err(malformed("expected one object".into()));
    }
    let json: DocketJson =
        serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
    let docket = read(json).map_err(malformed)?;
    if to_bytes(&docket) == bytes {
        Ok(docket)
    } else {
        Err(DocketError::NotCanonical)
    }
}

fn read(json: DocketJson) -> Result<Docket, String> {
    fn known<T>(
        word: Option<String>,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let Some(word) = word else { return Ok(None) };
        let found = parse(&word).ok_or_else(|| format!("`{word}` is not known here"))?;
        Ok(Some(found))
    }
    if json.docket != VERSION {
        return Err(format!("version `{}` is not known here", json.docket));
    }
    if json.took_hours.is_some_and(|took| TOOK_HOURS_MAX < took) {
        return Err("the span of time is longer than a hundred years".into());
    }
    Ok(Docket {
        realm: text::realm(&json.realm).map_err(|error| error.to_string())?,
        kind: json.kind,
        law: plain(json.law)?,
        rule: plain(json.rule)?,
        effect: json.effect,
        what: json.what,
        first: json.first,
        category: known(json.category, Category::parse)?,
        selector: known(json.selector, SelectorKind::parse)?,
        reason: json.reason.map(plain).transpose()?,
        urgent: json.urgent,
        grant: known(json.grant, GrantKind::parse)?,
        secrecy: json.secrecy,
        took: json.took_hours,
        outcome: known(json.outcome, Outcome::parse)?,
        date: json.date.0,
    })
}

/// A word of a law, a rule or a reason; the house's reasons have a stop in them.
fn plain(word: String) -> Result<String, String> {
    let of_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    if (1..=WORD_BYTES_MAX).contains(&word.len()) && word.bytes().all(of_word) {
        Ok(word)
    } else {
        Err("a law, a rule or a reason is no word".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{option, prelude::*, sample};

    pub(crate) fn a_docket() -> impl Strategy<Value = Docket> {
        let word = "[a-z0-9_.-]{1,64}";
        let first = (
            prop_oneof![Just("live".to_owned()), "exercise-[a-z]{1,20}"],
            sample::select(Kind::ALL),
            word,
            word,
            sample::select(Effect::ALL),
            sample::select(What::ALL),
            any::<bool>(),
            option::of(sample::select(Category::ALL)),
        );
        let second = (
            option::of(sample::select(SelectorKind::ALL)),
            option::of(word),
            any::<bool>(),
            option::of(sample::select(&GrantKind::ALL[..])),
            sample::select(Secret::ALL),
            option::of(0..=TOOK_HOURS_MAX),
            option::of(sample::select(Outcome::ALL)),
            (1970_i16..2200, 1_i8..=12, 1_i8..=28),
        );
        (first, second).prop_map(|(a, b)| Docket {
            realm: text::realm(&a.0).unwrap(),
            kind: a.1,
            law: a.2,
            rule: a.3,
            effect: a.4,
            what: a.5,
            first: a.6,
            category: a.7,
            selector: b.0,
            reason: b.1,
            urgent: b.2,
            grant: b.3,
            secrecy: b.4,
            took: b.5,
            outcome: b.6,
            date: Date::new(b.7.0, b.7.1, b.7.2).unwrap(),
        })
    }

    proptest! {
        #[test]
        fn every_docket_fits_and_comes_back(docket in a_docket()) {
            let bytes = to_bytes(&docket);
            prop_assert!(bytes.len() <= DOCKET_BYTES_MAX);
            prop_assert_eq!(parse(&bytes), Ok(docket));
        }

        #[test]
        fn one_changed_byte_is_another_docket_or_none(docket in a_docket(), at: sample::Index, to: u8) {
            let bytes = to_bytes(&docket);
            let mut changed = bytes.clone();
            let at = at.index(changed.len());
            changed[at] = to;
            if let Ok(read) = parse(&changed) {
                prop_assert_eq!(read == docket, changed == bytes);
                prop_assert_eq!(to_bytes(&read), changed);
            }
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            drop(parse(&bytes));
        }
    }

    fn a_text() -> String {
        let docket = Docket {
            realm: text::realm("live").unwrap(),
            kind: Kind::Released,
            law: "us-sca".into(),
            rule: "warrant-2703a".into(),
            effect: Effect::Disclose,
            what: What::Item,
            first: true,
            category: Some(Category::StoredContent),
            selector: None,
            reason: None,
            urgent: false,
            grant: Some(GrantKind::Order),
            secrecy: Secret::Ordered,
            took: Some(26),
            outcome: None,
            date: "2026-11-02".parse().unwrap(),
        };
        String::from_utf8(to_bytes(&docket)).unwrap()
    }

    #[test]
    fn a_docket_reads_as_it_is_documented() {
        insta::assert_snapshot!(
            a_text(),
            @r#"{"docket":"v2","realm":"live","kind":"released","law":"us-sca","rule":"warrant-2703a","effect":"disclose","what":"item","first":true,"category":"stored_content","urgent":false,"grant":"order","secrecy":"ordered","took_hours":26,"date":"2026-11-02"}"#
        );
    }

    #[test]
    fn what_is_written_another_way_is_refused() {
        let good = a_text();
        let check = |from: &str, to: &str, code: &str| {
            let text = good.replacen(from, to, 1);
            assert_ne!(text, good, "{from}");
            let refused = parse(text.as_bytes()).map_err(|error| error.code());
            assert_eq!(refused, Err(code), "{text}");
        };
        check("{", "{ ", "docket.not_canonical");
        check("{", "[", "docket.malformed");
        check(
            "\"first\":true",
            "\"first\":true,\"first\":true",
            "docket.malformed",
        );
        check(
            "\"first\":true",
            "\"first\":true,\"target\":\"u/1\"",
            "docket.malformed",
        );
        check(
            "\"first\":true",
            "\"first\":true,\"reason\":null",
            "docket.not_canonical",
        );
        check("\"v2\"", "\"v1\"", "docket.malformed");
        check("released", "leaked", "docket.malformed");
        check("us-sca", "US SCA", "docket.malformed");
        check("stored_content", "everything", "docket.malformed");
        check("live", "lively", "docket.malformed");
        check(":26", ":876601", "docket.malformed");
        check("2026-11-02", "2026-11-2", "docket.malformed");
        let long = good.replacen('{', &format!("{{{}", " ".repeat(DOCKET_BYTES_MAX)), 1);
        assert_eq!(
            parse(long.as_bytes()).map_err(|e| e.code()),
            Err("docket.too_long")
        );
    }
}
