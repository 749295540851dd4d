//! Checkpoints against what is remembered, and time against the tick.

use super::{
    compare::{Relation, relate},
    finding::{Code, Finding},
    memory::{Memory, Newest, PENDING_MAX},
    shape::LogShape,
};
use portcullis_tlog::{
    checkpoint::{Checkpoint, Origin},
    hash::Hash,
    note::{SignedNote, VerifierKey},
    policy::{CosignedCheckpoint, Policy, PolicyError},
    tree::{HashReader, ReadError, TreeSize},
};

/// The first line of the notice that closes an origin.
const CLOSED_HEAD: &str = "portcullis/log-closed/v1";

/// How a log is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Watch<'a> {
    /// Which witnesses are believed, and how many are needed.
    pub policy: &'a Policy,
    /// The instant, in seconds since 1970.
    pub now: u64,
    /// How long past its tick a log may be silent, in seconds.
    pub allowance_s: u64,
    /// The tick of a log that publishes no shape, in milliseconds.
    pub tick_ms: Option<u64>,
}

/// A checkpoint that somebody was shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Told {
    /// By whom, for people.
    pub source: String,
    /// Whether the log itself shows it to us now.
    pub own: bool,
    /// The note.
    pub note: Vec<u8>,
}

/// What is to be seen of a log.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a, T: ?Sized> {
    /// Its tiles, as it serves them.
    pub tiles: &'a T,
    /// Checkpoints: the log's own, witnesses', those of others.
    pub told: &'a [Told],
    /// Whether it was asked for its checkpoint and said that there is none.
    pub missing: bool,
    /// Its shape, if it serves one.
    pub shape: Option<&'a [u8]>,
    /// Its closing notice, if it serves one.
    pub closed: Option<&'a [u8]>,
}

/// What a look brought.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Looked {
    /// What was found, in the order in which it was.
    pub findings: Vec<Finding>,
    /// The largest checkpoint that the log itself shows, with its cosignatures.
    pub shown: Option<CosignedCheckpoint>,
    /// The origin that follows this one, which takes no more leaves: it is to be watched too.
    pub next: Option<Origin>,
}

/// A checkpoint whose signatures hold.
struct Verified<'a> {
    told: &'a Told,
    note: SignedNote,
    cosigned: CosignedCheckpoint,
}

impl Memory {
    /// Looks at everything that is told of the log, and remembers the newest believed checkpoint.
    ///
    /// A checkpoint is believed when the log signed it, a quorum cosigned it, and its tree is a
    /// continuation of the one remembered. After a fork nothing new is believed: both stories stay
    /// as they were first heard.
    ///
    /// # Errors
    ///
    /// [`ReadError::Failed`] when the log's tiles cannot be reached; what is not there, or
    /// malformed, is a finding.
    pub fn observe<T: HashReader + ?Sized>(
        &mut self,
        watch: &Watch<'_>,
        sight: &Sight<'_, T>,
    ) -> Result<Looked, ReadError> {
        let mut looked = Looked::default();
        let shape = self.observe_shape(sight.shape, &mut looked.findings);
        let notice = self.observe_closed(sight.closed, &mut looked.findings);
        let mut verified = Vec::new();
        for told in sight.told {
            match self.verify(watch, told) {
                Ok(one) => verified.push(one),
                Err(finding) => looked.findings.push(*finding),
            }
        }
        // A notice excuses a log from growing, never from what it showed before.
        let closed = notice.as_ref().is_some_and(|notice| {
            let contradictions = self.contradictions(notice, &verified);
            let fits = contradictions.is_empty();
            looked.findings.extend(contradictions);
            fits
        });
        looked.next = notice.as_ref().map(|notice| notice.next.clone());
        let own = verified.iter().filter(|one| one.told.own);
        let shown = own.max_by_key(|one| (one.cosigned.checkpoint.size, one.cosigned.quorum_met));
        let mut reference = None;
        if let Some(shown) = shown {
            let findings = &mut looked.findings;
            if self.observe_shown(watch, shown, sight.tiles, shape.as_ref(), closed, findings)? {
                reference = Some((&shown.cosigned.checkpoint, shown.note.to_text()));
            }
            looked.shown = Some(shown.cosigned.clone());
            if let Some(notice) = notice
                && notice.size < shown.cosigned.checkpoint.size
            {
                let text = format!(
                    "`{}` said that it takes no more leaves, and shows {}",
                    self.origin, shown.cosigned.checkpoint.size
                );
                let notes = [notice.note, shown.note.to_text()];
                looked
                    .findings
                    .push(Finding::new(Code::ShapeBroken, text).notes(notes));
            }
        } else if sight.missing
            && let Some(newest) = self.newest.as_ref().filter(|_| !closed)
        {
            let (origin, size) = (&self.origin, newest.checkpoint.size);
            let text = format!("`{origin}` showed {size} leaves, and shows no checkpoint now");
            let note = newest.note.to_text();
            looked
                .findings
                .push(Finding::new(Code::Rollback, text).notes([note]));
        }
        let told_by_log = looked.shown.as_ref().map(|shown| shown.checkpoint.clone());
        let mut others = self.take_pending(watch);
        others.extend(verified.iter().map(|one| Other {
            source: one.told.source.clone(),
            note: one.note.to_text(),
            checkpoint: one.cosigned.checkpoint.clone(),
            latest: one.cosigned.cosigned_at.last().map(|(_, at)| *at),
        }));
        // What the log shows was compared with the memory already.
        others.retain(|other| Some(&other.checkpoint) != told_by_log.as_ref());
        for other in others {
            self.observe_other(watch, sight.tiles, reference.as_ref(), other, &mut looked);
        }
        if !closed {
            self.observe_time(watch, shape.as_ref(), &mut looked.findings);
        }
        Ok(looked)
    }

