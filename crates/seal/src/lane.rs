//! Hashing, and the second thread that does it.
//!
//! age, SHA-256 and the disk each take a good part of a core. So the
//! ciphertext has a lane of its own: a scoped thread that hashes and writes
//! what the first one encrypts, or reads and hashes what it decrypts. A few
//! buffers go round between the two and bound the memory.

use portcullis_core::digest::Digest;
use sha2::{Digest as _, Sha256};
use std::{
    io::{self, Read, Write},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

/// The bytes of one buffer in the lane.
const BUFFER_BYTES: usize = 512 << 10;
/// How many buffers wait between the two threads.
const BUFFERS: usize = 4;

/// Counts and hashes what is written to it, and keeps nothing.
#[derive(Default)]
pub(crate) struct Hasher {
    hash: Sha256,
    size_bytes: u64,
}

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.size_bytes += bytes.len() as u64;
    }

    pub(crate) const fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    pub(crate) fn finish(self) -> (Digest, u64) {
        (Digest(self.hash.finalize().into()), self.size_bytes)
    }
}

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A reader that hashes what passes through it.
pub(crate) struct Hashing<R> {
    input: R,
    hasher: Hasher,
}

impl<R: Read> Hashing<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            hasher: Hasher::default(),
        }
    }

    pub(crate) fn finish(self) -> (Digest, u64) {
        self.hasher.finish()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(to)?;
        self.hasher.update(to.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// Runs `work` with a writer whose bytes a second thread hashes and writes to `out`.
///
/// # Errors
///
/// The outer one is that of `out`; it comes before what `work` answers.
pub(crate) fn writing<W: Write + Send, T>(
    out: W,
    work: impl FnOnce(LaneWriter) -> T,
) -> io::Result<(T, Digest, u64)> {
    let ((full, written), (emptied, empty)) = (sync_channel(BUFFERS), sync_channel(BUFFERS));
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || write_all(out, &written, &emptied));
        let done = work(LaneWriter {
            full,
            empty,
            buffer: Vec::with_capacity(BUFFER_BYTES),
        });
        let (digest, size_bytes) = thread
            .join()
            .map_err(|_| io::Error::other("the writer panicked"))??;
        Ok((done, digest, size_bytes))
    })
}

fn write_all(
    mut out: impl Write,
    full: &Receiver<Vec<u8>>,
    emptied: &SyncSender<Vec<u8>>,
) -> io::Result<(Digest, u64)> {
    let mut hasher = Hasher::default();
    while let Ok(mut buffer) = full.recv() {
        hasher.update(&buffer);
        out.write_all(&buffer)?;
        buffer.clear();
        give_back(emptied, buffer);
    }
    out.flush()?;
    Ok(hasher.finish())
}

/// The near end of a lane that writes. What is left in it goes out on `flush`.
pub(crate) struct LaneWriter {
    full: SyncSender<Vec<u8>>,
    empty: Receiver<Vec<u8>>,
    buffer: Vec<u8>,
}

impl Write for LaneWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = BUFFER_BYTES - self.buffer.len().min(BUFFER_BYTES);
        let (now, _) = bytes.split_at(room.min(bytes.len()));
        self.buffer.extend_from_slice(now);
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        Ok(now.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let next = self
            .empty
            .try_recv()
            .unwrap_or_else(|_| Vec::with_capacity(BUFFER_BYTES));
        let buffer = std::mem::replace(&mut self.buffer, next);
        self.full
            .send(buffer)
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

/// Keeps a buffer for another round, so that its pages are not asked for anew.
fn give_back(emptied: &SyncSender<Vec<u8>>, buffer: Vec<u8>) {
    // With enough of them under way, or with nobody left to want it, it is dropped.
    drop(emptied.try_send(buffer));
}

/// What the reading thread found at the end of its input.
pub(crate) struct Drained {
    pub(crate) digest: Digest,
    /// Whether the input went on past the bound, and was left there.
    pub(crate) too_long: bool,
}

/// Runs `work` with a reader whose bytes a second thread reads from `input`
/// and hashes. When `work` ends early, the thread reads on to the end: the
/// digest is of the whole input, unless that is longer than `bytes_max`.
///
/// # Errors
///
/// The outer one is that of `input`; it comes before what `work` answers.
pub(crate) fn reading<R: Read + Send, T>(
    input: R,
    bytes_max: u64,
    work: impl FnOnce(LaneReader) -> T,
) -> io::Result<(T, Drained)> {
    let ((full, read), (emptied, empty)) = (sync_channel(BUFFERS), sync_channel(BUFFERS));
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || read_all(input, bytes_max, full, &empty));
        let done = work(LaneReader {
            full: read,
            emptied,
            buffer: Vec::new(),
            at: 0,
        });
        let drained = thread
            .join()
            .map_err(|_| io::Error::other("the reader panicked"))??;
        Ok((done, drained))
    })
}

fn read_all(
    mut input: impl Read,
    bytes_max: u64,
    full: SyncSender<Vec<u8>>,
    empty: &Receiver<Vec<u8>>,
) -> io::Result<Drained> {
    let (mut hasher, mut full) = (Hasher::default(), Some(full));
    loop {
        let mut buffer = empty.try_recv().unwrap_or_default();
        buffer.resize(BUFFER_BYTES, 0);
        let count = fill(&mut input, &mut buffer)?;
        buffer.truncate(count);
        if buffer.is_empty() {
            return Ok(Drained {
                digest: hasher.finish().0,
                too_long: false,
            });
        }
        hasher.update(&buffer);
        if hasher.size_bytes() > bytes_max {
            return Ok(Drained {
                digest: hasher.finish().0,
                too_long: true,
            });
        }
        full = full.filter(|full| full.send(buffer).is_ok());
    }
}

/// Reads until `buffer` is full or the input ends, and says how much there is.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The near end of a lane that reads.
pub(crate) struct LaneReader {
    full: Receiver<Vec<u8>>,
    emptied: SyncSender<Vec<u8>>,
    buffer: Vec<u8>,
    at: usize,
}

impl Read for LaneReader {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.buffer.get(self.at..).unwrap_or_default().read(to)?;
            self.at += count;
            if count > 0 || to.is_empty() {
                return Ok(count);
            }
            let Ok(next) = self.full.recv() else {
                return Ok(0);
            };
            give_back(&self.emptied, std::mem::replace(&mut self.buffer, next));
            self.at = 0;
        }
    }
}
