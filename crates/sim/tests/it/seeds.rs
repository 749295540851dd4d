use portcullis_sim::{op, run};

#[test]
fn sixty_federations_break_no_law() {
    for seed in 0..60 {
        let report = run::run(seed);
        assert_eq!(report.failure, None, "seed {seed}");
    }
}

#[test]
fn the_same_seed_gives_the_same_transcript_and_another_gives_another() {
    let (once, again) = (run::run(7), run::run(7));
    assert_eq!(once.lines, again.lines);
    assert_eq!(once.transcript, again.transcript);
    assert_ne!(once.transcript, run::run(8).transcript);
    assert_ne!(op::ops(7), op::ops(8));
}
