//! One log: growing it, publishing its tiles, having it cosigned, proving from it.
//!
//! CRASH order: entries and the new size and root are durable in one commit;
//! then tiles are written; then witnesses are asked; then the checkpoint with
//! their cosignatures is published. Whatever is missing after a stop is made
//! again from what the store holds, and nothing smaller or different is ever
//! signed.

mod cosigned;
mod prover;

pub use prover::Prover;

use crate::{
    Node,
    peers::{Peer, Peers},
};
use portcullis_store::{Blobs, LogAppend, LogError, LogState, Store};
use portcullis_tlog::{
    checkpoint::{Checkpoint, Origin},
    hash::{Hash, leaf_hash},
    note::{NoteSigner, SignedNote},
    policy::Policy,
    proof::TlogProof,
    tile::{
        EntryTile, Tile, TileBuilder, bundles_grown, decode_bundle, encode_bundle, hashes_to_bytes,
    },
    tree::{HashReader, ReadError, TreeSize, prove_consistency, root_at},
    witness::{AddCheckpoint, monitoring_path, parse_conflict, verify_response},
};

/// Why a log cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum LogFault {
    /// The tiles on disk are not those of the tree that was signed.
    #[error("the tiles of `{origin}` do not make the tree that was signed at size {size}")]
    Tiles {
        /// Which log.
        origin: String,
        /// At which size.
        size: u64,
    },
    /// Witnesses hold another tree of ours.
    #[error(
        "witness `{witness}` holds another tree of `{origin}` at size {size}: stop, and look for a second signer"
    )]
    Fork {
        /// Which log.
        origin: String,
        /// Which witness.
        witness: String,
        /// At which size.
        size: u64,
    },
    /// Too few witnesses answered to know that we are not behind.
    #[error(
        "too few witnesses answer to know what was signed before; nothing is signed until they do"
    )]
    WitnessesSilent,
    /// Another process sequences this log.
    #[error("another process holds the sequencer's lease")]
    Leased,
    /// The log counts under another schema than the configuration names.
    #[error("`{origin}` counts under another schema of cells than the configuration names")]
    OtherSchema {
        /// Which log.
        origin: String,
    },
    /// The log is not ready to be closed.
    #[error("the log is not closed: {0}")]
    Waiting(String),
    /// There is nothing to close.
    #[error("`{0}` has no leaf yet: there is nothing to close")]
    Empty(String),
    /// A key or a name is no good.
    #[error("the log's name or key is no good: {0}")]
    Key(String),
    /// A tile could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A proof could not be made.
    #[error("a proof could not be made: {0}")]
    Prove(String),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] LogError),
    /// The store did not answer.
    #[error(transparent)]
    Unavailable(#[from] portcullis_store::Unavailable),
    /// Files could not be read or written.
    #[error(transparent)]
    Blob(#[from] portcullis_store::BlobError),
}

impl LogFault {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Tiles { .. } => "log.tiles",
            Self::Fork { .. } => "log.fork",
            Self::WitnessesSilent => "log.witnesses_silent",
            Self::Leased => "log.leased",
            Self::OtherSchema { .. } => "log.other_schema",
            Self::Waiting(_) => "log.waiting",
            Self::Empty(_) => "log.empty",
            Self::Key(_) => "log.key",
            Self::Read(_) | Self::Prove(_) => "log.read",
            Self::Store(_) | Self::Unavailable(_) | Self::Blob(_) => "store.unavailable",
        }
    }
}

/// What came of asking the witnesses.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CosignError {
    /// The quorum is not there yet; each witness's word is in the list.
    #[error("no quorum of witnesses yet: {}", .0.join("; "))]
    NoQuorum(Vec<String>),
}

/// A log's files below a prefix of the node's blobs.
#[derive(Clone, Copy)]
pub(crate) struct Tiles<'a> {
    pub(crate) blobs: &'a Blobs,
    pub(crate) prefix: &'a str,
}

