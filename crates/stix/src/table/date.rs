//! Dates as people write them in tables.

use crate::time::StixTime;

/// `text` as an instant: RFC 3339 with any offset, a day, a day and a time in
/// UTC, or seconds since 1970. Days with slashes are ambiguous and refused.
pub(super) fn read(text: &str) -> Option<StixTime> {
    let text = text.trim();
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    if text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return StixTime::from_micros(text.parse::<i64>().ok()?.checked_mul(1_000_000)?);
    }
    let text = text.strip_suffix(" UTC").unwrap_or(text);
    let (day, clock) = match text.split_at_checked(10)? {
        (day, "") => (day, "T00:00:00".to_owned()),
        (day, clock) => (day, format!("T{}", clock.strip_prefix(['T', 't', ' '])?)),
    };
    let clock = clock.strip_suffix(['Z', 'z']).unwrap_or(&clock);
    let (clock, offset) = offset(clock)?;
    let clock = if clock.len() == 6 {
        format!("{clock}:00")
    } else {
        clock.to_owned()
    };
    let local: StixTime = format!("{day}{clock}Z").parse().ok()?;
    if offset == 0 {
        return Some(local);
    }
    StixTime::from_micros(local.micros().checked_sub(offset)?)
}

/// Splits `T09:00:00+01:00` into the clock and its offset in microseconds.
fn offset(clock: &str) -> Option<(&str, i64)> {
    let Some(cut) = clock.rfind(['+', '-']) else {
        return Some((clock, 0));
    };
    let (clock, offset) = clock.split_at_checked(cut)?;
    let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
    let hours: i64 = digits.get(..2)?.parse().ok()?;
    let minutes: i64 = digits.get(2..4).map_or(Ok(0), str::parse).ok()?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    (hours < 24 && minutes < 60).then_some((clock, sign * (hours * 60 + minutes) * 60_000_000))
}
