//! The witness: cosigns others' checkpoints, durably before it answers.

use crate::{Node, door::WitnessAnswer};
use portcullis_store::{Unavailable, WitnessError, Witnessed};
use portcullis_tlog::{
    checkpoint::Origin,
    hash::Hash,
    note::VerifierKey,
    tree::TreeSize,
    witness::{AddCheckpoint, CONFLICT_CONTENT_TYPE, WitnessRefusal, decide},
};
use portcullis_verdict::register::judge::log_key;

const TEXT: &str = "text/plain; charset=utf-8";

impl Node {
    /// Answers `add-checkpoint` (C2SP tlog-witness).
    pub(crate) fn witness(&self, body: &[u8]) -> WitnessAnswer {
        let Some(cosigner) = self.keys.cosigner() else {
            return WitnessAnswer {
                status: 404,
                media_type: TEXT,
                body: "this node is no witness\n".into(),
            };
        };
        // What was cosigned since the backup is not known here: nothing is cosigned on that ground.
        if self.is_restoring().unwrap_or(true) {
            let body = "restored from a backup, and not in step yet\n".into();
            return WitnessAnswer {
                status: 503,
                media_type: TEXT,
                body,
            };
        }
        let request = match AddCheckpoint::parse(body) {
            Ok(request) => request,
            Err(error) => return refused(&error.into()),
        };
        let origin = request.checkpoint().origin.clone();
        let keys = self.keys_of(&origin);
        let generation = self.generation_of(&origin);
        let fault = |why: String| {
            tracing::error!(%why, "a witness's answer could not be made");
            WitnessAnswer {
                status: 500,
                media_type: TEXT,
                body: "the witness cannot answer now\n".into(),
            }
        };
        if let Some((log, generation)) = &generation {
            match self.newest_cosigned(log) {
                Ok(newest) if *generation < newest => return superseded(&origin, log, newest),
                Ok(_) => {}
                Err(error) => return fault(error.to_string()),
            }
        }
        let stored = match self.store.witnessed(origin.as_str()) {
            Ok(stored) => stored,
            Err(error) => return fault(error.to_string()),
        };
        let known = stored
            .as_ref()
            .map(|seen| (TreeSize(seen.size), Hash(seen.root)));
        let accept = match decide(known, &keys, &request) {
            Ok(accept) => accept,
            Err(refusal) => {
                if matches!(
                    refusal,
                    WitnessRefusal::OtherRoot | WitnessRefusal::BadProof(_)
                ) {
                    tracing::error!(%origin, %refusal, "a log shows a tree that did not grow from the one it showed before");
                }
                return refused(&refusal);
            }
        };
        let Ok(seconds) = u64::try_from(self.env.now().as_second()) else {
            return fault("the clock".into());
        };
        let line = match cosigner.cosign(&accept.text, seconds) {
            Ok(line) => line,
            Err(error) => return fault(error.to_string()),
        };
        let note = match request.note().clone().with_signature(line.clone()) {
            Ok(note) => note,
            Err(error) => return fault(error.to_string()),
        };
        // CRASH: a later generation that was marked and never cosigned was signed all the same.
        if let Some((log, generation)) = &generation
            && let Err(error) = self.cosigns_generation(log, *generation)
        {
            return fault(error.to_string());
        }
        let to = Witnessed {
            size: accept.checkpoint.size.0,
            root: accept.checkpoint.root.0,
            note: note.to_text().into_bytes(),
        };
        // CRASH: what is durable here was perhaps never answered; the log asks again and gets it.
        match self
            .store
            .witness_advance(origin.as_str(), stored.map(|seen| seen.size), to)
        {
            Ok(()) => WitnessAnswer {
                status: 200,
                media_type: TEXT,
                body: line.to_text(),
            },
            Err(WitnessError::Conflict { found }) => refused(&WitnessRefusal::Conflict {
                latest: TreeSize(found.unwrap_or(0)),
            }),
            Err(error) => fault(error.to_string()),
        }
    }