impl HashReader for Tiles<'_> {
    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, ReadError> {
        let failed = |path: String, source: portcullis_store::BlobError| ReadError::Failed {
            path,
            source: source.into(),
        };
        // The widest row there is: a proof at an older size needs no partial tile of its own.
        for candidate in [tile.full(), tile] {
            let path = format!("{}/{}", self.prefix, candidate.path());
            if let Some(bytes) = self
                .blobs
                .get(&path)
                .map_err(|error| failed(path.clone(), error))?
            {
                return candidate
                    .hashes_in(&bytes)
                    .map_err(|source| ReadError::Malformed { path, source });
            }
        }
        Err(ReadError::Missing {
            path: format!("{}/{}", self.prefix, tile.path()),
        })
    }
}

impl Tiles<'_> {
    /// One entry of the log.
    pub(crate) fn entry(&self, index: u64, size: u64) -> Result<Vec<u8>, LogFault> {
        let missing = || {
            let path = format!("entry {index}");
            LogFault::Read(ReadError::Missing { path })
        };
        let bundle = EntryTile::in_tree(index / 256, TreeSize(size)).ok_or_else(missing)?;
        let bytes = self.bundle(bundle)?;
        let entries = decode_bundle(&bytes).map_err(|error| LogFault::Prove(error.to_string()))?;
        let place = usize::try_from(index % 256).unwrap_or(usize::MAX);
        let entry = entries.get(place).ok_or_else(missing)?;
        Ok(entry.to_vec())
    }

    /// The bytes of a bundle of entries, or of the wider one that took its place.
    pub(crate) fn bundle(&self, bundle: EntryTile) -> Result<Vec<u8>, LogFault> {
        for candidate in [bundle.full(), bundle] {
            let path = format!("{}/{}", self.prefix, candidate.path());
            if let Some(bytes) = self.blobs.get(&path)? {
                return Ok(bytes);
            }
        }
        let path = format!("{}/{}", self.prefix, bundle.path());
        Err(LogFault::Read(ReadError::Missing { path }))
    }
}

/// One log of this node, about to be worked on.
#[derive(Clone, Copy)]
pub struct OwnLog<'a> {
    pub(crate) store: &'a Store,
    pub(crate) blobs: &'a Blobs,
    /// Where its files lie: `log/1`, `register/log`.
    pub(crate) prefix: &'a str,
    pub(crate) signer: &'a NoteSigner,
}

impl<'a> OwnLog<'a> {
    /// The log of `signer`'s name, with its files below `prefix`, such as `log/1`.
    pub const fn new(
        store: &'a Store,
        blobs: &'a Blobs,
        prefix: &'a str,
        signer: &'a NoteSigner,
    ) -> Self {
        Self {
            store,
            blobs,
            prefix,
            signer,
        }
    }

    pub(crate) fn origin(&self) -> Result<Origin, LogFault> {
        let name = self.signer.vkey().name().as_str().to_owned();
        name.parse().map_err(|_| LogFault::Key(name))
    }

    pub(crate) fn state(&self) -> Result<Option<LogState>, LogFault> {
        Ok(self.store.log(self.origin()?.as_str())?)
    }

