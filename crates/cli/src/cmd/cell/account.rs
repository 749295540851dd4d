//! `portcullis cell account`: programs and people that come without a certificate.

use super::{Desk, desk, words};
use crate::{Answer, failure::Failure, ui::Ui};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use portcullis_core::{
    cell::{Account as Held, Command, Rights, Secret},
    member::MemberId,
};
use portcullis_node::cell::account as credential;
use serde_json::{Value, json};
use std::{io::IsTerminal as _, path::Path, process::ExitCode};
use zeroize::Zeroizing;

/// Accounts: names with a token, or a password, for clients that have no certificate.
///
/// A token is printed once; what is kept of it lets nobody in. Old clients that know nothing but a
/// name and a password get one: it is asked for, or read from standard input, and never stands in
/// a command.
///
/// `read` is to look, `write` is to add and to remove what it added, `speak` is to answer for its
/// member as well: confirm recalls, ask and answer questions, join and leave groups.
///
/// Example:
///
///   portcullis cell account add desk
///   portcullis cell account add splunk --rights read --until 2027-06-30
///   portcullis cell account add bank-soc --member bank.example --rights speak
///   portcullis cell account add old-siem --password < password.txt
///   portcullis cell account list
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Account {
    Add(Add),
    List(List),
    End(End),
    Password(Password),
    Token(Token),
}

/// What an account may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum RightsWord {
    /// Read.
    Read,
    /// Add, and remove what it added.
    Write,
    /// Speak for its member: groups, recalls, questions.
    Speak,
}

impl From<RightsWord> for Rights {
    fn from(word: RightsWord) -> Self {
        match word {
            RightsWord::Read => Self::Read,
            RightsWord::Write => Self::Write,
            RightsWord::Speak => Self::Speak,
        }
    }
}

/// Opens an account, and prints its token once.
///
/// Who comes with it sees what its member sees: `portcullis cell collection show NAME` says whom a
/// collection reaches.
///
/// Example: `portcullis cell account add bank-soc --member bank.example --rights speak --until 2027-06-30`
#[derive(Args)]
pub(crate) struct Add {
    /// Its name: printable, without spaces and `:`. That of an account that was ended may be used again.
    name: String,
    /// The member it acts for, by its name; this node's own, if not given.
    #[arg(long, value_name = "MEMBER")]
    member: Option<MemberId>,
    /// What it may do.
    #[arg(long, default_value = "write")]
    rights: RightsWord,
    /// It acts for a client of the member: TLP:AMBER+STRICT and TLP:RED stop before it.
    #[arg(long)]
    client: bool,
    /// It is one of this node's own people's: it reads and sets everything.
    #[arg(long)]
    operator: bool,
    /// The first instant at which it is refused. A day is its midnight in UTC: on that day it no longer holds.
    #[arg(long, value_name = "DAY|TIME", value_parser = words::instant)]
    until: Option<Timestamp>,
    /// A password instead of a token: asked for, or read from standard input.
    #[arg(long)]
    password: bool,
}

/// Lists the accounts: for whom they act, what they may do, until when.
///
/// Example: `portcullis cell account list --all`
#[derive(Args)]
pub(crate) struct List {
    /// Those that were ended, or whose time is over, too.
    #[arg(long)]
    all: bool,
}

/// Ends an account: its next request is refused, by a running `serve` too. It cannot be taken back;
/// another account may be opened under its name, with a secret of its own.
///
/// Example: `portcullis cell account end old-siem`
#[derive(Args)]
pub(crate) struct End {
    /// Its name.
    name: String,
}

/// Gives an account a password: asked for, or read from standard input. What it had before ends.
///
/// Example: `portcullis cell account password old-siem < password.txt`
#[derive(Args)]
pub(crate) struct Password {
    /// Its name.
    name: String,
}

/// Gives an account a fresh token, printed once. What it had before ends.
///
/// Example: `portcullis cell account token desk`
#[derive(Args)]
pub(crate) struct Token {
    /// Its name.
    name: String,
}

