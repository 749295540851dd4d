//! What a log publishes of its past: every checkpoint that a quorum cosigned, and when.
//!
//! `checkpoints/<size, 12 digits>` are kept for ever: reports begin and end at them. `ticks`
//! is a line each of the newest, `<size> <time at which the quorum had cosigned>`: whoever
//! reads it sees whether the log kept its ticks, and every time in which it did not run.

use super::{LogFault, OwnLog};
use jiff::Timestamp;
use portcullis_store::LogState;
use portcullis_tlog::{note::SignedNote, policy::Policy};

/// The most lines of `ticks`: two weeks at ten minutes.
const TICKS_MAX: usize = 2000;

impl OwnLog<'_> {
    fn checkpoint_path(&self, size: u64) -> String {
        format!("{}/checkpoints/{size:012}", self.prefix)
    }

    /// Publishes a checkpoint that a quorum had cosigned at `quorum_at`, in seconds since 1970.
    pub(super) fn publish_cosigned(
        &self,
        note: Vec<u8>,
        size: u64,
        quorum_at: Option<u64>,
    ) -> Result<(), LogFault> {
        let (ticks, newest) = (
            format!("{}/ticks", self.prefix),
            format!("{}/checkpoint", self.prefix),
        );
        let text = self.blobs.get(&ticks)?.unwrap_or_default();
        let text = String::from_utf8(text).unwrap_or_default();
        if let Some(text) = with_tick(&text, size, quorum_at) {
            self.blobs.put(&ticks, text.into_bytes())?;
            self.blobs.sync([ticks.as_str()])?;
        }
        self.blobs.put(&newest, note.clone())?;
        self.blobs.sync([newest.as_str()])?;
        // CRASH: the one that is kept comes last; while it is missing all three are made again.
        let kept = self.checkpoint_path(size);
        self.blobs.put(&kept, note)?;
        Ok(self.blobs.sync([kept.as_str()])?)
    }

    /// Publishes the newest cosigned checkpoint, if a stop came between.
    pub(super) fn publish_what_was_cosigned(
        &self,
        policy: &Policy,
        state: &LogState,
    ) -> Result<(), LogFault> {
        let Some(note) = &state.cosigned else {
            return Ok(());
        };
        if self
            .blobs
            .exists(&self.checkpoint_path(state.cosigned_size))?
        {
            return Ok(());
        }
        let signed = SignedNote::parse(note)
            .map_err(|error| LogFault::Prove(format!("our own checkpoint: {error}")))?;
        // Witnesses may have changed since; then the time is in the note alone.
        let cosigned = policy.verify_quorum_as(&signed, &self.signer.vkey());
        let quorum_at = cosigned.ok().and_then(|cosigned| cosigned.quorum_at);
        self.publish_cosigned(note.clone(), state.cosigned_size, quorum_at)
    }
}

/// The list of ticks with one more; nothing, when it is there or its time is not known.
fn with_tick(text: &str, size: u64, quorum_at: Option<u64>) -> Option<String> {
    let at = Timestamp::from_second(i64::try_from(quorum_at?).ok()?).ok()?;
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines
        .last()
        .and_then(|line| line.split_once(' ')?.0.parse::<u64>().ok());
    if last.is_some_and(|last| size <= last) {
        return None;
    }
    let line = format!("{size} {at}");
    lines.push(&line);
    let kept = lines
        .get(lines.len().saturating_sub(TICKS_MAX)..)
        .unwrap_or_default();
    Some(kept.iter().flat_map(|line| [line, "\n"]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_listed_oldest_first_and_the_oldest_are_let_go() {
        let mut text = String::new();
        for tick in 1..=TICKS_MAX as u64 + 3 {
            text = with_tick(&text, tick * 256, Some(1_772_442_000 + tick * 600)).unwrap();
        }
        assert_eq!(text.lines().count(), TICKS_MAX);
        assert_eq!(text.lines().next(), Some("1024 2026-03-02T09:40:00Z"));
        assert!(text.ends_with(&format!("{} 2026-03-16T06:50:00Z\n", 2003 * 256)));
        // What a stop had left out is added once.
        assert_eq!(with_tick(&text, 2003 * 256, Some(1_900_000_000)), None);
        assert_eq!(with_tick(&text, 2004 * 256, None), None);
    }
}
