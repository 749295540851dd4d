use super::{seen::tests::Table, *};
use portcullis_ballot::{Ahead, Cell, Context, Leaf, Seed};
use portcullis_tlog::{
    checkpoint::Checkpoint,
    cosignature::Cosigner,
    hash::leaf_hash,
    note::{NoteSigner, SignedNote},
    policy::Policy,
    tile::{BUNDLE_BYTES_MAX, FileTiles, LogFiles, TileBuilder, encode_bundle, hashes_to_bytes},
    tree::{ReadError, TreeSize},
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use std::{collections::BTreeMap, sync::OnceLock};

const ORIGIN: &str = "mail.example/log/live/1";
const NEXT: &str = "mail.example/log/live/2";
const SCHEMA: [u8; 32] = [3; 32];
const CONTEXT: Context<'_> = Context {
    origin: ORIGIN,
    schema: &SCHEMA,
};
/// The tick of the log here, in seconds.
const TICK_S: u64 = 600;
const START: u64 = 1_800_000_000;

/// A log in memory.
#[derive(Clone)]
struct Log {
    files: BTreeMap<String, Vec<u8>>,
    builder: TileBuilder,
}

impl LogFiles for Log {
    fn file(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let missing = || ReadError::Missing { path: path.into() };
        self.files.get(path).cloned().ok_or_else(missing)
    }
}

fn signer() -> NoteSigner {
    NoteSigner::new(ORIGIN.parse().unwrap(), &[1; 32])
}

fn witness() -> Cosigner {
    Cosigner::new("uni.example/witness".parse().unwrap(), &[2; 32])
}

fn policy() -> Policy {
    let text = format!("witness uni {}\nquorum uni\n", witness().vkey());
    Policy::parse(text.as_bytes()).unwrap()
}

impl Log {
    fn new() -> Self {
        Self {
            files: BTreeMap::new(),
            builder: TileBuilder::new(),
        }
    }

    /// One of so many blanks.
    fn grown(size: u32) -> Self {
        let mut log = Self::new();
        log.grow(&blanks(0, size));
        log
    }

    /// Grows by whole tiles.
    fn grow(&mut self, entries: &[Vec<u8>]) {
        for chunk in entries.chunks(256) {
            let index = self.builder.size().0 / 256;
            let path = portcullis_tlog::tile::EntryTile::new(index, 256)
                .unwrap()
                .path();
            self.files.insert(path, encode_bundle(chunk).unwrap());
            for (tile, row) in self
                .builder
                .extend(chunk.iter().map(|entry| leaf_hash(entry)))
            {
                self.files.insert(tile.path(), hashes_to_bytes(&row));
            }
        }
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint::new(
            ORIGIN.parse().unwrap(),
            self.builder.size(),
            self.builder.root(),
        )
    }

    /// The newest checkpoint, cosigned at that time.
    fn cosigned(&self, at: u64) -> SignedNote {
        let note = self.checkpoint().sign(&signer()).unwrap();
        let line = witness().cosign(note.text(), at).unwrap();
        note.with_signature(line).unwrap()
    }

    fn told(&self, at: u64) -> Told {
        told("the log", true, &self.cosigned(at))
    }
}

fn told(source: &str, own: bool, note: &SignedNote) -> Told {
    Told {
        source: source.into(),
        own,
        note: note.to_text().into_bytes(),
    }
}

fn leaf(number: u32) -> Vec<u8> {
    let mut generator = StdRng::seed_from_u64(number.into());
    let seed = Seed::new([9; 32]);
    let mut digest = [0; 32];
    digest[..4].copy_from_slice(&number.to_be_bytes());
    let cell = Cell::new((number % 33) as u8);
    let ahead = Ahead::draw(&seed, &mut generator);
    Leaf::prove(ahead, &CONTEXT, &digest, cell, &seed)
        .as_bytes()
        .to_vec()
}

