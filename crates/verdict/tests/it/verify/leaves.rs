//! Leaves that prove nothing, or prove it elsewhere: the fault stays with one statement.

use super::{NEXT_DAY, genuine, not_genuine, whole};
use crate::kit::{SCHEMA, Story, WITNESSES, World};
use portcullis_ballot::{Ahead, Cell, Context, Leaf, Opening, Salt, Seed};
use portcullis_core::statement::Kind;
use portcullis_verdict::{Verdict, statement};

fn opening() -> Opening {
    Opening {
        docket: b"{}".to_vec(),
        docket_salt: Salt([1; 32]),
        envelope_salt: Salt([2; 32]),
    }
}

fn digest_of(story: &Story, index: usize) -> [u8; 32] {
    opening().digest(&story.entries[index].envelope)
}

/// Puts another leaf into the log in the place of a statement's own.
fn put(world: &mut World, story: &mut Story, index: usize, leaf: Leaf) {
    let entry = &mut story.entries[index];
    let time = statement::parse(&entry.envelope).unwrap().header.time;
    world.include_leaf(entry, leaf, opening(), &WITNESSES, time);
}

fn prove(world: &mut World, origin: &str, schema: &[u8; 32], digest: &[u8; 32]) -> Leaf {
    let seed = Seed::new([9; 32]);
    let ahead = Ahead::draw(&seed, &mut world.rng);
    Leaf::prove(
        ahead,
        &Context { origin, schema },
        digest,
        Cell::new(4),
        &seed,
    )
}

/// The check that failed, and that all before it passed.
fn failed(verdict: &Verdict) -> &str {
    let at = verdict
        .checks
        .iter()
        .position(|check| !check.passed)
        .unwrap();
    assert!(verdict.checks[at + 1..].is_empty(), "{:#?}", verdict.checks);
    &verdict.checks[at].name
}

#[test]
fn a_leaf_that_proves_nothing_is_refused_unless_trusted_so() {
    let (mut world, mut story) = whole();
    story.witnessed(&mut world);
    let leaf = Leaf::unproved(&SCHEMA, &digest_of(&story, 1), &mut world.rng);
    put(&mut world, &mut story, 1, leaf);
    let verdict = world.verdict(story.entries.clone(), None, NEXT_DAY);
    not_genuine(&verdict, "proof.false");
    assert!(verdict.line.contains("version 0"), "{}", verdict.line);
    assert_eq!(failed(&verdict), "signature.approved");
    world.trust.unproved = true;
    genuine(&world.verdict(story.entries, None, NEXT_DAY));
}

#[test]
fn a_proof_made_for_another_log_or_schema_is_false_and_its_statement_is_named() {
    // The police speaks first and last.
    let (ours, theirs) = ("police.example/log/live/1", "police.example/log/live/2");
    for (index, kind) in [(0, Kind::Drafted), (4, Kind::Served)] {
        let (mut world, mut story) = whole();
        story.witnessed(&mut world);
        let digest = digest_of(&story, index);
        let here = prove(&mut world, ours, &SCHEMA, &digest);
        let elsewhere = prove(&mut world, theirs, &SCHEMA, &digest);
        // A leaf says for itself under which schema it counts.
        let mut bytes = here.as_bytes().to_vec();
        bytes[1] ^= 1;
        let renamed = Leaf::parse(&bytes).unwrap();
        let mut judge = |leaf| {
            put(&mut world, &mut story, index, leaf);
            world.verdict(story.entries.clone(), None, NEXT_DAY)
        };
        for other in [elsewhere, renamed] {
            let verdict = judge(other);
            not_genuine(&verdict, "proof.false");
            assert_eq!(failed(&verdict), format!("signature.{kind}"));
        }
        genuine(&judge(here));
    }
}

#[test]
fn one_statement_alone_has_its_leaf_verified_too() {
    let (mut world, mut story) = whole();
    story.entries.truncate(1);
    let digest = digest_of(&story, 0);
    let leaf = prove(&mut world, "mail.example/log/live/1", &SCHEMA, &digest);
    put(&mut world, &mut story, 0, leaf);
    let verdict = world.verdict(story.entries, None, "2026-03-02T09:30:00Z");
    not_genuine(&verdict, "proof.false");
}
