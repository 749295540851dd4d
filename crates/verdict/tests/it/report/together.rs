//! Joint reports of three, and what one of them may do to the others.

use super::kit::{Log, Setting, US, US_END, exact, laws, lines_for, schemas, signed_by};
use portcullis_ballot::{
    joint::{JointError, Masks, Side},
    report::Totals,
};
use portcullis_verdict::report::{
    Bound, Form, Joint, Participant, Period, Report, Subject,
    check::{Outcome, State, session_of},
};

const SERIES: &str = "us-process-joint";

/// Three logs with some process in each, in the order of their report keys.
fn logs() -> Vec<Log> {
    let mut logs: Vec<_> = ["one.example", "two.example", "three.example"]
        .into_iter()
        .zip(1..)
        .map(|(member, number)| {
            let mut log = Log::new(member, number);
            let times = usize::from(number);
            log.grow(&[(6, times), (7, 2 * times), (1, 4)], 256);
            log
        })
        .collect();
    logs.sort_by_key(|log| log.seed.report_key(&log.origin).public());
    logs
}

/// The report before round 1.
fn draft(logs: &[Log]) -> Report {
    let participants = logs.iter().map(|log| Participant {
        source: log.source(Bound::ZERO, Bound::at(log.checkpoint(US_END)).unwrap()),
        report_key: log.seed.report_key(&log.origin).public(),
        masks: Vec::new(),
        opening: Vec::new(),
    });
    let schemas = schemas();
    let series = schemas
        .by_name("provider-v1")
        .unwrap()
        .series(SERIES)
        .unwrap();
    let law = laws().by_id("us-sca").unwrap().digest;
    Report {
        realm: "live".into(),
        series: SERIES.into(),
        number: 1,
        previous: None,
        period: Period {
            from: US.from.parse().unwrap(),
            to: US.to.parse().unwrap(),
            zone: series.zone_name.clone(),
        },
        made_at: US.made_at.parse().unwrap(),
        first_assistance: None,
        laws: [("us-sca".to_owned(), law)].into(),
        lines: lines_for(SERIES, &Totals::zero(), exact),
        unproved: Vec::new(),
        subject: Subject::Joint(Joint {
            attempt: 1,
            participants: participants.collect(),
        }),
    }
}

fn joint(report: &mut Report) -> &mut Joint {
    match &mut report.subject {
        Subject::Joint(joint) => joint,
        Subject::Single(_) => unreachable!(),
    }
}

/// Both rounds, everybody honest.
fn made(logs: &mut [Log]) -> Report {
    let mut report = draft(logs);
    let session = session_of(&report, joint(&mut report.clone())).unwrap();
    let masks: Vec<Masks> = logs
        .iter()
        .enumerate()
        .map(|(at, log)| {
            session
                .masks(at, &log.seed.report_key(&log.origin))
                .unwrap()
        })
        .collect();
    let mut totals = Totals::zero();
    for (at, log) in logs.iter_mut().enumerate() {
        let own = log.totals(0, 256);
        totals.add(&own);
        let key = log.seed.report_key(&log.origin);
        let opening = session.open(at, &key, &own, &mut log.generator).unwrap();
        let participant = &mut joint(&mut report).participants[at];
        participant.masks = masks[at].commitments().to_vec();
        participant.opening = opening;
    }
    report.lines = lines_for(SERIES, &totals, exact);
    report
}

fn check(logs: &[Log], report: &Report) -> portcullis_verdict::report::check::Checked {
    let logs: Vec<&Log> = logs.iter().collect();
    Setting::of(&logs).check(&signed_by(&logs, report))
}

#[test]
fn three_show_their_sum_and_nobody_s_own() {
    let mut logs = logs();
    let report = made(&mut logs);
    let shown: Vec<_> = report
        .lines
        .iter()
        .map(|line| line.form.to_string())
        .collect();
    assert_eq!(shown[..2], ["6", "12"]);
    let checked = check(&logs, &report);
    assert_eq!(checked.outcome, Outcome::Verified, "{:#?}", checked.checks);
    // Everybody has signed, or it is not theirs.
    let all: Vec<&Log> = logs.iter().collect();
    let checked = Setting::of(&all).check(&signed_by(&all[..2], &report));
    assert_eq!(checked.code, Some("report.not_signed"));
    let mut false_sum = report;
    false_sum.lines[0].form = Form::Exact { value: 5 };
    let checked = check(&logs, &false_sum);
    assert_eq!(checked.code, Some("report.proof_line"));
    assert!(
        checked.line.contains("`us-subpoenas` (5)"),
        "{}",
        checked.line
    );
}

