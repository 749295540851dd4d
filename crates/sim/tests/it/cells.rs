use portcullis_sim::cell::{op, run};

/// How many seeds a test run takes. The bin `sim --cells` runs more.
const SEEDS: u64 = if cfg!(debug_assertions) { 40 } else { 400 };

#[test]
fn cells_that_follow_each_other_break_no_law() {
    let mut came_over = 0;
    for seed in 0..SEEDS {
        let report = run(seed);
        let last: Vec<_> = report.lines.iter().rev().take(12).rev().collect();
        assert_eq!(report.failure, None, "seed {seed}: {last:#?}");
        came_over += report
            .tally
            .get("changes that came over")
            .copied()
            .unwrap_or(0);
    }
    assert!(came_over > 0, "something must have come over");
}

#[test]
fn a_reply_reaches_its_publisher_once_though_nobody_follows_who_says_it() {
    let mut replies = 0;
    for seed in (2..3 * SEEDS / 2).step_by(3) {
        let report = run(seed);
        let last: Vec<_> = report.lines.iter().rev().take(12).rev().collect();
        assert_eq!(report.failure, None, "seed {seed}: {last:#?}");
        replies += report
            .tally
            .get("replies that came over")
            .copied()
            .unwrap_or(0);
    }
    assert!(replies > 0, "some must have come over");
}

#[test]
fn the_same_seed_gives_the_same_transcript() {
    let (once, again) = (run(7), run(7));
    assert_eq!(once.lines, again.lines);
    assert_ne!(once.transcript, run(8).transcript);
    assert_ne!(op::ops(7), op::ops(8));
}
