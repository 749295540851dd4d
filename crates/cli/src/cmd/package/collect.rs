//! `package collect`: the authority fetches what was released, and acknowledges it.

use super::{
    collected_file, held,
    transfer::{stubborn, verify},
};
use crate::{Answer, failure::Failure, home::Home, signer::SignArgs, ui::Ui};
use clap::Args;
use portcullis_core::{
    id::{CaseId, PackageId},
    statement::{Event, Seal},
};
use portcullis_node::{
    Node,
    peers::{PART_BYTES, Peer, Peers as _},
};
use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Fetches what was released, and acknowledges it over the digest that was signed for.
///
/// Without PACKAGE, everything in the case that is released and not collected yet. What stopped
/// half-way goes on from where it stopped; what the provider pushed is taken as it lies here.
/// The acknowledgement is an officer's (`--key`) or the node's own (`--node`).
#[derive(Args)]
pub(crate) struct Collect {
    /// The case.
    case: CaseId,
    /// The package; all that wait, if none is named.
    package: Option<PackageId>,
    /// Acknowledges with the node's own key.
    #[arg(long, conflicts_with_all = ["key", "print", "signature"])]
    node: bool,
    /// Puts a copy of the package here too; one package must be meant.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    sign: Option<SignArgs>,
}

impl Collect {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Answer {
        let node = home.node()?;
        let case = node.view(self.case)?.case;
        let waits = case
            .packages
            .iter()
            .filter(|(_, held)| held.released.is_some() && held.collected.is_none());
        let wanted: Vec<PackageId> = match self.package {
            Some(package) => vec![package],
            None => waits.map(|(id, _)| *id).collect(),
        };
        if wanted.is_empty() {
            ui.say("nothing waits to be collected");
        }
        let several = wanted.len() > 1;
        if several
            && (self.output.is_some()
                || self
                    .sign
                    .as_ref()
                    .is_some_and(|sign| sign.print.is_some() || sign.signature.is_some()))
        {
            return Err(Failure::usage(
                "`-o`, `--print` and `--signature` are for one package: name it",
            ));
        }
        let provider = node.peer(&case.order.provider)?;
        let mut rows = Vec::new();
        for package in wanted {
            let held = held(&case, &package)?;
            let path = collected_file(home, &package);
            let resumed = fetch(home, &node, &provider, &held.seal, ui)?;
            let event = Event::Collected {
                package,
                ciphertext: held.seal.ciphertext,
            };
            let said = match &self.sign {
                // Its bytes were lost here and are back; it was acknowledged before.
                _ if held.collected.is_some() => None,
                Some(sign) => sign.say(home, &node, Some(self.case), &event, None, &ui)?,
                None => Some(node.say(Some(self.case), &event, &node.keys().statements, None)?),
            };
            if let Some(copy) = &self.output {
                keep_copy(&path, copy)?;
            }
            ui.say(format_args!(
                "{package}  as signed for: {}",
                held.seal.ciphertext
            ));
            if said.is_some() {
                ui.say(format_args!("  collected and acknowledged; open it with `portcullis package open {} {package} -o FOLDER`", self.case));
            }
            rows.push(serde_json::json!({
                "package": package.to_string(),
                "ciphertext": held.seal.ciphertext.to_string(),
                "size_bytes": held.seal.size_bytes,
                "file": path.display().to_string(),
                "resumed_at": resumed,
                "statement": said.map(|said| said.digest.to_string()),
            }));
        }
        ui.answer(&serde_json::json!({ "case": self.case.to_string(), "packages": rows }));
        Ok(ExitCode::SUCCESS)
    }
}

/// Has the package's bytes here, whole and as signed for. Answers the byte at which the
/// network began to be asked; the size, if it was not.
fn fetch(home: &Home, node: &Node, provider: &Peer, seal: &Seal, ui: Ui) -> Result<u64, Failure> {
    let path = collected_file(home, &seal.package);
    if path.exists() {
        let bar = ui.bytes_bar(seal.size_bytes, "checking");
        return match verify(&path, seal, &mut |done| bar.set_position(done)) {
            Ok(()) => Ok(seal.size_bytes),
            Err(failure) => {
                discard(&path, &failure);
                Err(failure
                    .hint("what lay here was thrown away; run the command again to fetch it anew"))
            }
        };
    }
    let part = home.blobs_dir().join(Node::collecting_path(&seal.package));
    if let Some(folder) = part.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    }
    let begun = download(home, provider, seal, &part, ui)?;
    let bar = ui.bytes_bar(seal.size_bytes, "checking");
    if let Err(failure) = verify(&part, seal, &mut |done| bar.set_position(done)) {
        discard(&part, &failure);
        return Err(Failure {
            code: "package.tampered".into(),
            ..failure
        }
        .hint("it was thrown away; run the command again, and if it stays so, tell the provider"));
    }
    bar.finish_and_clear();
    // CRASH: whole and checked under its name, or still a part that the next run checks again.
    std::fs::rename(&part, &path).map_err(|error| Failure::file(&path, &error))?;
    node.blobs()
        .sync([Node::collected_path(&seal.package).as_str()])
        .map_err(|error| Failure::unable("store.unavailable", error.to_string()))?;
    Ok(begun)
}

/// Throws away what is not what was signed for; a file that cannot be read is left alone.
fn discard(path: &Path, failure: &Failure) {
    if failure.exit == crate::failure::FALSE {
        let _ = std::fs::remove_file(path);
    }
}

/// Fetches what is missing behind the part that is here.
fn download(
    home: &Home,
    provider: &Peer,
    seal: &Seal,
    part: &Path,
    ui: Ui,
) -> Result<u64, Failure> {
    let failed = |error: std::io::Error| Failure::file(part, &error);
    let mut file: File = OpenOptions::new()
        .create(true)
        .append(true)
        .open(part)
        .map_err(failed)?;
    let mut at = file.metadata().map_err(failed)?.len();
    if at > seal.size_bytes {
        file.set_len(0).map_err(failed)?;
        at = 0;
    }
    let begun = at;
    let bar = ui.bytes_bar(seal.size_bytes, "collecting");
    let peers = home.peers()?;
    while at < seal.size_bytes {
        let len = usize::try_from(seal.size_bytes - at)
            .unwrap_or(PART_BYTES)
            .min(PART_BYTES);
        let bytes = stubborn(|| peers.package_part(provider, seal.package, at, len))?;
        if bytes.is_empty() {
            let text = format!(
                "`{}` has only {at} bytes of {}; {} are signed for",
                provider.member, seal.package, seal.size_bytes
            );
            return Err(Failure::false_("package.truncated", text)
                .hint("tell the provider: what it signed for is longer"));
        }
        // CRASH: what was synced is there and is not asked for again.
        file.write_all(&bytes)
            .and_then(|()| file.sync_data())
            .map_err(failed)?;
        at += bytes.len() as u64;
        bar.set_position(at);
    }
    bar.finish_and_clear();
    Ok(begun)
}

/// Copies a package to where somebody wants it, never over another file.
fn keep_copy(path: &Path, copy: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::file(copy, &error);
    let mut from = File::open(path).map_err(|error| Failure::file(path, &error))?;
    let mut to = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(copy)
        .map_err(failed)?;
    std::io::copy(&mut from, &mut to)
        .and_then(|_| to.sync_all())
        .map_err(failed)
}