    /// Verifies the signatures of a checkpoint that somebody was shown.
    fn verify<'a>(&self, watch: &Watch<'_>, told: &'a Told) -> Result<Verified<'a>, Box<Finding>> {
        let bad = |why: String| {
            let text = format!("`{}`, from {}: {why}", self.origin, told.source);
            let note = String::from_utf8_lossy(&told.note).into_owned();
            Box::new(Finding::new(Code::BadSignature, text).notes([note]))
        };
        let note = SignedNote::parse(&told.note).map_err(|error| bad(error.to_string()))?;
        let cosigned = watch.policy.verify_checkpoint_as(&note, &self.key);
        let cosigned = cosigned.map_err(|error| match error {
            PolicyError::UnknownLog(other) => bad(format!("it is of `{other}`")),
            other => bad(other.to_string()),
        })?;
        Ok(Verified {
            told,
            note,
            cosigned,
        })
    }

    /// Compares what the log shows with what it showed. False when its tiles cannot be relied on
    /// for comparing others with it.
    fn observe_shown<T: HashReader + ?Sized>(
        &mut self,
        watch: &Watch<'_>,
        shown: &Verified<'_>,
        tiles: &T,
        shape: Option<&LogShape>,
        closed: bool,
        findings: &mut Vec<Finding>,
    ) -> Result<bool, ReadError> {
        let checkpoint = &shown.cosigned.checkpoint;
        if !shown.cosigned.quorum_met {
            let text = format!(
                "`{}` shows {} leaves without a quorum of witnesses",
                self.origin, checkpoint.size
            );
            findings.push(Finding::new(Code::Unwitnessed, text).notes([shown.note.to_text()]));
        }
        let Some(newest) = self.newest.clone() else {
            self.believe(watch, shown, None, shape, findings);
            return Ok(true);
        };
        if checkpoint.size < newest.checkpoint.size {
            self.observe_smaller(&newest, shown, tiles, closed, findings);
            return Ok(true);
        }
        let relation = match relate(tiles, &newest.checkpoint, checkpoint) {
            Ok(relation) => relation,
            Err(error @ ReadError::Failed { .. }) => return Err(error),
            Err(error) => {
                let text = format!("`{}` does not serve its tree: {error}", self.origin);
                let note = shown.note.to_text();
                findings.push(Finding::new(Code::BadTile, text).notes([note]));
                return Ok(false);
            }
        };
        match relation {
            Relation::Grew => {
                self.believe(watch, shown, Some(&newest), shape, findings);
                Ok(true)
            }
            Relation::FalseTiles => {
                let text = format!(
                    "the tiles of `{}` do not make the tree of {} leaves that it signed",
                    self.origin, checkpoint.size
                );
                let note = shown.note.to_text();
                findings.push(Finding::new(Code::BadTile, text).notes([note]));
                Ok(false)
            }
            Relation::Forked(_) => {
                let text = format!(
                    "`{}` showed us {} leaves with root {}, and what {} shows did not grow from that",
                    self.origin, newest.checkpoint.size, newest.checkpoint.root, shown.told.source
                );
                findings.push(split(text, relation, &newest.note, &shown.note));
                Ok(true)
            }
        }
    }

