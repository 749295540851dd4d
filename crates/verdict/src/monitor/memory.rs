//! What a monitor remembers of one log, as bytes.
//!
//! `portcullis/monitor/v1\0`, then in order, big-endian, each text or list behind its length:
//! origin, vkey, the newest believed checkpoint with its quorum's second, the shape, the schema,
//! ticks seen, the right edge of the leaves gone through, checkpoints that wait to be compared,
//! findings, fingerprints; SHA-256 of all of that at the end. Half a megabyte at most, whatever the
//! log's size, and 8 bytes a leaf on the [`Shelf`](super::Shelf).

use super::{
    finding::{Code, Finding},
    seen::{RECENT_MAX, RUNS_MAX, Run, Seen},
};
use portcullis_tlog::{
    checkpoint::{Checkpoint, Origin},
    note::{NOTE_BYTES_MAX, SignedNote, VerifierKey},
    tree::{Frontier, TreeSize},
};
use sha2::{Digest as _, Sha256};

/// The most bytes of a memory that are read.
pub const MEMORY_BYTES_MAX: usize = 8 << 20;
/// The most checkpoints that wait to be compared.
pub const PENDING_MAX: usize = 16;
/// The most findings that are kept one by one.
pub const FINDINGS_MAX: usize = 64;
/// The most bytes of a finding's sentence that are kept.
const MESSAGE_BYTES_MAX: usize = 1000;
const HEAD: &[u8] = b"portcullis/monitor/v1\0";

/// What is remembered of one log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Memory {
    pub(super) origin: Origin,
    pub(super) key: VerifierKey,
    pub(super) newest: Option<Newest>,
    /// The shape's note as it was served.
    pub(super) shape: Option<Vec<u8>>,
    /// Under which schema leaves are checked where no shape says it: that of the first leaf.
    pub(super) schema: Option<[u8; 32]>,
    pub(super) ticks: u64,
    /// The leaves gone through: always a beginning of a tree that the log signed.
    pub(super) walked: Frontier,
    /// Signed notes that are ahead of what the log serves.
    pub(super) pending: Vec<String>,
    pub(super) found: Vec<Kept>,
    pub(super) found_more: u64,
    pub(super) seen: Seen,
}

/// The newest checkpoint that is believed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Newest {
    pub(super) note: SignedNote,
    pub(super) checkpoint: Checkpoint,
    /// When the quorum had cosigned it, or when it was seen, where the policy asks for none.
    pub(super) quorum_at: u64,
}

/// A proof of misbehaviour, as it is remembered. The evidence is kept beside the memory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// What.
    pub code: Code,
    /// In a sentence.
    pub message: String,
    /// When it was first found, in seconds since 1970.
    pub since: u64,
}

/// Why bytes are no memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MemoryError {
    /// Another file, or of another version.
    #[error("it is no monitor's memory, or of another version")]
    Head,
    /// Cut short, changed, or not as this program writes it.
    #[error("it is damaged")]
    Damaged,
}

impl Memory {
    /// The memory of a log that nobody has looked at; `fingerprint_key` is random.
    ///
    /// # Errors
    ///
    /// [`MemoryError::Head`] when the key's name is no origin.
    pub fn new(key: VerifierKey, fingerprint_key: [u8; 32]) -> Result<Self, MemoryError> {
        Ok(Self {
            origin: key.name().as_str().parse().map_err(|_| MemoryError::Head)?,
            key,
            newest: None,
            shape: None,
            schema: None,
            ticks: 0,
            walked: Frontier::new(),
            pending: Vec::new(),
            found: Vec::new(),
            found_more: 0,
            seen: Seen::new(fingerprint_key),
        })
    }

    /// Which log.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The key under which it was looked at.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The newest believed checkpoint.
    pub fn newest(&self) -> Option<&Checkpoint> {
        self.newest.as_ref().map(|newest| &newest.checkpoint)
    }

