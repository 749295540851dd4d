//! Samples: that neither side can choose them, and that a false answer is named.

use crate::kit::{Log, Story, WITNESSES, World, at, key, member, order, seed};

use portcullis_ballot::{Ahead, Blinding, Cell, Context, Leaf, Opening, Salt, Seed};
use portcullis_core::{
    digest::Digest,
    docket::{Docket, Secret, What, dockets_of},
    law::Effect,
    office::Office,
    realm::Realm,
    schema::CellNumber,
    statement::{Event, Inspection, Kind, Look},
};
use portcullis_tlog::{checkpoint::Checkpoint, hash::leaf_hash};
use portcullis_verdict::{
    Against, Bundle, History, Trust,
    cell::{Root, Word},
    docket,
    inspection::{
        Answer, Aside, Believing, Commitment, Drawn, Found, InspectionError, Nonce, Open, Opened,
        Receipt, Record, Sample, Signed, check_answer, check_sample,
    },
    parts::{Contents, Head},
    schema, statement, verify,
};
use std::collections::BTreeMap;

pub(crate) const ORIGIN: &str = "mail.example/log/live/1";

/// Whoever assists in an interception counts it in the first cell of a provider's schema.
pub(crate) fn accepted() -> Docket {
    Docket {
        realm: Realm::live(),
        kind: Kind::Accepted,
        law: "uk-ipa-2016".into(),
        rule: "targeted-interception".into(),
        effect: Effect::Intercept,
        what: What::Order,
        first: true,
        category: None,
        selector: None,
        reason: None,
        urgent: false,
        grant: None,
        secrecy: Secret::NoEndInLaw,
        took: Some(3),
        outcome: None,
        date: "2026-03-03".parse().unwrap(),
    }
}

pub(crate) fn schema_id() -> [u8; 32] {
    schema::builtin().by_name("provider-v1").unwrap().id.0
}

pub(crate) fn ballot_seed() -> Seed {
    Seed::new(seed("mail.example/ballot"))
}

/// A leaf of the company's for a docket of an envelope, counted in a cell.
pub(crate) fn leaf(
    world: &mut World,
    docket: &[u8],
    envelope: &[u8],
    cell: Option<u8>,
) -> (Leaf, Opening) {
    let opening = Opening {
        docket: docket.to_vec(),
        docket_salt: Salt::draw(&mut world.rng),
        envelope_salt: Salt::draw(&mut world.rng),
    };
    let (schema, secret) = (schema_id(), ballot_seed());
    let context = Context {
        origin: ORIGIN,
        schema: &schema,
    };
    let ahead = Ahead::draw(&secret, &mut world.rng);
    let digest = opening.digest(envelope);
    let leaf = Leaf::prove(ahead, &context, &digest, cell.and_then(Cell::new), &secret);
    (leaf, opening)
}

/// The docket of a case's last statement as a whole, which is counted in the first cell.
fn counted(world: &World, story: &Story) -> Vec<u8> {
    let mut growing = verify::Growing::new();
    let mut dockets = Vec::new();
    for entry in &story.entries {
        let parsed = statement::parse(&entry.envelope).unwrap();
        let (said, _) = judged(world, |by| verify::judge_statement(&parsed, entry, by)).unwrap();
        growing.replay(&world.laws, &said).unwrap();
        let basis = growing.grounds().unwrap().basis();
        dockets = dockets_of(&said, growing.case().unwrap(), basis);
    }
    let schemas = schema::builtin();
    let schema = schemas.by_name("provider-v1").unwrap();
    assert_eq!(schema.cell_of(&dockets[0]).map(CellNumber::get), Some(1));
    docket::to_bytes(&dockets[0])
}

