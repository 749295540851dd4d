//! Logs as plain files: checked by us and by other programs' code, changed, and killed under way.

use crate::kit::{Seat, Town, copy_folder, no, ok, pause, text, wait};
use portcullis_store::Store;
use portcullis_tlog::{
    checkpoint::Checkpoint,
    hash::leaf_hash,
    note::SignedNote,
    tile::{TileBuilder, decode_bundle, encode_bundle, hashes_to_bytes},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

const ORIGIN: &str = "mail.example/log/live/1";

const fn witness(word: &'static str, sector: &'static str) -> Seat {
    Seat {
        word,
        roles: &["witness"],
        authority: &[],
        sector,
        officers: &[],
        tick_ms: 600_000,
    }
}

fn town(tick_ms: u64) -> Town {
    let mail = Seat {
        word: "mail",
        roles: &["provider"],
        authority: &[],
        sector: "industry",
        officers: &[],
        tick_ms,
    };
    let mut town = Town::found(&[
        mail,
        witness("uni", "academia"),
        witness("archive", "press"),
    ]);
    for word in ["uni", "archive", "mail"] {
        town.serve(word);
    }
    town
}

fn log_folder(dir: &Path, generation: u32) -> PathBuf {
    dir.join(format!("blobs/log/{generation}"))
}

/// A tree that was shown: size and root.
type Tree = (u64, [u8; 32]);

/// The checkpoint that is published now.
fn published(folder: &Path) -> Option<Tree> {
    let note = SignedNote::parse(&fs::read(folder.join("checkpoint")).ok()?).unwrap();
    let checkpoint = Checkpoint::parse(note.text()).unwrap();
    Some((checkpoint.size.0, checkpoint.root.0))
}

fn grown_to(folder: &Path, size: u64) -> Tree {
    wait("the log to grow", || {
        published(folder).filter(|(found, _)| size <= *found)
    })
}

/// A copy of a log's files, to be changed.
fn copied(town: &Town, folder: &Path, name: &str) -> PathBuf {
    let copy = town.path(name);
    copy_folder(folder, &copy);
    copy
}

/// The log's files as `tlog_tiles` reads them: its own code finds and authenticates the hashes.
struct Theirs<'p>(&'p Path);

impl tlog_tiles::TileReader for Theirs<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let read = |tile: &tlog_tiles::Tile| {
            // Theirs also name the height, and a partial tile may have been filled since.
            let path = tile.path().replacen("tile/8/", "tile/", 1);
            let whole = path.split(".p/").next().unwrap();
            let bytes = fs::read(self.0.join(&path))
                .or_else(|_| fs::read(self.0.join(whole)))
                .unwrap();
            bytes[..tile.width() as usize * 32].to_vec()
        };
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

/// Every tree of `seen` is a beginning of the newest one, by the other program's own proofs.
fn all_grew_into_one(folder: &Path, seen: &BTreeMap<u64, [u8; 32]>) {
    let (size, root) = published(folder).unwrap();
    let theirs = Theirs(folder);
    let newest = tlog_tiles::Hash(root);
    let reader = tlog_tiles::TileHashReader::new(size, newest, &theirs);
    assert_eq!(tlog_tiles::tree_hash(size, &reader).unwrap().0, root);
    for (old, old_root) in seen {
        assert!(
            *old <= size,
            "the log was seen with {old} entries and has {size}"
        );
        let proof = tlog_tiles::prove_tree(size, *old, &reader).unwrap();
        tlog_tiles::check_tree(&proof, size, newest, *old, tlog_tiles::Hash(*old_root)).unwrap();
    }
}

