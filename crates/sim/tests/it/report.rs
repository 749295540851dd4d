//! Half a year later: reports of real logs, alone and together.

use crate::kit::Town;
use portcullis_core::{member::MemberId, publication::Period};
use portcullis_node::{
    Ballots, Node,
    door::Doors as _,
    report::{FailedAttempt, ReportFault, Wanted},
};
use portcullis_sim::{cast::Place, op::Op};
use portcullis_tlog::{
    checkpoint::Origin,
    note::SignedNote,
    tile::{FileTiles, LogFiles, bundle_file},
    tree::{Frontier, ReadError},
};
use portcullis_verdict::{
    law,
    report::{
        Form, Signed,
        check::{Against, Checked, Checker, Depth, Kept, Outcome, WIDTH, check_bundle, kept_sizes},
        joint::{Document, Masks, Signed as Letter},
    },
    schema,
};
use std::sync::Arc;

const DAY: i64 = 86_400;
/// They count under the same schema here, and prove it.
const COUNTING: [Place; 3] = [Place::Mail, Place::Chat, Place::Police];

/// A federation in which three logs prove what they count, under the providers' schema.
fn town(seed: u64) -> Town {
    town_of(seed, &COUNTING)
}

fn town_of(seed: u64, counting: &[Place]) -> Town {
    let mut town = Town::new(seed);
    for &place in counting {
        let world = &mut town.run.world;
        let proved = world.restart_with(place, |parts| {
            let provider = schema::builtin().by_name("provider-v1").cloned();
            parts.schema = provider.unwrap();
            parts.schema_bytes = Arc::from(schema::builtin_bytes(&parts.schema.id).unwrap());
            parts.ballots = Ballots::Proved;
        });
        proved.unwrap();
    }
    town
}

fn half_year(series: &str) -> Wanted {
    Wanted {
        series: series.to_owned(),
        period: Period {
            from: "2026-01-01".parse().unwrap(),
            to: "2026-06-30".parse().unwrap(),
        },
        first_assistance: None,
        unproved: Vec::new(),
    }
}

fn values(signed: &Signed) -> Vec<u64> {
    let lines = signed.report().lines.iter();
    lines
        .map(|line| match line.form {
            Form::Exact { value } => value,
            Form::Band { .. } | Form::Withheld { .. } => unreachable!("exact series"),
        })
        .collect()
}

/// The log of a node, as everybody reads it.
struct Files<'n>(&'n Node);

impl LogFiles for Files<'_> {
    fn file(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let whole = format!("log/1/{path}");
        public(self.0, &whole).ok_or(ReadError::Missing { path: whole })
    }
}

/// What somebody finds who has the register's policy, and the logs of `nodes`.
fn checked(nodes: &[&Node], signed: &Signed, previous: Option<&Signed>) -> Checked {
    let (schemas, laws) = (schema::builtin(), law::builtin());
    let history = nodes[0].history().unwrap();
    let sources: Vec<_> = signed.report().sources().cloned().collect();
    let node_of = |origin: &Origin| {
        let of = |node: &&&Node| origin.as_str().starts_with(&node.keys().log_name);
        nodes.iter().find(of).unwrap()
    };
    let keys = sources.iter().map(|source| {
        let its_log = node_of(&source.origin).keys().log_signer(1).unwrap();
        (source.origin.clone(), its_log.vkey())
    });
    let kept = sources.iter().map(|source| {
        let files = Files(node_of(&source.origin));
        let sizes = kept_sizes(signed.report(), source, WIDTH).into_iter();
        let checkpoints = sizes.filter_map(|size| {
            let bytes = files.file(&format!("checkpoints/{size:012}")).ok()?;
            SignedNote::parse(&bytes).ok()
        });
        let checkpoints = checkpoints.collect();
        (
            source.origin.clone(),
            Kept {
                width: WIDTH,
                checkpoints,
            },
        )
    });
    let against = Against {
        kept: &kept.collect(),
        now: nodes[0].now(),
        keys: &keys.collect(),
        policy: Some(&history.newest().policy),
        schemas: &schemas,
        laws: &laws,
        previous,
        depth: Depth::Proofs,
    };
    let mut checker = Checker::new(signed.clone(), &against);
    let mut generator = rand::SeedableRng::seed_from_u64(1);
    let generator: &mut rand::rngs::StdRng = &mut generator;
    for (at, source) in sources.iter().enumerate() {
        let files = Files(node_of(&source.origin));
        let edge = Frontier::load(&FileTiles(&files), source.start.size).unwrap();
        checker.begin(at, edge);
        for bundle in checker.bundles(at) {
            let (_, bytes) = bundle_file(&files, bundle).unwrap();
            let bundle = check_bundle(source, bundle, &bytes, Depth::Proofs, generator);
            assert!(checker.absorb(at, bundle));
        }
    }
    checker.finish()
}

