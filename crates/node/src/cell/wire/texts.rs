//! How the parts of an event stand in JSON: values with one text stand in it,
//! and only that text is read.

#![expect(clippy::ref_option, reason = "serde asks for it")]
// The lint leaves modules in a build of tests alone.
#![cfg_attr(
    not(test),
    expect(
        clippy::wildcard_imports,
        reason = "a small module for each form that serde asks for, all of them parts of this one"
    )
)]

use super::{
    BTreeMap, BTreeSet, Finding, FindingForm, FindingKind, MemberId, MemberKind, Mode, Outcome,
    Rights, Settings, SettingsForm, Standing, StandingForm, Tlp, question, recall,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{borrow::Cow, fmt::Display, str::FromStr};

/// A value from its text, if it prints as the same text again.
fn parse<T: Display + FromStr<Err: Display>, E: serde::de::Error>(word: &str) -> Result<T, E> {
    let value: T = word.parse().map_err(E::custom)?;
    if value.to_string() == word {
        Ok(value)
    } else {
        Err(E::custom(format_args!("`{word}` is not in canonical form")))
    }
}

/// Anything that prints what it parses.
pub(super) mod text {
    use super::*;

    pub(in super::super) fn serialize<T: Display, S: Serializer>(
        value: &T,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(in super::super) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: Display + FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let word: Cow<'_, str> = Deserialize::deserialize(from)?;
        parse(&word)
    }
}

/// The same, where there may be none.
pub(super) mod maybe_text {
    use super::*;

    pub(in super::super) fn serialize<T: Display, S: Serializer>(
        value: &Option<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.collect_str(value),
            None => to.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
    where
        T: Display + FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        text::deserialize(from).map(Some)
    }
}

/// Several, in order, none twice.
pub(super) mod set {
    use super::*;

    pub(in super::super) fn serialize<T: Display, S: Serializer>(
        values: &BTreeSet<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(values.iter().map(ToString::to_string))
    }

    pub(in super::super) fn deserialize<'de, T, D>(from: D) -> Result<BTreeSet<T>, D::Error>
    where
        T: Display + FromStr<Err: Display> + Ord,
        D: Deserializer<'de>,
    {
        let values: Vec<T> = list::deserialize(from)?;
        let count = values.len();
        let values: BTreeSet<T> = values.into_iter().collect();
        if values.len() == count {
            Ok(values)
        } else {
            Err(D::Error::custom("one stands twice"))
        }
    }
}

/// Several, as they come.
pub(super) mod list {
    use super::*;

    pub(in super::super) fn serialize<T: Display, S: Serializer>(
        values: &[T],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(values.iter().map(ToString::to_string))
    }

    pub(in super::super) fn deserialize<'de, T, D>(from: D) -> Result<Vec<T>, D::Error>
    where
        T: Display + FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let words: Vec<String> = Deserialize::deserialize(from)?;
        words.iter().map(|word| parse(word)).collect()
    }
}

/// Bytes, as base64.
pub(super) mod bytes {
    use super::*;

    pub(in super::super) fn serialize<S: Serializer>(
        value: &[u8],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(value))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<u8>, D::Error> {
        let word: Cow<'_, str> = Deserialize::deserialize(from)?;
        STANDARD.decode(&*word).map_err(D::Error::custom)
    }
}

/// A digest, as a digest is written.
pub(super) mod hex {
    use super::*;
    use portcullis_core::digest::Digest;

    pub(in super::super) fn serialize<S: Serializer>(
        value: &[u8; 32],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(&Digest(*value))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<[u8; 32], D::Error> {
        text::deserialize(from).map(|Digest(bytes)| bytes)
    }
}

/// Members with their standings.
pub(super) mod standings {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Entry(#[serde(with = "StandingForm")] Standing);

    pub(in super::super) fn serialize<S: Serializer>(
        members: &BTreeMap<MemberId, Standing>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_map(
            members
                .iter()
                .map(|(member, standing)| (member.as_str(), Entry(*standing))),
        )
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<MemberId, Standing>, D::Error> {
        let entries: BTreeMap<String, Entry> = Deserialize::deserialize(from)?;
        let typed = entries.into_iter().map(|(member, Entry(standing))| {
            parse::<MemberId, D::Error>(&member).map(|member| (member, standing))
        });
        typed.collect()
    }
}

/// What was found in an object.
pub(super) mod findings {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Entry(#[serde(with = "FindingForm")] Finding);

    pub(in super::super) fn serialize<S: Serializer>(
        findings: &[Finding],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(findings.iter().cloned().map(Entry))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Finding>, D::Error> {
        let entries: Vec<Entry> = Deserialize::deserialize(from)?;
        Ok(entries.into_iter().map(|Entry(finding)| finding).collect())
    }
}

/// A collection's settings.
pub(super) mod settings {
    use super::*;

    pub(in super::super) fn serialize<S: Serializer>(
        settings: &Settings,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        SettingsForm::serialize(settings, to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Box<Settings>, D::Error> {
        SettingsForm::deserialize(from).map(Box::new)
    }
}

/// A TLP label, where there may be none.
pub(super) mod maybe_tlp {
    use super::*;

    pub(in super::super) fn serialize<S: Serializer>(
        tlp: &Option<Tlp>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        tlp.map(Tlp::as_str).serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Tlp>, D::Error> {
        word_tlp::deserialize(from).map(Some)
    }
}

/// Values with a word each.
macro_rules! words {
    ($($name:ident: $of:ty,)*) => {$(
        pub(super) mod $name {
            use super::*;
            pub(in super::super) fn serialize<S: Serializer>(
                value: &$of,
                to: S,
            ) -> Result<S::Ok, S::Error> {
                to.serialize_str(value.as_str())
            }

            pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
                from: D,
            ) -> Result<$of, D::Error> {
                let word: Cow<'_, str> = Deserialize::deserialize(from)?;
                let known = <$of>::parse(&word);
                known.ok_or_else(|| D::Error::custom(format_args!("`{word}` is not known here")))
            }
        }
    )*};
}

words! {
    kind_of_member: MemberKind,
    word_complied: recall::Complied,
    word_finding: FindingKind,
    word_kind: question::Kind,
    word_mode: Mode,
    word_outcome: Outcome,
    word_rights: Rights,
    word_tlp: Tlp,
}