    /// What the log shows is smaller than what it showed.
    fn observe_smaller<T: HashReader + ?Sized>(
        &self,
        newest: &Newest,
        shown: &Verified<'_>,
        tiles: &T,
        closed: bool,
        findings: &mut Vec<Finding>,
    ) {
        let checkpoint = &shown.cosigned.checkpoint;
        // A log that lost its end mostly lost its tiles too: then nothing more can be said.
        if let Ok(relation @ Relation::Forked(_)) = relate(tiles, checkpoint, &newest.checkpoint) {
            let text = format!(
                "`{}` showed us {} leaves with root {}, and what {} shows is no beginning of that",
                self.origin, newest.checkpoint.size, newest.checkpoint.root, shown.told.source
            );
            findings.push(split(text, relation, &shown.note, &newest.note));
        } else if !closed {
            let text = format!(
                "`{}` showed us {} leaves, and shows {} now",
                self.origin, newest.checkpoint.size, checkpoint.size
            );
            let notes = [newest.note.to_text(), shown.note.to_text()];
            findings.push(Finding::new(Code::Rollback, text).notes(notes));
        }
    }

    /// Remembers a checkpoint that continues the one before, if a quorum saw it.
    fn believe(
        &mut self,
        watch: &Watch<'_>,
        shown: &Verified<'_>,
        before: Option<&Newest>,
        shape: Option<&LogShape>,
        findings: &mut Vec<Finding>,
    ) {
        let checkpoint = &shown.cosigned.checkpoint;
        if before.is_some_and(|before| before.checkpoint.size == checkpoint.size)
            || !shown.cosigned.quorum_met
        {
            return;
        }
        let quorum_at = shown.cosigned.quorum_at.unwrap_or(watch.now);
        if let Some(shape) = shape {
            let mut notes: Vec<_> = before.iter().map(|seen| seen.note.to_text()).collect();
            notes.push(shown.note.to_text());
            notes.push(String::from_utf8_lossy(self.shape.as_deref().unwrap_or_default()).into());
            let told = self.growth(shape, before, checkpoint, quorum_at, watch.allowance_s);
            findings.extend(told.map(|(code, text)| Finding::new(code, text).notes(notes)));
        }
        self.ticks = self.ticks.saturating_add(1);
        self.newest = Some(Newest {
            note: shown.note.clone(),
            checkpoint: checkpoint.clone(),
            quorum_at,
        });
    }

