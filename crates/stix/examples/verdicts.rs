//! Prints what the validator says of each object, a line of JSON each.
//!
//! `cargo run -p portcullis-stix --example verdicts -- FILE…`, where a file is
//! an object, a bundle, a TAXII envelope, or a corpus: a list of
//! `{"name": …, "object": …}`. The script `tests/clients/validator.py` compares
//! the lines with another validator's.

use std::io::Read as _;

use portcullis_stix::header::{envelope, header};
use portcullis_stix::validate::{Flaw, Mode, Severity, review, validate};
use serde_json::value::RawValue;
use serde_json::{Value, json};

#[derive(serde::Deserialize)]
struct Case<'a> {
    name: String,
    #[serde(borrow)]
    object: &'a RawValue,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let mut bytes = std::fs::read(&path)?;
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut plain)?;
            bytes = plain;
        }
        if let Ok(cases) = serde_json::from_slice::<Vec<Case<'_>>>(&bytes) {
            for case in cases {
                say(&path, &case.name, case.object.get().as_bytes());
            }
            continue;
        }
        let objects = envelope(&bytes)
            .map(|found| found.objects)
            .unwrap_or_default();
        if objects.is_empty() {
            say(&path, "", &bytes);
        }
        for slice in objects {
            say(&path, "", slice.bytes);
        }
    }
    Ok(())
}

fn say(path: &str, name: &str, bytes: &[u8]) {
    let id = header(bytes)
        .map(|header| header.id.into_owned())
        .unwrap_or_default();
    let flaws = review(bytes);
    let told = |severity| -> Vec<Value> {
        let of = flaws.iter().filter(|flaw| flaw.severity == severity);
        of.map(line).collect()
    };
    let answer = json!({
        "file": path,
        "name": name,
        "id": id,
        "keep": validate(bytes, Mode::Keep).is_empty(),
        "errors": told(Severity::Error),
        "warnings": told(Severity::Warning),
    });
    println!("{answer}");
}

fn line(flaw: &Flaw) -> Value {
    json!({"rule": flaw.rule, "property": flaw.property, "message": flaw.message, "clause": flaw.clause})
}
