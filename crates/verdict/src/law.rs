//! Laws as files: read, checked against the floors, and known by their digest.
//!
//! One TOML file is one law. Everything that is wrong with a file is said at
//! once, each fault with its line, a stable code and a hint; a file with a fault
//! gives no law at all. What a rule means stands in [`portcullis_core::law`].

mod calendar;
pub(crate) mod read;
mod rule;

pub use calendar::Calendars;

use portcullis_core::{
    digest::Digest,
    law::{Law, floor},
};
use read::{Faults, Node, Table};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The longest law or calendar file, in bytes: the longest of ours, eight times over.
pub const LAW_BYTES_MAX: usize = 512 * 1024;

/// A fault in a law or calendar file.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{file}:{line}:{column}: {reason} [{code}]; {hint}")]
pub struct LawError {
    /// The file's name, as it was given.
    pub file: String,
    /// The line of the offending field, from 1.
    pub line: usize,
    /// The column in it, in characters, from 1.
    pub column: usize,
    /// A stable code, `law.…`; the floors' begin with `law.floor.`.
    pub code: &'static str,
    /// What is wrong, as a sentence.
    pub reason: String,
    /// What to do about it.
    pub hint: String,
}

/// Reads one law file.
///
/// # Errors
///
/// Every fault of the file, in the order of its lines: first those of form; when there
/// are none, the floors that it goes below.
pub fn parse(file_name: &str, bytes: &[u8], calendars: &Calendars) -> Result<Law, Vec<LawError>> {
    let text = read::bounded(file_name, bytes)?;
    let faults = Faults::new(file_name, text);
    let document = faults.document()?;
    let digest = Digest(Sha256::digest(bytes).into());
    let law = Table::whole(&faults, &document, |table| law(table, calendars, digest));
    let law = faults.verdict(law)?;
    for broken in floor::check(&law) {
        let span = read::locate(&document, &broken.at);
        let reason = if broken.rule.is_empty() {
            broken.reason
        } else {
            format!("rule `{}`: {}", broken.rule, broken.reason)
        };
        faults.add(span, broken.code, reason, broken.hint);
    }
    faults.verdict(Some(law))
}

fn law(table: &mut Table<'_>, calendars: &Calendars, digest: Digest) -> Option<Law> {
    let id = table.required("id", Node::word);
    let title = table.required("title", Node::text);
    let jurisdiction = table.required("jurisdiction", Node::word);
    let calendar = table.required("calendar", |node| {
        let known = calendars.get(&node.word()?);
        known.or_else(|| {
            node.fault(
                "law.unknown_calendar",
                "no such calendar is installed",
                format!(
                    "known are: {}",
                    calendars.words().collect::<Vec<_>>().join(", ")
                ),
            )
        })
    });
    let rules = table.list("rule", |node| node.table(rule::read));
    Some(Law {
        id: id?,
        title: title?,
        jurisdiction: jurisdiction?,
        digest,
        calendar: calendar?,
        rules: rules?,
    })
}

/// The laws a node knows, by digest; the newest installed of each word, by word.
#[derive(Clone, Debug, Default)]
pub struct Laws {
    by_digest: BTreeMap<Digest, Arc<Law>>,
    by_id: BTreeMap<String, Arc<Law>>,
    published: BTreeSet<Digest>,
}

impl Laws {
    /// Installs a law of one's own: usable, and shown as not published.
    pub fn install(&mut self, law: Law) {
        let law = Arc::new(law);
        self.by_id.insert(law.id.clone(), Arc::clone(&law));
        self.by_digest.insert(law.digest, law);
    }

    /// The law of a digest: what a statement named when it was signed.
    pub fn get(&self, digest: &Digest) -> Option<&Arc<Law>> {
        self.by_digest.get(digest)
    }

    /// The law of a word that was installed last: what a new case begins under.
    pub fn by_id(&self, id: &str) -> Option<&Arc<Law>> {
        self.by_id.get(id)
    }

    /// Whether a digest is one of those published with Portcullis. Reports name
    /// every digest used, and show one that is not as such.
    pub fn published(&self, digest: &Digest) -> bool {
        self.published.contains(digest)
    }

    /// All laws, in the order of their digests.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Law>> {
        self.by_digest.values()
    }

    fn publish(&mut self, law: Law) {
        self.published.insert(law.digest);
        self.install(law);
    }
}

/// The calendar files that come with Portcullis: name and text.
pub const CALENDAR_FILES: [(&str, &str); 2] = [
    (
        "laws/calendars/uk.toml",
        include_str!("../../../laws/calendars/uk.toml"),
    ),
    (
        "laws/calendars/us.toml",
        include_str!("../../../laws/calendars/us.toml"),
    ),
];

/// The law files that come with Portcullis: name and text.
pub const LAW_FILES: [(&str, &str); 2] = [
    (
        "laws/uk-ipa-2016.toml",
        include_str!("../../../laws/uk-ipa-2016.toml"),
    ),
    (
        "laws/us-sca.toml",
        include_str!("../../../laws/us-sca.toml"),
    ),
];

/// The laws that come with Portcullis.
///
/// A file with a fault would be missing here, and nothing could be ordered under it;
/// a test holds that there is none.
pub fn builtin() -> Laws {
    let calendars = Calendars::builtin();
    let mut laws = Laws::default();
    for (file, text) in LAW_FILES {
        if let Ok(law) = parse(file, text.as_bytes(), &calendars) {
            laws.publish(law);
        }
    }
    laws
}
