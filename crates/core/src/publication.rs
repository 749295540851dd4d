//! Publications: whether a report may be made, and how its lines are shown.
//!
//! [`decide`] is pure: a series, the reports made so far, a period and an instant give a [`Plan`]
//! or the [`Refusal`] of the first condition broken. What a total becomes — itself, a band — is
//! the plan's to say ([`PlannedLine::form`]). Where the report begins and ends in the log, and
//! its proof, belong to others.
//!
//! SPEC: periods are calendar ones: a half-year begins on 1 January or 1 July, in the zone of the
//! series. Reg. (EU) 2023/1543 Art. 28 says so; SI 2018/349 reg. 8 ("six-month period") and 50 USC
//! 1874 (half-yearly) leave the first day open, as far as their texts were read. The narrower
//! reading is taken for all: periods that nobody can shift cannot be subtracted from each other,
//! and joint reports need the same ones.
//!
//! SPEC: an embargo of months from the first assistance ever (SI 2018/349 reg. 10(2)) holds also
//! while there was none: a report of nothing that stops on the day of the first order would tell
//! of that order.

mod line;
mod refusal;

pub use line::PlannedLine;
pub use refusal::Refusal;

use crate::{
    law::{Law, Word},
    schema::{Schema, Series, check_series},
};
use jiff::{Span, Timestamp, civil::Date};
use line::lines;

/// The fewest members of a joint report: with two, each knows the other's total.
pub const PARTICIPANTS_MIN: usize = 3;

/// Days of a period, both included, in the zone of its series.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl Period {
    /// Whether some day lies in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from <= other.to && other.from <= self.to
    }
}

impl core::fmt::Display for Period {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} to {}", self.from, self.to)
    }
}

/// How a sum is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Not at all.
    Withheld,
    /// As it is.
    Exact(u64),
    /// As one of these values, both included.
    Band {
        /// The least.
        low: u64,
        /// The greatest.
        high: u64,
    },
}

/// A line that was published.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EarlierLine {
    /// Its cells: bit 0 for cell 1.
    pub mask: u32,
    /// How its sum was shown.
    pub form: Form,
}

/// A report that was made of this log, in whatever series.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Earlier {
    /// Its series.
    pub series: Word,
    /// Its number in the series, from 1.
    pub number: u64,
    /// Its period.
    pub period: Period,
    /// Whether it was made with others.
    pub joint: bool,
    /// Its lines.
    pub lines: Vec<EarlierLine>,
}

/// Who makes the report.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Makers {
    /// One member, of its own log.
    One,
    /// So many members together.
    Several(usize),
}

/// A report that somebody would make.
#[derive(Clone, Copy, Debug)]
pub struct Proposal<'a> {
    /// The schema of the log.
    pub schema: &'a Schema,
    /// The series in it.
    pub series: &'a Series,
    /// The law that the series names, if it is installed.
    pub law: Option<&'a Law>,
    /// All reports made of this log, in whatever order.
    pub earlier: &'a [Earlier],
    /// When the log began.
    pub log_began: Timestamp,
    /// The day of the first assistance ever, in the zone of the series, if there was one.
    pub first_assistance: Option<Date>,
    /// For which period.
    pub period: Period,
    /// By whom.
    pub makers: Makers,
    /// Now.
    pub now: Timestamp,
}

/// A report that may be made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    /// Its number in the series, from 1.
    pub number: u64,
    /// Its period.
    pub period: Period,
    /// The first instant of the period.
    pub begins: Timestamp,
    /// The first instant after it: the report ends at the first checkpoint cosigned from then on.
    pub closes: Timestamp,
    /// From when on it may be published.
    pub not_before: Timestamp,
    /// Its lines, in the order of the series.
    pub lines: Vec<PlannedLine>,
}

/// Decides whether a report may be made, and of what.
///
/// # Errors
///
/// The [`Refusal`] of the first condition broken.
pub fn decide(proposal: &Proposal<'_>) -> Result<Plan, Refusal> {
    let Proposal { series, period, .. } = proposal;
    law(proposal)?;
    makers(proposal)?;
    calendar(series, *period)?;
    let number = sequence(proposal)?;
    let begins = start_of(series, period.from)?;
    let after = day_after(period.to)?;
    let closes = start_of(series, after)?;
    if proposal.now < closes {
        return Err(Refusal::NotClosed { closes });
    }
    let delayed = start_of(series, months_after(after, series.delay_months)?)?;
    if proposal.now < delayed {
        return Err(Refusal::Delay {
            until: delayed,
            clause: series.clause.clone(),
        });
    }
    let embargo = embargo(proposal)?;
    Ok(Plan {
        number,
        period: *period,
        begins,
        closes,
        not_before: embargo.map_or(delayed, |until| delayed.max(until)),
        lines: lines(proposal)?,
    })
}

