//! A check that was stopped, as bytes.
//!
//! `label ‖ digest of the report[32] ‖ depth u8 ‖ sources u16 ‖ per source: begun u8, and if so
//! u32 length ‖ right edge ‖ sum[32] ‖ u64 leaves ‖ 8 bytes of each leaf's digest ‖ HMAC-SHA-256 of
//! all before it`. What is in it is believed as if it had just been checked. So it is made under a
//! key that the verifier alone has: who hands out a report cannot hand out a state with it.

use super::{Checker, Depth, Stream, leaves::remembered};
use hmac::{Hmac, KeyInit as _, Mac as _};
use portcullis_ballot::Sum;
use portcullis_tlog::tree::Frontier;
use sha2::Sha256;

const LABEL: &[u8] = b"portcullis/report-check/v1\n";

/// Why bytes are not the state of this check.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StateError {
    /// Made under another key, or damaged: nothing in it is believed.
    #[error("the state was not written by this verifier, or is damaged")]
    Foreign,
    /// The state of another report, or of a check of another depth.
    #[error("the state is of another check")]
    Other,
}

impl StateError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Foreign => "report.state_foreign",
            Self::Other => "report.state_other",
        }
    }
}

impl Checker {
    /// Where the check stands, under the verifier's own secret of 32 bytes.
    pub fn save(&self, secret: &[u8; 32]) -> Vec<u8> {
        let marks = self.streams.iter().flatten().map(Stream::compared);
        // An edge with its size, a sum and a count take less than 4 kB.
        let parts = marks.map(|marks| marks.saturating_mul(8).saturating_add(4096));
        let mut bytes = Vec::with_capacity(parts.fold(1024, usize::saturating_add));
        bytes.extend(LABEL);
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
        let tag = mac(secret, &bytes).finalize().into_bytes();
        bytes.extend(tag);
        bytes
    }

    /// Goes on where a check of the same report stood, if its state was saved under this secret.
    ///
    /// # Errors
    ///
    /// [`StateError`]; the check then stands where it was.
    pub fn resume(&mut self, state: &[u8], secret: &[u8; 32]) -> Result<(), StateError> {
        let foreign = StateError::Foreign;
        let (body, tag) = state.split_last_chunk::<32>().ok_or(foreign)?;
        let honest = mac(secret, body).verify_slice(tag);
        honest.map_err(|_| foreign)?;
        let mut rest = body.strip_prefix(LABEL).ok_or(foreign)?;
        let digest: [u8; 32] = take(&mut rest).ok_or(foreign)?;
        let [proofs] = take(&mut rest).ok_or(foreign)?;
        let sources = u16::from_be_bytes(take(&mut rest).ok_or(foreign)?);
        let same = digest == self.signed.digest().0
            && proofs == u8::from(self.depth == Depth::Proofs)
            && usize::from(sources) == self.streams.len();
        if !same {
            return Err(StateError::Other);
        }
        let mut streams = Vec::with_capacity(self.streams.len());
        for source in self.signed.report().sources() {
            let leaves = source.end.size.0.saturating_sub(source.start.size.0);
            streams.push(read(&mut rest, leaves).ok_or(foreign)?);
        }
        for (stream, source) in streams.iter().zip(self.signed.report().sources()) {
            let range = source.start.size.0..=source.end.size.0;
            let inside = |it: &Stream| range.contains(&it.next_leaf());
            if !stream.as_ref().is_none_or(inside) {
                return Err(foreign);
            }
        }
        if !rest.is_empty() {
            return Err(foreign);
        }
        self.streams = streams;
        Ok(())
    }
}

fn mac(secret: &[u8; 32], bytes: &[u8]) -> Hmac<Sha256> {
    // RFC 2104 §2: a key shorter than a block is filled up with zeros.
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(secret) {
        *to = *from;
    }
    Hmac::new(&block.into()).chain_update(bytes)
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
fn read(rest: &mut &[u8], leaves: u64) -> Option<Option<Stream>> {
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
            let marks = remembered(count);
            let (seen, after) = rest.split_at_checked(marks.checked_mul(8)?)?;
            *rest = after;
            let (marks, _) = seen.as_chunks();
            let mut seen = Vec::with_capacity(remembered(leaves));
            seen.extend(marks.iter().map(|mark| u64::from_be_bytes(*mark)));
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