    pub(crate) fn tiles(&self) -> Tiles<'a> {
        Tiles {
            blobs: self.blobs,
            prefix: self.prefix,
        }
    }

    /// Takes up the log where it stands: publishes what a crash left unpublished and
    /// answers the builder of the next tiles.
    ///
    /// # Errors
    ///
    /// [`LogFault::Tiles`] when the files are not those of the tree that was signed; otherwise
    /// the store or the files did not answer.
    pub fn take_up(&self) -> Result<TileBuilder, LogFault> {
        let origin = self.origin()?;
        let Some(state) = self.state()? else {
            return Ok(TileBuilder::new());
        };
        let batches = self.store.batches(origin.as_str(), 0)?;
        let published = batches.first().map_or(state.size, |batch| batch.start);
        let mut builder = TileBuilder::load(&self.tiles(), TreeSize(published))?;
        self.write_batches(&mut builder)?;
        if builder.size().0 != state.size || builder.root().0 != state.root {
            return Err(LogFault::Tiles {
                origin: origin.to_string(),
                size: state.size,
            });
        }
        Ok(builder)
    }

    /// Writes the tiles of every batch beyond the builder, forces them to the disk, and
    /// lets the batches go.
    fn write_batches(&self, builder: &mut TileBuilder) -> Result<(), LogFault> {
        let origin = self.origin()?;
        loop {
            let batches = self.store.batches(origin.as_str(), builder.size().0)?;
            if batches.is_empty() {
                return Ok(());
            }
            let mut paths = Vec::new();
            for batch in &batches {
                if batch.start != builder.size().0 {
                    return Err(LogFault::Tiles {
                        origin: origin.to_string(),
                        size: batch.start,
                    });
                }
                let tiles = builder.extend(batch.entries.iter().map(|entry| leaf_hash(entry)));
                self.write_tiles(batch.start, &batch.entries, tiles, &mut paths)?;
            }
            self.blobs.sync(paths.iter().map(String::as_str))?;
            self.store.published(origin.as_str(), builder.size().0)?;
        }
    }

    /// Writes the files of one growth from `start`: entry bundles, then hash tiles.
    pub(crate) fn write_tiles(
        &self,
        start: u64,
        entries: &[Vec<u8>],
        tiles: Vec<(Tile, Vec<Hash>)>,
        paths: &mut Vec<String>,
    ) -> Result<(), LogFault> {
        let end = start + entries.len() as u64;
        for bundle in bundles_grown(TreeSize(start), TreeSize(end)) {
            let first = bundle.index() * 256;
            let mut content: Vec<Vec<u8>> = Vec::new();
            for index in first..first + u64::from(bundle.width()) {
                let entry = match index
                    .checked_sub(start)
                    .and_then(|at| entries.get(usize::try_from(at).ok()?))
                {
                    Some(entry) => entry.clone(),
                    None => self.tiles().entry(index, start)?,
                };
                content.push(entry);
            }
            let bytes =
                encode_bundle(&content).map_err(|error| LogFault::Prove(error.to_string()))?;
            let path = format!("{}/{}", self.prefix, bundle.path());
            self.blobs.put(&path, bytes)?;
            paths.push(path);
        }
        for (tile, hashes) in tiles {
            let path = format!("{}/{}", self.prefix, tile.path());
            self.blobs.put(&path, hashes_to_bytes(&hashes))?;
            paths.push(path);
        }
        Ok(())
    }

    /// Appends entries durably and publishes them: [`Self::commit`], then [`Self::publish`].
    ///
    /// # Errors
    ///
    /// [`LogFault`]; the builder has not moved then, and the log is to be taken up anew.
    pub fn append(
        &self,
        builder: &mut TileBuilder,
        entries: &[Vec<u8>],
        placed: Vec<(portcullis_store::LeafId, u64)>,
    ) -> Result<(), LogFault> {
        let mut grown = builder.clone();
        let mut growth = Growth::default();
        self.commit(&mut grown, &mut growth, entries, placed)?;
        self.publish(growth)?;
        *builder = grown;
        Ok(())
    }

    /// Appends entries durably: entries, size, root and our signature in one commit. `placed`
    /// says which queued leaves they are, and at which index. Several commits may be published
    /// at once; nothing is cosigned or proved before.
    ///
    /// # Errors
    ///
    /// [`LogFault`]; the log is to be taken up anew then.
    pub fn commit(
        &self,
        builder: &mut TileBuilder,
        growth: &mut Growth,
        entries: &[Vec<u8>],
        placed: Vec<(portcullis_store::LeafId, u64)>,
    ) -> Result<(), LogFault> {
        let origin = self.origin()?;
        let start = builder.size().0;
        let tiles = builder.extend(entries.iter().map(|entry| leaf_hash(entry)));
        let checkpoint = Checkpoint::new(origin.clone(), builder.size(), builder.root());
        let note = checkpoint
            .sign(self.signer)
            .map_err(|error| LogFault::Key(error.to_string()))?;
        self.store.log_append(LogAppend {
            origin: origin.to_string(),
            expected_size: start,
            size: builder.size().0,
            root: builder.root().0,
            frontier: builder.frontier().to_bytes(),
            checkpoint: note.to_text().into_bytes(),
            entries: entries.to_vec(),
            placed,
        })?;
        growth.grow(start, entries, tiles);
        Ok(())
    }

    /// Writes the files of what was committed, forces them to the disk, and lets the store's
    /// copy of the entries go.
    ///
    /// # Errors
    ///
    /// [`LogFault`]; what is missing is made again when the log is taken up.
    pub fn publish(&self, growth: Growth) -> Result<(), LogFault> {
        // CRASH: until the store lets them go, the files can be made again from its batches.
        let mut paths = Vec::new();
        let end = growth.start + growth.entries.len() as u64;
        self.write_tiles(growth.start, &growth.entries, growth.tiles, &mut paths)?;
        self.blobs.sync(paths.iter().map(String::as_str))?;
        Ok(self.store.published(self.origin()?.as_str(), end)?)
    }

    /// Asks the witnesses for their cosignatures on the newest checkpoint and publishes it
    /// once there is a quorum. Answers the size that is cosigned now.
    pub(crate) fn cosign(
        &self,
        policy: &Policy,
        witnesses: &[(Peer, String)],
        peers: &dyn Peers,
    ) -> Result<Result<u64, CosignError>, LogFault> {
        let origin = self.origin()?;
        let Some(state) = self.state()? else {
            return Ok(Ok(0));
        };
        self.publish_what_was_cosigned(policy, &state)?;
        if state.cosigned_size == state.size && state.cosigned.is_some() {
            return Ok(Ok(state.size));
        }
        let broken = |why: &str| LogFault::Prove(why.to_owned());
        let signed =
            SignedNote::parse(&state.checkpoint).map_err(|_| broken("our own checkpoint"))?;
        let mut note = signed.clone();
        let mut words = Vec::new();
        for (witness, name) in witnesses {
            let Some(key) = policy
                .witnesses()
                .iter()
                .find(|known| known.name() == name)
                .map(|known| known.key().clone())
            else {
                continue;
            };
            match self.ask(witness, &signed, &state, peers) {
                Ok(body) => {
                    let lines = verify_response(&body, signed.text(), std::slice::from_ref(&key));
                    match lines {
                        Ok(lines) => {
                            for line in lines {
                                note = note
                                    .with_signature(line)
                                    .map_err(|_| broken("too many cosignatures"))?;
                            }
                        }
                        Err(error) => words.push(format!("{name}: {error}")),
                    }
                }
                Err(Asked::Disputed(why)) => {
                    // Nobody can stop this log with a mere status: what we signed, it must show.
                    if let Some(size) = self.other_tree_at(witness, &state, peers)? {
                        return Err(LogFault::Fork {
                            origin: origin.to_string(),
                            witness: name.clone(),
                            size,
                        });
                    }
                    tracing::warn!(%origin, witness = %name, %why, "a witness says that it holds another tree of ours, and shows none that we signed");
                    words.push(format!("{name}: {why}, and shows nothing that we signed"));
                }
                Err(Asked::No(why)) => words.push(format!("{name}: {why}")),
            }
        }
        let log_key = self.signer.vkey();
        match policy.verify_quorum_as(&note, &log_key) {
            Ok(cosigned) => {
                let text = note.to_text().into_bytes();
                self.store
                    .set_cosigned(origin.as_str(), state.size, &text)?;
                self.publish_cosigned(text, state.size, cosigned.quorum_at)?;
                Ok(Ok(state.size))
            }
            Err(_) => Ok(Err(CosignError::NoQuorum(words))),
        }
    }

    fn ask(
        &self,
        witness: &Peer,
        note: &SignedNote,
        state: &LogState,
        peers: &dyn Peers,
    ) -> Result<String, Asked> {
        let no = |why: String| Asked::No(why);
        // What the witness has seen is asked of it, by trying with what we believe.
        let mut old = state.cosigned_size;
        for _ in 0..3 {
            let proof = prove_consistency(&self.tiles(), TreeSize(old), TreeSize(state.size))
                .map_err(|error| no(error.to_string()))?;
            let request = AddCheckpoint::new(TreeSize(old), proof, note.clone())
                .map_err(|error| no(error.to_string()))?;
            let answer = peers
                .add_checkpoint(witness, request.to_string().as_bytes())
                .map_err(|error| no(error.to_string()))?;
            let body =
                String::from_utf8(answer.body).map_err(|_| no("its answer is not text".into()))?;
            match answer.status {
                200 => return Ok(body),
                409 => {
                    let latest = parse_conflict(&body).map_err(|error| no(error.to_string()))?;
                    if latest.0 > state.size {
                        return Err(Asked::Disputed(format!(
                            "it says that it cosigned {latest}"
                        )));
                    }
                    old = latest.0;
                }
                422 => {
                    let why = format!("it says that {} leaves do not continue {old}", state.size);
                    return Err(Asked::Disputed(why));
                }
                status => return Err(no(format!("status {status}: {}", body.trim()))),
            }
        }
        Err(no("it keeps moving".into()))
    }

    /// The size of a tree that we signed, that a witness shows, and that is no beginning of ours.
    fn other_tree_at(
        &self,
        witness: &Peer,
        state: &LogState,
        peers: &dyn Peers,
    ) -> Result<Option<u64>, LogFault> {
        let Ok(Some((size, root))) = self.latest_at(witness, peers) else {
            return Ok(None);
        };
        let ours = size <= state.size && root_at(&self.tiles(), TreeSize(size))? == root;
        Ok((!ours).then_some(size))
    }

    /// The newest checkpoint of this log that a witness has cosigned: size and root.
    pub(crate) fn latest_at(
        &self,
        witness: &Peer,
        peers: &dyn Peers,
    ) -> Result<Option<(u64, Hash)>, String> {
        let origin = self.origin().map_err(|error| error.to_string())?;
        let path = format!("witness/{}", monitoring_path(&origin));
        let answer = peers
            .get(witness, &path)
            .map_err(|error| error.to_string())?;
        match answer.status {
            404 => Ok(None),
            200 => {
                let note = SignedNote::parse(&answer.body).map_err(|error| error.to_string())?;
                let key = self.signer.vkey();
                // Only what we signed ourselves counts: a witness cannot push us on.
                note.verify([&key]).map_err(|error| error.to_string())?;
                let checkpoint =
                    Checkpoint::parse(note.text()).map_err(|error| error.to_string())?;
                if checkpoint.origin != origin {
                    return Err(format!("it shows `{}`", checkpoint.origin));
                }
                Ok(Some((checkpoint.size.0, checkpoint.root)))
            }
            status => Err(format!("status {status}")),
        }
    }

    /// The C2SP proof of the entry at `index` under the newest cosigned checkpoint.
    ///
    /// # Errors
    ///
    /// As [`Self::prover`] and [`Prover::prove`].
    pub fn prove(&self, index: u64) -> Result<TlogProof, LogFault> {
        self.prover()?.prove(index)
    }

    /// Proofs of many entries under the newest cosigned checkpoint.
    ///
    /// # Errors
    ///
    /// [`LogFault::Prove`] when nothing is cosigned yet.
    pub fn prover(&self) -> Result<Prover<'a>, LogFault> {
        let broken = |why: String| LogFault::Prove(why);
        let state = self.state()?.ok_or_else(|| broken("no such log".into()))?;
        let cosigned = state
            .cosigned
            .ok_or_else(|| broken("nothing is cosigned yet".into()))?;
        let note = SignedNote::parse(&cosigned).map_err(|error| broken(error.to_string()))?;
        Ok(Prover::new(
            self.tiles(),
            TreeSize(state.cosigned_size),
            note,
        ))
    }
}