    /// The keys under which a log of this origin may sign: of members' logs by the newest
    /// register, of the register's own log, and of logs that the configuration names.
    fn keys_of(&self, origin: &Origin) -> Vec<VerifierKey> {
        let mut keys: Vec<VerifierKey> = self
            .witnessed_logs
            .iter()
            .filter(|key| key.name().as_str() == origin.as_str())
            .cloned()
            .collect();
        let Ok(history) = self.history() else {
            return keys;
        };
        let register = &history.newest().register;
        // A vkey begins with its name. Reading every member's would cost more than the answer.
        let name = |vkey: &str| vkey.split('+').next().unwrap_or_default().to_owned();
        if name(&register.log) == origin.as_str() {
            keys.extend(register.log.parse::<VerifierKey>());
        }
        let logs = register
            .members
            .values()
            .filter_map(|member| member.log.as_deref())
            .filter(|log| origin.generation_of(&name(log)).is_some());
        keys.extend(logs.filter_map(|log| log_key(log, origin).ok()));
        // One key is named once, however many say it.
        let mut seen = std::collections::BTreeSet::new();
        keys.retain(|key| seen.insert(key.to_string()));
        keys
    }

    /// Which generation of which log this is, for logs that have generations: those of members.
    fn generation_of(&self, origin: &Origin) -> Option<(String, u64)> {
        let history = self.history().ok()?;
        let (log, _) = origin.as_str().rsplit_once('/')?;
        let of_member = |vkey: &str| vkey.split('+').next() == Some(log);
        let mut members = history.newest().register.members.values();
        let known = members.any(|member| member.log.as_deref().is_some_and(of_member));
        let generation = origin.generation_of(log)?;
        known.then(|| (log.to_owned(), generation))
    }

    /// The newest generation of a log that we cosigned, 0 for none. Whoever opens the next one
    /// has closed those before: two that grow at once would be two records of one member.
    fn newest_cosigned(&self, log: &str) -> Result<u64, Unavailable> {
        let bytes = self.store.meta(&format!("{GENERATION}/{log}"))?;
        let bytes = bytes.and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
        Ok(bytes.map_or(0, u64::from_be_bytes))
    }

    /// Keeps, durably, that this generation of a log is cosigned: none before it is from now on.
    fn cosigns_generation(&self, log: &str, generation: u64) -> Result<(), Unavailable> {
        if self.newest_cosigned(log)? < generation {
            let key = format!("{GENERATION}/{log}");
            self.store.set_meta(&key, &generation.to_be_bytes())?;
        }
        Ok(())
    }

    /// The latest checkpoint that we cosigned of the log whose origin has this SHA-256 in hex.
    pub(crate) fn witnessed_latest(&self, hex: &str) -> Option<Vec<u8>> {
        let origin = self.origin_by_hash(hex)?;
        Some(self.store.witnessed(&origin).ok().flatten()?.note)
    }

    fn origin_by_hash(&self, hex: &str) -> Option<String> {
        let matches = |origin: &str| {
            let digest = portcullis_verdict::text::sha256(origin.as_bytes()).to_string();
            digest.strip_prefix("sha256:") == Some(hex)
        };
        let history = self.history().ok();
        let mut names: Vec<String> = self
            .witnessed_logs
            .iter()
            .map(|key| key.name().to_string())
            .collect();
        if let Some(history) = &history {
            let register = &history.newest().register;
            names.extend(
                register
                    .log
                    .parse::<VerifierKey>()
                    .ok()
                    .map(|key| key.name().to_string()),
            );
            let logs = register
                .members
                .values()
                .filter_map(|member| member.log.as_deref());
            let logs = logs.filter_map(|log| log.parse::<VerifierKey>().ok());
            // Generations are few: a new one is opened only when a tree was lost.
            names.extend(
                logs.flat_map(|key| {
                    (1..=GENERATIONS_MAX).map(move |n| format!("{}/{n}", key.name()))
                }),
            );
        }
        names.into_iter().find(|name| matches(name))
    }
}

/// How many generations of a log a witness looks for by hash.
const GENERATIONS_MAX: u32 = 64;

/// Where a witness keeps the newest generation of a log that it cosigned: eight bytes, big-endian.
const GENERATION: &str = "witnessed-generation";

fn superseded(origin: &Origin, log: &str, newest: u64) -> WitnessAnswer {
    tracing::error!(%origin, newest, "a log grows in a generation that a later one has closed");
    WitnessAnswer {
        status: 403,
        media_type: TEXT,
        body: format!("`{log}/{newest}` was cosigned, so `{origin}` takes no more\n"),
    }
}

fn refused(refusal: &WitnessRefusal) -> WitnessAnswer {
    let conflict = matches!(refusal, WitnessRefusal::Conflict { .. });
    let media_type = if conflict {
        CONFLICT_CONTENT_TYPE
    } else {
        TEXT
    };
    WitnessAnswer {
        status: refusal.status(),
        media_type,
        body: refusal.body(),
    }
}