    /// The newest believed checkpoint as it was served.
    pub fn newest_note(&self) -> Option<&SignedNote> {
        self.newest.as_ref().map(|newest| &newest.note)
    }

    /// When the quorum had cosigned it, in seconds since 1970.
    pub fn grew_at(&self) -> Option<u64> {
        self.newest.as_ref().map(|newest| newest.quorum_at)
    }

    /// The shape as it was served, if one is known.
    pub fn shape_note(&self) -> Option<&[u8]> {
        self.shape.as_deref()
    }

    /// How often the log was seen to have grown.
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// How many leaves were gone through.
    pub fn walked(&self) -> TreeSize {
        self.walked.size()
    }

    /// The fingerprints of the commitments seen.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Proofs of misbehaviour, oldest first, and how many there are beyond those.
    pub fn found(&self) -> (&[Kept], u64) {
        (&self.found, self.found_more)
    }

    /// Keeps a finding. False when it was known before, in the same words.
    pub fn keep(&mut self, finding: &Finding, now: u64) -> bool {
        let message = cut(&finding.message);
        let known = |kept: &Kept| kept.code == finding.code && kept.message == message;
        if self.found.iter().any(known) {
            return false;
        }
        if self.found.len() < FINDINGS_MAX {
            self.found.push(Kept {
                code: finding.code,
                message: message.to_owned(),
                since: now,
            });
        } else {
            self.found_more = self.found_more.saturating_add(1);
        }
        true
    }

    /// Its bytes.
    pub fn save(&self) -> Vec<u8> {
        let mut to = HEAD.to_vec();
        put(&mut to, self.origin.as_str().as_bytes());
        put(&mut to, self.key.to_string().as_bytes());
        match &self.newest {
            None => to.push(0),
            Some(newest) => {
                to.push(1);
                put(&mut to, newest.note.to_text().as_bytes());
                to.extend(newest.quorum_at.to_be_bytes());
            }
        }
        put_maybe(&mut to, self.shape.as_deref());
        put_maybe(&mut to, self.schema.as_ref().map(<[u8; 32]>::as_slice));
        to.extend(self.ticks.to_be_bytes());
        put(&mut to, &self.walked.to_bytes());
        put_count(&mut to, self.pending.len());
        for note in &self.pending {
            put(&mut to, note.as_bytes());
        }
        put_count(&mut to, self.found.len());
        for kept in &self.found {
            put(&mut to, kept.code.as_str().as_bytes());
            put(&mut to, kept.message.as_bytes());
            to.extend(kept.since.to_be_bytes());
        }
        to.extend(self.found_more.to_be_bytes());
        to.extend(self.seen.key);
        to.extend(self.seen.next.to_be_bytes());
        put_count(&mut to, self.seen.runs.len());
        for run in &self.seen.runs {
            to.extend(run.number.to_be_bytes());
            to.extend(run.count.to_be_bytes());
        }
        put_count(&mut to, self.seen.recent.len());
        for value in &self.seen.recent {
            to.extend(value.to_be_bytes());
        }
        let digest = Sha256::digest(&to);
        to.extend(digest);
        to
    }

    /// Reads what [`Memory::save`] wrote.
    ///
    /// # Errors
    ///
    /// [`MemoryError`], every variant: what is not exactly as it would be written is refused.
    pub fn load(bytes: &[u8]) -> Result<Self, MemoryError> {
        let body = bytes.strip_prefix(HEAD).ok_or(MemoryError::Head)?;
        let memory = Reader(body).memory().ok_or(MemoryError::Damaged)?;
        if memory.save() == bytes {
            Ok(memory)
        } else {
            Err(MemoryError::Damaged)
        }
    }
}

/// A sentence of bounded length.
fn cut(message: &str) -> &str {
    let end = (0..=MESSAGE_BYTES_MAX.min(message.len()))
        .rev()
        .find(|end| message.is_char_boundary(*end));
    end.and_then(|end| message.get(..end)).unwrap_or_default()
}

