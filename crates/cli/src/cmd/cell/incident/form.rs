//! An incident as people fill it in: one TOML file, whose template explains itself.

use super::Kind;
use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IntoDeserializer as _, value::Error},
};

/// The longest text of one field.
const TEXT_BYTES_MAX: usize = 32 * 1024;
/// The most items of one list.
const ITEMS_MAX: usize = 10_000;

/// What was filled in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    #[serde(deserialize_with = "word")]
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) description: String,
    #[serde(deserialize_with = "when")]
    pub(super) noticed: Timestamp,
    #[serde(default, deserialize_with = "perhaps_when")]
    pub(super) since: Option<Timestamp>,
    #[serde(deserialize_with = "word")]
    pub(super) determination: Determination,
    #[serde(deserialize_with = "word")]
    pub(super) status: Status,
    pub(super) criticality: Option<i64>,
    pub(super) contact: String,
    pub(super) reference: Option<String>,
    /// What the others are asked to do.
    #[serde(default, deserialize_with = "words")]
    pub(super) asked: Vec<Asked>,
    pub(super) account: Option<Account>,
    pub(super) data: Option<Data>,
    pub(super) service: Option<Service>,
    /// What was seen of the attacker.
    #[serde(default)]
    pub(super) seen: Vec<Seen>,
}

/// Whether it happened (STIX incident core extension, `determination`).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Determination {
    Suspected,
    SuccessfulAttempt,
    FailedAttempt,
    Blocked,
}

impl Determination {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Suspected => "suspected",
            Self::SuccessfulAttempt => "successful-attempt",
            Self::FailedAttempt => "failed-attempt",
            Self::Blocked => "blocked",
        }
    }
}

/// Where the work stands (`investigation_status`).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Status {
    New,
    Open,
    Closed,
}

impl Status {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// What the others are asked to do.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Asked {
    LookFor,
    Block,
    TakeDown,
    FilterUpstream,
    RevokeSessions,
    WarnCustomers,
    ContactUs,
}

impl Asked {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::LookFor => "look-for",
            Self::Block => "block",
            Self::TakeDown => "take-down",
            Self::FilterUpstream => "filter-upstream",
            Self::RevokeSessions => "revoke-sessions",
            Self::WarnCustomers => "warn-customers",
            Self::ContactUs => "contact-us",
        }
    }
}

/// An account of the organisation's own that somebody else had.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    pub(super) service: String,
    pub(super) handle: String,
    pub(super) how: Option<String>,
    pub(super) state: String,
    pub(super) posted: Option<String>,
}

/// What was stolen; never the data themselves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Data {
    pub(super) what: Vec<String>,
    pub(super) records: Option<u64>,
    pub(super) personal: bool,
    pub(super) how: Option<String>,
    pub(super) where_seen: Option<String>,
    pub(super) demand: Option<String>,
}

/// What was flooded.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) state: String,
    pub(super) vectors: Vec<String>,
    pub(super) peak_gbit_s: Option<f64>,
    pub(super) peak_packets_s: Option<u64>,
    pub(super) peak_requests_s: Option<u64>,
    pub(super) demand: Option<String>,
}

/// One thing that was seen of the attacker.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    pub(super) value: String,
    pub(super) what: Option<String>,
}