/// Leaves with proofs, made once for all tests.
fn leaves(count: usize) -> Vec<Vec<u8>> {
    static LEAVES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    LEAVES.get_or_init(|| (0..768).map(leaf).collect())[..count].to_vec()
}

/// Tiles of entries that nobody looks into.
fn blanks(from: u32, count: u32) -> Vec<Vec<u8>> {
    (from..from + count)
        .map(|n| n.to_be_bytes().to_vec())
        .collect()
}

fn shape(tick_ms: u64, since: u64) -> Vec<u8> {
    let text = LogShape {
        origin: ORIGIN.parse().unwrap(),
        tick_ms,
        tiles: 1,
        schema: SCHEMA,
        report_key: [5; 32],
        since: TreeSize(since),
    }
    .to_text();
    let line = signer().sign(&text).unwrap();
    SignedNote::new(text, vec![line])
        .unwrap()
        .to_text()
        .into_bytes()
}

/// A monitor of one log.
struct Monitor {
    memory: Memory,
    shelf: Table,
    policy: Policy,
    shape: Option<Vec<u8>>,
    closed: Option<Vec<u8>>,
    /// The origin that follows, as the last look had it.
    next: Option<portcullis_tlog::checkpoint::Origin>,
}

impl Monitor {
    fn new() -> Self {
        Self {
            memory: Memory::new(signer().vkey(), [4; 32]).unwrap(),
            shelf: Table::default(),
            policy: policy(),
            shape: Some(shape(TICK_S * 1000, 0)),
            closed: None,
            next: None,
        }
    }

    fn look(&mut self, log: &Log, told: &[Told], now: u64) -> Vec<Finding> {
        let watch = Watch {
            policy: &self.policy,
            now,
            allowance_s: 60,
            tick_ms: None,
        };
        let sight = Sight {
            tiles: &FileTiles(log),
            told,
            missing: told.is_empty(),
            shape: self.shape.as_deref(),
            closed: self.closed.as_deref(),
        };
        // Everything here is to survive being written down.
        self.memory = Memory::load(&self.memory.save()).unwrap();
        let looked = self.memory.observe(&watch, &sight).unwrap();
        self.next = looked.next;
        looked.findings
    }

    fn walk(&mut self, log: &Log) -> Vec<Finding> {
        let mut generator = StdRng::seed_from_u64(1);
        let (from, to) = (
            self.memory.walked().0 / 256,
            self.memory.newest().unwrap().size.0 / 256,
        );
        let mut checked = Vec::new();
        for index in from..to {
            let path = portcullis_tlog::tile::EntryTile::new(index, 256)
                .unwrap()
                .path();
            let bytes = log.file(&path).unwrap();
            assert!(bytes.len() <= BUNDLE_BYTES_MAX);
            let entries = portcullis_tlog::tile::decode_bundle(&bytes).unwrap();
            checked.push(check_bundle(
                &CONTEXT,
                index * 256,
                &entries,
                &mut generator,
            ));
        }
        self.memory.absorb(&checked, log, &self.shelf).unwrap()
    }
}

fn codes(findings: &[Finding]) -> Vec<Code> {
    findings.iter().map(|finding| finding.code).collect()
}

/// A log of so many blank leaves, looked at once.
fn seen_once(count: u32) -> (Log, Monitor) {
    let (mut log, mut monitor) = (Log::new(), Monitor::new());
    log.grow(&blanks(0, count));
    let findings = monitor.look(&log, &[log.told(START)], START + 1);
    assert_eq!(codes(&findings), [], "{findings:?}");
    (log, monitor)
}

#[test]
fn a_log_that_keeps_its_word_gives_nothing_to_find() {
    let (mut log, mut monitor) = (Log::new(), Monitor::new());
    for (tick, entries) in (1..).zip(leaves(768).chunks(256)) {
        log.grow(entries);
        let at = START + tick * TICK_S;
        let mut all = monitor.look(&log, &[log.told(at)], at + 30);
        all.extend(monitor.walk(&log));
        assert_eq!(codes(&all), [], "{all:?}");
    }
    assert_eq!(monitor.memory.ticks(), 3);
    assert_eq!(monitor.memory.walked(), TreeSize(768));
    assert_eq!(monitor.memory.seen().len(), 768);
    assert_eq!(monitor.memory.grew_at(), Some(START + 3 * TICK_S));
}