    /// How growth contradicts the shape, if it does: too much of it, or ticks that never came. How
    /// many there were between two looks, the size says.
    fn growth(
        &self,
        shape: &LogShape,
        before: Option<&Newest>,
        now: &Checkpoint,
        quorum_at: u64,
        allowance_s: u64,
    ) -> Option<(Code, String)> {
        let origin = &self.origin;
        let tick = shape.leaves_a_tick();
        if !shape.admits_size(now.size) {
            let text = format!(
                "`{origin}` has {} leaves, which is no whole number of ticks of {tick} leaves",
                now.size
            );
            return Some((Code::ShapeBroken, text));
        }
        let before = before.filter(|before| shape.since <= before.checkpoint.size)?;
        let elapsed = quorum_at.saturating_sub(before.quorum_at);
        let grown = now.size.0.saturating_sub(before.checkpoint.size.0);
        let most = shape.growth_max(elapsed.saturating_add(allowance_s));
        if most < grown {
            let text = format!(
                "`{origin}` grew by {grown} leaves in {elapsed} s, and its shape allows {most}"
            );
            return Some((Code::ShapeBroken, text));
        }
        let ticked_ms = (grown / tick).saturating_mul(shape.tick_ms);
        let silent = elapsed.saturating_sub(ticked_ms / 1000);
        let usual = shape.tick_ms.div_ceil(1000).saturating_add(allowance_s);
        (usual < silent).then(|| {
            let text = format!(
                "`{origin}` had {} ticks in {elapsed} s: it was silent for {silent} s of them, and its tick is {} ms",
                grown / tick,
                shape.tick_ms
            );
            (Code::Silence, text)
        })
    }

    /// A checkpoint that somebody else was shown.
    fn observe_other<T: HashReader + ?Sized>(
        &mut self,
        watch: &Watch<'_>,
        tiles: &T,
        shown: Option<&(&Checkpoint, String)>,
        other: Other,
        looked: &mut Looked,
    ) {
        let size = other.checkpoint.size;
        let remembered = self.newest.as_ref();
        let remembered = remembered.map(|newest| (&newest.checkpoint, newest.note.to_text()));
        // Trees of one size need no tiles; else the larger of the two has to be served.
        let equal = [remembered.as_ref(), shown]
            .into_iter()
            .flatten()
            .find(|(known, _)| known.size == size);
        let larger = shown.filter(|(known, _)| size < known.size);
        let Some((known, note)) = equal.or(larger) else {
            self.observe_ahead(watch, shown.map(|(known, _)| *known), other, looked);
            return;
        };
        match relate(tiles, &other.checkpoint, known) {
            Ok(relation @ Relation::Forked(_)) => {
                let text = format!(
                    "`{}` signed a tree of {size} leaves with root {} (from {}), which is not the one that it shows",
                    self.origin, other.checkpoint.root, other.source
                );
                let evidence = relation.evidence(other.note, note.clone());
                let mut finding = Finding::new(Code::SplitView, text);
                finding.evidence = evidence.unwrap_or_default();
                let told = |known: &Finding| {
                    known.code == Code::SplitView && known.evidence.notes == finding.evidence.notes
                };
                if !looked.findings.iter().any(told) {
                    looked.findings.push(finding);
                }
            }
            // What was said of the log's own tiles need not be said again.
            Ok(Relation::Grew | Relation::FalseTiles) | Err(_) => {}
        }
    }

    /// A checkpoint beyond what the log shows: kept until the log gets there, and after a tick and
    /// the allowance the log holds it back.
    fn observe_ahead(
        &mut self,
        watch: &Watch<'_>,
        shown: Option<&Checkpoint>,
        other: Other,
        looked: &mut Looked,
    ) {
        let tick_s = self.tick_ms(watch).unwrap_or_default() / 1000;
        let until = other
            .latest
            .map(|at| at.saturating_add(tick_s).saturating_add(watch.allowance_s));
        if let (Some(shown), Some(until)) = (shown, until)
            && until < watch.now
        {
            let text = format!(
                "`{}` signed a tree of {} leaves (from {}), cosigned long ago, and shows {}",
                self.origin, other.checkpoint.size, other.source, shown.size
            );
            let note = [other.note.clone()];
            looked
                .findings
                .push(Finding::new(Code::Rollback, text).notes(note));
        }
        if self.pending.len() < PENDING_MAX && !self.pending.contains(&other.note) {
            self.pending.push(other.note);
        }
    }

    /// The checkpoints that wait.
    fn take_pending(&mut self, watch: &Watch<'_>) -> Vec<Other> {
        let notes = core::mem::take(&mut self.pending).into_iter();
        let read = notes.filter_map(|note| {
            let parsed: SignedNote = note.parse().ok()?;
            let cosigned = watch.policy.verify_checkpoint_as(&parsed, &self.key).ok()?;
            Some(Other {
                source: "an earlier look".to_owned(),
                note,
                latest: cosigned.cosigned_at.last().map(|(_, at)| *at),
                checkpoint: cosigned.checkpoint,
            })
        });
        read.collect()
    }

