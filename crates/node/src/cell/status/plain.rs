//! Ids and versions of objects that went in as they should, in few bytes: a million of them are
//! kept for a day.
//!
//! Nearly every id is a type, `--` and a UUID, and nearly every version an instant to the
//! millisecond: 25 bytes for both, and the type where it is not the one before. What is written in
//! any other way is kept as its text, so that all comes out as it went in.

/// The id is a type and a UUID.
const UUID: u8 = 1;
/// Its type is that of the object before.
const SAME: u8 = 1 << 1;
/// The version is an instant to the millisecond.
const INSTANT: u8 = 1 << 2;

/// How long a UUID is as it is written.
const UUID_CHARS: usize = 36;

/// How an instant to the millisecond is written; a digit for each `0`.
const FORM: &[u8; 24] = b"0000-00-00T00:00:00.000Z";

/// Ids with their versions, in order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Plain(Vec<u8>);

impl Plain {
    /// Of these ids and versions, each of at most 64 KiB.
    pub(super) fn of<'a>(all: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut bytes, mut before) = (Vec::new(), "");
        for (id, version) in all {
            let parts = id.len().checked_sub(UUID_CHARS);
            let uuid = parts.and_then(|at| {
                let (kind, uuid) = id.split_at_checked(at)?;
                Some((kind.strip_suffix("--")?, uuid_of(uuid)?))
            });
            let instant = instant_of(version);
            let same = uuid.is_some_and(|(kind, _)| kind == before);
            bytes.push(
                if uuid.is_some() { UUID } else { 0 }
                    | if same { SAME } else { 0 }
                    | if instant.is_some() { INSTANT } else { 0 },
            );
            match uuid {
                Some((kind, uuid)) => {
                    if !same {
                        put(&mut bytes, kind);
                        before = kind;
                    }
                    bytes.extend(uuid);
                }
                None => put(&mut bytes, id),
            }
            match instant {
                Some(number) => bytes.extend(number.to_le_bytes()),
                None => put(&mut bytes, version),
            }
        }
        bytes.shrink_to_fit();
        Self(bytes)
    }

    /// The bytes that they take.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The ids and versions, as they came.
    pub(super) fn all(&self) -> Vec<(String, String)> {
        let (mut all, mut rest, mut kind) = (Vec::new(), self.0.as_slice(), "");
        while let Some(one) = take(&mut rest, &mut kind) {
            all.push(one);
        }
        all
    }
}

/// The next id and version of what is left; none at the end.
fn take<'a>(rest: &mut &'a [u8], kind: &mut &'a str) -> Option<(String, String)> {
    let [tag] = chunk(rest)?;
    let id = if tag & UUID == 0 {
        text(rest)?.to_owned()
    } else {
        if tag & SAME == 0 {
            *kind = text(rest)?;
        }
        id_of(kind, chunk(rest)?)
    };
    let version = if tag & INSTANT == 0 {
        text(rest)?.to_owned()
    } else {
        written(u64::from_le_bytes(chunk(rest)?))
    };
    Some((id, version))
}

fn put(bytes: &mut Vec<u8>, text: &str) {
    let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
    bytes.extend(len.to_le_bytes());
    bytes.extend(text.bytes().take(usize::from(len)));
}

fn chunk<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let len = u16::from_le_bytes(chunk(rest)?);
    let (head, tail) = rest.split_at_checked(usize::from(len))?;
    *rest = tail;
    std::str::from_utf8(head).ok()
}

/// A UUID as it is mostly written: small letters, in five groups.
fn uuid_of(text: &str) -> Option<[u8; 16]> {
    let text: &[u8; 36] = text.as_bytes().try_into().ok()?;
    let mut digits = [0; 32];
    let mut to = digits.iter_mut();
    for (at, byte) in text.iter().enumerate() {
        match (at, byte) {
            (8 | 13 | 18 | 23, b'-') => {}
            (8 | 13 | 18 | 23, _) => return None,
            (_, b'0'..=b'9') => *to.next()? = byte - b'0',
            (_, b'a'..=b'f') => *to.next()? = byte - b'a' + 10,
            _ => return None,
        }
    }
    let mut uuid = [0; 16];
    for (byte, digits) in uuid.iter_mut().zip(digits.as_chunks::<2>().0) {
        let [high, low] = digits;
        *byte = high << 4 | low;
    }
    Some(uuid)
}

fn id_of(kind: &str, uuid: [u8; 16]) -> String {
    let mut id = String::with_capacity(kind.len() + 38);
    id.push_str(kind);
    id.push_str("--");
    for (at, byte) in uuid.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        let digit = |digit: u8| char::from_digit(u32::from(digit), 16).unwrap_or('0');
        id.extend([digit(byte >> 4), digit(byte & 15)]);
    }
    id
}

/// The digits of an instant, if it is written to the millisecond.
fn instant_of(text: &str) -> Option<u64> {
    let text: &[u8; 24] = text.as_bytes().try_into().ok()?;
    let mut number = 0;
    for (byte, form) in text.iter().zip(FORM) {
        match (form, byte) {
            (b'0', b'0'..=b'9') => number = number * 10 + u64::from(byte - b'0'),
            (b'0', _) => return None,
            (form, byte) if form == byte => {}
            _ => return None,
        }
    }
    Some(number)
}

fn written(mut number: u64) -> String {
    let mut text = *FORM;
    for byte in text.iter_mut().rev().filter(|byte| **byte == b'0') {
        *byte += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
    text.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(all: &[(String, String)]) -> usize {
        let pairs = all.iter().map(|(id, version)| (&**id, &**version));
        let plain = Plain::of(pairs);
        assert_eq!(plain.all(), all);
        plain.len()
    }

    #[test]
    fn what_is_written_as_usual_takes_a_third() {
        let one = |n: usize| {
            let id = format!("attack-pattern--0042a9f5-f053-4769-b3ef-9ad018df{n:04x}");
            (
                id,
                format!("2024-04-11T{:02}:59:00.{:03}Z", n % 24, n % 1000),
            )
        };
        let all: Vec<_> = (0..1000).map(one).collect();
        assert_eq!(check(&all), 1000 * 25 + 16);
    }

    proptest! {
        #[test]
        fn what_went_in_comes_out(
            all in prop::collection::vec((
                "(\\PC{0,4}|(a|b-c)--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-fA]{12}|--|x----)",
                "(|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{2,4}Z|\\PC{0,6}|[0-9]{24})",
            ), 0..12),
        ) {
            check(&all);
        }
    }
}
