//! Whether a report may be made, and how its lines are shown.

use crate::kit::{Scene, at};
use jiff::{civil::Date, tz::TimeZoneDatabase};
use portcullis_core::{
    digest::Digest,
    docket::What,
    law::{Clause, Law, Party, Publication},
    publication::{
        Earlier, EarlierLine, Form, Makers, Period, Plan, PlannedLine, Proposal, Refusal, decide,
        next_period,
    },
    schema::{self, CELLS, Cell, CellNumber, Condition, Schema, Series, SeriesLine, Shown},
};
use proptest::prelude::*;
use std::collections::BTreeSet;

const LONDON: &str = "Europe/London";

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn period(from: &str, to: &str) -> Period {
    let (from, to) = (day(from), day(to));
    Period { from, to }
}

fn clause() -> Clause {
    Clause {
        text: "Act publication".into(),
        verified: true,
    }
}

fn number(number: u8) -> CellNumber {
    CellNumber::new(number).unwrap()
}

/// Orders received in cell 1, selectors in cell 2, the rest reserved.
fn cells() -> Vec<Cell> {
    let counts = |what| Condition {
        kinds: BTreeSet::from(["received".into()]),
        what: BTreeSet::from([what]),
        laws: BTreeSet::from(["test".into()]),
        rules: BTreeSet::from(["warrant".into()]),
        ..Condition::default()
    };
    let counted = |cell| match cell {
        1 => Some(counts(What::Order)),
        2 => Some(counts(What::Target)),
        _ => None,
    };
    let cell = |cell| Cell {
        number: number(cell),
        id: format!("cell-{cell}"),
        title: "A cell".into(),
        counts: counted(cell),
        awaits: None,
    };
    (1..=CELLS).map(cell).collect()
}

/// Half-yearly, six months later, not in the first eighteen; one line over cell 1.
fn series(id: &str, shown: Shown) -> Series {
    Series {
        id: id.into(),
        title: "A series".into(),
        law: Some("test".into()),
        by: Party::Provider,
        clause: clause(),
        awaits: None,
        zone_name: LONDON.into(),
        zone: TimeZoneDatabase::bundled().get(LONDON).unwrap(),
        period_months: 6,
        delay_months: 6,
        first_embargo_months: 18,
        joint: false,
        shown,
        suppress_below: 0,
        lines: vec![SeriesLine {
            id: "orders".into(),
            title: "Orders".into(),
            cells: BTreeSet::from([number(1)]),
            clause: clause(),
        }],
    }
}

/// What somebody would publish, open to a test's changes.
struct Desk {
    schema: Schema,
    law: Law,
    which: usize,
    earlier: Vec<Earlier>,
    first_assistance: Option<Date>,
    period: Period,
    makers: Makers,
    now: &'static str,
}

impl Desk {
    /// Bands of 500, as the law allows; an exact series and a joint one, which it does not.
    fn new() -> Self {
        let mut law = Scene::warrant().law;
        law.rules[0].publications = vec![Publication {
            by: Party::Provider,
            counted: vec!["orders".into()],
            band: Some(500),
            period_months: 6,
            delay_months: 6,
            first_embargo_months: 18,
            joint: false,
            clause: clause(),
        }];
        let joint = Series {
            joint: true,
            ..series("joint", Shown::Exact)
        };
        let (banded, exact) = (Shown::Band { width: 500 }, Shown::Exact);
        Self {
            schema: Schema {
                id: Digest([1; 32]),
                name: "test-v1".into(),
                title: "A schema".into(),
                party: Party::Provider,
                cells: cells(),
                series: vec![series("banded", banded), series("exact", exact), joint],
            },
            law,
            which: 0,
            earlier: Vec::new(),
            first_assistance: Some(day("2024-02-01")),
            period: period("2026-01-01", "2026-06-30"),
            makers: Makers::One,
            now: "2027-01-01T00:00:00Z",
        }
    }

    /// Takes another series, and a law that lets exact and joint totals be published.
    fn exact(which: usize) -> Self {
        let mut desk = Self::new();
        desk.law.rules[0].publications[0].band = None;
        desk.law.rules[0].publications[0].joint = true;
        desk.which = which;
        if which == 2 {
            desk.makers = Makers::Several(3);
        }
        desk
    }

