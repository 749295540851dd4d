//! `package open` and `package check`: is it what was signed for, and what is inside.

use super::{collected_file, held, transfer::verify};
use crate::{
    Answer,
    failure::{FALSE, Failure, REFUSED, UNABLE},
    home::Home,
    ui::Ui,
};
use clap::Args;
use indicatif::HumanBytes;
use portcullis_core::{
    case::Case,
    id::{CaseId, PackageId},
};
use portcullis_seal::{
    folder::FolderSink,
    limits::Limits,
    manifest::ManifestItem,
    open::{Expected, OpenError, Opened, open},
};
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Opens a collected package into a new folder, and says what was verified.
///
/// Nothing appears before everything agrees: the ciphertext, the manifest and the order with what
/// the provider's officer signed, and every file with the manifest. No name in a package can lead
/// out of the folder.
#[derive(Args)]
pub(crate) struct Open {
    /// The case.
    case: CaseId,
    /// The package.
    package: PackageId,
    /// The folder to make; it must not be there yet.
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
}

/// Checks a package without a key: its size and its digest, against what was signed.
#[derive(Args)]
pub(crate) struct Check {
    /// The package's file.
    file: PathBuf,
    /// The case that it belongs to.
    #[arg(long)]
    case: CaseId,
    /// Which package it should be; by the file's name, or the case's only one, if not given.
    #[arg(long)]
    package: Option<PackageId>,
}

impl Open {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Answer {
        let case = home.node()?.view(self.case)?.case;
        let seal = &held(&case, &self.package)?.seal;
        if case
            .packages
            .get(&self.package)
            .is_some_and(|held| held.destruction_instructed)
        {
            return Err(Failure::refused(
                "package.to_destroy",
                "the destruction of these data was instructed; they are not opened any more",
            )
            .hint(
                "destroy every copy, then `portcullis case confirm-destruction CASE --key NAME`",
            ));
        }
        let identity = home.delivery_identity()?;
        let path = collected_file(home, &self.package);
        let file = File::open(&path).map_err(|error| {
            Failure::file(&path, &error).hint("fetch it first: `portcullis package collect CASE`")
        })?;
        let expected = Expected {
            ciphertext: seal.ciphertext,
            manifest: seal.manifest,
            order: seal.order,
            case: case.id,
            package: self.package,
        };
        let mut sink = FolderSink::new(&self.output).map_err(|error| {
            Failure::file(&self.output, &error)
                .hint("name a folder that does not exist yet, in one that does")
        })?;
        let bar = ui.bytes_bar(seal.size_bytes, "opening");
        let opened = open(
            file,
            &identity,
            &expected,
            &mut sink,
            &Limits::default(),
            &mut |done| bar.set_position(done),
        )
        .map_err(|error| unopened(&error))?;
        bar.finish_and_clear();
        // The provider's officer signed the manifest's digest; what stands in it is held against the order.
        let strange = |item: &&ManifestItem| {
            let asked = case.order.items.get(&item.item);
            let fits = asked.is_none_or(|asked| {
                asked.target == item.target
                    && asked.category == item.category
                    && asked.span.contains(&item.span)
            });
            !seal.items.contains(&item.item) || !fits
        };
        if let Some(item) = opened.manifest.items.iter().find(strange) {
            let _ = std::fs::remove_dir_all(&self.output);
            return Err(Failure::false_(
                "package.out_of_scope",
                format!(
                    "item {} of the manifest is not what the order asks for; nothing was kept",
                    item.item
                ),
            )
            .hint("tell the provider; the package holds what nobody may have"));
        }
        self.show(&opened, ui);
        Ok(ExitCode::SUCCESS)
    }

    fn show(&self, opened: &Opened, ui: Ui) {
        let Opened { verified, manifest } = opened;
        ui.say(format_args!(
            "opened {} into `{}`; verified:",
            verified.package,
            self.output.display()
        ));
        ui.say(format_args!("  ciphertext  {}", verified.ciphertext));
        ui.say(format_args!("  manifest    {}", verified.manifest));
        ui.say(format_args!("  order       {}", verified.order));
        ui.say(format_args!("  grant       {}", manifest.grant.as_str()));
        for item in &manifest.items {
            let (files, size) = (item.files.len(), HumanBytes(item.size_bytes()));
            ui.say(format_args!(
                "  item {:<6} {}: {files} files, {size}, each as the manifest says",
                item.item,
                item.category.as_str()
            ));
        }
        let files = manifest.entries().map(|(item, file)| {
            serde_json::json!({
                "item": item,
                "path": portcullis_seal::manifest::entry_path(item, &file.path),
                "size_bytes": file.size_bytes,
                "digest": file.digest.to_string(),
            })
        });
        ui.answer(&serde_json::json!({
            "case": verified.case.to_string(),
            "package": verified.package.to_string(),
            "folder": self.output.display().to_string(),
            "verified": {
                "ciphertext": verified.ciphertext.to_string(),
                "manifest": verified.manifest.to_string(),
                "order": verified.order.to_string(),
            },
            "grant": manifest.grant.as_str(),
            "files": files.collect::<Vec<_>>(),
        }));
    }
}

impl Check {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Answer {
        let case = home.node()?.view(self.case)?.case;
        let package = self.package.map_or_else(|| meant(&case, &self.file), Ok)?;
        let seal = &held(&case, &package)?.seal;
        let bar = ui.bytes_bar(seal.size_bytes, "checking");
        verify(&self.file, seal, &mut |done| bar.set_position(done))?;
        bar.finish_and_clear();
        ui.say(format_args!(
            "{package} is as signed for: {} bytes, {}",
            seal.size_bytes, seal.ciphertext
        ));
        ui.answer(&serde_json::json!({
            "package": package.to_string(),
            "size_bytes": seal.size_bytes,
            "ciphertext": seal.ciphertext.to_string(),
        }));
        Ok(ExitCode::SUCCESS)
    }
}

/// Which package a file is meant to be.
fn meant(case: &Case, file: &Path) -> Result<PackageId, Failure> {
    let named = file
        .file_stem()
        .and_then(|stem| stem.to_str()?.parse().ok());
    let mut all = case.packages.keys();
    match (named, all.next(), all.next()) {
        (Some(package), ..) if case.packages.contains_key(&package) => Ok(package),
        (_, Some(only), None) => Ok(*only),
        (_, None, _) => Err(Failure::refused(
            "package.unknown",
            format!("case {} has no packages", case.id),
        )),
        _ => Err(Failure::usage(
            "the case has several packages: say which with `--package`",
        )),
    }
}

fn unopened(error: &OpenError) -> Failure {
    let exit = match error {
        OpenError::WrongKey | OpenError::Read(_) | OpenError::Sink { .. } => UNABLE,
        OpenError::TooLarge(_) => REFUSED,
        OpenError::Tampered { .. }
        | OpenError::Header(_)
        | OpenError::Damaged(_)
        | OpenError::Malformed(_)
        | OpenError::NoManifest(_)
        | OpenError::Manifest(_)
        | OpenError::Other(_)
        | OpenError::Path(_)
        | OpenError::Kind { .. }
        | OpenError::Unexpected(_)
        | OpenError::Missing(_)
        | OpenError::Differs(_) => FALSE,
    };
    Failure::new(exit, error.code(), error.to_string()).hint(error.hint())
}
