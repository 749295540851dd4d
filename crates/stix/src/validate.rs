//! Validation: what the standard demands of an object.
//!
//! What STIX 2.1 says of its types is data, in the tables of `shape`; one
//! engine, `walk`, goes over an object's bytes with them. Rules that need more
//! than one property are small functions in `check`, and texts with a syntax
//! of their own are decided in `form`. Custom objects, custom properties and
//! extensions live: only what the standard forbids is a flaw.

mod check;
mod form;
pub(crate) mod shape;
mod walk;

use crate::document::Document;
use crate::header::{OBJECT_BYTES_MAX, header};

/// The most flaws that are told of one object.
pub const FLAWS_MAX: usize = 100;

/// How much is asked of an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// A well-formed JSON object with a string `id` and `type`.
    Keep,
    /// What the standard demands: its MUSTs.
    Must,
    /// What it recommends too: SHOULDs, open vocabularies and names become
    /// errors.
    Strict,
}

/// Whether a flaw speaks against the object in the mode asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Severity {
    /// The object does not conform.
    Error,
    /// The object conforms, and could be better.
    Warning,
}

/// One thing that is wrong with an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Flaw {
    /// The object's id, empty where it has none.
    pub object: String,
    /// The dotted path of the property, `kill_chain_phases.[0].phase_name`;
    /// empty for the object as a whole.
    pub property: String,
    /// A stable code, `stix.required`.
    pub rule: &'static str,
    /// What is wrong and what to do, without a final stop.
    pub message: String,
    /// Where the standard says so.
    pub clause: &'static str,
    /// How much it weighs in the mode asked for.
    pub severity: Severity,
}

/// Judges one object, or a bundle with all its objects. Empty means clean.
///
/// Every flaw told speaks against the object in `mode`: [`Mode::Must`] keeps
/// silent about recommendations ([`review`] tells them), [`Mode::Strict`] takes
/// them for demands. At most [`FLAWS_MAX`], in the order of the bytes.
pub fn validate(bytes: &[u8], mode: Mode) -> Vec<Flaw> {
    match mode {
        Mode::Keep => header(bytes).err().into_iter().collect(),
        Mode::Must => judge(bytes, false),
        Mode::Strict => {
            let mut flaws = judge(bytes, true);
            for flaw in &mut flaws {
                flaw.severity = Severity::Error;
            }
            flaws
        }
    }
}

/// Judges one object as [`validate`] does, and tells demands and
/// recommendations side by side: errors are what [`Mode::Must`] would tell,
/// warnings what [`Mode::Strict`] would add.
pub fn review(bytes: &[u8]) -> Vec<Flaw> {
    judge(bytes, true)
}

fn judge(bytes: &[u8], should: bool) -> Vec<Flaw> {
    if bytes.len() > OBJECT_BYTES_MAX {
        return header(bytes).err().into_iter().collect();
    }
    let document = match Document::read(bytes) {
        Ok(document) => document,
        Err(flaw) => return vec![unread("stix.json", flaw.to_string())],
    };
    if document.root().kind() != crate::document::Kind::Object {
        return vec![unread("stix.json", "an object is a JSON object".to_owned())];
    }
    if let Some(key) = document.twice() {
        let key: String = key.chars().take(250).collect();
        let mut flaw = unread(
            "stix.duplicate",
            format!("`{key}` stands twice in one object; keep one"),
        );
        flaw.property = key;
        return vec![flaw];
    }
    let mut walk = walk::Walk::new(should);
    walk.judge(document.root(), &walk::Path::ROOT);
    walk.flaws
}

fn unread(rule: &'static str, message: String) -> Flaw {
    Flaw {
        object: String::new(),
        property: String::new(),
        rule,
        message,
        clause: "STIX 2.1, Serialization; RFC 7493 §2",
        severity: Severity::Error,
    }
}