/// What was committed to a log and waits for its files.
#[derive(Debug, Default)]
pub struct Growth {
    /// The index of the first entry.
    start: u64,
    entries: Vec<Vec<u8>>,
    /// Every tile that was filled, and those that the newest size leaves partial.
    tiles: Vec<(Tile, Vec<Hash>)>,
}

impl Growth {
    fn grow(&mut self, start: u64, entries: &[Vec<u8>], tiles: Vec<(Tile, Vec<Hash>)>) {
        if self.entries.is_empty() {
            self.start = start;
        }
        self.entries.extend_from_slice(entries);
        // Nothing is proved at a size between two publications: its partial tiles need not be.
        self.tiles.retain(|(tile, _)| tile.is_full());
        self.tiles.extend(tiles);
    }
}

enum Asked {
    /// It says that it holds a tree that ours does not continue.
    Disputed(String),
    No(String),
}

impl Node {
    /// The signer of one generation of this node's log.
    pub(crate) fn log_signer(&self, generation: u64) -> Result<NoteSigner, LogFault> {
        let signer = self.keys.log_signer(generation);
        signer.ok_or_else(|| LogFault::Key(self.keys.log_name.clone()))
    }

    /// The witnesses of a policy that are members with an address, by the policy's names.
    pub(crate) fn witnesses_of(
        register: &portcullis_core::register::Register,
        policy: &Policy,
    ) -> Vec<(Peer, String)> {
        let of_key = |key: &str| {
            register
                .members
                .iter()
                .find(|(_, member)| member.witness.as_deref() == Some(key))
                .map(|(id, _)| id)
        };
        let mut found = Vec::new();
        for witness in policy.witnesses() {
            let member = of_key(&witness.key().to_string());
            if let Some(peer) = member.and_then(|member| crate::peers_of::peer_in(register, member))
            {
                found.push((peer, witness.name().to_owned()));
            }
        }
        found
    }
}