    /// A report made before, with one line over cell 1.
    fn after(mut self, series: &str, of: Period, form: Form) -> Self {
        let number = self.earlier.len() as u64 + 1;
        self.earlier.push(Earlier {
            series: series.into(),
            number,
            period: of,
            joint: series.contains("joint"),
            lines: vec![EarlierLine { mask: 1, form }],
        });
        self
    }

    fn decide(&self) -> Result<Plan, Refusal> {
        decide(&Proposal {
            schema: &self.schema,
            series: &self.schema.series[self.which],
            law: Some(&self.law),
            earlier: &self.earlier,
            log_began: at("2026-03-15T12:00:00Z"),
            first_assistance: self.first_assistance,
            period: self.period,
            makers: self.makers,
            now: at(self.now),
        })
    }

    #[track_caller]
    fn check(&self, expected: &str) {
        let decided = self.decide();
        let found = decided.as_ref().map_or_else(Refusal::code, |_| "made");
        assert_eq!(found, expected, "{decided:?}");
    }
}

fn with(change: impl FnOnce(&mut Desk)) -> Desk {
    let mut desk = Desk::new();
    change(&mut desk);
    desk
}

const BAND: Form = Form::Band { low: 0, high: 499 };

#[test]
fn a_first_report_holds_the_day_on_which_the_log_began() {
    let plan = Desk::new().decide().unwrap();
    assert_eq!(plan.number, 1);
    assert_eq!(plan.begins, at("2026-01-01T00:00:00Z"));
    // Midnight in London in summer.
    assert_eq!(plan.closes, at("2026-06-30T23:00:00Z"));
    assert_eq!(plan.not_before, at("2027-01-01T00:00:00Z"));
    assert_eq!(plan.lines[0].mask, 1);
    with(|desk| desk.period = period("2025-07-01", "2025-12-31")).check("report.overlap");
    with(|desk| {
        desk.period = period("2026-07-01", "2026-12-31");
        desk.now = "2027-08-01T00:00:00Z";
    })
    .check("report.gap");
}

#[test]
fn periods_are_half_years_of_the_calendar_whole_and_in_turn() {
    let check = |from, to, code| with(|desk| desk.period = period(from, to)).check(code);
    check("2026-02-01", "2026-07-31", "report.period_start");
    check("2026-01-02", "2026-06-30", "report.period_start");
    check("2026-01-01", "2026-06-29", "report.period_length");
    check("2026-01-01", "2026-12-31", "report.period_length");

    let first = Desk::new().period;
    let second = period("2026-07-01", "2026-12-31");
    let next = |period, now| {
        let mut desk = Desk::new().after("banded", first, BAND);
        (desk.period, desk.now) = (period, now);
        desk
    };
    next(first, "2027-08-01T00:00:00Z").check("report.published_before");
    let desk = next(second, "2027-06-30T22:59:59Z");
    desk.check("report.delay");
    let desk = next(second, "2027-06-30T23:00:00Z");
    assert_eq!(desk.decide().unwrap().number, 2);
    next(period("2025-07-01", "2025-12-31"), "2027-08-01T00:00:00Z").check("report.overlap");
    next(period("2027-01-01", "2027-06-30"), "2028-08-01T00:00:00Z").check("report.gap");
    let series = &desk.schema.series[0];
    let began = at("2026-03-15T12:00:00Z");
    assert_eq!(next_period(series, &desk.earlier, began), Ok(second));
    assert_eq!(next_period(series, &[], began), Ok(first));
}

#[test]
fn nothing_is_published_before_its_time() {
    let at = |now| with(|desk| desk.now = now);
    at("2026-06-30T22:59:59Z").check("report.not_closed");
    at("2026-06-30T23:00:00Z").check("report.delay");
    at("2026-12-31T23:59:59Z").check("report.delay");
    at("2027-01-01T00:00:00Z").check("made");
}

