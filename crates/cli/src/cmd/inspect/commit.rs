//! `inspect commit`: an overseer commits to a sample before it can know what it will see.

use super::{Answer, Failure, Home, Path, PathBuf, Ui, write};
use crate::{home::write_secret, signer::SignArgs};
use clap::Args;
use portcullis_core::digest::Digest;
use portcullis_node::Env as _;
use portcullis_tlog::checkpoint::Origin;
use portcullis_verdict::inspection::{Commitment, Nonce};
use std::process::ExitCode;

/// Commits to a sample: draws a nonce, keeps it, and signs a commitment to it for the operator.
///
/// The commitment fixes everything that the overseer could choose: the log, the first leaf of the
/// range, how many leaves, and the size of the log at which they are drawn. Choose a size that
/// the log does not have yet, and that it reaches by a tick: a multiple of 256 times its tiles.
/// The nonce stays secret until the sample, and serves for one sample only.
#[derive(Args)]
pub(crate) struct Commit {
    /// The log: its origin, as the first line of its checkpoint has it.
    #[arg(long, value_name = "ORIGIN")]
    origin: Origin,
    /// The leaves are drawn at the first cosigned checkpoint of this size or more.
    #[arg(long, value_name = "SIZE")]
    at: u64,
    /// The first leaf of the range.
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    from: u64,
    /// How many leaves are drawn.
    #[arg(long, value_name = "N")]
    count: u32,
    /// Where the nonce is kept; no file may be there yet.
    #[arg(long, value_name = "FILE")]
    nonce_file: PathBuf,
    /// The inspector who signs: the name of a key in `officers/`.
    #[arg(long, value_name = "NAME")]
    key: String,
    /// Where the commitment goes.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Commit {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let home = Home::open(dir)?;
        let secret = SignArgs::key(&self.key).secret(&home)?;
        let mut bytes = [0; 32];
        home.env.fill(&mut bytes);
        let nonce = Nonce::new(bytes);
        let commitment = Commitment {
            realm: home.realm()?.name().to_owned(),
            overseer: home.member()?,
            origin: self.origin,
            from: self.from,
            at: self.at,
            count: self.count,
            commitment: nonce.commitment(),
            made_at: home.node()?.now(),
        };
        let signature = secret.sign(Commitment::PAYLOAD_TYPE, &commitment.payload());
        let signed = commitment
            .signed(signature)
            .map_err(|error| Failure::usage(error.to_string()))?;
        // CRASH: a commitment whose nonce is lost could never be drawn.
        write_secret(&self.nonce_file, &format!("{}\n", Digest(bytes)))?;
        write(&self.output, signed.as_bytes())?;
        ui.say(format_args!(
            "wrote `{}`: {} leaves of {} from {} on, drawn at size {}",
            self.output.display(),
            self.count,
            signed.says().origin,
            self.from,
            self.at
        ));
        ui.say(format_args!("  commitment {}", signed.digest()));
        ui.say(format_args!(
            "keep `{}` to yourself; the operator signs for the commitment with `portcullis inspect receive`",
            self.nonce_file.display()
        ));
        ui.answer(&serde_json::json!({
            "commitment": signed.digest().to_string(),
            "file": self.output,
            "nonce_file": self.nonce_file,
            "origin": signed.says().origin.as_str(),
            "at": self.at, "from": self.from, "count": self.count,
        }));
        Ok(ExitCode::SUCCESS)
    }
}
