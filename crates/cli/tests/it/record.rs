//! The node's own record: its seed, its schema, and what is lost with either.

use crate::{
    kit::{Seat, Town, no, ok, text, wait},
    place::Place,
};
use std::{fs, path::Path};

fn seed(place: &Place) -> String {
    fs::read_to_string(place.dir.join("keys/ballot.seed")).unwrap()
}

fn court(dir: &Path) -> Place {
    let place = Place::new(dir);
    let ran = place.run(&[
        "init",
        "--member",
        "court.example",
        "--title",
        "a court",
        "--sector",
        "judiciary",
        "--role",
        "approver",
    ]);
    assert_eq!(ran.exit, 0, "{}{}", ran.out, ran.err);
    let drawn = seed(&place);
    assert_eq!(drawn.trim().len(), 64);
    let card = fs::read_to_string(place.dir.join("card.json")).unwrap();
    for said in [ran.out, ran.err, card] {
        assert!(!said.contains(drawn.trim()), "the seed was said: {said}");
    }
    place
}

#[test]
fn a_ballot_seed_is_drawn_once_and_travels_in_a_backup_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (node, other) = (
        court(&folder.path().join("node")),
        court(&folder.path().join("other")),
    );
    assert_ne!(seed(&node), seed(&other));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(node.dir.join("keys/ballot.seed"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    node.says(&["log", "show"]);
    let backup = folder.path().join("backup");
    node.says(&["backup", text(&backup)]);
    let again = Place::new(folder.path().join("again"));
    again.says(&["restore", text(&backup)]);
    assert_eq!(seed(&again), seed(&node));
    fs::remove_file(node.dir.join("keys/ballot.seed")).unwrap();
    let (exit, code) = no(&node.dir, &["log", "show"]);
    assert_eq!((exit, code.as_str()), (2, "config"));
}

#[test]
fn records_that_were_lost_are_not_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let node = court(&folder.path().join("node"));
    fs::create_dir_all(node.dir.join("blobs/log/1")).unwrap();
    let (exit, code) = no(&node.dir, &["log", "show"]);
    assert_eq!((exit, code.as_str()), (1, "store.lost"));
    assert!(!node.dir.join("store.db").exists());
}

#[test]
fn a_schema_changes_with_a_new_log_alone() {
    let seat = |word, roles, sector, tick_ms| Seat {
        word,
        roles,
        authority: &[],
        sector,
        officers: &[],
        tick_ms,
    };
    let mut town = Town::found(&[
        seat("mail", &["provider"], "industry", 1000),
        seat("uni", &["witness"], "academia", 600_000),
        seat("archive", &["witness"], "press", 600_000),
    ]);
    for word in ["uni", "archive", "mail"] {
        town.serve(word);
    }
    let mail = town.dir("mail");
    let file = |path: &str| fs::read_to_string(mail.join("blobs/log").join(path)).ok();
    wait("two ticks", || {
        file("1/ticks").filter(|ticks| ticks.lines().count() > 1)
    });
    let leased = no(&mail, &["log", "renew"]);
    assert_eq!(leased, (3, "log.leased".into()), "it is served");
    town.kill("mail");
    let before = file("1/shape").unwrap();
    assert!(before.starts_with("portcullis/log-shape/v1\nmail.example/log/live/1\ntick 1000\n"));
    let config = fs::read_to_string(mail.join("portcullis.toml")).unwrap();
    assert!(config.contains("\nschema = \"provider-v1\"\n"));
    let other = config.replace("\"provider-v1\"", "\"authority-v1\"");
    fs::remove_file(mail.join("portcullis.toml")).unwrap();
    fs::write(mail.join("portcullis.toml"), other).unwrap();
    let renewed = wait("the lease of the process that was killed to end", || {
        let output = crate::kit::run(&mail, &["--json", "log", "renew"]);
        output
            .status
            .success()
            .then(|| serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap())
    });
    assert_eq!(renewed["next"], "mail.example/log/live/2");
    assert_eq!(no(&mail, &["log", "renew"]), (3, "log.empty".into()));
    let verified = ok(&mail, &["log", "verify", text(&mail.join("blobs/log/1"))]);
    assert_eq!(verified["size"], renewed["size"]);
    let said = verified["closed"].as_str().unwrap();
    assert!(said.ends_with("\nmail.example/log/live/2\n"), "{said}");
    town.serve("mail");
    wait("the next log", || file("2/checkpoint"));
    let schema = |shape: &str| {
        let line = shape
            .lines()
            .find(|line| line.starts_with("schema "))
            .unwrap();
        line.to_owned()
    };
    assert_ne!(schema(&before), schema(&file("2/shape").unwrap()));
    assert!(file("2/schema").unwrap().contains("authority-v1"));
    town.kill("mail");
}
