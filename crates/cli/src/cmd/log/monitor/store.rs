//! A monitor's own folder: one folder a log, written so that a stop loses nothing.
//!
//! ```text
//! <hex of SHA-256(origin)>/memory       what is remembered
//! <hex>/lock                            one monitor at a time
//! <hex>/seen/<number>                   runs of fingerprints, 8 bytes a leaf, never changed
//! <hex>/evidence/<code>-<digest>.json   proofs of misbehaviour, for others
//! places/<hex of SHA-256(place)>        which origin was met where
//! ```

use crate::{clock::SystemEnv, cmd::log::files::bounded, failure::Failure};
use portcullis_node::Env as _;
use portcullis_tlog::{checkpoint::ORIGIN_BYTES_MAX, note::VerifierKey};
use portcullis_verdict::{
    monitor::{Finding, MEMORY_BYTES_MAX, Memory, Shelf, ShelfError},
    text::sha256,
};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

/// Bytes of a fingerprint.
const VALUE_BYTES: u64 = 8;

/// The folder of one log.
pub(super) struct Folder {
    path: PathBuf,
    runs: Runs,
    /// Held while this monitor works.
    _lock: File,
}

/// Runs of fingerprints as files.
pub(super) struct Runs(PathBuf);

/// SHA-256 of a text, in hex.
pub(super) fn hex_of(text: &str) -> String {
    let digest = sha256(text.as_bytes()).to_string();
    digest.trim_start_matches("sha256:").to_owned()
}

impl Folder {
    /// The folder of the log with this key, and what is remembered of it.
    pub(super) fn open(root: &Path, key: &VerifierKey) -> Result<(Self, Memory), Failure> {
        let path = root.join(hex_of(key.name().as_str()));
        for name in ["seen", "evidence"] {
            let folder = path.join(name);
            fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
        }
        let held = path.join("lock");
        let lock = File::create(&held).map_err(|error| Failure::file(&held, &error))?;
        lock.try_lock().map_err(|error| {
            Failure::unable("monitor.busy", format!("`{}`: {error}", held.display()))
                .hint("another monitor works with this memory; give each a folder of its own")
        })?;
        let file = path.join("memory");
        let memory = match bounded(&file, MEMORY_BYTES_MAX) {
            Ok(bytes) => Memory::load(&bytes).map_err(|error| {
                Failure::unable("monitor.memory", format!("`{}`: {error}", file.display()))
                    .hint("put it back from a backup; without it, what the log showed before is not known here")
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut secret = [0; 32];
                SystemEnv.fill(&mut secret);
                Memory::new(key.clone(), secret)
                    .map_err(|error| Failure::unable("monitor.memory", error.to_string()))?
            }
            Err(error) => return Err(Failure::file(&file, &error)),
        };
        if memory.key() != key {
            let text = format!(
                "`{}` was watched under the key `{}`, and is believed under `{key}` now",
                memory.origin(),
                memory.key()
            );
            return Err(Failure::false_("monitor.other_key", text)
                .hint("an origin has one key for ever; ask who gave you the other one"));
        }
        let runs = Runs(path.join("seen"));
        let folder = Self {
            path,
            runs,
            _lock: lock,
        };
        Ok((folder, memory))
    }

    /// Where its fingerprints lie.
    pub(super) fn runs(&self) -> &Runs {
        &self.runs
    }

    /// Writes down what is remembered, durably, and lets go of runs that nothing refers to.
    pub(super) fn save(&self, memory: &Memory) -> Result<(), Failure> {
        write_whole(&self.path.join("memory"), &memory.save())?;
        // CRASH: a run that stays is written over, or let go after the next save.
        let kept: BTreeSet<String> = memory.seen().runs().map(|run| run.to_string()).collect();
        let listed = fs::read_dir(&self.runs.0);
        for entry in listed.into_iter().flatten().flatten() {
            let unused = entry
                .file_name()
                .to_str()
                .is_some_and(|name| !kept.contains(name));
            if unused {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }

    /// Keeps the evidence of a finding as a file of its own, and says where.
    pub(super) fn keep(&self, origin: &str, finding: &Finding) -> Result<PathBuf, Failure> {
        let mut value = finding.to_json();
        if let Some(object) = value.as_object_mut() {
            object.insert("origin".to_owned(), origin.into());
        }
        let text = format!("{value:#}\n");
        let code = finding.code.as_str().replace('.', "-");
        let name = format!("{code}-{}.json", &hex_of(&text)[..16]);
        let path = self.path.join("evidence").join(name);
        write_whole(&path, text.as_bytes())?;
        Ok(path)
    }
}

/// Remembers which log was met at a place, so that its absence can be told from its silence.
pub(super) fn remember_place(root: &Path, place: &str, origin: &str) -> Result<(), Failure> {
    if origin_at(root, place).as_deref() == Some(origin) {
        return Ok(());
    }
    let folder = root.join("places");
    fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    write_whole(&folder.join(hex_of(place)), origin.as_bytes())
}

/// Which log was met at a place before.
pub(super) fn origin_at(root: &Path, place: &str) -> Option<String> {
    let path = root.join("places").join(hex_of(place));
    String::from_utf8(bounded(&path, ORIGIN_BYTES_MAX).ok()?).ok()
}

/// Writes a file whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || -> io::Result<()> {
        let beside = path.with_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
            _ => File::open(".")?.sync_all(),
        }
    };
    write().map_err(|error| Failure::file(path, &error))
}

impl Shelf for Runs {
    fn read(&self, run: u64, first: u64, count: u64) -> Result<Vec<u64>, ShelfError> {
        let path = self.0.join(run.to_string());
        let read = || -> io::Result<Vec<u64>> {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(first * VALUE_BYTES))?;
            let mut bytes = Vec::new();
            file.take(count * VALUE_BYTES).read_to_end(&mut bytes)?;
            let (values, _) = bytes.as_chunks();
            Ok(values.iter().copied().map(u64::from_be_bytes).collect())
        };
        read().map_err(|error| ShelfError(format!("`{}`: {error}", path.display())))
    }

    fn write(
        &self,
        run: u64,
        values: &mut dyn Iterator<Item = Result<u64, ShelfError>>,
    ) -> Result<(), ShelfError> {
        let path = self.0.join(run.to_string());
        let failed = |error: io::Error| ShelfError(format!("`{}`: {error}", path.display()));
        let mut file = BufWriter::new(File::create(&path).map_err(failed)?);
        for value in values {
            file.write_all(&value?.to_be_bytes()).map_err(failed)?;
        }
        let file = file
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)
    }
}