#[test]
fn anybody_checks_a_log_and_every_change_has_a_name() {
    let mut town = town(300);
    let (mail, uni) = (town.dir("mail"), town.dir("uni"));
    let folder = log_folder(&mail, 1);
    grown_to(&folder, 768);
    let url = format!("{}/log/1", town.endpoint("mail"));

    // From a member's folder the certificate is pinned; from nowhere it says so, and needs a policy.
    let answer = ok(&uni, &["log", "verify", &url]);
    assert_eq!(answer["origin"], ORIGIN);
    assert_eq!(answer["cosignatures"].as_array().unwrap().len(), 2);
    let policy = ok(&mail, &["log", "policy"]);
    let file = town.path("mail.policy");
    fs::write(&file, policy["policy"].as_str().unwrap()).unwrap();
    let nowhere = town.path("nowhere");
    let with_policy = ["log", "verify", &url, "--policy", text(&file)];
    assert_eq!(
        no(&nowhere, &["log", "verify", &url]),
        (2, "usage".to_owned())
    );
    assert_eq!(no(&nowhere, &with_policy), (2, "usage".to_owned()));
    ok(
        &nowhere,
        &[&with_policy[..], &["--any-certificate"]].concat(),
    );

    town.kill("mail");
    let verify = |folder: &Path| no(&mail, &["log", "verify", text(folder)]);
    let named = |code: &str| (4, code.to_owned());
    let (size, _) = published(&folder).unwrap();
    assert_eq!(ok(&mail, &["log", "verify", text(&folder)])["size"], size);
    let shown = ok(&mail, &["log", "show"]);
    let ours = shown["logs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|log| log["origin"] == ORIGIN)
        .unwrap();
    assert!(ours["cosigned_size"].as_u64().unwrap() >= size, "{shown}");
    assert!(
        ours["cosignatures"].as_array().unwrap().len() == 2,
        "{shown}"
    );
    assert_eq!(shown["shape"]["tick_ms"], 300);

    let flip = |name: &str, file: &str, at: usize| {
        let copy = copied(&town, &folder, name);
        let mut bytes = fs::read(copy.join(file)).unwrap();
        bytes[at] ^= 1;
        fs::write(copy.join(file), bytes).unwrap();
        verify(&copy)
    };
    assert_eq!(flip("entry", "tile/entries/001", 700), named("log.tile"));
    assert_eq!(flip("tile", "tile/0/000", 99), named("log.tile"));

    let copy = copied(&town, &folder, "gone");
    fs::remove_file(copy.join("tile/entries/000")).unwrap();
    assert_eq!(verify(&copy), named("log.missing"));

    // All tiles follow from changed entries, and the root does not.
    let copy = copied(&town, &folder, "rebuilt");
    rebuild_with_one_change(&copy, size);
    assert_eq!(verify(&copy), named("log.root"));

    let copy = copied(&town, &folder, "unwitnessed");
    let note = fs::read_to_string(copy.join("checkpoint")).unwrap();
    let without = |name: &str| {
        let kept: Vec<&str> = note
            .split_inclusive('\n')
            .filter(|line| !line.starts_with(&format!("— {name}")))
            .collect();
        fs::write(copy.join("checkpoint"), kept.concat()).unwrap();
        verify(&copy)
    };
    assert_eq!(without("uni.example/witness"), named("log.no_quorum"));
    assert_eq!(without(ORIGIN), named("log.not_signed"));
    fs::write(
        copy.join("checkpoint"),
        note.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size - 256), 1),
    )
    .unwrap();
    assert_eq!(verify(&copy), named("log.false_signature"));
    an_entry_is_found_and_proved(&town, &folder, &file);
}

/// One entry, and the proof of it.
fn an_entry_is_found_and_proved(town: &Town, folder: &Path, policy: &Path) {
    let (mail, nowhere) = (town.dir("mail"), town.path("nowhere"));
    let named = |code: &str| (4, code.to_owned());
    let bundle = fs::read(folder.join("tile/entries/001")).unwrap();
    let entry = decode_bundle(&bundle).unwrap()[5];
    let (leaf, proof) = (town.path("leaf"), town.path("leaf.tlog-proof"));
    fs::write(&leaf, entry).unwrap();
    let found = ok(
        &mail,
        &["log", "verify", text(folder), "--leaf", text(&leaf)],
    );
    assert_eq!(found["leaf"]["index"], 261);
    fs::write(&proof, found["leaf"]["proof"].as_str().unwrap()).unwrap();
    let hash = leaf_hash(entry).to_string();
    let verify_proof = |hash: &str| {
        [
            "log",
            "proof-verify",
            text(&proof),
            "--policy",
            text(policy),
            "--leaf-hash",
            hash,
        ]
        .map(str::to_owned)
    };
    let args = verify_proof(&hash);
    ok(&nowhere, &args.each_ref().map(String::as_str));
    let args = verify_proof(&leaf_hash(b"another").to_string());
    assert_eq!(
        no(&nowhere, &args.each_ref().map(String::as_str)),
        named("log.inclusion")
    );
    fs::write(&leaf, b"no such entry").unwrap();
    let absent = no(
        &mail,
        &["log", "verify", text(folder), "--leaf", text(&leaf)],
    );
    assert_eq!(absent, (1, "log.no_such_leaf".to_owned()));
}

