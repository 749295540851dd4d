//! Media types (TAXII 2.1 §1.6.8, §3.1): what a client will take, and what it sends.

use core::num::NonZeroU16;

/// The one media type of requests and answers, with the version that is spoken.
pub const MEDIA_TYPE: &str = "application/taxii+json;version=2.1";
/// The media type of what a collection holds.
pub const STIX_MEDIA_TYPE: &str = "application/stix+json;version=2.1";
/// The same for objects of STIX 2.0.
pub const STIX_20_MEDIA_TYPE: &str = "application/stix+json;version=2.0";
/// The most media ranges of an `Accept` that are looked at: browsers send eight.
pub const RANGES_MAX: usize = 32;

/// None of the media ranges that the client takes is TAXII 2.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this server answers in `{MEDIA_TYPE}`")]
pub struct NotAcceptable;

/// The body is not said to be TAXII 2.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this server reads `{MEDIA_TYPE}`")]
pub struct UnsupportedMediaType;

/// Whether TAXII 2.1 may be answered to the value of an `Accept` header.
///
/// The range that fits most closely decides, as in RFC 9110 §12.5.1: with the
/// version, without, `application/*`, `*/*`; a quality of zero says no. Ranges
/// that cannot be read are passed over. An empty value takes everything, as a
/// missing header does.
///
/// # Errors
///
/// [`NotAcceptable`], which is a 406.
pub fn accept(value: &str) -> Result<(), NotAcceptable> {
    // What nearly every client sends.
    if value == MEDIA_TYPE || value.trim().is_empty() {
        return Ok(());
    }
    let ranges = split(value, b',').take(RANGES_MAX);
    let best = ranges
        .filter_map(closeness)
        .max_by_key(|&(closeness, quality)| (closeness, quality));
    match best {
        Some((_, Some(_))) => Ok(()),
        Some((_, None)) | None => Err(NotAcceptable),
    }
}

/// Whether a body under this `Content-Type` is TAXII 2.1.
///
/// # Errors
///
/// [`UnsupportedMediaType`], which is a 415.
pub fn content_type(value: &str) -> Result<(), UnsupportedMediaType> {
    let mut parts = split(value, b';');
    let is_taxii = parts
        .next()
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/taxii+json"));
    let is_ours = |part: &str| match parameter(part) {
        Some((name, value)) if name.eq_ignore_ascii_case("version") => value == "2.1",
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.eq_ignore_ascii_case("utf-8")
        }
        Some(_) => true,
        None => part.trim().is_empty(),
    };
    if is_taxii && parts.all(is_ours) {
        Ok(())
    } else {
        Err(UnsupportedMediaType)
    }
}

/// How closely a range fits, and its quality in thousandths (none for zero); nothing if it does not fit at all.
fn closeness(range: &str) -> Option<(u8, Option<NonZeroU16>)> {
    let mut parts = split(range, b';');
    let kind = parts.next()?.trim();
    let mut closeness = match kind {
        "*/*" => 0,
        _ if kind.eq_ignore_ascii_case("application/*") => 1,
        _ if kind.eq_ignore_ascii_case("application/taxii+json") => 2,
        _ => return None,
    };
    let mut quality = NonZeroU16::new(1000);
    for part in parts {
        let Some((name, value)) = parameter(part) else {
            continue;
        };
        if name.eq_ignore_ascii_case("q") {
            quality = NonZeroU16::new(thousandths(value)?);
        } else if name.eq_ignore_ascii_case("version") {
            // The latest that we know is the only one.
            (value == "2.1").then_some(())?;
            closeness = 3;
        }
    }
    Some((closeness, quality))
}

/// `name=value`, where the value may stand in quotes.
fn parameter(part: &str) -> Option<(&str, &str)> {
    let (name, value) = part.split_once('=')?;
    let value = value.trim();
    let bare = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    Some((name.trim(), bare.unwrap_or(value)))
}

/// A quality (RFC 9110 §12.4.2): from `0` to `1`, with at most three digits.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let fraction: u16 = digits.then(|| format!("{fraction:0<3}").parse().ok())??;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

/// Splits at a sign, but not inside quotes.
fn split(text: &str, sign: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    core::iter::from_fn(move || {
        let text = rest?;
        let mut quoted = false;
        let end = text.bytes().position(|byte| {
            quoted ^= byte == b'"';
            byte == sign && !quoted
        });
        let (part, after) = end.map_or((text, None), |end| {
            (text.get(..end).unwrap_or_default(), text.get(end + 1..))
        });
        rest = after;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_closest_range_of_accept_decides() {
        for taken in [
            "application/taxii+json;version=2.1",
            "application/taxii+json; version=2.1",
            "application/taxii+json;version=\"2.1\"",
            "application/taxii+json",
            "Application/TAXII+JSON;Version=2.1",
            "application/taxii+json;version=2.1;charset=utf-8",
            "application/taxii+json;version=2.1,application/stix+json;version=2.1",
            "application/vnd.oasis.taxii+json; version=2.0, application/taxii+json;q=0.5",
            "application/taxii+json;version=2.0, application/taxii+json;version=2.1;q=0.1",
            "application/taxii+json;q=0, application/taxii+json;version=2.1",
            "application/*",
            "*/*",
            "text/html, */*;q=0.001",
            "",
            " ",
        ] {
            assert_eq!(accept(taken), Ok(()), "{taken}");
        }
        for refused in [
            "application/taxii+json;version=2.0",
            "application/taxii+json;version=2.2",
            "application/taxii+json;version=3",
            "application/vnd.oasis.taxii+json; version=2.0",
            "application/json",
            "application/stix+json;version=2.1",
            "text/html",
            "application/taxii+json;q=0",
            "application/taxii+json;version=2.1;q=0.000",
            "*/*, application/taxii+json;q=0",
            "*/*;q=0",
            "application/taxii+json;q=2",
            "application/taxii+jsonx",
            "nonsense",
            ",",
        ] {
            assert_eq!(accept(refused), Err(NotAcceptable), "{refused}");
        }
    }

    #[test]
    fn a_body_is_taxii_2_1_by_its_content_type() {
        for read in [
            "application/taxii+json;version=2.1",
            "application/taxii+json; version=2.1",
            "application/taxii+json",
            "application/TAXII+json;VERSION=\"2.1\"",
            "application/taxii+json;version=2.1; charset=UTF-8",
            "application/taxii+json;",
        ] {
            assert_eq!(content_type(read), Ok(()), "{read}");
        }
        for refused in [
            "",
            "application/json",
            "application/stix+json;version=2.1",
            "application/vnd.oasis.stix+json; version=2.0",
            "application/taxii+json;version=2.0",
            "application/taxii+json;version=2.10",
            "application/taxii+json;charset=latin1",
            "application/taxii+json;version",
            "text/plain",
        ] {
            assert_eq!(
                content_type(refused),
                Err(UnsupportedMediaType),
                "{refused}"
            );
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC{0,60}", like in "[a-z*/;,=.\"0-9 +]{0,60}") {
            let _ = (accept(&text), content_type(&text), accept(&like), content_type(&like));
        }
    }
}
