//! A check that was stopped, as bytes: for a file beside the report.
//!
//! `label ‖ digest of the report[32] ‖ depth u8 ‖ sources u16 ‖ per source: begun u8, and if so
//! u32 length ‖ right edge ‖ sum[32] ‖ u64 leaves ‖ 8 bytes of each leaf's digest ‖ SHA-256 of all
//! before it`. What is in it is believed as if it had just been checked: it is for its owner alone.

use super::{Checker, Depth, Stream, leaves::SEEN_MAX};
use portcullis_ballot::Sum;
use portcullis_tlog::tree::Frontier;

const LABEL: &[u8] = b"portcullis/report-check/v1\n";

/// Why bytes are not the state of this check.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StateError {
    /// Damaged, or no state at all.
    #[error("the state of the check is damaged")]
    Damaged,
    /// The state of another report, or of a check of another depth.
    #[error("the state is of another check")]
    Other,
}

impl Checker {
    /// Where the check stands.
    pub fn save(&self) -> Vec<u8> {
        let mut bytes = LABEL.to_vec();
        bytes.extend(self.signed.digest().0);
        bytes.push(u8::from(self.depth == Depth::Proofs));
        let sources = u16::try_from(self.streams.len()).unwrap_or(u16::MAX);
        bytes.extend(sources.to_be_bytes());
        for (stream, fault) in self.streams.iter().zip(&self.faults) {
            // What is at fault is looked at again.
            match stream.as_ref().filter(|_| fault.is_none()) {
                None => bytes.push(0),
                Some(stream) => write(stream, &mut bytes),
            }
        }
        let sum = crate::text::sha256(&bytes).0;
        bytes.extend(sum);
        bytes
    }

    /// Goes on where a check of the same report stood.
    ///
    /// # Errors
    ///
    /// [`StateError`]; the check then stands where it was.
    pub fn resume(&mut self, state: &[u8]) -> Result<(), StateError> {
        let (body, sum) = state.split_last_chunk::<32>().ok_or(StateError::Damaged)?;
        if crate::text::sha256(body).0 != *sum {
            return Err(StateError::Damaged);
        }
        let mut rest = body.strip_prefix(LABEL).ok_or(StateError::Damaged)?;
        let digest: [u8; 32] = take(&mut rest).ok_or(StateError::Damaged)?;
        let [proofs] = take(&mut rest).ok_or(StateError::Damaged)?;
        let sources = u16::from_be_bytes(take(&mut rest).ok_or(StateError::Damaged)?);
        let same = digest == self.signed.digest().0
            && proofs == u8::from(self.depth == Depth::Proofs)
            && usize::from(sources) == self.streams.len();
        if !same {
            return Err(StateError::Other);
        }
        let mut streams = Vec::with_capacity(self.streams.len());
        for _ in 0..sources {
            streams.push(read(&mut rest).ok_or(StateError::Damaged)?);
        }
        for (stream, source) in streams.iter().zip(self.signed.report().sources()) {
            let range = source.start.size.0..=source.end.size.0;
            if stream
                .as_ref()
                .is_some_and(|it| !range.contains(&it.next_leaf()))
            {
                return Err(StateError::Damaged);
            }
        }
        if !rest.is_empty() {
            return Err(StateError::Damaged);
        }
        self.streams = streams;
        Ok(())
    }
}

fn write(stream: &Stream, bytes: &mut Vec<u8>) {
    let (edge, sum, seen, count) = stream.parts();
    let edge = edge.to_bytes();
    bytes.push(1);
    // An edge has 64 hashes at most.
    bytes.extend(u32::try_from(edge.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend(edge);
    bytes.extend(sum.to_bytes());
    bytes.extend(count.to_be_bytes());
    bytes.extend(seen.iter().flat_map(|mark| mark.to_be_bytes()));
}

/// One source: `None` when it is malformed, `Some(None)` when it was not begun.
#[expect(
    clippy::option_option,
    reason = "whether it can be read, and whether it was begun"
)]
fn read(rest: &mut &[u8]) -> Option<Option<Stream>> {
    let [begun] = take(rest)?;
    match begun {
        0 => Some(None),
        1 => {
            let length = usize::try_from(u32::from_be_bytes(take(rest)?)).ok()?;
            let (edge, after) = rest.split_at_checked(length)?;
            *rest = after;
            let edge = Frontier::from_bytes(edge).ok()?;
            let sum = Sum::from_bytes(&take(rest)?).ok()?;
            let count = u64::from_be_bytes(take(rest)?);
            let marks = usize::try_from(count).unwrap_or(usize::MAX).min(SEEN_MAX);
            let (seen, after) = rest.split_at_checked(marks.checked_mul(8)?)?;
            *rest = after;
            let (seen, _) = seen.as_chunks();
            let seen = seen.iter().map(|mark| u64::from_be_bytes(*mark)).collect();
            Stream::from_parts(edge, sum, seen, count).map(Some)
        }
        _ => None,
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*head)
}
