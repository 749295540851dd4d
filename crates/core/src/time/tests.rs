use super::*;
use jiff::tz::TimeZoneDatabase;
use proptest::prelude::*;

const fn rule(count: u32, unit: Unit, first_day: FirstDay) -> TimeRule {
    TimeRule {
        count,
        unit,
        first_day,
        end: EndOfPeriod::AsItFalls,
    }
}

fn calendar(zone: &str, holidays: &[&str]) -> Calendar {
    Calendar {
        id: "test".into(),
        zone: TimeZoneDatabase::bundled().get(zone).unwrap(),
        holidays: holidays.iter().map(|day| day.parse().unwrap()).collect(),
        from: "2026-01-01".parse().unwrap(),
        to: "2027-12-31".parse().unwrap(),
        proclaimed_to: "2026-12-31".parse().unwrap(),
    }
}

/// Days of the spring and summer of 2026 that are bank holidays in some part of the United Kingdom.
fn uk() -> Calendar {
    let days = [
        "2026-03-17",
        "2026-04-03",
        "2026-04-06",
        "2026-05-04",
        "2026-05-25",
        "2026-06-15",
        "2026-07-13",
    ];
    calendar(
        "Europe/London",
        &[&days[..], &["2026-08-03", "2026-08-31"]].concat(),
    )
}

fn check(rule: TimeRule, calendar: &Calendar, event: &str, end: &str) {
    let counted = rule.end_from(event.parse().unwrap(), calendar);
    assert_eq!(counted, Ok(end.parse().unwrap()), "{rule:?} from {event}");
}

const COMMISSIONER: TimeRule = rule(3, Unit::WorkingDays, FirstDay::After);
const URGENT_WARRANT: TimeRule = rule(5, Unit::WorkingDays, FirstDay::After);

#[test]
fn the_third_working_day_after_issue_leaves_out_easter() {
    // IPA 2016 s. 24: Wednesday 1 April 2026; then Thursday 2, Tuesday 7, Wednesday 8.
    check(
        COMMISSIONER,
        &uk(),
        "2026-04-01T09:00:00Z",
        "2026-04-08T23:00:00Z",
    );
}

#[test]
fn a_bank_holiday_in_scotland_alone_is_no_working_day_anywhere() {
    // IPA 2016 s. 263(1): Friday 31 July 2026, and Monday 3 August is the Scottish summer holiday.
    check(
        COMMISSIONER,
        &uk(),
        "2026-07-31T15:00:00Z",
        "2026-08-06T23:00:00Z",
    );
    let mut england = uk();
    england.holidays.remove(&"2026-08-03".parse().unwrap());
    check(
        COMMISSIONER,
        &england,
        "2026-07-31T15:00:00Z",
        "2026-08-05T23:00:00Z",
    );
}

#[test]
fn an_urgent_warrant_ends_with_the_fifth_working_day_after_issue() {
    // IPA 2016 s. 32(2)(a).
    check(
        URGENT_WARRANT,
        &uk(),
        "2026-04-01T09:00:00Z",
        "2026-04-10T23:00:00Z",
    );
    check(
        URGENT_WARRANT,
        &uk(),
        "2026-02-07T12:00:00Z",
        "2026-02-14T00:00:00Z",
    );
}

#[test]
fn six_months_beginning_with_a_day_end_before_the_day_that_corresponds() {
    // IPA 2016 s. 32(2)(b): from winter time to summer time.
    let warrant = rule(6, Unit::Months, FirstDay::On);
    check(
        warrant,
        &uk(),
        "2026-03-01T10:00:00Z",
        "2026-08-31T23:00:00Z",
    );
    check(
        warrant,
        &uk(),
        "2026-08-31T10:00:00Z",
        "2027-03-01T00:00:00Z",
    );
    check(
        warrant,
        &uk(),
        "2026-08-28T10:00:00Z",
        "2027-02-28T00:00:00Z",
    );
}

#[test]
fn one_month_beginning_with_the_grant_is_clipped_where_february_ends() {
    // IPA 2016 s. 65(1).
    let grant = rule(1, Unit::Months, FirstDay::On);
    check(grant, &uk(), "2026-01-15T10:00:00Z", "2026-02-15T00:00:00Z");
    check(grant, &uk(), "2026-01-31T10:00:00Z", "2026-03-01T00:00:00Z");
    check(
        rule(1, Unit::Months, FirstDay::After),
        &uk(),
        "2026-01-31T10:00:00Z",
        "2026-03-01T00:00:00Z",
    );
    check(
        rule(1, Unit::Months, FirstDay::After),
        &uk(),
        "2026-01-15T10:00:00Z",
        "2026-02-16T00:00:00Z",
    );
}

