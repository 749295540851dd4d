//! Writes the ballot's test vectors, or compares them with those that are
//! there.
//!
//! `cargo run -p portcullis-ballot --example vectors -- FOLDER [--check]`
//!
//! Everything is made from fixed seeds, so the files only change when the
//! formats do. [`plain`] makes what the crate refuses to make: leaves and
//! reports of a cheat, straight from the formulas of `docs/spec`.

mod bad_leaf;
mod bad_report;
mod files;
mod joint;
mod leaf;
mod plain;
mod report;

use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folder, check) = match arguments.as_slice() {
        [folder] => (folder, false),
        [folder, flag] if flag == "--check" => (folder, true),
        _ => {
            eprintln!("usage: vectors FOLDER [--check]");
            return ExitCode::from(2);
        }
    };
    for (name, made) in files::all() {
        let path = Path::new(folder).join(name);
        if check {
            let there = std::fs::read(&path).unwrap_or_default();
            if serde_json::from_slice(&there).ok().as_ref() != Some(&made) {
                eprintln!("{} is not what this program makes", path.display());
                return ExitCode::FAILURE;
            }
        } else {
            let mut text = serde_json::to_string_pretty(&made).expect("a value has a text");
            text.push('\n');
            if let Err(error) = std::fs::write(&path, text) {
                eprintln!("{}: {error}", path.display());
                return ExitCode::from(3);
            }
            println!("{}", path.display());
        }
    }
    ExitCode::SUCCESS
}