impl Form {
    /// Reads a filled-in file. What still stands in capitals was not filled in.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let form: Self =
            toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        form.whole()?;
        Ok(form)
    }

    fn whole(&self) -> Result<(), String> {
        let texts = self.texts();
        let blank = texts.iter().filter(|(_, text)| self.blank(text));
        let blank: Vec<String> = blank.map(|(field, _)| format!("`{field}`")).collect();
        if !blank.is_empty() {
            return Err(format!(
                "{} still {} what the template put there in capitals: fill it in, or put a `#` before the line",
                blank.join(", "),
                if blank.len() == 1 { "says" } else { "say" },
            ));
        }
        for (field, text) in texts {
            if text.trim().is_empty() {
                return Err(format!("`{field}` is empty"));
            }
            if text.len() > TEXT_BYTES_MAX {
                return Err(format!("`{field}` has more than {TEXT_BYTES_MAX} bytes"));
            }
        }
        if (self.criticality).is_some_and(|value| !(0..=100).contains(&value)) {
            return Err("`criticality` is a number from 0 to 100".into());
        }
        if self.since.is_some_and(|since| since > self.noticed) {
            return Err("`since` is after `noticed`".into());
        }
        if self.seen.len() > ITEMS_MAX {
            return Err(format!("more than {ITEMS_MAX} `[[seen]]`"));
        }
        let (has, needs) = match self.kind {
            Kind::AccountTakenOver => (self.account.is_some(), "[account]"),
            Kind::DataStolen => (self.data.is_some(), "[data]"),
            Kind::ServiceFlooded => (self.service.is_some(), "[service]"),
        };
        if has {
            Ok(())
        } else {
            Err(format!("`{}` needs the part `{needs}`", self.kind.as_str()))
        }
    }

    /// Whether a field still holds the words in capitals that the template put there.
    fn blank(&self, text: &str) -> bool {
        let capitals = !text.chars().any(char::is_lowercase) && text.contains(' ');
        capitals && super::template::template(self.kind, "").contains(&format!("\"{text}\""))
    }

    fn texts<'a>(&'a self) -> Vec<(&'static str, &'a str)> {
        let mut texts = vec![
            ("name", self.name.as_str()),
            ("description", &self.description),
            ("contact", &self.contact),
        ];
        if let Some(text) = &self.reference {
            texts.push(("reference", text));
        }
        let said = |field, text: &'a Option<String>| text.as_deref().map(|text| (field, text));
        if let Some(account) = &self.account {
            texts.extend([
                ("[account] service", account.service.as_str()),
                ("[account] handle", &account.handle),
                ("[account] state", &account.state),
            ]);
            texts.extend(said("[account] how", &account.how));
            texts.extend(said("[account] posted", &account.posted));
        }
        if let Some(data) = &self.data {
            texts.extend(data.what.iter().map(|what| ("[data] what", what.as_str())));
            texts.extend(said("[data] how", &data.how));
            texts.extend(said("[data] where_seen", &data.where_seen));
            texts.extend(said("[data] demand", &data.demand));
        }
        if let Some(service) = &self.service {
            texts.extend([
                ("[service] name", service.name.as_str()),
                ("[service] state", &service.state),
            ]);
            texts.extend(
                service
                    .vectors
                    .iter()
                    .map(|one| ("[service] vectors", one.as_str())),
            );
            texts.extend(said("[service] demand", &service.demand));
        }
        texts.extend(
            self.seen
                .iter()
                .map(|seen| ("[[seen]] value", seen.value.as_str())),
        );
        texts
    }
}

fn when<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    // TOML has times of its own, without quotes; people write both.
    let text = match toml::Value::deserialize(from)? {
        toml::Value::String(text) => text,
        other => other.to_string(),
    };
    super::super::words::instant(&text).map_err(D::Error::custom)
}

/// A word of a list, in whatever letters it was typed: `SUSPECTED`, `failed attempt`.
fn word<'de, D: Deserializer<'de>, T: for<'w> Deserialize<'w>>(from: D) -> Result<T, D::Error> {
    known(&String::deserialize(from)?).map_err(D::Error::custom)
}

fn words<'de, D: Deserializer<'de>, T: for<'w> Deserialize<'w>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let words = texts.iter().map(|text| known(text));
    words.collect::<Result<_, _>>().map_err(D::Error::custom)
}

fn known<T: for<'w> Deserialize<'w>>(text: &str) -> Result<T, Error> {
    let word = text.trim().to_lowercase().replace([' ', '_'], "-");
    T::deserialize(word.as_str().into_deserializer())
}

fn perhaps_when<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    when(from).map(Some)
}