#[test]
fn three_days_beginning_with_the_grant_hold_over_the_change_of_clocks() {
    // IPA 2016 s. 65(3A): 27, 28 and 29 March 2026; clocks go forward on the 29th.
    let urgent = rule(3, Unit::Days, FirstDay::On);
    check(
        urgent,
        &uk(),
        "2026-03-27T23:30:00Z",
        "2026-03-29T23:00:00Z",
    );
    // Half past eleven UTC in summer is already the next day in London.
    check(
        urgent,
        &uk(),
        "2026-07-01T23:30:00Z",
        "2026-07-04T23:00:00Z",
    );
}

#[test]
fn seven_days_beginning_with_service_include_the_day_of_service() {
    // Crime (Overseas Production Orders) Act 2019 s. 5(5).
    check(
        rule(7, Unit::Days, FirstDay::On),
        &uk(),
        "2026-03-02T16:00:00Z",
        "2026-03-09T00:00:00Z",
    );
}

#[test]
fn eight_hours_run_through_weekends_and_clock_changes() {
    // Reg. (EU) 2023/1543 Art. 10(4).
    let emergency = rule(8, Unit::Hours, FirstDay::After);
    check(
        emergency,
        &uk(),
        "2026-03-29T00:30:00Z",
        "2026-03-29T08:30:00Z",
    );
    check(
        emergency,
        &uk(),
        "2030-01-01T20:00:00Z",
        "2030-01-02T04:00:00Z",
    );
}

#[test]
fn ten_days_that_end_on_a_holiday_run_to_the_end_of_the_next_working_day() {
    // Reg. (EU) 2023/1543 Art. 10(3) with Reg. 1182/71 Art. 3(4): the tenth day is 1 January 2027, a Friday.
    let brussels = calendar("Europe/Brussels", &["2026-12-25", "2027-01-01"]);
    let mut ten = rule(10, Unit::Days, FirstDay::After);
    check(
        ten,
        &brussels,
        "2026-12-22T09:00:00Z",
        "2027-01-01T23:00:00Z",
    );
    ten.end = EndOfPeriod::NextWorkingDay;
    check(
        ten,
        &brussels,
        "2026-12-22T09:00:00Z",
        "2027-01-04T23:00:00Z",
    );
    check(
        ten,
        &brussels,
        "2026-11-02T09:00:00Z",
        "2026-11-12T23:00:00Z",
    );
}

#[test]
fn ninety_days_of_preservation_end_at_midnight_where_the_calendar_is() {
    // 18 USC 2703(f)(2), the first day counted.
    let capital = calendar("America/New_York", &[]);
    check(
        rule(90, Unit::Days, FirstDay::On),
        &capital,
        "2026-01-01T17:00:00Z",
        "2026-04-01T04:00:00Z",
    );
}

#[test]
fn the_window_for_renewal_is_the_last_thirty_days() {
    // IPA 2016 s. 33: a warrant that ends with 31 August may be renewed from 2 August on.
    let window = rule(30, Unit::Days, FirstDay::On);
    let opens = window.start_before("2026-08-31T23:00:00Z".parse().unwrap(), &uk());
    assert_eq!(opens, Ok("2026-08-01T23:00:00Z".parse().unwrap()));
    let working = rule(2, Unit::WorkingDays, FirstDay::On)
        .start_before("2026-04-07T23:00:00Z".parse().unwrap(), &uk());
    assert_eq!(working, Ok("2026-04-01T23:00:00Z".parse().unwrap()));
    let month = rule(1, Unit::Months, FirstDay::On)
        .start_before("2026-08-31T23:00:00Z".parse().unwrap(), &uk());
    assert_eq!(month, Ok("2026-07-31T23:00:00Z".parse().unwrap()));
    let not_that_day = rule(30, Unit::Days, FirstDay::After)
        .start_before("2026-08-31T23:00:00Z".parse().unwrap(), &uk());
    assert_eq!(not_that_day, Ok("2026-07-31T23:00:00Z".parse().unwrap()));
}

#[test]
fn a_calendar_does_not_guess_the_holidays_of_other_years() {
    let late = COMMISSIONER.end_from("2027-12-30T09:00:00Z".parse().unwrap(), &uk());
    let asked = "2028-01-01".parse().unwrap();
    let (id, from, to) = ("test".to_owned(), uk().from, uk().to);
    assert_eq!(
        late,
        Err(CalendarError::NotCovered {
            id,
            from,
            to,
            asked
        })
    );
    assert!(
        rule(6, Unit::Months, FirstDay::On)
            .end_from("2031-01-01T00:00:00Z".parse().unwrap(), &uk())
            .is_ok()
    );
    assert!(!uk().is_proclaimed("2027-01-01T00:00:00Z".parse().unwrap()));
}