#[test]
fn a_fork_of_the_same_size_is_two_notes() {
    let (log, mut monitor) = seen_once(512);
    let mut fork = Log::new();
    fork.grow(&blanks(1000, 512));
    let findings = monitor.look(&fork, &[fork.told(START)], START + 2);
    assert_eq!(codes(&findings), [Code::SplitView]);
    let evidence = &findings[0].evidence;
    assert_eq!(
        evidence.notes,
        [
            log.cosigned(START).to_text(),
            fork.cosigned(START).to_text()
        ]
    );
    // What was first heard stays believed, and the fork is found again.
    assert_eq!(monitor.memory.newest(), Some(&log.checkpoint()));
    assert_eq!(
        codes(&monitor.look(&fork, &[fork.told(START)], START + 3)),
        [Code::SplitView]
    );
}

#[test]
fn a_fork_that_grew_shows_where_it_began_otherwise() {
    let (_, mut monitor) = seen_once(512);
    let mut fork = Log::new();
    fork.grow(&blanks(0, 256));
    fork.grow(&blanks(1000, 512));
    let findings = monitor.look(&fork, &[fork.told(START + TICK_S)], START + TICK_S);
    assert_eq!(codes(&findings), [Code::SplitView]);
    let tree = findings[0].evidence.tree.clone().unwrap();
    assert_eq!(
        (tree.old_size, tree.new_size),
        (TreeSize(512), TreeSize(768))
    );
    assert_eq!(tree.verify(), Ok(()));
    // The evidence itself is checked, not believed.
    let honest = Tree {
        old_root: tree.found_root,
        ..tree.clone()
    };
    assert!(honest.verify().is_err());
    let mut other = tree;
    other.consistency[0].0[0] ^= 1;
    assert!(other.verify().is_err());
    let json = findings[0].to_json();
    assert_eq!(json["evidence"]["notes"].as_array().unwrap().len(), 2);
    assert_eq!(json["evidence"]["tree"]["old_size"], 512);
}

#[test]
fn what_others_were_told_is_held_against_what_the_log_shows() {
    let (mut log, mut monitor) = seen_once(512);
    let mut fork = Log::new();
    fork.grow(&blanks(0, 256));
    let shared = fork.cosigned(START - TICK_S);
    fork.grow(&blanks(1000, 256));
    let forked = fork.cosigned(START);
    log.grow(&blanks(512, 256));
    let own = log.told(START + TICK_S);
    let now = START + TICK_S + 1;
    // The common beginning is no fork; the other story is.
    let honest = [own.clone(), told("uni", false, &shared)];
    assert_eq!(codes(&monitor.look(&log, &honest, now)), []);
    let both = [own, told("a journalist", false, &forked)];
    let findings = monitor.look(&log, &both, now);
    assert_eq!(codes(&findings), [Code::SplitView]);
    assert!(findings[0].message.contains("a journalist"));
    assert_eq!(findings[0].evidence.tree.as_ref().unwrap().verify(), Ok(()));
}

#[test]
fn a_story_that_is_ahead_is_compared_when_the_log_gets_there() {
    let (mut log, mut monitor) = seen_once(256);
    let mut fork = log.clone();
    fork.grow(&blanks(1000, 256));
    let ahead = told("uni", false, &fork.cosigned(START + TICK_S));
    let now = START + TICK_S + 5;
    assert_eq!(
        codes(&monitor.look(&log, &[log.told(START), ahead], now)),
        []
    );
    log.grow(&blanks(256, 512));
    let findings = monitor.look(&log, &[log.told(now + TICK_S)], now + TICK_S);
    assert_eq!(codes(&findings), [Code::SplitView]);
}