#[cfg(test)]
mod disputed;

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(range: std::ops::Range<u64>) -> Vec<Vec<u8>> {
        range.map(|index| index.to_be_bytes().to_vec()).collect()
    }

    fn signer() -> NoteSigner {
        NoteSigner::new("example.org/log/1".parse().unwrap(), &[7; 32])
    }

    #[test]
    fn commits_that_are_published_together_make_the_files_of_one() {
        let signer = signer();
        let (store, blobs) = (Store::memory(), Blobs::memory());
        let log = OwnLog::new(&store, &blobs, "log/1", &signer);
        let (one_store, one_blobs) = (Store::memory(), Blobs::memory());
        let one = OwnLog::new(&one_store, &one_blobs, "log/1", &signer);
        let sizes = [0, 1, 200, 256, 700, 700, 1100];
        let (mut builder, mut growth) = (TileBuilder::new(), Growth::default());
        for step in sizes.windows(2) {
            let entries = entries(step[0]..step[1]);
            log.commit(&mut builder, &mut growth, &entries, Vec::new())
                .unwrap();
        }
        log.publish(growth).unwrap();
        let mut whole = TileBuilder::new();
        one.append(&mut whole, &entries(0..1100), Vec::new())
            .unwrap();
        assert_eq!(builder.root(), whole.root());
        let files = |blobs: &Blobs| {
            let paths = blobs.list("").unwrap().into_iter();
            paths
                .map(|path| (blobs.get(&path).unwrap(), path))
                .collect::<Vec<_>>()
        };
        assert_eq!(files(&blobs), files(&one_blobs));
        assert_eq!(root_at(&log.tiles(), TreeSize(1100)).unwrap(), whole.root());
        assert_eq!(
            store.batches("example.org/log/1", 0).unwrap(),
            one_store.batches("example.org/log/1", 0).unwrap()
        );
    }

    #[test]
    fn what_was_committed_and_never_published_is_published_when_the_log_is_taken_up() {
        let signer = signer();
        let (store, blobs) = (Store::memory(), Blobs::memory());
        let log = OwnLog::new(&store, &blobs, "log/1", &signer);
        let mut builder = TileBuilder::new();
        log.append(&mut builder, &entries(0..300), Vec::new())
            .unwrap();
        let mut growth = Growth::default();
        for (from, to) in [(300, 512), (512, 900)] {
            log.commit(&mut builder, &mut growth, &entries(from..to), Vec::new())
                .unwrap();
        }
        drop(growth);
        assert!(root_at(&log.tiles(), TreeSize(900)).is_err());
        let taken_up = log.take_up().unwrap();
        assert_eq!(taken_up.root(), builder.root());
        assert_eq!(
            root_at(&log.tiles(), TreeSize(900)).unwrap(),
            builder.root()
        );
        assert_eq!(log.tiles().entry(899, 900).unwrap(), entries(899..900)[0]);
    }
}
