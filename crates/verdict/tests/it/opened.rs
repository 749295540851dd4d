//! Opened dockets, checked by anybody, and every lie about one.

use crate::{
    inspection::{ORIGIN, accepted, blinding, leaf},
    kit::{WITNESSES, World, at, member, order, seed},
};
use portcullis_ballot::{Cell, Salt};
use portcullis_core::docket::Docket;
use portcullis_tlog::{
    note::{NoteSigner, VerifierKey},
    policy::{CosignedCheckpoint, Policy},
    proof::TlogProof,
    tree::LeafIndex,
};
use portcullis_verdict::{
    docket,
    opened::{Index, Listed, Opened, OpenedError, Signed, path_of},
    schema,
};

/// The target of the test's order, and other words of it that are nobody's business.
const SECRETS: [&str; 3] = ["u/48151623", "serious_crime", "case_"];

struct Scene {
    world: World,
    opened: Opened,
}

fn key() -> (VerifierKey, [u8; 32]) {
    let seed = seed("mail.example/log");
    let signer = NoteSigner::new(ORIGIN.parse().unwrap(), &seed);
    (signer.vkey(), seed)
}

fn policy(world: &World) -> Policy {
    let text = format!("log {}\n{}", key().0, world.register.witness_policy);
    Policy::parse(text.as_bytes()).unwrap()
}

impl Scene {
    fn new() -> Self {
        Self::of(&accepted(), Some(1))
    }

    fn of(docket: &Docket, cell: Option<u8>) -> Self {
        let mut world = World::new();
        let mut story = world.case(1, order());
        story.whole();
        let envelope = story.entries[0].envelope.clone();
        assert!(String::from_utf8_lossy(&envelope).len() > 100);
        let bytes = docket::to_bytes(docket);
        let (leaf, opening) = leaf(&mut world, &bytes, &envelope, cell);
        let log = world.log(&member("mail"));
        for number in 0..9_u8 {
            log.push(&[number]);
        }
        let index = log.push(leaf.as_bytes());
        log.push(b"after");
        let note = log.checkpoint(&WITNESSES, at("2026-03-03T11:00:00Z"));
        let proof = TlogProof::new(LeafIndex(index), log.path_to(index), note).unwrap();
        let opened = Opened {
            origin: ORIGIN.parse().unwrap(),
            index,
            docket: opening.docket,
            docket_salt: opening.docket_salt,
            envelope: opening.envelope_salt.digest(&envelope),
            cell: cell.and_then(Cell::new),
            blinding: blinding(&leaf),
            proof,
            leaf,
        };
        Self { world, opened }
    }

    fn cosigned(&self) -> CosignedCheckpoint {
        let note = self.opened.proof.checkpoint();
        policy(&self.world).verify_quorum(note).unwrap()
    }

    /// What becomes of an opening that was changed and signed by the log.
    fn checked(&self, change: impl FnOnce(&mut Opened)) -> Result<Docket, OpenedError> {
        let mut opened = self.opened.clone();
        change(&mut opened);
        let (key, seed) = key();
        let file = opened.sign(key.clone(), seed).to_bytes();
        let signed = Signed::parse(&file)?;
        let checked = signed.check(&key, &self.cosigned(), &schema::builtin())?;
        Ok(checked.docket)
    }
}