/// The period that a series reports on next: the one after its last report; the first holds the
/// day on which the log began.
///
/// # Errors
///
/// [`Refusal::Range`] at the end of dates.
pub fn next_period(
    series: &Series,
    earlier: &[Earlier],
    log_began: Timestamp,
) -> Result<Period, Refusal> {
    let last = of_series(series, earlier)
        .map(|report| report.period.to)
        .max();
    if let Some(last) = last {
        return period_from(series, day_after(last)?);
    }
    let day = log_began.to_zoned(series.zone.clone()).date();
    let into = months_before(day) % series.period_months.max(1);
    let from = day.first_of_month().checked_sub(months(into)?);
    period_from(series, from.map_err(|_| Refusal::Range)?)
}

/// The whole period of a series that begins on a day.
fn period_from(series: &Series, from: Date) -> Result<Period, Refusal> {
    let after = months_after(from, series.period_months)?;
    let to = after.yesterday().map_err(|_| Refusal::Range)?;
    Ok(Period { from, to })
}

fn of_series<'e>(series: &Series, earlier: &'e [Earlier]) -> impl Iterator<Item = &'e Earlier> {
    let id = series.id.clone();
    earlier.iter().filter(move |report| report.series == id)
}

/// The law is there, and the series is no finer than it.
fn law(proposal: &Proposal<'_>) -> Result<(), Refusal> {
    let Some(needed) = &proposal.series.law else {
        return Ok(());
    };
    let law = proposal.law.filter(|law| law.id == *needed);
    let law = law.ok_or_else(|| Refusal::LawUnknown {
        law: needed.clone(),
    })?;
    match check_series(proposal.schema, proposal.series, &[law]).first() {
        Some(broken) => Err(Refusal::FinerThanLaw {
            why: broken.reason.clone(),
        }),
        None => Ok(()),
    }
}

fn makers(proposal: &Proposal<'_>) -> Result<(), Refusal> {
    match (proposal.series.joint, proposal.makers) {
        (false, Makers::One) => Ok(()),
        (false, Makers::Several(_)) => Err(Refusal::NotJoint),
        (true, Makers::Several(found)) if found >= PARTICIPANTS_MIN => Ok(()),
        (true, Makers::Several(found)) => Err(Refusal::JointTooFew { found }),
        (true, Makers::One) => Err(Refusal::JointTooFew { found: 1 }),
    }
}

/// A whole part of a calendar year.
fn calendar(series: &Series, period: Period) -> Result<(), Refusal> {
    let step = series.period_months.max(1);
    if period.from.day() != 1 || !months_before(period.from).is_multiple_of(step) {
        return Err(Refusal::PeriodStart {
            found: period.from,
            months: step,
        });
    }
    let whole = period_from(series, period.from)?;
    if period == whole {
        Ok(())
    } else {
        Err(Refusal::PeriodLength {
            found: period.to,
            expected: whole.to,
        })
    }
}

/// The next in its series: nothing twice, and nothing left out.
fn sequence(proposal: &Proposal<'_>) -> Result<u64, Refusal> {
    let Proposal {
        series,
        period,
        earlier,
        ..
    } = proposal;
    if of_series(series, earlier).any(|report| report.period == *period) {
        return Err(Refusal::PublishedBefore { period: *period });
    }
    let next = next_period(series, earlier, proposal.log_began)?;
    if period.from < next.from {
        return Err(Refusal::Overlap { expected: next });
    }
    // Who took no part in a joint report leaves out nothing of its own.
    if next.from < period.from && !series.joint {
        return Err(Refusal::Gap { expected: next });
    }
    let last = of_series(series, earlier).map(|report| report.number).max();
    Ok(last.unwrap_or_default().saturating_add(1))
}

/// Until when nothing is published at all, where the law gives such a time.
fn embargo(proposal: &Proposal<'_>) -> Result<Option<Timestamp>, Refusal> {
    let series = proposal.series;
    if series.first_embargo_months == 0 {
        return Ok(None);
    }
    let clause = || series.clause.clone();
    let Some(first) = proposal.first_assistance else {
        return Err(Refusal::Embargo {
            until: None,
            clause: clause(),
        });
    };
    let until = start_of(series, months_after(first, series.first_embargo_months)?)?;
    if proposal.now < until {
        return Err(Refusal::Embargo {
            until: Some(until),
            clause: clause(),
        });
    }
    Ok(Some(until))
}

/// How many whole months of its year lie before a day.
fn months_before(day: Date) -> u32 {
    u32::from(day.month().unsigned_abs()).saturating_sub(1)
}

/// The first day after so many months that begin with a day: where the last month has no day
/// that corresponds, they end with that month.
fn months_after(day: Date, months: u32) -> Result<Date, Refusal> {
    let corresponding = day.checked_add(self::months(months)?);
    let corresponding = corresponding.map_err(|_| Refusal::Range)?;
    if corresponding.day() == day.day() {
        Ok(corresponding)
    } else {
        day_after(corresponding)
    }
}

fn months(count: u32) -> Result<Span, Refusal> {
    Span::new().try_months(count).map_err(|_| Refusal::Range)
}

fn day_after(day: Date) -> Result<Date, Refusal> {
    day.tomorrow().map_err(|_| Refusal::Range)
}

fn start_of(series: &Series, day: Date) -> Result<Timestamp, Refusal> {
    let start = day.to_zoned(series.zone.clone());
    start
        .map(|start| start.timestamp())
        .map_err(|_| Refusal::Range)
}
