//! Numbers and instants as people read them.

use jiff::{Timestamp, tz::TimeZone};

/// `21 November 2026, 23:15:07 UTC`.
pub(crate) fn shown(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%-d %B %Y, %H:%M:%S UTC")
        .to_string()
}

/// An instant that somebody wrote, as people read it; as it stands if it is none.
pub(crate) fn read(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), shown)
}

/// Digits in groups of three: `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A span in words: `10 minutes`, `1.5 seconds`.
pub(crate) fn span(milliseconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (86_400_000, "day"),
        (3_600_000, "hour"),
        (60_000, "minute"),
        (1000, "second"),
    ];
    for (length, name) in UNITS {
        if milliseconds > 0 && milliseconds.is_multiple_of(length) {
            let count = milliseconds / length;
            let plural = if count == 1 { "" } else { "s" };
            return format!("{count} {name}{plural}");
        }
    }
    format!("{milliseconds} milliseconds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        let shown = [0, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn spans_are_in_the_largest_whole_unit() {
        let shown = [0, 250, 1000, 90_000, 600_000, 604_800_000].map(span);
        assert_eq!(
            shown,
            [
                "0 milliseconds",
                "250 milliseconds",
                "1 second",
                "90 seconds",
                "10 minutes",
                "7 days"
            ]
        );
    }
}