#[test]
fn an_opened_docket_is_checked_from_the_file_alone_and_tells_of_no_target() {
    let scene = Scene::new();
    assert_eq!(scene.checked(|_| ()), Ok(accepted()));
    let (key, seed) = key();
    let payload = scene.opened.payload();
    let file = scene.opened.clone().sign(key, seed).to_bytes();
    for bytes in [&file, &payload, &scene.opened.docket] {
        let text = String::from_utf8_lossy(bytes);
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    let path = path_of(&scene.opened.leaf_hash());
    assert_eq!(path.len(), "opened/.json".len() + 64);
}

#[test]
fn every_lie_about_a_docket_is_named() {
    let scene = Scene::new();
    let code = |change: &dyn Fn(&mut Opened)| {
        let refused = scene.checked(|opened| change(opened));
        refused.map_or_else(|error| error.code(), |_| "holds")
    };
    assert_eq!(code(&|_| ()), "holds");
    assert_eq!(code(&|o| o.index += 1), "opened.other_place");
    assert_eq!(
        code(&|o| o.origin = "chat.example/log/live/1".parse().unwrap()),
        "opened.other_place"
    );
    let urgent = Docket {
        urgent: true,
        ..accepted()
    };
    let urgent = docket::to_bytes(&urgent);
    assert_eq!(
        code(&|o| o.docket.clone_from(&urgent)),
        "opened.other_docket"
    );
    assert_eq!(
        code(&|o| o.docket_salt = Salt([1; 32])),
        "opened.other_docket"
    );
    assert_eq!(code(&|o| o.envelope[0] ^= 1), "opened.other_docket");
    assert_eq!(code(&|o| o.cell = Cell::new(2)), "opened.other_cell");
    assert_eq!(code(&|o| o.cell = None), "opened.other_cell");
    let other = Scene::of(&accepted(), Some(2));
    assert_eq!(
        code(&|o| o.leaf = other.opened.leaf.clone()),
        "opened.not_included"
    );
}

#[test]
fn a_leaf_that_was_counted_in_another_cell_than_its_own_shows() {
    let wrong = Scene::of(&accepted(), Some(2));
    let expected = OpenedError::WrongCell {
        counted: 2,
        right: 1,
    };
    assert_eq!(wrong.checked(|_| ()), Err(expected));
    let none = Scene::of(&accepted(), None);
    let expected = OpenedError::WrongCell {
        counted: 0,
        right: 1,
    };
    assert_eq!(none.checked(|_| ()), Err(expected));
}

#[test]
fn only_the_log_itself_opens_its_dockets() {
    let scene = Scene::new();
    let (key, _) = key();
    let signed = scene.opened.clone().sign(key.clone(), [9; 32]);
    let check = |signed: &Signed| signed.check(&key, &scene.cosigned(), &schema::builtin());
    assert_eq!(check(&signed).unwrap_err(), OpenedError::Signature);
    let stranger = NoteSigner::new(ORIGIN.parse().unwrap(), &[9; 32]);
    let signed = scene.opened.clone().sign(stranger.vkey(), [9; 32]);
    assert_eq!(check(&signed).unwrap_err(), OpenedError::Signature);
    let error = scene
        .opened
        .clone()
        .sign(key.clone(), seed("mail.example/log"))
        .check(
            &key,
            &scene.cosigned(),
            &portcullis_verdict::schema::Schemas::default(),
        )
        .unwrap_err();
    assert_eq!(error.code(), "opened.unknown_schema");
}

#[test]
fn no_byte_of_a_file_can_be_changed() {
    let scene = Scene::new();
    let (key, seed) = key();
    let file = scene.opened.clone().sign(key.clone(), seed).to_bytes();
    for at in (0..file.len()).step_by(7) {
        let mut bent = file.clone();
        bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
        let checked = Signed::parse(&bent)
            .and_then(|signed| signed.check(&key, &scene.cosigned(), &schema::builtin()));
        assert!(checked.is_err(), "byte {at}");
    }
    for garbage in [&b""[..], b"{}", b"[[", &vec![b' '; 300_000]] {
        assert_eq!(
            Signed::parse(garbage).unwrap_err().code(),
            "opened.malformed"
        );
    }
}

#[test]
fn the_list_of_dockets_is_in_order_and_has_each_once() {
    let listed = |index: u64| Listed {
        path: format!("opened/{index}.json"),
        origin: ORIGIN.into(),
        index,
        opened_at: "2027-03-03T11:00:00Z".into(),
    };
    let mut index = Index::default();
    for number in [300, 2, 70, 2] {
        index.add(listed(number));
    }
    let numbers: Vec<_> = index.opened.iter().map(|one| one.index).collect();
    assert_eq!(numbers, [2, 70, 300]);
    assert_eq!(Index::parse(&index.to_bytes()), Ok(index));
    assert!(Index::parse(b"{\"opened\":[],\"more\":1}").is_err());
}
