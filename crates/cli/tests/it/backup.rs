//! A node is backed up while it runs, and made again elsewhere.

use crate::place::{Place, Town, copy_folder};
use portcullis_store::Store;
use std::{fs, path::Path};

/// Logs with their size and root, and what was witnessed: what must not go back.
fn record(place: &Place, origin: &str) -> String {
    let store = Store::sqlite(&place.dir.join("store.db")).unwrap();
    let log = store
        .log(origin)
        .unwrap()
        .map(|log| (log.size, log.root, log.cosigned_size));
    let witnessed = store
        .witnessed(origin)
        .unwrap()
        .map(|seen| (seen.size, seen.root, seen.note));
    format!("{log:?} {witnessed:?}")
}

#[test]
fn a_running_node_is_backed_up_and_restored_as_it_was() {
    let town = Town::with_register();
    let to = Place::new(town.root.path().join("vault"));
    let again = Place::new(town.root.path().join("again"));
    let backup = to.dir.display().to_string();
    let answer = town.registrar.json(&["backup", &backup]);
    assert!(answer["files"].as_u64().unwrap() > 8, "{answer}");
    let shown = town.registrar.json(&["register", "show"]);
    let origin = "registrar.example/register/live";
    let before = record(&town.registrar, origin);
    assert!(before.contains("Some((1,"), "{before}");

    // What comes later is not in it.
    town.registrar.says(&["key", "new", "later"]);

    let restored = again.json(&["restore", &backup]);
    assert_eq!(restored["member"], "registrar.example");
    assert_eq!(again.json(&["register", "show"]), shown);
    assert_eq!(record(&again, origin), before);
    let store = Store::sqlite(&again.dir.join("store.db")).unwrap();
    assert_eq!(
        store.meta("restoring").unwrap().as_deref(),
        Some(b"1".as_slice())
    );
    for same in [
        "portcullis.toml",
        "register.id",
        "keys/node.key",
        "keys/register.seed",
        "officers/alpha.key",
    ] {
        assert_eq!(
            fs::read(again.dir.join(same)).unwrap(),
            fs::read(town.registrar.dir.join(same)).unwrap(),
            "{same}"
        );
    }
    assert!(!again.dir.join("officers/later.key").exists());
    let tile = "blobs/register/log/tile/entries/000.p/1";
    assert_eq!(
        fs::read(again.dir.join(tile)).unwrap(),
        fs::read(town.registrar.dir.join(tile)).unwrap()
    );
}

#[cfg(unix)]
#[test]
fn a_backup_and_what_is_restored_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    fn walk(path: &Path) {
        let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
        if path.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
            for item in fs::read_dir(path).unwrap() {
                walk(&item.unwrap().path());
            }
        } else {
            assert_eq!(mode & 0o077, 0, "{} {mode:o}", path.display());
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (node, again) = (
        Place::new(folder.path().join("node")),
        Place::new(folder.path().join("again")),
    );
    node.init(
        "court.example",
        "judiciary",
        &["approver"],
        &["--officer", "judge=judge"],
    );
    node.says(&["key", "list"]);
    let backup = folder.path().join("backup");
    let ran = node.run(&["backup", backup.to_str().unwrap()]);
    assert_eq!(ran.exit, 0, "{}", ran.err);
    assert!(ran.err.contains("secret keys"), "{}", ran.err);
    again.says(&["restore", backup.to_str().unwrap()]);
    for folder in [&backup, &again.dir] {
        let mode = fs::metadata(folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", folder.display());
        walk(&folder.join("keys"));
        walk(&folder.join("officers"));
        walk(&folder.join("store.db"));
        walk(&folder.join("portcullis.toml"));
    }
}

#[test]
fn a_backup_that_changed_or_is_incomplete_is_no_node() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| Place::new(folder.path().join(name));
    let node = place("node");
    node.init(
        "court.example",
        "judiciary",
        &["approver"],
        &["--officer", "judge=judge"],
    );
    node.says(&["key", "list"]);
    let backup = folder.path().join("backup");
    node.says(&["backup", backup.to_str().unwrap()]);
    node.fails(1, "backup.not_empty", &["backup", backup.to_str().unwrap()]);

    let spoil = |name: &str, how: &dyn Fn(&Path)| {
        let spoilt = folder.path().join(name);
        copy_folder(&backup, &spoilt);
        how(&spoilt);
        spoilt.display().to_string()
    };
    let forged = spoil("forged", &|path| {
        fs::write(path.join("officers/judge.pub"), "other").unwrap();
    });
    let changed = spoil("changed", &|path| {
        fs::write(path.join("keys/node.key"), "other").unwrap();
    });
    let missing = spoil("missing", &|path| {
        fs::remove_file(path.join("keys/log.seed")).unwrap();
    });
    let records = spoil("records", &|path| {
        let mut bytes = fs::read(path.join("store.db")).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(path.join("store.db"), bytes).unwrap();
    });
    let cut = spoil("cut", &|path| {
        fs::remove_file(path.join("MANIFEST.node")).unwrap();
    });
    let outside = spoil("outside", &|path| {
        let manifest = path.join("MANIFEST.node");
        let text = fs::read_to_string(&manifest)
            .unwrap()
            .replace(" keys/node.key", " keys/../../node.key");
        fs::write(manifest, text).unwrap();
    });
    for (at, (from, exit, code)) in [
        (&changed, 4, "backup.changed"),
        (&missing, 4, "backup.changed"),
        (&records, 4, "backup.changed"),
        (&cut, 1, "backup.incomplete"),
        (&outside, 1, "backup.incomplete"),
    ]
    .into_iter()
    .enumerate()
    {
        let target = place(&format!("restored-{at}"));
        target.fails(exit, code, &["restore", from]);
        assert!(!target.dir.join("portcullis.toml").exists(), "{code}");
    }
    // A file that is on no list is not taken along.
    let target = place("restored-clean");
    target.says(&["restore", &forged]);
    assert!(!target.dir.join("officers/judge.pub").exists());
}
