//! What people type for the cell's words: labels, instants, spans of time.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use portcullis_core::cell::{Jurisdiction, Tlp};

/// The longest span that is understood: ten years.
const SPAN_DAYS_MAX: i64 = 3_653;

/// A TLP label, as it stands in documents or as a plain word: `TLP:AMBER+STRICT`, `amber`.
pub(super) fn tlp(text: &str) -> Result<Tlp, String> {
    let word = text.to_ascii_lowercase();
    let word = word.strip_prefix("tlp:").unwrap_or(&word);
    // TLP 1.0 said white for what TLP 2.0 calls clear.
    let word = if word == "white" { "clear" } else { word };
    Tlp::parse(word).ok_or_else(|| {
        let known: Vec<_> = Tlp::ALL.iter().map(|tlp| tlp.as_str()).collect();
        format!("`{text}` is no TLP label: {}", known.join(", "))
    })
}

/// A country's code. Two that people write are reserved for what is meant, and are no codes.
pub(crate) fn country(text: &str) -> Result<Jurisdiction, String> {
    let meant = match text {
        "UK" => "GB",
        "EL" => "GR",
        _ => return Jurisdiction::assigned(text).map_err(|error| format!("{error}")),
    };
    Err(format!(
        "`{text}` is not a country's code (ISO 3166-1): `{meant}` is meant"
    ))
}

/// An instant: RFC 3339, or a day, which begins at midnight UTC.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    let day = |text: &str| {
        let date: Date = text.parse().ok()?;
        Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    text.parse().ok().or_else(|| day(text)).ok_or_else(|| {
        format!("`{text}` is no instant: such as 2026-12-01T09:00:00Z, or 2026-12-01")
    })
}

/// A span of time: `45m`, `12h`, `5d`.
pub(super) fn span(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("`{text}` is no span of time: such as 45m, 12h or 5d");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let count = text.strip_suffix(unit).unwrap_or_default();
    let count: i64 = count.parse().map_err(|_| wrong())?;
    let minutes: i64 = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        _ => return Err(wrong()),
    };
    let minutes = count.checked_mul(minutes).ok_or_else(wrong)?;
    if (1..=SPAN_DAYS_MAX * 24 * 60).contains(&minutes) {
        Ok(SignedDuration::from_mins(minutes))
    } else {
        Err(wrong())
    }
}

/// A span of time, or `0` for none.
pub(crate) fn span_or_none(text: &str) -> Result<SignedDuration, String> {
    match text {
        "0" => Ok(SignedDuration::ZERO),
        text => span(text),
    }
}

/// An instant in the future: a span from now, or an instant.
pub(super) fn deadline(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    match span(text) {
        Ok(span) => now.checked_add(span).map_err(|error| error.to_string()),
        Err(_) => instant(text).map_err(|_| {
            format!(
                "`{text}` is neither a span such as 5d nor an instant such as 2026-12-01T09:00:00Z"
            )
        }),
    }
}

/// An instant as STIX writes it: UTC, milliseconds.
pub(super) fn stix_time(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// A list, or a dash.
pub(super) fn or_dash(items: &[String]) -> String {
    if items.is_empty() {
        "–".to_owned()
    } else {
        items.join(", ")
    }
}

/// A count with its noun: `1 object`, `7 objects`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_understood_as_people_write_them() {
        let check =
            |text: &str, expected: Option<Tlp>| assert_eq!(tlp(text).ok(), expected, "{text}");
        check("TLP:AMBER+STRICT", Some(Tlp::AmberStrict));
        check("amber", Some(Tlp::Amber));
        check("TLP:WHITE", Some(Tlp::Clear));
        check("tlp:red", Some(Tlp::Red));
        check("orange", None);
        check("", None);
    }

    #[test]
    fn the_united_kingdom_has_one_code() {
        assert_eq!(country("GB").unwrap().to_string(), "GB");
        assert!(country("UK").unwrap_err().contains("`GB` is meant"));
        assert!(country("gb").is_err());
        assert!(country("XX").unwrap_err().contains("gives it to none"));
    }

    #[test]
    fn a_day_begins_at_midnight() {
        let check = |text: &str, expected: &str| {
            assert_eq!(instant(text).unwrap().to_string(), expected);
        };
        check("2026-12-01", "2026-12-01T00:00:00Z");
        check("2026-12-01T09:00:00+01:00", "2026-12-01T08:00:00Z");
        assert!(instant("tomorrow").is_err());
    }

    #[test]
    fn spans_have_a_unit_and_an_end() {
        assert_eq!(span("90m"), Ok(SignedDuration::from_mins(90)));
        assert_eq!(span("5d"), Ok(SignedDuration::from_hours(120)));
        for wrong in [
            "",
            "d",
            "5",
            "-5d",
            "0h",
            "5 d",
            "9999999999999999999d",
            "99999d",
            "5é",
        ] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
