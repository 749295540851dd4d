//! `portcullis register sign`: a root's signature on a draft.

use super::{card::digest_of, changes::changes, draft::Draft};
use crate::{failure::Failure, home::Home, signer::SignArgs, ui::Ui, wrong::one_of};
use clap::Args;
use portcullis_core::register::{Register, Roots};
use portcullis_node::NodeError;
use portcullis_sign::{Envelope, PublicKey, Signature, pae, ssh::signature_from_armour};
use portcullis_verdict::register::{History, PAYLOAD_TYPE, VersionError};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Signs a draft as a root, after showing what it changes.
///
/// Signatures gather in `DRAFT.signed`, which may travel from root to root with the draft.
/// A root whose key is on hardware, or is any SSH key, signs in two steps:
///
///   portcullis register sign v2.json --print v2.tosign
///   ssh-keygen -Y sign -n portcullis/v1 -f KEY v2.tosign
///   portcullis register sign v2.json --signature v2.tosign.sig
#[derive(Args)]
#[command(verbatim_doc_comment, group(one_of("step")))]
pub(crate) struct Sign {
    draft: PathBuf,
    /// The root's key: its name in `officers/`.
    #[arg(long, value_name = "NAME", group = "step")]
    key: Option<String>,
    /// Writes the bytes to sign to FILE, for `ssh-keygen -Y sign -n portcullis/v1`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "signature"], group = "step")]
    print: Option<PathBuf>,
    /// Takes the signature that `ssh-keygen` made.
    #[arg(long, value_name = "FILE.sig", conflicts_with = "key", group = "step")]
    signature: Option<PathBuf>,
}

impl Sign {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Result<(), Failure> {
        let draft = Draft::open(&self.draft)?;
        let payload = draft.payload();
        let before = before(home, &draft.register)?;
        let before = before.as_ref().map(|history| &history.newest().register);
        ui.say(format_args!(
            "version {} of the register of `{}` says:",
            draft.register.version, draft.register.realm
        ));
        let lines = changes(before, &draft.register);
        for line in &lines {
            ui.say(format_args!("  {line}"));
        }
        if lines.is_empty() {
            ui.say("  nothing new");
        }
        if let Some(file) = &self.print {
            std::fs::write(file, pae(PAYLOAD_TYPE, &payload))
                .map_err(|error| Failure::file(file, &error))?;
            ui.say(format_args!(
                "wrote the bytes to sign to `{}`; now run:",
                file.display()
            ));
            ui.say(format_args!(
                "  ssh-keygen -Y sign -n portcullis/v1 -f YOUR_KEY {}",
                file.display()
            ));
            ui.say(format_args!(
                "  portcullis register sign {} --signature {}.sig",
                self.draft.display(),
                file.display()
            ));
            ui.answer(
                &serde_json::json!({ "print": file.display().to_string(), "changes": lines }),
            );
            return Ok(());
        }
        let signature = self.signature(home, &payload)?;
        let path = draft.signed_path();
        let envelope = add(&path, &payload, signature, before, &draft.register)?;
        write(&path, envelope.as_bytes())?;
        let (found, needed) = count(&envelope, &draft.register.roots);
        ui.say(format_args!(
            "`{}`: {found} roots signed; {needed} are needed",
            path.display()
        ));
        let old = before.map(|before| count(&envelope, &before.roots));
        if let Some((found, needed)) =
            old.filter(|_| before.is_some_and(|before| before.roots != draft.register.roots))
        {
            ui.say(format_args!(
                "of the old roots {found} signed; {needed} are needed"
            ));
        }
        let enough = found >= needed && old.is_none_or(|(found, needed)| found >= needed);
        if enough {
            ui.say(format_args!(
                "enough: `portcullis register publish {}`",
                path.display()
            ));
        }
        ui.answer(&serde_json::json!({
            "signed": path.display().to_string(),
            "signatures": found,
            "needed": needed,
            "enough": enough,
            "changes": lines,
        }));
        Ok(())
    }

