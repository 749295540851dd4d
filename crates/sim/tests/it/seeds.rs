use portcullis_sim::{op, run};

/// How many seeds a test run takes: unoptimised code does about two a second. The bin
/// `sim` runs a thousand.
const SEEDS: u64 = if cfg!(debug_assertions) { 16 } else { 60 };

#[test]
fn many_federations_break_no_law() {
    for seed in 0..SEEDS {
        let report = run::run(seed);
        assert_eq!(report.failure, None, "seed {seed}");
    }
}

/// Changes of two parties that crossed, and an answer to an item that one of them removed.
const CROSSED: u64 = 838;

#[test]
fn an_answer_to_what_was_removed_meanwhile_is_taken() {
    let report = run::run(CROSSED);
    assert_eq!(report.failure, None);
}

#[test]
fn the_same_seed_gives_the_same_transcript_and_another_gives_another() {
    let (once, again) = (run::run(7), run::run(7));
    assert_eq!(once.lines, again.lines);
    assert_eq!(once.transcript, again.transcript);
    assert_ne!(once.transcript, run::run(8).transcript);
    assert_ne!(op::ops(7), op::ops(8));
}
