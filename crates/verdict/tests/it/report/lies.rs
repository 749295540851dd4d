//! Reports that do not hold, each refused by its own name.

use super::{
    kit::{
        Log, Setting, US, US_END, WITNESSES, Wanted, exact, lines_for, prove, report, signed,
        signed_by,
    },
    truths::log,
};
use portcullis_ballot::{Ahead, Cell, Context, Leaf};
use portcullis_tlog::{note::SignedNote, tile::encode_bundle};
use portcullis_verdict::report::{
    Bound, Form, Report, Signed, Subject,
    check::{Checked, Outcome},
};

/// A true report of half a year in the United States, and its log.
fn truth() -> (Log, Report) {
    let mut log = log();
    let end = Bound::at(log.checkpoint(US_END)).unwrap();
    let report = report(&mut log, &US, Bound::ZERO, end, exact);
    (log, report)
}

fn check(log: &Log, report: &Report) -> Checked {
    Setting::of(&[log]).check(&signed(log, report))
}

/// The report is false for this reason.
fn refused(checked: &Checked, code: &str) {
    assert_eq!(checked.code, Some(code), "{:#?}", checked.checks);
    assert_eq!(checked.outcome, Outcome::False);
    assert!(
        checked.line.starts_with(&format!("FALSE: {code}: ")),
        "{}",
        checked.line
    );
}

fn source(report: &mut Report) -> &mut portcullis_verdict::report::Source {
    match &mut report.subject {
        Subject::Single(single) => &mut single.source,
        Subject::Joint(_) => unreachable!(),
    }
}

#[test]
fn a_total_that_is_false_by_one_is_refused() {
    let (log, mut report) = truth();
    report.lines[1].form = Form::Exact { value: 3 };
    // The log signs the lie itself.
    let checked = check(&log, &report);
    refused(&checked, "report.proof_sum");
    let said = "the line `us-orders` (3): it is not what the leaves add up to";
    assert!(checked.line.ends_with(said), "{}", checked.line);
    // Two lies at once are both named.
    report.lines[4].form = Form::Exact { value: 12 };
    let checked = check(&log, &report);
    assert!(
        checked
            .line
            .contains("`us-orders` (3), the line `us-selectors` (12)"),
        "{}",
        checked.line
    );
}

#[test]
fn a_band_that_the_total_is_not_in_is_refused() {
    let mut log = log();
    let wanted = Wanted {
        series: "uk-interception",
        made_at: "2027-01-02T09:00:00Z",
        first_assistance: Some("2024-02-01"),
        ..US
    };
    let end = Bound::at(log.checkpoint(US_END)).unwrap();
    let band = |low| {
        move |_| Form::Band {
            low,
            high: low + 499,
        }
    };
    let mut made = report(&mut log, &wanted, Bound::ZERO, end, band(0));
    made.lines[0].form = band(500)(0);
    refused(&check(&log, &made), "report.proof_sum");
}

#[test]
fn a_report_that_was_changed_on_its_way_is_refused() {
    let (log, report) = truth();
    let honest = signed(&log, &report);
    let mut changed = report;
    changed.lines[0].form = Form::Exact { value: 5 };
    let handed = Signed::new(&changed, honest.signatures().to_vec()).unwrap();
    refused(&Setting::of(&[&log]).check(&handed), "report.signature");
}

#[test]
fn a_report_that_another_signed_is_refused() {
    let (log, report) = truth();
    let other = Log::new("other.example", 2);
    let setting = Setting::of(&[&log]);
    refused(
        &setting.check(&signed(&other, &report)),
        "report.not_signed",
    );
    refused(
        &setting.check(&signed_by(&[&log, &other], &report)),
        "report.signatures",
    );
}

#[test]
fn a_leaf_that_was_left_out_is_missed() {
    let (mut log, report) = truth();
    // The bundle as it would be without leaf 4, another in its place.
    let mut bundle = log.entries[..256].to_vec();
    bundle.remove(4);
    bundle.push(log.leaf(None));
    log.files
        .insert("tile/entries/000".into(), encode_bundle(&bundle).unwrap());
    refused(&check(&log, &report), "report.end_root");
}

