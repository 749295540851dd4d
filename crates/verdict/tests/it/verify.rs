//! The verdict on bundles: a good one, and what an attacker or an accident makes of it. Every
//! case says which outcome and which code; none may panic.

mod approvals;
mod bytes;
mod chains;
mod keys;
mod leaves;
mod times;

use crate::kit::{Story, World, order};
use portcullis_verdict::{Outcome, Verdict};

/// When most of these are judged: the day after service.
const NEXT_DAY: &str = "2026-03-03T09:00:00Z";

/// A world, and the whole double lock in it.
fn whole() -> (World, Story) {
    let world = World::new();
    let mut story = world.case(1, order());
    story.whole();
    (world, story)
}

#[track_caller]
fn check(verdict: &Verdict, outcome: Outcome, code: &str) {
    let found = (verdict.outcome, verdict.code.as_deref().unwrap_or("-"));
    assert_eq!(
        found,
        (outcome, code),
        "{}\n{:#?}",
        verdict.line,
        verdict.checks
    );
    let word = outcome.as_str();
    assert!(verdict.line.starts_with(word), "{}", verdict.line);
    assert_eq!(verdict.holds(), outcome == Outcome::Genuine);
    let failed = verdict.checks.iter().any(|check| !check.passed);
    assert_eq!(failed, !verdict.holds(), "{:#?}", verdict.checks);
}

#[track_caller]
fn genuine(verdict: &Verdict) {
    check(verdict, Outcome::Genuine, "-");
}

#[track_caller]
fn insufficient(verdict: &Verdict, code: &str) {
    check(verdict, Outcome::Insufficient, code);
}

#[track_caller]
fn not_genuine(verdict: &Verdict, code: &str) {
    check(verdict, Outcome::NotGenuine, code);
}