#[test]
fn a_period_past_the_end_of_dates_is_an_error_and_not_a_wrong_day() {
    for unit in [Unit::Hours, Unit::Days, Unit::Months] {
        for first_day in [FirstDay::On, FirstDay::After] {
            let longest = rule(u32::MAX, unit, first_day);
            let now = "2026-01-01T00:00:00Z".parse().unwrap();
            assert_eq!(
                longest.end_from(now, &uk()),
                Err(CalendarError::Range),
                "{longest:?}"
            );
            assert_eq!(
                longest.start_before(now, &uk()),
                Err(CalendarError::Range),
                "{longest:?}"
            );
        }
    }
}

fn any_rule() -> impl Strategy<Value = TimeRule> {
    let units = prop::sample::select(vec![
        Unit::Hours,
        Unit::Days,
        Unit::WorkingDays,
        Unit::Months,
    ]);
    let first = prop::sample::select(vec![FirstDay::On, FirstDay::After]);
    let ends = prop::sample::select(vec![EndOfPeriod::AsItFalls, EndOfPeriod::NextWorkingDay]);
    (1_u32..8, units, first, ends).prop_map(|(count, unit, first_day, end)| TimeRule {
        count,
        unit,
        first_day,
        end,
    })
}

fn any_instant() -> impl Strategy<Value = Timestamp> {
    // 2026, so that eight months later the calendar still speaks.
    (1_767_571_200_i64..1_798_000_000).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn any_calendar() -> impl Strategy<Value = Calendar> {
    let zone = prop::sample::select(vec![
        "Europe/London",
        "America/New_York",
        "Pacific/Apia",
        "Asia/Kathmandu",
    ]);
    (zone, prop::collection::btree_set(0_i32..700, 0..60)).prop_map(|(zone, days)| {
        let mut calendar = calendar(zone, &[]);
        let first = calendar.from;
        calendar.holidays = days
            .into_iter()
            .map(|n| first.checked_add(Span::new().days(n)).unwrap())
            .collect();
        calendar
    })
}

proptest! {
    #[test]
    fn a_later_event_never_ends_earlier(rule in any_rule(), calendar in any_calendar(), a in any_instant(), b in any_instant()) {
        let (a, b) = (a.min(b), a.max(b));
        prop_assert!(rule.end_from(a, &calendar).unwrap() <= rule.end_from(b, &calendar).unwrap());
    }

    #[test]
    fn a_longer_period_never_ends_earlier_and_none_ends_before_its_event(
        rule in any_rule(), calendar in any_calendar(), at in any_instant()
    ) {
        let longer = TimeRule { count: rule.count + 1, ..rule };
        let end = rule.end_from(at, &calendar).unwrap();
        prop_assert!(at < end);
        prop_assert!(end <= longer.end_from(at, &calendar).unwrap());
    }

    #[test]
    fn a_period_in_working_days_ends_on_the_last_of_as_many_working_days(
        count in 1_u32..12, calendar in any_calendar(), at in any_instant()
    ) {
        let end = rule(count, Unit::WorkingDays, FirstDay::After).end_from(at, &calendar).unwrap();
        let last = calendar.date_of(end.checked_sub(SignedDuration::from_secs(1)).unwrap());
        prop_assert!(calendar.is_working_day(last).unwrap());
        let (mut day, mut counted) = (calendar.date_of(at), 0);
        while day < last {
            day = day.tomorrow().unwrap();
            counted += u32::from(calendar.is_working_day(day).unwrap());
        }
        prop_assert_eq!(counted, count);
    }

    #[test]
    fn running_to_the_next_working_day_only_ever_adds(rule in any_rule(), calendar in any_calendar(), at in any_instant()) {
        let falls = TimeRule { end: EndOfPeriod::AsItFalls, ..rule };
        let runs = TimeRule { end: EndOfPeriod::NextWorkingDay, ..rule };
        let (falls, runs) = (falls.end_from(at, &calendar).unwrap(), runs.end_from(at, &calendar).unwrap());
        prop_assert!(falls <= runs);
        if rule.unit == Unit::Hours {
            prop_assert_eq!(falls, runs);
            return Ok(());
        }
        let last = calendar.date_of(runs.checked_sub(SignedDuration::from_secs(1)).unwrap());
        prop_assert!(calendar.is_working_day(last).unwrap());
    }

    #[test]
    fn the_window_before_the_end_of_a_period_of_days_opens_on_its_first_day(
        count in 1_u32..200, calendar in any_calendar(), at in any_instant()
    ) {
        let days = rule(count, Unit::Days, FirstDay::On);
        let opens = days.start_before(days.end_from(at, &calendar).unwrap(), &calendar).unwrap();
        prop_assert_eq!(opens, calendar.start_of(calendar.date_of(at)).unwrap());
    }

    #[test]
    fn no_period_lasts_longer_than_the_floors_believe(rule in any_rule(), at in any_instant()) {
        let lasted = rule.end_from(at, &calendar("Europe/London", &[])).unwrap().duration_since(at).as_hours();
        // The rest of the event's own day, and an hour when clocks go back.
        prop_assert!(lasted <= i64::from(rule.days_at_most() + 1) * 24 + 1);
    }
}
