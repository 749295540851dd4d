//! Schemas as files: read, checked, and known by their digest.
//!
//! One TOML file is one schema: 32 cells, and the series of reports that are made of them. All
//! faults of a file are said at once, each with its line, a stable code and a hint; a file with a
//! fault gives no schema. What a schema means stands in [`portcullis_core::schema`].

mod read;

use crate::law::{LawError, Laws, read::Faults};
use portcullis_core::{
    digest::Digest,
    law::Law,
    schema::{self, Schema, SchemaBroken},
};
use std::{collections::BTreeMap, sync::Arc};

/// The longest schema file, in bytes: the longest of ours, eight times over.
pub const SCHEMA_BYTES_MAX: usize = 256 * 1024;

/// A fault in a schema file.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{file}:{line}:{column}: {reason} [{code}]; {hint}")]
pub struct SchemaError {
    /// The file's name, as it was given.
    pub file: String,
    /// The line of the offending field, from 1.
    pub line: usize,
    /// The column in it, in characters, from 1.
    pub column: usize,
    /// A stable code, `schema.…`.
    pub code: &'static str,
    /// What is wrong, as a sentence.
    pub reason: String,
    /// What to do about it.
    pub hint: String,
}

/// Reads one schema file.
///
/// # Errors
///
/// Every fault of the file, in the order of its lines: first those of form; when there are none,
/// what is wrong with the schema in itself.
pub fn parse(file: &str, bytes: &[u8]) -> Result<Schema, Vec<SchemaError>> {
    parsed(file, bytes, |_| Vec::new())
}

/// Reads one schema file and holds it against the laws that are installed: its series may be no
/// finer than the laws let be published.
///
/// # Errors
///
/// As for [`parse`], and what is finer than the law.
pub fn parse_against(file: &str, bytes: &[u8], laws: &Laws) -> Result<Schema, Vec<SchemaError>> {
    parsed(file, bytes, |schema| check_against(schema, laws))
}

/// What in a schema's series is finer than the laws installed let be published.
pub fn check_against(schema: &Schema, laws: &Laws) -> Vec<SchemaBroken> {
    let newest: BTreeMap<&str, &Law> = laws
        .iter()
        .filter_map(|law| laws.by_id(&law.id))
        .map(|law| (law.id.as_str(), &**law))
        .collect();
    schema::check_against(schema, newest.into_values())
}

fn parsed(
    file: &str,
    bytes: &[u8],
    further: impl FnOnce(&Schema) -> Vec<SchemaBroken>,
) -> Result<Schema, Vec<SchemaError>> {
    let text = bounded(file, bytes)?;
    let faults = Faults::new(file, text);
    let document = faults.document().map_err(of_schema)?;
    let id = crate::text::sha256(bytes);
    let schema = read::schema(&faults, &document, id);
    let schema = faults.verdict(schema).map_err(of_schema)?;
    let mut broken = schema::check(&schema);
    if broken.is_empty() {
        broken = further(&schema);
    }
    for broken in broken {
        let span = crate::law::read::locate(&document, &broken.at);
        faults.add(span, broken.code, broken.reason, broken.hint);
    }
    faults.verdict(Some(schema)).map_err(of_schema)
}

fn bounded<'t>(file: &str, bytes: &'t [u8]) -> Result<&'t str, Vec<SchemaError>> {
    let whole = |code, reason: String, hint: &str| {
        vec![SchemaError {
            file: file.into(),
            line: 1,
            column: 1,
            code,
            reason,
            hint: hint.into(),
        }]
    };
    if bytes.len() > SCHEMA_BYTES_MAX {
        let found = bytes.len();
        let reason = format!("the file has {found} bytes, and {SCHEMA_BYTES_MAX} is the most");
        return Err(whole("schema.size", reason, "a schema has 32 cells"));
    }
    core::str::from_utf8(bytes).map_err(|_| {
        let reason = "the file is not UTF-8 text".into();
        whole("schema.utf8", reason, "save it as UTF-8")
    })
}

/// Faults of form, which the reader of laws found, under the codes of schemas.
fn of_schema(faults: Vec<LawError>) -> Vec<SchemaError> {
    let code = |code: &'static str| match code {
        "law.toml" => "schema.toml",
        "law.unknown_field" => "schema.unknown_field",
        "law.missing_field" => "schema.missing_field",
        "law.type" => "schema.type",
        "law.text" => "schema.text",
        "law.word" => "schema.word",
        "law.number" => "schema.number",
        "law.list" => "schema.list",
        other => other,
    };
    let of_schema = |fault: LawError| SchemaError {
        file: fault.file,
        line: fault.line,
        column: fault.column,
        code: code(fault.code),
        reason: fault.reason,
        hint: fault.hint,
    };
    faults.into_iter().map(of_schema).collect()
}

/// The schemas that a node or a reader knows: by id, and the newest installed by name.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    by_id: BTreeMap<Digest, Arc<Schema>>,
    by_name: BTreeMap<String, Digest>,
}

impl Schemas {
    /// Installs a schema; of two with one name, the later counts for new logs.
    pub fn install(&mut self, schema: Schema) -> Arc<Schema> {
        let schema = Arc::new(schema);
        self.by_name.insert(schema.name.clone(), schema.id);
        self.by_id.insert(schema.id, Arc::clone(&schema));
        schema
    }

    /// The schema of an id: what a leaf names.
    pub fn get(&self, id: &Digest) -> Option<&Arc<Schema>> {
        self.by_id.get(id)
    }

    /// The schema of a name.
    pub fn by_name(&self, name: &str) -> Option<&Arc<Schema>> {
        self.by_id.get(self.by_name.get(name)?)
    }

    /// All schemas, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Schema>> {
        self.by_id.values()
    }
}

/// The schema files that come with Portcullis: name and text.
pub const SCHEMA_FILES: [(&str, &str); 3] = [
    (
        "schemas/provider-v1.toml",
        include_str!("../../../schemas/provider-v1.toml"),
    ),
    (
        "schemas/authority-v1.toml",
        include_str!("../../../schemas/authority-v1.toml"),
    ),
    (
        "schemas/approver-v1.toml",
        include_str!("../../../schemas/approver-v1.toml"),
    ),
];

/// The schemas that come with Portcullis.
///
/// A file with a fault would be missing here, and no log could be kept under it; a test holds
/// that there is none.
pub fn builtin() -> Schemas {
    let mut schemas = Schemas::default();
    for (file, text) in SCHEMA_FILES {
        if let Ok(schema) = parse(file, text.as_bytes()) {
            schemas.install(schema);
        }
    }
    schemas
}

/// The bytes of a schema file that comes with Portcullis, by the schema's id: what a log
/// publishes beside its shape.
pub fn builtin_bytes(id: &Digest) -> Option<&'static [u8]> {
    let texts = SCHEMA_FILES.iter().map(|(_, text)| text.as_bytes());
    texts
        .into_iter()
        .find(|text| crate::text::sha256(text) == *id)
}