#[test]
fn nothing_is_published_for_eighteen_months_from_the_first_assistance() {
    let first = |text: &str, now| {
        let first_assistance = Some(day(text));
        with(|desk| (desk.first_assistance, desk.now) = (first_assistance, now))
    };
    // Beginning with the day: eighteen months from 1 November 2025 end with 30 April 2027.
    first("2025-11-01", "2027-04-30T22:59:59Z").check("report.embargo");
    let plan = first("2025-11-01", "2027-04-30T23:00:00Z")
        .decide()
        .unwrap();
    assert_eq!(plan.not_before, at("2027-04-30T23:00:00Z"));
    // There is no 31 February: the months end with the 28th.
    first("2025-08-31", "2027-02-28T23:59:59Z").check("report.embargo");
    first("2025-08-31", "2027-03-01T00:00:00Z").check("made");
    // Who reports nothing until the first order tells of that order.
    with(|desk| desk.first_assistance = None).check("report.embargo");
    let mut desk = Desk::new();
    desk.schema.series[0].first_embargo_months = 0;
    desk.law.rules[0].publications[0].first_embargo_months = 0;
    desk.first_assistance = None;
    desk.check("made");
}

#[test]
fn without_its_law_or_finer_than_it_no_report_is_made() {
    let desk = Desk::new();
    let proposal = |law| Proposal {
        schema: &desk.schema,
        series: &desk.schema.series[0],
        law,
        earlier: &[],
        log_began: at("2026-03-15T12:00:00Z"),
        first_assistance: desk.first_assistance,
        period: desk.period,
        makers: Makers::One,
        now: at(desk.now),
    };
    let unknown = decide(&proposal(None)).unwrap_err();
    assert_eq!(unknown.code(), "report.law_unknown");
    let mut other = desk.law.clone();
    other.id = "other".into();
    let unknown = decide(&proposal(Some(&other))).unwrap_err();
    assert_eq!(unknown.code(), "report.law_unknown");
    with(|desk| desk.which = 1).check("report.finer_than_law");
    let law =
        |change: fn(&mut Publication)| with(|desk| change(&mut desk.law.rules[0].publications[0]));
    law(|law| law.band = Some(1000)).check("report.finer_than_law");
    law(|law| law.band = Some(250)).check("made");
    law(|law| law.period_months = 12).check("report.finer_than_law");
    law(|law| law.delay_months = 7).check("report.finer_than_law");
    law(|law| law.first_embargo_months = 19).check("report.finer_than_law");
    law(|law| law.counted = vec!["items".into()]).check("report.finer_than_law");
    law(|law| law.by = Party::Overseer).check("report.finer_than_law");
}

#[test]
fn an_order_may_be_counted_by_the_first_item_of_each_class_it_asks_for() {
    let of_items = |first| {
        with(|desk| {
            let counts = desk.schema.cells[0].counts.as_mut().unwrap();
            (counts.what, counts.first) = (BTreeSet::from([What::Item]), first);
        })
    };
    of_items(Some(true)).check("made");
    of_items(None).check("report.finer_than_law");
}

#[test]
fn a_joint_report_takes_three_and_a_joint_series() {
    Desk::exact(2).check("made");
    for (which, makers, code) in [
        (2, Makers::Several(2), "report.joint_too_few"),
        (2, Makers::One, "report.joint_too_few"),
        (1, Makers::Several(3), "report.not_joint"),
    ] {
        let mut desk = Desk::exact(which);
        desk.makers = makers;
        desk.check(code);
    }
    let mut desk = Desk::exact(2);
    desk.law.rules[0].publications[0].joint = false;
    desk.check("report.finer_than_law");
    // Who was not there the last time leaves out nothing of its own.
    let mut desk = Desk::exact(2);
    desk.period = period("2026-07-01", "2026-12-31");
    desk.now = "2027-08-01T00:00:00Z";
    desk.check("made");
}