#[test]
fn a_log_that_holds_back_what_was_cosigned_is_found() {
    let (log, mut monitor) = seen_once(256);
    let mut more = log.clone();
    more.grow(&blanks(256, 256));
    let ahead = told("uni", false, &more.cosigned(START + 1));
    let late = START + 3 * TICK_S;
    let findings = monitor.look(&log, &[log.told(START), ahead], late);
    assert_eq!(codes(&findings), [Code::Rollback, Code::Silence]);
}

#[test]
fn a_log_that_shrinks_or_goes_is_rolled_back_unless_it_says_that_it_is_closed() {
    let (_, mut monitor) = seen_once(512);
    let mut old = Log::new();
    old.grow(&blanks(0, 256));
    let findings = monitor.look(&old, &[old.told(START)], START + 1);
    assert_eq!(codes(&findings), [Code::Rollback]);
    assert_eq!(findings[0].evidence.notes.len(), 2);
    assert_eq!(codes(&monitor.look(&old, &[], START + 1)), [Code::Rollback]);
    let notice = closing(512, Log::grown(512).builder.root());
    monitor.closed = Some(notice.clone().into_bytes());
    let findings = monitor.look(&old, &[old.told(START)], START + 99_999);
    assert_eq!(
        codes(&findings),
        [Code::Closed],
        "silence is its right then"
    );
    let mut more = Log::new();
    more.grow(&blanks(0, 768));
    let findings = monitor.look(&more, &[more.told(START + TICK_S)], START + TICK_S);
    assert_eq!(codes(&findings), [Code::Closed, Code::ShapeBroken]);
    let (_, mut monitor) = seen_once(512);
    monitor.closed = Some(notice.replace("512", "513").into_bytes());
    let findings = monitor.look(&old, &[old.told(START)], START + 1);
    assert_eq!(codes(&findings), [Code::BadSignature, Code::Rollback]);
}

/// A notice that the log closed with this tree.
fn closing(size: u64, root: portcullis_tlog::hash::Hash) -> String {
    let text = format!("portcullis/log-closed/v1\n{ORIGIN}\n{size}\n{root}\n{NEXT}\n");
    let line = signer().sign(&text).unwrap();
    SignedNote::new(text, vec![line]).unwrap().to_text()
}

#[test]
fn a_closing_notice_excuses_no_rollback() {
    let old = Log::grown(256);
    let (seen, mut monitor) = seen_once(512);
    monitor.closed = Some(closing(256, old.builder.root()).into_bytes());
    let rolled_back = [Code::Closed, Code::Rollback, Code::Rollback];
    let findings = monitor.look(&old, &[old.told(START)], START + 1);
    assert_eq!(codes(&findings), rolled_back);
    let note = String::from_utf8(seen.told(START).note).unwrap();
    assert_eq!(findings[1].evidence.notes[0], note);
    assert!(findings[1].evidence.notes[1].starts_with("portcullis/log-closed/v1\n"));
    assert_eq!(codes(&monitor.look(&old, &[], START + 1)), rolled_back);
    // What others were shown counts as well, though we never saw it.
    let mut monitor = seen_once(256).1;
    monitor.closed = Some(closing(256, old.builder.root()).into_bytes());
    let mut witnessed = seen.told(START);
    witnessed.own = false;
    let findings = monitor.look(&old, &[old.told(START), witnessed], START + 1);
    assert_eq!(codes(&findings), [Code::Closed, Code::Rollback]);
}

#[test]
fn a_closing_notice_with_another_root_is_a_split_view() {
    let (log, mut monitor) = seen_once(512);
    monitor.closed = Some(closing(512, Log::grown(256).builder.root()).into_bytes());
    let findings = monitor.look(&log, &[log.told(START)], START + 1);
    assert_eq!(codes(&findings), [Code::Closed, Code::SplitView]);
    assert_eq!(findings[1].evidence.notes.len(), 2);
}