#[test]
fn a_report_over_fewer_leaves_than_its_checkpoints_hold_is_refused() {
    let (mut log, mut made) = truth();
    // The sum leaves a leaf out, and the lines are proved for what is left.
    let mut fewer = Log::new("mail.example", 1);
    fewer.append(log.entries[1..].to_vec());
    let totals = fewer.totals(0, 599);
    made.lines = lines_for("us-process", &totals, exact);
    assert_eq!(made.lines[0].form.to_string(), "3");
    source(&mut made).commitment = fewer
        .source(
            Bound::ZERO,
            Bound {
                size: portcullis_tlog::tree::TreeSize(599),
                checkpoint: None,
            },
        )
        .commitment;
    let lines = portcullis_verdict::report::check::lines_of(&made.lines);
    let Subject::Single(single) = &mut made.subject else {
        unreachable!()
    };
    let root = portcullis_tlog::checkpoint::Checkpoint::parse(
        single.source.end.checkpoint.as_ref().unwrap().text(),
    )
    .unwrap()
    .root;
    let range = portcullis_verdict::report::check::range_of(&single.source, root.0);
    single.proof =
        portcullis_ballot::report::prove(&range, &lines, &totals, &mut log.generator).unwrap();
    refused(&check(&log, &made), "report.commitment");
}

#[test]
fn tiles_that_were_swapped_or_changed_are_refused() {
    let (mut log, report) = truth();
    let first = log.files["tile/entries/000"].clone();
    let second = log.files["tile/entries/001"].clone();
    log.files.insert("tile/entries/000".into(), second.clone());
    log.files.insert("tile/entries/001".into(), first.clone());
    refused(&check(&log, &report), "report.end_root");
    log.files.insert("tile/entries/000".into(), first.clone());
    let mut changed = second.clone();
    // A byte of the proof of the first leaf: version, schema, digest, commitment come before.
    changed[2 + 97 + 200] ^= 1;
    log.files.insert("tile/entries/001".into(), changed);
    let checked = check(&log, &report);
    assert!(
        checked.code.unwrap().starts_with("leaf."),
        "{}",
        checked.line
    );
    assert!(checked.line.contains("leaf 256: "), "{}", checked.line);
    log.files.insert(
        "tile/entries/001".into(),
        second[..second.len() - 1].to_vec(),
    );
    refused(&check(&log, &report), "report.bundle");
}

#[test]
fn hash_tiles_that_give_another_start_are_refused() {
    let mut log = log();
    let middle = Bound::at(log.checkpoint("2026-01-01T06:00:00Z")).unwrap();
    log.grow(&[(6, 2)], 800);
    let end = Bound::at(log.checkpoint(US_END)).unwrap();
    let mut made = report(&mut log, &US, middle, end, exact);
    made.number = 2;
    made.previous = Some(portcullis_core::digest::Digest([1; 32]));
    let honest = check(&log, &made);
    assert_eq!(honest.outcome, Outcome::Insufficient, "{}", honest.line);
    let tile = log.files.get_mut("tile/0/000").unwrap();
    tile[5] ^= 1;
    let tile = log.files.get_mut("tile/1/000.p/2").unwrap();
    tile[5] ^= 1;
    refused(&check(&log, &made), "report.start_root");
}

#[test]
fn a_leaf_that_stands_twice_is_refused() {
    let mut log = log();
    let again = log.entries[0].clone();
    log.append(vec![again]);
    let end = Bound::at(log.checkpoint(US_END)).unwrap();
    let made = report(&mut log, &US, Bound::ZERO, end, exact);
    // The log counted one subpoena twice, and everything else is in order.
    assert_eq!(made.lines[0].form.to_string(), "5");
    refused(&check(&log, &made), "report.leaf_repeated");
}

