//! What stands where objects of a frame stood that were erased.
//!
//! Of each object SHA-256 of its bytes (32), the length of its author (1) and the author's id where
//! that is a pseudonym. These follow each other, in the objects' order, through all places of the frame
//! that are erased, as if those were one; zeros come after them, so that whole blocks of the disk are
//! free where many neighbours are erased. A `,` after an object is erased with it. Which objects are erased
//! their rows tell.

use crate::cell::batch::{PutAt, puts_at};
use portcullis_core::digest::Digest;
use portcullis_store::journal::{Frame, JournalError, Place};

/// The bytes of a remnant without an author.
pub(crate) const REMNANT_BYTES: usize = 33;

/// The longest author: its length has one byte.
const AUTHOR_BYTES_MAX: usize = 255;

/// What is left of an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Remnant {
    /// SHA-256 of its bytes.
    pub(crate) sha256: Digest,
    /// Who had made it, if that was a pseudonym.
    pub(crate) author: Option<String>,
}

impl Remnant {
    /// Its bytes.
    fn write(&self, out: &mut Vec<u8>) {
        let author = self.author.as_deref().unwrap_or_default();
        out.extend(self.sha256.0);
        out.push(u8::try_from(author.len()).unwrap_or(0));
        if author.len() <= AUTHOR_BYTES_MAX {
            out.extend(author.as_bytes());
        }
    }

    /// The first of several, and the rest.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (sha256, rest) = bytes.split_first_chunk()?;
        let (len, rest) = rest.split_first()?;
        let (author, rest) = rest.split_at_checked(usize::from(*len))?;
        let author = std::str::from_utf8(author).ok()?;
        let read = Self {
            sha256: Digest(*sha256),
            author: Some(author.to_owned()).filter(|author| !author.is_empty()),
        };
        Some((read, rest))
    }
}

/// The objects that a frame puts; none if it is not one of ours.
pub(super) fn puts_of<'f>(frame: &'f Frame<'_>) -> Option<Vec<PutAt<'f>>> {
    puts_at(frame.table, frame.table_place(), frame.data_place)
}

/// The place of an object with the `,` after it, if there is one.
pub(super) fn room_of(frame: &Frame<'_>, place: Place) -> Place {
    let data = frame.data_place;
    let last = place.offset + u64::from(place.len) >= data.offset + u64::from(data.len);
    Place {
        len: place.len + u32::from(!last),
        ..place
    }
}

/// What is left of each object that a frame puts, in their order; none for those that are there.
pub(super) fn left_of(
    frame: &Frame<'_>,
    puts: &[PutAt<'_>],
    erased: impl Fn(&PutAt<'_>) -> bool,
) -> Result<Option<Vec<Option<Remnant>>>, JournalError> {
    let count = puts.iter().filter(|put| erased(put)).count();
    let wanted = count * (REMNANT_BYTES + AUTHOR_BYTES_MAX);
    let (mut stream, mut bytes) = (Vec::new(), Vec::new());
    for put in puts.iter().filter(|put| erased(put)) {
        if wanted <= stream.len() {
            break;
        }
        frame.read(room_of(frame, put.place), &mut bytes)?;
        stream.extend_from_slice(&bytes);
    }
    let mut rest = stream.as_slice();
    let mut left = Vec::with_capacity(puts.len());
    for put in puts {
        if !erased(put) {
            left.push(None);
            continue;
        }
        let Some((remnant, after)) = Remnant::read(rest) else {
            return Ok(None);
        };
        left.push(Some(remnant));
        rest = after;
    }
    Ok(Some(left))
}

/// What stands in places, one after the other, from now on.
pub(super) fn lay_out<'r>(
    remnants: impl Iterator<Item = &'r Remnant>,
    places: impl Iterator<Item = Place>,
) -> Vec<(Place, Vec<u8>)> {
    let mut stream = Vec::new();
    for remnant in remnants {
        remnant.write(&mut stream);
    }
    let mut rest = stream.as_slice();
    let each = places.map(|place| {
        let (here, after) = rest.split_at(rest.len().min(place.len as usize));
        rest = after;
        (place, here.to_vec())
    });
    let laid = each.collect();
    debug_assert!(
        rest.is_empty(),
        "an object is longer than what is left of it"
    );
    laid
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_left_is_read_as_it_was_written(
            remnants in prop::collection::vec((any::<[u8; 32]>(), prop::option::of("[a-z-]{1,80}")), 0..9),
            mut more: Vec<u8>,
        ) {
            let remnants: Vec<Remnant> = remnants
                .into_iter()
                .map(|(sha256, author)| Remnant { sha256: Digest(sha256), author })
                .collect();
            let mut bytes = Vec::new();
            for remnant in &remnants {
                remnant.write(&mut bytes);
            }
            let len = bytes.len();
            bytes.append(&mut more);
            let mut rest = bytes.as_slice();
            for remnant in &remnants {
                let (read, after) = Remnant::read(rest).unwrap();
                prop_assert_eq!(&read, remnant);
                rest = after;
            }
            prop_assert_eq!(rest, &bytes[len..]);
            let _ = Remnant::read(rest);
        }
    }
}
