//! `package release`: the second officer lets it go, once it is recorded.

use super::held;
use crate::{
    Answer,
    clock::{pause, stopwatch},
    failure::Failure,
    home::Home,
    signer::SignArgs,
    ui::Ui,
};
use clap::Args;
use indicatif::ProgressBar;
use portcullis_core::{
    id::{CaseId, PackageId},
    statement::{Event, Recorded},
};
use portcullis_node::{Node, ReleaseReadiness};
use std::{process::ExitCode, time::Duration};

/// How often it is looked whether the witnesses have cosigned.
const LOOK: Duration = Duration::from_millis(100);

/// Releases a sealed package: by another officer than the one who sealed it.
///
/// A package goes out only when its leaves are in a checkpoint that a quorum of witnesses has
/// cosigned, which is at the next tick of the record. `--wait` waits for it while `portcullis
/// serve` runs. Where the law file knows an emergency, `--promise` releases it now, with a signed
/// promise in place of the witnesses.
#[derive(Args)]
pub(crate) struct Release {
    /// The case.
    case: CaseId,
    /// The package.
    package: PackageId,
    /// Waits until it is recorded, or so many seconds at most.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "3600")]
    wait: Option<u64>,
    /// Releases now, on a promise, where the law lets it.
    #[arg(long, conflicts_with = "wait")]
    promise: bool,
    #[command(flatten)]
    sign: SignArgs,
}

impl Release {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Answer {
        let node = home.node()?;
        held(&node.view(self.case)?.case, &self.package)?;
        // A no of the rules is said at once, not after a tick.
        let dry = Event::Released {
            package: self.package,
            recorded: Recorded::Cosigned,
        };
        node.prepare(Some(self.case), &dry, &self.sign.public(home)?)?;
        if let Some(seconds) = self.wait {
            self.wait(&node, Duration::from_secs(seconds), ui)?;
        }
        self.whole(home, &node)?;
        let (event, promise) = node.release_event(self.case, self.package, self.promise)?;
        let said = self.sign.say(
            home,
            &node,
            Some(self.case),
            &event,
            promise.as_deref(),
            &ui,
        )?;
        let recorded = match event {
            Event::Released {
                recorded: Recorded::Promised(digest),
                ..
            } => format!("promise {digest}"),
            _ => "cosigned".to_owned(),
        };
        if said.is_some() {
            ui.say(format_args!(
                "{} is released ({recorded}); the authority can collect it",
                self.package
            ));
        }
        ui.answer(&serde_json::json!({
            "case": self.case.to_string(),
            "package": self.package.to_string(),
            "recorded": recorded,
            "statement": said.map(|said| said.digest.to_string()),
        }));
        Ok(ExitCode::SUCCESS)
    }

    /// What is released can be collected: the bytes are those that were sealed.
    fn whole(&self, home: &Home, node: &Node) -> Result<(), Failure> {
        let case = node.view(self.case)?.case;
        let seal = &held(&case, &self.package)?.seal;
        let path = home.blobs_dir().join(Node::package_path(&self.package));
        let file = std::fs::File::open(&path).map_err(|error| Failure::file(&path, &error))?;
        portcullis_seal::check::check(file, seal.ciphertext, seal.size_bytes, &mut |_| ())
            .map_err(|error| {
                Failure::false_(error.code(), format!("`{}`: {error}", path.display()))
                    .hint("take the file back from a backup; it is not what was sealed")
            })
            .map(drop)
    }

    fn wait(&self, node: &Node, longest: Duration, ui: Ui) -> Result<(), Failure> {
        let since = stopwatch();
        let spinner = if ui.is_json() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new_spinner()
        };
        spinner.set_message("waiting for the next tick and the witnesses");
        let waited = loop {
            match node.release_readiness(self.case, &self.package)? {
                ReleaseReadiness::Recorded => break Ok(()),
                ReleaseReadiness::Waiting if since.elapsed() < longest => {
                    spinner.tick();
                    pause(LOOK);
                }
                ReleaseReadiness::Waiting => {
                    let failure = Failure::from(portcullis_node::NodeError::NotRecorded);
                    break Err(failure.hint("see that `portcullis serve` runs here and its witnesses answer: `portcullis log show`"));
                }
            }
        };
        spinner.finish_and_clear();
        waited
    }
}