#[test]
fn no_total_is_known_exactly_and_in_a_band() {
    let of = Desk::new().period;
    // The same cells in another series, as an older schema may have had them.
    let beside = |desk: Desk, form| desk.after("older", of, form);
    beside(Desk::exact(1), BAND).check("report.exact_and_banded");
    beside(Desk::new(), Form::Exact(7)).check("report.exact_and_banded");
    beside(Desk::exact(1), Form::Exact(7)).check("report.published_before");
    beside(Desk::new(), BAND).check("report.published_before");
    beside(Desk::new(), Form::Withheld).check("made");
    Desk::new()
        .after("older", period("2025-01-01", "2025-12-31"), Form::Exact(7))
        .check("made");
    let mut other_cells = beside(Desk::new(), Form::Exact(7));
    other_cells.earlier[0].lines[0].mask = 2;
    other_cells.check("made");

    Desk::exact(2)
        .after("exact", of, BAND)
        .check("report.joint_banded");
    Desk::exact(2)
        .after("exact", of, Form::Exact(7))
        .check("made");
    Desk::exact(2)
        .after("other-joint", of, Form::Exact(70))
        .check("report.published_before");
    Desk::new()
        .after("joint", of, Form::Exact(70))
        .check("report.exact_and_banded");
    // A small total would be known from the joint one; the others may be shown.
    let mut desk = Desk::exact(1).after("joint", of, Form::Exact(70));
    desk.schema.series[1].suppress_below = 10;
    let line = desk.decide().unwrap().lines.remove(0);
    assert_eq!(line.form(10), Ok(Form::Exact(10)));
    let code = line.form(9).map_err(|refused| refused.code());
    assert_eq!(code, Err("report.exact_and_banded"));
}

#[test]
fn the_end_of_dates_is_no_panic() {
    let mut desk = Desk::new();
    desk.period = Period {
        from: Date::new(9999, 7, 1).unwrap(),
        to: Date::MAX,
    };
    desk.check("report.range");
}

fn line(shown: Shown, suppress_below: u32) -> PlannedLine {
    PlannedLine {
        id: "orders".into(),
        mask: 1,
        shown,
        suppress_below,
        told_jointly: false,
    }
}

#[test]
fn a_total_becomes_itself_or_its_band() {
    let check = |shown, suppress, total, form| {
        assert_eq!(line(shown, suppress).form(total), Ok(form), "{total}");
    };
    let band = |low, high| Form::Band { low, high };
    let of_500 = Shown::Band { width: 500 };
    check(of_500, 0, 0, band(0, 499));
    check(of_500, 0, 499, band(0, 499));
    check(of_500, 0, 500, band(500, 999));
    check(Shown::Exact, 0, 0, Form::Exact(0));
    check(Shown::Exact, 10, 9, band(0, 9));
    check(Shown::Exact, 10, 10, Form::Exact(10));
}

proptest! {
    #[test]
    fn every_total_lies_in_its_band_and_bands_never_straddle(
        total in 0_u64..1 << 53,
        width in prop::sample::select(vec![100_u32, 250, 500, 1000]),
    ) {
        let shown = Shown::Band { width };
        let Ok(Form::Band { low, high }) = line(shown, 0).form(total) else {
            return Err(TestCaseError::fail("a band"));
        };
        prop_assert!(low <= total && total <= high);
        prop_assert_eq!(low % u64::from(width), 0);
        prop_assert_eq!(high - low + 1, u64::from(width));
    }

    #[test]
    fn reports_made_in_turn_leave_no_day_out_and_count_none_twice(
        began in 1_700_000_000_i64..1_800_000_000,
        months in prop::sample::select(vec![1_u32, 2, 3, 4, 6, 12]),
        count in 1_usize..12,
    ) {
        let mut desk = Desk::new();
        desk.schema.series[0].period_months = months;
        let series = &desk.schema.series[0];
        let began = jiff::Timestamp::from_second(began).unwrap();
        let mut earlier: Vec<Earlier> = Vec::new();
        for number in 1..=count {
            let period = next_period(series, &earlier, began).unwrap();
            let expected = earlier.last().map(|last| last.period.to.tomorrow().unwrap());
            let day = began.to_zoned(series.zone.clone()).date();
            match expected {
                Some(expected) => prop_assert_eq!(period.from, expected),
                None => prop_assert!(period.from <= day && day <= period.to),
            }
            earlier.push(Earlier {
                series: series.id.clone(), number: number as u64, period, joint: false, lines: Vec::new(),
            });
        }
    }
}

#[test]
fn the_schema_of_these_tests_is_sound_but_for_its_cell_in_two_series() {
    let codes: Vec<_> = schema::check(&Desk::new().schema)
        .iter()
        .map(|broken| broken.code)
        .collect();
    assert_eq!(codes, ["schema.cell_twice"]);
}
