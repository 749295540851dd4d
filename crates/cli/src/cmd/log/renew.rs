//! `portcullis log renew`.

use crate::{Answer, home::Home, ui::Ui};
use std::{path::Path, process::ExitCode};

/// Closes the log and says what follows it.
pub(super) fn renew(dir: &Path, ui: Ui) -> Answer {
    let home = Home::open(dir)?;
    let node = home.node()?;
    let renewed = node.renew_log(&home.peers()?);
    node.sequencer_stop();
    let renewed = renewed?;
    ui.say(format_args!(
        "closed `{}` at {} leaves; its files stay",
        renewed.closed, renewed.size
    ));
    ui.say(format_args!(
        "`{}` follows it with the next `portcullis serve`, under the schema that portcullis.toml names",
        renewed.next
    ));
    ui.answer(&serde_json::json!({
        "closed": renewed.closed,
        "size": renewed.size,
        "next": renewed.next,
    }));
    Ok(ExitCode::SUCCESS)
}