fn code<T>(made: Result<T, ReportFault>) -> &'static str {
    made.err().map_or("", |fault| fault.code())
}

/// A public file of a node.
fn public(node: &Node, path: &str) -> Option<Vec<u8>> {
    node.public_file(path).map(|file| file.bytes)
}

/// Subpoenas at one provider, and then the half-year passes.
fn half_a_year(town: &mut Town, subpoenas: usize) {
    for _ in 0..subpoenas {
        town.subpoena_collected();
    }
    town.tick();
    town.step(Op::Advance(130 * DAY));
    town.work();
    town.tick();
}

#[test]
fn a_report_is_made_once_after_its_period_and_says_what_was_received() {
    let mut town = town(3);
    let wanted = half_year("us-process");
    town.subpoena_collected();
    assert_eq!(
        code(town.run.world.node(Place::Chat).make_report(&wanted)),
        "report.not_closed"
    );
    half_a_year(&mut town, 1);
    let world = &town.run.world;
    let chat = world.node(Place::Chat);
    assert_eq!(
        code(chat.make_report(&half_year("us-everything"))),
        "report.series"
    );
    let made = chat.make_report(&wanted).unwrap();
    let first = made.report().lines.first().unwrap();
    assert_eq!((first.id.as_str(), values(&made)[0]), ("us-subpoenas", 2));
    assert_eq!(values(&made)[1..4], [0, 0, 0]);
    assert_eq!(public(chat, &made.report().path()), Some(made.to_bytes()));
    let index = public(chat, "report/index.json").unwrap();
    assert!(
        String::from_utf8(index)
            .unwrap()
            .contains("report/us-process/1.json")
    );
    assert_eq!(code(chat.make_report(&wanted)), "report.published_before");
    // Another half-year: it starts where the first one ended.
    let next = chat.next_report("us-process").unwrap();
    assert_eq!(next.to_string(), "2026-07-01 to 2026-12-31");
    town.step(Op::Advance(180 * DAY));
    town.work();
    let chat = town.run.world.node(Place::Chat);
    let second = chat
        .make_report(&Wanted {
            period: next,
            ..wanted
        })
        .unwrap();
    assert_eq!(values(&second)[0], 0);
    assert_eq!(second.report().previous, Some(made.digest()));
    let ends = |signed: &Signed| {
        let source = signed.report().sources().next().unwrap().clone();
        (source.start.size, source.end.size)
    };
    assert_eq!(ends(&second).0, ends(&made).1);
    assert_eq!(chat.reports().unwrap().len(), 2);
    for (report, before) in [(&made, None), (&second, Some(&made))] {
        let checked = checked(&[chat], report, before);
        assert_eq!(checked.outcome, Outcome::Verified, "{:#?}", checked.checks);
    }
}

#[test]
fn leaves_that_prove_nothing_make_no_report() {
    let mut town = Town::new(4);
    let schema = |town: &mut Town| {
        town.run.world.restart_with(Place::Chat, |parts| {
            parts.schema = schema::builtin().by_name("provider-v1").cloned().unwrap();
            parts.schema_bytes = Arc::from(schema::builtin_bytes(&parts.schema.id).unwrap());
        })
    };
    schema(&mut town).unwrap();
    half_a_year(&mut town, 1);
    let chat = town.run.world.node(Place::Chat);
    assert_eq!(
        code(chat.make_report(&half_year("us-process"))),
        "leaf.version"
    );
}

