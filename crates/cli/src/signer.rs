//! Who signs: an officer's key kept here, or a hardware key elsewhere.
//!
//! With `--key NAME` the command signs with `officers/NAME.key`. With
//! `--print FILE` it writes the exact bytes to sign, to be signed by
//! `ssh-keygen -Y sign -n portcullis/v1 -f KEY FILE`; the same command with
//! `--signature FILE.sig` then takes the signature and says the statement.

use crate::{
    failure::Failure,
    home::{Home, read_secret},
    ui::Ui,
};
use clap::Args;
use portcullis_core::{id::CaseId, statement::Event};
use portcullis_node::{Node, Said};
use portcullis_sign::{Envelope, PublicKey, SecretKey, pae, ssh::signature_from_armour};
use std::path::{Path, PathBuf};

/// How a statement is signed.
#[derive(Args, Clone, Debug)]
pub(crate) struct SignArgs {
    /// The officer who signs: the name of a key in `officers/`.
    #[arg(long, value_name = "NAME", required = true)]
    pub(crate) key: String,
    /// Writes the bytes to sign to FILE instead of signing: for `ssh-keygen -Y sign -n portcullis/v1`.
    #[arg(long, value_name = "FILE")]
    pub(crate) print: Option<PathBuf>,
    /// Takes the signature that `ssh-keygen` made of the file that `--print` wrote.
    #[arg(long, value_name = "FILE.sig", conflicts_with = "print")]
    pub(crate) signature: Option<PathBuf>,
}

impl SignArgs {
    /// With a key that is kept here.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(crate) fn key(name: &str) -> Self {
        Self {
            key: name.to_owned(),
            print: None,
            signature: None,
        }
    }

    /// The officer's secret key, if it is kept here.
    pub(crate) fn secret(&self, home: &Home) -> Result<SecretKey, Failure> {
        let path = home.officers_dir().join(format!("{}.key", self.key));
        let text = read_secret(&path).map_err(|failure| {
            failure.hint("`portcullis key list` names the keys kept here; a hardware key signs with `--print` and `--signature`")
        })?;
        text.trim()
            .parse()
            .map_err(|error| Failure::usage(format!("`{}`: {error}", path.display())))
    }

    /// The officer's public key.
    pub(crate) fn public(&self, home: &Home) -> Result<PublicKey, Failure> {
        let path = home.officers_dir().join(format!("{}.pub", self.key));
        if let Ok(text) = std::fs::read_to_string(&path) {
            return text
                .trim()
                .parse()
                .map_err(|error| Failure::usage(format!("`{}`: {error}", path.display())));
        }
        self.secret(home).map(|secret| secret.public())
    }

    /// Says a statement, or prepares one to be signed elsewhere; `None` when it was prepared.
    pub(crate) fn say(
        &self,
        home: &Home,
        node: &Node,
        case: Option<CaseId>,
        event: &Event,
        attachment: Option<&[u8]>,
        ui: &Ui,
    ) -> Result<Option<Said>, Failure> {
        if let Some(file) = &self.print {
            let prepared = node.prepare(case, event, &self.public(home)?)?;
            let keep = |path: &Path, bytes: &[u8]| write_private(path, bytes);
            keep(file, &pae(&prepared.payload_type, &prepared.payload))?;
            keep(&payload_path(file), &prepared.payload)?;
            if let Some(bytes) = attachment {
                keep(&attachment_path(file), bytes)?;
            }
            ui.say(format_args!(
                "wrote the bytes to sign to `{}`; now run:",
                file.display()
            ));
            ui.say(format_args!(
                "  ssh-keygen -Y sign -n portcullis/v1 -f YOUR_KEY {}",
                file.display()
            ));
            ui.say("and then this command again, with `--signature` and the file it made instead of `--print`");
            return Ok(None);
        }
        if let Some(signed) = &self.signature {
            let text =
                std::fs::read_to_string(signed).map_err(|error| Failure::file(signed, &error))?;
            let signature = signature_from_armour(&text).map_err(|error| {
                Failure::false_(
                    "signature.false",
                    format!("`{}`: {error}", signed.display()),
                )
            })?;
            let printed = signed.with_extension("");
            let payload_file = payload_path(&printed);
            let payload = std::fs::read(&payload_file).map_err(|error| {
                Failure::file(&payload_file, &error).hint(
                    "it was written beside the file that `--print` named; keep the three together",
                )
            })?;
            same_wish(&payload, case, event)?;
            let kept = std::fs::read(attachment_path(&printed)).ok();
            let payload_type = portcullis_verdict::statement::payload_type(event.kind());
            let envelope = Envelope::seal(&payload_type, &payload, vec![signature])
                .map_err(|error| Failure::false_("statement.envelope", error.to_string()))?;
            return Ok(Some(node.complete(envelope.as_bytes(), kept.as_deref())?));
        }
        Ok(Some(node.say(
            case,
            event,
            &self.secret(home)?,
            attachment,
        )?))
    }
}

/// Whether what was printed for signing is what the command asks for now. Salts are drawn anew
/// each time, and packages sealed; all else is the same.
fn same_wish(payload: &[u8], case: Option<CaseId>, wanted: &Event) -> Result<(), Failure> {
    let (header, printed) = portcullis_verdict::statement::parse_payload(payload)
        .map_err(|error| Failure::false_(error.code(), error.to_string()))?;
    let same = match (&printed, wanted) {
        (Event::Drafted(printed), Event::Drafted(wanted)) => {
            let mut printed = printed.clone();
            printed.application = wanted.application;
            printed == *wanted
        }
        (Event::Refused(printed), Event::Refused(wanted)) => {
            let mut wanted = wanted.clone();
            wanted.note = printed.note;
            *printed == wanted
        }
        (Event::Sealed(_), Event::Sealed(_)) => true,
        (printed, wanted) => printed == wanted,
    };
    if same && case.is_none_or(|case| case == header.case) {
        return Ok(());
    }
    Err(
        Failure::usage("the file that was signed asks for something else than this command")
            .hint("give the same words as with `--print`, or print and sign again"),
    )
}

fn payload_path(printed: &Path) -> PathBuf {
    let mut name = printed.as_os_str().to_owned();
    name.push(".payload");
    name.into()
}

fn attachment_path(printed: &Path) -> PathBuf {
    let mut name = printed.as_os_str().to_owned();
    name.push(".attachment");
    name.into()
}

/// Writes what is to be signed where its owner alone can read it: it may hold an application.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| Failure::file(path, &error))
}