#[test]
fn a_leaf_of_another_log_or_schema_or_without_proof_is_refused() {
    for (schema, origin, code) in [
        ([9; 32], "mail.example/log/live/1", "leaf.schema"),
        (
            super::kit::provider_schema().0,
            "other.example/log/live/1",
            "leaf.proof",
        ),
    ] {
        let mut log = log();
        let ahead = Ahead::draw(&log.seed, &mut log.generator);
        let context = Context {
            origin,
            schema: &schema,
        };
        // Blinded for this log, so that its owner can still count it.
        let own = log.seed.clone();
        let leaf = Leaf::prove(ahead, &context, &[5; 32], Cell::new(6), &own);
        let end = {
            log.append(vec![leaf.as_bytes().to_vec()]);
            log.checkpoint(US_END)
        };
        let made = signed_anyhow(&mut log, end);
        let checked = Setting::of(&[&log]).check(&made);
        refused(&checked, code);
        assert!(checked.line.contains("leaf 600"), "{}", checked.line);
    }
    let mut log = log();
    let leaf = Leaf::unproved(&log.schema, &[5; 32], &mut log.generator);
    log.append(vec![leaf.as_bytes().to_vec()]);
    let end = log.checkpoint(US_END);
    let made = signed_anyhow(&mut log, end);
    refused(&Setting::of(&[&log]).check(&made), "leaf.version");
}

/// A report whose lines are those of the first 600 leaves, whatever came after.
fn signed_anyhow(log: &mut Log, end: SignedNote) -> Signed {
    let mut shorter = Log::new("mail.example", 1);
    shorter.append(log.entries[..600].to_vec());
    let before = Bound::at(shorter.checkpoint(US_END)).unwrap();
    let mut made = report(&mut shorter, &US, Bound::ZERO, before, exact);
    source(&mut made).end = Bound::at(end).unwrap();
    signed(log, &made)
}

#[test]
fn witnesses_are_a_quorum_and_their_signatures_hold() {
    let mut log = log();
    let one = Bound::at(log.checkpoint_by(US_END, &WITNESSES[..1])).unwrap();
    let made = report(&mut log, &US, Bound::ZERO, one, exact);
    refused(&check(&log, &made), "report.no_quorum");
    // A cosignature under the name of a witness, by another key with the same id: altered bytes.
    let note = log.checkpoint(US_END).to_text();
    let last = note.trim_end().rsplit(' ').next().unwrap().to_owned();
    let mut forged = last.clone().into_bytes();
    let at = forged.len() - 10;
    forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
    let forged = note.replacen(&last, &String::from_utf8(forged).unwrap(), 1);
    let end = Bound::at(forged.parse().unwrap()).unwrap();
    let made = report(&mut log, &US, Bound::ZERO, end, exact);
    refused(&check(&log, &made), "report.false_witness");
    // Witnesses that nobody believes are none.
    let strangers = [("w8.example", 88), ("w9.example", 89)];
    let end = Bound::at(log.checkpoint_by(US_END, &strangers)).unwrap();
    let made = report(&mut log, &US, Bound::ZERO, end, exact);
    refused(&check(&log, &made), "report.no_quorum");
}

#[test]
fn a_report_ends_after_its_period_and_is_made_after_that() {
    let mut log = log();
    let early = Bound::at(log.checkpoint("2026-06-30T23:00:00Z")).unwrap();
    let made = report(&mut log, &US, Bound::ZERO, early, exact);
    // In its own zone the period lasts four hours longer.
    refused(&check(&log, &made), "report.too_early");
    let (log, mut made) = truth();
    made.made_at = "2026-06-30T09:00:00Z".parse().unwrap();
    refused(&check(&log, &made), "report.too_early");
    made.made_at = "2026-07-01T05:00:00Z".parse().unwrap();
    refused(&check(&log, &made), "report.too_early");
}

#[test]
fn a_report_waits_as_long_as_the_law_says() {
    let mut log = log();
    let wanted = |made_at, first_assistance| Wanted {
        series: "uk-interception",
        made_at,
        first_assistance,
        ..US
    };
    let end = Bound::at(log.checkpoint(US_END)).unwrap();
    let band = |_| Form::Band { low: 0, high: 499 };
    let mut made = |wanted: &Wanted| {
        let made = report(&mut log, wanted, Bound::ZERO, end.clone(), band);
        check(&log, &made)
    };
    let soon = wanted("2026-12-30T09:00:00Z", Some("2024-02-01"));
    refused(&made(&soon), "report.delay");
    let first = wanted("2027-01-02T09:00:00Z", Some("2026-01-05"));
    refused(&made(&first), "report.embargo");
    let never = wanted("2027-01-02T09:00:00Z", None);
    refused(&made(&never), "report.embargo");
}

