//! The calendars that come with Portcullis, computed once more from the texts.

use jiff::{Span, civil::Date, civil::Weekday};
use portcullis_verdict::law::Calendars;
use std::collections::BTreeSet;

fn date(year: i16, month: i8, day: i8) -> Date {
    Date::new(year, month, day).unwrap()
}

fn later(day: Date, days: i32) -> Date {
    day.checked_add(Span::new().days(days)).unwrap()
}

fn nth(year: i16, month: i8, nth: i8, weekday: Weekday) -> Date {
    date(year, month, 1)
        .nth_weekday_of_month(nth, weekday)
        .unwrap()
}

fn weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Easter Sunday: the first Sunday after the ecclesiastical full moon of 21 March or later.
fn easter(year: i16) -> Date {
    let golden = year % 19;
    let century = year / 100;
    let skipped_leaps = century - century / 4;
    let moon_correction = (8 * century + 13) / 25;
    let epact = (19 * golden + skipped_leaps - moon_correction + 15) % 30;
    // Two epacts share the last day, so that no full moon falls twice in nineteen years on it.
    let moon = if epact == 29 || (epact == 28 && golden > 10) {
        epact - 1
    } else {
        epact
    };
    let full_moon = later(date(year, 3, 21), i32::from(moon));
    (1..=7)
        .map(|days| later(full_moon, days))
        .find(|day| day.weekday() == Weekday::Sunday)
        .unwrap()
}

/// A run of days that each move to the next weekday not yet taken.
fn moved(days: &[Date]) -> Vec<Date> {
    let mut taken: Vec<Date> = days.iter().copied().filter(|day| !weekend(*day)).collect();
    for day in days.iter().copied().filter(|day| weekend(*day)) {
        let mut to = day;
        while weekend(to) || taken.contains(&to) {
            to = to.tomorrow().unwrap();
        }
        taken.push(to);
    }
    taken
}

/// Banking and Financial Dealings Act 1971 Sch. 1, the customary days, and the days that were
/// moved or proclaimed once; the union of England and Wales, Scotland and Northern Ireland.
fn united_kingdom(year: i16) -> BTreeSet<Date> {
    let easter = easter(year);
    let mut days = vec![later(easter, -2), later(easter, 1)];
    days.extend(moved(&[date(year, 1, 1), date(year, 1, 2)]));
    days.extend(moved(&[date(year, 3, 17)]));
    days.extend(moved(&[date(year, 7, 12)]));
    days.extend(moved(&[date(year, 11, 30)]));
    days.extend(moved(&[date(year, 12, 25), date(year, 12, 26)]));
    days.push(match year {
        2020 => date(2020, 5, 8), // seventy-five years of peace in Europe: moved from the 4th
        _ => nth(year, 5, 1, Weekday::Monday),
    });
    days.push(match year {
        2022 => date(2022, 6, 2), // moved for the Platinum Jubilee
        _ => nth(year, 5, -1, Weekday::Monday),
    });
    days.extend([
        nth(year, 8, 1, Weekday::Monday),
        nth(year, 8, -1, Weekday::Monday),
    ]);
    let once = [(2022, 6, 3), (2022, 9, 19), (2023, 5, 8), (2026, 6, 15)];
    days.extend(
        once.into_iter()
            .filter(|(y, ..)| *y == year)
            .map(|(y, m, d)| date(y, m, d)),
    );
    days.into_iter().collect()
}

/// 5 USC 6103(a)–(b): a Saturday is observed on the Friday before, a Sunday on the Monday after.
fn united_states(year: i16) -> BTreeSet<Date> {
    let observed = |day: Date| match day.weekday() {
        Weekday::Saturday => later(day, -1),
        Weekday::Sunday => later(day, 1),
        _ => day,
    };
    let mut fixed = vec![
        date(year, 1, 1),
        date(year, 7, 4),
        date(year, 11, 11),
        date(year, 12, 25),
    ];
    fixed.push(date(year + 1, 1, 1));
    if year >= 2021 {
        fixed.push(date(year, 6, 19));
    }
    let mut days: BTreeSet<Date> = fixed
        .into_iter()
        .map(observed)
        .filter(|day| day.year() == year)
        .collect();
    days.extend([
        nth(year, 1, 3, Weekday::Monday),
        nth(year, 2, 3, Weekday::Monday),
        nth(year, 5, -1, Weekday::Monday),
    ]);
    days.extend([
        nth(year, 9, 1, Weekday::Monday),
        nth(year, 10, 2, Weekday::Monday),
        nth(year, 11, 4, Weekday::Thursday),
    ]);
    days
}

fn check(id: &str, computed: impl Fn(i16) -> BTreeSet<Date>) {
    let calendar = Calendars::builtin().get(id).unwrap();
    assert_eq!(
        (calendar.from, calendar.to),
        (date(2020, 1, 1), date(2030, 12, 31))
    );
    for year in 2020..=2030 {
        let listed: BTreeSet<Date> = calendar
            .holidays
            .iter()
            .copied()
            .filter(|day| day.year() == year)
            .collect();
        assert_eq!(listed, computed(year), "{id} {year}");
    }
}

#[test]
fn the_united_kingdom_has_the_days_of_the_act_of_1971_of_custom_and_of_proclamation() {
    check("uk", united_kingdom);
}

#[test]
fn the_united_states_have_the_days_of_5_usc_6103() {
    check("us", united_states);
}

#[test]
fn days_not_yet_proclaimed_are_marked_as_expected() {
    let uk = Calendars::builtin().get("uk").unwrap();
    assert!(uk.is_proclaimed("2026-12-31T12:00:00Z".parse().unwrap()));
    assert!(!uk.is_proclaimed("2027-01-01T12:00:00Z".parse().unwrap()));
}
