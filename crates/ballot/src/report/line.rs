//! Lines: which cells are summed, and how much of the sum is shown.

use crate::cell::CellSet;
use core::ops::RangeInclusive;

/// How many lines a report has at most: twice as many as there are cells.
pub const LINES_MAX: usize = 64;
/// How many values a band holds at most: 16 bits are proved for such a one.
pub const BAND_VALUES_MAX: u32 = 65_536;
/// How many values a band holds at least: one value alone is shown exactly.
const BAND_VALUES_MIN: u32 = 2;

/// How much of a line's total is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Nothing.
    Withheld,
    /// The total.
    Exact(u64),
    /// That the total is one of `width` values, `low` being the first.
    Band {
        /// The smallest value.
        low: u64,
        /// How many values: 500 for 0–499.
        width: u32,
    },
}

/// One line of a report.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Line {
    /// The cells whose counts it adds.
    pub cells: CellSet,
    /// How much of their sum is shown.
    pub form: Form,
}

/// Why lines make no report. Lines are counted from 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LinesError {
    /// None, or too many.
    #[error("a report has 1 to 64 lines, and this has {0}")]
    Count(usize),
    /// A sum of nothing.
    #[error("line {0} has no cells")]
    Empty(usize),
    /// The same sum twice.
    #[error("line {0} has the cells of an earlier line")]
    Repeated(usize),
    /// A band too narrow or too wide.
    #[error("the band of line {0} does not hold 2 to 65,536 values")]
    Width(usize),
    /// A band that ends where no count ends.
    #[error("the band of line {0} ends beyond 2⁶⁴")]
    Overflow(usize),
}

impl Line {
    /// Form, value and width as the challenge binds them.
    pub(super) const fn encoded(&self) -> (u8, u64, u32) {
        match self.form {
            Form::Withheld => (0, 0, 0),
            Form::Exact(value) => (1, value, 0),
            Form::Band { low, width } => (2, low, width),
        }
    }

    /// Whether it may show `total`.
    pub(super) fn admits(&self, total: u64) -> bool {
        match self.form {
            Form::Withheld => true,
            Form::Exact(value) => total == value,
            Form::Band { low, width } => band(low, width).contains(&total),
        }
    }
}

/// The values of a band.
pub(super) fn band(low: u64, width: u32) -> RangeInclusive<u64> {
    low..=low.saturating_add(u64::from(width.saturating_sub(1)))
}

/// Checks that lines make a report.
///
/// # Errors
///
/// [`LinesError`] of the first line that does not.
pub(super) fn check(lines: &[Line]) -> Result<(), LinesError> {
    if lines.is_empty() || lines.len() > LINES_MAX {
        return Err(LinesError::Count(lines.len()));
    }
    for (number, line) in lines.iter().enumerate() {
        if line.cells == CellSet(0) {
            return Err(LinesError::Empty(number));
        }
        if lines
            .iter()
            .take(number)
            .any(|earlier| earlier.cells == line.cells)
        {
            return Err(LinesError::Repeated(number));
        }
        if let Form::Band { low, width } = line.form {
            if !(BAND_VALUES_MIN..=BAND_VALUES_MAX).contains(&width) {
                return Err(LinesError::Width(number));
            }
            if low.checked_add(u64::from(width)).is_none() {
                return Err(LinesError::Overflow(number));
            }
        }
    }
    Ok(())
}
