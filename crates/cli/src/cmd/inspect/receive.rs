//! `inspect receive`: an operator signs for a commitment, before its log has that size.

use super::{Answer, Home, Path, PathBuf, Ui, document, write};
use clap::Args;
use portcullis_verdict::inspection::Commitment;
use std::process::ExitCode;

/// Receives an overseer's commitment, and writes the receipt that the sample needs.
///
/// The receipt says how many leaves the log had when the commitment came. It is refused once the
/// log has the size at which the sample is drawn: the overseer could have chosen then.
#[derive(Args)]
pub(crate) struct Receive {
    /// The commitment.
    commitment: PathBuf,
    /// Where the receipt goes.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Receive {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let node = Home::open(dir)?.node()?;
        let commitment = Commitment::parse(&document(&self.commitment)?)?;
        let receipt = node.receive_commitment(&commitment)?;
        write(&self.output, receipt.as_bytes())?;
        let (says, of) = (receipt.says(), commitment.says());
        ui.say(format_args!(
            "wrote `{}`: {} had {} leaves at {}",
            self.output.display(),
            says.origin,
            says.size,
            says.received_at
        ));
        ui.say(format_args!(
            "`{}` has {} leaves drawn at size {}",
            of.overseer, of.count, of.at
        ));
        ui.answer(&serde_json::json!({
            "receipt": receipt.digest().to_string(),
            "commitment": commitment.digest().to_string(),
            "file": self.output,
            "size": says.size,
            "received_at": says.received_at.to_string(),
        }));
        Ok(ExitCode::SUCCESS)
    }
}