    fn observe_shape(
        &mut self,
        served: Option<&[u8]>,
        findings: &mut Vec<Finding>,
    ) -> Option<LogShape> {
        let known = self.shape.clone();
        let known_shape = known
            .as_deref()
            .and_then(|bytes| LogShape::verify(bytes, &self.key).ok());
        let text_of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let Some(bytes) = served else {
            findings.push(match &known {
                None => Finding::new(
                    Code::NoShape,
                    format!("`{}` publishes no shape", self.origin),
                ),
                Some(known) => Finding::new(
                    Code::Shape,
                    format!("`{}` publishes no shape any more", self.origin),
                )
                .notes([text_of(known)]),
            });
            return known_shape;
        };
        let shape = match LogShape::verify(bytes, &self.key) {
            Ok(shape) => shape,
            Err(error) => {
                let text = format!("the shape of `{}`: {error}", self.origin);
                let note = text_of(bytes);
                findings.push(Finding::new(Code::BadSignature, text).notes([note]));
                return known_shape;
            }
        };
        if let (Some(known), Some(before)) = (&known, &known_shape)
            && *before != shape
        {
            let notes = [text_of(known), text_of(bytes)];
            let (code, how) = if before.since < shape.since {
                (Code::Shape, "changed, as its log says")
            } else {
                (Code::ShapeBroken, "is another one for the same leaves")
            };
            let text = format!(
                "the shape of `{}` {how}: {} from leaf {} on",
                self.origin,
                differences(before, &shape),
                shape.since
            );
            findings.push(Finding::new(code, text).notes(notes));
            if code == Code::ShapeBroken {
                return known_shape;
            }
        }
        self.shape = Some(bytes.to_vec());
        Some(shape)
    }

    /// The log's word that it takes no more leaves, if it gives one.
    fn observe_closed(&self, served: Option<&[u8]>, findings: &mut Vec<Finding>) -> Option<Notice> {
        let bytes = served?;
        let note = String::from_utf8_lossy(bytes).into_owned();
        let read = closing_notice(bytes, &self.key).and_then(|text| {
            let notice = Notice::parse(&text, note.clone());
            notice.ok_or_else(|| "it says no size, no root or no origin".to_owned())
        });
        match read {
            Ok(notice) => {
                let text = format!(
                    "`{}` says that it takes no more leaves, and that `{}` follows it",
                    self.origin, notice.next
                );
                findings.push(Finding::new(Code::Closed, text).notes([note]));
                Some(notice)
            }
            Err(why) => {
                let text = format!("the closing notice of `{}`: {why}", self.origin);
                findings.push(Finding::new(Code::BadSignature, text).notes([note]));
                None
            }
        }
    }

