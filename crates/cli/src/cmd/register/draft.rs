//! Drafts: a version of the register before it is signed, as a JSON file.

use crate::{cmd::key::check_name, failure::Failure, home::Home, signer::SignArgs, ui::Ui};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use portcullis_core::{
    digest::Digest,
    register::{Register, Roots},
};
use portcullis_sign::{PublicKey, SshKey};
use portcullis_verdict::register::{self, history::witness_policy};
use std::path::{Path, PathBuf};

/// The most days that a term or a register lasts: a century.
const DAYS_MAX: u32 = 36_525;

/// A draft with its file.
pub(super) struct Draft {
    pub(super) path: PathBuf,
    pub(super) register: Register,
}

impl Draft {
    /// Reads a draft.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let bytes = std::fs::read(path).map_err(|error| {
            Failure::file(path, &error)
                .hint("begin one with `portcullis register new` or `portcullis register next`")
        })?;
        let register = register::parse_payload(&bytes).map_err(|error| malformed(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            register,
        })
    }

    /// The bytes that roots sign.
    pub(super) fn payload(&self) -> Vec<u8> {
        register::payload(&self.register)
    }

    /// Writes the draft, seen to be a register whose witnesses suffice; `fresh` never over another.
    pub(super) fn save(&self, fresh: bool) -> Result<(), Failure> {
        use std::io::Write as _;
        let payload = self.payload();
        register::parse_payload(&payload).map_err(|error| malformed(&self.path, &error))?;
        witness_policy(&self.register).map_err(|error| {
            Failure::refused(error.code(), error.to_string())
                .hint("witnesses come from at least two sectors: add one, or see `witness_policy` in the draft")
        })?;
        let failed = |error| Failure::file(&self.path, &error);
        let signed = self.signed_path();
        if signed.exists() {
            let message = format!(
                "`{}` holds signatures on this draft already",
                signed.display()
            );
            return Err(Failure::refused("register.draft_signed", message).hint(
                "what roots signed is not changed under them: remove that file to begin again",
            ));
        }
        if fresh && self.path.exists() {
            let message = format!("`{}` exists already", self.path.display());
            return Err(Failure::refused("register.draft_exists", message)
                .hint("choose another name for the draft"));
        }
        // CRASH: a draft is replaced whole; half of one is never seen under its name.
        let folder = self
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        file.write_all(&payload)
            .and_then(|()| file.write_all(b"\n"))
            .map_err(failed)?;
        file.persist(&self.path)
            .map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// Where its signatures are gathered.
    pub(super) fn signed_path(&self) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".signed");
        name.into()
    }

    /// Saves, and says what the draft is now.
    pub(super) fn saved(&self, fresh: bool, what: &str, ui: Ui) -> Result<(), Failure> {
        self.save(fresh)?;
        let register = &self.register;
        ui.say(format_args!(
            "{what}; `{}` is a draft of version {}",
            self.path.display(),
            register.version
        ));
        ui.answer(&serde_json::json!({
            "draft": self.path.display().to_string(),
            "version": register.version,
            "members": register.members.len(),
            "expires": register.expires.to_string(),
        }));
        Ok(())
    }
}

fn malformed(path: &Path, error: &register::VersionError) -> Failure {
    Failure::new(
        crate::failure::USAGE,
        error.code(),
        format!("`{}`: {error}", path.display()),
    )
}

/// A public key: its text, the name of a key in `officers/`, or a `.pub` file.
pub(super) fn public_key(home: &Home, text: &str) -> Result<PublicKey, Failure> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    if check_name(text).is_ok()
        && let Ok(key) = SignArgs::key(text).public(home)
    {
        return Ok(key);
    }
    let path = Path::new(text);
    let unknown = || {
        Failure::usage(format!(
            "`{text}` is no public key, no key kept in `officers/`, and no file with one"
        ))
        .hint("`portcullis key show NAME` prints a key; an SSH key's `.pub` file will do as well")
    };
    let file = std::fs::read_to_string(path).map_err(|_| unknown())?;
    let line = file.trim();
    line.parse()
        .ok()
        .or_else(|| SshKey::from_openssh(line).ok().map(PublicKey::Ssh))
        .ok_or_else(unknown)
}

/// Roots from the words of the command.
pub(super) fn roots(home: &Home, words: &[String], threshold: u16) -> Result<Roots, Failure> {
    let mut keys = std::collections::BTreeMap::new();
    for word in words {
        let key = public_key(home, word)?;
        if keys
            .insert(super::card::digest_of(&key), key.to_string())
            .is_some()
        {
            return Err(Failure::usage(format!("the root `{word}` is named twice")));
        }
    }
    if threshold == 0 || usize::from(threshold) > keys.len() {
        return Err(Failure::usage(format!(
            "a threshold of {threshold} among {} roots",
            keys.len()
        ))
        .hint("name each root with `--root`, and let `--threshold` be one to as many"));
    }
    Ok(Roots { threshold, keys })
}

/// An instant: `2027-01-31` (its first moment, UTC), a whole timestamp, or `now`.
pub(super) fn instant(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    if text == "now" {
        return Ok(now);
    }
    let wrong = || {
        Failure::usage(format!("`{text}` is no time"))
            .hint("write a day, `2027-01-31`, or an instant, `2027-01-31T09:30:00Z`")
    };
    let at = if let Ok(at) = text.parse::<Timestamp>() {
        at
    } else {
        let day: Date = text.parse().map_err(|_| wrong())?;
        day.to_zoned(TimeZone::UTC)
            .map_err(|_| wrong())?
            .timestamp()
    };
    // The register's times have milliseconds at the finest.
    Timestamp::from_millisecond(at.as_millisecond()).map_err(|_| wrong())
}

/// So many days from an instant.
pub(super) fn days_from(from: Timestamp, days: u32) -> Result<Timestamp, Failure> {
    let wrong = || Failure::usage(format!("{days} days: between 1 and {DAYS_MAX} are carried"));
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(wrong());
    }
    from.checked_add(SignedDuration::from_hours(24 * i64::from(days)))
        .map_err(|_| wrong())
}

/// A digest of a key.
pub(super) fn key_digest(home: &Home, text: &str) -> Result<Digest, Failure> {
    if let Ok(digest) = text.parse() {
        return Ok(digest);
    }
    public_key(home, text)
        .map(|key| super::card::digest_of(&key))
        .map_err(|_| {
            Failure::usage(format!(
                "`{text}` is no key's digest, no public key, and no key kept here"
            ))
            .hint("`portcullis register show` lists keys with their digests, `sha256:…`")
        })
}
