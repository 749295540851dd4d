//! `portcullis backup` and `portcullis restore`: a node's data folder, kept elsewhere.
//!
//! The database, as one snapshot, and the blobs are copied by `store`, with a manifest of their
//! own; everything else beside them, listed in [`MANIFEST`] with sizes and digests.

mod folder;

use crate::{Answer, config::FILE, failure::Failure, home::Home, ui::Ui};
use clap::Args;
use folder::{Copied, copy, files_below};
use indicatif::ProgressBar;
use portcullis_store::{
    Store,
    backup::{self as database, BackupError, DATABASE, Progress},
};
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The list of what stands beside the database: a head line, then a line for each file with
/// its digest, its size in bytes and its path.
const MANIFEST: &str = "MANIFEST.node";
const HEAD: &str = "portcullis node backup v1";
/// Folders that are copied whole; the configuration comes last.
const FOLDERS: [&str; 5] = ["keys", "laws", "officers", "schemas", "warning-lists"];
/// Files that are copied if they are there. `CRASH:` without the last one a folder is no node.
const FILES: [&str; 3] = ["card.json", "register.id", FILE];
/// The longest manifest, in bytes: a million files.
const MANIFEST_BYTES_MAX: u64 = 256 << 20;
/// The node's own word in its store: it asks its peers for what it lacks.
const RESTORING: &str = "restoring";

/// Copies the node to an empty folder, while it runs or not.
///
/// Everything is in it: records, files, configuration, laws, and the secret keys. Keep it as
/// you keep the keys themselves. What arrives while the backup runs may be missing in it; a
/// restored node asks its peers for it again.
///
/// Example: `portcullis --dir police backup /media/vault/police-2027-01-31`
#[derive(Args)]
pub(crate) struct Backup {
    /// The folder to make; it is absent, or empty.
    dest: PathBuf,
}

/// Makes a node's data folder from a backup, after checking every file's digest.
///
/// Example: `portcullis restore /media/vault/police-2027-01-31 --dir police-again`
#[derive(Args)]
pub(crate) struct Restore {
    /// What `portcullis backup` made.
    backup: PathBuf,
}

impl Backup {
    pub(crate) fn run(self, dir: &Path, ui: &Ui) -> Answer {
        let home = Home::open(dir)?;
        // A cell alone may never have recorded anything; its backup is one all the same.
        drop(home.store()?);
        let bar = ui.count_bar(0, "backup");
        let records = database::backup(dir, &self.dest, &mut |progress| show(&bar, &progress))
            .map_err(|error| failure(&error))?;
        let mut paths = Vec::new();
        for folder in FOLDERS {
            files_below(dir, folder, &mut paths)?;
        }
        paths.extend(
            FILES
                .iter()
                .filter(|name| dir.join(name).is_file())
                .map(|name| (*name).to_owned()),
        );
        bar.set_length(paths.len() as u64);
        bar.set_position(0);
        let mut copied = Vec::new();
        for path in &paths {
            // What a person removed while we were at others.
            if let Some(one) = copy(dir, &self.dest, path)? {
                copied.push(one);
            }
            bar.inc(1);
        }
        let mut list = format!("{HEAD}\n");
        for one in &copied {
            // Writing to a string cannot fail.
            let _ = writeln!(list, "{} {} {}", one.digest, one.size, one.path);
        }
        // CRASH: the list comes last; a folder without one is no backup.
        folder::write(&self.dest.join(MANIFEST), list.as_bytes())?;
        bar.finish_and_clear();
        let files = records.len() + copied.len();
        let size: u64 = records
            .iter()
            .map(|one| one.size)
            .chain(copied.iter().map(|one| one.size))
            .sum();
        ui.say(format_args!(
            "backed up `{}`: {files} files, {size} bytes in `{}`",
            home.config.member,
            self.dest.display()
        ));
        ui.note("it holds this node's secret keys: whoever has it can speak as this node");
        ui.answer(&serde_json::json!({ "backup": self.dest.display().to_string(), "files": files, "bytes": size }));
        Ok(ExitCode::SUCCESS)
    }
}

