//! Timestamps, kept as they are written (STIX 2.1, Timestamp).
//!
//! STIX and TAXII write an instant as `YYYY-MM-DDTHH:mm:ss[.s+]Z`, with any
//! number of fraction digits. The text is part of an object's identity (a
//! version is named by it), so it is never rounded: a [`StixTime`] keeps its
//! text and compares to the last digit.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// The longest timestamp we read, in bytes: a thousand fraction digits are
/// more than any clock has.
pub const TIME_LEN_MAX: usize = 1024;

/// The bytes before the fraction: `YYYY-MM-DDTHH:mm:ss`.
const WHOLE: usize = 19;

/// An instant in UTC with its exact text.
///
/// Two of them are equal when they name the same instant: `…:00Z` equals
/// `…:00.000Z`, although [`as_str`](Self::as_str) tells them apart.
#[derive(Clone)]
pub struct StixTime {
    text: Box<str>,
    /// Days since 1970-01-01.
    day: i32,
    /// Second of the day, 0 to 86,400: the last is a leap second.
    second: u32,
}

/// Why a text is not a STIX timestamp.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TimeFlaw {
    /// Longer than [`TIME_LEN_MAX`].
    #[error("a timestamp has at most {TIME_LEN_MAX} characters")]
    TooLong,
    /// Not of the shape `YYYY-MM-DDTHH:mm:ss[.s+]Z`.
    #[error("a timestamp has the shape `YYYY-MM-DDTHH:mm:ss[.s+]Z`")]
    Shape,
    /// Of the right shape, but no such day or hour exists.
    #[error("no such day or time of day exists")]
    Range,
}

impl StixTime {
    /// The text, exactly as it was read.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whole microseconds since 1970-01-01T00:00:00Z, further digits cut off
    /// (towards the past). A leap second counts as the second after it.
    pub fn micros(&self) -> i64 {
        let seconds = i64::from(self.day) * 86_400 + i64::from(self.second);
        let mut micros = 0_i64;
        let mut digits = self.fraction().bytes();
        for _ in 0..6 {
            micros = micros * 10 + i64::from(digits.next().map_or(0, |digit| digit - b'0'));
        }
        seconds * 1_000_000 + micros
    }

    /// The instant `micros` microseconds after 1970-01-01T00:00:00Z, written
    /// with six fraction digits. `None` outside the years 0000 to 9999.
    pub fn from_micros(micros: i64) -> Option<Self> {
        let seconds = micros.div_euclid(1_000_000);
        let (year, month, dom) = civil(seconds.div_euclid(86_400));
        if !(0..=9999).contains(&year) {
            return None;
        }
        let second = seconds.rem_euclid(86_400);
        let (hour, minute) = (second / 3600, second / 60 % 60);
        let (second, fraction) = (second % 60, micros.rem_euclid(1_000_000));
        let text = format!(
            "{year:04}-{month:02}-{dom:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z"
        );
        text.parse().ok()
    }

    fn fraction(&self) -> &str {
        digits(&self.text)
    }
}

impl FromStr for StixTime {
    type Err = TimeFlaw;

    fn from_str(text: &str) -> Result<Self, TimeFlaw> {
        let (day, second) = read(text.as_bytes())?;
        Ok(Self {
            text: text.into(),
            day,
            second,
        })
    }
}

impl fmt::Display for StixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for StixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for StixTime {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for StixTime {}

impl PartialOrd for StixTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for StixTime {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.day, self.second, self.fraction()).cmp(&(other.day, other.second, other.fraction()))
    }
}

impl Hash for StixTime {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.day, self.second, self.fraction()).hash(state);
    }
}

/// Compares two texts of timestamps without keeping either; `None` if one is
/// not a timestamp.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left_at, right_at) = (read(left.as_bytes()).ok()?, read(right.as_bytes()).ok()?);
    Some((left_at, digits(left)).cmp(&(right_at, digits(right))))
}

/// The fraction's digits in the text of a timestamp, without trailing zeros.
fn digits(text: &str) -> &str {
    text.get(WHOLE + 1..text.len().saturating_sub(1))
        .unwrap_or("")
        .trim_end_matches('0')
}

/// The day and the second of the day that a text names.
pub(crate) fn read(text: &[u8]) -> Result<(i32, u32), TimeFlaw> {
    if text.len() > TIME_LEN_MAX {
        return Err(TimeFlaw::TooLong);
    }
    let (whole, rest) = text.split_first_chunk::<WHOLE>().ok_or(TimeFlaw::Shape)?;
    let [
        y0,
        y1,
        y2,
        y3,
        b'-',
        m0,
        m1,
        b'-',
        d0,
        d1,
        b'T',
        rest_of_day @ ..,
    ] = whole
    else {
        return Err(TimeFlaw::Shape);
    };
    let [h0, h1, b':', n0, n1, b':', s0, s1] = rest_of_day else {
        return Err(TimeFlaw::Shape);
    };
    fraction_and_zone(rest)?;
    let year = i32::try_from(pair(*y0, *y1)? * 100 + pair(*y2, *y3)?).unwrap_or(0);
    let (month, dom) = (pair(*m0, *m1)?, pair(*d0, *d1)?);
    let (hour, minute, second) = (pair(*h0, *h1)?, pair(*n0, *n1)?, pair(*s0, *s1)?);
    // SPEC: RFC 3339 §5.7 admits the second 60 where a leap second was; we take it at the end of any day.
    let leap = second == 60 && hour == 23 && minute == 59;
    let exists = (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&dom)
        && hour < 24
        && minute < 60
        && (second < 60 || leap);
    if !exists {
        return Err(TimeFlaw::Range);
    }
    Ok((days(year, month, dom), hour * 3600 + minute * 60 + second))
}