#[test]
fn a_closing_notice_names_the_log_to_be_watched_next() {
    let (log, mut monitor) = seen_once(512);
    assert_eq!(monitor.next, None);
    monitor.closed = Some(closing(512, log.builder.root()).into_bytes());
    let findings = monitor.look(&log, &[log.told(START)], START + 1);
    assert_eq!(codes(&findings), [Code::Closed]);
    assert!(
        findings[0]
            .message
            .ends_with(&format!("that `{NEXT}` follows it"))
    );
    assert_eq!(monitor.next.as_ref().unwrap().as_str(), NEXT);
}

#[test]
fn silence_is_told_with_its_length_after_the_tick_and_the_allowance() {
    let (log, mut monitor) = seen_once(256);
    let told = [log.told(START)];
    assert_eq!(codes(&monitor.look(&log, &told, START + TICK_S + 60)), []);
    let findings = monitor.look(&log, &told, START + TICK_S + 61);
    assert_eq!(codes(&findings), [Code::Silence]);
    assert!(
        findings[0].message.contains("661 s"),
        "{}",
        findings[0].message
    );
}

#[test]
fn ticks_that_never_came_between_two_looks_are_told_by_the_size() {
    let (mut log, mut monitor) = seen_once(256);
    log.grow(&blanks(256, 512));
    let at = START + 5 * TICK_S;
    let findings = monitor.look(&log, &[log.told(at)], at + 1);
    assert_eq!(codes(&findings), [Code::Silence]);
    let message = &findings[0].message;
    assert!(
        message.contains("had 2 ticks in 3000 s: it was silent for 1800 s"),
        "{message}"
    );
    log.grow(&blanks(768, 256 * 6));
    let at = at + 6 * TICK_S + 30;
    assert_eq!(codes(&monitor.look(&log, &[log.told(at)], at + 1)), []);
}

#[test]
fn the_shape_is_held_to() {
    let (mut log, mut monitor) = seen_once(256);
    // Two ticks' worth too fast for the time between the cosignatures.
    log.grow(&blanks(256, 256 * 4));
    let findings = monitor.look(&log, &[log.told(START + 5)], START + 5);
    assert_eq!(codes(&findings), [Code::ShapeBroken], "{findings:?}");
    assert_eq!(findings[0].evidence.notes.len(), 3);
    // Half a tile is no tick.
    let (mut log, mut monitor) = seen_once(256);
    log.grow(&blanks(256, 100));
    let findings = monitor.look(&log, &[log.told(START + TICK_S)], START + TICK_S);
    assert_eq!(codes(&findings), [Code::ShapeBroken]);
}

#[test]
fn a_shape_changes_with_notice_or_against_its_word() {
    let (log, mut monitor) = seen_once(256);
    let told = [log.told(START)];
    monitor.shape = Some(shape(60_000, 0));
    let findings = monitor.look(&log, &told, START + 1);
    assert_eq!(codes(&findings), [Code::ShapeBroken]);
    assert!(findings[0].message.contains("600000 ms → 60000 ms"));
    monitor.shape = Some(shape(60_000, 512));
    assert_eq!(codes(&monitor.look(&log, &told, START + 1)), [Code::Shape]);
    assert_eq!(
        codes(&monitor.look(&log, &told, START + 1)),
        [],
        "it is known now"
    );
    monitor.shape = None;
    assert_eq!(codes(&monitor.look(&log, &told, START + 1)), [Code::Shape]);
    let mut forged = shape(60_000, 512);
    forged[60] ^= 1;
    monitor.shape = Some(forged);
    assert_eq!(
        codes(&monitor.look(&log, &told, START + 1)),
        [Code::BadSignature]
    );
    let mut fresh = Monitor::new();
    fresh.shape = None;
    assert_eq!(codes(&fresh.look(&log, &told, START + 1)), [Code::NoShape]);
}