/// What everybody makes in a step.
fn each<T>(town: &Town, step: impl Fn(&Node) -> Result<T, ReportFault>) -> Vec<T> {
    let nodes = COUNTING.iter().map(|place| town.run.world.node(*place));
    nodes.map(|node| step(node).unwrap()).collect()
}

#[test]
fn three_make_a_joint_report_step_by_step() {
    let mut town = town(5);
    half_a_year(&mut town, 2);
    let wanted = half_year("us-process-joint");
    let parts = each(&town, |node| node.joint_part(&wanted));
    let mail = town.run.world.node(Place::Mail);
    assert_eq!(
        code(mail.joint_masks(&parts[..2], 1)),
        "report.joint_too_few"
    );
    let masks = each(&town, |node| node.joint_masks(&parts, 1));
    assert_eq!(
        code(mail.joint_opening(&parts, &masks, 2)),
        "report.joint_session"
    );
    assert_eq!(
        code(mail.joint_opening(&parts, &masks[..2], 1)),
        "report.joint_missing"
    );
    let openings = each(&town, |node| node.joint_opening(&parts, &masks, 1));
    let first = each(&town, |node| {
        node.joint_finish(&parts, &masks, &openings, &[], 1)
    });
    assert!(first.iter().all(|(_, published)| !published));
    let signed: Vec<_> = first.into_iter().map(|(signed, _)| signed).collect();
    assert_eq!(signed[0].payload(), signed[2].payload());
    let last = each(&town, |node| {
        node.joint_finish(&parts, &masks, &openings, &signed, 1)
    });
    for (report, published) in &last {
        assert!(published);
        assert_eq!((report.signatures().len(), values(report)[0]), (3, 2));
    }
    let chat = town.run.world.node(Place::Chat);
    let path = "report/us-process-joint/1.json";
    assert_eq!(public(chat, path), Some(last[0].0.to_bytes()));
    assert_eq!(code(chat.joint_part(&wanted)), "report.published_before");
    let nodes = COUNTING.map(|place| town.run.world.node(place));
    let checked = checked(&nodes, &last[0].0, None);
    assert_eq!(checked.outcome, Outcome::Verified, "{:#?}", checked.checks);
}

#[test]
fn who_comes_into_a_joint_report_later_brings_in_its_period_alone() {
    let mut town = town(7);
    half_a_year(&mut town, 2);
    let chat = town.run.world.node(Place::Chat);
    let alone = chat.make_report(&half_year("us-process")).unwrap();
    let ended = alone.report().sources().next().unwrap().end.size;
    town.step(Op::Advance(180 * DAY));
    town.work();
    let mut wanted = half_year("us-process-joint");
    wanted.period = town
        .run
        .world
        .node(Place::Chat)
        .next_report("us-process")
        .unwrap();
    let parts = each(&town, |node| node.joint_part(&wanted));
    let Document::Part(part) = parts[1].document() else {
        panic!("a part");
    };
    assert_eq!(part.source.start.size, ended);
    let masks = each(&town, |node| node.joint_masks(&parts, 1));
    let openings = each(&town, |node| node.joint_opening(&parts, &masks, 1));
    let finish = |signed: &[Signed]| {
        let made = each(&town, |node| {
            node.joint_finish(&parts, &masks, &openings, signed, 1)
        });
        made.into_iter()
            .map(|(signed, _)| signed)
            .collect::<Vec<_>>()
    };
    let made = finish(&finish(&[]));
    assert_eq!(values(&made[0])[0], 0);
    let nodes = COUNTING.map(|place| town.run.world.node(place));
    let checked = checked(&nodes, &made[0], None);
    assert_eq!(checked.outcome, Outcome::Verified, "{:#?}", checked.checks);
}

