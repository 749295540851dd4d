//! `inspect opened`: an opened docket, checked by anybody.

use super::{Answer, Failure, Path, PathBuf, Ui, read};
use crate::cmd::log::{
    believed::Believing,
    files::{Files, read_failure},
};
use clap::Args;
use portcullis_ballot::Cell;
use portcullis_tlog::tile::LogFiles as _;
use portcullis_verdict::{
    docket,
    opened::{OPENED_BYTES_MAX, Signed},
    schema::{self, Schemas},
};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Checks an opened docket: what a leaf of a log stands for, now that it is no secret any more.
///
/// The docket is that leaf's, the leaf is in the log under a quorum of witnesses, it counts the
/// cell that is said, and the schema has that cell for the docket. It needs no network when FILE
/// is a file: only whom to believe. `portcullis case unseal` makes such files; a node serves them
/// below `opened/`.
///
/// Example: `portcullis inspect opened https://mail.example/opened/6f….json --policy mail.policy`
#[derive(Args)]
pub(crate) struct Opened {
    /// A file, or a URL.
    #[arg(value_name = "FILE|URL")]
    place: String,
    #[command(flatten)]
    believing: Believing,
    /// The schema's file, where it is none of those that come with Portcullis.
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Takes whatever certificate the server shows: what counts is signed.
    #[arg(long)]
    any_certificate: bool,
}

impl Opened {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let believed = self.believing.find(dir)?;
        let signed = Signed::parse(&self.bytes(dir)?)?;
        let opened = signed.opened();
        let cosigned = believed.verify(opened.proof.checkpoint())?;
        let origin = &cosigned.checkpoint.origin;
        let (key, member) = believed
            .key_of(origin)
            .ok_or_else(|| Failure::refused("log.unknown", format!("the log `{origin}`")))?;
        let checked = signed.check(&key, &cosigned, &self.schemas()?)?;
        let text = String::from_utf8_lossy(&docket::to_bytes(&checked.docket)).into_owned();
        let says: Value = serde_json::from_str(&text).unwrap_or_default();
        let number = opened.cell.map(Cell::number);
        let cell = checked.schema.cell_of(&checked.docket);
        let title = cell.and_then(|cell| checked.schema.cell(cell));
        ui.say(format_args!(
            "leaf {} of {origin} is this docket's",
            opened.index
        ));
        for (name, value) in says.as_object().into_iter().flatten() {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            ui.say(format_args!("  {name:10} {value}"));
        }
        ui.say(match (number, title) {
            (Some(number), Some(cell)) => {
                format!("  counted in cell {number}: {}", cell.title)
            }
            _ => "  counted in no cell, as the schema has it".into(),
        });
        ui.answer(&json!({
            "origin": origin.as_str(),
            "member": member.map(|member| member.to_string()),
            "index": opened.index,
            "leaf_hash": checked.leaf.to_string(),
            "schema": checked.schema.id.to_string(),
            "cell": number,
            "docket": says,
        }));
        Ok(ExitCode::SUCCESS)
    }

    fn bytes(&self, dir: &Path) -> Result<Vec<u8>, Failure> {
        let url = self.place.contains("://");
        let Some((folder, name)) = self.place.rsplit_once('/').filter(|_| url) else {
            return read(Path::new(&self.place), OPENED_BYTES_MAX);
        };
        let files = Files::open(folder, dir, self.any_certificate)?;
        files.file(name).map_err(|error| read_failure(&error))
    }

    fn schemas(&self) -> Result<Schemas, Failure> {
        let mut schemas = schema::builtin();
        if let Some(path) = &self.schema {
            let bytes = read(path, 512 * 1024)?;
            let schema = schema::parse(&path.display().to_string(), &bytes).map_err(|faults| {
                let lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
                Failure::refused("schema.refused", lines.join("\n"))
            })?;
            schemas.install(schema);
        }
        Ok(schemas)
    }
}