/// Changes an entry and makes every tile anew from what there is now.
fn rebuild_with_one_change(folder: &Path, size: u64) {
    let mut builder = TileBuilder::new();
    for index in 0..size / 256 {
        let path = folder.join(format!("tile/entries/{index:03}"));
        let bytes = fs::read(&path).unwrap();
        let mut entries: Vec<Vec<u8>> = decode_bundle(&bytes)
            .unwrap()
            .into_iter()
            .map(<[u8]>::to_vec)
            .collect();
        if index == 1 {
            entries[7][100] ^= 1;
            fs::write(&path, encode_bundle(&entries).unwrap()).unwrap();
        }
        for (tile, hashes) in builder.extend(entries.iter().map(|entry| leaf_hash(entry))) {
            let path = folder.join(tile.path());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, hashes_to_bytes(&hashes)).unwrap();
        }
    }
}

#[test]
fn other_programs_read_our_log_from_its_plain_files() {
    let mut town = town(300);
    let folder = log_folder(&town.dir("mail"), 1);
    let first = grown_to(&folder, 256);
    let second = grown_to(&folder, first.0 + 256);
    grown_to(&folder, second.0 + 256);
    town.kill("mail");
    let (size, root) = published(&folder).unwrap();

    // Their note code knows our log's key from the policy that we print.
    let vkey = ok(&town.dir("mail"), &["log", "policy"])["log"]
        .as_str()
        .unwrap()
        .to_owned();
    let key = signed_note::StandardVerifier::new(&vkey).unwrap();
    let known = signed_note::VerifierList::new(vec![Box::new(key)]);
    let note =
        signed_note::Note::from_bytes(&fs::read(folder.join("checkpoint")).unwrap()).unwrap();
    let (verified, others) = note.verify(&known).unwrap();
    assert_eq!((verified.len(), others.len()), (1, 2));
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!(
        (checkpoint.origin(), checkpoint.size(), checkpoint.hash().0),
        (ORIGIN, size, root)
    );

    // Their tile code finds every hash and proves entries and growth.
    let theirs = Theirs(&folder);
    let reader = tlog_tiles::TileHashReader::new(size, *checkpoint.hash(), &theirs);
    for index in (0..size).step_by(61) {
        let bundle = fs::read(folder.join(format!("tile/entries/{:03}", index / 256))).unwrap();
        let entry = decode_bundle(&bundle).unwrap()[usize::try_from(index % 256).unwrap()];
        assert_eq!(entry.len(), 1281, "a leaf has one size");
        let proof = tlog_tiles::prove_record(size, index, &reader).unwrap();
        tlog_tiles::check_record(
            &proof,
            size,
            *checkpoint.hash(),
            index,
            tlog_tiles::record_hash(entry),
        )
        .unwrap();
    }
    all_grew_into_one(&folder, &BTreeMap::from([first, second]));
}

/// Looks at the published checkpoint again and again, and keeps every tree that it ever shows.
struct Watch {
    seen: Arc<Mutex<Vec<Tree>>>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watch {
    fn over(folder: PathBuf) -> Self {
        let (seen, stop) = (
            Arc::<Mutex<Vec<_>>>::default(),
            Arc::<AtomicBool>::default(),
        );
        let (keeps, stops) = (Arc::clone(&seen), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !stops.load(Ordering::SeqCst) {
                if let Some(tree) = published(&folder) {
                    let mut seen = keeps.lock().unwrap();
                    if seen.last() != Some(&tree) {
                        seen.push(tree);
                    }
                }
                pause(5);
            }
        });
        Self {
            seen,
            stop,
            thread: Some(thread),
        }
    }

    /// Every tree in the order in which it was shown: none smaller than one before it, and none
    /// with another root at the same size.
    fn trees(mut self) -> BTreeMap<u64, [u8; 32]> {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap();
        let seen = self.seen.lock().unwrap();
        assert!(seen.is_sorted_by(|one, next| one.0 < next.0), "{seen:?}");
        seen.iter().copied().collect()
    }
}

/// What a witness holds of a log.
fn witnessed(town: &Town, word: &str, origin: &str) -> Option<Tree> {
    let store = Store::sqlite(&town.dir(word).join("store.db")).unwrap();
    store
        .witnessed(origin)
        .unwrap()
        .map(|seen| (seen.size, seen.root))
}

#[expect(
    clippy::disallowed_methods,
    reason = "moments of tests, and printed with what fails"
)]
fn random_ms(least: u64, most: u64) -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    least + u64::from_le_bytes(bytes) % (most - least)
}