#[test]
fn who_puts_a_false_mask_in_is_named() {
    let mut town = town(6);
    half_a_year(&mut town, 0);
    let wanted = half_year("us-process-joint");
    let parts = each(&town, |node| node.joint_part(&wanted));
    let mut masks = each(&town, |node| node.joint_masks(&parts, 1));
    // Chat swaps its masks for the two others, and signs that.
    let chat = town.run.world.node(Place::Chat);
    let Document::Masks(mut false_masks) = masks[1].document().clone() else {
        panic!("masks");
    };
    false_masks.masks.reverse();
    masks[1] = resigned(chat, false_masks);
    let fault = chat.joint_opening(&parts, &masks, 1).unwrap_err();
    assert_eq!(fault.code(), "report.joint_pair");
    let name = chat.me().clone();
    assert!(fault.to_string().contains(name.as_str()), "{fault}");
    let others: Vec<MemberId> = [Place::Mail, Place::Police]
        .map(|place| town.run.world.node(place).me().clone())
        .into();
    // The first of the two pairs that do not fit is revealed, and no other.
    let (first, last) = if fault.to_string().contains(others[0].as_str()) {
        (0, 1)
    } else {
        (1, 0)
    };
    let places = [Place::Mail, Place::Police].map(|place| town.run.world.node(place));
    let reveals = [
        chat.joint_reveal(&parts, &masks, 1, &others[first])
            .unwrap(),
        places[first]
            .joint_reveal(&parts, &masks, 1, &name)
            .unwrap(),
    ];
    for (node, other) in [
        (chat, &others[last]),
        (places[last], &name),
        (places[first], &others[last]),
    ] {
        let revealed = node.joint_reveal(&parts, &masks, 1, other);
        assert_eq!(code(revealed), "report.joint_no_cause");
    }
    for node in COUNTING.map(|place| town.run.world.node(place)) {
        let blamed = node.joint_blame(&parts, &masks, &reveals, 1).unwrap();
        assert_eq!(blamed, std::slice::from_ref(&name));
    }
    // Who reveals nothing is at fault, too.
    let silent = chat.joint_blame(&parts, &masks, &reveals[1..], 1).unwrap();
    assert_eq!(silent, std::slice::from_ref(&name));
    // A letter that somebody else signed is not theirs.
    let forged = Letter::sign(
        masks[0].document().clone(),
        chat.keys().log_signer(1).unwrap().vkey(),
        *chat.keys().log_seed,
    );
    let handed = [forged, masks[1].clone(), masks[2].clone()];
    assert_eq!(
        code(chat.joint_opening(&parts, &handed, 1)),
        "report.not_signed"
    );
    // What the two share is spent: neither takes part with the other again.
    for node in [chat, places[first]] {
        assert_eq!(code(node.joint_masks(&parts, 2)), "report.joint_revealed");
    }
    assert!(places[last].joint_masks(&parts, 2).is_ok());
}

#[test]
fn masks_that_fit_are_revealed_by_nobody() {
    let mut town = town(7);
    half_a_year(&mut town, 0);
    let parts = each(&town, |node| {
        node.joint_part(&half_year("us-process-joint"))
    });
    let masks = each(&town, |node| node.joint_masks(&parts, 1));
    let chat = town.run.world.node(Place::Chat);
    let mail = town.run.world.node(Place::Mail).me();
    let revealed = chat.joint_reveal(&parts, &masks, 1, mail);
    assert_eq!(code(revealed), "report.joint_no_cause");
    let revealed = chat.joint_reveal(&parts, &masks[..2], 1, mail);
    assert_eq!(code(revealed), "report.joint_missing");
    assert!(chat.joint_masks(&parts, 2).is_ok(), "nothing is spent");
}