#[test]
fn a_period_is_one_of_the_calendar() {
    for (from, to, code) in [
        ("2026-02-01", "2026-06-30", "report.period_start"),
        ("2026-01-01", "2026-05-31", "report.period_length"),
    ] {
        let mut log = log();
        let end = Bound::at(log.checkpoint(US_END)).unwrap();
        let wanted = Wanted { from, to, ..US };
        let made = report(&mut log, &wanted, Bound::ZERO, end, exact);
        refused(&check(&log, &made), code);
    }
}

/// A first report and a second one after it, made from `start` for the half-year from `from` to `to`.
fn second(from: &'static str, to: &'static str, start: impl Fn(&Bound) -> Bound) -> Checked {
    let mut log = log();
    let before = Bound::at(log.checkpoint("2026-02-01T06:00:00Z")).unwrap();
    log.grow(&[(6, 2)], 700);
    let middle = Bound::at(log.checkpoint(US_END)).unwrap();
    let first = report(&mut log, &US, Bound::ZERO, middle.clone(), exact);
    let first = signed(&log, &first);
    log.grow(&[(7, 9)], 900);
    let later = Bound::at(log.checkpoint("2026-09-01T06:00:00Z")).unwrap();
    log.grow(&[(7, 9)], 1000);
    let end = if to < "2027" {
        "2027-01-01T06:00:00Z"
    } else {
        "2027-07-01T06:00:00Z"
    };
    let end = Bound::at(log.checkpoint(end)).unwrap();
    let wanted = Wanted {
        from,
        to,
        made_at: "2027-07-02T06:00:00Z",
        ..US
    };
    let start = match start(&middle).size.0 {
        0 => before,
        1 => later,
        _ => middle,
    };
    let mut made = report(&mut log, &wanted, start, end, exact);
    made.number = 2;
    made.previous = Some(first.digest());
    let made = signed(&log, &made);
    let mut setting = Setting::of(&[&log]);
    setting.previous = Some(first);
    setting.check(&made)
}

fn marker(size: u64) -> impl Fn(&Bound) -> Bound {
    move |_| Bound {
        size: portcullis_tlog::tree::TreeSize(size),
        checkpoint: None,
    }
}

#[test]
fn nothing_is_counted_again_and_nothing_is_left_out() {
    let right = second("2026-07-01", "2026-12-31", Bound::clone);
    assert_eq!(right.outcome, Outcome::Verified, "{:#?}", right.checks);
    // The same days again, days left out; leaves again, leaves left out.
    refused(
        &second("2026-01-01", "2026-06-30", Bound::clone),
        "report.published_before",
    );
    refused(
        &second("2027-01-01", "2027-06-30", Bound::clone),
        "report.gap",
    );
    refused(
        &second("2026-07-01", "2026-12-31", marker(0)),
        "report.overlap",
    );
    refused(&second("2026-07-01", "2026-12-31", marker(1)), "report.gap");
}

#[test]
fn a_first_report_starts_with_the_log() {
    let mut log = log();
    let start = Bound::at(log.checkpoint("2026-06-29T06:00:00Z")).unwrap();
    log.grow(&[(6, 1)], 900);
    let end = Bound::at(log.checkpoint(US_END)).unwrap();
    // Six things before the start are in no report.
    let made = report(&mut log, &US, start, end, exact);
    let checked = check(&log, &made);
    refused(&checked, "report.gap");
    assert!(
        checked.line.contains("the first 600 leaves"),
        "{}",
        checked.line
    );
}