fn judged<T>(world: &World, f: impl FnOnce(&Against<'_>) -> T) -> T {
    f(&Against {
        history: &world.history(),
        trust: &world.trust,
        laws: &world.laws,
        realm: &world.realm,
        us: None,
        now: at("2026-03-04T09:00:00Z"),
    })
}

fn cover(world: &mut World) -> Leaf {
    let (schema, secret) = (schema_id(), ballot_seed());
    let context = Context {
        origin: ORIGIN,
        schema: &schema,
    };
    let ahead = Ahead::draw(&secret, &mut world.rng);
    Leaf::cover(ahead, &context, &secret, &mut world.rng)
}

pub(crate) fn blinding(leaf: &Leaf) -> Blinding {
    ballot_seed().blinding(ORIGIN, leaf.digest().try_into().unwrap())
}

/// A company's log of sixteen leaves, three of a case, and a commitment to look at eight of them.
struct Scene {
    world: World,
    story: Story,
    leaves: Vec<(Leaf, Option<Opening>)>,
    nonce: Nonce,
    commitment: Commitment,
    receipt: Receipt,
}

const AT: u64 = 16;

impl Scene {
    fn new() -> Self {
        let mut world = World::new();
        let mut story = world.case(1, order());
        story.whole();
        let items = [1].into();
        story.say(
            "mail",
            "counsel",
            "2026-03-03T09:00:00Z",
            &Event::Accepted { items },
        );
        let said = story.entries.last().unwrap().envelope.clone();
        let bytes = counted(&world, &story);
        let mut leaves: Vec<_> = (0..AT).map(|_| (cover(&mut world), None)).collect();
        for place in [2, 7, 11] {
            let (leaf, opening) = leaf(&mut world, &bytes, &said, Some(1));
            leaves[place] = (leaf, Some(opening));
        }
        let nonce = Nonce::new([5; 32]);
        let commitment = Self::committed(&nonce);
        let receipt = Receipt {
            realm: "live".into(),
            member: member("mail"),
            commitment: Digest([0; 32]),
            origin: ORIGIN.parse().unwrap(),
            size: 4,
            received_at: at("2026-03-03T08:30:00Z"),
        };
        Self {
            world,
            story,
            leaves,
            nonce,
            commitment,
            receipt,
        }
    }

    fn committed(nonce: &Nonce) -> Commitment {
        Commitment {
            realm: "live".into(),
            overseer: member("inspectorate"),
            origin: ORIGIN.parse().unwrap(),
            from: 0,
            at: AT,
            count: 12,
            commitment: nonce.commitment(),
            made_at: at("2026-03-03T08:00:00Z"),
        }
    }

    /// The log, with so many of the leaves.
    fn log(&mut self, size: u64) -> &mut Log {
        let entries: Vec<_> = self
            .leaves
            .iter()
            .map(|(leaf, _)| leaf.as_bytes().to_vec())
            .collect();
        let log = self.world.log(&member("mail"));
        for entry in entries.iter().take(usize::try_from(size).unwrap()) {
            log.push(entry);
        }
        log
    }

    fn sample(&mut self, size: u64, cosigned: &str) -> Signed<Sample> {
        self.sample_by("inspector", size, cosigned)
    }

    fn sample_by(&mut self, inspector: &str, size: u64, cosigned: &str) -> Signed<Sample> {
        let checkpoint = self.log(size).checkpoint(&WITNESSES, at(cosigned));
        let payload = self.commitment.payload();
        let signature = key("inspector").sign(Commitment::PAYLOAD_TYPE, &payload);
        let commitment = self.commitment.signed(signature).unwrap();
        if self.receipt.commitment == Digest([0; 32]) {
            self.receipt.commitment = commitment.digest();
        }
        let payload = self.receipt.payload();
        let signature = key("mail-node").sign(Receipt::PAYLOAD_TYPE, &payload);
        let sample = Sample {
            commitment,
            receipt: self.receipt.signed(signature).unwrap(),
            nonce: self.nonce.clone(),
            checkpoint,
            made_at: at("2026-03-03T12:00:00Z"),
        };
        let signature = key(inspector).sign(Sample::PAYLOAD_TYPE, &sample.payload());
        let signed = sample.signed(signature).unwrap();
        // As it would arrive: through the file's bytes.
        Sample::parse(signed.as_bytes()).unwrap()
    }

    fn check(&self, sample: &Signed<Sample>, first: Option<u64>) -> Result<Drawn, InspectionError> {
        let history: History = self.world.history();
        let believing = Believing {
            history: &history,
            trust: &Trust::default(),
            now: at("2026-03-04T09:00:00Z"),
        };
        check_sample(sample, first, &believing)
    }

    /// What an honest operator answers.
    fn answer(&mut self, sample: &Signed<Sample>, drawn: &Drawn) -> Answer {
        let said = statement::parse(&self.story.entries.last().unwrap().envelope).unwrap();
        let mut answer = Answer::default();
        let mut looked = std::collections::BTreeSet::new();
        for index in &drawn.picks {
            let (leaf, opening) = self.leaves[usize::try_from(*index).unwrap()].clone();
            if opening.is_some() {
                looked.insert(Digest(leaf_hash(leaf.as_bytes()).0));
            }
            let opened = Opened {
                index: *index,
                path: self.world.log(&member("mail")).path_to(*index),
                cell: opening.as_ref().and_then(|_| Cell::new(1)),
                blinding: blinding(&leaf),
                leaf,
                record: opening.map(|opening| Record {
                    case: self.story.id,
                    statement: said.digest,
                    opening: Some(opening),
                }),
                aside: None,
            };
            answer.leaves.insert(*index, opened);
        }
        let event = Event::Inspected(Inspection {
            looker: member("inspectorate"),
            office: Office::Inspector,
            look: Look::Sample {
                sample: sample.digest(),
                leaves: looked,
            },
        });
        let mut story = self.story.clone();
        story.say("mail", "mail-node", "2026-03-03T13:00:00Z", &event);
        let entries = story.entries;
        answer.cases.insert(self.story.id, Bundle { entries });
        answer
    }
}

const LATER: &str = "2026-03-03T11:00:00Z";

fn found(
    world: &World,
    sample: &Signed<Sample>,
    drawn: &Drawn,
    answer: &Answer,
) -> BTreeMap<u64, Found> {
    let head = Head {
        contents: Contents::Answer,
        realm: "live".into(),
        member: member("mail"),
        subject: sample.digest().to_string(),
        made_at: at("2026-03-03T14:00:00Z"),
        parts: Vec::new(),
    };
    // As it would arrive: through the file's parts.
    let answer = Answer::from_parts(&answer.to_parts()).unwrap();
    let check = |head: &Head| {
        let schemas = schema::builtin();
        judged(world, |by| {
            check_answer(head, &answer, sample, drawn, &schemas, by)
        })
    };
    let found = check(&head).unwrap();
    let other = Head {
        member: member("chat"),
        ..head
    };
    assert_eq!(check(&other).unwrap_err().code(), "inspect.other_answer");
    found
        .into_iter()
        .map(|one| {
            let honest = matches!(
                one.found,
                Found::Cover | Found::Shown { .. } | Found::Aside { .. }
            );
            assert!(!one.holds() || honest);
            (one.index, one.found)
        })
        .collect()
}

/// Where roots of a ledger stand: of twelve picks out of sixteen one is among five.
const ASIDES: [u64; 5] = [0, 1, 4, 5, 9];

/// A log in which some leaves are roots of the company's ledger, and what is answered for them.
fn with_asides(signer: &str) -> (Scene, Signed<Sample>, Drawn, Answer, u64) {
    let mut scene = Scene::new();
    let root = Root {
        realm: "live".into(),
        member: member("mail"),
        ledger: "00".repeat(16),
        number: 1,
        previous: None,
        frames: 1,
        records: 3,
        root: leaf_hash(b"frame"),
        made_at: at("2026-03-03T08:10:00Z"),
    };
    let word = Word::sign(&root, &key(signer)).unwrap();
    let mut asides = BTreeMap::new();
    for place in ASIDES {
        let (leaf, opening) = leaf(&mut scene.world, b"{}", word.as_bytes(), None);
        scene.leaves[usize::try_from(place).unwrap()] = (leaf, None);
        asides.insert(place, opening);
    }
    let sample = scene.sample(AT, LATER);
    let drawn = scene.check(&sample, Some(AT)).unwrap();
    let mut answer = scene.answer(&sample, &drawn);
    for (index, opened) in &mut answer.leaves {
        opened.aside = asides.remove(index).map(|opening| Aside {
            envelope: word.as_bytes().to_vec(),
            opening,
        });
    }
    let picked = ASIDES.into_iter().find(|place| drawn.picks.contains(place));
    (scene, sample, drawn, answer, picked.unwrap())
}

#[test]
fn a_root_of_the_cells_ledger_is_opened_like_every_other_leaf() {
    let (scene, sample, drawn, mut answer, picked) = with_asides("mail-node");
    let check = |answer: &Answer| found(&scene.world, &sample, &drawn, answer)[&picked].clone();
    assert_eq!(
        check(&answer),
        Found::Aside {
            what: "root of a ledger"
        }
    );
    let opened = answer.leaves.get_mut(&picked).unwrap();
    opened.aside.as_mut().unwrap().opening.envelope_salt.0[0] ^= 1;
    assert!(matches!(check(&answer), Found::False(_)));
}

#[test]
fn a_root_that_somebody_else_signed_is_none_of_the_operators() {
    let (scene, sample, drawn, answer, picked) = with_asides("inspector");
    let found = found(&scene.world, &sample, &drawn, &answer);
    assert!(
        matches!(found[&picked], Found::False(_)),
        "{:?}",
        found[&picked]
    );
}

#[test]
fn an_honest_answer_opens_every_leaf_that_was_picked() {
    let mut scene = Scene::new();
    let sample = scene.sample(AT, LATER);
    let drawn = scene.check(&sample, Some(AT)).unwrap();
    assert_eq!(
        (drawn.operator.as_str(), drawn.picks.len()),
        ("mail.example", 12)
    );
    let answer = scene.answer(&sample, &drawn);
    for (index, found) in found(&scene.world, &sample, &drawn, &answer) {
        let expected = if [2, 7, 11].contains(&index) {
            Found::Shown {
                cell: Some(1),
                case: scene.story.id,
                kind: "accepted",
                recorded: true,
            }
        } else {
            Found::Cover
        };
        assert_eq!(found, expected, "leaf {index}");
    }
}

#[test]
fn neither_side_can_choose_what_is_picked() {
    let code = |change: fn(&mut Scene), size: u64, cosigned: &str, first: Option<u64>| {
        let mut scene = Scene::new();
        change(&mut scene);
        let sample = scene.sample(size, cosigned);
        scene
            .check(&sample, first)
            .map_or_else(|error| error.code(), |_| "holds")
    };
    let plain = |_: &mut Scene| {};
    assert_eq!(code(plain, AT, LATER, Some(AT)), "holds");
    assert_eq!(code(plain, AT, LATER, None), "holds");
    // Another nonce than the one committed to.
    let nonce = |scene: &mut Scene| scene.nonce = Nonce::new([6; 32]);
    assert_eq!(code(nonce, AT, LATER, None), "inspect.nonce");
    // A checkpoint of before: too small, or cosigned before the commitment came.
    assert_eq!(code(plain, AT - 1, LATER, None), "inspect.not_later");
    assert_eq!(
        code(plain, AT, "2026-03-03T08:29:59Z", None),
        "inspect.not_later"
    );
    // One of several that are large enough.
    assert_eq!(code(plain, AT, LATER, Some(AT + 1)), "inspect.not_first");
    // A commitment that came when the root was known.
    let late = |scene: &mut Scene| scene.receipt.size = AT;
    assert_eq!(code(late, AT, LATER, None), "inspect.too_late");
    // A receipt for another commitment, or somebody else's.
    let other = |scene: &mut Scene| scene.receipt.commitment = Digest([1; 32]);
    assert_eq!(code(other, AT, LATER, None), "inspect.apart");
    let chat = |scene: &mut Scene| scene.receipt.member = member("chat");
    assert_eq!(code(chat, AT, LATER, None), "inspect.apart");
    let nobody = |scene: &mut Scene| scene.commitment.origin = "x.example/log/1".parse().unwrap();
    assert_eq!(code(nobody, AT, LATER, None), "inspect.unknown_log");
    let realm = |scene: &mut Scene| scene.commitment.realm = "exercise-x".into();
    assert_eq!(code(realm, AT, LATER, None), "inspect.apart");
    // Whoever is no overseer's inspector looks at nothing.
    let mail = |scene: &mut Scene| scene.commitment.overseer = member("mail");
    assert_eq!(code(mail, AT, LATER, None), "signature.unknown_key");
    let mut scene = Scene::new();
    let sample = scene.sample_by("counsel", AT, LATER);
    assert_eq!(
        scene.check(&sample, None).unwrap_err().code(),
        "signature.unknown_key"
    );
}

#[test]
fn an_overseer_has_one_commitment_a_draw_and_eight_that_are_open() {
    let commitment = |at: u64, nonce: u8| {
        let nonce = Nonce::new([nonce; 32]);
        let commitment = Commitment {
            at,
            commitment: nonce.commitment(),
            ..Scene::committed(&nonce)
        };
        let payload = commitment.payload();
        let signature = key("inspector").sign(Commitment::PAYLOAD_TYPE, &payload);
        commitment.signed(signature).unwrap()
    };
    let mut open = Open::default();
    let mut admit = |at: u64, nonce: u8, size: u64| {
        // As it would be kept.
        open = Open::parse(&open.to_bytes()).unwrap();
        let reached = |origin: &str, at: u64| -> Result<bool, InspectionError> {
            assert_eq!(origin, ORIGIN);
            Ok(at <= size)
        };
        let admitted = open.admit(&commitment(at, nonce), reached);
        admitted.map_or_else(|error| error.code(), |()| "admitted")
    };
    assert_eq!(admit(16, 1, 4), "admitted");
    assert_eq!(admit(16, 1, 4), "admitted");
    assert_eq!(admit(16, 2, 4), "inspect.second_commitment");
    for at in 17..24 {
        assert_eq!(admit(at, 1, 4), "admitted");
    }
    assert_eq!(admit(24, 1, 4), "inspect.too_many");
    assert_eq!(admit(23, 2, 4), "inspect.second_commitment");
    // What the log has reached is open no longer.
    assert_eq!(admit(24, 1, 16), "admitted");
    assert_eq!(admit(25, 1, 16), "inspect.too_many");
}

#[test]
fn the_picks_change_with_the_root_and_with_the_nonce() {
    let picks = |nonce: u8, twist: bool| {
        let mut scene = Scene::new();
        scene.nonce = Nonce::new([nonce; 32]);
        scene.commitment.commitment = scene.nonce.commitment();
        if twist {
            // One cover leaf more or less: an operator's grinding.
            scene.leaves[15].0 = cover(&mut scene.world);
        }
        let sample = scene.sample(AT, LATER);
        scene.check(&sample, None).unwrap().picks
    };
    assert_eq!(picks(5, false), picks(5, false));
    assert_ne!(picks(5, false), picks(6, false));
    assert_ne!(picks(5, false), picks(5, true));
}

#[test]
fn said_to_be_erased_is_no_answer_whatever_case_is_named() {
    let mut scene = Scene::new();
    scene.commitment.count = 100;
    let sample = scene.sample(AT, LATER);
    let drawn = scene.check(&sample, None).unwrap();
    let mut answer = scene.answer(&sample, &drawn);
    let elsewhere = "case_00000000000000000000000000000001".parse().unwrap();
    let named = [(7, scene.story.id), (11, elsewhere)];
    for (index, named) in named {
        let record = answer.leaves.get_mut(&index).unwrap().record.as_mut();
        let record = record.unwrap();
        (record.case, record.opening) = (named, None);
    }
    // `found` sees to it that neither holds.
    let found = found(&scene.world, &sample, &drawn, &answer);
    let said = statement::parse(&scene.story.entries.last().unwrap().envelope).unwrap();
    for (index, case) in named {
        let erased = Found::Erased {
            cell: Some(1),
            case,
            statement: said.digest,
        };
        assert_eq!(found[&index], erased);
    }
    assert!(matches!(found[&2], Found::Shown { recorded: true, .. }));
}

#[test]
fn every_false_answer_is_named_with_its_leaf() {
    let mut scene = Scene::new();
    // Every leaf, so that each lie is about one that is picked.
    scene.commitment.count = 100;
    let sample = scene.sample(AT, LATER);
    let drawn = scene.check(&sample, None).unwrap();
    let honest = scene.answer(&sample, &drawn);
    let lie = |change: &dyn Fn(&mut Answer)| {
        let mut answer = honest.clone();
        change(&mut answer);
        found(&scene.world, &sample, &drawn, &answer)
    };
    let named = |at: u64, words: &str, change: &dyn Fn(&mut Answer)| {
        for (index, found) in lie(change) {
            match found {
                Found::False(why) => {
                    assert_eq!(index, at, "{why}");
                    assert!(why.contains(words), "{why}");
                }
                _ => assert_ne!(index, at, "nothing was found: {found:?}"),
            }
        }
    };
    let unanswered = lie(&|answer| drop(answer.leaves.remove(&3)));
    assert_eq!(unanswered[&3], Found::Unanswered);
    // A counted leaf passed off as cover.
    named(7, "does not open", &|answer| {
        let one = answer.leaves.get_mut(&7).unwrap();
        (one.cell, one.record) = (None, None);
    });
    named(7, "nothing that it stands for is shown", &|answer| {
        answer.leaves.get_mut(&7).unwrap().record = None;
    });
    // Another cell than it counts.
    named(7, "does not open", &|answer| {
        answer.leaves.get_mut(&7).unwrap().cell = Cell::new(2);
    });
    // Another leaf in its place.
    named(7, "not the entry at 7", &|answer| {
        let other = answer.leaves[&11].clone();
        answer.leaves.insert(7, Opened { index: 7, ..other });
    });
    // A statement that is not shown, or another's.
    named(7, "is not shown", &|answer| {
        let record = answer.leaves.get_mut(&7).unwrap().record.as_mut().unwrap();
        record.statement = Digest([1; 32]);
    });
    let draft = statement::parse(&scene.story.entries[0].envelope)
        .unwrap()
        .digest;
    named(7, "another member's", &|answer| {
        let record = answer.leaves.get_mut(&7).unwrap().record.as_mut().unwrap();
        record.statement = draft;
    });
    // Another docket than the leaf was made of.
    named(7, "does not open to this statement", &|answer| {
        let record = answer.leaves.get_mut(&7).unwrap().record.as_mut().unwrap();
        let urgent = Docket {
            urgent: true,
            ..accepted()
        };
        record.opening.as_mut().unwrap().docket = docket::to_bytes(&urgent);
    });
    let case = scene.story.id;
    // A case that does not tell of the look.
    let untold = lie(&|answer| {
        answer.cases.get_mut(&case).unwrap().entries.pop();
    });
    assert!(matches!(
        untold[&7],
        Found::Shown {
            recorded: false,
            ..
        }
    ));
}

#[test]
fn a_leaf_in_the_wrong_cell_is_found_when_it_is_opened() {
    let mut scene = Scene::new();
    scene.commitment.count = 100;
    let said = scene.story.entries.last().unwrap().envelope.clone();
    let bytes = counted(&scene.world, &scene.story);
    for (place, cell) in [(2, Some(9)), (7, None)] {
        let (leaf, opening) = leaf(&mut scene.world, &bytes, &said, cell);
        scene.leaves[place] = (leaf, Some(opening));
    }
    let sample = scene.sample(AT, LATER);
    let drawn = scene.check(&sample, None).unwrap();
    let mut answer = scene.answer(&sample, &drawn);
    answer.leaves.get_mut(&2).unwrap().cell = Cell::new(9);
    answer.leaves.get_mut(&7).unwrap().cell = None;
    let found = found(&scene.world, &sample, &drawn, &answer);
    for (index, counts) in [(2, 9), (7, 0)] {
        let why = format!("its docket belongs to cell 1, and it counts in {counts} (0 is none)");
        assert_eq!(found[&index], Found::False(why));
    }
    assert!(matches!(found[&11], Found::Shown { .. }));
}

#[test]
fn a_docket_that_the_statement_does_not_have_is_found_though_cell_and_schema_agree() {
    let mut scene = Scene::new();
    scene.commitment.count = 100;
    let said = scene.story.entries.last().unwrap().envelope.clone();
    // Under another law than the case's it counts nowhere: leaf, docket and cell fit together.
    let elsewhere = Docket {
        law: "us-sca".into(),
        ..accepted()
    };
    let schemas = schema::builtin();
    let schema = schemas.by_name("provider-v1").unwrap();
    let cell = schema.cell_of(&elsewhere).map(CellNumber::get);
    let bytes = docket::to_bytes(&elsewhere);
    let (hidden, opening) = leaf(&mut scene.world, &bytes, &said, cell);
    scene.leaves[7] = (hidden, Some(opening));
    let sample = scene.sample(AT, LATER);
    let drawn = scene.check(&sample, None).unwrap();
    let mut answer = scene.answer(&sample, &drawn);
    answer.leaves.get_mut(&7).unwrap().cell = cell.and_then(Cell::new);
    let found = found(&scene.world, &sample, &drawn, &answer);
    let why = "its docket is none that the statement has";
    assert_eq!(found[&7], Found::False(why.into()));
    assert!(matches!(found[&2], Found::Shown { .. }));
}

#[test]
fn documents_are_read_in_their_one_form() {
    let mut scene = Scene::new();
    let sample = scene.sample(AT, LATER);
    let commitment = &sample.says().commitment;
    let text = String::from_utf8(commitment.envelope().payload().to_vec()).unwrap();
    let sealed = |text: &str| {
        let sig = key("inspector").sign(Commitment::PAYLOAD_TYPE, text.as_bytes());
        let envelope =
            portcullis_sign::Envelope::seal(Commitment::PAYLOAD_TYPE, text.as_bytes(), vec![sig]);
        Commitment::parse(envelope.unwrap().as_bytes())
    };
    assert!(sealed(&text).is_ok());
    for (from, to) in [
        ("\"count\":12", "\"count\":0"),
        ("\"count\":12", "\"count\":1001"),
        ("\"count\":12", "\"count\":12,\"count\":12"),
        ("\"from\":0", "\"from\":16"),
        ("\"from\":0", "\"from\": 0"),
        ("commitment/v1", "commitment/v2"),
        ("\"realm\"", "\"more\":1,\"realm\""),
    ] {
        assert!(text.contains(from), "{from}: {text}");
        let error = sealed(&text.replace(from, to)).unwrap_err();
        assert_eq!(error.code(), "inspect.malformed", "{to}");
    }
    assert!(Receipt::parse(commitment.as_bytes()).is_err());
    assert!(Sample::parse(&vec![b'{'; 300_000]).is_err());
    let checkpoint = Checkpoint::parse(sample.says().checkpoint.text()).unwrap();
    assert_eq!(checkpoint.size.0, AT);
}