#[test]
fn a_node_opens_one_session_of_a_period_and_no_second() {
    let mut town = town(8);
    half_a_year(&mut town, 0);
    let parts = each(&town, |node| {
        node.joint_part(&half_year("us-process-joint"))
    });
    let masks = each(&town, |node| node.joint_masks(&parts, 1));
    let chat = town.run.world.node(Place::Chat);
    let openings = each(&town, |node| node.joint_opening(&parts, &masks, 1));
    assert!(
        chat.joint_opening(&parts, &masks, 1).is_ok(),
        "the same again"
    );
    let again = each(&town, |node| node.joint_masks(&parts, 2));
    assert_eq!(
        code(chat.joint_opening(&parts, &again, 2)),
        "report.joint_again"
    );
    // A failed attempt excuses another one only without those who failed it: here nobody did.
    let before = FailedAttempt {
        parts: &parts,
        masks: &masks,
        openings: &openings,
        attempt: 1,
    };
    let after = |before: &FailedAttempt<'_>| {
        code(chat.joint_opening_after(&parts, &again, 2, Some(before)))
    };
    assert_eq!(after(&before), "report.joint_again");
    let silent = &openings[1..];
    assert_eq!(
        after(&FailedAttempt {
            openings: silent,
            ..before
        }),
        "report.joint_again"
    );
    // Mail's opening is false, and it still takes part in the second attempt.
    let Document::Opening(mut wrong) = openings[0].document().clone() else {
        panic!("opening");
    };
    wrong.opening[0] ^= 1;
    let mail = town.run.world.node(Place::Mail);
    let key = mail.keys().log_signer(1).unwrap().vkey();
    let wrong = Letter::sign(Document::Opening(wrong), key, *mail.keys().log_seed);
    let openings = [wrong, openings[1].clone(), openings[2].clone()];
    assert_eq!(
        after(&FailedAttempt {
            openings: &openings,
            ..before
        }),
        "report.joint_again"
    );
}

fn resigned(node: &Node, masks: Masks) -> Letter {
    let key = node.keys().log_signer(1).unwrap().vkey();
    Letter::sign(Document::Masks(masks), key, *node.keys().log_seed)
}

#[test]
fn an_attempt_that_failed_is_followed_by_one_without_who_failed_it() {
    let four = [Place::Mail, Place::Chat, Place::Police, Place::County];
    let mut town = town_of(9, &four);
    half_a_year(&mut town, 0);
    let node = |place: &Place| town.run.world.node(*place);
    let wanted = half_year("us-process-joint");
    let parts: Vec<_> = four
        .iter()
        .map(|place| node(place).joint_part(&wanted).unwrap())
        .collect();
    let masks: Vec<_> = four
        .iter()
        .map(|place| node(place).joint_masks(&parts, 1).unwrap())
        .collect();
    let mut openings: Vec<_> = four
        .iter()
        .map(|place| node(place).joint_opening(&parts, &masks, 1).unwrap())
        .collect();
    // County's is false.
    let Document::Opening(mut wrong) = openings[3].document().clone() else {
        panic!("opening");
    };
    wrong.opening[0] ^= 1;
    let county = node(&Place::County);
    let key = county.keys().log_signer(1).unwrap().vkey();
    openings[3] = Letter::sign(Document::Opening(wrong), key, *county.keys().log_seed);
    let failed = FailedAttempt {
        parts: &parts,
        masks: &masks,
        openings: &openings,
        attempt: 1,
    };
    let again = each(&town, |node| node.joint_masks(&parts[..3], 2));
    let chat = node(&Place::Chat);
    assert_eq!(
        code(chat.joint_opening(&parts[..3], &again, 2)),
        "report.joint_again"
    );
    let openings = each(&town, |node| {
        node.joint_opening_after(&parts[..3], &again, 2, Some(&failed))
    });
    let finished = chat.joint_finish(&parts[..3], &again, &openings, &[], 2);
    assert_eq!(values(&finished.unwrap().0)[0], 0);
    // From then on this is the session that is open.
    assert_eq!(
        code(chat.joint_opening(&parts, &masks, 1)),
        "report.joint_again"
    );
    assert!(chat.joint_opening(&parts[..3], &again, 2).is_ok());
}