    fn signature(&self, home: &Home, payload: &[u8]) -> Result<Signature, Failure> {
        if let Some(path) = &self.signature {
            let text =
                std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
            return signature_from_armour(&text).map_err(|error| {
                Failure::false_("signature.false", format!("`{}`: {error}", path.display()))
            });
        }
        let key = SignArgs::key(self.key.as_deref().unwrap_or_default());
        Ok(key.secret(home)?.sign(PAYLOAD_TYPE, payload))
    }
}

/// The versions before the draft, if this node has joined its register; a root's machine need not have.
///
/// # Errors
///
/// [`Failure`] when the draft does not follow the newest version.
fn before(home: &Home, draft: &Register) -> Result<Option<Arc<History>>, Failure> {
    let history = match home.node()?.history() {
        Ok(history) => history,
        Err(NodeError::NoRegister) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if draft.realm != history.newest().register.realm {
        let message = format!(
            "the draft is of realm `{}`, the register of `{}`",
            draft.realm,
            history.newest().register.realm
        );
        return Err(Failure::refused("register.realm", message));
    }
    let newest = history.newest();
    let wrong = if draft.version != newest.register.version + 1 {
        VersionError::OutOfOrder {
            newest: newest.register.version,
            found: draft.version,
        }
    } else if draft.previous != Some(newest.digest) {
        VersionError::OtherPrevious
    } else {
        return Ok(Some(history));
    };
    Err(Failure::refused(wrong.code(), wrong.to_string())
        .hint("begin again from the newest version: `portcullis register next DRAFT`"))
}

/// The envelope with one more signature, which is seen to be a root's and true.
fn add(
    path: &Path,
    payload: &[u8],
    signature: Signature,
    before: Option<&Register>,
    draft: &Register,
) -> Result<Envelope, Failure> {
    let id = portcullis_core::digest::Digest(*signature.key_id.as_bytes());
    let old = before.and_then(|before| before.roots.keys.get(&id));
    let text = draft.roots.keys.get(&id).or(old).ok_or_else(|| {
        Failure::refused(
            "register.unknown_root",
            format!("the key {id} is no root of this register"),
        )
        .hint("`portcullis register show` lists the roots; a draft's are under `roots`")
    })?;
    let key: PublicKey = text
        .parse()
        .map_err(|error| Failure::usage(format!("a root's key: {error}")))?;
    debug_assert_eq!(digest_of(&key), id, "a root stands under its own digest");
    let known = match std::fs::read(path) {
        Ok(bytes) => Some(Envelope::parse(&bytes).map_err(|error| malformed(path, error))?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(Failure::file(path, &error)),
    };
    let envelope = match known {
        Some(known) if known.payload() != payload || known.payload_type() != PAYLOAD_TYPE => {
            let message = format!(
                "`{}` holds signatures on another text than this draft's",
                path.display()
            );
            return Err(Failure::refused("register.draft_changed", message)
                .hint("the draft changed after it was signed: remove that file, and have every root sign again"));
        }
        Some(known)
            if known
                .signatures()
                .iter()
                .any(|one| one.key_id == signature.key_id) =>
        {
            known
        }
        Some(known) => known
            .with_signature(signature)
            .map_err(|error| malformed(path, error))?,
        None => Envelope::seal(PAYLOAD_TYPE, payload, vec![signature])
            .map_err(|error| malformed(path, error))?,
    };
    envelope.verify_by(&key).map_err(|error| {
        Failure::false_("signature.false", format!("the signature of {id} on this draft: {error}"))
            .hint("it was made over other bytes: print them again, sign that file, and hand in its `.sig`")
    })?;
    Ok(envelope)
}

fn malformed(path: &Path, error: impl core::fmt::Display) -> Failure {
    Failure::usage(format!("`{}`: {error}", path.display()))
}

/// How many of these roots signed, and how many are needed.
pub(super) fn count(envelope: &Envelope, roots: &Roots) -> (usize, usize) {
    let signed = |text: &&String| {
        text.parse::<PublicKey>()
            .is_ok_and(|key| envelope.verify_by(&key).is_ok())
    };
    (
        roots.keys.values().filter(signed).count(),
        usize::from(roots.threshold),
    )
}

/// Replaces a file whole.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    use std::io::Write as _;
    let failed = |error| Failure::file(path, &error);
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(bytes)
        .and_then(|()| file.as_file().sync_all())
        .map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