    /// What a closing notice takes back: leaves that the log showed before, to us or to others.
    fn contradictions(&self, notice: &Notice, verified: &[Verified<'_>]) -> Vec<Finding> {
        let remembered = self.newest.iter();
        let remembered =
            remembered.map(|newest| (&newest.checkpoint, &newest.note, "an earlier look"));
        let told = verified.iter().map(|one| {
            let source = one.told.source.as_str();
            (&one.cosigned.checkpoint, &one.note, source)
        });
        // What the log itself shows beyond its notice is told where it is shown.
        let own = |checkpoint: &Checkpoint| {
            let mut own = verified.iter().filter(|one| one.told.own);
            own.any(|one| one.cosigned.checkpoint == *checkpoint)
        };
        let mut findings: Vec<Finding> = Vec::new();
        for (checkpoint, note, source) in remembered.chain(told) {
            let (origin, size) = (&self.origin, checkpoint.size);
            let (code, text) = if notice.size < size && !own(checkpoint) {
                let text = format!(
                    "`{origin}` signed {size} leaves (from {source}), and says that it closed with {}",
                    notice.size
                );
                (Code::Rollback, text)
            } else if notice.size == size && notice.root != checkpoint.root {
                let text = format!(
                    "`{origin}` signed {size} leaves with root {} (from {source}), and says that it closed with root {}",
                    checkpoint.root, notice.root
                );
                (Code::SplitView, text)
            } else {
                continue;
            };
            let notes = vec![note.to_text(), notice.note.clone()];
            let known = |found: &Finding| found.evidence.notes == notes;
            if !findings.iter().any(known) {
                findings.push(Finding::new(code, text).notes(notes));
            }
        }
        findings
    }

    fn observe_time(
        &self,
        watch: &Watch<'_>,
        shape: Option<&LogShape>,
        findings: &mut Vec<Finding>,
    ) {
        let tick_ms = shape.map(|shape| shape.tick_ms).or(watch.tick_ms);
        let (Some(newest), Some(tick_ms)) = (&self.newest, tick_ms) else {
            return;
        };
        let silent_s = watch.now.saturating_sub(newest.quorum_at);
        let seconds = tick_ms.div_ceil(1000);
        if seconds.saturating_add(watch.allowance_s) < silent_s {
            let text = format!(
                "`{}` has had no tick for {silent_s} s, and its tick is {seconds} s",
                self.origin
            );
            let note = newest.note.to_text();
            findings.push(Finding::new(Code::Silence, text).notes([note]));
        }
    }

    /// The tick of the log, by its shape or as it was said.
    fn tick_ms(&self, watch: &Watch<'_>) -> Option<u64> {
        let shape = self.shape.as_deref();
        let shape = shape.and_then(|bytes| LogShape::verify(bytes, &self.key).ok());
        shape.map(|shape| shape.tick_ms).or(watch.tick_ms)
    }
}

/// A checkpoint of somebody else.
struct Other {
    source: String,
    note: String,
    checkpoint: Checkpoint,
    /// When the last witness cosigned it.
    latest: Option<u64>,
}

fn split(text: String, relation: Relation, older: &SignedNote, newer: &SignedNote) -> Finding {
    let mut finding = Finding::new(Code::SplitView, text);
    let evidence = relation.evidence(older.to_text(), newer.to_text());
    finding.evidence = evidence.unwrap_or_default();
    finding
}

/// What differs from one shape to the next, in a few words.
fn differences(before: &LogShape, now: &LogShape) -> String {
    let mut words = Vec::new();
    if before.tick_ms != now.tick_ms {
        words.push(format!("tick {} ms → {} ms", before.tick_ms, now.tick_ms));
    }
    if before.tiles != now.tiles {
        words.push(format!("tiles {} → {}", before.tiles, now.tiles));
    }
    if before.schema != now.schema {
        words.push("another schema".to_owned());
    }
    if before.report_key != now.report_key {
        words.push("another report key".to_owned());
    }
    if words.is_empty() {
        words.push("the same".to_owned());
    }
    words.join(", ")
}

/// What a log says of its end.
struct Notice {
    size: TreeSize,
    root: Hash,
    /// The origin that follows.
    next: Origin,
    /// As it was served.
    note: String,
}

impl Notice {
    /// From the text of a notice whose signature holds: size, root and the next origin are its
    /// third, fourth and fifth line.
    fn parse(text: &str, note: String) -> Option<Self> {
        let mut lines = text.lines().skip(2);
        Some(Self {
            size: lines.next()?.parse().ok()?,
            root: lines.next()?.parse().ok()?,
            next: lines.next()?.parse().ok()?,
            note,
        })
    }
}

/// The text of a notice by which a log closes its origin (design §11), once its signature holds.
///
/// # Errors
///
/// A sentence.
pub fn closing_notice(bytes: &[u8], key: &VerifierKey) -> Result<String, String> {
    let note = SignedNote::parse(bytes).map_err(|error| error.to_string())?;
    note.verify([key]).map_err(|error| error.to_string())?;
    let mut lines = note.text().lines();
    match (lines.next(), lines.next()) {
        (Some(CLOSED_HEAD), Some(name)) if name == key.name().as_str() => {
            Ok(note.text().to_owned())
        }
        _ => Err("it is another log's".to_owned()),
    }
}
