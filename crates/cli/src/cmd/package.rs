//! `portcullis package`: what is disclosed, from sealing to opening.

mod collect;
mod open;
mod push;
mod release;
mod seal;
mod transfer;

use crate::{Answer, failure::Failure, home::Home, ui::Ui};
use clap::Subcommand;
use indicatif::HumanBytes;
use portcullis_core::{
    case::{Case, Package as Held},
    id::{CaseId, PackageId},
};
use portcullis_node::Node;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What is disclosed: sealed by one officer, released by a second, collected, opened.
///
/// A package is a standard age file with a tar inside; `age -d -i KEY PACKAGE | tar x` opens it
/// anywhere. The provider seals and releases, the authority collects and opens:
///
///   portcullis --dir mail package seal CASE --item 1=subscriber.json --key response1
///   portcullis --dir mail package release CASE PACKAGE --key release --wait
///   portcullis --dir police package collect CASE --key officer1
///   portcullis --dir police package open CASE PACKAGE -o answer
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Package {
    Seal(seal::Seal),
    Release(release::Release),
    Collect(collect::Collect),
    Push(push::Push),
    Open(open::Open),
    Check(open::Check),
    /// Lists a case's packages: what is in them, where they stand, where their bytes are.
    List {
        /// The case.
        case: CaseId,
    },
}

impl Package {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "every command is handed it alike"
    )]
    pub(crate) fn run(self, dir: &Path, ui: &Ui) -> Answer {
        let home = Home::open(dir)?;
        match self {
            Self::Seal(seal) => seal.run(&home, *ui),
            Self::Release(release) => release.run(&home, *ui),
            Self::Collect(collect) => collect.run(&home, *ui),
            Self::Push(push) => push.run(&home, *ui),
            Self::Open(open) => open.run(&home, *ui),
            Self::Check(check) => check.run(&home, *ui),
            Self::List { case } => list(&home, case, *ui),
        }
    }
}

/// Where a package's bytes lie at the provider.
fn sealed_file(home: &Home, package: &PackageId) -> PathBuf {
    home.blobs_dir().join(Node::package_path(package))
}

/// Where a package's bytes lie at the authority once all of them have arrived.
fn collected_file(home: &Home, package: &PackageId) -> PathBuf {
    home.blobs_dir().join(Node::collected_path(package))
}

/// A package of a case.
fn held<'c>(case: &'c Case, package: &PackageId) -> Result<&'c Held, Failure> {
    case.packages.get(package).ok_or_else(|| {
        Failure::refused(
            "package.unknown",
            format!("case {} has no package {package}", case.id),
        )
        .hint("`portcullis package list CASE` lists them")
    })
}

/// One word for where a package stands.
fn stands(package: &Held) -> &'static str {
    if package.destroyed {
        "destroyed"
    } else if package.destruction_instructed {
        "to be destroyed"
    } else if package.collected.is_some() {
        "collected"
    } else if package.released.is_some() {
        "released"
    } else {
        "sealed"
    }
}

fn list(home: &Home, case: CaseId, ui: Ui) -> Answer {
    let viewed = home.node()?.view(case)?;
    let mut rows = Vec::new();
    for (id, package) in &viewed.case.packages {
        let place = [sealed_file(home, id), collected_file(home, id)]
            .into_iter()
            .find(|path| path.exists());
        let items: Vec<_> = package.seal.items.iter().map(ToString::to_string).collect();
        let place_text = place
            .as_ref()
            .map_or_else(|| "not here".to_owned(), |path| path.display().to_string());
        ui.say(format_args!("{id}  {}", stands(package)));
        ui.say(format_args!(
            "  items {}; {}; {place_text}",
            items.join(", "),
            HumanBytes(package.seal.size_bytes)
        ));
        ui.say(format_args!("  {}", package.seal.ciphertext));
        rows.push(serde_json::json!({
            "package": id.to_string(),
            "stands": stands(package),
            "items": package.seal.items,
            "size_bytes": package.seal.size_bytes,
            "ciphertext": package.seal.ciphertext.to_string(),
            "manifest": package.seal.manifest.to_string(),
            "sealed_by": package.sealed_by.to_string(),
            "released": package.released.map(|at| at.to_string()),
            "collected": package.collected.map(|at| at.to_string()),
            "file": place.map(|path| path.display().to_string()),
        }));
    }
    if rows.is_empty() {
        ui.say("no packages");
    }
    ui.answer(&serde_json::Value::Array(rows));
    Ok(ExitCode::SUCCESS)
}