#[test]
fn a_checkpoint_without_witnesses_is_not_believed() {
    let (mut log, mut monitor) = seen_once(256);
    log.grow(&blanks(256, 256));
    let alone = log.checkpoint().sign(&signer()).unwrap();
    let findings = monitor.look(&log, &[told("the log", true, &alone)], START + 1);
    assert_eq!(codes(&findings), [Code::Unwitnessed]);
    assert_eq!(monitor.memory.newest().unwrap().size, TreeSize(256));
    let forged = log
        .cosigned(START)
        .to_text()
        .replacen("\n512\n", "\n256\n", 1);
    let forged = Told {
        source: "the log".into(),
        own: true,
        note: forged.into_bytes(),
    };
    let findings = monitor.look(&log, &[forged], START + 1);
    assert_eq!(codes(&findings), [Code::BadSignature]);
    assert_eq!(
        codes(&monitor.look(
            &log,
            &[Told {
                source: String::new(),
                own: true,
                note: vec![0xff]
            }],
            START
        )),
        [Code::BadSignature]
    );
}

#[test]
fn tiles_that_do_not_make_the_signed_tree_accuse_nobody_of_a_fork() {
    let (mut log, mut monitor) = seen_once(256);
    log.grow(&blanks(256, 256));
    let told = [log.told(START + TICK_S)];
    let mut swapped = log.clone();
    let tile = swapped.files.get_mut("tile/1/000.p/2").unwrap();
    tile[40] ^= 1;
    assert_eq!(
        codes(&monitor.look(&swapped, &told, START + TICK_S)),
        [Code::BadTile]
    );
    let mut gone = log.clone();
    gone.files.retain(|path, _| !path.starts_with("tile/1"));
    assert_eq!(
        codes(&monitor.look(&gone, &told, START + TICK_S)),
        [Code::BadTile]
    );
    assert_eq!(codes(&monitor.look(&log, &told, START + TICK_S)), []);
}

#[test]
fn a_commitment_that_comes_again_is_shown_with_both_its_places() {
    let mut entries = leaves(512);
    let copy = entries[7].clone();
    entries[300] = copy;
    let (mut log, mut monitor) = (Log::new(), Monitor::new());
    log.grow(&entries);
    assert_eq!(codes(&monitor.look(&log, &[log.told(START)], START)), []);
    let findings = monitor.walk(&log);
    assert_eq!(codes(&findings), [Code::RepeatedCommitment]);
    let places: Vec<_> = findings[0]
        .evidence
        .leaves
        .iter()
        .map(|leaf| leaf.index)
        .collect();
    assert_eq!(places, [7, 300]);
    let proof = findings[0].evidence.leaves[1].proof.as_ref().unwrap();
    let proof: portcullis_tlog::proof::TlogProof = proof.parse().unwrap();
    assert_eq!(proof.index().0, 300);
}

#[test]
fn a_false_proof_is_named_by_its_leaf() {
    let mut entries = leaves(256);
    entries[17][700] ^= 1;
    entries[18][0] = 0;
    entries[19] = b"no leaf at all".to_vec();
    let (mut log, mut monitor) = (Log::new(), Monitor::new());
    log.grow(&entries);
    monitor.look(&log, &[log.told(START)], START);
    let findings = monitor.walk(&log);
    assert_eq!(codes(&findings), [Code::BadProof; 3]);
    let places: Vec<_> = findings
        .iter()
        .map(|one| one.evidence.leaves[0].index)
        .collect();
    assert_eq!(places, [17, 18, 19]);
    assert_eq!(
        monitor.memory.walked(),
        TreeSize(256),
        "they are in the tree, and it goes on"
    );
}

