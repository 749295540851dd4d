//! One range of bytes of something whose size is known.
//!
//! Follows RFC 9110 §14: one range of the unit `bytes`.

/// The part of a representation that a request asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    /// All of it: there is no `Range`, or none that we take.
    Whole,
    /// From `first` to `last`, both inclusive and inside.
    Span {
        /// The first byte's offset.
        first: u64,
        /// The last byte's offset.
        last: u64,
    },
    /// Nothing of it.
    Unsatisfiable,
}

/// Reads a `Range` header for a representation of `size_bytes`.
///
/// SPEC: RFC 9110 §14.2 lets a server ignore a `Range` header; we ignore
/// malformed ones, other units, and several ranges in one.
pub(crate) fn parse(header: &str, size_bytes: u64) -> Part {
    let Some(set) = header.strip_prefix("bytes=") else {
        return Part::Whole;
    };
    let Some((first, last)) = set.trim().split_once('-') else {
        return Part::Whole;
    };
    match (number(first), number(last)) {
        (Some(first), _) if last.is_empty() => span(first, u64::MAX, size_bytes),
        (Some(first), Some(last)) if first <= last => span(first, last, size_bytes),
        (None, Some(suffix)) if first.is_empty() => match suffix {
            0 => Part::Unsatisfiable,
            _ => span(size_bytes.saturating_sub(suffix), u64::MAX, size_bytes),
        },
        _ => Part::Whole,
    }
}

fn span(first: u64, last: u64, size_bytes: u64) -> Part {
    if first < size_bytes {
        Part::Span {
            first,
            last: last.min(size_bytes - 1),
        }
    } else {
        Part::Unsatisfiable
    }
}

/// A run of digits; what no `u64` holds is as good as the largest one.
pub(crate) fn number(digits: &str) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, size_bytes: u64, expected: Part) {
        assert_eq!(
            parse(header, size_bytes),
            expected,
            "{header} of {size_bytes}"
        );
    }

    #[test]
    fn a_span_ends_where_the_bytes_end() {
        check("bytes=0-0", 10, Part::Span { first: 0, last: 0 });
        check("bytes=2-5", 10, Part::Span { first: 2, last: 5 });
        check("bytes=9-", 10, Part::Span { first: 9, last: 9 });
        check(
            "bytes=4-99999999999999999999999",
            10,
            Part::Span { first: 4, last: 9 },
        );
    }

    #[test]
    fn a_suffix_counts_from_the_end_and_may_be_longer_than_all() {
        check("bytes=-3", 10, Part::Span { first: 7, last: 9 });
        check("bytes=-30", 10, Part::Span { first: 0, last: 9 });
        check("bytes=-0", 10, Part::Unsatisfiable);
    }

    #[test]
    fn nothing_begins_at_or_beyond_the_end() {
        check("bytes=10-", 10, Part::Unsatisfiable);
        check("bytes=99999999999999999999999-", 10, Part::Unsatisfiable);
        check("bytes=0-", 0, Part::Unsatisfiable);
        check("bytes=-1", 0, Part::Unsatisfiable);
    }

    #[test]
    fn what_is_no_single_range_of_bytes_is_ignored() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=0-1,3-4",
            "bytes=a-b",
            "items=0-1",
            "bytes=+1-2",
        ] {
            check(header, 10, Part::Whole);
        }
    }
}
