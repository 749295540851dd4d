//! Time rules: so many hours, days, working days or months, from a first day,
//! in a calendar, with a rule for where the period ends.
//!
//! All rules answer with an instant at which the period is over: the first
//! moment that is no longer inside it.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::collections::BTreeSet;

/// What a period is counted in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// Hours on the clock, weekends and holidays included.
    Hours,
    /// Calendar days.
    Days,
    /// Days that the calendar calls working days.
    WorkingDays,
    /// Calendar months, to the day that corresponds.
    Months,
}

/// Whether the day of the event is the first day of the period.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FirstDay {
    /// "Beginning with the day on which": it counts.
    On,
    /// "After the day on which": it does not.
    After,
}

/// What happens to a period whose last day is no working day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EndOfPeriod {
    /// It ends there all the same.
    AsItFalls,
    /// It runs to the end of the next working day.
    NextWorkingDay,
}

/// One rule for counting time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TimeRule {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
    /// From which day on; hours count from the event itself.
    pub first_day: FirstDay,
    /// Where the period ends.
    pub end: EndOfPeriod,
}

impl TimeRule {
    /// At most how many days the period can last, in any calendar that has two
    /// working days in every week: what the floors compare.
    pub const fn days_at_most(&self) -> u32 {
        let days = match self.unit {
            Unit::Hours => self.count.div_ceil(24),
            Unit::Days => self.count,
            Unit::WorkingDays => self.count.saturating_mul(2).saturating_add(7),
            Unit::Months => self.count.saturating_mul(31),
        };
        match self.end {
            EndOfPeriod::AsItFalls => days,
            EndOfPeriod::NextWorkingDay => days.saturating_add(7),
        }
    }
}

/// Working days and holidays of one jurisdiction, for the years it covers.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Its word in law files, such as `uk`.
    pub id: String,
    /// The zone in which days begin and end.
    pub zone: TimeZone,
    /// Days that are no working days besides Saturdays and Sundays.
    pub holidays: BTreeSet<Date>,
    /// The first day it speaks for.
    pub from: Date,
    /// The last day it speaks for.
    pub to: Date,
    /// The last day whose holidays are proclaimed; later ones are expected, and
    /// what rests on them is provisional.
    pub proclaimed_to: Date,
}

/// Why a period could not be counted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CalendarError {
    /// Holidays are proclaimed; none are guessed.
    #[error(
        "the calendar `{id}` speaks for {from} to {to}, not for {asked}; install a newer calendar"
    )]
    NotCovered {
        /// The calendar.
        id: String,
        /// Its first day.
        from: Date,
        /// Its last day.
        to: Date,
        /// The day that was asked for.
        asked: Date,
    },
    /// The period leaves the range of dates.
    #[error("the period ends outside the range of dates")]
    Range,
}
