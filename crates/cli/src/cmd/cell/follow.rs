//! `portcullis cell follow`: keeping a collection in step with one elsewhere.

mod address;

use super::{Desk, find};
use crate::{
    Answer,
    failure::Failure,
    home::{Home, read_secret},
    ui::Ui,
};
use clap::{Args, Subcommand};
use portcullis_core::{
    cell::{
        CollectionId, Command, FollowId,
        follow::{Follow as Followed, Source},
    },
    digest::Digest,
    member::MemberId,
};
use portcullis_node::cell::remote::{Endpoint, Secret};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{io::IsTerminal as _, path::Path, process::ExitCode};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Keeps a collection in step with a peer's, with any TAXII 2.1 server's, or with a MISP instance.
///
/// First all of it, then every change at once where the other side is a node, else by looking
/// again; exact after any break, removals and recalls included. `portcullis serve` does the work.
///
/// Example:
///
///   portcullis cell follow add --member cell.example --collection 6ba7b810-… --into partners
///   portcullis cell follow credential vendor --user reader < password.txt
///   portcullis cell follow add --taxii https://taxii.example/api/collections/…/ --credential vendor --into vendor
///   portcullis cell follow add --misp https://misp.example --credential misp --into misp --both-ways
///   portcullis cell follow list
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
#[expect(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "command lines, as they are typed"
)]
pub(crate) enum Follow {
    Add(Add),
    /// Lists what is followed: where it stands, what waits there, what failed, what was not taken.
    ///
    /// `portcullis serve` writes down how far it is; without one running this is as it was then.
    ///
    /// Example: `portcullis cell follow list`
    List,
    /// Lets a follow rest: nothing comes over until it is resumed, and then everything that was missed.
    ///
    /// Example: `portcullis cell follow pause flw_…`
    Pause(One),
    /// Lets a follow that rests go on, from where it was.
    ///
    /// Example: `portcullis cell follow resume flw_…`
    Resume(One),
    /// Ends a follow for ever. What came over stays, and changes no more.
    ///
    /// Example: `portcullis cell follow end flw_…`
    End(One),
    Credential(Credential),
}

/// Follows a collection elsewhere: a member's, any TAXII 2.1 server's, or a MISP instance's events.
///
/// Examples:
///
///   portcullis cell follow add --member cell.example --collection 6ba7b810-… --into partners
///   portcullis cell follow add --taxii https://taxii.example/api/collections/…/ --credential vendor --into vendor
///   portcullis cell follow add --misp https://misp.example --credential misp --into misp --both-ways
#[derive(Args)]
#[command(verbatim_doc_comment)]
#[expect(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "command lines, as they are typed"
)]
pub(crate) struct Add {
    /// A member whose node has the collection; its address is in the register, which both have joined.
    #[arg(long, value_name = "MEMBER", requires = "collection", conflicts_with_all = ["taxii", "misp"])]
    member: Option<MemberId>,
    /// The collection's id at that member: `portcullis cell collection list` shows it there.
    #[arg(long, value_name = "ID", requires = "member")]
    collection: Option<CollectionId>,
    /// The address of a collection at any TAXII 2.1 server: `https://…/collections/ID/`. With the
    /// server's own address it is asked what it offers.
    #[arg(long, value_name = "URL", conflicts_with_all = ["misp", "both_ways"])]
    taxii: Option<String>,
    /// The address of a MISP instance, as in a browser, without a page: its published events come in.
    #[arg(long, value_name = "URL")]
    misp: Option<String>,
    /// Our objects go to that MISP instance as events, too.
    #[arg(long, requires = "misp", conflicts_with = "member")]
    both_ways: bool,
    /// What is shown to that server: a name of `portcullis cell follow credential`.
    #[arg(long, value_name = "NAME", conflicts_with = "member")]
    credential: Option<String>,
    /// Our collection: its alias, id or title.
    #[arg(long, value_name = "COLLECTION")]
    into: String,
    /// Seconds between two looks, where the other side does not tell of changes by itself. Without it,
    /// as often as seems right.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=604_800))]
    every: Option<u32>,
}

/// One follow.
#[derive(Args)]
pub(crate) struct One {
    /// Its id, as `portcullis cell follow list` shows it.
    follow: FollowId,
}

/// Keeps what is shown to a server: a token, or a name and a password.
///
/// The secret is asked for, or read from standard input, and stands in no command. The same name
/// again replaces it.
///
/// Examples:
///
///   portcullis cell follow credential vendor --user reader < password.txt
///   portcullis cell follow credential misp --plain-key < key.txt
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Credential {
    /// Its name here: a word.
    name: String,
    /// A name, whose password is read (HTTP Basic); without it a token is read (Bearer).
    #[arg(long)]
    user: Option<String>,
    /// What is read is the whole value of `Authorization`, as MISP's keys are.
    #[arg(long, conflicts_with = "user")]
    plain_key: bool,
    /// Takes this certificate alone: `sha256:…` of its DER. Repeat for several.
    #[arg(long, value_name = "DIGEST")]
    pin: Vec<Digest>,
    /// Takes plain HTTP, although everybody on the way can read along.
    #[arg(long)]
    allow_plain: bool,
}