impl Account {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        match self {
            Self::Add(command) => command.run(&desk, ui)?,
            Self::List(command) => command.run(&desk, ui),
            Self::End(command) => {
                let name = command.name;
                desk.perform(Command::EndAccount { name: name.clone() })?;
                ui.say(format_args!(
                    "`{name}` is ended; it is refused from now on, and its name is free"
                ));
                ui.answer(&json!({ "ended": name }));
            }
            Self::Password(command) => {
                known(&desk, &command.name)?;
                let secret = password(&desk, &command.name)?;
                set(&desk, &command.name, secret, None, ui)?;
            }
            Self::Token(command) => {
                known(&desk, &command.name)?;
                let (token, secret) = credential::new_token(&desk.home.env);
                set(&desk, &command.name, secret, Some(&token), ui)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Add {
    fn run(self, desk: &Desk, ui: Ui) -> Result<(), Failure> {
        if let Some(held) = desk.state().accounts().get(&self.name)
            && !held.ended
        {
            return Err(taken(&self.name, held, desk.now()));
        }
        let (token, secret) = if self.password {
            (None, password(desk, &self.name)?)
        } else {
            let (token, secret) = credential::new_token(&desk.home.env);
            (Some(token), secret)
        };
        let member = self.member.unwrap_or_else(|| desk.me.member.clone());
        let stranger = !desk.knows(&member)?;
        desk.perform(Command::OpenAccount {
            name: self.name.clone(),
            member: member.clone(),
            secret,
            client: self.client,
            operator: self.operator,
            rights: self.rights.into(),
            until: self.until,
        })?;
        ui.say(format_args!(
            "opened the account `{}` of `{member}`: {}",
            self.name,
            Rights::from(self.rights).as_str()
        ));
        if stranger {
            ui.note(format!(
                "`{member}` is in no group and has no other account: is it spelt so? It reads what is open, until `portcullis cell group invite GROUP {member} --country GB`"
            ));
        }
        told(desk, &self.name, token.as_deref().map(String::as_str), ui);
        Ok(())
    }
}

/// There is an account of this name: what to do about it depends on whether it still holds.
fn taken(name: &str, held: &Held, now: Timestamp) -> Failure {
    let failure = Failure::refused("cell.taken", format!("`{name}` is taken"));
    if held.holds(now) {
        failure.hint(format!(
            "`portcullis cell account token {name}` gives it a fresh token; to open another under this name, end it first: `portcullis cell account end {name}`"
        ))
    } else {
        failure.hint(format!(
            "its time is over, and its name is free once it is ended: `portcullis cell account end {name}`"
        ))
    }
}

/// Says once what nobody can be told again.
fn told(desk: &Desk, name: &str, token: Option<&str>, ui: Ui) {
    let address = desk::address(&desk.home);
    match token {
        Some(token) => {
            ui.say("its token, shown this once:\n");
            ui.say(format_args!("  {token}\n"));
            ui.say("try it, while `portcullis serve` runs:");
            ui.say(format_args!(
                "  curl -H 'Accept: application/taxii+json;version=2.1' -H 'Authorization: Bearer {token}' {address}"
            ));
        }
        None => ui.say(format_args!(
            "its password is set; clients find the cell at {address}"
        )),
    }
    ui.answer(&json!({ "account": name, "token": token, "address": address }));
}

fn set(
    desk: &Desk,
    name: &str,
    secret: Secret,
    token: Option<&str>,
    ui: Ui,
) -> Result<(), Failure> {
    desk.perform(Command::SetSecret {
        name: name.to_owned(),
        secret,
    })?;
    ui.say(format_args!(
        "`{name}`: what it had before lets nobody in any more"
    ));
    told(desk, name, token, ui);
    Ok(())
}

fn known(desk: &Desk, name: &str) -> Result<(), Failure> {
    if desk.state().accounts().contains_key(name) {
        return Ok(());
    }
    Err(Failure::refused(
        "cell.unknown_account",
        format!("there is no such account: `{name}`"),
    )
    .hint("`portcullis cell account list` shows them"))
}

/// The longest password taken in, in bytes: what a prompt bears.
const PASSWORD_BYTES_MAX: u64 = 1024;

/// Asks for a password twice, or reads it from standard input; what is kept of it.
fn password(desk: &Desk, name: &str) -> Result<Secret, Failure> {
    let unread = |error: std::io::Error| {
        Failure::unable("file", format!("the password could not be read: {error}"))
    };
    let password = if std::io::stdin().is_terminal() {
        let ask = |prompt: String| rpassword::prompt_password(prompt).map(Zeroizing::new);
        let first = ask(format!("password for `{name}`: ")).map_err(unread)?;
        let again = ask("once more: ".into()).map_err(unread)?;
        if first != again {
            return Err(Failure::usage(
                "the two are not the same; nothing was changed",
            ));
        }
        first
    } else {
        use std::io::{BufRead as _, Read as _};
        let mut line = Zeroizing::new(String::new());
        std::io::stdin()
            .lock()
            .take(PASSWORD_BYTES_MAX)
            .read_line(&mut line)
            .map_err(unread)?;
        Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned())
    };
    credential::hash_password(&desk.home.env, &password).map_err(|unfit| {
        Failure::new(crate::failure::USAGE, unfit.code(), unfit.to_string()).hint(
            "a few words are easier than one; or use a token: `portcullis cell account token`",
        )
    })
}

impl List {
    fn run(self, desk: &Desk, ui: Ui) {
        let state = desk.state();
        let now = desk.now();
        let mut rows = Vec::new();
        for (name, held) in state.accounts() {
            if !held.holds(now) && !self.all {
                continue;
            }
            let how = match held.secret {
                Secret::Token(_) => "token",
                Secret::Password(_) => "password",
            };
            let mut notes = Vec::new();
            if held.client {
                notes.push("for a client".to_owned());
            }
            if held.operator {
                notes.push("operator".to_owned());
            }
            if held.ended {
                notes.push("ENDED".to_owned());
            } else if let Some(until) = held.until {
                let over = if held.holds(now) { "" } else { "OVER, was " };
                notes.push(format!("{over}until {until}"));
            }
            ui.say(format_args!(
                "{name:24} {:32} {:6} {how:9} {}",
                held.member.to_string(),
                held.rights.as_str(),
                notes.join(", ")
            ));
            rows.push(json_of(name, held, how));
        }
        if rows.is_empty() {
            ui.say("there is no account; `portcullis cell account add NAME` opens one");
        }
        ui.answer(&Value::Array(rows));
    }
}

fn json_of(name: &str, held: &Held, how: &str) -> Value {
    json!({
        "account": name,
        "member": held.member.as_str(),
        "rights": held.rights.as_str(),
        "by": how,
        "client": held.client,
        "operator": held.operator,
        "until": held.until.map(|until| until.to_string()),
        "ended": held.ended,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_a_taken_name_is_to_be_ended_or_renewed_depends_on_its_time() {
        let until: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
        let held = Held {
            member: "bank.example".parse().unwrap(),
            secret: Secret::Token([0; 32]),
            client: false,
            operator: false,
            rights: Rights::Read,
            until: Some(until),
            ended: false,
        };
        let check = |at: &str, expected: &str| {
            let hint = taken("desk", &held, at.parse().unwrap()).hint.unwrap();
            assert!(hint.contains(expected), "{at}: {hint}");
        };
        check("2026-11-30T23:59:59Z", "a fresh token");
        check("2026-12-01T00:00:00Z", "its time is over");
    }
}
