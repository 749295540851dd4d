//! `inspect sample`: the nonce is shown, and the picks follow.

use super::{Answer, Failure, Home, Path, PathBuf, Ui, believing, document, write};
use crate::{
    cmd::log::files::{Files, read_failure},
    signer::SignArgs,
    wrong::one_of,
};
use clap::Args;
use portcullis_core::digest::Digest;
use portcullis_tlog::{note::SignedNote, tile::LogFiles as _};
use portcullis_verdict::inspection::{self, Commitment, Nonce, Receipt, check_sample};
use std::process::ExitCode;

/// Draws the sample that was committed to, once the log has reached its size.
///
/// The picks follow from the nonce and from the root of the log's first cosigned checkpoint of
/// the committed size or more. Whoever holds the file can check them; the operator answers it.
#[derive(Args)]
#[command(group(one_of("recorded")))]
pub(crate) struct Sample {
    /// What `portcullis inspect commit` wrote.
    #[arg(long, value_name = "FILE")]
    commitment: PathBuf,
    /// What the operator's `portcullis inspect receive` wrote.
    #[arg(long, value_name = "FILE")]
    receipt: PathBuf,
    /// The nonce that was kept.
    #[arg(long, value_name = "FILE")]
    nonce_file: PathBuf,
    /// The log: a folder, or a URL such as `https://mail.example/log/1`.
    #[arg(long, value_name = "DIR|URL", group = "recorded")]
    log: Option<String>,
    /// The checkpoint with its cosignatures, in place of the log's own list of them.
    #[arg(long, value_name = "FILE", conflicts_with = "log", group = "recorded")]
    checkpoint: Option<PathBuf>,
    /// Takes whatever certificate the server shows: what counts is signed.
    #[arg(long)]
    any_certificate: bool,
    /// The inspector who signs: the name of a key in `officers/`.
    #[arg(long, value_name = "NAME")]
    key: String,
    /// Where the sample goes.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Sample {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let home = Home::open(dir)?;
        let node = home.node()?;
        let secret = SignArgs::key(&self.key).secret(&home)?;
        let commitment = Commitment::parse(&document(&self.commitment)?)?;
        let receipt = Receipt::parse(&document(&self.receipt)?)?;
        let (checkpoint, first) = self.checkpoint(dir, commitment.says().at)?;
        let sample = inspection::Sample {
            commitment,
            receipt,
            nonce: nonce(&self.nonce_file)?,
            checkpoint,
            made_at: node.now(),
        };
        let signature = secret.sign(inspection::Sample::PAYLOAD_TYPE, &sample.payload());
        let signed = sample.signed(signature)?;
        let drawn = believing(&home, &node, |by| check_sample(&signed, first, by))?;
        write(&self.output, signed.as_bytes())?;
        ui.say(format_args!(
            "wrote `{}`: {} leaves of {} at size {}",
            self.output.display(),
            drawn.picks.len(),
            drawn.cosigned.checkpoint.origin,
            drawn.cosigned.checkpoint.size
        ));
        let picks: Vec<_> = drawn.picks.iter().map(ToString::to_string).collect();
        ui.say(format_args!("  {}", picks.join(" ")));
        ui.say(format_args!(
            "`{}` answers it with `portcullis inspect answer`",
            drawn.operator
        ));
        ui.answer(&serde_json::json!({
            "sample": signed.digest().to_string(),
            "file": self.output,
            "operator": drawn.operator.as_str(),
            "size": drawn.cosigned.checkpoint.size.0,
            "picks": drawn.picks,
        }));
        Ok(ExitCode::SUCCESS)
    }

    /// The checkpoint to draw at, and the size of the first that would do, where that is known.
    fn checkpoint(&self, dir: &Path, at: u64) -> Result<(SignedNote, Option<u64>), Failure> {
        if let Some(path) = &self.checkpoint {
            return Ok((parse(&document(path)?)?, None));
        }
        let place = self.log.as_deref().unwrap_or_default();
        let files = Files::open(place, dir, self.any_certificate)?;
        let first = first_tick(&files, at)?;
        let path = first.map_or_else(
            || "checkpoint".to_owned(),
            |size| format!("checkpoints/{size:012}"),
        );
        let bytes = files.file(&path).map_err(|error| read_failure(&error))?;
        Ok((parse(&bytes)?, first))
    }
}

/// The size of the first cosigned checkpoint of so many leaves, by the log's list of ticks, if
/// the list reaches back so far.
pub(super) fn first_tick(files: &Files, at: u64) -> Result<Option<u64>, Failure> {
    let Some(ticks) = files.maybe("ticks")? else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&ticks);
    let sizes: Vec<u64> = text
        .lines()
        .filter_map(|line| line.split_once(' ')?.0.parse().ok())
        .collect();
    // What came before the list's first line may have been large enough.
    let reaches = sizes
        .first()
        .is_some_and(|oldest| *oldest < at || sizes.len() < 2000);
    Ok(sizes
        .into_iter()
        .find(|size| at <= *size)
        .filter(|_| reaches))
}

fn parse(bytes: &[u8]) -> Result<SignedNote, Failure> {
    SignedNote::parse(bytes).map_err(|error| Failure::false_("log.checkpoint", error.to_string()))
}

fn nonce(path: &Path) -> Result<Nonce, Failure> {
    let text = crate::home::read_secret(path)?;
    let digest: Digest = text
        .trim()
        .parse()
        .map_err(|_| Failure::usage(format!("`{}` holds no nonce", path.display())))?;
    Ok(Nonce::new(digest.0))
}
