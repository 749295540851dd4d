//! Reports that hold.

use super::kit::{Log, Setting, US, US_END, Wanted, exact, report, signed};
use portcullis_verdict::report::{
    Bound, Form,
    check::{Depth, Outcome, State, StateError},
};

/// What a verifier saves its state under.
const SECRET: [u8; 32] = [9; 32];

/// A log of two tiles and a half, with process of the United States in it.
pub(super) fn log() -> Log {
    let mut log = Log::new("mail.example", 1);
    log.grow(&[(6, 3), (7, 2), (1, 5), (10, 11)], 300);
    log.grow(&[(6, 1), (4, 2)], 600);
    log
}

#[test]
fn exact_totals_are_verified_leaf_by_leaf() {
    let mut log = log();
    let end = Bound::at(log.checkpoint(US_END)).unwrap();
    let report = report(&mut log, &US, Bound::ZERO, end, exact);
    let shown: Vec<_> = report
        .lines
        .iter()
        .map(|line| line.form.to_string())
        .collect();
    assert_eq!(shown, ["4", "2", "0", "0", "11", "0"]);
    let checked = Setting::of(&[&log]).check(&signed(&log, &report));
    assert_eq!(checked.outcome, Outcome::Verified, "{:#?}", checked.checks);
    let names: Vec<_> = checked.checks.iter().map(|check| check.name).collect();
    assert_eq!(
        names,
        [
            "report.signature",
            "report.checkpoint",
            "report.witnesses",
            "report.period",
            "report.end",
            "report.start",
            "report.laws",
            "report.schema",
            "report.lines",
            "report.permitted",
            "report.publication",
            "report.previous",
            "report.leaves",
            "report.tree",
            "report.repeats",
            "report.commitment",
            "report.proof",
        ]
    );
}

#[test]
fn banded_totals_of_interception_show_nothing_finer() {
    let mut log = log();
    let wanted = Wanted {
        series: "uk-interception",
        made_at: "2027-01-02T09:00:00Z",
        first_assistance: Some("2024-02-01"),
        ..US
    };
    let end = Bound::at(log.checkpoint(US_END)).unwrap();
    let band = |total: u64| Form::Band {
        low: total / 500 * 500,
        high: total / 500 * 500 + 499,
    };
    let report = report(&mut log, &wanted, Bound::ZERO, end, band);
    assert_eq!(report.lines[0].form.to_string(), "0–499");
    let checked = Setting::of(&[&log]).check(&signed(&log, &report));
    assert_eq!(checked.outcome, Outcome::Verified, "{:#?}", checked.checks);
}

#[test]
fn small_totals_can_be_kept_in_a_band_and_lines_withheld() {
    let mut log = log();
    log.grow(&[(5, 12)], 700);
    let wanted = Wanted {
        series: "uk-communications-data",
        ..US
    };
    let end = Bound::at(log.checkpoint(US_END)).unwrap();
    let few = |total: u64| match total {
        0..10 => Form::Band { low: 0, high: 9 },
        value => Form::Exact { value },
    };
    let one = report(&mut log, &wanted, Bound::ZERO, end.clone(), few);
    let shown: Vec<_> = one.lines.iter().map(|line| line.form.to_string()).collect();
    assert_eq!(shown, ["0–9", "12"]);
    let setting = Setting::of(&[&log]);
    let checked = setting.check(&signed(&log, &one));
    assert_eq!(checked.outcome, Outcome::Verified, "{:#?}", checked.checks);
    drop(setting);
    let withheld = |_| Form::Withheld {
        because: "a court said so".into(),
    };
    let two = report(&mut log, &wanted, Bound::ZERO, end, withheld);
    let checked = Setting::of(&[&log]).check(&signed(&log, &two));
    assert_eq!(checked.outcome, Outcome::Verified, "{:#?}", checked.checks);
}

#[test]
fn the_next_report_goes_on_where_the_last_one_ended() {
    let mut log = log();
    let middle = Bound::at(log.checkpoint(US_END)).unwrap();
    let first = report(&mut log, &US, Bound::ZERO, middle.clone(), exact);
    let first = signed(&log, &first);
    log.grow(&[(7, 9)], 900);
    let end = Bound::at(log.checkpoint("2027-01-01T06:00:00Z")).unwrap();
    let wanted = Wanted {
        from: "2026-07-01",
        to: "2026-12-31",
        made_at: "2027-01-01T07:00:00Z",
        ..US
    };
    let mut second = report(&mut log, &wanted, middle, end, exact);
    second.number = 2;
    second.previous = Some(first.digest());
    let second = signed(&log, &second);
    let mut setting = Setting::of(&[&log]);
    setting.previous = Some(first);
    let checked = setting.check(&second);
    assert_eq!(checked.outcome, Outcome::Verified, "{:#?}", checked.checks);
    // Without the one before, nobody says that nothing lies between.
    setting.previous = None;
    let checked = setting.check(&second);
    assert_eq!(checked.outcome, Outcome::Insufficient);
    assert!(
        checked.line.starts_with("INSUFFICIENT: report.previous"),
        "{}",
        checked.line
    );
}

