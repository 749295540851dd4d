//! `portcullis order draft`: an order from its file, with the application that goes to the approvers.

use super::file::{self, Given};
use crate::{Answer, cmd::case::say::say, failure::Failure, home::Home, signer::SignArgs, ui::Ui};
use clap::Args;
use portcullis_ballot::Salt;
use portcullis_core::{digest::Digest, statement::Event};
use portcullis_node::Generator;
use std::path::{Path, PathBuf};

/// The longest application, in bytes. The salt goes with it, and a peer takes 512 KiB.
const APPLICATION_BYTES_MAX: usize = 512 * 1024 - SALT_BYTES;
/// The salt before an application's bytes.
pub(super) const SALT_BYTES: usize = 32;

/// Drafts an order from a TOML file, with its application.
///
/// The application — necessity, proportionality, and why nothing less will do — goes to the
/// approvers; the provider never gets it, and the order carries its salted digest. The authority
/// is this node's member, and data are sealed to this node's delivery key.
///
/// Example: `portcullis order draft warrant.toml --application grounds.md --key officer1`
#[derive(Args)]
pub(crate) struct Draft {
    /// The order, as `portcullis order template` begins it.
    file: PathBuf,
    /// The application: a text, Markdown or JSON file.
    #[arg(long, value_name = "FILE")]
    application: PathBuf,
    #[command(flatten)]
    sign: SignArgs,
}

impl Draft {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let home = Home::open(dir)?;
        let application = file::read_bounded(&self.application, APPLICATION_BYTES_MAX)?;
        if application.is_empty() {
            let name = self.application.display();
            return Err(Failure::usage(format!(
                "`{name}` is empty; an order says why it is asked for"
            )));
        }
        let salt = Salt::draw(&mut Generator(&home.env));
        let given = Given {
            authority: home.member()?,
            delivery_key: home.delivery_identity()?.recipient().to_string(),
            application: Digest(salt.digest(&application)),
        };
        let order = file::read(&self.file, given)?;
        let node = home.node()?;
        let attachment = [&salt.0[..], &application].concat();
        say(
            &home,
            &node,
            &self.sign,
            None,
            &Event::Drafted(Box::new(order)),
            Some(&attachment),
            ui,
        )
    }
}
