//! Time rules: so many hours, days, working days or months, from a first day,
//! in a calendar, with a rule for where the period ends.
//!
//! All rules answer with an instant at which the period is over: the first
//! moment that is no longer inside it.

use jiff::{
    SignedDuration, Span, Timestamp,
    civil::{Date, Weekday},
    tz::TimeZone,
};
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
    /// From which day on. Hours count from the event itself.
    pub first_day: FirstDay,
    /// Where the period ends. Hours end as they fall.
    pub end: EndOfPeriod,
}

impl TimeRule {
    /// When a period that an event starts is over: the first instant no longer inside it.
    ///
    /// Days begin and end at midnight in the calendar's zone. Hours count from the
    /// event itself, whatever `first_day` and `end` say (Reg. (EEC,
    /// Euratom) 1182/71 Art. 3(4) extends no period in hours). Months run to the corresponding day:
    /// six months *beginning with* 1 March end with 31 August, six months *after*
    /// 1 March end with 1 September; where the last month has no such day, the
    /// period ends with that month.
    ///
    /// # Errors
    ///
    /// [`CalendarError::NotCovered`] when a day must be judged that the calendar does
    /// not speak for, [`CalendarError::Range`] past the end of dates.
    pub fn end_from(
        &self,
        event: Timestamp,
        calendar: &Calendar,
    ) -> Result<Timestamp, CalendarError> {
        if self.unit == Unit::Hours {
            return event
                .checked_add(self.hours())
                .map_err(|_| CalendarError::Range);
        }
        let mut last = self.last_day(calendar.date_of(event), calendar)?;
        if self.end == EndOfPeriod::NextWorkingDay {
            while !calendar.is_working_day(last)? {
                last = day_after(last)?;
            }
        }
        calendar.start_of(day_after(last)?)
    }

    /// When a window that closes at `end` opens: its first instant. The mirror of
    /// [`Self::end_from`]: "the 30 days ending with the day at the end of which it
    /// would cease" is 30 days with [`FirstDay::On`]; with [`FirstDay::After`] that
    /// last day is not counted. The rule for the end of a period does not apply.
    ///
    /// # Errors
    ///
    /// As for [`Self::end_from`].
    pub fn start_before(
        &self,
        end: Timestamp,
        calendar: &Calendar,
    ) -> Result<Timestamp, CalendarError> {
        if self.unit == Unit::Hours {
            return end
                .checked_sub(self.hours())
                .map_err(|_| CalendarError::Range);
        }
        let last = calendar.date_of(
            end.checked_sub(SignedDuration::from_nanos(1))
                .map_err(|_| CalendarError::Range)?,
        );
        let counted = match self.first_day {
            FirstDay::On => last,
            FirstDay::After => day_before(last)?,
        };
        let first = match self.unit {
            Unit::Hours | Unit::Days => shift(day_after(counted)?, days(self.count)?, Shift::Back)?,
            Unit::Months => shift(day_after(counted)?, months(self.count)?, Shift::Back)?,
            Unit::WorkingDays => calendar.count_back(day_after(counted)?, self.count)?,
        };
        calendar.start_of(first)
    }

    /// The last day inside a period that began on `day`, before the rule for its end.
    /// Periods in hours have no last day and do not come here.
    fn last_day(self, day: Date, calendar: &Calendar) -> Result<Date, CalendarError> {
        match (self.unit, self.first_day) {
            (Unit::Hours | Unit::Days, FirstDay::After) => shift(day, days(self.count)?, Shift::On),
            (Unit::Hours | Unit::Days, FirstDay::On) => {
                shift(day_before(day)?, days(self.count)?, Shift::On)
            }
            (Unit::Months, FirstDay::After) => shift(day, months(self.count)?, Shift::On),
            (Unit::Months, FirstDay::On) => {
                let corresponding = shift(day, months(self.count)?, Shift::On)?;
                // Clipped to the month's end, the period already stops a day short.
                if corresponding.day() == day.day() {
                    day_before(corresponding)
                } else {
                    Ok(corresponding)
                }
            }
            (Unit::WorkingDays, FirstDay::After) => calendar.count_on(day, self.count),
            (Unit::WorkingDays, FirstDay::On) => calendar.count_on(day_before(day)?, self.count),
        }
    }

    fn hours(self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.count))
    }

    /// At most how many days the period can last, in any calendar that has two
    /// working days in every week: what the floors compare.
    pub const fn days_at_most(&self) -> u32 {
        let days = match self.unit {
            Unit::Hours => return self.count.div_ceil(24),
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

impl Calendar {
    /// The day in which an instant falls, in the calendar's zone.
    pub fn date_of(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// Whether a day is neither Saturday, Sunday nor holiday.
    ///
    /// # Errors
    ///
    /// [`CalendarError::NotCovered`] outside the days the calendar speaks for:
    /// holidays are proclaimed, so it does not guess.
    pub fn is_working_day(&self, day: Date) -> Result<bool, CalendarError> {
        if day < self.from || self.to < day {
            let (id, from, to) = (self.id.clone(), self.from, self.to);
            return Err(CalendarError::NotCovered {
                id,
                from,
                to,
                asked: day,
            });
        }
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        Ok(!weekend && !self.holidays.contains(&day))
    }

    /// Whether what is counted to an instant rests on holidays already proclaimed,
    /// not on expected ones.
    pub fn is_proclaimed(&self, at: Timestamp) -> bool {
        self.date_of(at) <= self.proclaimed_to
    }

    fn start_of(&self, day: Date) -> Result<Timestamp, CalendarError> {
        day.to_zoned(self.zone.clone())
            .map(|start| start.timestamp())
            .map_err(|_| CalendarError::Range)
    }

    /// The `count`-th working day after a day; the day itself for none.
    fn count_on(&self, mut day: Date, count: u32) -> Result<Date, CalendarError> {
        // Bounded by the calendar: the first day it does not cover ends the loop.
        let mut left = count;
        while left > 0 {
            day = day_after(day)?;
            left -= u32::from(self.is_working_day(day)?);
        }
        Ok(day)
    }

    /// The `count`-th working day before a day; the day itself for none.
    fn count_back(&self, mut day: Date, count: u32) -> Result<Date, CalendarError> {
        let mut left = count;
        while left > 0 {
            day = day_before(day)?;
            left -= u32::from(self.is_working_day(day)?);
        }
        Ok(day)
    }
}

#[derive(Clone, Copy)]
enum Shift {
    On,
    Back,
}

fn shift(day: Date, by: Span, way: Shift) -> Result<Date, CalendarError> {
    match way {
        Shift::On => day.checked_add(by),
        Shift::Back => day.checked_sub(by),
    }
    .map_err(|_| CalendarError::Range)
}

fn days(count: u32) -> Result<Span, CalendarError> {
    Span::new()
        .try_days(count)
        .map_err(|_| CalendarError::Range)
}

fn months(count: u32) -> Result<Span, CalendarError> {
    Span::new()
        .try_months(count)
        .map_err(|_| CalendarError::Range)
}

fn day_after(day: Date) -> Result<Date, CalendarError> {
    day.tomorrow().map_err(|_| CalendarError::Range)
}

fn day_before(day: Date) -> Result<Date, CalendarError> {
    day.yesterday().map_err(|_| CalendarError::Range)
}

#[cfg(test)]
mod tests;
