//! `portcullis cell warning`: values that must never be indicators.

use super::{Desk, find, words};
use crate::{
    Answer,
    failure::{Failure, REFUSED},
    home::Home,
    ui::Ui,
};
use clap::{Args, Subcommand};
use portcullis_core::cell::{Command, ObjectId};
use portcullis_node::cell::exit::warning::Lists;
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Warning lists: private addresses, public resolvers, large web sites, empty files.
///
/// What is published is held against them, and a hit stops it until its publisher says why it is
/// meant. Some lists come with the program; a file of `KIND VALUE` lines makes another, such as
/// the addresses of one's own.
///
/// Example:
///
///   portcullis cell warning check 8.8.8.8
///   portcullis cell warning add our-networks networks.txt
///   portcullis cell warning override indicator--… --list public-resolvers --reason "it was taken over"
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Warning {
    Add(Add),
    /// Lists the warning lists: those that come with the program, and those of `warning-lists/`.
    ///
    /// Example: `portcullis cell warning list`
    List,
    Check(Check),
    Override(Override),
}

/// Takes a list in, or in place of the one of that name. A running `serve` notices.
///
/// Example: `portcullis cell warning add our-networks networks.txt`
#[derive(Args)]
pub(crate) struct Add {
    /// Its name here: a word.
    name: String,
    /// The file: `KIND VALUE` a line, such as `ipv4 10.0.0.0/8` or `domain .example.org`; `#` begins a comment.
    file: PathBuf,
}

/// Says on which lists a value stands. Exit code 1 if it stands on one.
///
/// Example: `portcullis cell warning check 8.8.8.8`
#[derive(Args)]
pub(crate) struct Check {
    /// An address, a domain, a URL, a hash.
    value: String,
}

/// Says why an object is meant although a value of it stands on a list. Then publish it.
///
/// Example: `portcullis cell warning override indicator--… --list public-resolvers --reason "it was taken over"`
#[derive(Args)]
pub(crate) struct Override {
    /// The object: its id, before it is published.
    object: ObjectId,
    /// The list, as `portcullis cell warning list` names it. Repeat for several.
    #[arg(long = "list", value_name = "LIST", required = true)]
    lists: Vec<String>,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Warning {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        match self {
            Self::Add(command) => command.run(&Home::open(dir)?, ui),
            Self::List => {
                let home = Home::open(dir)?;
                let lists = home.warning_lists()?;
                for name in lists.names() {
                    ui.say(name);
                }
                ui.answer(&json!(lists.names()));
                Ok(ExitCode::SUCCESS)
            }
            Self::Check(command) => {
                let lists = Home::open(dir)?.warning_lists()?;
                let value = find::observed(&command.value)?;
                let hits = lists.hits(std::slice::from_ref(&value));
                let names: Vec<String> = hits.iter().map(|hit| hit.list.clone()).collect();
                ui.say(if names.is_empty() {
                    format!("{} stands on no list", value.value)
                } else {
                    format!("{} stands on {}", value.value, words::or_dash(&names))
                });
                ui.answer(
                    &json!({ "value": value.value, "kind": value.kind.as_str(), "lists": names }),
                );
                Ok(ExitCode::from(if names.is_empty() { 0 } else { REFUSED }))
            }
            Self::Override(command) => {
                let desk = Desk::open(dir)?;
                let lists = desk.home.warning_lists()?;
                let names = lists.names();
                if let Some(unknown) = (command.lists.iter())
                    .find(|word| !names.iter().any(|name| *name == word.as_str()))
                {
                    return Err(Failure::refused(
                        "cell.unknown_warning_list",
                        format!("there is no warning list `{unknown}`"),
                    )
                    .hint(format!("there are {}", names.join(", "))));
                }
                desk.perform(Command::OverrideWarning {
                    object: command.object.clone(),
                    lists: command.lists.iter().cloned().collect(),
                    reason: command.reason,
                })?;
                ui.say(format_args!(
                    "{} may be published although it stands on {}",
                    command.object,
                    command.lists.join(", ")
                ));
                ui.answer(&json!({ "object": command.object.as_str(), "lists": command.lists }));
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

impl Add {
    fn run(self, home: &Home, ui: Ui) -> Answer {
        crate::cmd::key::check_name(&self.name).map_err(|_| {
            Failure::usage(format!(
                "`{}` is no name for a list: a–z, 0–9, `-` and `_`",
                self.name
            ))
        })?;
        let bytes = super::import::source::read(&self.file)?;
        let wrong = |why: String| {
            Failure::new(
                crate::failure::USAGE,
                "cell.warning_list_file",
                format!("`{}`: {why}", self.file.display()),
            )
        };
        let text = String::from_utf8(bytes).map_err(|_| wrong("it is no text".into()))?;
        let mut alone = Lists::default();
        alone
            .add(&self.name, &text)
            .map_err(|error| wrong(error.to_string()))?;
        let folder = home.warning_lists_dir();
        std::fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
        let (fresh, path) = (
            folder.join(format!("{}.new", self.name)),
            folder.join(format!("{}.txt", self.name)),
        );
        std::fs::write(&fresh, text)
            .and_then(|()| std::fs::rename(&fresh, &path))
            .map_err(|error| Failure::file(&path, &error))?;
        ui.say(format_args!(
            "`{}` is in `{}`; what is published is held against it from now on",
            self.name,
            path.display()
        ));
        ui.answer(&json!({ "list": self.name, "file": path.display().to_string() }));
        Ok(ExitCode::SUCCESS)
    }
}