/// A credential's file.
#[derive(Deserialize, Serialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    secret: String,
    #[serde(default)]
    plain_key: bool,
    #[serde(default)]
    pinned: Vec<String>,
    #[serde(default)]
    allow_plain: bool,
}

impl Follow {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        if let Self::Credential(command) = self {
            return command.run(&Home::open(dir)?, ui);
        }
        let desk = Desk::open(dir)?;
        match self {
            Self::Add(command) => command.run(&desk, ui)?,
            Self::List => list(&desk, ui),
            Self::Pause(one) => rest(&desk, one.follow, true, ui)?,
            Self::Resume(one) => rest(&desk, one.follow, false, ui)?,
            Self::End(one) => {
                desk.perform(Command::Unfollow { follow: one.follow })?;
                ui.say(format_args!(
                    "{} is ended; what came over stays",
                    one.follow
                ));
                ui.answer(&json!({ "ended": one.follow.to_string() }));
            }
            Self::Credential(_) => {}
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Add {
    fn run(self, desk: &Desk, ui: Ui) -> Result<(), Failure> {
        let into = desk.collection(&self.into)?;
        if let Some(name) = &self.credential {
            endpoint(&desk.home, Some(name))?;
        }
        let source = match (self.member, self.collection, self.taxii, self.misp) {
            (Some(member), Some(collection), None, None) => {
                address::member(desk, &member)?;
                Source::Peer { member, collection }
            }
            (None, None, Some(url), None) => {
                address::taxii(&desk.home, &url, self.credential.as_deref(), ui)?;
                Source::Taxii {
                    url,
                    credential: self.credential,
                }
            }
            (None, None, None, Some(url)) => {
                address::misp(&url)?;
                Source::Misp {
                    url,
                    credential: self.credential,
                    both_ways: self.both_ways,
                }
            }
            _ => {
                return Err(Failure::usage("nothing to follow was named").hint(
                    "`--member MEMBER --collection ID` at a member's node, `--taxii URL` at any server, or `--misp URL`",
                ));
            }
        };
        let follow = FollowId::new(desk.realm(), desk.draw());
        let told = said(&source);
        desk.perform(Command::Follow {
            follow,
            source,
            into,
            every_s: self.every,
        })?;
        ui.say(format_args!(
            "follows {told} into `{}`: {follow}",
            self.into
        ));
        ui.say("`portcullis serve` keeps it in step; `portcullis cell follow list` shows how far it is");
        ui.answer(
            &json!({ "follow": follow.to_string(), "source": told, "into": into.to_string() }),
        );
        Ok(())
    }
}

fn rest(desk: &Desk, follow: FollowId, paused: bool, ui: Ui) -> Result<(), Failure> {
    desk.perform(Command::PauseFollow { follow, paused })?;
    ui.say(format_args!(
        "{follow} {}",
        if paused { "rests" } else { "goes on" }
    ));
    ui.answer(&json!({ "follow": follow.to_string(), "paused": paused }));
    Ok(())
}

fn said(source: &Source) -> String {
    match source {
        Source::Peer { member, collection } => format!("{collection} at {member}"),
        Source::Taxii { url, .. } => url.clone(),
        Source::Misp {
            url,
            both_ways: false,
            ..
        } => format!("MISP {url}"),
        Source::Misp {
            url,
            both_ways: true,
            ..
        } => format!("MISP {url}, both ways"),
    }
}

fn list(desk: &Desk, ui: Ui) {
    let state = desk.state();
    // What the running `serve` knows of them; without one, the journal alone.
    let stands: Vec<Value> = std::fs::read(desk.home.follows_file())
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let mut rows = Vec::new();
    for (id, follow) in state.follows().iter().filter(|(_, follow)| !follow.ended) {
        let name = id.to_string();
        let seen = stands.iter().find(|seen| seen["follow"] == name.as_str());
        ui.say(format_args!(
            "{name}  {} → {}",
            said(&follow.source),
            find::alias(desk, &follow.into)
        ));
        ui.say(format_args!("    {}", standing(follow, seen)));
        for note in seen
            .and_then(|seen| seen["notes"].as_array())
            .into_iter()
            .flatten()
        {
            let text = |field: &str| note[field].as_str().unwrap_or_default().to_owned();
            ui.say(format_args!(
                "    not taken: {}  {}",
                text("what"),
                text("why")
            ));
        }
        rows.push(json!({
            "follow": name,
            "source": said(&follow.source),
            "into": follow.into.to_string(),
            "paused": follow.paused,
            "cursor": follow.cursor,
            "advanced": follow.advanced_at.map(|at| at.to_string()),
            "seen": seen,
        }));
    }
    if rows.is_empty() {
        ui.say("nothing is followed; `portcullis cell follow add` begins");
    }
    ui.answer(&Value::Array(rows));
}

fn standing(follow: &Followed, seen: Option<&Value>) -> String {
    let paused = follow.paused;
    let Some(seen) = seen.filter(|_| !paused) else {
        let waits = "has not begun: does `portcullis serve` run?";
        return if paused { "rests".into() } else { waits.into() };
    };
    let last = seen["last_ok"].as_str().unwrap_or("never");
    if let (Some("out"), Source::Peer { member, .. }) = (seen["state"].as_str(), &follow.source) {
        return format!("out: {member} lets us read nothing of it, last reached {last}");
    }
    let behind = seen["behind"]
        .as_u64()
        .map(|behind| format!(", {behind} wait"))
        .unwrap_or_default();
    let error = seen["error"]
        .as_str()
        .map(|error| format!("; {error}"))
        .unwrap_or_default();
    format!(
        "{}{behind}, last reached {last}, {} taken over{error}",
        seen["state"].as_str().unwrap_or("?"),
        seen["fresh"]
    )
}

/// The longest secret taken in, in bytes.
const SECRET_BYTES_MAX: u64 = 16 * 1024;

impl Credential {
    fn run(self, home: &Home, ui: Ui) -> Answer {
        let path = path(home, &self.name)?;
        let secret = self.read()?;
        let kept = Kept {
            user: self.user,
            secret: secret.to_string(),
            plain_key: self.plain_key,
            pinned: self.pin.iter().map(ToString::to_string).collect(),
            allow_plain: self.allow_plain,
        };
        let text = toml::to_string(&kept)
            .map(Zeroizing::new)
            .map_err(|error| Failure::unable("file", error.to_string()))?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
        }
        // A credential is replaced by another of its name: there is nothing to lose in the old one.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::file(&path, &error));
            }
            _ => {}
        }
        crate::home::write_secret(&path, &text)?;
        ui.say(format_args!(
            "kept the credential `{}` in `{}`",
            self.name,
            path.display()
        ));
        ui.answer(&json!({ "credential": self.name }));
        Ok(ExitCode::SUCCESS)
    }

    fn read(&self) -> Result<Zeroizing<String>, Failure> {
        let unread = |error: std::io::Error| {
            Failure::unable("file", format!("the secret could not be read: {error}"))
        };
        let text = if std::io::stdin().is_terminal() {
            let what = if self.user.is_some() {
                "password"
            } else {
                "token"
            };
            Zeroizing::new(rpassword::prompt_password(format!("{what}: ")).map_err(unread)?)
        } else {
            use std::io::{BufRead as _, Read as _};
            let mut line = Zeroizing::new(String::new());
            std::io::stdin()
                .lock()
                .take(SECRET_BYTES_MAX)
                .read_line(&mut line)
                .map_err(unread)?;
            line
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(Failure::usage("nothing was given; nothing was kept"));
        }
        Ok(Zeroizing::new(text.to_owned()))
    }
}