#[test]
fn a_log_that_is_killed_again_and_again_shows_one_tree_only() {
    let mut town = town(50);
    let mail = town.dir("mail");
    let folder = log_folder(&mail, 1);
    grown_to(&folder, 256);
    let watch = Watch::over(folder.clone());
    let mut cosigned = BTreeMap::new();
    let mut before = 0;
    for round in 0..16 {
        let ms = random_ms(50, 4500);
        eprintln!("round {round}: killed after {ms} ms");
        pause(ms);
        town.kill("mail");
        let (size, _) = published(&folder).unwrap();
        assert!(
            before <= size,
            "round {round}: the log shrank from {before} to {size}"
        );
        before = size;
        assert_eq!(
            ok(&mail, &["log", "verify", text(&folder)])["size"],
            size,
            "round {round}"
        );
        for word in ["uni", "archive"] {
            let (size, root) = witnessed(&town, word, ORIGIN).unwrap();
            let known = cosigned.insert(size, root);
            assert!(
                known.is_none_or(|known| known == root),
                "round {round}: `{word}` cosigned two trees of {size}"
            );
        }
        town.serve("mail");
    }
    // It goes on after all that.
    grown_to(&folder, before + 512);
    town.kill("mail");
    let mut seen = watch.trees();
    assert!(seen.len() > 10, "the log hardly grew: {:?}", seen.keys());
    for (size, root) in cosigned {
        let known = seen.insert(size, root);
        assert!(
            known.is_none_or(|known| known == root),
            "two trees of {size} entries"
        );
    }
    town.serve("mail");
    let (newest, _) = *seen
        .last_key_value()
        .map(|(size, root)| (*size, *root))
        .as_ref()
        .unwrap();
    grown_to(&folder, newest);
    town.kill("mail");
    all_grew_into_one(&folder, &seen);
    ok(&mail, &["log", "verify", text(&folder)]);
    assert!(
        !log_folder(&mail, 2).exists(),
        "a crash opens no new origin"
    );
}

#[test]
fn a_restored_log_goes_on_from_its_tiles_or_opens_a_new_origin() {
    let mut town = town(50);
    let mail = town.dir("mail");
    let folder = log_folder(&mail, 1);
    grown_to(&folder, 512);
    town.kill("mail");
    let backup = town.path("backup");
    copy_folder(&mail, &backup);
    let (old, _) = published(&folder).unwrap();
    town.serve("mail");
    let watch = Watch::over(folder.clone());
    let (later, _) = grown_to(&folder, old + 768);
    town.kill("mail");

    // The records of yesterday with the tiles of today: the tree is found again, and goes on.
    for end in ["", "-wal", "-shm"] {
        let name = format!("store.db{end}");
        let _ = fs::remove_file(mail.join(&name));
        if backup.join(&name).exists() {
            fs::copy(backup.join(&name), mail.join(&name)).unwrap();
        }
    }
    town.serve("mail");
    grown_to(&folder, later + 256);
    town.kill("mail");
    let seen = watch.trees();
    assert_eq!(
        ok(&mail, &["log", "verify", text(&folder)])["closed"],
        serde_json::Value::Null
    );
    assert!(
        !log_folder(&mail, 2).exists(),
        "nothing was lost, and a new origin was opened"
    );

    // Everything of yesterday: the witnesses know better, and a new origin says so.
    town.serve("mail");
    grown_to(&folder, *seen.last_key_value().unwrap().0);
    town.kill("mail");
    all_grew_into_one(&folder, &seen);
    let held = ["uni", "archive"].map(|word| witnessed(&town, word, ORIGIN).unwrap());
    fs::remove_dir_all(&mail).unwrap();
    copy_folder(&backup, &mail);
    town.serve("mail");
    let second = log_folder(&mail, 2);
    grown_to(&second, 512);
    town.kill("mail");
    assert_eq!(
        published(&folder).unwrap().0,
        old,
        "the lost origin shows nothing new"
    );
    assert_eq!(
        ["uni", "archive"].map(|word| witnessed(&town, word, ORIGIN).unwrap()),
        held
    );
    let closed = ok(&mail, &["log", "verify", text(&folder)])["closed"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        closed.starts_with(&format!("portcullis/log-closed/v1\n{ORIGIN}\n")),
        "{closed}"
    );
    assert_eq!(
        ok(&mail, &["log", "verify", text(&second)])["origin"],
        "mail.example/log/live/2"
    );
    let shown = ok(&mail, &["log", "show"]);
    let states: Vec<_> = shown["logs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|log| {
            (
                log["origin"].as_str().unwrap(),
                log["closed"].as_bool().unwrap(),
            )
        })
        .collect();
    assert!(states.contains(&(ORIGIN, true)), "{states:?}");
    assert!(
        states.contains(&("mail.example/log/live/2", false)),
        "{states:?}"
    );
    let policy = ok(&mail, &["log", "policy"])["log"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(policy.starts_with("mail.example/log/live/2+"), "{policy}");
}