fn pair(tens: u8, ones: u8) -> Result<u32, TimeFlaw> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() {
        Ok(u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
    } else {
        Err(TimeFlaw::Shape)
    }
}

fn fraction_and_zone(rest: &[u8]) -> Result<(), TimeFlaw> {
    match rest {
        [b'Z'] => Ok(()),
        [b'.', digits @ .., b'Z']
            if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) =>
        {
            Ok(())
        }
        _ => Err(TimeFlaw::Shape),
    }
}

fn days_of(year: i32, month: u32) -> u32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a day of the Gregorian calendar. A year begins in
/// March here, so that the leap day is its last.
fn days(year: i32, month: u32, dom: u32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let shifted = (month + 9) % 12;
    let day_of_year = i32::try_from((153 * shifted + 2) / 5 + dom - 1).unwrap_or(0);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

/// The year, month and day of a day counted from 1970-01-01.
pub(crate) fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let dom = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year + era * 400 + i64::from(month <= 2), month, dom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> StixTime {
        text.parse().unwrap()
    }

    #[test]
    fn the_text_is_kept_and_the_instant_is_known() {
        let time = at("2023-03-29T12:58:43.40085Z");
        assert_eq!(time.as_str(), "2023-03-29T12:58:43.40085Z");
        assert_eq!(time.micros(), 1_680_094_723_400_850);
        assert_eq!(at("1970-01-01T00:00:00Z").micros(), 0);
        assert_eq!(at("1969-12-31T23:59:59.9999999Z").micros(), -1);
        assert_eq!(at("2000-02-29T00:00:00Z").micros(), 951_782_400_000_000);
    }

    #[test]
    fn a_digit_beyond_the_nanosecond_still_orders() {
        assert!(at("2020-01-01T00:00:00.00000000000001Z") > at("2020-01-01T00:00:00Z"));
        assert!(at("2020-01-01T00:00:00.1Z") > at("2020-01-01T00:00:00.09999999999999999999Z"));
        assert_eq!(at("2020-01-01T00:00:00.100Z"), at("2020-01-01T00:00:00.1Z"));
        assert_eq!(at("2020-01-01T00:00:00.000Z"), at("2020-01-01T00:00:00Z"));
    }

    #[test]
    fn a_leap_second_lies_between_its_neighbours() {
        assert!(at("2016-12-31T23:59:60Z") > at("2016-12-31T23:59:59.999Z"));
        assert!(at("2016-12-31T23:59:60.5Z") < at("2017-01-01T00:00:00Z"));
    }

    #[test]
    fn what_is_not_utc_or_not_a_day_is_refused() {
        for (text, flaw) in [
            ("2020-01-01T00:00:00", TimeFlaw::Shape),
            ("2020-01-01T00:00:00+00:00", TimeFlaw::Shape),
            ("2020-01-01t00:00:00z", TimeFlaw::Shape),
            ("2020-01-01 00:00:00Z", TimeFlaw::Shape),
            ("2020-01-01T00:00:00.Z", TimeFlaw::Shape),
            ("2020-1-1T00:00:00Z", TimeFlaw::Shape),
            ("2019-02-29T00:00:00Z", TimeFlaw::Range),
            ("2020-13-01T00:00:00Z", TimeFlaw::Range),
            ("2020-01-01T24:00:00Z", TimeFlaw::Range),
            ("2020-01-01T12:00:60Z", TimeFlaw::Range),
        ] {
            assert_eq!(text.parse::<StixTime>(), Err(flaw), "{text}");
        }
        let long = format!("2020-01-01T00:00:00.{}Z", "0".repeat(TIME_LEN_MAX));
        assert_eq!(long.parse::<StixTime>(), Err(TimeFlaw::TooLong));
    }

    proptest! {
        #[test]
        fn micros_and_text_are_two_ways_to_say_one_instant(micros in -62_167_219_200_000_000_i64..253_402_300_800_000_000) {
            let time = StixTime::from_micros(micros).unwrap();
            prop_assert_eq!(time.micros(), micros);
            prop_assert_eq!(time.as_str().parse::<StixTime>().unwrap(), time);
        }

        #[test]
        fn order_is_the_order_of_instants(a in 0_i64..1_000_000_000, b in 0_i64..1_000_000_000, more in "[0-9]{0,12}") {
            let (left, right) = (StixTime::from_micros(a).unwrap(), StixTime::from_micros(b).unwrap());
            prop_assert_eq!(left.cmp(&right), a.cmp(&b));
            prop_assert_eq!(compare(left.as_str(), right.as_str()), Some(a.cmp(&b)));
            let longer = at(&left.as_str().replace('Z', &format!("{more}Z")));
            prop_assert_eq!(longer.micros(), a);
            prop_assert_eq!(longer > left, more.contains(|digit| digit != '0'));
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,40}") {
            let _ = text.parse::<StixTime>();
        }
    }
}