fn put_count(to: &mut Vec<u8>, count: usize) {
    // INVARIANT: every list here is bounded far below 2^32.
    to.extend(u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
}

fn put(to: &mut Vec<u8>, bytes: &[u8]) {
    put_count(to, bytes.len());
    to.extend(bytes);
}

fn put_maybe(to: &mut Vec<u8>, bytes: Option<&[u8]>) {
    to.push(u8::from(bytes.is_some()));
    if let Some(bytes) = bytes {
        put(to, bytes);
    }
}

/// Bytes that are read from their beginning on.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn memory(mut self) -> Option<Memory> {
        let origin: Origin = self.text(NOTE_BYTES_MAX)?.parse().ok()?;
        let key: VerifierKey = self.text(NOTE_BYTES_MAX)?.parse().ok()?;
        if key.name().as_str() != origin.as_str() {
            return None;
        }
        let newest = if self.flag()? {
            let note = SignedNote::parse(self.take_counted(NOTE_BYTES_MAX)?).ok()?;
            let checkpoint = Checkpoint::parse(note.text()).ok()?;
            let quorum_at = self.number()?;
            (checkpoint.origin == origin).then_some(())?;
            Some(Newest {
                note,
                checkpoint,
                quorum_at,
            })
        } else {
            None
        };
        let shape = if self.flag()? {
            Some(self.take_counted(super::SHAPE_BYTES_MAX)?.to_vec())
        } else {
            None
        };
        let schema = if self.flag()? {
            Some(self.take_counted(32)?.try_into().ok()?)
        } else {
            None
        };
        let ticks = self.number()?;
        let walked = Frontier::from_bytes(self.take_counted(NOTE_BYTES_MAX)?).ok()?;
        let pending = self.list(PENDING_MAX, |from| {
            Some(from.text(NOTE_BYTES_MAX)?.to_owned())
        })?;
        let found = self.list(FINDINGS_MAX, |from| {
            Some(Kept {
                code: Code::parse(from.text(64)?)?,
                message: from.text(MESSAGE_BYTES_MAX)?.to_owned(),
                since: from.number()?,
            })
        })?;
        let found_more = self.number()?;
        let seen = self.seen()?;
        // The digest is compared by writing it all again.
        (self.0.len() == 32).then_some(Memory {
            origin,
            key,
            newest,
            shape,
            schema,
            ticks,
            walked,
            pending,
            found,
            found_more,
            seen,
        })
    }

    fn seen(&mut self) -> Option<Seen> {
        let key = *self.take(32)?.first_chunk()?;
        let next = self.number()?;
        let runs = self.list(RUNS_MAX, |from| {
            let (number, count) = (from.number()?, from.number()?);
            (count > 0 && number < next).then_some(Run { number, count })
        })?;
        let recent = self.list(RECENT_MAX, Self::number)?;
        let ascend = recent.is_sorted_by(|one, other| one < other)
            && runs.is_sorted_by(|one, other| one.number < other.number);
        ascend.then(|| Seen {
            key,
            recent: recent.into_iter().collect(),
            runs,
            next,
        })
    }

    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.take(1)? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(*self.take(8)?.first_chunk()?))
    }

    fn count(&mut self, most: usize) -> Option<usize> {
        let count = u32::from_be_bytes(*self.take(4)?.first_chunk()?);
        usize::try_from(count).ok().filter(|count| *count <= most)
    }

    fn take_counted(&mut self, most: usize) -> Option<&'b [u8]> {
        let count = self.count(most)?;
        self.take(count)
    }

    fn text(&mut self, most: usize) -> Option<&'b str> {
        core::str::from_utf8(self.take_counted(most)?).ok()
    }

    fn list<T>(
        &mut self,
        most: usize,
        mut one: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let count = self.count(most)?;
        (0..count).map(|_| one(self)).collect()
    }
}