#[test]
fn entries_that_are_not_in_the_signed_tree_are_not_taken_in() {
    let (mut log, mut monitor) = (Log::new(), Monitor::new());
    log.grow(&leaves(512));
    monitor.look(&log, &[log.told(START)], START);
    let mut other = log.clone();
    let mut entries = leaves(512);
    entries.swap(1, 2);
    other.files.insert(
        "tile/entries/000".into(),
        encode_bundle(&entries[..256]).unwrap(),
    );
    assert_eq!(codes(&monitor.walk(&other)), [Code::BadTile]);
    assert_eq!(monitor.memory.walked(), TreeSize(0));
    assert!(monitor.memory.seen().is_empty());
    assert_eq!(codes(&monitor.walk(&log)), []);
}

#[test]
fn what_was_proved_once_is_remembered_and_told_once() {
    let mut memory = Monitor::new().memory;
    let finding = Finding::new(Code::BadProof, "leaf 7");
    assert!(memory.keep(&finding, 5));
    let mut memory = Memory::load(&memory.save()).unwrap();
    assert!(!memory.keep(&finding, 6));
    let kept = Kept {
        code: Code::BadProof,
        message: "leaf 7".into(),
        since: 5,
    };
    assert_eq!(memory.found(), (&[kept][..], 0));
    for number in 0..FINDINGS_MAX {
        memory.keep(
            &Finding::new(Code::BadProof, format!("leaf é{number}{}", "é".repeat(900))),
            7,
        );
    }
    assert_eq!(
        (memory.found().0.len(), memory.found().1),
        (FINDINGS_MAX, 1)
    );
    assert_eq!(Memory::load(&memory.save()), Ok(memory));
}

#[test]
fn every_code_has_one_text_and_reads_back() {
    for code in Code::ALL {
        assert_eq!(Code::parse(code.as_str()), Some(code));
        assert!(code.as_str().starts_with("monitor."));
        assert!(!code.is_lasting() || code.weight() == Weight::Proof);
    }
    assert_eq!(Code::parse("monitor."), None);
}

#[test]
fn a_memory_is_refused_if_one_bit_of_it_changed() {
    let (_, monitor) = seen_once(512);
    let bytes = monitor.memory.save();
    assert_eq!(Memory::load(&bytes), Ok(monitor.memory));
    for at in (0..bytes.len()).step_by(7) {
        let mut other = bytes.clone();
        other[at] ^= 0x10;
        assert!(Memory::load(&other).is_err(), "byte {at}");
    }
    assert!(Memory::load(&bytes[..bytes.len() - 1]).is_err());
    assert!(Memory::load(&[&bytes[..], &[0]].concat()).is_err());
}

proptest! {
    #[test]
    fn loading_never_panics(tail in proptest::collection::vec(any::<u8>(), 0..600), at in 0_usize..2000, cut in 0_usize..2000) {
        let bytes = seen_once(256).1.memory.save();
        let mut other = bytes.clone();
        let at = at.min(other.len());
        other.splice(at..(at + tail.len()).min(bytes.len()), tail);
        other.truncate(cut.max(24));
        if let Ok(memory) = Memory::load(&other) {
            prop_assert_eq!(memory.save(), other);
        }
    }

    #[test]
    fn a_shape_that_parses_prints_the_same(
        tick in "0?[0-9]{1,7}", tiles in "[0-9]{1,3}", hex in "[0-9a-fA]{64}", since in "0?[0-9]{1,4}", tail in "\n?",
    ) {
        let text = format!("portcullis/log-shape/v1\n{ORIGIN}\ntick {tick}\ntiles {tiles}\nschema {hex}\nreport-key BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU=\nsince {since}\n{tail}");
        if let Ok(shape) = LogShape::parse(&text) {
            prop_assert_eq!(shape.to_text(), text);
            prop_assert!(shape.tick_ms > 0 && shape.tiles > 0);
        }
    }

    #[test]
    fn reading_a_shape_never_panics(text in "\\PC{0,40}(\ntick [0-9x]{0,22}\ntiles [0-9]{0,12})?\n?") {
        let _ = LogShape::parse(&text);
        let _ = LogShape::parse(&format!("portcullis/log-shape/v1\n{text}"));
    }
}