#[test]
fn a_false_opening_is_pinned_on_whose_it_is() {
    let mut logs = logs();
    let mut report = made(&mut logs);
    let who = joint(&mut report).participants[1].source.member.clone();
    joint(&mut report).participants[1].opening[40] ^= 1;
    let checked = check(&logs, &report);
    assert_eq!(checked.code, Some("report.joint_opening"));
    assert!(
        checked.line.contains(&format!("`{who}`: ")),
        "{}",
        checked.line
    );
}

#[test]
fn of_two_whose_masks_do_not_fit_the_one_at_fault_is_named_and_the_rest_is_too_few() {
    let logs = logs();
    let mut report = draft(&logs);
    let session = session_of(&report, joint(&mut report.clone())).unwrap();
    let key = |at: usize| logs[at].seed.report_key(&logs[at].origin);
    let mut rows: Vec<Vec<[u8; 32]>> = (0..3)
        .map(|at| session.masks(at, &key(at)).unwrap().commitments().to_vec())
        .collect();
    // The second puts its mask for the third where that for the first belongs.
    rows[1][0] = rows[1][1];
    let slices: Vec<&[[u8; 32]]> = rows.iter().map(Vec::as_slice).collect();
    assert_eq!(
        session.check_masks(&slices),
        Err(JointError::Pair { one: 0, two: 1 })
    );
    let mut generator = rand::SeedableRng::seed_from_u64(3);
    let generator: &mut rand::rngs::StdRng = &mut generator;
    let first = session.reveal(0, 1, &key(0), generator).unwrap();
    let second = session.reveal(1, 0, &key(1), generator).unwrap();
    let side = |number: usize, at: usize, reveal| Side {
        number,
        mask: rows[number][at],
        reveal: Some(reveal),
    };
    let blamed = session.blame(&side(0, 0, &first[..]), &side(1, 0, &second[..]));
    assert_eq!(blamed, Ok(vec![1]));
    // Without it there are two, and two know each other's.
    joint(&mut report).participants.remove(1);
    joint(&mut report).attempt = 2;
    let again = session_of(&report, joint(&mut report.clone()));
    assert_eq!(again.err(), Some(JointError::Participants(2)));
}

#[test]
fn three_logs_of_two_members_are_not_enough() {
    let mut logs = logs();
    let report = made(&mut logs);
    let mut twice = report.clone();
    let seats = &mut joint(&mut twice).participants;
    let member = seats[0].source.member.clone();
    let origin = format!("{member}/log/live/2");
    let mut second = Log::new(logs[0].member, 9);
    second.origin = origin;
    second.grow(&[], 256);
    let note = second.checkpoint(US_END);
    seats[1].source.member = member;
    seats[1].source.origin = second.origin.parse().unwrap();
    seats[1].source.end = Bound::at(note).unwrap();
    assert!(Report::parse(&report.to_bytes()).is_ok());
    let error = Report::parse(&twice.to_bytes()).unwrap_err();
    assert!(
        error.to_string().contains("of different members"),
        "{error}"
    );
}

#[test]
fn an_old_log_comes_into_a_joint_report_with_its_period() {
    let mut logs = logs();
    let early = logs
        .iter()
        .map(|log| Bound::at(log.checkpoint("2026-01-01T06:00:00Z")).unwrap());
    let early: Vec<_> = early.collect();
    for log in &mut logs {
        log.grow(&[(6, 1)], 512);
    }
    let start = |starts: &[Bound], kept_at| {
        let mut report = draft(&logs);
        for (seat, start) in joint(&mut report).participants.iter_mut().zip(starts) {
            seat.source.start = start.clone();
            seat.masks = vec![[0; 32]; 2];
        }
        let logs: Vec<&Log> = logs.iter().collect();
        let mut setting = Setting::of(&logs);
        setting.kept_at = Some(kept_at);
        let checker = setting.checker(&signed_by(&logs, &report));
        let found = checker.checks().iter().find(|it| it.name == "report.start");
        found.unwrap().state
    };
    // The first leaves are of long ago, and of within the period.
    let zero = [Bound::ZERO, Bound::ZERO, Bound::ZERO];
    assert_eq!(
        start(&zero, "2024-05-01T00:00:00Z"),
        State::Failed("report.starts_early")
    );
    assert_eq!(start(&zero, "2026-01-01T05:00:00Z"), State::Passed);
    // From the first checkpoint of the period on.
    assert_eq!(start(&early, "2025-12-31T00:00:00Z"), State::Passed);
    // And from no later one.
    let late = logs
        .iter()
        .map(|log| Bound::at(log.checkpoint("2026-02-01T06:00:00Z")).unwrap());
    let late: Vec<_> = late.collect();
    assert_eq!(
        start(&late, "2026-01-01T05:00:00Z"),
        State::Failed("report.gap")
    );
    assert_eq!(start(&late, "2026-01-01T04:59:59Z"), State::Passed);
}