#[test]
fn what_was_not_checked_is_never_verified() {
    let mut log = log();
    let end = Bound::at(log.checkpoint(US_END)).unwrap();
    let made = report(&mut log, &US, Bound::ZERO, end, exact);
    let made = signed(&log, &made);
    let mut setting = Setting::of(&[&log]);
    setting.depth = Depth::TotalsOnly;
    let checked = setting.check(&made);
    let leaves = checked
        .checks
        .iter()
        .find(|check| check.name == "report.leaves")
        .unwrap();
    assert_eq!(leaves.state, State::NotChecked);
    assert_eq!(checked.outcome, Outcome::Insufficient);
    setting.depth = Depth::Proofs;
    setting.policy = None;
    let checked = setting.check(&made);
    assert_eq!(checked.outcome, Outcome::Insufficient);
    assert!(
        checked.line.starts_with("INSUFFICIENT: report.witnesses"),
        "{}",
        checked.line
    );
    setting = Setting::of(&[&log]);
    setting.keys.clear();
    let checked = setting.check(&made);
    assert!(
        checked.line.starts_with("INSUFFICIENT: report.signature"),
        "{}",
        checked.line
    );
    setting = Setting::of(&[&log]);
    setting.schemas = portcullis_verdict::schema::Schemas::default();
    let checked = setting.check(&made);
    assert!(
        checked.line.starts_with("INSUFFICIENT: report.schema"),
        "{}",
        checked.line
    );
    setting = Setting::of(&[&log]);
    setting.laws = portcullis_verdict::law::Laws::default();
    let checked = setting.check(&made);
    assert!(
        checked.line.starts_with("INSUFFICIENT: report.laws"),
        "{}",
        checked.line
    );
    // Leaves that were not read to the end.
    setting = Setting::of(&[&log]);
    let mut half = setting.checker(&made);
    setting.read(&mut half, 2);
    let checked = half.finish();
    assert!(
        checked.line.starts_with("INSUFFICIENT: report.leaves"),
        "{}",
        checked.line
    );
}

#[test]
fn a_check_that_was_stopped_goes_on_where_it_stood() {
    let mut log = log();
    let end = Bound::at(log.checkpoint(US_END)).unwrap();
    let made = report(&mut log, &US, Bound::ZERO, end, exact);
    let made = signed(&log, &made);
    let setting = Setting::of(&[&log]);
    let mut begun = setting.checker(&made);
    setting.read(&mut begun, 2);
    assert_eq!(begun.progress(), (512, 600));
    let saved = begun.save(&SECRET);
    let mut resumed = setting.checker(&made);
    resumed.resume(&saved, &SECRET).unwrap();
    assert_eq!(resumed.progress(), (512, 600));
    assert_eq!(resumed.save(&SECRET), saved);
    setting.read(&mut resumed, 1);
    assert_eq!(resumed.finish().outcome, Outcome::Verified);
    // Nothing else is taken for it.
    for at in [0, 40, saved.len() / 2, saved.len() - 1] {
        let mut damaged = saved.clone();
        damaged[at] ^= 1;
        assert!(setting.checker(&made).resume(&damaged, &SECRET).is_err());
        assert!(
            setting
                .checker(&made)
                .resume(&saved[..at], &SECRET)
                .is_err()
        );
    }
    let other = Setting {
        depth: Depth::TotalsOnly,
        ..Setting::of(&[&log])
    };
    assert!(other.checker(&made).resume(&saved, &SECRET).is_err());
}

#[test]
fn a_state_that_somebody_else_made_is_not_believed() {
    let mut log = log();
    let end = Bound::at(log.checkpoint(US_END)).unwrap();
    let made = report(&mut log, &US, Bound::ZERO, end, exact);
    let made = signed(&log, &made);
    let setting = Setting::of(&[&log]);
    // Whoever hands out a false report can check a true one, and hand out where that stood.
    let mut theirs = setting.checker(&made);
    setting.read(&mut theirs, usize::MAX);
    let mut ours = setting.checker(&made);
    let handed = theirs.save(&[8; 32]);
    assert_eq!(ours.resume(&handed, &SECRET), Err(StateError::Foreign));
    assert_eq!(ours.progress(), (0, 600));
    assert_eq!(ours.resume(&theirs.save(&SECRET), &SECRET), Ok(()));
}