fn path(home: &Home, name: &str) -> Result<std::path::PathBuf, Failure> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
        return Ok(home
            .dir
            .join("keys")
            .join("credentials")
            .join(format!("{name}.toml")));
    }
    Err(Failure::usage(format!(
        "`{name}` is no name for a credential: 1 to 64 of a–z, 0–9, `-` and `_`"
    )))
}

/// What is shown to a server outside, by the name of a credential; the system's trust without one.
pub(crate) fn endpoint(home: &Home, name: Option<&str>) -> Result<Endpoint, Failure> {
    let Some(name) = name else {
        return Ok(Endpoint::default());
    };
    let path = path(home, name)?;
    let text = read_secret(&path).map_err(|failure| {
        failure.hint(format!(
            "keep it first: `portcullis cell follow credential {name}`"
        ))
    })?;
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::new(
            crate::failure::USAGE,
            "config",
            format!("`{}`: {error}", path.display()),
        )
    };
    let mut kept: Kept =
        toml::from_str(&text).map_err(|error| wrong(&error.message().to_owned()))?;
    let pinned = kept
        .pinned
        .iter()
        .map(|pin| pin.parse())
        .collect::<Result<_, _>>();
    let secret = Zeroizing::new(std::mem::take(&mut kept.secret));
    Ok(Endpoint {
        origin: String::new(),
        pinned: pinned.map_err(|_| wrong(&"`pinned` lists `sha256:…`"))?,
        plain: kept.allow_plain,
        secret: match kept.user.take() {
            Some(user) => Secret::Basic {
                user,
                password: secret,
            },
            None if kept.plain_key => Secret::Plain(secret),
            None => Secret::Bearer(secret),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_put_out_is_told_so_and_by_whom() {
        let follow = Followed {
            source: Source::Peer {
                member: "csirt.example".parse().unwrap(),
                collection: CollectionId::from_bytes([1; 16]),
            },
            into: CollectionId::from_bytes([2; 16]),
            every_s: None,
            paused: false,
            ended: false,
            cursor: None,
            advanced_at: None,
        };
        let seen = |state| json!({ "state": state, "behind": 0, "last_ok": "now", "fresh": 29 });
        assert_eq!(
            standing(&follow, Some(&seen("out"))),
            "out: csirt.example lets us read nothing of it, last reached now"
        );
        assert_eq!(
            standing(&follow, Some(&seen("in-step"))),
            "in-step, 0 wait, last reached now, 29 taken over"
        );
    }
}
