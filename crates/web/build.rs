//! Bundles the page's own check, `check/`, into the program.
//!
//! npm brings what `package-lock.json` pins, by its digests, and esbuild makes
//! one file of it. All of that happens below Cargo's output folder: nothing
//! generated and nothing of others is kept in the source tree. A machine
//! without npm, or without its registry, still builds a node; its page then
//! says that it has no check of its own.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What a bundle is made from.
const FILES: [&str; 4] = ["package.json", "package-lock.json", ".npmrc", "build.mjs"];
/// The file that comes out.
const BUNDLE: &str = "dist/check.js";

fn main() -> io::Result<()> {
    let check = Path::new("check");
    for file in FILES {
        println!("cargo::rerun-if-changed={}", check.join(file).display());
    }
    println!("cargo::rerun-if-changed=check/src");
    println!("cargo::rerun-if-changed=build.rs");
    let out = out_dir().ok_or_else(|| io::Error::other("Cargo names no output folder"))?;
    let work = out.join("check");
    let code = match bundle(check, &work) {
        Ok(()) => {
            let path = work.join(BUNDLE);
            let path = path
                .to_str()
                .ok_or_else(|| io::Error::other("the output folder is not UTF-8"))?;
            format!("Some(include_bytes!({path:?}))")
        }
        Err(why) => {
            println!("cargo::warning=the public page carries no check of its own: {why}");
            // Tried again at the next build: the network may be back.
            println!("cargo::rerun-if-changed={}", work.join("none").display());
            "None".to_owned()
        }
    };
    fs::write(out.join("bundle.rs"), code)
}

#[expect(
    clippy::disallowed_methods,
    reason = "Cargo tells a build script where to write in its environment"
)]
fn out_dir() -> Option<PathBuf> {
    env::var_os("OUT_DIR").map(PathBuf::from)
}

/// Copies the sources, brings what they need, and bundles them.
fn bundle(check: &Path, work: &Path) -> Result<(), String> {
    copy(check, work).map_err(|error| format!("its sources cannot be copied: {error}"))?;
    let npm = [
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--prefer-offline",
        "--fetch-retries=1",
        "--loglevel=error",
    ];
    run(work, "npm", &npm)?;
    run(work, "node", &["build.mjs", "dist"])?;
    if work.join(BUNDLE).is_file() {
        Ok(())
    } else {
        Err("esbuild made no bundle".to_owned())
    }
}

fn copy(check: &Path, work: &Path) -> io::Result<()> {
    let source = work.join("src");
    if source.exists() {
        fs::remove_dir_all(&source)?;
    }
    let dist = work.join("dist");
    if dist.exists() {
        fs::remove_dir_all(&dist)?;
    }
    fs::create_dir_all(&source)?;
    for file in FILES {
        fs::copy(check.join(file), work.join(file))?;
    }
    for entry in fs::read_dir(check.join("src"))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), source.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("`{program}` does not run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let first = said.lines().find(|line| !line.trim().is_empty());
    Err(format!(
        "`{program} {}` failed: {}",
        arguments.first().copied().unwrap_or_default(),
        first.unwrap_or("it does not say why")
    ))
}