#[test]
fn a_report_ends_at_the_first_checkpoint_after_its_period() {
    let mut log = log();
    log.grow(&[(6, 40)], 900);
    let end = Bound::at(log.checkpoint("2027-01-15T06:00:00Z")).unwrap();
    let wanted = Wanted {
        made_at: "2027-01-16T09:00:00Z",
        ..US
    };
    let made = report(&mut log, &wanted, Bound::ZERO, end, exact);
    let made = signed(&log, &made);
    let mut setting = Setting::of(&[&log]);
    // One tick before, the period was over already: forty things of later count as its own.
    setting.kept_at = Some("2026-07-01T04:00:00Z");
    refused(&setting.check(&made), "report.late_end");
    // The log did not tick for half a year: nothing was to be cosigned earlier.
    setting.kept_at = Some("2026-07-01T03:59:59Z");
    let checked = setting.check(&made);
    assert_eq!(checked.outcome, Outcome::Verified, "{:#?}", checked.checks);
    // A log that does not show what it had signed before is not believed to have ended in time.
    setting.kept_at = None;
    let checked = setting.check(&made);
    assert_eq!(checked.outcome, Outcome::Insufficient);
    let said =
        "INSUFFICIENT: report.end: no cosigned checkpoint of `mail.example/log/live/1` at size 644";
    assert!(checked.line.starts_with(said), "{}", checked.line);
}

#[test]
fn the_report_before_it_is_one_that_its_log_signed() {
    let mut log = log();
    let middle = Bound::at(log.checkpoint(US_END)).unwrap();
    let never = report(&mut log, &US, Bound::ZERO, middle.clone(), exact);
    let mut stranger = Log::new("mail.example", 9);
    stranger.origin.clone_from(&log.origin);
    let end = Bound::at(log.checkpoint("2027-01-01T06:00:00Z")).unwrap();
    let wanted = Wanted {
        from: "2026-07-01",
        to: "2026-12-31",
        made_at: "2027-01-01T07:00:00Z",
        ..US
    };
    let mut made = report(&mut log, &wanted, middle, end, exact);
    made.number = 2;
    made.previous = Some(signed(&log, &never).digest());
    let made = signed(&log, &made);
    let mut setting = Setting::of(&[&log]);
    setting.previous = Some(signed(&log, &never));
    let checked = setting.check(&made);
    assert_eq!(checked.outcome, Outcome::Verified, "{:#?}", checked.checks);
    let said = checked
        .checks
        .iter()
        .find(|it| it.name == "report.previous");
    assert!(said.unwrap().detail.ends_with("were not checked here"));
    setting.previous = Some(signed(&stranger, &never));
    refused(&setting.check(&made), "report.previous");
}

#[test]
fn a_log_is_named_by_its_member_and_realm() {
    let (_, made) = truth();
    let read = |change: &dyn Fn(&mut Report)| {
        let mut changed = made.clone();
        change(&mut changed);
        Report::parse(&changed.to_bytes()).map_err(|error| error.code())
    };
    assert!(read(&|_| ()).is_ok());
    let bounds = Err("report.bounds");
    assert_eq!(read(&|it| it.realm = "exercise".into()), bounds);
    let member = "other.example";
    assert_eq!(
        read(&|it| source(it).member = member.parse().unwrap()),
        bounds
    );
    for origin in [
        "mail.example/log/live/0",
        "mail.example/log/live/01",
        "mail.example/log/live/1/2",
    ] {
        let mut other = Log::new("mail.example", 1);
        other.origin = origin.into();
        other.grow(&[], 10);
        let end = Bound::at(other.checkpoint(US_END)).unwrap();
        let named = |it: &mut Report| {
            let source = source(it);
            (source.origin, source.end) = (origin.parse().unwrap(), end.clone());
        };
        assert_eq!(read(&named), bounds, "{origin}");
    }
}

#[test]
fn when_it_was_made_is_not_simply_believed() {
    let (log, made) = truth();
    let made = signed(&log, &made);
    let mut setting = Setting::of(&[&log]);
    // It says 09:00.
    setting.now = "2026-07-02T08:54:59Z";
    refused(&setting.check(&made), "report.too_early");
    setting.now = "2026-07-02T08:55:00Z";
    assert_eq!(setting.check(&made).outcome, Outcome::Verified);
}

