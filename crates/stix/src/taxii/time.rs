//! The type `timestamp` (TAXII 2.1 §2): RFC 3339 in UTC, to the microsecond, with `Z`.
//!
//! What is written always has six digits. What is read may have any number of
//! them, since real clients send `…:06Z` and `…:06.123Z`; what lies below the
//! microsecond is cut off, which changes no answer: a server's own times are
//! whole microseconds, so "after 06.1234567" and "after 06.123456" name the same ones.

use crate::time::{StixTime, civil};
use core::{fmt, str::FromStr};

/// Microseconds in a second.
const SECOND: i64 = 1_000_000;
/// Microseconds in a day.
const DAY: i64 = 86_400 * SECOND;
/// 0000-01-01T00:00:00Z, the first instant that RFC 3339 can write.
const FIRST: i64 = -62_167_219_200 * SECOND;
/// 9999-12-31T23:59:59.999999Z, the last.
const LAST: i64 = 253_402_300_800 * SECOND - 1;

/// An instant in whole microseconds since 1970-01-01T00:00:00Z, printed as TAXII prints it.
///
/// Instants outside the years 0000 to 9999 are printed as the first or the last of these.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Micros(pub i64);

/// The text is no timestamp: RFC 3339, in UTC, with `Z`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a timestamp looks like `2016-11-04T10:29:06.123456Z`")]
pub struct NoTimestamp;

impl Micros {
    /// The 27 bytes of its text: `YYYY-MM-DDTHH:MM:SS.ssssssZ`.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 27] {
        let at = self.0.clamp(FIRST, LAST);
        let (days, of_day) = (at.div_euclid(DAY), at.rem_euclid(DAY));
        let (year, month, day) = civil(days);
        let (seconds, micros) = (of_day / SECOND, of_day % SECOND);
        let [y1, y2] = two(year / 100);
        let [y3, y4] = two(year % 100);
        let [m1, m2] = two(month);
        let [d1, d2] = two(day);
        let [h1, h2] = two(seconds / 3600);
        let [i1, i2] = two(seconds / 60 % 60);
        let [s1, s2] = two(seconds % 60);
        let [u1, u2] = two(micros / 10_000);
        let [u3, u4] = two(micros / 100 % 100);
        let [u5, u6] = two(micros % 100);
        [
            y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', i1, i2, b':', s1, s2,
            b'.', u1, u2, u3, u4, u5, u6, b'Z',
        ]
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.to_bytes()).unwrap_or_default())
    }
}

impl FromStr for Micros {
    type Err = NoTimestamp;

    fn from_str(text: &str) -> Result<Self, NoTimestamp> {
        let time: StixTime = text.parse().map_err(|_| NoTimestamp)?;
        Ok(Self(time.micros().min(LAST)))
    }
}

fn two(number: i64) -> [u8; 2] {
    let digit = |value: i64| b'0' + u8::try_from(value % 10).unwrap_or_default();
    [digit(number / 10), digit(number)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, micros: i64, printed: &str) {
        let read: Micros = text.parse().unwrap();
        assert_eq!((read, read.to_string().as_str()), (Micros(micros), printed));
    }

    #[test]
    fn any_number_of_digits_is_read_and_six_are_printed() {
        check("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000000Z");
        check(
            "2016-02-29T23:59:59.9Z",
            1_456_790_399_900_000,
            "2016-02-29T23:59:59.900000Z",
        );
        check(
            "2016-11-04T10:29:06.123456Z",
            1_478_255_346_123_456,
            "2016-11-04T10:29:06.123456Z",
        );
        check(
            "2016-11-04T10:29:06.1234569Z",
            1_478_255_346_123_456,
            "2016-11-04T10:29:06.123456Z",
        );
        check(
            "2016-12-31T23:59:60Z",
            1_483_228_800_000_000,
            "2017-01-01T00:00:00.000000Z",
        );
        check("0000-01-01T00:00:00Z", FIRST, "0000-01-01T00:00:00.000000Z");
        check(
            "9999-12-31T23:59:60.5Z",
            LAST,
            "9999-12-31T23:59:59.999999Z",
        );
    }

    #[test]
    fn what_is_no_timestamp_is_refused() {
        for text in [
            "",
            "2016",
            "2016-11-04",
            "2016-11-04T10:29:06",
            "2016-11-04T10:29:06.Z",
            "2016-11-04T10:29:06,1Z",
            "2016-11-04T10:29:06+00:00",
            "2016-11-04 10:29:06Z",
            "2016-13-04T10:29:06Z",
            "2015-02-29T10:29:06Z",
            "2016-11-31T10:29:06Z",
            "2016-11-00T10:29:06Z",
            "2016-11-04T24:29:06Z",
            "2016-11-04T10:60:06Z",
            "2016-11-04T10:29:61Z",
            "2016-11-04T10:29:06.12a456Z",
            "２016-11-04T10:29:06Z",
        ] {
            assert_eq!(text.parse::<Micros>(), Err(NoTimestamp), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_microsecond_of_ten_thousand_years_is_printed_and_read_back(at in FIRST..=LAST) {
            prop_assert_eq!(Micros(at).to_string().parse(), Ok(Micros(at)));
        }

        #[test]
        fn texts_sort_as_their_instants_do(one in FIRST..=LAST, other in FIRST..=LAST) {
            prop_assert_eq!(Micros(one).to_bytes().cmp(&Micros(other).to_bytes()), one.cmp(&other));
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,40}", digits in "[0-9T:.Z-]{0,32}") {
            let _ = (text.parse::<Micros>(), digits.parse::<Micros>());
        }
    }
}
