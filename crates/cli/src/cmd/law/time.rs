//! Time rules and validity in words.

use portcullis_core::{
    law::Validity,
    time::{EndOfPeriod, FirstDay, TimeRule, Unit},
};

/// Such as `5 working days, beginning with the day after`.
pub(super) fn rule_words(rule: TimeRule) -> String {
    let (one, several) = match rule.unit {
        Unit::Hours => ("hour", "hours"),
        Unit::Days => ("day", "days"),
        Unit::WorkingDays => ("working day", "working days"),
        Unit::Months => ("month", "months"),
    };
    let unit = if rule.count == 1 { one } else { several };
    let first = match (rule.unit, rule.first_day) {
        (Unit::Hours, _) => "",
        (_, FirstDay::On) => ", the day itself counted",
        (_, FirstDay::After) => ", from the day after",
    };
    let end = match rule.end {
        EndOfPeriod::AsItFalls => "",
        EndOfPeriod::NextWorkingDay => ", to the end of the next working day",
    };
    format!("{} {unit}{first}{end}", rule.count)
}

/// Such as `from 2025-07-08`.
pub(super) fn from_until(valid: &Validity) -> String {
    match valid.to {
        Some(to) => format!("from {} to {to}", valid.from),
        None => format!("from {}", valid.from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_rule_says_what_is_counted_and_from_when() {
        let check = |count, unit, first_day, end, expected: &str| {
            assert_eq!(
                rule_words(TimeRule {
                    count,
                    unit,
                    first_day,
                    end
                }),
                expected
            );
        };
        check(
            5,
            Unit::WorkingDays,
            FirstDay::After,
            EndOfPeriod::AsItFalls,
            "5 working days, from the day after",
        );
        check(
            6,
            Unit::Months,
            FirstDay::On,
            EndOfPeriod::AsItFalls,
            "6 months, the day itself counted",
        );
        check(
            8,
            Unit::Hours,
            FirstDay::After,
            EndOfPeriod::AsItFalls,
            "8 hours",
        );
        check(
            1,
            Unit::Days,
            FirstDay::On,
            EndOfPeriod::NextWorkingDay,
            "1 day, the day itself counted, to the end of the next working day",
        );
    }
}