impl Restore {
    pub(crate) fn run(self, dir: &Path, ui: &Ui) -> Answer {
        let listed = listed(&self.backup)?;
        let bar = ui.count_bar(listed.len() as u64, "restore");
        let records = database::restore(&self.backup, dir, &mut |progress| show(&bar, &progress))
            .map_err(|error| failure(&error))?;
        // Said before the node can be started: what it signed since the backup it does not know.
        Store::sqlite(&dir.join(DATABASE))
            .map_err(|error| Failure::unable("store.unavailable", error.to_string()))?
            .set_meta(RESTORING, b"1")
            .map_err(|error| Failure::unable("store.unavailable", error.to_string()))?;
        bar.set_length(listed.len() as u64);
        bar.set_position(0);
        for expected in &listed {
            let missing = || changed(&self.backup.join(&expected.path), "is missing");
            let found = copy(&self.backup, dir, &expected.path)?.ok_or_else(missing)?;
            if found != *expected {
                // CRASH: the configuration is listed last, so what is here now is no node.
                std::fs::remove_file(dir.join(&expected.path)).ok();
                return Err(changed(
                    &self.backup.join(&expected.path),
                    "is not the file that was backed up",
                ));
            }
            bar.inc(1);
        }
        folder::whole(dir, &FOLDERS)?;
        bar.finish_and_clear();
        let home = Home::open(dir)?;
        let files = records.len() + listed.len();
        ui.say(format_args!(
            "restored `{}` to `{}`: {files} files, every digest as it was",
            home.config.member,
            dir.display()
        ));
        ui.say("next:");
        ui.say("  1. see that the old folder is never run again: two nodes with one log key fork the log");
        let dir_shown = dir.display();
        if home.anchor()?.is_some() {
            ui.say(format_args!(
                "  2. portcullis --dir {dir_shown} register fetch"
            ));
            ui.say(format_args!("  3. portcullis --dir {dir_shown} serve"));
            ui.say("it asks its witnesses and peers for what it lacks before it signs anything");
        } else {
            ui.say(format_args!("  2. portcullis --dir {dir_shown} serve"));
        }
        if home.config.cell().is_some() {
            ui.say("what the cell did since the backup is undone: look through `cell account list`, `cell recalls` and who is in its groups first");
        }
        ui.answer(&serde_json::json!({ "restored": dir.display().to_string(), "member": home.config.member, "files": files }));
        Ok(ExitCode::SUCCESS)
    }
}

fn show(bar: &ProgressBar, progress: &Progress) {
    let (Progress::Database { done, of } | Progress::Files { done, of }) = progress;
    bar.set_length(*of);
    bar.set_position(*done);
}

/// What the list says, every path inside the folders that are ours.
fn listed(backup: &Path) -> Result<Vec<Copied>, Failure> {
    let path = backup.join(MANIFEST);
    let none = || {
        Failure::refused(
            "backup.incomplete",
            format!("`{}` holds no complete backup", backup.display()),
        )
        .hint("one that was interrupted has no `MANIFEST.node`; take another one")
    };
    if std::fs::metadata(&path).map_err(|_| none())?.len() > MANIFEST_BYTES_MAX {
        return Err(none());
    }
    let text = std::fs::read_to_string(&path).map_err(|_| none())?;
    let lines = text
        .strip_prefix(HEAD)
        .and_then(|lines| lines.strip_prefix('\n'))
        .ok_or_else(none)?;
    let listed: Vec<Copied> = lines
        .lines()
        .map(|line| entry(line).ok_or_else(none))
        .collect::<Result<_, _>>()?;
    let once: BTreeSet<&str> = listed.iter().map(|one| one.path.as_str()).collect();
    if once.len() == listed.len() && listed.last().is_some_and(|last| last.path == FILE) {
        Ok(listed)
    } else {
        Err(none())
    }
}

fn entry(line: &str) -> Option<Copied> {
    let (digest, rest) = line.split_once(' ')?;
    let (size, path) = rest.split_once(' ')?;
    let below = |folder: &&str| {
        let inside = path
            .strip_prefix(folder)
            .and_then(|rest| rest.strip_prefix('/'));
        inside.is_some_and(|inside| {
            inside
                .split('/')
                .all(|word| !matches!(word, "" | "." | ".."))
        })
    };
    let ours = FILES.contains(&path) || FOLDERS.iter().any(below);
    ours.then_some(())?;
    Some(Copied {
        path: path.to_owned(),
        size: size.parse().ok()?,
        digest: digest.parse().ok()?,
    })
}

fn changed(path: &Path, what: &str) -> Failure {
    Failure::false_("backup.changed", format!("`{}` {what}", path.display()))
        .hint("nothing usable was restored; remove the new folder, and take another backup")
}

fn failure(error: &BackupError) -> Failure {
    use std::error::Error as _;
    let why = error
        .source()
        .map(|source| format!(": {source}"))
        .unwrap_or_default();
    let message = format!("{error}{why}");
    match error {
        BackupError::NotEmpty(_) => Failure::refused("backup.not_empty", message),
        BackupError::NoManifest(_) => Failure::refused("backup.incomplete", message),
        BackupError::NoDatabase(_) => Failure::refused("backup.no_node", message),
        BackupError::Changed { .. } => Failure::false_("backup.changed", message)
            .hint("nothing usable was restored; remove the new folder, and take another backup"),
        BackupError::Database(_) | BackupError::File { .. } => {
            Failure::unable("backup.failed", message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_path_stays_inside_the_folders_that_are_ours() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let check = |path: &str, expected: bool| {
            assert_eq!(
                entry(&format!("{digest} 7 {path}")).is_some(),
                expected,
                "{path}"
            );
        };
        check("keys/node.key", true);
        check("laws/ours.toml", true);
        check("keys/ballot.seed", true);
        check("schemas/ours-v1.toml", true);
        check("blobs/log/1/tile/0/000", false);
        check("portcullis.toml", true);
        check("keys/../../etc/passwd", false);
        check("keys//node.key", false);
        check("/etc/passwd", false);
        check("other/file", false);
        check("keysring/a", false);
    }
}
