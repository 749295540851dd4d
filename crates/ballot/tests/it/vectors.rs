//! Every test vector, read as a stranger reads it: the files alone and the
//! public API.

mod joint;
mod leaf;
mod made;
mod report;

use serde_json::Value;

/// One of the files.
fn file(name: &str) -> Value {
    let path = format!("{}/testdata/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The entries of a list.
fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let list = value[name].as_array().unwrap();
    assert!(!list.is_empty(), "{name}");
    list
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {value}"))
}

fn number(value: &Value, name: &str) -> u64 {
    match &value[name] {
        Value::String(text) => text.parse().unwrap(),
        other => other
            .as_u64()
            .unwrap_or_else(|| panic!("{name} of {value}")),
    }
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn bytes(value: &Value, name: &str) -> Vec<u8> {
    unhex(text(value, name))
}

fn word(value: &Value, name: &str) -> [u8; 32] {
    bytes(value, name).try_into().unwrap()
}

#[test]
fn the_files_are_what_the_program_makes() {
    for (name, made) in made::files::all() {
        assert!(
            file(name) == made,
            "{name} differs: cargo xtask vectors writes it anew"
        );
    }
}