#[test]
fn the_report_before_it_is_the_one_it_names() {
    let mut log = log();
    let middle = Bound::at(log.checkpoint(US_END)).unwrap();
    let first = report(&mut log, &US, Bound::ZERO, middle.clone(), exact);
    let mut other = first.clone();
    other.made_at = "2026-07-03T09:00:00Z".parse().unwrap();
    let end = Bound::at(log.checkpoint("2027-01-01T06:00:00Z")).unwrap();
    let wanted = Wanted {
        from: "2026-07-01",
        to: "2026-12-31",
        made_at: "2027-01-01T07:00:00Z",
        ..US
    };
    let mut made = report(&mut log, &wanted, middle, end, exact);
    made.number = 2;
    made.previous = Some(signed(&log, &first).digest());
    let mut setting = Setting::of(&[&log]);
    setting.previous = Some(signed(&log, &other));
    refused(&setting.check(&signed(&log, &made)), "report.previous");
}

#[test]
fn lines_are_those_of_the_series_and_in_no_finer_form() {
    let (mut log, made) = truth();
    let again = |log: &mut Log, mut changed: Report| {
        prove(log, &mut changed);
        check(log, &changed)
    };
    let mut fewer = made.clone();
    fewer.lines.pop();
    refused(&again(&mut log, fewer), "report.lines");
    let mut other = made.clone();
    other.lines[0].cells = vec![6, 7];
    other.lines[0].form = Form::Exact { value: 6 };
    refused(&again(&mut log, other), "report.lines");
    let mut renamed = made.clone();
    renamed.lines[0].title = "Requests".into();
    refused(&again(&mut log, renamed), "report.lines");
    let mut banded = made.clone();
    banded.lines[0].form = Form::Band { low: 0, high: 9 };
    refused(&again(&mut log, banded), "report.form");
    let mut series = made;
    series.series = "us-everything".into();
    refused(&again(&mut log, series), "report.series");
    // Interception shown exactly, in a narrower band, or in one that is not where bands lie.
    let wanted = Wanted {
        series: "uk-interception",
        made_at: "2027-01-02T09:00:00Z",
        first_assistance: Some("2024-02-01"),
        ..US
    };
    for form in [
        Form::Exact { value: 5 },
        Form::Band { low: 0, high: 249 },
        Form::Band { low: 1, high: 500 },
    ] {
        let mut log = super::truths::log();
        let end = Bound::at(log.checkpoint(US_END)).unwrap();
        let band = |_| Form::Band { low: 0, high: 499 };
        let mut made = report(&mut log, &wanted, Bound::ZERO, end, band);
        made.lines[0].form = form;
        prove(&mut log, &mut made);
        refused(&check(&log, &made), "report.form");
    }
    // A small total shown as it is.
    let mut log = super::truths::log();
    let end = Bound::at(log.checkpoint(US_END)).unwrap();
    let wanted = Wanted {
        series: "uk-communications-data",
        ..US
    };
    let made = report(&mut log, &wanted, Bound::ZERO, end, exact);
    refused(&check(&log, &made), "report.form");
}

#[test]
fn a_law_by_the_digest_of_another_is_refused() {
    let (log, mut made) = truth();
    let laws = super::kit::laws();
    let other = laws.by_id("uk-ipa-2016").unwrap().digest;
    made.laws.insert("us-sca".into(), other);
    refused(&check(&log, &made), "report.law");
    // A digest that nobody here knows may be an older version: nothing is said to be false.
    made.laws
        .insert("us-sca".into(), portcullis_core::digest::Digest([1; 32]));
    let checked = check(&log, &made);
    assert_eq!(checked.outcome, Outcome::Insufficient);
    assert!(checked.line.contains("report.laws"), "{}", checked.line);
}

#[test]
fn a_zone_is_that_of_the_series() {
    let (log, mut made) = truth();
    made.period.zone = "Europe/London".into();
    refused(&check(&log, &made), "report.zone");
    made.period.zone = "Europe/Atlantis".into();
    refused(&check(&log, &made), "report.zone");
}
