//! What the workspace holds, as cargo tells it.

use cargo_metadata::{Metadata, MetadataCommand, TargetKind};
use std::path::PathBuf;

/// The workspace this program belongs to.
pub(crate) struct Workspace {
    /// Its folder.
    pub(crate) root: PathBuf,
    metadata: Metadata,
}

impl Workspace {
    /// Asks cargo about the workspace around the current folder.
    ///
    /// # Errors
    ///
    /// Whatever cargo says, when a manifest cannot be read.
    pub(crate) fn load() -> cargo_metadata::Result<Self> {
        let metadata = MetadataCommand::new().no_deps().exec()?;
        Ok(Self {
            root: metadata.workspace_root.clone().into(),
            metadata,
        })
    }

    /// Whether a package has a target of this kind and name.
    pub(crate) fn has(&self, package: &str, kind: &TargetKind, name: &str) -> bool {
        self.metadata
            .packages
            .iter()
            .filter(|each| each.name.as_ref() == package)
            .flat_map(|each| &each.targets)
            .any(|target| target.name == name && target.kind.contains(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_finds_itself() {
        let workspace = Workspace::load().unwrap();
        assert!(workspace.root.join("xtask/Cargo.toml").is_file());
        assert!(workspace.has("xtask", &TargetKind::Bin, "xtask"));
        assert!(workspace.has("xtask", &TargetKind::Test, "it"));
        assert!(!workspace.has("xtask", &TargetKind::Bench, "xtask"));
        assert!(!workspace.has("portcullis-core", &TargetKind::Bin, "xtask"));
    }
}
